//! This file reads what is before the first record: byte-order mark, skipped lines, the header.

use super::clue::{Clue, Remedy};
use super::delimiter::Delimiter;
use super::names::Names;
use super::sniff::{self, SAMPLE as FIRST_LOOK, Sample, Taken};
use super::sniff_flags;
use super::summary::Count;
use crate::dialect::{Dialect, Terminator, delimiter_name};
use crate::error::{Anomaly, Error, ErrorKind, Place, Result};
use crate::header::Header;
use crate::input::{Ahead, InputReader};
use crate::parse::{Field, Machine, Text, count_lines, last_line_end, line_end};
use crate::plan::{Columns, size_for};
use std::convert::Infallible;
use std::ops::Range;

/// What was found before the first record.
pub(super) struct Preface {
    pub(super) header: Header,
    pub(super) n_repairs: u64,
    pub(super) dialect: Dialect,
    pub(super) lines: u64,
    pub(super) blank: u64,
    pub(super) remarks: Vec<String>,
    /// The header's bytes, if they are kept for the rejects.
    pub(super) raw: Box<[u8]>,
    /// What is wrong with the header.
    pub(super) anomalies: Vec<(Anomaly, Count)>,
}

/// What must be known to read the beginning of an input.
pub(super) struct HeaderRequest<'a> {
    pub(super) dialect: &'a Dialect,
    /// As it was given.
    pub(super) delimiter: Option<Delimiter>,
    /// The one that the input's name suggests.
    pub(super) by_name: u8,
    /// The encoding was not given, nor is there a mark of one.
    pub(super) encoding_by_default: bool,
    pub(super) names: &'a Names,
    pub(super) skip_lines: u64,
    /// The longest first record.
    pub(super) limit: usize,
    /// What the plan will be made of.
    pub(super) columns: &'a Columns,
    /// The header's bytes are wanted.
    pub(super) keeps_raw: bool,
    /// The bytes that a plan may take. Columns that do not fit are only counted.
    pub(super) room: usize,
}

/// Reads up to the first record. Returns `None` if there is no header: the input is empty, or holds
/// blank records and comments only.
pub(super) fn read(reader: &mut dyn InputReader, request: &HeaderRequest<'_>) -> Result<Option<Preface>> {
    if reader.peek(3)? == b"\xef\xbb\xbf" {
        reader.skip(3);
    }
    let mut lines = 0;
    while lines < request.skip_lines {
        if !skip_line(reader, request.dialect.terminator)? {
            return Ok(None);
        }
        lines += 1;
    }
    let (delimiter, remark, n_lines) = delimiter(reader, request)?;
    lines += n_lines;
    let mut remarks = Vec::from_iter(remark);
    let dialect = Dialect { delimiter, ..request.dialect.clone() };
    if let Some(collision) = dialect.collision(Some(delimiter)) {
        return Err(Error::setting(format!("{}: {collision}", reader.name())));
    }
    remarks.extend(sniffed(reader, &dialect, request)?);
    let Names { no_header, given } = request.names;
    let trim = if *no_header { dialect.trims_fields() } else { dialect.trims_headers() };
    let mut blank = 0;
    let first = loop {
        let Some(record) = first_record(reader, &dialect, trim, request)? else { return Ok(None) };
        match record.kind {
            Kind::Names => break record,
            Kind::Blank => blank += 1,
            Kind::Comment => {}
            Kind::OpenQuote { at, column, limit } if !*no_header => {
                let place = place(reader, &dialect, lines, at, column)?;
                return Err(ErrorKind::HeaderQuote { place, limit }.into());
            }
            Kind::OpenQuote { limit: Some(limit), .. } => {
                let (path, n_columns) = (reader.name().to_owned(), 0);
                return Err(ErrorKind::HeaderTooLarge { path, n_columns, limit }.into());
            }
            Kind::OpenQuote { .. } => break record,
        }
        reader.skip(record.next);
        lines += record.n_lines;
    };
    let names = first.names.iter().map(|name| &first.text[name.clone()]);
    let (header, n_repairs) = match given {
        Some(names) => Header::repaired(names.iter().map(String::as_str)),
        None if *no_header => (Header::numbered(first.names.len()), 0),
        None => Header::repaired(names),
    };
    let (mut anomalies, mut raw) = (Vec::new(), Box::default());
    if !no_header {
        if request.keeps_raw {
            raw = reader.peek(first.next)?[..first.next].into();
        }
        for OddHeader { anomaly, count, at, column, quote } in first.anomalies {
            let name = usize::try_from(column)
                .ok()
                .filter(|column| *column <= header.len())
                .map(|column| header.name(column - 1).to_owned());
            let place = Place { name, ..place(reader, &dialect, lines, at, column)? };
            let detail = match quote {
                Some((opens, remedy)) => {
                    let before = count_lines(dialect.terminator, reader.peek(opens)?);
                    Clue::Quote { lines: before, remedy }.words(lines, place.line)
                }
                None => None,
            };
            anomalies.push((anomaly, Count { count, first: place, detail }));
        }
        reader.skip(first.next);
        lines += first.n_lines;
    }
    Ok(Some(Preface { header, n_repairs, dialect, lines, blank, remarks, raw, anomalies }))
}

/// The place of byte `at` of the header, which starts behind `lines` lines, without its column's
/// name.
fn place(
    reader: &mut dyn InputReader,
    dialect: &Dialect,
    lines: u64,
    at: usize,
    column: u64,
) -> Result<Place> {
    let (shared, input_at, text_at) = (reader.shared(), reader.input_at(), reader.text_at());
    let file = reader.name().to_owned();
    let before = &reader.peek(at)?[..at];
    Ok(Place {
        file,
        line: lines + count_lines(dialect.terminator, before) + 1,
        record: 0,
        byte: input_at + shared.input_len(text_at, before),
        column: Some(column),
        name: None,
    })
}

/// The delimiter, a remark if it was found in the input, and the lines skipped for it.
fn delimiter(reader: &mut dyn InputReader, request: &HeaderRequest<'_>) -> Result<(u8, Option<String>, u64)> {
    let by_name = request.by_name;
    if let Some(Delimiter::Byte(byte)) = request.delimiter {
        return Ok((byte, None, 0));
    }
    let sample = sample(reader, request)?;
    if let Some(byte) = sniff::sep_line(sample.bytes) {
        skip_line(reader, request.dialect.terminator)?;
        let (name, taken) = (reader.name(), delimiter_name(byte));
        let remark = format!("{name}: took {taken} for the delimiter, as its first line says (sep=)");
        return Ok((byte, Some(remark), 1));
    }
    if request.delimiter.is_none() || sample.bytes.is_empty() {
        return Ok((by_name, None, 0));
    }
    let found = sniff::likely_delimiter(request.dialect, sample);
    let byte = found.unwrap_or(by_name);
    let (name, taken) = (reader.name(), delimiter_name(byte));
    let remark = match found {
        Some(_) => format!("{name}: took {taken} for the delimiter (`delimiter` auto)"),
        None => format!("{name}: found no delimiter (`delimiter` auto); took {taken}"),
    };
    Ok((byte, Some(remark), 0))
}

/// What the input shows of itself before it is read. A delimiter that is found in it must not
/// depend on how fast a live input comes: that waits for all that may be looked at.
fn sample<'r>(reader: &'r mut dyn InputReader, request: &HeaderRequest<'_>) -> Result<Sample<'r>> {
    let terminator = request.dialect.terminator;
    let is_found = request.delimiter == Some(Delimiter::Auto);
    let Ahead { bytes, whole } =
        reader.peek_until(FIRST_LOOK, &|bytes| !is_found && last_line_end(terminator, bytes).is_some())?;
    Ok(Sample { bytes, whole })
}

/// What the beginning of an input shows of a wrong dialect.
fn sniffed(
    reader: &mut dyn InputReader,
    dialect: &Dialect,
    request: &HeaderRequest<'_>,
) -> Result<Vec<String>> {
    let name = reader.name().to_owned();
    let Names { no_header, given } = request.names;
    let taken = Taken {
        name: &name,
        dialect,
        header: !no_header && given.is_none(),
        has_names: given.is_some(),
        replaces_names: !no_header && given.is_some(),
        encoding_by_default: request.encoding_by_default,
        infers_unquoted: request.columns.infer && !request.columns.quoted_values,
    };
    let sample = sample(reader, request)?;
    let mut remarks = sniff::remarks(&taken, sample);
    if remarks.is_empty() {
        remarks = sniff_flags::remarks(&taken, sample);
    }
    Ok(remarks)
}

/// Skips a physical line. Returns false if the input ends first.
fn skip_line(reader: &mut dyn InputReader, terminator: Terminator) -> Result<bool> {
    loop {
        let has_line = |bytes: &[u8]| last_line_end(terminator, bytes).is_some();
        let Ahead { bytes: look, whole } = reader.peek_until(FIRST_LOOK, &has_line)?;
        let n = look.len();
        match line_end(terminator, look) {
            // A CR at the very end may be followed by its LF.
            Some(end) if end == n && !whole && look.ends_with(b"\r") => reader.skip(n - 1),
            Some(end) => {
                reader.skip(end);
                return Ok(true);
            }
            None => {
                // A character is not split either.
                let part = look.iter().rev().take(3).position(|byte| *byte >= 0xc0).filter(|_| !whole);
                reader.skip(n - part.map_or(0, |at| at + 1));
                if whole {
                    return Ok(false);
                }
            }
        }
    }
}

enum Kind {
    Names,
    Blank,
    Comment,
    /// A quote that opens at byte `at` is never closed, and what is behind it has several lines; or
    /// it is not closed within the bytes that a header may take.
    OpenQuote {
        at: usize,
        column: u64,
        limit: Option<usize>,
    },
}

/// An anomaly of the header.
struct OddHeader {
    anomaly: Anomaly,
    count: u64,
    /// The byte and the column of the first.
    at: usize,
    column: u64,
    /// Of a quote that is wrong, the byte of the one that opens its field, and what may help.
    quote: Option<(usize, Remedy)>,
}

/// The record at the input's position.
struct First {
    kind: Kind,
    /// Where the next one starts.
    next: usize,
    n_lines: u64,
    /// The fields' texts, one after another. `names` has the place of each.
    text: String,
    names: Vec<Range<usize>>,
    anomalies: Vec<OddHeader>,
}

/// Whether a record that ends at `next` ends there for sure. A CR at the very end of `look` may be
/// followed by its LF.
fn is_over(next: usize, look: &[u8]) -> bool {
    next < look.len() || !look.ends_with(b"\r")
}

/// Looks at a record without consuming it. Returns `None` at the end of the input.
fn first_record(
    reader: &mut dyn InputReader,
    dialect: &Dialect,
    trim: bool,
    request: &HeaderRequest<'_>,
) -> Result<Option<First>> {
    let limit = request.limit;
    let most_fields = request.room / size_for(request.columns, 0, 1);
    let mut n_look = FIRST_LOOK;
    loop {
        let enough = |bytes: &[u8]| {
            let ended = Machine::new(dialect, trim).record(bytes, 0, |_| ());
            ended.is_some_and(|ended| is_over(ended.next, bytes))
        };
        let Ahead { bytes: look, whole } = reader.peek_until(n_look, &enough)?;
        if look.is_empty() {
            return Ok(None);
        }
        let mut machine = Machine::new(dialect, trim);
        let mut fields = Vec::new();
        let (mut start, mut n_fields) = (0, 0);
        let ended = machine.record(look, 0, |end| {
            if n_fields < most_fields {
                fields.push(start..end);
            }
            n_fields += 1;
            start = end + 1;
        });
        let (next, comment) = match ended {
            Some(ended) if is_over(ended.next, look) || whole => (ended.next, ended.comment),
            None if whole => {
                if !machine.is_comment() {
                    fields.push(start..look.len());
                    n_fields += 1;
                }
                (look.len(), machine.is_comment())
            }
            _ if n_look > limit && machine.is_quoted() => {
                let at = Field::new(dialect, trim, look, start, look.len()).start();
                let column = n_fields as u64 + 1;
                return Ok(Some(First::of(Kind::OpenQuote { at, column, limit: Some(limit) }, 0, 0)));
            }
            _ if n_look > limit => {
                let (path, n_columns) = (reader.name().to_owned(), 0);
                return Err(ErrorKind::HeaderTooLarge { path, n_columns, limit }.into());
            }
            _ => {
                n_look *= 2;
                continue;
            }
        };
        if n_fields > most_fields {
            let (path, limit) = (reader.name().to_owned(), request.room);
            return Err(ErrorKind::HeaderTooLarge { path, n_columns: n_fields, limit }.into());
        }
        let n_lines = count_lines(dialect.terminator, &look[..next]);
        let mut first = First::of(Kind::Names, next, n_lines);
        if comment {
            first.kind = Kind::Comment;
        } else if let [only] = &fields[..]
            && Field::new(dialect, trim, look, only.start, only.end).is_blank()
        {
            first.kind = Kind::Blank;
        } else {
            first.read_names(dialect, trim, look, &fields);
            if machine.is_quoted() {
                first.ends_quoted(dialect, trim, look, &fields);
            }
        }
        return Ok(Some(first));
    }
}

impl First {
    /// One whose names are not read yet.
    fn of(kind: Kind, next: usize, n_lines: u64) -> Self {
        Self { kind, next, n_lines, text: String::new(), names: Vec::new(), anomalies: Vec::new() }
    }

    /// Its last field is still quoted where the input ends.
    fn ends_quoted(&mut self, dialect: &Dialect, trim: bool, bytes: &[u8], fields: &[Range<usize>]) {
        let Some(last) = fields.last() else { return };
        let at = Field::new(dialect, trim, bytes, last.start, last.end).start();
        let column = fields.len() as u64;
        if line_end(dialect.terminator, &bytes[at..]).is_some() {
            self.kind = Kind::OpenQuote { at, column, limit: None };
        }
        let (anomaly, quote) = (Anomaly::UnclosedQuote, Some((at, Remedy::of_unclosed(dialect))));
        self.anomalies.push(OddHeader { anomaly, count: 1, at, column, quote });
    }

    fn read_names(&mut self, dialect: &Dialect, trim: bool, bytes: &[u8], fields: &[Range<usize>]) {
        let (mut n_invalid, mut invalid_at) = (0, None);
        let (mut n_stray, mut stray) = (0, None);
        for (i, field) in fields.iter().enumerate() {
            let start = self.text.len();
            let mut text = Text::new(dialect.charset);
            let mut write = |piece: &str| {
                self.text.push_str(piece);
                Ok::<_, Infallible>(())
            };
            let field = Field::new(dialect, trim, bytes, field.start, field.end);
            if let Some(at) = field.stray_quote(dialect) {
                n_stray += 1;
                stray.get_or_insert((at, i as u64 + 1, field.start()));
            }
            let Ok(()) = field.runs(dialect, |run| text.push(run.start, &bytes[run], &mut write));
            self.names.push(start..self.text.len());
            n_invalid += text.n_invalid();
            invalid_at = invalid_at.or(text.first_invalid().map(|at| (at, i as u64 + 1)));
        }
        if let Some((at, column, opens)) = stray {
            let quote = Some((opens, Remedy::of(dialect, bytes, at)));
            let anomaly = Anomaly::StrayQuote;
            self.anomalies.push(OddHeader { anomaly, count: n_stray, at, column, quote });
        }
        if let Some((at, column)) = invalid_at {
            let (anomaly, count, quote) = (Anomaly::InvalidBytes, n_invalid, None);
            self.anomalies.push(OddHeader { anomaly, count, at, column, quote });
        }
    }
}
