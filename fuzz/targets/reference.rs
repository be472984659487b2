//! Any bytes in any dialect: what the `csv` crate and serde_json give where that crate knows the dialect,
//! and what the model's own reader gives everywhere.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

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

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((head, bytes)) = data.split_first_chunk() else { return Corpus::Reject };
    let bytes = &head::written(head, bytes)[..];
    let Some(mut shape) = head::shape(head, bytes) else { return Corpus::Reject };
    // What is an error depends on more than the model knows.
    shape.strict = false;
    if !shape.rejects {
        shape.max_record = usize::MAX;
    }
    let records = shape.by_hand(bytes);
    let Some(expected) = shape.by_rules(&records) else { return Corpus::Reject };
    let plain = shape.columns.format == Default::default() && !shape.columns.infer && head[4..] == [0; 4];
    if plain && shape.is_known_to_csv(bytes) && !shape.rejects {
        assert_eq!(shape.expected(&shape.by_csv(bytes)), expected, "the models differ: {shape:?}");
    }
    let isas = isas();
    let how = How {
        threads: 1,
        window: [None, Some(1), Some(5), Some(64)][usize::from(head[3]) % 4],
        isa: isas[usize::from(head[3]) / 4 % isas.len()],
        piece: [usize::MAX, 1][usize::from(head[3]) / 16 % 2],
        check: false,
    };
    let got = convert(&shape, &how, bytes).unwrap_or_else(|error| panic!("{error}\n{shape:?}\n{how:?}"));
    let told = got.told();
    let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
    assert_eq!(show(&told.output), show(&expected.output), "{shape:?}\n{how:?}");
    assert_eq!(show(&told.rejects), show(&expected.rejects), "{shape:?}\n{how:?}");
    assert_eq!(told, expected, "{shape:?}\n{how:?}");
    Corpus::Keep
});
