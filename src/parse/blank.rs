//! White space: the characters with the Unicode property `White_Space`, as UTF-8 or as one byte of
//! a code page.

use crate::charset::Charset;

/// Whether `byte` is white space by itself: tab, LF, VT, FF, CR, space, and what else the page has.
#[inline]
pub(super) fn is_blank(charset: Charset, byte: u8) -> bool {
    match charset {
        Charset::Utf8 => matches!(byte, b'\t'..=b'\r' | b' '),
        Charset::Page(page) => page.is_blank(byte),
    }
}

/// Whether a longer white space character starts with these one or two bytes.
pub(super) fn starts_blank(charset: Charset, bytes: &[u8]) -> bool {
    charset == Charset::Utf8
        && matches!(bytes, [0xc2 | 0xe1 | 0xe2 | 0xe3] | [0xe1, 0x9a] | [0xe2, 0x80 | 0x81] | [0xe3, 0x80])
}

/// Whether these two or three bytes are a white space character of UTF-8.
pub(super) fn is_long_blank(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xc2, 0x85 | 0xa0]
            | [0xe1, 0x9a, 0x80]
            | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf]
            | [0xe2, 0x81, 0x9f]
            | [0xe3, 0x80, 0x80]
    )
}

/// The length of the white space character at the front, or 0.
#[inline]
pub(super) fn blank_at_start(charset: Charset, bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(&byte) if is_blank(charset, byte) => 1,
        _ if charset != Charset::Utf8 => 0,
        Some(0xc2) if bytes.len() >= 2 && is_long_blank(&bytes[..2]) => 2,
        Some(0xe1..=0xe3) if bytes.len() >= 3 && is_long_blank(&bytes[..3]) => 3,
        _ => 0,
    }
}

/// The length of the white space character at the back, or 0. No other character ends with these
/// bytes, whatever is before them: each starts with a byte that cannot continue another.
#[inline]
pub(super) fn blank_at_end(charset: Charset, bytes: &[u8]) -> usize {
    let n = bytes.len();
    match bytes.last() {
        Some(&byte) if is_blank(charset, byte) => 1,
        _ if charset != Charset::Utf8 => 0,
        Some(0x80..=0xbf) if n >= 2 && is_long_blank(&bytes[n - 2..]) => 2,
        Some(0x80..=0xbf) if n >= 3 && is_long_blank(&bytes[n - 3..]) => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_those_of_unicode() {
        for c in char::MIN..=char::MAX {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            let expected = if c.is_whitespace() { bytes.len() } else { 0 };
            assert_eq!(blank_at_start(Charset::Utf8, bytes), expected, "{c:?}");
            assert_eq!(blank_at_end(Charset::Utf8, bytes), expected, "{c:?}");
            if c.is_whitespace() && bytes.len() > 1 {
                assert!((1..bytes.len()).all(|n| starts_blank(Charset::Utf8, &bytes[..n])), "{c:?}");
            }
        }
    }
}
