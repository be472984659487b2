//! The one list of what shapes the records of a result.
//!
//! A plan, a checkpoint and a worker carry this value as JSON. Two conversions with equal values
//! give the same records of the same input.
//!
//! Advice for maintainers: make each option that shapes records a field here, or of the structs
//! here. Then plans, workers and `--resume` know it.

use super::delimiter::Delimiter;
use super::names::Names;
use crate::by_text::is_default;
use crate::dialect::{Dialect, Terminator};
use crate::error::{Error, Result};
use crate::folding::Folding;
use crate::input::Encoding;
use crate::plan::Columns;
use crate::sequence::ByteSequence;
use serde::{Deserialize, Serialize};

/// All options that shape records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Shaping {
    /// The delimiter; `None` goes by each file's extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// What opens and closes quoted fields, if it is several bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<ByteSequence>,
    /// The other bytes that shape the inputs.
    pub dialect: Dialect,
    /// What of this was set, so that `delimiter` auto does not look for it.
    #[serde(skip_serializing_if = "is_default")]
    pub given: Given,
    /// The encoding of files and standard input without a byte-order mark; `None` is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Physical lines dropped at the start of each input.
    pub skip_lines: u64,
    /// The header is in the first line that contains this text.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_until: Option<String>,
    /// Physical lines dropped behind the header.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_after_header: u64,
    /// Records dropped at the end of each input.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_last: u64,
    /// Where the columns' names come from.
    pub names: Names,
    /// What is asked of the columns.
    pub columns: Columns,
    /// The longest record in bytes; `None` is [`DEFAULT_MAX_RECORD`](super::DEFAULT_MAX_RECORD), or
    /// less if the memory leaves less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_record: Option<usize>,
}

/// Settings that `delimiter` auto may find, of which a default may be meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Given {
    pub quote: bool,
    pub escape: bool,
    pub skip_lines: bool,
}

impl Shaping {
    /// Sets what opens and closes quoted fields.
    pub(crate) fn set_quote(&mut self, quote: Option<&[u8]>) {
        (self.dialect.quote, self.quote) = match quote {
            Some([byte]) => (Some(*byte), None),
            several => (None, several.map(ByteSequence::new)),
        };
    }

    /// What is folded as an input is read, if anything is.
    pub(super) fn folding(&self) -> Option<Folding> {
        let delimiter =
            if let Some(Delimiter::Sequence(bytes)) = self.delimiter { Some(bytes) } else { None };
        let terminator =
            if let Terminator::Sequence(bytes) = self.dialect.terminator { Some(bytes) } else { None };
        let sequences = [delimiter, terminator, self.quote];
        let folding = Folding { sequences, escape: self.dialect.escape };
        folding.is_any().then_some(folding)
    }

    /// Finds what cannot be combined, whatever the inputs.
    ///
    /// # Errors
    /// It names the settings.
    pub(super) fn check(&self) -> Result<()> {
        let contradiction = if self.skip_after_header > 0 && !self.names.in_record() {
            Some("`skip_after_header` needs a header in a record (`no_header`, `header`, `header_comment`)")
        } else if self.skip_until.as_deref() == Some("") {
            Some("`skip_until`: the text is empty, so any line contains it")
        } else if self.skip_last > 0 && self.dialect.may_end_data() {
            // The data may end anywhere, and what is before was written by then.
            Some("`skip_last` cannot be combined with `escapes` postgres, whose data may end anywhere")
        } else {
            self.names.contradiction(self.dialect.comment.is_some())
        };
        contradiction.map_or(Ok(()), |contradiction| Err(Error::setting(contradiction)))
    }
}
