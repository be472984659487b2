//! The frames of a zstd file (RFC 8878, section 3.1): where they end, without unpacking them.

use super::pieces::{PackedPiece, Pieces};
use crate::input::section::Section;
use std::io;

/// Frames are put together until they have so many bytes.
const PIECE: u64 = 256 << 10;
/// A frame is looked through no further than so many bytes: files of one frame are usual, and to
/// look through one of them costs a read each 128 KiB of its text.
const FARTHEST: u64 = 32 << 20;

/// The pieces of a file of frames.
pub(super) fn pieces(file: Section) -> Option<Box<dyn Pieces>> {
    Some(Box::new(Frames { at: file.at, file }))
}

struct Frames {
    file: Section,
    at: u64,
}

impl Frames {
    fn bytes<const N: usize>(&self, at: u64) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        Ok((self.file.look(at, &mut bytes)? == N).then_some(bytes))
    }

    /// Where the frame at hand ends; `None` if that is too far, or it is none.
    fn frame_end(&self) -> io::Result<Option<u64>> {
        let Some([a, b, c, d, descriptor]) = self.bytes(self.at)? else { return Ok(None) };
        if (a & 0xf0, b, c, d) == (0x50, 0x2a, 0x4d, 0x18) {
            let size = self.bytes(self.at + 4)?.map(u32::from_le_bytes);
            return Ok(size.map(|size| self.at + 8 + u64::from(size)));
        }
        if (a, b, c, d) != (0x28, 0xb5, 0x2f, 0xfd) {
            return Ok(None);
        }
        let is_one_segment = descriptor & 0x20 != 0;
        let n_size = match descriptor >> 6 {
            0 => u64::from(is_one_segment),
            log => 1 << log,
        };
        let n_dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let mut at = self.at + 5 + u64::from(!is_one_segment) + n_dictionary + n_size;
        while at - self.at < FARTHEST {
            let Some([a, b, c]) = self.bytes(at)? else { return Ok(None) };
            let header = u32::from_le_bytes([a, b, c, 0]);
            let size = match header >> 1 & 3 {
                1 => 1,
                _ => u64::from(header >> 3),
            };
            at += 3 + size;
            if header & 1 == 1 {
                let sum = if descriptor & 4 != 0 { 4 } else { 0 };
                return Ok(Some(at + sum));
            }
        }
        Ok(None)
    }
}

impl Pieces for Frames {
    fn next(&mut self) -> io::Result<Option<PackedPiece>> {
        let start = self.at;
        while self.at < self.file.end && self.at - start < PIECE {
            // What has no end, or none that is near, is a piece with all behind it.
            self.at = self.frame_end()?.unwrap_or(self.file.end);
        }
        let end = self.at.min(self.file.end);
        let piece = || PackedPiece { packed: Box::new(self.file.part(start, end)), end };
        Ok((start < end).then(piece))
    }
}
