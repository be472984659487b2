//! BGZF: members of gzip that say how long they are (SAM specification, section 4.1).

use super::pieces::{PackedPiece, Pieces};
use crate::input::section::Section;
use std::io;

/// So many members are a piece: their text is 1 MiB at the most.
const MEMBERS: usize = 16;

/// The start of such a member: an extra field `BC` of two bytes, which comes first.
const HEADER: usize = 18;

/// The pieces of a file that begins so; `None` of another.
pub(super) fn pieces(file: Section) -> Option<Box<dyn Pieces>> {
    let pieces = Bgzf { at: file.at, file };
    pieces.member_end().ok()??;
    Some(Box::new(pieces))
}

struct Bgzf {
    file: Section,
    at: u64,
}

impl Bgzf {
    /// Where the member at hand ends; `None` if it doesn't say so.
    fn member_end(&self) -> io::Result<Option<u64>> {
        let mut header = [0; HEADER];
        let n = self.file.look(self.at, &mut header)?;
        let says = n == HEADER && header.starts_with(b"\x1f\x8b\x08\x04") && header[12..16] == *b"BC\x02\x00";
        let len = u64::from(u16::from_le_bytes([header[16], header[17]])) + 1;
        Ok(says.then_some(self.at + len))
    }
}

impl Pieces for Bgzf {
    fn next(&mut self) -> io::Result<Option<PackedPiece>> {
        let start = self.at;
        for _ in 0..MEMBERS {
            if self.at >= self.file.end {
                break;
            }
            // What is something else is a piece with all behind it.
            self.at = self.member_end()?.unwrap_or(self.file.end);
        }
        let end = self.at.min(self.file.end);
        let piece = || PackedPiece { packed: Box::new(self.file.part(start, end)), end };
        Ok((start < end).then(piece))
    }
}
