//! Weaves records between fixed pieces of text, written once.
//!
//! A record whose fields need no closer look becomes output by copying alone: a piece, a field, a
//! piece, a field …, each copied 64 bytes at a time whatever its length, and the next laid over the
//! excess. One comparison of the record's length with the room left covers all of its copies.
//! Quotes and what JSON escapes are dealt with here too, a field at a time; white space to trim is
//! not.
//!
//! A column may have a rule, which the kernel does not know: [`Values`] says for each field of a
//! run of records where its value stands (`cells.rs`), and the weave copies it from there.

use super::block::{Block, Work};
use super::escape::{MOST, TABLE, escape};
use super::marks::Marks;
use super::scan::Index;
use super::template::Template;
use super::unescape::{EscapeMark, transcode, unescape};

/// A scanned strip, of which records up to number `until` are to be woven.
pub(crate) struct Strip<'a> {
    /// Starts where the strip starts, and may go on behind it.
    pub(crate) from: &'a [u8],
    pub(crate) marks: &'a Marks,
    pub(crate) index: &'a Index,
    pub(crate) until: usize,
    pub(crate) template: &'a Template,
}

/// The call of [`weave`].
pub(super) struct Weave<'a> {
    pub(super) strip: &'a Strip<'a>,
    pub(super) record: &'a mut (usize, usize),
    pub(super) to: &'a mut [u8],
    pub(super) at: usize,
}

impl Work for Weave<'_> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        let Self { strip, record, to, at } = self;
        match strip.marks.plain() {
            Some(marks) => weave(block, &Strip { marks: &marks, ..*strip }, record, to, at),
            None => weave(block, strip, record, to, at),
        }
    }
}

/// Weaves records from number `record` on, but none from `strip.until` on, into `to[at..]`, as long
/// as they can be and fit. `record` becomes the number of the first record not done and its start;
/// returns the new `at`.
#[inline(always)]
fn weave<B: Block>(
    block: B,
    strip: &Strip<'_>,
    record: &mut (usize, usize),
    to: &mut [u8],
    mut at: usize,
) -> usize {
    let Strip { from, marks, index, until, template } = *strip;
    let (ends, records) = (index.ends(), index.records());
    let (mut number, mut start) = *record;
    let (n_fields, leaves) = (template.n_fields, marks.left.is_some());
    let mut first = if number == 0 { 0 } else { records[number - 1] as usize };
    while number < until {
        let last = records[number] as usize;
        if last - first != n_fields {
            break;
        }
        let record_ends = &ends[first..last];
        let end = record_ends[n_fields - 1] as usize;
        let most = template.n_around() + end.wrapping_sub(start);
        // 64 bytes behind the last field are read, 64 behind the record's output written.
        if end + 64 > from.len()
            || start > record_ends[0] as usize
            || at + most > to.len()
            || n_fields == 1 && (end == start || marks.may_end_data(from[start]))
            || leaves && marks.leaves(from, start, record_ends)
        {
            break;
        }
        if index.is_dirty(start, end) {
            // Each byte may become six.
            if at + most + (MOST - 1) * (end - start) > to.len() {
                break;
            }
            // SAFETY: as in `CopyRun`, and the room was looked at.
            match unsafe { escape_all(block, strip, start, record_ends, template, to, at) } {
                Some(woven) => at = woven,
                None => break,
            }
            (first, number, start) = (last, number + 1, behind(marks, from, end));
            continue;
        }
        // As many as follow it and are clean too are found in one loop and copied in another, which
        // has more registers so: 0.82 of the time on `people`, 0.55 on `wide`, 0.86 on `narrow`
        // with AVX-512, 0.93 to 1.03 with AVX2, up to 2 % more instructions (Intel, 2026-11). The
        // checks stand twice because one function for both cost `narrow` 2 % more.
        let begun = (first, start);
        let (mut n, mut room) = (1, at + most);
        (first, start) = (last, behind(marks, from, end));
        while number + n < until {
            let last = records[number + n] as usize;
            if last - first != n_fields {
                break;
            }
            let end = ends[last - 1] as usize;
            let most = template.n_around() + end.wrapping_sub(start);
            if end + 64 > from.len()
                || start > ends[first] as usize
                || room + most > to.len()
                || n_fields == 1 && end == start
                || leaves && marks.leaves(from, start, &ends[first..last])
                || index.is_dirty(start, end)
            {
                break;
            }
            (first, start) = (last, behind(marks, from, end));
            room += most;
            n += 1;
        }
        at = block.apart(CopyRun { strip, begun, n, to: &mut *to, at });
        number += n;
    }
    *record = (number, start);
    at
}

/// Writes `n` clean records of a strip, each of as many fields as the template has.
struct CopyRun<'a> {
    strip: &'a Strip<'a>,
    /// The number of the first field's end, and where the first record starts.
    begun: (usize, usize),
    n: usize,
    to: &'a mut [u8],
    at: usize,
}

impl Work for CopyRun<'_> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        let Self { strip, begun: (mut first, mut start), n, to, mut at } = self;
        let Strip { from, marks, index, template, .. } = *strip;
        for _ in 0..n {
            let last = first + template.n_fields;
            let ends = &index.ends()[first..last];
            // SAFETY: the ends of an index ascend, for only the scan makes one. So all fields lie
            // in `start..end`, and 64 bytes behind each can be read. No field is named twice
            // (`Template::new`), so pieces and fields together are at most what `weave` counted,
            // less two blocks, and a copy writes less than a block more than it should: all of it
            // within `to`.
            at = unsafe { copy_all(block, from, start, ends, template, to, at) };
            start = behind(marks, from, ends[template.n_fields - 1] as usize);
            first = last;
        }
        at
    }
}

/// The first byte behind the terminator at `end`, behind which there are bytes.
#[inline(always)]
pub(super) fn behind(marks: &Marks, from: &[u8], end: usize) -> usize {
    end + 1 + usize::from(marks.pairs && from[end] == b'\r' && from[end + 1] == b'\n')
}

/// Writes a clean record.
///
/// # Safety
/// `start` and `record_ends` ascend; there is one end for each field that `pieces` may name; 64
/// bytes of `from` lie behind the last end, and `to` has room behind `at` for pieces, fields and
/// one block more.
#[inline(always)]
pub(super) unsafe fn copy_all<B: Block>(
    block: B,
    from: &[u8],
    start: usize,
    record_ends: &[u32],
    template: &Template,
    to: &mut [u8],
    at: usize,
) -> usize {
    let to_start = to.as_mut_ptr();
    let (from, text) = (from.as_ptr(), template.bytes.as_ptr());
    // SAFETY: all that follows is within what the caller promises; `bytes` of pieces ends with a
    // spare block, and there is one end of a piece more than there are fields.
    unsafe {
        let mut to = to_start.add(at);
        let mut piece = 0;
        let mut field_start = start;
        for (i, &field) in template.fields.iter().enumerate() {
            let piece_end = *template.ends.get_unchecked(i) as usize;
            to = copy_raw(block, text.add(piece), piece_end - piece, to);
            piece = piece_end;
            if !template.in_order {
                field_start = match field {
                    0 => start,
                    _ => *record_ends.get_unchecked(field as usize - 1) as usize + 1,
                };
            }
            let field_end = *record_ends.get_unchecked(field as usize) as usize;
            to = copy_raw(block, from.add(field_start), field_end - field_start, to);
            field_start = field_end + 1;
        }
        to = copy_raw(block, text.add(piece), template.n_bytes() - piece, to);
        to.offset_from_unsigned(to_start)
    }
}

/// Copies `n` bytes in blocks and returns where they end.
///
/// # Safety
/// Up to a block more than `n` can be read from `from` and written to `to`.
#[inline(always)]
pub(super) unsafe fn copy_raw<B: Block>(block: B, from: *const u8, n: usize, to: *mut u8) -> *mut u8 {
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
#[inline(always)]
pub(super) unsafe fn escape_all<B: Block>(
    block: B,
    strip: &Strip<'_>,
    start: usize,
    record_ends: &[u32],
    template: &Template,
    to: &mut [u8],
    mut at: usize,
) -> Option<usize> {
    let text = template.bytes.as_ptr();
    let mut piece = 0;
    for (i, &field) in template.fields.iter().enumerate() {
        // SAFETY: as the caller promises; `bytes` of pieces ends with a spare block, and there is
        // one end of a piece more than there are fields.
        unsafe {
            let piece_end = *template.ends.get_unchecked(i) as usize;
            copy_raw(block, text.add(piece), piece_end - piece, to.as_mut_ptr().add(at));
            at += piece_end - piece;
            piece = piece_end;
        }
        let field = field as usize;
        let field_start = if field == 0 { start } else { record_ends[field - 1] as usize + 1 };
        let field_end = record_ends[field] as usize;
        // SAFETY: as the caller promises.
        at = unsafe { escape_field(block, strip, field_start, field_end, to, at)? };
    }
    // SAFETY: as above.
    unsafe { copy_raw(block, text.add(piece), template.n_bytes() - piece, to.as_mut_ptr().add(at)) };
    Some(at + template.n_bytes() - piece)
}

/// Writes a field that may be quoted or hold what JSON escapes; `None` where it needs more than
/// that.
///
/// # Safety
/// The field lies in the strip, 64 bytes can be read behind it, and `to` has room behind `at` for
/// each byte to become six and one block more.
#[inline(always)]
pub(super) unsafe fn escape_field<B: Block>(
    block: B,
    strip: &Strip<'_>,
    start: usize,
    end: usize,
    to: &mut [u8],
    at: usize,
) -> Option<usize> {
    let Strip { from, marks, index, .. } = *strip;
    // Without a branch on whether it is quoted, which in many files nobody could foresee. A field
    // that is starts with a quote: the scan has proved that it ends with one too and that all
    // between come in pairs.
    let quoted = usize::from(marks.quote == Some(from[start]));
    let content = start + quoted..end - quoted;
    if !index.is_dirty_for(content.start, content.len() + 1 - quoted) {
        // SAFETY: as the caller promises.
        unsafe {
            copy_raw(block, from.as_ptr().add(content.start), content.len(), to.as_mut_ptr().add(at));
        }
        return Some(at + content.len());
    }
    if quoted == 0 && marks.edges {
        let text = &from[content.clone()];
        let blank = match marks.page {
            Some(page) => [text.first(), text.last()].into_iter().flatten().any(|byte| page.is_blank(*byte)),
            None => blank_first(text) || blank_last(text),
        };
        if blank {
            return None;
        }
    }
    if let Some(page) = marks.page {
        let quote = marks.quote.filter(|_| quoted == 1);
        let text = &from[content];
        if marks.meanings.is_some() && marks.escape.is_some_and(|escape| text.contains(&escape)) {
            return None;
        }
        return Some(transcode(page, text, quote, marks.escape, to, at));
    }
    if let Some(escape) = marks.escape {
        let escape = EscapeMark { escape, meanings: marks.meanings };
        let quote = marks.quote.filter(|_| quoted == 1);
        return unescape(block, from, content.start, content.end, escape, quote, to, at);
    }
    if quoted == 0 {
        // Not in pairs: where the quote is another byte or none, JSON's are data and may stand
        // alone.
        return Some(at + escape(block, from, content.start, content.end, &mut to[at..]));
    }
    (marks.quote == Some(b'"')).then(|| escape_pairs(block, from, content.start, content.end, to, at))
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

/// Copies `from[start..end]` escaped to `to[at..]`, where quotes come in pairs of which each is
/// one: a pair becomes a backslash and a quote, so nothing moves; what moves is behind control
/// characters and backslashes only.
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
