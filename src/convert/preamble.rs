//! What stands before the first record: byte-order mark, skipped lines, the header.

use super::summary::Count;
use crate::dialect::{COMMON_DELIMITERS, Dialect, Terminator, delimiter_name};
use crate::error::{Anomaly, ErrorKind, Place, Result};
use crate::header::Header;
use crate::input::{Source, unpacked_name};
use crate::parse::{Field, Machine, Text, count_lines, line_end};
use crate::plan::{Columns, size_for};
use std::convert::Infallible;
use std::ops::Range;
use std::path::Path;

/// Where the names of the columns come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The file's first record is data, not names.
    pub no_header: bool,
    /// The names, instead of the file's.
    pub given: Option<Vec<String>>,
}

/// What separates fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// This byte.
    Byte(u8),
    /// Whatever the first 64 KiB suggest.
    Auto,
}

/// The delimiter that a file's name suggests.
pub(super) fn by_extension(name: &str) -> u8 {
    let extension =
        Path::new(unpacked_name(name)).extension().and_then(|extension| extension.to_str()).unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "tsv" | "tab" => b'\t',
        "psv" => b'|',
        _ => b',',
    }
}

/// What was found before the first record.
pub(super) struct Preamble {
    pub(super) header: Header,
    pub(super) n_repairs: u64,
    pub(super) dialect: Dialect,
    pub(super) lines: u64,
    pub(super) blank: u64,
    pub(super) remarks: Vec<String>,
    /// What is wrong with the header.
    pub(super) anomalies: Vec<(Anomaly, Count)>,
}

/// What is asked about the input's beginning.
pub(super) struct Asked<'a> {
    pub(super) dialect: &'a Dialect,
    pub(super) delimiter: Delimiter,
    pub(super) names: &'a Names,
    pub(super) skip_lines: u64,
    /// The longest first record.
    pub(super) limit: usize,
    /// What the plan will be made of.
    pub(super) columns: &'a Columns,
    /// The bytes there are for a plan; columns that don't fit are only counted.
    pub(super) room: usize,
}

/// Looked at for a delimiter, and at first for a header.
const FIRST_LOOK: usize = 64 * 1024;

/// Reads on to the first record. `None` where there is no header: the input is empty, or holds blank records and
/// comments alone.
pub(super) fn read(source: &mut dyn Source, asked: &Asked<'_>) -> Result<Option<Preamble>> {
    if source.peek(3)? == b"\xef\xbb\xbf" {
        source.skip(3);
    }
    let mut lines = 0;
    while lines < asked.skip_lines {
        if !skip_line(source, asked.dialect.terminator)? {
            return Ok(None);
        }
        lines += 1;
    }
    let mut dialect = asked.dialect.clone();
    let mut remarks = Vec::new();
    match asked.delimiter {
        Delimiter::Byte(byte) => dialect.delimiter = byte,
        Delimiter::Auto => {
            let sample = source.peek(FIRST_LOOK)?;
            let whole = sample.len() < FIRST_LOOK;
            dialect.delimiter = likely_delimiter(&dialect, sample, whole);
            if !sample.is_empty() {
                let (name, taken) = (source.name(), delimiter_name(dialect.delimiter));
                remarks.push(format!("{name}: took {taken} for the delimiter (-d auto)"));
            }
        }
    }
    let Names { no_header, given } = asked.names;
    let trim = if *no_header { dialect.trims_fields() } else { dialect.trims_headers() };
    let mut blank = 0;
    let first = loop {
        let Some(record) = first_record(source, &dialect, trim, asked)? else { return Ok(None) };
        match record.kind {
            Kind::Names => break record,
            Kind::Blank => blank += 1,
            Kind::Comment => {}
        }
        source.skip(record.next);
        lines += record.n_lines;
    };
    if first.names.len() == 1
        && let Some(other) = COMMON_DELIMITERS
            .into_iter()
            .find(|&other| other != dialect.delimiter && first.text.as_bytes().contains(&other))
    {
        let (name, other) = (source.name(), delimiter_name(other));
        let what = if *no_header { "first record" } else { "header" };
        remarks
            .push(format!("{name}: the {what} is one column, yet holds {other}; did you mean -d {other}?"));
    }
    let names = first.names.iter().map(|name| &first.text[name.clone()]);
    let (header, n_repairs) = match given {
        Some(names) => Header::repaired(names.iter().map(String::as_str)),
        None if *no_header => (Header::numbered(first.names.len()), 0),
        None => Header::repaired(names),
    };
    let mut anomalies = Vec::new();
    if !no_header {
        let (at, text_at) = (source.input_at(), source.text_at());
        let measure = source.keeper();
        // Nearly always there is nothing to place, and a long header is not copied.
        let bytes = if first.anomalies.is_empty() { Vec::new() } else { source.peek(first.next)?.to_vec() };
        for (anomaly, count, byte, column) in first.anomalies {
            let before = &bytes[..byte];
            let place = Place {
                file: source.name().to_owned(),
                line: lines + count_lines(dialect.terminator, before) + 1,
                record: 0,
                byte: at + measure.measure(text_at, before),
                column: Some(column),
                name: usize::try_from(column)
                    .ok()
                    .filter(|column| *column <= header.len())
                    .map(|column| header.name(column - 1).to_owned()),
            };
            anomalies.push((anomaly, Count { count, first: place }));
        }
        source.skip(first.next);
        lines += first.n_lines;
    }
    Ok(Some(Preamble { header, n_repairs, dialect, lines, blank, remarks, anomalies }))
}

/// Passes over a physical line; false where the input ends first.
fn skip_line(source: &mut dyn Source, terminator: Terminator) -> Result<bool> {
    loop {
        let look = source.peek(FIRST_LOOK)?;
        let (n, whole) = (look.len(), look.len() < FIRST_LOOK);
        match line_end(terminator, look) {
            // A CR at the very end may have its LF behind it.
            Some(end) if end == n && !whole && look.ends_with(b"\r") => source.skip(n - 1),
            Some(end) => {
                source.skip(end);
                return Ok(true);
            }
            None => {
                // Nor is a character parted.
                let part = look.iter().rev().take(3).position(|byte| *byte >= 0xc0).filter(|_| !whole);
                source.skip(n - part.map_or(0, |at| at + 1));
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
}

/// The record that the input stands at.
struct First {
    kind: Kind,
    /// Where the next one starts.
    next: usize,
    n_lines: u64,
    /// The fields' texts, one after another, and where each stands in it.
    text: String,
    names: Vec<Range<usize>>,
    /// Kind, number, byte and column.
    anomalies: Vec<(Anomaly, u64, usize, u64)>,
}

/// Looks at a record without consuming it; `None` at the end of the input.
fn first_record(
    source: &mut dyn Source,
    dialect: &Dialect,
    trim: bool,
    asked: &Asked<'_>,
) -> Result<Option<First>> {
    let limit = asked.limit;
    let most_fields = asked.room / size_for(asked.columns, 0, 1);
    let mut n_look = FIRST_LOOK;
    loop {
        let look = source.peek(n_look)?;
        let whole = look.len() < n_look;
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
            // Its LF may lie behind what is shown.
            Some(ended) if ended.next < look.len() || whole => (ended.next, ended.comment),
            None if whole => {
                if !machine.is_comment() {
                    fields.push(start..look.len());
                    n_fields += 1;
                }
                (look.len(), machine.is_comment())
            }
            _ if n_look > limit => {
                let (path, n_columns) = (source.name().to_owned(), 0);
                return Err(ErrorKind::HeaderTooLarge { path, n_columns, limit }.into());
            }
            _ => {
                n_look *= 2;
                continue;
            }
        };
        if n_fields > most_fields {
            let (path, limit) = (source.name().to_owned(), asked.room);
            return Err(ErrorKind::HeaderTooLarge { path, n_columns: n_fields, limit }.into());
        }
        let n_lines = count_lines(dialect.terminator, &look[..next]);
        let mut first = First {
            kind: Kind::Names,
            next,
            n_lines,
            text: String::new(),
            names: Vec::new(),
            anomalies: Vec::new(),
        };
        if comment {
            first.kind = Kind::Comment;
        } else if let [only] = &fields[..]
            && Field::new(dialect, trim, look, only.start, only.end).is_blank()
        {
            first.kind = Kind::Blank;
        } else {
            first.read_names(dialect, trim, look, &fields);
            if machine.is_quoted() {
                let column = fields.len() as u64;
                let at = fields.last().map_or(0, |field| field.start);
                first.anomalies.push((Anomaly::UnclosedQuote, 1, at, column));
            }
        }
        return Ok(Some(first));
    }
}

impl First {
    fn read_names(&mut self, dialect: &Dialect, trim: bool, bytes: &[u8], fields: &[Range<usize>]) {
        let (mut n_invalid, mut invalid_at) = (0, None);
        for (i, field) in fields.iter().enumerate() {
            let start = self.text.len();
            let mut text = Text::new(dialect.charset);
            let mut write = |piece: &str| {
                self.text.push_str(piece);
                Ok::<_, Infallible>(())
            };
            let Ok(()) = Field::new(dialect, trim, bytes, field.start, field.end)
                .runs(dialect, |run| text.push(run.start, &bytes[run], &mut write));
            let Ok(()) = text.finish(&mut write);
            self.names.push(start..self.text.len());
            n_invalid += text.n_invalid();
            invalid_at = invalid_at.or(text.first_invalid().map(|at| (at, i as u64 + 1)));
        }
        if let Some((at, column)) = invalid_at {
            self.anomalies.push((Anomaly::InvalidBytes, n_invalid, at, column));
        }
    }
}

/// The common delimiter under which the records of `sample` most agree in width; a comma where none parts anything.
fn likely_delimiter(dialect: &Dialect, sample: &[u8], whole: bool) -> u8 {
    let mut best = (0, 0, b',');
    for delimiter in COMMON_DELIMITERS {
        let dialect = Dialect { delimiter, ..dialect.clone() };
        let mut machine = Machine::new(&dialect, dialect.trims_fields());
        let mut widths = Vec::new();
        let mut at = 0;
        while widths.len() < 1000 {
            let mut n_fields = 0;
            match machine.record(sample, at, |_| n_fields += 1) {
                Some(ended) => {
                    // Blank records and comments say nothing.
                    if !ended.comment && ended.next - at > 2 {
                        widths.push(n_fields);
                    }
                    at = ended.next;
                }
                None => {
                    if whole && at < sample.len() && !machine.is_comment() {
                        widths.push(n_fields + 1);
                    }
                    break;
                }
            }
        }
        let Some(&width) = widths.first() else { continue };
        let agree = widths.iter().filter(|&&other| other == width).count();
        if width > 1 && (agree, width) > (best.0, best.1) {
            best = (agree, width, delimiter);
        }
    }
    best.2
}
