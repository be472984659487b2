//! Weaves records between fixed pieces of text, written once.
//!
//! A record whose fields need no closer look becomes output by copying alone: a piece, a field, a
//! piece, a field …, each copied 64 bytes at a time whatever its length, and the next laid over the
//! excess. One comparison of the record's length with the room left covers all of its copies. Quotes and
//! what JSON escapes are dealt with here too, a field at a time; white space to trim is not.

use super::block::Block;
use super::escape::{MOST, TABLE, escape};
use super::scan::{Index, Marks};

/// What stands around the fields of a record.
#[derive(Debug, Default)]
pub struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    fields: Vec<u32>,
    n_fields: usize,
    /// The fields are all of them, in order.
    in_order: bool,
}

impl Pieces {
    /// For records of `n_fields` fields: `pieces[i]` stands before field `fields[i]`, the last piece ends
    /// the record, so there is one piece more than `fields`.
    ///
    /// # Panics
    /// Where the numbers do not fit that, a field is named twice, or the pieces exceed 4 GiB.
    pub fn new(
        pieces: impl IntoIterator<Item = impl AsRef<[u8]>>,
        fields: Vec<u32>,
        n_fields: usize,
    ) -> Self {
        let in_order = fields.len() == n_fields && fields.is_sorted();
        let mut built = Self { bytes: Vec::new(), ends: Vec::new(), fields, n_fields, in_order };
        for piece in pieces {
            built.bytes.extend_from_slice(piece.as_ref());
            built.ends.push(u32::try_from(built.bytes.len()).expect("pieces under 4 GiB"));
        }
        built.bytes.extend_from_slice(&[0; 64]);
        assert_eq!(built.ends.len(), built.fields.len() + 1, "one piece more than fields");
        let mut seen = vec![false; n_fields];
        for &field in &built.fields {
            assert!(!std::mem::replace(&mut seen[field as usize], true), "a field is named once");
        }
        built
    }

    /// Piece `i`.
    pub fn piece(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.bytes[start..self.ends[i] as usize]
    }

    /// The fields woven, in the order of the output.
    pub fn fields(&self) -> &[u32] {
        &self.fields
    }

    /// Of these, the ones that a record of `n` fields can have. Where all are woven in order none is beyond it, so that
    /// a short record under a wide header costs as little as it holds.
    pub fn fields_of(&self, n: usize) -> &[u32] {
        if self.in_order { &self.fields[..n.min(self.fields.len())] } else { &self.fields }
    }

    /// The bytes of all pieces: with the record's own length the most that it can become.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() - 64
    }
}

/// Weaves records from number `record` on, but none from `until` on, into `to[at..]`, as long as they can be and fit.
/// Returns the number of the first record not done and the new `at`.
///
/// `from` starts where the scanned strip starts and may go on behind it.
#[allow(clippy::too_many_arguments)] // One call a strip; a struct for it would be used once.
#[inline(always)]
pub(super) fn stitch<B: Block>(
    block: B,
    from: &[u8],
    marks: &Marks,
    index: &Index,
    record: &mut (usize, usize),
    until: usize,
    pieces: &Pieces,
    to: &mut [u8],
    mut at: usize,
) -> usize {
    let (ends, records) = (index.ends(), index.records());
    let (mut number, mut start) = *record;
    let n_fields = pieces.n_fields;
    let mut first = if number == 0 { 0 } else { records[number - 1] as usize };
    while number < until {
        let last = records[number] as usize;
        if last - first != n_fields {
            break;
        }
        let record_ends = &ends[first..last];
        let end = record_ends[n_fields - 1] as usize;
        let most = pieces.n_bytes() + end.wrapping_sub(start) + 2 * 64;
        // 64 bytes behind the last field are read, 64 behind the record's output written.
        if end + 64 > from.len()
            || start > record_ends[0] as usize
            || at + most > to.len()
            || n_fields == 1 && end == start
            || marks.comment == Some(from[start])
        {
            break;
        }
        if !index.is_dirty(start, end) {
            // SAFETY: the ends of an index ascend, for only the scan makes one. So all fields lie in `start..end`, and 64 bytes
            // behind each can be read. No field is named twice (`Pieces::new`), so pieces and fields together are at most
            // `most` less two blocks, and a copy writes less than a block more than it should: all of it within `to`.
            at = unsafe { copy_all(block, from, start, record_ends, pieces, to, at) };
        } else {
            // Each byte may become six.
            if at + most + (MOST - 1) * (end - start) > to.len() {
                break;
            }
            // SAFETY: as above, and the room was looked at.
            match unsafe { escape_all(block, from, marks, index, start, record_ends, pieces, to, at) } {
                Some(woven) => at = woven,
                None => break,
            }
        }
        first = last;
        number += 1;
        start = end + 1;
        if marks.pairs && from[end] == b'\r' && from[end + 1] == b'\n' {
            start += 1;
        }
    }
    *record = (number, start);
    at
}

/// Writes a clean record.
///
/// # Safety
/// `start` and `record_ends` ascend; there is one end for each field that `pieces` may name; 64 bytes of `from` lie behind the
/// last end, and `to` has room behind `at` for pieces, fields and one block more.
#[inline(always)]
unsafe fn copy_all<B: Block>(
    block: B,
    from: &[u8],
    start: usize,
    record_ends: &[u32],
    pieces: &Pieces,
    to: &mut [u8],
    at: usize,
) -> usize {
    let to_start = to.as_mut_ptr();
    let (from, text) = (from.as_ptr(), pieces.bytes.as_ptr());
    // SAFETY: all that follows is within what the caller promises; `bytes` of pieces ends with a spare block, and there is one
    // end of a piece more than there are fields.
    unsafe {
        let mut to = to_start.add(at);
        let mut piece = 0;
        let mut field_start = start;
        for (i, &field) in pieces.fields.iter().enumerate() {
            let piece_end = *pieces.ends.get_unchecked(i) as usize;
            to = copy_raw(block, text.add(piece), piece_end - piece, to);
            piece = piece_end;
            if !pieces.in_order {
                field_start = match field {
                    0 => start,
                    _ => *record_ends.get_unchecked(field as usize - 1) as usize + 1,
                };
            }
            let field_end = *record_ends.get_unchecked(field as usize) as usize;
            to = copy_raw(block, from.add(field_start), field_end - field_start, to);
            field_start = field_end + 1;
        }
        to = copy_raw(block, text.add(piece), pieces.n_bytes() - piece, to);
        to.offset_from_unsigned(to_start)
    }
}

/// Copies `n` bytes in blocks and returns where they end.
///
/// # Safety
/// Up to a block more than `n` can be read from `from` and written to `to`.
#[inline(always)]
unsafe fn copy_raw<B: Block>(block: B, from: *const u8, n: usize, to: *mut u8) -> *mut u8 {
    // SAFETY: as the caller promises.
    unsafe {
        block.copy_half(from, to);
        if n > 32 {
            block.copy_half(from.add(32), to.add(32));
            let mut done = 64;
            while done < n {
                block.copy_raw(from.add(done), to.add(done));
                done += 64;
            }
        }
        to.add(n)
    }
}

/// Writes a record that is not clean, field by field; `None` where a field needs more than that.
///
/// # Safety
/// As [`copy_all`], with room for each byte to become six.
#[allow(clippy::too_many_arguments)] // As its caller.
#[inline(always)]
unsafe fn escape_all<B: Block>(
    block: B,
    from: &[u8],
    marks: &Marks,
    index: &Index,
    start: usize,
    record_ends: &[u32],
    pieces: &Pieces,
    to: &mut [u8],
    mut at: usize,
) -> Option<usize> {
    let text = pieces.bytes.as_ptr();
    let mut piece = 0;
    for (i, &field) in pieces.fields.iter().enumerate() {
        // SAFETY: as the caller promises; `bytes` of pieces ends with a spare block, and there is one end of a piece more than
        // there are fields.
        unsafe {
            let piece_end = *pieces.ends.get_unchecked(i) as usize;
            copy_raw(block, text.add(piece), piece_end - piece, to.as_mut_ptr().add(at));
            at += piece_end - piece;
            piece = piece_end;
        }
        let field = field as usize;
        let field_start = if field == 0 { start } else { record_ends[field - 1] as usize + 1 };
        let field_end = record_ends[field] as usize;
        // Without a branch on whether it is quoted, which in many files nobody could foresee. A field that is starts with a quote:
        // the scan has proved that it ends with one too and that all between come in pairs.
        let quoted = usize::from(marks.quote == Some(from[field_start]));
        let content = field_start + quoted..field_end - quoted;
        if !index.is_dirty_for(content.start, content.len() + 1 - quoted) {
            // SAFETY: as the caller promises.
            unsafe {
                copy_raw(block, from.as_ptr().add(content.start), content.len(), to.as_mut_ptr().add(at));
            }
            at += content.len();
            continue;
        }
        at = if quoted == 0 {
            let text = &from[content.clone()];
            if marks.edges && (blank_first(text) || blank_last(text)) {
                return None;
            }
            // Not in pairs: where the quote is another byte or none, JSON's are data and may stand alone.
            at + escape(block, from, content.start, content.end, &mut to[at..])
        } else if marks.quote == Some(b'"') {
            escape_pairs(block, from, content.start, content.end, to, at)
        } else {
            return None;
        }
    }
    // SAFETY: as above.
    unsafe { copy_raw(block, text.add(piece), pieces.n_bytes() - piece, to.as_mut_ptr().add(at)) };
    Some(at + pieces.n_bytes() - piece)
}

/// Whether a field may start with white space: surely not where this says no.
#[inline(always)]
fn blank_first(field: &[u8]) -> bool {
    matches!(field, [0..=0x20 | 0xc2, ..] | [0xe1, 0x9a, ..] | [0xe2, 0x80 | 0x81, ..] | [0xe3, 0x80, ..])
}

/// Whether a field may end with white space: surely not where this says no.
#[inline(always)]
fn blank_last(field: &[u8]) -> bool {
    matches!(
        field,
        [.., 0..=0x20]
            | [.., 0xc2, 0x80..=0xff]
            | [.., 0xe1, 0x9a, _]
            | [.., 0xe2, 0x80 | 0x81, _]
            | [.., 0xe3, 0x80, _]
    )
}

/// Copies `from[start..end]` escaped to `to[at..]`, where quotes come in pairs of which each is one: a pair becomes a backslash
/// and a quote, so nothing moves; what moves is behind control characters and backslashes only.
#[inline(always)]
fn escape_pairs<B: Block>(
    block: B,
    from: &[u8],
    start: usize,
    end: usize,
    to: &mut [u8],
    mut at: usize,
) -> usize {
    let mut next = start;
    // All ones between the first quote of a pair and its second.
    let mut open = 0;
    while next < end {
        let source: &[u8; 64] = from[next..].first_chunk().expect("64 bytes behind the end");
        let loaded = block.load(source);
        let valid = if end - next < 64 { (1 << (end - next)) - 1 } else { u64::MAX };
        let moves = (block.eq(loaded, b'\\') | block.le(loaded, 0x1f)) & valid;
        let quotes = block.eq(loaded, b'"') & valid;
        let firsts = quotes & (block.parity(quotes) ^ open);
        if moves != 0 {
            let target: &mut [u8; 128] = to[at..].first_chunk_mut().expect("room for two blocks");
            if let Some(n) = block.widen(loaded, valid, firsts, target) {
                next += (end - next).min(64);
                at += n;
                open ^= odd(quotes);
                continue;
            }
        }
        let target: &mut [u8; 64] = to[at..].first_chunk_mut().expect("64 bytes of room");
        let (n, up_to) = match moves {
            0 => ((end - next).min(64), valid),
            _ => (moves.trailing_zeros() as usize, (moves & moves.wrapping_neg()) - 1),
        };
        block.copy_with(source, firsts & up_to, b'\\', target);
        open ^= odd(quotes & up_to);
        next += n;
        at += n;
        if moves != 0 {
            let escape = &TABLE[usize::from(from[next])];
            to[at..at + 8].copy_from_slice(escape);
            at += usize::from(escape[7]);
            next += 1;
        }
    }
    at
}

/// All ones where the number of bits is odd.
#[inline(always)]
fn odd(bits: u64) -> u64 {
    u64::from(bits.count_ones() & 1).wrapping_neg()
}
