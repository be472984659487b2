//! This file reads what is before the first record: byte-order mark, skipped lines, the header.

use super::auto_dialect::{self, AutoDialect, LookedFor};
use super::clue::Clue;
use super::comment_header::CommentHeader;
use super::delimiter::Delimiter;
use super::dropped::{Dropped, DroppedAs};
use super::first_record::{First, Kind, Limits, OddHeader, RawNames, first_record};
use super::names::Names;
use super::shaping::Given;
use super::skipped_lines::{skip_line, skip_until};
use super::sniff::{self, SAMPLE as FIRST_LOOK, Sample, Taken};
use super::sniff_encoding;
use super::sniff_flags;
use super::summary::Count;
use crate::dialect::{Dialect, Trim, delimiter_name};
use crate::error::{Anomaly, Error, ErrorKind, Place, Result};
use crate::header::Header;
use crate::input::{Ahead, InputReader, SharedInput};
use crate::parse::{count_lines, last_line_end};
use crate::plan::{Columns, size_for};

/// What was found before the first record.
pub(super) struct Preface {
    pub(super) header: Header,
    pub(super) n_repairs: u64,
    pub(super) dialect: Dialect,
    /// What of it was found, and not given.
    pub(super) found: AutoDialect,
    pub(super) lines: u64,
    pub(super) dropped: Dropped,
    pub(super) remarks: Vec<String>,
    /// The header's bytes, if they are kept for the rejects.
    pub(super) raw: Box<[u8]>,
    /// The header's bytes without its line end, if records that have the same are dropped.
    pub(super) repeated: Option<Box<[u8]>>,
    /// What is wrong with the header.
    pub(super) anomalies: Vec<(Anomaly, Count)>,
}

/// What must be known to read the beginning of an input.
#[derive(Clone, Copy)]
pub(super) struct HeaderRequest<'a> {
    pub(super) dialect: &'a Dialect,
    /// As it was given.
    pub(super) delimiter: Option<Delimiter>,
    /// The one that the input's name suggests.
    pub(super) by_name: u8,
    /// What else was given.
    pub(super) given: Given,
    /// An input before it has names.
    pub(super) follows_names: bool,
    /// Its own names are those of the first input.
    pub(super) follows_first: bool,
    /// The encoding was not given, nor is there a mark of one.
    pub(super) encoding_by_default: bool,
    pub(super) names: &'a Names,
    pub(super) lines: SkippedLines<'a>,
    /// The longest first record.
    pub(super) limit: usize,
    /// What the plan will be made of.
    pub(super) columns: &'a Columns,
    /// The header's bytes are wanted.
    pub(super) keeps_raw: bool,
    /// The bytes that a plan may take. Columns that do not fit are only counted.
    pub(super) room: usize,
}

/// Lines that are skipped around the header.
#[derive(Clone, Copy)]
pub(super) struct SkippedLines<'a> {
    /// So many at the start.
    pub(super) first: u64,
    /// From there on those before the first that contains this text.
    pub(super) until: Option<&'a str>,
    /// So many behind the header.
    pub(super) behind: u64,
}

/// Reads up to the first record. Returns `None` if no names are known: they are not given, and the
/// input is empty, or holds blank records and comments only.
pub(super) fn read(reader: &mut dyn InputReader, request: &HeaderRequest<'_>) -> Result<Option<Preface>> {
    if reader.peek(3)? == b"\xef\xbb\xbf" {
        reader.skip(3);
    }
    let by_line = sep_line(reader, request)?;
    let (mut lines, is_over) = skipped(reader, request)?;
    if is_over && request.names.given.is_none() {
        return Ok(None);
    }
    let Separated { delimiter, found, remark } = separated(reader, request, by_line)?;
    lines += found.lines;
    let mut remarks = Vec::from_iter(remark);
    let dialect = settled(request, delimiter, found);
    if !dialect.whitespace
        && dialect.folding.is_none()
        && let Some(collision) = dialect.collision(&[&[delimiter]], None)
    {
        return Err(Error::setting(format!("{}: {collision}", reader.name())));
    }
    let names = Names { rows: found.header_rows().or(request.names.rows.clone()), ..request.names.clone() };
    let request = &HeaderRequest { names: &names, ..*request };
    remarks.extend(sniffed(reader, &dialect, request, lines)?);
    let mut top = Top::new(&dialect, request, lines);
    let (header, n_repairs) = match (top.names(reader)?, &request.names.given) {
        (_, Some(names)) => Header::repaired(names.iter().map(String::as_str)),
        (None, None) => return Ok(None),
        (Some(names), None) if request.names.no_header => (Header::numbered(names.len()), 0),
        (Some(names), None) => Header::repaired(names.iter()),
    };
    let Top { lines, dropped, raw, repeated, mut anomalies, .. } = top;
    for (_, Count { first: place, .. }) in &mut anomalies {
        let column = place.column.and_then(|column| usize::try_from(column).ok());
        let column = column.filter(|column| (1..=header.len()).contains(column));
        place.name = column.map(|column| header.name(column - 1).to_owned());
    }
    let raw = raw.into_boxed_slice();
    Ok(Some(Preface { header, n_repairs, dialect, found, lines, dropped, remarks, raw, repeated, anomalies }))
}

/// Skips the lines that are to be skipped above the header. Returns how many there are, and whether
/// the input ends before all are.
fn skipped(reader: &mut dyn InputReader, request: &HeaderRequest<'_>) -> Result<(u64, bool)> {
    let SkippedLines { first, until, .. } = request.lines;
    let mut lines = 0;
    while lines < first {
        if !skip_line(reader, request.dialect.terminator)? {
            return Ok((lines, true));
        }
        lines += 1;
    }
    let Some(text) = until else { return Ok((lines, false)) };
    if reader.peek(1)?.is_empty() {
        return Ok((lines, true));
    }
    Ok((lines + skip_until(reader, request.dialect, text, request.limit)?, false))
}

/// The dialect with what was found.
fn settled(request: &HeaderRequest<'_>, delimiter: u8, found: AutoDialect) -> Dialect {
    let mut dialect = Dialect { delimiter, ..request.dialect.clone() };
    found.set_quoting(&mut dialect);
    if request.delimiter == Some(Delimiter::Whitespace) {
        // No field has blanks around it.
        (dialect.whitespace, dialect.trim) = (true, Trim::All);
    }
    dialect
}

/// What is read from the first line that is not skipped to the first record.
struct Top<'a> {
    dialect: &'a Dialect,
    request: &'a HeaderRequest<'a>,
    lines: u64,
    dropped: Dropped,
    comment: Option<CommentHeader>,
    raw: Vec<u8>,
    repeated: Option<Box<[u8]>>,
    /// Without the names of columns, which are not known yet.
    anomalies: Vec<(Anomaly, Count)>,
}

impl<'a> Top<'a> {
    fn new(dialect: &'a Dialect, request: &'a HeaderRequest<'a>, lines: u64) -> Self {
        let comment = request.names.in_comment.map(CommentHeader::new);
        let (dropped, raw, repeated, anomalies) = (Dropped::default(), Vec::new(), None, Vec::new());
        Self { dialect, request, lines, dropped, comment, raw, repeated, anomalies }
    }

    /// Reads the names; if there are none in the file, looks at the first record.
    fn names(&mut self, reader: &mut dyn InputReader) -> Result<Option<RawNames>> {
        let Names { no_header, rows, .. } = self.request.names;
        if self.comment.is_some() {
            return self.names_in_comment(reader);
        }
        if *no_header {
            return Ok(self.next(reader)?.map(|first| first.names));
        }
        let (n, separator) = rows.as_ref().map_or((1, ""), |rows| (rows.n, &*rows.separator));
        let mut names: Option<RawNames> = None;
        for _ in 0..n {
            let Some(row) = self.next(reader)? else { break };
            self.take(reader, &row)?;
            names = Some(match names {
                None => row.names,
                Some(names) => names.joined(&row.names, separator),
            });
        }
        let mut n_behind = 0;
        while names.is_some() && n_behind < self.request.lines.behind {
            if !skip_line(reader, self.dialect.terminator)? {
                break;
            }
            n_behind += 1;
        }
        self.lines += n_behind;
        Ok(names)
    }

    /// Passes over comments up to the first record, and reads the names in one of them.
    fn names_in_comment(&mut self, reader: &mut dyn InputReader) -> Result<Option<RawNames>> {
        let has_records = self.next(reader)?.is_some();
        let Some(found) = self.comment.take().and_then(|comment| comment.found(self.dialect)) else {
            let reason = "no comment with names is above its records (`header_comment`)";
            let path = reader.name().to_owned();
            return if has_records { Err(ErrorKind::Unusable { path, reason }.into()) } else { Ok(None) };
        };
        let first = First::of_line(self.dialect, self.dialect.trims_headers(), &found.names);
        let origin = Origin { lines: found.lines, input_at: found.input_at, text_at: found.text_at };
        let shared = reader.shared();
        for mut odd in first.anomalies {
            odd.at = (odd.at + found.offset).min(found.raw.len());
            odd.quote = odd.quote.map(|(at, remedy)| ((at + found.offset).min(found.raw.len()), remedy));
            self.anomalies.push(origin.anomaly(reader.name(), &*shared, self.dialect, &found.raw, odd));
        }
        if self.request.keeps_raw {
            self.raw = found.raw;
        }
        Ok(Some(first.names))
    }

    /// The next record with something in it. What is before it is consumed.
    fn next(&mut self, reader: &mut dyn InputReader) -> Result<Option<First>> {
        let request = self.request;
        let in_record = request.names.in_record();
        let trim = if in_record { self.dialect.trims_headers() } else { self.dialect.trims_fields() };
        let n_rows = request.names.rows.as_ref().map_or(1, |rows| rows.n);
        let (n_bytes, room) = (request.limit / n_rows, request.room);
        let limits = Limits { n_bytes, n_fields: room / size_for(request.columns, 0, 1), room };
        loop {
            let Some(record) = first_record(reader, self.dialect, trim, limits)? else { return Ok(None) };
            match record.kind {
                Kind::Names => return Ok(Some(record)),
                Kind::Blank => self.dropped.count(DroppedAs::Blank),
                Kind::Empty => self.dropped.count(DroppedAs::Empty),
                Kind::Comment => {
                    if let Some(comment) = &mut self.comment {
                        let (input_at, text_at) = (reader.input_at(), reader.text_at());
                        let raw = &reader.peek(record.next)?[..record.next];
                        comment.see(self.dialect, raw, (self.lines, input_at, text_at));
                    }
                }
                Kind::OpenQuote { at, column, limit } if in_record => {
                    let (name, shared) = (reader.name().to_owned(), reader.shared());
                    let origin = Origin::at(reader, self.lines);
                    let before = &reader.peek(at)?[..at];
                    let place = origin.place(&name, &*shared, self.dialect, before, column);
                    return Err(ErrorKind::HeaderQuote { place, limit }.into());
                }
                Kind::OpenQuote { limit: Some(limit), .. } => {
                    let (path, n_columns) = (reader.name().to_owned(), 0);
                    return Err(ErrorKind::HeaderTooLarge { path, n_columns, limit }.into());
                }
                Kind::OpenQuote { .. } => return Ok(Some(record)),
            }
            reader.skip(record.next);
            self.lines += record.n_lines;
        }
    }

    /// Consumes a record of names.
    fn take(&mut self, reader: &mut dyn InputReader, row: &First) -> Result<()> {
        let (name, shared) = (reader.name().to_owned(), reader.shared());
        let origin = Origin::at(reader, self.lines);
        let bytes = &reader.peek(row.next)?[..row.next];
        for odd in &row.anomalies {
            self.anomalies.push(origin.anomaly(&name, &*shared, self.dialect, bytes, *odd));
        }
        if self.request.keeps_raw {
            self.raw.extend_from_slice(bytes);
        }
        if self.request.names.skip_repeated {
            self.repeated = Some(bytes[..row.end].into());
        }
        reader.skip(row.next);
        self.lines += row.n_lines;
        Ok(())
    }
}

/// Where a part of the header starts.
struct Origin {
    lines: u64,
    input_at: u64,
    text_at: u64,
}

impl Origin {
    /// The reader's position, behind `lines` lines.
    fn at(reader: &dyn InputReader, lines: u64) -> Self {
        Self { lines, input_at: reader.input_at(), text_at: reader.text_at() }
    }

    /// The place behind the bytes `before`, which start here, without its column's name.
    fn place(
        &self,
        file: &str,
        shared: &dyn SharedInput,
        dialect: &Dialect,
        before: &[u8],
        column: u64,
    ) -> Place {
        Place {
            file: file.to_owned(),
            line: self.lines + count_lines(dialect.terminator, before) + 1,
            record: 0,
            byte: self.input_at + shared.input_len(self.text_at, before),
            column: Some(column),
            name: None,
        }
    }

    /// An anomaly in `bytes`, which start here.
    fn anomaly(
        &self,
        file: &str,
        shared: &dyn SharedInput,
        dialect: &Dialect,
        bytes: &[u8],
        odd: OddHeader,
    ) -> (Anomaly, Count) {
        let OddHeader { anomaly, count, at, column, quote } = odd;
        let first = self.place(file, shared, dialect, &bytes[..at], column);
        let detail = quote.and_then(|(opens, remedy)| {
            let before = count_lines(dialect.terminator, &bytes[..opens]);
            Clue::Quote { lines: before, remedy }.words(self.lines, first.line, &[])
        });
        (anomaly, Count { count, first, detail })
    }
}

/// What separates the fields of an input, and what was found with it.
struct Separated {
    delimiter: u8,
    found: AutoDialect,
    /// What is said of it.
    remark: Option<String>,
}

/// The delimiter that Excel's first line has, if none is given. The line is the first of those that
/// are skipped.
fn sep_line(reader: &mut dyn InputReader, request: &HeaderRequest<'_>) -> Result<Option<u8>> {
    match request.delimiter {
        Some(Delimiter::Auto) | None => {
            Ok(sniff::sep_line(request.dialect.terminator, sample(reader, request)?.bytes))
        }
        Some(_) => Ok(None),
    }
}

/// Finds the delimiter, if it is not given, nor the first line has it (`by_line`). Lines that are
/// found to be skipped are consumed.
fn separated(
    reader: &mut dyn InputReader,
    request: &HeaderRequest<'_>,
    by_line: Option<u8>,
) -> Result<Separated> {
    let given = |delimiter| Separated { delimiter, found: AutoDialect::default(), remark: None };
    let mut separated = match request.delimiter {
        Some(Delimiter::Byte(byte)) => return Ok(given(byte)),
        Some(Delimiter::Sequence(_)) => unreachable!("one byte takes its place"),
        Some(Delimiter::Whitespace) => return Ok(given(b' ')),
        Some(Delimiter::Auto) | None => given(by_line.unwrap_or(request.by_name)),
    };
    let SkippedLines { first, until, behind } = request.lines;
    let skips = first > 0 || until.is_some();
    let n_sep = u64::from(by_line.is_some() && !skips);
    if n_sep > 0 {
        skip_line(reader, request.dialect.terminator)?;
    }
    let sample = sample(reader, request)?;
    if request.delimiter.is_some() && !sample.bytes.is_empty() {
        let mut wanted = LookedFor::of(request.dialect, request.names, request.given, skips);
        wanted.rows &= behind == 0;
        let known = (by_line, request.by_name);
        let (delimiter, found) = auto_dialect::find(request.dialect, known, wanted, sample);
        let remark = auto_dialect::remark(reader.name(), delimiter, request.by_name, found);
        separated.delimiter = delimiter.unwrap_or(request.by_name);
        (separated.found, separated.remark) = (found, Some(remark));
        for _ in 0..found.lines {
            skip_line(reader, request.dialect.terminator)?;
        }
    }
    let is_alone = separated.found == AutoDialect::default();
    separated.found.lines += n_sep;
    if let Some(byte) = by_line {
        let (name, taken) = (reader.name(), delimiter_name(byte));
        let with = if is_alone { String::new() } else { auto_dialect::with(separated.found) };
        separated.remark =
            Some(format!("{name}: took {taken} for the delimiter, as its first line says (sep=){with}"));
    }
    Ok(separated)
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

/// Lines stand above a header of another delimiter.
fn titled_otherwise(taken: &Taken<'_>, request: &HeaderRequest<'_>, sample: Sample<'_>) -> Option<String> {
    let wanted = LookedFor::of(request.dialect, request.names, request.given, request.lines.first > 0);
    let (found, with) = auto_dialect::find(taken.dialect, (None, request.by_name), wanted, sample);
    let found = delimiter_name(found.filter(|found| with.lines > 0 && *found != taken.dialect.delimiter)?);
    let (name, n) = (taken.name, with.lines);
    let lines = if n == 1 { "the first line".to_owned() } else { format!("the first {n} lines") };
    Some(format!("{name}: {found} parts all but {lines} alike; did you mean `delimiter` auto?"))
}

/// What the beginning of an input shows of a wrong dialect.
fn sniffed(
    reader: &mut dyn InputReader,
    dialect: &Dialect,
    request: &HeaderRequest<'_>,
    lines: u64,
) -> Result<Vec<String>> {
    let name = reader.name().to_owned();
    let Names { given, .. } = request.names;
    let taken = Taken {
        name: &name,
        dialect,
        lines,
        is_given: matches!(request.delimiter, Some(Delimiter::Byte(_))),
        follows_first: request.follows_first,
        follows_names: request.follows_names,
        header: request.names.in_record() && given.is_none(),
        in_record: request.names.in_record(),
        n_rows: request.names.rows.as_ref().map_or(1, |rows| rows.n),
        n_given: given.as_ref().map(Vec::len),
        encoding_by_default: request.encoding_by_default,
        skips_repeated: request.names.skip_repeated,
        infers_unquoted: request.columns.infer && !request.columns.quoted_values,
    };
    let sample = sample(reader, request)?;
    if let Some(remark) = sniff_encoding::not_in_bytes(&taken, sample) {
        return Ok(vec![remark]);
    }
    let records = sniff::records(taken.dialect, sample);
    let mut remarks = sniff::remarks(&taken, sample, &records);
    remarks.extend(sniff_encoding::encoding(&taken, sample));
    if remarks.is_empty() {
        remarks = sniff_flags::remarks(&taken, sample, &records);
    }
    // Most files are as they seem.
    if remarks.is_empty() && request.delimiter.is_none() && !sniff::Widths::of(&records).are_even() {
        remarks.extend(titled_otherwise(&taken, request, sample));
    }
    Ok(remarks)
}
