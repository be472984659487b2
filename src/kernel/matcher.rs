//! Finds the fields that are one of a few texts, 64 bytes at a time: a bit runs along with the
//! letters of each.
//!
//! This file does not know what the texts mean.

use super::block::{Block, Work};

/// Finds the fields that are one text: a bit runs along with its letters. It holds those reached by
/// the last byte of the block before, and in [`CLOSED`] that this byte is a quote behind the text.
#[derive(Clone, Copy, Default)]
pub(super) struct Matcher(u64);

/// A bit that no letter has.
const CLOSED: u32 = 63;

/// Where content starts that is compared with a text, and where fields end.
#[derive(Clone, Copy)]
pub(super) struct Edges {
    pub(super) starts: u64,
    pub(super) ends: u64,
    /// The quotes that may stand between the content and the end.
    pub(super) quote: u64,
}

impl Matcher {
    /// The ends of the fields that are `letters`, where they start at one of `starts`.
    #[inline(always)]
    pub(super) fn at_ends<B: Block>(
        &mut self,
        block: B,
        (bytes, loaded): (&[u8; 64], B::Bytes),
        letters: &[u8],
        Edges { starts, ends, quote }: Edges,
    ) -> u64 {
        let before = self.0;
        let mut here = block.eq_any_at(bytes, loaded, starts, [letters[0]]);
        let mut reached = here >> 63;
        // Two letters are few blocks' beginning of a text, where one is that of many: a branch that
        // can be foreseen.
        if let Some(second) = letters.get(1) {
            here = block.eq_any_at(bytes, loaded, here << 1 | before & 1, [*second]);
            reached |= here >> 63 << 1;
        }
        self.0 = reached;
        if here | before == 0 {
            return 0;
        }
        for (i, letter) in letters.iter().enumerate().skip(2) {
            here = block.eq_any_at(bytes, loaded, here << 1 | before >> (i - 1) & 1, [*letter]);
            reached |= here >> 63 << i;
        }
        self.0 = reached;
        let behind = here << 1 | before >> (letters.len() - 1) & 1;
        let closed = behind & quote;
        self.0 |= closed >> 63 << CLOSED;
        (behind | closed << 1 | before >> CLOSED) & ends
    }
}

/// Finds the words of JSON.
#[derive(Clone, Copy, Default)]
pub(super) struct Words {
    matchers: [Matcher; 3],
    /// One of them runs on.
    pub(super) pending: u64,
}

/// The call of [`Words`].
pub(super) struct FindWords<'a> {
    pub(super) words: &'a mut Words,
    pub(super) bytes: &'a [u8; 64],
    pub(super) edges: Edges,
}

impl Work for FindWords<'_> {
    type Output = u64;

    /// The ends of the fields that are one.
    #[inline(always)]
    fn on<B: Block>(self, block: B) -> u64 {
        let Self { words, bytes, edges } = self;
        let both = (bytes, block.load(bytes));
        let [yes, no, null] = &mut words.matchers;
        let found = yes.at_ends(block, both, b"true", edges)
            | no.at_ends(block, both, b"false", edges)
            | null.at_ends(block, both, b"null", edges);
        words.pending = yes.0 | no.0 | null.0;
        found
    }
}
