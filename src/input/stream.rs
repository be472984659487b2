//! A stream: a pipe, a device or any other reader, through the workers' own buffers.
//!
//! A worker that claims a window reads into its own buffer. What is behind the cut waits for the
//! next claim. So a stream takes no more memory than the windows in flight, and it is read only
//! when a worker is free: a slow consumer stops it. A live input that has no more for now ends a
//! window early, so that its records need not wait for others.

use super::encoding::Width;
use super::offset_map::OffsetMap;
use super::patience::Patience;
use super::source::{Ahead, InputReader, Loaded, Look, SharedInput};
use super::unpack::Damage;
use super::watch::Watch;
use super::window::Window;
use crate::error::{CANNOT_READ, Error, ErrorKind, Result};
use crate::folding::Folding;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Read at once on the way to a place ahead.
const SEEK_STEP: usize = 64 << 10;
/// A buffer of what waits that is larger than this many times a look is given back: a long header
/// made it large.
const KEPT_LOOKS: usize = 4;
/// A window that has some bytes waits so long for more. A writer that is never idle for this time
/// fills its windows, at any speed at which their number matters.
const PAUSE: Duration = Duration::from_millis(5);
/// The same for the beginning, of which is judged how the input is read. A writer that does not
/// pause should have given all that is looked at.
const FIRST_PAUSE: Duration = Duration::from_millis(30);

/// A reader as an input.
pub(super) struct Stream<R> {
    name: String,
    reader: R,
    shared: Arc<Layers>,
    /// Bytes that were read but not taken: `waiting[start..]`.
    waiting: Vec<u8>,
    start: usize,
    /// The reader has no more.
    ended: bool,
    /// The reader has failed. Reported when all that it gave before is taken, which may fail at an
    /// earlier byte.
    failed: Option<Error>,
    at: u64,
    input_at: u64,
    /// The bytes in the worker's buffer since the last look, and how far behind its window that
    /// look went.
    looked: usize,
    reach: usize,
}

/// What lies between a file and the text that is parsed. Shared by the workers.
pub(super) struct Layers {
    /// The size of the text, if it is known.
    pub(super) size: Option<u64>,
    /// The size of the file that holds it.
    pub(super) file_size: Option<u64>,
    /// The file, if it is a regular one.
    pub(super) watch: Option<Watch>,
    /// How many bytes of a compressed file were read.
    pub(super) compressed_at: Option<Arc<AtomicU64>>,
    /// The input's bytes for the text's.
    pub(super) offsets: Arc<OffsetMap>,
    /// If the input is live, what its reads obey.
    pub(super) patience: Option<Arc<Patience>>,
    /// The length of a byte-order mark, which is not part of the text.
    pub(super) mark: u64,
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            size: None,
            file_size: None,
            watch: None,
            compressed_at: None,
            offsets: Arc::new(OffsetMap::exact(Width::Same)),
            patience: None,
            mark: 0,
        }
    }
}

impl Layers {
    /// The text is the input's own, folded.
    pub(super) fn fold(&mut self, folding: &Folding) {
        self.offsets = Arc::new(OffsetMap::exact(Width::Same.folded(folding)));
    }
}

impl<R: Read + Send> Stream<R> {
    /// Reads from `reader`, which unpacks and decodes as `layers` say.
    pub(super) fn new(name: impl Into<String>, reader: R, layers: Layers) -> Self {
        Self {
            name: name.into(),
            reader,
            waiting: Vec::new(),
            start: 0,
            ended: false,
            failed: None,
            at: 0,
            input_at: layers.mark,
            looked: 0,
            reach: 0,
            shared: Arc::new(layers),
        }
    }

    /// Reads into `buffer` from `len` until it is full or the stream ends, or, once it holds some
    /// bytes, until a live input has given no more for a `pause`. Returns the length of what it
    /// holds, and whether the input paused. One that has failed pauses for ever.
    fn fill(&mut self, buffer: &mut [u8], len: usize, pause: Option<Duration>) -> Result<(usize, bool)> {
        let shared = Arc::clone(&self.shared);
        let Some((pause, patience)) = pause.zip(shared.patience.as_ref()) else {
            return self.fill_all(buffer, len);
        };
        let (mut len, mut paused) = (len, false);
        if len == 0 && !buffer.is_empty() {
            len = self.fill_all(&mut buffer[..1], 0)?.0;
        }
        if len < buffer.len() {
            patience.set(Some(pause));
            let filled = self.fill_all(buffer, len);
            patience.set(None);
            (len, paused) = filled?;
        }
        Ok((len, paused))
    }

    /// Reads into `buffer` from `len` until it is full or the stream ends, or a read would block.
    fn fill_all(&mut self, buffer: &mut [u8], mut len: usize) -> Result<(usize, bool)> {
        let is_live = self.shared.patience.is_some();
        if self.failed.is_some() {
            return Ok((len, true));
        }
        while len < buffer.len() && !self.ended {
            match self.reader.read(&mut buffer[len..]) {
                Ok(0) => self.ended = true,
                Ok(n) => len += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_live => return Ok((len, true)),
                Err(error) => {
                    let at = self.input_at + self.shared.input_len(self.at, &buffer[..len]);
                    let at = self.shared.compressed_at().unwrap_or(at);
                    if let Some(watch) = &self.shared.watch {
                        // What reads as damage may be a file that is being written anew.
                        watch.verify(at)?;
                    }
                    self.failed = Some(unreadable(&self.name, Some(at), error));
                    return Ok((len, true));
                }
            }
        }
        Ok((len, false))
    }

    /// Has `n` bytes wait, or as many as [`Stream::fill`] reads of them. Returns whether the input
    /// paused. Without a pause it has all there are.
    ///
    /// # Errors
    /// The reader has failed, and nothing but the bytes wanted can be waited for.
    fn gather(&mut self, n: usize, pause: Option<Duration>) -> Result<bool> {
        let have = self.waiting.len() - self.start;
        if have >= n || self.ended {
            return Ok(false);
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.drain(..self.start);
        self.start = 0;
        waiting.resize(n, 0);
        let (len, paused) = self.fill(&mut waiting, have, pause)?;
        waiting.truncate(len);
        self.waiting = waiting;
        if pause.is_none()
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        Ok(paused)
    }

    /// Puts bytes back in front of those that wait.
    fn put_back(&mut self, bytes: &[u8]) {
        if self.start >= bytes.len() {
            // They came from there, or there is room where consumed bytes were.
            self.start -= bytes.len();
            self.waiting[self.start..self.start + bytes.len()].copy_from_slice(bytes);
        } else {
            let tail = self.waiting.split_off(self.start);
            self.waiting.clear();
            self.waiting.extend_from_slice(bytes);
            self.waiting.extend_from_slice(&tail);
            self.start = 0;
        }
    }
}

impl<R: Read + Send> InputReader for Stream<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        self.shared.size
    }

    fn file_size(&self) -> Option<u64> {
        self.shared.file_size
    }

    fn peek(&mut self, n: usize) -> Result<&[u8]> {
        self.gather(n, None)?;
        let end = self.waiting.len().min(self.start + n);
        Ok(&self.waiting[self.start..end])
    }

    fn peek_until(&mut self, n: usize, enough: &dyn Fn(&[u8]) -> bool) -> Result<Ahead<'_>> {
        while self.gather(n, Some(FIRST_PAUSE))? && !enough(&self.waiting[self.start..]) {
            self.gather(self.waiting.len() - self.start + 1, None)?;
        }
        let end = self.waiting.len().min(self.start + n);
        let whole = self.ended && end == self.waiting.len();
        Ok(Ahead { bytes: &self.waiting[self.start..end], whole })
    }

    fn skip(&mut self, n: usize) {
        self.input_at += self.shared.input_len(self.at, &self.waiting[self.start..self.start + n]);
        self.at += n as u64;
        self.start += n;
    }

    fn seek(&mut self, text_at: u64, input_at: u64) -> Result<bool> {
        let shared = Arc::clone(&self.shared);
        let Some(watch) = &shared.watch else { return Ok(false) };
        // A stream only reads on.
        while self.at < text_at {
            let left = usize::try_from(text_at - self.at).unwrap_or(usize::MAX);
            let n = self.peek(left.min(SEEK_STEP))?.len();
            if n == 0 {
                return Err(watch.changed(self.input_at, "the file became shorter"));
            }
            self.at += n as u64;
            self.start += n;
            shared.forget_before(self.at);
        }
        self.input_at = input_at;
        Ok(self.at == text_at)
    }

    fn input_at(&self) -> u64 {
        self.input_at
    }

    fn text_at(&self) -> u64 {
        self.at
    }

    fn look<'a>(&'a mut self, n: usize, reach: usize, buffer: &'a mut [u8]) -> Result<Look<'a>> {
        let buffer = &mut buffer[..n + reach];
        let waiting = &self.waiting[self.start..];
        let moved = waiting.len().min(buffer.len());
        buffer[..moved].copy_from_slice(&waiting[..moved]);
        self.start += moved;
        let (len, paused) = self.fill(buffer, moved, Some(PAUSE))?;
        (self.looked, self.reach) = (len, reach);
        if paused {
            return Ok(Look::Paused(&buffer[..len]));
        }
        let at_end = self.start == self.waiting.len() && self.ended;
        if len <= n && at_end {
            return Ok(Look::Rest(len));
        }
        Ok(Look::Around { bytes: &buffer[n - 1..len], at_end })
    }

    fn wait(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.put_back(&buffer[..self.looked]);
        self.looked = 0;
        self.gather(self.waiting.len() - self.start + 1, None)?;
        Ok(())
    }

    fn take(&mut self, len: usize, buffer: &mut [u8]) -> Window {
        if len < self.looked {
            self.put_back(&buffer[len..self.looked]);
        }
        if self.start == self.waiting.len() && self.waiting.capacity() > KEPT_LOOKS * self.reach {
            self.waiting = Vec::with_capacity(self.reach);
            self.start = 0;
        }
        let window = Window::buffered(self.at, len, self.input_at);
        self.input_at += self.shared.input_len(self.at, &buffer[..len]);
        self.at += len as u64;
        window
    }

    fn shared(&self) -> Arc<dyn SharedInput> {
        Arc::clone(&self.shared) as Arc<dyn SharedInput>
    }
}

impl SharedInput for Layers {
    fn load<'b>(&self, window: &'b Window, buffer: &'b mut [u8]) -> Loaded<'b> {
        Loaded { bytes: &buffer[..window.len], failed: None }
    }

    fn verify(&self, window: &Window) -> Result<()> {
        let at = || self.compressed_at().unwrap_or(window.input_at);
        self.watch.as_ref().map_or(Ok(()), |watch| watch.verify(at()))
    }

    fn input_len(&self, text_at: u64, text: &[u8]) -> u64 {
        self.offsets.input_len(text_at, text)
    }

    fn forget_before(&self, text_at: u64) {
        self.offsets.forget_before(text_at);
    }

    fn compressed_at(&self) -> Option<u64> {
        self.compressed_at.as_ref().map(|at| at.load(Ordering::Relaxed))
    }

    fn remark(&self) -> Option<String> {
        self.watch.as_ref().and_then(Watch::remark)
    }
}

/// The error of an input that cannot be read on, at byte `at` if that is known.
pub(super) fn unreadable(name: &str, at: Option<u64>, error: io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Damage>()) {
        Some(Damage { format, at, reason }) => {
            let (path, reason) = (name.to_owned(), reason.clone());
            ErrorKind::Damaged { path, format, at: *at, reason }.into()
        }
        None => ErrorKind::Io { what: CANNOT_READ, path: name.to_owned(), at, source: error }.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dribble::Dribble;
    use super::*;

    #[test]
    fn windows_tile_the_stream() {
        let input = b"a,b\r\n\"quoted\r\nfield\",2\r\n3,4\r\n".repeat(7);
        for n in 1..40 {
            for peeked in [0, 1, 20, 500] {
                let mut stream = Stream::new("test", Dribble(&input, 1), Layers::default());
                let skipped = peeked.min(5);
                stream.peek(peeked).unwrap();
                stream.skip(skipped);
                let mut buffer = vec![0; 2 * n];
                let mut read = input[..skipped].to_vec();
                for i in 0.. {
                    let len = match stream.look(n, n, &mut buffer).unwrap() {
                        Look::Rest(0) => break,
                        Look::Rest(len) => len,
                        Look::Paused(_) => panic!("it is not live"),
                        Look::Around { bytes, .. } => {
                            assert_eq!(*bytes, input[read.len() + n - 1..][..bytes.len()]);
                            // Any length up to the end of the look.
                            n - 1 + i % (bytes.len() + 1)
                        }
                    };
                    let window = stream.take(len, &mut buffer);
                    assert_eq!((window.at, window.len), (read.len() as u64, len));
                    read.extend_from_slice(&buffer[..window.len]);
                    assert!(i < 10 * input.len() + 10, "it ends");
                }
                assert_eq!(read, input, "windows of {n}, {peeked} peeked");
            }
        }
    }
}
