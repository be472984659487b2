//! The turn: the right to commit, passed from window to window in their order.
//!
//! A [`Sequencer`] owns the state that all windows share. [`Sequencer::wait`] returns a [`Turn`]
//! for one window; only a turn reaches the state. So work that holds no turn cannot write, and a
//! window that must be converted again takes its turn along by value.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

use super::threads::{AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering, Thread, current, park, spin_loop};

/// The order of the windows' turns, and the state that only the window in turn may use.
#[derive(Debug)]
pub(super) struct Sequencer<T> {
    now: AtomicU64,
    stopped: AtomicBool,
    /// The workers that wait: window `n` in slot `n % slots`. Windows are claimed in order and each
    /// worker holds one. So the windows in flight are consecutive and at most as many as there are
    /// workers: no two share a slot.
    waiting: Box<[Mutex<Option<Thread>>]>,
    state: Mutex<T>,
}

/// The turn of one window.
#[derive(Debug)]
pub(super) struct Turn<'s, T> {
    sequencer: &'s Sequencer<T>,
    number: u64,
    state: MutexGuard<'s, T>,
}

/// How often a worker looks before it sleeps. That takes some 20 µs; a write of a buffer takes
/// several times as long. Looking longer takes processor time from a slow consumer. Sleeping at
/// once costs two threads a wake-up for each window.
const LOOKS: u32 = if cfg!(any(loom, shuttle)) { 1 } else { 300 };

impl<T> Sequencer<T> {
    /// Starts with the turn of window 0, for `n_workers` workers.
    pub(super) fn new(n_workers: usize, state: T) -> Self {
        Self {
            now: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            waiting: (0..n_workers).map(|_| Mutex::new(None)).collect(),
            state: Mutex::new(state),
        }
    }

    /// Waits for the turn of window `number`. Returns `None` if the run was stopped instead.
    pub(super) fn wait(&self, number: u64) -> Option<Turn<'_, T>> {
        self.wait_until(number).then(|| Turn { sequencer: self, number, state: lock(&self.state) })
    }

    fn wait_until(&self, number: u64) -> bool {
        for _ in 0..LOOKS {
            if self.stopped.load(Ordering::Acquire) {
                return false;
            }
            if self.now.load(Ordering::Acquire) == number {
                return true;
            }
            spin_loop();
        }
        loop {
            // The thread registers before it looks. So either the thread that passes the turn sees
            // the entry, or this thread sees the turn. It registers again after each wake-up,
            // because a late pass of an earlier turn may have taken the entry.
            *self.slot(number) = Some(current());
            if self.stopped.load(Ordering::SeqCst) {
                return false;
            }
            if self.now.load(Ordering::SeqCst) == number {
                return true;
            }
            park();
        }
    }

    /// Ends the run: no further turn comes.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        for number in 0..self.waiting.len() as u64 {
            if let Some(thread) = self.slot(number).take() {
                thread.unpark();
            }
        }
    }

    /// Whether the run was stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Returns a turn after the last window, when all workers have returned.
    pub(super) fn last_turn(&self) -> Turn<'_, T> {
        Turn { sequencer: self, number: self.now.load(Ordering::SeqCst), state: lock(&self.state) }
    }

    /// Returns the state, when the run is over.
    pub(super) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, number: u64) -> MutexGuard<'_, Option<Thread>> {
        #[allow(clippy::cast_possible_truncation, reason = "a remainder is less than the length")]
        let slot = &self.waiting[(number % self.waiting.len() as u64) as usize];
        lock(slot)
    }
}

impl<T> Turn<'_, T> {
    /// Gives the turn to the next window.
    pub(super) fn pass(self) {
        let Self { sequencer, number, state } = self;
        drop(state);
        sequencer.now.store(number + 1, Ordering::SeqCst);
        if let Some(thread) = sequencer.slot(number + 1).take() {
            thread.unpark();
        }
    }
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state
    }
}

/// A guard that stops the run if the worker that holds it panics, so that no other waits for ever.
pub(super) struct StopOnPanic<'s, T>(pub(super) &'s Sequencer<T>);

impl<T> Drop for StopOnPanic<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// Locks, also after a panic. The state that a panic leaves is never written, because the panic
/// ends the run.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn turns_come_in_order_whichever_thread_is_first() {
        let sequencer = Sequencer::new(4, Vec::new());
        let next = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= 10_000 {
                            return;
                        }
                        let mut turn = sequencer.wait(number).unwrap();
                        turn.push(number);
                        turn.pass();
                    }
                });
            }
        });
        assert!(sequencer.into_inner().into_iter().eq(0..10_000));
    }

    #[test]
    fn stopping_wakes_a_worker_that_waits() {
        let sequencer = Sequencer::new(2, ());
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| sequencer.wait(1).is_none());
            while lock(&sequencer.waiting[1]).is_none() {
                std::thread::yield_now();
            }
            sequencer.stop();
            assert!(waiter.join().unwrap());
        });
    }
}

/// Every interleaving of a few workers: `.ci/also loom`.
#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    /// How the run ends before its last window.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Ends {
        AtTheLast,
        /// An error in the turn of this window, or `--limit` is reached.
        InTurn(u64),
        /// A panic in the turn: what is unwound first is the turn, then [`StopOnPanic`].
        ByPanic(u64),
        /// A panic before the turn, while it may be another's.
        BeforeTurn(u64),
        /// An interrupt, at any moment.
        FromOutside,
    }

    /// One worker: it claims windows in order, and writes each in its turn.
    fn work(sequencer: &Sequencer<Vec<u64>>, next: &AtomicU64, n_windows: u64, ends: Ends) {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= n_windows || sequencer.is_stopped() {
                return;
            }
            if ends == Ends::BeforeTurn(number) {
                return sequencer.stop();
            }
            let Some(mut turn) = sequencer.wait(number) else { return };
            if ends == Ends::ByPanic(number) {
                drop(turn);
                return sequencer.stop();
            }
            turn.push(number);
            if ends == Ends::InTurn(number) {
                // As a failed window does: the turn is kept until the run is stopped.
                return sequencer.stop();
            }
            turn.pass();
        }
    }

    /// Tries all interleavings, of so many preemptions at most where a number is given.
    fn explore(n_workers: usize, n_windows: u64, preemptions: Option<usize>, ends: Ends) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        let n = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counted = n.clone();
        builder.check(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let sequencer = Arc::new(Sequencer::new(n_workers, Vec::new()));
            let next = Arc::new(AtomicU64::new(0));
            // This thread is none: a model's thread that joins must not be woken.
            let workers: Vec<_> = (0..n_workers)
                .map(|_| {
                    let (sequencer, next) = (Arc::clone(&sequencer), Arc::clone(&next));
                    thread::spawn(move || work(&sequencer, &next, n_windows, ends))
                })
                .collect();
            if ends == Ends::FromOutside {
                sequencer.stop();
            }
            for worker in workers {
                worker.join().unwrap();
            }
            let written = sequencer.last_turn();
            let n_written = match ends {
                Ends::AtTheLast => n_windows,
                Ends::InTurn(number) => number + 1,
                Ends::ByPanic(number) => number,
                Ends::BeforeTurn(number) => (written.len() as u64).min(number),
                Ends::FromOutside => (written.len() as u64).min(n_windows),
            };
            assert!(written.iter().copied().eq(0..n_written), "{:?}", *written);
        });
        let told = format!("{ends:?}: {n:?} interleavings of {n_workers} workers, {n_windows} windows\n");
        std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes()).unwrap();
    }

    #[test]
    fn two_workers_whatever_comes_between() {
        for ends in
            [Ends::AtTheLast, Ends::InTurn(1), Ends::ByPanic(1), Ends::BeforeTurn(1), Ends::FromOutside]
        {
            explore(2, 2, None, ends);
        }
    }

    #[test]
    fn three_workers_and_four_windows() {
        for number in 0..4 {
            for ends in [Ends::InTurn(number), Ends::ByPanic(number), Ends::BeforeTurn(number)] {
                explore(3, 4, Some(PREEMPTIONS), ends);
            }
        }
        explore(3, 4, Some(PREEMPTIONS), Ends::AtTheLast);
        explore(3, 4, Some(PREEMPTIONS), Ends::FromOutside);
    }

    /// Beyond it the number of interleavings is too large to see their end.
    const PREEMPTIONS: usize = 2;
}
