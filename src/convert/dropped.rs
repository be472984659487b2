//! Records that are passed over because there is nothing in them, or because they are asked to be.

use serde::{Deserialize, Serialize};

/// How many records of each kind were passed over. None of them counts as a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dropped {
    /// One field, with nothing in it.
    pub(super) blank: u64,
    /// Several fields, all empty.
    pub(super) empty: u64,
    /// The same bytes as the header.
    pub(super) repeated_headers: u64,
    /// They do not have the fields that are asked for.
    pub(super) filtered: u64,
    /// NUL characters within values, which were dropped or replaced.
    pub(super) nuls: u64,
}

/// Why a record is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DroppedAs {
    Blank,
    Empty,
    RepeatedHeader,
    Filtered,
}

impl Dropped {
    /// Counts a record.
    pub(super) fn count(&mut self, kind: DroppedAs) {
        *match kind {
            DroppedAs::Blank => &mut self.blank,
            DroppedAs::Empty => &mut self.empty,
            DroppedAs::RepeatedHeader => &mut self.repeated_headers,
            DroppedAs::Filtered => &mut self.filtered,
        } += 1;
    }

    /// Adds those of a part of the input.
    pub(super) fn add(&mut self, other: Self) {
        self.blank += other.blank;
        self.empty += other.empty;
        self.repeated_headers += other.repeated_headers;
        self.filtered += other.filtered;
        self.nuls += other.nuls;
    }
}
