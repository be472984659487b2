//! What an output codec is.

use std::io;
use std::ops::RangeInclusive;

/// A way to compress bytes.
pub(super) struct Codec {
    pub(super) name: &'static str,
    pub(super) extension: &'static str,
    pub(super) levels: RangeInclusive<u8>,
    /// The default.
    pub(super) level: u8,
    /// The bytes that a context takes: measured, and checked by a test.
    pub(super) context: fn(u8) -> usize,
    /// Makes a context for a level; `None` if this build leaves the codec out.
    pub(super) open: Option<Open>,
}

/// Makes a context for a level.
pub(super) type Open = fn(u8) -> io::Result<Box<dyn Squeeze>>;

/// A codec with its context.
pub(super) trait Squeeze: Send {
    /// Makes one member or frame of `raw` and returns its length.
    fn squeeze(&mut self, raw: &[u8], to: &mut [u8]) -> io::Result<usize>;
}
