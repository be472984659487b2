//! Any bytes as a zip archive: an error, or the same text for one thread and for several; never a panic.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use rowmill::{Converter, Input, Output};
use std::num::NonZero;

fuzz_target!(|data: &[u8]| -> Corpus {
    if !data.starts_with(b"PK") {
        return Corpus::Reject;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.zip");
    std::fs::write(&path, data).unwrap();
    let convert = |threads, glob: &[&str]| {
        let builder = Converter::builder().threads(NonZero::new(threads).unwrap()).window(64);
        let converter = builder.members(glob.iter().copied()).limit(100_000).build().unwrap();
        let mut output = Vec::new();
        let done = converter.convert([Input::path(&path)], Output::writer("output", &mut output));
        done.map(|summary| (summary.records, output)).map_err(|error| error.to_string())
    };
    let once = convert(1, &[]);
    assert_eq!(once, convert(3, &[]));
    let _ = convert(1, &["*"]);
    Corpus::Keep
});
