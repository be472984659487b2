//! `--mask COLUMN:phone`: three stars and the last two digits, of more than four.

use super::content::Content;
use super::definition::{Making, Piece, Rule};
use super::value::Value;

pub(super) struct Phone;

impl Rule for Phone {
    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        let bytes = content.bytes();
        match bytes {
            [.., a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (tail, n) = (bytes.len() - 2, bytes.len());
                Value::Part { head: 0, stars: true, tail: if has_enough(bytes) { tail } else { n } }
            }
            _ => Value::Made,
        }
    }

    fn make<E>(
        &self,
        Making { content, .. }: &Making<'_>,
        emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        emit(Piece::Json(b"\"***"))?;
        let mut last = [0; 2];
        if has_enough(content) {
            for digit in content.iter().filter(|byte| byte.is_ascii_digit()) {
                last = [last[1], *digit];
            }
            emit(Piece::Json(&last))?;
        }
        emit(Piece::Json(b"\""))
    }
}

/// Of a shorter number two digits would tell too much.
fn has_enough(bytes: &[u8]) -> bool {
    bytes.iter().map(|byte| usize::from(byte.is_ascii_digit())).sum::<usize>() > 4
}
