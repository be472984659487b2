//! The usual spellings of null, as content, quoted or not.

/// All of them. None has more than four bytes.
pub(super) const SPELLINGS: [&str; 16] = [
    "NULL", "null", "Null", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "None", "none", "nil", "\\N", "-",
    "--", "?",
];

/// The number of the spelling that `content` is.
#[inline]
pub(super) fn spelling(content: &[u8]) -> Option<usize> {
    if content.len() > 4 || content.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    SPELLINGS.iter().position(|spelling| spelling.as_bytes() == content)
}
