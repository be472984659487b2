//! A member of an archive, and the errors that name it.

use crate::error::{Error, ErrorKind};

/// A member that is to be read.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name as it is in the archive.
    pub(super) name: Vec<u8>,
    pub(super) method: u16,
    pub(super) sum: u32,
    /// Its length in the archive, and unpacked.
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its header starts, and what its data must end before.
    pub(super) at: u64,
    pub(super) before: u64,
}

impl Member {
    /// Its name in messages.
    pub(crate) fn shown(&self) -> String {
        shown(&self.name)
    }
}

/// A name in messages: one line, whatever it holds.
pub(super) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace(char::is_control, "\u{fffd}")
}

/// The error for an archive that is not as it should be at byte `at`.
pub(super) fn damaged(path: &str, at: u64, reason: &str) -> Error {
    ErrorKind::Damaged { path: path.to_owned(), format: "zip", at, reason: reason.to_owned() }.into()
}

pub(super) fn unusable(path: &str, reason: String) -> Error {
    ErrorKind::Archive { path: path.to_owned(), reason }.into()
}
