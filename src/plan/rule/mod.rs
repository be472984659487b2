//! What the values of a column become: one file a rule, one line of a table for each.
//!
//! A [`Rule`] makes a [`Value`] of the content of a field; the value says what to write and writes
//! nothing. The same function serves the weave, which has the content at hand, and the general way,
//! which may have to put it together first. It does not know which of them asks, nor where the
//! content came from.
//!
//! Rules of one column apply in this order: null and empty look at the field as it is; then a
//! caller's own transforms, in the order given; then the mask, the type, or the inference. What a
//! transform leaves empty is empty.
//!
//! Advice for maintainers: a new mask or type is a file here and a line in its table; options,
//! help, messages and tests read the tables. [`Rule::SIGHT`] spares most values a look at all,
//! [`Content::word`] one at each byte.

mod boolean;
mod content;
mod date;
mod definition;
mod domain;
mod email;
mod empty;
mod float;
mod hash;
mod infer;
mod infer_comma;
mod int;
mod json;
mod last4;
mod layout;
mod notation;
mod null;
mod number;
mod pattern;
mod phone;
mod prefix;
mod redact;
mod rules;
mod string;
mod table;
mod token;
mod transform;
mod value;
mod year;

pub(crate) use content::{Content, Form, Whole};
pub use date::Date;
pub(crate) use definition::{Apply, Making, Piece, Rule};
pub use empty::Empty;
pub use hash::HashKey;
pub(crate) use hash::{hashed, hexadecimal};
pub(crate) use json::is_json;
pub use notation::Notation;
pub(crate) use number::{digits, number};
pub use prefix::Prefix;
pub(crate) use rules::{ColumnRule, Last, Rules, otherwise};
pub use table::{Mask, Type};
pub use token::{EmailToken, Token};
pub(crate) use transform::Transform;
pub(crate) use value::{Value, Word};

#[cfg(test)]
mod tests;
