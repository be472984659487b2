//! What a rule is.

use super::content::{Content, Form};
use super::hash::HashKey;
use super::value::Value;
use crate::kernel::Sight;

/// A rule: a mask or a type in a file of its own.
pub(crate) trait Rule {
    /// What is known of most values without a look at each; what [`Rule::value`] says of these must
    /// be the same.
    const SIGHT: Sight = Sight::Nothing;
    /// A value may not be what it should.
    const MISFITS: bool = false;

    /// What content that is not empty becomes.
    fn value<'a>(&self, content: &impl Content<'a>) -> Value;

    /// Whether every value of a field of this form is its text.
    fn is_text(&self, _form: Form) -> bool {
        false
    }

    /// Gives the pieces of a value that is [`Value::Made`].
    fn make<E>(
        &self,
        _from: &Making<'_>,
        _emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        Ok(())
    }
}

/// What a value is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Making<'a> {
    /// The field's content.
    pub(crate) content: &'a [u8],
    /// The key of hashes.
    pub(crate) key: Option<&'a HashKey>,
}

/// A part of a value that is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// JSON as it is.
    Json(&'a [u8]),
    /// Content of a string, which may need escapes, or have bytes that are no UTF-8.
    Text(&'a [u8]),
}

/// Something that is done with a rule, compiled for each.
pub(crate) trait Apply {
    /// What it comes to.
    type Output;

    /// Does it.
    fn apply<R: Rule>(self, rule: &R) -> Self::Output;
}

/// A rule with parameters, which are typed behind its name.
pub(super) trait Parameters: Sized {
    /// Reads them: `None` where `text` names no such rule.
    ///
    /// # Errors
    /// What is wrong with them.
    fn read(text: &str) -> Option<Result<Self, String>>;

    /// How it is typed.
    fn text(&self) -> String;
}

/// What stands in parentheses at the end of `text`, and what is before them.
pub(super) fn in_parentheses(text: &str) -> (&str, Option<&str>) {
    match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, within)) => (name, Some(within)),
        None => (text, None),
    }
}
