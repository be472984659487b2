//! Times a library user's own function on one thread and on two: `cargo bench --bench transform`.
//!
//! The function runs on all threads at once, each with a buffer of its own, so two threads should
//! take little more than half the time of one. It prints the seconds of each pair, one right after
//! the other, and the median of their ratios. The file is read, and the output goes nowhere.

use rowmill::{Converter, Input, Output, Summary};
use std::io::{self, Write};
use std::num::NonZero;
use std::time::Instant;

#[allow(dead_code)] // Its `main` is the program that writes files.
mod profiles;

const SIZE: usize = 384 << 20;
const PAIRS: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&profiles::in_memory("people", SIZE).expect("the profile is one of the table"))?;
    let run = |n_threads: usize| -> rowmill::Result<(f64, Summary)> {
        let converter = Converter::builder()
            .transform("first_name", str::to_uppercase)
            .threads(NonZero::new(n_threads).expect("not 0"))
            .build()?;
        let began = Instant::now();
        let summary = converter.convert([Input::path(file.path())], Output::writer("nowhere", io::sink()))?;
        Ok((began.elapsed().as_secs_f64(), summary))
    };
    let (_, first) = run(2)?;
    let mut ratios = Vec::new();
    let mut out = io::stdout();
    for _ in 0..PAIRS {
        let ((one, summary), (two, of_two)) = (run(1)?, run(2)?);
        assert_eq!((summary.records, of_two.records), (first.records, first.records), "all is converted");
        writeln!(out, "1 thread {one:.3} s, 2 threads {two:.3} s: {:.2} times as fast", one / two)?;
        ratios.push(one / two);
    }
    ratios.sort_by(f64::total_cmp);
    let (least, median, most) = (ratios[0], ratios[PAIRS / 2], ratios[PAIRS - 1]);
    writeln!(out, "two threads are {median:.2} times as fast as one ({least:.2} – {most:.2})")?;
    Ok(())
}
