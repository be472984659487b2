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

/// What is done with eight fields: a trait and no closure, since only so is it surely compiled for
/// the instruction set.
trait Take {
    /// Takes eight fields, which start and end there. Returns false if they are left.
    ///
    /// # Safety
    /// 64 bytes can be read from each start, and each is less than `i32::MAX`.
    unsafe fn take<B: Block>(&mut self, block: B, starts: &[u32; 8], ends: &[u32; 8]) -> bool;
}

/// Has `take` done with eight fields of a column, again and again, until it returns false. Returns
/// how many were taken.
#[inline(always)]
fn eights<B: Block>(block: B, fields: Along<'_>, take: &mut impl Take) -> usize {
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
        // SAFETY: the starts were looked at: none is further than the limit.
        if furthest as usize > limit || !unsafe { take.take(block, &own, &own_ends) } {
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
        let mut taken = EightNumbers { from: self.fields.from.as_ptr(), numbers: *self.numbers };
        let done = eights(block, self.fields, &mut taken);
        *self.numbers = taken.numbers;
        done
    }
}

struct EightNumbers {
    from: *const u8,
    numbers: AlignedNumbers,
}

impl Take for EightNumbers {
    #[inline(always)]
    unsafe fn take<B: Block>(&mut self, block: B, starts: &[u32; 8], ends: &[u32; 8]) -> bool {
        // SAFETY: the caller promises the same.
        unsafe { block.take_numbers(self.from, starts, ends, &mut self.numbers) }
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
    fn on<B: Block>(self, block: B) -> usize {
        let Self { fields, n, stops, longest } = self;
        let mut stops_set = [false; 256];
        stops.iter().for_each(|byte| stops_set[usize::from(*byte)] = true);
        let mut taken = Longer { from: fields.from, n, stops: &stops_set, longest: [0; 8] };
        let done = eights(block, fields, &mut taken);
        *longest = taken.longest.into_iter().fold(0, u32::max);
        done
    }
}

struct Longer<'s> {
    from: &'s [u8],
    n: u32,
    stops: &'s [bool; 256],
    longest: [u32; 8],
}

impl Take for Longer<'_> {
    #[inline(always)]
    unsafe fn take<B: Block>(&mut self, _: B, starts: &[u32; 8], ends: &[u32; 8]) -> bool {
        let lengths: [u32; 8] = std::array::from_fn(|i| ends[i].wrapping_sub(starts[i]));
        let are_longer = lengths.iter().fold(true, |all, length| all & (*length > self.n));
        if !are_longer {
            // An empty one has a byte behind it.
            let passes = |i: usize| {
                let stops = self.stops[usize::from(self.from[starts[i] as usize])];
                (lengths[i] > self.n) | (lengths[i] > 0) & !stops
            };
            if !(0..8).fold(true, |all, i| all & passes(i)) {
                return false;
            }
        }
        self.longest = std::array::from_fn(|i| self.longest[i].max(lengths[i]));
        true
    }
}
