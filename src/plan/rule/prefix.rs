//! `--mask COLUMN:prefix:N`: the first N characters of a value that has more, and three stars.

use super::content::Content;
use super::definition::{Parameters, Rule};
use super::value::Value;
use bstr::ByteSlice;

/// So many characters are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(u8);

/// More would hide nothing of most values.
const MOST: u8 = 100;

impl Parameters for Prefix {
    fn read(text: &str) -> Option<Result<Self, String>> {
        let n = text.strip_prefix("prefix:")?;
        let n = n.parse().ok().filter(|n| (1..=MOST).contains(n));
        Some(n.map(Self).ok_or_else(|| format!("prefix:N takes a number of characters from 1 to {MOST}")))
    }

    fn text(&self) -> String {
        format!("prefix:{}", self.0)
    }
}

impl Rule for Prefix {
    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        let (bytes, n) = (content.bytes(), usize::from(self.0));
        // Invalid bytes count as the U+FFFD that they become.
        let head = match bytes.get(..=n) {
            Some(first) if first.is_ascii() => n,
            _ => bytes.char_indices().nth(n).map_or(0, |(start, _, _)| start),
        };
        Value::Part { head, stars: true, tail: bytes.len() }
    }
}
