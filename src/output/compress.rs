//! Compressed output. Each buffer becomes a gzip member or zstd frame, and every reader takes all
//! of them for one stream.
//!
//! So all workers compress at once, and the results are only written in order. This file does not
//! know what the bytes mean.
//!
//! Advice for maintainers: a new codec is one line in [`CODECS`] and an implementation of
//! [`Squeeze`].

use crate::error::{CANNOT_COMPRESS, Error, Result};
use std::fmt;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

/// A way to compress bytes.
struct Codec {
    name: &'static str,
    extension: &'static str,
    levels: RangeInclusive<u8>,
    level: u8,
    /// The bytes that a context takes: measured, and checked by a test.
    context: fn(u8) -> usize,
    open: fn(u8) -> io::Result<Box<dyn Squeeze>>,
}

/// All codecs.
const CODECS: [Codec; 2] = [
    Codec {
        name: "gzip",
        extension: "gz",
        levels: 1..=9,
        level: 6,
        context: |_| 448 << 10,
        open: |level| Ok(Box::new(Gzip::new(level))),
    },
    Codec {
        name: "zstd",
        extension: "zst",
        levels: 1..=22,
        level: 3,
        context: zstd_context,
        open: |level| Ok(Box::new(Zstd::new(level)?)),
    },
];

/// The window of a zstd frame, in bits. It is the size of a buffer. Without it a context would grow
/// with the buffer.
const ZSTD_WINDOW: u32 = 19;

/// Returns the bytes that a context takes at a level, as the library reports them for frames of
/// [`ZSTD_WINDOW`] (zstd 1.5.7).
fn zstd_context(level: u8) -> usize {
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

/// A codec and its level.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    codec: usize,
    level: u8,
}

impl Compression {
    /// Reads `gzip`, `zstd:19` and the like.
    ///
    /// # Errors
    /// There is no such codec, or it has no such level.
    pub fn parse(typed: &str) -> Result<Self> {
        let (name, level) = typed.split_once(':').map_or((typed, None), |(name, level)| (name, Some(level)));
        let Some(codec) = CODECS.iter().position(|codec| codec.name == name) else {
            let names = CODECS.map(|codec| codec.name).join(", ");
            return Err(Error::setting(format!("`compress`: '{name}' is none of {names}, none")));
        };
        let levels = &CODECS[codec].levels;
        let level = match level {
            None => Some(CODECS[codec].level),
            Some(level) => level.parse().ok().filter(|level| levels.contains(level)),
        };
        let Some(level) = level else {
            let (least, most) = (levels.start(), levels.end());
            return Err(Error::setting(format!(
                "`compress` {typed}: the levels of {name} are {least} to {most}"
            )));
        };
        Ok(Self { codec, level })
    }

    /// Returns the compression that the name of a file asks for.
    pub fn by_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        let codec = CODECS.iter().position(|codec| extension.eq_ignore_ascii_case(codec.extension))?;
        Some(Self { codec, level: CODECS[codec].level })
    }

    /// Returns how the names of its files end, without a dot.
    pub fn extension(self) -> &'static str {
        CODECS[self.codec].extension
    }

    /// Returns the bytes that the context of one worker takes.
    pub(crate) fn context(self) -> usize {
        (CODECS[self.codec].context)(self.level)
    }

    /// Returns the most bytes that `n` bytes become, in a few members or frames.
    pub(crate) fn bound(n: usize) -> usize {
        n + n / 8 + 4096
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", CODECS[self.codec].name, self.level)
    }
}

impl fmt::Debug for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether the output is compressed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compress {
    /// As the extension of the output's name says.
    #[default]
    ByName,
    /// Not compressed, whatever its name.
    Not,
    /// Compressed this way, whatever its name.
    As(Compression),
}

impl fmt::Display for Compress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByName => f.write_str("by name"),
            Self::Not => f.write_str("none"),
            Self::As(compression) => compression.fmt(f),
        }
    }
}

/// A codec with its context.
trait Squeeze: Send {
    /// Makes one member or frame of `raw` and returns its length.
    fn squeeze(&mut self, raw: &[u8], to: &mut [u8]) -> io::Result<usize>;
}

struct Gzip(flate2::Compress);

impl Gzip {
    fn new(level: u8) -> Self {
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

struct Zstd(zstd::bulk::Compressor<'static>);

impl Zstd {
    fn new(level: u8) -> io::Result<Self> {
        let mut context = zstd::bulk::Compressor::new(level.into())?;
        context.include_checksum(true)?;
        context.set_parameter(zstd::zstd_safe::CParameter::WindowLog(ZSTD_WINDOW))?;
        Ok(Self(context))
    }
}

impl Squeeze for Zstd {
    fn squeeze(&mut self, raw: &[u8], to: &mut [u8]) -> io::Result<usize> {
        self.0.compress_to_buffer(raw, to)
    }
}

/// A worker's context and buffer.
pub(crate) struct Packer {
    codec: Box<dyn Squeeze>,
    buffer: Box<[u8]>,
    /// What was made ahead: the range of the input bytes, and its range in `buffer`.
    ready: [Option<(Range<usize>, Range<usize>)>; 3],
}

impl Packer {
    /// Makes a packer for buffers of at most `n_bytes`.
    ///
    /// # Errors
    /// The codec gets no memory.
    pub(crate) fn new(compression: Compression, n_bytes: usize) -> Result<Self> {
        let codec = (CODECS[compression.codec].open)(compression.level).map_err(refused)?;
        let buffer = vec![0; Compression::bound(n_bytes)].into_boxed_slice();
        Ok(Self { codec, buffer, ready: [const { None }; 3] })
    }

    /// Makes members or frames of some ranges of `raw` before they are asked for. If this fails, it
    /// fails again when they are asked for, and the error is reported then.
    pub(crate) fn ahead(&mut self, raw: &[u8], ranges: [Range<usize>; 3]) {
        self.ready = [const { None }; 3];
        let mut at = 0;
        for (range, ready) in ranges.into_iter().zip(&mut self.ready) {
            if range.is_empty() {
                continue;
            }
            let Ok(n) = self.codec.squeeze(&raw[range.clone()], &mut self.buffer[at..]) else { return };
            *ready = Some((range, at..at + n));
            at += n;
        }
    }

    /// Returns the member or frame of a range of `raw`. If it was not made ahead, it is made now,
    /// in the place of those that were.
    ///
    /// # Errors
    /// The codec fails.
    pub(crate) fn pack(&mut self, raw: &[u8], range: Range<usize>) -> Result<&[u8]> {
        let made = self.ready.iter().flatten().find(|(of, _)| *of == range).map(|(_, at)| at.clone());
        let at = match made {
            Some(at) => at,
            None => {
                self.ready = [const { None }; 3];
                let n = self.codec.squeeze(&raw[range.clone()], &mut self.buffer).map_err(refused)?;
                self.ready[0] = Some((range, 0..n));
                0..n
            }
        };
        Ok(&self.buffer[at])
    }
}

/// Makes one member or frame, for bytes that are always the same.
///
/// # Errors
/// The codec fails.
pub(super) fn packed(compression: Compression, bytes: &[u8]) -> Result<Box<[u8]>> {
    Ok(Packer::new(compression, bytes.len())?.pack(bytes, 0..bytes.len())?.into())
}

fn refused(error: io::Error) -> Error {
    Error::io(CANNOT_COMPRESS, "output", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Text, and bytes that no codec makes smaller.
    fn samples() -> [Vec<u8>; 4] {
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        let text = (0..40_000).flat_map(|i| format!("{{\"id\":\"{i}\",\"name\":\"Ada\"}}\n").into_bytes());
        [Vec::new(), b",".to_vec(), text.collect(), (0..3 << 20).map(|_| noise()).collect()]
    }

    #[test]
    fn every_level_gives_back_what_went_in() {
        for bytes in samples() {
            for level in [1, 6, 9] {
                let compression = Compression::parse(&format!("gzip:{level}")).unwrap();
                let packed = packed(compression, &bytes).unwrap();
                let mut back = Vec::new();
                flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut back).unwrap();
                assert!(back == bytes, "gzip:{level}, {} bytes", bytes.len());
            }
            for level in [1, 3, 9, 19] {
                let compression = Compression::parse(&format!("zstd:{level}")).unwrap();
                let packed = packed(compression, &bytes).unwrap();
                // The frame contains the size and a checksum.
                assert_eq!(
                    zstd::zstd_safe::get_frame_content_size(&packed).unwrap(),
                    Some(bytes.len() as u64)
                );
                assert_eq!(packed[4] & 4, 4);
                assert!(zstd::bulk::decompress(&packed, bytes.len()).unwrap() == bytes, "zstd:{level}");
            }
        }
    }

    #[test]
    fn contexts_are_no_larger_than_the_table_says() {
        let bytes = &samples()[3];
        for level in CODECS[1].levels.clone() {
            for n in [100 << 10, 256 << 10, 512 << 10, 3 << 20] {
                let mut codec = Zstd::new(level).unwrap();
                codec.squeeze(&bytes[..n], &mut vec![0; Compression::bound(n)]).unwrap();
                let (real, listed) = (codec.0.context_mut().sizeof(), zstd_context(level));
                assert!(real <= listed, "zstd:{level}, {n}: {real}, not {listed}");
            }
        }
    }

    #[test]
    fn names_and_levels() {
        let shown = |typed: &str| Compression::parse(typed).map(|found| found.to_string()).ok();
        assert_eq!(shown("gzip").as_deref(), Some("gzip:6"));
        assert_eq!(shown("zstd:22").as_deref(), Some("zstd:22"));
        for typed in ["gzip:0", "gzip:10", "zstd:23", "zstd:", "zip", "zstd:3:4", ""] {
            assert_eq!(shown(typed), None, "{typed}");
        }
        let named = |name: &str| Compression::by_extension(Path::new(name)).map(|found| found.to_string());
        assert_eq!(named("a.jsonl.gz").as_deref(), Some("gzip:6"));
        assert_eq!(named("a.ZST").as_deref(), Some("zstd:3"));
        assert_eq!((named("a.jsonl"), named("zst"), named(".gz")), (None, None, None));
    }
}
