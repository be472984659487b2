//! The conversion of one record: it is judged, and written or rejected.

use super::clue::Remedy;
use super::dropped::DroppedAs;
use super::mode::{Mode, OnAnomaly};
use super::slice::{Reject, Stop};
use super::slice_converter::{Evidence, Found, SliceConverter};
use crate::error::Anomaly;
use crate::output::{Findings, Record};

/// What happened to a record.
pub(super) enum Outcome {
    Done,
    /// Nothing: it is too long.
    Overlong,
}

/// What reading a record showed, beside where its fields end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Its bytes may be invalid.
    pub(super) decode: bool,
    /// The start of a field whose quote is open.
    pub(super) unclosed: Option<usize>,
    /// Something follows the closing quote of a field.
    pub(super) has_tail: bool,
    /// It has several lines.
    pub(super) multiline: bool,
    /// A terminator ends it.
    pub(super) ended: bool,
}

/// What may be found in a record: what makes the others first, since the first is what `strict`
/// reports.
type AllFound = [Option<Found>; 5];

impl<'r, 's> SliceConverter<'_, 'r, 's, '_> {
    /// Converts one record, whose terminator ends before `next`.
    pub(super) fn record(
        &mut self,
        record: &Record<'_>,
        next: usize,
        reading: Reading,
    ) -> Result<Outcome, Stop<'r, 's>> {
        let run = self.run;
        if record.end - record.start > run.sizes.max_record {
            return Ok(Outcome::Overlong);
        }
        if let Some(kind) = run.reader.drops(record) {
            self.slice.counts.dropped.count(kind);
            return Ok(Outcome::Done);
        }
        let record = &run.reader.without_trailing(record);
        if !run.reader.passes(run.plan.conditions(), record) {
            self.slice.counts.dropped.count(DroppedAs::Filtered);
            return Ok(Outcome::Done);
        }
        self.slice.counts.records += 1;
        let number = self.slice.counts.records;
        if reading.multiline {
            self.count_multiline(record.start, number);
        }
        let stray = if reading.has_tail { self.stray(record) } else { None };
        let unclosed = reading.unclosed.map(|start| self.unclosed(record, start));
        let shape = [stray, unclosed, odd_width(record, run.plan.n_fields())];
        let encoder = run.reader.encoder(run.plan);
        if self.judges_first() {
            let findings = encoder.judge(self.slice, self.buffers, record, !reading.decode)?;
            let found = all(shape, &findings);
            if let Some(first) = found.iter().flatten().next() {
                if run.on_anomaly == OnAnomaly::Fail {
                    let position = self.sighting(first, record, number);
                    return Err(self.slice.fail(first.anomaly, &position));
                }
                if self.slice.counts_errors() {
                    let n = found.iter().flatten().map(|found| found.n).sum();
                    let position = self.sighting(first, record, number);
                    self.slice.allow(n, first.anomaly, &position)?;
                }
                if run.on_anomaly != OnAnomaly::Reject {
                    return self.write(record, &reading, shape, number);
                }
                self.count_all(&found, record, number);
                let why = found
                    .map(|found| found.map(|found| (found.anomaly, self.sighting(&found, record, number))));
                let ended = reading.ended;
                self.slice.reject(Reject { start: record.start, end: next, ended, why })?;
                return Ok(Outcome::Done);
            }
        }
        self.write(record, &reading, shape, number)
    }

    /// Writes a record, if records are written, and counts what is found in it.
    fn write(
        &mut self,
        record: &Record<'_>,
        reading: &Reading,
        shape: [Option<Found>; 3],
        number: u64,
    ) -> Result<Outcome, Stop<'r, 's>> {
        let run = self.run;
        let encoder = run.reader.encoder(run.plan);
        let findings = if run.mode.writes() {
            let byte = if run.plan.needs_place() {
                let text = (self.slice.bytes, self.slice.text_at);
                self.slice.input_bytes.at(&*run.input, text, record.start)
            } else {
                0
            };
            encoder.record(self.slice, self.buffers, record, !reading.decode, byte)?
        } else {
            encoder.judge(self.slice, self.buffers, record, !reading.decode)?
        };
        self.count_all(&all(shape, &findings), record, number);
        if run.mode == Mode::Survey {
            self.survey(record, number, !reading.decode)?;
        }
        Ok(Outcome::Done)
    }

    fn count_all(&mut self, all: &AllFound, record: &Record<'_>, number: u64) {
        for found in all.iter().flatten() {
            self.count(found, record, number);
            if found.anomaly == Anomaly::TypeMismatch {
                let places = self.buffers.misfitting.iter();
                for place in places.filter_map(|field| self.run.plan.typed_place(*field as usize)) {
                    self.slice.counts.misfit(place, 1);
                }
            }
        }
    }

    /// The fields of a record with text behind their closing quote.
    fn stray(&self, record: &Record<'_>) -> Option<Found> {
        let reader = &self.run.reader;
        let (mut n, mut first, mut column) = (0, None, 0);
        reader.each_field(record, |field| {
            column += 1;
            if let Some(at) = field.stray_quote(&reader.dialect) {
                n += 1;
                first.get_or_insert((at, column, field.start()));
            }
        });
        let (at, column, opens) = first?;
        let remedy = Remedy::of(&reader.dialect, record.bytes, at);
        Some(Found {
            anomaly: Anomaly::StrayQuote,
            n,
            at,
            column,
            evidence: Evidence::Quote { opens, remedy },
        })
    }

    /// The last field of a record, which starts at `start` and is still quoted.
    fn unclosed(&self, record: &Record<'_>, start: usize) -> Found {
        let at = self.run.reader.field(record.bytes, start, record.end).start();
        let remedy = Remedy::of_unclosed(&self.run.reader.dialect);
        let (column, evidence) = (record.n_fields as u64, Evidence::Quote { opens: at, remedy });
        Found { anomaly: Anomaly::UnclosedQuote, n: 1, at, column, evidence }
    }
}

/// What was found, in the order in which it is reported.
fn all([stray, unclosed, width]: [Option<Found>; 3], findings: &Findings) -> AllFound {
    let found = |anomaly, n, (at, field): (usize, usize), evidence| {
        Some(Found { anomaly, n, at, column: field as u64 + 1, evidence })
    };
    let invalid =
        findings.first.and_then(|at| found(Anomaly::InvalidBytes, findings.n_invalid, at, Evidence::None));
    let misfit = findings
        .first_misfit
        .and_then(|at| found(Anomaly::TypeMismatch, findings.n_misfits, at, Evidence::Value(at.1)));
    [stray, unclosed, width, invalid, misfit]
}

/// Too few fields, or too many.
fn odd_width(record: &Record<'_>, n_wanted: usize) -> Option<Found> {
    let (anomaly, at, column) = if record.n_fields < n_wanted {
        (Anomaly::ShortRecord, record.start, record.n_fields as u64 + 1)
    } else if record.n_fields > n_wanted {
        (Anomaly::LongRecord, record.field(n_wanted - 1).1 + 1, n_wanted as u64 + 1)
    } else {
        return None;
    };
    Some(Found { anomaly, n: 1, at, column, evidence: Evidence::None })
}
