//! Whether a regular file is still the one that was opened.

use crate::error::{CANNOT_READ, Error, ErrorKind, Result};
use crate::sys;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A regular file as it was when opened.
#[derive(Debug)]
pub(super) struct Watch {
    file: Arc<File>,
    path: String,
    size: u64,
    modified: (i64, i64),
    grew: AtomicBool,
}

impl Watch {
    /// Remembers size and time of modification.
    pub(super) fn new(file: Arc<File>, path: &str) -> Result<Self> {
        let (size, modified) =
            sys::size_and_time(&file).map_err(|error| Error::io(CANNOT_READ, path, error.into()))?;
        Ok(Self { file, path: path.to_owned(), size, modified, grew: AtomicBool::new(false) })
    }

    /// The size when opened.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Fails where the file is shorter than when opened, or as long and modified; what `at` and the
    /// bytes behind it hold is then not to be trusted. One system call.
    pub(super) fn verify(&self, at: u64) -> Result<()> {
        let (size, modified) = sys::size_and_time(&self.file)
            .map_err(|error| Error::io_at(CANNOT_READ, &*self.path, at, error.into()))?;
        if size < self.size {
            return Err(self.changed(at.min(size), "the file became shorter"));
        }
        if size > self.size {
            // The size at opening counts; what came behind it is reported, not read.
            self.grew.store(true, Ordering::Relaxed);
        } else if modified != self.modified {
            return Err(self.changed(at, "the file was rewritten"));
        }
        Ok(())
    }

    pub(super) fn changed(&self, at: u64, how: &'static str) -> Error {
        ErrorKind::InputChanged { path: self.path.clone(), at, how }.into()
    }

    pub(super) fn remark(&self) -> Option<String> {
        self.grew.load(Ordering::Relaxed).then(|| {
            format!(
                "{}: the file grew while it was read; only the {} bytes it had at first were converted",
                self.path, self.size
            )
        })
    }
}
