//! Numbers: which digits and signs make one, and how JSON writes it. No number is computed, so no digit is lost.

use super::Value;

/// A decimal number in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    pub(crate) negative: bool,
    /// Digits, no zero in front of others.
    pub(crate) whole: &'a [u8],
    /// Digits behind the point, or none and no point.
    pub(crate) fraction: &'a [u8],
    /// The exponent with its `e`, or none.
    pub(crate) exponent: &'a [u8],
}

/// How `bytes`, which are a number, are written: as they stand, if JSON writes it so.
pub(super) fn written(bytes: &[u8]) -> Value {
    if is_number(bytes) { Value::Token } else { Value::Number }
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

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}
