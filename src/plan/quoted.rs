//! Names as strings of JSON.

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}
