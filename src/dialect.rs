//! How a file says where fields and records end.

use crate::by_text::by_text;
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
    #[serde(with = "optional_byte")]
    pub comment: Option<u8>,
    /// White space around fields.
    pub trim: Trim,
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
        let terminators: &[u8] = match &self.terminator {
            Terminator::Any => b"\n\r",
            Terminator::Byte(byte) => std::slice::from_ref(byte),
        };
        let terminators = terminators.iter().map(|byte| ("the end of a record", *byte));
        let others = [
            ("`delimiter`", delimiter),
            ("`quote`", self.quote),
            ("`escape`", self.escape),
            ("`comment`", self.comment),
        ];
        let others = others.into_iter().filter_map(|(what, byte)| Some((what, byte?)));
        let all: Vec<_> = terminators.chain(others).collect();
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
