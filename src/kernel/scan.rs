//! The structural scan, written once: bytes to the ends of fields and records.
//!
//! Quotes are read by parity, which is right only where quoting is *regular*: a quote opens where a
//! field starts and closes where one ends, and everything between comes in pairs. The scan proves that
//! as it goes, from each quote's neighbours, and stops at the first byte where it does not hold; what
//! it found before that byte stands. So it never guesses: it is exact or it declines.
//!
//! Must not know what a record is converted to. Next hand: every mask here is about one byte and its
//! neighbour; a rule that needs more belongs to the reference machine.

use super::block::Block;

/// The bytes that shape a file, as the scan needs them.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// Ends a field.
    pub delimiter: u8,
    /// Opens and closes quoted fields.
    pub quote: Option<u8>,
    /// Each of the two ends a record; both may be the same byte.
    pub terminators: [u8; 2],
    /// The first terminator right after the second ends nothing by itself (LF after CR).
    pub pairs: bool,
    /// Mark fields as dirty that start or end with a byte up to 0x20 or from 0x80: what trimming may touch.
    pub edges: bool,
    /// A record that starts with this byte is left to the caller by the stitch.
    pub comment: Option<u8>,
}

/// Where fields and records end in a strip of bytes; positions count from the strip's first byte.
#[derive(Debug)]
pub struct Index {
    ends: Box<[u32]>,
    n_ends: usize,
    records: Box<[u32]>,
    n_records: usize,
    dirty: Box<[u64]>,
    stop: usize,
    declined: bool,
    high: bool,
    quoted_newline: bool,
}

impl Index {
    /// An index for strips of up to `n_bytes`, rounded up to whole blocks. Takes about 8.1 bytes for each.
    pub fn new(n_bytes: usize) -> Self {
        let n_blocks = n_bytes.div_ceil(64).max(1);
        Self {
            // One block more than can be needed: positions are written in groups.
            ends: vec![0; (n_blocks + 1) * 64].into_boxed_slice(),
            n_ends: 0,
            records: vec![0; (n_blocks + 1) * 64].into_boxed_slice(),
            n_records: 0,
            dirty: vec![0; n_blocks + 2].into_boxed_slice(),
            stop: 0,
            declined: false,
            high: false,
            quoted_newline: false,
        }
    }

    /// The longest strip that fits.
    pub fn capacity(&self) -> usize {
        self.ends.len() - 64
    }

    /// The resident bytes of an index for strips of `n_bytes`, at the most.
    pub const fn size_for(n_bytes: usize) -> usize {
        (n_bytes + 192) * 8 + n_bytes / 8 + 64
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

    /// Whether a terminator was seen inside quotes.
    pub fn quoted_newline(&self) -> bool {
        self.quoted_newline
    }

    /// Whether a byte of `from..=to` needs a closer look: a quote, a backslash, a control byte, or an
    /// edge that trimming may touch.
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

/// What one block leaves to the next; each is bit 0 of a mask or the whole of it.
struct Carry {
    inside: u64,
    starts: u64,
    edge: u64,
    close: u64,
    cr: u64,
}

/// Fills `index` from `bytes`, which must start where a record starts, outside quotes.
#[inline(always)]
pub(super) fn scan<B: Block>(block: B, marks: &Marks, bytes: &[u8], index: &mut Index) {
    assert!(bytes.len() <= index.capacity(), "the strip fits the index");
    index.n_ends = 0;
    index.n_records = 0;
    index.declined = false;
    index.high = false;
    index.quoted_newline = false;
    index.stop = bytes.len();
    let mut carry = Carry { inside: 0, starts: 1, edge: 0, close: 0, cr: 0 };
    let (blocks, rest) = bytes.as_chunks::<64>();
    for (i, bytes) in blocks.iter().enumerate() {
        if !step(block, marks, bytes, u64::MAX, i, &mut carry, index) {
            return;
        }
    }
    if !rest.is_empty() {
        let mut padded = [b'.'; 64];
        padded[..rest.len()].copy_from_slice(rest);
        let valid = u64::MAX >> (64 - rest.len());
        step(block, marks, &padded, valid, blocks.len(), &mut carry, index);
    }
}

/// One block; false where the scan declines.
#[inline(always)]
fn step<B: Block>(
    block: B,
    marks: &Marks,
    bytes: &[u8; 64],
    valid: u64,
    number: usize,
    carry: &mut Carry,
    index: &mut Index,
) -> bool {
    let loaded = block.load(bytes);
    let delimiter = block.eq(loaded, marks.delimiter);
    let newline = block.eq(loaded, marks.terminators[0]);
    let cr = block.eq(loaded, marks.terminators[1]);
    let quote = match marks.quote {
        Some(byte) => block.eq(loaded, byte) & valid,
        None => 0,
    };
    let any_newline = newline | cr;

    let inside = block.parity(quote) ^ carry.inside;
    let open = quote & inside;
    let close = quote & !inside;
    let outside = !inside;

    let cr_out = cr & outside;
    let pair = if marks.pairs { newline & outside & (cr_out << 1 | carry.cr) } else { 0 };
    let structural = (delimiter | any_newline) & outside & !pair;
    let starts = (structural | pair) << 1 | carry.starts;
    let after_close = close << 1 | carry.close;
    let irregular = (open & !(starts | after_close) | after_close & !(structural | open)) & valid;

    // Bits below the first irregular byte stand.
    let good = if irregular == 0 { valid } else { valid & ((irregular & irregular.wrapping_neg()) - 1) };
    let ends = structural & good;
    let at = number * 64;
    let (slots, _) = index.ends[index.n_ends..].split_first_chunk_mut::<64>().expect("a spare block is kept");
    block.flatten(ends, at as u32, slots);
    let mut terminators = any_newline & ends;
    let before = index.n_ends as u32;
    index.n_ends += ends.count_ones() as usize;
    while terminators != 0 {
        let up_to = terminators ^ (terminators - 1);
        index.records[index.n_records] = before + (ends & up_to).count_ones();
        index.n_records += 1;
        terminators &= terminators - 1;
    }

    let low = block.le(loaded, 0x20) & !(structural | pair);
    let control = block.le(loaded, 0x1f) & !(structural | pair);
    let high = !block.le(loaded, 0x7f) & valid;
    // JSON's own quote is dirty whatever quotes here.
    let mut dirty = quote | block.eq(loaded, b'"') | block.eq(loaded, b'\\') | control;
    if marks.edges {
        let edge = low | high;
        dirty |= edge & starts | structural & (edge << 1 | carry.edge);
        carry.edge = edge >> 63;
    }
    index.dirty[number] = dirty & valid;
    index.high |= high != 0;
    index.quoted_newline |= any_newline & inside & valid != 0;

    if irregular != 0 {
        index.stop = at + irregular.trailing_zeros() as usize;
        index.declined = true;
        return false;
    }
    carry.inside = ((inside as i64) >> 63) as u64;
    carry.starts = (structural | pair) >> 63;
    carry.close = close >> 63;
    carry.cr = cr_out >> 63;
    true
}
