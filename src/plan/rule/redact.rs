//! `--mask COLUMN:redact`: three stars.

use super::content::Content;
use super::definition::Rule;
use super::value::Value;

pub(super) struct Redact;

impl Rule for Redact {
    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        Value::Part { head: 0, stars: true, tail: content.len() }
    }
}
