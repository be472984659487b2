//! Files that are not delimited text, recognised by how they start, and the command that helps.
//!
//! Archives and binaries are refused: converted as text they would give rubbish with status 0. What
//! is text of another kind (HTML, SQL, JSON) is converted, because any text may be meant, with a
//! remark.
//!
//! Advice for maintainers: a format is one line of [`BINARIES`] or [`TEXTS`]. A magic has at least
//! three bytes, and if all are printable a byte behind them that no text has there, since a header
//! may start with any word.

use bstr::ByteSlice;

/// What a file is, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Not text. The reason follows the file's name.
    Binary(&'static str),
    /// Another kind of text. The remark follows the file's name.
    Text(&'static str),
}

/// The bytes of a file's start that [`recognise`] needs.
pub(crate) const FOREIGN_LOOK: usize = 1024;

/// An offset, the bytes there, and the reason.
type Signature = (usize, &'static [u8], &'static str);

const ZIP: &str = "is a zip archive, which is read only as a file of its own and as a whole; unpack it: \
                   unzip -p FILE | rowmill";
const TAR: &str =
    "is a tar archive; unpack it: tar -xOf FILE | rowmill (tar finds out itself how it is compressed)";
const LZMA: &str = "is compressed by lzma; unpack it: xz --format=lzma -dc FILE | rowmill";
const PARQUET: &str = "is a Parquet file, which is not delimited text; convert it with a program that reads Parquet, \
                       such as duckdb";
const ORC: &str = "is an ORC file, which is not delimited text; convert it with a program that reads ORC";
/// Of workbooks of Excel, old and new.
pub(super) const EXCEL: &str = "is an Excel workbook; save the sheet as CSV, or convert it with LibreOffice: \
                     soffice --headless --convert-to csv FILE";

#[cfg(not(feature = "encodings"))]
const UTF16: &str = "is in UTF-16, and this build was made without the feature encodings";

/// Formats that are not text.
const BINARIES: &[Signature] = &[
    #[cfg(not(feature = "encodings"))]
    (0, b"\xff\xfe", UTF16),
    #[cfg(not(feature = "encodings"))]
    (0, b"\xfe\xff", UTF16),
    (257, b"ustar", TAR),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7z archive; unpack it: 7z x -so FILE | rowmill"),
    (0, b"Rar!\x1a\x07", "is a RAR archive; unpack it: unrar p -inul FILE | rowmill"),
    (
        0,
        b"\x02\x21\x4c\x18",
        "is compressed by lz4 in its old format, which does not show whether a file is whole; unpack it: \
         lz4 -dc FILE | rowmill",
    ),
    (0, b"\xff\x06\x00\x00sNaPpY", "is compressed by snappy; unpack it: snzip -dc FILE | rowmill"),
    (0, b"\x1f\x9d\x90", "is compressed by compress; unpack it: zcat FILE | rowmill"),
    (0, b"\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff", LZMA),
    (0, b"\x5d\x00\x00\x00\x04\xff\xff\xff\xff\xff\xff\xff\xff", LZMA),
    (0, b"LZIP\x01", "is compressed by lzip; unpack it: lzip -dc FILE | rowmill"),
    (0, b"\x89LZO\x00\x0d\x0a\x1a", "is compressed by lzop; unpack it: lzop -dc FILE | rowmill"),
    (
        0,
        b"SQLite format 3\x00",
        "is an SQLite database; query it: sqlite3 -csv -header FILE 'select …' | rowmill",
    ),
    (0, b"%PDF-", "is a PDF document, which is not delimited text"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", EXCEL),
    (
        0,
        b"ARROW1\x00",
        "is an Arrow file, which is not delimited text; convert it with a program that reads Arrow",
    ),
    (
        0,
        b"Obj\x01",
        "is an Avro file, which is not delimited text; convert it with a program that reads Avro",
    ),
    (0, b"MSCF\x00\x00\x00\x00", "is a cabinet archive; unpack it: cabextract -pq FILE | rowmill"),
    (0, b"$FL2@(#)", "is a file of SPSS, which is not delimited text; save it as CSV"),
    (0, b"$FL3@(#)", "is a file of SPSS, which is not delimited text; save it as CSV"),
    (0, b"\x93NUMPY", "is an array of NumPy, not delimited text; write it with numpy.savetxt"),
    (0, b"RDX2\n", "is a file of R, not delimited text; write it with write.csv"),
    (0, b"RDX3\n", "is a file of R, not delimited text; write it with write.csv"),
    (0, b"\x89HDF\x0d\x0a\x1a\x0a", "is an HDF5 file, which is not delimited text"),
    (0, b"\x89PNG\x0d\x0a", "is a picture, not delimited text"),
    (0, b"GIF89a", "is a picture, not delimited text"),
    (0, b"\xff\xd8\xff", "is a picture, not delimited text"),
    (0, b"\x7fELF", "is a program, not delimited text"),
    (0, b"\xca\xfe\xba\xbe", "is a program, not delimited text"),
    (0, b"!<arch>\x0a", "is an ar archive (a Debian package or a library), not delimited text"),
    (0, b"{\\rtf", "is an RTF document, not delimited text; save it as plain text"),
];

/// How texts of another kind start, without white space and in lower case.
const TEXTS: &[(&str, &str)] = &[
    (
        "<!doctype html",
        "looks like a page of HTML, not delimited text; was an error page saved instead of the file?",
    ),
    ("<html", "looks like a page of HTML, not delimited text; was an error page saved instead of the file?"),
    ("<table", HTML_TABLE),
    ("<?xml", XML),
    ("version https://git-lfs", "is a pointer of Git LFS, not the file itself; fetch that: git lfs pull"),
    ("-- mysql dump", "looks like a dump of SQL, not delimited text"),
    ("-- mariadb dump", "looks like a dump of SQL, not delimited text"),
    ("-- postgresql database dump", "looks like a dump of SQL, not delimited text"),
    ("--\n-- postgresql database dump", "looks like a dump of SQL, not delimited text"),
    ("--\n-- mysql dump", "looks like a dump of SQL, not delimited text"),
    ("/*!40", "looks like a dump of SQL, not delimited text"),
    ("/*m!", "looks like a dump of SQL, not delimited text"),
    ("pragma foreign_keys", "looks like a dump of SQL, not delimited text"),
    ("begin transaction;", "looks like SQL, not delimited text"),
    ("create table ", "looks like SQL, not delimited text"),
    ("insert into ", "looks like SQL, not delimited text"),
    ("drop table ", "looks like SQL, not delimited text"),
];

const HTML_TABLE: &str = "looks like a table of HTML, not delimited text";
const XML: &str = "looks like XML, not delimited text";
const JSON: &str = "looks like JSON, not delimited text";
const PSQL: &str = "looks like a table that psql printed; have it write CSV: psql --csv";
const MYSQL: &str = "looks like a table that mysql printed; have it write tabs: mysql --batch";
const MARKDOWN: &str = "looks like a table of Markdown, not delimited text";

/// What a text is by more than its first word.
fn text_of_another_kind(text: &[u8]) -> Option<&'static str> {
    if is_json(text) {
        return Some(JSON);
    }
    // A tag alone may be a name: exports of stock prices have `<DATE>,<OPEN>`.
    if text.starts_with(b"<") && text.get(1).is_some_and(u8::is_ascii_alphabetic) && text.contains_str("</") {
        return Some(XML);
    }
    let mut lines = text.lines();
    let (first, second) = (lines.next()?, lines.next().unwrap_or_default());
    let made_of = |line: &[u8], bytes: &[u8]| {
        bytes.iter().all(|byte| line.contains(byte)) && line.iter().all(|byte| bytes.contains(byte))
    };
    match () {
        () if first.starts_with(b"+-") && made_of(first, b"+-") => Some(MYSQL),
        () if second.starts_with(b"--") && made_of(second, b"+-") => Some(PSQL),
        () if first.starts_with(b"|")
            && second.contains_str("---")
            && second.starts_with(b"|")
            && second.iter().all(|byte| b"|-: ".contains(byte)) =>
        {
            Some(MARKDOWN)
        }
        () => None,
    }
}

/// An object, or an array of objects, arrays or strings.
fn is_json(text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else { return false };
    let next = rest.trim_ascii_start().first();
    match first {
        b'{' => next == Some(&b'"'),
        b'[' => next.is_some_and(|byte| b"{[\"".contains(byte)),
        _ => false,
    }
}

/// What a file is that starts with `start`, its first [`FOREIGN_LOOK`] bytes or all if fewer;
/// `None` if it may be delimited text.
pub(crate) fn recognise(start: &[u8]) -> Option<Foreign> {
    if start.starts_with(b"PK\x03\x04")
        || start.starts_with(b"PK\x05\x06")
        || start.starts_with(b"PK\x07\x08")
    {
        return Some(Foreign::Binary(if is_workbook(start) { EXCEL } else { ZIP }));
    }
    if start.starts_with(b"PAR1")
        && start.get(4).is_some_and(|byte| *byte < b' ' && !byte.is_ascii_whitespace())
    {
        return Some(Foreign::Binary(PARQUET));
    }
    // Behind it are lengths and numbers.
    if start.starts_with(b"ORC") && start.get(3..8).is_some_and(|rest| rest.iter().any(|byte| *byte < 9)) {
        return Some(Foreign::Binary(ORC));
    }
    let is = |(at, bytes, _): &&Signature| start.get(*at..).is_some_and(|there| there.starts_with(bytes));
    if let Some((_, _, reason)) = BINARIES.iter().find(is) {
        return Some(Foreign::Binary(reason));
    }
    let text = start.trim_ascii_start();
    let begins =
        |begin: &str| text.len() >= begin.len() && text[..begin.len()].eq_ignore_ascii_case(begin.as_bytes());
    let begun = TEXTS.iter().find(|(begin, _)| begins(begin)).map(|(_, remark)| *remark);
    begun.or_else(|| text_of_another_kind(text)).map(Foreign::Text)
}

/// Whether a zip archive is a workbook of Excel, by the name of its first member.
fn is_workbook(start: &[u8]) -> bool {
    const NAME: usize = 30;
    let name = start.get(NAME..).unwrap_or_default();
    [&b"[Content_Types].xml"[..], b"_rels/", b"xl/", b"docProps/"].iter().any(|first| name.starts_with(first))
}

/// Whether `start` is that of a binary, for tests that make bytes at random.
pub fn is_binary(start: &[u8]) -> bool {
    matches!(recognise(&start[..start.len().min(FOREIGN_LOOK)]), Some(Foreign::Binary(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_and_headers_are_not() {
        for (at, bytes, reason) in BINARIES {
            let mut start = vec![b' '; *at];
            start.extend_from_slice(bytes);
            assert_eq!(recognise(&start), Some(Foreign::Binary(reason)));
            // One byte short of it, it may be text.
            assert_eq!(recognise(&start[..start.len() - 1]), None, "{reason}");
        }
        for (begin, remark) in TEXTS {
            let start = format!("\r\n {}", begin.to_uppercase());
            let lower = recognise(format!(" {begin}").as_bytes());
            assert_eq!(lower, Some(Foreign::Text(remark)));
            assert_eq!(recognise(start.as_bytes()), lower);
        }
        for header in
            ["PAR1,PAR2\n", "ORC,x\n", "Obj\n", "LZIP\n", "PK,id\n", "version,https\n", "%,PDF\n", "", "a"]
        {
            assert_eq!(recognise(header.as_bytes()), None, "{header}");
        }
        for (text, remark) in [
            ("{\"a\":1}", JSON),
            ("[\n {\"a\":1}]", JSON),
            ("[[1],[2]]", JSON),
            ("<Error><Code>x</Code></Error>", XML),
            ("+----+---+\n| id | n |\n", MYSQL),
            (" id | n \n----+---\n", PSQL),
            ("| a | b |\n|---|:-:|\n", MARKDOWN),
        ] {
            assert_eq!(recognise(text.as_bytes()), Some(Foreign::Text(remark)), "{text}");
        }
        for text in ["<DATE>,<OPEN>\n1,2\n", "{id},{n}\n", "[id],[n]\n", "a|b\n-|-\n", "a\n----\n", "+1,2\n"]
        {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
        assert_eq!(recognise(b"PAR1\x15\x04"), Some(Foreign::Binary(PARQUET)));
        let mut zip = b"PK\x03\x04".to_vec();
        zip.resize(30, 0);
        assert_eq!(recognise(&zip), Some(Foreign::Binary(ZIP)));
        zip.extend_from_slice(b"xl/workbook.xml");
        assert_eq!(recognise(&zip), Some(Foreign::Binary(EXCEL)));
    }
}
