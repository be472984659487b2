//! Sinks, which take the output bytes in order, from one writer at a time.

use super::file::OutputFile;
use crate::error::{CANNOT_WRITE, Error, Result};
use std::io::{self, Write};

/// A sink takes output in order. What was written counts as delivered once [`Sink::finish`] has
/// returned.
///
/// ```
/// use rowmill::{Converter, Input, Output, Result, Sink};
/// use std::sync::mpsc::{Sender, channel};
///
/// /// Sends the output to another thread. A full channel of a fixed size would slow the reading
/// /// down.
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
    /// Takes all of `bytes`, however long that takes. A slow sink slows the reading down.
    ///
    /// # Errors
    /// They cannot be written.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Makes sure that all that was written is kept whatever happens to this process, for
    /// `resume`. Returns how many bytes that is.
    ///
    /// # Errors
    /// The output cannot be kept, or a conversion to this sink cannot be resumed.
    fn keep(&mut self) -> Result<u64> {
        Err(Error::setting("`resume`: this output cannot be gone on with"))
    }

    /// Ends a conversion that succeeded. A sink that is dropped without it discards what it can.
    ///
    /// # Errors
    /// What was written cannot be kept.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The sink of `--check`, which discards all output.
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
    /// Makes a sink of `writer`, which needs no buffer. `name` is used in messages.
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
    /// Makes a sink of `file`, of which `at` bytes are written already. `name` is used in messages.
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
