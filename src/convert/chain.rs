//! What is handed from window to window in their order: the counts, the record that is not finished, the outlet.
//!
//! Whoever has the turn holds the chain. Here what was counted relative to a slice becomes absolute.

use super::checkpoint::Checkpoints;
use super::survey::Survey;
use super::tally::{Spot, Tally};
use crate::error::{Anomaly, Place, Result};
use crate::header::Header;
use crate::output::{Batch, Outlet, Rejects};
use crate::parse::Machine;
use std::collections::BTreeMap;

/// How far the conversion of one input is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) blank: u64,
    /// Lines and input bytes before the first byte that is not settled.
    pub(super) lines: u64,
    pub(super) input_at: u64,
    /// Output bytes before they were made smaller.
    pub(super) encoded: u64,
    /// Bytes of what is parsed before it: others than those of the input where it is decoded.
    pub(super) text_at: u64,
    pub(super) bytes_out: u64,
    pub(super) windows: u64,
    pub(super) redone: u64,
    /// By kind: how often, and where first.
    pub(super) anomalies: BTreeMap<usize, (Anomaly, u64, Place)>,
}

/// An input's conversion up to the window whose turn it is.
pub(super) struct Chain<'r> {
    pub(super) file: &'r str,
    pub(super) header: &'r Header,
    pub(super) outlet: &'r mut Outlet,
    pub(super) rejects: Option<&'r mut Rejects>,
    pub(super) checkpoints: Option<&'r mut Checkpoints>,
    pub(super) survey: Option<&'r mut Survey>,
    pub(super) state: State,
    /// The start of a record that the windows so far do not finish, and the machine at its end.
    pub(super) carry: Vec<u8>,
    pub(super) machine: Machine,
    /// For values that are too long for a worker's own buffer.
    pub(super) gathered: Vec<u8>,
    /// What is being passed over up to the end of its line.
    pub(super) passing: Option<Passing>,
    /// The limit is reached.
    pub(super) done: bool,
}

/// What is too long to be carried.
pub(super) enum Passing {
    /// A comment.
    Comment,
    /// The first line of an overlong record: its place and its bytes so far.
    Record(Place, u64),
}

impl Chain<'_> {
    /// Whether the next window starts where a record does.
    pub(super) fn at_record(&self) -> bool {
        self.carry.is_empty() && self.passing.is_none()
    }

    /// The place of a spot in a slice that starts where the chain stands.
    pub(super) fn place(&self, spot: &Spot) -> Place {
        let name = spot.column.and_then(|column| {
            let i = usize::try_from(column).ok()? - 1;
            (i < self.header.len()).then(|| self.header.name(i).to_owned())
        });
        Place {
            file: self.file.to_owned(),
            line: self.state.lines + spot.lines + 1,
            record: self.state.records + spot.record,
            byte: self.state.input_at + spot.byte,
            column: spot.column,
            name,
        }
    }

    /// Adds the counts of a slice whose output was written, of `n_text` bytes that were `n_input` in the input.
    pub(super) fn absorb(&mut self, tally: &Tally, n_input: u64, n_text: usize) {
        for (anomaly, seen) in tally.seen() {
            let place = seen.first.map(|spot| self.place(&spot)).unwrap_or_default();
            self.state.anomalies.entry(anomaly as usize).or_insert((anomaly, 0, place)).1 += seen.count;
        }
        self.state.records += tally.records;
        self.state.rejected += tally.rejected;
        self.state.blank += tally.blank;
        self.state.lines += tally.lines;
        self.state.input_at += n_input;
        self.state.text_at += n_text as u64;
    }

    /// Writes encoded bytes.
    pub(super) fn write(&mut self, batch: Batch<'_>) -> Result<()> {
        if !batch.raw.is_empty() {
            self.state.encoded += batch.raw.len() as u64;
            self.state.bytes_out += self.outlet.write(batch)?;
        }
        Ok(())
    }

    /// Tells a survey where it stands: what is carried starts there.
    pub(super) fn survey(&mut self) {
        if let (Some(survey), None) = (&mut self.survey, &self.passing) {
            survey.at(&self.state);
        }
    }

    /// Makes a checkpoint where it is time for one. What is carried is read again from there.
    pub(super) fn checkpoint(&mut self) -> Result<()> {
        let n_bytes = self.state.input_at + self.state.bytes_out;
        let due = self.checkpoints.as_ref().is_some_and(|checkpoints| checkpoints.is_due(n_bytes));
        if !due || self.passing.is_some() {
            return Ok(());
        }
        let mut ats: Vec<u64> = self.outlet.keep()?.into_iter().collect();
        if let Some(rejects) = &mut self.rejects {
            ats.extend(rejects.keep()?);
        }
        let (state, reached) = (self.state.clone(), self.outlet.reached());
        self.checkpoints.as_mut().map_or(Ok(()), |checkpoints| checkpoints.write(&ats, reached, state))
    }

    /// Writes a record's raw bytes to the rejects, with a line end if it has none, and why.
    pub(super) fn reject(&mut self, raw: &[u8], ended: bool, anomaly: Anomaly, spot: &Spot) -> Result<()> {
        let place = self.place(spot);
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        rejects.write(raw)?;
        if !ended && !raw.ends_with(b"\n") {
            rejects.write(b"\n")?;
        }
        rejects.log(anomaly, &place, raw.len() as u64)
    }
}
