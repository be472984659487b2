//! The window: what one worker owns at a time.

use crate::input::Segment;
use std::sync::Arc;

/// A run of an input's bytes that one worker converts; windows follow one another without a gap.
#[derive(Debug)]
pub struct Window {
    /// The first byte, counted in the bytes that are parsed (after decoding).
    pub at: u64,
    /// The number of bytes.
    pub len: usize,
    /// Where it starts in the input's own bytes, for messages.
    pub input_at: u64,
    /// Whether a record plausibly starts with its first byte.
    pub plausible: bool,
    /// The mapped pages that hold it and where in them, if it is not in the worker's own buffer.
    pub(crate) mapped: Option<(Arc<Segment>, usize)>,
}

/// The number of bytes from `from` to `to`, which are in memory at once.
///
/// # Panics
/// They can't be.
pub(crate) fn distance(from: u64, to: u64) -> usize {
    to.checked_sub(from).and_then(|n| usize::try_from(n).ok()).expect("bytes that are in memory at once")
}

impl Window {
    /// A window whose bytes are at the front of the buffer that `claim` was given.
    pub fn buffered(at: u64, len: usize, input_at: u64, plausible: bool) -> Self {
        Self { at, len, input_at, plausible, mapped: None }
    }
}
