//! Compressed input, unpacked on the way in: the table of codecs.
//!
//! A codec is known by the bytes it starts with, never by a name. It unpacks straight into the
//! buffer of the reader, from a fixed buffer of its own; files of many members, streams or
//! frames are one text. What is cut short, damaged, or followed by something else is an error that
//! says at which byte of the compressed file: nothing is lost in silence.
//!
//! It does not know what the bytes mean. Advice for maintainers: a codec is a file with a
//! [`Decoder`], and a line in [`CODECS`].

mod at_once;
mod bgzf;
mod bzip2;
mod bzip2_blocks;
mod codec;
mod gzip;
mod in_parallel;
mod lz4;
mod pieces;
mod reader;
mod stored;
mod xz;
mod zstd;
mod zstd_frames;

pub(super) use codec::Codec;
pub(super) use in_parallel::InParallel;
pub(super) use reader::{Damage, HEADER, LOOK, Unpack};

use reader::{CUT_SHORT, RAW};
use std::io;

/// All codecs.
static CODECS: [Codec; 5] = [gzip::CODEC, zstd::CODEC, bzip2::CODEC, xz::CODEC, lz4::CODEC];

/// The codecs of members of zip archives, by the number of the method.
static METHODS: [(u16, Codec); 5] =
    [(0, stored::CODEC), (8, gzip::DEFLATE), (12, bzip2::CODEC), (93, zstd::CODEC), (95, xz::CODEC)];

/// The codec whose files start so.
pub(super) fn by_magic(start: &[u8]) -> Option<&'static Codec> {
    CODECS.iter().find(|codec| codec.starts(start))
}

/// The codec whose files start so, as far as `start` goes, which is too short to decide.
pub(super) fn may_be(start: &[u8]) -> Option<&'static Codec> {
    CODECS.iter().find(|codec| codec.may_start(start))
}

/// The codec of a zip archive's method.
pub(super) fn by_method(method: u16) -> Option<&'static Codec> {
    METHODS.iter().find(|(number, _)| *number == method).map(|(_, codec)| codec)
}

/// The codec of a file that ends with `start`, too early to be recognised by its magic bytes, and
/// yet can't be a text: of more bytes than one, one is of no text.
pub(super) fn cut_short(start: &[u8]) -> Option<&'static Codec> {
    let of_no_text = |byte: &u8| *byte >= 0x80 || *byte < b' ' && !byte.is_ascii_whitespace();
    may_be(start).filter(|_| start.len() > 1 && start.iter().any(of_no_text))
}

/// Whether a file of these bytes is unpacked, or is the beginning of one that would be.
pub fn is_packed(bytes: &[u8]) -> bool {
    by_magic(bytes).or_else(|| cut_short(bytes)).is_some()
}

/// The name that a file has when it is unpacked.
pub(crate) fn unpacked_name(name: &str) -> &str {
    let ends = |extension: &&&str| {
        name.len() > extension.len()
            && name.is_char_boundary(name.len() - extension.len())
            && name[name.len() - extension.len()..].eq_ignore_ascii_case(extension)
    };
    let extension = CODECS.iter().flat_map(|codec| codec.extensions).find(ends);
    extension.map_or(name, |extension| &name[..name.len() - extension.len()])
}

impl Codec {
    /// The most memory that unpacking takes, where so much is granted.
    pub(super) fn memory(&self, granted: usize) -> usize {
        (self.memory)(granted) + RAW
    }

    /// The error for a file that ends at byte `at`.
    pub(super) fn ends_at(&'static self, at: usize) -> io::Error {
        io::Error::other(Damage { format: self.name, at: at as u64, reason: CUT_SHORT.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_not_taken_for_compressed() {
        for text in
            [&b"BZh9,name\n1,2\n"[..], b"BZh91AY&SX,b\n", b"(\xb5/,a\n", b"\x1f\x8b\x09", b"P*M,a\n", b""]
        {
            assert!(by_magic(text).is_none(), "{}", text.escape_ascii());
        }
        assert_eq!(by_magic(b"BZh91AY&SY,").map(|codec| codec.name), Some("bzip2"));
        assert_eq!(by_magic(b"\x5a*M\x18").map(|codec| codec.name), Some("zstd"));
        assert!(may_be(b"BZh9").is_some() && may_be(b"BZh0").is_none() && may_be(b"\xfd7zXZ\x01").is_none());
    }

    #[cfg(not(feature = "zstd"))]
    #[test]
    fn what_is_left_out_is_named() {
        let codec = by_magic(b"\x28\xb5\x2f\xfd").unwrap();
        let error = Unpack::new(&b""[..], codec, 1 << 20).err().unwrap().to_string();
        assert_eq!(error, "this build cannot unpack it: it was made without the feature zstd");
    }

    #[test]
    fn names_are_looked_through_once() {
        assert_eq!(unpacked_name("a.tsv.gz"), "a.tsv");
        assert_eq!(unpacked_name("A.TSV.ZST"), "A.TSV");
        assert_eq!(unpacked_name("a.gz.gz"), "a.gz");
        assert_eq!((unpacked_name(".gz"), unpacked_name("gz"), unpacked_name("ä")), (".gz", "gz", "ä"));
    }
}
