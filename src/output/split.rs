//! Where the parts of an output end.

/// Where a part ends: at the limit that is reached first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    /// The most bytes of a part, unless one record alone is longer.
    pub size: Option<u64>,
    /// The most records of a part.
    pub records: Option<u64>,
}

impl Split {
    /// Whether there are parts at all.
    pub(crate) fn is_some(self) -> bool {
        self.size.is_some() || self.records.is_some()
    }
}
