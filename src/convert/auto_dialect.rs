//! What `delimiter` auto finds in the first 64 KiB of an input: its delimiter, and what stands at
//! its default otherwise: the quote, the escape, lines above the header, and rows of names.
//!
//! What is found is said, with what to type for the same. Each rule asks for agreement of nearly
//! all the records that it sees: what is missed has a remark (`sniff.rs`), what is found wrongly
//! has a wrong result.

use super::delimiter::Delimiter;
use super::looks::{is_name, is_unit, is_value};
use super::names::{HeaderRows, Names};
use super::shaping::{Given, Shaping};
use super::sniff::{
    MOST_ROWS, RARE_DELIMITERS, Sample, Sniffed, Widths, are_names, has_header_at, is_text, occurs, records,
    title,
};
use super::sniff_flags::is_escaped_by;
use crate::dialect::{COMMON_DELIMITERS, Dialect, delimiter_name};
use crate::parse::Field;
use std::ops::Range;

/// The fewest records from which rows of names are told.
const FEWEST_RECORDS: usize = 3;

/// What was found in an input, beside its delimiter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AutoDialect {
    pub(super) quote: Option<u8>,
    pub(super) escape: Option<u8>,
    /// Lines above the header, behind those that are skipped anyway.
    pub(super) lines: u64,
    /// Rows of names, if there are several.
    pub(super) rows: Option<usize>,
}

impl AutoDialect {
    /// Sets what was found.
    pub(super) fn set(self, delimiter: Delimiter, shaping: &mut Shaping) {
        shaping.delimiter = Some(delimiter);
        shaping.skip_lines += self.lines;
        self.set_quoting(&mut shaping.dialect);
        shaping.names.rows = self.header_rows().or(shaping.names.rows.take());
    }

    /// Sets the quote and the escape that were found.
    pub(super) fn set_quoting(self, dialect: &mut Dialect) {
        dialect.quote = self.quote.or(dialect.quote);
        dialect.escape = self.escape.or(dialect.escape);
    }

    /// The rows of names, joined as they are where only their number is given.
    pub(super) fn header_rows(self) -> Option<HeaderRows> {
        self.rows.map(|n| HeaderRows { n, separator: HeaderRows::SEPARATOR.to_owned() })
    }

    /// The same, as settings.
    pub(super) fn words(self) -> Vec<String> {
        let byte = |byte: u8| match byte {
            b'\'' => "\"'\"".to_owned(),
            byte => format!("'{}'", char::from(byte)),
        };
        let quote = self.quote.map(|quote| format!("`quote` {}", byte(quote)));
        let escape = self.escape.map(|escape| format!("`escape` {}", byte(escape)));
        let lines = (self.lines > 0).then(|| format!("`skip_lines` {}", self.lines));
        let rows = self.rows.map(|rows| format!("`header_rows` {rows}"));
        [quote, escape, lines, rows].into_iter().flatten().collect()
    }
}

/// What may be looked for, since nothing is said of it.
#[derive(Clone, Copy)]
pub(super) struct LookedFor {
    pub(super) quote: bool,
    pub(super) escape: bool,
    /// Lines above the header.
    pub(super) title: bool,
    /// Several rows of names.
    pub(super) rows: bool,
}

impl LookedFor {
    /// What is not `given`, and stands at its default. `skips` lines are: these know where the
    /// header is.
    pub(super) fn of(dialect: &Dialect, names: &Names, given: Given, skips: bool) -> Self {
        let usual = dialect.quote == Some(b'"') && dialect.escape.is_none();
        let title = names.in_record() && !skips && !given.skip_lines;
        let rows = names.in_record() && names.rows.is_none() && !names.skip_repeated;
        Self { quote: usual && !given.quote, escape: usual && !given.escape, title, rows }
    }
}

/// Finds the delimiter, if it is not `known`, and what else is `wanted`. Returns no delimiter if
/// none parts most of the records.
pub(super) fn find(
    dialect: &Dialect,
    (known, by_name): (Option<u8>, u8),
    wanted: LookedFor,
    sample: Sample<'_>,
) -> (Option<u8>, AutoDialect) {
    let mut found = AutoDialect::default();
    let mut dialect = dialect.clone();
    if wanted.quote && is_in_single_quotes(&dialect, sample) {
        found.quote = Some(b'\'');
        found.set_quoting(&mut dialect);
    }
    // Where quotes are escaped, records are not parted right without.
    let escaped = || {
        let escape = Some(b'\\').filter(|_| wanted.escape);
        delimiter(&Dialect { escape, ..dialect.clone() }, by_name, sample)
    };
    let delimiter = known.or_else(|| delimiter(&dialect, by_name, sample)).or_else(escaped);
    let Some(byte) = delimiter else { return (None, found) };
    dialect.delimiter = byte;
    let mut sniffed = records(&dialect, sample);
    if wanted.escape && is_escaped_by(b'\\', &dialect, sample, &sniffed) {
        found.escape = Some(b'\\');
        found.set_quoting(&mut dialect);
        sniffed = records(&dialect, sample);
    }
    let mut top = 0;
    if wanted.title
        && let Some(title) = title(&dialect, sample, &sniffed)
        && has_header_at(sample, &sniffed, title.n_records)
    {
        (found.lines, top) = (title.lines, title.n_records);
    }
    found.rows = rows_of_names(sample, &sniffed[top..]).filter(|_| wanted.rows);
    (delimiter, found)
}

/// The delimiter that parts the records. One that a file's name says is preferred, but for the
/// comma, which all other names say.
fn delimiter(dialect: &Dialect, by_name: u8, sample: Sample<'_>) -> Option<u8> {
    if by_name != b',' && widths(dialect, by_name, sample).are_even() {
        return Some(by_name);
    }
    let likely = likely_delimiter(dialect, sample).or_else(|| rare_delimiter(dialect, sample));
    blank_by_quotes(dialect, likely, sample).or(likely)
}

/// The common delimiter under which most records agree in width, or all but the first few; `None`
/// if there is none.
fn likely_delimiter(dialect: &Dialect, sample: Sample<'_>) -> Option<u8> {
    let mut best: Option<((usize, bool, usize), u8)> = None;
    for delimiter in COMMON_DELIMITERS.into_iter().filter(|delimiter| occurs(*delimiter, sample)) {
        let found = widths(dialect, delimiter, sample);
        // Lines of text above the others must not decide, nor a few among many.
        let parts =
            if found.first > 1 { found.agree * 2 > found.n } else { is_titled(dialect, delimiter, sample) };
        let key = (found.agree, !is_before_blanks(delimiter, sample), found.width);
        if parts && best.is_none_or(|(best, _)| key > best) {
            best = Some((key, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

/// Whether there are lines above a header and records that a delimiter parts.
fn is_titled(dialect: &Dialect, delimiter: u8, sample: Sample<'_>) -> bool {
    let dialect = Dialect { delimiter, ..dialect.clone() };
    let sniffed = records(&dialect, sample);
    title(&dialect, sample, &sniffed).is_some_and(|title| has_header_at(sample, &sniffed, title.n_records))
}

/// Whether a blank follows wherever the delimiter is, as it follows the commas of a text.
fn is_before_blanks(delimiter: u8, sample: Sample<'_>) -> bool {
    memchr::memchr_iter(delimiter, sample.bytes).all(|at| sample.bytes.get(at + 1) == Some(&b' '))
}

fn widths(dialect: &Dialect, delimiter: u8, sample: Sample<'_>) -> Widths {
    Widths::of(&records(&Dialect { delimiter, ..dialect.clone() }, sample))
}

/// The rare delimiter that parts all records alike.
fn rare_delimiter(dialect: &Dialect, sample: Sample<'_>) -> Option<u8> {
    RARE_DELIMITERS
        .into_iter()
        .filter(|rare| occurs(*rare, sample))
        .map(|rare| (widths(dialect, rare, sample), rare))
        .filter(|(found, rare)| found.are_even() && found.n >= FEWEST_RECORDS && !is_text(*found, *rare))
        .max()
        .map(|(_, rare)| rare)
}

/// How the bytes of a quote stand to `delimiter` and the ends of lines.
#[derive(Default)]
struct Quoting {
    /// Behind one of these.
    opens: usize,
    /// Before one of these.
    closes: usize,
    /// Neither, nor behind a letter, as an apostrophe is, nor doubled.
    odd: usize,
}

impl Quoting {
    fn of(dialect: &Dialect, (quote, delimiter): (u8, u8), sample: Sample<'_>) -> Self {
        let is_edge = |byte: Option<u8>| byte.is_none_or(|it| it == delimiter || dialect.terminator.is(it));
        let is_letter = |byte: Option<u8>| byte.is_some_and(|it| it.is_ascii_alphabetic() || it >= 0x80);
        let mut found = Self::default();
        for at in memchr::memchr_iter(quote, sample.bytes) {
            let before = at.checked_sub(1).map(|before| sample.bytes[before]);
            let behind = sample.bytes.get(at + 1).copied();
            let is_doubled = before == Some(quote) || behind == Some(quote);
            match (is_edge(before), is_edge(behind)) {
                (true, false) => found.opens += 1,
                (false, true) => found.closes += 1,
                (true, true) => {}
                (false, false) => found.odd += usize::from(!is_letter(before) && !is_doubled),
            }
        }
        found
    }

    /// How many fields it may enclose.
    fn n_fields(&self) -> usize {
        self.opens.min(self.closes)
    }
}

/// Fields are in single quotes, none is in double ones, and more records agree if these are quotes.
fn is_in_single_quotes(dialect: &Dialect, sample: Sample<'_>) -> bool {
    let usual = |delimiter| Quoting::of(dialect, (b'"', delimiter), sample).n_fields();
    if !occurs(b'\'', sample) || COMMON_DELIMITERS.into_iter().chain([b' ']).any(|any| usual(any) > 0) {
        return false;
    }
    // Whole lines in quotes are looked at where no delimiter is.
    let any = COMMON_DELIMITERS.into_iter().any(|delimiter| occurs(delimiter, sample));
    COMMON_DELIMITERS.into_iter().filter(|delimiter| !any || occurs(*delimiter, sample)).any(|delimiter| {
        let single = Dialect { quote: Some(b'\''), delimiter, ..dialect.clone() };
        let quoted = records(&single, sample);
        let (bare, n) = (widths(dialect, delimiter, sample), quoted.len());
        let agrees = Widths::of(&quoted);
        let quoting = Quoting::of(dialect, (b'\'', delimiter), sample);
        // The header may have none.
        n > 1
            && agrees.agree >= bare.agree
            && quoting.n_fields() >= (n - 1 - n / 8).max(2)
            && quoting.odd <= n / 8
    })
}

/// A blank, where each record has quoted fields between blanks, none has any between common
/// delimiters, and no common delimiter parts most records alike.
fn blank_by_quotes(dialect: &Dialect, likely: Option<u8>, sample: Sample<'_>) -> Option<u8> {
    let quote = dialect.quote?;
    let n_quoted = |delimiter| Quoting::of(dialect, (quote, delimiter), sample).n_fields();
    if n_quoted(b' ') < FEWEST_RECORDS || COMMON_DELIMITERS.into_iter().any(|common| n_quoted(common) > 0) {
        return None;
    }
    let is_most = |widths: Widths| widths.agree * 2 > widths.n;
    if likely.is_some_and(|likely| is_most(widths(dialect, likely, sample))) {
        return None;
    }
    let dialect = Dialect { delimiter: b' ', ..dialect.clone() };
    let by_blank = records(&dialect, sample);
    let quoted = |record: &Sniffed| {
        let field = |it: &Range<usize>| Field::new(&dialect, true, sample.bytes, it.start, it.end);
        record.fields.iter().map(field).filter(Field::is_quoted).map(|it| it.range()).collect::<Vec<_>>()
    };
    let n_with_quotes = by_blank.iter().filter(|record| !quoted(record).is_empty()).count();
    let nearly_all = by_blank.len() >= FEWEST_RECORDS && n_with_quotes * 10 >= by_blank.len() * 9;
    // Text with quotes in it has lines of any number of words, and quotes what needs no quotes.
    let Widths { agree, width, first, n } = Widths::of(&by_blank);
    let has_blank = |field: Range<usize>| sample.bytes[field].contains(&b' ');
    let needs_quotes = || by_blank.iter().flat_map(quoted).any(has_blank);
    (nearly_all && agree * 4 >= n && first == width && needs_quotes()).then_some(b' ')
}

/// The number of rows that have names, if there are several: none of them has a value, where at
/// least two columns of all other records have nothing else. A row below the first repeats it, or
/// has units, in brackets or such as are known; or the first has names for several columns, so that
/// it lacks some, and the row has all. In columns of text it has nothing but in brackets: a record
/// of data has its own text there.
fn rows_of_names(sample: Sample<'_>, sniffed: &[Sniffed]) -> Option<usize> {
    let text = |record: &Sniffed, i: usize| unquoted(sample.bytes[record.fields[i].clone()].trim_ascii());
    let width = sniffed.first()?.fields.len();
    if sniffed.iter().any(|record| record.fields.len() != width) {
        return None;
    }
    let repeats = |row: &Sniffed| (0..width).all(|i| text(row, i) == text(&sniffed[0], i));
    let are_rows = |n: usize| {
        let Some((rows, body)) = sniffed.split_at_checked(n).filter(|(_, body)| body.len() >= FEWEST_RECORDS)
        else {
            return false;
        };
        let is_of_values = |i: &usize| {
            let values = || body.iter().map(|record| text(record, *i)).filter(|text| !text.is_empty());
            values().count() >= FEWEST_RECORDS && values().all(is_value)
        };
        let (of_values, others): (Vec<usize>, Vec<usize>) = (0..width).partition(is_of_values);
        let is_beside =
            |row: &Sniffed, i: usize| matches!(text(row, i), [] | [b'(', .., b')'] | [b'[', .., b']']);
        let has_names = |row: &Sniffed| {
            let n_names = of_values.iter().filter(|i| is_name(text(row, **i))).count();
            let has_units = of_values.iter().all(|i| is_beside(row, *i) || is_unit(text(row, *i)));
            let is_full = of_values.iter().all(|i| !text(row, *i).is_empty());
            let lacks = of_values.iter().any(|i| text(&sniffed[0], *i).is_empty());
            let is_below = (has_units || lacks && is_full) && others.iter().all(|i| is_beside(row, *i));
            n_names > 1 && (repeats(row) || is_below)
        };
        rows.iter().all(|row| are_names(sample, row)) && rows[1..].iter().all(has_names)
    };
    (2..=MOST_ROWS).rev().find(|n| are_rows(*n))
}

/// A field without the quotes around it.
fn unquoted(field: &[u8]) -> &[u8] {
    match field {
        [b'"', within @ .., b'"'] | [b'\'', within @ .., b'\''] => within,
        bare => bare,
    }
}

/// What is said of what was found, beside the delimiter.
pub(super) fn with(found: AutoDialect) -> String {
    match found.words() {
        words if words.is_empty() => String::new(),
        words => format!(", with {}", words.join(" ")),
    }
}

/// What is said of what was found.
pub(super) fn remark(name: &str, delimiter: Option<u8>, by_name: u8, found: AutoDialect) -> String {
    let with = with(found);
    match delimiter {
        Some(delimiter) => {
            let taken = delimiter_name(delimiter);
            format!("{name}: took {taken} for the delimiter{with} (`delimiter` auto)")
        }
        None => {
            let taken = delimiter_name(by_name);
            format!("{name}: found no delimiter (`delimiter` auto); took {taken}{with}")
        }
    }
}
