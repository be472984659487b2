//! What the beginning of an input shows of its encoding, and whether it is text at all.
//!
//! As in `sniff.rs`, a remark names what to type, and is never made of a file that is read right.

use super::sniff::{Sample, Taken};
use crate::charset::Charset;
use crate::input::guess;

/// Says what encoding without a mark has bytes of zero, if one has; or that the input is no text.
pub(super) fn not_in_bytes(taken: &Taken<'_>, sample: Sample<'_>) -> Option<String> {
    let Sample { bytes, .. } = sample;
    let dialect = taken.dialect;
    let is_zero_meant = dialect.delimiter == 0 || dialect.quote == Some(0) || dialect.terminator.is(0);
    if !taken.encoding_by_default || bytes.len() < 4 || is_zero_meant {
        return None;
    }
    let zeros = |from: usize| bytes.iter().skip(from).step_by(4).filter(|byte| **byte == 0).count();
    let zeros = [zeros(0), zeros(1), zeros(2), zeros(3)];
    let (quarter, name) = (bytes.len() / 4, taken.name);
    let [first, second, third, fourth] = zeros;
    let looks = |what: &str, way: &str| Some(format!("{name}: looks like {what} without its mark; {way}"));
    let other = |from: &str| format!("have it in UTF-8: iconv -f {from} -t UTF-8");
    match () {
        // Of four bytes two are zero.
        () if third + fourth >= 2 * quarter - quarter / 8 && first * 8 < quarter => {
            return looks("UTF-32", &other("UTF-32LE"));
        }
        () if first + second >= 2 * quarter - quarter / 8 && fourth * 8 < quarter => {
            return looks("UTF-32", &other("UTF-32BE"));
        }
        () => {}
    }
    // A line end, and next to no zero where letters of other scripts have none.
    let (even, odd, few) = (first + third, second + fourth, bytes.len() / 64);
    match () {
        () if odd > few && odd >= 2 && even * 8 <= odd && has_line_ends(sample, 1) => {
            looks("UTF-16", "did you mean `encoding` utf-16le?")
        }
        () if even > few && even >= 2 && odd * 8 <= even && has_line_ends(sample, 0) => {
            looks("UTF-16", "did you mean `encoding` utf-16be?")
        }
        () if is_no_text(taken, bytes) => {
            Some(format!("{name}: has so many control bytes that it may be no text"))
        }
        () => None,
    }
}

/// Whether there are LFs of two bytes, with their zero at place `zero` of both, and no other.
fn has_line_ends(Sample { bytes, whole }: Sample<'_>, zero: usize) -> bool {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut ends = units.iter().filter(|unit| unit[1 - zero] == b'\n').peekable();
    let is_cut = whole && rest == b"\n";
    ends.peek().is_some() && ends.all(|unit| unit[zero] == 0) && !is_cut
}

/// Whether one byte in ten or more, of more than a few, is a control byte that is neither white
/// space nor has a meaning.
fn is_no_text(taken: &Taken<'_>, bytes: &[u8]) -> bool {
    let dialect = taken.dialect;
    let is_control = |byte: &&u8| {
        **byte < b' '
            && !byte.is_ascii_whitespace()
            && ![0x0b, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 1, 2].contains(*byte)
            && !dialect.is_delimiter(**byte)
            && !dialect.terminator.is(**byte)
            && dialect.quote != Some(**byte)
    };
    let n = bytes.iter().filter(is_control).count();
    n > 7 && n * 10 >= bytes.len()
}

/// Its bytes from 0x80 on are not UTF-8.
pub(super) fn encoding(taken: &Taken<'_>, sample: Sample<'_>) -> Option<String> {
    if !taken.encoding_by_default || taken.dialect.charset != Charset::Utf8 {
        return None;
    }
    let unfolded = taken.dialect.folding.map(|folding| folding.unfolded(sample.bytes));
    let bytes = unfolded.as_deref().unwrap_or(sample.bytes);
    let (mut n_valid, mut n_invalid) = (0, 0);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        n_valid += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        let is_cut = !sample.whole && chunks.peek().is_none();
        n_invalid += usize::from(!chunk.invalid().is_empty() && !is_cut);
    }
    if n_invalid <= n_valid {
        return None;
    }
    Some(match guess(bytes, sample.whole) {
        Some(label) => format!("{}: is not UTF-8; did you mean `encoding` {label}?", taken.name),
        None => format!("{}: is not UTF-8", taken.name),
    })
}
