//! How many of the input's own bytes became some of its text: by the width of each character, and what is noted where that is not so.
//!
//! The reader that decodes notes what it finds; who places an anomaly asks. What lies before the last settled record is forgotten.

use super::encoding::Width;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts the input's bytes.
pub(super) struct Measure {
    pub(super) width: Width,
    /// At this byte of the text so many of the input's were taken more than the widths say, in order.
    surplus: Option<Mutex<VecDeque<(u64, i64)>>>,
}

/// The most that are kept, 4 MiB: enough for any number of windows in flight and long records between them. Of more the oldest become one, and
/// places among them may be told some bytes off. ISO-2022-JP alone needs more than a few.
const MOST: usize = 1 << 18;

impl Measure {
    /// By width alone.
    pub(super) fn exact(width: Width) -> Self {
        Self { width, surplus: None }
    }

    /// By width and what is noted.
    pub(super) fn noted(width: Width) -> Self {
        Self { width, surplus: Some(Mutex::default()) }
    }

    /// What it takes in memory, at the most.
    pub(super) fn memory(&self) -> usize {
        if self.surplus.is_some() { MOST * size_of::<(u64, i64)>() } else { 0 }
    }

    /// The length of what became `text`, which starts at byte `at` of all text.
    pub(super) fn of(&self, at: u64, text: &[u8]) -> u64 {
        let told = self.width.measure(text);
        let Some(noted) = self.surplus() else { return told };
        let end = at + text.len() as u64;
        let first = noted.partition_point(|(place, _)| *place <= at);
        let surplus: i64 = noted.range(first..).take_while(|(place, _)| *place <= end).map(|(_, n)| n).sum();
        told.saturating_add_signed(surplus)
    }

    /// Notes that up to byte `at` of the text so many more bytes were taken.
    pub(super) fn note(&self, at: u64, n: i64) {
        let Some(mut noted) = self.surplus() else { return };
        if noted.len() == MOST
            && let Some((_, oldest)) = noted.pop_front()
            && let Some(next) = noted.front_mut()
        {
            next.1 += oldest;
        }
        noted.push_back((at, n));
    }

    /// Forgets what lies up to byte `at`, of which nobody will ask.
    pub(super) fn settle(&self, at: u64) {
        let Some(mut noted) = self.surplus() else { return };
        let n = noted.partition_point(|(place, _)| *place <= at);
        noted.drain(..n);
    }

    fn surplus(&self) -> Option<MutexGuard<'_, VecDeque<(u64, i64)>>> {
        self.surplus.as_ref().map(|noted| noted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
