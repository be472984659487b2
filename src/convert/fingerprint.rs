//! The fingerprint of a file: its size, its time, and the bytes at its two ends. A changed file has
//! another one.
//!
//! `--resume` and plans use it.

use crate::error::{CANNOT_OPEN, CANNOT_READ, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// The number of bytes at each end. They distinguish files of the same size and time.
const ENDS: usize = 64 << 10;

/// The state of a regular file when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fingerprint {
    /// Its size in bytes.
    pub size: u64,
    /// When it was modified: seconds since 1970, and nanoseconds.
    pub modified: (i64, i64),
    /// The BLAKE3 hash, in hexadecimal, of its first 64 KiB (or all of it) and its last, one after
    /// the other.
    pub ends: String,
}

impl Fingerprint {
    /// Looks at the file at `path`.
    ///
    /// # Errors
    /// It cannot be read, or is no regular file.
    pub fn of(path: &Path) -> Result<Self> {
        // This comes before the file is opened: a FIFO would wait for its other end.
        let stat = std::fs::metadata(path);
        let stat = stat.map_err(|error| Error::io(CANNOT_OPEN, path.display().to_string(), error))?;
        if !stat.is_file() {
            let (path, reason) = (path.display().to_string(), "is no regular file, so it has no ranges");
            return Err(ErrorKind::Unusable { path, reason }.into());
        }
        Self::of_any(path)
    }

    /// Looks at what may also be a device that held nothing.
    pub(super) fn of_any(path: &Path) -> Result<Self> {
        let name = || path.display().to_string();
        let file = File::open(path).map_err(|error| Error::io(CANNOT_OPEN, name(), error))?;
        let cannot = |error| Error::io(CANNOT_READ, name(), error);
        let stat = file.metadata().map_err(cannot)?;
        let size = stat.len();
        let mut hash = blake3::Hasher::new();
        let mut bytes = vec![0; usize::try_from(size).map_or(ENDS, |size| size.min(ENDS))];
        for at in [0, size - bytes.len() as u64] {
            file.read_exact_at(&mut bytes, at).map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    ErrorKind::InputChanged { path: name(), at, how: "the file became shorter" }.into()
                }
                _ => cannot(error),
            })?;
            hash.update(&bytes);
        }
        let modified = (stat.mtime(), stat.mtime_nsec());
        Ok(Self { size, modified, ends: hash.finalize().to_hex().to_string() })
    }
}

/// A file as a plan or a checkpoint saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeenFile {
    pub(crate) path: String,
    #[serde(flatten)]
    pub(crate) fingerprint: Fingerprint,
}
