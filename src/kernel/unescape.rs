//! Content with escapes to JSON: what stands behind them is content, or named by it.
//!
//! This file does not know where a field ends.

use super::block::Block;
use super::escape::{MOST, TABLE};
use crate::charset::Page;
use crate::escapes::Meanings;

/// The byte that escapes, and what others mean behind it.
#[derive(Clone, Copy)]
pub(super) struct EscapeMark {
    pub(super) escape: u8,
    pub(super) meanings: Option<&'static Meanings>,
}

/// Writes text of a code page escaped to `to[at..]`, without the first of two `quote`s and without
/// the bytes `escape`, which make the next one content. A byte at a time, by a table: of three
/// instructions each is one load.
#[inline(always)]
pub(super) fn transcode(
    page: &Page,
    text: &[u8],
    quote: Option<u8>,
    escape: Option<u8>,
    to: &mut [u8],
    mut at: usize,
) -> usize {
    let mut next = 0;
    if quote.is_none() && escape.is_none() {
        let room = &mut to[at..at + MOST * text.len() + 8];
        let mut done = 0;
        for &byte in text {
            let written = &page.json[usize::from(byte)];
            // SAFETY: each byte became six at the most so far, and eight more fit behind that.
            unsafe { room.as_mut_ptr().add(done).cast::<[u8; 8]>().write_unaligned(*written) };
            done += usize::from(written[7]).min(MOST);
        }
        return at + done;
    }
    while let Some(&first) = text.get(next) {
        let stands_for_next = (quote == Some(first) || escape == Some(first)) && next + 1 < text.len();
        next += usize::from(stands_for_next);
        let written = &page.json[usize::from(text[next])];
        to[at..at + 8].copy_from_slice(written);
        at += usize::from(written[7]);
        next += 1;
    }
    at
}

/// Copies `from[start..end]` escaped to `to[at..]` without the bytes `escape`, which make the next
/// one content; between quotes, of two `quote`s one is content. `None` where an escape is a number.
///
/// A block is looked at once, whatever it holds; so data full of escapes costs about a dozen
/// instructions for each.
#[allow(clippy::too_many_arguments)] // One call; a struct for it would be used once.
#[inline(always)]
pub(super) fn unescape<B: Block>(
    block: B,
    from: &[u8],
    start: usize,
    end: usize,
    EscapeMark { escape, meanings }: EscapeMark,
    quote: Option<u8>,
    to: &mut [u8],
    mut at: usize,
) -> Option<usize> {
    let mut next = start;
    while next < end {
        let source: &[u8; 64] = from[next..].first_chunk().expect("64 bytes behind the end");
        let loaded = block.load(source);
        let n = (end - next).min(64);
        let valid = if n < 64 { (1 << n) - 1 } else { u64::MAX };
        let mut special = (block.eq(loaded, b'"')
            | block.eq(loaded, b'\\')
            | block.eq(loaded, escape)
            | block.le(loaded, 0x1f))
            & valid;
        if let Some(quote) = quote {
            special |= block.eq(loaded, quote) & valid;
        }
        let mut done = 0;
        while special != 0 {
            let place = special.trailing_zeros() as usize;
            let target: &mut [u8; 64] = to[at..].first_chunk_mut().expect("64 bytes of room");
            // What lies before it, and more.
            let rest: &[u8; 64] = from[next + done..].first_chunk().expect("64 bytes behind the end");
            block.copy(rest, target);
            at += place - done;
            let mut byte = source[place];
            done = place + 1;
            special &= special - 1;
            if (byte == escape || quote == Some(byte)) && next + done < end {
                // Stands for the next byte, which may lie in the next block.
                let escaped = byte == escape;
                byte = from[next + done];
                if let Some(meanings) = meanings.filter(|_| escaped) {
                    byte = u8::try_from(meanings[usize::from(byte)]).ok()?;
                }
                special &= !(1u64.checked_shl(done as u32).unwrap_or(0));
                done += 1;
            }
            let written = &TABLE[usize::from(byte)];
            let length = usize::from(written[7]);
            to[at..at + 8].copy_from_slice(written);
            if length == 0 {
                to[at] = byte;
            }
            at += length.max(1);
        }
        if done < n {
            let target: &mut [u8; 64] = to[at..].first_chunk_mut().expect("64 bytes of room");
            let rest: &[u8; 64] = from[next + done..].first_chunk().expect("64 bytes behind the end");
            block.copy(rest, target);
            at += n - done;
            done = n;
        }
        next += done;
    }
    Some(at)
}
