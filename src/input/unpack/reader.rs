//! The reader that drives a decoder: member after member, each to its end.

use super::codec::{Codec, Decoder, Fault};
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many bytes distinguish compressed files from text.
pub(in crate::input) const LOOK: usize = 10;

/// As many hold what a first member says of itself, its window for one.
pub(in crate::input) const HEADER: usize = 18;

/// Read of the compressed file at once.
pub(super) const RAW: usize = 128 << 10;
/// Handed to the decoder at once, so that the place of damage is no farther from it, and the same
/// however much text is wanted.
const STEP: u64 = 32 << 10;

/// What is wrong with a compressed file that cannot be read on. It travels as an [`io::Error`].
#[derive(Debug)]
pub(in crate::input) struct Damage {
    /// The codec's name.
    pub(in crate::input) format: &'static str,
    /// Up to this byte the decoder had read.
    pub(in crate::input) at: u64,
    pub(in crate::input) reason: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Damage {}

pub(super) const CUT_SHORT: &str = "it ends before it is complete; is the copy whole?";

/// A reader that unpacks another.
pub(in crate::input) struct Unpack<R> {
    reader: R,
    codec: &'static Codec,
    granted: usize,
    decoder: Box<dyn Decoder>,
    /// Read and not taken yet: `raw[start..end]`.
    raw: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    /// How many bytes of the file the decoder took, also for the threads that watch.
    pub(super) at: u64,
    taken: Arc<AtomicU64>,
    /// Where the member at hand starts, and whether it starts like one; `None` between two.
    member: Option<(u64, bool)>,
    n_members: u64,
    padding: bool,
}

impl<R: Read> Unpack<R> {
    /// Unpacks what `reader` gives, in no more memory than `granted`.
    pub(in crate::input) fn new(reader: R, codec: &'static Codec, granted: usize) -> io::Result<Self> {
        let decoder = (codec.begin)(granted).map_err(|fault| damage(codec, 0, granted, &fault))?;
        Ok(Self::with(reader, codec, granted, decoder))
    }

    /// The same with a decoder that has begun.
    pub(super) fn with(reader: R, codec: &'static Codec, granted: usize, decoder: Box<dyn Decoder>) -> Self {
        Self {
            reader,
            codec,
            granted,
            decoder,
            raw: vec![0; RAW].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
            at: 0,
            taken: Arc::default(),
            member: None,
            n_members: 0,
            padding: false,
        }
    }

    /// How many bytes of the file were taken so far.
    pub(in crate::input) fn taken(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.taken)
    }

    fn corrupt(&self, reason: &str) -> io::Error {
        io::Error::other(Damage { format: self.codec.name, at: self.at, reason: reason.to_owned() })
    }

    /// Reads on, once all that was read is taken; before, if `more` is wanted. What is left moves
    /// to the front.
    fn fill(&mut self, more: bool) -> io::Result<()> {
        if self.ended || self.start < self.end && !more {
            return Ok(());
        }
        self.raw.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let n = self.reader.read(&mut self.raw[self.end..])?;
        self.end += n;
        self.ended = n == 0;
        Ok(())
    }

    /// Begins a member. Returns where it starts, and whether like one.
    fn begin_member(&mut self) -> io::Result<(u64, bool)> {
        while self.end - self.start < HEADER && !self.ended {
            self.fill(true)?;
        }
        if self.n_members > 0 {
            self.decoder.again();
        }
        self.n_members += 1;
        let starts = self.codec.starts(&self.raw[self.start..self.end]);
        Ok(*self.member.insert((self.at, starts)))
    }

    /// How far the bytes at hand go that the decoder gets.
    fn step_end(&self, begun: u64) -> usize {
        let len = (self.at + 1).next_multiple_of(STEP).max(begun + HEADER as u64) - self.at;
        self.end.min(self.start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)))
    }

    /// The error for a `fault` in bytes up to `end`.
    fn failed(&self, fault: &Fault, (begun, starts): (u64, bool), end: usize) -> io::Error {
        let at = match fault {
            Fault::Corrupt if self.n_members > 1 && !starts => {
                let reason = "behind its end stands something that is no part of it".to_owned();
                return io::Error::other(Damage { format: self.codec.name, at: begun, reason });
            }
            Fault::Corrupt => self.at + (end - self.start) as u64,
            Fault::Memory(_) | Fault::LeftOut => begun,
        };
        damage(self.codec, at, self.granted, fault)
    }

    fn take(&mut self, n: usize) {
        self.start += n;
        self.at += n as u64;
        self.taken.store(self.at, Ordering::Relaxed);
    }
}

impl<R: Read> Read for Unpack<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            self.fill(false)?;
            let left = self.end - self.start;
            if self.padding {
                if self.raw[self.start..self.end].iter().any(|byte| *byte != 0) {
                    return Err(self.corrupt("behind its end stand zeros, and then something else"));
                }
                self.take(left);
                if self.ended {
                    return Ok(0);
                }
                continue;
            }
            let member = match self.member {
                Some(member) => member,
                None if left == 0 && self.n_members > 0 => return Ok(0),
                None if self.n_members > 0 && self.codec.padded && self.raw[self.start] == 0 => {
                    self.padding = true;
                    continue;
                }
                None => self.begin_member()?,
            };
            let end = self.step_end(member.0);
            let step = match self.decoder.step(&self.raw[self.start..end], into, self.ended) {
                Ok(step) => step,
                Err(fault) => return Err(self.failed(&fault, member, end)),
            };
            self.take(step.taken);
            if step.ended {
                self.member = None;
            }
            if step.given > 0 {
                return Ok(step.given);
            }
            if !step.ended && step.taken == 0 {
                if self.ended {
                    return Err(self.corrupt(CUT_SHORT));
                }
                if left > 0 {
                    return Err(self.failed(&Fault::Corrupt, member, end));
                }
            }
        }
    }
}

fn damage(codec: &'static Codec, at: u64, granted: usize, fault: &Fault) -> io::Error {
    let mib = |n: u64| n.div_ceil(1 << 20);
    let most = granted >> 20;
    let reason = match fault {
        Fault::Corrupt => "it is damaged here, or shortly before".to_owned(),
        Fault::LeftOut => {
            let feature = if codec.name == "deflate" { "gzip" } else { codec.name };
            format!("this build cannot unpack it: it was made without the feature {feature}")
        }
        Fault::Memory(0) => format!("unpacking needs more than the {most} MiB it may take; raise `memory`"),
        Fault::Memory(n) => {
            format!("unpacking needs {} MiB, and may take {most} MiB; raise `memory`", mib(*n))
        }
    };
    io::Error::other(Damage { format: codec.name, at, reason })
}
