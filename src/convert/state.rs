//! How far the conversion of one input is. A checkpoint stores it.

use crate::error::{Anomaly, Place};
use std::collections::BTreeMap;

/// The committed counts of one input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) blank: u64,
    /// Lines and input bytes before the first byte that is not committed.
    pub(super) lines: u64,
    pub(super) input_at: u64,
    /// Output bytes before compression.
    pub(super) encoded: u64,
    /// Text bytes before the first byte that is not committed. Differs from `input_at` if the input is decoded.
    pub(super) text_at: u64,
    pub(super) bytes_out: u64,
    pub(super) windows: u64,
    pub(super) redone: u64,
    /// By kind: how often, and where first.
    pub(super) anomalies: BTreeMap<usize, (Anomaly, u64, Place)>,
}

impl State {
    /// Adds `n` of an anomaly; `place` is that of the first.
    pub(super) fn add(&mut self, anomaly: Anomaly, n: u64, place: impl FnOnce() -> Place) {
        self.anomalies.entry(anomaly as usize).or_insert_with(|| (anomaly, 0, place())).1 += n;
    }
}
