//! `--type COLUMN=bool`: the usual words for true and false.

use super::content::Content;
use super::definition::Rule;
use super::value::{Value, Word};

pub(super) struct Boolean;

impl Rule for Boolean {
    const MISFITS: bool = true;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        let bytes = content.bytes();
        let is = |word: &[u8]| bytes.eq_ignore_ascii_case(word);
        let found = match bytes {
            [b'1' | b't' | b'T' | b'y' | b'Y'] => Some(true),
            [b'0' | b'f' | b'F' | b'n' | b'N'] => Some(false),
            [_, _] => is(b"no").then_some(false),
            [_, _, _] => is(b"yes").then_some(true),
            [_, _, _, _] => is(b"true").then_some(true),
            [_, _, _, _, _] => is(b"false").then_some(false),
            _ => None,
        };
        match found {
            Some(true) => Value::Word(Word::True),
            Some(false) => Value::Word(Word::False),
            None => Value::Misfit,
        }
    }
}
