//! What any system does that lacks Linux's calls: files are read, not mapped, outputs have a
//! temporary name until they are whole, and the process is not confined.
#![allow(unsafe_code)] // Room 2.

use rustix::fs::Stat;
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Files are not mapped here, but read: pages of a map are not given back when that is asked for,
/// so the memory of a large one could not be bounded. Nor is there a call by which a page that is
/// gone is an error.
pub(crate) const MAPS: bool = false;

/// A part of a file as bytes, of which there is none.
#[derive(Debug)]
pub(crate) enum Map {}

impl Map {
    /// Fails.
    pub(crate) fn new(_: &File, _: u64, _: u64, _: u64) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// All its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match *self {}
    }

    /// Faults bytes in.
    pub(crate) fn populate(&self, _: usize, _: usize) -> bool {
        match *self {}
    }

    /// The lowest offset of a page that vanished.
    pub(crate) fn lost(&self) -> Option<usize> {
        match *self {}
    }

    /// Gives pages back to the system.
    pub(crate) fn discard(&self, _: usize, _: usize) {
        match *self {}
    }
}

/// What is at a path, looked at without opening it: a FIFO would wait for its other end.
#[derive(Debug)]
pub(crate) struct AtPath(PathBuf, Stat);

impl AtPath {
    /// Looks at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, Errno> {
        Ok(Self(path.to_owned(), rustix::fs::stat(path)?))
    }

    /// What the system knows of it.
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        Ok(self.1)
    }

    /// Whether it is on a network or FUSE file system.
    pub(crate) fn is_distant(&self) -> bool {
        rustix::fs::statfs(&self.0).is_ok_and(|stat| super::macos::is_distant_kind(&stat))
    }
}

/// A file's size in bytes, and when it was modified in seconds and nanoseconds.
pub(crate) fn size_and_time(file: impl AsFd) -> Result<(u64, (i64, i64)), Errno> {
    super::shared::believed_size_and_time(file)
}

/// Whether a write is faster if its blocks are there already: not known here.
pub(crate) fn gains_by_reserving(_: &File) -> bool {
    false
}

/// Reserves nothing.
pub(crate) fn reserve(_: &File, _: u64, _: u64) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}

/// Leaves a pipe as it is: the system sizes it by its use.
pub(crate) fn widen_pipe(_: impl AsFd) {}

/// Returns `None`: each file has a name.
pub(crate) fn unnamed_file(_: &Path) -> Option<File> {
    None
}

/// Fails: a file of `unnamed_file` does not exist.
pub(crate) fn name_file(_: &File, _: &Path) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}

/// Returns the number of the descriptor that a path names, such as 1 for `/dev/stdout`.
pub(crate) fn descriptor_of(path: &Path) -> Option<&str> {
    match path.to_str()? {
        "/dev/stdout" => Some("1"),
        "/dev/stderr" => Some("2"),
        path => path.strip_prefix("/dev/fd/"),
    }
}

/// Confines nothing: the run opens nothing else all the same.
#[cfg(feature = "cli")]
pub(crate) fn confine<'p>(
    _: impl Iterator<Item = &'p Path>,
    _: impl Iterator<Item = (std::borrow::Cow<'p, Path>, super::shared::Right)>,
) {
}

/// The signals that the parent process had us ignore, as `nohup` does; bit 0 is signal 1.
#[cfg(feature = "cli")]
pub(crate) fn ignored_signals() -> u64 {
    let is_ignored = |signal: &libc::c_int| {
        // SAFETY: the structure is plain data for which zeros are valid. Without a new action the
        // call only writes the present one there, or fails.
        let (result, action) = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            (libc::sigaction(*signal, std::ptr::null(), &mut action), action)
        };
        result == 0 && action.sa_sigaction == libc::SIG_IGN
    };
    (1..32).filter(is_ignored).fold(0, |mask, signal| mask | 1 << (signal - 1))
}
