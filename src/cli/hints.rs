//! What helps where something was typed that is almost right: flags of other tools, words that are
//! no files.

use crate::error::{Error, ErrorKind as Kind};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::io;
use std::path::{Path, PathBuf};

/// What was typed, and what to type.
const FLAGS: &[(&str, &str)] = &[
    ("--sep", "use --delimiter (-d)"),
    ("--separator", "use --delimiter (-d)"),
    ("--delim", "use --delimiter (-d)"),
    ("--field-separator", "use --delimiter (-d)"),
    ("--fs", "use --delimiter (-d)"),
    ("-s", "use --delimiter (-d)"),
    ("-F", "use --delimiter (-d)"),
    ("-t", "use --delimiter tab (-d tab)"),
    ("--tabs", "use --delimiter tab (-d tab)"),
    ("--tsv", "use --delimiter tab (-d tab)"),
    ("--no-headers", "use --no-header"),
    ("--noheader", "use --no-header"),
    ("-H", "use --no-header"),
    ("--headers", "use --header A,B,… for names, --no-header if the file has none"),
    ("--columns", "use --select"),
    ("--cols", "use --select"),
    ("-c", "use --select"),
    ("--fields", "use --select"),
    ("--exclude", "use --drop"),
    ("--na-values", "use --null"),
    ("--null-value", "use --null"),
    ("--nulls", "use --null"),
    ("--dtype", "use --type"),
    ("--types", "use --type"),
    ("--schema", "use --type"),
    ("--infer-types", "use --infer"),
    ("--quotechar", "use --quote"),
    ("--escapechar", "use --escape"),
    ("--skip", "use --skip-lines"),
    ("--skip-rows", "use --skip-lines"),
    ("--head", "use --limit"),
    ("-n", "use --limit N for the first records, --no-header if the file has no names"),
    ("--rows", "use --limit"),
    ("--jobs", "use --threads (-j)"),
    ("--parallel", "use --threads (-j)"),
    ("--out", "use --output (-o)"),
    ("--ndjson", "leave it out: JSON Lines are the default"),
    ("--jsonl", "leave it out: JSON Lines are the default"),
    ("--json", "use --format json for one array; JSON Lines are the default"),
    ("--force", "leave it out: -o replaces a file unless --no-clobber is given"),
    ("--overwrite", "leave it out: -o replaces a file unless --no-clobber is given"),
    ("--where", "filter the result instead: rowmill dump.csv | jq 'select(…)'"),
    ("--filter", "filter the result instead: rowmill dump.csv | jq 'select(…)'"),
    ("--plan", "use the command: rowmill plan INPUT --ranges N"),
    ("--plan-bytes", "use the command: rowmill plan INPUT --range-size SIZE"),
    ("--worker", "use the command: rowmill worker PLAN -o DIR"),
    ("--verify", "use the command: rowmill verify PLAN -o DIR"),
    ("--generate", "use a command: rowmill completions bash|zsh|fish, or rowmill man"),
];

/// The line about a flag of another tool; `None` if the error is another one, or the flag is not
/// known.
pub(super) fn foreign_flag(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let ContextValue::String(typed) = error.get(ContextKind::InvalidArg)? else { return None };
    let flag = typed.split('=').next().unwrap_or(typed);
    let (_, hint) = FLAGS.iter().find(|(foreign, _)| *foreign == flag)?;
    Some(format!("there is no {flag}; {hint}"))
}

/// The commands, which an input may be a misspelling of.
const COMMANDS: [&str; 6] = ["convert", "plan", "worker", "verify", "completions", "man"];

/// What helps if an input, or the folder of the output, does not exist.
pub(super) fn missing(error: &Error, inputs: &[PathBuf], output: Option<&Path>) -> Option<String> {
    let Kind::Io { path, source, .. } = error.kind() else { return None };
    if source.kind() != io::ErrorKind::NotFound {
        return None;
    }
    if let Some(output) = output.filter(|output| output.as_os_str() == path.as_str()) {
        let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())?;
        return Some(format!("the folder {} does not exist", folder.display()));
    }
    let last = inputs.iter().rposition(|input| input.as_os_str() == path.as_str())?;
    if path.contains("://") {
        return Some(format!("it is a URL; fetch it: curl -sSf {path} | rowmill"));
    }
    if last > 0 && last + 1 == inputs.len() && output.is_none() && is_result(path) {
        return Some(format!("did you mean -o {path}?"));
    }
    let near = |command: &&&str| last == 0 && crate::header::distance(path, command) <= 2;
    COMMANDS.iter().find(near).map(|command| format!("did you mean the command {command}?"))
}

/// Whether a file of that name looks like a result.
fn is_result(path: &str) -> bool {
    let name = path.trim_end_matches(".gz").trim_end_matches(".zst");
    [".jsonl", ".ndjson", ".json"].iter().any(|ending| name.ends_with(ending))
}
