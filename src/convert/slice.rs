//! A slice of input while it is converted: its bytes, its counts, and its output up to the turn.
//!
//! A slice is a window, or a part of one. Its output collects in the worker's buffer. The first
//! flush waits for the window's turn, and checks there that the guess was right: that the window
//! before ended where this slice starts.

use super::clue::Clue;
use super::committed::{Committed, Skipping};
use super::counts::{Counts, SlicePosition};
use super::progress::{Bound, Clock};
use super::run::Run;
use super::sequencer::Turn;
use super::survey::{Surveyed, Tallies};
use super::windows::Claim;
use crate::error::{Anomaly, Error, ErrorKind, Place};
use crate::input::SharedInput;
use crate::output::{Batch, Ends, Flush, OutputBuffer, Packer};

/// Why the conversion of a slice cannot go on.
pub(super) enum Stop<'r, 's> {
    /// The slice does not start where a record starts, or has more records than are wanted. Its
    /// output is discarded, and the window is converted again, in turn.
    Redo(Turn<'s, Committed<'r>>),
    /// The run ended meanwhile.
    Quit,
    /// The run must end. Raised only in turn.
    Error(Error),
}

impl From<Error> for Stop<'_, '_> {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Where the conversion of a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// An unfinished record starts here, or the slice ends.
    Record(usize),
    /// An overlong record starts here, and not even its first line ends. That line is to be
    /// skipped.
    Line(usize),
    /// A comment starts here that is too long to be carried. It is to be skipped.
    Comment(usize),
    /// The record before this byte was the last that is wanted.
    Limit(usize),
    /// The mark before this byte ends the data.
    End(usize),
}

/// A record for the rejects: `slice[start..end]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reject {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its terminator is included.
    pub(super) ended: bool,
    /// What is wrong with it, the first first.
    pub(super) why: [Option<(Anomaly, SlicePosition)>; 5],
}

/// The rejects of a slice that are not written yet. If the list is full, the slice is flushed.
#[derive(Debug, Default)]
struct RejectList(Vec<Reject>);

impl RejectList {
    /// It takes memory once, and only if something is rejected.
    const MOST: usize = 32;

    /// Returns false if the list is full.
    fn push(&mut self, reject: Reject) -> bool {
        if self.0.len() == Self::MOST {
            return false;
        }
        self.0.reserve_exact(Self::MOST - self.0.len());
        self.0.push(reject);
        true
    }
}

/// The access to the turn. It waits when the turn is first needed, and keeps it.
struct Gate<'r, 's, 'w> {
    run: &'s Run<'r>,
    clock: &'w Clock<'w>,
    number: u64,
    turn: Option<Turn<'s, Committed<'r>>>,
    /// The most records that are wanted of the slice.
    stop_after: u64,
}

impl<'r, 's> Gate<'r, 's, '_> {
    /// The turn, for a slice of which so much is converted.
    fn turn(&mut self, counts: &Counts) -> Result<&mut Turn<'s, Committed<'r>>, Stop<'r, 's>> {
        match self.turn {
            Some(ref mut turn) => Ok(turn),
            None => {
                let turn = self.clock.wait(|| self.run.sequencer.wait(self.number)).ok_or(Stop::Quit)?;
                if !turn.at_record() {
                    return Err(Stop::Redo(turn));
                }
                if let Some(limit) = self.run.end.limit {
                    self.stop_after = limit - turn.state.records;
                    // An equal number is too many as well: what follows the last wanted record was
                    // judged too.
                    if counts.records >= self.stop_after {
                        return Err(Stop::Redo(turn));
                    }
                }
                if turn.exceeded(counts.n_anomalies()).is_some() {
                    return Err(Stop::Redo(turn));
                }
                Ok(self.turn.insert(turn))
            }
        }
    }
}

/// What a worker lends a slice.
pub(super) struct SliceBuffers<'w> {
    pub(super) output: &'w mut OutputBuffer,
    pub(super) packer: Option<&'w mut Packer>,
    /// Begun anew.
    pub(super) tallies: Option<&'w mut Tallies>,
}

/// Counts the bytes of the input that a slice was made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputBytes {
    /// A byte of the slice, and the byte of the input there.
    known: usize,
    byte: u64,
}

impl InputBytes {
    /// The byte of `input` that became byte `at` of a slice of `bytes`, which start at byte
    /// `text_at` of the text. No call is for a byte before that of the last, so decoded text is
    /// measured once.
    pub(super) fn at(&mut self, input: &dyn SharedInput, (bytes, text_at): (&[u8], u64), at: usize) -> u64 {
        let Self { known, byte } = *self;
        let between = input.input_len(text_at + known as u64, &bytes[known..at]);
        *self = Self { known: at, byte: byte + between };
        self.byte
    }
}

/// A slice that is being converted.
pub(super) struct Slice<'r, 's, 'w> {
    /// Its input, which starts at byte `text_at` of the text.
    pub(super) bytes: &'w [u8],
    pub(super) text_at: u64,
    /// Counts the bytes of the input that it was made of.
    pub(super) input_bytes: InputBytes,
    pub(super) counts: Counts,
    buffer: &'w mut OutputBuffer,
    /// The last flush ended within a record.
    within: bool,
    rejects: RejectList,
    packer: Option<&'w mut Packer>,
    /// What is counted of each field, if a schema is made.
    pub(super) tallies: Option<&'w mut Tallies>,
    claim: &'w Claim,
    /// The most records that are looked at.
    most_seen: u64,
    gate: Gate<'r, 's, 'w>,
}

/// Whether a window's bytes may be others now than when they were counted first. Then the run ends
/// in an error, and its output is dropped.
fn has_changed(run: &Run<'_>, claim: &Claim) -> bool {
    run.input.verify(&claim.window).is_err()
}

impl<'r, 's, 'w> Slice<'r, 's, 'w> {
    /// Makes a slice of the window `claim`: all of it before its turn, or `bytes` of it with its
    /// `turn`.
    pub(super) fn new(
        run: &'s Run<'r>,
        clock: &'w Clock<'w>,
        claim: &'w Claim,
        bytes: &'w [u8],
        turn: Option<Turn<'s, Committed<'r>>>,
        own: SliceBuffers<'w>,
    ) -> Self {
        let SliceBuffers { output: buffer, packer, tallies } = own;
        let limit = run.end.limit.unwrap_or(u64::MAX);
        let (text_at, input_at, stop_after) = match &turn {
            Some(turn) => (turn.state.text_at, turn.state.input_at, limit - turn.state.records),
            None => (claim.window.at, claim.window.input_at, limit),
        };
        Self {
            bytes,
            text_at,
            input_bytes: InputBytes { known: 0, byte: input_at },
            counts: Counts::default(),
            buffer,
            within: false,
            rejects: RejectList::default(),
            packer,
            tallies,
            claim,
            most_seen: u64::MAX,
            gate: Gate { run, clock, number: claim.number, turn, stop_after },
        }
    }

    /// No more than `n` records are looked at, those that are filtered out among them.
    pub(super) fn stop_behind(&mut self, n: u64) {
        self.most_seen = n;
    }

    /// How many more records are wanted, at the most.
    pub(super) fn left(&self) -> u64 {
        let seen = self.counts.records + self.counts.dropped.filtered;
        (self.gate.stop_after - self.counts.records).min(self.most_seen - seen)
    }

    /// Commits the slice: writes what is left in the buffer, adds its counts, and carries over what
    /// `tail` says is unfinished.
    pub(super) fn commit(mut self, tail: Tail) -> Result<Turn<'s, Committed<'r>>, Stop<'r, 's>> {
        self.flush(Ends::Record)?;
        let Self { bytes, text_at, counts, tallies, claim, mut gate, .. } = self;
        gate.turn(&counts)?;
        let Gate { run, turn, .. } = gate;
        let mut turn = turn.ok_or(Stop::Quit)?;
        let (Tail::Record(done)
        | Tail::Line(done)
        | Tail::Comment(done)
        | Tail::Limit(done)
        | Tail::End(done)) = tail;
        if let (Some(tallies), Committed { survey: Some(survey), state, .. }) = (tallies, &mut *turn) {
            let (reader, input, known) = (&run.reader, &*run.input, run.known.as_ref());
            survey.add(state, &Surveyed { reader, input, known, bytes, text_at }, &tallies.of_fields);
        }
        // Counted in two places. The mark of an end is a line, even if the input ends with it.
        let is_counted = |n: u64| matches!(tail, Tail::End(_)) || n == run.reader.count_lines(&bytes[..done]);
        debug_assert!(is_counted(counts.lines) || has_changed(run, claim));
        turn.add(&counts, run.input.input_len(text_at, &bytes[..done]), done);
        let rest = &bytes[done..];
        match tail {
            Tail::Record(_) if rest.is_empty() => {}
            Tail::Record(_) => turn.carry(rest, run.sizes.max_record),
            Tail::Line(_) => {
                let place = turn.place(&SlicePosition { record: 1, ..SlicePosition::default() });
                turn.skipping = Some(Skipping::Record(place, 0));
                run.skip_line(&mut turn, rest)?;
            }
            Tail::Comment(_) => {
                turn.skipping = Some(Skipping::Comment);
                run.skip_line(&mut turn, rest)?;
            }
            Tail::Limit(_) => turn.done = true,
            Tail::End(_) => (turn.done, turn.state.marked_end) = (true, true),
        }
        Ok(turn)
    }

    /// See [`has_changed`].
    pub(super) fn has_changed(&self) -> bool {
        has_changed(self.gate.run, self.claim)
    }

    /// Makes room for `n` bytes of output, if that many fit the buffer at all. Returns whether it
    /// was flushed.
    pub(super) fn make_room(&mut self, n: usize) -> Result<bool, Stop<'r, 's>> {
        let flushes = n > self.buffer.room() && n <= self.buffer.capacity() && !self.buffer.is_empty();
        if flushes {
            self.flush(Ends::Record)?;
        }
        Ok(flushes)
    }

    /// Returns the whole buffer and how much of it is used, for a kernel to write behind that, and
    /// the count of the input's bytes.
    pub(super) fn raw(&mut self) -> (&mut [u8], &mut usize, &mut InputBytes) {
        let (buffer, len) = self.buffer.raw();
        (buffer, len, &mut self.input_bytes)
    }

    /// The position of byte `at`. `lines` are the line ends up to `anchor`, and `record` is the
    /// record's number.
    pub(super) fn position(
        &self,
        (lines, anchor): (u64, usize),
        at: usize,
        column: Option<u64>,
        record: u64,
    ) -> SlicePosition {
        let run = self.gate.run;
        let at = at.min(self.bytes.len());
        let lines = lines + run.reader.count_lines(&self.bytes[anchor..at]);
        let byte = run.input.input_len(self.text_at, &self.bytes[..at]);
        SlicePosition { lines, record, byte, column, clue: Clue::None }
    }

    /// Whether each anomaly must be looked at before its record is written, since there may be too
    /// many: from the turn on.
    pub(super) fn counts_errors(&self) -> bool {
        self.gate.turn.as_ref().is_some_and(|turn| turn.max_errors.is_some())
    }

    /// Looks whether there may be `n` anomalies more, of which the first is here.
    ///
    /// # Errors
    /// They are too many.
    pub(super) fn allow(
        &mut self,
        n: u64,
        anomaly: Anomaly,
        position: &SlicePosition,
    ) -> Result<(), Stop<'r, 's>> {
        let n = self.counts.n_anomalies() + n;
        let Some(most) = self.gate.turn.as_ref().and_then(|turn| turn.exceeded(n)) else { return Ok(()) };
        Err(self.raise(|committed| ErrorKind::MaxErrors {
            most,
            anomaly,
            place: committed.place(position),
            detail: committed.detail(position),
        }))
    }

    /// Puts a record on the list of rejects, which the next flush writes.
    pub(super) fn reject(&mut self, reject: Reject) -> Result<(), Stop<'r, 's>> {
        self.counts.rejected += 1;
        if !self.rejects.push(reject) {
            self.flush(Ends::Record)?;
            let kept = self.rejects.push(reject);
            debug_assert!(kept, "a flush empties the list");
        }
        Ok(())
    }

    /// Returns the error for the first anomaly, under `--strict`. The output before it is written
    /// first.
    pub(super) fn fail(&mut self, anomaly: Anomaly, position: &SlicePosition) -> Stop<'r, 's> {
        self.raise(|committed| ErrorKind::Strict {
            anomaly,
            place: committed.place(position),
            detail: committed.detail(position),
        })
    }

    /// Returns the error for a record that is too long. The output before it is written first.
    pub(super) fn overlong(
        &mut self,
        position: &SlicePosition,
        open_quote: Option<SlicePosition>,
    ) -> Stop<'r, 's> {
        let limit = self.gate.run.sizes.max_record;
        self.raise(|committed| ErrorKind::OverlongRecord {
            place: committed.place(position),
            limit,
            open_quote: open_quote.map(|position| {
                let Place { line, byte, .. } = committed.place(&position);
                (line, byte)
            }),
        })
    }

    fn raise(&mut self, kind: impl FnOnce(&Committed<'r>) -> ErrorKind) -> Stop<'r, 's> {
        if let Err(stop) = self.flush(Ends::Record) {
            return stop;
        }
        match self.gate.turn(&self.counts) {
            Ok(turn) => Stop::Error(kind(turn).into()),
            Err(stop) => stop,
        }
    }
}

impl<'r, 's> Flush for Slice<'r, 's, '_> {
    type Stop = Stop<'r, 's>;

    fn buffer(&mut self) -> &mut OutputBuffer {
        self.buffer
    }

    fn flush(&mut self, ends: Ends) -> Result<(), Self::Stop> {
        let Gate { run, clock, .. } = self.gate;
        let bytes = self.buffer.bytes();
        let cuts = run.output.cuts(bytes, self.within, ends);
        if !bytes.is_empty() {
            self.within = cuts.within;
        }
        if let Some(packer) = &mut self.packer {
            // This comes before the turn, so all workers compress at once.
            packer.ahead(bytes, cuts.ranges(run.output.bounds, bytes));
        }
        let turn = self.gate.turn(&self.counts)?;
        let before = clock.switch(Bound::Output);
        run.input.verify(&self.claim.window)?;
        turn.write(Batch { raw: bytes, cuts, packer: self.packer.as_deref_mut() })?;
        for Reject { start, end, ended, why } in self.rejects.0.drain(..) {
            turn.reject(&self.bytes[start..end], ended, &why)?;
        }
        clock.switch(before);
        self.buffer.clear();
        Ok(())
    }

    fn lend(&mut self) -> Result<Vec<u8>, Self::Stop> {
        Ok(std::mem::take(&mut self.gate.turn(&self.counts)?.long_value))
    }

    fn count_nul(&mut self) {
        self.counts.dropped.nuls += 1;
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        if let Some(turn) = &mut self.gate.turn {
            turn.long_value = buffer;
        }
    }
}
