//! What was typed. What will be done is [`super::job::Job`].

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory, Parser};
use std::num::NonZero;
use std::path::PathBuf;

/// Turn delimited text (CSV, TSV, …) of any size into JSON Lines: exactly, in parallel, in a few megabytes of memory.
///
/// Each record becomes one JSON object on one line, with the header's names as keys and every value a string. The result is the
/// same for any number of threads, from a file or a pipe; what is odd in the data is counted and told at the end.
#[derive(Clone, Debug, Parser)]
#[command(version, max_term_width = 100, after_help = format!("Examples:\n{EXAMPLES}\n\n{NOTES}"))]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// Files to convert, one after another; '-' or none is standard input
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,

    /// Write to FILE, which appears when it is whole [default: stdout]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,

    /// Never replace a file
    #[arg(long, help_heading = "Output")]
    pub(super) no_clobber: bool,

    /// Have file and folder on the disk before the name appears
    #[arg(long, help_heading = "Output")]
    pub(super) sync: bool,

    /// Make the output smaller: gzip[:LEVEL], zstd[:LEVEL], none [default: as FILE's extension says: .gz, .zst]
    #[arg(long, value_name = "HOW", help_heading = "Output")]
    pub(super) compress: Option<String>,

    /// Write parts of at most SIZE, FILE-00000 and so on, and a manifest of them
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Output")]
    pub(super) split_size: Option<usize>,

    /// Write parts of at most N records
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(super) split_records: Option<u64>,

    /// Write at most so much a second
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Output")]
    pub(super) limit_rate: Option<usize>,

    /// Keep a checkpoint beside the unfinished FILE, and go on from there where the same command was cut off
    #[arg(long, help_heading = "Output")]
    pub(super) resume: bool,

    /// Read and write so much between checkpoints
    #[arg(long, value_name = "SIZE", default_value = "128M", value_parser = size, requires = "resume", help_heading = "Output")]
    pub(super) checkpoint_every: usize,

    /// What separates fields: one byte, 'tab', or 'auto' [default: by extension, else ',']
    #[arg(short, long, value_name = "BYTE", allow_hyphen_values = true, help_heading = "Reading")]
    pub(super) delimiter: Option<String>,

    /// What opens and closes quoted fields: one byte, or 'none'
    #[arg(
        long,
        value_name = "BYTE",
        default_value = "\"",
        allow_hyphen_values = true,
        help_heading = "Reading"
    )]
    pub(super) quote: String,

    /// A doubled quote in a quoted field is not one quote
    #[arg(long, help_heading = "Reading")]
    pub(super) no_double_quote: bool,

    /// BYTE makes the next byte literal, in quotes or not
    #[arg(long, value_name = "BYTE", allow_hyphen_values = true, help_heading = "Reading")]
    pub(super) escape: Option<String>,

    /// What ends a record: one byte, or 'any' (LF, CRLF, CR)
    #[arg(
        long,
        value_name = "BYTE",
        default_value = "any",
        allow_hyphen_values = true,
        help_heading = "Reading"
    )]
    pub(super) terminator: String,

    /// Skip lines that start with BYTE
    #[arg(long, value_name = "BYTE", allow_hyphen_values = true, help_heading = "Reading")]
    pub(super) comment: Option<String>,

    /// Whose white space around fields is dropped
    #[arg(long, value_name = "WHICH", default_value = "all", value_parser = ["all", "headers", "fields", "none"], help_heading = "Reading")]
    pub(super) trim: String,

    /// Drop the first N lines of each input
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Reading")]
    pub(super) skip_lines: u64,

    /// Stop after N records
    #[arg(long, value_name = "N", help_heading = "Reading")]
    pub(super) limit: Option<u64>,

    /// The columns' names, instead of the file's own
    #[arg(long, value_name = "A,B,…", help_heading = "Reading")]
    pub(super) header: Option<String>,

    /// The first record is data; columns are named column_1, column_2, …
    #[arg(long, help_heading = "Reading")]
    pub(super) no_header: bool,

    /// The inputs' encoding, by any label of the WHATWG standard [default: utf-8]; a byte-order mark overrules it
    #[arg(long, value_name = "LABEL", help_heading = "Reading")]
    pub(super) encoding: Option<String>,

    /// How regular files are read
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = io_names(), help_heading = "Reading")]
    pub(super) io: String,

    /// Write these columns alone, in this order; '*' stands for any characters
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append, help_heading = "Columns")]
    pub(super) select: Vec<String>,

    /// Leave these columns out; '*' stands for any characters
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append, help_heading = "Columns")]
    pub(super) drop: Vec<String>,

    /// Name columns anew
    #[arg(long, value_name = "OLD=NEW,…", action = ArgAction::Append, help_heading = "Columns")]
    pub(super) rename: Vec<String>,

    #[arg(long, help = format!("Mask columns: {}; by default {}", crate::Mask::ALL.map(crate::Mask::name).join(", "), crate::Mask::default().name()), value_name = "COLUMN[:STYLE],…", action = ArgAction::Append, help_heading = "Columns")]
    pub(super) mask: Vec<String>,

    /// The key of the masks by hash: a secret of at least 16 bytes
    #[arg(long, value_name = "FILE", help_heading = "Columns")]
    pub(super) hash_key_file: Option<PathBuf>,

    /// Make objects of names such as a.b; another separator is typed as --nest=SEP
    #[arg(long, value_name = "SEP", num_args = 0..=1, require_equals = true, default_missing_value = ".", help_heading = "Columns")]
    pub(super) nest: Option<String>,

    /// Key of the array for fields beyond the header; '' drops them
    #[arg(long, value_name = "NAME", default_value = "_extra", help_heading = "Columns")]
    pub(super) extra_key: String,

    /// Write unquoted numbers, true, false and null of JSON as they stand
    #[arg(long, help_heading = "Values")]
    pub(super) infer: bool,

    #[arg(long = "type", help = format!("Types of columns: {}", crate::Type::ALL.map(crate::Type::name).join(", ")), value_name = "COLUMN=TYPE,…", action = ArgAction::Append, help_heading = "Values")]
    pub(super) types: Vec<String>,

    /// Unquoted fields that are exactly one of these are null
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append, help_heading = "Values")]
    pub(super) null: Vec<String>,

    /// What empty fields give: "", null, or no key at all
    #[arg(long, value_name = "WHAT", default_value = "string", value_parser = crate::Empty::ALL.map(crate::Empty::name), help_heading = "Values")]
    pub(super) empty: String,

    /// JSON Lines, lines of arrays, or one array of objects
    #[arg(long, value_name = "FORMAT", default_value = "jsonl", value_parser = crate::Format::ALL.map(crate::Format::name), help_heading = "Values")]
    pub(super) format: String,

    /// Make the first anomaly an error
    #[arg(long, help_heading = "Anomalies")]
    pub(super) strict: bool,

    /// Write records with an anomaly to FILE as they stand, and why to FILE.log.jsonl
    #[arg(long, value_name = "FILE", help_heading = "Anomalies")]
    pub(super) rejects: Option<PathBuf>,

    /// The longest record [default: 16M, less where --memory leaves less]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Anomalies")]
    pub(super) max_record: Option<usize>,

    /// Read and judge everything, write nothing but the summary
    #[arg(long, help_heading = "Anomalies")]
    pub(super) check: bool,

    /// Print where INPUT can be cut into N ranges of records, a line of JSON each, and convert nothing
    #[arg(
        long,
        value_name = "N",
        conflicts_with_all = ["plan_bytes", "range", "check"],
        help_heading = "Ranges"
    )]
    pub(super) plan: Option<NonZero<usize>>,

    /// The same, into ranges of about SIZE at the most
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with_all = ["range", "check"], help_heading = "Ranges")]
    pub(super) plan_bytes: Option<usize>,

    /// Convert these bytes of INPUT alone, from record to record as a plan has them
    #[arg(long, value_name = "START..END", value_parser = super::ranges::range, help_heading = "Ranges")]
    pub(super) range: Option<crate::Range>,

    /// Convert the ranges that the lines of a plan name, on stdin or in the files named, each to a part in the folder -o DIR
    #[arg(long, requires = "output", help_heading = "Ranges")]
    pub(super) worker: bool,

    /// Of the lines of the plan take that of range I alone; the first is 0
    #[arg(long, value_name = "I", requires = "worker", help_heading = "Ranges")]
    pub(super) only_index: Option<u64>,

    /// Check that every part of PLAN is whole in the folder -o DIR, by the receipts in the files named or in DIR, and mark it _SUCCESS
    #[arg(
        long,
        value_name = "PLAN",
        requires = "output",
        conflicts_with = "worker",
        help_heading = "Ranges"
    )]
    pub(super) verify: Option<PathBuf>,

    /// Peak resident memory, mapped pages included; at least 16M
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size, help_heading = "Resources")]
    pub(super) memory: usize,

    /// Threads [default: the cores this process may use]
    #[arg(short = 'j', long, value_name = "N", help_heading = "Resources")]
    pub(super) threads: Option<NonZero<usize>>,

    /// Bytes a thread takes at a time; the result never depends on it
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Resources")]
    pub(super) window: Option<usize>,

    /// Print nothing but errors
    #[arg(short, long, help_heading = "Telling")]
    pub(super) quiet: bool,

    /// Write the summary to FILE as JSON
    #[arg(long, value_name = "FILE", help_heading = "Telling")]
    pub(super) stats: Option<PathBuf>,

    /// Print completions for a shell, or the man page
    #[arg(long, value_name = "WHAT", value_parser = super::generate::KINDS, exclusive = true, help_heading = "Telling")]
    pub(super) generate: Option<String>,

    /// Files that are written beside the output.
    #[arg(skip)]
    pub(super) beside: Vec<PathBuf>,
}

/// Commands worth copying.
pub(super) const EXAMPLES: &str = "  rowmill dump.csv -o dump.jsonl
  zcat dump.csv.gz | rowmill --mask email > dump.jsonl
  rowmill -d ';' --select id,name --rejects bad.csv dump.csv -o dump.jsonl
  rowmill dump.csv -o dump.jsonl --resume";

/// What holds for all arguments.
pub(super) const NOTES: &str =
    "Bytes are typed as they are or as \\t, \\0, \\xNN; sizes as 64M or 1GiB (powers of 1024).
Exit status: 0 done, 1 failed, 2 wrong usage, 128 + signal when interrupted.
ROWMILL_ISA=avx512|avx2|portable forces an instruction set.";

/// The first argument in `typed` that somebody typed and is none of `known`, as it is typed.
pub(super) fn stranger(typed: &ArgMatches, known: &[&str]) -> Option<String> {
    let command = Args::command();
    let strange = command.get_arguments().find(|arg| {
        let id = arg.get_id().as_str();
        !known.contains(&id) && typed.value_source(id) == Some(ValueSource::CommandLine)
    })?;
    Some(strange.get_long().map_or_else(|| "the name of a file".to_owned(), |long| format!("--{long}")))
}

/// The same of the process's own arguments.
pub(super) fn stranger_typed(known: &[&str]) -> Option<String> {
    stranger(&Args::command().try_get_matches_from(std::env::args_os()).ok()?, known)
}

fn io_names() -> Vec<&'static str> {
    crate::internal::Io::ALL.map(crate::internal::Io::name).to_vec()
}

/// A size in bytes, with a unit or without.
fn size(typed: &str) -> Result<usize, String> {
    let n = parse_size::Config::new()
        .with_binary()
        .parse_size(typed)
        .map_err(|error| format!("{error}; sizes are typed as 64M or 1GiB"))?;
    usize::try_from(n).map_err(|_| "is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn sizes_are_binary_with_any_unit() {
        assert_eq!(size("64M"), Ok(64 << 20));
        assert_eq!(size("1GiB"), Ok(1 << 30));
        assert_eq!(size("4096"), Ok(4096));
        assert!(size("much").is_err());
    }
}
