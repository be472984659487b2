//! How a file says where fields and records end.

use crate::by_text::{by_text, is_default};
use crate::charset::Charset;
use crate::error::{Error, Result};
use crate::escapes::Escapes;
use serde::{Deserialize, Serialize};

/// Which records lose the white space around their fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trim {
    /// Header and data.
    #[default]
    All,
    /// The header alone.
    Headers,
    /// The data alone.
    Fields,
    /// None.
    None,
}

/// What ends a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Terminator {
    /// LF, CRLF or a lone CR.
    #[default]
    Any,
    /// One byte alone.
    Byte(u8),
}

impl Trim {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::All, Self::Headers, Self::Fields, Self::None];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Headers => "headers",
            Self::Fields => "fields",
            Self::None => "none",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trim| trim.name() == name)
    }
}

by_text!(Trim, |trim| trim.name().to_owned(), Trim::from_name);

by_text!(
    Terminator,
    |terminator| match terminator {
        Terminator::Any => "any".to_owned(),
        Terminator::Byte(byte) => typed(*byte),
    },
    |text| match text {
        "any" => Some(Terminator::Any),
        text => byte("", text).ok().map(Terminator::Byte),
    }
);

/// Serde for a byte that may be none, as it is typed.
mod optional_byte {
    use super::{byte, typed};
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(typed).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| byte("a byte", &text).map_err(Error::custom)).transpose()
    }
}

impl Terminator {
    /// Whether `byte` ends a record.
    #[inline]
    pub fn is(self, byte: u8) -> bool {
        match self {
            Self::Any => byte == b'\n' || byte == b'\r',
            Self::Byte(terminator) => byte == terminator,
        }
    }
}

/// The bytes that start a comment line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CommentMark {
    bytes: [u8; Self::MOST],
    /// How many there are; more than fit are refused.
    n: u8,
}

impl CommentMark {
    /// The most bytes.
    pub const MOST: usize = 16;

    /// These bytes.
    pub fn new(mark: &[u8]) -> Self {
        let (mut bytes, kept) = ([0; Self::MOST], mark.len().min(Self::MOST));
        bytes[..kept].copy_from_slice(&mark[..kept]);
        Self { bytes, n: u8::try_from(mark.len()).unwrap_or(u8::MAX) }
    }

    /// Its bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.n).min(Self::MOST)]
    }
}

impl std::fmt::Debug for CommentMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.bytes().escape_ascii())
    }
}

by_text!(
    CommentMark,
    |mark| match mark.bytes() {
        [byte] => typed(*byte),
        // As itself it may read as a single byte: `0x41`.
        bytes => bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect(),
    },
    |text| bytes("", text).ok().map(|bytes| CommentMark::new(&bytes))
);

/// The bytes that shape a file. The default is CSV as the `csv` crate reads it, with trimming.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// Ends a field.
    #[serde(skip)]
    pub delimiter: u8,
    /// Opens and closes a quoted field; `None` turns quoting off.
    #[serde(with = "optional_byte")]
    pub quote: Option<u8>,
    /// Whether a doubled quote inside a quoted field is one quote.
    pub double_quote: bool,
    /// Makes the next byte content.
    #[serde(with = "optional_byte")]
    pub escape: Option<u8>,
    /// What an escape and that byte stand for.
    pub escapes: Escapes,
    /// Ends a record.
    pub terminator: Terminator,
    /// Starts a line that is skipped.
    pub comment: Option<CommentMark>,
    /// White space around fields.
    pub trim: Trim,
    /// A delimiter ends each record: an empty field behind the last delimiter is none.
    #[serde(skip_serializing_if = "is_default")]
    pub trailing_delimiter: bool,
    /// Records whose fields are all empty are dropped.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_empty: bool,
    /// What bytes from 0x80 on mean, by which white space goes. Each input sets it: a value set
    /// here is overwritten.
    #[doc(hidden)]
    #[serde(skip)]
    pub charset: Charset,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: Some(b'"'),
            double_quote: true,
            escape: None,
            escapes: Escapes::Literal,
            terminator: Terminator::Any,
            comment: None,
            trim: Trim::All,
            trailing_delimiter: false,
            skip_empty: false,
            charset: Charset::Utf8,
        }
    }
}

impl Dialect {
    /// Whether the fields of data records are trimmed.
    pub fn trims_fields(&self) -> bool {
        matches!(self.trim, Trim::All | Trim::Fields)
    }

    /// Whether the fields of the header are trimmed.
    pub fn trims_headers(&self) -> bool {
        matches!(self.trim, Trim::All | Trim::Headers)
    }

    /// Whether a record may end the data.
    pub(crate) fn may_end_data(&self) -> bool {
        self.escapes.end_data() && self.escape.is_some()
    }

    /// Whether a record of these bytes ends the data.
    pub(crate) fn ends_data(&self, record: &[u8]) -> bool {
        self.escapes.end_data() && matches!(record, [first, b'.'] if self.escape == Some(*first))
    }

    /// The length of the mark that ends the data at the front of `bytes`, with its terminator.
    /// Without one it counts only if the input ends with `bytes`.
    pub(crate) fn end_of_data(&self, bytes: &[u8], at_end: bool) -> Option<usize> {
        let behind = self.ends_data(bytes.get(..2)?).then(|| &bytes[2..])?;
        match (self.terminator, behind) {
            (_, []) => at_end.then_some(2),
            (Terminator::Any, [b'\r', b'\n', ..]) => Some(4),
            (terminator, [first, ..]) => terminator.is(*first).then_some(3),
        }
    }

    /// Says which byte has two meanings, if there is one. The delimiter may not be known yet.
    pub(crate) fn collision(&self, delimiter: Option<u8>) -> Option<String> {
        if self.comment.is_some_and(|mark| !(1..=CommentMark::MOST).contains(&usize::from(mark.n))) {
            return Some(format!("`comment` takes 1 to {} bytes", CommentMark::MOST));
        }
        let terminators: &[u8] = match &self.terminator {
            Terminator::Any => b"\n\r",
            Terminator::Byte(byte) => std::slice::from_ref(byte),
        };
        let terminators = terminators.iter().map(|byte| ("the end of a record", *byte));
        let others = [("`delimiter`", delimiter), ("`quote`", self.quote), ("`escape`", self.escape)];
        let others = others.into_iter().filter_map(|(what, byte)| Some((what, byte?)));
        // That a byte is there twice gives it no second meaning.
        let mut comment = self.comment.map_or_else(Vec::new, |mark| mark.bytes().to_vec());
        comment.sort_unstable();
        comment.dedup();
        let comment = comment.into_iter().map(|byte| ("`comment`", byte));
        let all: Vec<_> = terminators.chain(others).chain(comment).collect();
        // Behind an escape they would be content and a name at once.
        let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
        if let Some((what, byte)) = all.iter().find(|(what, byte)| *what != "`comment`" && named(*byte))
            && self.escapes != Escapes::Literal
            && self.escape.is_some()
        {
            let (name, escapes) = (delimiter_name(*byte), self.escapes.name());
            return Some(format!("{what} {name} has a meaning in `escapes` {escapes}; take another byte"));
        }
        let (i, (what, byte)) =
            all.iter().enumerate().find(|(i, (_, byte))| all[..*i].iter().any(|(_, other)| other == byte))?;
        let (other, _) = all[..i].iter().find(|(_, other)| other == byte)?;
        let name = delimiter_name(*byte);
        let why = match (*other, *what) {
            ("`quote`", "`escape`") => "; leave it out: two quotes in a quoted field are one anyway",
            _ => "; take different bytes",
        };
        Some(format!("{what} {name} is {other} too{why}"))
    }
}

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

/// The delimiters that files use, in the order in which they are tried.
pub(crate) const COMMON_DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// How a delimiter is written after `-d`.
pub(crate) fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tab".to_owned(),
        b'!'..=b'~' if delimiter != b'\\' => format!("'{}'", delimiter as char),
        _ => format!("'\\x{delimiter:02x}'"),
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
            let mark = CommentMark::new(mark);
            let text = serde_json::to_string(&mark).unwrap();
            assert_eq!(serde_json::from_str::<CommentMark>(&text).unwrap(), mark, "{text}");
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
