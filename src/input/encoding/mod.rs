//! The encodings of inputs.
//!
//! An encoding of one byte a character is parsed as it is (`charset.rs`); text in all others is
//! decoded as it is read (`decode.rs`), and [`Width`] maps its places back.

#[cfg(not(feature = "encodings"))]
mod left_out;
#[cfg(feature = "encodings")]
mod standard;
mod width;

#[cfg(not(feature = "encodings"))]
use left_out as standard;

use crate::by_text::by_text;
use std::fmt;

pub use standard::Encoding;
pub(super) use standard::by_mark;
pub(crate) use standard::guess;
pub(super) use width::Width;
#[cfg(feature = "encodings")]
pub(super) use width::malformed;

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

by_text!(Encoding, |encoding| encoding.name().to_owned(), |label| Encoding::for_label(label).ok());
