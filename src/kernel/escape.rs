//! JSON string escape, written once: exactly what `serde_json` writes between the quotes.

use super::block::{Block, Work};

/// The most bytes that one byte can become.
pub const MOST: usize = 6;

/// For each byte what it becomes (six bytes at most), and the length in the last place; 0 where it
/// stands.
pub(super) static TABLE: [[u8; 8]; 256] = {
    let hex = b"0123456789abcdef";
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = [b'\\', b'u', b'0', b'0', hex[byte >> 4], hex[byte & 15], 0, 6];
        byte += 1;
    }
    let short = [(8, b'b'), (9, b't'), (10, b'n'), (12, b'f'), (13, b'r'), (b'"', b'"'), (b'\\', b'\\')];
    let mut i = 0;
    while i < short.len() {
        table[short[i].0 as usize] = [b'\\', short[i].1, 0, 0, 0, 0, 0, 2];
        i += 1;
    }
    table
};

/// The call of [`escape`].
pub(super) struct Escape<'a> {
    pub(super) from: &'a [u8],
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) to: &'a mut [u8],
}

impl Work for Escape<'_> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        escape(block, self.from, self.start, self.end, self.to)
    }
}

/// Writes `from[start..end]` escaped to the front of `to` and returns the number of bytes written.
/// Only ASCII is looked at: what is valid UTF-8 stays so, what is not does too.
///
/// `to` must hold `MOST * (end - start) + 64` bytes.
#[inline(always)]
pub(super) fn escape<B: Block>(block: B, from: &[u8], start: usize, end: usize, to: &mut [u8]) -> usize {
    assert!(to.len() >= MOST * (end - start) + 64, "room for the worst case");
    let mut at = start;
    let mut written = 0;
    while at < end {
        let mut padded = [b'.'; 64];
        let bytes = match from[at..].first_chunk::<64>() {
            Some(bytes) => bytes,
            None => {
                let rest = &from[at..end];
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            }
        };
        let left = end - at;
        let loaded = block.load(bytes);
        let mut dirty = block.eq(loaded, b'"') | block.eq(loaded, b'\\') | block.le(loaded, 0x1f);
        if left < 64 {
            dirty &= (1 << left) - 1;
        }
        let room: &mut [u8; 64] = to[written..].first_chunk_mut().expect("room was asserted");
        block.copy(bytes, room);
        if dirty == 0 {
            let n = left.min(64);
            at += n;
            written += n;
            continue;
        }
        let clean = dirty.trailing_zeros() as usize;
        at += clean;
        written += clean;
        let escaped = &TABLE[usize::from(from[at])];
        to[written..written + 8].copy_from_slice(escaped);
        written += usize::from(escaped[7]);
        at += 1;
    }
    written
}
