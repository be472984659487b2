//! The progress of a run, in numbers that any thread may read at any time.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counters of a run, shared with the threads that watch it. What an earlier run did, which this
/// one continues, is in none of them.
#[derive(Debug, Default)]
pub struct Progress {
    /// The size of all inputs' files in bytes; 0 if one is not known. It becomes less when it is
    /// found what an earlier run did.
    pub total: AtomicU64,
    /// Bytes of these files that are converted. Fewer than `bytes_in` if a file is compressed.
    pub file_bytes: AtomicU64,
    /// Input bytes whose output was handed over.
    pub bytes_in: AtomicU64,
    /// Output bytes handed over.
    pub bytes_out: AtomicU64,
    /// Records whose output was handed over.
    pub records: AtomicU64,
    /// Anomalies seen in these records, and in headers.
    pub anomalies: AtomicU64,
    /// Nanoseconds that workers spent, by the first three of [`Bound`].
    spent: [AtomicU64; 3],
    /// Number of workers in each state. A worker that waits for its turn is not counted.
    busy: [AtomicU64; 3],
    /// Nanoseconds of writing alone.
    written: AtomicU64,
    /// Nanoseconds of these that a rate limit took.
    pub(super) limited: Arc<AtomicU64>,
}

/// What the workers spend their time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// Waiting for bytes to convert.
    Input,
    /// Converting.
    Compute,
    /// Writing, or waiting for another worker that writes.
    Output,
    /// Keeping to the rate limit of the output.
    RateLimit,
}

impl Bound {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Input, Self::Compute, Self::Output, Self::RateLimit];

    /// Its name in the progress bar and in statistics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Compute => "compute",
            Self::Output => "output",
            Self::RateLimit => "rate-limit",
        }
    }
}

/// The time that all workers together spent, by [`Bound`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// Claiming, reading, faulting in.
    pub input: Duration,
    /// Converting, and waiting for the turn while another worker converts.
    pub compute: Duration,
    /// Writing, and waiting for the turn while another worker writes.
    pub output: Duration,
    /// The part of `output` that a rate limit took.
    pub rate_limit: Duration,
}

impl Times {
    /// Returns what took most of the time.
    pub fn bound(&self) -> Bound {
        let most = self.input.max(self.compute).max(self.output);
        match most {
            _ if most == self.compute => Bound::Compute,
            _ if most == self.output && self.rate_limit > self.output / 2 => Bound::RateLimit,
            _ if most == self.output => Bound::Output,
            _ => Bound::Input,
        }
    }

    /// Returns the time spent since `before`.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            input: self.input.saturating_sub(before.input),
            compute: self.compute.saturating_sub(before.compute),
            output: self.output.saturating_sub(before.output),
            rate_limit: self.rate_limit.saturating_sub(before.rate_limit),
        }
    }
}

impl Progress {
    /// Returns the time spent so far. A wait counts when it ends.
    pub fn times(&self) -> Times {
        let spent = |bound: Bound| Duration::from_nanos(self.spent[bound as usize].load(Ordering::Relaxed));
        let output = spent(Bound::Output);
        // Who waits for a writer that keeps to the limit waits for the limit too.
        let written = self.written.load(Ordering::Relaxed).max(1);
        let limited = self.limited.load(Ordering::Relaxed).min(written);
        let rate_limit = output.mul_f64(limited as f64 / written as f64);
        Times { input: spent(Bound::Input), compute: spent(Bound::Compute), output, rate_limit }
    }

    /// Returns the time that writing slept so far to keep to a rate.
    pub fn limited(&self) -> Duration {
        Duration::from_nanos(self.limited.load(Ordering::Relaxed))
    }

    /// Returns what most workers do at this moment.
    pub fn now(&self) -> Bound {
        let busy = |bound: Bound| self.busy[bound as usize].load(Ordering::Relaxed);
        // A worker that writes keeps the others waiting for their turn. Of equal counts the last is
        // taken: output is what the others will wait for.
        let states = [Bound::Input, Bound::Compute, Bound::Output];
        states.into_iter().max_by_key(|&bound| busy(bound)).unwrap_or(Bound::Compute)
    }
}

impl Progress {
    /// Counts the time that was spent by another's workers.
    pub(super) fn absorb(&self, other: &Self) {
        for (own, other) in self.spent.iter().zip(&other.spent) {
            own.fetch_add(other.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.written.fetch_add(other.written.load(Ordering::Relaxed), Ordering::Relaxed);
        self.limited.fetch_add(other.limited.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Counts time that was spent before the workers began.
    pub(super) fn spend(&self, bound: Bound, time: Duration) {
        self.spent[bound as usize].fetch_add(nanoseconds(time), Ordering::Relaxed);
    }
}

/// A worker's clock. It always runs for one [`Bound`].
#[derive(Debug)]
pub(super) struct Clock<'p> {
    progress: &'p Progress,
    running: Cell<(Bound, Instant)>,
}

impl<'p> Clock<'p> {
    /// Starts the clock for the input.
    pub(super) fn new(progress: &'p Progress) -> Self {
        progress.busy[Bound::Input as usize].fetch_add(1, Ordering::Relaxed);
        Self { progress, running: Cell::new((Bound::Input, Instant::now())) }
    }

    /// Runs for `bound` from now on. Returns what it ran for before.
    pub(super) fn switch(&self, bound: Bound) -> Bound {
        let now = Instant::now();
        let (before, since) = self.running.replace((bound, now));
        let spent = nanoseconds(now.duration_since(since));
        self.progress.spent[before as usize].fetch_add(spent, Ordering::Relaxed);
        if before == Bound::Output {
            self.progress.written.fetch_add(spent, Ordering::Relaxed);
        }
        self.progress.busy[before as usize].fetch_sub(1, Ordering::Relaxed);
        self.progress.busy[bound as usize].fetch_add(1, Ordering::Relaxed);
        before
    }

    /// Waits for the turn. The wait counts as output as long as another worker writes, and as
    /// compute otherwise. Without this, sixteen threads on two cores would seem bound by
    /// `/dev/null`.
    pub(super) fn wait<T>(&self, turn: impl FnOnce() -> T) -> T {
        let Progress { spent, busy, written, .. } = self.progress;
        let (bound, _) = self.running.get();
        self.switch(bound);
        busy[bound as usize].fetch_sub(1, Ordering::Relaxed);
        let since = Instant::now();
        let written_before = written.load(Ordering::Relaxed);
        let result = turn();
        let now = Instant::now();
        let waited = nanoseconds(now.duration_since(since));
        let for_output = waited.min(written.load(Ordering::Relaxed) - written_before);
        spent[Bound::Output as usize].fetch_add(for_output, Ordering::Relaxed);
        spent[Bound::Compute as usize].fetch_add(waited - for_output, Ordering::Relaxed);
        busy[bound as usize].fetch_add(1, Ordering::Relaxed);
        self.running.set((bound, now));
        result
    }
}

impl Drop for Clock<'_> {
    fn drop(&mut self) {
        let (bound, _) = self.running.get();
        self.switch(bound);
        self.progress.busy[bound as usize].fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns a time in nanoseconds. A `u64` holds half a millennium.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
