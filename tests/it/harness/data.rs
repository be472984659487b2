//! Files made on the fly, the same bytes on every machine: ordinary ones, and what breaks tools.
//!
//! Each of the latter is here because at least one well-known tool reads it wrongly or not at all
//! (DESIGN 2). No field has white space at its edges outside quotes, so trimming changes nothing,
//! and the `csv` crate, which would trim inside quotes too, can be asked what comes out.

use std::fmt::Write as _;
use std::io::Write as _;

/// The header of [`people`].
pub(crate) const PEOPLE_HEADER: &[u8] = b"id,name,email,age,street,city,since,score\n";

/// Records of 8 columns and about 95 bytes, as a dump of customers has; now and then one is quoted.
pub(crate) fn people(n_records: usize) -> Vec<u8> {
    let mut text = String::new();
    for i in 0..n_records {
        let (age, house, score) = (18 + i % 70, i % 300, i * 7919 % 100_000);
        let city = if i % 16 == 0 { "\"Stratford, \"\"upon\"\" Avon\"" } else { "Stratford-upon-Avon" };
        let _ = writeln!(
            text,
            "{i:08},Ada Lovelace the {i}th,ada.{i}@example.org,{age},{house} Bridge Street,{city},2024-02-29,{score}"
        );
    }
    text.into_bytes()
}

/// Records of every kind: short, long, with bytes that are no UTF-8, bare quotes, blank lines
/// between, quotes over many lines, CRLF within them, lines in them that look like records, up to
/// 35 KB long.
pub(crate) fn odd(n_records: usize) -> Vec<u8> {
    let mut file = b"id,text,n\n".to_vec();
    for i in 0..n_records {
        match i % 97 {
            0 => write!(file, "{i},\"x\n,{i}\n\"\n"),
            1 => writeln!(file, "{i}"),
            2 => writeln!(file, "{i},1,2,3,4"),
            3 => file.write_all(b"\xff,5\" pipe,\xfe\n\n"),
            4 => writeln!(file, "{i},\"{}\",z", "long\n".repeat(i % 7000)),
            5..20 => writeln!(file, "{i},\"{}\",{i}", "A line,\nanother \"\"line\"\",\r\n".repeat(1 + i % 5)),
            _ => writeln!(file, "{i},value {i},\"said \"\"{i}\"\"\""),
        }
        .unwrap();
    }
    file
}

/// xorshift64* (Vigna 2016).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A sequence of its own for every seed, zero and small ones too.
    pub(crate) fn from_seed(seed: u64) -> Numbers {
        // SplitMix64 (Steele et al. 2014).
        let mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Numbers((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) | 1)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        // The high half: the low bits of the product are weak.
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize) % n
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

const HEADER: &[u8] = b"id,text,price,note\n";

const WORDS: [&str; 8] = ["amber", "brook", "cedar", "dune", "ember", "fjord", "über", "glade"];

/// A row of four columns that any reader takes for one.
fn row(numbers: &mut Numbers, to: &mut Vec<u8>) {
    let (id, price) = (numbers.below(100_000), numbers.below(10_000));
    let (text, note) = (numbers.pick(&WORDS), numbers.pick(&WORDS));
    writeln!(to, "{id},{text},{price},{note}").unwrap();
}

/// Ordinary rows, some values quoted, commas and doubled quotes in them, no newline.
pub(crate) fn well_behaved(n_bytes: usize) -> Vec<u8> {
    let mut numbers = Numbers(1);
    let mut file = HEADER.to_vec();
    while file.len() < n_bytes {
        match numbers.below(10) {
            0 => file.extend(b"7,\"of oak, aged\",12,\"the \"\"good\"\" one\"\n"),
            1 => file.extend(b"8,\"\",0,\"\"\n"),
            _ => row(&mut numbers, &mut file),
        }
    }
    file
}

/// Quoted fields of 50 KB, each tenth of 1 MB, full of lines that look like rows with the right
/// number of columns, some hundred ordinary rows between them.
pub(crate) fn rows_in_quotes(n_bytes: usize) -> Vec<u8> {
    long_quotes(n_bytes, row)
}

/// The same, where the lines in the quotes hold `","` as well. Doubled as they must be, they read
/// as regularly from outside, as empty quoted fields; and what is written around the long field
/// reads worse.
pub(crate) fn quoted_rows_in_quotes(n_bytes: usize) -> Vec<u8> {
    long_quotes(n_bytes, |numbers, to| {
        let id = numbers.below(100_000);
        match numbers.below(3) {
            // Four columns, read from outside.
            0 => writeln!(to, "{id},\"\",\"\",{}", numbers.pick(&WORDS)).unwrap(),
            1 => writeln!(to, "\"\",\"\",{id},\"\"").unwrap(),
            _ => writeln!(to, "\"\",\"\"{id}\"\",\"\"").unwrap(),
        }
    })
}

fn long_quotes(n_bytes: usize, line: impl Fn(&mut Numbers, &mut Vec<u8>)) -> Vec<u8> {
    let mut numbers = Numbers(2);
    let mut file = HEADER.to_vec();
    for n in 1.. {
        let n_long = if n % 10 == 0 { 1 << 20 } else { 50_000 };
        write!(file, "{n},\"").unwrap();
        let end = file.len() + n_long;
        while file.len() < end {
            line(&mut numbers, &mut file);
        }
        file.extend(b"\",1,end\n");
        if file.len() > n_bytes {
            return file;
        }
        for _ in 0..300 {
            row(&mut numbers, &mut file);
        }
    }
    unreachable!("a file has an end")
}

/// Every third row has a bare quote in an unquoted value, in the midst or last, where it looks as
/// if it closed something; in others quotes hold newlines.
pub(crate) fn inches(n_bytes: usize) -> Vec<u8> {
    let mut numbers = Numbers(3);
    let mut file = HEADER.to_vec();
    for n in 0.. {
        match (n % 3, numbers.below(4)) {
            (0, 0) => writeln!(file, "{n},{}\",99,as new", 10 + numbers.below(30)).unwrap(),
            (0, _) => writeln!(file, "{n},{}\" monitor,99,as new", 10 + numbers.below(30)).unwrap(),
            (_, 0) => writeln!(file, "{n},\"two\nlines,\nand three\",1,\"{n}\n\"").unwrap(),
            (_, 1) => writeln!(file, "{n},5\" pipe,\"a \"\"quote\"\"\n\",\"\"").unwrap(),
            _ => row(&mut numbers, &mut file),
        }
        if file.len() > n_bytes {
            return file;
        }
    }
    unreachable!("a file has an end")
}

/// In the first megabyte a quote opens that nothing closes.
pub(crate) fn never_closed(n_bytes: usize) -> Vec<u8> {
    let mut numbers = Numbers(4);
    let mut file = HEADER.to_vec();
    for n in 0.. {
        match n {
            // A record of two lines, so that lines and records differ.
            100 => file.extend(b"100,\"two\nlines\",1,x\n"),
            20_000 => file.extend(b"20000,stray,\"5,x\n"),
            _ => row(&mut numbers, &mut file),
        }
        if file.len() > n_bytes {
            return file;
        }
    }
    unreachable!("a file has an end")
}

/// One-byte fields under a hundred long names, so that a window's output fills many buffers, and
/// quoted fields full of such rows, so that a wrong guess is found out in the midst of it.
pub(crate) fn expanding(n_bytes: usize) -> Vec<u8> {
    let mut numbers = Numbers(5);
    let names: Vec<String> = (0..100).map(|i| format!("{i}{}", "_long_name".repeat(6))).collect();
    let mut file = names.join(",").into_bytes();
    file.push(b'\n');
    let row = |numbers: &mut Numbers, to: &mut Vec<u8>| {
        for i in 0..100 {
            to.push(b'0' + numbers.below(10) as u8);
            to.push(if i < 99 { b',' } else { b'\n' });
        }
    };
    while file.len() < n_bytes {
        for _ in 0..numbers.below(300) {
            row(&mut numbers, &mut file);
        }
        file.push(b'"');
        for _ in 0..numbers.below(100) {
            row(&mut numbers, &mut file);
        }
        file.push(b'"');
        file.extend(b",1".repeat(99));
        file.push(b'\n');
    }
    file
}
