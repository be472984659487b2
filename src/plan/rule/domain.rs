//! `--mask COLUMN:domain`: what is behind the first `@`.

use super::content::Content;
use super::definition::Rule;
use super::value::Value;

pub(super) struct Domain;

impl Rule for Domain {
    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        let (at, n) = (content.find(b'@'), content.len());
        Value::Part { head: 0, stars: at == n, tail: n.min(at + 1) }
    }
}
