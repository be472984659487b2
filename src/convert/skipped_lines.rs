//! Lines that are skipped before or behind the header, whatever is in them.

use super::sniff::SAMPLE as FIRST_LOOK;
use crate::dialect::{Dialect, Terminator};
use crate::error::{ErrorKind, Result};
use crate::input::{Ahead, InputReader};
use crate::parse::{last_line_end, line_end};
use bstr::ByteSlice;

/// Skips a physical line. Returns false if the input ends first.
pub(super) fn skip_line(reader: &mut dyn InputReader, terminator: Terminator) -> Result<bool> {
    loop {
        let has_line = |bytes: &[u8]| last_line_end(terminator, bytes).is_some();
        let Ahead { bytes: look, whole } = reader.peek_until(FIRST_LOOK, &has_line)?;
        let n = look.len();
        match line_end(terminator, look) {
            // A CR at the very end may be followed by its LF.
            Some(end) if end == n && !whole && look.ends_with(b"\r") => reader.skip(n - 1),
            Some(end) => {
                reader.skip(end);
                return Ok(true);
            }
            None => {
                // A character is not split either.
                let part = look.iter().rev().take(3).position(|byte| *byte >= 0xc0).filter(|_| !whole);
                reader.skip(n - part.map_or(0, |at| at + 1));
                if whole {
                    return Ok(false);
                }
            }
        }
    }
}

/// Skips the lines before the first that contains `text`, and returns how many there are. A line of
/// more than `limit` bytes is too long for a header, so it counts as one without the text.
///
/// # Errors
/// No line contains it, or the encoding lacks one of its characters.
pub(super) fn skip_until(
    reader: &mut dyn InputReader,
    dialect: &Dialect,
    text: &str,
    limit: usize,
) -> Result<u64> {
    let none = |reader: &dyn InputReader| {
        let (path, reason) = (reader.name().to_owned(), "no line contains the text of `skip_until`");
        Err(ErrorKind::Unusable { path, reason }.into())
    };
    let Some(wanted) = dialect.charset.encode(text) else { return none(reader) };
    let mut lines = 0;
    let mut n_look = FIRST_LOOK;
    loop {
        let has_line = |bytes: &[u8]| last_line_end(dialect.terminator, bytes).is_some();
        let Ahead { bytes: look, whole } = reader.peek_until(n_look, &has_line)?;
        if look.is_empty() {
            return none(reader);
        }
        let line = match line_end(dialect.terminator, look) {
            Some(end) => &look[..end],
            None if whole => look,
            None if n_look > limit => {
                skip_line(reader, dialect.terminator)?;
                (lines, n_look) = (lines + 1, FIRST_LOOK);
                continue;
            }
            None => {
                n_look *= 2;
                continue;
            }
        };
        let unfolded = dialect.folding.map(|folding| folding.unfolded(line));
        if unfolded.as_deref().unwrap_or(line).contains_str(&wanted) {
            return Ok(lines);
        }
        // It may end with the bytes shown, and its LF come behind them.
        if !skip_line(reader, dialect.terminator)? {
            return none(reader);
        }
        (lines, n_look) = (lines + 1, FIRST_LOOK);
    }
}
