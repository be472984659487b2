//! What quoting makes of a block: which bytes end fields and records, and whether that is proved.
//!
//! Quotes are read by parity, which is right only where quoting is *regular*: a quote opens where a
//! field starts and closes where one ends, and everything between comes in pairs. That is proved as
//! the blocks go by, from each quote's neighbours.
//!
//! Advice for maintainers: every mask here is about one byte and its neighbour; a rule that needs
//! more belongs to the reference machine.

use super::block::Block;
use super::marks::Marks;

/// What one block leaves to the next; each is bit 0 of a mask or the whole of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carry {
    inside: u64,
    starts: u64,
    close: u64,
    cr: u64,
    /// An escape was the last byte.
    escape: u64,
    /// A blank that ended a field was.
    blank: u64,
}

impl Carry {
    /// At the start of a record, outside quotes.
    pub(super) const START: Self = Self { inside: 0, starts: 1, close: 0, cr: 0, escape: 0, blank: 0 };
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

/// Where fields end in a block, and what else the scan found of its shape.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outline {
    pub(super) ends: u64,
    pub(super) structural: u64,
    pub(super) quote: u64,
}

impl Outline {
    /// What those of a strip of `n_bytes` take.
    pub(super) const fn size_for(n_bytes: usize) -> usize {
        (n_bytes / 64 + 1) * size_of::<Self>()
    }
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
    let tab = if marks.whitespace { block.eq(loaded, b'\t') } else { 0 };
    let mut delimiter = (block.eq(loaded, marks.delimiter) | tab) & valid;
    let newline = block.eq(loaded, marks.terminators[0]) & valid;
    let cr = block.eq(loaded, marks.terminators[1]) & valid;
    let mut quote = match marks.quote {
        Some(byte) => block.eq(loaded, byte) & valid,
        None => 0,
    };
    let any_newline = newline | cr;
    let mut escaped = 0;
    if let Some(byte) = marks.escape {
        escaped = behind_escapes(block.eq(loaded, byte) & valid, &mut carry.escape);
        delimiter &= !escaped;
        quote &= !escaped;
    }
    if quote | carry.inside | carry.close | (cr & !newline) | carry.cr | escaped == 0 {
        // Most blocks of most files.
        let ends = delimiter | any_newline;
        let starts = ends << 1 | carry.starts;
        let irregular = runs(marks, delimiter, any_newline, starts, &mut carry.blank) & valid;
        let Carry { escape, blank, .. } = *carry;
        *carry = Carry { inside: 0, starts: ends >> 63, close: 0, cr: 0, escape, blank };
        return Shape {
            quote: 0,
            ends,
            terminators: any_newline,
            structural: ends,
            starts,
            quoted_lines: 0,
            irregular,
        };
    }
    let inside = block.parity(quote) ^ carry.inside;
    let outside = !inside;
    let open = quote & inside;
    let close = quote & outside;
    // Between the two of a pair no quote fits, so both are inside or both are not.
    let pair = if marks.pairs { newline & (cr << 1 | carry.cr) } else { 0 };
    let ending = any_newline & !escaped;
    let structural = (delimiter | ending) & outside;
    let ends = structural & !pair;
    let starts = structural << 1 | carry.starts;
    let after_close = close << 1 | carry.close;
    // What may follow a closing quote, and where else than at a field's start one may open.
    let again = if marks.doubled { after_close } else { 0 };
    let mut irregular = open & !(starts | again) | after_close & !(ends | open & again);
    if marks.pairs {
        // The LF behind an escaped CR ends a record, but the two are one line: the machine knows.
        irregular |= escaped & cr & outside;
    }
    irregular |= runs(marks, delimiter & outside, ending & outside, starts, &mut carry.blank);
    if marks.folded {
        // What several bytes stand for is content here: the machine knows which.
        irregular |= (delimiter | any_newline) & inside | after_close & open;
    }
    *carry = Carry {
        inside: ((inside as i64) >> 63) as u64,
        starts: structural >> 63,
        close: close >> 63,
        cr: if marks.pairs { cr >> 63 } else { 0 },
        escape: carry.escape,
        blank: carry.blank,
    };
    Shape {
        quote,
        ends,
        terminators: ending & ends,
        structural,
        starts,
        quoted_lines: any_newline & (inside | escaped) & !pair,
        irregular: irregular & valid,
    }
}

/// Where blanks are more than one delimiter: at a field's start, or in front of a terminator. The
/// machine knows what they are.
#[inline(always)]
fn runs(marks: &Marks, blank: u64, ending: u64, starts: u64, carry: &mut u64) -> u64 {
    if !marks.whitespace {
        return 0;
    }
    let runs = blank & starts | ending & (blank << 1 | *carry);
    *carry = blank >> 63;
    runs
}

/// The bytes that stand behind an escape which is not escaped itself; `carry` is 1 where the last
/// byte of the block before is one.
///
/// One turn of the loop for each escape. Runs of them are rare, so the carry-free arithmetic over
/// odd runs (simdjson's) gains nothing: a block of data has none or one.
#[inline(always)]
pub(super) fn behind_escapes(escapes: u64, carry: &mut u64) -> u64 {
    let mut escaped = *carry;
    let mut left = escapes & !escaped;
    *carry = 0;
    while left != 0 {
        let escape = left & left.wrapping_neg();
        escaped |= escape << 1;
        *carry = escape >> 63;
        left &= !(escape | escape << 1);
    }
    escaped
}

/// The bytes of a block below the first of `irregular`.
#[inline(always)]
pub(super) fn below(irregular: u64) -> u64 {
    if irregular == 0 { u64::MAX } else { (irregular & irregular.wrapping_neg()) - 1 }
}

/// Gives `on_block` each block of `bytes`, its number and the mask of its bytes that count, until
/// it returns false.
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
