//! What the bytes of a text from 0x80 on mean: UTF-8, or a code page.
//!
//! A code page has one byte for each character and ASCII below 0x80, so that a file in it can be
//! parsed as it is: delimiters, quotes and terminators are compared with the file's own bytes, and
//! only values with a byte from 0x80 on are decoded, by a table.
//!
//! This file does not know how fields are found. Advice for maintainers: an encoding in which a
//! byte below 0x80 may be part of another character (Shift_JIS, GBK, UTF-16) cannot be here; such
//! inputs are decoded as they are read (`input/decode.rs`).

#[cfg(feature = "encodings")]
use encoding_rs::Encoding;
use std::fmt;
#[cfg(feature = "encodings")]
use std::sync::{Mutex, PoisonError};

/// How the bytes of a text are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// As UTF-8.
    #[default]
    Utf8,
    /// By this table, one byte a character.
    Page(&'static Page),
}

/// A code page, compiled once for each encoding.
pub struct Page {
    /// Its name in the WHATWG standard.
    name: &'static str,
    /// What each byte becomes inside a JSON string: the escape, or the UTF-8 of its character. The
    /// length is in the last place; at most six bytes are in front of it.
    pub json: [[u8; 8]; 256],
    /// The UTF-8 of each byte's character, with the length in the last place.
    utf8: [[u8; 4]; 256],
    blank: [bool; 256],
    unmapped: [bool; 256],
    /// No byte is unmapped.
    total: bool,
}

/// All pages made so far, at most as many as there are such encodings (29). They are never freed.
#[cfg(feature = "encodings")]
static PAGES: Mutex<Vec<&'static Page>> = Mutex::new(Vec::new());

impl Charset {
    /// The charset of an encoding whose text can be parsed without decoding it first; `None` for
    /// all others.
    #[cfg(feature = "encodings")]
    pub fn of(encoding: &'static Encoding) -> Option<Self> {
        if encoding == encoding_rs::UTF_8 {
            return Some(Self::Utf8);
        }
        encoding.is_single_byte().then(|| Self::Page(Page::of(encoding)))
    }

    /// Whether `bytes` are the UTF-8 of their text already.
    #[inline]
    pub fn is_utf8(self, bytes: &[u8]) -> bool {
        match self {
            Self::Utf8 => simdutf8::basic::from_utf8(bytes).is_ok(),
            Self::Page(_) => bytes.is_ascii(),
        }
    }

    /// Whether all of `bytes` are valid: no U+FFFD stands for any of them.
    pub fn is_valid(self, bytes: &[u8]) -> bool {
        match self {
            Self::Utf8 => simdutf8::basic::from_utf8(bytes).is_ok(),
            Self::Page(page) => page.total || !bytes.iter().any(|&byte| page.is_unmapped(byte)),
        }
    }

    /// The bytes of `text`; `None` if it has a character that the charset lacks.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Page(page) => text.chars().map(|character| page.byte(character)).collect(),
        }
    }
}

impl Page {
    /// The page of a single-byte encoding.
    #[cfg(feature = "encodings")]
    fn of(encoding: &'static Encoding) -> &'static Self {
        let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = pages.iter().find(|page| page.name == encoding.name()) {
            return page;
        }
        let page: &'static Self = Box::leak(Box::new(Self::new(encoding)));
        pages.push(page);
        page
    }

    #[cfg(feature = "encodings")]
    fn new(encoding: &'static Encoding) -> Self {
        let mut page = Self {
            name: encoding.name(),
            json: [[0; 8]; 256],
            utf8: [[0; 4]; 256],
            blank: [false; 256],
            unmapped: [false; 256],
            total: true,
        };
        for byte in 0..=0xff_u8 {
            let at = usize::from(byte);
            // U+FFFD where it is unmapped.
            let one = [byte];
            let (text, unmapped) = encoding.decode_without_bom_handling(&one);
            let quoted = serde_json::to_string(&text).expect("a string is always JSON");
            put(&mut page.utf8[at], text.as_bytes());
            put(&mut page.json[at], &quoted.as_bytes()[1..quoted.len() - 1]);
            page.blank[at] = text.chars().all(char::is_whitespace);
            page.unmapped[at] = unmapped;
            page.total &= !unmapped;
        }
        page
    }

    /// The encoding's name in the WHATWG standard.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The UTF-8 of a byte's character, which is U+FFFD if there is none; the length is in the last
    /// place.
    #[inline]
    pub fn utf8(&self, byte: u8) -> &[u8; 4] {
        &self.utf8[usize::from(byte)]
    }

    /// Whether a byte is white space.
    #[inline]
    pub fn is_blank(&self, byte: u8) -> bool {
        self.blank[usize::from(byte)]
    }

    /// Whether a byte has no character.
    #[inline]
    pub fn is_unmapped(&self, byte: u8) -> bool {
        self.unmapped[usize::from(byte)]
    }

    /// Whether each byte has a character.
    pub fn is_total(&self) -> bool {
        self.total
    }

    /// The byte that is `character`, of which there is one at the most.
    fn byte(&self, character: char) -> Option<u8> {
        let mut utf8 = [0; 4];
        let utf8 = character.encode_utf8(&mut utf8).as_bytes();
        (0..=0xff).find(|&byte| {
            let [text @ .., n] = self.utf8(byte);
            !self.is_unmapped(byte) && text[..usize::from(*n)] == *utf8
        })
    }
}

/// Puts `text` at the front of `entry`, and its length in the last place.
#[cfg(feature = "encodings")]
fn put<const N: usize>(entry: &mut [u8; N], text: &[u8]) {
    entry[..text.len()].copy_from_slice(text);
    entry[N - 1] = u8::try_from(text.len()).expect("a few bytes");
}

impl PartialEq for Page {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Page {}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A label of each single-byte encoding, for tests.
#[cfg(feature = "encodings")]
#[cfg(test)]
pub(crate) const LABELS: [&str; 29] = [
    "ibm866",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "x-user-defined",
];

#[cfg(feature = "encodings")]
#[cfg(test)]
mod tests {
    use super::*;

    fn page(label: &str) -> &'static Page {
        match Charset::of(Encoding::for_label(label.as_bytes()).unwrap()) {
            Some(Charset::Page(page)) => page,
            other => panic!("{label}: {other:?}"),
        }
    }

    #[test]
    fn a_page_says_of_each_byte_what_the_decoder_says() {
        for label in LABELS {
            let page = page(label);
            assert!(std::ptr::eq(page, self::page(label)), "{label}: made once");
            for byte in 0..=0xff_u8 {
                let one = [byte];
                let encoding = Encoding::for_label(label.as_bytes()).unwrap();
                let (text, unmapped) = encoding.decode_without_bom_handling(&one);
                let entry = |entry: &[u8]| entry[..usize::from(*entry.last().unwrap())].to_vec();
                assert_eq!(entry(page.utf8(byte)), text.as_bytes(), "{label} {byte:#x}");
                let json = format!("\"{text}\"");
                let json = if byte < 0x20 || b"\"\\".contains(&byte) {
                    serde_json::to_string(&text).unwrap()
                } else {
                    json
                };
                let json = &json[1..json.len() - 1];
                assert_eq!(entry(&page.json[usize::from(byte)]), json.as_bytes(), "{label} {byte:#x}");
                assert_eq!(page.is_unmapped(byte), unmapped, "{label} {byte:#x}");
                let character = text.chars().next().unwrap();
                assert_eq!(page.is_blank(byte), character.is_whitespace(), "{label} {byte:#x}");
                let own = (!unmapped).then(|| vec![byte]);
                assert_eq!(Charset::Page(page).encode(&text), own, "{label} {byte:#x}: and back");
                if byte < 0x80 {
                    assert_eq!(*text, *char::from(byte).to_string(), "{label}: ASCII");
                } else {
                    assert!(!text.is_ascii(), "{label} {byte:#x}: no ASCII from 0x80 on");
                }
            }
        }
    }

    #[test]
    fn white_space_is_where_the_page_has_it() {
        for (label, byte, expected) in [
            ("windows-1252", 0xa0, true),
            ("windows-1252", 0x85, false),
            ("iso-8859-2", 0x85, true),
            ("koi8-r", 0xa0, false),
            ("koi8-r", 0x9a, true),
            ("ibm866", 0xff, true),
            ("macintosh", 0xca, true),
        ] {
            assert_eq!(page(label).is_blank(byte), expected, "{label} {byte:#x}");
        }
    }

    #[test]
    fn other_encodings_have_no_page() {
        for label in ["utf-16le", "utf-16be", "shift_jis", "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp"]
        {
            assert_eq!(Charset::of(Encoding::for_label(label.as_bytes()).unwrap()), None, "{label}");
        }
        assert_eq!(Charset::of(encoding_rs::UTF_8), Some(Charset::Utf8));
    }
}
