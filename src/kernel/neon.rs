//! The block on NEON, which every 64-bit ARM processor has: four vectors of 16 bytes.
//!
//! NEON has no instruction that takes a bit of each byte. A weight for each place in a byte, and
//! three additions of neighbours, make the same of four vectors together.

use super::block::{Block, Work};
use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

/// Proof that the processor has NEON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neon {
    /// It has carry-less multiplication too, which not all do (Cortex-A72 in a Raspberry Pi 4).
    multiplies: bool,
}

impl Neon {
    /// Looks at the processor.
    pub(super) fn new() -> Option<Self> {
        is_aarch64_feature_detected!("neon")
            .then(|| Self { multiplies: is_aarch64_feature_detected!("pmull") })
    }

    /// As [`Block::apart`].
    #[inline(always)]
    pub(super) fn apart<W: Work>(self, work: W) -> W::Output {
        if self.multiplies {
            // SAFETY: `self` proves these features.
            return unsafe { apart_multiplying(NeonBlock::<true>(()), work) };
        }
        NeonBlock::<false>(()).apart(work)
    }
}

/// Proof that the processor has NEON, and if it `MULTIPLIES` carry-less multiplication.
#[derive(Clone, Copy, Debug)]
struct NeonBlock<const MULTIPLIES: bool>(());

#[inline(never)]
#[target_feature(enable = "neon,aes")]
unsafe fn apart_multiplying<W: Work>(block: NeonBlock<true>, work: W) -> W::Output {
    work.on(block)
}

#[inline(never)]
fn apart<W: Work>(block: NeonBlock<false>, work: W) -> W::Output {
    work.on(block)
}

/// What bit `i` of a mask's byte is worth, for each byte of a vector.
const WEIGHTS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

impl<const MULTIPLIES: bool> Block for NeonBlock<MULTIPLIES> {
    type Bytes = uint8x16x4_t;

    #[inline(always)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        if MULTIPLIES {
            // SAFETY: `self` proves these features.
            return unsafe { apart_multiplying(NeonBlock::<true>(()), work) };
        }
        apart(NeonBlock::<false>(()), work)
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Bytes {
        // SAFETY: `self` proves NEON; the load is of the 64 bytes and needs no alignment.
        unsafe { vld1q_u8_x4(bytes.as_ptr()) }
    }

    #[inline(always)]
    fn eq(self, bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: `self` proves NEON.
        unsafe {
            let wanted = vdupq_n_u8(byte);
            let uint8x16x4_t(a, b, c, d) = bytes;
            join(vceqq_u8(a, wanted), vceqq_u8(b, wanted), vceqq_u8(c, wanted), vceqq_u8(d, wanted))
        }
    }

    #[inline(always)]
    fn le(self, bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: `self` proves NEON.
        unsafe {
            let most = vdupq_n_u8(byte);
            let uint8x16x4_t(a, b, c, d) = bytes;
            join(vcleq_u8(a, most), vcleq_u8(b, most), vcleq_u8(c, most), vcleq_u8(d, most))
        }
    }

    #[inline(always)]
    fn eq_any<const N: usize>(self, loaded: Self::Bytes, bytes: [u8; N]) -> u64 {
        // SAFETY: `self` proves NEON.
        unsafe {
            let none = vdupq_n_u8(0);
            let (mut a, mut b, mut c, mut d) = (none, none, none, none);
            for byte in bytes {
                let wanted = vdupq_n_u8(byte);
                a = vorrq_u8(a, vceqq_u8(loaded.0, wanted));
                b = vorrq_u8(b, vceqq_u8(loaded.1, wanted));
                c = vorrq_u8(c, vceqq_u8(loaded.2, wanted));
                d = vorrq_u8(d, vceqq_u8(loaded.3, wanted));
            }
            join(a, b, c, d)
        }
    }

    #[inline(always)]
    fn within(self, bytes: Self::Bytes, first: u8, last: u8) -> u64 {
        // SAFETY: `self` proves NEON.
        unsafe {
            let (first, most) = (vdupq_n_u8(first), vdupq_n_u8(last - first));
            let uint8x16x4_t(a, b, c, d) = bytes;
            join(
                vcleq_u8(vsubq_u8(a, first), most),
                vcleq_u8(vsubq_u8(b, first), most),
                vcleq_u8(vsubq_u8(c, first), most),
                vcleq_u8(vsubq_u8(d, first), most),
            )
        }
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; 16]) -> u32 {
        // SAFETY: `self` proves NEON; the loads are of 16 bytes each and need no alignment.
        unsafe {
            let values = vsubq_u8(vld1q_u8(bytes.as_ptr()), vdupq_n_u8(b'0'));
            let found = vandq_u8(vcleq_u8(values, vdupq_n_u8(9)), vld1q_u8(WEIGHTS.as_ptr()));
            let pairs = vpaddq_u8(found, found);
            let fours = vpaddq_u8(pairs, pairs);
            let eights = vpaddq_u8(fours, fours);
            u32::from(vgetq_lane_u16::<0>(vreinterpretq_u16_u8(eights)))
        }
    }

    // It is inlined once this is, where the features are on: the program has no call of it.
    #[allow(unknown_lints, inline_always_mismatching_target_features)]
    #[inline(always)]
    fn parity(self, bits: u64) -> u64 {
        if MULTIPLIES {
            // SAFETY: `self` proves carry-less multiplication.
            return unsafe { vmull_p64(bits, u64::MAX) } as u64;
        }
        [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |x, shift| x ^ x << shift)
    }

    #[inline(always)]
    fn copy_with(self, from: &[u8; 64], chosen: u64, byte: u8, to: &mut [u8; 64]) {
        let (from, _) = from.as_chunks::<16>();
        let (to, _) = to.as_chunks_mut::<16>();
        // SAFETY: `self` proves NEON; each load and store is of 16 of the 64 bytes.
        unsafe {
            let (byte, weights) = (vdupq_n_u8(byte), vld1q_u8(WEIGHTS.as_ptr()));
            for (i, (from, to)) in from.iter().zip(to).enumerate() {
                let own = (chosen >> (16 * i)) as u16;
                // Each bit of the mask in a byte of its own.
                let spread = vcombine_u8(vdup_n_u8(own as u8), vdup_n_u8((own >> 8) as u8));
                let bytes = vbslq_u8(vtstq_u8(spread, weights), byte, vld1q_u8(from.as_ptr()));
                vst1q_u8(to.as_mut_ptr(), bytes);
            }
        }
    }

    #[inline(always)]
    unsafe fn copy_half(self, from: *const u8, to: *mut u8) {
        // SAFETY: `self` proves NEON; the caller promises 32 bytes on both sides.
        unsafe { vst1q_u8_x2(to, vld1q_u8_x2(from)) }
    }

    #[inline(always)]
    unsafe fn copy_raw(self, from: *const u8, to: *mut u8) {
        // SAFETY: `self` proves NEON; the caller promises 64 bytes on both sides.
        unsafe { vst1q_u8_x4(to, vld1q_u8_x4(from)) }
    }
}

/// One bit a byte of four vectors whose bytes are all ones or none.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn join(a: uint8x16_t, b: uint8x16_t, c: uint8x16_t, d: uint8x16_t) -> u64 {
    // SAFETY: the caller vouches for NEON; the load is of 16 bytes.
    unsafe {
        let weights = vld1q_u8(WEIGHTS.as_ptr());
        let low = vpaddq_u8(vandq_u8(a, weights), vandq_u8(b, weights));
        let high = vpaddq_u8(vandq_u8(c, weights), vandq_u8(d, weights));
        let fours = vpaddq_u8(low, high);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(fours, fours)))
    }
}
