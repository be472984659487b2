//! Bytes to records and fields: what the dialect means.
//!
//! [`Machine`] is the reference: one byte at a time, every dialect. It defines the meaning; the the
//! kernels are compared with it, and it reads what they decline. This file does not know what a
//! field becomes.

mod blank;
mod cut;
mod field;
mod lines;
mod reference;
mod text;

pub use cut::Cutter;
pub use field::Field;
pub(crate) use lines::{count_lines, last_line_end, line_end};
pub use reference::{Ended, Machine};
pub(crate) use text::{Text, close_run};
