//! Compressed output. Each buffer becomes a gzip member or zstd frame, and every reader takes all
//! of them for one stream.
//!
//! So all workers compress at once, and the results are only written in order. This file does not
//! know what the bytes mean.
//!
//! Advice for maintainers: a new codec is a file with its `CODEC`, and a line in [`CODECS`].

use super::codec::{Codec, Open, Squeeze};
use super::{to_gzip, to_zstd};
use crate::error::{CANNOT_COMPRESS, Error, Result};
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;

/// All codecs.
const CODECS: [Codec; 2] = [to_gzip::CODEC, to_zstd::CODEC];

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

    /// Returns what makes a context.
    ///
    /// # Errors
    /// This build leaves the codec out.
    fn open(self) -> Result<Open> {
        let Codec { name, open, .. } = &CODECS[self.codec];
        let left_out =
            || Error::setting(format!("`compress` {name}: this build was made without the feature {name}"));
        open.ok_or_else(left_out)
    }

    /// Checks that this build can do it.
    ///
    /// # Errors
    /// It leaves the codec out.
    pub(crate) fn check(self) -> Result<()> {
        self.open().map(|_| ())
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
#[non_exhaustive]
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
        let codec = compression.open()?(compression.level).map_err(refused)?;
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

#[cfg(all(test, feature = "gzip", feature = "zstd"))]
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

#[cfg(all(test, not(feature = "zstd")))]
mod left_out {
    use super::*;

    #[test]
    fn what_is_left_out_is_named() {
        let error = Compression::parse("zstd").unwrap().check().unwrap_err().to_string();
        assert_eq!(error, "`compress` zstd: this build was made without the feature zstd");
    }
}
