//! Bytes to text: U+FFFD for each maximal subpart that is not valid UTF-8, or byte that its code
//! page lacks, as WHATWG decoders do.
//!
//! A field comes in runs. A quote or an escape was taken out between two, so no character goes on
//! from one to the next.

use crate::charset::{Charset, Page};
use std::str;

/// So many bytes of a code page are decoded at once.
const PIECE: usize = 64;

/// A decoder over the runs of one field.
#[derive(Debug, Default)]
pub(crate) struct Text {
    charset: Charset,
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
            let n = error.error_len().unwrap_or(rest.len());
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

    fn replace<E>(&mut self, at: usize, emit: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        self.n_invalid += 1;
        self.first_invalid.get_or_insert(at);
        emit("\u{fffd}")
    }
}

/// Puts one byte that is in no UTF-8 in the place of those at the end of `content` that begin a
/// character, so that what is appended does not go on with it. One U+FFFD stands for either.
pub(crate) fn close_run(content: &mut Vec<u8>) {
    let n = content.len();
    let begins = |from: &usize| {
        str::from_utf8(&content[*from..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    if let Some(from) = (n.saturating_sub(3)..n).find(begins) {
        content.truncate(from);
        content.push(0xff);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_in_one_run_or_none() {
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
            let (mut at, mut first, mut joined) = (0, None, Vec::new());
            for run in runs {
                text.push(at, run, &mut emit).unwrap();
                first = first.or_else(|| str::from_utf8(run).err().map(|error| at + error.valid_up_to()));
                at += run.len();
                close_run(&mut joined);
                joined.extend_from_slice(run);
            }
            let expected: String = runs.iter().map(|run| String::from_utf8_lossy(run)).collect();
            assert_eq!(decoded, expected, "{runs:x?}");
            assert_eq!(String::from_utf8_lossy(&joined), expected, "{runs:x?}");
            assert_eq!(text.n_invalid(), decoded.matches('\u{fffd}').count() as u64);
            assert_eq!(text.first_invalid(), first, "{runs:x?}");
        }
    }
}
