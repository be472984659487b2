//! `--mask COLUMN:last4`: three stars and the last four characters, of more than four.

use super::content::Content;
use super::definition::Rule;
use super::value::Value;
use bstr::ByteSlice;

pub(super) struct Last4;

impl Rule for Last4 {
    const NAME: &'static str = "last4";

    #[inline(always)]
    fn value<'a>(content: &impl Content<'a>) -> Value {
        Value::Part { head: 0, stars: true, tail: start_of_tail(content.bytes()) }
    }
}

/// Where the last four characters start, or the end where there are no more than four.
#[inline(always)]
fn start_of_tail(bytes: &[u8]) -> usize {
    let n = bytes.len();
    match bytes.last_chunk::<5>() {
        // No more than four bytes are no more than four characters.
        None => n,
        // All in one byte each, and one more before them.
        Some(last) if last.is_ascii() => n - 4,
        Some(_) => look(bytes),
    }
}

/// As [`start_of_tail`], from the front: only so can invalid bytes be recognised.
#[inline(never)]
fn look(bytes: &[u8]) -> usize {
    let mut starts = [bytes.len(); 5];
    for (start, _, _) in bytes.char_indices() {
        starts.rotate_left(1);
        starts[4] = start;
    }
    // The fifth from the end is there.
    if starts[0] < bytes.len() { starts[1] } else { bytes.len() }
}
