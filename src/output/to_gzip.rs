//! gzip as an output codec: members, one after another.

use super::codec::Codec;

pub(super) const CODEC: Codec = Codec {
    name: "gzip",
    extension: "gz",
    levels: 1..=9,
    level: 6,
    context: |_| 448 << 10,
    #[cfg(feature = "gzip")]
    open: Some(|level| Ok(Box::new(encoder::Gzip::new(level)))),
    #[cfg(not(feature = "gzip"))]
    open: None,
};

#[cfg(feature = "gzip")]
mod encoder {
    use super::super::codec::Squeeze;
    use std::io;

    pub(super) struct Gzip(flate2::Compress);

    impl Gzip {
        pub(super) fn new(level: u8) -> Self {
            Self(flate2::Compress::new_gzip(flate2::Compression::new(level.into()), 15))
        }
    }

    impl Squeeze for Gzip {
        fn squeeze(&mut self, raw: &[u8], to: &mut [u8]) -> io::Result<usize> {
            self.0.reset();
            match self.0.compress(raw, to, flate2::FlushCompress::Finish)? {
                flate2::Status::StreamEnd => usize::try_from(self.0.total_out()).map_err(io::Error::other),
                _ => Err(io::ErrorKind::WriteZero.into()),
            }
        }
    }
}
