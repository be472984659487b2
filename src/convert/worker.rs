//! A worker: claims a window, converts it on a guess, and commits it in turn.
//!
//! Start reading at [`work`]. The bytes of a window go through these steps, in this order:
//! [`Windows::claim`](super::windows::Windows::claim), [`SharedInput::load`], [`convert_slice`],
//! [`Slice::commit`], [`Turn::pass`], [`SharedInput::retire`].

use super::committed::{Committed, Skipping};
use super::convert_slice::{Scratch, convert_slice};
use super::progress::{Bound, Clock};
use super::run::Run;
use super::sequencer::{StopOnPanic, Turn};
use super::slice::{Slice, SliceBuffers, Stop};
use super::survey::Tallies;
use super::tail;
use super::windows::{Claim, NoWindow};
use crate::error::{Error, ErrorKind, Result};
#[cfg(doc)]
use crate::input::SharedInput;
use crate::input::{Loaded, Window};
use crate::output::{LEAST_BUFFER, OutputBuffer, Packer};
use std::sync::PoisonError;

/// Works until the input or the run ends. It is called on as many threads as the run has workers.
/// No worker waits for another to begin.
pub(super) fn work(run: &Run<'_>) {
    let _guard = StopOnPanic(&run.sequencer);
    let mut input = vec![0; run.sizes.window + run.sizes.reach + 1 + run.sizes.hold];
    let mut worker = match Worker::new(run, run.sizes.strip, run.sizes.buffer) {
        Ok(worker) => worker,
        Err(error) => return run.end(Some(error)),
    };
    while !run.sequencer.is_stopped() {
        worker.clock.switch(Bound::Input);
        let claimed = run
            .windows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .claim(run.window_size.next(), &mut input);
        let mut claim = match claimed {
            Ok(claim) => claim,
            Err(NoWindow::End) => return,
            Err(NoWindow::Failed(number, error)) => return fail(run, number, error),
        };
        let window = claim.window.clone();
        let Loaded { bytes, mut failed } = run.input.load(&window, &mut input);
        worker.clock.switch(Bound::Compute);
        if let Some(error) = failed.take_if(|_| bytes.is_empty() || claim.is_tail) {
            return fail(run, claim.number, error);
        }
        // What is behind these bytes is not looked at.
        claim.window.len = bytes.len();
        match worker.window(&claim, bytes) {
            Ok(turn) if failed.is_some() && !turn.done => return run.end(failed),
            Ok(turn) => turn.pass(),
            Err(Stop::Error(error)) => return run.end(Some(error)),
            Err(Stop::Redo(_) | Stop::Quit) => return,
        }
        run.input.retire(&claim.window);
    }
}

/// Ends the run with an error once all windows before this one are committed.
fn fail(run: &Run<'_>, number: u64, error: Error) {
    if run.sequencer.wait(number).is_some() {
        run.end(Some(error));
    }
}

/// Converts what is left when all workers have returned: the record that the end of the input ends.
///
/// # Errors
/// The run failed, or fails now.
pub(super) fn finish(run: &Run<'_>) -> Result<()> {
    if let Some(error) = run.error.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    let mut turn = run.sequencer.last_turn();
    if let (Some(edge), false) = (run.end.edge, turn.done || turn.at_record()) {
        let (path, at) = (turn.file.to_owned(), turn.state.input_at + turn.carry.len() as u64);
        return Err(ErrorKind::BadRange { path, at, wrong: edge.wrong() }.into());
    }
    if !turn.done {
        if let Some(Skipping::Record(place, n_bytes)) = turn.skipping.take() {
            turn.reject_overlong(place, n_bytes, false)?;
        }
        finish_carry(run, turn)?;
    }
    Ok(())
}

/// Converts the last record, which no terminator ends.
fn finish_carry<'r>(run: &Run<'r>, mut turn: Turn<'_, Committed<'r>>) -> Result<()> {
    let carry = std::mem::take(&mut turn.carry);
    if carry.is_empty() {
        return Ok(());
    }
    let window = Window::buffered(0, carry.len(), turn.state.input_at);
    let claim = Claim { number: 0, window, is_plausible: true, is_tail: false };
    // One record needs small buffers only.
    let strip = carry.len().min(run.sizes.strip);
    let mut worker = Worker::new(run, strip, LEAST_BUFFER + 4096)?;
    worker.clock.switch(Bound::Compute);
    match worker.slice(&claim, &carry, Some(turn), true) {
        Ok(_) | Err(Stop::Redo(_) | Stop::Quit) => Ok(()),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// One of the threads, with its buffers.
struct Worker<'s, 'r> {
    run: &'s Run<'r>,
    clock: Clock<'s>,
    scratch: Scratch,
    output: OutputBuffer,
    packer: Option<Packer>,
    tallies: Option<Tallies>,
}

impl<'s, 'r> Worker<'s, 'r> {
    /// Makes a worker with an index for strips of `strip` bytes and an output buffer of `buffer`
    /// bytes.
    fn new(run: &'s Run<'r>, strip: usize, buffer: usize) -> Result<Self> {
        let packer =
            run.output.compression.map(|compression| Packer::new(compression, buffer)).transpose()?;
        let (scratch, output) = (Scratch::new(run, strip), OutputBuffer::new(buffer));
        let tallies = run.known.as_ref().map(|known| Tallies::new(known, run.sizes.values));
        let clock = Clock::new(run.meter.progress);
        Ok(Self { run, clock, scratch, output, packer, tallies })
    }

    /// Converts and commits one window.
    fn window(&mut self, claim: &Claim, bytes: &[u8]) -> Result<Turn<'s, Committed<'r>>, Stop<'r, 's>> {
        let run = self.run;
        let tried = if claim.is_plausible && !claim.is_tail {
            self.slice(claim, bytes, None, false)
        } else {
            // An implausible start is not worth a guess; the last records are known in turn only.
            Err(self.clock.wait(|| run.sequencer.wait(claim.number)).map_or(Stop::Quit, Stop::Redo))
        };
        let mut turn = match tried {
            Ok(turn) => turn,
            Err(Stop::Redo(turn)) if claim.is_tail => self.tail(claim, bytes, turn)?,
            Err(Stop::Redo(turn)) => self.redo(claim, bytes, turn)?,
            Err(stop) => return Err(stop),
        };
        turn.state.windows += 1;
        turn.offer_split_point();
        run.input.forget_before(turn.state.text_at);
        run.update(&turn);
        let before = self.clock.switch(Bound::Output);
        turn.checkpoint()?;
        self.clock.switch(before);
        if turn.done {
            run.end(None);
        }
        Ok(turn)
    }

    /// Converts a window again from the committed state, in turn.
    fn redo(
        &mut self,
        claim: &Claim,
        mut rest: &[u8],
        mut turn: Turn<'s, Committed<'r>>,
    ) -> Result<Turn<'s, Committed<'r>>, Stop<'r, 's>> {
        let run = self.run;
        turn.state.redone += 1;
        loop {
            if turn.skipping.is_some() {
                run.input.verify(&claim.window)?;
                let n = run.skip_line(&mut turn, rest)?;
                rest = &rest[n..];
                if turn.skipping.is_some() {
                    return Ok(turn);
                }
                turn.offer_split_point();
            }
            if turn.carry.is_empty() {
                return self.slice(claim, rest, Some(turn), false);
            }
            // The rest of the record that earlier windows began, up to its end if that is here.
            let ended = turn.machine.record(rest, 0, |_| ());
            let n = ended.map_or(rest.len(), |ended| ended.next);
            turn.add_to_carry(&rest[..n], run.sizes.max_record);
            rest = &rest[n..];
            if ended.is_none() && turn.carry.len() <= run.sizes.max_record {
                return Ok(turn);
            }
            let mut carry = std::mem::take(&mut turn.carry);
            turn = self.slice(claim, &carry, Some(turn), false)?;
            turn.offer_split_point();
            if turn.carry.is_empty() {
                // The next carry uses its memory.
                carry.clear();
                turn.carry = carry;
            }
            if rest.is_empty() || turn.done {
                return Ok(turn);
            }
        }
    }

    /// Converts the end of the input but for the records that are dropped, in turn.
    fn tail(
        &mut self,
        claim: &Claim,
        mut rest: &[u8],
        mut turn: Turn<'s, Committed<'r>>,
    ) -> Result<Turn<'s, Committed<'r>>, Stop<'r, 's>> {
        let run = self.run;
        run.input.verify(&claim.window)?;
        while turn.skipping.is_some() && !rest.is_empty() {
            let n = run.skip_line(&mut turn, rest)?;
            rest = &rest[n..];
        }
        let mut bytes = std::mem::take(&mut turn.carry);
        bytes.extend_from_slice(rest);
        let (mut rest, mut n_kept) = (&bytes[..], tail::n_kept(run, &turn, &bytes)?);
        // A pass for a plan finds the same points as if windows went on.
        while let Some((at, n)) = tail::split_point(run, &turn, rest, n_kept) {
            turn = self.slice(claim, &rest[..at], Some(turn), false)?;
            turn.offer_split_point();
            (rest, n_kept) = (&rest[at..], n_kept - n);
        }
        let before = turn.state.text_at;
        turn = self.records(claim, rest, Some(turn), true, n_kept)?;
        let done = usize::try_from(turn.state.text_at - before).unwrap_or(usize::MAX);
        let rest = &rest[done.min(rest.len())..];
        if run.end.limit.is_none_or(|limit| turn.state.records < limit) {
            turn.state.input_at += run.input.input_len(turn.state.text_at, rest);
            turn.state.text_at += rest.len() as u64;
        }
        turn.done = true;
        Ok(turn)
    }

    /// Converts and commits a slice of a window: on a guess, or from the committed state if it has
    /// the turn.
    fn slice(
        &mut self,
        claim: &Claim,
        bytes: &[u8],
        turn: Option<Turn<'s, Committed<'r>>>,
        at_end: bool,
    ) -> Result<Turn<'s, Committed<'r>>, Stop<'r, 's>> {
        self.records(claim, bytes, turn, at_end, u64::MAX)
    }

    /// As [`Worker::slice`], no more than `n` records.
    fn records(
        &mut self,
        claim: &Claim,
        bytes: &[u8],
        turn: Option<Turn<'s, Committed<'r>>>,
        at_end: bool,
        n: u64,
    ) -> Result<Turn<'s, Committed<'r>>, Stop<'r, 's>> {
        let Self { run, clock, scratch, output, packer, tallies } = self;
        // A slice that was stopped leaves its output behind.
        output.clear();
        tallies.iter_mut().zip(&run.known).for_each(|(tallies, known)| tallies.clear(known));
        let own = SliceBuffers { output, packer: packer.as_mut(), tallies: tallies.as_mut() };
        let mut slice = Slice::new(run, clock, claim, bytes, turn, own);
        slice.stop_behind(n);
        let tail = convert_slice(run, scratch, &mut slice, at_end)?;
        slice.commit(tail)
    }
}
