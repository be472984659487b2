//! Encodings by the labels that the web gives them, and how long each character is in them.
//!
//! Places in messages are those of the input, but of an encoding with several bytes a character
//! what is parsed is its text in UTF-8: so from a piece of text the input's bytes that it came from
//! are counted. (One byte a character is parsed as it is: `charset.rs`.) In most encodings each
//! character determines its length; where one has two, [`Width`] goes by the same always, so that
//! all differences have one sign and none hides another. `offset_map.rs` adds them.

use crate::by_text::by_text;
use crate::charset::Charset;
use crate::error::{Error, Result};
use crate::header::distance;
use std::fmt;

/// An encoding, by a label of the WHATWG standard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(pub(super) &'static encoding_rs::Encoding);

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

by_text!(Encoding, |encoding| encoding.name().to_owned(), |label| Encoding::for_label(label).ok());

impl Encoding {
    /// The encoding that `label` names, in any case: `utf-16le`, `latin1`, `shift_jis`, …
    /// Names in other tools are understood too: `latin-1`, `utf-8-sig`, `cp932`, `mac_roman`.
    ///
    /// # Errors
    /// None is named so, or the standard forbids to decode it.
    pub fn for_label(label: &str) -> Result<Self> {
        match encoding_rs::Encoding::for_label(standard(label).as_bytes()) {
            Some(encoding) if encoding == encoding_rs::REPLACEMENT => Err(Error::setting(format!(
                "`encoding`: {label} can't be decoded safely, and the standard forbids it; convert the file first, say with iconv"
            ))),
            Some(encoding) => Ok(Self(encoding)),
            None => Err(Error::setting(format!(
                "`encoding`: no encoding is called '{label}'; {}",
                instead(label)
            ))),
        }
    }

    /// Its charset, if text in it is parsed without being decoded first.
    pub(super) fn charset(self) -> Option<Charset> {
        Charset::of(self.0)
    }

    /// Its name in the standard.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// Labels of the standard for names that Python, Java, iconv and databases use.
const OTHER_NAMES: [(&str, &str); 17] = [
    ("ansi", "windows-1252"),
    ("cp65001", "utf-8"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("latin-1", "latin1"),
    ("latin-9", "iso-8859-15"),
    ("mac-roman", "macintosh"),
    ("macroman", "macintosh"),
    ("ms932", "shift_jis"),
    ("uhc", "euc-kr"),
    ("utf-8-bom", "utf-8"),
    ("utf-8-sig", "utf-8"),
    ("utf16", "utf-16"),
    ("utf16be", "utf-16be"),
    ("utf16le", "utf-16le"),
];

/// The label of the standard for a name in any spelling: `UTF_16`, `win-1252` or `1252` for one.
fn standard(typed: &str) -> String {
    let label = typed.trim().to_ascii_lowercase();
    if encoding_rs::Encoding::for_label(label.as_bytes()).is_some() {
        return label;
    }
    let label = label.replace('_', "-");
    if let Some((_, standard)) = OTHER_NAMES.iter().find(|(name, _)| *name == label) {
        return (*standard).to_owned();
    }
    let digits = label.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let word = label[..label.len() - digits.len()].trim_end_matches('-');
    let page = match (word, digits) {
        ("iso" | "iso-8859" | "iso8859", _) => format!("iso-8859-{}", digits.trim_start_matches("8859-")),
        ("" | "cp" | "win" | "windows" | "ms", _) if digits.starts_with("125") => format!("windows-{digits}"),
        _ => return label,
    };
    if encoding_rs::Encoding::for_label(page.as_bytes()).is_some() { page } else { label }
}

/// The names that are suggested: those of the standard, and the best known of its other labels.
const SUGGESTED: [&str; 47] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "utf-16",
    "windows-1252",
    "windows-1251",
    "windows-1250",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-9",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "latin1",
    "latin2",
    "cp1252",
    "cp1251",
    "cp1250",
    "ascii",
    "koi8-r",
    "koi8-u",
    "ibm866",
    "macintosh",
    "x-mac-cyrillic",
    "shift_jis",
    "sjis",
    "euc-jp",
    "iso-2022-jp",
    "gbk",
    "gb18030",
    "big5",
    "euc-kr",
];

/// What to type instead of a label that is none: the nearest ones, or how to convert the file.
fn instead(label: &str) -> String {
    const MOST: usize = 3;
    let label = label.trim().to_ascii_lowercase().replace('_', "-");
    let page = label.trim_start_matches("cp").trim_start_matches("ibm");
    if !page.is_empty() && page.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("convert the file first: iconv -f CP{page} -t UTF-8");
    }
    if ["utf-32", "utf32", "ucs-4", "utf-7", "utf7"].iter().any(|name| label.starts_with(name)) {
        return format!("convert the file first: iconv -f {} -t UTF-8", label.to_ascii_uppercase());
    }
    let letters = |name: &str| name.replace(['-', '_', ' '], "");
    let (wanted, most) = (letters(&label), label.len().div_ceil(4));
    let mut near: Vec<(usize, &str)> =
        SUGGESTED.into_iter().map(|name| (distance(&wanted, &letters(name)), name)).collect();
    // The sort is stable: among equals the commoner one comes first.
    near.sort_by_key(|(distance, _)| *distance);
    let nearest = near[0].0;
    if nearest > most {
        let some = ["utf-16le", "windows-1252", "iso-8859-15", "macintosh", "shift_jis", "gb18030", "big5"];
        return format!("known are the labels of the WHATWG standard, such as {}", some.join(", "));
    }
    let near: Vec<&str> =
        near.into_iter().filter(|(n, _)| *n == nearest).map(|(_, name)| name).take(MOST).collect();
    format!("did you mean {}?", near.join(" or "))
}

/// How many bytes of an encoding became some text.
pub(super) enum Width {
    /// It is the text.
    Same,
    /// UTF-16.
    Units,
    /// By character.
    Table(Box<Table>),
}

/// The length of each character of the basic plane, and of all others.
pub(super) struct Table {
    basic: [u8; 1 << 16],
    beyond: u8,
}

/// What replaces `n` bytes that cannot be decoded: no UTF-8 holds it, so it is found,
/// counted and replaced where all invalid bytes are, and it says how many they were.
pub(super) fn malformed(n: u8) -> u8 {
    0u8.wrapping_sub(n)
}

impl Width {
    pub(super) fn of(encoding: &'static encoding_rs::Encoding) -> Self {
        match encoding {
            _ if encoding == encoding_rs::UTF_8 => Self::Same,
            _ if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE => Self::Units,
            _ => Self::Table(Box::new(Table::new(encoding))),
        }
    }

    /// The length of what became `text`, which does not part a character.
    pub(super) fn measure(&self, text: &[u8]) -> u64 {
        let by_first = |n: fn(u8) -> u8| text.iter().map(|&byte| u64::from(n(byte))).sum();
        match self {
            Self::Same => text.len() as u64,
            Self::Units => by_first(|byte| match byte {
                0x80..=0xbf => 0,
                0xf0..=0xf7 => 4,
                0xf8..=0xff => byte.wrapping_neg(),
                _ => 2,
            }),
            Self::Table(table) => table.measure(text),
        }
    }
}

impl Table {
    fn new(encoding: &'static encoding_rs::Encoding) -> Self {
        let is = |name: &str| encoding.name() == name;
        let (gb, iso) = (is("gb18030") || is("GBK"), is("ISO-2022-JP"));
        // What is in no table of two bytes has four in the Chinese standard.
        let (rest, beyond) = if gb { (4, 4) } else { (2, 2) };
        let mut basic = [0; 1 << 16];
        let mut note = |bytes: &[u8]| {
            let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else {
                return;
            };
            let mut n = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
            for character in text.chars() {
                if let Some(known) = basic.get_mut(character as usize) {
                    // The longest in the Chinese standard, the shortest elsewhere. (0 is: not seen
                    // yet.)
                    if *known == 0 || (if gb { *known < n } else { *known > n }) {
                        *known = n;
                    }
                }
                // Two characters for one code: the second adds nothing.
                n = NOTHING;
            }
        };
        let singles = (0x80..=0xff).filter(|&byte| {
            let alone = encoding.decode_without_bom_handling_and_without_replacement(&[byte]).is_some();
            if alone {
                note(&[byte]);
            }
            alone
        });
        let singles: Vec<u8> = singles.collect();
        for first in (0x81..=0xfe).filter(|first| !iso && !singles.contains(first)) {
            (0x30..=0xfe).for_each(|second| note(&[first, second]));
        }
        if is("EUC-JP") {
            for second in 0xa1..=0xfe {
                (0xa1..=0xfe).for_each(|third| note(&[0x8f, second, third]));
            }
        }
        if gb {
            // Of 18 characters there are two forms, since 2005 and 2022.
            for prefix in [[0x82, 0x35, 0x90], [0x82, 0x35, 0x91], [0x84, 0x31, 0x82], [0x84, 0x31, 0x83]] {
                (0x30..=0x39).for_each(|last| note(&[prefix[0], prefix[1], prefix[2], last]));
            }
        }
        for known in &mut basic {
            *known = match *known {
                0 => rest,
                NOTHING => 0,
                n => n,
            };
        }
        Self { basic, beyond }
    }

    fn measure(&self, text: &[u8]) -> u64 {
        let mut n = 0;
        let mut left = text;
        loop {
            let (length, rest) = match left {
                [] => return n,
                [0..=0x7f, rest @ ..] => (1, rest),
                [a @ 0xc0..=0xdf, b, rest @ ..] => (self.basic[code(0, *a & 0x1f, *b)], rest),
                [a @ 0xe0..=0xef, b, c, rest @ ..] => (self.basic[code(*a & 0xf, *b, *c)], rest),
                [0xf0..=0xf7, rest @ ..] => (self.beyond, rest),
                [a @ 0xf8..=0xff, rest @ ..] => (a.wrapping_neg(), rest),
                [_, rest @ ..] => (0, rest),
            };
            n += u64::from(length);
            left = rest;
        }
    }
}

/// Marks a character that adds nothing to the one before it.
const NOTHING: u8 = u8::MAX;

/// A character of the basic plane from the bits of its last three bytes.
fn code(a: u8, b: u8, c: u8) -> usize {
    usize::from(a) << 12 | usize::from(b & 0x3f) << 6 | usize::from(c & 0x3f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_standard() {
        for (label, name) in
            [("latin1", "windows-1252"), ("UTF-16", "UTF-16LE"), ("sjis", "Shift_JIS"), ("utf8", "UTF-8")]
        {
            assert_eq!(Encoding::for_label(label).unwrap().name(), name);
        }
        let told = |label| Encoding::for_label(label).unwrap_err().to_string();
        assert!(told("latin-one").contains("no encoding is called 'latin-one'"));
        assert!(told("iso-2022-kr").contains("forbids"));
    }

    /// Of every sequence of up to three bytes, and some of four, that decodes: the width is right,
    /// or all that differ do so on one side.
    #[test]
    fn widths_are_right_but_for_known_ones() {
        for (label, most) in
            [("shift_jis", 0), ("euc-kr", 0), ("big5", 0), ("gbk", 24), ("gb18030", 24), ("euc-jp", 400)]
        {
            let encoding = Encoding::for_label(label).unwrap().0;
            let width = Width::of(encoding);
            let mut wrong = Vec::new();
            let mut hold = |bytes: &[u8]| {
                let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else {
                    return;
                };
                let (is, told) = (bytes.len() as u64, width.measure(text.as_bytes()));
                if is != told {
                    wrong.push(is > told);
                }
            };
            for first in 0..=0xff {
                hold(&[first]);
                for second in 0..=0xff {
                    if encoding.decode_without_bom_handling_and_without_replacement(&[first]).is_none() {
                        hold(&[first, second]);
                    }
                    if first == 0x8f && label == "euc-jp" {
                        (0xa1..=0xfe).for_each(|third| hold(&[first, second, third]));
                    }
                    if label.starts_with("gb") && (0x30..=0x39).contains(&second) {
                        for third in 0x81..=0xfe {
                            (0x30..=0x39).for_each(|fourth| hold(&[first, second, third, fourth]));
                        }
                    }
                }
            }
            assert!(wrong.len() <= most, "{label}: {} widths are wrong", wrong.len());
            assert!(wrong.windows(2).all(|two| two[0] == two[1]), "{label}: they differ on both sides");
        }
    }
}
