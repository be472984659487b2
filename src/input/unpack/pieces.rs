//! Pieces of a compressed file: what can be unpacked without the rest.
//!
//! A piece is a file of its format. That it can be unpacked to its end proves that it was cut where
//! a reader of the whole would have been between two members, frames or blocks: the bytes before
//! the cut are the same, and decide alone.

use std::io::{self, Read};

/// A piece of a compressed file.
pub(super) struct PackedPiece {
    /// A whole file of the same format, with this piece alone in it.
    pub(super) packed: Box<dyn Read + Send>,
    /// Where it ends in the file.
    pub(super) end: u64,
}

/// The pieces of a compressed file, in order.
pub(super) trait Pieces: Send {
    /// The next piece; `None` behind the last.
    ///
    /// # Errors
    /// The file cannot be read, or it is not certain where the piece ends.
    fn next(&mut self) -> io::Result<Option<PackedPiece>>;
}

/// The error where no cut is certain.
pub(super) fn uncertain() -> io::Error {
    io::Error::other("where this ends is not certain")
}
