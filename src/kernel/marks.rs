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
    /// The regular records that the weave leaves to the caller.
    pub left: Option<Left>,
    /// Makes the next byte content, inside quotes and outside.
    pub escape: Option<u8>,
    /// What bytes mean behind it, if not all are themselves.
    pub meanings: Option<&'static Meanings>,
    /// A record of an escape and a point ends the data.
    pub end_data: bool,
    /// Two quotes within quotes are one of the content.
    pub doubled: bool,
    /// Blanks and tabs end fields, and runs of them are one delimiter.
    pub whitespace: bool,
    /// Delimiters, terminators and quotes stand for several bytes where they are content.
    pub folded: bool,
    /// What is noted of fields beside their ends.
    pub wanted: Wanted,
    /// Bytes from 0x80 stand for characters of this code page, so fields with one are dirty. None
    /// of them is unmapped.
    pub page: Option<&'static Page>,
}

/// Regular records that are no more than their fields to the weave, but are to the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Those that start so.
    pub leads: [Option<Lead>; 2],
    /// Those whose last field is not empty. It is none of the fields that are written.
    pub unended: bool,
    /// Those whose fields may all be empty.
    pub empty: bool,
}

/// What records start with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    word: u64,
    mask: u64,
}

impl Lead {
    /// The first eight of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let (mut word, mut mask) = ([0; 8], [0; 8]);
        let n = bytes.len().min(8);
        word[..n].copy_from_slice(&bytes[..n]);
        mask[..n].fill(0xff);
        Self { word: u64::from_le_bytes(word), mask: u64::from_le_bytes(mask) }
    }

    fn is_at(self, from: &[u8]) -> bool {
        from.first_chunk().is_some_and(|first| u64::from_le_bytes(*first) & self.mask == self.word)
    }
}

impl Left {
    /// Whether records with empty last fields are all that is not left.
    pub fn is_only_unended(&self) -> bool {
        *self == Self { unended: true, ..Self::default() }
    }
}

impl Marks {
    /// Whether the weave leaves the record that starts at `start`, with these field ends, to the
    /// caller. There are eight bytes behind its start.
    #[inline(always)]
    pub(super) fn leaves(&self, from: &[u8], start: usize, ends: &[u32]) -> bool {
        let Some(left) = &self.left else { return false };
        let first = u64::from(from[start]);
        let may_lead = left.leads.iter().flatten().any(|lead| lead.word & 0xff == first);
        (may_lead || left.unended || left.empty) && self.surely_leaves(left, from, start, ends)
    }

    /// As [`Marks::leaves`]. Apart: few files have such.
    #[inline(never)]
    fn surely_leaves(&self, left: &Left, from: &[u8], start: usize, ends: &[u32]) -> bool {
        let Some(end) = ends.last() else { return false };
        if left.unended
            && let [.., before, end] = ends
            && before + 1 != *end
        {
            return true;
        }
        let from = &from[start..];
        left.leads.iter().flatten().any(|lead| lead.is_at(from))
            || left.empty && self.may_be_empty(&from[..*end as usize - start])
    }

    /// Whether all fields of a record may be empty. If not, one is found soon in most data.
    fn may_be_empty(&self, record: &[u8]) -> bool {
        let rest = match record.iter().position(|byte| *byte != self.delimiter) {
            None => return true,
            Some(at) => &record[at..],
        };
        let is_blank = match self.page {
            Some(page) => page.is_blank(rest[0]),
            // As much of a longer white space character as a look at one byte allows.
            None => matches!(rest[0], 0..=0x20 | 0xc2 | 0xe1..=0xe3),
        };
        let quotes = self.quote == Some(rest[0]) && (rest.len() < 2 || self.quote == Some(rest[1]));
        quotes || self.edges && is_blank
    }
}

impl Marks {
    /// Those of CSV, trimmed.
    pub const CSV: Self = Self {
        delimiter: b',',
        quote: Some(b'"'),
        terminators: [b'\n', b'\r'],
        pairs: true,
        edges: true,
        left: None,
        escape: None,
        meanings: None,
        end_data: false,
        doubled: true,
        whitespace: false,
        folded: false,
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
        let plain = plain && !self.folded && !self.whitespace;
        let (escape, page, doubled) = (None, None, true);
        let (meanings, end_data, whitespace, folded) = (None, false, false, false);
        plain.then_some(Self { escape, meanings, end_data, page, doubled, whitespace, folded, ..*self })
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
