//! xz, of one stream or many, with padding between. The check of each block is verified, where the
//! file has one.

use super::codec::Codec;
#[cfg(not(feature = "xz"))]
use super::codec::left_out as decoder;

pub(super) const CODEC: Codec = Codec {
    name: "xz",
    extensions: &[".xz"],
    magics: &[&[(0xfd, 0xfd), (b'7', b'7'), (b'z', b'z'), (b'X', b'X'), (b'Z', b'Z'), (0, 0)]],
    memory: decoder::memory,
    begin: decoder::begin,
    // The format has rules of its own for it, which the decoder knows.
    padded: false,
    #[cfg(feature = "xz")]
    threaded: Some(decoder::begin_threaded),
    #[cfg(not(feature = "xz"))]
    threaded: None,
    apart: None,
};

#[cfg(feature = "xz")]
mod decoder {
    use super::super::codec::{Decoder, Fault, Step};
    use liblzma::stream::{Action, CONCATENATED, Error, MtStreamBuilder, Status, Stream};

    pub(in super::super) fn memory(granted: usize) -> usize {
        granted
    }

    pub(in super::super) fn begin(granted: usize) -> Result<Box<dyn Decoder>, Fault> {
        let stream = Stream::new_stream_decoder(granted as u64, CONCATENATED);
        stream.map(|stream| Box::new(Xz(stream)) as Box<dyn Decoder>).map_err(|_| Fault::Memory(0))
    }

    /// With threads of its own for blocks whose sizes the file says, as far as the memory suffices
    /// for them; it needs less for blocks one after another.
    pub(in super::super) fn begin_threaded(
        granted: usize,
        n_threads: usize,
    ) -> Result<Box<dyn Decoder>, Fault> {
        let stream = threaded(granted, n_threads)?;
        Ok(Box::new(Threaded { xz: Xz(stream), granted, n_threads }))
    }

    fn threaded(granted: usize, n_threads: usize) -> Result<Stream, Fault> {
        let mut builder = MtStreamBuilder::new();
        builder.threads(u32::try_from(n_threads).unwrap_or(u32::MAX));
        builder.memlimit_threading(granted as u64).memlimit_stop(granted as u64);
        builder.decoder().map_err(|_| Fault::Memory(0))
    }

    /// One stream after another: the crate knows no flags for this decoder. Padding between them is
    /// a fault, and left to the other.
    struct Threaded {
        xz: Xz,
        granted: usize,
        n_threads: usize,
    }

    impl Decoder for Threaded {
        fn step(&mut self, from: &[u8], into: &mut [u8], last: bool) -> Result<Step, Fault> {
            self.xz.step(from, into, last)
        }

        fn again(&mut self) {
            if let Ok(stream) = threaded(self.granted, self.n_threads) {
                self.xz = Xz(stream);
            }
        }
    }

    struct Xz(Stream);

    impl Decoder for Xz {
        fn step(&mut self, from: &[u8], into: &mut [u8], last: bool) -> Result<Step, Fault> {
            let (taken, given) = (self.0.total_in(), self.0.total_out());
            let action = if last { Action::Finish } else { Action::Run };
            let status = match self.0.process(from, into, action) {
                Ok(status) => status,
                Err(Error::MemLimit) => return Err(Fault::Memory(self.needs())),
                Err(Error::Mem) => return Err(Fault::Memory(0)),
                Err(_) => return Err(Fault::Corrupt),
            };
            let since = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
            Ok(Step {
                taken: since(self.0.total_in(), taken),
                given: since(self.0.total_out(), given),
                ended: status == Status::StreamEnd,
            })
        }
    }

    impl Xz {
        /// What the block at hand needs: the least limit that is not refused, to a MiB.
        fn needs(&mut self) -> u64 {
            (1..=4096).map(|mib| mib << 20).find(|limit| self.0.set_memlimit(*limit).is_ok()).unwrap_or(0)
        }
    }
}
