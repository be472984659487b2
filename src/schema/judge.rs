//! What one value fits: the one definition, in plain code.
//!
//! Faster ways may know the same without a look here, and tests hold them against it.

use super::calendar::{day, is_iso_date, timestamp};
use super::kinds::KindSet;
use super::personal::{is_card, is_email, is_iban, is_phone};
use crate::plan::rule::{digits, is_json};

/// Says what a value fits, which is not empty. Of groups of kinds of which nothing is `wanted`
/// nothing may be said.
pub(super) fn judge(content: &[u8], wanted: KindSet) -> KindSet {
    let mut fits = KindSet::NONE;
    let first = content[0];
    if wanted.has(KindSet::NUMERIC) {
        fits = fits.or(numeric(content));
    }
    if wanted.has(KindSet::BOOL) {
        fits = fits.or(words(content));
    }
    if wanted.has(KindSet::JSON) && matches!(first, b'{' | b'[') && is_json(content) {
        fits = fits.or(KindSet::JSON);
    }
    if wanted.has(KindSet::DATE) && is_iso_date(content) {
        fits = fits.or(KindSet::DATE);
    }
    if wanted.has(KindSet::TIMESTAMP.or(KindSet::DATE_TIME)) {
        fits = fits.or(timestamp(content));
    }
    if wanted.has(KindSet::DAYS) {
        fits = fits.or(day(content));
    }
    if wanted.has(KindSet::EMAIL) && is_email(content) {
        fits = fits.or(KindSet::EMAIL);
    }
    if wanted.has(KindSet::PHONE) && is_phone(content) {
        fits = fits.or(KindSet::PHONE);
    }
    if wanted.has(KindSet::IBAN) && is_iban(content) {
        fits = fits.or(KindSet::IBAN);
    }
    if wanted.has(KindSet::CARD) && is_card(content) {
        fits = fits.or(KindSet::CARD);
    }
    fits
}

/// The kinds of numbers that a value is.
fn numeric(content: &[u8]) -> KindSet {
    let (sign, rest) = match content {
        [sign @ (b'-' | b'+'), rest @ ..] => (Some(*sign), rest),
        _ => (None, content),
    };
    let (whole, rest) = digits(rest);
    if whole.is_empty() {
        return KindSet::NONE;
    }
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => digits(rest),
        _ => (&rest[..0], rest),
    };
    let has_point = content.get(usize::from(sign.is_some()) + whole.len()) == Some(&b'.');
    if has_point && fraction.is_empty() {
        return KindSet::NONE;
    }
    let has_exponent = match rest {
        [] => false,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..]
            if !exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit) =>
        {
            true
        }
        _ => return KindSet::NONE,
    };
    let mut fits = KindSet::DIGITS;
    if sign == Some(b'+') || whole.len() > 1 && whole[0] == b'0' {
        return fits;
    }
    fits = fits.or(KindSet::NUMBER);
    if !has_exponent {
        fits = fits.or(KindSet::FLOAT);
        if !has_point {
            fits = fits.or(KindSet::INT);
        }
    }
    fits
}

/// Whether a number has a point, or a sign in its exponent.
pub(super) fn has_point(number: &[u8]) -> bool {
    let behind = number.get(1..).unwrap_or_default();
    behind.iter().any(|byte| matches!(byte, b'.' | b'+' | b'-'))
}

/// The pairs of words for true and false that a value is of.
fn words(content: &[u8]) -> KindSet {
    let is = |word: &[u8]| content.eq_ignore_ascii_case(word);
    match content.len() {
        1 if is(b"t") || is(b"f") => KindSet::T_F,
        1 if is(b"y") || is(b"n") => KindSet::Y_N,
        2 if is(b"no") => KindSet::YES_NO,
        3 if is(b"yes") => KindSet::YES_NO,
        4 if is(b"true") => KindSet::TRUE_FALSE,
        5 if is(b"false") => KindSet::TRUE_FALSE,
        _ => KindSet::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_what_they_are() {
        for (text, expected) in [
            ("0", "int float number digits"),
            ("-0", "int float number digits"),
            ("12345678901234567890123", "int float number digits"),
            ("1.50", "float number digits"),
            ("-0.5e-3", "number digits"),
            ("1E5", "number digits"),
            ("007", "digits"),
            ("+1", "digits"),
            ("-01.5", "digits"),
            ("+1e5", "digits"),
            (".5", ""),
            ("5.", ""),
            ("1e", ""),
            ("1e+", ""),
            ("0x10", ""),
            ("1_000", ""),
            ("1,5", ""),
            ("-", ""),
            ("NaN", ""),
            ("tRUE", "true/false"),
            ("F", "t/f"),
            ("No", "yes/no"),
            ("y", "y/n"),
            ("{\"a\":[1]}", "json"),
            ("[]", "json"),
            ("[1,]", ""),
            ("\"x\"", ""),
            ("2024-02-29", "date"),
            ("2024-02-30", ""),
        ] {
            let names: Vec<_> = judge(text.as_bytes(), KindSet::ALL).names().collect();
            assert_eq!(names.join(" "), expected, "{text}");
        }
    }
}
