//! What is seen at the place of an anomaly, and what helps there.
//!
//! Fixed in size, so that a sighting takes no memory beyond its slice.

use crate::dialect::Dialect;
use crate::error::shown;
use crate::output::Record;
use crate::parse::{ContentRun, Field, Text};
use crate::plan::Type;

/// The bytes of a value that are kept to show it.
const MOST_SHOWN: usize = 48;

/// What is seen of an anomaly beside its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Clue {
    /// Nothing.
    #[default]
    None,
    /// A quoted field, whose quote opens behind `lines` line ends.
    Quote { lines: u64, remedy: Remedy },
    /// A value that is not of its type.
    Value {
        value: ShownValue,
        /// Which of the typed columns of the plan it is.
        typed: usize,
    },
}

/// What may be wrong with the dialect where a quote is stray or never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Quotes are text.
    QuotesAreText,
    /// A backslash makes the quote literal.
    Escape,
    /// A doubled quote is one quote.
    Doubled,
    /// There is an escape, and it may be none.
    NoEscape,
}

impl Remedy {
    /// Chooses by the bytes around the quote at `at`, which closes a field too soon.
    pub(super) fn of(dialect: &Dialect, bytes: &[u8], at: usize) -> Self {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        if !dialect.double_quote && bytes.get(at + 1).copied() == dialect.quote {
            Self::Doubled
        } else if dialect.escape.is_some() {
            Self::NoEscape
        } else if before == Some(b'\\') {
            Self::Escape
        } else {
            Self::QuotesAreText
        }
    }

    /// For a quote that is never closed.
    pub(super) fn of_unclosed(dialect: &Dialect) -> Self {
        if dialect.escape.is_some() { Self::NoEscape } else { Self::QuotesAreText }
    }

    fn words(self) -> &'static str {
        match self {
            Self::QuotesAreText => "if quotes are text here, try `quote` none",
            Self::Escape => "a backslash stands before the quote: try `escape` '\\'",
            Self::Doubled => "a second quote follows: is `double_quote` right?",
            Self::NoEscape => "is `escape` right? if quotes are text here, try `quote` none",
        }
    }
}

impl Clue {
    /// The line of the quote that opens the field; `before` lines are before the slice.
    pub(super) fn quote_line(&self, before: u64) -> Option<u64> {
        match self {
            Self::Quote { lines, .. } => Some(before + lines + 1),
            _ => None,
        }
    }

    /// What can be said of a value, `types` being those of the plan's columns.
    pub(super) fn value_words(&self, types: &[(u32, Type)]) -> Option<String> {
        match self {
            Self::Value { value, typed } => Some(format!("'{}' is no {}", value.text(), types[*typed].1)),
            _ => None,
        }
    }

    /// What can be said of it, in words that follow a place on line `line`.
    pub(super) fn words(&self, before: u64, line: u64, types: &[(u32, Type)]) -> Option<String> {
        match self {
            Self::None => None,
            Self::Quote { lines, remedy } if before + lines + 1 == line => Some(remedy.words().to_owned()),
            Self::Quote { lines, remedy } => {
                Some(format!("its quote opens on line {}; {}", before + lines + 1, remedy.words()))
            }
            Self::Value { .. } => self.value_words(types),
        }
    }
}

/// The start of a value, as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ShownValue {
    bytes: [u8; MOST_SHOWN],
    n: usize,
    /// There is more of it.
    more: bool,
}

impl std::fmt::Debug for ShownValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl ShownValue {
    /// The content of field `i` of a record.
    pub(super) fn new(dialect: &Dialect, trim: bool, record: &Record<'_>, i: usize) -> Self {
        let (start, end) = record.field(i);
        Self::of_field(dialect, &Field::new(dialect, trim, record.bytes, start, end))
    }

    /// The content of a field.
    pub(super) fn of_field(dialect: &Dialect, field: &Field<'_>) -> Self {
        let mut shown = Self { bytes: [0; MOST_SHOWN], n: 0, more: false };
        let mut text = Text::new(dialect.charset);
        let mut push = |piece: &str| shown.push(piece);
        // Only the front is wanted, and a value may be long.
        let _ = field.runs(dialect, |run| {
            let end = run.end.min(run.start + 4 * MOST_SHOWN);
            text.push_run(&ContentRun { end, ..run }, &mut push)
        });
        let _ = text.finish(&mut push);
        shown
    }

    /// Takes what fits, whole characters. An error if there is more.
    fn push(&mut self, piece: &str) -> Result<(), NoMore> {
        for c in piece.chars() {
            let n = self.n;
            if self.more || n + c.len_utf8() > MOST_SHOWN {
                self.more = true;
                return Err(NoMore);
            }
            c.encode_utf8(&mut self.bytes[n..]);
            self.n += c.len_utf8();
        }
        Ok(())
    }

    pub(super) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes[..self.n]);
        // A newline in it must not make two lines of a message, nor a backtick a setting.
        shown(&text).replace('\u{60}', "'") + if self.more { "…" } else { "" }
    }
}

/// A [`ShownValue`] has no room left.
struct NoMore;
