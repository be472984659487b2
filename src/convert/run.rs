//! The run over one input: what all its workers share.

use super::budget::Sizes;
use super::committed::{Committed, Skipping};
use super::mode::{Mode, OnAnomaly};
use super::progress::Progress;
use super::range::Edge;
use super::record_reader::RecordReader;
use super::sequencer::Sequencer;
use super::state::State;
use super::summary::Summary;
use super::survey::Known;
use super::threads::{AtomicUsize, Mutex, Ordering};
use super::windows::Windows;
use crate::error::{Error, Result};
use crate::input::SharedInput;
use crate::output::OutputLayout;
use crate::plan::Plan;
use std::sync::{Arc, PoisonError};

/// All that the workers of one input share: how records are read, what is done with them and with
/// anomalies, and the state of the run.
pub(super) struct Run<'r> {
    pub(super) reader: RecordReader,
    pub(super) plan: &'r Plan,
    pub(super) mode: Mode,
    pub(super) on_anomaly: OnAnomaly,
    pub(super) sizes: Sizes,
    pub(super) output: OutputLayout,
    pub(super) input: Arc<dyn SharedInput>,
    pub(super) windows: Mutex<Windows<'r>>,
    pub(super) sequencer: Sequencer<Committed<'r>>,
    pub(super) window_size: WindowSize,
    pub(super) meter: Meter<'r>,
    pub(super) end: DataEnd,
    /// What the columns are known not to fit, if a schema is made.
    pub(super) known: Option<Known>,
    pub(super) error: Mutex<Option<Error>>,
}

/// What is known of the end of what is converted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DataEnd {
    /// The most records that are wanted.
    pub(super) limit: Option<u64>,
    /// If it is set, the input ends where a record must end. It is named in the error if no record
    /// does.
    pub(super) edge: Option<Edge>,
    /// What is dropped, if anything is.
    pub(super) skip_last: Option<SkipLast>,
}

/// The last records of an input, which are dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct SkipLast {
    /// How many.
    pub(super) n: u64,
    /// The input may have fewer. A range that is not the whole may not: those that are missing are
    /// before it.
    pub(super) may_be_all: bool,
}

/// The size of the next window. It is less than [`Sizes::window`] if the output is much larger than
/// the input. So a window's output fits its buffer, and no worker holds the turn while it converts.
pub(super) struct WindowSize {
    next: AtomicUsize,
    adapts: bool,
}

impl WindowSize {
    /// Starts with `n` bytes. The size does not change if it `is_fixed`.
    pub(super) fn new(n: usize, is_fixed: bool) -> Self {
        Self { next: AtomicUsize::new(n), adapts: !is_fixed }
    }

    /// The size of the next window.
    pub(super) fn next(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// Adapts to the output so far, `encoded` bytes for `n_input`. A window's output then fits the
    /// buffer with a tenth to spare.
    fn adapt(&self, sizes: &Sizes, n_input: u64, encoded: u64) {
        if !self.adapts || n_input == 0 {
            return;
        }
        let fits = (sizes.buffer as u64 * 9 / 10).saturating_mul(n_input) / encoded.max(1);
        let least = (4 * sizes.reach).min(sizes.window);
        let fits = usize::try_from(fits).unwrap_or(usize::MAX).clamp(least, sizes.window);
        self.next.store(fits, Ordering::Relaxed);
    }
}

/// What keeps the progress up to date.
pub(super) struct Meter<'r> {
    pub(super) progress: &'r Progress,
    /// What was done of the inputs before this one.
    pub(super) before: Amount,
    /// What of that, and of this one, an earlier run did.
    pub(super) earlier: Amount,
    /// The part of this input before the range that is converted.
    pub(super) passed: Passed,
}

/// How much of something was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amount {
    /// Bytes of files.
    pub(super) file_bytes: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) records: u64,
    pub(super) anomalies: u64,
}

impl Amount {
    /// Returns what was done of an input up to `state`.
    pub(super) fn of(state: &State, passed: Passed, file_bytes: Option<u64>) -> Self {
        let bytes_in = state.input_at - passed.bytes;
        Self {
            file_bytes: file_bytes.unwrap_or(bytes_in),
            bytes_in,
            bytes_out: state.bytes_out,
            records: state.records - passed.records,
            anomalies: state.anomalies.values().map(|seen| seen.count).sum(),
        }
    }

    /// Returns what was done of an input that is done.
    pub(super) fn of_all(summary: &Summary, file_bytes: Option<u64>) -> Self {
        Self {
            file_bytes: file_bytes.unwrap_or(summary.bytes_in),
            bytes_in: summary.bytes_in,
            bytes_out: summary.bytes_out,
            records: summary.records,
            anomalies: summary.n_anomalies(),
        }
    }

    /// Returns what those who watch see.
    pub(super) fn shown(progress: &Progress) -> Self {
        Self {
            file_bytes: progress.file_bytes.load(Ordering::Relaxed),
            bytes_in: progress.bytes_in.load(Ordering::Relaxed),
            bytes_out: progress.bytes_out.load(Ordering::Relaxed),
            records: progress.records.load(Ordering::Relaxed),
            anomalies: progress.anomalies.load(Ordering::Relaxed),
        }
    }

    /// Adds it to what those who watch see.
    pub(super) fn add(self, progress: &Progress) {
        progress.file_bytes.fetch_add(self.file_bytes, Ordering::Relaxed);
        progress.bytes_in.fetch_add(self.bytes_in, Ordering::Relaxed);
        progress.bytes_out.fetch_add(self.bytes_out, Ordering::Relaxed);
        progress.records.fetch_add(self.records, Ordering::Relaxed);
        progress.anomalies.fetch_add(self.anomalies, Ordering::Relaxed);
    }

    /// Combines each count with the one of `other`.
    fn with(self, other: Self, combine: fn(u64, u64) -> u64) -> Self {
        Self {
            file_bytes: combine(self.file_bytes, other.file_bytes),
            bytes_in: combine(self.bytes_in, other.bytes_in),
            bytes_out: combine(self.bytes_out, other.bytes_out),
            records: combine(self.records, other.records),
            anomalies: combine(self.anomalies, other.anomalies),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, u64::wrapping_add)
    }

    pub(super) fn less(self, other: Self) -> Self {
        self.with(other, u64::saturating_sub)
    }

    /// Has those who watch see it.
    pub(super) fn show(self, progress: &Progress) {
        progress.file_bytes.store(self.file_bytes, Ordering::Relaxed);
        progress.bytes_in.store(self.bytes_in, Ordering::Relaxed);
        progress.bytes_out.store(self.bytes_out, Ordering::Relaxed);
        progress.records.store(self.records, Ordering::Relaxed);
        progress.anomalies.store(self.anomalies, Ordering::Relaxed);
    }
}

/// The part of an input that counts for places, but not for what was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed {
    pub(super) bytes: u64,
    pub(super) records: u64,
}

impl Run<'_> {
    /// Ends the run, with the first error that is reported.
    pub(super) fn end(&self, error: Option<Error>) {
        if let Some(error) = error {
            self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        self.sequencer.stop();
    }

    /// Updates the progress and the window size to the committed state.
    pub(super) fn update(&self, committed: &Committed<'_>) {
        let Meter { progress, before, earlier, passed } = &self.meter;
        let done = Amount::of(&committed.state, *passed, self.input.compressed_at());
        done.plus(*before).less(*earlier).show(progress);
        self.window_size.adapt(&self.sizes, done.bytes_in, committed.state.encoded);
    }

    /// Skips `bytes` up to the end of the line. A comment is dropped. The first line of an overlong
    /// record is rejected. Returns how many bytes were skipped.
    pub(super) fn skip_line(&self, committed: &mut Committed<'_>, bytes: &[u8]) -> Result<usize> {
        let Some(skipping) = committed.skipping.take() else { return Ok(0) };
        let end = self.reader.line_end(bytes);
        let line = &bytes[..end.unwrap_or(bytes.len())];
        committed.state.input_at += self.input.input_len(committed.state.text_at, line);
        committed.state.text_at += line.len() as u64;
        committed.state.lines += u64::from(end.is_some());
        match skipping {
            Skipping::Comment if end.is_some() => {}
            Skipping::Comment => committed.skipping = Some(skipping),
            Skipping::Record(place, before) => {
                let mut n_bytes = before;
                if let Some(rejects) = &mut committed.rejects {
                    n_bytes += rejects.write(line)?;
                }
                if end.is_some() {
                    committed.reject_overlong(place, n_bytes, true)?;
                } else {
                    committed.skipping = Some(Skipping::Record(place, n_bytes));
                }
            }
        }
        Ok(line.len())
    }
}
