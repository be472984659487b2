//! `--empty`: what a field without content gives.

use super::value::{Value, Word};
use crate::by_text::by_text;

/// What an empty field gives, quoted or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Empty {
    /// `""`.
    #[default]
    String,
    /// `null`.
    Null,
    /// Nothing: its key is left out.
    Omit,
}

impl Empty {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::String, Self::Null, Self::Omit];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Null => "null",
            Self::Omit => "omit",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|empty| empty.name() == name)
    }

    #[inline(always)]
    pub(super) fn value(self) -> Value {
        match self {
            Self::String => Value::Text,
            Self::Null => Value::Word(Word::Null),
            Self::Omit => Value::Omitted,
        }
    }
}

by_text!(Empty, |empty| empty.name().to_owned(), Empty::from_name);
