//! The first bytes of a fuzz input: how the rest is to be read. Zeros are plain CSV, untrimmed,
//! without rules.
//!
//! `heads.json` beside it holds those that seeds are put behind, for `differential.rs` and
//! `fuzz/seeds.py`. Advice for maintainers: give unused values a meaning, never move a used one, or
//! the corpus means something else.

use rowmill::internal::{Added, Columns, Condition};
use rowmill::{AddedValue, Empty, Escapes, Format, NameStyle, Type};

use crate::model::Shape;
use crate::rules;

/// The bytes that say how: four of the dialect, four of the rules.
pub(crate) const N_HEAD: usize = 8;

/// `n` bits of a byte, from bit `from` on.
fn of(byte: u8, from: u32, n: u32) -> usize {
    usize::from(byte >> from) % (1 << n)
}

/// What several bytes are in the input: the delimiter, the terminator, the quote.
const SEQUENCES: [[Option<&[u8]>; 3]; 3] = [
    [Some(b"||"), None, None],
    [Some(b"\x1f|"), Some(b"~\n"), None],
    [Some("\u{a6}".as_bytes()), None, Some("\u{a7}".as_bytes())],
];

/// What a head makes of the bytes behind it: those with the sequences that it says.
pub(crate) fn written(head: &[u8; N_HEAD], bytes: &[u8]) -> Vec<u8> {
    let which = of(head[2], 5, 3);
    let sequences = SEQUENCES.get(which.wrapping_sub(1)).copied().unwrap_or([None; 3]);
    let meant = |byte: &u8| {
        let sequence = match byte {
            b',' if which == 7 => Some(&b" "[..]),
            b',' => sequences[0],
            b'\n' => sequences[1],
            b'"' => sequences[2],
            _ => None,
        };
        sequence.unwrap_or(std::slice::from_ref(byte)).to_vec()
    };
    bytes.iter().flat_map(meant).collect()
}

/// The shape that a head says for these bytes, or none where a byte would have two meanings.
pub(crate) fn shape(head: &[u8; N_HEAD], bytes: &[u8]) -> Option<Shape> {
    let [dialect, lines, rest, _, ..] = *head;
    let escapes = of(dialect, 6, 2);
    let mut shape = Shape {
        delimiter: b",,;\t \0\x1f\xa7"[of(dialect, 0, 3)],
        quote: [Some(b'"'), Some(b'"'), Some(b'\''), None][of(dialect, 3, 2)],
        double_quote: of(dialect, 5, 1) == 0,
        escape: [None, Some(b'\\'), Some(b'\\'), Some(b'\\')][escapes],
        escapes: [Escapes::Literal, Escapes::Postgres, Escapes::Mysql, Escapes::Literal][escapes],
        terminator: [None, None, None, None, Some(b'\n'), Some(b'\r'), Some(b';'), Some(0x1e)]
            [of(lines, 0, 3)],
        comment: [None, Some(&b"##"[..]), None, Some(b"#")][of(lines, 3, 2)],
        trailing: of(rest, 0, 2) == 1 || of(rest, 2, 3) == 4,
        skip_empty: of(rest, 0, 2) == 2 || of(rest, 2, 3) == 4,
        skip_repeated: of(rest, 2, 3) == 3 && of(lines, 7, 1) == 0,
        skip_last: [0, 1, 3, 0, 0, 0, 0, 0][of(rest, 2, 3)],
        trim_names: of(lines, 5, 1) == 1,
        trim_values: of(lines, 6, 1) == 1,
        no_header: of(lines, 7, 1) == 1,
        skip_lines: [0, 0, 0, 1][of(rest, 0, 2)],
        limit: [None, None, None, None, None, Some(0), Some(1), Some(3)][of(rest, 2, 3)],
        rejects: of(rest, 5, 3) == 6,
        strict: of(rest, 5, 3) == 5,
        max_record: [usize::MAX, usize::MAX, usize::MAX, usize::MAX, 40, usize::MAX, 40, 3][of(rest, 5, 3)],
        columns: Columns::default(),
        ..Shape::default()
    };
    let which = of(rest, 5, 3);
    if which == 7 {
        (shape.whitespace, shape.delimiter, shape.trailing) = (true, b' ', false);
        (shape.trim_names, shape.trim_values) = (true, true);
    } else if let Some(sequences) = SEQUENCES.get(which.wrapping_sub(1)) {
        shape.sequences = *sequences;
        // A number behind an escape may be any byte; others that are named are none of these.
        if shape.escapes == Escapes::Postgres {
            shape.escapes = Escapes::Literal;
        }
        let mut unused = (1..8).chain(14..26).filter(|byte| !bytes.contains(byte));
        shape.delimiter = unused.next()?;
        if sequences[1].is_some() {
            shape.terminator = Some(unused.next()?);
        }
        // Without quoting there is none.
        shape.quote = if sequences[2].is_some() { shape.quote.and(unused.next()) } else { shape.quote };
    }
    if !shape.is_distinct() {
        return None;
    }
    let rules = *head.last_chunk().expect("a head ends with its rules");
    if rules == [0; 4] {
        return Some(shape);
    }
    let names = shape.names(&shape.by_hand(bytes));
    Some(Shape { columns: columns(rules, &names), ..shape })
}

/// The rules that the last bytes of a head say, of columns with these names.
pub(crate) fn columns(rules: [u8; 4], names: &[String]) -> Columns {
    let [masks, types, values, layout] = rules;
    // All of them, or one of the first.
    let column = |which: usize| match which {
        0 => Some("*".to_owned()),
        n => names.get(n - 1).cloned(),
    };
    let mut columns = Columns::default();
    // A name that holds a star may match others, as it should.
    let few = of(values, 3, 2) == 1;
    let mask = match of(masks, 0, 3) {
        5 if few => "year",
        7 if few => "prefix:2",
        which => {
            ["email", "redact", "last4", "hash", "domain", "phone", "email:hash:16(lower)", "hash:8(digits)"]
                [which]
        }
    };
    if let Some(name) = column(of(masks, 3, 2))
        && of(masks, 7, 1) == 1
    {
        columns.mask.push((name, mask.parse().expect("a mask")));
        columns.hash_key = mask.contains("hash").then(rules::key);
    }
    if let (5, 0, Some(column)) = (of(masks, 0, 3), of(masks, 7, 1), names.first()) {
        let (text, is) = [("1", true), ("", true), ("a", false), ("NA", false)][of(masks, 3, 2)];
        columns.filter.push(Condition { column: column.clone(), text: text.to_owned(), is });
    }
    if of(masks, 7, 1) == 0 && of(masks, 0, 3) == 6 {
        let value = AddedValue::Text("7".to_owned(), Type::Int);
        columns.add.push(Added { name: "a.added".to_owned(), value });
    }
    if of(masks, 7, 1) == 0 && of(masks, 0, 3) == 3 {
        let name = ["byte", "a.byte", "renamed", "a.at"][of(masks, 3, 2)].to_owned();
        columns.add.push(Added { name, value: AddedValue::Byte });
    }
    if of(masks, 7, 1) == 0 && of(masks, 0, 3) == 4 {
        let value = match column(of(masks, 3, 2)) {
            Some(name) => AddedValue::IdOfColumns(vec![name]),
            None => AddedValue::IdOfPlace(Some("place".to_owned())),
        };
        columns.add.push(Added { name: "a.id".to_owned(), value });
        columns.hash_key = (of(masks, 5, 1) == 1).then(rules::key);
    }
    if of(masks, 7, 1) == 0 && of(masks, 0, 3) == 7 {
        columns.names = NameStyle::Lower;
    }
    if let (1, 0, Some(column)) = (of(masks, 0, 3), of(masks, 7, 1), column(of(masks, 3, 2))) {
        columns.split.push((column, [";", " ", "a", "12"][of(masks, 5, 2)].to_owned()));
    }
    let wanted = match of(types, 0, 3) {
        5 if few => "percent(trailing-minus)",
        6 if few => "date",
        7 if few => "int(unit=@)",
        which => [
            "int",
            "float",
            "bool",
            "string",
            "json",
            "float(comma,thousands,trailing-minus,currency)",
            "date(%d.%m.%Y)",
            "timestamp",
        ][which],
    };
    if let Some(name) = column(of(types, 3, 2))
        && of(types, 7, 1) == 1
    {
        columns.types.push((name, wanted.parse().expect("a type")));
    }
    columns.decimal_comma = of(types, 5, 2) == 1;
    columns.infer = of(masks, 5, 2) > 1;
    columns.quoted_values = [false, true, true, false][of(masks, 5, 2)];
    let nulls: [&[&str]; 8] =
        [&[], &[], &[], &["NA"], &[""], &["x", ""], &["null", "a", "longer than eight"], &["0", "1"]];
    // Of the first column alone, or of all.
    let of_nulls = if of(types, 5, 2) == 2 { column(1) } else { column(0) };
    if let Some(name) = of_nulls {
        columns.null =
            nulls[of(values, 0, 3)].iter().map(|text| (name.clone(), (*text).to_owned())).collect();
    }
    let empty = [None, column(1), column(0), column(0)][of(values, 3, 2)].clone();
    let what = [Empty::String, Empty::Null, Empty::Null, Empty::Omit][of(values, 3, 2)];
    columns.empty.extend(empty.map(|name| (name, what)));
    columns.format = [Format::Jsonl, Format::Jsonl, Format::Jsonl, Format::Rows][of(values, 5, 2)];
    if of(values, 7, 1) == 1 {
        columns.format = Format::Json;
    }
    if of(masks, 7, 1) == 0 && of(masks, 0, 3) == 2 && columns.format == Format::Jsonl {
        columns.before = Some(["{\"index\":{}}", "{}", "x", "\u{a6} "][of(masks, 3, 2)].to_owned());
    }
    columns.nest = [None, None, Some(".".to_owned()), Some("a".to_owned())][of(layout, 0, 2)].clone();
    columns.select = match (of(layout, 2, 2), names) {
        (1, [.., last]) => Some(vec![last.clone()]),
        (2, [first, .., last]) => Some(vec![last.clone(), first.clone()]),
        (3, [_, second, ..]) => Some(vec![second.clone(), "*".to_owned()]),
        _ => None,
    };
    if let (3, [first, _, ..]) = (of(layout, 4, 2), names) {
        columns.drop.push(first.clone());
    }
    columns.fill = of(layout, 4, 2) == 1;
    if let (3, [.., last]) = (of(types, 5, 2), names) {
        columns.rename.push((last.clone(), "renamed".to_owned()));
    }
    columns.extra_key = ["_extra", "_extra", "", "a"][of(layout, 6, 2)].to_owned();
    columns
}
