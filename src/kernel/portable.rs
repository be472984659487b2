//! The block on any processor: eight bytes in a word at a time.
//!
//! Slowest entry of the table and the only one that miri can run; the others are held against it.

use super::block::{Block, Work};

/// Needs no proof: every processor can.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

impl Portable {
    /// Never `None`.
    pub(super) fn new() -> Option<Self> {
        Some(Self)
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW7: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;

impl Block for Portable {
    type Bytes = [u64; 8];

    #[inline(never)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        work.on(self)
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Bytes {
        let (words, _) = bytes.as_chunks::<8>();
        let mut loaded = [0; 8];
        for (word, bytes) in loaded.iter_mut().zip(words) {
            *word = u64::from_le_bytes(*bytes);
        }
        loaded
    }

    #[inline(always)]
    fn eq(self, bytes: Self::Bytes, byte: u8) -> u64 {
        let wanted = ONES * u64::from(byte);
        gather(bytes, |word| {
            let x = word ^ wanted;
            // The high bit of each byte of x that is zero: exact, no carry crosses a byte.
            !(((x & LOW7) + LOW7) | x | LOW7)
        })
    }

    #[inline(always)]
    fn le(self, bytes: Self::Bytes, byte: u8) -> u64 {
        if byte >= 0x80 {
            let rest = ONES * u64::from(0xff - byte);
            // x <= b for b >= 0x80: not (x's high bit set and its low seven above b's).
            return gather(bytes, |word| !(word & ((word & LOW7) + rest)) & HIGH);
        }
        let rest = ONES * u64::from(0x7f - byte);
        gather(bytes, |word| !(word | ((word & LOW7) + rest)) & HIGH)
    }

    #[inline(always)]
    fn eq_any<const N: usize>(self, loaded: Self::Bytes, bytes: [u8; N]) -> u64 {
        gather(loaded, |word| {
            let not = |byte: u8| {
                let x = word ^ (ONES * u64::from(byte));
                ((x & LOW7) + LOW7) | x
            };
            !bytes.into_iter().fold(u64::MAX, |all, byte| all & not(byte)) & HIGH
        })
    }

    #[inline(always)]
    fn eq_any_at<const N: usize>(
        self,
        from: &[u8; 64],
        _: Self::Bytes,
        mut places: u64,
        bytes: [u8; N],
    ) -> u64 {
        let mut wanted = [0u64; 2];
        bytes.into_iter().for_each(|byte| wanted[usize::from(byte >> 6 & 1)] |= 1 << (byte & 63));
        let mut found = 0;
        while places != 0 {
            let place = places.trailing_zeros();
            let byte = from[place as usize];
            // Of several, all below 0x80, a bit of a word says which: fewer instructions than to
            // compare with each.
            let equal = if N < 3 {
                bytes.into_iter().fold(false, |any, wanted| any | (byte == wanted))
            } else {
                byte < 0x80 && wanted[usize::from(byte >> 6 & 1)] >> (byte & 63) & 1 == 1
            };
            found |= u64::from(equal) << place;
            places &= places - 1;
        }
        found
    }

    #[inline(always)]
    fn within(self, bytes: Self::Bytes, first: u8, last: u8) -> u64 {
        debug_assert!(last < 0x80, "the high bit of each byte is the result");
        let (low, high) = (ONES * u64::from(0x80 - first), ONES * u64::from(0x7f - last));
        gather(bytes, |word| {
            let seven = word & LOW7;
            (seven + low) & !(seven + high) & !word & HIGH
        })
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; 16]) -> u32 {
        let (low, high) = (ONES * u64::from(0x80 - b'0'), ONES * u64::from(0x7f - b'9'));
        let (words, _) = bytes.as_chunks::<8>();
        let [first, second] = [words[0], words[1]].map(|word| {
            let word = u64::from_le_bytes(word);
            let seven = word & LOW7;
            let found = (seven + low) & !(seven + high) & !word & HIGH;
            (found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
        });
        (first | second << 8) as u32
    }

    #[inline(always)]
    fn parity(self, bits: u64) -> u64 {
        let mut x = bits;
        for shift in [1, 2, 4, 8, 16, 32] {
            x ^= x << shift;
        }
        x
    }

    #[inline(always)]
    fn flatten(self, mut bits: u64, base: u32, to: &mut [u32; 64]) {
        let mut n = 0;
        while bits != 0 {
            to[n] = base + bits.trailing_zeros();
            bits &= bits - 1;
            n += 1;
        }
    }

    #[inline(always)]
    unsafe fn copy_half(self, from: *const u8, to: *mut u8) {
        // SAFETY: the caller promises 32 bytes on both sides.
        unsafe { to.copy_from_nonoverlapping(from, 32) }
    }

    #[inline(always)]
    unsafe fn copy_raw(self, from: *const u8, to: *mut u8) {
        // SAFETY: as the caller promises.
        unsafe { std::ptr::copy_nonoverlapping(from, to, 64) }
    }
}

/// One bit a byte from the high bits that `f` leaves in each word.
#[inline(always)]
fn gather(bytes: [u64; 8], f: impl Fn(u64) -> u64) -> u64 {
    let mut mask = 0;
    for (i, word) in bytes.into_iter().enumerate() {
        let bits = ((f(word) >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56;
        mask |= bits << (8 * i);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_digits_among_all_bytes() {
        for first in 0..=240u8 {
            let bytes: [u8; 16] = std::array::from_fn(|i| first + i as u8);
            for (i, byte) in bytes.iter().enumerate() {
                assert_eq!(Portable.digits(&bytes) >> i & 1 == 1, byte.is_ascii_digit(), "{byte}");
            }
        }
    }

    #[test]
    fn compresses_bit_by_bit() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        for _ in 0..1000 {
            let (bits, chosen) = (next(), next() & next());
            let places = (0..64).filter(|i| chosen >> i & 1 == 1);
            let wanted = (0..).zip(places).fold(0, |made, (n, i)| made | (bits >> i & 1) << n);
            assert_eq!(Portable.compress(bits, chosen), wanted);
        }
    }

    #[test]
    fn compares_every_pair_of_bytes_as_the_operators_do() {
        for byte in 0..=255u8 {
            for first in [0u8, 64, 128, 192] {
                let bytes: [u8; 64] = std::array::from_fn(|i| first + i as u8);
                let block = Portable.load(&bytes);
                for (i, b) in bytes.iter().enumerate() {
                    assert_eq!(Portable.eq(block, byte) >> i & 1 == 1, *b == byte, "{b} == {byte}");
                    assert_eq!(Portable.le(block, byte) >> i & 1 == 1, *b <= byte, "{b} <= {byte}");
                    let any = Portable.eq_any(block, [byte, 7]) >> i & 1 == 1;
                    assert_eq!(any, [byte, 7].contains(b), "{b} in {byte}, 7");
                    for first in (1..=byte).step_by(9).filter(|_| byte < 0x80) {
                        let within = Portable.within(block, first, byte) >> i & 1 == 1;
                        assert_eq!(within, (first..=byte).contains(b), "{b} in {first}..={byte}");
                    }
                }
            }
        }
    }
}
