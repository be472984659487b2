//! The end of an input whose last records are dropped.
//!
//! Whether a line end is in quotes is known only from the records before. So the windows leave some
//! bytes at the end of the input, and the worker that gets them waits for its turn. Then it knows
//! where a record starts, walks over the records, and converts all but the last ones.
//!
//! This file does not convert anything.

use super::committed::Committed;
use super::mode::OnAnomaly;
use super::record_reader::RecordReader;
use super::run::{Run, SkipLast};
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
    /// Calls `on_record` with the start of each record that counts, until it returns false.
    pub(super) fn records(&self, bytes: &[u8], mut on_record: impl FnMut(usize) -> bool) {
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
            if (is_overlong || reader.drops(&record).is_none()) && !on_record(at) {
                return;
            }
            let first_line = (is_overlong && self.rejects).then(|| reader.line_end(&bytes[at..]));
            at = first_line.map_or(next, |end| end.map_or(bytes.len(), |end| at + end));
        }
    }

    /// Counts the records, up to `most`.
    pub(super) fn count(&self, bytes: &[u8], most: u64) -> u64 {
        let mut n = 0;
        self.records(bytes, |_| {
            n += 1;
            n < most
        });
        n
    }
}

impl<'w> Walk<'w> {
    fn of(run: &'w Run<'_>) -> Self {
        let rejects = run.on_anomaly == OnAnomaly::Reject;
        Self { reader: &run.reader, max_record: run.sizes.max_record, rejects }
    }
}

/// Returns where the records that are dropped start in `bytes`, the end of the input, which start
/// with a record.
///
/// # Errors
/// There are not enough records in them.
pub(super) fn end_of_kept(run: &Run<'_>, committed: &Committed<'_>, bytes: &[u8]) -> Result<usize> {
    let Some(SkipLast { n, may_be_all }) = run.skip_last else { return Ok(bytes.len()) };
    let walk = Walk::of(run);
    let begun = committed.state.records > run.meter.passed.records;
    let n_kept = match walk.count(bytes, u64::MAX).checked_sub(n) {
        Some(n_kept) => n_kept,
        None if begun => return Err(too_long(committed.file)),
        None if may_be_all => 0,
        None => return Err(within_last(committed.file, committed.state.input_at)),
    };
    let (mut end, mut number) = (bytes.len(), 0);
    walk.records(bytes, |at| {
        end = at;
        number += 1;
        number <= n_kept
    });
    Ok(end)
}

/// Returns the start of the first record for which `is_wanted` says so; none at the front.
pub(super) fn first_record(run: &Run<'_>, bytes: &[u8], is_wanted: impl Fn(usize) -> bool) -> Option<usize> {
    let mut found = None;
    let walk = Walk::of(run);
    walk.records(bytes, |at| {
        found = (at > 0 && is_wanted(at)).then_some(at);
        found.is_none()
    });
    found
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

fn too_long(file: &str) -> Error {
    let reason = "its last records are longer than what is held back for `skip_last`, 16 KiB for each";
    ErrorKind::Unusable { path: file.to_owned(), reason }.into()
}
