//! What is written around the records of an output, or of each of its parts, and where records end
//! in the encoded bytes.
//!
//! A format that needs more than lines makes one [`Framing`]. This file does not know how a record
//! is encoded. In every format, a newline byte is only at the bound of a record, or behind the line
//! before it, so newlines show the bounds.
//! [`WriteValue::open`](super::buffer::WriteValue::open) never splits what opens a record between
//! two buffers.

use super::buffer::Ends;
use memchr::{memchr, memchr_iter, memrchr, memrchr_iter};
use std::ops::Range;

/// What is written around the records of an output, or of each part of it. JSON Lines need none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framing {
    /// Before the first record.
    pub open: Box<[u8]>,
    /// Behind the last.
    pub close: Box<[u8]>,
    /// A record starts with `,\n` instead of ending with `\n`. The first record of all is written
    /// without the comma.
    pub separated: bool,
    /// A line stands before each record and belongs to it. So a record has two newlines.
    pub preceded: bool,
    /// Records come before these, in another output. So the first is not the first of all.
    pub follows: bool,
}

/// What a buffer of encoded bytes holds, as far as can be seen. First comes the rest of a record
/// that an earlier buffer began, then whole records, then the start of a record that the buffer
/// does not finish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cuts {
    /// The rest ends here.
    pub head: usize,
    /// The whole records end here.
    pub body: usize,
    /// The number of whole records.
    pub n_records: u64,
    /// The next buffer may begin within a record.
    pub within: bool,
}

/// Where one record ends and the next begins.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    /// See [`Framing::separated`].
    pub separated: bool,
    /// See [`Framing::preceded`].
    pub preceded: bool,
}

impl Bounds {
    /// Returns the length of the comma that these bytes start with. The first record is written
    /// without it.
    pub(crate) fn comma(self, bytes: &[u8]) -> usize {
        usize::from(self.separated && bytes.starts_with(b",\n"))
    }

    /// Returns what a buffer holds that begins `within` a record or not, and ends as `ends` says.
    pub(crate) fn cuts(self, bytes: &[u8], within: bool, ends: Ends) -> Cuts {
        let (first, last) = (memchr(b'\n', bytes), memrchr(b'\n', bytes));
        let bound = |newline: usize| if self.separated { newline - 1 } else { newline + 1 };
        let head = if within { first.map_or(bytes.len(), bound) } else { 0 };
        let body = match last {
            _ if self.separated && ends == Ends::Record => bytes.len(),
            _ if self.preceded => head + self.whole(&bytes[head..]),
            last => last.map_or(head, bound).max(head),
        };
        let within = match first {
            _ if self.separated => ends == Ends::Within,
            None => within || !bytes.is_empty(),
            Some(_) => body < bytes.len(),
        };
        Cuts { head, body, n_records: self.count(&bytes[head..body]), within }
    }

    /// Returns the number of records in bytes that hold whole records.
    pub(crate) fn count(self, bytes: &[u8]) -> u64 {
        memchr_iter(b'\n', bytes).count() as u64 / self.n_newlines()
    }

    /// Returns how many newlines a record has.
    fn n_newlines(self) -> u64 {
        if self.preceded { 2 } else { 1 }
    }

    /// Returns where the last whole record ends, in bytes that begin with a record, if a line
    /// stands before each.
    fn whole(self, bytes: &[u8]) -> usize {
        // The last newline of an odd number is behind the line before a record.
        let is_odd = memchr_iter(b'\n', bytes).count() % 2 == 1;
        memrchr_iter(b'\n', bytes).nth(usize::from(is_odd)).map_or(0, |at| at + 1)
    }

    /// Returns where the first `n` records end, in bytes that hold whole records. They hold at
    /// least `n`, and `n` is not 0.
    pub(super) fn behind(self, bytes: &[u8], n: u64) -> usize {
        let mut newlines = memchr_iter(b'\n', bytes);
        let nth = usize::try_from(n * self.n_newlines()).unwrap_or(usize::MAX);
        if self.separated {
            newlines.nth(nth).map_or(bytes.len(), |at| at - 1)
        } else {
            newlines.nth(nth - 1).map_or(bytes.len(), |at| at + 1)
        }
    }

    /// Returns where the last whole record ends that ends within the first `room` bytes, or 0 if
    /// none does.
    pub(super) fn within(self, bytes: &[u8], room: usize) -> usize {
        if room >= bytes.len() {
            bytes.len()
        } else if self.separated {
            memrchr(b'\n', &bytes[..bytes.len().min(room + 2)]).map_or(0, |at| at - 1)
        } else if self.preceded {
            self.whole(&bytes[..room])
        } else {
            memrchr(b'\n', &bytes[..room]).map_or(0, |at| at + 1)
        }
    }
}

impl Cuts {
    /// Returns the three ranges of the buffer, the second and third without a comma at the start.
    pub(crate) fn ranges(&self, bounds: Bounds, bytes: &[u8]) -> [Range<usize>; 3] {
        let behind_comma = |start: usize, end| start + bounds.comma(&bytes[start..end])..end;
        [0..self.head, behind_comma(self.head, self.body), behind_comma(self.body, bytes.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: Bounds = Bounds { separated: false, preceded: false };
    const LIST: Bounds = Bounds { separated: true, preceded: false };
    const PAIRS: Bounds = Bounds { separated: false, preceded: true };

    #[test]
    fn cuts_between_lines() {
        let cuts = |bytes: &str, within| {
            let Cuts { head, body, n_records, within } = LINES.cuts(bytes.as_bytes(), within, Ends::Within);
            (head, body, n_records, within)
        };
        assert_eq!(cuts("{}\n{}\n", false), (0, 6, 2, false));
        assert_eq!(cuts("{}\n{}\n{\"", false), (0, 6, 2, true));
        assert_eq!(cuts("\"}\n{}\n{", true), (3, 6, 1, true));
        assert_eq!(cuts("\"}\n", true), (3, 3, 0, false));
        assert_eq!(cuts("abc", true), (3, 3, 0, true));
        assert_eq!(cuts("{\"a", false), (0, 0, 0, true));
        assert_eq!((LINES.behind(b"{}\n{1}\n", 1), LINES.behind(b"{}\n{1}\n", 2)), (3, 7));
        for (room, end) in [(0, 0), (2, 0), (3, 3), (6, 3), (7, 7), (9, 7)] {
            assert_eq!(LINES.within(b"{}\n{1}\n", room), end, "{room}");
        }
    }

    #[test]
    fn cuts_between_records_with_a_line_before_each() {
        let cuts = |bytes: &str, within| {
            let Cuts { head, body, n_records, within } = PAIRS.cuts(bytes.as_bytes(), within, Ends::Within);
            (head, body, n_records, within)
        };
        assert_eq!(cuts("a\n{}\na\n{1}\n", false), (0, 11, 2, false));
        assert_eq!(cuts("a\n{}\na\n", false), (0, 5, 1, true));
        assert_eq!(cuts("a\n{}\na\n{\"", false), (0, 5, 1, true));
        assert_eq!(cuts("a\n{", false), (0, 0, 0, true));
        assert_eq!(cuts("1}\na\n{}\na\n{", true), (3, 8, 1, true));
        assert_eq!(cuts("1}\n", true), (3, 3, 0, false));
        assert_eq!(cuts("1", true), (1, 1, 0, true));
        // A line may be the same as a record.
        assert_eq!(cuts("{}\n{}\n{}\n", false), (0, 6, 1, true));
        assert_eq!((PAIRS.behind(b"a\n{}\na\n{1}\n", 1), PAIRS.behind(b"a\n{}\na\n{1}\n", 2)), (5, 11));
        for (room, end) in [(0, 0), (4, 0), (5, 5), (7, 5), (10, 5), (11, 11), (12, 11)] {
            assert_eq!(PAIRS.within(b"a\n{}\na\n{1}\n", room), end, "{room}");
        }
    }

    #[test]
    fn cuts_between_records_with_commas() {
        let cuts = |bytes: &str, within, ends| {
            let Cuts { head, body, n_records, within } = LIST.cuts(bytes.as_bytes(), within, ends);
            (head, body, n_records, within)
        };
        assert_eq!(cuts(",\n{},\n{}", false, Ends::Record), (0, 8, 2, false));
        // Whether the last is whole cannot be seen.
        assert_eq!(cuts(",\n{},\n{}", false, Ends::Within), (0, 4, 1, true));
        assert_eq!(cuts(",\n{}", true, Ends::Record), (0, 4, 1, false));
        assert_eq!(cuts("1},\n{},\n{", true, Ends::Within), (2, 6, 1, true));
        assert_eq!(cuts("1}", true, Ends::Record), (2, 2, 0, false));
        assert_eq!(cuts("1", true, Ends::Within), (1, 1, 0, true));
        assert_eq!((LIST.behind(b",\n{},\n{1}", 1), LIST.behind(b",\n{},\n{1}", 2)), (4, 9));
        for (room, end) in [(0, 0), (3, 0), (4, 4), (8, 4), (9, 9)] {
            assert_eq!(LIST.within(b",\n{},\n{1}", room), end, "{room}");
        }
        let bytes = b"1},\n{},\n{";
        let ranges = LIST.cuts(bytes, true, Ends::Within).ranges(LIST, bytes);
        assert_eq!(ranges, [0..2, 3..6, 7..9]);
    }
}
