//! The committed state: what one window hands to the next, in their order.
//!
//! Only the window in turn has the state. The counts of a slice are relative; they become absolute
//! here.

use super::checkpoint::Checkpoints;
use super::counts::{Counts, Seen, SlicePosition};
use super::split_points::SplitPoints;
use super::state::State;
use super::summary::{Count, Misfits};
use super::survey::Survey;
use crate::error::{Anomaly, ErrorKind, Place, Result};
use crate::output::{Batch, Reason, Rejects, WriteRecords};
use crate::parse::Machine;
use crate::plan::Plan;

/// The conversion of an input up to the window in turn.
pub(super) struct Committed<'r> {
    pub(super) file: &'r str,
    pub(super) plan: &'r Plan,
    pub(super) output: &'r mut dyn WriteRecords,
    pub(super) rejects: Option<&'r mut Rejects>,
    pub(super) checkpoints: Option<&'r mut Checkpoints>,
    pub(super) split_points: Option<&'r mut SplitPoints>,
    pub(super) survey: Option<&'r mut Survey>,
    pub(super) state: State,
    /// The start of a record that the windows so far do not end, and the machine at its end.
    pub(super) carry: Vec<u8>,
    pub(super) machine: Machine,
    /// A buffer for values that are too long for a worker's buffer.
    pub(super) long_value: Vec<u8>,
    /// A line that is being skipped.
    pub(super) skipping: Option<Skipping>,
    /// The most anomalies that this input may have, and what was asked for over all.
    pub(super) max_errors: Option<(u64, u64)>,
    /// No more records are wanted, or there are none.
    pub(super) done: bool,
}

/// A line that is too long to be carried.
pub(super) enum Skipping {
    /// A comment.
    Comment,
    /// The first line of an overlong record: its place and its bytes so far.
    Record(Place, u64),
}

impl Committed<'_> {
    /// How many anomalies were asked for over all, if with `n` more there are more.
    pub(super) fn exceeded(&self, n: u64) -> Option<u64> {
        let (most, of_all) = self.max_errors?;
        (self.state.n_anomalies() + n > most).then_some(of_all)
    }

    /// Whether the next window starts where a record starts.
    pub(super) fn at_record(&self) -> bool {
        self.carry.is_empty() && self.skipping.is_none()
    }

    /// Returns the place of a position in a slice that starts here.
    pub(super) fn place(&self, position: &SlicePosition) -> Place {
        let name = position.column.and_then(|column| {
            let i = usize::try_from(column).ok()? - 1;
            (i < self.plan.header().len()).then(|| self.plan.header().name(i).to_owned())
        });
        Place {
            file: self.file.to_owned(),
            line: self.state.lines + position.lines + 1,
            record: self.state.records + position.record,
            byte: self.state.input_at + position.byte,
            column: position.column,
            name,
        }
    }

    /// What is seen at a position, in words.
    pub(super) fn detail(&self, position: &SlicePosition) -> Option<String> {
        let before = self.state.lines;
        position.clue.words(before, before + position.lines + 1, self.plan.typed())
    }

    fn seen(&self, seen: &Seen) -> Count {
        let first = seen.first.map(|position| self.place(&position)).unwrap_or_default();
        Count { count: seen.count, first, detail: seen.first.and_then(|position| self.detail(&position)) }
    }

    /// Adds the counts of a slice whose output is written: `n_text` bytes of text, `n_input` of
    /// input.
    pub(super) fn add(&mut self, counts: &Counts, n_input: u64, n_text: usize) {
        for (anomaly, seen) in counts.seen() {
            let seen = self.seen(&seen);
            self.state.add(anomaly, seen);
        }
        if counts.multiline.count > 0 {
            let seen = self.seen(&counts.multiline);
            match &mut self.state.multiline {
                Some(known) => known.count += seen.count,
                None => self.state.multiline = Some(seen),
            }
        }
        for (place, count) in counts.misfits() {
            let (field, wanted) = &self.plan.typed()[place];
            let (name, wanted) = (self.plan.header().name(*field as usize).to_owned(), wanted.to_string());
            Misfits { column: u64::from(*field) + 1, name, wanted, count }.add(&mut self.state.misfits);
        }
        self.state.records += counts.records;
        self.state.rejected += counts.rejected;
        self.state.dropped.add(counts.dropped);
        self.state.lines += counts.lines;
        self.state.input_at += n_input;
        self.state.text_at += n_text as u64;
    }

    /// Carries the start of a record, of `most` bytes, over to the next window.
    pub(super) fn carry(&mut self, start: &[u8], most: usize) {
        self.add_to_carry(start, most);
        self.machine.restart();
        let ended = self.machine.record(start, 0, |_| ());
        debug_assert!(ended.is_none(), "the record is unfinished");
    }

    /// Adds bytes to what is carried of a record that may have `most`. Twice as many would be
    /// allocated if the memory grew as that of a [`Vec`] does.
    pub(super) fn add_to_carry(&mut self, bytes: &[u8], most: usize) {
        let carry = &mut self.carry;
        let len = carry.len() + bytes.len();
        if len > carry.capacity() {
            carry.reserve_exact((2 * carry.capacity()).min(most).max(len) - carry.len());
        }
        carry.extend_from_slice(bytes);
    }

    /// Writes encoded bytes.
    pub(super) fn write(&mut self, batch: Batch<'_>) -> Result<()> {
        if !batch.raw.is_empty() {
            self.state.encoded += batch.raw.len() as u64;
            self.state.bytes_out += self.output.write(batch)?;
        }
        Ok(())
    }

    /// Offers the present place as a split point. What is carried starts here.
    pub(super) fn offer_split_point(&mut self) {
        if let (Some(split_points), None) = (&mut self.split_points, &self.skipping) {
            split_points.offer(&self.state);
        }
    }

    /// Whether a record that starts `n` bytes behind the present place would be a split point.
    pub(super) fn is_split_point(&self, n: usize) -> bool {
        let at = self.state.input_at + n as u64;
        self.split_points.as_ref().is_some_and(|points| points.wants(at))
    }

    /// Writes a checkpoint if one is due. What is carried is read again from there.
    pub(super) fn checkpoint(&mut self) -> Result<()> {
        let n_bytes = self.state.input_at + self.state.bytes_out;
        let Some(checkpoints) = &mut self.checkpoints else { return Ok(()) };
        // Behind the mark that ends the data there is no record to go on with.
        if !checkpoints.is_due(n_bytes) || self.skipping.is_some() || self.state.marked_end {
            return Ok(());
        }
        let mut ats: Vec<u64> = self.output.keep()?.into_iter().collect();
        if let Some(rejects) = &mut self.rejects {
            ats.extend(rejects.keep()?);
        }
        checkpoints.write(&ats, self.output.reached(), self.state.clone())
    }

    /// Writes a record's bytes to the rejects, with a line end if it has none, and the reasons.
    pub(super) fn reject(
        &mut self,
        raw: &[u8],
        ended: bool,
        why: &[Option<(Anomaly, SlicePosition)>],
    ) -> Result<()> {
        let reasons = why.iter().flatten().map(|(anomaly, position)| Reason {
            anomaly: *anomaly,
            place: self.place(position),
            quote_line: position.clue.quote_line(self.state.lines),
            value: position.clue.value_words(self.plan.typed()),
        });
        let reasons: Vec<Reason> = reasons.collect();
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        let n_bytes = rejects.write(raw)?;
        if !ended {
            rejects.end_record(raw)?;
        }
        rejects.log(&reasons, n_bytes)
    }

    /// Ends the line of an overlong record, of `n_bytes`, that was skipped.
    pub(super) fn reject_overlong(&mut self, place: Place, n_bytes: u64, ended: bool) -> Result<()> {
        let anomaly = Anomaly::OverlongRecord;
        if let Some(most) = self.exceeded(1) {
            return Err(ErrorKind::MaxErrors { most, anomaly, place, detail: None }.into());
        }
        if let Some(rejects) = &mut self.rejects {
            if !ended {
                rejects.end_record(b"")?;
            }
            let place = place.clone();
            rejects.log(&[Reason { anomaly, place, quote_line: None, value: None }], n_bytes)?;
        }
        self.state.add(anomaly, Count { count: 1, first: place, detail: None });
        self.state.records += 1;
        self.state.rejected += 1;
        Ok(())
    }
}
