//! A compressed file, unpacked on several threads where it can be cut with certainty.
//!
//! It begins on one thread: of many files only the header is wanted. Whatever is odd, damage most
//! of all, is left to one thread again, which unpacks the file from its beginning and passes over
//! what was given. So a result, an error and its place never depend on the number of threads.

use super::at_once::{AtOnce, CHUNK, Share};
use super::codec::Codec;
use super::pieces::{Pieces, uncertain};
use super::reader::{HEADER, Unpack};
use crate::input::section::{Reader, Section};
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

/// Files of fewer bytes are unpacked on one thread.
const LEAST_FILE: u64 = 1 << 20;
/// So much text is unpacked on one thread first.
const BEGINNING: u64 = 256 << 10;

/// A compressed file that is unpacked.
pub(in crate::input) struct InParallel {
    file: Section,
    codec: &'static Codec,
    granted: usize,
    n_threads: usize,
    /// What each thread may take, if there are several; given up once it was tried.
    share: Option<Share>,
    /// `None` only while one way takes the place of another.
    way: Option<Way>,
    /// How much text was given.
    given: u64,
    taken: Arc<AtomicU64>,
}

enum Way {
    Begun(Unpack<Reader>),
    AtOnce(AtOnce),
    /// The decoder has threads of its own.
    Threaded(Unpack<Reader>),
    /// For good.
    Alone(Unpack<Reader>),
}

impl InParallel {
    /// Unpacks a regular file of `size` bytes, which `reader` reads in sequence, on so many threads
    /// at the most (`None` is one for each core), in no more memory than `granted`.
    ///
    /// # Errors
    /// The memory does not suffice.
    pub(in crate::input) fn new(
        (reader, file, size): (Reader, Arc<File>, u64),
        codec: &'static Codec,
        granted: usize,
        threads: Option<NonZero<usize>>,
    ) -> io::Result<Self> {
        let begun = Unpack::new(reader, codec, granted)?;
        let (taken, file) = (begun.taken(), Section { file, at: 0, end: size });
        // Asking how many cores there are takes its time.
        let n_threads = match threads {
            _ if size < LEAST_FILE => 1,
            Some(n_threads) => n_threads.get(),
            None => available_parallelism().map_or(1, NonZero::get),
        };
        let share = codec.apart.as_ref().filter(|apart| (apart.pieces)(file.part(0, size)).is_some());
        let share = share.and_then(|apart| Share::of(codec, apart, granted, n_threads));
        Ok(Self { file, codec, granted, n_threads, share, way: Some(Way::Begun(begun)), given: 0, taken })
    }

    /// How many bytes of the file were taken so far.
    pub(in crate::input) fn taken(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.taken)
    }

    /// The most memory that it takes.
    pub(in crate::input) fn memory(&self) -> usize {
        let alone = self.codec.memory(self.granted);
        alone.max(self.share.map_or(0, |share| share.memory(self.codec)))
    }

    fn whole(&self) -> Section {
        self.file.part(0, self.file.end)
    }

    /// The file, in the same steps as who looked at its beginning reads it: the places of errors
    /// are where steps end.
    fn again(&self) -> Reader {
        let header = HEADER as u64;
        Box::new(self.file.part(0, header).chain(self.file.part(header, self.file.end)))
    }

    /// Goes on with several threads, if that can be.
    fn spread(&mut self) -> io::Result<()> {
        let share = self.share.take();
        if self.n_threads < 2 {
            return Ok(());
        }
        if let Some(begin) = self.codec.threaded {
            // One decoder at a time.
            self.way = None;
            let decoder = begin(self.granted, self.n_threads).map_err(|_| uncertain())?;
            self.way = Some(Way::Threaded(Unpack::with(self.again(), self.codec, self.granted, decoder)));
            return self.pass(self.given);
        }
        let Some((share, apart)) = share.zip(self.codec.apart.as_ref()) else { return Ok(()) };
        let is_cut = |mut pieces: Box<dyn Pieces>| matches!(pieces.next(), Ok(Some(first)) if first.end < self.file.end);
        if !(apart.pieces)(self.whole()).is_some_and(is_cut) {
            return Ok(());
        }
        self.way = None;
        let pieces = (apart.pieces)(self.whole()).ok_or_else(uncertain)?;
        self.way = Some(Way::AtOnce(AtOnce::new(pieces, self.codec, share)?));
        self.pass(self.given)
    }

    /// Goes on with one thread, from the beginning.
    fn go_alone(&mut self) -> io::Result<()> {
        self.way = None;
        self.way = Some(Way::Alone(Unpack::new(self.again(), self.codec, self.granted)?));
        self.pass(self.given)
    }

    /// Passes over text that was given.
    fn pass(&mut self, mut n: u64) -> io::Result<()> {
        let mut scratch = vec![0; CHUNK];
        while n > 0 {
            let most = usize::try_from(n).unwrap_or(usize::MAX).min(CHUNK);
            match self.step(&mut scratch[..most]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => n -= read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn step(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (n, at) = match &mut self.way {
            Some(Way::Begun(unpack)) => (unpack.read(into), unpack.at),
            Some(Way::AtOnce(at_once)) => (at_once.read(into), at_once.at),
            Some(Way::Threaded(unpack) | Way::Alone(unpack)) => (unpack.read(into), unpack.at),
            None => return Err(uncertain()),
        };
        self.taken.store(at, Ordering::Relaxed);
        n
    }
}

impl Read for InParallel {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        if self.given >= BEGINNING && matches!(self.way, Some(Way::Begun(_))) && self.n_threads > 1 {
            let spread = self.spread();
            self.n_threads = 1;
            if spread.is_err() {
                self.go_alone()?;
            }
        }
        let n = match self.step(into) {
            Err(error)
                if error.kind() != io::ErrorKind::Interrupted
                    && matches!(self.way, Some(Way::AtOnce(_) | Way::Threaded(_))) =>
            {
                self.go_alone()?;
                self.step(into)?
            }
            n => n?,
        };
        self.given += n as u64;
        Ok(n)
    }
}
