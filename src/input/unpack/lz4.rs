//! lz4 frames, one or many, skippable ones among them. Check sums and lengths are verified, where
//! the file has them.
//!
//! The frames are read here, the blocks by a library. The frame reader of that library takes a file
//! that is cut between two blocks for a whole one (lz4_flex 0.14). The old format has no end mark,
//! so it does not show whether such a file is whole: `foreign.rs` refuses it.

use super::codec::Codec;
#[cfg(not(feature = "lz4"))]
use super::codec::left_out as decoder;

pub(super) const CODEC: Codec = Codec {
    name: "lz4",
    extensions: &[".lz4"],
    magics: &[&[(0x04, 0x04), (0x22, 0x22), (0x4d, 0x4d), (0x18, 0x18)]],
    memory: decoder::memory,
    begin: decoder::begin,
    padded: false,
    threaded: None,
    apart: None,
};

#[cfg(feature = "lz4")]
mod decoder {
    use super::super::codec::{Decoder, Fault, Step};
    use lz4_flex::block::decompress_into_with_dict;
    use std::hash::Hasher;
    use twox_hash::XxHash32;

    /// How far back a block may refer to blocks before it.
    const WINDOW: usize = 64 << 10;
    /// The largest block: its length packed and unpacked.
    const LARGEST: usize = 2 * (4 << 20) + WINDOW;

    const MAGIC: u32 = 0x184d_2204;
    const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

    pub(in super::super) fn memory(granted: usize) -> usize {
        granted.min(LARGEST)
    }

    pub(in super::super) fn begin(granted: usize) -> Result<Box<dyn Decoder>, Fault> {
        Ok(Box::new(Lz4 { granted, ..Lz4::default() }))
    }

    /// What is read next.
    #[derive(Clone, Copy, Default)]
    enum Awaited {
        #[default]
        Magic,
        /// The length of a skippable frame.
        SkipLength,
        Skip(u64),
        /// The first byte of the header, which says how long it is.
        Flags,
        Header,
        /// The length of a block, or the end mark.
        Length,
        /// A block, and whether it is stored as it is.
        Block(usize, bool),
        ContentSum,
    }

    /// What the header of a frame says.
    #[derive(Clone, Copy, Default)]
    struct Frame {
        independent: bool,
        block_sums: bool,
        content_sum: bool,
        content_size: Option<u64>,
        /// The most bytes that a block unpacks to.
        block: usize,
    }

    #[derive(Default)]
    struct Lz4 {
        granted: usize,
        next: Awaited,
        frame: Frame,
        /// Bytes of what is read next, as far as they were there.
        held: Vec<u8>,
        /// The window, `text[..kept]`, and the block behind it up to `end`, given out up to
        /// `start`.
        text: Vec<u8>,
        kept: usize,
        start: usize,
        end: usize,
        sum: XxHash32,
        length: u64,
    }

    impl Decoder for Lz4 {
        fn step(&mut self, from: &[u8], into: &mut [u8], _: bool) -> Result<Step, Fault> {
            let mut taken = 0;
            loop {
                if self.start < self.end {
                    let n = into.len().min(self.end - self.start);
                    into[..n].copy_from_slice(&self.text[self.start..self.start + n]);
                    self.start += n;
                    return Ok(Step { taken, given: n, ended: false });
                }
                let rest = &from[taken..];
                if let Awaited::Skip(left) = self.next {
                    let n = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    self.next = Awaited::Skip(left - n as u64);
                    let ended = n as u64 == left;
                    return Ok(Step { taken: taken + n, given: 0, ended });
                }
                let n = rest.len().min(self.wanted() - self.held.len());
                self.held.extend_from_slice(&rest[..n]);
                taken += n;
                if self.held.len() < self.wanted() {
                    return Ok(Step { taken, given: 0, ended: false });
                }
                let ended = self.advance()?;
                if ended {
                    return Ok(Step { taken, given: 0, ended });
                }
            }
        }

        fn again(&mut self) {
            (self.next, self.start, self.end) = (Awaited::Magic, 0, 0);
            self.held.clear();
        }
    }

    impl Lz4 {
        /// How many bytes must be held to go on.
        fn wanted(&self) -> usize {
            match self.next {
                Awaited::Magic | Awaited::SkipLength | Awaited::Length | Awaited::ContentSum => 4,
                Awaited::Skip(_) => 0,
                Awaited::Flags => 1,
                Awaited::Header => header_len(self.held[0]),
                Awaited::Block(len, _) => len + if self.frame.block_sums { 4 } else { 0 },
            }
        }

        /// Goes on with what is held, which is whole. Returns whether the frame ends with it.
        fn advance(&mut self) -> Result<bool, Fault> {
            let number = little(&self.held);
            self.next = match self.next {
                Awaited::Magic if number == MAGIC => Awaited::Flags,
                Awaited::Magic if SKIPPABLE.contains(&number) => Awaited::SkipLength,
                Awaited::Magic => return Err(Fault::Corrupt),
                Awaited::SkipLength | Awaited::Skip(_) => Awaited::Skip(u64::from(number)),
                // The byte is one of the header.
                Awaited::Flags => {
                    self.next = Awaited::Header;
                    return Ok(false);
                }
                Awaited::Header => {
                    self.begin()?;
                    Awaited::Length
                }
                Awaited::Length if number == 0 => {
                    if self.frame.content_size.is_some_and(|size| size != self.length) {
                        return Err(Fault::Corrupt);
                    }
                    if !self.frame.content_sum {
                        return Ok(true);
                    }
                    Awaited::ContentSum
                }
                Awaited::Length => {
                    let len = usize::try_from(number & 0x7fff_ffff).unwrap_or(usize::MAX);
                    if len > self.frame.block {
                        return Err(Fault::Corrupt);
                    }
                    Awaited::Block(len, number >> 31 == 1)
                }
                Awaited::Block(len, stored) => {
                    self.unpack(len, stored)?;
                    Awaited::Length
                }
                Awaited::ContentSum if u64::from(number) == self.sum.finish() => return Ok(true),
                Awaited::ContentSum => return Err(Fault::Corrupt),
            };
            self.held.clear();
            Ok(false)
        }

        /// Reads the header, which is held.
        fn begin(&mut self) -> Result<(), Fault> {
            let (flags, descriptor, n) = (self.held[0], self.held[1], self.held.len());
            let sum = XxHash32::oneshot(0, &self.held[..n - 1]) >> 8 & 0xff;
            let blocks = descriptor >> 4 & 7;
            // Of version 1, without reserved bits, without a dictionary, which nobody gave.
            if flags & 0b1100_0011 != 0b0100_0000
                || descriptor & 0b1000_1111 != 0
                || blocks < 4
                || sum != u32::from(self.held[n - 1])
            {
                return Err(Fault::Corrupt);
            }
            let size = (flags & 8 != 0)
                .then(|| self.held[2..10].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)));
            self.frame = Frame {
                independent: flags & 0x20 != 0,
                block_sums: flags & 0x10 != 0,
                content_sum: flags & 4 != 0,
                content_size: size,
                block: 1 << (8 + 2 * blocks),
            };
            let needs = 2 * self.frame.block + WINDOW;
            if needs > self.granted {
                return Err(Fault::Memory(needs as u64));
            }
            (self.kept, self.length, self.sum) = (0, 0, XxHash32::with_seed(0));
            self.held.reserve_exact(self.frame.block + 4);
            self.text.resize(WINDOW + self.frame.block, 0);
            Ok(())
        }

        /// Unpacks the block that is held.
        fn unpack(&mut self, len: usize, stored: bool) -> Result<(), Fault> {
            let (block, sum) = self.held.split_at(len);
            if self.frame.block_sums && XxHash32::oneshot(0, block) != little(sum) {
                return Err(Fault::Corrupt);
            }
            let before = self.end.max(self.kept);
            self.kept = if self.frame.independent { 0 } else { before.min(WINDOW) };
            self.text.copy_within(before - self.kept..before, 0);
            let (window, room) = self.text.split_at_mut(self.kept);
            let room = &mut room[..self.frame.block];
            let n = if stored {
                room[..len].copy_from_slice(block);
                len
            } else {
                decompress_into_with_dict(block, room, window).map_err(|_| Fault::Corrupt)?
            };
            (self.start, self.end) = (self.kept, self.kept + n);
            self.length += n as u64;
            if self.frame.content_sum {
                self.sum.write(&room[..n]);
            }
            Ok(())
        }
    }

    /// The length of a header that starts with `flags`, which is at the magic's end.
    fn header_len(flags: u8) -> usize {
        let size = if flags & 8 != 0 { 8 } else { 0 };
        let dictionary = if flags & 1 != 0 { 4 } else { 0 };
        3 + size + dictionary
    }

    fn little(bytes: &[u8]) -> u32 {
        bytes.iter().take(4).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }
}
