//! What can go wrong, and how it is said: what, where, what to do, on one line.
//!
//! The shape of every message is defined here. The text about a setting is written where the
//! setting is checked. The program puts its flags in place of the names of settings.

use std::fmt;
use std::io;

/// A place in an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The input's name as it was given.
    pub file: String,
    /// The line, counted from 1 in terminators, those inside quotes included.
    pub line: u64,
    /// The record, counted from 1; the header, blank records and comments don't count. 0 is the
    /// header.
    pub record: u64,
    /// The byte, counted from 0 at the input's first byte.
    pub byte: u64,
    /// The column, counted from 1, where one is meant.
    pub column: Option<u64>,
    /// The column's name in the header, where it has one.
    pub name: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}, ", self.file, self.line)?;
        match self.record {
            0 => write!(f, "header")?,
            n => write!(f, "record {n}")?,
        }
        write!(f, ", byte {}", self.byte)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(name) = &self.name {
            write!(f, " ({})", shown(name))?;
        }
        Ok(())
    }
}

/// What in the data is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Anomaly {
    /// A record has fewer fields than the header.
    ShortRecord,
    /// A record has more fields than the header.
    LongRecord,
    /// Bytes are not valid in the encoding; counted once for each U+FFFD written.
    InvalidBytes,
    /// Something follows the quote that closes a quoted field.
    StrayQuote,
    /// A quoted field is still open at the end of the input.
    UnclosedQuote,
    /// A value does not fit the type of its column.
    TypeMismatch,
    /// A record is longer than the setting `max_record`; an error unless there are `rejects`.
    OverlongRecord,
}

impl Anomaly {
    /// The anomaly of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|anomaly| anomaly.name() == name)
    }

    /// All of them, in the order of the summary.
    pub const ALL: [Self; 7] = [
        Self::ShortRecord,
        Self::LongRecord,
        Self::InvalidBytes,
        Self::StrayQuote,
        Self::UnclosedQuote,
        Self::TypeMismatch,
        Self::OverlongRecord,
    ];

    /// The name in statistics and in the log of rejects.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShortRecord => "short_record",
            Self::LongRecord => "long_record",
            Self::InvalidBytes => "invalid_bytes",
            Self::StrayQuote => "stray_quote",
            Self::UnclosedQuote => "unclosed_quote",
            Self::TypeMismatch => "type_mismatch",
            Self::OverlongRecord => "overlong_record",
        }
    }

    /// What it is, in words that can follow a place.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ShortRecord => "record shorter than the header",
            Self::LongRecord => "record longer than the header",
            Self::InvalidBytes => "bytes that are not valid in the encoding",
            Self::StrayQuote => "text behind a closing quote",
            Self::UnclosedQuote => "quoted field still open at the end of the input",
            Self::TypeMismatch => "value that does not fit its type",
            Self::OverlongRecord => "record longer than the limit",
        }
    }
}

crate::by_text::by_text!(Anomaly, |anomaly| anomaly.name().to_owned(), Anomaly::from_name);

/// An error of a conversion: boxed, so that results stay small.
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// The kinds of [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused something.
    Io {
        /// What was tried, such as `cannot open`.
        what: &'static str,
        /// The file's name.
        path: String,
        /// The byte at which it happened, where one is meant.
        at: Option<u64>,
        /// The system's reason.
        source: io::Error,
    },
    /// A setting cannot be used, whatever the input holds.
    Setting(String),
    /// An input or output is of no use for this, such as a directory.
    Unusable {
        /// Its name.
        path: String,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// An archive, or a member of it, that is not read.
    Archive {
        /// The archive's name.
        path: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The output is one of the inputs.
    SameFile {
        /// The output's name.
        output: String,
        /// The input's name.
        input: String,
    },
    /// A named column is not in the header.
    UnknownColumn {
        /// The input's name.
        path: String,
        /// The column asked for.
        name: String,
        /// The setting that asked.
        setting: &'static str,
        /// The nearest name in the header.
        nearest: Option<String>,
    },
    /// The header needs more memory than there is.
    HeaderTooLarge {
        /// The input's name.
        path: String,
        /// Its number of columns; 0 where it does not end within `limit` bytes.
        n_columns: usize,
        /// The bytes there are for it.
        limit: usize,
    },
    /// The first anomaly under the setting `strict`.
    Strict {
        /// Which.
        anomaly: Anomaly,
        /// Where.
        place: Place,
        /// What is seen there, and what may help.
        detail: Option<String>,
    },
    /// One anomaly more than the setting `max_errors` allows.
    MaxErrors {
        /// How many there may be.
        most: u64,
        /// Which comes next.
        anomaly: Anomaly,
        /// Where.
        place: Place,
        /// What is seen there, and what may help.
        detail: Option<String>,
    },
    /// More anomalies for so many records than the setting `max_errors` allows.
    ErrorShare {
        /// How many there are.
        n: u64,
        /// The records of the run.
        n_records: u64,
        /// The share that was allowed.
        most: String,
    },
    /// A quote opens in the header and is never closed, or not within the bytes there are for it.
    HeaderQuote {
        /// Where it opens.
        place: Place,
        /// The bytes there are for the header, if it is not the input that ends first.
        limit: Option<usize>,
    },
    /// A record is longer than the limit.
    OverlongRecord {
        /// Where it starts.
        place: Place,
        /// The limit in bytes.
        limit: usize,
        /// Line and byte of the quote that is still open there.
        open_quote: Option<(u64, u64)>,
    },
    /// An input became another while it was read.
    InputChanged {
        /// The input's name.
        path: String,
        /// The byte up to which the output is right.
        at: u64,
        /// How it changed.
        how: &'static str,
    },
    /// A compressed input is damaged, cut short, or needs more memory than it may take to unpack
    /// it.
    Damaged {
        /// Its name.
        path: String,
        /// How it is compressed.
        format: &'static str,
        /// The byte of the compressed file up to which it was read.
        at: u64,
        /// What is wrong.
        reason: String,
    },
    /// A range of an input does not lie where records do.
    BadRange {
        /// The input's name.
        path: String,
        /// The byte that is meant.
        at: u64,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// A run cannot be resumed from what was found.
    CannotResume {
        /// The output's name.
        output: String,
        /// Why.
        reason: String,
        /// What to remove to begin anew.
        checkpoint: String,
    },
    /// A line of a plan or of receipts is of no use.
    Line {
        /// The name of what holds it.
        path: String,
        /// Its number, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// The run was asked to stop.
    Stopped,
    /// What was counted in two places differs, which is a fault of rowmill. No output gets its
    /// name.
    Miscounted {
        /// The input.
        path: String,
        /// What was counted.
        what: String,
    },
}

/// The result of anything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What kind of error this is.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The place in the data that the error is about: an anomaly under `strict`, a record that is
    /// too long, a quote in the header that never closes. `None` for errors that concern a file or
    /// a setting; [`Error::kind`] then has the file, and the byte if one is known.
    pub fn position(&self) -> Option<&Place> {
        match &*self.0 {
            ErrorKind::Strict { place, .. }
            | ErrorKind::MaxErrors { place, .. }
            | ErrorKind::OverlongRecord { place, .. }
            | ErrorKind::HeaderQuote { place, .. } => Some(place),
            _ => None,
        }
    }

    /// Whether the settings are at fault whatever the data and the system, so that another try with
    /// the same is vain.
    pub fn is_usage(&self) -> bool {
        matches!(*self.0, ErrorKind::Setting(_))
    }

    /// Whether the reader of the output has closed it.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(&*self.0, ErrorKind::Io { what, source, .. }
            if *what == CANNOT_WRITE && source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// `what` at `path` failed.
    pub fn io(what: &'static str, path: impl Into<String>, source: io::Error) -> Self {
        ErrorKind::Io { what, path: path.into(), at: None, source }.into()
    }

    /// `what` at byte `at` of `path` failed.
    pub fn io_at(what: &'static str, path: impl Into<String>, at: u64, source: io::Error) -> Self {
        ErrorKind::Io { what, path: path.into(), at: Some(at), source }.into()
    }

    /// A setting that cannot be used.
    pub fn setting(message: impl Into<String>) -> Self {
        ErrorKind::Setting(message.into()).into()
    }
}

/// What is said where an output cannot be written.
pub(crate) const CANNOT_WRITE: &str = "cannot write";
/// What is said where a codec fails.
pub(crate) const CANNOT_COMPRESS: &str = "cannot compress";
/// What is said where an input cannot be read.
pub(crate) const CANNOT_READ: &str = "cannot read";
/// What is said where a file cannot be opened.
pub(crate) const CANNOT_OPEN: &str = "cannot open";

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Io { what, path, at, source } => {
                write!(f, "{path}: {what}")?;
                if let Some(at) = at {
                    write!(f, " at byte {at}")?;
                }
                write!(f, ": {}", reason(source))
            }
            ErrorKind::Setting(message) => f.write_str(message),
            ErrorKind::Unusable { path, reason } => write!(f, "{path}: {reason}"),
            ErrorKind::Archive { path, reason } => write!(f, "{path}: {reason}"),
            ErrorKind::SameFile { output, input } => write!(
                f,
                "{output}: the output is the input {input}, which would be lost; write to another file"
            ),
            ErrorKind::UnknownColumn { path, name, setting, nearest } => {
                let how = if name.contains('*') { "matches" } else { "is named" };
                write!(f, "{path}: {setting}: no column {how} '{}'", shown(name))?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean '{}'?", shown(nearest)),
                    None => write!(f, " (is the delimiter right? see `delimiter`)"),
                }
            }
            ErrorKind::HeaderTooLarge { path, n_columns: 0, limit } => write!(
                f,
                "{path}: line 1: the header does not end within {limit} bytes; is the terminator right, \
                 or a quote never closed? (`max_record` and `memory` set the limit)"
            ),
            ErrorKind::HeaderTooLarge { path, n_columns, limit } => write!(
                f,
                "{path}: the header has {n_columns} columns, more than fit the {limit} bytes that `memory` \
                 leaves for it; give more with `memory`"
            ),
            ErrorKind::Strict { anomaly, place, detail } => {
                write!(f, "{place}: {} (`strict`)", anomaly.reason())?;
                detail.as_ref().map_or(Ok(()), |detail| write!(f, "; {detail}"))
            }
            ErrorKind::MaxErrors { most, anomaly, place, detail } => {
                write!(f, "{place}: {}; `max_errors` allows {most}", anomaly.reason())?;
                detail.as_ref().map_or(Ok(()), |detail| write!(f, "; {detail}"))
            }
            ErrorKind::ErrorShare { n, n_records, most } => {
                write!(f, "anomalies: {n}, records: {n_records}; `max_errors` allows {most}")
            }
            ErrorKind::HeaderQuote { place, limit } => {
                write!(f, "{place}: the quote that opens here is ")?;
                match limit {
                    None => write!(f, "never closed, so all that follows is one name")?,
                    Some(limit) => write!(f, "not closed within {limit} bytes")?,
                }
                write!(f, "; if quotes are text here, try `quote` none")
            }
            ErrorKind::OverlongRecord { place, limit, open_quote } => {
                write!(f, "{place}: record longer than {limit} bytes{}", instead_of_overlong(*open_quote))
            }
            ErrorKind::InputChanged { path, at, how } => {
                write!(f, "{path}: {how} while it was read, seen at byte {at}; run again on a file at rest")
            }
            ErrorKind::Damaged { path, format, at, reason } => {
                write!(f, "{path}: cannot read on at byte {at} of the {format} stream: {reason}")
            }
            ErrorKind::BadRange { path, at, wrong } => {
                write!(f, "{path}: `range`: byte {at} {wrong}; take ranges from `plan`")
            }
            ErrorKind::CannotResume { output, reason, checkpoint } => {
                write!(f, "{output}: cannot go on: {reason}; remove {checkpoint} to begin anew")
            }
            ErrorKind::Line { path, line, reason } => write!(f, "{path}: line {line}: {reason}"),
            ErrorKind::Stopped => f.write_str("stopped"),
            ErrorKind::Miscounted { path, what } => {
                write!(f, "{path}: {what}: a fault of rowmill; do not use the output, and report it")
            }
        }
    }
}

/// What to do about a record that is too long, of which this quote may be the cause.
fn instead_of_overlong(open_quote: Option<(u64, u64)>) -> String {
    match open_quote {
        Some((line, byte)) => format!(
            "; the quote that opens on line {line}, byte {byte}, is not closed by then: if it is \
             stray, try `quote` none, or `rejects` to pass over such lines"
        ),
        None => "; raise `max_record` (and `memory`), or check `terminator`".to_owned(),
    }
}

/// A name from the data as it fits on a line: control characters escaped, cut where it is long.
pub(crate) fn shown(name: &str) -> String {
    on_a_line(name, 60)
}

/// What is wrong with a text of JSON, which may show a value of any length.
#[cfg(feature = "cli")]
pub(crate) fn wrong_json(error: &serde_json::Error) -> String {
    // Its names of keys are no settings of the library.
    on_a_line(&error.to_string().replace('\u{60}', "'"), 300)
}

fn on_a_line(text: &str, most: usize) -> String {
    let mut line: String = text
        .chars()
        .take(most)
        .flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] })
        .collect();
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    line
}

/// The system's reason without the number that `io::Error` appends.
fn reason(source: &io::Error) -> String {
    let full = source.to_string();
    match full.find(" (os error ") {
        Some(end) => full[..end].to_owned(),
        None => full,
    }
}
