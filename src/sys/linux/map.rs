//! A mapped part of a file: mapping, advice, the SIGBUS handler.
//!
//! A file that is cut short while it is mapped must not kill the process:
//! - [`Map::populate`] faults pages in by a call that reports a page that is gone.
//! - A page that vanishes after that call raises SIGBUS. The handler lays a page of zeros there and
//!   records the place, if the address is in one of our maps. Other addresses go to the handler
//!   that was installed before.
//! - Size and time of the file are checked before any output is released (`input/watch.rs`), so
//!   those zeros are never converted.
#![allow(unsafe_code)] // Room 2.

use memmap2::{Advice, Mmap, MmapOptions, UncheckedAdvice};
use std::fs::File;
use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files are mapped here.
pub(crate) const MAPS: bool = true;

/// A part of a file as bytes.
#[derive(Debug)]
pub(crate) struct Map {
    map: Mmap,
    guard: Guard,
}

impl Map {
    /// Maps `most` bytes of `file` from `at` on, a multiple of any page's size. If they do not fit
    /// the address space it maps fewer, down to `least`.
    pub(crate) fn new(file: &File, at: u64, most: u64, least: u64) -> io::Result<Self> {
        let mut len = most;
        let map = loop {
            // SAFETY: a map is undefined behaviour where the file is changed by others under it:
            // bytes may differ from one look to the next, and pages may vanish. We rely on neither:
            // every read of mapped bytes is bounds-checked or takes the same unchecked path for any
            // value; vanished pages raise SIGBUS, which `Guard` turns into zeros; and a change is
            // found by `Watch::verify` before any result is released. What remains is what every
            // program that maps files accepts, and `--io read` avoids it.
            match unsafe { MmapOptions::new().offset(at).len(in_memory(len)?).map(file) } {
                Ok(map) => break map,
                Err(error) if len <= least => return Err(error),
                // Address space may be limited (ulimit -v).
                Err(_) => len = (len / 2).max(least),
            }
        };
        let guard = Guard::new(&map).ok_or_else(|| io::Error::other("too many maps at once"))?;
        Ok(Self { map, guard })
    }

    /// All its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Faults `len` bytes from `at` in. Returns false if a page is gone.
    pub(crate) fn populate(&self, at: usize, len: usize) -> bool {
        // One call instead of a fault for each 64 KiB. It also reports what a touch would die of.
        let populated = self.map.advise_range(Advice::PopulateRead, at, len);
        !populated.is_err_and(|error| error.raw_os_error() == Some(libc::EFAULT))
    }

    /// The lowest offset of a page that vanished.
    pub(crate) fn lost(&self) -> Option<usize> {
        self.guard.lost()
    }

    /// Gives the pages of `len` bytes from `at` back to the system.
    pub(crate) fn discard(&self, at: usize, len: usize) {
        // SAFETY: the map is a read-only view of a file. Pages given back come again from the file
        // when they are read, with the same bytes, so no reference is invalidated.
        let advised = unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, at, len) };
        // Advice that is refused costs memory, not bytes.
        drop(advised);
    }
}

/// A length that fits the address space.
fn in_memory(len: u64) -> io::Result<usize> {
    usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))
}

/// The address ranges for which SIGBUS is ours: start, length, and the lowest offset lost (plus
/// one).
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

/// A slot of [`OURS`] for as long as the map is there.
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

/// Who had SIGBUS before.
static BEFORE: std::sync::OnceLock<libc::sigaction> = std::sync::OnceLock::new();

/// The size of a page, which differs: 4 KiB on most systems, 16 or 64 KiB on some with ARM
/// processors. Asked before the handler is there.
static PAGE: AtomicUsize = AtomicUsize::new(0);

/// The part of a map of `len` bytes that must be laid anew where byte `offset` of it is gone: its
/// page, but not beyond the map.
fn page_of(offset: usize, page: usize, len: usize) -> std::ops::Range<usize> {
    let start = offset / page * page;
    start..(start + page).min(len.max(start + 1))
}

fn install() {
    PAGE.store(rustix::param::page_size(), Ordering::SeqCst);
    // SAFETY: both structures are plain data for which zeros are valid; the handler has the
    // signature that SA_SIGINFO asks for and calls only what POSIX allows in a handler (atomics,
    // mmap, sigaction).
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
        // SAFETY: the page lies within a map that a live `Map` owns, which is read-only and
        // handed out as bytes alone: zeros in place of a page that is gone are bytes too. The
        // map's munmap takes it away with the rest.
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
            // SAFETY: with SA_SIGINFO the former handler has this signature; it gets what we
            // got.
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

    /// With pages made up of 64 KiB, which this system's divide: what is gone reads as zeros and is
    /// known to be gone.
    #[test]
    fn what_is_gone_reads_as_zeros_with_larger_pages() {
        const LARGE: usize = 64 << 10;
        let system = rustix::param::page_size();
        if !LARGE.is_multiple_of(system) {
            return;
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b'x'; 5 * LARGE]).unwrap();
        let map = Map::new(&file, 0, 5 * LARGE as u64, 1).unwrap();
        PAGE.store(LARGE, Ordering::SeqCst);
        // Maps start at a page of the system, not of those: what is laid starts at the map's own.
        file.set_len(2 * LARGE as u64).unwrap();
        assert_eq!(map.map[LARGE], b'x');
        assert_eq!(map.lost(), None);
        assert_eq!(map.map[3 * LARGE + 5], 0);
        assert_eq!(map.lost(), Some(3 * LARGE));
        assert_eq!((map.map[4 * LARGE - 1], map.map[2 * LARGE - 1]), (0, b'x'));
        PAGE.store(system, Ordering::SeqCst);
    }
}
