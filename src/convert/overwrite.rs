//! This file refuses outputs that would be written over a file that is still needed: an input, or
//! another output.

use super::file_id::{FileId, file_id_of_path};
use super::options::{Options, Output};
use super::prepared::Prepared;
use crate::error::{Error, ErrorKind, Result};
use crate::input::identity_of;
use crate::output::{PartNames, Rejects, folds_case};
use crate::sys::AtPath;
use rustix::fs::{FileType, Stat};
use std::path::{Path, PathBuf};

/// What an output name leads to, whatever it is called.
#[derive(PartialEq)]
enum OutputPlace {
    /// A file that exists.
    File(FileId),
    /// The name of a file that will exist.
    Name(PathBuf),
    /// A device or FIFO, which any number of outputs may share, or nothing that could be opened.
    Stream(Option<FileId>),
}

impl OutputPlace {
    fn of(path: &Path) -> Self {
        if let Ok(file) = AtPath::open(path) {
            return Self::of_stat(file.stat().ok().as_ref());
        }
        let name = folder_of(path).and_then(|folder| Some(folder.join(path.file_name()?)));
        name.map_or(Self::Stream(None), Self::Name)
    }

    fn of_stat(stat: Option<&Stat>) -> Self {
        let kind = stat.map(|stat| FileType::from_raw_mode(stat.st_mode));
        match (kind, stat.and_then(identity_of)) {
            (Some(FileType::RegularFile), Some(id)) => Self::File(id),
            (_, id) => Self::Stream(id),
        }
    }

    /// Whether both lead to the same.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) if one != two => {
                let names = one.file_name().zip(two.file_name());
                one.parent() == two.parent()
                    && names.is_some_and(|(one, two)| one.eq_ignore_ascii_case(two))
                    && folds_case(one)
            }
            _ => self == other,
        }
    }

    fn file_id(&self) -> Option<FileId> {
        match self {
            Self::File(id) => Some(*id),
            Self::Stream(id) => *id,
            Self::Name(_) => None,
        }
    }
}

/// Checks all outputs.
///
/// # Errors
/// An output is one of the inputs, a file that is needed, or another output, or has the name of a
/// part.
pub(super) fn check(output: &Output<'_>, options: &Options, inputs: &[Prepared<'_>]) -> Result<()> {
    let mut paths: Vec<&Path> = options.own.beside.iter().map(PathBuf::as_path).collect();
    let log = options.rejects.as_deref().map(Rejects::log_path);
    paths.extend(options.rejects.as_deref());
    paths.extend(log.as_deref());
    if let Output::Path(path) = output {
        paths.push(path);
    }
    let mut places: Vec<(String, OutputPlace)> =
        paths.into_iter().map(|path| (path.display().to_string(), OutputPlace::of(path))).collect();
    if matches!(output, Output::Stdout) && !options.check {
        places.push((
            "stdout".to_owned(),
            OutputPlace::of_stat(rustix::fs::fstat(std::io::stdout()).ok().as_ref()),
        ));
    }
    for (i, (name, place)) in places.iter().enumerate() {
        refuse_inputs(name, place.file_id(), &options.own.needed, inputs)?;
        if !matches!(place, OutputPlace::Stream(_)) && places[..i].iter().any(|(_, other)| other.is(place)) {
            return Err(Error::setting(format!("{name}: named for two outputs; give each its own file")));
        }
    }
    match output {
        Output::Path(path) if options.writing.split.is_some() => {
            refuse_part_names(&PartNames::of(path), options)
        }
        _ => Ok(()),
    }
}

/// Checks one output.
///
/// # Errors
/// The output `name` is one of the `inputs`, or one of the `needed` files.
pub(super) fn refuse_inputs(
    name: &str,
    id: Option<FileId>,
    needed: &[PathBuf],
    inputs: &[Prepared<'_>],
) -> Result<()> {
    if id.is_none() {
        return Ok(());
    }
    let input = inputs.iter().find(|input| input.file_id == id).map(|input| input.name.clone());
    let needed =
        || needed.iter().find(|path| file_id_of_path(path) == id).map(|path| path.display().to_string());
    match input.or_else(needed) {
        Some(input) => Err(ErrorKind::SameFile { output: name.to_owned(), input }.into()),
        None => Ok(()),
    }
}

fn refuse_part_names(parts: &PartNames, options: &Options) -> Result<()> {
    for path in options.own.beside.iter().chain(&options.rejects) {
        let name = path.file_name().unwrap_or_default();
        let is_beside = folder_of(path) == folder_of(&parts.place(name));
        if is_beside && (parts.number(name).is_some() || *name == *parts.manifest()) {
            return Err(Error::setting(format!("{}: is called like a part of the output", path.display())));
        }
    }
    Ok(())
}

/// Returns the folder that a file is in, by its canonical path.
fn folder_of(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().ok()
}
