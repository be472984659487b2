//! What takes the bytes at last, in order, from one writer at a time.

use super::file::OutputFile;
use crate::error::{CANNOT_WRITE, Error, Result};
use std::io::{self, Write};

/// Takes output in order. What was written counts as delivered once [`Sink::finish`] has returned.
///
/// ```
/// use rowmill::{Converter, Input, Output, Result, Sink};
/// use std::sync::mpsc::{Sender, channel};
///
/// /// Sends what was made to another thread; a full channel of a fixed size would slow the reading down.
/// struct Channel(Sender<Vec<u8>>);
///
/// impl Sink for Channel {
///     fn write(&mut self, bytes: &[u8]) -> Result<()> {
///         self.0.send(bytes.to_vec()).map_err(|_| rowmill::Error::setting("nobody listens"))
///     }
/// }
///
/// let (sender, receiver) = channel();
/// let input = Input::reader("memory", "a\n1\n".as_bytes());
/// Converter::builder().build()?.convert([input], Output::Sink(Box::new(Channel(sender))))?;
/// assert_eq!(receiver.iter().flatten().collect::<Vec<u8>>(), b"{\"a\":\"1\"}\n");
/// # Ok::<(), rowmill::Error>(())
/// ```
pub trait Sink: Send {
    /// Takes all of `bytes`, however long it takes: that is what slows the reading down.
    ///
    /// # Errors
    /// They cannot be written.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Has all that was written kept whatever happens to this process, for `--resume`, and returns
    /// how many bytes it is.
    ///
    /// # Errors
    /// It can't be kept; this sink's output can't be gone on with.
    fn keep(&mut self) -> Result<u64> {
        Err(Error::setting("`resume`: this output cannot be gone on with"))
    }

    /// The end of a conversion that succeeded. A sink that is dropped without it forgets what it
    /// can.
    ///
    /// # Errors
    /// What was written cannot be kept.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Takes output for `--check`: nowhere.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// Any writer as a sink.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    name: String,
    writer: W,
    at: u64,
}

impl<W: Write + Send> Writer<W> {
    /// `name` is used in messages. The writer needs no buffer of its own.
    pub(crate) fn new(name: impl Into<String>, writer: W) -> Self {
        Self { name: name.into(), writer, at: 0 }
    }
}

impl<W: Write + Send> Sink for Writer<W> {
    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            match self.writer.write(bytes) {
                Ok(0) => {
                    let error = io::Error::from(io::ErrorKind::WriteZero);
                    return Err(Error::io_at(CANNOT_WRITE, &*self.name, self.at, error));
                }
                Ok(n) => {
                    self.at += n as u64;
                    bytes = &bytes[n..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io_at(CANNOT_WRITE, &*self.name, self.at, error)),
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.writer.flush().map_err(|error| Error::io_at(CANNOT_WRITE, &*self.name, self.at, error))
    }
}

/// A file that appears when it is whole.
#[derive(Debug)]
pub(crate) struct FileSink {
    file: Writer<OutputFile>,
}

impl FileSink {
    /// Writes to `file`, `at` bytes of which are written already; `name` is used in messages.
    pub(crate) fn new(name: impl Into<String>, file: OutputFile, at: u64) -> Self {
        Self { file: Writer { at, ..Writer::new(name, file) } }
    }
}

impl Sink for FileSink {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write(bytes)
    }

    fn keep(&mut self) -> Result<u64> {
        self.file.writer.sync()
    }

    fn finish(&mut self) -> Result<()> {
        self.file.writer.commit()
    }
}
