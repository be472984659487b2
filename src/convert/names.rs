//! Where the names of the columns come from.

use crate::by_text::is_default;
use serde::{Deserialize, Serialize};

/// Where the names of the columns come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Names {
    /// The file's first record is data, not names.
    pub no_header: bool,
    /// The names, instead of the file's.
    pub given: Option<Vec<String>>,
    /// The names are in several records, joined.
    #[serde(skip_serializing_if = "is_default")]
    pub rows: Option<HeaderRows>,
    /// The names are in a comment above the records.
    #[serde(skip_serializing_if = "is_default")]
    pub in_comment: Option<HeaderComment>,
    /// Of several inputs, the first has the names of all.
    #[serde(skip_serializing_if = "is_default")]
    pub in_first: bool,
    /// Records with the same bytes as the header are dropped.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_repeated: bool,
}

/// A header of several records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderRows {
    /// How many.
    pub n: usize,
    /// What is put between the parts of a name.
    pub separator: String,
}

impl HeaderRows {
    /// The most records.
    pub(crate) const MOST: usize = 16;
    /// What is put between the parts where only the number is given.
    pub(crate) const SEPARATOR: &str = " ";
}

/// Which comment has the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HeaderComment {
    /// The first.
    First,
    /// One of `Fields`, else the last.
    Last,
}

impl Names {
    /// Whether a record has the names.
    pub(crate) fn in_record(&self) -> bool {
        !self.no_header && self.in_comment.is_none()
    }

    /// Says what cannot be combined.
    pub(crate) fn contradiction(&self, has_comments: bool) -> Option<&'static str> {
        let Self { given, rows, in_comment, in_first, skip_repeated, .. } = self;
        if rows.as_ref().is_some_and(|rows| !(1..=HeaderRows::MOST).contains(&rows.n)) {
            return Some("`header_rows`: a header has 1 to 16 rows");
        }
        let is_joined = rows.as_ref().is_some_and(|rows| rows.n > 1);
        if in_comment.is_some() && !has_comments {
            return Some("`header_comment` needs `comment`, which says how comments start");
        }
        if in_comment.is_some() && (self.no_header || given.is_some() || is_joined || *skip_repeated) {
            return Some(
                "`header_comment` cannot be combined with `no_header`, `header`, `replace_header`, `header_rows` or `skip_repeated_headers`",
            );
        }
        if self.no_header && (is_joined || *in_first || *skip_repeated) {
            return Some(
                "`header_rows`, `header_in_first` and `skip_repeated_headers` need a header in the file (`no_header`, `header`)",
            );
        }
        (is_joined && *skip_repeated).then_some(
            "`skip_repeated_headers` cannot be combined with `header_rows`: a record is compared with one row",
        )
    }
}
