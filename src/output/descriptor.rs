//! An open file as a writer that waits for a slow reader, and reports what only a close reports.

use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{self, Write};

/// An open descriptor as a writer. It may be non-blocking: then a slow reader is waited for.
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

    /// Returns the error that the system reports when a file is closed, such as a network file
    /// system that finds no room. A copy is closed for that, while something can still be done
    /// about it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(nix::unistd::close(self.0.try_clone()?)?)
    }
}
