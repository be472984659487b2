//! What helps where something was typed that is almost right: flags of other tools and commands,
//! words that are no files.

use super::args::Cli;
use crate::error::{Error, ErrorKind as Kind};
use crate::output::checkpoint_of;
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
    ("--skipfooter", "use --skip-last"),
    ("--skip-footer", "use --skip-last"),
    (
        "--skip-blank-lines",
        "leave it out: blank lines are skipped; --skip-empty drops records of empty fields",
    ),
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
    ("--filter", "use --where COLUMN=TEXT; for more filter the result: rowmill dump.csv | jq 'select(…)'"),
    ("--plan", "use the command: rowmill plan INPUT --ranges N"),
    ("--plan-bytes", "use the command: rowmill plan INPUT --range-size SIZE"),
    ("--worker", "use the command: rowmill worker PLAN -o DIR"),
    ("--verify", "use the command: rowmill verify PLAN -o DIR"),
    ("--input", "name the file alone: rowmill dump.csv"),
    ("--file", "name the file alone: rowmill dump.csv"),
    ("-i", "name the file alone: rowmill dump.csv"),
    ("--verbose", "leave it out: a summary is printed unless -q is given"),
    ("-v", "leave it out: a summary is printed unless -q is given; the version is -V"),
    ("--quite", "use --quiet (-q)"),
    ("--generate", "use a command: rowmill completions bash|zsh|fish, or rowmill man"),
];

/// The line about a flag that there is not: what other tools call something, what another command
/// has, or what is nearly a flag of this one. `None` if the error is another one.
///
/// The nearest name by clap's measure is no help: it takes `--filter` for `--delimiter`.
pub(super) fn unknown_flag(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let ContextValue::String(typed) = error.get(ContextKind::InvalidArg)? else { return None };
    let flag = typed.split('=').next().unwrap_or(typed);
    if !flag.starts_with('-') {
        return None;
    }
    let what = format!("there is no {flag}");
    if let Some((_, hint)) = FLAGS.iter().find(|(foreign, _)| *foreign == flag) {
        return Some(format!("{what}; {hint}"));
    }
    let Some(long) = flag.strip_prefix("--") else { return Some(what) };
    let program = Cli::command();
    let has_it = |command: &&Command| command.get_arguments().any(|arg| arg.get_long() == Some(long));
    let commands: Vec<_> = program.get_subcommands().filter(has_it).map(Command::get_name).collect();
    Some(match &commands[..] {
        [] => near_flag(long, &program).map_or_else(|| what.clone(), |hint| format!("{what}; {hint}")),
        ["convert", ..] => format!("{flag} is not for this command, but for {}", commands.join(", ")),
        [first, ..] => {
            format!("{flag} is for {}; the command comes first: rowmill {first} …", commands.join(", "))
        }
    })
}

/// The flag that was meant: the only one that begins so, or one with a letter or two mistyped. Of
/// other tools' flags only one letter may be wrong, for a wrong guess there is worse than none.
fn near_flag(long: &str, program: &Command) -> Option<String> {
    let command = std::env::args().nth(1).unwrap_or_default();
    let command = program.find_subcommand(command).unwrap_or(program);
    let own: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    let n = long.chars().count();
    let is_beginning = |name: &str| n > 2 && name.starts_with(long);
    let mistyped = |name: &str| crate::header::distance(long, name);
    let most = if n > 5 { 2 } else { 1 };
    let begins: Vec<&str> = own.iter().copied().filter(|name| is_beginning(name)).collect();
    let near = own.iter().copied().map(|name| (mistyped(name), name)).min().filter(|(n, _)| *n <= most);
    match (&begins[..], near) {
        ([], Some((_, name))) => return Some(format!("did you mean --{name}?")),
        ([], None) => {}
        (names, _) => return Some(format!("did you mean --{}?", names.join(" or --"))),
    }
    let is_meant = |name: &str| is_beginning(name) || n > 3 && mistyped(name) <= 1;
    let foreign = FLAGS.iter().filter_map(|(name, hint)| Some((name.strip_prefix("--")?, hint)));
    let hints: Vec<&&str> = foreign.filter(|(name, _)| is_meant(name)).map(|(_, hint)| hint).collect();
    hints.iter().all(|hint| *hint == hints[0]).then(|| hints.first().map(|hint| (**hint).to_owned()))?
}

/// The commands, which an input may be a misspelling of.
const COMMANDS: [&str; 8] = ["convert", "schema", "head", "plan", "worker", "verify", "completions", "man"];

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
        return Some(format!("it is a URL; fetch it: {} | rowmill", fetching(path)));
    }
    if path == "columns" {
        return Some("if it is how to infer types, type --infer=columns".to_owned());
    }
    if last > 0 && last + 1 == inputs.len() && output.is_none() && is_result(path) {
        return Some(format!("did you mean -o {path}?"));
    }
    if last == 1 && inputs.len() == 2 && output.is_none() {
        return Some("if it is the output, name it with -o FILE.jsonl".to_owned());
    }
    let near = |command: &&&str| last == 0 && crate::header::distance(path, command) <= 2;
    COMMANDS.iter().find(near).map(|command| format!("did you mean the command {command}?"))
}

/// The command that writes what a URL has.
fn fetching(url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%@+,=".contains(c);
    let shown =
        if url.chars().all(plain) { url.to_owned() } else { format!("'{}'", url.replace('\'', "'\\''")) };
    match url.split_once("://").map_or("", |(scheme, _)| scheme) {
        "s3" => format!("aws s3 cp {shown} -"),
        "gs" => format!("gcloud storage cat {shown}"),
        "hdfs" => format!("hdfs dfs -cat {shown}"),
        _ => format!("curl -sSf {shown}"),
    }
}

/// What helps if reading or writing failed under `--resume`, with this output.
pub(super) fn can_go_on(error: &Error, output: Option<&Path>) -> Option<String> {
    let has_checkpoint = output.is_some_and(|output| checkpoint_of(output).exists());
    let failed = matches!(error.kind(), Kind::Io { .. });
    (failed && has_checkpoint).then(|| "the same command goes on from the last checkpoint".to_owned())
}

/// Whether a file of that name looks like a result.
fn is_result(path: &str) -> bool {
    let name = path.trim_end_matches(".gz").trim_end_matches(".zst");
    [".jsonl", ".ndjson", ".json"].iter().any(|ending| name.ends_with(ending))
}
