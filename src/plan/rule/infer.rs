//! `--infer`: an unquoted field that is exactly a number, `true`, `false` or `null` of JSON is
//! written as it is; with `--quoted-values` what is between quotes too.

use super::content::{Content, Form, mask};
use super::definition::Rule;
use super::number::{is_number, is_short_number};
use super::value::{Value, Word};
use crate::kernel::Sight;

/// Of unquoted fields.
pub(super) struct Infer;

impl Rule for Infer {
    const SIGHT: Sight = Sight::Tokens;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        if self.is_text(content.form()) { Value::Text } else { token(content) }
    }

    #[inline(always)]
    fn is_text(&self, form: Form) -> bool {
        form != Form::Bare
    }
}

/// Of quoted fields too.
pub(super) struct InferQuoted;

impl Rule for InferQuoted {
    const SIGHT: Sight = Sight::Tokens;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        if self.is_text(content.form()) { Value::Text } else { token(content) }
    }

    #[inline(always)]
    fn is_text(&self, form: Form) -> bool {
        form == Form::Other
    }
}

#[inline(always)]
fn token<'a>(content: &impl Content<'a>) -> Value {
    match content.word().to_le_bytes()[0] {
        b'-' | b'0'..=b'9' => {
            if is_short_number(content, false) || is_number(content.bytes()) {
                Value::Token
            } else {
                Value::Text
            }
        }
        b't' | b'f' | b'n' => words(content),
        _ => Value::Text,
    }
}

#[inline(always)]
pub(super) fn words<'a>(content: &impl Content<'a>) -> Value {
    let is = |word: Word| {
        let (letters, n) = word.letters();
        ((content.word() ^ u64::from_le_bytes(letters)) & mask(n) == 0) & (content.len() == n)
    };
    if [Word::Null, Word::True, Word::False].into_iter().any(is) { Value::Token } else { Value::Text }
}
