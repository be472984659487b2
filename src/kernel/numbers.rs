//! Finds the fields that are numbers of JSON, 64 bytes at a time, without computing any of them.
//!
//! The tests of `notes.rs` hold it against a loop over bytes.

use super::block::Block;
use super::shape::Outline;

/// Finds the fields that are numbers of JSON, without an exponent: digits without a needless zero,
/// behind a minus or none, and then a point and more digits or none. A bit at the first of some
/// digits is carried to behind the last by adding it to them.
#[derive(Default)]
pub(super) struct Numbers {
    /// Of the last byte of the block before, in bit 0: a quote that opens a field; its minus; a
    /// zero that is its first digit; the point behind its first digits; a quote behind its digits,
    /// if they are whole, and if there was a point.
    opening: u64,
    sign: u64,
    naught: u64,
    point: u64,
    closing: [u64; 2],
    /// Its digits go on, in front of a point or behind.
    whole: u64,
    fraction: u64,
}

/// What [`Numbers`] finds in a block.
pub(super) struct Kinds {
    /// The ends of numbers without a point, and of all.
    pub(super) are_whole: u64,
    pub(super) are_numbers: u64,
    /// The starts of content that may be a word of JSON; none unless tokens are wanted.
    pub(super) words: u64,
    /// What is behind the number that a field starts with, but for its point.
    pub(super) behind: u64,
}

/// Adds `firsts` of runs of `digits` to these, with what is carried from the block before and to
/// the next: the bytes behind the runs. Where a run goes on no other starts, so that one addition
/// is enough.
#[inline(always)]
fn behind_digits(digits: u64, firsts: u64, carry: &mut u64) -> u64 {
    let (sum, over) = digits.overflowing_add(firsts | *carry);
    *carry = u64::from(over);
    sum & !digits
}

impl Numbers {
    #[inline(always)]
    pub(super) fn block<B: Block>(
        &mut self,
        block: B,
        (bytes, loaded): (&[u8; 64], B::Bytes),
        outline: &Outline,
        starts: u64,
        (tokens, in_quotes, outside): (bool, bool, bool),
    ) -> Kinds {
        let Outline { ends, structural, quote } = *outline;
        // Of the content alone: a delimiter may be any of them.
        let content = !(structural | quote);
        let digits = block.within(loaded, b'0', b'9') & content;
        // Outside quotes none of their bytes is looked at: a quote is no content.
        let opening = if outside { 0 } else { quote & starts };
        let first = (starts | opening << 1 | self.opening) & content;
        let others = first & !digits;
        // Few fields start with one of these, so that mostly one look is enough.
        let few = match tokens {
            true => block.eq_any_at(bytes, loaded, others, [b'-', b't', b'f', b'n']),
            false => block.eq_any_at(bytes, loaded, others, [b'-']),
        };
        let sign = if tokens && few != 0 { block.eq_any_at(bytes, loaded, few, [b'-']) } else { few };
        let first = (first | sign << 1 | self.sign) & digits;
        let naught = block.eq_any_at(bytes, loaded, first, [b'0']);
        let whole =
            behind_digits(digits, first & !naught, &mut self.whole) | (naught << 1 | self.naught) & !digits;
        let pointed = block.eq_any_at(bytes, loaded, whole & content, [b'.']);
        let fraction = behind_digits(digits, (pointed << 1 | self.point) & digits, &mut self.fraction);
        let (mut are_whole, mut are_fractions) = (whole & ends, fraction & ends);
        if !outside && quote | self.closing[0] | self.closing[1] != 0 {
            are_whole |= ((whole & quote) << 1 | self.closing[0]) & ends;
            are_fractions |= ((fraction & quote) << 1 | self.closing[1]) & ends;
            self.closing = [(whole & quote) >> 63, (fraction & quote) >> 63];
        }
        self.opening = opening >> 63;
        self.sign = sign >> 63;
        self.naught = naught >> 63;
        self.point = pointed >> 63;
        let behind = (whole & !pointed | fraction) & content;
        let words = few & !sign & if in_quotes { u64::MAX } else { starts };
        Kinds { are_whole, are_numbers: are_whole | are_fractions, words, behind }
    }
}
