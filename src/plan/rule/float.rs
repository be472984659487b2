//! `--type COLUMN=float`: a decimal number, every digit kept.

use super::content::Content;
use super::definition::Rule;
use super::number::{is_short_number, number, written};
use super::value::Value;
use crate::kernel::Sight;

pub(super) struct Float;

impl Rule for Float {
    const NAME: &'static str = "float";
    const SIGHT: Sight = Sight::Numbers;
    const MISFITS: bool = true;

    #[inline(always)]
    fn value<'a>(content: &impl Content<'a>) -> Value {
        if is_short_number(content, false) { Value::Token } else { look(content.bytes()) }
    }
}

#[inline(never)]
fn look(bytes: &[u8]) -> Value {
    if number(bytes).is_some() { written(bytes) } else { Value::Misfit }
}
