//! What a field's text is taken for: a string, a token of JSON, a typed value, null, nothing.
//!
//! By default every value is a string and none of this is asked. It tells what a field becomes and writes nothing; a number is
//! given back in pieces of the input, so no digit is ever lost.

use super::json::{is_json, is_number};
use super::mask::{HashKey, Mask};
use super::transform::Transform;
use crate::charset::Charset;
use crate::dialect::Dialect;
use crate::parse::Field;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

/// The type that a column is said to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Digits, with a sign or without, as many as there are: `007` gives `7`.
    Int,
    /// A decimal number: `.5` gives `0.5`, `1e5` stays as it is.
    Float,
    /// `true`, `t`, `yes`, `y`, `1` and `false`, `f`, `no`, `n`, `0`, in any case.
    Bool,
    /// A string, whatever it looks like.
    String,
    /// JSON, which is checked and copied; a newline in it becomes a space.
    Json,
}

impl Type {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Int, Self::Float, Self::Bool, Self::String, Self::Json];

    /// The name that `--type COLUMN=TYPE` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Json => "json",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// What an empty field gives, quoted or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// `""`.
    #[default]
    String,
    /// `null`.
    Null,
    /// Nothing: its key is left out.
    Omit,
}

impl Empty {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::String, Self::Null, Self::Omit];

    /// The name that `--empty` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Null => "null",
            Self::Omit => "omit",
        }
    }
}

/// What is done with the values of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A string.
    Text,
    /// A token of JSON where it is one, else a string.
    Infer,
    /// Of this type, or an anomaly.
    Typed(Type),
    /// Masked.
    Masked(Mask),
    /// By the caller's own rule of this number.
    Transformed(usize),
}

/// The rules for all values of an input, where there are any.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) rules: Box<[Rule]>,
    /// For the fields beyond the header.
    pub(super) surplus: Rule,
    /// In the input's own bytes.
    pub(super) null: Box<[Box<[u8]>]>,
    pub(super) empty: Empty,
    pub(super) key: Option<HashKey>,
    pub(super) transforms: Box<[Transform]>,
}

/// What a field becomes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told<'a> {
    /// Its text, as a string.
    Text,
    /// Its text, as a string, though it should have been of another type.
    Misfit,
    /// What the mask leaves, as a string.
    Masked(Mask),
    /// What the caller's own rule of this number makes of it, as a string.
    Transformed(usize),
    /// Nothing at all.
    Omitted,
    /// These bytes as they stand.
    Token(&'a [u8]),
    /// A number that JSON writes otherwise.
    Number(Number<'a>),
    /// Its text, which is JSON.
    Json,
}

impl Told<'_> {
    /// Whether the field's text is decoded, so that invalid bytes are found in it.
    pub(crate) fn is_decoded(&self) -> bool {
        !matches!(self, Self::Omitted | Self::Token(_) | Self::Number(_))
    }
}

/// A decimal number in pieces.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    pub(crate) negative: bool,
    /// Digits, no zero in front of others.
    pub(crate) whole: &'a [u8],
    /// Digits behind the point, or none and no point.
    pub(crate) fraction: &'a [u8],
    /// The exponent with its `e`, or none.
    pub(crate) exponent: &'a [u8],
}

impl Values {
    /// What `field`, which stands in `bytes`, becomes under `rule`. `valid` says that its bytes are known to be UTF-8. `gathered` takes
    /// content that does not stand in one piece while it is looked at; it is as long as the longest record at the most.
    pub(super) fn tell<'b>(
        &self,
        rule: Rule,
        dialect: &Dialect,
        field: &Field<'_>,
        bytes: &'b [u8],
        valid: bool,
        gathered: &Mutex<Vec<u8>>,
    ) -> Told<'b> {
        let only = field.only_run(dialect);
        if !field.is_quoted() && !self.null.is_empty() {
            let raw = &bytes[field.range()];
            if self.null.iter().any(|null| **null == *raw) {
                return Told::Token(b"null");
            }
        }
        if only.as_ref().is_some_and(|only| only.is_empty()) {
            // An empty value fits any type: it says that there is none.
            return match self.empty {
                Empty::String => Told::Text,
                Empty::Null => Told::Token(b"null"),
                Empty::Omit => Told::Omitted,
            };
        }
        match rule {
            Rule::Text | Rule::Typed(Type::String) => Told::Text,
            Rule::Masked(mask) => Told::Masked(mask),
            Rule::Transformed(i) => Told::Transformed(i),
            Rule::Infer => match only {
                // As it stands: an escape in it makes it a text.
                Some(only) if only == field.range() && is_token(&bytes[only.clone()]) => {
                    Told::Token(&bytes[only])
                }
                _ => Told::Text,
            },
            Rule::Typed(wanted) => match only {
                Some(only) if valid || wanted != Type::Json => fit(wanted, &bytes[only]),
                _ => {
                    // Held for the look alone: who writes may have to wait for its turn, and another for this.
                    let mut content = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                    content.clear();
                    let Ok(()) = field.runs(dialect, |run| {
                        content.extend_from_slice(&bytes[run]);
                        Ok::<_, Infallible>(())
                    });
                    if !valid {
                        stand_in(dialect.charset, &mut content);
                    }
                    match fit(wanted, &content) {
                        Told::Token(b"true") => Told::Token(b"true"),
                        Told::Token(b"false") => Told::Token(b"false"),
                        // What is a number of JSON is JSON, and its runs are copied.
                        Told::Token(_) | Told::Json => Told::Json,
                        _ => Told::Misfit,
                    }
                }
            },
        }
    }
}

/// Puts a character that JSON has in strings alone in the place of what is no UTF-8, as U+FFFD will be; and of all that a code page has from
/// 0x80 on, for which the same is true.
fn stand_in(charset: Charset, content: &mut [u8]) {
    if let Charset::Page(_) = charset {
        content.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = 0x7f);
        return;
    }
    let mut at = 0;
    while let Err(error) = std::str::from_utf8(&content[at..]) {
        at += error.valid_up_to();
        let n = error.error_len().unwrap_or(content.len() - at);
        content[at..at + n].fill(0x7f);
        at += n;
    }
}

/// Whether `text` is exactly one of JSON's tokens that are no string.
fn is_token(text: &[u8]) -> bool {
    match text.first() {
        Some(b'-' | b'0'..=b'9') => is_number(text),
        Some(b't') => text == b"true",
        Some(b'f') => text == b"false",
        Some(b'n') => text == b"null",
        _ => false,
    }
}

/// What `text` becomes as a value of the type `wanted`.
fn fit(wanted: Type, text: &[u8]) -> Told<'_> {
    match wanted {
        Type::Int => match number(text) {
            Some(number) if is_whole(text) => written(text, number),
            _ => Told::Misfit,
        },
        Type::Float => number(text).map_or(Told::Misfit, |number| written(text, number)),
        Type::Bool => match boolean(text) {
            Some(true) => Told::Token(b"true"),
            Some(false) => Told::Token(b"false"),
            None => Told::Misfit,
        },
        Type::String => Told::Text,
        Type::Json if is_json(text) => Told::Json,
        Type::Json => Told::Misfit,
    }
}

/// As it stands, if JSON writes it so.
fn written<'a>(text: &'a [u8], number: Number<'a>) -> Told<'a> {
    if is_number(text) { Told::Token(text) } else { Told::Number(number) }
}

fn is_whole(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'))
}

/// Reads a sign, digits, a point, digits, an exponent; each may be missing, but not all digits.
fn number(text: &[u8]) -> Option<Number<'_>> {
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

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

fn boolean(text: &[u8]) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is(["true", "t", "yes", "y", "1"]) {
        return Some(true);
    }
    is(["false", "f", "no", "n", "0"]).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_exactly_json() {
        for yes in
            ["0", "-0", "-0.10", "1e5", "1E+5", "12345678901234567890123456789012345678901", "true", "null"]
        {
            assert!(is_token(yes.as_bytes()), "{yes}");
        }
        for no in [
            "", "007", "+1", ".5", "1.", "NaN", "1_000", "True", "-", "1e", "0x1", "1 ", "--1", "infinity",
            "nul",
        ] {
            assert!(!is_token(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        for (wanted, text, expected) in [
            (Type::Int, "007", "7"),
            (Type::Int, "+5", "5"),
            (Type::Int, "-000", "-0"),
            (Type::Int, "98765432109876543210987654321", "98765432109876543210987654321"),
            (Type::Float, ".5", "0.5"),
            (Type::Float, "5.", "5"),
            (Type::Float, "-01.50", "-1.50"),
            (Type::Float, "+1E05", "1E05"),
            (Type::Float, "12", "12"),
        ] {
            let told = match fit(wanted, text.as_bytes()) {
                Told::Token(text) => String::from_utf8(text.to_vec()).unwrap(),
                Told::Number(Number { negative, whole, fraction, exponent }) => {
                    let point: &[u8] = if fraction.is_empty() { b"" } else { b"." };
                    let sign: &[u8] = if negative { b"-" } else { b"" };
                    String::from_utf8([sign, whole, point, fraction, exponent].concat()).unwrap()
                }
                told => format!("{told:?}"),
            };
            assert_eq!(told, expected, "{wanted:?} {text}");
            assert!(is_number(told.as_bytes()), "{told}");
        }
        for (wanted, text) in [
            (Type::Int, "1.0"),
            (Type::Int, "1e3"),
            (Type::Int, "-"),
            (Type::Int, "1-2"),
            (Type::Int, "0x10"),
            (Type::Int, "12 "),
            (Type::Float, "."),
            (Type::Float, "1e"),
            (Type::Float, "NaN"),
            (Type::Float, "1,5"),
            (Type::Float, "1_000"),
            (Type::Bool, "2"),
            (Type::Bool, "on"),
        ] {
            assert_eq!(fit(wanted, text.as_bytes()), Told::Misfit, "{wanted:?} {text}");
        }
    }
}
