//! `--output-dir`: each input to a file of its own in a folder.
//!
//! An input that cannot be converted is reported on a line, and the others are converted. Advice
//! for maintainers: an option that says something of one output alone conflicts with this one in
//! `args.rs`.

use super::args::ConvertArgs;
use super::confine::{Needs, confine};
use super::exit::{failed, odd};
use super::figures::of;
use super::job::{check_streams, is_one_of, resources, stats, writing};
use super::progress::{Bar, Showing};
use super::remarks::Remarks;
use super::report::{self, About, FailedRun, RunEnd, StatsFile};
use super::say::say;
use super::signals::on_signal;
use super::tally::Tally;
use crate::error::{Error, ErrorKind, Result};
use crate::output::{FileOptions, folds_case};
use crate::sys::make_folder;
use crate::{Compress, Converter, Format, Progress, Summary};
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::io;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The extensions of compressed files that are read, which the names of outputs do not have.
const PACKED: [&str; 9] = ["gz", "bgz", "zst", "zstd", "bz2", "xz", "lz4", "zip", "gzip"];

/// The extensions of text files that become those of the output's format. What another name ends
/// with is a part of it.
const TEXTS: [&str; 8] = ["csv", "tsv", "tab", "psv", "ssv", "txt", "dat", "text"];

/// With more inputs than this, a run may read the folders that they are in.
const MOST_ALLOWED: usize = 64;

/// Conversions of many inputs.
struct EachJob<'a> {
    args: &'a ConvertArgs,
    folder: &'a Path,
    converter: Converter,
    outputs: Vec<PathBuf>,
    stats: Option<PathBuf>,
    file: FileOptions,
    progress: Arc<Progress>,
    remarks: Remarks,
}

/// Converts each input to a file in `folder`.
///
/// # Errors
/// Nothing can be converted. What is wrong with single inputs is said, and the exit status.
pub(super) fn convert_each(args: &ConvertArgs, folder: &Path) -> Result<ExitCode> {
    let job = EachJob::new(args, folder)?;
    make(folder, job.file.sync)?;
    refuse_folded(&args.inputs, &job.outputs)?;
    // Before any other thread is made: it holds for those that this one starts.
    confine(&job.needs());
    let apart = job.stats_are_apart();
    let stats = job.stats.as_deref().map(|path| StatsFile::create(path, job.file, apart)).transpose()?;
    let quiet = args.reporting.quiet;
    let showing = Showing { to_stdout: false, quiet, lines: args.reporting.progress };
    let bar = Bar::new(showing, &job.progress);
    job.remarks.begin(&bar, quiet);
    on_signal(bar.clone(), true, || None);
    let begun = Instant::now();
    let tally = Mutex::new(Tally::default());
    let pairs = args.inputs.iter().cloned().zip(job.outputs.iter().cloned());
    let converted =
        job.converter.convert_each(pairs, |number, result| job.done(number, result, &tally, &bar));
    bar.finish();
    let remarks = match converted {
        Ok(remarks) => remarks,
        Err(error) => {
            let run = FailedRun { inputs: &args.inputs, output: Some(folder), error: &error };
            stats.into_iter().for_each(|stats| stats.write_failed(Summary::default(), &run));
            return Err(error);
        }
    };
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (n_failed, n_left) = (tally.n_failed(), (args.inputs.len() - tally.n_done()) as u64);
    let (mut summary, failures) = tally.sum(remarks);
    summary.inputs = args.inputs.iter().map(|path| path.display().to_string()).collect();
    (summary.elapsed, summary.times) = (begun.elapsed(), job.progress.times());
    summary.threads = summary.threads.max(job.threads());
    summary.memory = args.resources.memory;
    if let Some(stats) = stats {
        let outcome = RunEnd { output: Some(folder), error: None, failures: &failures, n_failed };
        stats.write(&summary, &outcome)?;
    }
    if !quiet {
        let more = (n_failed + n_left > 0).then(|| not_converted(n_failed, n_left));
        let output = folder.display().to_string();
        report::print(&summary, &About { output: Some(&output), said: &job.remarks.said(), more });
    }
    Ok(if n_failed > 0 {
        failed()
    } else if args.anomalies.fail_on_anomaly && summary.has_anomalies() {
        odd()
    } else {
        ExitCode::SUCCESS
    })
}

/// Says how many inputs have no output.
fn not_converted(n_failed: u64, n_left: u64) -> String {
    let text = format!("{} failed", of(n_failed, "input", "inputs"));
    if n_left == 0 { text } else { format!("{text}, and {} were not begun", of(n_left, "more", "more")) }
}

impl<'a> EachJob<'a> {
    fn new(args: &'a ConvertArgs, folder: &'a Path) -> Result<Self> {
        if args.inputs.is_empty() || args.inputs.iter().any(|input| input.as_os_str() == "-") {
            return Err(Error::setting(
                "--output-dir: an output is called like its input, and standard input has no name; name files",
            ));
        }
        let stats = stats(args.reporting.stats.as_deref(), false)?;
        check_streams(&[], false)?;
        let (remarks, mut builder) = Remarks::of_new();
        let progress = builder.progress();
        let options = &mut builder.options;
        options.shaping = args.shaping.shaping()?;
        options.writing = writing(&args.writing)?;
        options.resources = resources(&args.resources)?;
        options.members.clone_from(&args.archives.member);
        options.strict = args.anomalies.strict;
        options.max_errors = args.anomalies.max_errors.as_deref().map(str::parse).transpose()?;
        options.own.beside = stats.iter().cloned().collect();
        options.own.needed = args.shaping.columns.files().cloned().collect();
        let file = options.writing.file;
        let ending = ending(options.shaping.columns.format, options.writing.compress);
        let outputs = outputs(&args.inputs, folder, &ending)?;
        Ok(Self { args, folder, converter: builder.build()?, outputs, stats, file, progress, remarks })
    }

    /// What it opens.
    fn needs(&self) -> Needs {
        let inputs = &self.args.inputs;
        // A rule for each of ten thousand files takes longer than their conversion.
        let is_link = |path: &&PathBuf| path.symlink_metadata().is_ok_and(|file| file.is_symlink());
        let folder = |path: &PathBuf| path.parent().map(Path::to_owned);
        let inputs = match inputs.len() {
            0..=MOST_ALLOWED => inputs.clone(),
            _ => {
                let here = |folder: PathBuf| if folder.as_os_str().is_empty() { ".".into() } else { folder };
                let folders: BTreeSet<PathBuf> = inputs.iter().filter_map(folder).map(here).collect();
                folders.into_iter().chain(inputs.iter().filter(is_link).cloned()).collect()
            }
        };
        let links = self.outputs.iter().filter(is_link).cloned();
        let outputs = std::iter::once(self.folder.join("-")).chain(links).chain(self.stats.iter().cloned());
        let (outputs, syncs) = (outputs.collect(), self.file.sync);
        Needs { inputs, outputs, resumes: false, syncs, splits: false }
    }

    /// Whether the file of `--stats` is no input, and no output.
    fn stats_are_apart(&self) -> bool {
        let others = self.args.inputs.iter().chain(&self.outputs);
        self.stats.as_deref().is_some_and(|stats| !is_one_of(stats, others))
    }

    fn threads(&self) -> usize {
        let threads = self.args.resources.threads.or_else(|| std::thread::available_parallelism().ok());
        threads.map_or(1, NonZero::get).min(self.outputs.len())
    }

    /// Takes the result for an input.
    fn done(
        &self,
        number: usize,
        result: Result<Summary>,
        tally: &Mutex<Tally>,
        bar: &Bar,
    ) -> ControlFlow<()> {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(summary) => {
                tally.add(number, summary);
                ControlFlow::Continue(())
            }
            Err(error) => {
                let input = self.args.inputs[number].display().to_string();
                let message = tally.fail(number, &input, &error);
                bar.aside(|| say(&format!("rowmill: {message}\n")));
                if is_of_all(&error) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
        }
    }
}

/// Whether all that follow would fail by it too: the disk is full, or may not be written to.
fn is_of_all(error: &Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), ErrorKind::Io { source, .. }
        if matches!(source.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem))
}

/// Makes the folder, but not those above it: a name that is mistyped leaves none behind.
fn make(folder: &Path, sync: bool) -> Result<()> {
    match make_folder(folder, sync) {
        Err(error) => Err(Error::io("cannot make this folder", folder.display().to_string(), error)),
        _ if !folder.is_dir() => {
            let reason = "is no folder; --output-dir takes one";
            Err(ErrorKind::Unusable { path: folder.display().to_string(), reason }.into())
        }
        _ => Ok(()),
    }
}

/// How the names of outputs end.
fn ending(format: Format, compress: Compress) -> String {
    let format = if format == Format::Json { ".json" } else { ".jsonl" };
    match compress {
        Compress::As(compression) => format!("{format}.{}", compression.extension()),
        Compress::ByName | Compress::Not => format.to_owned(),
    }
}

/// The outputs for all inputs.
///
/// # Errors
/// Two would have the same name, or one is an input.
fn outputs(inputs: &[PathBuf], folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut taken: HashMap<OsString, &Path> = HashMap::with_capacity(inputs.len());
    let id = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    let mut ids = HashMap::with_capacity(inputs.len());
    let mut outputs = Vec::with_capacity(inputs.len());
    for input in inputs {
        let name = name(input, ending).ok_or_else(|| {
            Error::setting(format!("{}: has no name that an output could have", input.display()))
        })?;
        let output = folder.join(&name);
        if let Some(other) = taken.insert(name, input) {
            return Err(both_to_one(other, input, &output));
        }
        ids.extend(id(input).map(|id| (id, input)));
        outputs.push(output);
    }
    for output in &outputs {
        if let Some(input) = id(output).and_then(|id| ids.get(&id)) {
            let (output, input) = (output.display().to_string(), input.display().to_string());
            return Err(ErrorKind::SameFile { output, input }.into());
        }
    }
    Ok(outputs)
}

/// The error of two inputs whose output is the same file.
fn both_to_one(one: &Path, other: &Path, output: &Path) -> Error {
    let (one, other, output) = (one.display(), other.display(), output.display());
    Error::setting(format!(
        "{one} and {other}: both would be written to {output}; convert them into folders of their own"
    ))
}

/// # Errors
/// The names of two outputs differ by case alone, and are one in their folder.
fn refuse_folded(inputs: &[PathBuf], outputs: &[PathBuf]) -> Result<()> {
    let mut taken = HashMap::with_capacity(outputs.len());
    for (input, output) in inputs.iter().zip(outputs) {
        let Some(other) = taken.insert(output.as_os_str().to_ascii_lowercase(), input) else { continue };
        return if folds_case(output) { Err(both_to_one(other, input, output)) } else { Ok(()) };
    }
    Ok(())
}

/// The name of the output for an input: `a.csv.gz` gives `a` and the ending.
fn name(input: &Path, ending: &str) -> Option<OsString> {
    let mut name = PathBuf::from(input.file_name()?);
    for known in [&PACKED[..], &TEXTS] {
        let is_known =
            |extension: &std::ffi::OsStr| known.iter().any(|known| extension.eq_ignore_ascii_case(known));
        if name.extension().is_some_and(is_known) {
            name.set_extension("");
        }
    }
    let mut name = name.into_os_string();
    name.push(ending);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_called_like_their_inputs() {
        for (input, expected) in [
            ("a.csv", "a.jsonl"),
            ("x/a.csv.gz", "a.jsonl"),
            ("a.TSV.ZST", "a.jsonl"),
            ("data.2026.csv", "data.2026.jsonl"),
            ("data.2026", "data.2026.jsonl"),
            ("a.zip", "a.jsonl"),
            ("a.gz", "a.jsonl"),
            ("README", "README.jsonl"),
            (".csv", ".csv.jsonl"),
            ("a.csv.csv", "a.csv.jsonl"),
        ] {
            assert_eq!(name(Path::new(input), ".jsonl"), Some(expected.into()), "{input}");
        }
        assert_eq!(name(Path::new("x/.."), ".jsonl"), None);
    }
}
