//! The bytes that shape a file, as the kernels need them.

use super::wanted::Wanted;
use crate::charset::Page;
use crate::escapes::Meanings;

/// The bytes that shape a file, as the scan needs them.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// Ends a field.
    pub delimiter: u8,
    /// Opens and closes quoted fields.
    pub quote: Option<u8>,
    /// Each of the two ends a record; both may be the same byte.
    pub terminators: [u8; 2],
    /// The first terminator right after the second ends nothing by itself (LF after CR).
    pub pairs: bool,
    /// Mark fields as dirty that start or end with a byte up to 0x20 or from 0x80: what trimming
    /// may touch.
    pub edges: bool,
    /// A record that starts with this byte is left to the caller by the weave.
    pub comment: Option<u8>,
    /// Makes the next byte content, inside quotes and outside.
    pub escape: Option<u8>,
    /// What bytes mean behind it, if not all are themselves.
    pub meanings: Option<&'static Meanings>,
    /// A record of an escape and a point ends the data.
    pub end_data: bool,
    /// Two quotes within quotes are one of the content.
    pub doubled: bool,
    /// What is noted of fields beside their ends.
    pub wanted: Wanted,
    /// Bytes from 0x80 stand for characters of this code page, so fields with one are dirty. None
    /// of them is unmapped.
    pub page: Option<&'static Page>,
}

impl Marks {
    /// Those of CSV, trimmed.
    pub const CSV: Self = Self {
        delimiter: b',',
        quote: Some(b'"'),
        terminators: [b'\n', b'\r'],
        pairs: true,
        edges: true,
        comment: None,
        escape: None,
        meanings: None,
        end_data: false,
        doubled: true,
        wanted: Wanted::NOTHING,
        page: None,
    };
}

impl Marks {
    /// The same with what is rare known to be absent, if it is: what is inlined below such a copy
    /// has no branch for it.
    #[inline(always)]
    pub(super) fn plain(&self) -> Option<Self> {
        let plain = self.escape.is_none() && self.page.is_none() && self.doubled;
        let (escape, page, doubled) = (None, None, true);
        plain.then_some(Self { escape, meanings: None, end_data: false, page, doubled, ..*self })
    }

    /// Whether a record of one field that starts with `first` may be the one that ends the data.
    #[inline(always)]
    pub(super) fn may_end_data(&self, first: u8) -> bool {
        self.end_data && self.escape == Some(first)
    }
}

impl Default for Marks {
    fn default() -> Self {
        Self::CSV
    }
}
