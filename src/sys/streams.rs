//! Which standard streams were closed when the process began.
//!
//! Rust's start-up opens `/dev/null` in place of a closed stream. After that a closed stdout cannot
//! be recognised, and a result written there would be lost with exit status 0. So the program has
//! the loader call [`look_at_streams`] before `main` (`look_before_main` in `map.rs`). The library
//! does not: without that call no stream counts as closed.

use rustix::io::fcntl_getfd;
use rustix::stdio;
use std::sync::atomic::{AtomicBool, Ordering};

static STDIN_CLOSED: AtomicBool = AtomicBool::new(false);
static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Records which streams are closed. Called once, before `main`: it uses nothing of Rust's
/// run-time.
pub fn look_at_streams() {
    STDIN_CLOSED.store(fcntl_getfd(stdio::stdin()).is_err(), Ordering::Relaxed);
    STDOUT_CLOSED.store(fcntl_getfd(stdio::stdout()).is_err(), Ordering::Relaxed);
}

/// Whether standard input was closed at the start.
pub(crate) fn stdin_was_closed() -> bool {
    STDIN_CLOSED.load(Ordering::Relaxed)
}

/// Whether standard output was closed at the start.
pub(crate) fn stdout_was_closed() -> bool {
    STDOUT_CLOSED.load(Ordering::Relaxed)
}
