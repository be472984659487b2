//! The outputs of a conversion: the records, the rejects, the checkpoint.

use super::checkpoint::{self, Checkpoints, needs_a_file};
use super::file_id::file_id_of_path;
use super::fingerprint::SeenFile;
use super::options::{Options, Output};
use super::overwrite;
use super::prepared::Prepared;
use crate::error::{CANNOT_WRITE, Error, Result};
use crate::output::{
    Compress, Compression, Descriptor, FileOptions, FileSink, Framing, Nowhere, OutputFile, OutputOptions,
    OutputWriter, Parts, Reached, Rejects, Target, WriteRecords, Writer, left_unfinished, parts_need_a_file,
};
use crate::sys;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a conversion writes to.
pub(super) struct Outputs<'o> {
    pub(super) writer: OutputWriter<'o>,
    pub(super) rejects: Option<Rejects>,
    pub(super) checkpoints: Option<Checkpoints>,
    /// What is found of an earlier run.
    pub(super) remarks: Vec<String>,
}

/// How the output is compressed.
pub(super) fn compression(output: &Output<'_>, options: &Options) -> Option<Compression> {
    match (options.writing.compress, output) {
        _ if options.check => None,
        (Compress::As(compression), _) => Some(compression),
        (Compress::ByName, Output::Path(path)) => Compression::by_extension(path),
        (Compress::ByName | Compress::Not, _) => None,
    }
}

/// Opens the outputs. `framing` is written around the records.
///
/// # Errors
/// An output would be written over an input or another output, or cannot be opened.
pub(super) fn open<'o>(
    output: Output<'o>,
    options: &Options,
    inputs: &[Prepared<'_>],
    framing: Framing,
) -> Result<Outputs<'o>> {
    overwrite::check(&output, options, inputs)?;
    compression(&output, options).map_or(Ok(()), Compression::check)?;
    if options.writing.split.is_some() && !matches!(output, Output::Path(_)) {
        return Err(parts_need_a_file());
    }
    if options.writing.resume.is_some() && (options.check || !matches!(output, Output::Path(_))) {
        return Err(needs_a_file());
    }
    let fingerprints = match options.writing.resume {
        Some(_) => checkpoint::fingerprints(inputs)?,
        None => Vec::new(),
    };
    let files = FileOptions { resume: options.writing.resume.is_some(), ..options.writing.file };
    let unfinished = match &output {
        Output::Path(path) if !options.check => left_unfinished(path),
        _ => Vec::new(),
    };
    let rejects = options.rejects.as_deref().map(|path| Rejects::create(path, files)).transpose()?;
    let mut writing = OutputOptions {
        framing,
        compression: compression(&output, options),
        per_second: options.writing.limit_rate,
        slept: Arc::clone(&options.progress.limited),
        split: options.writing.split,
    };
    let mut opening = Opening { options, inputs, fingerprints, files, rejects, checkpoints: None };
    let (target, reached) = match output {
        _ if options.check => {
            writing = OutputOptions::default();
            (Target::Sink(Box::new(Nowhere)), Reached::default())
        }
        Output::Path(path) if options.writing.split.is_some() => opening.parts(&path)?,
        Output::Path(path) => opening.file(&path)?,
        Output::Stdout => (stdout()?, Reached::default()),
        Output::Sink(sink) => (Target::Sink(sink), Reached::default()),
    };
    let Opening { rejects, checkpoints, .. } = opening;
    let remarks = on_earlier_run(options, checkpoints.as_ref(), &unfinished);
    options.on_remark.hear(&remarks);
    Ok(Outputs { writer: OutputWriter::new(target, writing, reached)?, rejects, checkpoints, remarks })
}

/// Returns the remarks on what an earlier run left: `unfinished` outputs, before they were opened.
fn on_earlier_run(
    options: &Options,
    found: Option<&Checkpoints>,
    unfinished: &[(PathBuf, bool)],
) -> Vec<String> {
    if let Some((found, (_, complete))) = found.and_then(|found| Some((found, found.reached()?))) {
        let (output, n) = (found.output(), found.n_earlier());
        return vec![if complete {
            format!("{output}: an earlier run wrote it all; only its name was missing")
        } else {
            format!("{output}: goes on behind record {n}, up to which an earlier run came")
        }];
    }
    let Options { writing, .. } = options;
    let is_taken = |is_folder: bool| match (writing.split.is_some(), writing.resume.is_some()) {
        (true, _) => is_folder,
        (false, true) => !is_folder,
        (false, false) => false,
    };
    let remark = |(path, is_folder): &(PathBuf, bool)| {
        let what = if is_taken(*is_folder) {
            "an earlier run left this without a checkpoint; it is begun anew"
        } else {
            "the unfinished output of another run stays; its command goes on with it if it had `resume`, or remove it"
        };
        format!("{}: {what}", path.display())
    };
    unfinished.iter().map(remark).collect()
}

/// What is needed to open the output of records.
struct Opening<'o, 'i> {
    options: &'o Options,
    inputs: &'o [Prepared<'i>],
    fingerprints: Vec<SeenFile>,
    files: FileOptions,
    rejects: Option<Rejects>,
    checkpoints: Option<Checkpoints>,
}

impl Opening<'_, '_> {
    /// Opens one file. Returns it, and how far an earlier run got.
    fn file(&mut self, path: &Path) -> Result<(Target<'static>, Reached)> {
        let mut file = OutputFile::create(path, self.files)?;
        let (mut at, mut reached) = (0, Reached::default());
        if let Some(every) = self.options.writing.resume {
            let Some((target, _)) = file.unfinished()? else { return Err(needs_a_file()) };
            let mut found =
                Checkpoints::open(&target, self.options, every, std::mem::take(&mut self.fingerprints))?;
            let others = self.rejects.iter_mut().flat_map(Rejects::files);
            let ats = found.take_up(std::iter::once(&mut file).chain(others))?;
            at = ats[0];
            self.go_on_rejecting(&ats[1..]);
            reached = found.reached().map(|(reached, _)| reached).unwrap_or_default();
            self.checkpoints = Some(found);
        }
        let sink = FileSink::new(path.display().to_string(), file, at);
        Ok((Target::Sink(Box::new(sink)), reached))
    }

    /// The rejects go on behind so many bytes of records, the first of `ats`.
    fn go_on_rejecting(&mut self, ats: &[u64]) {
        if let (Some(rejects), Some(n_bytes)) = (&mut self.rejects, ats.first()) {
            rejects.go_on(*n_bytes);
        }
    }

    /// Opens the parts. Returns them, and how far an earlier run got.
    fn parts(&mut self, path: &Path) -> Result<(Target<'static>, Reached)> {
        let mut parts = Parts::open(path, self.files)?;
        let refuse = |place: &Path| {
            let (name, id) = (place.display().to_string(), file_id_of_path(place));
            overwrite::refuse_inputs(&name, id, &[], self.inputs)
        };
        let mut reached = Reached::default();
        let Some(every) = self.options.writing.resume else {
            parts.begin_anew(&refuse)?;
            return Ok((Target::Parts(Box::new(parts)), reached));
        };
        let mut found = Checkpoints::open(path, self.options, every, std::mem::take(&mut self.fingerprints))?;
        let ats = found.take_up(self.rejects.iter_mut().flat_map(Rejects::files))?;
        self.go_on_rejecting(&ats);
        if let Some((earlier, complete)) = found.reached() {
            let known = earlier.parts.ok_or_else(|| found.refuse("its checkpoint is damaged"))?;
            parts.go_on(known, complete, &refuse).map_err(|reason| found.refuse(reason))?;
            reached = earlier;
        } else {
            parts.begin_anew(&refuse)?;
        }
        self.checkpoints = Some(found);
        Ok((Target::Parts(Box::new(parts)), reached))
    }
}

fn stdout() -> Result<Target<'static>> {
    let cannot = |error| Error::io(CANNOT_WRITE, "stdout", error);
    let fd = std::io::stdout().as_fd().try_clone_to_owned().map_err(cannot)?;
    sys::widen_pipe(&fd);
    Ok(Target::Sink(Box::new(Writer::new("stdout", Descriptor::new(File::from(fd))))))
}

impl Outputs<'_> {
    /// Gives all files their names, after a conversion that succeeded. Returns how much output was
    /// written.
    ///
    /// # Errors
    /// An output cannot be kept.
    pub(super) fn finish(&mut self) -> Result<Reached> {
        self.writer.close()?;
        if let Some(checkpoints) = &mut self.checkpoints {
            let mut ats: Vec<u64> = self.writer.keep()?.into_iter().collect();
            if let Some(rejects) = &mut self.rejects {
                ats.extend(rejects.keep()?);
            }
            checkpoints.completed(&ats, self.writer.reached())?;
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.commit()?;
        }
        self.writer.finish()?;
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.remove();
        }
        Ok(self.writer.reached())
    }
}
