//! A stream: a pipe, a device, any reader, through the workers' own buffers.
//!
//! Whoever claims reads into its own buffer; what lies behind the cut waits for the next. So a stream takes no more memory
//! than the windows in flight, and it is read only when a worker is free to convert: a slow consumer stops it.

use super::encoding::Width;
use super::measure::Measure;
use super::unpack::Damage;
use super::watch::Watch;
use super::{Keeper, Source};
use crate::error::{CANNOT_READ, Error, ErrorKind, Result};
use crate::parse::Cutter;
use crate::window::Window;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Passed over at once.
const PASSED: usize = 64 << 10;

/// A reader as a source.
pub struct Stream<R> {
    name: String,
    reader: R,
    keeper: Arc<Layers>,
    /// Read but not claimed: `rest[start..]`.
    rest: Vec<u8>,
    start: usize,
    ended: bool,
    at: u64,
    input_at: u64,
    plausible: bool,
}

/// What lies between a file and the text that is parsed; what a stream's workers use while others claim.
pub(super) struct Layers {
    /// The size of the text, and of the file that holds it.
    pub(super) size: Option<u64>,
    pub(super) file_size: Option<u64>,
    /// The file, if it is a regular one.
    pub(super) watch: Option<Watch>,
    /// How many bytes of a compressed file were taken.
    pub(super) taken: Option<Arc<AtomicU64>>,
    /// How many bytes, before decoding, became some of the text.
    pub(super) measure: Arc<Measure>,
    /// How many stand in front of it.
    pub(super) before: u64,
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            size: None,
            file_size: None,
            watch: None,
            taken: None,
            measure: Arc::new(Measure::exact(Width::Same)),
            before: 0,
        }
    }
}

impl<R: Read + Send> Stream<R> {
    /// Takes what `reader` gives as it stands, neither unpacked nor decoded; `name` stands in messages.
    pub fn new(name: impl Into<String>, reader: R) -> Self {
        Self::layered(name, reader, Layers::default())
    }

    /// As [`Stream::new`] for a reader that unpacks or decodes.
    pub(super) fn layered(name: impl Into<String>, reader: R, layers: Layers) -> Self {
        Self {
            name: name.into(),
            reader,
            rest: Vec::new(),
            start: 0,
            ended: false,
            at: 0,
            input_at: layers.before,
            plausible: true,
            keeper: Arc::new(layers),
        }
    }

    /// Reads into `buffer` from `len` until it is full or the stream ends; returns how far.
    fn fill(&mut self, buffer: &mut [u8], mut len: usize) -> Result<usize> {
        while len < buffer.len() && !self.ended {
            match self.reader.read(&mut buffer[len..]) {
                Ok(0) => self.ended = true,
                Ok(n) => len += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let at = self.input_at + self.keeper.measure(self.at, &buffer[..len]);
                    let at = self.keeper.taken().unwrap_or(at);
                    if let Some(watch) = &self.keeper.watch {
                        // What reads as damage may be a file that is being written anew.
                        watch.verify(at)?;
                    }
                    return Err(unreadable(&self.name, Some(at), error));
                }
            }
        }
        Ok(len)
    }
}

impl<R: Read + Send> Source for Stream<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        self.keeper.size
    }

    fn file_size(&self) -> Option<u64> {
        self.keeper.file_size
    }

    fn peek(&mut self, n: usize) -> Result<&[u8]> {
        let have = self.rest.len() - self.start;
        if have < n && !self.ended {
            let mut rest = std::mem::take(&mut self.rest);
            rest.drain(..self.start);
            self.start = 0;
            rest.resize(n, 0);
            let len = self.fill(&mut rest, have)?;
            rest.truncate(len);
            self.rest = rest;
        }
        let end = self.rest.len().min(self.start + n);
        Ok(&self.rest[self.start..end])
    }

    fn skip(&mut self, n: usize) {
        self.input_at += self.keeper.measure(self.at, &self.rest[self.start..self.start + n]);
        self.at += n as u64;
        self.start += n;
    }

    fn seek(&mut self, text_at: u64, input_at: u64) -> Result<bool> {
        let keeper = Arc::clone(&self.keeper);
        let Some(watch) = &keeper.watch else { return Ok(false) };
        // There is no other way than through what lies between.
        while self.at < text_at {
            let left = usize::try_from(text_at - self.at).unwrap_or(usize::MAX);
            let n = self.peek(left.min(PASSED))?.len();
            if n == 0 {
                return Err(watch.changed(self.input_at, "the file became shorter"));
            }
            self.at += n as u64;
            self.start += n;
            keeper.settle(self.at);
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

    fn claim(&mut self, n: usize, cutter: &Cutter, buffer: &mut [u8]) -> Result<Option<Window>> {
        let buffer = &mut buffer[..n + cutter.reach() + 1];
        let waiting = &self.rest[self.start..];
        let taken = waiting.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&waiting[..taken]);
        self.start += taken;
        let len = self.fill(buffer, taken)?;
        if len == 0 {
            return Ok(None);
        }
        let more = self.start < self.rest.len() || !self.ended;
        let (end, plausible) = if len <= n && !more {
            (len, true)
        } else {
            match cutter.cut(&buffer[n..len]) {
                Some(cut) => (n + cut, true),
                None if !more => (len, true),
                // Nor is a character parted: what it was before decoding could not be told from its halves.
                None => {
                    let end = n + cutter.rest_of_pair(&buffer[..len], n);
                    let halves =
                        buffer[end..len].iter().take(3).take_while(|byte| matches!(byte, 0x80..=0xbf));
                    (end + halves.count(), false)
                }
            }
        };
        // What lies behind the cut goes back to the front of what waits.
        if end < len {
            let back = len - end;
            if self.start >= back {
                // It came from there, or there is room where consumed bytes lay.
                self.start -= back;
                self.rest[self.start..self.start + back].copy_from_slice(&buffer[end..len]);
            } else {
                let tail = self.rest.split_off(self.start);
                self.rest.clear();
                self.rest.extend_from_slice(&buffer[end..len]);
                self.rest.extend_from_slice(&tail);
                self.start = 0;
            }
        }
        if self.start == self.rest.len() && self.rest.capacity() > 4 * (cutter.reach() + 1) {
            // A long header may have made it large.
            self.rest = Vec::with_capacity(cutter.reach() + 1);
            self.start = 0;
        }
        let window = Window::buffered(self.at, end, self.input_at, self.plausible);
        self.input_at += self.keeper.measure(self.at, &buffer[..end]);
        self.at += end as u64;
        self.plausible = plausible;
        Ok(Some(window))
    }

    fn keeper(&self) -> Arc<dyn Keeper> {
        Arc::clone(&self.keeper) as Arc<dyn Keeper>
    }
}

impl Keeper for Layers {
    fn load<'b>(&self, window: &'b Window, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
        Ok(&buffer[..window.len])
    }

    fn verify(&self, window: &Window) -> Result<()> {
        let at = || self.taken().unwrap_or(window.input_at);
        self.watch.as_ref().map_or(Ok(()), |watch| watch.verify(at()))
    }

    fn measure(&self, at: u64, bytes: &[u8]) -> u64 {
        self.measure.of(at, bytes)
    }

    fn settle(&self, at: u64) {
        self.measure.settle(at);
    }

    fn taken(&self) -> Option<u64> {
        self.taken.as_ref().map(|taken| taken.load(Ordering::Relaxed))
    }

    fn remark(&self) -> Option<String> {
        self.watch.as_ref().and_then(Watch::remark)
    }
}

/// The error for an input that can't be read on, at byte `at` if that is known.
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
    use super::*;
    use crate::dialect::Dialect;

    /// Gives one byte a call, as the slowest pipe does.
    struct Dribble<'a>(&'a [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(into.len()).min(1);
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn windows_tile_the_stream_and_never_part_crlf() {
        let input = b"a,b\r\n\"quoted\r\nfield\",2\r\n3,4\r\n".repeat(7);
        for n in 1..40 {
            for peeked in [0, 1, 20, 500] {
                let cutter = Cutter::new(&Dialect::default(), true, n);
                let mut stream = Stream::new("test", Dribble(&input));
                let skipped = peeked.min(5);
                stream.peek(peeked).unwrap();
                stream.skip(skipped);
                let mut buffer = vec![0; 2 * n + 1];
                let mut read = input[..skipped].to_vec();
                while let Some(window) = stream.claim(n, &cutter, &mut buffer).unwrap() {
                    assert_eq!(window.at, read.len() as u64);
                    read.extend_from_slice(&buffer[..window.len]);
                    let parted = read.ends_with(b"\r") && input.get(read.len()) == Some(&b'\n');
                    assert!(!parted, "windows of {n}, cut at {}", read.len());
                }
                assert_eq!(read, input, "windows of {n}, {peeked} peeked");
            }
        }
    }
}
