//! What one instruction set must provide for 64 bytes.
//!
//! The scan, the escape and the weave are written once, over this trait; an instruction set is one
//! small file that implements it. A value of the implementing type is the proof that the processor
//! can: only its constructor makes one, after looking. Bit `i` of a mask speaks of byte `i`.

use super::aligned::AlignedNumbers;

/// Sixty-four bytes at a time on one instruction set.
pub(crate) trait Block: Copy {
    /// Sixty-four loaded bytes.
    type Bytes: Copy;

    /// Runs `work` on this instruction set, in a function of its own: what is rare takes no
    /// registers from what is not.
    fn apart<W: Work>(self, work: W) -> W::Output;

    /// Loads a block.
    fn load(self, bytes: &[u8; 64]) -> Self::Bytes;

    /// The bytes equal to `byte`.
    fn eq(self, bytes: Self::Bytes, byte: u8) -> u64;

    /// The bytes less than or equal to `byte`, unsigned.
    fn le(self, bytes: Self::Bytes, byte: u8) -> u64;

    /// The bytes equal to one of `bytes`.
    #[inline(always)]
    fn eq_any<const N: usize>(self, loaded: Self::Bytes, bytes: [u8; N]) -> u64 {
        bytes.into_iter().fold(0, |found, byte| found | self.eq(loaded, byte))
    }

    /// The bytes among those at `places` that equal one of `bytes`; `from` is what was loaded. For
    /// few places: where comparing all bytes is dear, they are looked at one by one.
    #[inline(always)]
    fn eq_any_at<const N: usize>(
        self,
        _from: &[u8; 64],
        loaded: Self::Bytes,
        places: u64,
        bytes: [u8; N],
    ) -> u64 {
        self.eq_any(loaded, bytes) & places
    }

    /// The bytes from `first` on up to `last`, both from 1 to 0x7f.
    #[inline(always)]
    fn within(self, bytes: Self::Bytes, first: u8, last: u8) -> u64 {
        self.le(bytes, last) & !self.le(bytes, first - 1)
    }

    /// Which of sixteen bytes are digits.
    fn digits(self, bytes: &[u8; 16]) -> u32;

    /// Bit `i` of the result is the parity of bits `0..=i` of `bits`.
    fn parity(self, bits: u64) -> u64;

    /// Writes `base + i` for each set bit `i`, in order, to the front of `to`; what lies behind
    /// them may be overwritten too.
    #[inline(always)]
    fn flatten(self, bits: u64, base: u32, to: &mut [u32; 64]) {
        let count = bits.count_ones();
        let mut rest = bits;
        // Eight at once, needed or not: a block of ordinary data has fewer, so the branch is
        // steady.
        let mut from = 0;
        loop {
            for slot in &mut to[from..from + 8] {
                *slot = base.wrapping_add(rest.trailing_zeros());
                rest &= rest.wrapping_sub(1);
            }
            from += 8;
            if from as u32 >= count {
                return;
            }
        }
    }

    /// Of `bits` those at the places that `chosen` has, close together from bit 0 on.
    #[inline(always)]
    fn compress(self, bits: u64, mut chosen: u64) -> u64 {
        if bits & chosen == 0 {
            return 0;
        }
        let (mut made, mut n) = (0, 0);
        while chosen != 0 {
            made |= (bits >> chosen.trailing_zeros() & 1) << n;
            chosen &= chosen - 1;
            n += 1;
        }
        made
    }

    /// Copies a block.
    #[inline(always)]
    fn copy(self, from: &[u8; 64], to: &mut [u8; 64]) {
        // SAFETY: two arrays of 64 bytes, one borrowed mutably, so they don't overlap.
        unsafe { self.copy_raw(from.as_ptr(), to.as_mut_ptr()) }
    }

    /// Copies a block with the bytes in `chosen` replaced by `byte`.
    #[inline(always)]
    fn copy_with(self, from: &[u8; 64], mut chosen: u64, byte: u8, to: &mut [u8; 64]) {
        self.copy(from, to);
        while chosen != 0 {
            to[chosen.trailing_zeros() as usize] = byte;
            chosen &= chosen - 1;
        }
    }

    /// Writes the bytes in `valid` to the front of `to` and returns how many bytes that gave: those
    /// in `backslashes` replaced by one, before a backslash another, and `\n`, `\r` and `\t` as
    /// JSON escapes them. `None` where another control byte is among them, or where this
    /// instruction set has no quicker way than one by one.
    #[inline(always)]
    fn widen(
        self,
        _bytes: Self::Bytes,
        _valid: u64,
        _backslashes: u64,
        _to: &mut [u8; 128],
    ) -> Option<usize> {
        None
    }

    /// Writes the bytes outside `dropped` to the front of `to`, those in `chosen` replaced by
    /// `byte`, and returns how many there are. `None` where this instruction set has no quicker way
    /// than run by run.
    #[inline(always)]
    fn squeeze(
        self,
        _bytes: Self::Bytes,
        (_chosen, _byte): (u64, u8),
        _dropped: u64,
        _to: &mut [u8; 64],
    ) -> Option<usize> {
        None
    }

    /// Has the line at `at` brought nearer, if it can be: any address will do.
    #[inline(always)]
    fn prefetch(self, _at: *const u8) {}

    /// Takes eight numbers, where they start and end in `from`. Returns false, and takes none, if
    /// one is not written as `numbers` are, or if this instruction set has no quicker way than one
    /// by one.
    ///
    /// # Safety
    /// 64 bytes can be read from each start, and each is less than `i32::MAX`.
    #[inline(always)]
    unsafe fn take_numbers(
        self,
        _from: *const u8,
        _starts: &[u32; 8],
        _ends: &[u32; 8],
        _numbers: &mut AlignedNumbers,
    ) -> bool {
        false
    }

    /// Copies a block between two places that need no alignment.
    ///
    /// # Safety
    /// 64 bytes can be read from `from` and written to `to`, and they don't overlap.
    unsafe fn copy_raw(self, from: *const u8, to: *mut u8);

    /// Copies half a block between two places that need no alignment.
    ///
    /// # Safety
    /// 32 bytes can be read from `from` and written to `to`, and they don't overlap.
    unsafe fn copy_half(self, from: *const u8, to: *mut u8);
}

/// Something that is compiled once for each instruction set and run on one.
pub(crate) trait Work {
    /// What it comes to.
    type Output;

    /// Does it. Inlined always, as is all that it calls for each byte or field: only so is it
    /// compiled for the instruction set.
    fn on<B: Block>(self, block: B) -> Self::Output;
}
