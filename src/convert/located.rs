//! A range in its input: the numbers of its first record, and the check that records start and end
//! at its edges.

use super::fingerprint::Fingerprint;
use super::range::{Edge, Range};
use super::state::State;
use super::walk::{Walk, has_records_at, within_last};
use crate::dialect::Terminator;
use crate::error::{Error, ErrorKind, Result};
use crate::input::InputReader;
use crate::output::Framing;
use std::path::Path;

/// A range that is to be converted.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) range: Range,
    /// Records come before it.
    pub(super) follows: bool,
    /// The data ends before it, so it has no record.
    pub(super) is_behind_end: bool,
    /// What kind of edge its end is.
    pub(super) edge: Edge,
    /// The input must still be this one.
    pub(super) seen: Option<Fingerprint>,
}

impl Located {
    /// Whether it starts with the input, so that it includes what is before the records.
    pub(super) fn is_first(&self) -> bool {
        self.range.start == 0
    }

    /// Returns the state in which its conversion begins. Unknown numbers count from there.
    pub(super) fn begun(&self) -> State {
        let Range { start, first_record, first_line, .. } = self.range;
        let before = |number: Option<u64>| number.map_or(0, |number| number.saturating_sub(1));
        State {
            lines: before(first_line),
            records: before(first_record),
            input_at: start,
            text_at: start,
            ..State::default()
        }
    }

    /// Drops what is written before and after all records, unless the range is the first or the
    /// last.
    pub(super) fn frame(&self, framing: &mut Framing, is_last: bool) {
        if !self.is_first() {
            framing.open = Box::default();
        }
        if !is_last {
            framing.close = Box::default();
        }
        framing.follows = self.follows;
    }

    /// Makes `reader`, which is at the first record, end with the range. Returns whether the range
    /// is the input's last.
    ///
    /// # Errors
    /// An edge cannot be that of a record, or the input is not the one that was seen.
    pub(super) fn bound(
        &self,
        path: &Path,
        reader: &mut dyn InputReader,
        terminator: Option<Terminator>,
    ) -> Result<bool> {
        let Range { start, end, .. } = self.range;
        let name = reader.name().to_owned();
        if let Some(seen) = &self.seen {
            verify(path, seen)?;
        }
        let size = std::fs::metadata(path).map_or(0, |stat| stat.len());
        if (size, start, end) == (0, 0, 0) && reader.input_at() == 0 {
            return Ok(true);
        }
        let Some(size) = reader.size().filter(|&size| reader.end_at(size)) else {
            return Err(not_as_stored(&name));
        };
        let wrong = |at, wrong| Err(ErrorKind::BadRange { path: name.clone(), at, wrong }.into());
        if end > size {
            return wrong(end, "lies behind the end of the input");
        }
        // Without a header there is no record. What was read may end before the file, with its
        // data.
        let begun = reader.input_at();
        let first = terminator.map_or(size, |_| begun);
        for (at, edge) in [(start, Edge::Start), (end, self.edge)] {
            if at == 0 && edge == Edge::Start || at == size {
                continue;
            }
            if at < first {
                return wrong(at, edge.wrong());
            }
            if let Some(terminator) = terminator.filter(|_| at > first) {
                reader.seek(at - 1, at - 1)?;
                let around = reader.peek(2)?;
                let parts_pair = terminator == Terminator::Any && around == b"\r\n";
                // Whatever the quotes, behind a record is the end of a line. The conversion does
                // not look at what is behind the mark of an end, or behind the limit.
                if parts_pair || !terminator.is(around[0]) {
                    return wrong(at, edge.wrong());
                }
            }
        }
        reader.seek(begun, begun)?;
        reader.end_at(if self.is_behind_end { start } else { end });
        Ok(end == size)
    }
}

impl Located {
    /// Checks that the last `n` records of the input, which are dropped, are behind the range, and
    /// leaves `reader` where it was. At most `most` bytes are looked at.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn check_last(
        &self,
        reader: &mut dyn InputReader,
        walk: &Walk<'_>,
        n: u64,
        most: usize,
    ) -> Result<()> {
        let (begin, end) = (reader.input_at(), self.range.end);
        reader.end_at(u64::MAX);
        let are_behind = has_records_at(reader, walk, end, n, most)?;
        reader.seek(begin, begin)?;
        reader.end_at(end);
        if are_behind { Ok(()) } else { Err(within_last(reader.name(), end)) }
    }
}

/// Checks that the file at `path` has not changed.
///
/// # Errors
/// The file at `path` is not what it was.
pub(super) fn verify(path: &Path, was: &Fingerprint) -> Result<()> {
    if Fingerprint::of(path)? == *was {
        return Ok(());
    }
    let (path, how) = (path.display().to_string(), "the file changed");
    Err(ErrorKind::InputChanged { path, at: 0, how }.into())
}

pub(super) fn not_as_stored(name: &str) -> Error {
    let reason = "ranges need a regular file in UTF-8 or an encoding of one byte a character, with a delimiter, terminator and quote of one byte each; unpack or decode it first";
    ErrorKind::Unusable { path: name.to_owned(), reason }.into()
}
