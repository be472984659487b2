//! An unfinished output that outlives its process, for `--resume`: beside its place, under a name that the next run finds.

use crate::error::{CANNOT_OPEN, Error, ErrorKind, Result};
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where the unfinished output of `target` is.
pub(super) fn partial_path(target: &Path) -> PathBuf {
    beside(target, "rowmill-partial")
}

/// The folder in which its parts are until all are whole.
pub(super) fn parts_folder(target: &Path) -> PathBuf {
    beside(target, "rowmill-parts")
}

/// Where its checkpoint is.
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

/// Opens the unfinished output of `target`, a new one where there is none, for this process alone.
///
/// # Errors
/// It can't be opened, or another run has it.
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
        // Whoever had it may have finished, and it is the result now.
        let opened = file.metadata().map_err(cannot)?;
        if std::fs::metadata(&path)
            .is_ok_and(|named| (named.dev(), named.ino()) == (opened.dev(), opened.ino()))
        {
            return Ok(file);
        }
    }
}
