//! The arguments about what is at the top and at the end of an input beside its records.

use crate::convert::{HeaderComment, HeaderRows};
use crate::error::{Error, Result};
use clap::Args;

/// Headers, titles, footers, and records without values.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading")]
pub(super) struct TopArgs {
    /// A delimiter ends each record: an empty field behind the last one is no field
    #[arg(long, hide_short_help = true)]
    pub(super) trailing_delimiter: bool,

    /// Drop records whose fields are all empty
    #[arg(long, hide_short_help = true)]
    pub(super) skip_empty: bool,

    /// Drop records that are the same as the header, byte for byte
    #[arg(long, hide_short_help = true)]
    pub(super) skip_repeated_headers: bool,

    /// Drop the lines before the first that contains TEXT, which has the header
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, hide_short_help = true)]
    pub(super) skip_until: Option<String>,

    /// Drop N lines behind the header
    #[arg(long, value_name = "N", default_value_t = 0, hide_short_help = true)]
    pub(super) skip_after_header: u64,

    /// Drop the last N records of each input
    #[arg(long, value_name = "N", default_value_t = 0, hide_short_help = true)]
    pub(super) skip_last: u64,

    /// The names are in the first N records, joined with SEP [default: a space]
    #[arg(long, value_name = "N[:SEP]", allow_hyphen_values = true, hide_short_help = true)]
    header_rows: Option<String>,

    /// The names are in a comment: the first above the records, or the last (or one of 'Fields')
    #[arg(
        long,
        value_name = "WHICH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "last",
        value_parser = ["first", "last"],
        hide_short_help = true
    )]
    header_comment: Option<String>,

    /// Which of several inputs have a header
    #[arg(long, value_name = "WHICH", default_value = "each", value_parser = ["each", "first"], hide_short_help = true)]
    header_in: String,
}

impl TopArgs {
    pub(super) fn header_rows(&self) -> Result<Option<HeaderRows>> {
        let Some(typed) = &self.header_rows else { return Ok(None) };
        let (n, separator) = typed.split_once(':').unwrap_or((typed, HeaderRows::SEPARATOR));
        let wrong = |_| Error::setting(format!("--header-rows takes N or N:SEP, such as 2:_, not '{typed}'"));
        Ok(Some(HeaderRows { n: n.parse().map_err(wrong)?, separator: separator.to_owned() }))
    }

    pub(super) fn header_comment(&self) -> Option<HeaderComment> {
        self.header_comment.as_deref().map(|which| match which {
            "first" => HeaderComment::First,
            _ => HeaderComment::Last,
        })
    }

    pub(super) fn header_in_first(&self) -> bool {
        self.header_in == "first"
    }
}
