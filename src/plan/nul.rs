//! What becomes of NUL characters in strings.

use crate::by_text::by_text;

/// What a NUL in a value becomes. JSON has it as `\u0000`; PostgreSQL's `jsonb` refuses that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nul {
    /// It stays.
    #[default]
    Keep,
    /// Nothing.
    Drop,
    /// U+FFFD.
    Replace,
}

impl Nul {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Drop, Self::Replace];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Replace => "replace",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|nul| nul.name() == name)
    }
}

by_text!(Nul, |nul| nul.name().to_owned(), Nul::from_name);
