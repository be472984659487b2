//! Ends and a middle of one's own: a source that makes its text as it is read, a rule for a column, a sink that keeps a sum.
//!
//!     cargo run --release --example own_ends
//!
//! The text is made as it is asked for and the result is looked at as it comes, so a million records take no more memory than ten.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use rowmill::{Converter, Cutter, Input, Keeper, Output, Result, Sink, Source, Stream, Window};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Readings of a sensor, as many as are asked for, one a line.
struct Readings {
    next: u64,
    until: u64,
    line: Vec<u8>,
}

impl Read for Readings {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() && self.next < self.until {
            self.line =
                format!("{},sensor-{},{}\n", self.next, self.next % 3, self.next * 7 % 100).into_bytes();
            self.next += 1;
        }
        let n = self.line.len().min(into.len());
        into[..n].copy_from_slice(&self.line[..n]);
        self.line.drain(..n);
        Ok(n)
    }
}

/// A source that knows its name and its size. [`Stream`] cuts any reader into windows; what is one's own is said here.
struct Sensor {
    stream: Stream<io::Chain<&'static [u8], Readings>>,
}

impl Sensor {
    fn new(n_readings: u64) -> Self {
        let readings = Readings { next: 0, until: n_readings, line: Vec::new() };
        Self { stream: Stream::new("sensor", b"at,name,value\n".chain(readings)) }
    }
}

impl Source for Sensor {
    fn name(&self) -> &str {
        "the sensor in the yard"
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn peek(&mut self, n: usize) -> Result<&[u8]> {
        self.stream.peek(n)
    }

    fn skip(&mut self, n: usize) {
        self.stream.skip(n);
    }

    fn input_at(&self) -> u64 {
        self.stream.input_at()
    }

    fn claim(&mut self, n: usize, cutter: &Cutter, buffer: &mut [u8]) -> Result<Option<Window>> {
        self.stream.claim(n, cutter, buffer)
    }

    fn keeper(&self) -> Arc<dyn Keeper> {
        self.stream.keeper()
    }
}

/// Counts the records that come and shows the first. What it does in `write` slows the reading down.
struct Counter {
    n_records: Arc<AtomicU64>,
    shown: bool,
}

impl Sink for Counter {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.shown
            && let Some(end) = bytes.iter().position(|&byte| byte == b'\n')
        {
            println!("{}", String::from_utf8_lossy(&bytes[..end]));
            self.shown = true;
        }
        let n = bytes.iter().filter(|&&byte| byte == b'\n').count();
        self.n_records.fetch_add(n as u64, Ordering::Relaxed);
        Ok(())
    }
}

fn main() -> Result<()> {
    let n_records = Arc::new(AtomicU64::new(0));
    let sink = Counter { n_records: Arc::clone(&n_records), shown: false };
    let converter = Converter::builder()
        .transform("name", |name| name.to_uppercase())
        .column_type("value", rowmill::Type::Int)
        .build()?;
    let input = Input::Source(Box::new(Sensor::new(1_000_000)));
    let summary = converter.convert([input], Output::Sink(Box::new(sink)))?;
    println!("{} records read, {} came", summary.records, n_records.load(Ordering::Relaxed));
    assert_eq!(summary.records, n_records.load(Ordering::Relaxed));
    Ok(())
}
