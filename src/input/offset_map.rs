//! Maps lengths of decoded text back to lengths of the input.
//!
//! Most lengths follow from the width of each character. The decoder records the exceptions.
//! Entries before the last committed record are dropped.

use super::encoding::Width;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The input's bytes for those of the text.
pub(super) struct OffsetMap {
    pub(super) width: Width,
    /// The widths of the text that is parsed, if it is folded once it is decoded. What is noted
    /// counts the decoded bytes, so behind it a place may be some bytes off.
    folded: Option<Width>,
    /// Up to this byte of the text, this many more input bytes were read than the widths give. In
    /// order.
    surplus: Option<Mutex<VecDeque<(u64, i64)>>>,
}

/// The most entries, 4 MiB: enough for all windows in flight with long records between them. Beyond
/// that the oldest two become one, and a place between them may be some bytes off. Only ISO-2022-JP
/// needs more than a few.
const MOST: usize = 1 << 18;

impl OffsetMap {
    /// By width alone.
    pub(super) fn exact(width: Width) -> Self {
        Self { width, folded: None, surplus: None }
    }

    /// By width and what is noted.
    pub(super) fn noted(width: Width) -> Self {
        Self { width, folded: None, surplus: Some(Mutex::default()) }
    }

    /// The same for text that is folded, and then has these widths.
    pub(super) fn of_folded(self, folded: Width) -> Self {
        Self { folded: Some(folded), ..self }
    }

    /// What it takes in memory, at the most.
    pub(super) fn memory(&self) -> usize {
        if self.surplus.is_some() { MOST * size_of::<(u64, i64)>() } else { 0 }
    }

    /// The length of the input that became `text`, which starts at byte `at` of all text.
    pub(super) fn input_len(&self, at: u64, text: &[u8]) -> u64 {
        let by_width = self.folded.as_ref().unwrap_or(&self.width).measure(text);
        let Some(noted) = self.surplus() else { return by_width };
        let end = at + text.len() as u64;
        let first = noted.partition_point(|(place, _)| *place <= at);
        let surplus: i64 = noted.range(first..).take_while(|(place, _)| *place <= end).map(|(_, n)| n).sum();
        by_width.saturating_add_signed(surplus)
    }

    /// Records that up to byte `at` of the text `n` more bytes were read than the widths give.
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

    /// Drops the entries up to byte `at`.
    pub(super) fn forget_before(&self, at: u64) {
        let Some(mut noted) = self.surplus() else { return };
        let n = noted.partition_point(|(place, _)| *place <= at);
        noted.drain(..n);
    }

    fn surplus(&self) -> Option<MutexGuard<'_, VecDeque<(u64, i64)>>> {
        self.surplus.as_ref().map(|noted| noted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
