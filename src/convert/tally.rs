//! What is counted while records are converted: first within a slice, then for the whole input.

use crate::error::Anomaly;

/// A place within a slice of input: all numbers count from the slice's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    /// Terminators before it.
    pub(super) lines: u64,
    /// The record's number in the slice, from 1.
    pub(super) record: u64,
    /// Input bytes before it.
    pub(super) byte: u64,
    /// The column, from 1.
    pub(super) column: Option<u64>,
}

/// How often an anomaly was seen, and where first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) count: u64,
    pub(super) first: Option<Spot>,
}

/// The counts of a slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Records, rejected ones included.
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) blank: u64,
    pub(super) lines: u64,
    seen: [Seen; Anomaly::ALL.len()],
}

impl Tally {
    /// Counts `n` of an anomaly; `spot` is asked for the first only.
    pub(super) fn note(&mut self, anomaly: Anomaly, n: u64, spot: impl FnOnce() -> Spot) {
        let seen = &mut self.seen[anomaly as usize];
        seen.count += n;
        if seen.first.is_none() {
            seen.first = Some(spot());
        }
    }

    /// The anomalies that were seen.
    pub(super) fn seen(&self) -> impl Iterator<Item = (Anomaly, Seen)> + '_ {
        Anomaly::ALL
            .into_iter()
            .map(|anomaly| (anomaly, self.seen[anomaly as usize]))
            .filter(|(_, seen)| seen.count > 0)
    }
}
