//! The block on AVX-512 with BW and VBMI2: one vector.

use super::aligned::AlignedNumbers;
use super::avx2::Avx2;
use super::block::{Block, Work};
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

#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn apart<W: Work>(block: Avx512, work: W) -> W::Output {
    work.on(block)
}

impl Block for Avx512 {
    type Bytes = __m512i;

    #[inline(always)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        // SAFETY: `self` proves these features.
        unsafe { apart(self, work) }
    }

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
    fn within(self, bytes: Self::Bytes, first: u8, last: u8) -> u64 {
        // SAFETY: `self` proves AVX-512 BW.
        unsafe {
            let above = _mm512_sub_epi8(bytes, _mm512_set1_epi8(first as i8));
            _mm512_cmple_epu8_mask(above, _mm512_set1_epi8((last - first) as i8))
        }
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; 16]) -> u32 {
        self.0.digits(bytes)
    }

    #[inline(always)]
    unsafe fn take_numbers(
        self,
        from: *const u8,
        starts: &[u32; 8],
        ends: &[u32; 8],
        numbers: &mut AlignedNumbers,
    ) -> bool {
        // SAFETY: `self` proves AVX-512 F, BW and VL. The caller vouches for eight bytes at each
        // start; the other loads and stores are of arrays.
        unsafe {
            let start = _mm256_loadu_si256(starts.as_ptr().cast());
            let n = _mm256_sub_epi32(_mm256_loadu_si256(ends.as_ptr().cast()), start);
            let least = _mm256_set1_epi32(numbers.least as i32);
            let most = _mm256_set1_epi32(8 - numbers.least as i32);
            let fit = _mm256_cmple_epu32_mask(_mm256_sub_epi32(n, least), most);
            // Each word with its first byte the highest.
            let reversed = _mm512_set4_epi32(0x0809_0a0b, 0x0c0d_0e0f, 0x0001_0203, 0x0405_0607);
            let text = _mm512_shuffle_epi8(_mm512_i32gather_epi64::<1>(start, from.cast()), reversed);
            let bits = _mm512_slli_epi64::<3>(_mm512_cvtepu32_epi64(n));
            let shift = _mm512_sub_epi64(_mm512_set1_epi64(64), bits);
            let key = _mm512_srlv_epi64(text, shift);
            let own = _mm512_srlv_epi64(_mm512_set1_epi64(-1), shift);
            let shape = _mm512_and_si512(_mm512_set1_epi64(numbers.shape as i64), own);
            let digits = _mm512_xor_si512(key, shape);
            // What is above 9 gets the high bit, if it does not have it.
            let others = _mm512_or_si512(_mm512_add_epi8(digits, _mm512_set1_epi8(0x76)), digits);
            let others = _mm512_test_epi64_mask(others, _mm512_set1_epi8(0x80_u8 as i8));
            let no_point = _mm512_test_epi64_mask(digits, _mm512_set1_epi64(numbers.point as i64));
            let zero_first = _mm512_cmplt_epu64_mask(text, _mm512_set1_epi64(0x31 << 56));
            let needless = zero_first & _mm256_cmpgt_epu32_mask(n, least);
            if fit != 0xff || others | no_point | needless != 0 {
                return false;
            }
            let smallest = _mm512_loadu_si512(numbers.smallest.as_ptr().cast());
            let largest = _mm512_loadu_si512(numbers.largest.as_ptr().cast());
            _mm512_storeu_si512(numbers.smallest.as_mut_ptr().cast(), _mm512_min_epu64(smallest, key));
            _mm512_storeu_si512(numbers.largest.as_mut_ptr().cast(), _mm512_max_epu64(largest, key));
        }
        true
    }

    #[inline(always)]
    fn parity(self, bits: u64) -> u64 {
        self.0.parity(bits)
    }

    #[inline(always)]
    fn flatten(self, bits: u64, base: u32, to: &mut [u32; 64]) {
        let count = bits.count_ones();
        // SAFETY: `self` proves AVX-512 F, BW and VBMI2; each store is of 16 of the 64 numbers of
        // `to`.
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
    fn compress(self, bits: u64, chosen: u64) -> u64 {
        self.0.compress(bits, chosen)
    }

    #[inline(always)]
    fn copy_with(self, from: &[u8; 64], chosen: u64, byte: u8, to: &mut [u8; 64]) {
        let bytes = self.load(from);
        // SAFETY: `self` proves AVX-512 BW; the store is of the 64 bytes of `to`.
        unsafe {
            let bytes = _mm512_mask_mov_epi8(bytes, chosen, _mm512_set1_epi8(byte as i8));
            _mm512_storeu_si512(to.as_mut_ptr().cast(), bytes);
        }
    }

    #[inline(always)]
    fn widen(self, bytes: Self::Bytes, valid: u64, backslashes: u64, to: &mut [u8; 128]) -> Option<usize> {
        let letters = [(b'\n', b'n'), (b'\r', b'r'), (b'\t', b't')];
        let (mut twice, mut bytes) = (self.eq(bytes, b'\\'), bytes);
        let control = self.le(bytes, 0x1f);
        for (byte, letter) in letters {
            let found = self.eq(bytes, byte);
            twice |= found;
            // SAFETY: `self` proves AVX-512 BW.
            bytes = unsafe { _mm512_mask_mov_epi8(bytes, found, _mm512_set1_epi8(letter as i8)) };
        }
        if control & valid & !twice != 0 {
            return None;
        }
        // SAFETY: `self` proves AVX-512 F, BW and VBMI2, and BMI2. Each half gives at most 64
        // bytes, so the second store starts at 64 at the latest and both lie within `to`.
        unsafe {
            let backslash = _mm512_set1_epi16(i16::from(b'\\'));
            bytes = _mm512_mask_mov_epi8(bytes, backslashes, _mm512_set1_epi8(b'\\' as i8));
            let mut at = 0;
            for (half, shift) in
                [(_mm512_castsi512_si256(bytes), 0), (_mm512_extracti64x4_epi64::<1>(bytes), 32)]
            {
                // Before each byte a backslash, of which those that are wanted stay.
                let pairs = _mm512_or_si512(_mm512_slli_epi16::<8>(_mm512_cvtepu8_epi16(half)), backslash);
                let valid = valid >> shift & 0xffff_ffff;
                let stay = _pdep_u64(valid, 0xaaaa_aaaa_aaaa_aaaa)
                    | _pdep_u64(twice >> shift & valid, 0x5555_5555_5555_5555);
                let packed = _mm512_maskz_compress_epi8(stay, pairs);
                _mm512_storeu_si512(to.as_mut_ptr().add(at).cast(), packed);
                at += stay.count_ones() as usize;
            }
            Some(at)
        }
    }

    #[inline(always)]
    fn squeeze(
        self,
        bytes: Self::Bytes,
        (chosen, byte): (u64, u8),
        dropped: u64,
        to: &mut [u8; 64],
    ) -> Option<usize> {
        // SAFETY: `self` proves AVX-512 BW and VBMI2; the store is of the 64 bytes of `to`. (A
        // compressing store would be far slower.)
        unsafe {
            let bytes = _mm512_mask_mov_epi8(bytes, chosen, _mm512_set1_epi8(byte as i8));
            let packed = _mm512_maskz_compress_epi8(!dropped, bytes);
            _mm512_storeu_si512(to.as_mut_ptr().cast(), packed);
        }
        Some(dropped.count_zeros() as usize)
    }

    #[inline(always)]
    fn prefetch(self, at: *const u8) {
        self.0.prefetch(at);
    }

    #[inline(always)]
    unsafe fn copy_half(self, from: *const u8, to: *mut u8) {
        // SAFETY: as the caller promises.
        unsafe { self.0.copy_half(from, to) }
    }

    #[inline(always)]
    unsafe fn copy_raw(self, from: *const u8, to: *mut u8) {
        // SAFETY: `self` proves AVX-512; the caller promises 64 bytes on both sides.
        unsafe { _mm512_storeu_si512(to.cast(), _mm512_loadu_si512(from.cast())) }
    }
}
