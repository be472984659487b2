//! A range of an input: bytes from record to record.

/// Bytes of an input from record to record, and what is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Range {
    /// The first byte: 0, or where a record starts.
    pub start: u64,
    /// The first byte behind the range, where a record or the input ends.
    pub end: u64,
    /// The number of its first record, from 1.
    pub first_record: Option<u64>,
    /// The line, from 1, on which it starts.
    pub first_line: Option<u64>,
    /// The records in it.
    pub records: Option<u64>,
}

/// The edge of a range that a run ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// A range starts here. The run reads what is before it, to check that.
    Start,
    /// The range ends here.
    End,
}

impl Range {
    /// The bytes from `start` to `end`, of which nothing else is known.
    pub fn new(start: u64, end: u64) -> Self {
        Self { start, end, ..Self::default() }
    }
}

impl Edge {
    /// Returns what is wrong with a byte that is no such edge.
    pub(super) fn wrong(self) -> &'static str {
        match self {
            Self::Start => "is no record's start",
            Self::End => "is no record's end",
        }
    }
}
