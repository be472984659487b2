//! Delimiters, terminators and quotes of several bytes.
//!
//! As an input is read, one byte takes the place of each (`input/fold.rs`), so that all else knows
//! those of one byte alone. That is done wherever they stand, in quotes too; so a field that holds
//! such a byte has the several again as its content (`parse/field.rs`). Bytes that had these values
//! before become others that no UTF-8 holds, and come back the same way.

use crate::charset::Charset;
use crate::error::{Error, Result};
use crate::sequence::ByteSequence;

/// The bytes that stand for a delimiter, a terminator and a quote of several bytes.
pub(crate) const FOLDED: [u8; 3] = [0x1f, 0x1e, 0x1d];
/// What stands for those bytes where the input has them itself.
pub(crate) const OWN: [u8; 3] = [0xf6, 0xf5, 0xf7];
/// What stands for the bytes above: invalid as they are.
pub(crate) const INVALID: u8 = 0xf8;
/// The settings, in the order of the arrays.
const SETTINGS: [&str; 3] = ["`delimiter`", "`terminator`", "`quote`"];

/// The sequences that one byte takes the place of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folding {
    /// The delimiter, the terminator and the quote, of those that are several bytes.
    pub(crate) sequences: [Option<ByteSequence>; 3],
    /// Behind it no sequence starts.
    pub(crate) escape: Option<u8>,
}

impl Folding {
    /// Whether there is something to fold.
    pub(crate) fn is_any(&self) -> bool {
        self.sequences.iter().any(Option::is_some)
    }

    /// Whether all that is folded is text in UTF-8.
    pub(crate) fn is_text(&self) -> bool {
        let is_text = |sequence: &ByteSequence| std::str::from_utf8(sequence.bytes()).is_ok();
        self.sequences.iter().flatten().all(is_text)
    }

    /// What a byte stands for; `None` if it is itself.
    #[inline]
    pub(crate) fn meant(&self, byte: u8) -> Option<&[u8]> {
        for ((sequence, folded), own) in self.sequences.iter().zip(&FOLDED).zip(OWN) {
            if let Some(sequence) = sequence {
                if byte == *folded {
                    return Some(sequence.bytes());
                }
                if byte == own {
                    return Some(std::slice::from_ref(folded));
                }
            }
        }
        None
    }

    /// The bytes that folded ones stand for.
    pub(crate) fn unfolded(&self, bytes: &[u8]) -> Vec<u8> {
        let mut unfolded = Vec::with_capacity(bytes.len());
        for byte in bytes {
            unfolded.extend_from_slice(self.meant(*byte).unwrap_or(std::slice::from_ref(byte)));
        }
        unfolded
    }

    /// How an input of one byte a character is parsed; `None` if something is several of its
    /// characters, too.
    ///
    /// # Errors
    /// It lacks one of the characters.
    pub(crate) fn in_page(&self, charset: Charset) -> Result<Option<Separators>> {
        let mut separators = Separators::default();
        for (i, sequence) in self.sequences.iter().enumerate() {
            let Some(sequence) = sequence else { continue };
            let encoded = match std::str::from_utf8(sequence.bytes()) {
                Ok(text) => charset.encode(text).ok_or_else(|| {
                    let what = format!("{} '{}'", SETTINGS[i], text.escape_debug());
                    Error::setting(format!("{what} is not in the input's encoding"))
                })?,
                Err(_) => sequence.bytes().to_vec(),
            };
            let [byte] = encoded[..] else { return Ok(None) };
            separators.bytes[i] = Some(byte);
        }
        Ok(Some(separators))
    }
}

/// How the delimiter, the terminator and the quote of an input are parsed, of those that are
/// several bytes in UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Separators {
    /// As one byte each.
    pub(crate) bytes: [Option<u8>; 3],
    /// They were folded to these.
    pub(crate) folding: Option<Folding>,
}

impl Separators {
    /// Those of text that was folded, if it was.
    pub(crate) fn folded(folding: Option<Folding>) -> Self {
        let sequences = folding.map_or([None; 3], |folding| folding.sequences);
        let mut bytes = FOLDED.map(Some);
        for (byte, sequence) in bytes.iter_mut().zip(sequences) {
            *byte = byte.filter(|_| sequence.is_some());
        }
        Self { bytes, folding }
    }
}
