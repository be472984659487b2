//! Weaves clean records between fixed pieces of text, written once.
//!
//! A record whose fields need no closer look becomes output by copying alone: a piece, a field, a
//! piece, a field …, each copied 64 bytes at a time whatever its length, and the next laid over the
//! excess. One comparison of the record's length with the room left covers all of its copies.

use super::block::Block;
use super::scan::{Index, Marks};

/// What stands around the fields of a record.
#[derive(Debug, Default)]
pub struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    fields: Vec<u32>,
    n_fields: usize,
}

impl Pieces {
    /// For records of `n_fields` fields: `pieces[i]` stands before field `fields[i]`, the last piece ends
    /// the record, so there is one piece more than `fields`.
    ///
    /// # Panics
    /// Where the numbers do not fit that, a field is named twice, or the pieces exceed 4 GiB.
    pub fn new<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, fields: Vec<u32>, n_fields: usize) -> Self {
        let mut built = Self { bytes: Vec::new(), ends: Vec::new(), fields, n_fields };
        for piece in pieces {
            built.bytes.extend_from_slice(piece);
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

    /// The bytes of all pieces: with the record's own length the most that it can become.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() - 64
    }
}

/// Weaves records from number `record` on, but none from `until` on, into `to[at..]`, as long as they are clean, have the right
/// number of fields, and fit. Returns the number of the first record not done and the new `at`.
///
/// `from` starts where the scanned strip starts and may go on behind it.
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
        // 64 bytes behind the last field are read, 64 behind the record's output written.
        if end + 64 > from.len()
            || at + pieces.n_bytes() + (end - start) + 128 > to.len()
            || index.is_dirty(start, end)
            || n_fields == 1 && end == start
            || marks.comment == Some(from[start])
        {
            break;
        }
        let mut piece = 0;
        for (i, &field) in pieces.fields.iter().enumerate() {
            let piece_end = pieces.ends[i] as usize;
            at = copy(block, &pieces.bytes, piece, piece_end, to, at);
            piece = piece_end;
            let field = field as usize;
            let field_start = if field == 0 { start } else { record_ends[field - 1] as usize + 1 };
            at = copy(block, from, field_start, record_ends[field] as usize, to, at);
        }
        at = copy(block, &pieces.bytes, piece, pieces.n_bytes(), to, at);
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

/// Copies `from[start..end]` to `to[at..]` in blocks and returns where it ends there.
#[inline(always)]
fn copy<B: Block>(block: B, from: &[u8], start: usize, end: usize, to: &mut [u8], at: usize) -> usize {
    let len = end - start;
    let mut done = 0;
    loop {
        let source: &[u8; 64] = from[start + done..].first_chunk().expect("64 bytes behind the end");
        let target: &mut [u8; 64] = to[at + done..].first_chunk_mut().expect("64 bytes of room");
        block.copy(source, target);
        done += 64;
        if done >= len {
            return at + len;
        }
    }
}
