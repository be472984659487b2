//! Other encodings to UTF-8, on the way in. Today UTF-16, told by its byte-order mark.
//!
//! What cannot be decoded becomes one byte 0xFF, which no UTF-8 holds: so it is found, counted and replaced where all invalid
//! bytes are, with its record and column.

use encoding_rs::{Decoder, DecoderResult, Encoding};
use std::io::{self, Read};

/// A reader that decodes another.
pub(super) struct Decode<R> {
    reader: R,
    decoder: Decoder,
    raw: Buffer,
    decoded: Buffer,
    ended: bool,
    finished: bool,
}

/// Bytes `start..end` are of use.
struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    fn new() -> Self {
        Self { bytes: vec![0; 32 * 1024].into_boxed_slice(), start: 0, end: 0 }
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// The encoding that a byte-order mark tells, other than UTF-8, and the mark's length.
pub(super) fn by_mark(start: &[u8]) -> Option<(&'static Encoding, usize)> {
    Encoding::for_bom(start).filter(|(encoding, _)| *encoding != encoding_rs::UTF_8)
}

/// How many bytes of UTF-16 became these: two for each character, four beyond the basic plane.
pub(super) fn measure_utf16(bytes: &[u8]) -> u64 {
    let units = |byte: u8| match byte {
        0x80..=0xbf => 0,
        0xf0..=0xf7 => 4,
        _ => 2,
    };
    bytes.iter().map(|&byte| units(byte)).sum()
}

impl<R: Read> Decode<R> {
    /// Decodes what `reader` gives, which stands behind the byte-order mark.
    pub(super) fn new(reader: R, encoding: &'static Encoding) -> Self {
        Self {
            reader,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: Buffer::new(),
            decoded: Buffer::new(),
            ended: false,
            finished: false,
        }
    }

    /// Decodes until something is there or the input ends.
    fn decode(&mut self) -> io::Result<()> {
        while self.decoded.is_empty() && !self.finished {
            if self.raw.is_empty() && !self.ended {
                self.raw.start = 0;
                self.raw.end = 0;
                let n = self.reader.read(&mut self.raw.bytes)?;
                self.ended = n == 0;
                self.raw.end = n;
            }
            let from = &self.raw.bytes[self.raw.start..self.raw.end];
            // One byte is kept for what cannot be decoded.
            let room = self.decoded.bytes.len() - 1;
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                from,
                &mut self.decoded.bytes[..room],
                self.ended,
            );
            self.raw.start += read;
            self.decoded.start = 0;
            self.decoded.end = written;
            match result {
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.decoded.bytes[written] = 0xff;
                    self.decoded.end += 1;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decode<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.decode()?;
        let from = &self.decoded.bytes[self.decoded.start..self.decoded.end];
        let n = from.len().min(into.len());
        into[..n].copy_from_slice(&from[..n]);
        self.decoded.start += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_becomes_utf8_and_bad_units_one_byte_each() {
        let text = "a,é\n日本,😀\n";
        for little in [true, false] {
            let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            let mut raw: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            raw.extend(bytes(0xd800));
            raw.extend(bytes(u16::from(b'x')));
            raw.push(0);
            let encoding = if little { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
            let mut decoded = Vec::new();
            Decode::new(&raw[..], encoding).read_to_end(&mut decoded).unwrap();
            let expected = [text.as_bytes(), b"\xff", b"x", b"\xff"].concat();
            assert_eq!(decoded, expected);
            assert_eq!(measure_utf16(&decoded), raw.len() as u64 + 1, "but for the odd byte at the end");
        }
    }
}
