//! Bytes to text: U+FFFD for each maximal subpart that is not valid UTF-8, or byte that its code
//! page lacks, as WHATWG decoders do.
//!
//! A field comes in runs, and a character of UTF-8 may be cut by what was taken out between them,
//! so up to three bytes wait for the next run.

use crate::charset::{Charset, Page};
use std::str;

/// So many bytes of a code page are decoded at once.
const PIECE: usize = 64;

/// A decoder over the runs of one field.
#[derive(Debug, Default)]
pub(crate) struct Text {
    charset: Charset,
    pending: [u8; 4],
    n_pending: usize,
    pending_at: usize,
    n_invalid: u64,
    first_invalid: Option<usize>,
}

impl Text {
    /// For a field of that charset.
    pub(crate) fn new(charset: Charset) -> Self {
        Self { charset, ..Self::default() }
    }

    /// The number of U+FFFD so far.
    pub(crate) fn n_invalid(&self) -> u64 {
        self.n_invalid
    }

    /// Where the first of them is in the input.
    pub(crate) fn first_invalid(&self) -> Option<usize> {
        self.first_invalid
    }

    /// Decodes a run at `at` in the input.
    pub(crate) fn push<E>(
        &mut self,
        mut at: usize,
        mut run: &[u8],
        emit: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Charset::Page(page) = self.charset {
            return self.push_page(page, at, run, emit);
        }
        while self.n_pending > 0 && !run.is_empty() {
            self.pending[self.n_pending] = run[0];
            let waiting = &self.pending[..self.n_pending + 1];
            match str::from_utf8(waiting) {
                Ok(character) => {
                    emit(character)?;
                    self.n_pending = 0;
                }
                Err(error) if error.error_len().is_none() => self.n_pending += 1,
                Err(_) => {
                    // What waited is a maximal subpart; the new byte starts afresh.
                    self.n_pending = 0;
                    self.replace(self.pending_at, emit)?;
                    break;
                }
            }
            run = &run[1..];
            at += 1;
        }
        while !run.is_empty() {
            let error = match simdutf8::compat::from_utf8(run) {
                Ok(text) => return emit(text),
                Err(error) => error,
            };
            let (valid, rest) = run.split_at(error.valid_up_to());
            if let Ok(text) = str::from_utf8(valid)
                && !text.is_empty()
            {
                emit(text)?;
            }
            at += valid.len();
            let Some(n) = error.error_len() else {
                self.pending[..rest.len()].copy_from_slice(rest);
                self.n_pending = rest.len();
                self.pending_at = at;
                return Ok(());
            };
            self.replace(at, emit)?;
            at += n;
            run = &rest[n..];
        }
        Ok(())
    }

    /// As [`Text::push`], by a table: no byte waits for another.
    fn push_page<E>(
        &mut self,
        page: &Page,
        at: usize,
        run: &[u8],
        emit: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        if !page.is_total() {
            for (i, _) in run.iter().enumerate().filter(|(_, byte)| page.is_unmapped(**byte)) {
                self.n_invalid += 1;
                self.first_invalid.get_or_insert(at + i);
            }
        }
        for piece in run.chunks(PIECE) {
            // Each character has three bytes at most; entries are copied as they are, four bytes
            // each.
            let mut text = [0; 3 * PIECE + 4];
            let mut end = 0;
            for &byte in piece {
                let entry = page.utf8(byte);
                text[end..end + 4].copy_from_slice(entry);
                end += usize::from(entry[3]);
            }
            emit(str::from_utf8(&text[..end]).expect("the page holds whole characters"))?;
        }
        Ok(())
    }

    /// The end of the field: bytes that still wait are not valid.
    pub(crate) fn finish<E>(&mut self, emit: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        if self.n_pending > 0 {
            self.n_pending = 0;
            self.replace(self.pending_at, emit)?;
        }
        Ok(())
    }

    fn replace<E>(&mut self, at: usize, emit: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        self.n_invalid += 1;
        self.first_invalid.get_or_insert(at);
        emit("\u{fffd}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_decode_as_their_concatenation_would() {
        let shapes: [&[u8]; 12] = [
            b"a",
            b"\x80",
            b"\xc3",
            b"\xa9",
            b"\xe2",
            b"\x82",
            b"\xac",
            b"\xf0\x9f",
            b"\x98\x80",
            b"\xed\xa0",
            b"\xff",
            b"\xf4\x90",
        ];
        // Every sequence of three shapes, each a run of its own.
        for i in 0..shapes.len().pow(3) {
            let runs = [i % 12, i / 12 % 12, i / 144].map(|i| shapes[i]);
            let mut text = Text::default();
            let mut decoded = String::new();
            let mut emit = |piece: &str| {
                decoded.push_str(piece);
                Ok::<_, ()>(())
            };
            let mut at = 0;
            for run in runs {
                text.push(at, run, &mut emit).unwrap();
                at += run.len();
            }
            text.finish(&mut emit).unwrap();
            let whole = runs.concat();
            assert_eq!(decoded, String::from_utf8_lossy(&whole), "{whole:x?}");
            assert_eq!(text.n_invalid(), decoded.matches('\u{fffd}').count() as u64);
            assert_eq!(
                text.first_invalid(),
                str::from_utf8(&whole).err().map(|error| error.valid_up_to()),
                "{whole:x?}"
            );
        }
    }
}
