//! What will be done: the arguments of a conversion with defaults filled in, and contradictions
//! refused.

use super::args::{ConvertArgs, ResourceArgs, WritingArgs};
use super::confine::Needs;
use super::remarks::Remarks;
use crate::convert::{Resources, Shaping, Writing};
use crate::error::{CANNOT_READ, CANNOT_WRITE, Error, Result};
use crate::internal::{Io, Isa};
use crate::output::{FileOptions, Rejects, Split};
use crate::sys::{file_id, stdin_was_closed, stdout_was_closed};
use crate::{Compress, Compression, Converter, Input, Output, Progress, Summary};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A conversion.
pub(super) struct Job {
    pub(super) converter: Converter,
    pub(super) inputs: Vec<Input<'static>>,
    pub(super) path: Option<PathBuf>,
    pub(super) rejects: Option<PathBuf>,
    pub(super) stats: Option<PathBuf>,
    /// Files beside the inputs that no output may replace.
    pub(super) needed: Vec<PathBuf>,
    pub(super) resumes: bool,
    /// The output is in parts.
    pub(super) splits: bool,
    pub(super) file: FileOptions,
    pub(super) quiet: bool,
    pub(super) check: bool,
    pub(super) progress: Arc<Progress>,
    pub(super) failed: Arc<Mutex<Option<Box<Summary>>>>,
    pub(super) remarks: Remarks,
}

impl Job {
    /// The conversion that was asked for.
    ///
    /// # Errors
    /// Arguments contradict each other, or a value is not one of its argument.
    pub(super) fn new(args: &ConvertArgs) -> Result<Self> {
        let shaping = args.shaping.shaping()?;
        let inputs = inputs(&args.inputs)?;
        let path = args.writing.output.clone().filter(|path| path.as_os_str() != "-");
        check_check(args, path.as_deref())?;
        path.as_deref().map_or(Ok(()), |path| check_name(path, &inputs))?;
        check_streams(&inputs, path.is_none() && !args.anomalies.check)?;
        let check = args.anomalies.check;
        let stats = stats(args.reporting.stats.as_deref(), path.is_none() && !check)?;
        check_rejects(args.anomalies.rejects.as_deref())?;
        let (remarks, mut builder) = Remarks::of_new();
        let (progress, failed) = (builder.progress(), builder.failed());
        let options = &mut builder.options;
        options.shaping = shaping;
        options.writing = writing(&args.writing)?;
        options.resources = resources(&args.resources)?;
        options.limit = args.limit;
        options.members.clone_from(&args.archives.member);
        options.range = args.range;
        options.strict = args.anomalies.strict;
        options.max_errors = args.anomalies.max_errors.as_deref().map(str::parse).transpose()?;
        options.rejects = args.anomalies.rejects.clone();
        options.check = check;
        options.own.beside = stats.iter().cloned().collect();
        options.own.needed = args.shaping.columns.files().cloned().collect();
        let (file, resumes) = (options.writing.file, args.writing.resume);
        let splits = options.writing.split.is_some();
        Ok(Self {
            converter: builder.build()?,
            inputs,
            path,
            rejects: args.anomalies.rejects.clone(),
            stats,
            needed: args.shaping.columns.files().cloned().collect(),
            resumes,
            splits,
            file,
            quiet: args.reporting.quiet,
            check,
            progress,
            failed,
            remarks,
        })
    }

    /// Where the output goes.
    pub(super) fn output(&self) -> Output<'static> {
        self.path.as_ref().map_or(Output::Stdout, Output::path)
    }

    /// What it opens.
    pub(super) fn needs(&self) -> Needs {
        let inputs = self.inputs.iter().filter_map(|input| match input {
            Input::Path(path) => Some(path.clone()),
            _ => None,
        });
        let log = self.rejects.as_deref().map(Rejects::log_path);
        let outputs = [&self.path, &self.rejects, &log, &self.stats].into_iter().flatten().cloned();
        Needs {
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            resumes: self.resumes,
            syncs: self.file.sync,
            splits: self.splits,
        }
    }

    /// Whether records go to standard output.
    pub(super) fn writes_stdout(&self) -> bool {
        self.path.is_none() && !self.check
    }

    /// Whether the file of `--stats` is no input and no other output, by whatever name. The library
    /// refuses if it is, but a run may fail before that.
    pub(super) fn stats_are_apart(&self) -> bool {
        let Some(stats) = self.stats.as_deref() else { return false };
        let needs = self.needs();
        let log = self.rejects.as_deref().map(Rejects::log_path);
        let others = needs.inputs.iter().chain(&self.needed).chain(&self.path).chain(&self.rejects);
        let own = id(rustix::fs::stat(stats));
        let is_own = |other| own.is_some() && id(other) == own;
        let reads_stdin = self.inputs.iter().any(|input| matches!(input, Input::Stdin));
        !(is_one_of(stats, others.chain(&log))
            || reads_stdin && is_own(rustix::fs::fstat(std::io::stdin()))
            || self.writes_stdout() && is_own(rustix::fs::fstat(std::io::stdout())))
    }

    /// Whether output, rejects or stats go to a file.
    pub(super) fn writes_files(&self) -> bool {
        self.path.is_some() || self.rejects.is_some() || self.stats.is_some()
    }
}

/// A range of a plan that a worker converts.
pub(super) struct RangeJob<'j> {
    pub(super) shaping: Shaping,
    pub(super) input: &'j Path,
    pub(super) range: crate::Range,
    /// Part and receipt, which are never the input.
    pub(super) beside: Vec<PathBuf>,
    /// The file of the key, if there is one.
    pub(super) needed: Vec<PathBuf>,
    pub(super) writing: Writing,
    pub(super) resources: Resources,
}

impl RangeJob<'_> {
    /// As a job whose output is the caller's.
    ///
    /// # Errors
    /// As [`Job::new`].
    pub(super) fn job(self) -> Result<Job> {
        let mut builder = Converter::builder();
        let (progress, failed) = (builder.progress(), builder.failed());
        let options = &mut builder.options;
        options.shaping = self.shaping;
        options.writing = self.writing;
        options.resources = self.resources;
        options.range = Some(self.range);
        options.own.beside = self.beside.clone();
        options.own.needed = self.needed;
        Ok(Job {
            converter: builder.build()?,
            inputs: vec![Input::path(self.input)],
            path: self.beside.into_iter().next(),
            rejects: None,
            stats: None,
            needed: Vec::new(),
            resumes: false,
            splits: false,
            file: FileOptions::default(),
            quiet: true,
            check: false,
            progress,
            failed,
            remarks: Remarks::default(),
        })
    }
}

/// # Errors
/// `--check` is combined with what would be written.
fn check_check(args: &ConvertArgs, path: Option<&Path>) -> Result<()> {
    let WritingArgs { compress, limit_rate, split_size, split_records, .. } = &args.writing;
    let shapes =
        compress.is_some() || limit_rate.is_some() || split_size.is_some() || split_records.is_some();
    if args.anomalies.check && (path.is_some() || shapes) {
        return Err(Error::setting(
            "--check writes nothing but rejects, so it cannot be combined with --output, or what shapes it",
        ));
    }
    Ok(())
}

/// Device and number of a file.
fn id(stat: rustix::io::Result<rustix::fs::Stat>) -> Option<(u64, u64)> {
    stat.ok().as_ref().map(file_id)
}

/// Whether a path leads to the same file as one of `others`, or is one of them.
pub(super) fn is_one_of<'p>(path: &Path, others: impl IntoIterator<Item = &'p PathBuf>) -> bool {
    let own = id(rustix::fs::stat(path));
    let is_own = |other: &PathBuf| own.is_some() && id(rustix::fs::stat(other)) == own;
    others.into_iter().any(|other| other == path || is_own(other))
}

/// The file of `--stats`.
///
/// # Errors
/// It is standard output, and something else goes there.
pub(super) fn stats(path: Option<&Path>, stdout_is_taken: bool) -> Result<Option<PathBuf>> {
    if path != Some(Path::new("-")) {
        return Ok(path.map(Path::to_owned));
    }
    if stdout_is_taken {
        return Err(Error::setting("--stats -: stdout is the output; name a file here, or with --output"));
    }
    check_streams(&[], true)?;
    Ok(Some("/dev/stdout".into()))
}

/// # Errors
/// Rejects would go to standard output, where their log has no place.
fn check_rejects(path: Option<&Path>) -> Result<()> {
    if path == Some(Path::new("-")) {
        let message =
            "--rejects -: there are two files, the records and FILE.log.jsonl beside them; name a file";
        return Err(Error::setting(message));
    }
    Ok(())
}

/// # Errors
/// A standard stream that is needed was closed.
pub(super) fn check_streams(inputs: &[Input<'_>], to_stdout: bool) -> Result<()> {
    let closed = |what, name: &str| Err(Error::io(what, name, rustix::io::Errno::BADF.into()));
    if stdin_was_closed() && inputs.iter().any(|input| matches!(input, Input::Stdin)) {
        return closed(CANNOT_READ, "stdin");
    }
    if stdout_was_closed() && to_stdout {
        return closed(CANNOT_WRITE, "stdout");
    }
    Ok(())
}

/// # Errors
/// The output's name says that it is something that it will not be.
fn check_name(path: &Path, inputs: &[Input<'_>]) -> Result<()> {
    let file = |path: &Path| id(rustix::fs::stat(path));
    let is_input = |input: &Input<'_>| match input {
        Input::Path(input) | Input::Mapped(input) => file(input) == file(path),
        Input::Stdin => id(rustix::fs::fstat(std::io::stdin())) == file(path),
        _ => false,
    };
    if file(path).is_some() && inputs.iter().any(is_input) {
        // That is the greater mistake, and reported as such.
        return Ok(());
    }
    let packed = Compression::by_extension(path).is_some();
    let name = if packed { Path::new(path.file_stem().unwrap_or_default()) } else { path };
    let extension = name.extension().unwrap_or_default().to_ascii_lowercase();
    let extension = extension.to_string_lossy();
    let why = match &*extension {
        "xz" | "bz2" | "lz4" | "br" | "zip" | "7z" | "tar" | "tgz" | "z" | "lzma" | "lz" | "sz" | "rar" => {
            "rowmill does not write that; take .gz or .zst, or write to a pipe and pack there"
        }
        "parquet" | "avro" | "orc" | "arrow" | "feather" | "xlsx" | "db" | "sqlite" => {
            "rowmill writes JSON Lines; name it .jsonl and load that, say with DuckDB"
        }
        "csv" | "tsv" | "psv" => "rowmill writes JSON Lines; name it .jsonl",
        _ => return Ok(()),
    };
    Err(Error::setting(format!("--output {}: {why}", path.display())))
}

/// What the arguments of the output mean.
pub(super) fn writing(args: &WritingArgs) -> Result<Writing> {
    Ok(Writing {
        file: FileOptions { no_clobber: args.no_clobber, sync: args.sync, resume: false },
        compress: compress(args.compress.as_deref())?,
        split: Split { size: args.split_size.map(|n| n as u64), records: args.split_records },
        limit_rate: args.limit_rate.map(|n| n as u64),
        resume: args.resume.then_some(args.checkpoint_every as u64),
    })
}

/// What `--compress` means.
pub(super) fn compress(typed: Option<&str>) -> Result<Compress> {
    Ok(match typed {
        None => Compress::ByName,
        Some("none") => Compress::Not,
        Some(typed) => Compress::As(Compression::parse(typed)?),
    })
}

/// What the arguments of resources mean, and `ROWMILL_ISA`.
pub(super) fn resources(args: &ResourceArgs) -> Result<Resources> {
    Ok(Resources {
        io: Io::ALL.into_iter().find(|io| io.name() == args.io).unwrap_or_default(),
        memory: args.memory,
        threads: args.threads,
        window: args.window,
        isa: isa()?,
    })
}

/// The inputs that are named.
///
/// # Errors
/// There is none, or standard input is named twice.
pub(super) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input<'static>>> {
    if paths.is_empty() {
        if std::io::stdin().is_terminal() {
            let message = "no input: name a file, or pipe into rowmill (see rowmill --help)";
            return Err(Error::setting(message));
        }
        return Ok(vec![Input::Stdin]);
    }
    let is_stdin = |path: &PathBuf| path == Path::new("-");
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Error::setting("'-' is named twice; standard input can be read once"));
    }
    Ok(paths.iter().map(|path| if is_stdin(path) { Input::Stdin } else { Input::path(path) }).collect())
}

/// The instruction set that `ROWMILL_ISA` forces.
fn isa() -> Result<Option<Isa>> {
    let Some(name) = std::env::var_os("ROWMILL_ISA") else { return Ok(None) };
    match Isa::ALL.into_iter().find(|isa| name == isa.name()) {
        Some(isa) => Ok(Some(isa)),
        None => {
            let names = Isa::ALL.map(Isa::name).join(", ");
            let name = name.to_string_lossy();
            Err(Error::setting(format!(
                "ROWMILL_ISA: no instruction set is named '{name}'; there are {names}"
            )))
        }
    }
}
