//! What a codec is: how its files are recognised, and what unpacks them.

use super::pieces::Pieces;
use crate::input::section::Section;

/// A format of compressed files.
#[derive(Debug)]
pub(in crate::input) struct Codec {
    /// Its name in messages.
    pub(in crate::input) name: &'static str,
    /// How names of such files end.
    pub(super) extensions: &'static [&'static str],
    /// What such files start with: for each byte the least and the most it may be.
    pub(super) magics: &'static [Magic],
    /// What a decoder may take in memory, of what is granted to it.
    pub(super) memory: fn(granted: usize) -> usize,
    /// A decoder that keeps to what is granted.
    pub(super) begin: fn(granted: usize) -> Result<Box<dyn Decoder>, Fault>,
    /// Zeros behind the last member are no part of the text: a tape's or a download's padding.
    pub(super) padded: bool,
    /// A decoder that has threads of its own, at most so many.
    pub(super) threaded: Option<BeginThreaded>,
    /// How its files are cut into pieces.
    pub(super) apart: Option<Apart>,
}

impl Codec {
    /// Whether files of the format start so.
    pub(super) fn starts(&self, bytes: &[u8]) -> bool {
        self.magics.iter().any(|magic| bytes.len() >= magic.len() && agree(magic, bytes))
    }

    /// Whether they may start so, as far as `bytes` go, which are too few to decide.
    pub(super) fn may_start(&self, bytes: &[u8]) -> bool {
        self.magics.iter().any(|magic| bytes.len() < magic.len() && agree(magic, bytes))
    }
}

fn agree(magic: Magic, bytes: &[u8]) -> bool {
    magic.iter().zip(bytes).all(|((least, most), byte)| (least..=most).contains(&byte))
}

/// How files are cut into pieces, if they can be.
#[derive(Debug)]
pub(super) struct Apart {
    pub(super) pieces: fn(Section) -> Option<Box<dyn Pieces>>,
    /// How much of its share of the memory a thread has for text. What is unpacked ahead must not
    /// wait for its turn long before its piece ends: half a piece for two threads.
    pub(super) text: fn(share: usize) -> usize,
}

pub(super) type BeginThreaded = fn(granted: usize, n_threads: usize) -> Result<Box<dyn Decoder>, Fault>;

pub(super) type Magic = &'static [(u8, u8)];

/// What unpacks one member after another.
pub(super) trait Decoder: Send {
    /// Unpacks some of `from` into `into`. `last` says that nothing follows `from`.
    fn step(&mut self, from: &[u8], into: &mut [u8], last: bool) -> Result<Step, Fault>;

    /// Makes ready for another member.
    fn again(&mut self) {}
}

/// What came of a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub(super) taken: usize,
    pub(super) given: usize,
    /// A member ends with what was taken.
    pub(super) ended: bool,
}

/// Why a decoder can't go on.
#[derive(Debug)]
#[allow(dead_code)] // Which of them can happen depends on the features.
pub(super) enum Fault {
    /// The bytes are not what they should be.
    Corrupt,
    /// So many bytes of memory are needed, more than are granted; 0 where it can't be known.
    Memory(u64),
    /// This build has no decoder for it.
    LeftOut,
}

/// Stands for the decoder of a codec that a build leaves out.
#[cfg(not(all(feature = "gzip", feature = "zstd", feature = "bzip2", feature = "xz", feature = "lz4")))]
pub(super) mod left_out {
    use super::{Decoder, Fault};

    pub(in super::super) fn memory(_: usize) -> usize {
        0
    }

    pub(in super::super) fn begin(_: usize) -> Result<Box<dyn Decoder>, Fault> {
        Err(Fault::LeftOut)
    }
}
