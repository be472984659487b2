//! The id of the file at a path: its device and inode, whatever the file is called.

use crate::input::identity_of;
pub(super) use crate::output::FileId;
use crate::sys::AtPath;
use std::path::Path;

/// Returns the id of the file at `path`, which is the same under any name.
pub(super) fn file_id_of_path(path: &Path) -> Option<FileId> {
    AtPath::open(path).ok()?.stat().ok().as_ref().and_then(identity_of)
}

/// Whether the file at `path` is another than the one with the id `was`. False if it cannot be
/// opened, or is on a distant file system, which may give one file two ids.
pub(super) fn is_another(path: &Path, was: Option<FileId>) -> bool {
    let Some(file) = AtPath::open(path).ok().filter(|file| !file.is_distant()) else { return false };
    file.stat().ok().as_ref().and_then(identity_of) != was
}
