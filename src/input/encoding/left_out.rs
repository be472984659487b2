//! What stands for the encodings in a build without them: UTF-8.

use crate::charset::Charset;
use crate::error::{Error, Result};

/// An encoding: UTF-8, since this build was made without the feature `encodings`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(());

impl Encoding {
    /// The encoding that `label` names.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn for_label(label: &str) -> Result<Self> {
        if ["utf-8", "utf8"].iter().any(|known| known.eq_ignore_ascii_case(label.trim())) {
            return Ok(Self(()));
        }
        let reason = "this build was made without the feature encodings";
        Err(Error::setting(format!("`encoding` {label}: {reason}")))
    }

    /// Its charset.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "others have one, or none")]
    pub(in crate::input) fn charset(self) -> Option<Charset> {
        Some(Charset::Utf8)
    }

    /// Its name in the WHATWG standard.
    pub fn name(self) -> &'static str {
        "UTF-8"
    }
}

/// The encoding of a byte-order mark, and the mark's length.
pub(in crate::input) fn by_mark(start: &[u8]) -> Option<(Encoding, usize)> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    start.starts_with(MARK).then_some((Encoding(()), MARK.len()))
}

/// No other encoding is known.
pub(crate) fn guess(_: &[u8], _: bool) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_named() {
        assert!(Encoding::for_label("UTF-8").is_ok());
        let error = Encoding::for_label("latin1").unwrap_err().to_string();
        assert_eq!(error, "`encoding` latin1: this build was made without the feature encodings");
    }
}
