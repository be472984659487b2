//! What the first 64 KiB of an input show: which delimiter parts its records, and whether it is
//! read with the right one.
//!
//! Nothing here changes what an input is converted to (`auto_dialect.rs` does, under `-d auto`). A
//! remark names what to type. It must never be made of a file that is read right, so each rule asks
//! for agreement of all the records that it sees.
//!
//! Advice for maintainers: a new rule is a function that returns a remark, and a line in
//! [`remarks`]; `tests/it/sniffed.rs` has files that are read right and wrong.

use super::looks::{Looks, is_name, is_value, may_head_columns};
use crate::charset::Charset;
use crate::dialect::{COMMON_DELIMITERS, Dialect, Terminator, Trim, delimiter_name};
use crate::parse::{Field, Machine};
use crate::plan::rule::number;
use bstr::ByteSlice;
use memchr::memchr;
use std::ops::Range;

/// The bytes that are looked at.
pub(super) const SAMPLE: usize = 64 * 1024;

/// The records that are looked at for each delimiter.
const MOST_RECORDS: usize = 200;

/// The most rows of names.
pub(super) const MOST_ROWS: usize = 4;

/// The most records above a header.
pub(super) const MOST_TITLES: usize = 20;

/// Delimiters that some files have and that occur in text as well: only a file that no other parts
/// is said to have one.
pub(super) const RARE_DELIMITERS: [u8; 4] = [0x01, 0x1f, b':', b' '];

/// The beginning of an input.
#[derive(Clone, Copy)]
pub(super) struct Sample<'s> {
    pub(super) bytes: &'s [u8],
    /// It is the whole input.
    pub(super) whole: bool,
}

/// A record of a sample.
pub(super) struct Sniffed {
    /// Its fields.
    pub(super) fields: Vec<Range<usize>>,
    /// It was still in quotes at the end of the sample.
    open: bool,
}

impl Sniffed {
    /// It was still in quotes at the end of the input.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }
}

/// The records at the front of a sample; blank ones and comments are left out.
pub(super) fn records(dialect: &Dialect, Sample { bytes, whole }: Sample<'_>) -> Vec<Sniffed> {
    let trim = dialect.trims_fields();
    let mut machine = Machine::new(dialect, trim);
    let (mut records, mut at) = (Vec::new(), 0);
    while records.len() < MOST_RECORDS
        && at < bytes.len()
        && dialect.end_of_data(&bytes[at..], whole).is_none()
    {
        let (mut fields, mut start) = (Vec::new(), at);
        let ended = machine.record(bytes, at, |end| {
            fields.push(start..end);
            start = end + 1;
        });
        let (comment, next) = match ended {
            Some(ended) => (ended.comment, ended.next),
            None if whole => {
                fields.push(start..bytes.len());
                (machine.is_comment(), bytes.len())
            }
            None => break,
        };
        let sample = Sample { bytes, whole };
        if !comment && !matches!(&fields[..], [only] if is_blank(dialect, sample, only)) {
            let open = ended.is_none() && machine.is_quoted();
            if fields.len() > 1 {
                fields.pop_if(|last| Field::is_none(dialect, trim, bytes, last.start, last.end));
            }
            if !dialect.skip_empty || !fields.iter().all(|field| is_empty(dialect, sample, field)) {
                records.push(Sniffed { fields, open });
            }
        }
        at = next;
    }
    records
}

fn is_blank(dialect: &Dialect, sample: Sample<'_>, field: &Range<usize>) -> bool {
    Field::new(dialect, dialect.trims_fields(), sample.bytes, field.start, field.end).is_blank()
}

fn is_empty(dialect: &Dialect, sample: Sample<'_>, field: &Range<usize>) -> bool {
    let field = Field::new(dialect, dialect.trims_fields(), sample.bytes, field.start, field.end);
    field.only_run(dialect).is_some_and(|content| content.is_empty())
}

/// How many fields records have, and how many of them have the commonest number above one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Widths {
    /// Records that agree, and their number of fields.
    pub(super) agree: usize,
    pub(super) width: usize,
    pub(super) first: usize,
    pub(super) n: usize,
}

impl Widths {
    pub(super) fn of(records: &[Sniffed]) -> Self {
        let mut counts = std::collections::BTreeMap::new();
        for record in records {
            *counts.entry(record.fields.len()).or_insert(0) += 1;
        }
        let (&width, &agree) =
            counts.iter().filter(|(width, _)| **width > 1).max_by_key(|(_, n)| **n).unwrap_or((&1, &0));
        let first = records.first().map_or(0, |record| record.fields.len());
        Self { agree, width, first, n: records.len() }
    }

    /// All records have the same number of fields, more than one.
    pub(super) fn are_even(self) -> bool {
        self.n > 1 && self.agree == self.n
    }
}

fn widths(dialect: &Dialect, delimiter: u8, sample: Sample<'_>) -> Widths {
    Widths::of(&records(&Dialect { delimiter, ..dialect.clone() }, sample))
}

/// Whether a delimiter is anywhere in a sample. One that is not parts no record.
pub(super) fn occurs(delimiter: u8, sample: Sample<'_>) -> bool {
    memchr(delimiter, sample.bytes).is_some()
}

/// The delimiter of Excel's first line, `sep=;`, if it is a line.
pub(super) fn sep_line(terminator: Terminator, start: &[u8]) -> Option<u8> {
    let (word, rest) = start.split_first_chunk::<4>()?;
    let (delimiter, end) = rest.split_first()?;
    let ends = match end {
        [b'\r', next, ..] => terminator.is(b'\r') || terminator.is(*next),
        [byte, ..] => terminator.is(*byte),
        [] => false,
    };
    let is_free = !matches!(delimiter, b'\n' | b'\r' | b'"') && !terminator.is(*delimiter);
    (word.eq_ignore_ascii_case(b"sep=") && ends && is_free).then_some(*delimiter)
}

/// What was taken for granted of an input when it was read.
#[derive(Clone, Copy)]
pub(super) struct Taken<'t> {
    pub(super) name: &'t str,
    pub(super) dialect: &'t Dialect,
    /// Its delimiter was given.
    pub(super) is_given: bool,
    /// Its names are those of the first input.
    pub(super) follows_first: bool,
    /// So many lines are above.
    pub(super) lines: u64,
    /// An input before it has names.
    pub(super) follows_names: bool,
    /// The first record has the names.
    pub(super) header: bool,
    /// It is no data, even if the names are given.
    pub(super) in_record: bool,
    /// So many records have the names.
    pub(super) n_rows: usize,
    /// How many names are given.
    pub(super) n_given: Option<usize>,
    /// Records that repeat the header are dropped.
    pub(super) skips_repeated: bool,
    /// Its encoding was not given.
    pub(super) encoding_by_default: bool,
    /// Numbers are looked for in unquoted fields alone.
    pub(super) infers_unquoted: bool,
}

/// Returns what the sample with these records shows of a wrong dialect.
pub(super) fn remarks(taken: &Taken<'_>, sample: Sample<'_>, records: &[Sniffed]) -> Vec<String> {
    let widths = Widths::of(records);
    let dialect = part_of_character(taken, sample).or_else(|| delimiter(taken, sample, widths));
    let dialect = dialect.or_else(|| twice(taken, sample, records, widths));
    let dialect = dialect.or_else(|| titled(taken, sample, records, widths));
    let dialect = dialect.or_else(|| data_for_names(taken, sample, records));
    let ends = trailing(taken, sample, records).filter(|_| dialect.is_none());
    let repeated = repeated_header(taken, sample, records).filter(|_| widths.are_even());
    let quoted = quoted_numbers(taken, sample, records);
    let all = dialect.into_iter().chain(ends).chain(repeated).chain(quoted);
    all.collect()
}

/// All fields are quoted, numbers too, and numbers are looked for in unquoted ones.
fn quoted_numbers(taken: &Taken<'_>, sample: Sample<'_>, records: &[Sniffed]) -> Option<String> {
    let quote = taken.dialect.quote.filter(|_| taken.infers_unquoted)?;
    let trim = taken.dialect.trims_fields();
    let mut any = false;
    let mut is_quoted = |field: &Range<usize>| {
        let field = Field::new(taken.dialect, trim, sample.bytes, field.start, field.end);
        let within = &sample.bytes[field.range()];
        let content = within.strip_prefix(&[quote]).and_then(|rest| rest.strip_suffix(&[quote]));
        any |= content.is_some_and(|content| number(content).is_some());
        field.is_quoted() || within.is_empty()
    };
    let values = records.get(usize::from(taken.header)..)?;
    let all = values.iter().flat_map(|record| &record.fields).all(&mut is_quoted);
    let name = taken.name;
    (all && any).then(|| {
        format!("{name}: all values are quoted, and `infer` looks at others; did you mean `quoted_values`?")
    })
}

/// The delimiter is half of a character of UTF-8, and was meant as the character that it is in
/// Latin-1.
fn part_of_character(taken: &Taken<'_>, sample: Sample<'_>) -> Option<String> {
    let Dialect { delimiter, charset, .. } = *taken.dialect;
    let meant = char::from(delimiter);
    let is_half =
        delimiter >= 0x80 && charset == Charset::Utf8 && sample.bytes.contains_str(meant.to_string());
    is_half.then(|| {
        let (name, half) = (taken.name, delimiter_name(delimiter));
        format!("{name}: {half} is a part of characters in UTF-8; did you mean `delimiter` '{meant}'?")
    })
}

/// Two words a line are a text.
pub(super) fn is_text(found: Widths, delimiter: u8) -> bool {
    matches!(delimiter, b' ' | b':') && found.width == 2
}

/// Another delimiter parts all records alike, and the one taken does not.
fn delimiter(taken: &Taken<'_>, sample: Sample<'_>, mine: Widths) -> Option<String> {
    let delimiter = taken.dialect.delimiter;
    let others = |all: &'static [u8]| {
        all.iter()
            .filter(move |other| **other != delimiter && occurs(**other, sample))
            .map(|other| (widths(taken.dialect, *other, sample), *other))
            .filter(|(found, _)| found.are_even())
    };
    let is_better = |found: &Widths| !mine.are_even() || !taken.is_given && found.width > mine.width;
    let common = others(&COMMON_DELIMITERS).filter(|(found, _)| is_better(found));
    let rare = others(&RARE_DELIMITERS)
        .filter(|(found, other)| mine.width == 1 && mine.n > 2 && !is_text(*found, *other));
    let Some((found, other)) = common.max().or_else(|| rare.max()) else {
        return aligned(taken, sample, mine);
    };
    let (name, n) = (taken.name, found.width);
    let parted = records(&Dialect { delimiter: other, ..taken.dialect.clone() }, sample);
    let (other, n) = match doubled(taken.dialect, other, sample, &parted) {
        Some(several) => several,
        None => (delimiter_name(other), n),
    };
    let how = match mine.width {
        1 => "no record alike".to_owned(),
        width if mine.are_even() => format!("all records into {width}"),
        _ => "not all records alike".to_owned(),
    };
    Some(format!(
        "{name}: {} parts {how}, {other} parts all into {n}; did you mean `delimiter` {other}?",
        taken.dialect.delimiter_name()
    ))
}

/// Runs of blanks part all records alike, as in an aligned table.
fn aligned(taken: &Taken<'_>, sample: Sample<'_>, mine: Widths) -> Option<String> {
    let blanks = Dialect { delimiter: b' ', whitespace: true, trim: Trim::All, ..taken.dialect.clone() };
    let has_runs = occurs(b'\t', sample) || sample.bytes.contains_str("  ");
    let is_looked_for = mine.width == 1 && mine.n > 2 && has_runs && !taken.dialect.whitespace;
    let found = Widths::of(&records(&blanks, Some(sample).filter(|_| is_looked_for)?));
    let (name, taken, n) = (taken.name, taken.dialect.delimiter_name(), found.width);
    (found.are_even() && n > 2).then(|| {
        format!(
            "{name}: {taken} parts no record, blanks part all into {n}; did you mean `delimiter` whitespace?"
        )
    })
}

/// The delimiter is a part of one of several bytes.
fn twice(taken: &Taken<'_>, sample: Sample<'_>, records: &[Sniffed], mine: Widths) -> Option<String> {
    let (several, n) =
        doubled(taken.dialect, taken.dialect.delimiter, sample, records).filter(|_| mine.are_even())?;
    let (name, once) = (taken.name, taken.dialect.delimiter_name());
    Some(format!(
        "{name}: {once} is always a part of {several}, which parts all into {n}; did you mean `delimiter` {several}?"
    ))
}

/// How the delimiter is written if there are always two of it with fields between, if it always
/// stands between two of another mark, or such a mark between two of it; and how many parts records
/// have then.
fn doubled(
    dialect: &Dialect,
    delimiter: u8,
    sample: Sample<'_>,
    parted: &[Sniffed],
) -> Option<(String, usize)> {
    let is_mark = |byte: u8| byte.is_ascii_punctuation() && !b"\\'\"".contains(&byte);
    let once = match delimiter {
        b'\t' => "\\t".to_owned(),
        delimiter if is_mark(delimiter) => char::from(delimiter).to_string(),
        _ => return None,
    };
    let (first, width) = (parted.first()?, Widths::of(parted).width);
    let text = |field: &Range<usize>| &sample.bytes[field.clone()];
    if parted.len() < 2 || first.fields.len() < 2 {
        return None;
    }
    // Every second field is the same.
    let between = text(&first.fields[1]);
    let is_paired = |record: &Sniffed| {
        let mut others = record.fields.iter().skip(1).step_by(2);
        record.fields.len() % 2 == 1 && others.all(|field| text(field) == between)
    };
    if parted.iter().all(is_paired) && !parted.iter().all(|record| record.fields[0].is_empty()) {
        let n = width.div_ceil(2);
        return match between {
            [] => Some((format!("'{once}{once}'"), n)),
            [mark] if is_mark(*mark) => Some((format!("'{once}{}{once}'", char::from(*mark)), n)),
            _ => None,
        };
    }
    let mark = *text(&first.fields[0]).last()?;
    let is_between = |record: &Sniffed| match &record.fields[..] {
        [_] | [] => false,
        [first, others @ .., last] => {
            text(first).last() == Some(&mark)
                && text(last).first() == Some(&mark)
                && others.iter().map(text).all(|it| it.len() > 1 && it[0] == mark && it.ends_with(&[mark]))
        }
    };
    let is_around = is_mark(mark) && dialect.quote != Some(mark) && parted.iter().all(is_between);
    is_around.then(|| (format!("'{0}{once}{0}'", char::from(mark)), width))
}

/// The records above the header.
pub(super) struct Title {
    pub(super) n_records: usize,
    /// As many lines are to be skipped, the blank ones among them.
    pub(super) lines: u64,
}

/// The first records have one field, or a name and a value, and all others the same number of
/// several.
pub(super) fn title(dialect: &Dialect, sample: Sample<'_>, records: &[Sniffed]) -> Option<Title> {
    let mine = Widths::of(records);
    let has_text = |field: &Range<usize>| !sample.bytes[field.clone()].trim_ascii().is_empty();
    // Spreadsheets write as many delimiters behind a title as behind other rows.
    let is_title = |record: &Sniffed| match &record.fields[..] {
        [_] => !record.open,
        [_, _] if mine.width > 3 => !record.open,
        [title, second, rest @ ..] => {
            !rest.is_empty()
                && has_text(title)
                && !rest.iter().any(has_text)
                && (!has_text(second) || mine.width > 3)
        }
        [] => false,
    };
    // And as many alone in the row below it.
    let is_empty_row = |record: &Sniffed| record.fields.len() > 2 && !record.fields.iter().any(has_text);
    let is_above = |(i, record): &(usize, &Sniffed)| is_title(record) || *i > 0 && is_empty_row(record);
    let n_records = records.iter().enumerate().take_while(is_above).count();
    let is_padded = records[..n_records].iter().any(|record| record.fields.len() > 1);
    if is_padded && !records.get(n_records).is_some_and(|record| record.fields.iter().all(has_text)) {
        return None;
    }
    // A footer, or a record that is cut short, among many is no reason.
    let n_others = mine.n - mine.agree.min(mine.n);
    if n_records == 0 || n_records > MOST_TITLES || mine.agree < 3 || n_others > n_records + mine.n / 20 {
        return None;
    }
    let start = records.get(n_records)?.fields[0].start;
    let lines = crate::parse::count_lines(dialect.terminator, &sample.bytes[..start]);
    Some(Title { n_records, lines })
}

/// Records above the header were taken for it.
fn titled(taken: &Taken<'_>, sample: Sample<'_>, records: &[Sniffed], mine: Widths) -> Option<String> {
    let Title { n_records, lines } = title(taken.dialect, sample, records)?;
    let lines = taken.lines + lines;
    let first = |record: &Sniffed| sample.bytes.get(record.fields[0].start).copied();
    let mark = first(&records[0])?;
    let is_marked = |record: &Sniffed| first(record) == Some(mark);
    let (above, below) = records.split_at(n_records);
    let all_marked = b"#%;!".contains(&mark) && above.iter().all(is_marked);
    // Below a title are names, and below these values. A header of one name has other records
    // below.
    if !all_marked && !has_header_at(sample, records, n_records) {
        return None;
    }
    let way = match mark {
        mark if all_marked && !below.iter().any(is_marked) => format!("`comment` '{}'", char::from(mark)),
        _ => format!("`skip_lines` {lines}"),
    };
    let what = match n_records {
        1 => "the first line is".to_owned(),
        n => format!("the first {n} lines are"),
    };
    let (name, width) = (taken.name, mine.width);
    Some(format!("{name}: {what} not like the rest, of {width} columns; did you mean {way}?"))
}

/// The first record was taken for names, and has values of a kind where all others have them.
fn data_for_names(taken: &Taken<'_>, sample: Sample<'_>, records: &[Sniffed]) -> Option<String> {
    let (first, rest) = records.split_first().filter(|(_, rest)| taken.header && !rest.is_empty())?;
    let text = |field: &Range<usize>| &sample.bytes[field.clone()];
    let mut values: Vec<&[u8]> = Vec::new();
    for (i, field) in first.fields.iter().enumerate() {
        let mut column = rest.iter().filter_map(|record| record.fields.get(i)).map(|it| Looks::of(text(it)));
        if let Some(Some(looks)) = column.next().filter(|looks| *looks != Some(Looks::Bool))
            && column.all(|it| it == Some(looks))
        {
            if Looks::of(text(field)) != Some(looks) {
                return None;
            }
            values.push(text(field));
        }
    }
    let is_surely = !values.is_empty() && !may_head_columns(&values) && !first.open;
    let (name, value) = (taken.name, taken.dialect.shown(values.first()?));
    is_surely.then(|| {
        let way = if taken.follows_names { "`header_in_first`" } else { "`no_header`" };
        let value = value.trim();
        format!(
            "{name}: the first record was taken for names, but looks like data ('{value}'); did you mean {way}?"
        )
    })
}

/// Whether record `i` has names, and those behind it values in a column or more.
pub(super) fn has_header_at(sample: Sample<'_>, sniffed: &[Sniffed], i: usize) -> bool {
    let Some((header, body)) = sniffed[i..].split_first() else { return false };
    // There may be more rows of names.
    let n_names = body.iter().take(MOST_ROWS - 1).take_while(|record| are_names(sample, record)).count();
    let body = &body[n_names..];
    let text = |record: &Sniffed, i: usize| sample.bytes[record.fields[i].clone()].trim_ascii();
    are_names(sample, header)
        && (0..header.fields.len()).any(|i| {
            let column =
                || body.iter().filter(|record| record.fields.len() > i).map(|record| text(record, i));
            is_name(text(header, i)) && column().count() > 1 && column().all(is_value)
        })
}

/// Whether the fields of a record that are not blank may be names.
pub(super) fn are_names(sample: Sample<'_>, record: &Sniffed) -> bool {
    let text = |field: &Range<usize>| sample.bytes[field.clone()].trim_ascii();
    record.fields.iter().map(text).all(|text| text.is_empty() || is_name(text))
}

/// Each record ends with a delimiter. The header does too, or it has one field less.
fn trailing(taken: &Taken<'_>, sample: Sample<'_>, records: &[Sniffed]) -> Option<String> {
    if taken.dialect.trailing_delimiter || taken.dialect.whitespace {
        return None;
    }
    let (header, rest) = match records.split_first() {
        Some((first, rest)) if taken.in_record => (Some(first), rest),
        _ => (None, records),
    };
    let width = rest.first()?.fields.len();
    let ends = |record: &Sniffed| {
        let last = record.fields.last().filter(|_| record.fields.len() == width && width > 1 && !record.open);
        last.is_some_and(|last| is_blank(taken.dialect, sample, last))
    };
    let fits = match (header, taken.n_given) {
        (_, Some(n)) => n + 1 == width,
        (Some(header), None) => ends(header) || rest.len() > 1 && header.fields.len() + 1 == width,
        (None, None) => rest.len() > 1,
    };
    (fits && rest.iter().all(ends)).then(|| {
        let which = if header.is_some_and(|header| !ends(header)) {
            "each record but the header"
        } else {
            "each record"
        };
        format!("{}: {which} ends with a delimiter; did you mean `trailing_delimiter`?", taken.name)
    })
}

/// Records that have the same bytes as the header.
fn repeated_header(taken: &Taken<'_>, sample: Sample<'_>, records: &[Sniffed]) -> Option<String> {
    let is_looked_for = taken.in_record && !taken.skips_repeated && taken.n_rows == 1;
    let (header, rest) = records.split_first().filter(|_| is_looked_for)?;
    let place = |record: &Sniffed| Some(record.fields.first()?.start..record.fields.last()?.end);
    let bytes = |record: &Sniffed| place(record).map(|place| &sample.bytes[place]);
    let n = rest.iter().filter(|record| bytes(record) == bytes(header)).count();
    if n == 0 || header.fields.len() < 2 {
        return None;
    }
    let what = if n == 1 { "a record repeats".to_owned() } else { format!("{n} records repeat") };
    let name = taken.name;
    Some(format!("{name}: {what} the header near the start; did you mean `skip_repeated_headers`?"))
}
