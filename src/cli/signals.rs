//! What a signal does.

use super::progress::Bar;
use super::say::say;
use crate::sys::ignored_signals;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Has a write beyond the limit on the size of files (`ulimit -f`) be an error, not the end of the
/// program.
pub(super) fn outlive_limits() {
    // If there can be no handler, the default ends the program.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}

/// Has SIGINT, SIGTERM and SIGHUP end the program with 128 + the signal at once, whatever its
/// threads wait for, with no unfinished file left; `files` says whether there may be any. At the
/// end it says what `last_words` gives.
pub(super) fn on_signal(
    bar: Bar,
    files: bool,
    last_words: impl Fn() -> Option<&'static str> + Send + 'static,
) {
    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    if !files && !bar.is_shown() {
        // Nothing to undo, so no thread: a tenth of the time that a small file takes.
        for signal in wanted {
            let always = Arc::new(AtomicBool::new(true));
            // If there can be no handler, the default ends the program too.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, always);
        }
        return;
    }
    // If there can be no handler or thread, the default ends the program too.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            bar.finish();
            crate::output::remove_temporaries();
            if let Some(words) = last_words() {
                say(words);
            }
            std::process::exit(128 + signal);
        }
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).stack_size(64 * 1024).spawn(wait);
}
