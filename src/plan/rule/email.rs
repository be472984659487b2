//! `--mask COLUMN:email`: the first character, three stars, and all from the first `@`.

use super::content::{Content, first_character};
use super::definition::Rule;
use super::value::Value;

pub(super) struct Email;

impl Rule for Email {
    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        let tail = content.find(b'@');
        Value::Part { head: first_character(content.bytes()).min(tail), stars: true, tail }
    }
}
