//! What a rule is.

use super::content::{Content, Form};
use super::value::Value;
use crate::kernel::Sight;

/// A rule: one type in a file of its own.
pub(crate) trait Rule {
    /// The name that the option takes.
    const NAME: &'static str;
    /// What is known of most values without a look at each; what [`Rule::value`] says of these must
    /// be the same.
    const SIGHT: Sight = Sight::Nothing;
    /// A value may not be what it should.
    const MISFITS: bool = false;

    /// What content that is not empty becomes.
    fn value<'a>(content: &impl Content<'a>) -> Value;

    /// Whether every value of a field of this form is its text.
    fn is_text(_form: Form) -> bool {
        false
    }
}

/// Something that is done with a rule, compiled for each.
pub(crate) trait Apply {
    /// What it comes to.
    type Output;

    /// Does it.
    fn apply<R: Rule>(self) -> Self::Output;
}
