//! Delimiters and terminators of several bytes become one byte each, on the way in.
//!
//! Lengths of the input follow from the folded text (`encoding/width.rs`).

use crate::folding::{FOLDED, Folding, INVALID, OWN};
use crate::kernel::{FoldMarks, Folded, Kernel};
use std::io::{self, Read};

/// Read at once.
const CHUNK: usize = 64 << 10;
/// What the kernel needs behind the text.
const SLACK: usize = 128;

/// A reader that folds what another gives.
pub(super) struct FoldReader<R> {
    reader: R,
    folding: Folding,
    kernel: Kernel,
    /// The first byte that waits is escaped.
    escaped: bool,
    /// What was read and not folded yet: the first `n_raw` bytes.
    raw: Box<[u8]>,
    n_raw: usize,
    ended: bool,
    /// Of the text `text[start..end]` waits.
    text: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> FoldReader<R> {
    /// Folds what `reader` gives.
    pub(super) fn new(reader: R, folding: Folding) -> Self {
        Self {
            reader,
            folding,
            kernel: Kernel::best(),
            escaped: false,
            raw: vec![0; CHUNK].into_boxed_slice(),
            n_raw: 0,
            ended: false,
            text: vec![0; CHUNK + SLACK].into_boxed_slice(),
            start: 0,
            end: 0,
        }
    }

    /// Reads on, and folds what is there to the front of `into` if there is room for all of it.
    /// Else it waits.
    fn fold(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(&mut self.raw[self.n_raw..])?;
        self.ended = n == 0;
        self.n_raw += n;
        let marks = marks(&self.folding);
        let raw = &self.raw[..self.n_raw];
        let is_room = into.len() >= raw.len() + SLACK;
        let to = if is_room { into } else { &mut self.text[..] };
        let Folded { read, written } = self.kernel.fold(&marks, raw, self.ended, &mut self.escaped, to);
        self.raw.copy_within(read..self.n_raw, 0);
        self.n_raw -= read;
        if is_room {
            return Ok(written);
        }
        (self.start, self.end) = (0, written);
        Ok(0)
    }
}

impl<R: Read> Read for FoldReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.start == self.end && !self.ended {
            let n = self.fold(into)?;
            if n > 0 {
                return Ok(n);
            }
        }
        let from = &self.text[self.start..self.end];
        let n = from.len().min(into.len());
        into[..n].copy_from_slice(&from[..n]);
        self.start += n;
        Ok(n)
    }
}

/// What is folded, as the kernel needs it.
fn marks(folding: &Folding) -> FoldMarks<'_> {
    let mut marks = FoldMarks { sequences: [None; 3], bytes: [None; 6], escape: folding.escape };
    for (i, sequence) in folding.sequences.iter().enumerate() {
        if let Some(sequence) = sequence {
            marks.sequences[i] = Some((sequence.bytes(), FOLDED[i]));
            marks.bytes[2 * i] = Some((FOLDED[i], OWN[i]));
            marks.bytes[2 * i + 1] = Some((OWN[i], INVALID));
        }
    }
    marks.bytes.sort_by_key(Option::is_none);
    marks.sequences.sort_by_key(|sequence| std::cmp::Reverse(sequence.map_or(0, |(bytes, _)| bytes.len())));
    marks
}

#[cfg(test)]
mod tests {
    use super::super::dribble::Dribble;
    use super::*;
    use crate::sequence::ByteSequence;

    fn folding(delimiter: &str, terminator: &str, escape: Option<u8>) -> Folding {
        let sequence = |text: &str| (!text.is_empty()).then(|| ByteSequence::new(text.as_bytes()));
        Folding { sequences: [sequence(delimiter), sequence(terminator), None], escape }
    }

    fn folded(folding: Folding, bytes: &[u8], n: usize) -> Vec<u8> {
        let mut fold = FoldReader::new(Dribble(bytes, n), folding);
        let mut text = Vec::new();
        fold.read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn sequences_become_bytes_from_left_to_right() {
        for (delimiter, terminator, escape, raw, expected) in [
            ("||", "", None, "a|||b||\n|", "a\x1f|b\x1f\n|"),
            ("||", "", Some(b'\\'), r"a\|||b\\||", "a\\|\x1fb\\\\\x1f"),
            ("", "|\n", None, "a|b|\nc|", "a|b\x1ec|"),
            ("\x02\n", "", None, "a\x02\nb\x02", "a\x1fb\x02"),
            ("||", "|~", None, "||~|~|||~", "\x1f~\x1e\x1f\x1e"),
            ("\u{a6}", "", None, "a\u{a6}b\u{a7}", "a\x1fb\u{a7}"),
        ] {
            let folding = folding(delimiter, terminator, escape);
            for n in 1..raw.len() + 1 {
                let text = folded(folding, raw.as_bytes(), n);
                assert_eq!(text.escape_ascii().to_string(), expected.as_bytes().escape_ascii().to_string());
                assert_eq!(folding.unfolded(&text), raw.as_bytes());
            }
        }
        let own = folded(folding("||", "", None), b"\x1f\x1e\xf5\xf6\xf8||", 3);
        assert_eq!(own, b"\xf6\x1e\xf5\xf8\xf8\x1f");
    }

    /// Random bytes of few kinds: whatever the buffers, the text is what a loop over bytes makes.
    #[test]
    fn blocks_give_what_bytes_give() {
        let mut seed = 7u32;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed as usize
        };
        for (delimiter, terminator, escape) in [
            ("||", "", None),
            ("||", "|~", Some(b'\\')),
            ("|~|", "~\n", Some(b'\\')),
            ("ab", "aba", None),
            ("\x1f|", "\x1e|", None),
        ] {
            let folding = folding(delimiter, terminator, escape);
            for _ in 0..300 {
                let alphabet =
                    [b"||||||~\n", b"|~\\\\\n|ab", b"aab|aab|", b"\x1f\x1e|\xf5\xf6|ab"][random() % 4];
                let raw: Vec<u8> = (0..random() % 700).map(|_| alphabet[random() % 8]).collect();
                let mut sequences = vec![];
                sequences.extend((!delimiter.is_empty()).then_some((delimiter, FOLDED[0])));
                sequences.extend((!terminator.is_empty()).then_some((terminator, FOLDED[1])));
                sequences.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
                let (mut expected, mut at, mut escaped) = (Vec::new(), 0, false);
                while at < raw.len() {
                    let found = sequences.iter().find(|(text, _)| raw[at..].starts_with(text.as_bytes()));
                    match found.filter(|_| !escaped) {
                        Some((text, byte)) => {
                            expected.push(*byte);
                            at += text.len();
                        }
                        None => {
                            let is_escape = !escaped && escape == Some(raw[at]);
                            expected.push(match raw[at] {
                                0x1f => 0xf6,
                                0x1e if !terminator.is_empty() => 0xf5,
                                0xf6 => 0xf8,
                                0xf5 if !terminator.is_empty() => 0xf8,
                                byte => byte,
                            });
                            at += 1;
                            escaped = is_escape;
                            continue;
                        }
                    }
                    escaped = false;
                }
                for n in [1, 7, 64, 200, 1000] {
                    let text = folded(folding, &raw, n);
                    assert!(text == expected, "{delimiter:?} {terminator:?}: {}", raw.escape_ascii());
                }
            }
        }
    }
}
