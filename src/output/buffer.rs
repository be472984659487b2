//! The output buffer of a worker, and how values are written to it.

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

    /// The buffer.
    fn buffer(&mut self) -> &mut OutputBuffer;

    /// Takes the bytes of the buffer, which end as `ends` says, and clears it.
    ///
    /// # Errors
    /// They cannot be taken, or should never have been made.
    fn flush(&mut self, ends: Ends) -> Result<(), Self::Stop>;

    /// See [`WriteValue::lend`].
    ///
    /// # Errors
    /// See [`WriteValue::lend`].
    fn lend(&mut self) -> Result<Vec<u8>, Self::Stop>;

    /// See [`WriteValue::give_back`].
    fn give_back(&mut self, buffer: Vec<u8>);

    /// See [`WriteValue::count_nul`].
    fn count_nul(&mut self);
}

/// What values are written to.
pub(crate) trait WriteValue {
    /// Why the writing cannot go on.
    type Stop;

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// See [`WriteValue::Stop`].
    fn write(&mut self, bytes: &[u8]) -> Result<(), Self::Stop>;

    /// Writes what opens a record, all of it to one buffer. So a buffer begins between records, or
    /// behind what opens one. It is shorter than [`LEAST_BUFFER`].
    ///
    /// # Errors
    /// See [`WriteValue::Stop`].
    fn open(&mut self, bytes: &[u8]) -> Result<(), Self::Stop> {
        self.write(bytes)
    }

    /// Writes `from[start..end]` escaped as between the quotes of a JSON string.
    ///
    /// # Errors
    /// See [`WriteValue::Stop`].
    fn escape(&mut self, kernel: &Kernel, from: &[u8], start: usize, end: usize) -> Result<(), Self::Stop>;

    /// Lends a buffer for a value that is too long for a worker's own. There is one in the whole
    /// run. It must be given back.
    ///
    /// # Errors
    /// The turn does not come.
    fn lend(&mut self) -> Result<Vec<u8>, Self::Stop>;

    /// Takes back what [`WriteValue::lend`] returned.
    fn give_back(&mut self, buffer: Vec<u8>);

    /// Counts a NUL that is not written.
    fn count_nul(&mut self) {}
}

impl<F: Flush> WriteValue for F {
    type Stop = F::Stop;

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), F::Stop> {
        loop {
            let buffer = self.buffer();
            let room = &mut buffer.bytes[buffer.len..];
            if bytes.len() <= room.len() {
                room[..bytes.len()].copy_from_slice(bytes);
                buffer.len += bytes.len();
                return Ok(());
            }
            let (now, later) = bytes.split_at(room.len());
            room.copy_from_slice(now);
            buffer.len += now.len();
            bytes = later;
            self.flush(Ends::Within)?;
        }
    }

    fn open(&mut self, bytes: &[u8]) -> Result<(), F::Stop> {
        debug_assert!(bytes.len() < LEAST_BUFFER, "an empty buffer has room for it");
        if self.buffer().room() < bytes.len() {
            self.flush(Ends::Record)?;
        }
        self.write(bytes)
    }

    fn escape(&mut self, kernel: &Kernel, from: &[u8], mut start: usize, end: usize) -> Result<(), F::Stop> {
        while start < end {
            let n = (end - start).min(CHUNK);
            if self.buffer().room() < MOST_ESCAPED * n + 64 {
                self.flush(Ends::Within)?;
            }
            let buffer = self.buffer();
            buffer.len += kernel.escape(from, start, start + n, &mut buffer.bytes[buffer.len..]);
            start += n;
        }
        Ok(())
    }

    fn lend(&mut self) -> Result<Vec<u8>, F::Stop> {
        Flush::lend(self)
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        Flush::give_back(self, buffer);
    }

    fn count_nul(&mut self) {
        Flush::count_nul(self);
    }
}

/// Writes nothing, to judge values only.
pub(crate) struct Unwritten<'a, P>(pub &'a mut P);

impl<P: WriteValue> WriteValue for Unwritten<'_, P> {
    type Stop = P::Stop;

    fn lend(&mut self) -> Result<Vec<u8>, P::Stop> {
        self.0.lend()
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        self.0.give_back(buffer);
    }

    fn write(&mut self, _: &[u8]) -> Result<(), P::Stop> {
        Ok(())
    }

    fn escape(&mut self, _: &Kernel, _: &[u8], _: usize, _: usize) -> Result<(), P::Stop> {
        Ok(())
    }
}

/// The bytes that are escaped at once; six times that must fit the smallest buffer.
const CHUNK: usize = 2048;

/// The smallest buffer that works.
pub(crate) const LEAST_BUFFER: usize = MOST_ESCAPED * CHUNK + 64;

/// A fixed buffer of output bytes.
#[derive(Debug)]
pub(crate) struct OutputBuffer {
    bytes: Box<[u8]>,
    len: usize,
}

impl OutputBuffer {
    /// Empty, with room for `n` bytes, at least [`LEAST_BUFFER`].
    pub(crate) fn new(n: usize) -> Self {
        assert!(n >= LEAST_BUFFER, "a chunk fits the buffer");
        Self { bytes: vec![0; n].into(), len: 0 }
    }

    /// What it holds.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Empties it.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// The bytes it has room for.
    pub(crate) fn room(&self) -> usize {
        self.bytes.len() - self.len
    }

    /// The bytes it has room for when it is empty.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// The whole buffer and how much of it is used, for a kernel to write behind that.
    pub(crate) fn raw(&mut self) -> (&mut [u8], &mut usize) {
        (&mut self.bytes, &mut self.len)
    }
}
