//! The content of one field, as its rule sees it.
//!
//! This file does not know what a value means.

use super::block::Block;
use super::span::{Arena, EXCESS, INNER, QUOTED, Span};
use super::weave::copy_raw;

/// The content of a field that has a rule; JSON has no escape for any of it.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a, B> {
    pub(super) block: B,
    pub(super) from: &'a [u8],
    pub(super) start: usize,
    pub(super) end: usize,
    /// Quotes stand around it.
    pub(crate) quoted: bool,
}

impl<'a, B: Block> Cell<'a, B> {
    /// How many bytes it has.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Its bytes.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        &self.from[self.start..self.end]
    }

    /// Its first byte, behind whose content 64 bytes can be read.
    #[inline(always)]
    pub(super) fn as_ptr(&self) -> *const u8 {
        self.from[self.start..].as_ptr()
    }

    /// The instruction set.
    #[inline(always)]
    pub(super) fn block(&self) -> B {
        self.block
    }

    /// What it lies in, and where the field stands there with its quotes.
    #[inline(always)]
    pub(crate) fn field(&self) -> (&'a [u8], usize, usize) {
        let quote = usize::from(self.quoted);
        (self.from, self.start - quote, self.end + quote)
    }

    /// Its first eight bytes as a number, the first the lowest, and what is behind it if there are
    /// fewer.
    #[inline(always)]
    pub(crate) fn word(&self) -> u64 {
        // SAFETY: a cell lies in a record behind which 64 bytes can be read (`Cells::begin`).
        let word = unsafe { self.from.as_ptr().add(self.start).cast::<u64>().read_unaligned() };
        u64::from_le(word)
    }

    /// Which of its first sixteen bytes are digits, and of what is behind it if there are fewer.
    #[inline(always)]
    pub(crate) fn digits(&self) -> u32 {
        let bytes = self.from[self.start..].first_chunk().expect("64 bytes behind the end");
        self.block.digits(bytes)
    }

    /// Where `byte` first stands in it; its length where it does not.
    #[inline(always)]
    pub(crate) fn find(&self, byte: u8) -> usize {
        let n = self.len();
        let mut at = 0;
        while at < n {
            let bytes: &[u8; 64] =
                self.from[self.start + at..].first_chunk().expect("64 bytes behind the end");
            let found = self.block.eq(self.block.load(bytes), byte);
            if found != 0 {
                return n.min(at + found.trailing_zeros() as usize);
            }
            at += 64;
        }
        n
    }

    /// Its content as a string.
    #[inline(always)]
    pub(crate) fn text(&self) -> Option<Span> {
        Span::of_field(QUOTED | if self.quoted { INNER } else { 0 })
    }

    /// Its content as it is.
    #[inline(always)]
    pub(crate) fn token(&self) -> Option<Span> {
        Span::of_field(if self.quoted { INNER } else { 0 })
    }
}

impl Arena {
    /// A string of the first `head` bytes of a cell, three stars if it has `stars`, and its bytes
    /// from `tail` on.
    #[inline(always)]
    pub(crate) fn part<B: Block>(
        &mut self,
        cell: Cell<'_, B>,
        head: usize,
        stars: bool,
        tail: usize,
    ) -> Option<Span> {
        let (n, block) = (cell.len(), cell.block());
        let n_stars = 3 * usize::from(stars);
        if head > tail || tail > n || self.at + n + 3 + 2 * EXCESS > self.bytes.len() {
            return None;
        }
        let length = head + n_stars + n - tail;
        // SAFETY: the parts lie in the cell, behind which 64 bytes can be read, and the arena has
        // room for all of it, the stars, and a block more.
        unsafe {
            let content = cell.as_ptr();
            let mut to = self.bytes.as_mut_ptr().add(self.at);
            to = copy_raw(block, content, head, to);
            to.cast::<[u8; 4]>().write_unaligned(*b"***\0");
            copy_raw(block, content.add(tail), n - tail, to.add(n_stars));
        }
        let span = Span::in_arena(self.at, length, QUOTED);
        self.at += length;
        span
    }
}
