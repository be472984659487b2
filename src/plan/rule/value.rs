//! What a rule says of a field: a small value, so that it stays in registers.

/// What a field becomes. Parts are given by their places: so small a value stays in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Its content, as a string.
    Text,
    /// Its content, as a string, though it should be of another type.
    Misfit,
    /// Nothing at all.
    Omitted,
    /// `[]`.
    EmptyArray,
    /// `null`, `true` or `false`.
    Word(Word),
    /// Its content, which is JSON as it is.
    Token,
    /// What its rule makes of its content, in pieces.
    Made,
    /// Its content, which is JSON but for newlines.
    Json,
    /// As a string: the first `head` bytes of its content, three stars if it has `stars`, the bytes
    /// from `tail` on.
    Part {
        /// Where the first part ends.
        head: usize,
        /// Whether stars follow it.
        stars: bool,
        /// Where the second part starts, not before the end of the first.
        tail: usize,
    },
    /// As a string: its keyed hash.
    Hash,
    /// What only the general way knows.
    Look,
}

/// The words of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Null,
    True,
    False,
}

impl Word {
    /// Its letters, and how many they are.
    #[inline(always)]
    pub(crate) fn letters(self) -> ([u8; 8], usize) {
        match self {
            Self::Null => (*b"null\0\0\0\0", 4),
            Self::True => (*b"true\0\0\0\0", 4),
            Self::False => (*b"false\0\0\0", 5),
        }
    }
}
