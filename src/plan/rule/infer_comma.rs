//! `--infer --decimal ,`: an unquoted field that is a number with a decimal comma, a whole number,
//! or `true`, `false` or `null` of JSON. What has a point is text.

use super::content::{Content, Form};
use super::definition::{Making, Piece, Rule};
use super::infer::words;
use super::number::{is_number, is_short_number};
use super::value::Value;

/// Of unquoted fields, or of quoted ones too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InferComma {
    pub(super) in_quotes: bool,
}

impl Rule for InferComma {
    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        if self.is_text(content.form()) {
            return Value::Text;
        }
        match content.word().to_le_bytes()[0] {
            b'-' | b'0'..=b'9' if is_short_number(content, true) => Value::Token,
            b'-' | b'0'..=b'9' => look(content.bytes()),
            b't' | b'f' | b'n' => words(content),
            _ => Value::Text,
        }
    }

    fn is_text(&self, form: Form) -> bool {
        form == Form::Other || form == Form::Quoted && !self.in_quotes
    }

    fn make<E>(&self, from: &Making<'_>, emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let (whole, fraction) = parts(from.content);
        [whole, b".", fraction].into_iter().try_for_each(|piece| emit(Piece::Json(piece)))
    }
}

/// What is before the comma, and what is behind it if there is one.
fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = memchr::memchr(b',', bytes).unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}

#[inline(never)]
fn look(bytes: &[u8]) -> Value {
    let (whole, fraction) = parts(bytes);
    let is_whole = is_number(whole) && !whole.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if whole.len() == bytes.len() {
        // Exponents of whole numbers stay as they are.
        return if is_number(bytes) && !bytes.contains(&b'.') { Value::Token } else { Value::Text };
    }
    let (digits, rest) = super::number::digits(fraction);
    let is_exponent = match rest {
        [b'e' | b'E', b'+' | b'-', power @ ..] | [b'e' | b'E', power @ ..] => {
            !power.is_empty() && power.iter().all(u8::is_ascii_digit)
        }
        _ => rest.is_empty(),
    };
    let is_fraction = !digits.is_empty() && is_exponent;
    if is_whole && is_fraction { Value::Made } else { Value::Text }
}
