//! How far the conversion of one input is. A checkpoint stores it.

use super::summary::Count;
use crate::error::{Anomaly, Place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The committed counts of one input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) blank: u64,
    /// Lines and input bytes before the first byte that is not committed.
    pub(super) lines: u64,
    pub(super) input_at: u64,
    /// Text bytes before it. Differs from `input_at` if the input is decoded.
    pub(super) text_at: u64,
    /// Output bytes before compression.
    pub(super) encoded: u64,
    pub(super) bytes_out: u64,
    pub(super) windows: u64,
    pub(super) redone: u64,
    /// How often each anomaly was seen, and where first.
    pub(super) anomalies: BTreeMap<Anomaly, Count>,
}

impl State {
    /// Adds `n` of an anomaly; `place` is that of the first.
    pub(super) fn add(&mut self, anomaly: Anomaly, n: u64, place: impl FnOnce() -> Place) {
        self.anomalies.entry(anomaly).or_insert_with(|| Count { count: 0, first: place() }).count += n;
    }
}
