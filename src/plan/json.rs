//! Whether a text is JSON (RFC 8259), as strict readers take it.

use serde::de::IgnoredAny;

/// Most readers take 127 levels; the record it stands in, and objects that `--nest` makes around it, need some of them.
const MOST_LEVELS: usize = 100;

/// Whether `text` is one JSON value, nested no deeper than [`MOST_LEVELS`], in which each `\u` escape stands for a character: half of a
/// surrogate pair is JSON by its grammar, but most readers refuse it.
pub(super) fn is_json(text: &[u8]) -> bool {
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
                // What stands behind it is no quote or escape of its own.
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

/// Whether `text` is a number as JSON writes it.
pub(super) fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let n = digits(rest);
    if n == 0 || n > 1 && rest[0] == b'0' {
        return false;
    }
    let mut rest = &rest[n..];
    if let [b'.', fraction @ ..] = rest {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
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
    fn numbers_are_those_of_serde_json() {
        let alphabet = b"-+.eE019 ";
        for n in 0..alphabet.len().pow(5) {
            let mut text = Vec::new();
            let mut rest = n;
            while rest > 0 {
                text.push(alphabet[rest % alphabet.len()]);
                rest /= alphabet.len();
            }
            let blank = text.contains(&b' ');
            let expected = !blank && serde_json::from_slice::<IgnoredAny>(&text).is_ok();
            assert_eq!(is_number(&text), expected, "{}", text.escape_ascii());
        }
    }
}
