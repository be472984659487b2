//! The delimiter of an input: given, by the extension of its name, or the likeliest of the common
//! ones.

use crate::by_text::by_text;
use crate::dialect::{COMMON_DELIMITERS, Dialect, byte, typed};
use crate::input::unpacked_name;
use crate::parse::Machine;
use std::path::Path;

/// What separates fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Returns the common delimiter under which the records of `sample` most agree in width, or a comma
/// if none separates anything.
pub(super) fn likely_delimiter(dialect: &Dialect, sample: &[u8], whole: bool) -> u8 {
    let mut best = (0, 0, b',');
    for delimiter in COMMON_DELIMITERS {
        let dialect = Dialect { delimiter, ..dialect.clone() };
        let mut machine = Machine::new(&dialect, dialect.trims_fields());
        let mut widths = Vec::new();
        let mut at = 0;
        while widths.len() < 1000 {
            let mut n_fields = 0;
            match machine.record(sample, at, |_| n_fields += 1) {
                Some(ended) => {
                    // Blank records and comments say nothing.
                    if !ended.comment && ended.next - at > 2 {
                        widths.push(n_fields);
                    }
                    at = ended.next;
                }
                None => {
                    if whole && at < sample.len() && !machine.is_comment() {
                        widths.push(n_fields + 1);
                    }
                    break;
                }
            }
        }
        let Some(&width) = widths.first() else { continue };
        let agree = widths.iter().filter(|&&other| other == width).count();
        if width > 1 && (agree, width) > (best.0, best.1) {
            best = (agree, width, delimiter);
        }
    }
    best.2
}
