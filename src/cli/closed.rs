//! Which standard streams were closed when the process began. *Unsafe room 3.*
//!
//! Rust's start-up opens `/dev/null` in their place, so that no file takes their number; after that nobody can tell, and a result written
//! there would be lost with exit status 0. So they are looked at before `main`, as the loader runs what stands in `.init_array`.
#![allow(unsafe_code)] // Room 3: a function that runs before main.

use std::sync::atomic::{AtomicI32, Ordering};

/// Bit `n` for descriptor `n`.
static CLOSED: AtomicI32 = AtomicI32::new(0);

// SAFETY: the section holds pointers to functions, which the loader calls once, on one thread, before the run-time of Rust is set up.
// This one needs nothing of it: a system call and an atomic.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    for descriptor in 0..3 {
        // SAFETY: F_GETFD takes no argument and changes nothing; any number will do.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << descriptor, Ordering::Relaxed);
        }
    }
}

/// Whether standard input was closed.
pub(super) fn stdin() -> bool {
    CLOSED.load(Ordering::Relaxed) & 1 != 0
}

/// Whether standard output was closed.
pub(super) fn stdout() -> bool {
    CLOSED.load(Ordering::Relaxed) & 2 != 0
}
