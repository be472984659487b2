//! Compressed input, unpacked on the way in: the table of codecs, and the reader that drives one of
//! them.
//!
//! A codec is known by the bytes it starts with, never by a name. It unpacks straight into the
//! buffer of the reader, from a fixed buffer of its own; files of many members, streams or
//! frames are one text. What is cut short, damaged, or followed by something else is an error that
//! says at which byte of the compressed file: nothing is lost in silence.
//!
//! It does not know what the bytes mean. Advice for maintainers: a codec is a file with a
//! [`Decoder`], and a line in [`CODECS`].

mod bzip2;
mod codec;
mod gzip;
mod lz4;
mod stored;
mod xz;
mod zstd;

use codec::{Codec, Decoder, Fault, Magic};
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All codecs.
static CODECS: [Codec; 5] = [gzip::CODEC, zstd::CODEC, bzip2::CODEC, xz::CODEC, lz4::CODEC];

/// The codecs of members of zip archives, by the number of the method.
static METHODS: [(u16, Codec); 5] =
    [(0, stored::CODEC), (8, gzip::DEFLATE), (12, bzip2::CODEC), (93, zstd::CODEC), (95, xz::CODEC)];

/// So many bytes distinguish each of them from text.
pub(super) const LOOK: usize = 10;

/// As many hold what a first member says of itself, its window for one.
pub(super) const HEADER: usize = 18;

/// Read of the compressed file at once.
const RAW: usize = 128 << 10;

/// What is wrong with a compressed file that cannot be read on. It travels as an [`io::Error`].
#[derive(Debug)]
pub(super) struct Damage {
    /// The codec's name.
    pub(super) format: &'static str,
    /// Up to this byte the decoder had read.
    pub(super) at: u64,
    pub(super) reason: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Damage {}

/// The codec whose files start so.
pub(super) fn by_magic(start: &[u8]) -> Option<&'static Codec> {
    let is = |magic: &&Magic| start.len() >= magic.len() && agree(magic, start);
    CODECS.iter().find(|codec| codec.magics.iter().any(|magic| is(&magic)))
}

/// The codec whose files start so, as far as `start` goes, which is too short to decide.
pub(super) fn may_be(start: &[u8]) -> Option<&'static Codec> {
    let may = |magic: &&Magic| start.len() < magic.len() && agree(magic, start);
    CODECS.iter().find(|codec| codec.magics.iter().any(|magic| may(&magic)))
}

fn agree(magic: Magic, start: &[u8]) -> bool {
    magic.iter().zip(start).all(|((least, most), byte)| (least..=most).contains(&byte))
}

/// The codec of a zip archive's method.
pub(super) fn by_method(method: u16) -> Option<&'static Codec> {
    METHODS.iter().find(|(number, _)| *number == method).map(|(_, codec)| codec)
}

/// The codec of a file that ends with `start`, too early to be recognised by its magic bytes, and
/// yet can't be a text: of more bytes than one, one is of no text.
pub(super) fn cut_short(start: &[u8]) -> Option<&'static Codec> {
    let of_no_text = |byte: &u8| *byte >= 0x80 || *byte < b' ' && !byte.is_ascii_whitespace();
    may_be(start).filter(|_| start.len() > 1 && start.iter().any(of_no_text))
}

/// Whether a file of these bytes is unpacked, or is the beginning of one that would be.
pub fn is_packed(bytes: &[u8]) -> bool {
    by_magic(bytes).or_else(|| cut_short(bytes)).is_some()
}

/// The name that a file has when it is unpacked.
pub(crate) fn unpacked_name(name: &str) -> &str {
    let ends = |extension: &&&str| {
        name.len() > extension.len()
            && name.is_char_boundary(name.len() - extension.len())
            && name[name.len() - extension.len()..].eq_ignore_ascii_case(extension)
    };
    let extension = CODECS.iter().flat_map(|codec| codec.extensions).find(ends);
    extension.map_or(name, |extension| &name[..name.len() - extension.len()])
}

impl Codec {
    /// The most memory that unpacking takes, where so much is granted.
    pub(super) fn memory(&self, granted: usize) -> usize {
        (self.memory)(granted) + RAW
    }

    /// The error for a file that ends at byte `at`.
    pub(super) fn ends_at(&'static self, at: usize) -> io::Error {
        io::Error::other(Damage { format: self.name, at: at as u64, reason: CUT_SHORT.to_owned() })
    }
}

const CUT_SHORT: &str = "it ends before it is complete; is the copy whole?";

/// A reader that unpacks another.
pub(super) struct Unpack<R> {
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
    at: u64,
    taken: Arc<AtomicU64>,
    /// Where the member at hand starts; `None` between two.
    member: Option<u64>,
    n_members: u64,
    padding: bool,
}

impl<R: Read> Unpack<R> {
    /// Unpacks what `reader` gives, in no more memory than `granted`.
    pub(super) fn new(reader: R, codec: &'static Codec, granted: usize) -> io::Result<Self> {
        let decoder = (codec.begin)(granted).map_err(|fault| damage(codec, 0, granted, &fault))?;
        Ok(Self {
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
        })
    }

    /// How many bytes of the file were taken so far.
    pub(super) fn taken(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.taken)
    }

    fn corrupt(&self, reason: &str) -> io::Error {
        io::Error::other(Damage { format: self.codec.name, at: self.at, reason: reason.to_owned() })
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
            if self.start == self.end && !self.ended {
                self.start = 0;
                self.end = 0;
                self.end = self.reader.read(&mut self.raw)?;
                self.ended = self.end == 0;
            }
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
            let begun = match self.member {
                Some(begun) => begun,
                None if left == 0 && self.n_members > 0 => return Ok(0),
                None if self.n_members > 0 && self.codec.padded && self.raw[self.start] == 0 => {
                    self.padding = true;
                    continue;
                }
                None => {
                    if self.n_members > 0 {
                        self.decoder.again();
                    }
                    self.n_members += 1;
                    *self.member.insert(self.at)
                }
            };
            let step = match self.decoder.step(&self.raw[self.start..self.end], into, self.ended) {
                Ok(step) => step,
                Err(Fault::Corrupt) if self.n_members > 1 && self.at - begun < LOOK as u64 => {
                    self.at = begun;
                    return Err(self.corrupt("behind its end stands something that is no part of it"));
                }
                Err(fault) => return Err(damage(self.codec, self.at, self.granted, &fault)),
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
                    return Err(damage(self.codec, self.at, self.granted, &Fault::Corrupt));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_not_taken_for_compressed() {
        for text in
            [&b"BZh9,name\n1,2\n"[..], b"BZh91AY&SX,b\n", b"(\xb5/,a\n", b"\x1f\x8b\x09", b"P*M,a\n", b""]
        {
            assert!(by_magic(text).is_none(), "{}", text.escape_ascii());
        }
        assert_eq!(by_magic(b"BZh91AY&SY,").map(|codec| codec.name), Some("bzip2"));
        assert_eq!(by_magic(b"\x5a*M\x18").map(|codec| codec.name), Some("zstd"));
        assert!(may_be(b"BZh9").is_some() && may_be(b"BZh0").is_none() && may_be(b"\xfd7zXZ\x01").is_none());
    }

    #[cfg(not(feature = "zstd"))]
    #[test]
    fn what_is_left_out_is_named() {
        let codec = by_magic(b"\x28\xb5\x2f\xfd").unwrap();
        let error = Unpack::new(&b""[..], codec, 1 << 20).err().unwrap().to_string();
        assert_eq!(error, "this build cannot unpack it: it was made without the feature zstd");
    }

    #[test]
    fn names_are_looked_through_once() {
        assert_eq!(unpacked_name("a.tsv.gz"), "a.tsv");
        assert_eq!(unpacked_name("A.TSV.ZST"), "A.TSV");
        assert_eq!(unpacked_name("a.gz.gz"), "a.gz");
        assert_eq!((unpacked_name(".gz"), unpacked_name("gz"), unpacked_name("ä")), (".gz", "gz", "ä"));
    }
}
