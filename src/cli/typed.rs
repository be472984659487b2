//! How values are typed: sizes, ranges of bytes, bytes, lists of names.

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::parse::{Field, Machine};
use crate::sequence::bytes;
use crate::{Delimiter, Range};

/// A size in bytes: `64M`, `1GiB` and the like, or a plain number. `M` and `MiB` are 2^20, `MB` is
/// 10^6.
pub(super) fn size(typed: &str) -> Result<usize, String> {
    let text = typed.trim();
    // `64M` is binary, `64MB` is decimal: the library knows one reading of `M` at a time.
    let is_decimal =
        text.len() > 2 && text.ends_with(['b', 'B']) && !text[..text.len() - 1].ends_with(['i', 'I']);
    let config = parse_size::Config::new();
    let config = if is_decimal { config.with_decimal() } else { config.with_binary() };
    let n = config.parse_size(text).map_err(|error| match error {
        parse_size::Error::PosOverflow => "is too large",
        _ => "sizes are typed as 64M or 1GiB (2^20, 2^30), 64MB or 1GB (10^6, 10^9), or as bytes",
    })?;
    usize::try_from(n).map_err(|_| "is too large".to_owned())
}

/// A range of bytes: `START..END`.
pub(super) fn range(typed: &str) -> Result<Range, String> {
    let bytes =
        typed.split_once("..").and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
    let (start, end) =
        bytes.ok_or("ranges are typed as START..END, two numbers of bytes as a plan has them")?;
    Ok(Range::new(start, end))
}

/// A delimiter: bytes, the name of one, `whitespace` or `auto`.
pub(super) fn delimiter(typed: &str) -> Result<Delimiter> {
    Ok(match typed {
        "auto" => Delimiter::Auto,
        "whitespace" => Delimiter::Whitespace,
        "tab" => Delimiter::Byte(b'\t'),
        "comma" => Delimiter::Byte(b','),
        "semicolon" => Delimiter::Byte(b';'),
        "pipe" | "bar" => Delimiter::Byte(b'|'),
        "space" => Delimiter::Byte(b' '),
        "colon" => Delimiter::Byte(b':'),
        // A word is no delimiter that anyone has, but a name that is almost right.
        word if word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            let names = "tab, comma, semicolon, pipe, space, colon, whitespace, auto";
            return Err(Error::setting(format!("no delimiter is named '{word}'; there are {names}")));
        }
        typed => Delimiter::of(&bytes("-d", typed)?),
    })
}

/// Names in a list, read as a record of CSV, so that a name may contain a comma.
pub(super) fn names(list: &str) -> Vec<String> {
    let dialect = Dialect::default();
    let bytes = list.as_bytes();
    let mut machine = Machine::new(&dialect, true);
    let (mut names, mut next) = (Vec::new(), Some(0));
    while let Some(mut start) = next.filter(|at| *at < bytes.len() || names.is_empty()) {
        let mut ends = Vec::new();
        next = machine.record(bytes, start, |end| ends.push(end)).map(|ended| ended.next);
        if next.is_none() {
            ends.push(bytes.len());
        }
        for end in ends {
            let mut name = Vec::new();
            let field = Field::new(&dialect, true, bytes, start, end);
            let Ok(()) = field.runs(&dialect, |run| {
                name.extend_from_slice(run.bytes());
                Ok::<_, std::convert::Infallible>(())
            });
            names.push(String::from_utf8_lossy(&name).into_owned());
            start = end + 1;
        }
    }
    if list.contains('\n') {
        // Commas at the ends of lines, and blank lines, are no names.
        names.retain(|name| !name.is_empty());
    }
    names
}

/// Pairs in a list, `OLD=NEW,…`; `None` if one of them is none. A name that contains `=` or a comma
/// is typed in quotes.
pub(super) fn pairs(list: &str) -> Option<Vec<(String, String)>> {
    let (mut pairs, mut rest) = (Vec::new(), list);
    loop {
        let (old, behind) = name(rest, &['='])?;
        let (new, behind) = name(behind.strip_prefix('=')?, &[',', '\n'])?;
        pairs.push((old, new));
        match behind.strip_prefix([',', '\n']) {
            // The last line may end as the others do.
            Some(next) if !next.is_empty() || behind.starts_with(',') => rest = next,
            _ => return behind.trim().is_empty().then_some(pairs),
        }
    }
}

/// A name up to one of `ends` or the end of the text, in quotes or not, and what follows.
fn name<'t>(text: &'t str, ends: &[char]) -> Option<(String, &'t str)> {
    let text = text.trim_start();
    let Some(mut rest) = text.strip_prefix('"') else {
        let at = text.find(ends).unwrap_or(text.len());
        return Some((text[..at].trim_end().to_owned(), &text[at..]));
    };
    let mut name = String::new();
    loop {
        let (before, behind) = rest.split_once('"')?;
        name.push_str(before);
        match behind.strip_prefix('"') {
            Some(behind) => {
                name.push('"');
                rest = behind;
            }
            None => return Some((name, behind.trim_start_matches([' ', '\t']))),
        }
    }
}

/// The names of several lists.
pub(super) fn all(lists: &[String]) -> Vec<String> {
    lists.iter().flat_map(|list| names(list)).collect()
}

/// Where the rule of a column starts, behind the first `sign` with one of these words behind it:
/// patterns, units and names may have the sign too.
pub(super) fn rule_at(typed: &str, sign: char, words: &[&str]) -> Option<usize> {
    let mut places = typed.match_indices(sign).map(|(at, _)| at + 1);
    places.find(|&at| {
        let words = words.iter().map(|word| word.trim_end_matches(":N"));
        words
            .filter_map(|word| typed[at..].strip_prefix(word))
            .any(|behind| behind.is_empty() || behind.starts_with(['(', ':']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary_but_for_those_in_bytes() {
        for (typed, n) in [
            ("64M", 64 << 20),
            ("64MiB", 64 << 20),
            ("64MB", 64_000_000),
            ("1GiB", 1 << 30),
            ("1gb", 1_000_000_000),
            ("4096", 4096),
            ("4096B", 4096),
            ("2k", 2048),
        ] {
            assert_eq!(size(typed), Ok(n), "{typed}");
        }
        for typed in ["much", "12X", "", "-1", "1..2"] {
            assert!(size(typed).unwrap_err().starts_with("sizes are typed as 64M"), "{typed}");
        }
        assert_eq!(size("99999999999999999999").unwrap_err(), "is too large");
    }

    #[test]
    fn a_delimiter_has_names() {
        for (typed, byte) in [
            ("tab", b'\t'),
            ("comma", b','),
            ("semicolon", b';'),
            ("pipe", b'|'),
            ("space", b' '),
            ("colon", b':'),
            ("\\001", 1),
            ("0x01", 1),
            ("^A", 1),
            ("^", b'^'),
        ] {
            assert_eq!(delimiter(typed).unwrap(), Delimiter::Byte(byte), "{typed}");
        }
        assert_eq!(delimiter("auto").unwrap(), Delimiter::Auto);
    }

    #[test]
    fn a_range_is_typed_as_two_numbers() {
        assert_eq!(range("0..15"), Ok(Range::new(0, 15)));
        for typed in ["", "..", "5", "5..", "..5", "a..b", "-1..5", "1...5", "1..5k"] {
            assert!(range(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn pairs_may_be_quoted() {
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        assert_eq!(pairs("a=b, c = d"), Some(vec![pair("a", "b"), pair("c", "d")]));
        assert_eq!(pairs(r#""a=b"=x,"c,""d"="e=f""#), Some(vec![pair("a=b", "x"), pair("c,\"d", "e=f")]));
        assert_eq!(pairs("a=b=c"), Some(vec![pair("a", "b=c")]));
        for typed in ["", "a", "a=b,c", r#""a=b"#, r#""a"b=c"#] {
            assert_eq!(pairs(typed), None, "{typed}");
        }
    }

    #[test]
    fn names_in_a_list_may_be_quoted() {
        assert_eq!(names(r#"a, "b,c" ,d"#), ["a", "b,c", "d"]);
        assert_eq!(names("a,"), ["a", ""]);
        assert_eq!(names(""), [""]);
        // A line each, as a file has them.
        assert_eq!(names("a\nb,c\n\"d\ne\"\n"), ["a", "b", "c", "d\ne"]);
        assert_eq!(names("\n a,\n\nb,\n"), ["a", "b"]);
    }
}
