//! Zip archives: the members that are read as inputs, and the text of each.
//!
//! The directory at the end of the file is what counts. It is read as a stream: of a million
//! members only those that are wanted are kept, and there is a limit on these. A member is unpacked
//! as a compressed file is; its length and check sum are verified at its end.
//!
//! Names of members are shown and matched, never opened.

mod directory;
mod glob;
mod member;
mod record;
mod text;

pub(crate) use directory::members;
pub(crate) use member::Member;
pub(super) use text::{Packed, begin};
