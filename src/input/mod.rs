//! Inputs: mapped, read or streamed, behind one pair of traits.
//!
//! An [`InputReader`] is the half that one worker at a time holds under a lock; it looks at a few
//! kilobytes for each window. Its [`SharedInput`] does without a lock what takes time. This floor
//! knows neither records nor outputs.
#![deny(clippy::cast_possible_truncation)] // Offsets are u64: none is cut to fewer bits unseen.

#[cfg(feature = "encodings")]
mod decode;
#[cfg(test)]
mod dribble;
mod encoding;
mod fold;
mod foreign;
mod map;
mod mapped;
#[cfg_attr(not(feature = "encodings"), allow(dead_code, reason = "decoding uses the rest"))]
mod offset_map;
mod open;
mod patience;
mod read;
mod readahead;
mod section;
mod source;
mod stream;
mod unpack;
mod watch;
mod window;
mod zip;

pub use encoding::Encoding;
pub(crate) use encoding::guess;
pub use foreign::is_binary;
pub(crate) use foreign::{FOREIGN_LOOK, Foreign, recognise};
pub use open::Io;
pub(crate) use open::{Opened, ReadOptions, from_source, identity, identity_of, open, open_member, stdin};
pub use source::Source;
pub(crate) use source::{Ahead, InputReader, Loaded, Look, SharedInput};
pub use unpack::is_packed;
pub(crate) use unpack::unpacked_name;
pub(crate) use window::Window;
pub(crate) use zip::{Member, members};
