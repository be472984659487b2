//! Numbers: which digits and signs make one, and how JSON writes it. No number is computed, so no
//! digit is lost.

use super::content::Content;
use super::definition::Piece;
use super::value::Value;

/// A decimal number in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    pub(super) negative: bool,
    /// Digits, no zero in front of others.
    pub(super) whole: &'a [u8],
    /// Digits behind the point, or none and no point.
    pub(super) fraction: &'a [u8],
    /// The exponent with its `e`, or none.
    pub(super) exponent: &'a [u8],
}

/// How `bytes`, which are a number, are written: as they are, if JSON writes it so.
pub(super) fn written(bytes: &[u8]) -> Value {
    if is_number(bytes) { Value::Token } else { Value::Made }
}

/// Gives a number as JSON writes it.
pub(super) fn write<E>(
    number: &Number<'_>,
    emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let Number { negative, whole, fraction, exponent } = *number;
    let sign: &[u8] = if negative { b"-" } else { b"" };
    let point: &[u8] = if fraction.is_empty() { b"" } else { b"." };
    [sign, whole, point, fraction, exponent].into_iter().try_for_each(|piece| emit(Piece::Json(piece)))
}

/// Reads a sign, digits, a point, digits, an exponent; each may be missing, but not all digits.
pub(crate) fn number(text: &[u8]) -> Option<Number<'_>> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (whole, rest) = digits(rest);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => digits(rest),
        _ => (&rest[..0], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = rest;
    let rest = match rest {
        [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] => {
            let (exponent, rest) = digits(rest);
            if exponent.is_empty() {
                return None;
            }
            rest
        }
        _ => rest,
    };
    if !rest.is_empty() {
        return None;
    }
    let zeros = whole.iter().take_while(|&&digit| digit == b'0').count();
    let whole = match &whole[zeros..] {
        [] => b"0",
        digits => digits,
    };
    Some(Number { negative, whole, fraction, exponent })
}

/// Whether `text` is a number as JSON writes it.
pub(super) fn is_number(text: &[u8]) -> bool {
    let (whole, rest) = digits(text.strip_prefix(b"-").unwrap_or(text));
    if whole.is_empty() || whole.len() > 1 && whole[0] == b'0' {
        return false;
    }
    let rest = match rest {
        [b'.', rest @ ..] => {
            let (fraction, rest) = digits(rest);
            if fraction.is_empty() {
                return false;
            }
            rest
        }
        _ => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            let (exponent, rest) = digits(exponent);
            !exponent.is_empty() && rest.is_empty()
        }
        _ => false,
    }
}

/// Whether content is surely a number as JSON writes it, and if asked for a `whole` one without a
/// point: all bytes at once, without a branch on its length, which in many columns nobody can
/// foresee. Where it says no, [`is_number`] may say otherwise.
#[inline(always)]
pub(super) fn is_short_number<'a>(content: &impl Content<'a>, whole: bool) -> bool {
    let n = content.len();
    if n.wrapping_sub(1) >= 16 {
        return false;
    }
    let (digits, word) = (content.digits() & ((1 << n) - 1), content.word());
    let sign = u32::from(word as u8 == b'-');
    let others = !(digits | sign) & ((1 << n) - 1);
    // It starts with a digit, which is no zero or has no digit behind it.
    let first = digits >> sign & 1 != 0;
    let needless = (word >> (8 * sign)) as u8 == b'0' && digits >> (sign + 1) & 1 != 0;
    if !first || needless {
        return false;
    }
    if others == 0 || whole {
        return others == 0;
    }
    let at = others.trailing_zeros() as usize;
    others & (others - 1) == 0 && at + 1 < n && content.bytes()[at] == b'.'
}

/// The digits at the front, and what is behind them.
pub(crate) fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}
