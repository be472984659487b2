//! zstd (RFC 8878), of one frame or many, skippable ones among them. Check sums are verified, where
//! the file has them.

#[cfg(not(feature = "zstd"))]
use super::codec::left_out as decoder;
use super::codec::{Apart, Codec};
use super::zstd_frames;

pub(super) const CODEC: Codec = Codec {
    name: "zstd",
    extensions: &[".zst", ".zstd"],
    magics: &[
        &[(0x28, 0x28), (0xb5, 0xb5), (0x2f, 0x2f), (0xfd, 0xfd)],
        // A skippable frame may come first.
        &[(0x50, 0x5f), (0x2a, 0x2a), (0x4d, 0x4d), (0x18, 0x18)],
    ],
    memory: decoder::memory,
    begin: decoder::begin,
    padded: false,
    threaded: None,
    apart: Some(Apart { pieces: zstd_frames::pieces, text: |share| (share / 16 * 9).min(8 << 20) }),
};

#[cfg(feature = "zstd")]
mod decoder {
    use super::super::codec::{Decoder, Fault, Step};
    use zstd::stream::raw::{DParameter, Decoder as Frames, InBuffer, Operation, OutBuffer};

    /// Beside the window: blocks on their way in and out, tables.
    const BESIDE: usize = 1 << 20;

    pub(in super::super) fn memory(granted: usize) -> usize {
        granted + BESIDE
    }

    pub(in super::super) fn begin(granted: usize) -> Result<Box<dyn Decoder>, Fault> {
        let log = granted.max(1 << 10).ilog2().min(31);
        let frames = Frames::new().and_then(|mut frames| {
            frames.set_parameter(DParameter::WindowLogMax(log))?;
            Ok(frames)
        });
        let frames = frames.map_err(|_| Fault::Memory(0))?;
        Ok(Box::new(Zstd { frames, most: 1 << log, begun: false }))
    }

    struct Zstd {
        frames: Frames<'static>,
        /// The largest window.
        most: u64,
        begun: bool,
    }

    impl Decoder for Zstd {
        fn step(&mut self, from: &[u8], into: &mut [u8], _: bool) -> Result<Step, Fault> {
            let window = if self.begun { None } else { window(from) };
            self.begun |= !from.is_empty();
            let (mut input, mut output) = (InBuffer::around(from), OutBuffer::around(into));
            let hint = self.frames.run(&mut input, &mut output).map_err(|error| match window {
                // The limit is a power of two.
                Some(window) if window > self.most => Fault::Memory(window.next_power_of_two()),
                // The crate gives the library's reason as text alone.
                _ if error.to_string().contains("too much memory") => Fault::Memory(0),
                _ => Fault::Corrupt,
            })?;
            Ok(Step { taken: input.pos(), given: output.pos(), ended: hint == 0 })
        }

        fn again(&mut self) {
            self.begun = false;
        }
    }

    /// The window that the frame which starts here asks for, if that much of its header is there.
    fn window(frame: &[u8]) -> Option<u64> {
        let &[0x28, 0xb5, 0x2f, 0xfd, descriptor, ref rest @ ..] = frame else { return None };
        if descriptor & 0x20 == 0 {
            let byte = *rest.first()?;
            let base = 1 << (10 + (byte >> 3));
            return Some(base + base / 8 * u64::from(byte & 7));
        }
        // All of it is one window, as long as the content, whose size is behind the dictionary's
        // number.
        let n_dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size = rest.get(n_dictionary..)?;
        let n_size = 1 << (descriptor >> 6);
        let size = size.get(..n_size)?;
        let little = size.iter().rev().fold(0, |size, byte| size << 8 | u64::from(*byte));
        Some(if n_size == 2 { little + 256 } else { little })
    }
}
