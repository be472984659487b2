//! `--null`: unquoted fields that are exactly one of a list are null; with `--quoted-values` those
//! that have it between quotes too.

use super::content::{Content, mask, word};

/// The list, the short ones apart: up to eight bytes are one comparison.
#[derive(Debug, Default)]
pub(super) struct Nulls {
    /// The empty field is one.
    pub(super) empty: bool,
    /// Word and length.
    short: Box<[(u64, usize)]>,
    long: Box<[Box<[u8]>]>,
    /// All, as they are.
    texts: Box<[Box<[u8]>]>,
}

impl Nulls {
    pub(super) fn new(nulls: Vec<Vec<u8>>) -> Self {
        let texts = nulls.iter().filter(|null| !null.is_empty()).map(|null| null[..].into()).collect();
        let (short, long): (Vec<_>, Vec<_>) = nulls.into_iter().partition(|null| null.len() <= 8);
        let some = short.iter().filter(|null| !null.is_empty());
        Self {
            empty: short.iter().any(Vec::is_empty),
            short: some.map(|null| (word(null), null.len())).collect(),
            long: long.into_iter().map(Into::into).collect(),
            texts,
        }
    }

    /// Those that are not empty.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(|text| &**text)
    }

    /// How many of them are not empty.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// Whether `raw`, which is not empty, is one of them.
    #[inline(always)]
    pub(super) fn has<'a>(&self, raw: &impl Content<'a>) -> bool {
        // Without a branch on the length, which in many columns nobody can foresee.
        let (word, n) = (raw.word(), raw.len());
        let is = |null: u64, length: usize| ((word ^ null) & mask(length) == 0) & (n == length);
        if let ([(null, length)], []) = (&self.short[..], &self.long[..]) {
            return is(*null, *length);
        }
        self.short.iter().fold(false, |found, &(null, length)| found | is(null, length))
            || self.long.iter().any(|null| **null == *raw.bytes())
    }
}
