//! `--null`: unquoted fields that are exactly one of a list are null.

use super::{Content, word};

/// The list, the short ones apart: up to eight bytes are one comparison.
#[derive(Debug, Default)]
pub(super) struct Nulls {
    /// Word and length.
    short: Box<[(u64, usize)]>,
    long: Box<[Box<[u8]>]>,
}

impl Nulls {
    pub(super) fn new(nulls: &[String]) -> Self {
        let (short, long): (Vec<&[u8]>, Vec<&[u8]>) =
            nulls.iter().map(|null| null.as_bytes()).partition(|null| null.len() <= 8);
        Self {
            short: short.into_iter().map(|null| (word(null), null.len())).collect(),
            long: long.into_iter().map(Into::into).collect(),
        }
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_empty()
    }

    /// Whether `raw` is one of them.
    #[inline(always)]
    pub(super) fn has<'a>(&self, raw: &impl Content<'a>) -> bool {
        // Without a branch on the length, which in many columns nobody can foresee.
        let (word, n) = (raw.word(), raw.len());
        self.short.iter().fold(false, |found, &(null, length)| found | ((null == word) & (n == length)))
            || !self.long.is_empty() && self.long.iter().any(|null| **null == *raw.bytes())
    }
}
