//! The summary: for people on stderr, for programs in `--stats FILE`.

use super::exit::on_a_line;
use super::figures::{date, grouped, of, size};
use super::say::say_lines;
use super::words::with_flags;
use crate::convert::{Count, Misfits, Resumed, Summary};
use crate::error::{Anomaly, CANNOT_WRITE, Error, Place, Result, shown};
use crate::output::{FileOptions, OutputFile};
use crate::sys::peak_memory;
use crate::{Repair, ValueType};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The layout of `--stats`; raised when a key changes its meaning or goes.
const STATS_VERSION: u32 = 1;

/// What the summary of a run says beside its figures.
pub(super) struct About<'a> {
    /// The output's name, if records are written.
    pub(super) output: Option<&'a str>,
    /// Remarks that were printed before.
    pub(super) said: &'a [String],
    /// A line more.
    pub(super) more: Option<String>,
}

/// Prints the summary.
pub(super) fn print(summary: &Summary, about: &About<'_>) {
    let mut text = first_line(summary, about.output);
    if let Some(Resumed { records, .. }) = summary.resumed {
        let records = of(records, "record", "records");
        let _ =
            writeln!(text, "  {records} of these by an earlier run; time and rates are those of this one");
    }
    print_anomalies(&mut text, summary);
    if let Some(multiline) = &summary.multiline {
        let records = of(multiline.count, "record", "records");
        let _ = writeln!(
            text,
            "  {records} of several lines, first at {}",
            on_a_line(&multiline.first.to_string())
        );
    }
    if summary.blank_records > 0 {
        let _ = writeln!(text, "  {} skipped", of(summary.blank_records, "blank record", "blank records"));
    }
    if summary.empty_records > 0 {
        let _ = writeln!(text, "  {} skipped", of(summary.empty_records, "empty record", "empty records"));
    }
    if summary.nuls > 0 {
        let _ = writeln!(text, "  {} dropped or replaced (--nul)", of(summary.nuls, "NUL", "NULs"));
    }
    if summary.filtered_records > 0 {
        let _ =
            writeln!(text, "  {} not written (--where)", of(summary.filtered_records, "record", "records"));
    }
    if summary.repeated_headers > 0 {
        let headers = of(summary.repeated_headers, "repeated header", "repeated headers");
        let _ = writeln!(text, "  {headers} skipped");
    }
    if summary.records_rejected > 0 {
        let _ = writeln!(text, "  {} rejected", of(summary.records_rejected, "record", "records"));
    }
    for (file, repair) in &summary.header_repairs {
        let (column, from, to) = (repair.column, shown(&repair.from), shown(&repair.to));
        let _ = writeln!(text, "  {}: column {column} was named '{from}', is now '{to}'", on_a_line(file));
    }
    let n_more = summary.n_header_repairs.saturating_sub(summary.header_repairs.len() as u64);
    if n_more > 0 {
        let _ = writeln!(text, "  and {} renamed", of(n_more, "more column", "more columns"));
    }
    print_types(&mut text, summary);
    for remark in summary.remarks.iter().filter(|remark| !about.said.contains(remark)) {
        let _ = writeln!(text, "  {}", on_a_line(&with_flags(remark)));
    }
    if let Some(more) = &about.more {
        let _ = writeln!(text, "  {more}");
    }
    if !std::io::stderr().is_terminal() {
        let _ = writeln!(text, "  ended {}", date(SystemTime::now()));
    }
    say_lines(&text);
}

/// How much was done of what, in which time.
fn first_line(summary: &Summary, output: Option<&str>) -> String {
    let seconds = summary.elapsed.as_secs_f64().max(1e-6);
    let Resumed { bytes_in, bytes_out, .. } = summary.resumed.unwrap_or_default();
    // What an earlier run did took its time, not this one's.
    let amount = |n: u64, earlier: u64| {
        let rate = size((n.saturating_sub(earlier) as f64 / seconds) as u64);
        format!("{}, {rate}/s", size(n))
    };
    let input = match &summary.inputs[..] {
        [only] => on_a_line(only),
        all => of(all.len() as u64, "input", "inputs"),
    };
    let mut text = format!(
        "{} in {seconds:.2} s: from {input} ({})",
        of(summary.records, "record", "records"),
        amount(summary.bytes_in, bytes_in)
    );
    if let Some(output) = output {
        let parts = summary.parts.map(|n| of(n, "part", "parts") + ", ").unwrap_or_default();
        let _ = write!(text, " to {} ({parts}{})", on_a_line(output), amount(summary.bytes_out, bytes_out));
    }
    let threads = of(summary.threads as u64, "thread", "threads");
    let _ = write!(text, ", {} bound, {threads}", summary.times.bound().name());
    if let Some(peak) = peak_memory() {
        let _ = write!(text, ", memory {}", size(peak));
        if summary.memory > 0 {
            let _ = write!(text, " of {}", size(summary.memory as u64));
        }
    }
    text + "\n"
}

/// The anomalies a line each, and below values of the wrong type their columns.
fn print_anomalies(text: &mut String, summary: &Summary) {
    const MOST_COLUMNS: usize = 8;
    for (anomaly, count) in &summary.anomalies {
        let n = grouped(count.count);
        let detail =
            count.detail.as_ref().map_or(String::new(), |detail| format!("; {}", with_flags(detail)));
        let _ = writeln!(
            text,
            "  {n} × {}, first at {}{detail}",
            anomaly.reason(),
            on_a_line(&count.first.to_string())
        );
        if *anomaly != Anomaly::TypeMismatch {
            continue;
        }
        for Misfits { column, name, wanted, count } in summary.misfits.iter().take(MOST_COLUMNS) {
            let _ =
                writeln!(text, "    {} in column {column} ({}): no {wanted}", grouped(*count), shown(name));
        }
        if let Some(n) = summary.misfits.len().checked_sub(MOST_COLUMNS).filter(|n| *n > 0) {
            let _ = writeln!(text, "    and in {}", of(n as u64, "more column", "more columns"));
        }
    }
}

/// The types that were found, on a line.
fn print_types(text: &mut String, summary: &Summary) {
    const MOST_TYPES: usize = 16;
    if summary.types.is_empty() {
        return;
    }
    let (strings, others): (Vec<_>, Vec<_>) =
        summary.types.iter().partition(|(_, found)| *found == ValueType::String);
    let each = |(name, found): &&(String, ValueType)| format!("{} {}", shown(name), found.name());
    let mut all: Vec<String> = others.iter().take(MOST_TYPES).map(each).collect();
    if let Some(n) = others.len().checked_sub(MOST_TYPES).filter(|n| *n > 0) {
        all.push(format!("{} more with a type", grouped(n as u64)));
    }
    if !strings.is_empty() {
        all.push(of(strings.len() as u64, "string", "strings"));
    }
    let _ = writeln!(text, "  types: {}", all.join(", "));
}

/// The anomalies by name, each with its count and first place.
pub(super) fn anomalies(summary: &Summary) -> BTreeMap<String, Count> {
    let in_flags = |count: &Count| Count { detail: count.detail.as_deref().map(with_flags), ..count.clone() };
    summary.anomalies.iter().map(|(anomaly, count)| (anomaly.name().to_owned(), in_flags(count))).collect()
}

/// The summary as `--stats` has it.
#[derive(Serialize)]
struct Stats<'s> {
    version: u32,
    rowmill: &'static str,
    error: Option<Failure<'s>>,
    inputs: &'s [String],
    inputs_failed: u64,
    failures: &'s [Failed],
    output: Option<String>,
    records: u64,
    records_written: u64,
    records_rejected: u64,
    blank_records: u64,
    empty_records: u64,
    filtered_records: u64,
    nuls: u64,
    repeated_headers: u64,
    bytes_in: u64,
    bytes_encoded: u64,
    bytes_out: u64,
    parts: Option<u64>,
    resumed: Option<Resumed>,
    seconds: f64,
    #[serde(flatten)]
    work: WorkStats,
    header_repairs: Vec<Repaired<'s>>,
    header_repairs_count: u64,
    remarks: Vec<String>,
    anomalies: BTreeMap<String, Count>,
    type_mismatches: &'s [Misfits],
    #[serde(serialize_with = "as_object")]
    types: &'s [(String, ValueType)],
    multiline: Option<Multiline<'s>>,
}

/// Pairs as an object, in their order.
fn as_object<S: serde::Serializer>(
    pairs: &[(String, ValueType)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, found)| (name, found)))
}

/// Why the run failed.
#[derive(Serialize)]
struct Failure<'s> {
    message: String,
    /// Its place in the data, if it has one.
    position: Option<&'s Place>,
}

/// An input of many that could not be converted.
#[derive(Serialize)]
pub(super) struct Failed {
    pub(super) message: String,
    /// Its place in the data, if it has one.
    pub(super) position: Option<Place>,
}

/// What a run came to, beside its summary.
#[derive(Default)]
pub(super) struct RunEnd<'a> {
    pub(super) output: Option<&'a Path>,
    /// Why it failed.
    pub(super) error: Option<&'a Error>,
    /// Why single inputs of many failed, the first of them, and how many did.
    pub(super) failures: &'a [Failed],
    pub(super) n_failed: u64,
}

/// Records of several lines.
#[derive(Serialize)]
struct Multiline<'s> {
    count: u64,
    first: &'s Place,
}

/// How the work was done.
#[derive(Serialize)]
struct WorkStats {
    threads: usize,
    window_bytes: usize,
    windows: u64,
    windows_redone: u64,
    memory_bytes: usize,
    peak_memory_bytes: Option<u64>,
    bound_by: &'static str,
    thread_seconds: ThreadSeconds,
    isa: &'static str,
}

/// Where the threads' time went.
#[derive(Serialize)]
struct ThreadSeconds {
    input: f64,
    compute: f64,
    output: f64,
}

/// A column name that was changed.
#[derive(Serialize)]
struct Repaired<'s> {
    file: &'s str,
    column: u64,
    from: &'s str,
    to: &'s str,
}

impl<'s> Stats<'s> {
    fn new(summary: &'s Summary, outcome: &RunEnd<'s>) -> Self {
        let RunEnd { output, error, failures, n_failed } = *outcome;
        let times = &summary.times;
        let repaired = |(file, repair): &'s (String, Repair)| Repaired {
            file,
            column: repair.column,
            from: &repair.from,
            to: &repair.to,
        };
        Self {
            version: STATS_VERSION,
            rowmill: env!("CARGO_PKG_VERSION"),
            error: error
                .map(|error| Failure { message: with_flags(&error.to_string()), position: error.position() }),
            inputs: &summary.inputs,
            inputs_failed: n_failed,
            failures,
            output: output.map(|path| path.display().to_string()),
            records: summary.records,
            records_written: summary.records - summary.records_rejected,
            records_rejected: summary.records_rejected,
            blank_records: summary.blank_records,
            empty_records: summary.empty_records,
            filtered_records: summary.filtered_records,
            nuls: summary.nuls,
            repeated_headers: summary.repeated_headers,
            bytes_in: summary.bytes_in,
            bytes_encoded: summary.bytes_encoded,
            bytes_out: summary.bytes_out,
            parts: summary.parts,
            resumed: summary.resumed,
            seconds: summary.elapsed.as_secs_f64(),
            work: WorkStats {
                threads: summary.threads,
                window_bytes: summary.window,
                windows: summary.windows,
                windows_redone: summary.windows_redone,
                memory_bytes: summary.memory,
                peak_memory_bytes: peak_memory(),
                bound_by: times.bound().name(),
                thread_seconds: ThreadSeconds {
                    input: times.input.as_secs_f64(),
                    compute: times.compute.as_secs_f64(),
                    output: times.output.as_secs_f64(),
                },
                isa: summary.isa,
            },
            header_repairs: summary.header_repairs.iter().map(repaired).collect(),
            header_repairs_count: summary.n_header_repairs,
            remarks: summary.remarks.iter().map(|remark| with_flags(remark)).collect(),
            anomalies: anomalies(summary),
            type_mismatches: &summary.misfits,
            types: &summary.types,
            multiline: summary
                .multiline
                .as_ref()
                .map(|Count { count, first, .. }| Multiline { count: *count, first }),
        }
    }
}

/// A run that failed.
pub(super) struct FailedRun<'a> {
    pub(super) inputs: &'a [PathBuf],
    pub(super) output: Option<&'a Path>,
    pub(super) error: &'a Error,
}

/// Where the summary goes as JSON.
pub(super) struct StatsFile<'p> {
    path: &'p Path,
    file: OutputFile,
    /// It is no input and no other output, so it may be written after a failure too.
    apart: bool,
}

impl<'p> StatsFile<'p> {
    /// Opens it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn create(path: &'p Path, options: FileOptions, apart: bool) -> Result<Self> {
        Ok(Self { path, file: OutputFile::create(path, options)?, apart })
    }

    /// Writes what a run did that failed with `error`, after its arguments were found right. The
    /// error of the run is the one to report, so one in writing this is not.
    pub(super) fn write_failed(self, mut summary: Summary, run: &FailedRun<'_>) {
        if self.apart && !run.error.is_usage() {
            if summary.inputs.is_empty() {
                summary.inputs = run.inputs.iter().map(|path| path.display().to_string()).collect();
            }
            let outcome = RunEnd { output: run.output, error: Some(run.error), ..RunEnd::default() };
            let _ = self.write(&summary, &outcome);
        }
    }

    /// Writes the summary, with what the run came to.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(mut self, summary: &Summary, outcome: &RunEnd<'_>) -> Result<()> {
        let name = self.path.display().to_string();
        let written = serde_json::to_string_pretty(&Stats::new(summary, outcome))
            .map_err(std::io::Error::from)
            .and_then(|text| self.file.write_all(format!("{text}\n").as_bytes()));
        written.map_err(|error| Error::io(CANNOT_WRITE, name, error))?;
        self.file.commit()
    }
}
