//! What the values of a column have in common: types, nulls, lengths, the smallest and largest
//! number.
//!
//! Start reading at `kinds.rs`, which has the lattice of types. `judge.rs` says of one value what
//! it fits; it is the one definition. A [`ColumnTally`] is what a stretch of input comes to, of
//! fixed size; a [`ColumnSchema`] is what all of it comes to, and can be merged with what is behind
//! it. This floor does not know records, dialects or threads.

mod calendar;
mod column;
mod describe;
mod json_schema;
mod judge;
mod kinds;
mod nulls;
mod number_text;
mod personal;
mod stretch;
mod tally;

pub use column::{ColumnSchema, InvalidSeen, KeptFrom, NullsSeen, NumbersSeen, Schema, Sighting};
pub(crate) use kinds::KindSet;
pub use kinds::ValueType;
pub(crate) use stretch::Stretch;
pub(crate) use tally::{ColumnTally, Spot};
