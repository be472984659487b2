//! This file finds up to where a strip is valid text. An invalid byte costs its record, not its
//! strip.

use super::record_reader::RecordReader;
use super::slice_converter::{Cursor, fields_of};
use crate::charset::Charset;
use crate::kernel::Index;
use bstr::ByteSlice;

/// What is known of a strip.
pub(super) struct Valid {
    /// All of it is valid without a look.
    all: bool,
    /// No record can be converted as it is.
    none: bool,
    charset: Charset,
    /// What was looked at is valid up to this byte.
    end: usize,
    /// The byte at `end` is not valid.
    ends_here: bool,
}

impl Valid {
    /// Starts with what the scan found.
    pub(super) fn new(reader: &RecordReader, index: &Index) -> Self {
        let all = !reader.always_decode && (!index.high() || reader.marks.page.is_some());
        let (none, charset) = (reader.always_decode, reader.dialect.charset);
        Self { all, none, charset, end: 0, ends_here: false }
    }

    /// Returns the number of the first record from the cursor on that is not valid, or `until`.
    pub(super) fn until(&mut self, strip: &[u8], index: &Index, cursor: Cursor, until: usize) -> usize {
        if self.all || cursor.record >= until {
            return until;
        }
        if self.none {
            return cursor.record;
        }
        let end_of = |record: usize| index.ends()[fields_of(index.records(), record).1 - 1] as usize;
        if self.end <= cursor.at {
            let whole = &strip[cursor.at..end_of(index.records().len() - 1)];
            let valid = match self.charset {
                _ if self.charset.is_utf8(whole) => whole.len(),
                Charset::Utf8 => {
                    simdutf8::compat::from_utf8(whole).map_or_else(|error| error.valid_up_to(), str::len)
                }
                Charset::Page(_) => whole.find_non_ascii_byte().unwrap_or(whole.len()),
            };
            (self.end, self.ends_here) = (cursor.at + valid, valid < whole.len());
        }
        if !self.ends_here {
            return until;
        }
        let (mut low, mut high) = (cursor.record, until);
        while low < high {
            let middle = low.midpoint(high);
            if end_of(middle) <= self.end { low = middle + 1 } else { high = middle }
        }
        low
    }
}
