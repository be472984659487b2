//! The counts of a slice. They become absolute when the slice is committed.

use super::clue::Clue;
use super::dropped::Dropped;
use crate::error::Anomaly;
use crate::plan::MOST_TYPED;

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
    /// What is seen there.
    pub(super) clue: Clue,
}

/// How often an anomaly was seen, and where first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) count: u64,
    pub(super) first: Option<SlicePosition>,
}

/// The counts of a slice.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// Records, including rejected ones.
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) dropped: Dropped,
    pub(super) lines: u64,
    /// Records of several lines. Overlong ones don't count.
    pub(super) multiline: Seen,
    /// Values that do not fit their type, by typed column.
    misfits: [u64; MOST_TYPED],
    seen: [Seen; Anomaly::ALL.len()],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            records: 0,
            rejected: 0,
            dropped: Dropped::default(),
            lines: 0,
            multiline: Seen::default(),
            misfits: [0; MOST_TYPED],
            seen: Default::default(),
        }
    }
}

impl Counts {
    /// Counts `n` values that do not fit the type of the typed column `place`, if it is one of the
    /// first.
    pub(super) fn misfit(&mut self, place: usize, n: u64) {
        if let Some(known) = self.misfits.get_mut(place) {
            *known += n;
        }
    }

    /// The typed columns with values that do not fit, and how many.
    pub(super) fn misfits(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.misfits.iter().copied().enumerate().filter(|(_, n)| *n > 0)
    }

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

    /// How many anomalies were seen.
    pub(super) fn n_anomalies(&self) -> u64 {
        self.seen.iter().map(|seen| seen.count).sum()
    }

    /// The anomalies that were seen.
    pub(super) fn seen(&self) -> impl Iterator<Item = (Anomaly, Seen)> + '_ {
        Anomaly::ALL
            .into_iter()
            .map(|anomaly| (anomaly, self.seen[anomaly as usize]))
            .filter(|(_, seen)| seen.count > 0)
    }
}
