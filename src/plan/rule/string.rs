//! `--type COLUMN=string`: the text, whatever it looks like and whatever `--infer` says. Also the
//! rule of columns without one.

use super::content::{Content, Form};
use super::definition::Rule;
use super::value::Value;
use crate::kernel::Sight;

pub(super) struct String;

impl Rule for String {
    const SIGHT: Sight = Sight::Text;

    #[inline(always)]
    fn value<'a>(&self, _: &impl Content<'a>) -> Value {
        Value::Text
    }

    #[inline(always)]
    fn is_text(&self, _: Form) -> bool {
        true
    }
}
