//! `--type COLUMN=float`: a decimal number, every digit kept.

use super::content::Content;
use super::definition::{Making, Piece, Rule};
use super::number::{is_short_number, number, write, written};
use super::value::Value;
use crate::kernel::Sight;

pub(super) struct Float;

impl Rule for Float {
    const SIGHT: Sight = Sight::Numbers;
    const MISFITS: bool = true;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        if is_short_number(content, false) { Value::Token } else { look(content.bytes()) }
    }

    fn make<E>(&self, from: &Making<'_>, emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        number(from.content).map_or(Ok(()), |number| write(&number, emit))
    }
}

#[inline(never)]
fn look(bytes: &[u8]) -> Value {
    if number(bytes).is_some() { written(bytes) } else { Value::Misfit }
}
