//! Numbers as text: compared exactly, without computing them, and kept in a fixed size.

use std::cmp::Ordering;

/// The longest number that is kept.
pub(super) const MOST: usize = 63;

/// The text of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberText {
    bytes: [u8; MOST],
    n: u8,
}

impl NumberText {
    pub(super) const NONE: Self = Self { bytes: [0; MOST], n: 0 };

    /// Keeps a number; `None` if it is too long.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        let mut kept = Self::NONE;
        kept.bytes.get_mut(..text.len())?.copy_from_slice(text);
        kept.n = text.len() as u8;
        Some(kept)
    }

    #[inline(always)]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.n)]
    }

    /// Whether none is kept.
    #[inline(always)]
    pub(super) fn is_none(&self) -> bool {
        self.n == 0
    }
}

/// A number in pieces.
struct Decimal<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    /// How many digits stand before the point, those in front that are zero left out, less zeros
    /// behind the point in front of the first digit.
    magnitude: i128,
    /// How many digits in front are zero.
    n_zeros: usize,
}

impl<'t> Decimal<'t> {
    /// Takes a number as JSON writes it apart.
    fn new(text: &'t [u8]) -> Self {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let behind = rest.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(rest.len());
        let (digits, exponent) = rest.split_at(behind);
        let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
        let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
        let n_zeros = whole.iter().chain(fraction).take_while(|digit| **digit == b'0').count();
        let exponent = match exponent {
            [_, b'-', exponent @ ..] => -saturated(exponent),
            [_, b'+', exponent @ ..] | [_, exponent @ ..] => saturated(exponent),
            [] => 0,
        };
        let magnitude = (whole.len() as i128 - n_zeros as i128).saturating_add(exponent);
        Self { negative, whole, fraction, magnitude, n_zeros }
    }

    fn is_zero(&self) -> bool {
        self.n_zeros == self.whole.len() + self.fraction.len()
    }

    /// The digits from the first that is not zero on.
    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.fraction).skip(self.n_zeros).copied()
    }
}

/// A whole number, the largest there is if it does not fit.
fn saturated(digits: &[u8]) -> i128 {
    digits
        .iter()
        .fold(0_i128, |number, digit| number.saturating_mul(10).saturating_add(i128::from(digit - b'0')))
}

/// Compares two numbers as JSON writes them. Exponents beyond 38 digits count as equal.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (Decimal::new(a), Decimal::new(b));
    match (a.is_zero(), b.is_zero()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return if b.negative { Ordering::Greater } else { Ordering::Less },
        (false, true) => return if a.negative { Ordering::Less } else { Ordering::Greater },
        (false, false) => {}
    }
    match (a.negative, b.negative) {
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let magnitudes = a.magnitude.cmp(&b.magnitude).then_with(|| {
        let (mut left, mut right) = (a.digits(), b.digits());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                // Zeros behind the last digit change nothing.
                (x, y) => match x.unwrap_or(b'0').cmp(&y.unwrap_or(b'0')) {
                    Ordering::Equal => {}
                    other => return other,
                },
            }
        }
    });
    if a.negative { magnitudes.reverse() } else { magnitudes }
}

/// Whether the size of a whole number is beyond 2^53, so that not every number up to it is a
/// double; and whether it does not fit 64 bits with a sign.
pub(super) fn beyond(text: &[u8]) -> (bool, bool) {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    let is_over = |limit: &[u8]| digits.len().cmp(&limit.len()).then_with(|| digits.cmp(limit)).is_gt();
    if digits.len() < 16 {
        return (false, false);
    }
    let widest: &[u8] = if negative { b"9223372036854775808" } else { b"9223372036854775807" };
    (is_over(b"9007199254740992"), is_over(widest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_exactly() {
        let ascending = [
            "-1e400",
            "-12345678901234567890.5",
            "-12345678901234567890",
            "-2",
            "-1.5",
            "-1.49",
            "-1e-5",
            "0",
            "1e-400",
            "0.00001",
            "0.1",
            "0.10000000000000000000000001",
            "1",
            "1.5",
            "9",
            "1e1",
            "10.01",
            "9007199254740993",
            "9007199254740993.1",
            "1e16",
            "123e400",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(compare(a.as_bytes(), b.as_bytes()), i.cmp(&j), "{a} {b}");
            }
        }
        for (a, b) in [("0", "-0"), ("1", "1.0"), ("10", "1e1"), ("0.0", "0e5"), ("12.50", "0.125E+2")] {
            assert_eq!(compare(a.as_bytes(), b.as_bytes()), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn what_is_beyond_is_known_to_the_digit() {
        for (text, expected) in [
            ("9007199254740992", (false, false)),
            ("9007199254740993", (true, false)),
            ("-9007199254740993", (true, false)),
            ("9223372036854775807", (true, false)),
            ("9223372036854775808", (true, true)),
            ("-9223372036854775808", (true, false)),
            ("-9223372036854775809", (true, true)),
            ("1", (false, false)),
        ] {
            assert_eq!(beyond(text.as_bytes()), expected, "{text}");
        }
    }
}
