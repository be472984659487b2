//! An open file as a writer that waits for a slow reader, and reports what only a close reports.

use crate::sys;
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{self, Write};

/// An open descriptor as a writer. If it is non-blocking, the writer waits for a slow reader.
#[derive(Debug)]
pub(crate) struct Descriptor(File);

impl Descriptor {
    /// Takes over an open file.
    pub(crate) fn new(file: File) -> Self {
        Self(file)
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        &self.0
    }
}

impl Write for Descriptor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut ready = [PollFd::new(&self.0, PollFlags::OUT)];
                    match poll(&mut ready, None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                result => return result,
            }
        }
    }

    /// Returns the error that the system reports only when a file is closed. For example, a network
    /// file system may find no room then. A copy is closed, while something can still be done about
    /// the error.
    fn flush(&mut self) -> io::Result<()> {
        sys::close(self.0.try_clone()?)
    }
}
