//! Writes the data that measurements are made on: profiles, the same bytes for the same arguments
//! on any machine.
//!
//! `cargo bench --bench profiles -- people 1GiB people.csv`. The first five are what every table
//! has, and the last five, whose names end in 2, the same kinds of text from another hand; the
//! others are for `rules.py`, each with what it is read with and compared with. A size
//! counts the text as UTF-8, so a profile in another encoding holds the same records as its twin.
//! Advice for maintainers: never change what a profile gives; records under `benches/` were
//! measured on it. Add another, at the end.

#[path = "profiles/second.rs"]
mod second;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use encoding_rs::Encoding;

/// A record's text from a source of numbers.
type Record = fn(&mut Numbers, u64, &mut Vec<u8>);

struct Profile {
    name: &'static str,
    header: fn() -> String,
    record: Record,
    /// The label of the file's encoding.
    encoding: &'static str,
}

/// How many of the profiles are in every table.
const N_MAIN: usize = 5;

const PROFILES: [Profile; 18] = [
    // Ordinary rows of about 100 bytes.
    Profile { name: "people", header: || PEOPLE.to_owned(), record: people, encoding: "utf-8" },
    // Two fields in five quoted, commas and doubled quotes in them, a newline in 1 % of the
    // records.
    Profile {
        name: "quoted",
        header: || "id,name,comment,company,address,note".to_owned(),
        record: quoted,
        encoding: "utf-8",
    },
    // A hundred numbers.
    Profile {
        name: "wide",
        header: || (0..100).map(|i| format!("metric_{i:02}")).collect::<Vec<_>>().join(","),
        record: wide,
        encoding: "utf-8",
    },
    // Three short integers.
    Profile { name: "narrow", header: || "a,b,c".to_owned(), record: narrow, encoding: "utf-8" },
    // 2 kB of quoted text with newlines, quotes and non-ASCII.
    Profile { name: "longtext", header: || "id,title,body".to_owned(), record: longtext, encoding: "utf-8" },
    // People with escapes in about one field of 50, to be read with `--escape '\\'`. Without it,
    // `\,` ends a field.
    Profile { name: "escaped", header: || PEOPLE.to_owned(), record: escaped, encoding: "utf-8" },
    // People with one to three escapes in every second field of text.
    Profile { name: "escapes", header: || PEOPLE.to_owned(), record: escapes, encoding: "utf-8" },
    // People, about 3 % of the fields not ASCII, and the same text in UTF-8.
    Profile { name: "latin1", header: || PEOPLE.to_owned(), record: latin, encoding: "windows-1252" },
    Profile { name: "latin8", header: || PEOPLE.to_owned(), record: latin, encoding: "utf-8" },
    // Russian in nearly every field of text, and the same text in UTF-8.
    Profile { name: "cyrillic", header: || RUSSIANS.to_owned(), record: cyrillic, encoding: "koi8-r" },
    Profile { name: "cyrillic8", header: || RUSSIANS.to_owned(), record: cyrillic, encoding: "utf-8" },
    // The bytes of people, but for one in every 200th record that makes it invalid UTF-8.
    Profile { name: "invalid", header: || PEOPLE.to_owned(), record: invalid, encoding: "utf-8" },
    // People, one field of text in ten empty, one in ten `NA`, and of either one in eight in
    // quotes.
    Profile { name: "gaps", header: || PEOPLE.to_owned(), record: gaps, encoding: "utf-8" },
    // About 110 bytes, names in other scripts, notes of which one in ten is empty.
    Profile {
        name: "people2",
        header: || "id,name,email,city,country,signup_date,balance,notes".to_owned(),
        record: |numbers, id, line| second::people(&mut numbers.second, id, line),
        encoding: "utf-8",
    },
    // Two fields in five quoted, doubled quotes in many, a newline in 1 % of all fields.
    Profile {
        name: "quoted2",
        header: || "id,title,comment,address,tag,qty,price,author".to_owned(),
        record: |numbers, id, line| second::quoted(&mut numbers.second, id, line),
        encoding: "utf-8",
    },
    // A hundred numbers of several kinds and lengths.
    Profile {
        name: "wide2",
        header: || (0..100).map(|i| format!("c{i:03}")).collect::<Vec<_>>().join(","),
        record: |numbers, id, line| second::wide(&mut numbers.second, id, line),
        encoding: "utf-8",
    },
    // Three shorter integers.
    Profile {
        name: "narrow2",
        header: || "a,b,c".to_owned(),
        record: |numbers, id, line| second::narrow(&mut numbers.second, id, line),
        encoding: "utf-8",
    },
    // 1 to 3 kB with more that is not ASCII, backslashes and tabs.
    Profile {
        name: "longtext2",
        header: || "id,text".to_owned(),
        record: |numbers, id, line| second::longtext(&mut numbers.second, id, line),
        encoding: "utf-8",
    },
];

const PEOPLE: &str = "id,first_name,last_name,email,city,country,birthday,balance";
const RUSSIANS: &str = "id,first_name,last_name,email,city,country,note,balance";

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
    let mut numbers = Numbers::new();
    let mut line = Vec::new();
    line.extend_from_slice((profile.header)().as_bytes());
    let (mut written, mut id) = (0, 0);
    while written < size {
        line.push(b'\n');
        file.write_all(&profile.encoded(&line))?;
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
    let mut numbers = Numbers::new();
    let mut bytes = (profile.header)().into_bytes();
    bytes.push(b'\n');
    for id in 1.. {
        if bytes.len() >= size {
            break;
        }
        (profile.record)(&mut numbers, id, &mut bytes);
        bytes.push(b'\n');
    }
    Some(profile.encoded(&bytes).into_owned())
}

/// The names of the profiles that every table has, in its order.
#[allow(dead_code)] // As above.
pub(crate) fn names() -> [&'static str; N_MAIN] {
    std::array::from_fn(|i| PROFILES[i].name)
}

impl Profile {
    /// `text` in the profile's encoding, which has all its characters.
    fn encoded<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if self.encoding == "utf-8" {
            return Cow::Borrowed(text); // Which `invalid` is not.
        }
        let encoding = Encoding::for_label(self.encoding.as_bytes()).expect("a label of the standard");
        let (encoded, _, unmappable) = encoding.encode(str::from_utf8(text).expect("profiles are UTF-8"));
        assert!(!unmappable, "{}: a character is not in {}", self.name, self.encoding);
        encoded
    }
}

/// xorshift64* (Vigna 2016), and what the second set has.
struct Numbers {
    state: u64,
    second: second::SplitMix,
}

impl Numbers {
    fn new() -> Self {
        Self { state: 0x9e37_79b9_7f4a_7c15, second: second::SplitMix::from_seed(1) }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
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

/// The fields of a record of people, from `people` itself, so that all profiles of people hold the
/// same ones.
fn fields_of_people(numbers: &mut Numbers, id: u64) -> Vec<String> {
    let mut line = Vec::new();
    people(numbers, id, &mut line);
    let line = String::from_utf8(line).expect("people are ASCII");
    line.split(',').map(str::to_owned).collect()
}

/// The fields of people that hold text: names, address, city, country.
const TEXTS: std::ops::Range<usize> = 1..6;

fn escaped(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    let mut fields = fields_of_people(numbers, id);
    for field in &mut fields[TEXTS] {
        // Five fields of eight hold text: one field in 50 is one of these in 31.
        if numbers.below(31) == 0 {
            insert_escape(numbers, field);
        }
    }
    line.extend_from_slice(fields.join(",").as_bytes());
}

fn escapes(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    let mut fields = fields_of_people(numbers, id);
    for field in &mut fields[TEXTS] {
        if numbers.below(2) == 0 {
            for _ in 0..1 + numbers.below(3) {
                insert_escape(numbers, field);
            }
        }
    }
    line.extend_from_slice(fields.join(",").as_bytes());
}

/// Puts an escape anywhere in the field but inside another.
fn insert_escape(numbers: &mut Numbers, field: &mut String) {
    let escape = numbers.of(&["\\,", "\\\"", "\\\\"]);
    let mut places = vec![0];
    let mut bytes = field.bytes().enumerate();
    while let Some((mut at, byte)) = bytes.next() {
        if byte == b'\\' {
            bytes.next();
            at += 1;
        }
        places.push(at + 1);
    }
    field.insert_str(places[numbers.below(places.len() as u64) as usize], escape);
}

/// Characters of windows-1252, those between 0x80 and 0x9F too.
const LATIN: [[&str; 6]; 4] = [
    ["José", "Zoë", "François", "Jürgen", "Øystein", "Šárka"],
    ["Müller", "Núñez", "Škréta", "D’Angelo", "Ångström", "Lefèvre"],
    ["São Paulo", "Zürich", "Málaga", "Malmö", "Besançon", "Œting"],
    ["España", "Österreich", "Côte d’Ivoire", "Curaçao", "México", "Türkei"],
];

fn latin(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    let mut fields = fields_of_people(numbers, id);
    for (field, words) in [1, 2, 4, 5].into_iter().zip(LATIN) {
        // Four fields of eight are chosen from: 3 % of all are one of these in 17.
        if numbers.below(17) == 0 {
            fields[field] = numbers.of(&words).to_owned();
        }
    }
    line.extend_from_slice(fields.join(",").as_bytes());
}

fn cyrillic(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    const FIRST: [&str; 8] = ["Анна", "Иван", "Ольга", "Пётр", "Мария", "Дмитрий", "Софья", "Лев"];
    const LAST: [&str; 8] =
        ["Иваненко", "Ковалевская", "Менделеев", "Толстой", "Ахматова", "Чебышёв", "Лобачевский", "Павлова"];
    const CITIES: [&str; 8] =
        ["Москва", "Санкт-Петербург", "Казань", "Нижний Новгород", "Омск", "Тверь", "Киев", "Алматы"];
    const COUNTRIES: [&str; 4] = ["Россия", "Украина", "Казахстан", "Беларусь"];
    const WORDS: [&str; 10] =
        ["заказ", "отправлен", "почтой", "и", "получен", "в", "срок", "без", "замечаний", "повторно"];
    let (first, last) = (numbers.of(&FIRST), numbers.of(&LAST));
    let (city, country) = (numbers.of(&CITIES), numbers.of(&COUNTRIES));
    let (whole, cents, host) = (numbers.below(1_000_000), numbers.below(100), numbers.below(1000));
    let mut note = numbers.of(&WORDS).to_owned();
    for _ in 0..2 + numbers.below(4) {
        note.push(' ');
        note.push_str(numbers.of(&WORDS));
    }
    let written = write!(
        line,
        "{id},{first},{last},user{id}@example{host}.ru,{city},{country},{note},{whole}.{cents:02}"
    );
    written.expect("a Vec takes all");
}

fn invalid(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    let start = line.len();
    people(numbers, id, line);
    if !id.is_multiple_of(200) {
        return;
    }
    // A lone byte of windows-1252, a byte that is never valid, a continuation, a start; in each
    // field of text in turn.
    let n = (id / 200) as usize;
    let byte = [0xe9, 0xff, 0x80, 0xc3][n % 4];
    let field = TEXTS.start + n % TEXTS.len();
    let starts = line[start..].iter().enumerate().filter(|&(_, &byte)| byte == b',').map(|(at, _)| at + 1);
    let at = start + starts.take(field).last().expect("text is not in the first field");
    line[at + 1] = byte;
}

fn gaps(numbers: &mut Numbers, id: u64, line: &mut Vec<u8>) {
    let mut fields = fields_of_people(numbers, id);
    for field in &mut fields[TEXTS] {
        let (which, in_quotes) = (numbers.below(10), numbers.below(8) == 0);
        let value = match which {
            0 => "",
            1 => "NA",
            _ => continue,
        };
        *field = if in_quotes { format!("\"{value}\"") } else { value.to_owned() };
    }
    line.extend_from_slice(fields.join(",").as_bytes());
}
