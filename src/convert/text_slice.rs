//! Text in memory as a source.

use crate::input::Source;
use std::io::Read;

/// Text in memory.
pub(super) struct TextSlice<'t> {
    text: &'t [u8],
}

impl<'t> TextSlice<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text }
    }
}

impl Read for TextSlice<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.text.read(into)
    }
}

impl Source for TextSlice<'_> {
    fn name(&self) -> &str {
        "input"
    }

    fn size(&self) -> Option<u64> {
        Some(self.text.len() as u64)
    }
}
