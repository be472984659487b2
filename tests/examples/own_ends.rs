//! A caller's own source, transform and sink: text is made as it is read, a column is changed, and
//! records are counted as they come.
//!
//!     cargo run --release --example own_ends
//!
//! A million records take no more memory than ten.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use rowmill::{Converter, Input, Output, Result, Sink, Source};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Readings of a sensor, one a line.
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

/// A source with a name.
struct Sensor(io::Chain<&'static [u8], Readings>);

impl Sensor {
    fn new(n_readings: u64) -> Self {
        let readings = Readings { next: 0, until: n_readings, line: Vec::new() };
        Self(b"at,name,value\n".chain(readings))
    }
}

impl Read for Sensor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Source for Sensor {
    fn name(&self) -> &str {
        "the sensor in the yard"
    }
}

/// Counts the records that come and shows the first. A slow `write` slows the reading down.
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
