//! The kernels: what is done to every byte, once for each instruction set. *Unsafe room 1.*
//!
//! Knows bytes alone, never a record's meaning or a dialect. The algorithms ([`scan`], [`escape`],
//! [`stitch`]) are written once over [`block::Block`]; a new instruction set is one file that implements
//! it and one line in [`Isa::ALL`]. The choice is made once a run, the dispatch once a strip; below it everything is
//! inlined for one instruction set.
#![allow(unsafe_code)] // Room 1: vector intrinsics; each block says what proves it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block;
mod escape;
mod portable;
mod scan;
mod shape;
mod stitch;

pub use escape::MOST as MOST_ESCAPED;
pub use scan::{Counted, Index, Marks};
pub use stitch::Pieces;

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

type ScanFn = fn(Proof, &Marks, &[u8], &mut Index);
type CountFn = fn(Proof, &Marks, &[u8], u32) -> Counted;
type EscapeFn = fn(Proof, &[u8], usize, usize, &mut [u8]) -> usize;
type StitchFn =
    fn(Proof, &[u8], &Marks, &Index, &mut (usize, usize), usize, &Pieces, &mut [u8], usize) -> usize;

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
    isa: Isa,
    proof: Proof,
    scan: ScanFn,
    count: CountFn,
    escape: EscapeFn,
    stitch: StitchFn,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kernel").field(&self.isa).finish()
    }
}

impl Kernel {
    /// The fastest that this processor has.
    pub fn best() -> Self {
        Isa::ALL.into_iter().find_map(Self::new).expect("the portable kernel needs nothing")
    }

    /// The kernels of `isa`, where this processor has it.
    pub fn new(isa: Isa) -> Option<Self> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::Avx512::new().map(|proof| on_avx512::kernel(Proof::Avx512(proof))),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::Avx2::new().map(|proof| on_avx2::kernel(Proof::Avx2(proof))),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx512 | Isa::Avx2 => None,
            Isa::Portable => Some(on_portable::kernel(Proof::Portable(portable::Portable))),
        }
    }

    /// Which instruction set this is.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Fills `index` with where fields and records end in `bytes`, which must start where a record does.
    ///
    /// # Panics
    /// Where `bytes` is longer than the index can hold.
    pub fn scan(&self, marks: &Marks, bytes: &[u8], index: &mut Index) {
        (self.scan)(self.proof, marks, bytes, index)
    }

    /// Counts the whole records of `n_fields` fields at the front of `bytes`, which must start where a record does.
    pub fn count(&self, marks: &Marks, bytes: &[u8], n_fields: u32) -> Counted {
        (self.count)(self.proof, marks, bytes, n_fields)
    }

    /// Writes `from[start..end]` to the front of `to`, escaped as between the quotes of a JSON string,
    /// and returns the number of bytes written.
    ///
    /// # Panics
    /// Where `to` is shorter than [`MOST_ESCAPED`] `* (end - start) + 64`.
    pub fn escape(&self, from: &[u8], start: usize, end: usize, to: &mut [u8]) -> usize {
        (self.escape)(self.proof, from, start, end, to)
    }

    /// Weaves clean records of a scanned strip between `pieces` into `to[at..]` and returns the new `at`.
    ///
    /// `record` holds the number of the first record to do and where it starts; it comes back as the
    /// first one not done: number `until`, not clean, of another width, a comment, too near the end of `from`, or without room in `to`.
    #[allow(clippy::too_many_arguments)] // One call a strip; a struct for it would be used once.
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
        (self.stitch)(self.proof, from, marks, index, record, until, pieces, to, at)
    }
}

/// The algorithms compiled for one instruction set.
macro_rules! compile {
    ($module:ident, $isa:expr, $proof:path, $(#[$feature:meta])*) => {
        mod $module {
            use super::*;

            pub(super) fn kernel(proof: Proof) -> Kernel {
                Kernel {
                    isa: $isa,
                    proof,
                    scan: |proof, marks, bytes, index| {
                        let $proof(block) = proof else { unreachable!("made for this proof") };
                        // SAFETY: the proof was made by finding the features on this processor.
                        unsafe { scan_on(block, marks, bytes, index) }
                    },
                    count: |proof, marks, bytes, n_fields| {
                        let $proof(block) = proof else { unreachable!("made for this proof") };
                        // SAFETY: the proof was made by finding the features on this processor.
                        unsafe { count_on(block, marks, bytes, n_fields) }
                    },
                    escape: |proof, from, start, end, to| {
                        let $proof(block) = proof else { unreachable!("made for this proof") };
                        // SAFETY: the proof was made by finding the features on this processor.
                        unsafe { escape_on(block, from, start, end, to) }
                    },
                    stitch: |proof, from, marks, index, record, until, pieces, to, at| {
                        let $proof(block) = proof else { unreachable!("made for this proof") };
                        // SAFETY: the proof was made by finding the features on this processor.
                        unsafe { stitch_on(block, from, marks, index, record, until, pieces, to, at) }
                    },
                }
            }

            $(#[$feature])*
            unsafe fn scan_on(block: impl block::Block, marks: &Marks, bytes: &[u8], index: &mut Index) {
                scan::scan(block, marks, bytes, index)
            }

            $(#[$feature])*
            unsafe fn count_on(
                block: impl block::Block,
                marks: &Marks,
                bytes: &[u8],
                n_fields: u32,
            ) -> Counted {
                scan::count(block, marks, bytes, n_fields)
            }

            $(#[$feature])*
            unsafe fn escape_on(
                block: impl block::Block,
                from: &[u8],
                start: usize,
                end: usize,
                to: &mut [u8],
            ) -> usize {
                escape::escape(block, from, start, end, to)
            }

            $(#[$feature])*
            #[allow(clippy::too_many_arguments)] // As its caller.
            unsafe fn stitch_on(
                block: impl block::Block,
                from: &[u8],
                marks: &Marks,
                index: &Index,
                record: &mut (usize, usize),
                until: usize,
                pieces: &Pieces,
                to: &mut [u8],
                at: usize,
            ) -> usize {
                stitch::stitch(block, from, marks, index, record, until, pieces, to, at)
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
compile!(
    on_avx512,
    Isa::Avx512,
    Proof::Avx512,
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
);
#[cfg(target_arch = "x86_64")]
compile!(
    on_avx2,
    Isa::Avx2,
    Proof::Avx2,
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
);
compile!(on_portable, Isa::Portable, Proof::Portable,);
