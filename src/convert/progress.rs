//! What a run tells while it goes on: numbers that anyone may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counters of a run, shared with whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    /// The size of all inputs in bytes, as far as it is known; 0 if one is not.
    pub total: AtomicU64,
    /// Input bytes whose output was handed over.
    pub bytes_in: AtomicU64,
    /// Output bytes handed over.
    pub bytes_out: AtomicU64,
    /// Records whose output was handed over.
    pub records: AtomicU64,
    input: AtomicU64,
    compute: AtomicU64,
    output: AtomicU64,
}

/// What the workers spend their time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Waiting for bytes to convert.
    Input,
    /// Converting.
    Compute,
    /// Writing, or waiting for the turn to write.
    Output,
}

impl Bound {
    /// Its name in the progress bar and in statistics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Compute => "compute",
            Self::Output => "output",
        }
    }
}

/// The time that all workers together spent, by [`Bound`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Claiming, reading, faulting in.
    pub input: Duration,
    /// Converting.
    pub compute: Duration,
    /// Writing, and waiting for the turn.
    pub output: Duration,
}

impl Times {
    /// What most of the time went to.
    pub fn bound(&self) -> Bound {
        let most = self.input.max(self.compute).max(self.output);
        match most {
            _ if most == self.compute => Bound::Compute,
            _ if most == self.output => Bound::Output,
            _ => Bound::Input,
        }
    }

    /// What was spent since `before`.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            input: self.input.saturating_sub(before.input),
            compute: self.compute.saturating_sub(before.compute),
            output: self.output.saturating_sub(before.output),
        }
    }
}

impl Progress {
    /// The time spent so far.
    pub fn times(&self) -> Times {
        let read = |counter: &AtomicU64| Duration::from_nanos(counter.load(Ordering::Relaxed));
        Times { input: read(&self.input), compute: read(&self.compute), output: read(&self.output) }
    }

    pub(super) fn add(&self, times: &Times) {
        let add = |counter: &AtomicU64, time: Duration| {
            counter.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
        };
        add(&self.input, times.input);
        add(&self.compute, times.compute);
        add(&self.output, times.output);
    }
}
