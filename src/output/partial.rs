//! An unfinished output that outlives its process, for `--resume`. It is beside its place, under a
//! name that the next run finds.

use crate::error::{CANNOT_OPEN, Error, ErrorKind, Result};
use rustix::fs::{Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Returns the path of the unfinished output of `target`.
pub(super) fn partial_path(target: &Path) -> PathBuf {
    beside(target, "rowmill-partial")
}

/// Returns the folder in which its parts are until all are whole.
pub(super) fn parts_folder(target: &Path) -> PathBuf {
    beside(target, "rowmill-parts")
}

/// Returns the names in a folder. The iterator of the standard library is not used: it panics if
/// the folder cannot be closed.
pub(super) fn names_in(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<OsString>>> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let folder = Dir::new(rustix::fs::open(folder, flags, Mode::empty())?)?;
    let name = |entry: rustix::io::Result<rustix::fs::DirEntry>| {
        Ok(OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned())
    };
    let own = |name: &io::Result<OsString>| !name.as_ref().is_ok_and(|name| name == "." || name == "..");
    Ok(folder.map(name).filter(own))
}

/// Removes a folder of files. What cannot be removed stays.
pub(super) fn remove_folder(folder: &Path) {
    for name in names_in(folder).into_iter().flatten().flatten() {
        let _ = std::fs::remove_file(folder.join(name));
    }
    let _ = std::fs::remove_dir(folder);
}

/// Returns the path of its checkpoint.
pub(crate) fn checkpoint_path(target: &Path) -> PathBuf {
    beside(target, "rowmill-checkpoint")
}

fn beside(target: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(what);
    target.with_file_name(name)
}

/// Opens the unfinished output of `target` for this process alone. Creates it if there is none.
///
/// # Errors
/// It cannot be opened, or another run has it.
pub(super) fn open(target: &Path) -> Result<File> {
    let path = partial_path(target);
    let name = path.display().to_string();
    let cannot = |error: io::Error| Error::io(CANNOT_OPEN, &*name, error);
    loop {
        let mut options = OpenOptions::new();
        let file =
            options.write(true).create(true).truncate(false).mode(0o666).open(&path).map_err(cannot)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let reason = "is being written by another run; wait for its end, or stop it";
                return Err(ErrorKind::Unusable { path: name, reason }.into());
            }
            Err(error) => return Err(cannot(error.into())),
        }
        // The process that had it may have finished. Then the file is the result now.
        let opened = file.metadata().map_err(cannot)?;
        if std::fs::metadata(&path)
            .is_ok_and(|named| (named.dev(), named.ino()) == (opened.dev(), opened.ino()))
        {
            return Ok(file);
        }
    }
}
