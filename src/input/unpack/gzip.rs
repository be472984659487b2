//! gzip (RFC 1952), of one member or many, BGZF too: check sum and length of each member are
//! verified. And deflate alone, as archives have it.

use super::bgzf;
#[cfg(not(feature = "gzip"))]
use super::codec::left_out as decoder;
use super::codec::{Apart, Codec};

pub(super) const CODEC: Codec = Codec {
    name: "gzip",
    extensions: &[".gz", ".bgz"],
    magics: &[&[(0x1f, 0x1f), (0x8b, 0x8b), (8, 8)]],
    memory: decoder::memory,
    begin: decoder::begin,
    padded: true,
    threaded: None,
    apart: Some(Apart { pieces: bgzf::pieces, text: |_| 1 << 20 }),
};

/// Deflate without a frame around it.
pub(super) const DEFLATE: Codec = Codec {
    name: "deflate",
    extensions: &[],
    magics: &[],
    memory: decoder::memory,
    #[cfg(feature = "gzip")]
    begin: decoder::begin_raw,
    #[cfg(not(feature = "gzip"))]
    begin: decoder::begin,
    padded: false,
    threaded: None,
    apart: None,
};

#[cfg(feature = "gzip")]
mod decoder {
    use super::super::codec::{Decoder, Fault, Step};
    use flate2::{Decompress, FlushDecompress, Status};

    pub(in super::super) fn memory(_: usize) -> usize {
        // A window of 32 KiB and tables.
        128 << 10
    }

    pub(in super::super) fn begin(_: usize) -> Result<Box<dyn Decoder>, Fault> {
        Ok(Box::new(Gzip(member())))
    }

    pub(in super::super) fn begin_raw(_: usize) -> Result<Box<dyn Decoder>, Fault> {
        Ok(Box::new(Deflate(Decompress::new(false))))
    }

    struct Gzip(Decompress);

    struct Deflate(Decompress);

    /// The window is the largest that the format has.
    fn member() -> Decompress {
        Decompress::new_gzip(15)
    }

    impl Decoder for Gzip {
        fn step(&mut self, from: &[u8], into: &mut [u8], _: bool) -> Result<Step, Fault> {
            inflate(&mut self.0, from, into)
        }

        fn again(&mut self) {
            // The crate's own reset forgets that it is gzip.
            self.0 = member();
        }
    }

    impl Decoder for Deflate {
        fn step(&mut self, from: &[u8], into: &mut [u8], _: bool) -> Result<Step, Fault> {
            inflate(&mut self.0, from, into)
        }

        fn again(&mut self) {
            self.0.reset(false);
        }
    }

    fn inflate(stream: &mut Decompress, from: &[u8], into: &mut [u8]) -> Result<Step, Fault> {
        let (taken, given) = (stream.total_in(), stream.total_out());
        let status = stream.decompress(from, into, FlushDecompress::None).map_err(|_| Fault::Corrupt)?;
        let since = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
        Ok(Step {
            taken: since(stream.total_in(), taken),
            given: since(stream.total_out(), given),
            ended: status == Status::StreamEnd,
        })
    }
}
