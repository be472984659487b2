//! What the systems do alike, and the standard library does not do or not so.

use rustix::fs::{CWD, RenameFlags, Stat};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

/// Device and number of a file, which are the same under any of its names.
#[allow(clippy::unnecessary_cast)] // Their types differ between systems.
pub(crate) fn file_id(stat: &Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// A file's size in bytes, and when it was modified in seconds and nanoseconds, as the system
/// believes them.
#[allow(clippy::unnecessary_cast)]
pub(super) fn believed_size_and_time(file: impl AsFd) -> Result<(u64, (i64, i64)), Errno> {
    let stat = rustix::fs::fstat(file)?;
    Ok((stat.st_size as u64, (stat.st_mtime as i64, stat.st_mtime_nsec as i64)))
}

/// Closes a file, and returns the error that the system reports only then, which the standard
/// library does not. For example, a network file system may find no room.
pub(crate) fn close(file: File) -> io::Result<()> {
    Ok(nix::unistd::close(file)?)
}

/// Has the names in a folder on the disk when it returns.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    Ok(super::sync(File::open(folder)?)?)
}

/// Has the name that is last in `path` on the disk when it returns, or that it is gone.
pub(crate) fn sync_name(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// Makes a folder, unless it is there. With `sync` its name is on the disk when this returns: what
/// is synced in a folder is lost with it.
#[cfg(feature = "cli")]
pub(crate) fn make_folder(folder: &Path, sync: bool) -> io::Result<()> {
    let is_new = match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        result => result.is_ok(),
    };
    if !sync {
        return Ok(());
    }
    // A folder that is there may be another process's, which was killed before its sync. It may
    // also have been there for long, where this user may not look.
    match sync_name(folder) {
        Err(error) if !is_new && error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => result,
    }
}

/// Renames a file if nothing has the new name. On file systems without such a call it looks first.
pub(crate) fn rename_to_none(from: &Path, to: &Path) -> io::Result<()> {
    let lacks_it = |error| [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP].contains(&error);
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(error) if lacks_it(error) && to.symlink_metadata().is_err() => fs::rename(from, to),
        Err(error) if lacks_it(error) => Err(Errno::EXIST.into()),
        result => Ok(result?),
    }
}

/// What is still allowed at a path when the process is confined.
#[cfg(feature = "cli")]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is confined there"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right {
    /// To read a file. A folder may be listed.
    Read,
    /// To write to a file.
    Write,
    /// In a folder and below: to make, write and remove files.
    Make {
        /// To read them too.
        reads: bool,
        /// To open and list folders.
        lists: bool,
        /// To make and remove folders, and to move files between them.
        moves: bool,
    },
}
