//! Which file is at a path, whatever it is called: by device and inode.

use crate::input::{identity, is_distant};
pub(super) use crate::output::FileId;
use rustix::fs::{Mode, OFlags};
use std::os::fd::OwnedFd;
use std::path::Path;

/// What makes the file at `path` the same under any name.
pub(super) fn file_id_of_path(path: &Path) -> Option<FileId> {
    opened_as_path(path).and_then(identity)
}

/// Whether the file at `path` is another than the one of that identity. Not where one file may be
/// two.
pub(super) fn is_another(path: &Path, was: Option<FileId>) -> bool {
    let Some(file) = opened_as_path(path).filter(|file| !is_distant(file)) else { return false };
    identity(file) != was
}

/// Opened for nothing but what it is: a FIFO would wait for its other end.
pub(super) fn opened_as_path(path: &Path) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}
