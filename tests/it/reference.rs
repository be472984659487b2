//! The library on raw bytes: what it gives is what the `csv` crate and serde_json give, and where
//! that crate has no word for it, what a reader written from the guide gives (`model.rs`).
//!
//! Inputs and dialects are generated, malformed more often than not, and small enough that a
//! failure shrinks to something one can read. A failure worth keeping becomes a named test below,
//! not a seed.

use proptest::prelude::*;
use proptest::sample::select;
use rowmill::Escapes;
use serde_json::Value;

use crate::harness::kernels;
use crate::head::columns;
use crate::library::{Got, How, convert};
use crate::model::{Expected, Record, Shape, repaired};

/// Each property is tried so often. A case takes about 0.2 ms.
const CASES: u32 = 2000;

pub(crate) fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let max_global_rejects = cases;
    ProptestConfig { cases, max_global_rejects, failure_persistence: None, ..ProptestConfig::default() }
}

/// Bytes that a failure shows as one would type them.
#[derive(Clone, PartialEq)]
pub(crate) struct Bytes(Vec<u8>);

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.escape_ascii())
    }
}

/// Input of pieces so chosen that most sequences of them mean something: structure, blanks of every
/// length, whole characters, and the fragments of which invalid ones are made.
pub(crate) fn input() -> impl Strategy<Value = Bytes> {
    let structure: Vec<&[u8]> =
        vec![b"\"", b"\"", b"\"\"", b"\",\"", b",", b",", b",", b"\n", b"\n", b"\r", b"\r\n", b"\r\r\n"];
    let special: Vec<&[u8]> = vec![b";", b"'", b"\\", b"#", b"\n#", b"\n#\"", b"\0", b"\x1f", b"|"];
    let escaped: Vec<&[u8]> = vec![
        b"\\n", b"\\t", b"\\r", b"\\N", b"\\0", b"\\x41", b"\\xg", b"\\xff", b"\\1011", b"\\777", b"\n\\.\n",
    ];
    let words: Vec<&[u8]> = vec![b"a", b"b", b"bc", b"0", b"_extra", b"column_2", b"a_2"];
    let blanks: Vec<&[u8]> =
        vec![b" ", b" ", b"\t", b"\x0b", b"\xc2\xa0", b"\xc2\x85", b"\xe3\x80\x80", b"\xe2\x80\xa8"];
    let text: Vec<&[u8]> =
        vec!["é".as_bytes(), "€".as_bytes(), "😀".as_bytes(), "\u{feff}".as_bytes(), "\u{fffd}".as_bytes()];
    let fragments: Vec<&[u8]> =
        vec![b"\x80", b"\xc2", b"\xa0", b"\xe2\x80", b"\xe3", b"\xf0\x9f\x98", b"\xed\xa0", b"\xff"];
    let piece = prop_oneof![
        10 => select(structure).prop_map(<[u8]>::to_vec),
        3 => select(special).prop_map(<[u8]>::to_vec),
        1 => select(escaped).prop_map(<[u8]>::to_vec),
        4 => select(words).prop_map(<[u8]>::to_vec),
        3 => select(blanks).prop_map(<[u8]>::to_vec),
        1 => select(text).prop_map(<[u8]>::to_vec),
        1 => select(fragments).prop_map(<[u8]>::to_vec),
        // Longer than a block, so that its edges lie anywhere.
        1 => (1usize..150).prop_map(|n| vec![b'x'; n]),
    ];
    prop::collection::vec(piece, 0..100).prop_map(|pieces| Bytes(pieces.concat()))
}

/// What starts comments.
const COMMENTS: &[&[u8]] = &[b"#", b"#", b"##", b"#\"", b"\"", b"b", b"bc", b" ", b" #", b"\xc2\xa0x"];

/// Shapes in which no byte has two meanings.
pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    let often = |byte: u8, others: &'static [u8]| prop_oneof![3 => Just(byte), 1 => select(others)];
    let rarely = |bytes: &'static [u8]| prop_oneof![3 => Just(None), 1 => select(bytes).prop_map(Some)];
    let dialect = (
        often(b',', b";\t |\0\x1fa"),
        prop_oneof![5 => Just(Some(b'"')), 1 => Just(Some(b'\'')), 1 => Just(None)],
        prop::bool::weighted(0.8),
        (
            rarely(b"\\\\\\b\""),
            select(vec![Escapes::Literal, Escapes::Literal, Escapes::Postgres, Escapes::Mysql]),
        ),
        rarely(b"\n\n\r;\x1f0 "),
        prop_oneof![3 => Just(None), 1 => select(COMMENTS).prop_map(Some)],
    );
    // Records that are dropped, and how many of the last.
    let rare = || prop::bool::weighted(0.15);
    let dropped = (rare(), rare(), rare(), prop_oneof![5 => Just(0usize), 1 => 1usize..5]);
    let rest = (any::<bool>(), any::<bool>(), any::<bool>(), 0usize..12, 0usize..12);
    (dialect, rest, dropped)
        .prop_map(
            |((delimiter, quote, double_quote, (escape, escapes), terminator, comment), rest, dropped)| {
                let (trim_names, trim_values, no_header, skip, limit) = rest;
                let (trailing, skip_empty, skip_repeated, skip_last) = dropped;
                Shape {
                    delimiter,
                    quote,
                    double_quote,
                    escape,
                    escapes,
                    terminator,
                    comment,
                    trailing,
                    skip_empty,
                    skip_repeated: skip_repeated && !no_header,
                    skip_last,
                    trim_names,
                    trim_values,
                    no_header,
                    // Most inputs have few lines, and most should be read.
                    skip_lines: skip.saturating_sub(8),
                    limit: (limit < 4).then_some(limit),
                    ..Shape::default()
                }
            },
        )
        .prop_filter("a byte with two meanings", Shape::is_distinct)
}

/// Shapes that the `csv` crate knows but for comments at a lone CR, bytes beyond ASCII among them.
fn shape_of_csv() -> impl Strategy<Value = Shape> {
    let beyond = prop_oneof![9 => Just(None), 1 => select(&b"\x80\xa0\xc2\xff"[..]).prop_map(Some)];
    (shape(), beyond).prop_map(|(shape, beyond)| Shape {
        delimiter: beyond.unwrap_or(shape.delimiter),
        escape: None,
        trim_names: false,
        trim_values: false,
        ..shape
    })
}

/// Values that matter to some rule, as they are in a file of commas and double quotes.
const VALUES: [&str; 65] = [
    "007",
    "+1",
    "-0",
    "1e5",
    ".5",
    "5.",
    "1.0",
    "-1.50",
    "98765432109876543210",
    "true",
    "True",
    "f",
    "no",
    "null",
    "NA",
    "ada@x.org",
    "@",
    "a@b@c",
    "",
    "x",
    "Ann Lee",
    "12",
    "3.25",
    "-",
    "-.5",
    "0",
    "00",
    "1.2.3",
    "2020-01-02",
    "\"q\"",
    "\"\"",
    "\"a\"\"b\"",
    "\"1\"",
    "\"007\"",
    "\"-5\"",
    "\"NA\"",
    "\"x\"",
    "\"0\"",
    "\"null\"",
    "\"true\"",
    "\"fals\"",
    "\"1e5\"",
    "\"2.50\" ",
    "\"\\N\"",
    "\"longer than eight\"",
    "\"{\"\"a\"\":[1,\n2]}\"",
    "\"a,b\"",
    "  pad ",
    " 12 ",
    "é",
    "日本語",
    "naïve@ö.org",
    "a\\b",
    "\u{a0}nb\u{a0}",
    "5\" pipe",
    "\"open",
    "1E+5",
    "nope",
    "nullx",
    "\\N",
    "a\\nb\\tc",
    "\\x41\\102",
    "\\xe9",
    "\"q\\r\\\\\"",
    "\"x\"y",
];

/// Tables in which regular records follow one another, as the fast ways want them, and now and then
/// one that is not.
fn table() -> impl Strategy<Value = Bytes> {
    let names = select(vec!["id,name,email,n", "id,a.b,a.c,x", "a,b", "only", "id,name,email,a.b,c,a.d,n"]);
    let value = || {
        prop_oneof![
            40 => select(&VALUES[..]).prop_map(str::to_owned),
            1 => (50usize..70).prop_map(|n| "7".repeat(n)),
            1 => (60usize..200).prop_map(|n| "y@".repeat(n)),
        ]
    };
    let column = prop::collection::vec(value(), 1..4);
    let odd = prop_oneof![3 => Just(0u32), 1 => 1u32..8];
    let quoted = prop::bool::weighted(0.3);
    (names, prop::collection::vec(column, 7), 0usize..300, odd, any::<u64>(), quoted).prop_map(
        |(names, mut columns, n_records, odd, seed, quoted)| {
            // As many exports are: all fields are quoted.
            for value in columns.iter_mut().flatten().filter(|value| quoted && !value.contains('"')) {
                *value = format!("\"{value}\"");
            }
            let n_names = names.split(',').count();
            let mut random = seed | 1;
            let mut below = |n: usize| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random as usize % n
            };
            let mut bytes = format!("{names}\n").into_bytes();
            for _ in 0..n_records {
                let is_odd = below(200) < 5 * odd as usize;
                let n = if is_odd { 1 + below(n_names + 2) } else { n_names };
                for i in 0..n {
                    if i > 0 {
                        bytes.push(b',');
                    }
                    let column = &columns[i % 7];
                    match is_odd && below(3) == 0 {
                        true => bytes.extend_from_slice(VALUES[below(VALUES.len())].as_bytes()),
                        false => bytes.extend_from_slice(column[below(column.len())].as_bytes()),
                    }
                    if is_odd && below(9) == 0 {
                        bytes.extend_from_slice([&b"\xff"[..], b"\xe2\x82", b"\xc3("][below(3)]);
                    }
                }
                bytes.push(b'\n');
            }
            Bytes(bytes)
        },
    )
}

/// Rules by a head of the fuzz inputs, and how the bytes are read.
fn ruled_shape() -> impl Strategy<Value = (Shape, [u8; 4])> {
    let rules = any::<[u8; 4]>();
    (shape(), rules, any::<bool>()).prop_map(|(shape, rules, escapes)| {
        let escape = if escapes { Some(b'\\') } else { None };
        let limit = shape.limit.map(|limit| 50 * limit);
        (
            Shape {
                delimiter: b',',
                quote: Some(b'"'),
                skip_lines: 0,
                terminator: None,
                escape,
                limit,
                ..shape
            },
            rules,
        )
    })
}

fn how() -> impl Strategy<Value = How> {
    let isas = kernels().to_vec();
    let window = prop_oneof![1 => Just(None), 3 => (1usize..100).prop_map(Some)];
    (1usize..4, window, select(isas), select(vec![1, 7, usize::MAX]))
        .prop_map(|(threads, window, isa, piece)| How { threads, window, isa, piece, check: false })
}

fn contents(records: &[Record]) -> Vec<(&[Vec<u8>], bool)> {
    records.iter().map(|record| (&record.fields[..], record.unclosed)).collect()
}

proptest! {
    #![proptest_config(config())]

    /// The two models are worth something: they agree wherever both have a word.
    #[test]
    fn the_models_agree(shape in shape_of_csv(), bytes in input()) {
        prop_assume!(shape.is_known_to_csv(&bytes));
        let (by_csv, by_hand) = (shape.by_csv(&bytes), shape.by_hand(&bytes));
        prop_assert_eq!(contents(&by_csv), contents(&by_hand));
    }

    #[test]
    fn untrimmed_is_the_csv_crate(shape in shape_of_csv(), how in how(), bytes in input()) {
        prop_assume!(shape.is_known_to_csv(&bytes));
        prop_assume!(!shape.swallows(&shape.by_hand(&bytes)));
        let expected = shape.expected(&shape.by_csv(&bytes));
        hold(&shape, &how, &bytes, &expected)?;
    }

    #[test]
    fn every_dialect_is_as_specified(shape in shape(), how in how(), bytes in input()) {
        prop_assume!(shape.skip_last == 0 || bytes.len() < 16 << 10);
        prop_assume!(!shape.swallows(&shape.by_hand(&bytes)));
        let expected = shape.expected(&shape.by_hand(&bytes));
        hold(&shape, &how, &bytes, &expected)?;
    }

    #[test]
    fn every_rule_is_as_specified(
        (shape, rules) in ruled_shape(),
        how in prop_oneof![how(), how().prop_map(|how| How { window: None, ..how })],
        // Miri can't look at a file without opening it, as is done with that of the rejects.
        rejects in prop::bool::weighted(if cfg!(miri) { 0.0 } else { 0.3 }),
        bytes in table(),
    ) {
        prop_assume!(shape.is_distinct() && !shape.swallows(&shape.by_hand(&bytes)));
        // Last records that are longer than what is held back for each are an error.
        prop_assume!(shape.skip_last == 0 || bytes.len() < 16 << 10);
        let names = shape.names(&shape.by_hand(&bytes));
        let shape = Shape { columns: columns(rules, &names), rejects, ..shape };
        // What makes no sense is refused: `differential` sees to that.
        let Some(expected) = shape.by_rules(&shape.by_hand(&bytes)) else { return Ok(()) };
        hold(&shape, &how, &bytes, &expected)?;
        if expected.n_anomalies() > 0 {
            let strict = Shape { strict: true, rejects: false, ..shape };
            prop_assert!(convert(&strict, &how, &bytes).is_err(), "{:?}", strict);
        }
    }

    /// With rejects nothing is lost either: what is not in the output is there as it stood.
    #[test]
    fn rejects_hold_the_rest(shape in shape(), how in how(), max_record in 1usize..200, bytes in input()) {
        let shape = Shape { rejects: true, max_record, ..shape };
        prop_assume!(shape.skip_last == 0 || bytes.len() < 16 << 10);
        prop_assume!(!shape.swallows(&shape.by_hand(&bytes)));
        let expected = shape.expected(&shape.by_hand(&bytes));
        hold(&shape, &how, &bytes, &expected)?;
    }

    /// The keys of an object are what the header says, repaired: as many, none twice, none empty,
    /// and those that needed no repair as they stood.
    #[test]
    fn names_are_repaired_and_never_repeated(
        names in prop::collection::vec("(a|b|a_2|a_3|column_1|column_2|column_2_2|)", 1..12),
    ) {
        let bytes = format!("{}\n{}\n", names.join(","), vec!["x"; names.len()].join(","));
        // Alone, an empty name is a blank line.
        prop_assume!(names != [""]);
        let got = must(&Shape::default(), &How::default(), bytes.as_bytes());
        let object: serde_json::Map<String, Value> = serde_json::from_slice(&got.output)
            .unwrap_or_else(|_| panic!("an object: {}", got.output.escape_ascii()));
        prop_assert_eq!(object.len(), names.len(), "no key twice");
        for (i, name) in names.iter().enumerate() {
            prop_assert!(name.is_empty() || object.contains_key(name), "{} is lost", name);
            let repair = got.summary.header_repairs.iter().find(|(_, repair)| repair.column == i as u64 + 1);
            let doubtful = name.is_empty() || names[..i].contains(name);
            prop_assert_eq!(repair.is_some(), doubtful, "column {} ({:?})", i + 1, name);
            if let Some((_, repair)) = repair {
                prop_assert_eq!(&repair.from, name);
                prop_assert!(!names.contains(&repair.to), "{} stood in the file", repair.to);
                prop_assert!(object.contains_key(&repair.to));
            }
        }
        let keys = repaired(&names).into_iter().collect::<std::collections::HashSet<_>>();
        prop_assert_eq!(keys, object.into_iter().map(|(key, _)| key).collect());
    }

    /// `--limit N` is the first N lines of what there would be without, and nothing behind them is
    /// looked at.
    #[test]
    fn a_limit_is_the_first_lines(shape in shape(), how in how(), limit in 0usize..20, bytes in input()) {
        prop_assume!(!shape.swallows(&shape.by_hand(&bytes)));
        let whole = must(&Shape { limit: None, ..shape.clone() }, &How::default(), &bytes);
        let limited = must(&Shape { limit: Some(limit), ..shape }, &how, &bytes);
        let lines: Vec<&[u8]> = whole.output.split_inclusive(|&byte| byte == b'\n').take(limit).collect();
        prop_assert_eq!(Bytes(limited.output), Bytes(lines.concat()));
        prop_assert_eq!(limited.summary.records, lines.len() as u64);
    }

    /// `--skip-lines N` is what there would be if the first N lines were not in the file.
    #[test]
    fn skipped_lines_are_as_good_as_not_there(how in how(), skip_lines in 0usize..12, bytes in input()) {
        let shape = Shape { trim_names: true, trim_values: true, ..Shape::default() };
        prop_assume!(!Shape { skip_lines, ..shape.clone() }.swallows(&Shape { skip_lines, ..shape.clone() }.by_hand(&bytes)));
        // A mark is dropped first, whether lines are skipped or not.
        let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        for _ in 0..skip_lines {
            let Some(end) = rest.iter().position(|byte| b"\r\n".contains(byte)) else {
                rest = b"";
                break;
            };
            let pair = rest[end..].starts_with(b"\r\n");
            rest = &rest[end + 1 + usize::from(pair)..];
        }
        let marked = [b"\xef\xbb\xbf", rest].concat();
        let without = must(&shape, &How::default(), &marked);
        let skipped = must(&Shape { skip_lines, ..shape }, &how, &bytes);
        prop_assert_eq!(Bytes(skipped.output), Bytes(without.output));
        prop_assert_eq!(skipped.summary.records, without.summary.records);
    }
}

/// Converts, and tells both sides where they differ.
fn hold(shape: &Shape, how: &How, bytes: &[u8], expected: &Expected) -> Result<(), TestCaseError> {
    let mut told = must(shape, how, bytes).told();
    if told == *expected {
        if shape.rejects {
            return Ok(());
        }
        // What only counts finds the same.
        let checked = must(shape, &How { check: true, ..how.clone() }, bytes).told();
        if checked == (Expected { output: Vec::new(), ..expected.clone() }) {
            return Ok(());
        }
        told = checked;
    }
    let show = |side: &Expected| {
        let counts = Expected { output: Vec::new(), rejects: Vec::new(), ..side.clone() };
        let (output, rejects) = (side.output.escape_ascii(), side.rejects.escape_ascii());
        format!("{output}\n  rejects {rejects}\n  {counts:?}")
    };
    Err(TestCaseError::fail(format!(
        "{shape:?}\n{how:?}\ninput:    {}\nexpected: {}\ngot:      {}",
        bytes.escape_ascii(),
        show(expected),
        show(&told)
    )))
}

fn must(shape: &Shape, how: &How, bytes: &[u8]) -> Got {
    convert(shape, how, bytes)
        .unwrap_or_else(|error| panic!("{shape:?}\n{how:?}\ninput: {}\nerror: {error}", bytes.escape_ascii()))
}
