//! `rowmill plan`: where an input can be cut, a line of JSON for each range.
//!
//! A line says all that the conversion of its range needs, except a key of hashes and the output.
//! This file does not know how ranges are found.

use super::args::PlanArgs;
use super::confine::Needs;
use super::figures::of;
use super::job::{check_streams, is_one_of, resources, stats};
use super::receipt::{PlanLine, Task, VERSION, line};
use super::remarks::Remarks;
use super::report::{self, About};
use super::say::say;
use crate::convert::{SeenFile, Shaping};
use crate::error::{CANNOT_OPEN, CANNOT_WRITE, Error, ErrorKind, Result};
use crate::input::identity;
use crate::output::{Descriptor, FileOptions, FileSink, OutputFile, Sink, Writer};
use crate::{Converter, Input, PlanBy, Planned, Progress, Summary};
use std::fs::File;
use std::num::NonZero;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The bytes that are written at once.
const BUFFER: usize = 64 << 10;

/// A plan that is asked for.
pub(super) struct PlanJob {
    converter: Converter,
    shaping: Shaping,
    input: PathBuf,
    by: PlanBy,
    pub(super) path: Option<PathBuf>,
    pub(super) stats: Option<PathBuf>,
    pub(super) quiet: bool,
    pub(super) progress: Arc<Progress>,
    pub(super) failed: Arc<Mutex<Option<Box<Summary>>>>,
    pub(super) remarks: Remarks,
}

impl PlanJob {
    /// The plan that was asked for.
    ///
    /// # Errors
    /// A value is not one of its argument.
    pub(super) fn new(args: &PlanArgs) -> Result<Self> {
        let by = match (args.ranges, args.range_size.map(|bytes| NonZero::new(bytes as u64))) {
            (Some(n), _) => PlanBy::Count(n),
            (None, Some(Some(bytes))) => PlanBy::Bytes(bytes),
            (None, _) => return Err(Error::setting("--range-size: a range of nothing holds no record")),
        };
        if args.input.as_os_str() == "-" {
            return Err(Error::setting("-: a plan needs a file, which workers open again; stdin is none"));
        }
        let path = args.output.clone().filter(|path| path.as_os_str() != "-");
        check_streams(&[], path.is_none())?;
        let shaping = args.shaping.shaping()?;
        let stats = stats(args.reporting.stats.as_deref(), path.is_none())?;
        let (remarks, mut builder) = Remarks::of_new();
        let (progress, failed) = (builder.progress(), builder.failed());
        let options = &mut builder.options;
        options.shaping = shaping.clone();
        options.resources = resources(&args.resources)?;
        options.own.beside = stats.iter().chain(&path).cloned().collect();
        options.own.needed = args.shaping.columns.files().cloned().collect();
        Ok(Self {
            converter: builder.build()?,
            shaping,
            input: args.input.clone(),
            by,
            path,
            stats,
            quiet: args.reporting.quiet,
            progress,
            failed,
            remarks,
        })
    }

    /// What it opens.
    pub(super) fn needs(&self) -> Needs {
        let outputs = self.path.iter().chain(&self.stats).cloned().collect();
        Needs { inputs: vec![self.input.clone()], outputs, ..Needs::default() }
    }

    /// Whether the file of `--stats` is not the input, nor the plan.
    pub(super) fn stats_are_apart(&self) -> bool {
        let others = std::iter::once(&self.input).chain(&self.path);
        self.stats.as_deref().is_some_and(|stats| !is_one_of(stats, others))
    }

    /// Makes the plan and writes it.
    ///
    /// # Errors
    /// The input cannot be cut, or the plan cannot be written.
    pub(super) fn run(&self) -> Result<Planned> {
        let mut to = self.sink()?;
        let planned = self.converter.plan(Input::path(&self.input), self.by)?;
        let absolute = std::path::absolute(&self.input);
        let absolute = absolute.map_err(|error| Error::io(CANNOT_OPEN, name(&self.input), error))?;
        let Some(path) = absolute.to_str().map(str::to_owned) else {
            let reason = "its name is not UTF-8, so no plan can hold it; give it another, or a link";
            return Err(ErrorKind::Unusable { path: name(&self.input), reason }.into());
        };
        let mut options = planned.settled(&self.shaping);
        // Each worker has the key from its own argument, and it must be the same.
        let key_fingerprint = options.columns.hash_key.take().map(|key| key.fingerprint());
        let mut task = Task {
            version: VERSION,
            rowmill: env!("CARGO_PKG_VERSION").to_owned(),
            index: 0,
            count: planned.n_ranges() as u64,
            input: SeenFile { path, fingerprint: planned.input.clone() },
            start: 0,
            end: 0,
            options,
            key_fingerprint,
        };
        let mut text = String::new();
        for (index, range) in planned.ranges().enumerate() {
            (task.index, task.start, task.end) = (index as u64, range.start, range.end);
            let (first_record, first_line, records) = (range.first_record, range.first_line, range.records);
            text.push_str(&line(&PlanLine { task: task.clone(), first_record, first_line, records }));
            if text.len() >= BUFFER {
                to.write(text.as_bytes())?;
                text.clear();
            }
        }
        to.write(text.as_bytes())?;
        to.finish()?;
        Ok(planned)
    }

    /// Where the plan goes, which is not where it comes from.
    fn sink(&self) -> Result<Box<dyn Sink>> {
        if let Some(path) = &self.path {
            let file = OutputFile::create(path, FileOptions::default())?;
            return Ok(Box::new(FileSink::new(name(path), file, 0)));
        }
        let cannot = |error| Error::io(CANNOT_WRITE, "stdout", error);
        let fd = std::io::stdout().as_fd().try_clone_to_owned().map_err(cannot)?;
        let is_file = std::fs::metadata(&self.input).is_ok_and(|stat| stat.is_file());
        let is_input = |own| File::open(&self.input).is_ok_and(|file| identity(file) == Some(own));
        if is_file && identity(&fd).is_some_and(is_input) {
            let output = "stdout".to_owned();
            return Err(ErrorKind::SameFile { output, input: name(&self.input) }.into());
        }
        Ok(Box::new(Writer::new("stdout", Descriptor::new(File::from(fd)))))
    }
}

/// Reports what a plan came to, with the summary of its pass if there was one. Remarks that were
/// `said` are not said again.
pub(super) fn report(planned: &Planned, said: &[String]) {
    let n = of(planned.n_ranges() as u64, "range", "ranges");
    if planned.is_counted() {
        report::print(&planned.summary, &About { output: None, said, more: Some(n) });
    } else {
        say(&format!("{n}, found at the ends of lines without a pass (--quote none)\n"));
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
