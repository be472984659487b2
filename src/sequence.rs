//! Bytes as they are typed, and a few that mean something together.

use crate::by_text::by_text;
use crate::error::{Error, Result};

/// A few bytes that mean something together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ByteSequence {
    bytes: [u8; Self::MOST],
    /// How many there are; more than fit are refused.
    n: u8,
}

impl ByteSequence {
    /// The most bytes.
    pub const MOST: usize = 16;

    /// These bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let (mut kept, n) = ([0; Self::MOST], bytes.len().min(Self::MOST));
        kept[..n].copy_from_slice(&bytes[..n]);
        Self { bytes: kept, n: u8::try_from(bytes.len()).unwrap_or(u8::MAX) }
    }

    /// Whether there are as many as are kept, and one at least.
    pub(crate) fn fits(&self) -> bool {
        (1..=Self::MOST).contains(&usize::from(self.n))
    }

    /// As it can be typed: the inverse of [`bytes`].
    pub(crate) fn typed(&self) -> String {
        match self.bytes() {
            [byte] => typed(*byte),
            // As itself it may read as a single byte: `0x41`.
            bytes => bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect(),
        }
    }

    /// Its bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.n).min(Self::MOST)]
    }
}

impl std::fmt::Debug for ByteSequence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.bytes().escape_ascii())
    }
}

by_text!(ByteSequence, |sequence| sequence.typed(), |text| bytes("", text)
    .ok()
    .map(|bytes| ByteSequence::new(&bytes)));

/// Reads one byte as it is typed: itself, or `\t`, `\n`, `\r`, `\0`, `\\`, `\xNN`, and as other
/// tools have it `0xNN`, `\NNN` in octal, `^A`.
///
/// # Errors
/// Where it is not one byte; `what` names the setting.
pub(crate) fn byte(what: &str, typed: &str) -> Result<u8> {
    let wrong = || {
        Error::setting(format!(
            "{what} takes one byte (or \\t, \\n, \\r, \\0, \\xNN), not '{typed}', which has {}",
            typed.len()
        ))
    };
    match typed.as_bytes() {
        [byte] => Ok(*byte),
        b"\\t" => Ok(b'\t'),
        b"\\n" => Ok(b'\n'),
        b"\\r" => Ok(b'\r'),
        b"\\0" => Ok(0),
        b"\\\\" => Ok(b'\\'),
        [b'\\', b'x', hex @ ..] if hex.len() == 2 && hex[0] != b'+' => {
            u8::from_str_radix(&typed[2..], 16).map_err(|_| wrong())
        }
        [b'0', b'x' | b'X', hex @ ..] if hex.len() == 2 && hex[0] != b'+' => {
            u8::from_str_radix(&typed[2..], 16).map_err(|_| wrong())
        }
        [b'\\', octal @ ..] if octal.len() == 3 && octal[0] != b'+' => {
            u8::from_str_radix(&typed[1..], 8).map_err(|_| wrong())
        }
        [b'^', letter @ (b'@'..=b'_' | b'a'..=b'z')] => Ok(letter & 0x1f),
        _ => Err(wrong()),
    }
}

/// Reads one byte or several: one as [`byte`] has it; of several each as itself, or `\t`, `\n`,
/// `\r`, `\0`, `\\`, `\xNN`.
///
/// # Errors
/// There is none, or an escape is not one of these; `what` names the setting.
pub(crate) fn bytes(what: &str, text: &str) -> Result<Vec<u8>> {
    if let Ok(byte) = byte(what, text) {
        return Ok(vec![byte]);
    }
    let wrong = || Error::setting(format!("{what} takes bytes (or \\t, \\n, \\r, \\0, \\xNN), not '{text}'"));
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let n = match (first, rest.as_bytes().get(1)) {
            ('\\', Some(b'x')) => 4,
            ('\\', _) => 2,
            _ => 0,
        };
        if n == 0 {
            bytes.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (escape, behind) = rest.split_at_checked(n).ok_or_else(wrong)?;
        bytes.push(byte(what, escape).map_err(|_| wrong())?);
        rest = behind;
    }
    if bytes.is_empty() { Err(wrong()) } else { Ok(bytes) }
}

/// A byte as it can be typed: the inverse of [`byte`].
pub(crate) fn typed(byte: u8) -> String {
    match byte {
        b'\\' => "\\\\".to_owned(),
        b'!'..=b'~' => (byte as char).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_bytes_are_typed_as_they_are_or_escaped() {
        for (text, expected) in [
            ("#", &b"#"[..]),
            ("##", b"##"),
            ("//", b"//"),
            ("\\x23\\x23", b"##"),
            ("\\x23", b"#"),
            ("\\001", b"\x01"),
            ("0x23", b"#"),
            ("^A", b"\x01"),
            ("\\", b"\\"),
            ("\\\\", b"\\"),
            ("REM ", b"REM "),
            ("\u{a7}", b"\xc2\xa7"),
        ] {
            assert_eq!(bytes("--comment", text).unwrap(), expected, "{text}");
        }
        for text in ["", "\\x2", "a\\q", "a\\x\u{20ac}"] {
            assert!(bytes("--comment", text).is_err(), "{text}");
        }
        for mark in [&b"#"[..], b"0x41", b"\\", b"a\xff"] {
            let mark = ByteSequence::new(mark);
            let text = serde_json::to_string(&mark).unwrap();
            assert_eq!(serde_json::from_str::<ByteSequence>(&text).unwrap(), mark, "{text}");
        }
    }

    #[test]
    fn a_byte_is_typed_as_itself_or_escaped() {
        for (typed, expected) in [
            (";", b';'),
            ("\\t", b'\t'),
            ("\\0", 0),
            ("\\001", 1),
            ("0x1F", 0x1f),
            ("^A", 1),
            ("^", b'^'),
            ("\\x1f", 0x1f),
            ("\\", b'\\'),
            ("\\\\", b'\\'),
        ] {
            assert_eq!(byte("-d", typed).unwrap(), expected, "{typed}");
        }
        for typed in ["", "||", "§", "\\x", "\\xg0", "\\q", "\\x+1"] {
            let message = byte("-d", typed).unwrap_err().to_string();
            assert!(message.starts_with("-d takes one byte"), "{typed}: {message}");
        }
    }
}
