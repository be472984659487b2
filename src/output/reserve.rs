//! Room on the disk, which is reserved ahead of the writing.
//!
//! Only on file systems that gain by it (`gains_by_reserving` in `sys`).

use crate::sys;
use std::fs::File;

/// The bytes that are reserved at once. What is not needed is given back at the end.
const STEP: u64 = 64 << 20;
/// Nothing is reserved for a file that may stay smaller than this.
const LEAST: u64 = 4 << 20;
/// Nothing is reserved if it would leave less than this: several steps, for what else is written
/// there.
const SPARED: u64 = 4 * STEP;

/// What is reserved for one output file.
#[derive(Debug)]
pub(super) struct Reserve {
    gains: bool,
    end: u64,
}

impl Reserve {
    /// Starts without a reservation, for a file on any file system.
    pub(super) fn new(file: &File) -> Self {
        Self { gains: sys::gains_by_reserving(file), end: 0 }
    }

    /// Reserves room before `at..at + n` is written. `at` is the end of the file. If there is no
    /// room, the write itself reports that.
    pub(super) fn ahead(&mut self, file: &File, at: u64, n: u64) {
        if !self.gains || at < LEAST || at + n <= self.end {
            return;
        }
        let start = self.end.max(at);
        let end = (at + n + STEP).next_multiple_of(STEP);
        // Others need room too, and a call that fails keeps what it got.
        let free = rustix::fs::fstatvfs(file).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        if free < end - start + SPARED {
            return;
        }
        // Also after an error, what the call got is given back.
        self.end = end;
        if sys::reserve(file, start, end - start).is_err() {
            self.gains = false;
            let _ = self.give_back(file, at);
        }
    }

    /// Gives back what lies behind `size`, the end of the file.
    ///
    /// # Errors
    /// The file system refuses.
    pub(super) fn give_back(&mut self, file: &File, size: u64) -> rustix::io::Result<()> {
        if self.end > size {
            rustix::fs::ftruncate(file, size)?;
        }
        self.end = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn no_more_is_reserved_than_to_the_end_of_the_next_step() {
        let file = tempfile::tempfile().expect("a file");
        let mut reserve = Reserve::new(&file);
        let blocks = || file.metadata().expect("its blocks").blocks() * 512;
        for (at, n, end) in [(LEAST - 1, 1, 0), (LEAST, 1, 2 * STEP), (2 * STEP, 1, 4 * STEP)] {
            reserve.ahead(&file, at, n);
            // Not every file system gains by it, and this one may be full.
            let end = if reserve.end == 0 { 0 } else { end };
            assert_eq!(reserve.end, end);
            // The tree of the blocks takes some itself.
            assert!(blocks() <= end + (1 << 20), "{} bytes for {end}", blocks());
        }
        reserve.give_back(&file, 0).expect("it is given back");
        assert_eq!(blocks(), 0);
    }
}
