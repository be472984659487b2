//! The summary: for people on stderr, for programs in `--stats FILE`.

use super::exit::say;
use super::job::Job;
use super::words::with_flags;
use crate::convert::Summary;
use crate::error::{CANNOT_WRITE, Error, Result, shown};
use crate::output::OutputFile;
use serde_json::{Map, Value, json};
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
        "{} records in {seconds:.2} s: {} in ({}/s), {} out ({}/s), {} bound, {} threads",
        grouped(summary.records),
        size(summary.bytes_in),
        rate(summary.bytes_in),
        size(summary.bytes_out),
        rate(summary.bytes_out),
        summary.times.bound().name(),
        summary.threads,
    );
    if let Some(peak) = rss("VmHWM:") {
        let _ = write!(text, ", peak memory {}", size(peak));
    }
    text.push('\n');
    for (anomaly, count) in &summary.anomalies {
        let n = grouped(count.count);
        let _ = writeln!(text, "  {n} × {}, first at {}", anomaly.reason(), count.first);
    }
    if summary.records_rejected > 0 {
        let _ = writeln!(text, "  {} records rejected", grouped(summary.records_rejected));
    }
    for (file, repair) in &summary.header_repairs {
        let (column, from, to) = (repair.column, shown(&repair.from), shown(&repair.to));
        let _ = writeln!(text, "  {file}: column {column} was named '{from}', is now '{to}'");
    }
    let untold = summary.n_header_repairs.saturating_sub(summary.header_repairs.len() as u64);
    if untold > 0 {
        let _ = writeln!(text, "  and {} more columns renamed", grouped(untold));
    }
    for remark in &summary.remarks {
        let _ = writeln!(text, "  {}", with_flags(remark));
    }
    say(&text);
}

/// The anomalies by name, each with its count and first place.
pub(super) fn anomalies(summary: &Summary) -> Map<String, Value> {
    let mut anomalies = Map::new();
    for (anomaly, count) in &summary.anomalies {
        let first = &count.first;
        let place = json!({
            "file": first.file,
            "line": first.line,
            "record": first.record,
            "byte": first.byte,
            "column": first.column,
            "name": first.name,
        });
        anomalies.insert(anomaly.name().to_owned(), json!({ "count": count.count, "first": place }));
    }
    anomalies
}

/// Writes the summary as JSON to `file`, which `path` names.
pub(super) fn write_stats(mut file: OutputFile, path: &Path, summary: &Summary, job: &Job) -> Result<()> {
    let repairs: Vec<Value> = summary
        .header_repairs
        .iter()
        .map(|(file, repair)| {
            json!({ "file": file, "column": repair.column, "from": repair.from, "to": repair.to })
        })
        .collect();
    let times = &summary.times;
    let stats = json!({
        "version": STATS_VERSION,
        "rowmill": env!("CARGO_PKG_VERSION"),
        "inputs": summary.inputs,
        "output": job.path.as_ref().map(|path| path.display().to_string()),
        "records": summary.records,
        "records_written": summary.records - summary.records_rejected,
        "records_rejected": summary.records_rejected,
        "blank_records": summary.blank_records,
        "bytes_in": summary.bytes_in,
        "bytes_encoded": summary.bytes_encoded,
        "bytes_out": summary.bytes_out,
        "parts": summary.parts,
        "seconds": summary.elapsed.as_secs_f64(),
        "threads": summary.threads,
        "window_bytes": summary.window,
        "windows": summary.windows,
        "windows_redone": summary.windows_redone,
        "peak_memory_bytes": rss("VmHWM:"),
        "bound_by": times.bound().name(),
        "thread_seconds": {
            "input": times.input.as_secs_f64(),
            "compute": times.compute.as_secs_f64(),
            "output": times.output.as_secs_f64(),
        },
        "isa": summary.isa,
        "header_repairs": repairs,
        "header_repairs_count": summary.n_header_repairs,
        "remarks": summary.remarks.iter().map(|remark| with_flags(remark)).collect::<Vec<_>>(),
        "anomalies": anomalies(summary),
    });
    let name = path.display().to_string();
    let written = serde_json::to_string_pretty(&stats)
        .map_err(std::io::Error::from)
        .and_then(|text| file.write_all(format!("{text}\n").as_bytes()));
    written.map_err(|error| Error::io(CANNOT_WRITE, name, error))?;
    file.commit()
}

/// A figure of this process's memory in bytes, from `/proc/self/status`.
pub(super) fn rss(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let figure = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = figure.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// A size for people.
pub(super) fn size(n: u64) -> String {
    indicatif::BinaryBytes(n).to_string()
}

/// A number with its thousands apart.
pub(super) fn grouped(n: u64) -> String {
    indicatif::HumanCount(n).to_string()
}
