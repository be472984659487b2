//! The builder's settings for what is at the top and at the end of an input beside its records.

use super::converter::Builder;
use super::names::{HeaderComment, HeaderRows};

/// Headers, titles, footers, and records without values.
impl Builder {
    /// Whether a delimiter ends each record, so that an empty field behind the last delimiter is
    /// no field (`false`).
    pub fn trailing_delimiter(mut self, trailing_delimiter: bool) -> Self {
        self.options.shaping.dialect.trailing_delimiter = trailing_delimiter;
        self
    }

    /// Whether records whose fields are all empty are dropped (`false`).
    pub fn skip_empty(mut self, skip_empty: bool) -> Self {
        self.options.shaping.dialect.skip_empty = skip_empty;
        self
    }

    /// Whether records that have the same bytes as the header are dropped (`false`).
    pub fn skip_repeated_headers(mut self, skip_repeated_headers: bool) -> Self {
        self.options.shaping.names.skip_repeated = skip_repeated_headers;
        self
    }

    /// Drops the lines of each input before the first that contains `text`, which has the header.
    pub fn skip_until(mut self, text: impl Into<String>) -> Self {
        self.options.shaping.skip_until = Some(text.into());
        self
    }

    /// Drops `n` physical lines behind the header of each input.
    pub fn skip_after_header(mut self, n: u64) -> Self {
        self.options.shaping.skip_after_header = n;
        self
    }

    /// Drops the last `n` records of each input.
    pub fn skip_last(mut self, n: u64) -> Self {
        self.options.shaping.skip_last = n;
        self
    }

    /// The columns' names are in the first `n` records, and `separator` is put between the parts of
    /// a name.
    pub fn header_rows(mut self, n: usize, separator: impl Into<String>) -> Self {
        self.options.shaping.names.rows = Some(HeaderRows { n, separator: separator.into() });
        self
    }

    /// The columns' names are in a comment above the records: the first one, or (`first` is false)
    /// one that starts with `Fields`, else the last one.
    pub fn header_comment(mut self, first: bool) -> Self {
        let which = if first { HeaderComment::First } else { HeaderComment::Last };
        self.options.shaping.names.in_comment = Some(which);
        self
    }

    /// Whether only the first of several inputs has a header, which holds for all (`false`).
    pub fn header_in_first(mut self, header_in_first: bool) -> Self {
        self.options.shaping.names.in_first = header_in_first;
        self
    }
}
