//! Physical lines, for messages: terminators are counted inside quotes too.

use crate::dialect::Terminator;
use memchr::{memchr, memchr_iter, memchr2, memrchr, memrchr2};

/// The number of terminators in `bytes`; CRLF is one.
pub(crate) fn count_lines(terminator: Terminator, bytes: &[u8]) -> u64 {
    match terminator.byte() {
        Some(byte) => memchr_iter(byte, bytes).count() as u64,
        None => {
            let lone = memchr_iter(b'\r', bytes).filter(|&i| bytes.get(i + 1) != Some(&b'\n')).count();
            (memchr_iter(b'\n', bytes).count() + lone) as u64
        }
    }
}

/// The end of the first line with its terminator, where it ends in `bytes`.
pub(crate) fn line_end(terminator: Terminator, bytes: &[u8]) -> Option<usize> {
    match terminator.byte() {
        Some(byte) => memchr(byte, bytes).map(|i| i + 1),
        None => memchr2(b'\n', b'\r', bytes)
            .map(|i| i + 1 + usize::from(bytes[i] == b'\r' && bytes.get(i + 1) == Some(&b'\n'))),
    }
}

/// The end of the last line that surely ends in `bytes`, with its terminator. A CR at the very end
/// may have its LF behind it.
pub(crate) fn last_line_end(terminator: Terminator, bytes: &[u8]) -> Option<usize> {
    match terminator.byte() {
        Some(byte) => memrchr(byte, bytes).map(|i| i + 1),
        None => {
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            memrchr2(b'\n', b'\r', bytes).map(|i| i + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_does_not_end_within_a_pair() {
        let last = |bytes: &str| last_line_end(Terminator::Any, bytes.as_bytes());
        assert_eq!(last("a\nb\r\nc"), Some(5));
        assert_eq!(last("a\nb\r"), Some(2), "an LF may come");
        assert_eq!(last("a\rb\rc"), Some(4));
        assert_eq!(last("a\r"), None);
        assert_eq!(last("a"), None);
        assert_eq!(last_line_end(Terminator::Byte(b';'), b"a;\nb;"), Some(5));
    }
}
