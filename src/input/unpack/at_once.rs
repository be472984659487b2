//! Threads that unpack the pieces of a file at once, and a reader that has their text in order.
//!
//! Each thread takes the next piece, unpacks it into buffers of its own, and waits when they are
//! full. They come back when they were read. So the memory is fixed, and the file is unpacked no
//! further ahead of its reader than that.

use super::codec::{Apart, Codec};
use super::pieces::{PackedPiece, Pieces};
use super::reader::Unpack;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// The size of a buffer of text.
pub(super) const CHUNK: usize = 128 << 10;

/// The least of buffers for its text that a thread has.
const LEAST_TEXT: usize = 512 << 10;
/// What a thread touches of its stack, and the allocator keeps for it.
const STACK: usize = 128 << 10;

/// What the reader is told of the pieces, in order.
enum NextPiece {
    /// That thread unpacks the next piece, which ends at that byte of the file.
    From(usize, u64),
    /// There are no more, or it is not known where the next one ends.
    Ends(io::Result<()>),
}

/// What a thread gives.
enum Handed {
    Text(Vec<u8>),
    /// The piece ends.
    Ended(io::Result<()>),
}

/// Where threads take pieces from. It is locked while one is cut.
struct Cutting {
    /// `None` when there are no more.
    pieces: Option<Box<dyn Pieces>>,
    told: Sender<NextPiece>,
}

/// A thread, as the reader knows it.
struct Unpacker {
    given: Receiver<Handed>,
    /// Takes buffers back.
    free: Sender<Vec<u8>>,
}

/// The text of pieces that threads unpack at once.
pub(super) struct AtOnce {
    // Goes first: threads end when what they wait for is gone.
    unpackers: Vec<Unpacker>,
    next: Receiver<NextPiece>,
    /// The thread whose piece is read, and where that ends.
    from: Option<(usize, u64)>,
    /// Handed and not read: `text[start..]`.
    text: Vec<u8>,
    start: usize,
    /// Up to this byte of the file all is unpacked.
    pub(super) at: u64,
    ended: bool,
    threads: Threads,
}

/// Threads that are waited for at the end.
#[derive(Default)]
struct Threads(Vec<JoinHandle<()>>);

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            // One that panicked has said so, and its piece is unpacked again.
            let _ = thread.join();
        }
    }
}

/// How many threads there are, and what each of them may take.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) n_threads: usize,
    /// The memory that the decoder is granted.
    granted: usize,
    n_chunks: usize,
}

impl Share {
    /// A share for each of as many threads as the memory suffices for; `None` if that is one.
    pub(super) fn of(codec: &Codec, apart: &Apart, granted: usize, n_threads: usize) -> Option<Self> {
        let most = codec.memory(granted).max(granted);
        let share = |n_threads: usize| {
            let share = granted / n_threads;
            let text = (apart.text)(share);
            let rest = share.checked_sub(text + STACK)?;
            let granted = rest.checked_sub(codec.memory(rest).saturating_sub(rest))?;
            let this = Self { n_threads, granted, n_chunks: text / CHUNK };
            let fits = text >= LEAST_TEXT && this.memory(codec) <= most && (codec.begin)(granted).is_ok();
            fits.then_some(this)
        };
        (2..=n_threads).rev().find_map(share)
    }

    /// What all of them take. Who reads has a buffer too, and one to look for places to cut.
    pub(super) fn memory(&self, codec: &Codec) -> usize {
        let each = codec.memory(self.granted) + self.n_chunks * CHUNK + STACK;
        self.n_threads * each + 2 * CHUNK
    }
}

impl AtOnce {
    /// Begins to unpack `pieces`.
    ///
    /// # Errors
    /// There are no more threads.
    pub(super) fn new(pieces: Box<dyn Pieces>, codec: &'static Codec, share: Share) -> io::Result<Self> {
        let (told, next) = channel();
        let cutting = Arc::new(Mutex::new(Cutting { pieces: Some(pieces), told }));
        let mut this = Self {
            unpackers: Vec::with_capacity(share.n_threads),
            next,
            from: None,
            text: Vec::new(),
            start: 0,
            at: 0,
            ended: false,
            threads: Threads::default(),
        };
        for number in 0..share.n_threads {
            let ((give, given), (free, buffers)) = (channel(), channel());
            for _ in 0..share.n_chunks {
                // It takes its room when it is filled.
                let _ = free.send(Vec::new());
            }
            let work = Errand {
                number,
                cutting: Arc::clone(&cutting),
                codec,
                granted: share.granted,
                give,
                buffers,
            };
            let thread = Builder::new().name("unpack".to_owned()).spawn(move || work.run())?;
            this.unpackers.push(Unpacker { given, free });
            this.threads.0.push(thread);
        }
        Ok(this)
    }

    /// Has some text that was not read, or none at the end.
    fn fill(&mut self) -> io::Result<()> {
        let is_gone = |_| io::Error::other("a thread that unpacks is gone");
        while self.start == self.text.len() && !self.ended {
            let Some((number, end)) = self.from else {
                match self.next.recv().map_err(is_gone)? {
                    NextPiece::From(number, end) => self.from = Some((number, end)),
                    NextPiece::Ends(how) => {
                        how?;
                        self.ended = true;
                    }
                }
                continue;
            };
            let unpacker = &self.unpackers[number];
            match unpacker.given.recv().map_err(is_gone)? {
                Handed::Text(text) => {
                    let read = std::mem::replace(&mut self.text, text);
                    self.start = 0;
                    if read.capacity() > 0 {
                        // It has ended if it takes none.
                        let _ = unpacker.free.send(read);
                    }
                }
                Handed::Ended(how) => {
                    how?;
                    self.at = end;
                    self.from = None;
                }
            }
        }
        Ok(())
    }
}

impl Read for AtOnce {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let n = into.len().min(self.text.len() - self.start);
        into[..n].copy_from_slice(&self.text[self.start..self.start + n]);
        self.start += n;
        Ok(n)
    }
}

/// What a thread has.
struct Errand {
    number: usize,
    cutting: Arc<Mutex<Cutting>>,
    codec: &'static Codec,
    granted: usize,
    give: Sender<Handed>,
    buffers: Receiver<Vec<u8>>,
}

impl Errand {
    /// Unpacks pieces until there are no more, or nobody reads them.
    fn run(self) {
        while let Some(piece) = self.take() {
            let how = self.unpack(piece);
            let failed = how.is_err();
            if self.give.send(Handed::Ended(how)).is_err() || failed {
                return;
            }
        }
    }

    /// Takes the next piece.
    fn take(&self) -> Option<PackedPiece> {
        let mut cutting = self.cutting.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, piece) = match cutting.pieces.as_mut()?.next() {
            Ok(Some(piece)) => (NextPiece::From(self.number, piece.end), Some(piece)),
            Ok(None) => (NextPiece::Ends(Ok(())), None),
            Err(error) => (NextPiece::Ends(Err(error)), None),
        };
        if piece.is_none() {
            cutting.pieces = None;
        }
        cutting.told.send(next).ok()?;
        piece
    }

    /// Gives the text of a piece. Where nobody takes it, it ends early.
    fn unpack(&self, piece: PackedPiece) -> io::Result<()> {
        let mut unpack = Unpack::new(piece.packed, self.codec, self.granted)?;
        loop {
            let Ok(mut text) = self.buffers.recv() else { return Ok(()) };
            text.resize(CHUNK, 0);
            let mut n = 0;
            while n < CHUNK {
                match unpack.read(&mut text[n..]) {
                    Ok(0) => break,
                    Ok(read) => n += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            text.truncate(n);
            let ended = n < CHUNK;
            if self.give.send(Handed::Text(text)).is_err() || ended {
                return Ok(());
            }
        }
    }
}
