//! How the program ends: exit status, the one line about an error, signals.

use super::progress::Bar;
use super::words::with_flags;
use crate::error::Error;
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

/// Says what went wrong. A closed pipe ends the program as it ends `cat`: without a word, by SIGPIPE.
pub(super) fn with_error(error: &Error) -> ExitCode {
    if error.is_closed_pipe() {
        // If even that fails, an exit status says it.
        let _ = signal_hook::low_level::emulate_default_handler(SIGPIPE);
        return ExitCode::from(128 + SIGPIPE as u8);
    }
    say(&format!("rowmill: {}\n", on_a_line(&with_flags(&error.to_string()))));
    ExitCode::from(if error.is_usage() { WRONG_USAGE } else { FAILED })
}

/// Says what is wrong, a line each, but no more than ten.
pub(super) fn with_problems(problems: &[String]) -> ExitCode {
    const MOST: usize = 10;
    let shown = if problems.len() > MOST { MOST - 1 } else { problems.len() };
    for problem in &problems[..shown] {
        say(&format!("rowmill: {}\n", on_a_line(problem)));
    }
    if shown < problems.len() {
        say(&format!("rowmill: and {} more\n", problems.len() - shown));
    }
    ExitCode::from(FAILED)
}

/// A name may hold anything: a newline would make two lines of one, an escape sequence play with the terminal.
fn on_a_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

/// Help and version are answers, not errors.
pub(super) fn from_clap(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed stdout is no reason to fail here.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let what = lines.next().unwrap_or_default();
    let what = what.strip_prefix("error: ").unwrap_or(what);
    let mut line = format!("rowmill: {what}");
    if what.ends_with(':') {
        // A list, an item a line.
        for item in lines.clone().take_while(|line| !line.starts_with("Usage:")) {
            line.push(' ');
            line.push_str(item);
        }
    }
    // What clap says in further lines that helps: the values there are, the nearest flag.
    for hint in lines.filter_map(|line| line.strip_prefix("tip: ").or(line.starts_with('[').then_some(line)))
    {
        line.push_str("; ");
        line.push_str(hint);
    }
    say(&format!("{line} (see rowmill --help)\n"));
    ExitCode::from(WRONG_USAGE)
}

/// Writes to stderr; one that is closed is nobody's to tell.
pub(super) fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Has SIGINT, SIGTERM and SIGHUP end the program with 128 + the signal at once, whatever its threads wait for, with no unfinished
/// file left; `files` says whether there may be any.
pub(super) fn on_signal(bar: Bar, files: bool) {
    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    if !files && !bar.is_shown() {
        // Nothing to undo, so no thread: a tenth of the time that a small file takes.
        for signal in wanted {
            let always = Arc::new(AtomicBool::new(true));
            // Where no handler can be had, the default ends the program too.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, always);
        }
        return;
    }
    // Where no handler or thread can be had, the default ends the program too.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            bar.finish();
            crate::output::remove_temporaries();
            std::process::exit(128 + signal);
        }
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).stack_size(64 * 1024).spawn(wait);
}

/// The signals that whoever started us had us ignore, as `nohup` does; bit 0 is signal 1.
fn ignored_signals() -> u64 {
    // In one piece: the system writes all of it anew for each.
    let mut status = [0; 4096];
    let n = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status)).unwrap_or(0);
    let status = String::from_utf8_lossy(&status[..n]);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
