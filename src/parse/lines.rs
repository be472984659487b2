//! Physical lines, for messages: terminators are counted inside quotes too.

use crate::dialect::Terminator;
use memchr::{memchr, memchr_iter, memchr2};

/// The number of terminators in `bytes`; CRLF is one.
pub(crate) fn count_lines(terminator: Terminator, bytes: &[u8]) -> u64 {
    match terminator {
        Terminator::Byte(byte) => memchr_iter(byte, bytes).count() as u64,
        Terminator::Any => {
            let lone = memchr_iter(b'\r', bytes).filter(|&i| bytes.get(i + 1) != Some(&b'\n')).count();
            (memchr_iter(b'\n', bytes).count() + lone) as u64
        }
    }
}

/// The end of the first line with its terminator, where it ends in `bytes`.
pub(crate) fn line_end(terminator: Terminator, bytes: &[u8]) -> Option<usize> {
    match terminator {
        Terminator::Byte(byte) => memchr(byte, bytes).map(|i| i + 1),
        Terminator::Any => memchr2(b'\n', b'\r', bytes)
            .map(|i| i + 1 + usize::from(bytes[i] == b'\r' && bytes.get(i + 1) == Some(&b'\n'))),
    }
}
