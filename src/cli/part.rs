//! The file of a part: counted and hashed as it is written, or as it is there.
//!
//! It does not know what is in it. Advice for maintainers: what the conversion writes is hashed by
//! the worker that has the turn, while the others convert; reading it again would take longer.

use crate::Sink;
use crate::error::{CANNOT_OPEN, CANNOT_READ, CANNOT_WRITE, Error, ErrorKind, Result};
use crate::output::FileOptions;
use crate::output::{FileId, OutputFile};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How parts, their receipts and what marks their folder are written: on the disk before their
/// names appear.
pub(super) const ON_DISK: FileOptions = FileOptions { no_clobber: false, sync: true, resume: false };

/// Read at once.
const PIECE: usize = 256 << 10;

/// A part that is being written, shared by the conversion that fills it and by the worker that
/// gives it its name.
#[derive(Clone, Debug)]
pub(super) struct PartFile(Arc<Mutex<PartState>>);

#[derive(Debug)]
struct PartState {
    name: String,
    file: OutputFile,
    hash: blake3::Hasher,
    n_bytes: u64,
}

/// A part that has its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) bytes: u64,
    /// In hexadecimal.
    pub(super) blake3: String,
    /// What distinguishes it from a file of the same name.
    pub(super) id: FileId,
}

impl PartFile {
    /// Begins one, which will be at `path`.
    ///
    /// # Errors
    /// It cannot, or the file there is not a regular one.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = OutputFile::create(path, ON_DISK)?;
        if file.unfinished()?.is_none() {
            let reason = "is no regular file; parts go to a folder of their own";
            return Err(ErrorKind::Unusable { path: name, reason }.into());
        }
        Ok(Self(Arc::new(Mutex::new(PartState { name, file, hash: blake3::Hasher::new(), n_bytes: 0 }))))
    }

    fn writing(&self) -> MutexGuard<'_, PartState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn commit(&self) -> Result<Written> {
        let mut writing = self.writing();
        let id = writing.file.unfinished()?.map_or((0, 0), |(_, id)| id);
        writing.file.commit()?;
        Ok(Written { bytes: writing.n_bytes, blake3: writing.hash.finalize().to_hex().to_string(), id })
    }
}

/// What is written counts when [`PartFile::commit`] was called, and not when the conversion is
/// done: then there is more to look after.
impl Sink for PartFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut writing = self.writing();
        let PartState { name, file, hash, n_bytes } = &mut *writing;
        file.write_all(bytes).map_err(|error| Error::io_at(CANNOT_WRITE, &**name, *n_bytes, error))?;
        hash.update(bytes);
        *n_bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Size and hash of the regular file at `path`; `None` where there is none.
///
/// # Errors
/// It can't be read.
pub(super) fn as_it_stands(path: &Path) -> Result<Option<(u64, String)>> {
    let name = || path.display().to_string();
    match std::fs::metadata(path) {
        Ok(stat) if stat.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(CANNOT_OPEN, name(), error)),
    }
    let mut file = File::open(path).map_err(|error| Error::io(CANNOT_OPEN, name(), error))?;
    let mut piece = vec![0; PIECE];
    let (mut hash, mut n_bytes) = (blake3::Hasher::new(), 0);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(Some((n_bytes, hash.finalize().to_hex().to_string()))),
            Ok(n) => {
                hash.update(&piece[..n]);
                n_bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io_at(CANNOT_READ, name(), n_bytes, error)),
        }
    }
}
