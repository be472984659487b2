//! Between a pass and the chain: takes the pen's full buffers, and waits for the turn before the first of them.
//!
//! Here a wrong guess comes to light: at the turn the window before has said where it ended.

use super::chain::{Chain, Passing};
use super::pass::Tail;
use super::progress::{Bound, Clock};
use super::run::Run;
use super::tally::{Spot, Tally};
use crate::error::{Anomaly, Error, ErrorKind, Place};
use crate::output::{Batch, Ends, Flush, Packer};
use crate::window::Window;
use std::sync::MutexGuard;

/// Why a pass cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The slice does not start where a record does, or holds more records than are wanted: what was made of it is void.
    Redo,
    /// The run ended meanwhile.
    Quit,
    /// It must end now. Raised in turn only.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// A record for the rejects: `slice[start..end]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reject {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its terminator is with it.
    pub(super) ended: bool,
    pub(super) anomaly: Anomaly,
    pub(super) spot: Spot,
}

/// The rejects of a slice that are not written yet: a few, as the buffer holds a few records.
#[derive(Debug)]
pub(super) struct RejectList {
    list: [Option<Reject>; 32],
    len: usize,
}

impl RejectList {
    fn new() -> Self {
        Self { list: [None; 32], len: 0 }
    }

    /// False where the list is full.
    pub(super) fn push(&mut self, reject: Reject) -> bool {
        let Some(slot) = self.list.get_mut(self.len) else { return false };
        *slot = Some(reject);
        self.len += 1;
        true
    }
}

/// A pass's link to the chain.
pub(super) struct Link<'r, 's, 'w> {
    run: &'s Run<'r>,
    clock: &'w Clock<'w>,
    number: u64,
    window: &'w Window,
    packer: Option<&'w mut Packer>,
    /// The last flush ended within a record.
    within: bool,
    /// Held from the first flush on.
    pub(super) chain: Option<MutexGuard<'s, Chain<'r>>>,
    /// What is converted, and where it stands in all that is parsed.
    pub(super) slice: &'w [u8],
    pub(super) text_at: u64,
    pub(super) tally: Tally,
    /// The most records that are wanted of the slice.
    pub(super) stop_after: u64,
    pub(super) rejects: RejectList,
}

impl<'r, 's, 'w> Link<'r, 's, 'w> {
    /// For a slice of window `number`; `chain` where its turn has come.
    pub(super) fn new(
        run: &'s Run<'r>,
        clock: &'w Clock<'w>,
        number: u64,
        window: &'w Window,
        slice: &'w [u8],
        packer: Option<&'w mut Packer>,
        chain: Option<MutexGuard<'s, Chain<'r>>>,
    ) -> Self {
        let limit = run.limit.unwrap_or(u64::MAX);
        let text_at = chain.as_ref().map_or(window.at, |chain| chain.state.text_at);
        let stop_after = chain.as_ref().map_or(limit, |chain| limit - chain.state.records);
        Self {
            run,
            clock,
            number,
            window,
            packer,
            within: false,
            chain,
            slice,
            text_at,
            tally: Tally::default(),
            stop_after,
            rejects: RejectList::new(),
        }
    }

    /// Waits for the turn, if it is not held, and looks whether the slice was rightly begun.
    pub(super) fn hold(&mut self) -> Result<&mut Chain<'r>, Stop> {
        if self.chain.is_none() {
            let chain = self.clock.wait(|| self.run.hold(self.number));
            let chain = self.chain.insert(chain.ok_or(Stop::Quit)?);
            if !chain.at_record() {
                return Err(Stop::Redo);
            }
            if let Some(limit) = self.run.limit {
                self.stop_after = limit - chain.state.records;
                // As many is one too many as well: what stands behind the last record wanted was looked at.
                if self.tally.records >= self.stop_after {
                    return Err(Stop::Redo);
                }
            }
        }
        let Some(chain) = &mut self.chain else { unreachable!("it is held now") };
        Ok(chain)
    }

    /// Ends the slice: its counts become the chain's, what `tail` says is left is carried.
    pub(super) fn settle(&mut self, tail: Tail) -> Result<(), Stop> {
        let tally = self.tally;
        let (slice, text_at, run) = (self.slice, self.text_at, self.run);
        let chain = self.hold()?;
        let (Tail::Record(done) | Tail::Line(done) | Tail::Comment(done) | Tail::Limit(done)) = tail;
        chain.absorb(&tally, run.keeper.measure(text_at, &slice[..done]), done);
        let rest = &slice[done..];
        match tail {
            Tail::Record(_) if rest.is_empty() => {}
            Tail::Record(_) => {
                chain.carry.extend_from_slice(rest);
                chain.machine.restart();
                let ended = chain.machine.record(rest, 0, |_| ());
                debug_assert!(ended.is_none(), "the record is unfinished");
            }
            Tail::Line(_) => {
                let place = chain.place(&Spot { record: 1, ..Spot::default() });
                chain.passing = Some(Passing::Record(place, 0));
                run.pass_over(chain, rest)?;
            }
            Tail::Comment(_) => {
                chain.passing = Some(Passing::Comment);
                run.pass_over(chain, rest)?;
            }
            Tail::Limit(_) => chain.done = true,
        }
        Ok(())
    }

    /// The first anomaly, under `--strict`.
    pub(super) fn strict(&mut self, anomaly: Anomaly, spot: &Spot) -> Stop {
        self.raise(spot, |place| ErrorKind::Strict { anomaly, place })
    }

    /// A record that is too long.
    pub(super) fn overlong(&mut self, spot: &Spot, open_quote: Option<Spot>) -> Stop {
        let limit = self.run.sizes.max_record;
        let open = match self.hold() {
            Ok(chain) => open_quote.map(|spot| chain.place(&spot)).map(|place| (place.line, place.byte)),
            Err(stop) => return stop,
        };
        self.raise(spot, |place| ErrorKind::OverlongRecord { place, limit, open_quote: open })
    }

    fn raise(&mut self, spot: &Spot, kind: impl FnOnce(Place) -> ErrorKind) -> Stop {
        match self.hold() {
            Ok(chain) => Stop::Error(kind(chain.place(spot)).into()),
            Err(stop) => stop,
        }
    }
}

impl Flush for Link<'_, '_, '_> {
    type Stop = Stop;

    fn flush(&mut self, bytes: &[u8], ends: Ends) -> Result<(), Stop> {
        let handover = &self.run.handover;
        let cuts = handover.cuts(bytes, self.within, ends);
        if !bytes.is_empty() {
            self.within = cuts.within;
        }
        if let Some(packer) = &mut self.packer {
            // Before the turn: all workers at once.
            packer.ahead(bytes, cuts.ranges(handover.bounds, bytes));
        }
        self.hold()?;
        let before = self.clock.switch(Bound::Output);
        self.run.keeper.verify(self.window)?;
        let (slice, rejects) = (self.slice, std::mem::replace(&mut self.rejects, RejectList::new()));
        let Self { chain: Some(chain), packer, .. } = self else { unreachable!("it is held") };
        chain.write(Batch { raw: bytes, cuts, packer: packer.as_deref_mut() })?;
        for reject in rejects.list.iter().flatten() {
            chain.reject(&slice[reject.start..reject.end], reject.ended, reject.anomaly, &reject.spot)?;
        }
        self.clock.switch(before);
        Ok(())
    }

    fn lend(&mut self) -> Result<Vec<u8>, Stop> {
        Ok(std::mem::take(&mut self.hold()?.gathered))
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        if let Some(chain) = &mut self.chain {
            chain.gathered = buffer;
        }
    }
}
