//! The block on AVX-512 with BW and VBMI2: one vector.

use super::avx2::Avx2;
use super::block::Block;
use std::arch::x86_64::*;

/// Proof that the processor has AVX-512 F, BW, VL, VBMI2 and all that AVX2's proof covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512(Avx2);

impl Avx512 {
    /// Looks at the processor.
    pub(super) fn new() -> Option<Self> {
        let proof = Avx2::new()?;
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi2"))
        .then_some(Self(proof))
    }
}

/// The numbers 0 to 63.
static POSITIONS: [u8; 64] = {
    let mut positions = [0; 64];
    let mut i = 0;
    while i < 64 {
        positions[i] = i as u8;
        i += 1;
    }
    positions
};

impl Block for Avx512 {
    type Bytes = __m512i;

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Bytes {
        // SAFETY: `self` proves AVX-512; the load is of these 64 bytes and needs no alignment.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn eq(self, bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: `self` proves AVX-512 BW.
        unsafe { _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    fn le(self, bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: `self` proves AVX-512 BW.
        unsafe { _mm512_cmple_epu8_mask(bytes, _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    fn parity(self, bits: u64) -> u64 {
        self.0.parity(bits)
    }

    #[inline(always)]
    fn flatten(self, bits: u64, base: u32, to: &mut [u32; 64]) {
        let count = bits.count_ones();
        // SAFETY: `self` proves AVX-512 F, BW and VBMI2; each store is of 16 of the 64 numbers of `to`.
        unsafe {
            let packed = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(POSITIONS.as_ptr().cast()));
            let base = _mm512_set1_epi32(base as i32);
            let at = to.as_mut_ptr();
            let widen = |lane| _mm512_add_epi32(_mm512_cvtepu8_epi32(lane), base);
            _mm512_storeu_si512(at.cast(), widen(_mm512_castsi512_si128(packed)));
            if count > 16 {
                _mm512_storeu_si512(at.add(16).cast(), widen(_mm512_extracti32x4_epi32::<1>(packed)));
                if count > 32 {
                    _mm512_storeu_si512(at.add(32).cast(), widen(_mm512_extracti32x4_epi32::<2>(packed)));
                    _mm512_storeu_si512(at.add(48).cast(), widen(_mm512_extracti32x4_epi32::<3>(packed)));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn copy_raw(self, from: *const u8, to: *mut u8) {
        // SAFETY: `self` proves AVX-512; the caller promises 64 bytes on both sides.
        unsafe { _mm512_storeu_si512(to.cast(), _mm512_loadu_si512(from.cast())) }
    }
}
