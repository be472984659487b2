//! The fields of one column of a run of records, looked at one after another.
//!
//! What is looked for is not known here: a [`Visit`] of another floor is compiled into the loop, and
//! so for the instruction set.

use super::block::{Block, Work};
use super::cell::Cell;
use super::dispatch::Kernel;
use super::span::EXCESS;

/// The fields of one column of a run of records, without quotes around them.
#[derive(Clone, Copy)]
pub(crate) struct Along<'s> {
    /// What holds the records.
    pub(crate) from: &'s [u8],
    /// Where each record starts.
    pub(crate) starts: &'s [u32],
    /// Where each field ends, a record after another.
    pub(crate) ends: &'s [u32],
    pub(crate) n_fields: usize,
    /// The column, counted from 0.
    pub(crate) column: usize,
}

/// What is done with each field.
pub(crate) trait Visit {
    /// Takes field `number` of the column. Returns false if it, and what is behind it, is left.
    fn visit<B: Block>(&mut self, number: usize, cell: Cell<'_, B>) -> bool;
}

impl Kernel {
    /// Visits the fields of a column. Returns how many were taken; those at the very end of `from`
    /// are left.
    pub(crate) fn along(&self, fields: Along<'_>, visit: &mut impl Visit) -> usize {
        self.run(VisitAll { fields, visit })
    }
}

/// The call of [`Kernel::along`].
struct VisitAll<'s, V> {
    fields: Along<'s>,
    visit: &'s mut V,
}

impl<V: Visit> Work for VisitAll<'_, V> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        let Self { fields: Along { from, starts, ends, n_fields, column }, visit } = self;
        assert!(column < n_fields);
        let limit = from.len().saturating_sub(EXCESS);
        let records = ends.chunks_exact(n_fields).zip(starts);
        for (number, (ends, start)) in records.enumerate() {
            let start = if column == 0 { *start as usize } else { ends[column - 1] as usize + 1 };
            let end = ends[column] as usize;
            if end > limit || start > end {
                return number;
            }
            if !visit.visit(number, Cell { block, from, start, end, quoted: false }) {
                return number;
            }
        }
        starts.len()
    }
}

impl<B: Block> Cell<'_, B> {
    /// Sixteen of its bytes from byte `at` on, and anything behind its last, the first the highest;
    /// `at` is 48 at the most.
    #[inline(always)]
    pub(crate) fn wide(&self, at: usize) -> u128 {
        let bytes = self.from[self.start + at..].first_chunk().expect("64 bytes behind the end");
        u128::from_be_bytes(*bytes)
    }

    /// Which of its bytes are `byte`, and which are less than or equal to `most`, of the first 64
    /// of them.
    #[inline(always)]
    pub(crate) fn masks<const N: usize>(&self, bytes: [u8; N], most: u8) -> ([u64; N], u64) {
        let loaded = self.from[self.start..].first_chunk().expect("64 bytes behind the end");
        let loaded = self.block.load(loaded);
        let own = u64::MAX >> (64 - self.len().clamp(1, 64));
        (bytes.map(|byte| self.block.eq(loaded, byte) & own), self.block.le(loaded, most) & own)
    }
}
