//! Any bytes in any dialect are converted alike in every way: `tests/it/ways.rs`, with coverage to guide it.
#![no_main]

use std::sync::atomic::Ordering;

use libfuzzer_sys::{Corpus, fuzz_target};

#[path = "../../tests/it/head.rs"]
mod head;
#[allow(dead_code, reason = "the other targets need more of it")]
#[path = "../../tests/it/library.rs"]
mod library;
#[allow(dead_code, reason = "the tests of the program need more of it")]
#[path = "../../tests/it/model.rs"]
mod model;
#[allow(dead_code, reason = "as above")]
#[path = "../../tests/it/rules.rs"]
mod rules;
#[path = "../../tests/it/ways.rs"]
mod ways;

fuzz_target!(|data: &[u8]| -> Corpus {
    let before = ways::N_COMPARED.load(Ordering::Relaxed);
    let meant = ways::hold(data);
    // Told as often as libFuzzer tells of itself: whenever it has doubled.
    let after = ways::N_COMPARED.load(Ordering::Relaxed);
    if after.max(1).ilog2() > before.max(1).ilog2() {
        eprintln!("{after} conversions compared");
    }
    if meant { Corpus::Keep } else { Corpus::Reject }
});
