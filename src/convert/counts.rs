//! The counts of a slice. They become absolute when the slice is committed.

use crate::error::Anomaly;

/// A position in a slice. All numbers count from the start of the slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SlicePosition {
    /// The number of terminators before it.
    pub(super) lines: u64,
    /// The record's number in the slice, from 1.
    pub(super) record: u64,
    /// The number of input bytes before it.
    pub(super) byte: u64,
    /// The column, from 1.
    pub(super) column: Option<u64>,
}

/// How often an anomaly was seen, and where first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) count: u64,
    pub(super) first: Option<SlicePosition>,
}

/// The counts of a slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Records, including rejected ones.
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) blank: u64,
    pub(super) lines: u64,
    seen: [Seen; Anomaly::ALL.len()],
}

impl Counts {
    /// Counts an anomaly `n` times. Returns true if it is the first: [`Counts::set_first`] must
    /// follow.
    pub(super) fn add(&mut self, anomaly: Anomaly, n: u64) -> bool {
        let seen = &mut self.seen[anomaly as usize];
        seen.count += n;
        seen.first.is_none()
    }

    /// Sets where an anomaly was first seen.
    pub(super) fn set_first(&mut self, anomaly: Anomaly, position: SlicePosition) {
        self.seen[anomaly as usize].first = Some(position);
    }

    /// The anomalies that were seen.
    pub(super) fn seen(&self) -> impl Iterator<Item = (Anomaly, Seen)> + '_ {
        Anomaly::ALL
            .into_iter()
            .map(|anomaly| (anomaly, self.seen[anomaly as usize]))
            .filter(|(_, seen)| seen.count > 0)
    }
}
