//! The ways in which file systems of other machines differ from a disk of one's own.

use std::time::Duration;

/// How a file system behaves. By default like a disk.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Manners {
    /// How long the system believes what it was told of a file.
    pub(crate) believed: Duration,
    /// A file has one name, and a rename can't be asked to replace nothing.
    pub(crate) plain_names: bool,
    /// A file that is open when its name is taken away gets another, `.nfs…`, until it is closed.
    pub(crate) silly: bool,
    /// Nothing takes the place of a file that is open.
    pub(crate) holds: bool,
    /// Names that differ by case alone are one.
    pub(crate) folds: bool,
}

impl Default for Manners {
    fn default() -> Manners {
        let believed = Duration::from_secs(60);
        Manners { believed, plain_names: false, silly: false, holds: false, folds: false }
    }
}

impl Manners {
    /// Like those of NFS.
    pub(crate) fn nfs() -> Manners {
        Manners { believed: Duration::from_secs(1), plain_names: true, silly: true, ..Manners::default() }
    }

    /// Like those of SMB.
    pub(crate) fn smb() -> Manners {
        Manners {
            believed: Duration::ZERO,
            plain_names: true,
            holds: true,
            folds: true,
            ..Manners::default()
        }
    }
}
