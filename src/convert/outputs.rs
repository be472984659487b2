//! What a conversion writes to, opened once it is sure that nothing is written over that is still needed.

use super::checkpoint::{self, Checkpoints, needs_a_file};
use super::{Options, Output, Prepared};
use crate::error::{CANNOT_WRITE, Error, ErrorKind, Result};
use crate::input::{PIPE, identity, is_distant};
use crate::output::{
    Compress, Compression, Descriptor, FileOptions, FileSink, Framing, Nowhere, Outlet, OutputFile,
    PartNames, Parts, Reached, Rejects, Shape, To, Writer, parts_need_a_file,
};
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What is written to.
pub(super) struct Outputs {
    pub(super) outlet: Outlet,
    pub(super) rejects: Option<Rejects>,
    pub(super) checkpoints: Option<Checkpoints>,
}

/// How the output is made smaller.
pub(super) fn compression(output: &Output, options: &Options) -> Option<Compression> {
    match (options.compress, output) {
        _ if options.check => None,
        (Compress::As(compression), _) => Some(compression),
        (Compress::ByName, Output::Path(path)) => Compression::by_extension(path),
        (Compress::ByName | Compress::Not, _) => None,
    }
}

/// Opens what is written to, unless it is one of the inputs, or named twice; `framing` stands around the records.
///
/// # Errors
/// It is; or it cannot be opened.
pub(super) fn open(
    output: Output,
    options: &Options,
    inputs: &[Prepared],
    framing: Framing,
) -> Result<Outputs> {
    let mut shape = Shape {
        framing,
        compression: compression(&output, options),
        per_second: options.limit_rate,
        split: options.split,
    };
    let mut paths: Vec<PathBuf> = options.beside.clone();
    if let Some(path) = &options.rejects {
        paths.extend([path.clone(), Rejects::log_path(path)]);
    }
    if let Output::Path(path) = &output {
        paths.push(path.clone());
    }
    let mut all: Vec<(String, Target)> =
        paths.iter().map(|path| (path.display().to_string(), Target::of(path))).collect();
    if matches!(output, Output::Stdout) && !options.check {
        all.push(("stdout".to_owned(), Target::of_open(std::io::stdout())));
    }
    for (i, (name, target)) in all.iter().enumerate() {
        let identity = match target {
            Target::File(identity) => Some(*identity),
            Target::Stream(identity) => *identity,
            Target::Name(_) => None,
        };
        let same = |input: &&Prepared| identity.is_some() && input.identity == identity;
        let needed = |path: &&PathBuf| identity.is_some() && identity_of_path(path) == identity;
        let needed = options.needed.iter().find(needed).map(|path| path.display().to_string());
        if let Some(input) = inputs.iter().find(same).map(|input| input.name.clone()).or(needed) {
            return Err(ErrorKind::SameFile { output: name.clone(), input }.into());
        }
        if !matches!(target, Target::Stream(_)) && all[..i].iter().any(|(_, other)| other == target) {
            return Err(Error::setting(format!("{name}: named for two outputs; give each its own file")));
        }
    }
    if options.split.is_some() {
        let Output::Path(path) = &output else { return Err(parts_need_a_file()) };
        let parts = PartNames::of(path);
        for path in options.beside.iter().chain(&options.rejects) {
            let name = path.file_name().unwrap_or_default();
            if folder_of(path) == folder_of(&parts.place(name))
                && (parts.number(name).is_some() || *name == *parts.manifest())
            {
                return Err(Error::setting(format!(
                    "{}: is called like a part of the output",
                    path.display()
                )));
            }
        }
    }
    if options.resume.is_some() && (options.check || !matches!(output, Output::Path(_))) {
        return Err(needs_a_file());
    }
    let told = match options.resume {
        Some(_) => checkpoint::identities(inputs)?,
        None => serde_json::Value::Null,
    };
    let files = FileOptions { resume: options.resume.is_some(), ..options.file };
    let mut rejects = match &options.rejects {
        Some(path) => Some(Rejects::create(path, files)?),
        None => None,
    };
    let mut checkpoints = None;
    let mut reached = Reached::default();
    let to = match output {
        _ if options.check => {
            shape = Shape::default();
            To::Sink(Box::new(Nowhere))
        }
        Output::Path(path) if options.split.is_some() => {
            let mut parts = Parts::open(&path, files)?;
            let refuse = |place: &Path| {
                let (output, identity) = (place.display().to_string(), identity_of_path(place));
                match inputs.iter().find(|input| identity.is_some() && input.identity == identity) {
                    Some(input) => Err(ErrorKind::SameFile { output, input: input.name.clone() }.into()),
                    None => Ok(()),
                }
            };
            if let Some(every) = options.resume {
                let mut found = Checkpoints::open(&path, options, every, told)?;
                found.take_up(rejects.iter_mut().flat_map(Rejects::files))?;
                if let Some((earlier, complete)) = found.reached() {
                    let known = earlier.parts.ok_or_else(|| found.refuse("its checkpoint is damaged"))?;
                    parts.go_on(known, complete, &refuse).map_err(|reason| found.refuse(reason))?;
                    reached = earlier;
                } else {
                    parts.begin_anew(&refuse)?;
                }
                checkpoints = Some(found);
            } else {
                parts.begin_anew(&refuse)?;
            }
            To::Parts(Box::new(parts))
        }
        Output::Path(path) => {
            let mut file = OutputFile::create(&path, files)?;
            let mut at = 0;
            if let Some(every) = options.resume {
                let Some((target, _)) = file.unfinished()? else { return Err(needs_a_file()) };
                let mut found = Checkpoints::open(&target, options, every, told)?;
                let others = rejects.iter_mut().flat_map(Rejects::files);
                at = found.take_up(std::iter::once(&mut file).chain(others))?[0];
                reached = found.reached().map(|(reached, _)| reached).unwrap_or_default();
                checkpoints = Some(found);
            }
            To::Sink(Box::new(FileSink::new(path.display().to_string(), file, at)))
        }
        Output::Stdout => {
            let cannot = |error| Error::io(CANNOT_WRITE, "stdout", error);
            let fd = std::io::stdout().as_fd().try_clone_to_owned().map_err(cannot)?;
            // Refused where stdout is no pipe.
            let _ = rustix::pipe::fcntl_setpipe_size(&fd, PIPE);
            To::Sink(Box::new(Writer::new("stdout", Descriptor::new(File::from(fd)))))
        }
        Output::Sink(sink) => To::Sink(sink),
    };
    Ok(Outputs { outlet: Outlet::new(to, shape, reached)?, rejects, checkpoints })
}

impl Outputs {
    /// Has everything appear under its name: the conversion succeeded. Returns how much output was written.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(super) fn finish(&mut self) -> Result<Reached> {
        self.outlet.close()?;
        if let Some(checkpoints) = &mut self.checkpoints {
            let mut ats: Vec<u64> = self.outlet.keep()?.into_iter().collect();
            if let Some(rejects) = &mut self.rejects {
                ats.extend(rejects.keep()?);
            }
            checkpoints.completed(&ats, self.outlet.reached())?;
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.commit()?;
        }
        self.outlet.finish()?;
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.remove();
        }
        Ok(self.outlet.reached())
    }
}

/// What an output is, whatever it is called.
#[derive(PartialEq)]
enum Target {
    /// The file that stands there.
    File(Identity),
    /// The name under which one will stand.
    Name(PathBuf),
    /// A device or FIFO, which any number of outputs may share; or nothing that could be opened.
    Stream(Option<Identity>),
}

/// Device and inode: the same under any name.
type Identity = (u64, u64);

impl Target {
    fn of(path: &Path) -> Self {
        if let Some(file) = opened_as_path(path) {
            return Self::of_open(file);
        }
        let name = folder_of(path).and_then(|folder| Some(folder.join(path.file_name()?)));
        name.map_or(Self::Stream(None), Self::Name)
    }

    fn of_open(file: impl AsFd) -> Self {
        let stat = rustix::fs::fstat(&file).map(|stat| FileType::from_raw_mode(stat.st_mode));
        match (stat, identity(file)) {
            (Ok(FileType::RegularFile), Some(identity)) => Self::File(identity),
            (_, identity) => Self::Stream(identity),
        }
    }
}

/// The folder that a file is in, by its only name.
fn folder_of(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().ok()
}

/// What makes the file at `path` the same under any name.
pub(super) fn identity_of_path(path: &Path) -> Option<Identity> {
    opened_as_path(path).and_then(identity)
}

/// Whether another file stands at `path` than the one of that identity. Not where one file may be two.
pub(super) fn is_another(path: &Path, was: Option<Identity>) -> bool {
    let Some(file) = opened_as_path(path).filter(|file| !is_distant(file)) else { return false };
    identity(file) != was
}

/// Opened for nothing but what it is: a FIFO would wait for its other end.
fn opened_as_path(path: &Path) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}
