//! The block on AVX2: two vectors of 32 bytes.

use super::block::{Block, Work};
use std::arch::x86_64::*;

/// Proof that the processor has AVX2, BMI, POPCNT and carry-less multiplication.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    /// Looks at the processor.
    pub(super) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("pclmulqdq"))
        .then_some(Self(()))
    }
}

#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn apart<W: Work>(block: Avx2, work: W) -> W::Output {
    work.on(block)
}

impl Block for Avx2 {
    type Bytes = [__m256i; 2];

    #[inline(always)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        // SAFETY: `self` proves these features.
        unsafe { apart(self, work) }
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Bytes {
        // SAFETY: `self` proves AVX2; both loads lie within the 64 bytes and need no alignment.
        unsafe {
            let at = bytes.as_ptr();
            [_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(32).cast())]
        }
    }

    #[inline(always)]
    fn eq(self, bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let wanted = _mm256_set1_epi8(byte as i8);
            join(
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes[0], wanted)),
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes[1], wanted)),
            )
        }
    }

    #[inline(always)]
    fn le(self, bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let most = _mm256_set1_epi8(byte as i8);
            // x <= b is min(x, b) == x; there is no unsigned comparison.
            join(
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes[0], most), bytes[0])),
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes[1], most), bytes[1])),
            )
        }
    }

    #[inline(always)]
    fn eq_any<const N: usize>(self, loaded: Self::Bytes, bytes: [u8; N]) -> u64 {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            for byte in bytes {
                let wanted = _mm256_set1_epi8(byte as i8);
                low = _mm256_or_si256(low, _mm256_cmpeq_epi8(loaded[0], wanted));
                high = _mm256_or_si256(high, _mm256_cmpeq_epi8(loaded[1], wanted));
            }
            join(_mm256_movemask_epi8(low), _mm256_movemask_epi8(high))
        }
    }

    #[inline(always)]
    fn within(self, bytes: Self::Bytes, first: u8, last: u8) -> u64 {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let (first, most) = (_mm256_set1_epi8(first as i8), _mm256_set1_epi8((last - first) as i8));
            // A closure would not be compiled for AVX2.
            let (low, high) = (_mm256_sub_epi8(bytes[0], first), _mm256_sub_epi8(bytes[1], first));
            join(
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(low, most), low)),
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(high, most), high)),
            )
        }
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; 16]) -> u32 {
        // SAFETY: SSE2 is part of x86-64; the load is of these 16 bytes and needs no alignment.
        unsafe {
            let values = _mm_sub_epi8(_mm_loadu_si128(bytes.as_ptr().cast()), _mm_set1_epi8(b'0' as i8));
            _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) as u32
        }
    }

    #[inline(always)]
    fn parity(self, bits: u64) -> u64 {
        // SAFETY: `self` proves PCLMULQDQ; SSE2 is part of x86-64.
        unsafe {
            let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1));
            _mm_cvtsi128_si64(product) as u64
        }
    }

    #[inline(always)]
    fn compress(self, bits: u64, chosen: u64) -> u64 {
        // SAFETY: `self` proves BMI2.
        unsafe { _pext_u64(bits, chosen) }
    }

    #[inline(always)]
    fn copy_with(self, from: &[u8; 64], chosen: u64, byte: u8, to: &mut [u8; 64]) {
        let (from, _) = from.as_chunks::<32>();
        let (to, _) = to.as_chunks_mut::<32>();
        // SAFETY: `self` proves AVX2; each load and store is of 32 of the 64 bytes.
        unsafe {
            let byte = _mm256_set1_epi8(byte as i8);
            // Each bit of the mask in a byte of its own.
            let spread =
                _mm256_setr_epi64x(0, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303);
            let bits = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
            for (i, (from, to)) in from.iter().zip(to).enumerate() {
                let chosen = _mm256_shuffle_epi8(_mm256_set1_epi32((chosen >> (32 * i)) as i32), spread);
                let chosen = _mm256_cmpeq_epi8(_mm256_and_si256(chosen, bits), bits);
                let bytes = _mm256_blendv_epi8(_mm256_loadu_si256(from.as_ptr().cast()), byte, chosen);
                _mm256_storeu_si256(to.as_mut_ptr().cast(), bytes);
            }
        }
    }

    #[inline(always)]
    fn prefetch(self, at: *const u8) {
        // SAFETY: a prefetch reads nothing that a program could see, and faults at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn copy_half(self, from: *const u8, to: *mut u8) {
        // SAFETY: `self` proves AVX2; the caller promises 32 bytes on both sides.
        unsafe { _mm256_storeu_si256(to.cast(), _mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn copy_raw(self, from: *const u8, to: *mut u8) {
        // SAFETY: `self` proves AVX2; the caller promises 64 bytes on both sides.
        unsafe {
            let low = _mm256_loadu_si256(from.cast());
            let high = _mm256_loadu_si256(from.add(32).cast());
            _mm256_storeu_si256(to.cast(), low);
            _mm256_storeu_si256(to.add(32).cast(), high);
        }
    }
}

#[inline(always)]
fn join(low: i32, high: i32) -> u64 {
    u64::from(low as u32) | u64::from(high as u32) << 32
}
