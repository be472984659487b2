//! What stands around the records of an output, or of each of its parts.
//!
//! A format that needs more than lines makes one [`Framing`]; how a record itself is encoded is not known here. A newline byte stands
//! only at a record's bound, whatever the format: where one record ends and the next begins can be found in the encoded bytes.

/// What stands around the records of an output, or of each part of it. JSON Lines need none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framing {
    /// Before the first record.
    pub open: Box<[u8]>,
    /// Behind the last.
    pub close: Box<[u8]>,
    /// A record starts with `,\n`, of which the first record of all goes without the comma, instead of ending with `\n`.
    pub separated: bool,
}
