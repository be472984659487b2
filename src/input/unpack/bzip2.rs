//! bzip2, of one stream or many. The check sum of each block is verified.

use super::bzip2_blocks;
#[cfg(not(feature = "bzip2"))]
use super::codec::left_out as decoder;
use super::codec::{Apart, Codec};

pub(super) const CODEC: Codec = Codec {
    name: "bzip2",
    extensions: &[".bz2"],
    // The letters could start a text; the block's own magic, or that of the end, behind them could
    // not.
    magics: &[
        &[
            (b'B', b'B'),
            (b'Z', b'Z'),
            (b'h', b'h'),
            (b'1', b'9'),
            (0x31, 0x31),
            (0x41, 0x41),
            (0x59, 0x59),
            (0x26, 0x26),
            (0x53, 0x53),
            (0x59, 0x59),
        ],
        &[
            (b'B', b'B'),
            (b'Z', b'Z'),
            (b'h', b'h'),
            (b'1', b'9'),
            (0x17, 0x17),
            (0x72, 0x72),
            (0x45, 0x45),
            (0x38, 0x38),
            (0x50, 0x50),
            (0x90, 0x90),
        ],
    ],
    memory: decoder::memory,
    begin: decoder::begin,
    padded: false,
    threaded: None,
    apart: Some(Apart { pieces: bzip2_blocks::pieces, text: |_| 1 << 20 }),
};

#[cfg(feature = "bzip2")]
mod decoder {
    use super::super::codec::{Decoder, Fault, Step};
    use bzip2::{Decompress, Status};

    /// 100 KB and four bytes for each byte of the largest block.
    const MEMORY: usize = 4 << 20;

    pub(in super::super) fn memory(_: usize) -> usize {
        MEMORY
    }

    pub(in super::super) fn begin(granted: usize) -> Result<Box<dyn Decoder>, Fault> {
        if granted < MEMORY { Err(Fault::Memory(MEMORY as u64)) } else { Ok(Box::new(Bzip2(stream()))) }
    }

    struct Bzip2(Decompress);

    fn stream() -> Decompress {
        let small = false;
        Decompress::new(small)
    }

    impl Decoder for Bzip2 {
        fn step(&mut self, from: &[u8], into: &mut [u8], _: bool) -> Result<Step, Fault> {
            let (taken, given) = (self.0.total_in(), self.0.total_out());
            let status = match self.0.decompress(from, into).map_err(|_| Fault::Corrupt)? {
                Status::MemNeeded => return Err(Fault::Memory(0)),
                status => status,
            };
            let since = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
            Ok(Step {
                taken: since(self.0.total_in(), taken),
                given: since(self.0.total_out(), given),
                ended: status == Status::StreamEnd,
            })
        }

        fn again(&mut self) {
            self.0 = stream();
        }
    }
}
