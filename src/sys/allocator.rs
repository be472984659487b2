//! The system's memory, and what is said where there is no more of it.

#![allow(unsafe_code)] // Room 2.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator. Where it has no more, as under `ulimit -v`, the program ends with one
/// line and status 1; by itself Rust would abort.
#[derive(Clone, Copy, Debug)]
pub struct Allocator;

// SAFETY: each call is handed to the system's allocator as it came, and what that gives is handed
// back, or the process ends.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one that is needed.
        had(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        had(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        let new = unsafe { System.realloc(pointer, layout, size) };
        if new.is_null() {
            end_without(size);
        }
        // The system moves the pages of what is large, so it is not there twice.
        match size.checked_sub(layout.size()) {
            Some(more) => held::add(more),
            None => held::give_back(layout.size() - size),
        }
        new
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) };
        held::give_back(layout.size());
    }
}

#[inline]
fn had(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        end_without(size);
    }
    held::add(size);
    pointer
}

#[cfg(debug_assertions)]
pub(crate) use held::{hold_memory, hold_run};

/// In builds with debug assertions, the tests' among them, the program's allocations are counted,
/// and held against the memory that was asked for.
#[cfg(debug_assertions)]
mod held {
    use std::backtrace::Backtrace;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// Mapped pages and the program's code and stacks take some of the memory, these at least.
    const BESIDE: usize = 2 << 20;

    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(usize::MAX);
    static WHOLE: AtomicUsize = AtomicUsize::new(0);

    /// From here on the program may have allocated no more than `memory` leaves.
    pub(crate) fn hold_memory(memory: usize) {
        WHOLE.store(memory, Relaxed);
        MOST.store(memory.saturating_sub(BESIDE), Relaxed);
    }

    /// A run that is held to the sum of its budget, until this is dropped.
    pub(crate) struct HeldRun(());

    /// Holds a run that has all the `memory` to what its budget says it allocates. Runs beside each
    /// other share the memory, and are held to it together.
    pub(crate) fn hold_run(memory: usize, allocated: usize) -> HeldRun {
        if WHOLE.load(Relaxed) == memory {
            MOST.fetch_min(allocated, Relaxed);
        }
        HeldRun(())
    }

    impl Drop for HeldRun {
        fn drop(&mut self) {
            hold_memory(WHOLE.load(Relaxed));
        }
    }

    pub(super) fn add(size: usize) {
        let now = NOW.fetch_add(size, Relaxed) + size;
        let most = MOST.load(Relaxed);
        if now > most {
            // What follows allocates too.
            MOST.store(usize::MAX, Relaxed);
            let called = Backtrace::force_capture();
            super::say(&[format!(
                "rowmill: {now} bytes are allocated, {most} are in the budget\n{called}\n"
            )
            .as_bytes()]);
            std::process::abort();
        }
    }

    pub(super) fn give_back(size: usize) {
        NOW.fetch_sub(size, Relaxed);
    }
}

#[cfg(not(debug_assertions))]
mod held {
    pub(super) fn add(_: usize) {}
    pub(super) fn give_back(_: usize) {}
}

/// Ends the process without asking for memory. Files that are not whole have no name yet, or a
/// hidden one.
#[cold]
fn end_without(size: usize) -> ! {
    say(&[
        &b"rowmill: out of memory: the system has no "[..],
        itoa::Buffer::new().format(size).as_bytes(),
        b" bytes more for this process; raise its limit (ulimit -v), or take fewer threads (-j 1)\n",
    ]);
    // SAFETY: it takes a number, and does not return.
    unsafe { libc::_exit(1) }
}

fn say(parts: &[&[u8]]) {
    for part in parts {
        // Nobody is left to be told.
        let _ = rustix::io::write(rustix::stdio::stderr(), part);
    }
}
