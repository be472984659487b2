//! The encodings of the WHATWG standard, by the labels that the web gives them and by the names
//! that they have in other tools.

use crate::charset::Charset;
use crate::error::{Error, Result};
use crate::header::distance;

/// An encoding, by a label of the WHATWG standard.
///
/// In a build without the feature `encodings` there is UTF-8 alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(pub(in crate::input) &'static encoding_rs::Encoding);

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
    pub(in crate::input) fn charset(self) -> Option<Charset> {
        Charset::of(self.0)
    }

    /// Its name in the standard.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// The encoding of a byte-order mark, and the mark's length.
pub(in crate::input) fn by_mark(start: &[u8]) -> Option<(Encoding, usize)> {
    encoding_rs::Encoding::for_bom(start).map(|(encoding, mark)| (Encoding(encoding), mark))
}

/// The label of the encoding that bytes, which are not UTF-8, most likely are in; `whole` if
/// nothing follows them.
pub(crate) fn guess(bytes: &[u8], whole: bool) -> Option<String> {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, whole);
    Some(detector.guess(None, chardetng::Utf8Detection::Deny).name().to_ascii_lowercase())
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
        let error = |label| Encoding::for_label(label).unwrap_err().to_string();
        assert!(error("latin-one").contains("no encoding is called 'latin-one'"));
        assert!(error("iso-2022-kr").contains("forbids"));
    }
}
