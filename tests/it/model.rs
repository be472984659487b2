//! What should come out, twice over and with nothing of rowmill's: the `csv` crate, and a reader
//! written from the guide for what that crate doesn't know (trimming, escapes outside quotes,
//! comments that end at a lone CR).
//!
//! `reference.rs` holds the two against each other and rowmill against both; `invariance.rs` and
//! the fuzz targets take their expectations from here. Nothing is clever: bytes are looked at one
//! by one, everything is in memory, and what a rule says is done where it is said.

use std::collections::HashSet;

use rowmill::internal::{Columns, Condition};
use rowmill::{Escapes, Format};

use crate::rules::{Plan, make_sense};

/// The shape of a file: a dialect and rules as plain data.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) double_quote: bool,
    pub(crate) escape: Option<u8>,
    pub(crate) escapes: Escapes,
    /// `None`: LF, CRLF or a lone CR.
    pub(crate) terminator: Option<u8>,
    /// The delimiter, the terminator and the quote are these bytes in the input. The model looks
    /// for single ones, which no input has beside.
    pub(crate) sequences: [Option<&'static [u8]>; 3],
    /// Blanks and tabs part fields, as many as there are.
    pub(crate) whitespace: bool,
    /// What starts a comment, no byte of which ends or opens a field.
    pub(crate) comment: Option<&'static [u8]>,
    /// A delimiter ends each record: an empty field behind the last one is no field.
    pub(crate) trailing: bool,
    /// Records whose fields are all empty are dropped.
    pub(crate) skip_empty: bool,
    /// Records with the bytes of the header are dropped.
    pub(crate) skip_repeated: bool,
    /// So many records at the end are dropped.
    pub(crate) skip_last: usize,
    pub(crate) trim_names: bool,
    pub(crate) trim_values: bool,
    /// The first record is data.
    pub(crate) no_header: bool,
    pub(crate) skip_lines: usize,
    pub(crate) limit: Option<usize>,
    /// The first anomaly is an error. The model doesn't tell which.
    pub(crate) strict: bool,
    /// Records with an anomaly, and the first lines of overlong ones, are put aside.
    pub(crate) rejects: bool,
    /// The longest record; without `rejects` none may be longer.
    pub(crate) max_record: usize,
    /// What is asked of the columns: see `rules.rs`.
    pub(crate) columns: Columns,
}

impl Default for Shape {
    /// CSV as the `csv` crate reads it: untrimmed.
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: Some(b'"'),
            double_quote: true,
            escape: None,
            escapes: Escapes::Literal,
            terminator: None,
            sequences: [None; 3],
            whitespace: false,
            comment: None,
            trailing: false,
            skip_empty: false,
            skip_repeated: false,
            skip_last: 0,
            trim_names: false,
            trim_values: false,
            no_header: false,
            skip_lines: 0,
            limit: None,
            strict: false,
            rejects: false,
            max_record: usize::MAX,
            columns: Columns::default(),
        }
    }
}

/// A field of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Quotes and escapes taken off.
    pub(crate) content: Vec<u8>,
    /// Its bytes in the input; of an unquoted one without white space around it, if that is
    /// trimmed.
    pub(crate) raw: Vec<u8>,
    pub(crate) quoted: bool,
    /// Its bytes between quotes, if they are closed and nothing is behind them.
    pub(crate) inner: Option<Vec<u8>>,
    /// Something is behind its closing quote.
    pub(crate) stray: bool,
}

/// A record: the contents of its fields, quotes and escapes taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) fields: Vec<Vec<u8>>,
    /// The same with how they stand, which the `csv` crate doesn't tell.
    pub(crate) cells: Vec<Cell>,
    /// Its last field is still quoted where the input ends.
    pub(crate) unclosed: bool,
    /// A line ends in that field.
    pub(crate) open_lines: bool,
    /// It is too long, so its first line is put aside and reading starts anew behind that.
    pub(crate) overlong: bool,
    /// Its bytes in the input, with its terminator. The `csv` crate doesn't tell.
    pub(crate) raw: Vec<u8>,
    /// That terminator is there.
    pub(crate) ended: bool,
    /// Its first byte in the input.
    pub(crate) at: usize,
}

/// What a conversion should come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) output: Vec<u8>,
    pub(crate) records: u64,
    pub(crate) short: u64,
    pub(crate) long: u64,
    pub(crate) invalid: u64,
    pub(crate) unclosed: u64,
    pub(crate) stray: u64,
    /// Records of several lines that are not overlong.
    pub(crate) multiline: u64,
    pub(crate) overlong: u64,
    pub(crate) misfits: u64,
    pub(crate) rejected: u64,
    pub(crate) rejects: Vec<u8>,
}

impl Shape {
    /// No byte has two meanings, as in any file that anyone ever wrote, and the last records are
    /// those of the file.
    pub(crate) fn is_distinct(&self) -> bool {
        if self.skip_last > 0 && self.escapes == Escapes::Postgres && self.escape.is_some() {
            return false;
        }
        let terminators = match self.terminator {
            None => vec![b'\n', b'\r'],
            Some(byte) => vec![byte],
        };
        let mut all = terminators;
        all.push(self.delimiter);
        all.extend(self.quote.iter().chain(&self.escape));
        let named = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
        if self.escape.is_some() && self.escapes != Escapes::Literal && all.iter().any(named) {
            return false;
        }
        let comment: HashSet<u8> = self.comment.unwrap_or_default().iter().copied().collect();
        all.extend(comment);
        // What is several bytes in the input has them there: none is in another.
        let singles: Vec<u8> = self.single_bytes().map(|(byte, _)| byte).collect();
        all.retain(|byte| !singles.contains(byte));
        let sequences: Vec<&[u8]> = self.sequences.iter().copied().flatten().collect();
        let has = |sequence: &[u8], part: &[u8]| sequence.windows(part.len()).any(|here| here == part);
        let are_apart = sequences.iter().enumerate().all(|(i, one)| {
            let others = sequences.iter().enumerate().filter(|(j, _)| *j != i);
            others.map(|(_, other)| *other).all(|other| !has(other, one))
        });
        are_apart && {
            let n = all.len();
            let is_free = |byte: &u8| !sequences.iter().any(|sequence| sequence.contains(byte));
            all.iter().all(is_free) && all.into_iter().collect::<HashSet<u8>>().len() == n
        }
    }

    /// Whether the `csv` crate means the same by it, in a file of these bytes.
    ///
    /// It makes one character of halves that a quote stands between, trims otherwise, knows escapes
    /// inside quotes alone, ends a comment at LF whatever the terminator, and makes a record of
    /// one empty field out of a comment that the input's end ends (csv-core 0.1.13).
    pub(crate) fn is_known_to_csv(&self, bytes: &[u8]) -> bool {
        let is_high = |byte: u8| byte >= 0x80;
        if let Some(quote) = self.quote
            && bytes.windows(3).any(|three| is_high(three[0]) && three[1] == quote && is_high(three[2]))
        {
            return false;
        }
        let Some(comment) = self.comment else {
            return !self.trim_names && !self.trim_values && self.escape.is_none();
        };
        let [comment] = comment else { return false };
        let last_line = bytes.rsplit(|&byte| byte == b'\n').next().unwrap_or(b"");
        let comments_agree = !last_line.contains(comment)
            && match self.terminator {
                None => !has_lone_cr(bytes),
                Some(byte) => byte == b'\n',
            };
        comments_agree && Shape { comment: None, ..self.clone() }.is_known_to_csv(bytes)
    }

    fn ends(&self, byte: u8) -> bool {
        self.terminator.map_or(byte == b'\n' || byte == b'\r', |terminator| byte == terminator)
    }

    /// The input without its mark and the lines to be skipped.
    fn body<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for _ in 0..self.skip_lines {
            let Some(end) = rest.iter().position(|&byte| self.ends(byte)) else { return b"" };
            rest = &rest[self.behind(rest, end)..];
        }
        rest
    }

    /// Whether a record of an escape and a point is here, which ends what PostgreSQL writes.
    fn is_end_of_data(&self, bytes: &[u8]) -> bool {
        self.escapes == Escapes::Postgres
            && self.escape.is_some()
            && bytes.first().copied() == self.escape
            && bytes.get(1) == Some(&b'.')
            && bytes.get(2).is_none_or(|&byte| self.ends(byte))
    }

    /// The first byte behind the terminator at `end`.
    fn behind(&self, bytes: &[u8], end: usize) -> usize {
        end + 1 + usize::from(self.terminator.is_none() && bytes[end..].starts_with(b"\r\n"))
    }

    /// The lines of a record: terminators, and what is behind the last of them.
    fn n_lines(&self, record: &Record) -> usize {
        let (mut n, mut at) = (usize::from(!record.ended), 0);
        while let Some(end) = record.raw[at..].iter().position(|&byte| self.ends(byte)) {
            at = self.behind(&record.raw, at + end);
            n += 1;
        }
        n
    }

    /// The records as the `csv` crate reads them. Only where [`Shape::is_known_to_csv`], but for
    /// its trimming.
    pub(crate) fn by_csv(&self, bytes: &[u8]) -> Vec<Record> {
        let body = self.body(bytes);
        let mut records = self.read_by_csv(body);
        // It doesn't tell an open quote, but whatever is added to one is content.
        if self.is_distinct() && self.quote.is_some() {
            let terminator = self.terminator.unwrap_or(b'\n');
            let more = self.read_by_csv(&[body, &[terminator]].concat());
            if contents(&more) != contents(&records)
                && let Some(last) = records.last_mut()
            {
                last.unclosed = true;
            }
        }
        if self.trailing || self.skip_empty {
            // It doesn't tell what is quoted, which matters here.
            let plain = Self { trailing: false, skip_empty: false, ..self.clone() };
            let quoted = plain.by_hand(bytes);
            for (record, other) in records.iter_mut().zip(quoted) {
                for (cell, other) in record.cells.iter_mut().zip(other.cells) {
                    cell.quoted = other.quoted;
                }
            }
            records = records.into_iter().filter_map(|record| self.told(record)).collect();
        }
        // It doesn't tell what is behind a closing quote, nor where a record is: the other model
        // does, and which fields there are is compared.
        let by_hand = self.by_hand(bytes);
        if by_hand.len() == records.len() {
            for (record, other) in records.iter_mut().zip(by_hand) {
                (record.raw, record.ended, record.at) = (other.raw, other.ended, other.at);
                record.open_lines = other.open_lines;
                for (cell, other) in record.cells.iter_mut().zip(other.cells) {
                    (cell.stray, cell.quoted) = (other.stray, other.quoted);
                }
            }
        }
        records
    }

    fn read_by_csv(&self, body: &[u8]) -> Vec<Record> {
        // It drops a mark by itself, once: not one that is data here.
        let marked = [b"\xef\xbb\xbf", body].concat();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .quoting(self.quote.is_some())
            .quote(self.quote.unwrap_or(b'"'))
            .double_quote(self.double_quote)
            .escape(self.escape)
            .terminator(self.terminator.map_or(csv::Terminator::CRLF, csv::Terminator::Any))
            .comment(self.comment.map(|comment| comment[0]))
            .from_reader(&marked[..]);
        let fields = |record: csv::ByteRecord| record.iter().map(<[u8]>::to_vec).collect();
        reader
            .byte_records()
            .map(|record| {
                let fields: Vec<Vec<u8>> = fields(record.expect("bytes in memory"));
                let cell = |content: &Vec<u8>| Cell { content: content.clone(), ..Cell::default() };
                Record { cells: fields.iter().map(cell).collect(), fields, ..Record::default() }
            })
            .collect()
    }

    /// The records as the guide has them.
    pub(crate) fn by_hand(&self, bytes: &[u8]) -> Vec<Record> {
        let folded = self.folded(bytes);
        let mut records = self.by_single_bytes(&folded);
        // From record to record: from the start each time, large inputs would take minutes.
        let (mut folded_at, mut at) = (0, 0);
        for record in &mut records {
            at += self.unfolded(&folded[folded_at..record.at]).len();
            folded_at = record.at;
            record.at = at;
            record.fields.iter_mut().for_each(|field| *field = self.unfolded(field));
            for cell in &mut record.cells {
                (cell.content, cell.raw) = (self.unfolded(&cell.content), self.unfolded(&cell.raw));
                cell.inner = cell.inner.as_deref().map(|inner| self.unfolded(inner));
            }
        }
        records
    }

    /// The single bytes that stand for sequences, with them.
    fn single_bytes(&self) -> impl Iterator<Item = (u8, &'static [u8])> {
        let bytes = [Some(self.delimiter), self.terminator, self.quote];
        bytes.into_iter().zip(self.sequences).filter_map(|(byte, sequence)| byte.zip(sequence))
    }

    /// The input with one byte for each sequence, from left to right, the longest first. Behind an
    /// escape there is none.
    fn folded(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut folded, mut at, mut escaped) = (Vec::new(), 0, false);
        while at < bytes.len() {
            let here = self.single_bytes().filter(|(_, sequence)| bytes[at..].starts_with(sequence));
            let longest = here.max_by_key(|(_, sequence)| sequence.len()).filter(|_| !escaped);
            let (byte, n) = longest.map_or((bytes[at], 1), |(byte, sequence)| (byte, sequence.len()));
            escaped = !escaped && longest.is_none() && self.escape == Some(byte);
            folded.push(byte);
            at += n;
        }
        folded
    }

    fn unfolded(&self, bytes: &[u8]) -> Vec<u8> {
        let meant = |byte: &u8| {
            let sequence = self.single_bytes().find(|(single, _)| single == byte);
            sequence.map_or_else(|| vec![*byte], |(_, sequence)| sequence.to_vec())
        };
        bytes.iter().flat_map(meant).collect()
    }

    fn parts(&self, byte: u8) -> bool {
        byte == self.delimiter || self.whitespace && byte == b'\t'
    }

    fn by_single_bytes(&self, bytes: &[u8]) -> Vec<Record> {
        let body = self.body(bytes);
        let mut records = Vec::new();
        let mut at = 0;
        while at < body.len() && !self.is_end_of_data(&body[at..]) {
            if self.ends(body[at]) {
                at = self.behind(body, at);
                continue;
            }
            if self.comment.is_some_and(|comment| body[at..].starts_with(comment)) {
                let end = body[at..].iter().position(|&byte| self.ends(byte));
                at = end.map_or(body.len(), |end| self.behind(body, at + end));
                continue;
            }
            let is_header = records.is_empty() && !self.no_header;
            let trim = if is_header { self.trim_names } else { self.trim_values };
            let start = at;
            if self.whitespace {
                at += body[at..].iter().take_while(|byte| self.parts(**byte)).count();
            }
            let mut record = Record { at: bytes.len() - body.len() + start, ..Record::default() };
            let blank = loop {
                let field = self.field(body, at, trim);
                let lines = body[at..field.end].iter().any(|&byte| self.ends(byte));
                record.open_lines = field.unclosed && lines;
                at = field.end;
                let Taken { content, raw, quoted, inner, stray, .. } = field;
                record.fields.push(content.clone());
                record.cells.push(Cell { content, raw, quoted, inner, stray });
                record.unclosed = field.unclosed;
                if !body.get(at).is_some_and(|byte| self.parts(*byte)) {
                    break field.blank && record.fields.len() == 1;
                }
                at += 1;
                if self.whitespace {
                    at += body[at..].iter().take_while(|byte| self.parts(**byte)).count();
                    if body.get(at).is_none_or(|byte| self.ends(*byte)) {
                        break false;
                    }
                }
            };
            // The search for the header, or for the width where there is none, knows no limit here.
            let told = self.told(record.clone());
            let passed = blank || told.is_none();
            if at - start > self.max_record && !is_header && !(passed && records.is_empty()) {
                let end = body[start..].iter().position(|&byte| self.ends(byte));
                at = end.map_or(body.len(), |end| self.behind(body, start + end));
                let (raw, ended) = (body[start..at].to_vec(), end.is_some());
                // Its fields may be the width, so the empty one at its end is none here either.
                let record = told.unwrap_or(record);
                records.push(Record { overlong: true, unclosed: false, raw, ended, ..record });
                continue;
            }
            record.ended = at < body.len();
            if record.ended {
                at = self.behind(body, at);
            }
            if !blank {
                record.raw = body[start..at].to_vec();
                records.extend(self.told(record));
            }
        }
        records
    }

    /// The record without the empty field behind its last delimiter, if that is none; nothing if it
    /// is dropped.
    fn told(&self, mut record: Record) -> Option<Record> {
        let ends_blank = record.cells.last().is_some_and(|cell| !cell.quoted && cell.content.is_empty());
        if self.trailing && record.fields.len() > 1 && ends_blank {
            record.fields.pop();
            record.cells.pop();
        }
        let is_empty = record.fields.iter().all(Vec::is_empty);
        (!self.skip_empty || !is_empty).then_some(record)
    }

    /// A record's bytes without its terminator.
    fn without_end<'a>(&self, record: &'a Record) -> &'a [u8] {
        let n = record.raw.len();
        match (record.ended, record.raw.ends_with(b"\r\n") && self.terminator.is_none()) {
            (false, _) => &record.raw,
            (true, pair) => &record.raw[..n - 1 - usize::from(pair)],
        }
    }

    /// Adds what the escape at `at` stands for, and returns where the next byte is.
    fn escaped(
        &self,
        body: &[u8],
        at: usize,
        content: &mut Vec<(u8, bool)>,
        named_end: &mut Option<usize>,
    ) -> usize {
        let (byte, n) = meant(self.escapes, &body[at + 1..]);
        let is_named = n > 1 || byte != body[at + 1];
        // Bytes that are written by names make characters together, but with no others.
        if !is_named || *named_end != Some(at) {
            close_run(content, byte);
        }
        content.push((byte, true));
        let next = at + 1 + n;
        *named_end = is_named.then_some(next);
        next
    }

    /// The field that starts at `at`.
    fn field(&self, body: &[u8], at: usize, trim: bool) -> Taken {
        let special =
            |byte: u8| self.parts(byte) || self.ends(byte) || [self.quote, self.escape].contains(&Some(byte));
        let mut start = at;
        if trim {
            while let Some(n) = white_space_at(&body[start..])
                && !body[start..start + n].iter().any(|&byte| special(byte))
            {
                start += n;
            }
        }
        // Each byte of the content, and whether it is kept whatever it is.
        let mut content = Vec::new();
        // Behind the last byte that is written by a name.
        let mut named_end = None;
        let mut at = start;
        let quoted = self.quote.is_some() && body.get(at).copied() == self.quote;
        let mut unclosed = false;
        if quoted {
            at += 1;
            unclosed = true;
            while at < body.len() {
                if Some(body[at]) == self.quote {
                    if self.double_quote && body.get(at + 1).copied() == self.quote {
                        at += 1;
                    } else {
                        at += 1;
                        unclosed = false;
                        break;
                    }
                } else if Some(body[at]) == self.escape {
                    if at + 1 == body.len() {
                        at += 1;
                        break;
                    }
                    at = self.escaped(body, at, &mut content, &mut named_end);
                    continue;
                }
                if named_end == Some(at) {
                    close_run(&mut content, body[at]);
                }
                content.push((body[at], true));
                at += 1;
            }
        }
        let (tail, mut n_quoted) = (at, content.len());
        while at < body.len() && !self.parts(body[at]) && !self.ends(body[at]) {
            let escapes = Some(body[at]) == self.escape;
            let was_quoted = content.len() == n_quoted;
            // Right behind a closing quote that could have been one of two an escape is an ordinary
            // byte, and so is one with nothing behind it.
            let ordinary = quoted && self.double_quote && at == tail || at + 1 == body.len();
            if escapes && !ordinary {
                at = self.escaped(body, at, &mut content, &mut named_end);
            } else {
                if named_end == Some(at) || quoted && at == tail {
                    close_run(&mut content, body[at]);
                }
                content.push((body[at], escapes));
                at += 1;
            }
            if was_quoted {
                // One byte came, and those before it may have become fewer.
                n_quoted = content.len() - 1;
            }
        }
        let mut raw: Vec<(u8, bool)> = Vec::new();
        if !quoted {
            let mut i = start;
            while i < at {
                let escapes = Some(body[i]) == self.escape && i + 1 < at;
                raw.push((body[i], escapes));
                if escapes {
                    raw.push((body[i + 1], true));
                }
                i += 1 + usize::from(escapes);
            }
            if trim {
                trim_white_space(&mut raw, false);
            }
        }
        if trim {
            trim_white_space(&mut content, quoted);
        }
        // White space behind a closing quote is taken off where white space is.
        let stray = quoted && content.len() > n_quoted;
        let inner = (quoted && !unclosed && !stray).then(|| body[start + 1..tail - 1].to_vec());
        let raw = raw.into_iter().map(|(byte, _)| byte).collect();
        let content: Vec<u8> = content.into_iter().map(|(byte, _)| byte).collect();
        Taken { blank: !quoted && content.is_empty(), content, raw, quoted, inner, end: at, unclosed, stray }
    }

    /// Whether a quote opens in the header and is never closed, so that what follows its line is a
    /// part of a name. That is an error.
    pub(crate) fn swallows(&self, records: &[Record]) -> bool {
        !self.no_header && records.first().is_some_and(|first| first.unclosed && first.open_lines)
    }

    /// What these records should become.
    ///
    /// # Panics
    /// The rules make no sense with these names.
    pub(crate) fn expected(&self, records: &[Record]) -> Expected {
        self.by_rules(records).expect("rules that make sense")
    }

    /// The names of the columns.
    pub(crate) fn names(&self, records: &[Record]) -> Vec<String> {
        let Some(first) = records.first() else { return Vec::new() };
        if self.no_header {
            return (1..=first.fields.len()).map(|n| format!("column_{n}")).collect();
        }
        repaired(&first.fields.iter().map(|name| text(name)).collect::<Vec<_>>())
    }

    /// As [`Shape::expected`]; `None` where the rules make no sense with these names.
    pub(crate) fn by_rules(&self, records: &[Record]) -> Option<Expected> {
        if !make_sense(&self.columns) {
            return None;
        }
        let mut expected = Expected::default();
        let Some(first) = records.first() else {
            if self.columns.format == Format::Json {
                expected.output = b"[\n]\n".to_vec();
            }
            return Some(expected);
        };
        let names = self.names(records);
        let plan = Plan::new(&self.columns, &names, self.trim_values)?;
        let data = if self.no_header {
            records
        } else {
            expected.note(first);
            &records[1..]
        };
        expected.output.extend_from_slice(plan.open().as_bytes());
        let mut n_written = 0;
        let repeats = |record: &Record| self.without_end(record) == self.without_end(first);
        let is_kept = |record: &&Record| !self.skip_repeated || record.overlong || !repeats(record);
        let data: Vec<&Record> = data.iter().filter(is_kept).collect();
        let data = &data[..data.len().saturating_sub(self.skip_last)];
        let passes = |record: &&&Record| {
            self.columns.filter.iter().all(|Condition { column, text: wanted, is }| {
                let field = names.iter().position(|name| name == column);
                let cell = field.and_then(|field| record.cells.get(field));
                cell.is_some_and(|cell| text(&cell.content) == *wanted) == *is
            })
        };
        let data: Vec<&Record> =
            data.iter().filter(|record| record.overlong || passes(record)).copied().collect();
        let data = &data[..self.limit.map_or(data.len(), |limit| limit.min(data.len()))];
        for record in data {
            expected.records += 1;
            let known = expected.n_anomalies();
            let line = plan.line(record.at, &record.cells, names.len(), n_written == 0);
            if record.overlong {
                expected.overlong += 1;
            } else {
                expected.unclosed += u64::from(record.unclosed);
                expected.stray += record.n_stray();
                expected.multiline += u64::from(self.n_lines(record) > 1);
                expected.invalid += line.invalid;
                expected.misfits += line.misfits;
                expected.short += u64::from(record.fields.len() < names.len());
                expected.long += u64::from(record.fields.len() > names.len());
            }
            if self.rejects && expected.n_anomalies() > known {
                expected.rejected += 1;
                // Once, so that what was mended can be converted.
                if expected.rejects.is_empty() && !self.no_header {
                    expected.rejects.extend_from_slice(&self.unfolded(&first.raw));
                }
                expected.rejects.extend_from_slice(&self.unfolded(&record.raw));
                // So that each is read apart; one cut off by its first line has no end of its own.
                let end = self.terminator.unwrap_or(b'\n');
                if !record.ended && (record.overlong || !record.raw.ends_with(&[end])) {
                    expected.rejects.extend(self.unfolded(&[end]));
                }
                continue;
            }
            expected.output.extend_from_slice(line.text.as_bytes());
            n_written += 1;
        }
        expected.output.extend_from_slice(plan.close().as_bytes());
        Some(expected)
    }
}

impl Expected {
    pub(crate) fn n_anomalies(&self) -> u64 {
        self.short + self.long + self.invalid + self.unclosed + self.stray + self.overlong + self.misfits
    }

    fn note(&mut self, record: &Record) {
        let invalid =
            |field: &Vec<u8>| field.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
        self.invalid += record.fields.iter().map(invalid).sum::<usize>() as u64;
        self.unclosed += u64::from(record.unclosed);
        self.stray += record.n_stray();
    }
}

/// The byte that is meant by those behind an escape, and how many bytes say so.
fn meant(escapes: Escapes, behind: &[u8]) -> (u8, usize) {
    let digits = |from: usize, most: usize, base: u32| -> Vec<u32> {
        behind[from..].iter().take(most).map_while(|&digit| char::from(digit).to_digit(base)).collect()
    };
    let number = |digits: &[u32], base: u32| digits.iter().fold(0, |n, digit| n * base + digit) as u8;
    match (escapes, behind[0]) {
        (Escapes::Postgres | Escapes::Mysql, b'b') => (0x08, 1),
        (Escapes::Postgres | Escapes::Mysql, b't') => (0x09, 1),
        (Escapes::Postgres | Escapes::Mysql, b'n') => (0x0a, 1),
        (Escapes::Postgres, b'v') => (0x0b, 1),
        (Escapes::Postgres, b'f') => (0x0c, 1),
        (Escapes::Postgres | Escapes::Mysql, b'r') => (0x0d, 1),
        (Escapes::Postgres, b'0'..=b'7') => {
            let digits = digits(0, 3, 8);
            (number(&digits, 8), digits.len())
        }
        (Escapes::Postgres, b'x') if !digits(1, 2, 16).is_empty() => {
            let digits = digits(1, 2, 16);
            (number(&digits, 16), 1 + digits.len())
        }
        (Escapes::Mysql, b'0') => (0x00, 1),
        (Escapes::Mysql, b'Z') => (0x1a, 1),
        (_, byte) => (byte, 1),
    }
}

struct Taken {
    content: Vec<u8>,
    raw: Vec<u8>,
    quoted: bool,
    inner: Option<Vec<u8>>,
    /// The delimiter or terminator behind it, or the end of the input.
    end: usize,
    unclosed: bool,
    stray: bool,
    blank: bool,
}

impl Record {
    fn n_stray(&self) -> u64 {
        self.cells.iter().filter(|cell| cell.stray).count() as u64
    }
}

fn contents(records: &[Record]) -> Vec<&[Vec<u8>]> {
    records.iter().map(|record| &record.fields[..]).collect()
}

pub(crate) fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

pub(crate) fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// The first bytes of a character that stand before a quote or an escape which was taken out do not
/// go on with `next` behind it. A byte of no character takes their place, for which one U+FFFD
/// stands as well.
fn close_run(content: &mut Vec<(u8, bool)>, next: u8) {
    if !matches!(next, 0x80..=0xbf) {
        return;
    }
    let bytes: Vec<u8> = content.iter().map(|(byte, _)| *byte).collect();
    let Some(chunk) = bytes.utf8_chunks().last() else { return };
    let cut = chunk.invalid();
    let is_begun = !cut.is_empty() && str::from_utf8(cut).is_err_and(|error| error.error_len().is_none());
    if is_begun {
        content.truncate(bytes.len() - cut.len());
        content.push((0xff, true));
    }
}

/// The number of bytes of the white space character at the front.
fn white_space_at(bytes: &[u8]) -> Option<usize> {
    (1..=bytes.len().min(4)).find(|&n| is_white_space(&bytes[..n]))
}

fn is_white_space(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.is_empty() && text.trim().is_empty() && text.chars().count() == 1)
}

/// Takes white space off the end, and off the front unless that was quoted, as far as none of its
/// bytes is to be kept.
fn trim_white_space(content: &mut Vec<(u8, bool)>, quoted: bool) {
    let loose = |part: &[(u8, bool)]| {
        let bytes: Vec<u8> = part.iter().map(|(byte, _)| *byte).collect();
        is_white_space(&bytes) && !part.iter().any(|(_, kept)| *kept)
    };
    let longest = |content: &[(u8, bool)]| 1..=content.len().min(4);
    while !quoted && let Some(n) = longest(content).find(|&n| loose(&content[..n])) {
        content.drain(..n);
    }
    while let Some(n) = longest(content).find(|&n| loose(&content[content.len() - n..])) {
        content.truncate(content.len() - n);
    }
}

/// The names of the columns, by the guide's words: an empty one is `column_N`, one seen before
/// `name_2`, …, never one that exists.
pub(crate) fn repaired(raw: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for (i, name) in raw.iter().enumerate() {
        if !name.is_empty() && seen.insert(name) {
            names.push(name.clone());
            continue;
        }
        let base = if name.is_empty() { format!("column_{}", i + 1) } else { name.clone() };
        let exists = |candidate: &String| raw.contains(candidate) || names.contains(candidate);
        let numbered = (2..).map(|n| format!("{base}_{n}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|candidate| !exists(candidate));
        names.push(free.expect("there are more numbers than names"));
    }
    names
}

/// Whether a CR stands in it without a LF behind.
pub(crate) fn has_lone_cr(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(i, &byte)| byte == b'\r' && bytes.get(i + 1) != Some(&b'\n'))
}
