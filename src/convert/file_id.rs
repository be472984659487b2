//! The id of the file at a path: its device and inode, whatever the file is called.

use crate::input::{identity, is_distant};
pub(super) use crate::output::FileId;
use rustix::fs::{Mode, OFlags};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Returns the id of the file at `path`, which is the same under any name.
pub(super) fn file_id_of_path(path: &Path) -> Option<FileId> {
    opened_as_path(path).and_then(identity)
}

/// Whether the file at `path` is another than the one with the id `was`. False if it cannot be
/// opened, or is on a distant file system, which may give one file two ids.
pub(super) fn is_another(path: &Path, was: Option<FileId>) -> bool {
    let Some(file) = opened_as_path(path).filter(|file| !is_distant(file)) else { return false };
    identity(file) != was
}

/// Opens a file only to identify it. To open a FIFO for reading would wait for its other end.
pub(super) fn opened_as_path(path: &Path) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}
