//! The kernels: what is done to every byte, once for each instruction set. *Unsafe room 1.*
//!
//! Knows bytes alone, never a record's meaning or a dialect. The algorithms ([`scan`], [`escape`],
//! [`stitch`]) are written once over [`block::Block`]; a new instruction set is one file that implements
//! it, one line in [`Isa::ALL`] and its arm in [`Kernel::run`]. The choice is made once a run, the dispatch once a strip; below it
//! everything is inlined for one instruction set. What other floors say of a field ([`Values`]) is compiled into the weave, so for the instruction set too.
#![allow(unsafe_code)] // Room 1: vector intrinsics; each block says what proves it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block;
mod cell;
mod cells;
mod escape;
mod notes;
mod pieces;
mod portable;
mod scan;
mod shape;
mod span;
mod stitch;
mod weave;

pub(crate) use block::Block;
pub(crate) use cell::Cell;
pub(crate) use cells::{Cells, Column, NoRules, Values};
pub use escape::MOST as MOST_ESCAPED;
pub(crate) use notes::Wanted;
pub use pieces::Pieces;
pub(crate) use pieces::Sight;
pub use scan::{Counted, Index, Marks};
pub(crate) use span::{Arena, Span};
pub(crate) use stitch::Strip;

/// An instruction set that kernels are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512 F, BW, VL and VBMI2.
    Avx512,
    /// AVX2 with BMI and carry-less multiplication.
    Avx2,
    /// Any processor.
    Portable,
}

impl Isa {
    /// All of them, the fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// The name that `ROWMILL_ISA` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }
}

/// Something that is compiled once for each instruction set and run on one.
pub(crate) trait Work {
    /// What it comes to.
    type Output;

    /// Does it. Inlined always, as is all that it calls for each byte or field: only so is it compiled for the instruction set.
    fn on<B: Block>(self, block: B) -> Self::Output;
}

/// That the processor has an instruction set; made by looking only.
#[derive(Clone, Copy, Debug)]
enum Proof {
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    Portable(portable::Portable),
}

/// The kernels of one instruction set that this processor has.
#[derive(Clone, Copy)]
pub struct Kernel {
    proof: Proof,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kernel").field(&self.isa()).finish()
    }
}

impl Kernel {
    /// The fastest that this processor has.
    pub fn best() -> Self {
        Isa::ALL.into_iter().find_map(Self::new).expect("the portable kernel needs nothing")
    }

    /// The kernels of `isa`, where this processor has it.
    pub fn new(isa: Isa) -> Option<Self> {
        let proof = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => Proof::Avx512(avx512::Avx512::new()?),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Proof::Avx2(avx2::Avx2::new()?),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx512 | Isa::Avx2 => return None,
            Isa::Portable => Proof::Portable(portable::Portable),
        };
        Some(Self { proof })
    }

    /// Which instruction set this is.
    pub fn isa(&self) -> Isa {
        match self.proof {
            #[cfg(target_arch = "x86_64")]
            Proof::Avx512(_) => Isa::Avx512,
            #[cfg(target_arch = "x86_64")]
            Proof::Avx2(_) => Isa::Avx2,
            Proof::Portable(_) => Isa::Portable,
        }
    }

    /// Runs `work` on this instruction set.
    #[inline]
    fn run<W: Work>(&self, work: W) -> W::Output {
        match self.proof {
            // SAFETY: the proof was made by finding the features on this processor.
            #[cfg(target_arch = "x86_64")]
            Proof::Avx512(block) => unsafe { on_avx512(block, work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Proof::Avx2(block) => unsafe { on_avx2(block, work) },
            Proof::Portable(block) => work.on(block),
        }
    }

    /// Fills `index` with where fields and records end in `bytes`, which must start where a record does.
    ///
    /// # Panics
    /// Where `bytes` is longer than the index can hold.
    pub fn scan(&self, marks: &Marks, bytes: &[u8], index: &mut Index) {
        self.run(scan::Scan { marks, bytes, index })
    }

    /// Counts the whole records of `n_fields` fields at the front of `bytes`, which must start where a record does.
    pub fn count(&self, marks: &Marks, bytes: &[u8], n_fields: u32) -> Counted {
        self.run(scan::Count { marks, bytes, n_fields })
    }

    /// Writes `from[start..end]` to the front of `to`, escaped as between the quotes of a JSON string,
    /// and returns the number of bytes written.
    ///
    /// # Panics
    /// Where `to` is shorter than [`MOST_ESCAPED`] `* (end - start) + 64`.
    pub fn escape(&self, from: &[u8], start: usize, end: usize, to: &mut [u8]) -> usize {
        self.run(escape::Escape { from, start, end, to })
    }

    /// Weaves clean records of a scanned strip between `pieces` into `to[at..]` and returns the new `at`.
    ///
    /// `record` holds the number of the first record to do and where it starts; it comes back as the
    /// first one not done: number `until`, not clean, of another width, a comment, too near the end of `from`, or without room in `to`.
    #[allow(clippy::too_many_arguments)] // For tests and benches; the program calls `weave`.
    pub fn stitch(
        &self,
        from: &[u8],
        marks: &Marks,
        index: &Index,
        record: &mut (usize, usize),
        until: usize,
        pieces: &Pieces,
        to: &mut [u8],
        at: usize,
    ) -> usize {
        let strip = Strip { from, marks, index, until, pieces };
        self.weave(&strip, record, to, at, &mut NoRules)
    }

    /// As [`Kernel::stitch`], with `values` for the columns that have a rule.
    pub(crate) fn weave<V: Values>(
        &self,
        strip: &Strip<'_>,
        record: &mut (usize, usize),
        to: &mut [u8],
        at: usize,
        values: &mut V,
    ) -> usize {
        if V::ANY {
            return weave::by_rules(self, strip, record, to, at, values);
        }
        self.run(stitch::Weave { strip, record, to, at })
    }
}

/// Runs `work` compiled for AVX-512.
///
/// # Safety
/// The processor has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn on_avx512<W: Work>(block: avx512::Avx512, work: W) -> W::Output {
    work.on(block)
}

/// Runs `work` compiled for AVX2.
///
/// # Safety
/// The processor has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn on_avx2<W: Work>(block: avx2::Avx2, work: W) -> W::Output {
    work.on(block)
}
