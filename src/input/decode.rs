//! Other encodings to UTF-8, on the way in.
//!
//! What cannot be decoded becomes one byte that no UTF-8 holds (see [`malformed`]). Where the width
//! of a character does not always determine how many bytes it took, chunks are compared with what
//! their text should have taken, and one that differs is decoded once more, byte by byte, to note
//! where. So positions are right to the byte and nearly all text is decoded at full speed.

use super::encoding::{Encoding, Width, malformed};
use super::offset_map::OffsetMap;
use crate::folding::Folding;
use encoding_rs::{Decoder, DecoderResult};
use std::io::{self, Read};
use std::sync::Arc;

/// Decoded at once. Its text is at most three times as long, and a few bytes.
const CHUNK: usize = 16 << 10;

/// A reader that decodes another.
pub(super) struct Decode<R> {
    reader: R,
    encoding: Encoding,
    care: Care,
    offsets: Arc<OffsetMap>,
    steps: Steps,
    /// Nothing of a character waits in the decoder.
    neutral: bool,
    /// Read and not decoded yet: `raw[..n_raw]`.
    raw: Box<[u8]>,
    n_raw: usize,
    ended: bool,
    finished: bool,
    /// Of the text, `text[start..end]` waits; `text[0]` is byte `at` of all.
    text: Box<[u8]>,
    start: usize,
    end: usize,
    at: u64,
}

/// Whether widths determine how many bytes were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    /// Always.
    None,
    /// But for a few characters.
    Chunks,
    /// There are sequences that give no text.
    Bytes,
}

impl Care {
    fn of(encoding: Encoding) -> Self {
        match encoding.name() {
            "EUC-JP" | "gb18030" | "GBK" => Self::Chunks,
            "ISO-2022-JP" => Self::Bytes,
            _ => Self::None,
        }
    }
}

impl<R: Read> Decode<R> {
    /// Decodes what `reader` gives, which is behind the byte-order mark. What is decoded is folded
    /// then if that is given.
    pub(super) fn new(reader: R, encoding: Encoding, folding: Option<&Folding>) -> Self {
        let care = Care::of(encoding);
        let width = Width::of(encoding.0);
        let mut offsets = if care == Care::None { OffsetMap::exact(width) } else { OffsetMap::noted(width) };
        if let Some(folding) = folding {
            offsets = offsets.of_folded(Width::of(encoding.0).folded(folding));
        }
        Self {
            reader,
            encoding,
            care,
            offsets: Arc::new(offsets),
            steps: Steps::new(encoding),
            neutral: true,
            raw: vec![0; CHUNK].into_boxed_slice(),
            n_raw: 0,
            ended: false,
            finished: false,
            text: vec![0; 3 * CHUNK + 64].into_boxed_slice(),
            start: 0,
            end: 0,
            at: 0,
        }
    }

    /// The map from lengths of text to lengths of input.
    pub(super) fn offsets(&self) -> Arc<OffsetMap> {
        Arc::clone(&self.offsets)
    }

    /// Reads on and decodes what is there.
    fn decode(&mut self) -> io::Result<()> {
        self.at += self.end as u64;
        (self.start, self.end) = (0, 0);
        if !self.ended {
            let n = self.reader.read(&mut self.raw[self.n_raw..])?;
            self.ended = n == 0;
            self.n_raw += n;
        }
        // Behind so small a byte nothing of a character waits, in the encodings where it matters.
        let last = self.raw[..self.n_raw].iter().rposition(|byte| *byte < 0x30).map(|at| at + 1);
        let n = match (self.care, last) {
            (Care::None, _) => self.chunk(self.n_raw),
            (Care::Chunks, Some(n)) if self.neutral => {
                self.chunk(n);
                self.compare(n);
                n
            }
            _ => {
                self.neutral = last == Some(self.n_raw);
                self.byte_by_byte(self.n_raw)
            }
        };
        self.raw.copy_within(n..self.n_raw, 0);
        self.n_raw -= n;
        if self.ended && self.n_raw == 0 {
            let (at, offsets) = (self.at + self.end as u64, &self.offsets);
            let note = noting(offsets, at);
            self.end = self.steps.push(&[], true, &mut self.text, self.end, note);
            self.finished = true;
        }
        Ok(())
    }

    /// Decodes the first `n` bytes.
    fn chunk(&mut self, n: usize) -> usize {
        self.end = self.steps.push(&self.raw[..n], false, &mut self.text, 0, |_, _| ());
        n
    }

    /// Notes where the text of a chunk, which is all there is and starts with a character, implies
    /// another length than it has.
    fn compare(&self, n: usize) {
        if self.offsets.width.measure(&self.text[..self.end]) == n as u64 {
            return;
        }
        let mut steps = Steps::new(self.encoding);
        let mut note = noting(&self.offsets, self.at);
        let mut text = [0; 64];
        for byte in self.raw[..n].chunks(1) {
            steps.push(byte, false, &mut text, 0, &mut note);
        }
    }

    /// Decodes the first `n` bytes and notes each difference.
    fn byte_by_byte(&mut self, n: usize) -> usize {
        let mut note = noting(&self.offsets, self.at);
        for byte in self.raw[..n].chunks(1) {
            self.end = self.steps.push(byte, false, &mut self.text, self.end, &mut note);
        }
        n
    }
}

impl<R: Read> Read for Decode<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.start == self.end && !self.finished {
            self.decode()?;
        }
        let from = &self.text[self.start..self.end];
        let n = from.len().min(into.len());
        into[..n].copy_from_slice(&from[..n]);
        self.start += n;
        Ok(n)
    }
}

/// Notes how much more was taken than the widths imply, of text from byte `at` on.
fn noting(offsets: &OffsetMap, mut at: u64) -> impl FnMut(&[u8], u64) {
    move |text, taken| {
        at += text.len() as u64;
        let surplus = taken.wrapping_sub(offsets.width.measure(text)).cast_signed();
        if surplus != 0 {
            offsets.note(at, surplus);
        }
    }
}

/// A decoder, and how many bytes it took of which nothing has come out yet.
struct Steps {
    decoder: Decoder,
    pending: u64,
}

impl Steps {
    fn new(encoding: Encoding) -> Self {
        Self { decoder: encoding.0.new_decoder_without_bom_handling(), pending: 0 }
    }

    /// Decodes `from` to `text[end..]`, which has room for it; returns where the text ends then. Of
    /// each piece of text `seen` gets the number of bytes that were read for it, which is right
    /// where `from` is a byte or ends with a character.
    fn push(
        &mut self,
        mut from: &[u8],
        last: bool,
        text: &mut [u8],
        mut end: usize,
        mut seen: impl FnMut(&[u8], u64),
    ) -> usize {
        loop {
            let begun = end;
            // One byte is kept for what cannot be decoded.
            let room = text.len() - 1;
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(from, &mut text[end..room], last);
            from = &from[read..];
            end += written;
            self.pending += read as u64;
            let mut waiting = 0;
            if let DecoderResult::Malformed(bad, good) = result {
                text[end] = malformed(bad);
                end += 1;
                waiting = u64::from(good);
            }
            if end > begun {
                seen(&text[begun..end], self.pending.saturating_sub(waiting));
                self.pending = waiting;
            }
            debug_assert!(result != DecoderResult::OutputFull, "there is room for all");
            if result == DecoderResult::InputEmpty {
                return end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dribble::Dribble;
    use super::*;
    use encoding_rs::{UTF_16BE, UTF_16LE};

    #[test]
    fn utf16_becomes_utf8_and_bad_units_one_byte_each() {
        let text = "a,é\n日本,😀\n";
        for little in [true, false] {
            let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            let mut raw: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            raw.extend(bytes(0xd800));
            raw.extend(bytes(u16::from(b'x')));
            raw.push(0);
            let encoding = Encoding(if little { UTF_16LE } else { UTF_16BE });
            for n in 1..20 {
                let mut decode = Decode::new(Dribble(&raw, n), encoding, None);
                let mut decoded = Vec::new();
                decode.read_to_end(&mut decoded).unwrap();
                let expected = [text.as_bytes(), b"\xfe", b"x", b"\xff"].concat();
                assert_eq!(decoded, expected);
                assert_eq!(decode.offsets().input_len(0, &decoded), raw.len() as u64);
            }
        }
    }

    /// Random bytes, many of them parts of characters: whatever the buffers, the text is what the
    /// decoder makes of all at once, and before each character as many bytes were taken as it had
    /// taken.
    #[test]
    fn lengths_are_right_whatever_the_bytes_and_buffers() {
        let mut seed = 1u32;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed
        };
        let parts: [&[u8]; 22] = [
            b"\x1b$B",
            b"\x1b(B",
            b"\x1b(J",
            b"\x1b(I",
            b"\x1b$@",
            b"\x1b",
            b"\x8f",
            b"\x80",
            b"\xa2\xe3",
            b"\x84\x31",
            b"\x81\x35\xf4\x37",
            b"\x8f\xb0\xa1",
            b"\xa1\xa1",
            b"\xff",
            b"\x88\x62",
            b"\x88",
            b"\xb0\xa1",
            b"ab,c\n",
            b"\n",
            b"\xd8\x00",
            b"\xf9\xa9",
            b"\x8e\xb1",
        ];
        for label in [
            "shift_jis",
            "euc-jp",
            "euc-kr",
            "gbk",
            "gb18030",
            "big5",
            "iso-2022-jp",
            "utf-16le",
            "utf-16be",
            "koi8-r",
        ] {
            let encoding = Encoding::for_label(label).unwrap();
            for round in 0..300 {
                let mut raw = Vec::new();
                for _ in 0..random() % 60 {
                    match random() % 3 {
                        0 => raw.push(random().to_le_bytes()[1]),
                        _ => raw.extend(parts[random() as usize % parts.len()]),
                    }
                }
                let (mut text, mut before) = (vec![0; 4 * raw.len() + 64], vec![(0, 0)]);
                let mut steps = Steps::new(encoding);
                let (mut end, mut taken) = (0, 0);
                for byte in raw.chunks(1).chain([&[][..]]) {
                    let last = byte.is_empty();
                    end = steps.push(byte, last, &mut text, end, |piece, n| {
                        taken += n;
                        before.push((before.last().unwrap().0 + piece.len(), taken));
                    });
                }
                text.truncate(end);
                let mut decode = Decode::new(Dribble(&raw, 1 + round % 40), encoding, None);
                let mut decoded = Vec::new();
                decode.read_to_end(&mut decoded).unwrap();
                assert!(decoded == text, "{label}: {}", raw.escape_ascii());
                let offsets = decode.offsets();
                for (at, taken) in before {
                    let mapped = offsets.input_len(0, &decoded[..at]);
                    assert_eq!(mapped, taken, "{label}: before byte {at} of {}", raw.escape_ascii());
                    let rest = offsets.input_len(at as u64, &decoded[at..]);
                    assert_eq!(mapped + rest, offsets.input_len(0, &decoded), "{label}");
                }
            }
        }
    }
}
