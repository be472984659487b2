//! For the tests of readers: one that gives little at a time.

use std::io::{self, Read};

/// Gives at most so many bytes a call.
pub(super) struct Dribble<'a>(pub(super) &'a [u8], pub(super) usize);

impl Read for Dribble<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.0.len().min(into.len()).min(self.1);
        into[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}
