//! Tells the processor seconds that keyed BLAKE3 takes for the values of a column alone: what of
//! `--mask COLUMN:hash` no converter can save.
//!
//!     cargo bench --bench hashes -- FILE COLUMN
//!
//! COLUMN counts from 1. The values are taken off the file first, outside the timing; hexadecimal
//! digits are left out. It prints `{"seconds":s,"values":n,"sum":hex}`, the sum being all hashes'
//! exclusive or, so that none can be left undone.
#![allow(unsafe_code)] // A thread's own clock has no safe call in our dependencies.

use std::hint::black_box;
use std::io::{self, Write};

fn main() -> io::Result<()> {
    // `cargo bench` adds --bench; there is nothing to hash then.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [path, column] = &args[..] else {
        return writeln!(io::stdout(), "usage: cargo bench --bench hashes -- FILE COLUMN");
    };
    let column = column.parse::<usize>().map_err(io::Error::other)? - 1;
    let (mut values, mut ends) = (Vec::new(), Vec::new());
    for record in csv::Reader::from_path(path)?.byte_records() {
        values.extend_from_slice(&record?[column]);
        ends.push(values.len());
    }
    let key = blake3::derive_key("rowmill 2026-11-23 mask hash", b"a key of sixteen bytes or more");
    let mut sum = [0; 32];
    let began = thread_seconds()?;
    let mut start = 0;
    for &end in &ends {
        let hash = blake3::keyed_hash(&key, black_box(&values[start..end]));
        for (sum, byte) in sum.iter_mut().zip(hash.as_bytes()) {
            *sum ^= byte;
        }
        start = end;
    }
    let seconds = thread_seconds()? - began;
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(io::stdout(), "{{\"seconds\":{seconds:.6},\"values\":{},\"sum\":\"{sum}\"}}", ends.len())
}

fn thread_seconds() -> io::Result<f64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is our own and lives through the call.
    if unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}
