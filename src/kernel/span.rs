//! Where the values of ruled fields stand: in the strip, or in an arena beside it.
//!
//! This file does not know what a value means.

use std::num::NonZeroU64;

/// Bytes read behind a span.
pub(super) const EXCESS: usize = 64;

/// Values that are the same wherever they occur, at the front of the arena.
pub(super) const WORDS: &[u8; 16] = b"null true false\0";

/// Where a value stands: the content of its field, or a part of the arena; and whether quotes
/// belong around it.
///
/// In the lowest byte the code, which is all that is kept of a value that is its field's content;
/// of others behind it 24 bits of offset and 32 of length. One word, since it is passed on for each
/// value: as two halves, which are stored apart and loaded together, it made every load wait for
/// both (a third of all time, 2026-11-26).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(NonZeroU64);

/// Quotes belong around it.
pub(super) const QUOTED: u8 = 1;
/// It is what stands within quotes.
pub(super) const INNER: u8 = 2;
/// It stands in the arena.
const ARENA_CODE: u8 = 4;
/// Set in all, so that none is zero.
const SOME: u8 = 8;
/// It is the content of its field, escaped.
const ESCAPED: u8 = 16;

impl Span {
    /// The value is left out.
    pub(crate) const NOTHING: Option<Self> = Self::in_arena(15, 0, 0);
    /// `null`.
    pub(crate) const NULL: Option<Self> = Self::in_arena(0, 4, 0);
    /// `true`.
    pub(crate) const TRUE: Option<Self> = Self::in_arena(5, 4, 0);
    /// `false`.
    pub(crate) const FALSE: Option<Self> = Self::in_arena(10, 5, 0);
    /// `""`.
    pub(crate) const EMPTY: Option<Self> = Self::in_arena(0, 0, QUOTED);

    /// Never `None`.
    #[inline(always)]
    const fn new(word: u64) -> Option<Self> {
        match NonZeroU64::new(word | SOME as u64) {
            Some(word) => Some(Self(word)),
            None => None,
        }
    }

    /// A field's content, with these flags of its code.
    #[inline(always)]
    pub(super) const fn of_field(flags: u8) -> Option<Self> {
        Self::new(flags as u64)
    }

    /// What is kept of it.
    #[inline(always)]
    pub(super) fn code(self) -> Code {
        Code(self.0.get() as u8)
    }

    #[inline(always)]
    pub(super) const fn in_arena(at: usize, n: usize, quoted: u8) -> Option<Self> {
        Self::new((n as u64) << 32 | (at as u64) << 8 | (ARENA_CODE | quoted) as u64)
    }

    /// Offset and length in the arena.
    #[inline(always)]
    pub(super) fn place(self) -> (usize, usize) {
        let word = self.0.get();
        ((word >> 8) as usize & 0xff_ffff, (word >> 32) as usize)
    }

    #[inline(always)]
    pub(super) fn is_nothing(self) -> bool {
        Some(self) == Self::NOTHING
    }
}

/// What is kept of each value.
#[derive(Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub(super) struct Code(pub(super) u8);

impl Code {
    /// The content of a field, as a string; of one in quotes; of one that is to be escaped.
    pub(super) const TEXT: u8 = QUOTED;
    pub(super) const INNER_TEXT: u8 = QUOTED | INNER;
    pub(super) const ESCAPED_TEXT: u8 = QUOTED | ESCAPED;
    /// Content that stands as it is, and if it is in quotes.
    pub(super) const TOKEN: u8 = 0;
    pub(super) const INNER_TOKEN: u8 = INNER;

    /// Whether it stands in the arena or is to be escaped.
    #[inline(always)]
    pub(super) fn is_special(self) -> bool {
        self.0 & (ARENA_CODE | ESCAPED) != 0
    }

    /// Whether it is to be escaped.
    #[inline(always)]
    pub(super) fn is_escaped(self) -> bool {
        self.0 & ESCAPED != 0
    }

    /// Whether it stands in the arena.
    #[inline(always)]
    pub(super) fn in_arena(self) -> bool {
        self.0 & ARENA_CODE != 0
    }

    /// How many quotes belong on either side.
    #[inline(always)]
    pub(super) fn quotes(self) -> usize {
        usize::from(self.0 & QUOTED)
    }

    /// How many bytes on either side of its field are not of it.
    #[inline(always)]
    pub(super) fn inset(self) -> usize {
        usize::from(self.0 >> 1 & 1)
    }
}

/// A fixed buffer for values that do not stand in the strip.
pub(crate) struct Arena {
    pub(super) bytes: Box<[u8]>,
    pub(super) at: usize,
}

impl Arena {
    /// What `write` puts to the front of the bytes that are left, as it is or as a string; `None`
    /// where it does not fit. It returns how many it wrote.
    #[inline(always)]
    pub(crate) fn write(
        &mut self,
        quotes: bool,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<Span> {
        let end = self.bytes.len() - EXCESS;
        let n = write(&mut self.bytes[self.at..end])?;
        if n > end - self.at {
            return None;
        }
        let span = Span::in_arena(self.at, n, if quotes { QUOTED } else { 0 });
        self.at += n;
        span
    }
}
