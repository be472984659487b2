//! One byte in the place of each of a few sequences: how delimiters of several bytes are read.
//!
//! Sequences are found from left to right, the longest first, wherever they are; none starts right
//! behind an escape. This file does not know what they mean.

use super::block::{Block, Work};
use super::shape::behind_escapes;

/// What is folded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoldMarks<'m> {
    /// Each sequence, of 2 to 16 bytes, and the byte in its place. The longest first, some before
    /// none.
    pub sequences: [Option<(&'m [u8], u8)>; 3],
    /// Bytes outside sequences, and others in their place, the first of them some. They are rare.
    pub bytes: [Option<(u8, u8)>; 6],
    /// Behind it no sequence starts. It is in none of them.
    pub escape: Option<u8>,
}

impl FoldMarks<'_> {
    /// What is in the place of a byte outside sequences.
    #[inline(always)]
    fn replaced(&self, byte: u8) -> u8 {
        let others = self.bytes.into_iter().flatten();
        others.fold(byte, |now, (own, other)| if own == byte { other } else { now })
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// The bytes that were read.
    pub read: usize,
    /// The bytes that were written.
    pub written: usize,
}

/// The call of [`fold`].
pub(super) struct Fold<'a> {
    pub(super) marks: &'a FoldMarks<'a>,
    pub(super) from: &'a [u8],
    pub(super) last: bool,
    pub(super) escaped: &'a mut bool,
    pub(super) to: &'a mut [u8],
}

impl Work for Fold<'_> {
    type Output = Folded;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> Folded {
        let Fold { marks, from, last, escaped, to } = self;
        let mut done = by_blocks(block, marks, from, escaped, to);
        byte_by_byte(marks, from, last, escaped, to, &mut done);
        done
    }
}

/// Folds as far as whole blocks go, with two behind the last for what is read of them.
#[inline(always)]
fn by_blocks<B: Block>(
    block: B,
    marks: &FoldMarks<'_>,
    from: &[u8],
    escaped: &mut bool,
    to: &mut [u8],
) -> Folded {
    assert!(to.len() >= from.len() + 128, "there is room for all, and two blocks");
    let mut done = Folded::default();
    let mut carry = u64::from(*escaped);
    let longest = marks.sequences[0].map_or((1, 0), |(bytes, byte)| (bytes.len(), byte));
    // Up to here the blocks were looked at; `done.read` may be ahead of it, in a sequence.
    let mut at = 0;
    while at + 192 <= from.len() {
        let loaded = block.load(from[at..].first_chunk().expect("the block fits"));
        let mut found = starts_of(block, marks, &from[at..], loaded);
        if let Some(escape) = marks.escape {
            let behind = behind_escapes(block.eq(loaded, escape), &mut carry);
            found = found.map(|found| found & !behind);
        }
        let [first, second, third] = found;
        let others = marks.bytes.into_iter().map_while(|byte| byte);
        let others = others.fold(0, |found, (byte, _)| found | block.eq(loaded, byte));
        let mut starts = first | second | third | others;
        if starts == first && squeeze(block, loaded, (first, longest), at, to, &mut done) {
            at += 64;
            continue;
        }
        if starts == first {
            // Most blocks of most files.
            while starts != 0 {
                let place = at + starts.trailing_zeros() as usize;
                starts &= starts - 1;
                if place >= done.read {
                    // SAFETY: as below.
                    unsafe {
                        copy(block, from, to, &mut done, place);
                        write_byte(to, &mut done, longest.1, longest.0);
                    }
                }
            }
        }
        while starts != 0 {
            let bit = starts & starts.wrapping_neg();
            starts ^= bit;
            let place = at + bit.trailing_zeros() as usize;
            if place < done.read {
                continue; // It begins within another.
            }
            let sequence = match bit {
                _ if first & bit != 0 => marks.sequences[0],
                _ if second & bit != 0 => marks.sequences[1],
                _ if third & bit != 0 => marks.sequences[2],
                _ => None,
            };
            let (n, byte) = match sequence {
                Some((sequence, byte)) => (sequence.len(), byte),
                None => (1, marks.replaced(from[place])),
            };
            // SAFETY: what is read next starts at most 16 bytes behind this block, with two blocks
            // behind that; no more is written than was read, and `to` is longer than `from` by two.
            unsafe {
                copy(block, from, to, &mut done, place);
                write_byte(to, &mut done, byte, n);
            }
        }
        at += 64;
        if done.read < at {
            // SAFETY: as above.
            unsafe { copy(block, from, to, &mut done, at) };
        }
    }
    *escaped = carry != 0;
    if done.read > at {
        // The last byte of a sequence escapes nothing.
        *escaped = false;
    }
    done
}

/// Folds a block in which only the longest sequence, of `n` bytes, starts, at `starts`: if none of
/// them begins within another, and the block can drop bytes.
#[inline(always)]
fn squeeze<B: Block>(
    block: B,
    loaded: B::Bytes,
    (starts, (n, byte)): (u64, (usize, u8)),
    at: usize,
    to: &mut [u8],
    done: &mut Folded,
) -> bool {
    // What is read already is the rest of a sequence that started in the block before.
    let read = (1 << (done.read - at)) - 1;
    let mut dropped = read;
    for i in 1..n {
        dropped |= starts << i;
    }
    if starts & dropped != 0 {
        return false;
    }
    let Some(to) = to[done.written..].first_chunk_mut() else { return false };
    let Some(written) = block.squeeze(loaded, (starts, byte), dropped, to) else { return false };
    done.written += written;
    let last = 64 - starts.leading_zeros() as usize;
    done.read = at + if last == 0 { 64 } else { 64.max(last - 1 + n) };
    true
}

/// Where each sequence is in a block. There are two blocks behind.
#[inline(always)]
fn starts_of<B: Block>(block: B, marks: &FoldMarks<'_>, from: &[u8], loaded: B::Bytes) -> [u64; 3] {
    let mut found = [0; 3];
    for (found, sequence) in found.iter_mut().zip(marks.sequences) {
        let Some((sequence, _)) = sequence else { break };
        *found = block.eq(loaded, sequence[0]);
        for (i, byte) in sequence.iter().enumerate().skip(1) {
            let shifted = from[i..].first_chunk().expect("there are two blocks behind");
            *found &= block.eq(block.load(shifted), *byte);
        }
    }
    found
}

/// Copies what is before `end`, a block at the most, and more.
///
/// # Safety
/// A block can be read from `from[done.read..]` and written to `to[done.written..]`.
#[inline(always)]
unsafe fn copy<B: Block>(block: B, from: &[u8], to: &mut [u8], done: &mut Folded, end: usize) {
    debug_assert!(done.read + 64 <= from.len() && done.written + 64 <= to.len());
    // SAFETY: as the caller says; the two are borrowed, one of them mutably.
    unsafe { block.copy_raw(from.as_ptr().add(done.read), to.as_mut_ptr().add(done.written)) };
    done.written += end - done.read;
    done.read = end;
}

/// Writes the byte in the place of the sequence of `n` bytes that is read next.
///
/// # Safety
/// As [`copy`].
#[inline(always)]
unsafe fn write_byte(to: &mut [u8], done: &mut Folded, byte: u8, n: usize) {
    debug_assert!(done.written < to.len());
    // SAFETY: as the caller says.
    unsafe { *to.get_unchecked_mut(done.written) = byte };
    done.written += 1;
    done.read += n;
}

/// Folds the rest: what is too little for a block.
fn byte_by_byte(
    marks: &FoldMarks<'_>,
    from: &[u8],
    last: bool,
    escaped: &mut bool,
    to: &mut [u8],
    done: &mut Folded,
) {
    while done.read < from.len() {
        let rest = &from[done.read..];
        let mut folded = None;
        if !std::mem::take(escaped) {
            for (sequence, byte) in marks.sequences.into_iter().flatten() {
                if rest.starts_with(sequence) {
                    folded = Some((sequence.len(), byte));
                    break;
                }
                if !last && sequence.starts_with(rest) {
                    return;
                }
            }
            *escaped = folded.is_none() && marks.escape == Some(rest[0]);
        }
        let (n, byte) = folded.unwrap_or_else(|| (1, marks.replaced(rest[0])));
        to[done.written] = byte;
        done.written += 1;
        done.read += n;
    }
}
