//! The second set: the same five kinds of text from another hand, with other words and lengths, more
//! that is not ASCII, and empty fields. What was tuned on the first is judged on both.

use std::io::Write;

/// splitmix64 (Steele, Lea and Flood 2014).
pub(super) struct SplitMix(u64);

impl SplitMix {
    pub(super) fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }

    /// `n` words with blanks between.
    fn words(&mut self, line: &mut Vec<u8>, n: u64) {
        for i in 0..n {
            if i > 0 {
                line.push(b' ');
            }
            line.extend_from_slice(self.of(&WORDS).as_bytes());
        }
    }
}

/// Writes to a `Vec`, which takes all.
macro_rules! put {
    ($line:expr, $($what:tt)*) => {
        write!($line, $($what)*).expect("a Vec takes all")
    };
}

#[rustfmt::skip]
const FIRST: [&str; 32] = [
    "James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth", "William",
    "Barbara", "Richard", "Susan", "Joseph", "Jessica", "Thomas", "Sarah", "Carlos", "Karen", "Wei", "Yuki", "Fatima",
    "Olga", "Ahmed", "Priya", "Hans", "Ingrid", "José", "Zoë", "Søren", "Łukasz",
];
#[rustfmt::skip]
const LAST: [&str; 30] = [
    "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Hernandez",
    "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Tanaka",
    "Ivanova", "Kowalski", "Schmidt", "Nguyen", "Khan", "Silva", "Okafor", "Müller",
];
#[rustfmt::skip]
const CITIES: [&str; 20] = [
    "London", "Paris", "Berlin", "Tokyo", "New York", "San Francisco", "Lagos", "Mumbai", "São Paulo", "Toronto",
    "Sydney", "Cape Town", "Warsaw", "Lisbon", "Oslo", "Kraków", "Buenos Aires", "Singapore", "Seoul", "Mexico City",
];
#[rustfmt::skip]
const COUNTRIES: [&str; 17] = [
    "UK", "France", "Germany", "Japan", "USA", "Nigeria", "India", "Brazil", "Canada", "Australia", "South Africa",
    "Poland", "Portugal", "Norway", "Argentina", "Korea", "Mexico",
];
const DOMAINS: [&str; 5] =
    ["example.com", "example.org", "mail.example.net", "corp.example", "post.example.io"];
#[rustfmt::skip]
const WORDS: [&str; 40] = [
    "the", "quick", "brown", "fox", "jumps", "over", "lazy", "dog", "customer", "order", "shipped", "late", "refund",
    "prefers", "contact", "by", "phone", "renewal", "pending", "priority", "account", "has", "been", "reviewed", "and",
    "approved", "for", "next", "quarter", "billing", "address", "changed", "see", "ticket", "about", "invoice",
    "delivery", "window", "missing", "parts",
];
#[rustfmt::skip]
const OTHERS: [&str; 24] = [
    "naïve", "café", "Größe", "señor", "smörgåsbord", "привет", "мир", "данные", "日本語", "東京", "数据", "文字",
    "한국어", "مرحبا", "שלום", "Ελλάδα", "→", "“quoted”", "…", "😀", "🚀", "€100", "±5°C", "½",
];

pub(super) fn people(numbers: &mut SplitMix, id: u64, line: &mut Vec<u8>) {
    let (first, last) = (numbers.of(&FIRST), numbers.of(&LAST));
    put!(line, "{id},{first} {last},");
    let account = first.bytes().chain([b'.']).chain(last.bytes()).filter(u8::is_ascii);
    line.extend(account.map(|byte| byte.to_ascii_lowercase()));
    put!(line, "{}@{},", numbers.below(1000), numbers.of(&DOMAINS));
    put!(line, "{},{},", numbers.of(&CITIES), numbers.of(&COUNTRIES));
    put!(line, "{}-{:02}-{:02},", 2005 + numbers.below(20), 1 + numbers.below(12), 1 + numbers.below(28));
    let sign = if numbers.below(8) == 0 { "-" } else { "" };
    put!(line, "{sign}{}.{:02},", numbers.below(100_000), numbers.below(100));
    if numbers.below(10) != 0 {
        let n = 2 + numbers.below(6);
        numbers.words(line, n);
    }
}

pub(super) fn quoted(numbers: &mut SplitMix, id: u64, line: &mut Vec<u8>) {
    for column in 0..8 {
        if column > 0 {
            line.push(b',');
        }
        if numbers.below(100) < 40 {
            in_quotes(numbers, line);
            continue;
        }
        match column {
            0 => put!(line, "{id}"),
            5 => put!(line, "{}", numbers.below(10_000)),
            6 => put!(line, "{}.{:02}", numbers.below(1000), numbers.below(100)),
            _ if numbers.below(12) == 0 => {}
            _ => {
                let n = 1 + numbers.below(4);
                numbers.words(line, n);
            }
        }
    }
}

/// A field in quotes: commas, doubled quotes, and in one of 40 a newline.
fn in_quotes(numbers: &mut SplitMix, line: &mut Vec<u8>) {
    line.push(b'"');
    let has_newline = numbers.below(1000) < 25;
    let n = 1 + numbers.below(6);
    let newline = numbers.below(n);
    for i in 0..n {
        if i > 0 {
            let between = match numbers.below(5) {
                0 => ", ",
                1 => ",",
                _ => " ",
            };
            line.extend_from_slice(between.as_bytes());
        }
        if numbers.below(8) == 0 {
            put!(line, "\"\"{}\"\"", numbers.of(&WORDS));
        } else if numbers.below(20) == 0 {
            line.extend_from_slice(numbers.of(&OTHERS).as_bytes());
        } else {
            line.extend_from_slice(numbers.of(&WORDS).as_bytes());
        }
        if has_newline && i == newline {
            line.push(b'\n');
        }
    }
    line.push(b'"');
}

pub(super) fn wide(numbers: &mut SplitMix, id: u64, line: &mut Vec<u8>) {
    put!(line, "{id}");
    for column in 1..100 {
        match column % 4 {
            0 => put!(line, ",{}", numbers.below(100)),
            1 => {
                let sign = if numbers.below(2) == 0 { "-" } else { "" };
                put!(line, ",{sign}{}", numbers.below(1_000_000));
            }
            2 => put!(line, ",{}.{:04}", numbers.below(1000), numbers.below(10_000)),
            _ => put!(line, ",0.{:06}", numbers.below(1_000_000)),
        }
    }
}

pub(super) fn narrow(numbers: &mut SplitMix, _: u64, line: &mut Vec<u8>) {
    put!(line, "{},{},{}", numbers.below(1000), numbers.below(100), numbers.below(10));
}

pub(super) fn longtext(numbers: &mut SplitMix, id: u64, line: &mut Vec<u8>) {
    put!(line, "{id},\"");
    let end = line.len() + 1000 + numbers.below(2000) as usize;
    while line.len() < end {
        match numbers.below(64) {
            0 => line.push(b'\n'),
            1 => {
                line.extend_from_slice(b"\"\"");
                numbers.words(line, 2);
                line.extend_from_slice(b"\"\" ");
            }
            2..=5 => put!(line, "{} ", numbers.of(&OTHERS)),
            6..=8 => line.extend_from_slice(b", "),
            9 => line.extend_from_slice(b"C:\\dir\\x\t"),
            _ => put!(line, "{} ", numbers.of(&WORDS)),
        }
    }
    line.push(b'"');
}
