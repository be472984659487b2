//! The records of a scanned strip: the kernels weave or count them. The others are converted one by
//! one.

use super::dropped::DroppedAs;
use super::mode::{COUNTED, Mode};
use super::record::{Outcome, Reading};
use super::run::Run;
use super::slice::{InputBytes, Stop};
use super::slice_converter::{Cursor, Evidence, Found, SliceConverter, fields_of};
use super::survey_strip::are_plain;
use super::valid::Valid;
use crate::dialect::Dialect;
use crate::error::Anomaly;
use crate::kernel::{Index, Kernel, NoRules, Strip, Template, Values};
use crate::output::{Record, Weaver};
use crate::plan::{Nul, OwnValues};

impl<'r, 's> SliceConverter<'_, 'r, 's, '_> {
    /// Counts records that can have no anomaly, from the anchor on. Returns false if there is none.
    pub(super) fn count_records(&mut self) -> bool {
        let run = self.run;
        let marks = &run.reader.marks;
        let bytes = &self.slice.bytes[self.anchor..];
        let strip = &bytes[..bytes.len().min(COUNTED)];
        let n_fields = u32::try_from(run.plan.template().n_fields()).unwrap_or(u32::MAX);
        let counted = run.reader.kernel.count(marks, strip, n_fields);
        let Some(end) = counted.end else { return false };
        // Records of several lines are counted one by one.
        if counted.records > self.slice.left() || counted.lines > counted.records {
            return false;
        }
        let pair = marks.pairs && bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
        let whole = &bytes[..end + 1 + usize::from(pair)];
        let Dialect { charset, escape, escapes, .. } = run.reader.dialect;
        if counted.high && !charset.is_valid(whole) || escapes.may_make_bytes(escape, whole) {
            return false;
        }
        self.slice.counts.records += counted.records;
        self.step_to(self.anchor + whole.len(), counted.lines);
        true
    }

    /// Converts the whole records of a scanned strip at the anchor, or only those up to a place
    /// from which the strip must be scanned again. The template `without_nulls` is for all of them
    /// if it is given.
    pub(super) fn strip(
        &mut self,
        index: &Index,
        without_nulls: Option<&Template>,
    ) -> Result<(), Stop<'r, 's>> {
        let run = self.run;
        let strip = &self.slice.bytes[self.anchor..];
        let mut valid = Valid::new(&run.reader, index);
        let mut cursor = Cursor::default();
        // The kernels write NULs as they are.
        let is_clear = run.plan.nul() == Nul::Keep || memchr::memchr(0, strip).is_none();
        let weaves = run.mode.weaves() && is_clear;
        let plain = run.mode == Mode::Survey && are_plain(run);
        loop {
            let left = usize::try_from(self.slice.left()).unwrap_or(usize::MAX);
            let end = index.records().len().min(cursor.record.saturating_add(left));
            let until = match run.plan.conditions() {
                [] => end,
                _ => self.filtered(strip, index, &mut cursor, end),
            };
            let valid_until = valid.until(strip, index, cursor, until);
            if weaves {
                self.weave(strip, index, without_nulls, &mut cursor, valid_until);
            }
            if plain {
                self.survey_strip(index, &mut cursor, valid_until)?;
            }
            if cursor.record == end {
                break;
            }
            if cursor.record == until {
                continue;
            }
            match self.one(strip, index, cursor, valid_until)? {
                Next::At(next) => cursor = next,
                Next::Again => {}
                Next::Scan => return Ok(()),
            }
        }
        let n_lines = if cursor.record < index.records().len() {
            run.reader.count_lines(&strip[..cursor.at])
        } else {
            index.n_lines()
        };
        self.step_to(self.anchor + cursor.at, n_lines);
        Ok(())
    }

    /// Moves the cursor behind the records that are not to be written. Returns the number of the
    /// next such record behind the cursor, or `until`.
    fn filtered(&mut self, strip: &[u8], index: &Index, cursor: &mut Cursor, until: usize) -> usize {
        while cursor.record < until && self.is_filtered(strip, index, *cursor) {
            self.slice.counts.dropped.count(DroppedAs::Filtered);
            *cursor = self.next(strip, index, *cursor);
        }
        let mut at = *cursor;
        while at.record < until {
            at = self.next(strip, index, at);
            if at.record < until && self.is_filtered(strip, index, at) {
                break;
            }
        }
        at.record
    }

    /// The place behind a record.
    fn next(&self, strip: &[u8], index: &Index, Cursor { record, .. }: Cursor) -> Cursor {
        let (_, last) = fields_of(index.records(), record);
        Cursor { record: record + 1, at: self.behind(strip, index.ends()[last - 1] as usize) }
    }

    /// Whether the record at a place is one, and is not to be written for what its fields are. What
    /// may be something else is left to the general way.
    fn is_filtered(&self, strip: &[u8], index: &Index, cursor: Cursor) -> bool {
        let run = self.run;
        let record = record_of(self.slice.bytes, self.anchor, index, run.plan.n_fields(), cursor);
        let bytes = &self.slice.bytes[record.start..record.end];
        !run.reader.passes(run.plan.conditions(), &record)
            && bytes.len() <= run.sizes.max_record
            && !run.reader.is_comment(&strip[cursor.at..])
            && !run.reader.dialect.ends_data(bytes)
            && run.reader.drops(&record).is_none()
    }

    /// Converts the record at the cursor, which the kernels did not convert. The records before
    /// number `valid_until` are valid.
    fn one(
        &mut self,
        strip: &[u8],
        index: &Index,
        cursor: Cursor,
        valid_until: usize,
    ) -> Result<Next, Stop<'r, 's>> {
        let (run, anchor) = (self.run, self.anchor);
        let marks = &run.reader.marks;
        let (_, last) = fields_of(index.records(), cursor.record);
        let (start, end) = (cursor.at, index.ends()[last - 1] as usize);
        let is_valid = cursor.record < valid_until;
        // The kernels may have left it because the buffer had no room.
        if run.mode.weaves()
            && run.mode.writes()
            && is_valid
            && self.slice.make_room(run.plan.n_around() + (end - start))?
        {
            return Ok(Next::Again);
        }
        if run.reader.is_comment(&strip[start..]) {
            // What the scan took for fields and quotes in the comment was text. Scan again behind
            // its line.
            let n = run.reader.line_end(&strip[start..]).unwrap_or(end - start + 1);
            self.step_to(anchor + start + n, run.reader.count_lines(&strip[..start]) + 1);
            return Ok(Next::Scan);
        }
        if run.reader.dialect.ends_data(&strip[start..end]) {
            self.step_to(anchor + start, run.reader.count_lines(&strip[..start]));
            return Ok(Next::Scan);
        }
        let next = self.behind(strip, end);
        let record = record_of(self.slice.bytes, anchor, index, run.plan.n_fields(), cursor);
        // The weave decodes by the page itself. The encoder decodes only if it is asked to.
        let decode = !is_valid || marks.page.is_some() && !strip[start..end].is_ascii();
        let multiline = has_quoted_lines(index) && run.reader.line_end(&strip[start..end]).is_some();
        let reading = Reading { decode, multiline, ended: true, ..Reading::default() };
        match self.record(&record, anchor + next, reading)? {
            Outcome::Done => Ok(Next::At(Cursor { record: cursor.record + 1, at: next })),
            Outcome::Overlong => {
                self.step_to(anchor + start, run.reader.count_lines(&strip[..start]));
                let tail = self.overlong()?;
                debug_assert!(tail.is_none(), "the record ends in the strip, so its first line does");
                Ok(Next::Scan)
            }
        }
    }

    /// Weaves records of a scanned strip from the cursor on, up to number `until` at the most, and
    /// moves the cursor behind them.
    fn weave(
        &mut self,
        strip: &[u8],
        index: &Index,
        without_nulls: Option<&Template>,
        cursor: &mut Cursor,
        until: usize,
    ) {
        let run = self.run;
        let (before, bytes) = (*cursor, strip);
        let template = without_nulls.unwrap_or(run.plan.template());
        let strip = Strip { from: strip, marks: &run.reader.marks, index, until, template };
        let judges_first = self.judges_first();
        let text = (self.slice.bytes, self.slice.text_at);
        let (buffer, len, input_bytes) = self.slice.raw();
        let mut misfits = None;
        let mut place = (cursor.record, cursor.at);
        let kernel = &run.reader.kernel;
        let encoder = run.reader.encoder(run.plan);
        let weaver = Weaver::new(encoder, self.cells, self.buffers, judges_first);
        let own_values = run.plan.own_values().filter(|_| run.mode.writes());
        let ends = own_values.map(|own_values| RecordEnds {
            run,
            own_values,
            text,
            anchor: self.anchor,
            input_bytes,
        });
        let weave = StripWeave { kernel, strip: &strip, ends };
        let at = match weaver.filter(|_| without_nulls.is_none()) {
            None => weave.on(&mut place, buffer, *len, &mut NoRules),
            Some(mut weaver) => {
                let at = weave.on(&mut place, buffer, *len, &mut weaver);
                misfits = weaver.first_misfit.map(|first| (first, weaver.n_misfits, weaver.by_column));
                at
            }
        };
        if run.mode.writes() {
            // Counted in two places: the templates have line ends, and no value has any. A compiler
            // does not see that a count has no effect: half an instruction a byte.
            let n_woven = (place.0 - before.record) as u64;
            let is_counted = !cfg!(debug_assertions) || run.output.bounds.count(&buffer[*len..at]) == n_woven;
            *len = at;
            debug_assert!(is_counted || self.slice.has_changed());
        }
        *cursor = Cursor { record: place.0, at: place.1 };
        let known = self.slice.counts.records;
        self.slice.counts.records += (cursor.record - before.record) as u64;
        if has_quoted_lines(index) {
            self.count_multilines(bytes, index, before, *cursor);
        }
        if let Some(((number, at, field), n, by_column)) = misfits {
            let place = usize::try_from(number).unwrap_or(usize::MAX) + before.record;
            let start = match index.records()[..place].last() {
                Some(last) => self.behind(bytes, index.ends()[*last as usize - 1] as usize),
                None => 0,
            };
            let cursor = Cursor { record: place, at: start };
            let record = record_of(self.slice.bytes, self.anchor, index, run.plan.n_fields(), cursor);
            let (at, column, evidence) = (self.anchor + at, field as u64 + 1, Evidence::Value(field));
            let found = Found { anomaly: Anomaly::TypeMismatch, n, at, column, evidence };
            self.count(&found, &record, known + number + 1);
            for (place, n) in by_column.into_iter().enumerate() {
                self.slice.counts.misfit(place, n);
            }
        }
    }

    /// Counts the records of several lines among those that were woven, which end at `to`.
    fn count_multilines(&mut self, strip: &[u8], index: &Index, from: Cursor, to: Cursor) {
        let known = self.slice.counts.records - (to.record - from.record) as u64;
        let end_of = |record: usize| index.ends()[index.records()[record] as usize - 1] as usize;
        let mut record = from.record;
        if index.n_lines() > 2 * index.records().len() as u64 {
            // Most of them.
            for (number, record) in (known + 1..).zip(from.record..to.record) {
                let start =
                    if record == from.record { from.at } else { self.behind(strip, end_of(record - 1)) };
                if self.run.reader.line_end(&strip[start..end_of(record)]).is_some() {
                    self.count_multiline(self.anchor + start, number);
                }
            }
            return;
        }
        // Only in some blocks do such lines end. A look at each record took 9 % of the instructions
        // on `quoted` (2026-11-27).
        for block in index.lined_blocks() {
            // Those that end before the block, or were counted, are behind.
            if record > from.record && end_of(record - 1) >= block + 64 {
                continue;
            }
            while record < to.record && end_of(record) <= block {
                record += 1;
            }
            while record < to.record {
                let start = match record {
                    0 => 0,
                    _ if record == from.record => from.at,
                    _ => self.behind(strip, end_of(record - 1)),
                };
                if start >= block + 64 {
                    break;
                }
                let part = &strip[start.max(block)..end_of(record).min(block + 64)];
                if self.run.reader.line_end(part).is_some() {
                    let number = known + 1 + (record - from.record) as u64;
                    self.count_multiline(self.anchor + start, number);
                } else if end_of(record) > block + 64 {
                    // Its line may end in the next.
                    break;
                }
                record += 1;
            }
        }
    }

    /// Returns the first byte behind the terminator at `end` of a strip.
    fn behind(&self, strip: &[u8], end: usize) -> usize {
        let pairs = self.run.reader.marks.pairs;
        end + 1 + usize::from(pairs && strip[end] == b'\r' && strip.get(end + 1) == Some(&b'\n'))
    }
}

/// The weaving of a strip.
struct StripWeave<'a, 'r> {
    kernel: &'a Kernel,
    strip: &'a Strip<'a>,
    ends: Option<RecordEnds<'a, 'r>>,
}

impl StripWeave<'_, '_> {
    /// As [`Kernel::weave`]. Where records have ends of their own, one is woven at a time. On 115
    /// MB of eight columns `--with byte` took 2.0 of plain conversion's time so, and 8 by the
    /// encoder (AVX-512, 2026-11-28).
    fn on<V: Values>(
        self,
        place: &mut (usize, usize),
        to: &mut [u8],
        mut at: usize,
        values: &mut V,
    ) -> usize {
        let Self { kernel, strip, ends } = self;
        let Some(mut ends) = ends else { return kernel.weave(strip, place, to, at, values) };
        let Some(most) = to.len().checked_sub(ends.own_values.most()) else { return at };
        while place.0 < strip.until && at < most {
            let cursor = Cursor { record: place.0, at: place.1 };
            let one = Strip { until: place.0 + 1, ..*strip };
            let woven = kernel.weave(&one, place, &mut to[..most], at, values);
            if place.0 == cursor.record {
                break;
            }
            at = ends.write(strip, cursor, to, woven);
        }
        at
    }
}

/// The ends of woven records, which have values of their own.
struct RecordEnds<'a, 'r> {
    run: &'a Run<'r>,
    own_values: &'a OwnValues,
    /// The slice, and where it starts in the text.
    text: (&'a [u8], u64),
    anchor: usize,
    input_bytes: &'a mut InputBytes,
}

impl RecordEnds<'_, '_> {
    /// Writes the end of the record at `cursor` to `to[at..]`, and returns where that ends.
    fn write(&mut self, strip: &Strip<'_>, cursor: Cursor, to: &mut [u8], at: usize) -> usize {
        let Self { run, own_values, text, anchor, .. } = *self;
        let record = record_of(text.0, anchor, strip.index, run.plan.n_fields(), cursor);
        let byte = self.input_bytes.at(&*run.input, text, record.start);
        let valid = strip.marks.page.is_none() || text.0[record.start..record.end].is_ascii();
        run.reader.encoder(run.plan).end((to, at), own_values, &record, valid, byte)
    }
}

/// Returns the record at `cursor` of a strip of `bytes`, scanned from `anchor` on.
fn record_of<'b>(
    bytes: &'b [u8],
    anchor: usize,
    index: &'b Index,
    n_fields: usize,
    cursor: Cursor,
) -> Record<'b> {
    let (first, last) = fields_of(index.records(), cursor.record);
    let known = &index.ends()[first..last];
    let last = match known {
        [.., before, _] => anchor + *before as usize + 1,
        _ => anchor + cursor.at,
    };
    Record {
        bytes,
        start: anchor + cursor.at,
        end: anchor + known[known.len() - 1] as usize,
        ends: &known[..known.len().min(n_fields)],
        base: anchor,
        n_fields: known.len(),
        last,
    }
}

/// Whether lines end within the records of a scanned strip.
fn has_quoted_lines(index: &Index) -> bool {
    index.n_lines() > index.records().len() as u64
}

/// How the conversion of a strip continues.
enum Next {
    /// At this record.
    At(Cursor),
    /// At the same record, which fits the buffer now.
    Again,
    /// It must be scanned again, from the anchor.
    Scan,
}
