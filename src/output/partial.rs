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

/// The longest name that most file systems take, in bytes.
pub(super) const LONGEST_NAME: usize = 255;

/// What may be put behind a hidden name, as a checkpoint does.
const BEHIND: &str = ".new";

/// Returns the hidden path `.NAME.ending` beside `target`. Where that is longer than a name may be,
/// the end of NAME gives way to a hash of it: what has a name can always be written anew.
pub(super) fn beside(target: &Path, ending: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().as_bytes();
    let mut hidden = vec![b'.'];
    let most = LONGEST_NAME - BEHIND.len();
    if name.len() + ending.len() + 2 <= most {
        hidden.extend_from_slice(name);
    } else {
        let hash = format!("~{}", &blake3::hash(name).to_hex()[..16]);
        let mut kept = most.saturating_sub(ending.len() + hash.len() + 2).min(name.len());
        // Some file systems refuse half a character.
        while kept > 0 && name.get(kept).is_some_and(|byte| byte & 0xc0 == 0x80) {
            kept -= 1;
        }
        hidden.extend_from_slice(&name[..kept]);
        hidden.extend_from_slice(hash.as_bytes());
    }
    hidden.push(b'.');
    hidden.extend_from_slice(ending.as_bytes());
    target.with_file_name(OsStr::from_bytes(&hidden))
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
