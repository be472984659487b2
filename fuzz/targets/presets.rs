//! Any bytes in a dialect with a name, some of its parts overridden: what the model's own reader
//! gives, in every way.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use rowmill::Escapes;

#[path = "../../tests/it/head.rs"]
mod head;
#[path = "../../tests/it/library.rs"]
mod library;
#[allow(dead_code, reason = "the tests of the program need more of it")]
#[path = "../../tests/it/model.rs"]
mod model;
#[allow(dead_code, reason = "as above")]
#[path = "../../tests/it/rules.rs"]
mod rules;

use library::{How, convert, isas};
use model::Shape;

/// What `src/cli/presets.rs` says, but for the delimiter of `excel`, which is found.
fn preset(which: u8) -> Shape {
    let text = |delimiter, escapes: Option<Escapes>, terminator| Shape {
        delimiter,
        quote: None,
        escape: escapes.map(|_| b'\\'),
        escapes: escapes.unwrap_or_default(),
        terminator,
        ..Shape::default()
    };
    let quoted = |delimiter, terminator| Shape { delimiter, terminator, ..Shape::default() };
    match which % 5 {
        0 => text(b'\t', Some(Escapes::Postgres), None),
        1 => text(b'\t', Some(Escapes::Mysql), Some(b'\n')),
        2 => text(1, None, Some(b'\n')),
        3 => quoted(b';', None),
        _ => quoted(b',', Some(b'\n')),
    }
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some(([which, odd, rules @ ..], bytes)) = data.split_first_chunk::<6>() else { return Corpus::Reject };
    let is_text = which % 5 < 3;
    let mut shape = preset(*which);
    // As `--dialect mysql -d ';' --quote '"'` and the like.
    if odd & 1 != 0 {
        shape.delimiter = b',';
    }
    if odd & 2 != 0 {
        shape.quote = Some(b'"');
    }
    shape.no_header = odd & 4 != 0;
    shape.rejects = odd & 8 != 0;
    if !shape.is_distinct() {
        return Corpus::Reject;
    }
    let records = shape.by_hand(bytes);
    shape.columns = head::columns(*rules, &shape.names(&records));
    if is_text {
        shape.columns.null.push(("*".to_owned(), "\\N".to_owned()));
    }
    let swallows = shape.swallows(&records);
    let Some(expected) = shape.by_rules(&records).filter(|_| !swallows) else { return Corpus::Reject };
    for (i, isa) in isas().into_iter().enumerate() {
        let window = [None, Some(1), Some(5), Some(64)][usize::from(odd >> 4) % 4];
        let how = How { threads: 1 + i, window, isa, piece: [usize::MAX, 1][i % 2], check: false };
        let got = convert(&shape, &how, bytes).unwrap_or_else(|error| panic!("{error}\n{shape:?}\n{how:?}"));
        let told = got.told();
        let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
        assert_eq!(show(&told.output), show(&expected.output), "{shape:?}\n{how:?}");
        assert_eq!(told, expected, "{shape:?}\n{how:?}");
    }
    Corpus::Keep
});
