//! A fixed buffer that is written to, and flushed when it is full.

use crate::kernel::{Kernel, MOST_ESCAPED};

/// Where bytes that are flushed end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Where a record does.
    Record,
    /// Anywhere: the buffer was full.
    Within,
}

/// Takes a full buffer.
pub(crate) trait Flush {
    /// Why the writing cannot go on.
    type Stop;

    /// Takes all bytes; the buffer is empty afterwards.
    ///
    /// # Errors
    /// They cannot be taken, or should never have been made.
    fn flush(&mut self, bytes: &[u8], ends: Ends) -> Result<(), Self::Stop>;

    /// See [`Put::lend`].
    ///
    /// # Errors
    /// See [`Put::lend`].
    fn lend(&mut self) -> Result<Vec<u8>, Self::Stop>;

    /// See [`Put::give_back`].
    fn give_back(&mut self, buffer: Vec<u8>);
}

/// What values are written to.
pub(crate) trait Put {
    /// Why the writing cannot go on.
    type Stop;

    /// Writes bytes as they stand.
    ///
    /// # Errors
    /// See [`Put::Stop`].
    fn put(&mut self, bytes: &[u8]) -> Result<(), Self::Stop>;

    /// Writes `from[start..end]` escaped as between the quotes of a JSON string.
    ///
    /// # Errors
    /// See [`Put::Stop`].
    fn escape(&mut self, kernel: &Kernel, from: &[u8], start: usize, end: usize) -> Result<(), Self::Stop>;

    /// A buffer for a value that is too long for a worker's own, of which there is one in the whole run; it is to be given back.
    ///
    /// # Errors
    /// It is another's turn, and will not be one's own.
    fn lend(&mut self) -> Result<Vec<u8>, Self::Stop>;

    /// Takes back what [`Put::lend`] gave.
    fn give_back(&mut self, buffer: Vec<u8>);
}

/// Writes nothing, for what is only looked at.
pub(crate) struct Unwritten<'a, P>(pub &'a mut P);

impl<P: Put> Put for Unwritten<'_, P> {
    type Stop = P::Stop;

    fn put(&mut self, _: &[u8]) -> Result<(), P::Stop> {
        Ok(())
    }

    fn escape(&mut self, _: &Kernel, _: &[u8], _: usize, _: usize) -> Result<(), P::Stop> {
        Ok(())
    }

    fn lend(&mut self) -> Result<Vec<u8>, P::Stop> {
        self.0.lend()
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        self.0.give_back(buffer);
    }
}

/// A position in a fixed buffer, with who takes it when it is full.
pub(crate) struct Pen<'b, F> {
    buffer: &'b mut [u8],
    len: usize,
    /// Who takes the buffer.
    pub link: F,
}

/// Escaped at once; six times that must fit the smallest buffer.
const CHUNK: usize = 2048;

/// The smallest buffer that works.
pub(crate) const LEAST_BUFFER: usize = MOST_ESCAPED * CHUNK + 64;

impl<'b, F: Flush> Pen<'b, F> {
    /// At the start of an empty buffer of at least [`LEAST_BUFFER`] bytes.
    pub(crate) fn new(buffer: &'b mut [u8], link: F) -> Self {
        assert!(buffer.len() >= LEAST_BUFFER, "a chunk fits the buffer");
        Self { buffer, len: 0, link }
    }

    /// The number of bytes not flushed.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether all is flushed.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The size of the buffer.
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// The whole buffer and how much of it is taken, for a kernel to write behind that.
    pub(crate) fn raw(&mut self) -> (&mut [u8], &mut usize) {
        (self.buffer, &mut self.len)
    }

    /// Gives away all that was written: whole records.
    pub(crate) fn flush(&mut self) -> Result<(), F::Stop> {
        self.empty(Ends::Record)
    }

    fn empty(&mut self, ends: Ends) -> Result<(), F::Stop> {
        self.link.flush(&self.buffer[..self.len], ends)?;
        self.len = 0;
        Ok(())
    }
}

impl<F: Flush> Put for Pen<'_, F> {
    type Stop = F::Stop;

    /// The first two are never parted by a flush: what separates records is two bytes, and who looks for it
    /// sees one buffer at a time.
    fn put(&mut self, mut bytes: &[u8]) -> Result<(), F::Stop> {
        loop {
            let room = &mut self.buffer[self.len..];
            if bytes.len() <= room.len() {
                room[..bytes.len()].copy_from_slice(bytes);
                self.len += bytes.len();
                return Ok(());
            }
            if room.len() >= 2 {
                let (now, later) = bytes.split_at(room.len());
                room.copy_from_slice(now);
                self.len += now.len();
                bytes = later;
            }
            self.empty(Ends::Within)?;
        }
    }

    fn escape(&mut self, kernel: &Kernel, from: &[u8], mut start: usize, end: usize) -> Result<(), F::Stop> {
        while start < end {
            let n = (end - start).min(CHUNK);
            if self.buffer.len() - self.len < MOST_ESCAPED * n + 64 {
                self.empty(Ends::Within)?;
            }
            self.len += kernel.escape(from, start, start + n, &mut self.buffer[self.len..]);
            start += n;
        }
        Ok(())
    }

    fn lend(&mut self) -> Result<Vec<u8>, F::Stop> {
        self.link.lend()
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        self.link.give_back(buffer);
    }
}
