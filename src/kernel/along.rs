//! The fields of one column of a run of records, looked at one after another.
//!
//! What is looked for is not known here: a [`Visit`] of another floor is compiled into the loop,
//! and so for the instruction set.

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

impl Along<'_> {
    /// The fields behind the first `n`.
    pub(crate) fn behind(&self, n: usize) -> Self {
        Self { starts: &self.starts[n..], ends: &self.ends[n * self.n_fields..], ..*self }
    }
}

/// What is done with each field. A copy of it does it, which stays in registers.
pub(crate) trait Visit: Copy {
    /// Takes field `number` of the column. Returns false if it, and what is behind it, is left.
    fn visit<B: Block>(&mut self, number: usize, cell: Cell<'_, B>) -> bool;
}

impl Kernel {
    /// Visits the fields of a column. Returns how many were taken.
    ///
    /// # Panics
    /// There is no such column, or the ends are not those of as many records.
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
        let Self { fields: Along { from, starts, ends, n_fields, column }, visit: kept } = self;
        let mut visit = *kept;
        let n = starts.len();
        assert!(column < n_fields && ends.len() == n * n_fields, "a column of all records");
        let Some(limit) = from.len().checked_sub(EXCESS).filter(|_| n > 0) else { return 0 };
        // Of the byte before each field, or of its first where it is its record's first.
        let (mut before, step, behind) = match column {
            0 => (starts.as_ptr(), 1, 0),
            _ => (ends[column - 1..].as_ptr(), n_fields, 1),
        };
        let mut end = ends[column..].as_ptr();
        let mut done = n;
        for number in 0..n {
            // SAFETY: the counts were looked at above: there are `n` of each, so many apart.
            let (start, field_end) = unsafe { ((*before + behind) as usize, *end as usize) };
            // Each has as many bytes behind its start as a cell must have.
            if start > limit
                || !visit.visit(number, Cell { block, from, start, end: field_end, quoted: false })
            {
                done = number;
                break;
            }
            before = before.wrapping_add(step);
            end = end.wrapping_add(n_fields);
        }
        *kept = visit;
        done
    }
}

/// Bytes that must be behind a field that is visited.
pub(crate) const BEHIND: usize = EXCESS;

impl<B: Block> Cell<'_, B> {
    /// Sixteen of its bytes from byte `at` on, and anything behind its last, the first the highest;
    /// `at` is 48 at the most.
    #[inline(always)]
    pub(crate) fn wide(&self, at: usize) -> u128 {
        debug_assert!(at <= EXCESS - size_of::<u128>());
        // SAFETY: a cell has 64 bytes behind its start, by `VisitAll` and `Cells::begin`.
        u128::from_be(unsafe { self.from.as_ptr().add(self.start + at).cast::<u128>().read_unaligned() })
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
