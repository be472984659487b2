//! What was typed: the commands, each with its arguments. What will be done is [`super::job::Job`].

use super::shaping_args::{ReadingArgs, ShapingArgs};
use super::top_args::TopArgs;
use super::typed::{range, size};
use crate::Range;
use crate::internal::Io;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZero;
use std::path::PathBuf;

/// Turn delimited text (CSV, TSV, …) of any size into JSON Lines: exactly, in parallel, in a few
/// megabytes of memory.
///
/// Each record becomes one JSON object on one line, with the header's names as keys and every value
/// a string. The result is the same for any number of threads, from a file or a pipe; what is odd
/// in the data is counted and reported at the end.
#[derive(Clone, Debug, Parser)]
#[command(version, max_term_width = 100, after_help = format!("Examples:\n{EXAMPLES}"), after_long_help = format!("Examples:\n{EXAMPLES}\n\n{NOTES}"))]
#[command(args_override_self = true, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(override_usage = "rowmill [OPTIONS] [INPUT]...\n       rowmill COMMAND ...")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    #[command(flatten)]
    pub(super) convert: ConvertArgs,
}

/// The commands beside the conversion.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    /// Convert files: the default, so the word may be left out
    #[command(args_override_self = true, hide = true)]
    Convert(Box<ConvertArgs>),
    /// Print what the values of each column have in common: types, nulls, extremes
    #[command(args_override_self = true)]
    Schema(Box<SchemaArgs>),
    /// Print the first records as a table, with the type of each column in the first MiB
    #[command(args_override_self = true)]
    Head(Box<HeadArgs>),
    /// Print where a file can be cut into ranges of records, a line of JSON each
    #[command(args_override_self = true)]
    Plan(Box<PlanArgs>),
    /// Convert the ranges of a plan, each to a part in a folder
    #[command(args_override_self = true)]
    Worker(WorkerArgs),
    /// Check that every part of a plan is whole
    #[command(args_override_self = true)]
    Verify(VerifyArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the man page
    Man {
        /// Print the tables of options for the guide instead
        #[arg(long, hide = true)]
        markdown: bool,
    },
}

/// The shells with completions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// `rowmill [convert]`.
#[derive(Args, Clone, Debug)]
pub(super) struct ConvertArgs {
    /// Files to convert, one after another; '-' or none is standard input
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) writing: WritingArgs,
    #[command(flatten)]
    pub(super) shaping: ShapingArgs,
    #[command(flatten)]
    pub(super) anomalies: AnomalyArgs,
    /// Read the inputs' names from FILE, one on each line; '-' is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "inputs",
        help_heading = "Reading",
        hide_short_help = true
    )]
    pub(super) files_from: Option<PathBuf>,
    /// Names in the list end with NUL, as 'find -print0' writes them
    #[arg(short = '0', long, help_heading = "Reading", hide_short_help = true)]
    pub(super) from0: bool,
    /// Stop after N records
    #[arg(long, value_name = "N", help_heading = "Reading")]
    pub(super) limit: Option<u64>,
    #[command(flatten)]
    pub(super) archives: ArchiveArgs,
    /// Convert only these bytes of INPUT, from record to record as a plan has them
    #[arg(long, value_name = "START..END", value_parser = range, help_heading = "Reading", hide_short_help = true)]
    pub(super) range: Option<Range>,
    #[command(flatten)]
    pub(super) resources: ResourceArgs,
    #[command(flatten)]
    pub(super) reporting: ReportingArgs,
}

/// `rowmill schema`.
#[derive(Args, Clone, Debug)]
pub(super) struct SchemaArgs {
    /// Files to judge, one after another; '-' or none is standard input
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    /// A table for people, JSON for programs, or a JSON Schema of the records
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "table")]
    pub(super) format: SchemaFormat,
    /// The inputs are schemas in JSON, of files or of the ranges of one, in order; merge them
    #[arg(long)]
    pub(super) merge: bool,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    #[command(flatten)]
    pub(super) top: TopArgs,
    /// Judge only the first N records, which the result says
    #[arg(long, value_name = "N", help_heading = "Reading")]
    pub(super) limit: Option<u64>,
    #[command(flatten)]
    pub(super) archives: ArchiveArgs,
    /// Judge only these bytes of INPUT, from record to record as a plan has them
    #[arg(long, value_name = "START..END", value_parser = range, help_heading = "Reading", hide_short_help = true)]
    pub(super) range: Option<Range>,
    #[command(flatten)]
    pub(super) resources: ResourceArgs,
    #[command(flatten)]
    pub(super) reporting: ReportingArgs,
}

/// `rowmill head`.
#[derive(Args, Clone, Debug)]
pub(super) struct HeadArgs {
    /// The file to look at; '-' or none is standard input
    #[arg(value_name = "INPUT")]
    pub(super) input: Option<PathBuf>,
    /// Show the first N records [default: 10, or what is in the first MiB]
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) records: Option<usize>,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    #[command(flatten)]
    pub(super) top: TopArgs,
    #[command(flatten)]
    pub(super) archives: ArchiveArgs,
    /// Print nothing but the table and errors
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// What is read of archives.
#[derive(Args, Clone, Debug)]
pub(super) struct ArchiveArgs {
    /// Of zip archives, read only the members that match GLOB ('*' any characters, '?' one)
    #[arg(long, value_name = "GLOB", help_heading = "Reading", hide_short_help = true)]
    pub(super) member: Vec<String>,
}

/// How a schema is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    Table,
    Json,
    JsonSchema,
}

/// `rowmill plan`.
#[derive(Args, Clone, Debug)]
#[command(group = clap::ArgGroup::new("how").required(true).args(["ranges", "range_size"]))]
pub(super) struct PlanArgs {
    /// The file to cut: a regular one, in UTF-8 or an encoding of one byte a character
    #[arg(value_name = "INPUT")]
    pub(super) input: PathBuf,
    /// Cut it into N ranges of nearly equal size
    #[arg(long, value_name = "N")]
    pub(super) ranges: Option<NonZero<usize>>,
    /// Cut it into ranges of at most about SIZE
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) range_size: Option<usize>,
    /// Write the plan to FILE, which appears when it is whole [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) shaping: ShapingArgs,
    #[command(flatten)]
    pub(super) resources: ResourceArgs,
    #[command(flatten)]
    pub(super) reporting: ReportingArgs,
}

/// `rowmill worker`.
#[derive(Args, Clone, Debug)]
pub(super) struct WorkerArgs {
    /// Files with lines of a plan; '-' or none is standard input
    #[arg(value_name = "PLAN")]
    pub(super) plans: Vec<PathBuf>,
    /// The folder of the parts and their receipts
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// Convert only the range of index I; the first is 0
    #[arg(long, value_name = "I")]
    pub(super) only_index: Option<u64>,
    /// Compress the parts: gzip[:LEVEL], zstd[:LEVEL], none
    #[arg(long, value_name = "HOW")]
    pub(super) compress: Option<String>,
    /// Write at most SIZE a second
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) limit_rate: Option<usize>,
    /// The key of the masks by hash: a secret of at least 16 bytes
    #[arg(long, value_name = "FILE")]
    pub(super) hash_key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) resources: ResourceArgs,
    /// Print nothing but errors and receipts
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// `rowmill verify`.
#[derive(Args, Clone, Debug)]
pub(super) struct VerifyArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub(super) plan: PathBuf,
    /// Files with receipts, beside those in DIR
    #[arg(value_name = "RECEIPTS")]
    pub(super) receipts: Vec<PathBuf>,
    /// The folder of the parts; it is marked _SUCCESS if all are whole
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// Threads [default: the cores this process may use]
    #[arg(short = 'j', long, value_name = "N")]
    pub(super) threads: Option<NonZero<usize>>,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// How the output is written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(super) struct WritingArgs {
    /// Write to FILE, which appears when it is whole [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Write each input to a file of its own in DIR: a.csv.gz to a.jsonl
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = [
            "output", "resume", "split_size", "split_records", "limit_rate", "rejects", "check", "limit", "range"
        ],
        hide_short_help = true
    )]
    pub(super) output_dir: Option<PathBuf>,

    /// Compress the output: gzip[:LEVEL], zstd[:LEVEL], none [default: by FILE's extension: .gz,
    /// .zst]
    #[arg(long, value_name = "HOW", hide_short_help = true)]
    pub(super) compress: Option<String>,

    /// Keep a checkpoint beside the unfinished FILE; the same command run again goes on from there
    #[arg(long, hide_short_help = true)]
    pub(super) resume: bool,

    /// Read and write SIZE between checkpoints
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "128M",
        value_parser = size,
        requires = "resume",
        hide_short_help = true
    )]
    pub(super) checkpoint_every: usize,

    /// Never replace a file
    #[arg(long, hide_short_help = true)]
    pub(super) no_clobber: bool,

    /// Have file and folder on the disk before the name appears
    #[arg(long, hide_short_help = true)]
    pub(super) sync: bool,

    /// Write parts of at most SIZE, FILE-00000 and so on, and a manifest of them
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    pub(super) split_size: Option<usize>,

    /// Write parts of at most N records
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(super) split_records: Option<u64>,

    /// Write at most SIZE a second
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    pub(super) limit_rate: Option<usize>,
}

/// What anomalies do.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Anomalies")]
pub(super) struct AnomalyArgs {
    /// Make the first anomaly an error
    #[arg(long, hide_short_help = true)]
    pub(super) strict: bool,

    /// Fail if there are more than N anomalies, or more than P for a hundred records
    #[arg(long, value_name = "N|P%", hide_short_help = true)]
    pub(super) max_errors: Option<String>,

    /// Write records with an anomaly to FILE, unchanged, and why to FILE.log.jsonl
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,

    /// Read and judge everything, write nothing but the summary (and rejects)
    #[arg(long)]
    pub(super) check: bool,

    /// Convert everything, but end with status 3 if there was an anomaly
    #[arg(long, hide_short_help = true)]
    pub(super) fail_on_anomaly: bool,
}

/// What the program may use.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Resources")]
pub(super) struct ResourceArgs {
    /// Peak resident memory, mapped pages included; at least 16M
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size, hide_short_help = true)]
    pub(super) memory: usize,

    /// Threads [default: the cores this process may use]
    #[arg(short = 'j', long, value_name = "N")]
    pub(super) threads: Option<NonZero<usize>>,

    /// How regular files are read
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = Io::ALL.map(Io::name), hide_short_help = true)]
    pub(super) io: String,

    /// Bytes a thread takes at a time; the result never depends on it
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    pub(super) window: Option<usize>,
}

/// What is reported.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Reporting")]
pub(super) struct ReportingArgs {
    /// Print nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Write the summary to FILE as JSON, after a failure too; '-' is stdout, if no records go
    /// there
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) stats: Option<PathBuf>,

    /// Print a line of progress every SECONDS, 10 if no number is given, where stderr is no
    /// terminal; a terminal has a bar
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "10",
        conflicts_with = "quiet",
        hide_short_help = true
    )]
    pub(super) progress: Option<NonZero<u32>>,
}

/// Commands worth copying.
pub(super) const EXAMPLES: &str = "  rowmill dump.csv -o dump.jsonl
  zcat dump.csv.gz | rowmill --mask email > dump.jsonl
  rowmill -d ';' --select id,name --rejects bad.csv dump.csv -o dump.jsonl
  rowmill dump.csv -o dump.jsonl --resume";

/// What holds for all arguments.
pub(super) const NOTES: &str =
    "Bytes are typed as they are or as \\t, \\0, \\xNN. In sizes M and MiB are 2^20 bytes, MB is 10^6.
A file that is named like a command is typed ./plan.
Exit status: 0 done, 1 failed, 2 wrong usage, 3 done with anomalies (--fail-on-anomaly),
128 + signal when interrupted.
ROWMILL_ISA=avx512|avx2|portable forces an instruction set.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_word_is_a_command_only_in_front() {
        let parse = |words: &[&str]| Cli::try_parse_from(std::iter::once(&"rowmill").chain(words)).unwrap();
        assert!(parse(&["in.csv"]).command.is_none());
        assert_eq!(parse(&["in.csv", "plan"]).convert.inputs.len(), 2);
        assert!(parse(&["./plan"]).command.is_none());
        assert!(matches!(parse(&["convert", "in.csv", "-q"]).command, Some(Command::Convert(_))));
        assert!(matches!(parse(&["plan", "in.csv", "--ranges", "3"]).command, Some(Command::Plan(_))));
        assert!(Cli::try_parse_from(["rowmill", "plan", "in.csv"]).is_err(), "how many ranges?");
        assert!(Cli::try_parse_from(["rowmill", "plan", "in.csv", "--ranges", "3", "--strict"]).is_err());
    }
}
