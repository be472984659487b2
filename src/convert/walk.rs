//! A walk over records that only says where they start: what is needed to know which are the last.

use super::record_reader::RecordReader;
use crate::error::{Error, ErrorKind, Result};
use crate::input::InputReader;
use crate::output::Record;

/// The bytes that are looked at first for records behind a place.
const LOOK: usize = 16 << 10;

/// What says which bytes are a record.
#[derive(Clone, Copy)]
pub(super) struct Walk<'w> {
    pub(super) reader: &'w RecordReader,
    pub(super) max_record: usize,
    /// Of a longer record the first line is a record.
    pub(super) rejects: bool,
}

impl Walk<'_> {
    /// Calls `on_record` with the start of each record, and whether it counts as one, until it
    /// returns false. Comments and records that are passed over do not count.
    pub(super) fn records(&self, bytes: &[u8], mut on_record: impl FnMut(usize, bool) -> bool) {
        let reader = self.reader;
        let mut machine = reader.machine();
        let mut at = 0;
        while at < bytes.len() {
            let (mut n_fields, mut first, mut begin, mut end) = (0, at, at, at);
            machine.restart();
            let ended = machine.record(bytes, at, |field_end| {
                begin = if n_fields == 0 { at } else { end + 1 };
                n_fields += 1;
                end = field_end;
                if n_fields == 1 {
                    first = end;
                }
            });
            let next = match ended {
                Some(ended) if ended.comment => {
                    if !on_record(at, false) {
                        return;
                    }
                    at = ended.next;
                    continue;
                }
                None if machine.is_comment() => return,
                Some(ended) => ended.next,
                None => {
                    begin = if n_fields == 0 { at } else { end + 1 };
                    n_fields += 1;
                    end = bytes.len();
                    if n_fields == 1 {
                        first = end;
                    }
                    bytes.len()
                }
            };
            let ends = [u32::try_from(first - at).unwrap_or(u32::MAX)];
            let record = Record { bytes, start: at, end, ends: &ends, base: at, n_fields, last: begin };
            let is_overlong = end - at > self.max_record;
            if !on_record(at, is_overlong || reader.drops(&record).is_none()) {
                return;
            }
            let first_line = (is_overlong && self.rejects).then(|| reader.line_end(&bytes[at..]));
            at = first_line.map_or(next, |end| end.map_or(bytes.len(), |end| at + end));
        }
    }

    /// Counts the records, up to `most`.
    pub(super) fn count(&self, bytes: &[u8], most: u64) -> u64 {
        let mut n = 0;
        self.records(bytes, |_, counts| {
            n += u64::from(counts);
            n < most
        });
        n
    }
}

/// Checks that `n` records or more start at or behind byte `at` of the input, where a record
/// starts. At most `most` bytes are looked at.
///
/// # Errors
/// They are longer than that.
pub(super) fn has_records_at(
    reader: &mut dyn InputReader,
    walk: &Walk<'_>,
    at: u64,
    n: u64,
    most: usize,
) -> Result<bool> {
    let mut n_look = LOOK;
    loop {
        reader.seek(at, at)?;
        let look = reader.peek(n_look)?;
        let whole = look.len() < n_look;
        // The last that is seen may be longer, and not what it seems.
        let n_seen = walk.count(look, n + 1);
        if n_seen > n || whole {
            return Ok(n_seen >= n);
        }
        if n_look > most {
            return Err(too_long(reader.name()));
        }
        n_look *= 2;
    }
}

/// The error for a range that ends, or starts, where all is dropped.
pub(super) fn within_last(file: &str, at: u64) -> Error {
    let wrong = "is behind the first of the last records, which `skip_last` drops";
    ErrorKind::BadRange { path: file.to_owned(), at, wrong }.into()
}

/// The error for last records that are not all in what is held back.
pub(super) fn too_long(file: &str) -> Error {
    let reason = "its last records are longer than what is held back for `skip_last`, 16 KiB for each";
    ErrorKind::Unusable { path: file.to_owned(), reason }.into()
}
