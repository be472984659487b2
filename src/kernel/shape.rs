//! What quoting makes of a block: which bytes end fields and records, and whether that is proved.
//!
//! Quotes are read by parity, which is right only where quoting is *regular*: a quote opens where a field starts and closes where
//! one ends, and everything between comes in pairs. That is proved as the blocks go by, from each quote's neighbours.
//!
//! Next hand: every mask here is about one byte and its neighbour; a rule that needs more belongs to the reference machine.

use super::block::Block;
use super::scan::Marks;

/// What one block leaves to the next; each is bit 0 of a mask or the whole of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carry {
    inside: u64,
    starts: u64,
    close: u64,
    cr: u64,
}

impl Carry {
    /// At the start of a record, outside quotes.
    pub(super) const START: Self = Self { inside: 0, starts: 1, close: 0, cr: 0 };
}

/// The masks of one block. From the first irregular byte on they mean nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Quotes.
    pub(super) quote: u64,
    /// What ends a field.
    pub(super) ends: u64,
    /// What ends a record: of the above.
    pub(super) terminators: u64,
    /// As above, with the second byte of a pair of terminators.
    pub(super) structural: u64,
    /// The first byte of each field, and the second of a pair of terminators.
    pub(super) starts: u64,
    /// What ends a line inside quotes.
    pub(super) quoted_lines: u64,
    /// Quotes, or what follows one, where regular quoting has none.
    pub(super) irregular: u64,
}

/// Reads a block of which the bytes in `valid` count.
#[inline(always)]
pub(super) fn shape<B: Block>(
    block: B,
    marks: &Marks,
    loaded: B::Bytes,
    valid: u64,
    carry: &mut Carry,
) -> Shape {
    let delimiter = block.eq(loaded, marks.delimiter) & valid;
    let newline = block.eq(loaded, marks.terminators[0]) & valid;
    let cr = block.eq(loaded, marks.terminators[1]) & valid;
    let quote = match marks.quote {
        Some(byte) => block.eq(loaded, byte) & valid,
        None => 0,
    };
    let any_newline = newline | cr;
    if quote | carry.inside | carry.close | (cr & !newline) | carry.cr == 0 {
        // Most blocks of most files.
        let ends = delimiter | any_newline;
        let starts = ends << 1 | carry.starts;
        *carry = Carry { inside: 0, starts: ends >> 63, close: 0, cr: 0 };
        return Shape {
            quote: 0,
            ends,
            terminators: any_newline,
            structural: ends,
            starts,
            quoted_lines: 0,
            irregular: 0,
        };
    }
    let inside = block.parity(quote) ^ carry.inside;
    let outside = !inside;
    let open = quote & inside;
    let close = quote & outside;
    // Between the two of a pair no quote fits, so both are inside or both are not.
    let pair = if marks.pairs { newline & (cr << 1 | carry.cr) } else { 0 };
    let structural = (delimiter | any_newline) & outside;
    let ends = structural & !pair;
    let starts = structural << 1 | carry.starts;
    let after_close = close << 1 | carry.close;
    let irregular = (open & !(starts | after_close) | after_close & !(ends | open)) & valid;
    *carry = Carry {
        inside: ((inside as i64) >> 63) as u64,
        starts: structural >> 63,
        close: close >> 63,
        cr: if marks.pairs { cr >> 63 } else { 0 },
    };
    Shape {
        quote,
        ends,
        terminators: any_newline & ends,
        structural,
        starts,
        quoted_lines: any_newline & inside & !pair,
        irregular,
    }
}

/// The bytes of a block below the first of `irregular`.
#[inline(always)]
pub(super) fn below(irregular: u64) -> u64 {
    if irregular == 0 { u64::MAX } else { (irregular & irregular.wrapping_neg()) - 1 }
}

/// Gives `on_block` each block of `bytes`, its number and the mask of its bytes that count, until it returns false.
#[inline(always)]
pub(super) fn blocks(bytes: &[u8], mut on_block: impl FnMut(&[u8; 64], usize, u64) -> bool) {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut padded = [b'.'; 64];
    padded[..rest.len()].copy_from_slice(rest);
    // Called in one place only, so that it is inlined and compiled for the instruction set at hand.
    for number in 0..bytes.len().div_ceil(64) {
        let (block, valid) = match blocks.get(number) {
            Some(block) => (block, u64::MAX),
            None => (&padded, u64::MAX >> (64 - rest.len())),
        };
        if !on_block(block, number, valid) {
            return;
        }
    }
}
