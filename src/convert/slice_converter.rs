//! What the conversion of a slice needs at every record: the slice, the run, the worker's scratch
//! memory, and a place in the slice.
//!
//! `convert_slice.rs` has the loop, `strip.rs` has what the kernels do, and `record.rs` converts
//! one record.

use super::clue::{Clue, Remedy, ShownValue};
use super::counts::SlicePosition;
use super::mode::OnAnomaly;
use super::run::Run;
use super::slice::{Reject, Slice, Stop, Tail};
use crate::error::Anomaly;
use crate::kernel::Cells;
use crate::output::{Record, ValueBuffers};

/// The conversion of one slice.
pub(super) struct SliceConverter<'c, 'r, 's, 'w> {
    pub(super) run: &'c Run<'r>,
    pub(super) slice: &'c mut Slice<'r, 's, 'w>,
    pub(super) cells: &'c mut Cells,
    pub(super) buffers: &'c mut ValueBuffers,
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

/// An anomaly of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) anomaly: Anomaly,
    /// How often the record has it.
    pub(super) n: u64,
    /// The byte in the slice, and the column, of the first.
    pub(super) at: usize,
    pub(super) column: u64,
    pub(super) evidence: Evidence,
}

/// Where to look for what can be said of an anomaly.
#[derive(Clone, Copy, Debug)]
pub(super) enum Evidence {
    None,
    /// A quoted field; its quote is byte `opens` of the slice.
    Quote {
        opens: usize,
        remedy: Remedy,
    },
    /// The value of this field, counted from 0.
    Value(usize),
}

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

    /// The position of an anomaly of `record`, the record of that number, and what is seen there.
    pub(super) fn sighting(&self, found: &Found, record: &Record<'_>, number: u64) -> SlicePosition {
        let reader = &self.run.reader;
        let clue = match found.evidence {
            Evidence::None => Clue::None,
            Evidence::Quote { opens, remedy } => {
                Clue::Quote { lines: self.position(opens, None, 0).lines, remedy }
            }
            Evidence::Value(field) => match self.run.plan.typed_place(field) {
                Some(typed) => {
                    let value = ShownValue::new(&reader.dialect, reader.trim, record, field);
                    Clue::Value { value, typed }
                }
                None => Clue::None,
            },
        };
        SlicePosition { clue, ..self.position(found.at, Some(found.column), number) }
    }

    /// Counts an anomaly of `record`, the record of that number.
    pub(super) fn count(&mut self, found: &Found, record: &Record<'_>, number: u64) {
        if self.slice.counts.add(found.anomaly, found.n) {
            let position = self.sighting(found, record, number);
            self.slice.counts.set_first(found.anomaly, position);
        }
    }

    /// Whether a record is judged before it is written.
    pub(super) fn judges_first(&self) -> bool {
        self.run.on_anomaly.judges_first() || self.slice.counts_errors()
    }

    /// Counts a record of several lines, which starts at byte `at`.
    pub(super) fn count_multiline(&mut self, at: usize, number: u64) {
        self.slice.counts.multiline.count += 1;
        if self.slice.counts.multiline.first.is_none() {
            self.slice.counts.multiline.first = Some(self.position(at, None, number));
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
                self.slice.allow(1, anomaly, &position)?;
                if self.slice.counts.add(anomaly, 1) {
                    self.slice.counts.set_first(anomaly, position);
                }
                self.slice.counts.records += 1;
                let why = [Some((anomaly, position)), None, None, None, None];
                let reject = Reject { start: at, end: at + n, ended: true, why };
                self.slice.reject(reject)?;
                self.step_to(at + n, 1);
                Ok(None)
            }
        }
    }
}
