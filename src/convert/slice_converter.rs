//! What the conversion of a slice needs at every record: the slice, the run, the worker's scratch
//! memory, and a place in the slice.
//!
//! `convert_slice.rs` has the loop, `strip.rs` has what the kernels do, and `record.rs` converts
//! one record.

use super::counts::SlicePosition;
use super::mode::OnAnomaly;
use super::run::Run;
use super::slice::{Reject, Slice, Stop, Tail};
use crate::error::Anomaly;
use crate::kernel::Cells;
use crate::output::Gather;

/// The conversion of one slice.
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

/// Returns the range of the fields of record `number` of a strip: the number of its first field,
/// and that of the first field behind it. `records` holds the second number for each record.
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

    /// Returns the tail of a slice that ends within the record at the anchor.
    pub(super) fn unfinished(&mut self) -> Result<Option<Tail>, Stop<'r, 's>> {
        let at = self.anchor;
        if self.slice.bytes.len() - at > self.run.sizes.max_record {
            return self.overlong();
        }
        Ok(Some(Tail::Record(at)))
    }

    /// Handles a record at the anchor that is too long. Returns an error, or rejects the first line
    /// of the record and continues behind it.
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
