//! What the first 64 KiB of an input show of flags that do not fit it: quotes, escapes, the
//! terminator, the encoding, and names for what is data or the reverse.
//!
//! As in `sniff.rs`, a remark names what to type, and is never made of a file that is read right.

use super::looks::{MISSING, is_value};
use super::sniff::{Sample, Sniffed, Taken, Widths, records};
use crate::charset::Charset;
use crate::dialect::Dialect;
use crate::parse::Field;

/// Returns what the sample shows of flags that do not fit.
pub(super) fn remarks(taken: &Taken<'_>, sample: Sample<'_>, sniffed: &[Sniffed]) -> Vec<String> {
    let mine = Widths::of(sniffed);
    let dialect = terminator(taken.dialect, sample)
        .or_else(|| quotes(taken, sample, sniffed, mine))
        .or_else(|| escape(taken, sample, sniffed, mine))
        .or_else(|| names_for_data(taken, sample, sniffed));
    let all = dialect.into_iter().chain(encoding(taken, sample));
    all.map(|what| format!("{}: {what}", taken.name)).collect()
}

/// Lines end as usual, and no record ends as it was said; or each has half of its end in it.
fn terminator(dialect: &Dialect, sample: Sample<'_>) -> Option<String> {
    let byte = dialect.terminator.byte()?;
    let has = |byte: u8| memchr::memchr(byte, sample.bytes).is_some();
    if byte == b'\n' && has(byte) {
        let mut ends = memchr::memchr_iter(b'\n', sample.bytes);
        let keeps_cr = !dialect.trims_fields() && ends.all(|at| at > 0 && sample.bytes[at - 1] == b'\r');
        return keeps_cr.then(|| "lines end with CR LF; did you mean `terminator` any?".into());
    }
    let lines = match () {
        () if has(byte) => return None,
        () if has(b'\n') => "LF",
        () if has(b'\r') => "CR",
        () => return None,
    };
    let what = "no record ends with the terminator, lines end with";
    Some(format!("{what} {lines}; did you mean to leave out `terminator`?"))
}

/// How the records are under another dialect, if that is better: all of the same width.
fn better(other: &Dialect, sample: Sample<'_>, mine: Widths) -> bool {
    !mine.are_even() && Widths::of(&records(other, sample)).are_even()
}

/// Whether all fields of all records start and end with `quote`.
fn all_quoted(quote: u8, sample: Sample<'_>, sniffed: &[Sniffed]) -> bool {
    let is_quoted = |text: &[u8]| text.len() > 1 && text[0] == quote && text.ends_with(&[quote]);
    sniffed.len() > 1
        && sniffed.iter().flat_map(|record| &record.fields).all(|field| {
            let text = sample.bytes[field.clone()].trim_ascii();
            is_quoted(text)
        })
}

/// Fields are in quotes that were not taken for such.
fn quotes(taken: &Taken<'_>, sample: Sample<'_>, sniffed: &[Sniffed], mine: Widths) -> Option<String> {
    let dialect = taken.dialect;
    let is_odd = |quote: u8| {
        let other = Dialect { quote: Some(quote), ..dialect.clone() };
        memchr::memchr(quote, sample.bytes).is_some()
            && other.collision(&[&[dialect.delimiter]], None).is_none()
            && (all_quoted(quote, sample, sniffed) || better(&other, sample, mine))
    };
    if dialect.quote != Some(b'"') && is_odd(b'"') {
        return Some("fields are in double quotes; did you mean to leave out `quote`?".to_owned());
    }
    (dialect.quote == Some(b'"') && is_odd(b'\''))
        .then(|| "fields are in single quotes; did you mean `quote` \"'\"?".to_owned())
}

/// Backslashes escape, and were not taken for escapes.
fn escape(taken: &Taken<'_>, sample: Sample<'_>, sniffed: &[Sniffed], mine: Widths) -> Option<String> {
    let dialect = taken.dialect;
    let other = Dialect { escape: Some(b'\\'), ..dialect.clone() };
    let escapes_delimiter = dialect.escape.is_none()
        && memchr::memmem::find(sample.bytes, &[b'\\', dialect.delimiter]).is_some()
        && other.collision(&[&[dialect.delimiter]], None).is_none()
        && better(&other, sample, mine);
    let what = match () {
        () if escapes_delimiter => "the delimiter",
        () if is_escaped_by(b'\\', dialect, sample, sniffed) => "quotes",
        () => return None,
    };
    Some(format!("a backslash escapes {what}; did you mean `escape` '\\'?"))
}

/// Whether `escape` stands before quotes that are wrong without it, and nothing is wrong with it.
pub(super) fn is_escaped_by(escape: u8, dialect: &Dialect, sample: Sample<'_>, sniffed: &[Sniffed]) -> bool {
    let Some(quote) = dialect.quote.filter(|_| dialect.escape.is_none()) else { return false };
    let other = Dialect { escape: Some(escape), ..dialect.clone() };
    let odd = |dialect: &Dialect, record: &Sniffed| record.is_open() || has_stray(dialect, sample, record);
    memchr::memmem::find(sample.bytes, &[escape, quote]).is_some()
        && other.collision(&[&[dialect.delimiter]], None).is_none()
        && sniffed.iter().any(|record| odd(dialect, record))
        && !records(&other, sample).iter().any(|record| odd(&other, record))
}

/// Whether there is text behind a quote that closes a field.
fn has_stray(dialect: &Dialect, sample: Sample<'_>, record: &Sniffed) -> bool {
    let trim = dialect.trims_fields();
    let is_stray = |field: &std::ops::Range<usize>| {
        Field::new(dialect, trim, sample.bytes, field.start, field.end).stray_quote(dialect).is_some()
    };
    record.fields.iter().any(is_stray)
}

/// The first record was taken for data, and has names where all others have values.
fn names_for_data(taken: &Taken<'_>, sample: Sample<'_>, sniffed: &[Sniffed]) -> Option<String> {
    let (first, rest) = sniffed.split_first().filter(|(_, rest)| !taken.in_record && rest.len() > 1)?;
    let text = |field: &std::ops::Range<usize>| taken.dialect.shown(&sample.bytes[field.clone()]);
    let mut name = None;
    for (i, field) in first.fields.iter().enumerate() {
        let shown = text(field).trim().trim_matches('"').to_owned();
        let is_name = shown.chars().filter(|c| c.is_alphabetic()).count() > 1
            && !MISSING.contains(&shown.to_lowercase().as_str());
        if !is_name {
            return None;
        }
        let column = || rest.iter().filter_map(|record| record.fields.get(i));
        if column().count() > 1 && column().all(|field| is_value(&sample.bytes[field.clone()])) {
            name.get_or_insert(shown);
        }
    }
    let way = match () {
        () if taken.follows_first => "to leave out `header_in_first`",
        () if taken.n_given.is_some() => "`replace_header`",
        () => "to leave out `no_header`",
    };
    name.map(|name| {
        format!("the first record was taken for data, but looks like names ('{name}'); did you mean {way}?")
    })
}

/// What was decoded by the encoding that was asked for is UTF-8.
fn encoding(taken: &Taken<'_>, sample: Sample<'_>) -> Option<String> {
    if taken.encoding_by_default {
        return None;
    }
    let is_wrong = match taken.dialect.charset {
        Charset::Page(_) => is_utf8(sample),
        Charset::Utf8 => is_ascii_in_pairs(sample.bytes),
    };
    is_wrong.then(|| "looks like UTF-8; did you mean to leave out `encoding`?".to_owned())
}

/// Whether there are characters outside ASCII, and all are UTF-8.
fn is_utf8(sample: Sample<'_>) -> bool {
    let bytes = match str::from_utf8(sample.bytes) {
        Ok(_) => sample.bytes,
        // The sample may end within a character.
        Err(error) if error.error_len().is_none() && !sample.whole => &sample.bytes[..error.valid_up_to()],
        Err(_) => return false,
    };
    !bytes.is_ascii()
}

/// Whether nearly all characters are made of two bytes of ASCII: UTF-16 was asked for, and is not
/// there.
fn is_ascii_in_pairs(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    let pairs = text.chars().filter(|&c| {
        u16::try_from(u32::from(c)).is_ok_and(|unit| unit.to_be_bytes().into_iter().all(printable))
    });
    let n = text.chars().count();
    n > 1 && pairs.count() * 10 >= n * 9
}
