//! Which standard streams were closed when the process began.
//!
//! Rust's start-up opens `/dev/null` in their place, so that no file takes their number; after that nobody can tell, and a result written
//! there would be lost with exit status 0. So they are looked at before `main`: the loader calls [`look`], which `map.rs`
//! has it do. It must not need anything of Rust's run-time.

use rustix::io::fcntl_getfd;
use rustix::stdio;
use std::sync::atomic::{AtomicBool, Ordering};

static STDIN_CLOSED: AtomicBool = AtomicBool::new(false);
static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Called once, before `main`.
pub(super) extern "C" fn look() {
    STDIN_CLOSED.store(fcntl_getfd(stdio::stdin()).is_err(), Ordering::Relaxed);
    STDOUT_CLOSED.store(fcntl_getfd(stdio::stdout()).is_err(), Ordering::Relaxed);
}

/// Whether standard input was closed.
pub(crate) fn stdin_was_closed() -> bool {
    STDIN_CLOSED.load(Ordering::Relaxed)
}

/// Whether standard output was closed.
pub(crate) fn stdout_was_closed() -> bool {
    STDOUT_CLOSED.load(Ordering::Relaxed)
}
