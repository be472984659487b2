//! The summary: for people on stderr, for programs in `--stats FILE`.

use super::figures::{grouped, of, rss, size};
use super::say::say;
use super::words::with_flags;
use crate::Repair;
use crate::convert::{Count, Misfits, Summary};
use crate::error::{Anomaly, CANNOT_WRITE, Error, Place, Result, shown};
use crate::output::OutputFile;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// The layout of `--stats`; raised when a key changes its meaning or goes.
const STATS_VERSION: u32 = 1;

/// Prints the summary.
pub(super) fn print(summary: &Summary) {
    let seconds = summary.elapsed.as_secs_f64().max(1e-6);
    let rate = |n: u64| size((n as f64 / seconds) as u64);
    let mut text = format!(
        "{} in {seconds:.2} s: {} in ({}/s), {} out ({}/s), {} bound, {}",
        of(summary.records, "record", "records"),
        size(summary.bytes_in),
        rate(summary.bytes_in),
        size(summary.bytes_out),
        rate(summary.bytes_out),
        summary.times.bound().name(),
        of(summary.threads as u64, "thread", "threads"),
    );
    if let Some(peak) = rss("VmHWM:") {
        let _ = write!(text, ", peak memory {}", size(peak));
    }
    text.push('\n');
    print_anomalies(&mut text, summary);
    if let Some(multiline) = &summary.multiline {
        let records = of(multiline.count, "record", "records");
        let _ = writeln!(text, "  {records} of several lines, first at {}", multiline.first);
    }
    if summary.records_rejected > 0 {
        let _ = writeln!(text, "  {} rejected", of(summary.records_rejected, "record", "records"));
    }
    for (file, repair) in &summary.header_repairs {
        let (column, from, to) = (repair.column, shown(&repair.from), shown(&repair.to));
        let _ = writeln!(text, "  {file}: column {column} was named '{from}', is now '{to}'");
    }
    let n_more = summary.n_header_repairs.saturating_sub(summary.header_repairs.len() as u64);
    if n_more > 0 {
        let _ = writeln!(text, "  and {} renamed", of(n_more, "more column", "more columns"));
    }
    for remark in &summary.remarks {
        let _ = writeln!(text, "  {}", with_flags(remark));
    }
    say(&text);
}

/// The anomalies a line each, and below values of the wrong type their columns.
fn print_anomalies(text: &mut String, summary: &Summary) {
    const MOST_COLUMNS: usize = 8;
    for (anomaly, count) in &summary.anomalies {
        let n = grouped(count.count);
        let detail =
            count.detail.as_ref().map_or(String::new(), |detail| format!("; {}", with_flags(detail)));
        let _ = writeln!(text, "  {n} × {}, first at {}{detail}", anomaly.reason(), count.first);
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
    inputs: &'s [String],
    output: Option<String>,
    records: u64,
    records_written: u64,
    records_rejected: u64,
    blank_records: u64,
    bytes_in: u64,
    bytes_encoded: u64,
    bytes_out: u64,
    parts: Option<u64>,
    seconds: f64,
    #[serde(flatten)]
    work: WorkStats,
    header_repairs: Vec<Repaired<'s>>,
    header_repairs_count: u64,
    remarks: Vec<String>,
    anomalies: BTreeMap<String, Count>,
    type_mismatches: &'s [Misfits],
    multiline: Option<Multiline<'s>>,
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
    fn new(summary: &'s Summary, output: Option<&Path>) -> Self {
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
            inputs: &summary.inputs,
            output: output.map(|path| path.display().to_string()),
            records: summary.records,
            records_written: summary.records - summary.records_rejected,
            records_rejected: summary.records_rejected,
            blank_records: summary.blank_records,
            bytes_in: summary.bytes_in,
            bytes_encoded: summary.bytes_encoded,
            bytes_out: summary.bytes_out,
            parts: summary.parts,
            seconds: summary.elapsed.as_secs_f64(),
            work: WorkStats {
                threads: summary.threads,
                window_bytes: summary.window,
                windows: summary.windows,
                windows_redone: summary.windows_redone,
                peak_memory_bytes: rss("VmHWM:"),
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
            multiline: summary
                .multiline
                .as_ref()
                .map(|Count { count, first, .. }| Multiline { count: *count, first }),
        }
    }
}

/// Writes the summary as JSON to `file`, which `path` names.
pub(super) fn write_stats(
    mut file: OutputFile,
    path: &Path,
    summary: &Summary,
    output: Option<&Path>,
) -> Result<()> {
    let name = path.display().to_string();
    let written = serde_json::to_string_pretty(&Stats::new(summary, output))
        .map_err(std::io::Error::from)
        .and_then(|text| file.write_all(format!("{text}\n").as_bytes()));
    written.map_err(|error| Error::io(CANNOT_WRITE, name, error))?;
    file.commit()
}
