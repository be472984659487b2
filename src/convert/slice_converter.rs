//! What the conversion of a slice needs at every record: the slice, the run, the worker's scratch
//! memory, and a place in the slice.
//!
//! `convert_slice.rs` has the loop, `strip.rs` what the kernels do, `record.rs` what is done with
//! one record.

use super::counts::SlicePosition;
use super::mode::OnAnomaly;
use super::run::Run;
use super::slice::{Reject, Slice, Stop, Tail};
use crate::error::Anomaly;
use crate::kernel::Cells;
use crate::output::Gather;

/// Converts one slice.
pub(super) struct SliceConverter<'c, 'r, 's, 'w> {
    pub(super) run: &'c Run<'r>,
    pub(super) slice: &'c mut Slice<'r, 's, 'w>,
    pub(super) cells: &'c mut Cells,
    pub(super) gather: &'c mut Gather,
    /// The first byte that is not converted. `slice.counts.lines` counts up to here.
    pub(super) anchor: usize,
}

/// A place in a scanned strip: the number of the next record, and its first byte.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    pub(super) record: usize,
    pub(super) at: usize,
}

/// The fields of record `number` of a strip, first and last, by the numbers of the fields that the
/// records of an index end with.
pub(super) fn fields_of(records: &[u32], number: usize) -> (usize, usize) {
    let first = if number == 0 { 0 } else { records[number - 1] as usize };
    (first, records[number] as usize)
}

/// An anomaly of a record: its kind, the byte in the slice, and the column.
pub(super) type Found = (Anomaly, usize, u64);

impl<'r, 's> SliceConverter<'_, 'r, 's, '_> {
    /// Moves the anchor to `next`, over `n_lines` line ends.
    pub(super) fn step_to(&mut self, next: usize, n_lines: u64) {
        self.anchor = next;
        self.slice.counts.lines += n_lines;
    }

    /// The position of byte `at`, which is not before the anchor.
    pub(super) fn position(&self, at: usize, column: Option<u64>, record: u64) -> SlicePosition {
        self.slice.position((self.slice.counts.lines, self.anchor), at, column, record)
    }

    /// Counts an anomaly `n` times; `record` is the number of the record of the first.
    pub(super) fn count(&mut self, (anomaly, at, column): Found, n: u64, record: u64) {
        if self.slice.counts.add(anomaly, n) {
            let position = self.position(at, Some(column), record);
            self.slice.counts.set_first(anomaly, position);
        }
    }

    /// The slice ends within the record at the anchor.
    pub(super) fn unfinished(&mut self) -> Result<Option<Tail>, Stop<'r, 's>> {
        let at = self.anchor;
        if self.slice.bytes.len() - at > self.run.sizes.max_record {
            return self.overlong();
        }
        Ok(Some(Tail::Record(at)))
    }

    /// The record at the anchor is too long: an error, or its first line is rejected and the
    /// conversion goes on behind it.
    pub(super) fn overlong(&mut self) -> Result<Option<Tail>, Stop<'r, 's>> {
        let (run, at) = (self.run, self.anchor);
        let bytes = self.slice.bytes;
        let position = self.position(at, None, self.slice.counts.records + 1);
        if run.on_anomaly != OnAnomaly::Reject {
            let mut machine = run.reader.machine();
            let mut start = at;
            let shown = &bytes[..bytes.len().min(at + run.sizes.max_record + 1)];
            let ended = machine.record(shown, at, |end| start = end + 1);
            let open_quote = (ended.is_none() && machine.is_quoted()).then(|| {
                let field = run.reader.field(shown, start, shown.len());
                self.position(field.start(), None, 0)
            });
            return Err(self.slice.overlong(&position, open_quote));
        }
        match run.reader.line_end(&bytes[at..]) {
            None => Ok(Some(Tail::Line(at))),
            Some(n) => {
                let anomaly = Anomaly::OverlongRecord;
                if self.slice.counts.add(anomaly, 1) {
                    self.slice.counts.set_first(anomaly, position);
                }
                self.slice.counts.records += 1;
                let reject = Reject { start: at, end: at + n, ended: true, anomaly, position };
                self.slice.reject(reject)?;
                self.step_to(at + n, 1);
                Ok(None)
            }
        }
    }
}
