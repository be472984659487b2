//! The structural scan, written once: bytes to the ends of fields and records.
//!
//! What quoting makes of a block is proved in `shape.rs`; the scan stops at the first byte where
//! the proof fails, and what it found before that byte stands. So it never guesses: it is exact or
//! it declines. Where only the number of records is wanted, [`count`] finds it at three fifths of
//! the cost.
//!
//! This file does not know what a record is converted to.

use super::block::{Block, Work};
use super::marks::Marks;
use super::notes::{Notes, note};
use super::shape::{Carry, Outline, Shape, below, blocks, shape};

/// Where fields and records end in a strip of bytes; positions count from the strip's first byte.
#[derive(Debug)]
pub struct Index {
    ends: Box<[u32]>,
    n_ends: usize,
    records: Box<[u32]>,
    n_records: usize,
    dirty: Box<[u64]>,
    notes: Box<[Notes]>,
    /// Of each block; kept for the notes.
    outlines: Box<[Outline]>,
    stop: usize,
    declined: bool,
    high: bool,
    /// Known where notes are taken.
    any_dirty: bool,
    n_lines: u64,
    /// The blocks in which lines end inside quotes, a bit for each.
    lined: Box<[u64]>,
}

impl Index {
    /// An index for strips of up to `n_bytes`, rounded up to whole blocks. Takes about 9.3 bytes
    /// for each.
    pub fn new(n_bytes: usize) -> Self {
        let n_blocks = n_bytes.div_ceil(64).max(1);
        Self {
            // One block more than can be needed: positions are written in groups.
            ends: vec![0; (n_blocks + 1) * 64].into_boxed_slice(),
            n_ends: 0,
            records: vec![0; (n_blocks + 1) * 64].into_boxed_slice(),
            n_records: 0,
            dirty: vec![0; n_blocks + 2].into_boxed_slice(),
            notes: Notes::of_blocks(n_blocks),
            outlines: vec![Outline::default(); n_blocks].into_boxed_slice(),
            stop: 0,
            declined: false,
            high: false,
            any_dirty: false,
            n_lines: 0,
            lined: vec![0; n_blocks / 64 + 1].into_boxed_slice(),
        }
    }

    /// The longest strip that fits.
    pub fn capacity(&self) -> usize {
        self.ends.len() - 64
    }

    /// The resident bytes of an index for strips of `n_bytes`, at the most.
    pub const fn size_for(n_bytes: usize) -> usize {
        (n_bytes + 192) * 8
            + n_bytes / 8
            + n_bytes / 512
            + 128
            + Notes::size_for(n_bytes)
            + Outline::size_for(n_bytes)
    }

    /// The end of each field, which is where its delimiter or terminator stands; ascending.
    pub fn ends(&self) -> &[u32] {
        &self.ends[..self.n_ends]
    }

    /// For each whole record, the number of field ends up to and with its own last.
    pub fn records(&self) -> &[u32] {
        &self.records[..self.n_records]
    }

    /// The first byte not looked at, or that the scan declined.
    pub fn stop(&self) -> usize {
        self.stop
    }

    /// Whether the scan stopped because quoting is not regular there.
    pub fn declined(&self) -> bool {
        self.declined
    }

    /// Whether a byte from 0x80 was seen.
    pub fn high(&self) -> bool {
        self.high
    }

    /// What was noted of the fields.
    #[inline(always)]
    pub(super) fn notes(&self) -> &[Notes] {
        &self.notes
    }

    /// The terminators of the whole records, those inside quotes counted too.
    pub fn n_lines(&self) -> u64 {
        self.n_lines
    }

    /// The first bytes of the blocks of 64 in which lines end inside quotes; ascending.
    pub(crate) fn lined_blocks(&self) -> impl Iterator<Item = usize> {
        self.lined.iter().enumerate().flat_map(|(i, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some((i * 64 + bit) * 64)
            })
        })
    }

    /// Whether a byte of `from..=to` needs a closer look: a quote, a backslash, a control byte, or
    /// an edge that trimming may touch.
    #[inline(always)]
    pub fn is_dirty(&self, from: usize, to: usize) -> bool {
        let (first, last) = (from / 64, to / 64);
        let head = u64::MAX << (from % 64);
        let tail = u64::MAX >> (63 - to % 64);
        if first == last {
            return self.dirty[first] & head & tail != 0;
        }
        let mut seen = self.dirty[first] & head | self.dirty[last] & tail;
        for word in &self.dirty[first + 1..last] {
            seen |= word;
        }
        seen != 0
    }
}

impl Index {
    /// Whether one of the `n` bytes from `from` on needs a closer look, as [`Index::is_dirty`] has
    /// it. Without a branch up to 63 bytes.
    #[inline(always)]
    pub(super) fn is_dirty_for(&self, from: usize, n: usize) -> bool {
        if n > 63 {
            return self.is_dirty(from, from + n - 1);
        }
        let (word, bit) = (from / 64, from % 64);
        let seen = self.dirty[word] >> bit | self.dirty[word + 1] << 1 << (63 - bit);
        seen & ((1 << n) - 1) != 0
    }
}

/// The call of [`scan`].
pub(super) struct Scan<'a> {
    pub(super) marks: &'a Marks,
    pub(super) bytes: &'a [u8],
    pub(super) index: &'a mut Index,
}

impl Work for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn on<B: Block>(self, block: B) {
        let notes = self.marks.wanted.is_any();
        match self.marks.plain() {
            Some(marks) if !notes => scan::<B, PLAIN>(block, &marks, self.bytes, self.index),
            // Apart, so that the plain one is compiled as if there were no other.
            Some(_) => block.apart(ScanNoting(self)),
            None => block.apart(ScanOther(self)),
        }
    }
}

/// As [`Scan`], with notes of the fields.
struct ScanNoting<'a>(Scan<'a>);

impl Work for ScanNoting<'_> {
    type Output = ();

    #[inline(always)]
    fn on<B: Block>(self, block: B) {
        let Scan { marks, bytes, index } = self.0;
        // Once more: that they are absent is to be known in this function too.
        if let Some(marks) = marks.plain() {
            scan::<B, NOTING>(block, &marks, bytes, index);
        }
        take_notes(block, marks, bytes, index);
    }
}

/// As [`Scan`], with marks that few files have.
struct ScanOther<'a>(Scan<'a>);

impl Work for ScanOther<'_> {
    type Output = ();

    #[inline(always)]
    fn on<B: Block>(self, block: B) {
        let Scan { marks, bytes, index } = self.0;
        scan::<B, OTHER>(block, marks, bytes, index);
        if marks.wanted.is_any() {
            take_notes(block, marks, bytes, index);
        }
    }
}

/// Notes what is wanted of the fields of a scanned strip.
#[inline(always)]
fn take_notes<B: Block>(block: B, marks: &Marks, bytes: &[u8], index: &mut Index) {
    let Index { outlines, dirty, notes, stop, n_ends, any_dirty, .. } = index;
    // The block with the byte where the scan stopped was looked at.
    let n_bytes = bytes.len().min((*stop / 64 + 1) * 64);
    let dirty = any_dirty.then_some(&dirty[..]);
    note(block, &marks.wanted, &bytes[..n_bytes], outlines, dirty, &mut notes[..*n_ends / 64 + 2]);
}

/// The call of [`count`].
pub(super) struct CountRecords<'a> {
    pub(super) marks: &'a Marks,
    pub(super) bytes: &'a [u8],
    pub(super) n_fields: u32,
}

impl Work for CountRecords<'_> {
    type Output = Counted;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> Counted {
        match self.marks.plain() {
            _ if self.marks.left.is_some_and(|left| left.unended) => block.apart(CountEnded(self)),
            Some(marks) => count::<B, true, false>(block, &marks, self.bytes, self.n_fields),
            None => count::<B, false, false>(block, self.marks, self.bytes, self.n_fields),
        }
    }
}

/// As [`CountRecords`], as long as the last field of each is empty.
struct CountEnded<'a>(CountRecords<'a>);

impl Work for CountEnded<'_> {
    type Output = Counted;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> Counted {
        let CountRecords { marks, bytes, n_fields } = self.0;
        count::<B, false, true>(block, marks, bytes, n_fields)
    }
}

/// How far ahead of the scan lines are brought in, which the processor stops doing by itself at
/// each page.
const AHEAD: usize = 16 << 10;

/// The ways to scan: nothing rare and no notes; with notes; any marks.
const PLAIN: u8 = 0;
const NOTING: u8 = 1;
const OTHER: u8 = 2;

/// Fills `index` from `bytes`, which must start where a record starts, outside quotes. `WAY` makes
/// several functions of it: the body of the loop over blocks is inlined, and so compiled for the
/// instruction set, only if it is called in one place.
#[inline(always)]
fn scan<B: Block, const WAY: u8>(block: B, marks: &Marks, bytes: &[u8], index: &mut Index) {
    assert!(bytes.len() <= index.capacity(), "the strip fits the index");
    let mut carry = Carry::START;
    let mut edge_before = 0;
    let (mut n_ends, mut n_records) = (0, 0);
    let (mut any_high, mut quoted, mut stop) = (0, Quoted::default(), None);
    // JSON's own quote is dirty whatever quotes here.
    let other_quote = marks.quote != Some(b'"');
    let other_escape = marks.escape.filter(|byte| *byte != b'\\');
    let (ends, records, dirties) = (&mut index.ends[..], &mut index.records[..], &mut index.dirty[..]);
    let (outlines, mut any_dirty) = (&mut index.outlines[..], 0);
    let lined = &mut index.lined[..];
    lined.fill(0);
    blocks(bytes, |bytes, number, valid| {
        block.prefetch(bytes.as_ptr().wrapping_add(AHEAD));
        let loaded = block.load(bytes);
        let found = shape(block, marks, loaded, valid, &mut carry);
        let Shape { structural, starts, irregular, .. } = found;
        let good = below(irregular);
        let at = number * 64;

        let here = found.ends & good;
        if here != 0 {
            let (slots, _) = ends[n_ends..].split_first_chunk_mut::<64>().expect("a spare block is kept");
            block.flatten(here, at as u32, slots);
            let before = n_ends as u32;
            n_ends += here.count_ones() as usize;
            let mut terminators = found.terminators & good;
            quoted.record_ends(terminators, found.quoted_lines);
            while terminators != 0 {
                let up_to = terminators ^ (terminators - 1);
                records[n_records] = before + (here & up_to).count_ones();
                n_records += 1;
                terminators &= terminators - 1;
            }
        }

        let control = block.le(loaded, 0x1f) & !structural;
        let high = !block.le(loaded, 0x7f) & valid;
        let mut dirty = found.quote | block.eq(loaded, b'\\') | control;
        let mut no_edge = structural;
        if other_quote {
            dirty |= block.eq(loaded, b'"');
            // A quote may be a control byte.
            no_edge |= found.quote;
        }
        if let Some(escape) = other_escape {
            dirty |= block.eq(loaded, escape);
        }
        if marks.page.is_some() {
            dirty |= high;
        }
        if marks.edges {
            let edge = block.le(loaded, 0x20) & !no_edge | high;
            dirty |= edge & starts | found.ends & (edge << 1 | edge_before);
            edge_before = edge >> 63;
        }
        dirties[number] = dirty & valid;
        if WAY != PLAIN {
            any_dirty |= dirties[number] | found.quote;
            outlines[number] = Outline { ends: here, structural, quote: found.quote };
        }
        any_high |= high;
        quoted.block_ends(found.quoted_lines);
        lined[number / 64] |= u64::from(found.quoted_lines != 0) << (number % 64);
        if irregular != 0 {
            stop = Some(at + irregular.trailing_zeros() as usize);
        }
        irregular == 0
    });
    index.n_ends = n_ends;
    index.n_records = n_records;
    index.high = any_high != 0;
    index.any_dirty = any_dirty != 0;
    index.n_lines = n_records as u64 + quoted.whole;
    index.declined = stop.is_some();
    index.stop = stop.unwrap_or(bytes.len());
}

/// Counts the lines that end inside quotes.
#[derive(Default)]
struct Quoted {
    /// So far.
    seen: u64,
    /// Up to the last record that has ended.
    whole: u64,
}

impl Quoted {
    /// Records end in a block, whose lines are not seen yet.
    #[inline(always)]
    fn record_ends(&mut self, terminators: u64, lines: u64) {
        if terminators != 0 {
            let last = u64::MAX >> terminators.leading_zeros();
            self.whole = self.seen + u64::from((lines & last).count_ones());
        }
    }

    /// Without a branch: in long text some blocks have such lines and some have not, in no order.
    /// With one, where blocks are noted too, `longtext` took 1.24 of the time of the first release,
    /// so 1.07 (AVX-512, 2026-11-28).
    #[inline(always)]
    fn block_ends(&mut self, lines: u64) {
        self.seen += u64::from(lines.count_ones());
    }
}

/// The whole records at the front of some bytes that all have as many fields as were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many.
    pub records: u64,
    /// The terminator of the last of them, its first byte; nothing if there is none.
    pub end: Option<usize>,
    /// Whether a byte from 0x80 was seen, in them or behind.
    pub high: bool,
    /// Their terminators, those inside quotes counted too.
    pub lines: u64,
}

/// Counts the records at the front of `bytes`, which must start where one starts, outside quotes,
/// as long as quoting is regular and each has `n_fields` fields; with `ENDED` the last of them
/// empty.
#[inline(always)]
fn count<B: Block, const PLAIN: bool, const ENDED: bool>(
    block: B,
    marks: &Marks,
    bytes: &[u8],
    n_fields: u32,
) -> Counted {
    let mut carry = Carry::START;
    let (mut records, mut end) = (0, None);
    let (mut any_high, mut quoted) = (0, Quoted::default());
    // Field ends behind the last terminator.
    let mut open = 0;
    // A field ended with the last byte of the block before.
    let mut end_before = 0;
    blocks(bytes, |bytes, number, valid| {
        block.prefetch(bytes.as_ptr().wrapping_add(AHEAD));
        let loaded = block.load(bytes);
        let found = shape(block, marks, loaded, valid, &mut carry);
        any_high |= !block.le(loaded, 0x7f) & valid;
        let good = below(found.irregular);
        let here = found.ends & good;
        let mut terminators = found.terminators & good;
        let mut before = 0;
        while terminators != 0 {
            let up_to = (here & (terminators ^ (terminators - 1))).count_ones();
            let is_ended = !ENDED || terminators & terminators.wrapping_neg() & (here << 1 | end_before) != 0;
            if open + up_to - before != n_fields || !is_ended {
                return false;
            }
            quoted.record_ends(terminators & terminators.wrapping_neg(), found.quoted_lines);
            (open, before) = (0, up_to);
            records += 1;
            end = Some(number * 64 + terminators.trailing_zeros() as usize);
            terminators &= terminators - 1;
        }
        open += here.count_ones() - before;
        end_before = here >> 63;
        quoted.block_ends(found.quoted_lines);
        found.irregular == 0
    });
    Counted { records, end, high: any_high != 0, lines: records + quoted.whole }
}
