//! A regular file, mapped: zero-copy windows over segments of up to 1 GiB. *Unsafe room 2.*
//!
//! Why segments: the page tables of one map over 10 TB would take 20 GB. Why the explicit retiring: a plain map of a 4.3 GB
//! file peaked at 4,108 MiB resident, and single windows given back one by one cost a quarter of the speed, pieces of
//! 4 MiB nothing (DESIGN 3, 2026-11). A file that is cut short while mapped must not kill the process: pages are faulted in by
//! a call that reports it, and for what is cut between that call and the reading there is a SIGBUS handler that lays a
//! page of zeros under addresses that are ours, notes the place, and leaves all others to whoever had the signal before.
//! Size and time of the file are looked at before anything made of a window is released (`watch.rs`), so those zeros never get out.
#![allow(unsafe_code)] // Room 2: mapping, advice, the signal handler, and a function that runs before main.

use super::ahead::Ahead;
use super::watch::Watch;
use super::{Keeper, Source};
use crate::error::{CANNOT_READ, Error, Result};
use crate::parse::Cutter;
use crate::window::{Window, distance};
use memmap2::{Advice, Mmap, MmapOptions, UncheckedAdvice};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};

/// Mapped at once, at the most.
const SEGMENT: u64 = 1 << 30;
/// Mapped at once, at the least; where not even that can be had, the file is read instead.
const LEAST_SEGMENT: u64 = 2 << 20;
/// Segments start at multiples of this.
const ALIGN: u64 = 2 << 20;

/// Part of a file, mapped. Its pages are given back from the front while it is used.
#[derive(Debug)]
pub(crate) struct Segment {
    map: Mmap,
    at: u64,
    retired: AtomicUsize,
    /// Held while pages are given back.
    retiring: Mutex<()>,
    guard: Guard,
}

impl Segment {
    /// Maps `file` from `at`, a multiple of [`ALIGN`], up to `end`, or what of it can be mapped.
    fn new(file: &File, at: u64, end: u64) -> io::Result<Self> {
        let mut len = (end - at).min(SEGMENT);
        let map = loop {
            // SAFETY: a map is undefined behaviour where the file is changed by others under it: bytes may differ from one look
            // to the next, and pages may vanish. We rely on neither: every read of mapped bytes is bounds-checked or takes the
            // same unchecked path for any value; vanished pages raise SIGBUS, which `Guard` turns into zeros; and a change is
            // found by `Watch::verify` before any result is released. What remains is what every program that maps
            // files accepts, and `--io read` avoids it.
            match unsafe { MmapOptions::new().offset(at).len(distance(0, len)).map(file) } {
                Ok(map) => break map,
                Err(error) if len <= LEAST_SEGMENT => return Err(error),
                // Address space may be limited (ulimit -v).
                Err(_) => len = (len / 2).max(LEAST_SEGMENT),
            }
        };
        let guard = Guard::new(&map).ok_or_else(|| io::Error::other("too many maps at once"))?;
        Ok(Self { map, at, retired: AtomicUsize::new(0), retiring: Mutex::new(()), guard })
    }

    fn end(&self) -> u64 {
        self.at + self.map.len() as u64
    }
}

/// A mapped file as a source.
#[derive(Debug)]
pub(super) struct Mapped {
    keeper: Arc<MapKeeper>,
    segment: Arc<Segment>,
    at: u64,
    /// Of what is handed out: the file's, unless a range of it is read.
    end: u64,
    plausible: bool,
}

#[derive(Debug)]
struct MapKeeper {
    watch: Watch,
    ahead: Ahead,
    piece: usize,
}

impl Mapped {
    /// Maps a regular file that is not empty; pages go back in pieces of `piece` bytes.
    pub(super) fn new(watch: Watch, piece: usize) -> io::Result<Self> {
        let end = watch.size();
        let segment = Arc::new(Segment::new(watch.file(), 0, end)?);
        Ok(Self {
            keeper: Arc::new(MapKeeper { watch, ahead: Ahead::new(end), piece }),
            segment,
            at: 0,
            end,
            plausible: true,
        })
    }

    /// Makes `self.at..end` lie in one segment, if there is so much to hand out; returns how far that goes.
    fn reach(&mut self, end: u64) -> Result<u64> {
        let watch = &self.keeper.watch;
        let end = end.min(self.end);
        if end > self.segment.end() || self.at < self.segment.at {
            let start = self.at / ALIGN * ALIGN;
            self.segment = Segment::new(watch.file(), start, watch.size())
                .and_then(|segment| {
                    let reaches = segment.end() >= end;
                    if reaches { Ok(segment) } else { Err(io::Error::from(io::ErrorKind::OutOfMemory)) }
                })
                .map_err(|error| Error::io_at("cannot map", watch.path(), self.at, error))?
                .into();
        }
        Ok(end)
    }

    fn bytes(&self, from: u64, to: u64) -> &[u8] {
        &self.segment.map[distance(self.segment.at, from)..distance(self.segment.at, to)]
    }
}

impl Source for Mapped {
    fn name(&self) -> &str {
        self.keeper.watch.path()
    }

    fn size(&self) -> Option<u64> {
        Some(self.end)
    }

    fn peek(&mut self, n: usize) -> Result<&[u8]> {
        let end = self.reach(self.at + n as u64)?;
        Ok(self.bytes(self.at, end))
    }

    fn skip(&mut self, n: usize) {
        self.at += n as u64;
    }

    fn seek(&mut self, _: u64, input_at: u64) -> Result<bool> {
        self.at = input_at;
        Ok(true)
    }

    fn until(&mut self, end: u64) -> bool {
        self.end = end.min(self.keeper.watch.size());
        self.keeper.ahead.until(self.end);
        true
    }

    fn input_at(&self) -> u64 {
        self.at
    }

    fn claim(&mut self, n: usize, cutter: &Cutter, _: &mut [u8]) -> Result<Option<Window>> {
        let (at, size) = (self.at, self.end);
        if at >= size {
            return Ok(None);
        }
        let nominal = at + n as u64;
        let ahead = self.reach(nominal + cutter.reach() as u64 + 1)?;
        let (end, plausible) = if nominal >= size {
            (size, true)
        } else {
            match cutter.cut(self.bytes(nominal, ahead)) {
                Some(cut) => (nominal + cut as u64, true),
                None => {
                    let behind = self.bytes(nominal - 1, ahead);
                    (nominal + cutter.rest_of_pair(behind, 1) as u64, false)
                }
            }
        };
        let window = Window {
            at,
            len: distance(at, end),
            input_at: at,
            plausible: self.plausible,
            mapped: Some((Arc::clone(&self.segment), distance(self.segment.at, at))),
        };
        self.at = end;
        self.plausible = plausible;
        Ok(Some(window))
    }

    fn keeper(&self) -> Arc<dyn Keeper> {
        Arc::clone(&self.keeper) as Arc<dyn Keeper>
    }
}

impl Keeper for MapKeeper {
    fn load<'b>(&self, window: &'b Window, _: &'b mut [u8]) -> Result<&'b [u8]> {
        let Some((segment, at)) = &window.mapped else { unreachable!("this source maps all windows") };
        self.ahead.of(self.watch.file(), window.at);
        // One call instead of a fault for each 64 KiB; and it reports what a touch would die of.
        if let Err(error) = segment.map.advise_range(Advice::PopulateRead, *at, window.len)
            && error.raw_os_error() == Some(libc::EFAULT)
        {
            return Err(self.find_bad_page(window));
        }
        Ok(&segment.map[*at..*at + window.len])
    }

    fn verify(&self, window: &Window) -> Result<()> {
        self.watch.verify(window.at)?;
        let Some((segment, at)) = &window.mapped else { return Ok(()) };
        match segment.guard.lost() {
            // Not shorter, yet a page could not be had: the disk. One behind this window was looked at for a cut, and is the business
            // of the window that holds it: the lowest is kept, so nothing made of it gets out.
            Some(lost) if lost < at + window.len => Err(Error::io_at(
                CANNOT_READ,
                self.watch.path(),
                segment.at + lost as u64,
                io::Error::from_raw_os_error(libc::EIO),
            )),
            _ => Ok(()),
        }
    }

    fn retire(&self, window: &Window) {
        let Some((segment, at)) = &window.mapped else { return };
        let end = at + window.len;
        // At the end of a segment every window goes by itself: what was left would stay until the last worker has let go of the
        // segment, while the next one fills. (Peak of 13.4 MiB instead of 11.4 with segments of 16 MiB; with those of 1 GiB now
        // and then up to 15, 2026-11-22.)
        let ends = segment.end() < self.watch.size() && end + self.piece > segment.map.len();
        let (piece, align) =
            if ends { (1, 64 << 10) } else { (self.piece, self.piece.min(distance(0, ALIGN))) };
        let done = end - end % align;
        let retired = segment.retired.load(Ordering::Relaxed);
        if done < retired + piece {
            return;
        }
        // Who comes next waits for the one that gives back: the system may have put it to sleep half-way, and if the others went on,
        // each of them could leave a piece behind.
        let held = segment.retiring.lock();
        let retired = segment.retired.load(Ordering::Relaxed);
        if done < retired + piece {
            return;
        }
        // SAFETY: the map is a read-only view of a file: pages given back come again from the file if anyone looks, with the
        // same bytes. No reference is invalidated.
        let advised =
            unsafe { segment.map.unchecked_advise_range(UncheckedAdvice::DontNeed, retired, done - retired) };
        // Advice that is refused costs memory, not bytes.
        drop(advised);
        segment.retired.store(done, Ordering::Relaxed);
        drop(held);
    }

    fn remark(&self) -> Option<String> {
        self.watch.remark()
    }
}

impl MapKeeper {
    /// Reads a window that could not be faulted in, page by page, to say what is wrong and where.
    fn find_bad_page(&self, window: &Window) -> Error {
        // Smaller than a page on some systems, which makes no difference to a read.
        let mut page = [0; 4096];
        let mut at = window.at / 4096 * 4096;
        while at < window.at + window.len as u64 {
            match self.watch.file().read_at(&mut page, at) {
                Ok(0) => return self.watch.changed(at, "the file became shorter"),
                Ok(_) => at += 4096,
                Err(error) => return Error::io_at(CANNOT_READ, self.watch.path(), at, error),
            }
        }
        let error = io::Error::from_raw_os_error(libc::EFAULT);
        Error::io_at(CANNOT_READ, self.watch.path(), window.at, error)
    }
}

/// The address ranges for which SIGBUS is ours: start, length, and the lowest offset lost (plus one).
static OURS: [Slot; 64] = [const { Slot::empty() }; 64];

struct Slot {
    start: AtomicUsize,
    len: AtomicUsize,
    lost: AtomicUsize,
}

impl Slot {
    const fn empty() -> Self {
        Self { start: AtomicUsize::new(0), len: AtomicUsize::new(0), lost: AtomicUsize::new(usize::MAX) }
    }
}

/// A slot of [`OURS`] for as long as a segment is mapped.
#[derive(Debug)]
struct Guard {
    slot: usize,
}

impl Guard {
    fn new(map: &Mmap) -> Option<Self> {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(install);
        let slot = OURS.iter().position(|slot| {
            let start = map.as_ptr() as usize;
            slot.start.compare_exchange(0, start, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        })?;
        OURS[slot].lost.store(usize::MAX, Ordering::SeqCst);
        OURS[slot].len.store(map.len(), Ordering::SeqCst);
        Some(Self { slot })
    }

    /// The lowest offset of a page that vanished.
    fn lost(&self) -> Option<usize> {
        Some(OURS[self.slot].lost.load(Ordering::SeqCst)).filter(|&lost| lost != usize::MAX)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        OURS[self.slot].len.store(0, Ordering::SeqCst);
        OURS[self.slot].start.store(0, Ordering::SeqCst);
    }
}

/// Has the loader call `streams.rs` before `main`.
// SAFETY: the section holds pointers to functions of no arguments, which the loader calls once, on one thread, before the run-time of Rust
// is set up. This one needs nothing of it: two system calls and two atomics.
#[cfg(feature = "cli")]
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = super::streams::look;

/// Who had SIGBUS before.
static BEFORE: std::sync::OnceLock<libc::sigaction> = std::sync::OnceLock::new();

/// The size of a page, which differs: 4 KiB on most systems, 16 or 64 KiB on some with ARM processors. Asked before the handler is there.
static PAGE: AtomicUsize = AtomicUsize::new(0);

/// The part of a map of `len` bytes that must be laid anew where byte `offset` of it is gone: its page, but not beyond the map.
fn page_of(offset: usize, page: usize, len: usize) -> std::ops::Range<usize> {
    let start = offset / page * page;
    start..(start + page).min(len.max(start + 1))
}

fn install() {
    PAGE.store(rustix::param::page_size(), Ordering::SeqCst);
    // SAFETY: both structures are plain data for which zeros are valid; the handler has the signature that SA_SIGINFO asks
    // for and calls only what POSIX allows in a handler (atomics, mmap, sigaction).
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGBUS, std::ptr::null(), &mut before);
        // Known before the handler can run.
        let _ = BEFORE.set(before);
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_sigbus as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut());
    }
}

extern "C" fn on_sigbus(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo; for SIGBUS it holds the address.
    let address = unsafe { (*info).si_addr() } as usize;
    for slot in &OURS {
        let start = slot.start.load(Ordering::SeqCst);
        let len = slot.len.load(Ordering::SeqCst);
        if start == 0 || address < start || address - start >= len {
            continue;
        }
        let page = page_of(address - start, PAGE.load(Ordering::SeqCst), len);
        let offset = page.start;
        slot.lost.fetch_min(offset, Ordering::SeqCst);
        // SAFETY: the page lies within a map that a live `Segment` owns, which is read-only and handed out as bytes alone:
        // zeros in place of a page that is gone are bytes too. The segment's munmap takes it away with the rest.
        let laid = unsafe {
            libc::mmap(
                (start + offset) as *mut libc::c_void,
                page.len(),
                libc::PROT_READ,
                libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if laid != libc::MAP_FAILED {
            return;
        }
    }
    // Not ours: as if we weren't there. With the former action in place the fault comes again.
    if let Some(before) = BEFORE.get() {
        if before.sa_flags & libc::SA_SIGINFO != 0 {
            // SAFETY: whoever set SA_SIGINFO gave a function of this signature; it gets what we got.
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                unsafe { std::mem::transmute(before.sa_sigaction) };
            handler(signal, info, context);
            return;
        }
        // SAFETY: `before` came from sigaction itself.
        unsafe { libc::sigaction(libc::SIGBUS, before, std::ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_page_is_laid_whatever_its_size() {
        for (offset, page, len, expected) in [
            (5000, 4096, 100_000, 4096..8192),
            (5000, 16 << 10, 100_000, 0..16 << 10),
            (70_000, 64 << 10, 100_000, 64 << 10..100_000),
            (99_999, 4096, 100_000, 98_304..100_000),
            (0, 64 << 10, 10, 0..10),
        ] {
            assert_eq!(page_of(offset, page, len), expected, "{offset} {page}");
        }
    }

    /// With pages made up of 64 KiB, which this system's divide: what is gone reads as zeros and is known to be gone.
    #[test]
    fn what_is_gone_reads_as_zeros_with_larger_pages() {
        const LARGE: usize = 64 << 10;
        let system = rustix::param::page_size();
        if !LARGE.is_multiple_of(system) {
            return;
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b'x'; 5 * LARGE]).unwrap();
        let segment = Segment::new(&file, 0, 5 * LARGE as u64).unwrap();
        PAGE.store(LARGE, Ordering::SeqCst);
        // Maps start at a page of the system, not of those: what is laid starts at the map's own.
        file.set_len(2 * LARGE as u64).unwrap();
        assert_eq!(segment.map[LARGE], b'x');
        assert_eq!(segment.guard.lost(), None);
        assert_eq!(segment.map[3 * LARGE + 5], 0);
        assert_eq!(segment.guard.lost(), Some(3 * LARGE));
        assert_eq!((segment.map[4 * LARGE - 1], segment.map[2 * LARGE - 1]), (0, b'x'));
        PAGE.store(system, Ordering::SeqCst);
    }
}
