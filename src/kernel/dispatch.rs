//! The instruction sets, and the kernels of one: found once, with the proof that the processor has
//! it.
//!
//! Advice for maintainers: a new instruction set is a file that implements `Block`, and a line in
//! the table at the end.

use super::block::{Block, Work};

/// Makes the types of the table's lines, the fastest first: variant, name for `ROWMILL_ISA`, type
/// that implements `Block`, and when it is compiled.
macro_rules! instruction_sets {
    ($($(#[$doc:meta])* $isa:ident, $name:literal, $block:path, $when:meta;)*) => {
        /// An instruction set that kernels are built for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Isa {
            $($(#[$doc])* $isa,)*
        }

        impl Isa {
            /// All of them, the fastest first.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$isa),*];

            /// The name that `ROWMILL_ISA` takes.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$isa => $name,)*
                }
            }
        }

        /// That the processor has an instruction set; made by looking only.
        #[derive(Clone, Copy, Debug)]
        enum Proof {
            $(#[cfg($when)] $isa($block),)*
        }

        impl Kernel {
            /// The kernels of `isa`, if this processor has it.
            pub fn new(isa: Isa) -> Option<Self> {
                match isa {
                    $(Isa::$isa => {
                        #[cfg($when)]
                        let proof = <$block>::new().map(Proof::$isa);
                        #[cfg(not($when))]
                        let proof = None;
                        proof
                    })*
                }
                .map(|proof| Self { proof })
            }

            /// Which instruction set this is.
            pub fn isa(&self) -> Isa {
                match self.proof {
                    $(#[cfg($when)] Proof::$isa(_) => Isa::$isa,)*
                }
            }

            /// Runs `work` on this instruction set.
            #[inline]
            pub(super) fn run<W: Work>(&self, work: W) -> W::Output {
                match self.proof {
                    $(#[cfg($when)] Proof::$isa(block) => block.apart(work),)*
                }
            }
        }
    };
}

/// The kernels of one instruction set that this processor has.
#[derive(Clone, Copy)]
pub struct Kernel {
    proof: Proof,
}

impl Kernel {
    /// The fastest that this processor has.
    pub fn best() -> Self {
        Isa::ALL.into_iter().find_map(Self::new).expect("the portable kernel needs nothing")
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kernel").field(&self.isa()).finish()
    }
}

instruction_sets! {
    /// AVX-512 F, BW, VL and VBMI2.
    Avx512, "avx512", super::avx512::Avx512, target_arch = "x86_64";
    /// AVX2 with BMI and carry-less multiplication.
    Avx2, "avx2", super::avx2::Avx2, target_arch = "x86_64";
    /// NEON of 64-bit ARM processors.
    Neon, "neon", super::neon::Neon, all(target_arch = "aarch64", target_endian = "little");
    /// Any processor.
    Portable, "portable", super::portable::Portable, all();
}
