//! What helps where something was typed that is almost right: flags of other tools and commands,
//! words that are no files.

use super::args::Cli;
use crate::error::{Error, ErrorKind as Kind};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};
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

/// The line about a flag of another tool or of another command; `None` if the error is another one,
/// or the flag is not known.
pub(super) fn foreign_flag(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let ContextValue::String(typed) = error.get(ContextKind::InvalidArg)? else { return None };
    let flag = typed.split('=').next().unwrap_or(typed);
    if let Some((_, hint)) = FLAGS.iter().find(|(foreign, _)| *foreign == flag) {
        return Some(format!("there is no {flag}; {hint}"));
    }
    let long = flag.strip_prefix("--")?;
    let program = Cli::command();
    let has_it = |command: &&Command| command.get_arguments().any(|arg| arg.get_long() == Some(long));
    let commands: Vec<_> = program.get_subcommands().filter(has_it).map(Command::get_name).collect();
    match &commands[..] {
        [] => None,
        ["convert", ..] => Some(format!("{flag} is not for this command, but for {}", commands.join(", "))),
        [first, ..] => {
            Some(format!("{flag} is for {}; the command comes first: rowmill {first} …", commands.join(", ")))
        }
    }
}

/// The commands, which an input may be a misspelling of.
const COMMANDS: [&str; 6] = ["convert", "plan", "worker", "verify", "completions", "man"];

/// The path that an error is about, if nothing is there.
fn not_found(error: &Error) -> Option<&str> {
    let Kind::Io { path, source, .. } = error.kind() else { return None };
    (source.kind() == io::ErrorKind::NotFound).then_some(path)
}

/// What helps if not even the folder of a file exists.
pub(super) fn missing_folder(error: &Error) -> Option<String> {
    let folder = Path::new(not_found(error)?).parent()?;
    let is_missing = !folder.as_os_str().is_empty() && !folder.exists();
    is_missing.then(|| format!("the folder {} does not exist", folder.display()))
}

/// What helps if an input does not exist.
pub(super) fn missing_input(error: &Error, inputs: &[PathBuf], output: Option<&Path>) -> Option<String> {
    let path = not_found(error)?;
    let last = inputs.iter().rposition(|input| input.as_os_str() == path)?;
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
