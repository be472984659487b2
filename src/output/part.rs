//! One part of an output while it is written.

use super::descriptor::Descriptor;
use super::reserve::Reserve;
use crate::sys;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// A part's file.
#[derive(Debug)]
pub(super) struct Part {
    file: Descriptor,
    reserve: Reserve,
    /// The bytes written.
    pub(super) at: u64,
}

/// Gives back what was reserved beyond the end of the part.
impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.reserve.give_back(self.file.file(), self.at);
    }
}

impl Part {
    /// Continues `file` behind its first `at` bytes.
    pub(super) fn new(file: File, at: u64) -> Self {
        Self { reserve: Reserve::new(&file), file: Descriptor::new(file), at }
    }

    /// The file.
    pub(super) fn file(&self) -> &File {
        self.file.file()
    }

    /// Copies the bytes from `from` on to `to`.
    pub(super) fn copy_tail(&self, mut from: u64, to: &mut Self) -> io::Result<()> {
        let mut piece = [0; 16 << 10];
        while from < self.at {
            let n = usize::try_from(self.at - from).map_or(piece.len(), |left| left.min(piece.len()));
            self.file().read_exact_at(&mut piece[..n], from)?;
            to.write(&piece[..n]).map_err(|(_, error)| error)?;
            from += n as u64;
        }
        Ok(())
    }

    /// Drops the bytes from `at` on.
    pub(super) fn truncate(&mut self, at: u64) -> io::Result<()> {
        self.file().set_len(at)?;
        rustix::fs::seek(self.file(), rustix::fs::SeekFrom::Start(at))?;
        (self.at, self.reserve) = (at, Reserve::new(self.file()));
        Ok(())
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// The place that could not be written, and why.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), (u64, io::Error)> {
        while !bytes.is_empty() {
            self.reserve.ahead(self.file.file(), self.at, bytes.len() as u64);
            match self.file.write(bytes) {
                Ok(0) => return Err((self.at, io::ErrorKind::WriteZero.into())),
                Ok(n) => {
                    self.at += n as u64;
                    bytes = &bytes[n..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((self.at, error)),
            }
        }
        Ok(())
    }

    /// Ends the part, which is whole. With `sync` it is on the disk when this returns.
    pub(super) fn end(&mut self, sync: bool) -> io::Result<()> {
        self.reserve.give_back(self.file.file(), self.at)?;
        if sync {
            sys::sync(self.file.file())?;
        }
        self.file.flush()
    }
}
