//! The window: the bytes that one worker owns at a time.

use super::map::Segment;
use std::sync::Arc;

/// A run of an input's text that one worker converts. Windows follow one another without a gap.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Its first byte, counted in the text, after decoding.
    pub at: u64,
    /// The number of bytes.
    pub len: usize,
    /// Its first byte in the input, before decoding. For messages.
    pub input_at: u64,
    /// The mapped segment that holds it, and where it starts there. `None` if it is in the worker's
    /// buffer.
    pub(super) mapped: Option<(Arc<Segment>, usize)>,
}

impl Window {
    /// A window whose bytes are at the front of the worker's buffer.
    pub(crate) fn buffered(at: u64, len: usize, input_at: u64) -> Self {
        Self { at, len, input_at, mapped: None }
    }
}

/// The number of bytes from `from` to `to`, which are in memory at once.
///
/// # Panics
/// They cannot be.
pub(super) fn distance(from: u64, to: u64) -> usize {
    to.checked_sub(from).and_then(|n| usize::try_from(n).ok()).expect("bytes that are in memory at once")
}
