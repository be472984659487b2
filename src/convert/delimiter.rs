//! The delimiter of an input: given, by the extension of its name, or found (`sniff.rs`).

use crate::by_text::by_text;
use crate::input::unpacked_name;
use crate::sequence::{ByteSequence, bytes, typed};
use std::path::Path;

/// What separates fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delimiter {
    /// This byte.
    Byte(u8),
    /// These bytes together, 2 to 16: text in UTF-8, which is looked for in each input's encoding.
    Sequence(ByteSequence),
    /// Any run of blanks and tabs, as in aligned tables. Those around a record do not count.
    Whitespace,
    /// The one that the first 64 KiB suggest.
    Auto,
}

by_text!(
    Delimiter,
    |delimiter| match delimiter {
        Delimiter::Byte(byte) => typed(*byte),
        Delimiter::Sequence(sequence) => sequence.typed(),
        Delimiter::Whitespace => "whitespace".to_owned(),
        Delimiter::Auto => "auto".to_owned(),
    },
    |text| match text {
        "auto" => Some(Delimiter::Auto),
        "whitespace" => Some(Delimiter::Whitespace),
        text => bytes("", text).ok().map(|bytes| Delimiter::of(&bytes)),
    }
);

impl Delimiter {
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [byte] => Self::Byte(*byte),
            bytes => Self::Sequence(ByteSequence::new(bytes)),
        }
    }

    /// What ends a field, each of them alone; none if it is not known.
    pub(super) fn each(&self) -> Vec<&[u8]> {
        match self {
            Self::Byte(byte) => vec![std::slice::from_ref(byte)],
            Self::Sequence(sequence) => vec![sequence.bytes()],
            Self::Whitespace => vec![b" ", b"\t"],
            Self::Auto => vec![],
        }
    }
}

/// The delimiter that a file's name suggests.
pub(super) fn by_extension(name: &str) -> u8 {
    let extension =
        Path::new(unpacked_name(name)).extension().and_then(|extension| extension.to_str()).unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "tsv" | "tab" => b'\t',
        "psv" => b'|',
        _ => b',',
    }
}
