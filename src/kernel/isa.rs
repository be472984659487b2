//! The instruction sets, in the order in which they are tried.

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
