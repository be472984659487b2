//! The plan: what header and options come to, compiled once for each input.
//!
//! Below this floor nothing looks a name up. What becomes of values is in `rule/`.

mod added;
mod column_names;
mod columns;
mod compile;
mod filter;
mod format;
mod layout;
mod name_style;
mod nest;
mod nul;
mod of_fields;
mod over;
mod own_values;
mod quoted;
mod resolve;
pub(crate) mod rule;
mod supplied;
mod together;

pub use added::{Added, AddedValue};
pub use columns::Columns;
pub(crate) use compile::{MOST_TYPED, Plan, size_for};
pub use filter::Condition;
pub(crate) use filter::FieldCondition;
pub use format::Format;
pub use name_style::NameStyle;
pub use nul::Nul;
pub(crate) use own_values::OwnValues;
pub(crate) use rule::Transform;
pub use rule::{Date, EmailToken, Empty, HashKey, Mask, Notation, Prefix, Token, Type};
pub(crate) use supplied::{IdOf, RecordId, Supplied, TextsHasher};
pub(crate) use together::Together;
