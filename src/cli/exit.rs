//! How the program ends: exit status, and the one line about an error.

use super::hints::unknown_flag;
use super::say::say;
use super::words::with_flags;
use crate::error::Error;
use signal_hook::consts::SIGPIPE;
use std::process::ExitCode;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const ODD: u8 = 3;

/// All was converted, and there were anomalies, under `--fail-on-anomaly`.
pub(super) fn odd() -> ExitCode {
    ExitCode::from(ODD)
}

/// Some of many inputs could not be converted, as was said of each.
pub(super) fn failed() -> ExitCode {
    ExitCode::from(FAILED)
}

/// Says what went wrong, and what may help. A closed pipe ends the program as it ends `cat`:
/// without a word, by SIGPIPE.
pub(super) fn with_error(error: &Error, hint: Option<&str>) -> ExitCode {
    if error.is_closed_pipe() {
        // If even that fails, an exit status says it.
        let _ = signal_hook::low_level::emulate_default_handler(SIGPIPE);
        return ExitCode::from(128 + SIGPIPE as u8);
    }
    let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
    say(&format!("rowmill: {}\n", on_a_line(&(with_flags(&error.to_string()) + &hint))));
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

/// A name may hold anything: a newline would make two lines of one, an escape sequence play with
/// the terminal.
pub(super) fn on_a_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

/// Help and version are answers, not errors.
pub(super) fn from_clap(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed stdout is no reason to fail here.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if let Some(hint) = unknown_flag(error) {
        say(&format!("rowmill: {} (see rowmill --help)\n", on_a_line(&hint)));
        return ExitCode::from(WRONG_USAGE);
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let what = lines.next().unwrap_or_default();
    let what = what.strip_prefix("error: ").unwrap_or(what);
    // What the parsers of numbers say.
    let what = what.replace("number would be zero for non-zero type", "it must be 1 or more");
    let what = what.replace("invalid digit found in string", "it must be a whole number");
    let what = what.replace("cannot parse integer from empty string", "it must be a whole number");
    let mut line = format!("rowmill: {what}");
    if what.ends_with(':') {
        // A list, an item a line.
        for item in lines.clone().take_while(|line| !line.starts_with("Usage:")) {
            line.push(' ');
            line.push_str(item);
        }
    }
    // What clap says in further lines that helps: the values there are, the nearest flag.
    // That an unknown flag could be a value is true, but hardly ever what was meant.
    let hints = lines.filter_map(|line| line.strip_prefix("tip: ").or(line.starts_with('[').then_some(line)));
    for hint in hints.filter(|hint| !hint.starts_with("to pass '")) {
        line.push_str("; ");
        line.push_str(hint);
    }
    say(&format!("{line} (see rowmill --help)\n"));
    ExitCode::from(WRONG_USAGE)
}
