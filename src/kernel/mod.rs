//! The kernels: what is done to every byte, once for each instruction set. *Unsafe room 1.*
//!
//! Knows bytes alone, never a record's meaning or a dialect. The algorithms ([`scan`], [`escape`],
//! [`weave`]) are written once over [`block::Block`]; a new instruction set is one file that
//! implements it, and one line in the table of `dispatch.rs`. The choice is made once a run, the
//! dispatch once a strip; below it everything is inlined for one instruction set. What other floors
//! say of a field ([`Values`]) is compiled into the weave, so for the instruction set too.
#![allow(unsafe_code)] // Room 1: vector intrinsics; each block says what proves it.

mod aligned;
mod along;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block;
mod by_sight;
mod cell;
mod cells;
mod column;
mod dirty;
mod dispatch;
mod eight;
mod escape;
mod fold;
mod kernels;
mod marks;
mod matcher;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod notes;
mod numbers;
mod portable;
mod scan;
mod shape;
mod span;
mod template;
mod unescape;
mod values;
mod wanted;
mod weave;
mod weave_values;

pub(crate) use aligned::AlignedNumbers;
pub(crate) use along::{Along, BEHIND, Visit};
pub(crate) use block::Block;
pub(crate) use by_sight::Sight;
pub(crate) use cell::Cell;
pub(crate) use cells::Cells;
pub(crate) use column::Column;
pub use dispatch::{Isa, Kernel};
pub use escape::MOST as MOST_ESCAPED;
pub(crate) use fold::{FoldMarks, Folded};
pub use marks::{Lead, Left, Marks};
pub use scan::{Counted, Index};
pub(crate) use span::{Arena, Span};
pub use template::Template;
pub(crate) use values::{NoRules, Values};
pub(crate) use wanted::Wanted;
pub(crate) use weave::Strip;
