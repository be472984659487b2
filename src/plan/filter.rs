//! Which records are written at all: those whose fields are, or are not, these texts.

use crate::header::Header;
use serde::{Deserialize, Serialize};

/// What a field must be, or must not be, for its record to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column's name.
    pub column: String,
    /// The field's text, without quotes and escapes.
    pub text: String,
    /// Whether the field must be this, or must not.
    pub is: bool,
}

/// A condition of one input.
#[derive(Clone, Debug)]
pub(crate) struct FieldCondition {
    /// The field; `None` where the input has no such column, so that no field is the text.
    pub(crate) field: Option<u32>,
    pub(crate) text: Box<str>,
    pub(crate) is: bool,
}

/// The conditions for an input with `header`.
pub(super) fn conditions(filter: &[Condition], header: &Header) -> Box<[FieldCondition]> {
    let conditions = filter.iter().map(|Condition { column, text, is }| FieldCondition {
        field: header.position(column).and_then(|field| u32::try_from(field).ok()),
        text: text.as_str().into(),
        is: *is,
    });
    conditions.collect()
}
