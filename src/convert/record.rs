//! The conversion of one record: it is judged, and written or rejected.

use super::mode::OnAnomaly;
use super::slice::{Reject, Stop};
use super::slice_converter::{Found, SliceConverter};
use crate::error::Anomaly;
use crate::output::{Findings, Record};

/// What happened to a record.
pub(super) enum Outcome {
    Done,
    /// Nothing: it is too long.
    Overlong,
}

impl<'r, 's> SliceConverter<'_, 'r, 's, '_> {
    /// Converts one record, whose terminator ends before `next`. `decode` says that its bytes may
    /// be invalid; `unclosed` is the start of a field whose quote is open.
    pub(super) fn record(
        &mut self,
        record: &Record<'_>,
        next: usize,
        decode: bool,
        unclosed: Option<usize>,
    ) -> Result<Outcome, Stop<'r, 's>> {
        let run = self.run;
        if record.end - record.start > run.sizes.max_record {
            return Ok(Outcome::Overlong);
        }
        let is_blank =
            |record: &Record<'_>| run.reader.field(record.bytes, record.start, record.end).is_blank();
        if record.n_fields == 1 && is_blank(record) {
            self.slice.counts.blank += 1;
            return Ok(Outcome::Done);
        }
        self.slice.counts.records += 1;
        let number = self.slice.counts.records;
        let unclosed = unclosed.map(|start| {
            let field = run.reader.field(record.bytes, start, record.end);
            (Anomaly::UnclosedQuote, field.start(), record.n_fields as u64)
        });
        let shape = [odd_width(record, run.plan.n_fields()), unclosed];
        let encoder = run.reader.encoder(run.plan);
        if run.on_anomaly.judges_first() {
            let findings = encoder.judge(self.slice, self.gather, record, !decode)?;
            let first = shape[0].or(shape[1]).or(invalid(&findings)).or(misfit(&findings));
            if let Some((anomaly, at, column)) = first {
                let position = self.position(at, Some(column), number);
                if run.on_anomaly == OnAnomaly::Fail {
                    return Err(self.slice.fail(anomaly, &position));
                }
                self.count_all(&shape, &findings, number);
                let ended = next > record.end;
                self.slice.reject(Reject { start: record.start, end: next, ended, anomaly, position })?;
                return Ok(Outcome::Done);
            }
        }
        let findings = if run.mode.writes() {
            encoder.record(self.slice, self.gather, record, !decode)?
        } else {
            encoder.judge(self.slice, self.gather, record, !decode)?
        };
        self.count_all(&shape, &findings, number);
        Ok(Outcome::Done)
    }

    fn count_all(&mut self, shape: &[Option<Found>], findings: &Findings, number: u64) {
        for found in shape.iter().flatten() {
            self.count(*found, 1, number);
        }
        if let Some(found) = invalid(findings) {
            self.count(found, findings.n_invalid, number);
        }
        if let Some(found) = misfit(findings) {
            self.count(found, findings.n_misfits, number);
        }
    }
}

/// Too few fields, or too many.
fn odd_width(record: &Record<'_>, n_wanted: usize) -> Option<Found> {
    if record.n_fields < n_wanted {
        Some((Anomaly::ShortRecord, record.start, record.n_fields as u64 + 1))
    } else if record.n_fields > n_wanted {
        Some((Anomaly::LongRecord, record.field(n_wanted - 1).1 + 1, n_wanted as u64 + 1))
    } else {
        None
    }
}

fn invalid(findings: &Findings) -> Option<Found> {
    findings.first.map(|(at, field)| (Anomaly::InvalidBytes, at, field as u64 + 1))
}

fn misfit(findings: &Findings) -> Option<Found> {
    findings.first_misfit.map(|(at, field)| (Anomaly::TypeMismatch, at, field as u64 + 1))
}
