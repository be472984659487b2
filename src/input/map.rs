//! A segment: a mapped part of a file, whose pages are given back from the front.
//!
//! A file is mapped in segments of up to 1 GiB, because the page tables of one map over 10 TB would
//! take 20 GB. Pages are given back explicitly: a plain map of a 4.3 GB file peaked at 4,108 MiB
//! resident. Giving back 4 MiB at a time costs nothing. A window at a time costs a quarter of the
//! speed (2026-11).
//!
//! What happens if the file is cut short while it is mapped: `Map` in `sys`.

use crate::sys::Map;
use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most that is mapped at once.
const SEGMENT: u64 = 1 << 30;
/// The least that is mapped at once. If not even that can be mapped, the file is read instead.
const LEAST_SEGMENT: u64 = 2 << 20;
/// Segments start at multiples of this.
pub(super) const ALIGN: u64 = 2 << 20;

/// Part of a file, mapped. Its pages are given back from the front while it is used.
#[derive(Debug)]
pub(crate) struct Segment {
    map: Map,
    at: u64,
    retired: AtomicUsize,
    /// Held while pages are given back.
    retiring: Mutex<()>,
}

impl Segment {
    /// Maps `file` from `at`, a multiple of [`ALIGN`], up to `end`, or what of it can be mapped.
    pub(super) fn new(file: &File, at: u64, end: u64) -> io::Result<Self> {
        let map = Map::new(file, at, (end - at).min(SEGMENT), LEAST_SEGMENT)?;
        Ok(Self { map, at, retired: AtomicUsize::new(0), retiring: Mutex::new(()) })
    }

    /// The first byte of the file.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The first byte of the file behind it.
    pub(super) fn end(&self) -> u64 {
        self.at + self.bytes().len() as u64
    }

    /// All its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.map.bytes()
    }

    /// Faults `len` bytes from `at` in. Returns false if a page is gone.
    pub(super) fn populate(&self, at: usize, len: usize) -> bool {
        self.map.populate(at, len)
    }

    /// The lowest offset of a page that vanished.
    pub(super) fn lost(&self) -> Option<usize> {
        self.map.lost()
    }

    /// Gives the pages up to `end` back, in pieces of `piece` bytes. Everything before `end` is
    /// written; `is_last` says that the file ends with this segment.
    pub(super) fn retire(&self, end: usize, piece: usize, is_last: bool) {
        // At the end of a segment each window is given back by itself. What was left would stay
        // until the last worker has let go of the segment, while the next one fills. (Peak of 13.4
        // MiB instead of 11.4 with segments of 16 MiB; with those of 1 GiB now and then up to 15,
        // 2026-11-22.)
        let ends = !is_last && end + piece > self.bytes().len();
        let (piece, align) = if ends { (1, 64 << 10) } else { (piece, piece.min(MOST_ALIGN)) };
        let done = end - end % align;
        if done < self.retired.load(Ordering::Relaxed) + piece {
            return;
        }
        // The next worker waits for the one that gives back: the system may have put that one to
        // sleep half-way, and if the others went on, each of them could leave a piece behind.
        let held = self.retiring.lock();
        let retired = self.retired.load(Ordering::Relaxed);
        if done < retired + piece {
            return;
        }
        self.map.discard(retired, done - retired);
        self.retired.store(done, Ordering::Relaxed);
        drop(held);
    }
}

/// Pages are given back in pieces that are aligned to this at the most: the start of a segment.
const MOST_ALIGN: usize = 2 << 20;
