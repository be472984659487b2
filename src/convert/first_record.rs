//! A look at the record at an input's position: is it names, and what is wrong with them?
//!
//! Nothing is consumed here: `header_reader.rs` does that.

use super::clue::Remedy;
use super::sniff::SAMPLE as FIRST_LOOK;
use crate::dialect::Dialect;
use crate::error::{Anomaly, ErrorKind, Result};
use crate::input::{Ahead, InputReader};
use crate::parse::{Field, Machine, Text, count_lines, line_end};
use std::convert::Infallible;
use std::ops::Range;

/// What a record may take that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Its bytes.
    pub(super) n_bytes: usize,
    /// Its fields, and the room for them, of which the error speaks.
    pub(super) n_fields: usize,
    pub(super) room: usize,
}

/// What a record is.
pub(super) enum Kind {
    Names,
    Blank,
    /// Its fields are all empty, and such are dropped.
    Empty,
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
#[derive(Clone, Copy)]
pub(super) struct OddHeader {
    pub(super) anomaly: Anomaly,
    pub(super) count: u64,
    /// The byte and the column of the first.
    pub(super) at: usize,
    pub(super) column: u64,
    /// Of a quote that is wrong, the byte of the one that opens its field, and what may help.
    pub(super) quote: Option<(usize, Remedy)>,
}

/// Names as the file has them, one after another in one allocation.
#[derive(Default)]
pub(super) struct RawNames {
    text: String,
    places: Vec<Range<usize>>,
}

/// The record at the input's position.
pub(super) struct First {
    pub(super) kind: Kind,
    /// Where the next one starts.
    pub(super) next: usize,
    /// Where its last field ends.
    pub(super) end: usize,
    pub(super) n_lines: u64,
    pub(super) names: RawNames,
    pub(super) anomalies: Vec<OddHeader>,
}

impl RawNames {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.places.iter().map(|place| &self.text[place.clone()])
    }

    /// The names of both, column by column, with `separator` between them if neither is empty.
    pub(super) fn joined(&self, below: &Self, separator: &str) -> Self {
        let mut joined = Self::default();
        for i in 0..self.len().max(below.len()) {
            let start = joined.text.len();
            let part = |names: &Self| names.places.get(i).map_or(0..0, Clone::clone);
            let (first, second) = (&self.text[part(self)], &below.text[part(below)]);
            joined.text.push_str(first);
            if !first.is_empty() && !second.is_empty() {
                joined.text.push_str(separator);
            }
            joined.text.push_str(second);
            joined.places.push(start..joined.text.len());
        }
        joined
    }
}

/// Whether a record that ends at `next` ends there for sure. A CR at the very end of `look` may be
/// followed by its LF.
fn is_over(next: usize, look: &[u8]) -> bool {
    next < look.len() || !look.ends_with(b"\r")
}

/// Looks at a record without consuming it. Returns `None` at the end of the input.
pub(super) fn first_record(
    reader: &mut dyn InputReader,
    dialect: &Dialect,
    trim: bool,
    limits: Limits,
) -> Result<Option<First>> {
    let limit = limits.n_bytes;
    let mut n_look = FIRST_LOOK;
    loop {
        let enough = |bytes: &[u8]| {
            let ended = Machine::new(dialect, trim).record(bytes, 0, |_| ());
            ended.is_some_and(|ended| is_over(ended.next, bytes))
        };
        let Ahead { bytes: look, whole } = reader.peek_until(n_look, &enough)?;
        if look.is_empty() || dialect.end_of_data(look, whole).is_some() {
            return Ok(None);
        }
        let mut machine = Machine::new(dialect, trim);
        let mut fields = Vec::new();
        let (mut start, mut n_fields) = (0, 0);
        let ended = machine.record(look, 0, |end| {
            // One more may be the empty one behind the last delimiter.
            if n_fields <= limits.n_fields {
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
        if n_fields > limits.n_fields {
            let (path, limit) = (reader.name().to_owned(), limits.room);
            return Err(ErrorKind::HeaderTooLarge { path, n_columns: n_fields, limit }.into());
        }
        let n_lines = count_lines(dialect.terminator, &look[..next]);
        let mut first = First::of(Kind::Names, next, n_lines);
        if comment {
            first.kind = Kind::Comment;
        } else {
            first.read(dialect, trim, look, fields);
            if machine.is_quoted() && matches!(first.kind, Kind::Names) {
                first.ends_quoted(dialect, trim, look, start, n_fields as u64);
            }
        }
        return Ok(Some(first));
    }
}

impl First {
    /// One whose names are not read yet.
    fn of(kind: Kind, next: usize, n_lines: u64) -> Self {
        Self { kind, next, end: 0, n_lines, names: RawNames::default(), anomalies: Vec::new() }
    }

    /// A line of names that is no record.
    pub(super) fn of_line(dialect: &Dialect, trim: bool, line: &[u8]) -> Self {
        let mut fields = Vec::new();
        let mut start = 0;
        let mut machine = Machine::at_field(dialect, trim);
        let ended = machine.record(line, 0, |end| {
            fields.push(start..end);
            start = end + 1;
        });
        if ended.is_none() {
            fields.push(start..line.len());
        }
        let mut first = Self::of(Kind::Names, line.len(), 1);
        first.read(dialect, trim, line, fields);
        first
    }

    /// Reads the fields of a record that is no comment.
    fn read(&mut self, dialect: &Dialect, trim: bool, bytes: &[u8], mut fields: Vec<Range<usize>>) {
        let field = |field: &Range<usize>| Field::new(dialect, trim, bytes, field.start, field.end);
        self.end = fields.last().map_or(0, |last| last.end);
        if matches!(&fields[..], [only] if field(only).is_blank()) {
            self.kind = Kind::Blank;
            return;
        }
        if fields.len() > 1 {
            fields.pop_if(|last| Field::is_none(dialect, trim, bytes, last.start, last.end));
        }
        let is_empty =
            |it: &Range<usize>| field(it).only_run(dialect).is_some_and(|content| content.is_empty());
        if dialect.skip_empty && fields.iter().all(is_empty) {
            self.kind = Kind::Empty;
            return;
        }
        self.read_names(dialect, trim, bytes, &fields);
    }

    /// Its last field, which starts at byte `start`, is still quoted where the input ends.
    fn ends_quoted(&mut self, dialect: &Dialect, trim: bool, bytes: &[u8], start: usize, column: u64) {
        let at = Field::new(dialect, trim, bytes, start, bytes.len()).start();
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
            let start = self.names.text.len();
            let mut text = Text::new(dialect.charset);
            let mut write = |piece: &str| {
                self.names.text.push_str(piece);
                Ok::<_, Infallible>(())
            };
            let field = Field::new(dialect, trim, bytes, field.start, field.end);
            if let Some(at) = field.stray_quote(dialect) {
                n_stray += 1;
                stray.get_or_insert((at, i as u64 + 1, field.start()));
            }
            let Ok(()) = field.runs(dialect, |run| text.push_run(&run, &mut write));
            let Ok(()) = text.finish(&mut write);
            self.names.places.push(start..self.names.text.len());
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
