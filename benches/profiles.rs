//! Writes the data that measurements are made on: five profiles, the same bytes for the same arguments on any machine.
//!
//! `cargo bench --bench profiles -- people 1GiB people.csv`. Next hand: never change what a profile gives; records under
//! `benches/` were measured on it. Add another.

use std::fs::File;
use std::io::{self, BufWriter, Write};

/// A record's text from a source of numbers.
type Record = fn(&mut Numbers, u64, &mut Vec<u8>);

struct Profile {
    name: &'static str,
    header: fn() -> String,
    record: Record,
}

const PROFILES: [Profile; 5] = [
    // Ordinary rows of about 100 bytes.
    Profile {
        name: "people",
        header: || "id,first_name,last_name,email,city,country,birthday,balance".to_owned(),
        record: people,
    },
    // Two fields in five quoted, commas and doubled quotes in them, a newline in 1 % of the records.
    Profile { name: "quoted", header: || "id,name,comment,company,address,note".to_owned(), record: quoted },
    // A hundred numbers.
    Profile {
        name: "wide",
        header: || (0..100).map(|i| format!("metric_{i:02}")).collect::<Vec<_>>().join(","),
        record: wide,
    },
    // Three short integers.
    Profile { name: "narrow", header: || "a,b,c".to_owned(), record: narrow },
    // 2 kB of quoted text with newlines, quotes and non-ASCII.
    Profile { name: "longtext", header: || "id,title,body".to_owned(), record: longtext },
];

fn main() -> io::Result<()> {
    // `cargo bench` adds --bench; without further arguments there is nothing to write.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [name, size, path] = &args[..] else {
        let names = PROFILES.map(|profile| profile.name).join("|");
        return writeln!(io::stdout(), "usage: cargo bench --bench profiles -- {names} SIZE FILE");
    };
    let Some(profile) = PROFILES.iter().find(|profile| profile.name == name) else {
        return Err(io::Error::other(format!("no profile is named {name}")));
    };
    let size = parse_size::Config::new().with_binary().parse_size(size).map_err(io::Error::other)?;
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut line = Vec::new();
    line.extend_from_slice((profile.header)().as_bytes());
    let (mut written, mut id) = (0, 0);
    while written < size {
        line.push(b'\n');
        file.write_all(&line)?;
        written += line.len() as u64;
        line.clear();
        id += 1;
        (profile.record)(&mut numbers, id, &mut line);
    }
    file.flush()
}

/// The same bytes in memory, for benches that include this file.
#[allow(dead_code)] // The program itself writes to a file.
pub(crate) fn in_memory(name: &str, size: usize) -> Option<Vec<u8>> {
    let profile = PROFILES.iter().find(|profile| profile.name == name)?;
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut bytes = (profile.header)().into_bytes();
    bytes.push(b'\n');
    for id in 1.. {
        if bytes.len() >= size {
            break;
        }
        (profile.record)(&mut numbers, id, &mut bytes);
        bytes.push(b'\n');
    }
    Some(bytes)
}

/// The profiles' names, in the order of the tables.
#[allow(dead_code)] // As above.
pub(crate) fn names() -> [&'static str; 5] {
    PROFILES.map(|profile| profile.name)
}

/// xorshift64* (Vigna 2016).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

const FIRST: [&str; 16] = [
    "Ada",
    "Grace",
    "Linus",
    "Margaret",
    "Dennis",
    "Barbara",
    "Ken",
    "Frances",
    "Edsger",
    "Radia",
    "Donald",
    "Hedy",
    "Alan",
    "Katherine",
    "Claude",
    "Mary",
];
const LAST: [&str; 16] = [
    "Lovelace", "Hopper", "Torvalds", "Hamilton", "Ritchie", "Liskov", "Thompson", "Allen", "Dijkstra",
    "Perlman", "Knuth", "Lamarr", "Turing", "Johnson", "Shannon", "Jackson",
];
const CITIES: [&str; 12] = [
    "London",
    "Paris",
    "Helsinki",
    "Boston",
    "Berlin",
    "Amsterdam",
    "New York",
    "San Francisco",
    "Tokyo",
    "Nairobi",
    "Lima",
    "Sydney",
];
const COUNTRIES: [&str; 8] =
    ["United Kingdom", "France", "Finland", "United States", "Germany", "Netherlands", "Japan", "Peru"];

fn people(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    let (first, last) = (numbers.of(&FIRST), numbers.of(&LAST));
    let (city, country) = (numbers.of(&CITIES), numbers.of(&COUNTRIES));
    let (year, month, day) = (1940 + numbers.below(70), 1 + numbers.below(12), 1 + numbers.below(28));
    let (whole, cents, host) = (numbers.below(1_000_000), numbers.below(100), numbers.below(1000));
    let written = write!(
        line,
        "{id},{first},{last},{first}.{last}{host}@example{host}.com,{city},{country},{year}-{month:02}-{day:02},{whole}.{cents:02}"
    );
    written.expect("a Vec takes all");
}

fn quoted(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    let (first, last) = (numbers.of(&FIRST), numbers.of(&LAST));
    let (city, country, n) = (numbers.of(&CITIES), numbers.of(&COUNTRIES), numbers.below(10_000));
    let newline = if numbers.below(100) == 0 { "\n" } else { " " };
    let comment = match numbers.below(5) {
        0 => format!("\"said \"\"{first}{newline}{last}\"\", then left\""),
        1 | 2 => format!("\"{city}, {country}{newline}{n}\""),
        _ => format!("plain {n}"),
    };
    let company = if numbers.below(2) == 0 { format!("\"{last}, {first} & Co\"") } else { last.to_owned() };
    let address = format!("\"{n} Main Street, {city}\"");
    let written = write!(line, "{id},{first} {last},{comment},{company},{address},{n}");
    written.expect("a Vec takes all");
}

fn wide(numbers: &mut Numbers, _: u64, line: &mut Vec<u8>) {
    for i in 0..100 {
        if i > 0 {
            line.push(b',');
        }
        let written = write!(line, "{}.{:02}", numbers.below(1000), numbers.below(100));
        written.expect("a Vec takes all");
    }
}

fn narrow(numbers: &mut Numbers, _: u64, line: &mut Vec<u8>) {
    let (a, b, c) = (numbers.below(1000), numbers.below(1000), numbers.below(1000));
    write!(line, "{a},{b},{c}").expect("a Vec takes all");
}

fn longtext(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    const WORDS: [&str; 12] = [
        "the",
        "quick",
        "brown",
        "fox",
        "jumps",
        "over",
        "größte",
        "naïve",
        "日本語",
        "\"\"quoted\"\"",
        "line,",
        "end.",
    ];
    let written = write!(line, "{id},Report {id},\"");
    written.expect("a Vec takes all");
    let end = line.len() + 1900 + numbers.below(300) as usize;
    while line.len() < end {
        line.extend_from_slice(numbers.of(&WORDS).as_bytes());
        line.push(if numbers.below(12) == 0 { b'\n' } else { b' ' });
    }
    line.push(b'"');
}
