//! `--type COLUMN=int`: digits with a sign or without, as many as there are.

use super::content::Content;
use super::definition::{Making, Piece, Rule};
use super::number::{is_short_number, number, write, written};
use super::value::Value;
use crate::kernel::Sight;

pub(super) struct Int;

impl Rule for Int {
    const SIGHT: Sight = Sight::Wholes;
    const MISFITS: bool = true;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        if is_short_number(content, true) { Value::Token } else { look(content.bytes()) }
    }

    fn make<E>(&self, from: &Making<'_>, emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        number(from.content).map_or(Ok(()), |number| write(&number, emit))
    }
}

#[inline(never)]
fn look(bytes: &[u8]) -> Value {
    let whole = bytes.iter().all(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'));
    if whole && number(bytes).is_some() { written(bytes) } else { Value::Misfit }
}
