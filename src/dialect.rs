//! How a file says where fields and records end.

use crate::by_text::{by_text, is_default};
use crate::charset::Charset;
use crate::escapes::Escapes;
use crate::folding::{FOLDED, Folding};
use crate::sequence::{ByteSequence, byte, bytes, typed};
use bstr::ByteSlice;
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
    /// These bytes together, 2 to 16.
    Sequence(ByteSequence),
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
        Terminator::Sequence(sequence) => sequence.typed(),
    },
    |text| match text {
        "any" => Some(Terminator::Any),
        text => bytes("", text).ok().map(|bytes| Terminator::of(&bytes)),
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
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [byte] => Self::Byte(*byte),
            bytes => Self::Sequence(ByteSequence::new(bytes)),
        }
    }

    /// The byte that ends a record as it is parsed; `None` for LF, CRLF or a lone CR.
    #[inline]
    pub(crate) fn byte(self) -> Option<u8> {
        match self {
            Self::Any => None,
            Self::Byte(byte) => Some(byte),
            Self::Sequence(_) => Some(FOLDED[1]),
        }
    }

    /// Whether `byte` ends a record as it is parsed.
    #[inline]
    pub fn is(self, byte: u8) -> bool {
        match self.byte() {
            None => byte == b'\n' || byte == b'\r',
            Some(terminator) => byte == terminator,
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
    pub comment: Option<ByteSequence>,
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
    /// Any run of blanks and tabs is one delimiter. Set with the delimiter.
    #[doc(hidden)]
    #[serde(skip)]
    pub whitespace: bool,
    /// The delimiter, terminator or quote is one byte in the place of several. Each input sets it.
    #[doc(hidden)]
    #[serde(skip)]
    pub folding: Option<Folding>,
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
            whitespace: false,
            folding: None,
        }
    }
}

impl Dialect {
    /// Bytes of an input as text in a message.
    pub(crate) fn shown(&self, bytes: &[u8]) -> String {
        let unfolded = self.folding.map(|folding| folding.unfolded(bytes));
        String::from_utf8_lossy(unfolded.as_deref().unwrap_or(bytes)).into_owned()
    }

    /// Whether `byte` ends a field.
    #[inline]
    pub(crate) fn is_delimiter(&self, byte: u8) -> bool {
        byte == self.delimiter || self.whitespace && byte == b'\t'
    }

    /// How the delimiter is written after `-d`.
    pub(crate) fn delimiter_name(&self) -> String {
        match self.folding.and_then(|folding| folding.sequences[0]) {
            _ if self.whitespace => "whitespace".to_owned(),
            Some(sequence) => sequence_name(sequence.bytes()),
            None => delimiter_name(self.delimiter),
        }
    }

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

    /// Says which bytes have two meanings, if there are any. Each of `delimiters` is the delimiter;
    /// there is none if it is not known yet. `quote` is a quote of several bytes.
    pub(crate) fn collision(&self, delimiters: &[&[u8]], quote: Option<ByteSequence>) -> Option<String> {
        let sequence =
            if let Terminator::Sequence(sequence) = self.terminator { Some(sequence) } else { None };
        let most = ByteSequence::MOST;
        let too_long = [
            ("`terminator`", sequence.is_none_or(|sequence| sequence.fits())),
            ("`quote`", quote.is_none_or(|quote| quote.fits())),
            ("`comment`", self.comment.is_none_or(|mark| mark.fits())),
        ];
        if let Some((setting, _)) = too_long.into_iter().find(|(_, fits)| !fits) {
            return Some(format!("{setting} takes 1 to {most} bytes"));
        }
        let all = self.meanings(delimiters, quote);
        let is_taken = |byte: &&u8| all.iter().any(|it| it.is_folded() && it.folded_to() == Some(**byte));
        let mut alone = all.iter().filter(|it| !it.is_folded()).flat_map(Meant::each);
        if let Some((what, byte)) = alone.find(|(_, byte)| is_taken(byte)) {
            let name = delimiter_name(*byte);
            return Some(format!("{what} {name} cannot be used where another setting has several bytes"));
        }
        // Behind an escape they would be content and a name at once.
        let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
        let mut marks = all.iter().filter(|it| it.what != "`comment`").flat_map(Meant::each);
        if let Some((what, byte)) = marks.find(|(_, byte)| named(**byte))
            && self.escapes != Escapes::Literal
            && self.escape.is_some()
        {
            let (name, escapes) = (delimiter_name(*byte), self.escapes.name());
            return Some(format!("{what} {name} has a meaning in `escapes` {escapes}; take another byte"));
        }
        let is_any = self.terminator == Terminator::Any;
        let pairs = all.iter().enumerate().flat_map(|(i, later)| all[..i].iter().map(move |it| (it, later)));
        let (earlier, later, shared) =
            pairs.filter_map(|(it, later)| Some((it, later, it.shared(later, is_any)?))).next()?;
        let name = sequence_name(shared);
        let why = match (earlier.what, later.what) {
            ("`quote`", "`escape`") => "; leave it out: two quotes in a quoted field are one anyway",
            _ => "; take different bytes",
        };
        Some(format!("{} {name} is {} too{why}", later.what, earlier.what))
    }
}

impl Dialect {
    /// All that has a meaning.
    fn meanings(&self, delimiters: &[&[u8]], quote: Option<ByteSequence>) -> Vec<Meant> {
        let meant = |what, bytes: &[u8]| Meant { what, bytes: bytes.to_vec() };
        let mut all = match &self.terminator {
            Terminator::Any => vec![meant(RECORD_END, b"\n"), meant(RECORD_END, b"\r")],
            Terminator::Byte(byte) => vec![meant(RECORD_END, &[*byte])],
            Terminator::Sequence(sequence) => vec![meant(RECORD_END, sequence.bytes())],
        };
        all.extend(delimiters.iter().map(|bytes| meant("`delimiter`", bytes)));
        match (&quote, self.quote) {
            (Some(quote), _) => all.push(meant("`quote`", quote.bytes())),
            (None, quote) => all.extend(quote.map(|byte| meant("`quote`", &[byte]))),
        }
        all.extend(self.escape.map(|byte| meant("`escape`", &[byte])));
        all.extend(self.comment.iter().map(|mark| meant("`comment`", mark.bytes())));
        all
    }
}

/// What ends a record, in messages.
const RECORD_END: &str = "the end of a record";

/// Bytes that mean something together.
struct Meant {
    what: &'static str,
    bytes: Vec<u8>,
}

impl Meant {
    /// Each of its bytes, with what they are.
    fn each(&self) -> impl Iterator<Item = (&'static str, &u8)> {
        self.bytes.iter().map(|byte| (self.what, byte))
    }

    /// One byte takes their place as an input is read.
    fn is_folded(&self) -> bool {
        self.bytes.len() > 1 && self.folded_to().is_some()
    }

    /// The byte that would take their place.
    fn folded_to(&self) -> Option<u8> {
        let [delimiter, terminator, quote] = FOLDED;
        match self.what {
            "`delimiter`" => Some(delimiter),
            RECORD_END => Some(terminator),
            "`quote`" => Some(quote),
            _ => None,
        }
    }

    /// The bytes that would have both meanings.
    fn shared<'m>(&'m self, other: &'m Self, ends_any: bool) -> Option<&'m [u8]> {
        let (short, long) = if self.bytes.len() < other.bytes.len() { (self, other) } else { (other, self) };
        let part_fields_and_records = [self.what, other.what] == [RECORD_END, "`delimiter`"];
        // Where two start alike, the longer one is meant: `|` and `|\n`.
        if part_fields_and_records && long.bytes.len() > 1 && !ends_any && short.bytes != long.bytes {
            return None;
        }
        // What is found from left to right would take the end of a comment's mark for its start.
        let is_comment = other.what == "`comment`" && self.is_folded();
        let overlaps = |n: &usize| other.bytes.ends_with(&self.bytes[..*n]);
        if is_comment && let Some(n) = (1..self.bytes.len().min(other.bytes.len())).find(overlaps) {
            return Some(&self.bytes[..n]);
        }
        (self.what != other.what && long.bytes.contains_str(&short.bytes)).then_some(&short.bytes)
    }
}

/// How bytes are written in a message.
fn sequence_name(bytes: &[u8]) -> String {
    match (bytes, std::str::from_utf8(bytes)) {
        ([byte], _) => delimiter_name(*byte),
        (_, Ok(text)) if !text.contains(char::is_control) => format!("'{text}'"),
        _ => format!("'{}'", ByteSequence::new(bytes).typed()),
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
