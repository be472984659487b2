//! The plan: what header and options come to, compiled once for each input.
//!
//! Below this floor nothing looks a name up. What becomes of values is in `rule/`.

mod columns;
mod compile;
mod format;
mod nest;
mod quoted;
mod resolve;
pub(crate) mod rule;
mod together;

pub use columns::Columns;
pub(crate) use compile::{MOST_TYPED, Plan, size_for};
pub use format::Format;
pub(crate) use rule::Transform;
pub use rule::{Empty, HashKey, Mask, Type};
pub(crate) use together::Together;
