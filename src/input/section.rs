//! Some of a file's bytes, as a reader of their own.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that are read in sequence.
pub(super) type Reader = Box<dyn Read + Send>;

/// The bytes of a file from `at` to `end`.
pub(super) struct Section {
    pub(super) file: Arc<File>,
    pub(super) at: u64,
    pub(super) end: u64,
}

impl Section {
    /// Fills `into` from `at` on, as far as the section goes. Returns how many bytes those are.
    pub(super) fn look(&self, mut at: u64, mut into: &mut [u8]) -> io::Result<usize> {
        let mut n = 0;
        while !into.is_empty() && at < self.end {
            let left = usize::try_from(self.end - at).unwrap_or(usize::MAX).min(into.len());
            match self.file.read_at(&mut into[..left], at) {
                Ok(0) => break,
                Ok(read) => {
                    (n, at) = (n + read, at + read as u64);
                    into = &mut into[read..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(n)
    }

    /// A part of it.
    pub(super) fn part(&self, at: u64, end: u64) -> Self {
        Self { file: Arc::clone(&self.file), at, end: end.min(self.end) }
    }
}

impl Read for Section {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let n = into.len().min(left);
        let n = self.file.read_at(&mut into[..n], self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}
