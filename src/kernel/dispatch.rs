//! The kernels of one instruction set: found once, with the proof that the processor has it.

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
use super::block::Work;
use super::isa::Isa;
use super::portable::Portable;

/// That the processor has an instruction set; made by looking only.
#[derive(Clone, Copy, Debug)]
enum Proof {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    Portable(Portable),
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
            Isa::Avx512 => Proof::Avx512(Avx512::new()?),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Proof::Avx2(Avx2::new()?),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx512 | Isa::Avx2 => return None,
            Isa::Portable => Proof::Portable(Portable),
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
    pub(super) fn run<W: Work>(&self, work: W) -> W::Output {
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
}

/// Runs `work` compiled for AVX-512.
///
/// # Safety
/// The processor has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn on_avx512<W: Work>(block: Avx512, work: W) -> W::Output {
    work.on(block)
}

/// Runs `work` compiled for AVX2.
///
/// # Safety
/// The processor has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn on_avx2<W: Work>(block: Avx2, work: W) -> W::Output {
    work.on(block)
}
