//! How records are written: one table of what is written around values, records and the whole.
//!
//! Each format puts a record on a line of its own, so that record ends can be found in the output.
//! A new one is a line in each `match` here.

use super::quoted::quoted;
use crate::by_text::by_text;

/// A format of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// JSON Lines: an object a line.
    #[default]
    Jsonl,
    /// An array of values a line, the first line the names.
    Rows,
    /// One array of objects, one on each line.
    Json,
}

by_text!(Format, |format| format.name().to_owned(), Format::from_name);

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Rows, Self::Json];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Rows => "rows",
            Self::Json => "json",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether values follow their names, so that one may be missing.
    pub(crate) fn has_keys(self) -> bool {
        self != Self::Rows
    }

    /// In front of a record's first value or key. In `json` the first record of all has no comma
    /// before it.
    pub(crate) fn open(self) -> &'static str {
        match self {
            Self::Jsonl => "{",
            Self::Rows => "[",
            Self::Json => ",\n{",
        }
    }

    /// Behind a record's last value.
    pub(crate) fn close(self) -> &'static str {
        match self {
            Self::Jsonl => "}\n",
            Self::Rows => "]\n",
            Self::Json => "}",
        }
    }

    /// In front of all records.
    pub(crate) fn begin(self, names: impl Iterator<Item = impl AsRef<str>>) -> String {
        match self {
            Self::Jsonl => String::new(),
            Self::Rows => {
                let names: Vec<String> = names.map(|name| quoted(name.as_ref())).collect();
                format!("[{}]\n", names.join(","))
            }
            Self::Json => "[".to_owned(),
        }
    }

    /// Behind all records.
    pub(crate) fn end(self) -> &'static str {
        match self {
            Self::Jsonl | Self::Rows => "",
            Self::Json => "\n]\n",
        }
    }
}
