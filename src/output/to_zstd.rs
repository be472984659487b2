//! zstd as an output codec: frames, one after another, each with its size and a checksum.

use super::codec::Codec;

pub(super) const CODEC: Codec = Codec {
    name: "zstd",
    extension: "zst",
    levels: 1..=22,
    level: 3,
    context,
    #[cfg(feature = "zstd")]
    open: Some(|level| Ok(Box::new(encoder::Zstd::new(level)?))),
    #[cfg(not(feature = "zstd"))]
    open: None,
};

/// The window of a zstd frame, in bits. It is the size of a buffer. Without it a context would grow
/// with the buffer.
#[cfg(feature = "zstd")]
const WINDOW: u32 = 19;

/// Returns the bytes that a context takes at a level, as the library reports them for frames of
/// half a MiB (zstd 1.5.7).
fn context(level: u8) -> usize {
    let kib = match level {
        0..=1 => 640,
        2 => 832,
        3 => 1344,
        4 => 2624,
        5..=6 => 3136,
        7..=12 => 5696,
        13..=15 => 8768,
        _ => 9600,
    };
    kib << 10
}

#[cfg(feature = "zstd")]
mod encoder {
    use super::super::codec::Squeeze;
    use super::WINDOW;
    use std::io;

    pub(super) struct Zstd(pub(super) zstd::bulk::Compressor<'static>);

    impl Zstd {
        pub(super) fn new(level: u8) -> io::Result<Self> {
            let mut context = zstd::bulk::Compressor::new(level.into())?;
            context.include_checksum(true)?;
            context.set_parameter(zstd::zstd_safe::CParameter::WindowLog(WINDOW))?;
            Ok(Self(context))
        }
    }

    impl Squeeze for Zstd {
        fn squeeze(&mut self, raw: &[u8], to: &mut [u8]) -> io::Result<usize> {
            self.0.compress_to_buffer(raw, to)
        }
    }
}

#[cfg(all(test, feature = "zstd"))]
mod tests {
    use super::super::codec::Squeeze;
    use super::*;

    #[test]
    fn contexts_are_no_larger_than_the_table_says() {
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        // Bytes that no codec makes smaller.
        let bytes: Vec<u8> = (0..3 << 20).map(|_| noise()).collect();
        for level in CODEC.levels {
            for n in [100 << 10, 256 << 10, 512 << 10, 3 << 20] {
                let mut codec = encoder::Zstd::new(level).unwrap();
                codec.squeeze(&bytes[..n], &mut vec![0; n + n / 8 + 4096]).unwrap();
                let (real, listed) = (codec.0.context_mut().sizeof(), context(level));
                assert!(real <= listed, "zstd:{level}, {n}: {real}, not {listed}");
            }
        }
    }
}
