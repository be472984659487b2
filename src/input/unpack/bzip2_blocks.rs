//! The blocks of a bzip2 file. They begin at any bit with a mark of 48 bits, and none says how long
//! it is: a piece goes from mark to mark, and its sum tells if that was one by chance.

use super::pieces::{PackedPiece, Pieces, uncertain};
use crate::input::section::Section;
use memchr::memmem::Finder;
use std::collections::VecDeque;
use std::io::{self, Cursor, Read};

/// Read at once to look for marks.
const LOOK: usize = 64 << 10;
/// A mark that begins in a byte ends so many bytes further at the latest.
const REACH: usize = 6;

const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
/// Bits of a mark, and with the sum behind it.
const MARK: u64 = 48;
const MARK_AND_SUM: u64 = 80;

/// The pieces of a bzip2 file; `None` if it does not begin like one.
pub(super) fn pieces(file: Section) -> Option<Box<dyn Pieces>> {
    let marks = BlockMarks::new(file);
    let mut blocks = Blocks { at: 0, level: b'9', sum: 0, ended: false, marks };
    blocks.begin_stream(blocks.marks.file.at).ok()?;
    Some(Box::new(blocks))
}

struct Blocks {
    marks: BlockMarks,
    /// The bit where the mark of the block at hand begins.
    at: u64,
    /// Of the stream at hand: the size of its blocks as it is written there, and the sum of the
    /// blocks so far.
    level: u8,
    sum: u32,
    ended: bool,
}

impl Blocks {
    /// Reads what a stream begins with at a byte of the file; further, if it has no blocks.
    fn begin_stream(&mut self, mut at: u64) -> io::Result<()> {
        loop {
            if at == self.marks.file.end {
                self.ended = true;
                return Ok(());
            }
            let mut start = [0; 4];
            let n = self.marks.file.look(at, &mut start)?;
            if n < 4 || !start.starts_with(b"BZh") || !(b'1'..=b'9').contains(&start[3]) {
                return Err(uncertain());
            }
            (self.level, self.sum, self.at) = (start[3], 0, 8 * (at + 4));
            match self.marks.bits(self.at, MARK)? {
                BLOCK => return Ok(()),
                END => at = self.end_stream(self.at)?,
                _ => return Err(uncertain()),
            }
        }
    }

    /// Verifies the sum of a stream whose end begins at a bit. Returns the byte behind it.
    fn end_stream(&self, at: u64) -> io::Result<u64> {
        let sum = self.marks.bits(at + MARK, 32)?;
        if sum == u64::from(self.sum) { Ok((at + MARK_AND_SUM).div_ceil(8)) } else { Err(uncertain()) }
    }

    /// The bits from `start` to `end`, which are a block, as a stream.
    fn piece(&self, start: u64, end: u64, sum: u32) -> io::Result<PackedPiece> {
        let n = (end - start) / 8;
        let left = end - start - 8 * n;
        // The last bits of the block, the mark of the end, and the sum.
        let last = self.marks.bits(end - left, left)?;
        let tail = (u128::from(last) << MARK_AND_SUM | u128::from(END) << 32 | u128::from(sum))
            << (128 - MARK_AND_SUM - left);
        let mut tail = tail.to_be_bytes().to_vec();
        tail.truncate(if left == 0 { 10 } else { 11 });
        let body = self.marks.file.part(start / 8, start / 8 + n + 1);
        let body = Shifted { file: body, before: None, shift: (start % 8) as u32 };
        let head = vec![b'B', b'Z', b'h', self.level];
        let packed = Box::new(Cursor::new(head).chain(body).chain(Cursor::new(tail)));
        Ok(PackedPiece { packed, end: end / 8 })
    }
}

impl Pieces for Blocks {
    fn next(&mut self) -> io::Result<Option<PackedPiece>> {
        if self.ended {
            return Ok(None);
        }
        let start = self.at;
        let sum = u32::try_from(self.marks.bits(start + MARK, 32)?).map_err(|_| uncertain())?;
        let (end, mark) = self.marks.behind(start)?.ok_or_else(uncertain)?;
        let piece = self.piece(start, end, sum)?;
        self.sum = self.sum.rotate_left(1) ^ sum;
        self.at = end;
        if mark == END {
            let next = self.end_stream(end)?;
            self.begin_stream(next)?;
        }
        Ok(Some(piece))
    }
}

/// The marks of a file.
struct BlockMarks {
    file: Section,
    /// For each mark and bit of a byte at which it may begin: the bytes that it fills, how far they
    /// are behind that byte, that bit, and the mark.
    finders: Vec<(Finder<'static>, usize, u64, u64)>,
    /// Up to this byte was looked.
    at: u64,
    /// Those that were found and not passed.
    found: VecDeque<(u64, u64)>,
    buffer: Vec<u8>,
}

impl BlockMarks {
    fn new(file: Section) -> Self {
        let of = |mark: u64, bit: u64| {
            let bytes = (mark << (16 - bit)).to_be_bytes();
            let filled = if bit == 0 { 0..6 } else { 1..6 };
            (Finder::new(&bytes[filled.clone()]).into_owned(), filled.start, bit, mark)
        };
        let finders = [BLOCK, END].iter().flat_map(|mark| (0..8).map(move |bit| of(*mark, bit))).collect();
        Self { at: file.at, file, finders, found: VecDeque::new(), buffer: vec![0; LOOK + REACH] }
    }

    /// So many bits from bit `at` on, 56 at the most.
    fn bits(&self, at: u64, n: u64) -> io::Result<u64> {
        let mut bytes = [0; 8];
        let len = self.file.look(at / 8, &mut bytes)? as u64;
        if at % 8 + n > 8 * len {
            return Err(uncertain());
        }
        Ok(if n == 0 { 0 } else { u64::from_be_bytes(bytes) << (at % 8) >> (64 - n) })
    }

    /// The first mark behind that at bit `start`; `None` if there is none.
    fn behind(&mut self, start: u64) -> io::Result<Option<(u64, u64)>> {
        loop {
            while let Some(found) = self.found.pop_front() {
                if found.0 > start {
                    return Ok(Some(found));
                }
            }
            let n = self.file.look(self.at, &mut self.buffer)?;
            if n <= REACH {
                return Ok(None);
            }
            let mut found = Vec::new();
            for (finder, offset, bit, mark) in &self.finders {
                for at in finder.find_iter(&self.buffer[..n]) {
                    if let Some(at) = at.checked_sub(*offset) {
                        found.push((8 * (self.at + at as u64) + bit, *mark));
                    }
                }
            }
            found.retain(|(at, mark)| self.bits(*at, MARK).is_ok_and(|bits| bits == *mark));
            found.sort_unstable();
            self.found.extend(found);
            // What begins in the last bytes may be cut: they are looked at again.
            self.at += (n - REACH) as u64;
        }
    }
}

/// Bytes of a file from some bit of its first byte on.
struct Shifted {
    file: Section,
    /// The last byte that was read.
    before: Option<u8>,
    shift: u32,
}

impl Read for Shifted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut before = match self.before {
            Some(before) => before,
            None => {
                let mut first = [0];
                self.file.read_exact(&mut first)?;
                first[0]
            }
        };
        let n = self.file.read(into)?;
        for byte in &mut into[..n] {
            let both = u16::from_be_bytes([before, *byte]) << self.shift;
            before = *byte;
            [*byte, _] = both.to_be_bytes();
        }
        self.before = Some(before);
        Ok(n)
    }
}
