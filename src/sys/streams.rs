//! Which standard streams were closed when the process began.
//!
//! Rust's start-up opens `/dev/null` in place of a closed stream. After that a closed stdout cannot
//! be recognised, and a result written there would be lost with exit status 0. So the program has
//! the loader call [`look_at_streams`] before `main`, by a macro that is here for its `unsafe`. The
//! library does not: without that call no stream counts as closed.

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

/// Has the loader call `look_at_streams` before `main`, in the program that expands this. The
/// library itself has nothing called.
#[doc(hidden)]
#[macro_export]
macro_rules! look_before_main {
    () => {
        const _: () = {
            extern "C" fn look() {
                ::rowmill::internal::look_at_streams();
            }
            // SAFETY: the section holds pointers to functions without arguments. The loader calls
            // each once, on one thread, before Rust's run-time is set up. This one needs nothing
            // of it: two system calls and two atomics.
            #[used]
            #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
            #[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs"))]
            static BEFORE_MAIN: extern "C" fn() = look;
        };
    };
}
