//! `--type COLUMN=json`: text that is JSON (RFC 8259), as strict readers take it.

use super::content::Content;
use super::definition::Rule;
use super::value::Value;
use serde::de::IgnoredAny;

pub(super) struct Json;

/// Most readers take 127 levels; the record it stands in, and objects that `--nest` makes around
/// it, need some of them.
const MOST_LEVELS: usize = 100;

impl Rule for Json {
    const MISFITS: bool = true;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        if is_json(content.bytes()) { Value::Json } else { Value::Misfit }
    }
}

/// Whether `text` is one JSON value, nested no deeper than [`MOST_LEVELS`], in which each `\u`
/// escape stands for a character: half of a surrogate pair is JSON by its grammar, but most readers
/// refuse it. Bytes that are no UTF-8 may stand in its strings.
#[inline(never)]
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok() && suits_readers(text)
}

/// See [`is_json`]; `text` is JSON by its grammar.
fn suits_readers(text: &[u8]) -> bool {
    let (mut at, mut in_string, mut n_levels) = (0, false, 0);
    while at < text.len() {
        match text[at] {
            b'\\' => match unit(&text[at..]) {
                Some(0xd800..0xdc00) => match unit(&text[at + 6..]) {
                    Some(0xdc00..0xe000) => at += 11,
                    _ => return false,
                },
                Some(0xdc00..0xe000) => return false,
                // What is behind it is no quote or escape of its own.
                _ => at += 1,
            },
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                n_levels += 1;
                if n_levels > MOST_LEVELS {
                    return false;
                }
            }
            b']' | b'}' if !in_string => n_levels -= 1,
            _ => {}
        }
        at += 1;
    }
    true
}

/// The UTF-16 unit that the escape at the front stands for.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strict_readers_refuse_is_none() {
        for yes in [
            "{\"a[{\":[1,2.50,1e999,null],\"b\":\"\\ud83d\\ude00 \\\\ud800\"}",
            " [ ] ",
            "\"x\"",
            "12",
            "\n{}\r\n",
        ] {
            assert!(is_json(yes.as_bytes()), "{yes}");
        }
        let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
        assert!(is_json(&deep.as_bytes()[1..201]));
        for no in
            ["", "{", "{}{}", "[1,]", "{'a':1}", "NaN", "01", "\"\\ud800\"", "\"\\udc00x\"", "\"\t\"", &deep]
        {
            assert!(!is_json(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_may_stand_in_strings_alone() {
        for (text, expected) in [
            (&b"{\"a\xff\":\"\xe2\x82\"}"[..], true),
            (b"[\"\xf0\x9f\"]", true),
            (b"\xff", false),
            (b"[\xff]", false),
            (b"1\xff", false),
            (b"\"a\"\xff", false),
            (b"{\"a\":\xc3}", false),
        ] {
            assert_eq!(is_json(text), expected, "{}", text.escape_ascii());
        }
    }
}
