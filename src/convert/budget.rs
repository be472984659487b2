//! How the memory is shared out. All arithmetic on memory in the project is in this file.
//!
//! `resident = program + unretired pages + unpacking + decoding + carry + workers × (window +
//! buffer + index + values + ends + codec)`, all fixed before the first record. Nothing on the
//! record path grows.

use crate::error::{Error, Result};
use crate::kernel::{Cells, Index};
use crate::output::{Compression, LEAST_BUFFER, ValueBuffers};

/// The least memory that can be asked for.
pub const LEAST_MEMORY: usize = 16 << 20;
/// The limit on memory by default.
pub const DEFAULT_MEMORY: usize = 64 << 20;
/// The longest record by default, if the memory suffices.
pub const DEFAULT_MAX_RECORD: usize = 16 << 20;

/// The program itself: code and data touched, heap of the run-time, the thread that waits. With
/// 5 MiB, a bomb of bzip2 under 16M came to 16.0 MiB once the calendar was in (2026-11-28).
const PROGRAM: usize = (5 << 20) + (768 << 10);
/// What of that is allocated.
const HEAP: usize = 2 << 20;
/// What workers have before the longest record takes its share: so sixteen of them fit 16M.
const FOR_WORKERS: usize = 768 << 10;
/// Each thread: the stack that is touched and what the allocator keeps for it.
const THREAD: usize = 64 << 10;
/// The usual size of a window: a core's L2 holds it and its output.
const WINDOW: usize = 256 << 10;
const LEAST_WINDOW: usize = 16 << 10;
/// The bytes that are scanned at once. They stay in L1 with their index if records have an ordinary
/// length.
const STRIP: usize = 16 << 10;
/// The same where fields are counted a column at a time: so that there are a hundred records of a
/// hundred fields.
const SURVEYED_STRIP: usize = 64 << 10;
/// What is held back at least of an input whose last records are dropped.
const LEAST_HOLD: usize = 64 << 10;
/// The bytes that are looked at to find a plausible cut.
const REACH: usize = 4 << 10;

/// What a small input gets that is converted beside others, but for the program: twice the least
/// piece of a mapped file, and four times what its records, its header or a window take.
const SHARE: usize = 6 << 20;

/// Returns how many small inputs may be converted at once on `threads`, and the memory for each,
/// the program counted in each. All names take `names` bytes.
pub(super) fn shares(memory: usize, names: usize, threads: usize) -> (usize, usize) {
    let free = memory.saturating_sub(PROGRAM + names);
    let n = (free / SHARE).clamp(1, threads.max(1));
    (n, PROGRAM + free / n)
}

/// Returns what the names of `n` inputs take that have `n_bytes`, with what is known of each.
pub(super) fn size_of_names(n: usize, n_bytes: usize) -> usize {
    512 * n.saturating_sub(16) + 4 * n_bytes.saturating_sub(4096)
}

/// What is asked for, and what is taken beside the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub(super) memory: usize,
    pub(super) threads: usize,
    pub(super) max_record: Option<usize>,
    pub(super) window: Option<usize>,
    /// What unpacking and decoding the inputs takes.
    pub(super) beside: usize,
    /// What the caller takes for what it records on the way.
    pub(super) notes: usize,
    /// Overlong records are skipped. What follows their first line is carried anew while the old
    /// carry is still there.
    pub(super) passes_over: bool,
    /// How many times the longest record's length a value in one piece takes. Values that must be
    /// in one piece are put together one at a time.
    pub(super) n_long_values: usize,
    /// Values of up to a strip's length are put together by each worker.
    pub(super) buffers_values: bool,
    /// The records at the end of an input that are dropped.
    pub(super) skip_last: u64,
    /// How each worker compresses its buffer.
    pub(super) compression: Option<Compression>,
    /// What a schema that is made takes: in each worker, and once.
    pub(super) tallies: usize,
    pub(super) survey: usize,
}

/// What a run gets. All but `threads` are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) threads: usize,
    pub(super) window: usize,
    pub(super) reach: usize,
    pub(super) buffer: usize,
    pub(super) strip: usize,
    pub(super) values: usize,
    pub(super) max_record: usize,
    /// What is held back of an input whose last records are dropped.
    pub(super) hold: usize,
    /// The sum of all that the program allocates meanwhile. In builds with debug assertions its
    /// allocator holds the run to it.
    pub(super) allocated: usize,
}

/// What an input takes beside the windows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside {
    /// The input stays open until its turn comes. Other inputs are opened one at a time.
    pub(super) waits: bool,
    pub(super) unpacking: usize,
    /// What decoding takes while the input is converted.
    pub(super) decoding: usize,
}

impl Beside {
    /// Returns the most that all inputs take at any moment.
    pub(super) fn of_all(inputs: impl IntoIterator<Item = Self>) -> usize {
        let (mut waiting, mut largest, mut decoding) = (0, 0, 0);
        for input in inputs {
            decoding = input.decoding.max(decoding);
            if input.waits {
                waiting += input.unpacking;
            } else {
                largest = input.unpacking.max(largest);
            }
        }
        waiting + largest + decoding
    }
}

impl Budget {
    /// Returns the size of a window of a pass that finds split points, if a size was asked for. The
    /// size is so large that what is found does not depend on it.
    pub(super) fn survey_window(asked: Option<usize>) -> Option<usize> {
        asked.map(|asked| asked.max(LEAST_WINDOW))
    }

    /// Every value may have to be looked at in one piece. A character of another encoding may
    /// be three bytes then.
    pub(super) fn look_at_all(&mut self, by_page: bool) {
        (self.buffers_values, self.n_long_values) = (true, if by_page { 3 } else { 1 });
    }

    /// Returns how much mapped memory is given back at once. Twice that may be resident.
    pub(super) fn piece(&self) -> usize {
        if self.memory >= 2 * LEAST_MEMORY { 4 << 20 } else { 1 << 20 }
    }

    /// An input of no more bytes than this gives work to one thread only.
    pub(super) fn one_window(&self) -> u64 {
        self.window.unwrap_or(LEAST_WINDOW).min(LEAST_WINDOW) as u64
    }

    /// Returns how many of the longest records may be held at once.
    fn n_longest(&self) -> usize {
        1 + usize::from(self.passes_over) + self.n_long_values
    }

    /// Returns what may be used for anything but the program, unretired pages, unpacking and
    /// decoding.
    fn free(&self) -> usize {
        (self.memory - PROGRAM - 2 * self.piece()).saturating_sub(self.beside + self.notes + self.survey)
    }

    /// Returns what is granted to unpack an input, if `n` are open at once. They share the sum of a
    /// quarter of the memory and half of the memory beyond the default. So under the default the
    /// longest record is the same for compressed inputs. And 256 MiB suffice for a window of 128
    /// MiB, which `zstd --long` makes.
    pub(super) fn granted_each(&self, n: usize) -> usize {
        (self.memory / 4 + self.memory.saturating_sub(DEFAULT_MEMORY) / 2) / n.max(1)
    }

    /// Returns what a header may take.
    pub(super) fn header(&self) -> usize {
        self.free() / 3
    }

    /// Returns the longest first record that is looked at. Names are held up to five times while
    /// they are read. So there is less if the first record holds names: a third of
    /// [`Budget::header`]. By [`crate::plan::size_for`], more bytes of names would make a plan that
    /// is refused anyway.
    pub(super) fn first_record(&self, holds_names: bool) -> usize {
        let most = if holds_names { self.header() / 3 } else { self.free() / 4 };
        self.max_record.unwrap_or(DEFAULT_MAX_RECORD).min(most)
    }

    /// Shares out what a plan of `plan` bytes with `n_fields` columns leaves.
    ///
    /// # Errors
    /// `max_record` was asked for and does not fit, or the codec does not fit.
    pub(super) fn sizes(&self, plan: usize, n_fields: usize) -> Result<Sizes> {
        let free = self.free().saturating_sub(plan);
        // If no longest record is asked for, the codecs come first.
        let codecs = (self.threads * self.codec(0)).min(free / 2);
        let n_carries = self.n_longest();
        // A worker's share must be left.
        let most = (free - free / 4) / n_carries;
        let max_record = match self.max_record {
            None => {
                let records = (free - codecs).saturating_sub(FOR_WORKERS);
                DEFAULT_MAX_RECORD.min(records / (n_carries + 1))
            }
            Some(asked) if asked > most => {
                let most = most >> 10;
                return Err(Error::setting(format!(
                    "`max_record` {asked}: does not fit `memory`, which leaves {most} KiB for a record; raise `memory`"
                )));
            }
            Some(asked) => asked,
        };
        let shared = free - n_carries * max_record;
        let mut sizes = Sizes {
            threads: self.threads,
            window: self.window.unwrap_or(WINDOW).min(shared),
            reach: REACH,
            buffer: 0,
            strip: 0,
            values: 0,
            max_record,
            hold: self.hold(free),
            allocated: 0,
        };
        let around = HEAP + self.beside + self.notes + self.survey + plan + n_carries * max_record;
        loop {
            sizes.reach = REACH.min(sizes.window);
            sizes.buffer = (2 * sizes.window).max(LEAST_BUFFER + 4096);
            let strip = if self.tallies > 0 { SURVEYED_STRIP } else { STRIP };
            sizes.strip = strip.min(sizes.window.next_multiple_of(64));
            sizes.values = if self.buffers_values { sizes.strip } else { 0 };
            let codec = self.codec(sizes.buffer);
            let worker = sizes.worker(n_fields) + self.tallies;
            // One share more than workers: what a redone window leaves is added to the longest
            // record.
            let workers = (sizes.threads + 1) * worker + sizes.threads * codec;
            sizes.allocated = around + workers;
            if workers <= shared {
                return Ok(sizes);
            }
            if sizes.window > LEAST_WINDOW {
                sizes.window /= 2;
            } else if sizes.threads > 1 {
                sizes.threads -= 1;
            } else if self.tallies > 0 {
                return Err(self.too_wide(n_fields, 2 * worker - shared));
            } else if codec > 0 {
                return Err(self.refused(2 * worker + codec - shared));
            } else {
                return Ok(sizes);
            }
        }
    }

    /// Returns what is held back of an input, of which the last records are dropped: 16 KiB for
    /// each, and not too little for blank lines behind them.
    fn hold(&self, free: usize) -> usize {
        let wanted = usize::try_from(self.skip_last).unwrap_or(usize::MAX).saturating_mul(16 << 10);
        if wanted == 0 { 0 } else { wanted.max(LEAST_HOLD).min(free / 16) }
    }

    /// Returns what a worker needs to compress `buffer` bytes.
    fn codec(&self, buffer: usize) -> usize {
        self.compression.map_or(0, |compression| compression.context() + Compression::bound(buffer))
    }

    fn too_wide(&self, n_fields: usize, missing: usize) -> Error {
        let more = (missing + self.survey.saturating_sub(self.memory / 2)).div_ceil(1 << 20);
        Error::setting(format!(
            "a schema of {n_fields} columns needs {more} MiB more than `memory` leaves; raise it"
        ))
    }

    fn refused(&self, missing: usize) -> Error {
        let compression = self.compression.map_or_else(String::new, |compression| compression.to_string());
        let more = missing.div_ceil(1 << 20);
        Error::setting(format!(
            "`compress` {compression}: needs {more} MiB more than `memory` leaves; raise it, or take a lower level"
        ))
    }
}

impl Sizes {
    fn worker(&self, n_fields: usize) -> usize {
        // Only columns with rules need them. Their number is not known here, so all columns count.
        let values =
            if self.values == 0 { 0 } else { Cells::size_for(n_fields) + ValueBuffers::size_for(n_fields) };
        THREAD
            + self.window
            + 2 * self.reach
            + self.hold
            + self.buffer
            + Index::size_for(self.strip)
            + self.values
            + values
            + 4 * n_fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        memory: 0,
        threads: 1,
        max_record: None,
        window: None,
        passes_over: false,
        n_long_values: 0,
        buffers_values: false,
        skip_last: 0,
        beside: 0,
        notes: 0,
        compression: None,
        tallies: 0,
        survey: 0,
    };

    #[test]
    fn codecs_are_counted_and_refused_if_they_do_not_fit() {
        let with = |typed: &str, mib: usize, max_record| Budget {
            memory: mib << 20,
            threads: 16,
            max_record,
            compression: Some(Compression::parse(typed).unwrap()),
            ..BUDGET
        };
        for typed in ["gzip:9", "zstd:1", "zstd:3", "zstd:9", "zstd:19"] {
            for mib in [16, 24, 64, 256] {
                let budget = with(typed, mib, None);
                let Ok(sizes) = budget.sizes(0, 8) else {
                    assert!(mib < 64, "{typed} fits 64M");
                    continue;
                };
                let workers =
                    (sizes.threads + 1) * sizes.worker(8) + sizes.threads * budget.codec(sizes.buffer);
                let used = PROGRAM + 2 * budget.piece() + sizes.max_record + workers;
                assert!(used <= budget.memory, "{typed}, {mib} MiB: {used} {sizes:?}");
            }
        }
        let error = with("zstd:19", 32, Some(10 << 20)).sizes(0, 8).unwrap_err().to_string();
        assert!(error.starts_with("`compress` zstd:19: needs "), "{error}");
    }

    #[test]
    fn threads_and_windows_shrink_to_fit() {
        for memory in [16, 20, 64, 256] {
            for threads in [1, 2, 7, 16, 64, 512] {
                for (n_fields, passes_over) in
                    [(1, false), (200, false), (10_000, false), (1, true), (200, true)]
                {
                    let budget = Budget {
                        memory: memory << 20,
                        threads,
                        passes_over,
                        n_long_values: usize::from(passes_over),
                        buffers_values: passes_over,
                        ..BUDGET
                    };
                    let sizes = budget.sizes(0, n_fields).unwrap();
                    let used = PROGRAM
                        + 2 * budget.piece()
                        + sizes.max_record * if passes_over { 3 } else { 1 }
                        + (sizes.threads + 1) * sizes.worker(n_fields);
                    assert!(used <= memory << 20, "{memory} MiB, {threads} threads: {used} {sizes:?}");
                    assert!(
                        passes_over || n_fields > 200 || sizes.threads >= threads.min(16),
                        "{memory} MiB: {sizes:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn little_memory_has_small_pieces() {
        let piece = |memory| Budget { memory, ..BUDGET }.piece();
        assert_eq!((piece(LEAST_MEMORY), piece(2 * LEAST_MEMORY)), (1 << 20, 4 << 20));
    }

    #[test]
    fn what_rules_need_comes_on_top() {
        let budget = Budget { memory: 64 << 20, window: Some(64 << 10), ..BUDGET };
        let plain = budget.sizes(0, 8).unwrap();
        let ruled = Budget { buffers_values: true, ..budget }.sizes(0, 8).unwrap();
        assert_eq!((ruled.window, ruled.strip, ruled.values), (plain.window, plain.strip, ruled.strip));
        let more = ruled.values + Cells::size_for(8) + ValueBuffers::size_for(8);
        assert_eq!(ruled.worker(8), plain.worker(8) + more);
    }

    #[test]
    fn shares_are_the_whole_at_most() {
        for (memory, threads, n_wanted) in [(16, 8, 1), (64, 2, 2), (64, 16, 9), (1024, 16, 16)] {
            let (n, share) = shares(memory << 20, 0, threads);
            assert_eq!(n, n_wanted, "{memory} {threads}");
            assert!(PROGRAM + n * (share - PROGRAM) <= memory << 20 && share >= PROGRAM + SHARE);
            let sizes =
                Budget { memory: share, buffers_values: true, n_long_values: 1, ..BUDGET }.sizes(10_000, 8);
            assert!(sizes.unwrap().max_record >= 1 << 20);
        }
    }

    #[test]
    fn a_window_that_was_asked_for_shrinks_too() {
        for window in [64, 1 << 20, 32 << 20, usize::MAX] {
            let budget = Budget { memory: 64 << 20, threads: 2, window: Some(window), ..BUDGET };
            let sizes = budget.sizes(0, 8).unwrap();
            let used = PROGRAM + 2 * budget.piece() + sizes.max_record + 3 * sizes.worker(8);
            assert!(used <= budget.memory, "{window}: {used} {sizes:?}");
            assert!(sizes.window == window || window > 1 << 20, "{sizes:?}");
        }
    }

    #[test]
    fn the_defaults_take_what_was_measured_best() {
        let budget = Budget { memory: DEFAULT_MEMORY, threads: 2, passes_over: true, ..BUDGET };
        let sizes = budget.sizes(10_000, 8).unwrap();
        assert_eq!((sizes.window, sizes.max_record), (WINDOW, DEFAULT_MAX_RECORD));
    }
}
