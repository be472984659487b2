//! How far the conversion of one input is. A checkpoint stores it.

use super::dropped::Dropped;
use super::summary::{Count, Misfits};
use crate::error::Anomaly;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The committed counts of one input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) dropped: Dropped,
    /// Lines and input bytes before the first byte that is not committed.
    pub(super) lines: u64,
    pub(super) input_at: u64,
    /// Text bytes before it. Differs from `input_at` if the input is decoded.
    pub(super) text_at: u64,
    /// A mark ended the data.
    pub(super) marked_end: bool,
    /// Output bytes before compression.
    pub(super) encoded: u64,
    pub(super) bytes_out: u64,
    pub(super) windows: u64,
    pub(super) redone: u64,
    /// Records of several lines.
    pub(super) multiline: Option<Count>,
    /// Values that do not fit, by column.
    pub(super) misfits: Vec<Misfits>,
    /// How often each anomaly was seen, and where first.
    pub(super) anomalies: BTreeMap<Anomaly, Count>,
}

impl State {
    /// How many anomalies were seen.
    pub(super) fn n_anomalies(&self) -> u64 {
        self.anomalies.values().map(|seen| seen.count).sum()
    }

    /// Adds sightings of an anomaly behind the known ones.
    pub(super) fn add(&mut self, anomaly: Anomaly, seen: Count) {
        match self.anomalies.entry(anomaly) {
            Entry::Occupied(mut known) => known.get_mut().count += seen.count,
            Entry::Vacant(free) => drop(free.insert(seen)),
        }
    }
}
