//! The fields of one column, eight records at a time: their lengths, and whether they are short
//! numbers that are written alike.
//!
//! This stops at the first eight that are not as expected; `along.rs` goes on there, one by one.

use super::aligned::AlignedNumbers;
use super::along::Along;
use super::block::{Block, Work};
use super::dispatch::Kernel;
use super::span::EXCESS;

impl Kernel {
    /// Takes numbers of a column, as far as all of eight are some. Returns how many were taken.
    pub(crate) fn aligned_eights(&self, fields: Along<'_>, numbers: &mut AlignedNumbers) -> usize {
        self.run(TakeNumbers { fields, numbers })
    }

    /// Passes over fields of more than `n` bytes, and others that are not empty and start with none
    /// of `stops`, as far as all of eight are such. Sets `longest` to the longest length. Returns
    /// how many there are.
    pub(crate) fn longer_eights(&self, fields: Along<'_>, n: u32, stops: &[u8], longest: &mut u32) -> usize {
        self.run(TakeLonger { fields, n, stops, longest })
    }
}

/// Calls `take` with where eight fields of a column start and end, again and again, until it
/// returns false. Returns how many were taken. Starts are as far from the end of the bytes as they
/// must be.
#[inline(always)]
fn eights(fields: Along<'_>, mut take: impl FnMut(&[u32; 8], &[u32; 8]) -> bool) -> usize {
    let Along { from, starts, ends, n_fields, column } = fields;
    let n = starts.len();
    assert!(column < n_fields && ends.len() == n * n_fields, "a column of all records");
    let limit = from.len().min(i32::MAX as usize).checked_sub(EXCESS);
    let Some(limit) = limit.filter(|_| n >= 8) else { return 0 };
    let (before, step, behind) = match column {
        0 => (starts.as_ptr(), 1, 0),
        _ => (ends[column - 1..].as_ptr(), n_fields, 1),
    };
    let last = ends[column..].as_ptr();
    let mut done = 0;
    while done + 8 <= n {
        // SAFETY: the counts were looked at above: there are `n` of each, so many apart.
        let own: [u32; 8] = std::array::from_fn(|i| unsafe { *before.add((done + i) * step) + behind });
        // SAFETY: as above.
        let own_ends: [u32; 8] = std::array::from_fn(|i| unsafe { *last.add((done + i) * n_fields) });
        let furthest = own.iter().fold(0, |furthest, start| furthest.max(*start));
        if furthest as usize > limit || !take(&own, &own_ends) {
            break;
        }
        done += 8;
    }
    done
}

struct TakeNumbers<'s> {
    fields: Along<'s>,
    numbers: &'s mut AlignedNumbers,
}

impl Work for TakeNumbers<'_> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        let from = self.fields.from.as_ptr();
        let mut numbers = *self.numbers;
        // SAFETY: `eights` gives starts that have as many bytes behind them, below `i32::MAX`.
        let done = eights(self.fields, |starts, ends| unsafe {
            block.take_numbers(from, starts, ends, &mut numbers)
        });
        *self.numbers = numbers;
        done
    }
}

struct TakeLonger<'s> {
    fields: Along<'s>,
    n: u32,
    stops: &'s [u8],
    longest: &'s mut u32,
}

impl Work for TakeLonger<'_> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, _: B) -> usize {
        let mut longest = [0; 8];
        let done = eights(self.fields, |starts, ends| {
            let lengths: [u32; 8] = std::array::from_fn(|i| ends[i].wrapping_sub(starts[i]));
            let are_longer = lengths.iter().fold(true, |all, length| all & (*length > self.n));
            let passes = |i: usize| {
                lengths[i] > self.n
                    || lengths[i] > 0 && !self.stops.contains(&self.fields.from[starts[i] as usize])
            };
            if !are_longer && !(0..8).all(passes) {
                return false;
            }
            longest = std::array::from_fn(|i| longest[i].max(lengths[i]));
            true
        });
        *self.longest = longest.into_iter().fold(0, u32::max);
        done
    }
}
