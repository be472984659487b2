//! `--mask COLUMN:year`: of a date its year.

use super::content::Content;
use super::definition::{Making, Piece, Rule};
use super::value::Value;

pub(super) struct Year;

impl Rule for Year {
    #[inline(always)]
    fn value<'a>(&self, _: &impl Content<'a>) -> Value {
        Value::Made
    }

    fn make<E>(
        &self,
        Making { content, .. }: &Making<'_>,
        emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // Runs of digits, and what is between.
        let mut runs = content.split(|byte| !byte.is_ascii_digit());
        let year = runs.find(|run| run.len() == 4).unwrap_or(b"***");
        [&b"\""[..], year, b"\""].into_iter().try_for_each(|piece| emit(Piece::Json(piece)))
    }
}
