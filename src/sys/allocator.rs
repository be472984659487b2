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
        had(unsafe { System.realloc(pointer, layout, size) }, size)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[inline]
fn had(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        end_without(size);
    }
    pointer
}

/// Ends the process without asking for memory. Files that are not whole have no name yet, or a
/// hidden one.
#[cold]
fn end_without(size: usize) -> ! {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut left = size;
    while left > 0 || at == digits.len() {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    let line = [
        &b"rowmill: out of memory: the system has no "[..],
        &digits[at..],
        b" bytes more for this process; raise its limit (ulimit -v), or take fewer threads (-j 1)\n",
    ];
    for part in line {
        // Nobody is left to be told.
        let _ = rustix::io::write(rustix::stdio::stderr(), part);
    }
    // SAFETY: it takes a number, and does not return.
    unsafe { libc::_exit(1) }
}
