//! The delimiter of an input: given, by the extension of its name, or found (`sniff.rs`).

use crate::by_text::by_text;
use crate::dialect::{byte, typed};
use crate::input::unpacked_name;
use std::path::Path;

/// What separates fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delimiter {
    /// This byte.
    Byte(u8),
    /// The one that the first 64 KiB suggest.
    Auto,
}

by_text!(
    Delimiter,
    |delimiter| match delimiter {
        Delimiter::Byte(byte) => typed(*byte),
        Delimiter::Auto => "auto".to_owned(),
    },
    |text| match text {
        "auto" => Some(Delimiter::Auto),
        text => byte("", text).ok().map(Delimiter::Byte),
    }
);

impl Delimiter {
    /// The delimiter of an input that has no hint.
    pub(super) fn or_comma(self) -> u8 {
        match self {
            Self::Byte(byte) => byte,
            Self::Auto => b',',
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
