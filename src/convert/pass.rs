//! One pass over a slice of input: bytes to records to output, by kernel where it can, by the machine where it must.
//!
//! A slice starts where a record starts, or is thought to. The pass writes through a pen whose link knows when that was wrong
//! (`link.rs`); it never waits or locks itself.

use super::link::{Link, Reject, Stop};
use super::run::Run;
use super::tally::Spot;
use crate::charset::Charset;
use crate::error::Anomaly;
use crate::kernel::{Cells, Index, NoRules, Strip};
use crate::output::{Findings, Gather, Pen, Record, Weaver};
use crate::parse::{Field, Machine, count_lines, line_end};
use bstr::ByteSlice;

/// What a worker needs beside its buffers, allocated once.
pub(super) struct Scratch {
    index: Index,
    ends: Vec<u32>,
    machine: Machine,
    cells: Cells,
    gather: Gather,
}

impl Scratch {
    /// With an index for strips of `strip` bytes.
    pub(super) fn new(run: &Run<'_>, strip: usize) -> Self {
        let n_ruled = run.plan.pieces().ruled().len();
        Self {
            index: Index::new(strip),
            ends: Vec::with_capacity(run.plan.n_fields()),
            machine: Machine::new(&run.dialect, run.trim),
            gather: Gather::new(run.sizes.gather, n_ruled),
            cells: Cells::new(run.plan.pieces()),
        }
    }
}

/// Counted at once under `--check`; no record in it is longer.
pub(super) const SKIMMED: usize = 64 << 10;

/// Where a pass over a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// An unfinished record starts here, or the slice ends.
    Record(usize),
    /// An overlong record starts here and not even its first line ends; it is to be passed over.
    Line(usize),
    /// A comment starts here that is too long to be carried; it is to be passed over.
    Comment(usize),
    /// The record before this byte was the last that is wanted.
    Limit(usize),
}

/// What became of one record.
enum Outcome {
    Done,
    Overlong,
}

/// Converts the slice that the pen's link holds. With `at_end` it is the end of the input, which ends the last record.
pub(super) fn pass<'r>(
    run: &Run<'r>,
    scratch: &mut Scratch,
    pen: &mut Pen<'_, Link<'r, '_, '_>>,
    at_end: bool,
) -> Result<Tail, Stop> {
    let bytes = pen.link.slice;
    let Scratch { index, ends, machine, cells, gather } = scratch;
    let mut pass = Pass { run, pen, cells, gather, anchor: 0 };
    loop {
        let at = pass.anchor;
        if pass.left() == 0 {
            return Ok(Tail::Limit(at));
        }
        if at == bytes.len() {
            return Ok(Tail::Record(at));
        }
        if run.by_kernel && run.dialect.comment != Some(bytes[at]) {
            if run.skims && pass.skim() {
                continue;
            }
            let strip = &bytes[at..bytes.len().min(at + index.capacity())];
            run.kernel.scan(&run.marks, strip, index);
            if !index.records().is_empty() {
                pass.strip(index)?;
                continue;
            }
            if !index.declined() && strip.len() == bytes.len() - at && !at_end {
                match pass.unfinished()? {
                    Some(tail) => return Ok(tail),
                    None => continue,
                }
            }
        }
        // One record by the machine: irregular, longer than a strip, or of a dialect that the kernels don't know.
        let n_wanted = run.plan.n_fields();
        let (mut n_fields, mut last) = (0, at);
        ends.clear();
        machine.restart();
        let ended = machine.record(bytes, at, |end| {
            if ends.len() < n_wanted {
                ends.push(position(end - at));
            }
            n_fields += 1;
            last = end;
        });
        let (next, unclosed) = match ended {
            Some(ended) if ended.comment => {
                pass.step_to(ended.next, 1);
                continue;
            }
            Some(ended) => (ended.next, None),
            None if !at_end && machine.is_comment() && bytes.len() - at > run.sizes.max_record => {
                return Ok(Tail::Comment(at));
            }
            None if !at_end => match pass.unfinished()? {
                Some(tail) => return Ok(tail),
                None => continue,
            },
            None if machine.is_comment() => {
                pass.step_to(bytes.len(), 0);
                continue;
            }
            None => {
                let start = if n_fields == 0 { at } else { last + 1 };
                if ends.len() < n_wanted {
                    ends.push(position(bytes.len() - at));
                }
                n_fields += 1;
                last = bytes.len();
                (bytes.len(), machine.is_quoted().then_some(start))
            }
        };
        let record = Record { bytes, start: at, end: last, ends, base: at, n_fields };
        let decode = run.always_decode || !run.dialect.charset.is_utf8(&bytes[at..next]);
        match pass.record(&record, next, decode, unclosed)? {
            Outcome::Done => pass.step_to(next, count_lines(run.dialect.terminator, &bytes[at..next])),
            Outcome::Overlong => match pass.overlong(at)? {
                Some(tail) => return Ok(tail),
                None => continue,
            },
        }
    }
}

struct Pass<'p, 'b, 'r, 's, 'w> {
    run: &'p Run<'r>,
    pen: &'p mut Pen<'b, Link<'r, 's, 'w>>,
    cells: &'p mut Cells,
    gather: &'p mut Gather,
    /// The first byte not done, to which `tally.lines` counts.
    anchor: usize,
}

impl Pass<'_, '_, '_, '_, '_> {
    /// How many more records are wanted.
    fn left(&self) -> u64 {
        self.pen.link.stop_after - self.pen.link.tally.records
    }

    fn step_to(&mut self, next: usize, n_lines: u64) {
        self.anchor = next;
        self.pen.link.tally.lines += n_lines;
    }

    /// Counts records in which there is nothing to tell, from the anchor on; false where there is none.
    fn skim(&mut self) -> bool {
        let run = self.run;
        let bytes = &self.pen.link.slice[self.anchor..];
        let strip = &bytes[..bytes.len().min(SKIMMED)];
        let counted =
            run.kernel.count(&run.marks, strip, u32::try_from(run.plan.n_fields()).unwrap_or(u32::MAX));
        let Some(end) = counted.end else { return false };
        if counted.records > self.left() {
            return false;
        }
        let pair = run.marks.pairs && bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
        let whole = &bytes[..end + 1 + usize::from(pair)];
        if counted.high && !run.dialect.charset.is_valid(whole) {
            return false;
        }
        self.pen.link.tally.records += counted.records;
        self.step_to(self.anchor + whole.len(), counted.lines);
        true
    }

    /// Does the whole records of a scanned strip at the anchor, or as many as can be done before it must be scanned anew.
    fn strip(&mut self, index: &Index) -> Result<(), Stop> {
        let run = self.run;
        let bytes = self.pen.link.slice;
        let at = self.anchor;
        let strip = &bytes[at..];
        let (ends, records) = (index.ends(), index.records());
        // Behind the terminator that ends at `end`, counted from the strip.
        let behind = |end: usize| {
            end + 1
                + usize::from(run.marks.pairs && strip[end] == b'\r' && strip.get(end + 1) == Some(&b'\n'))
        };
        let mut valid = Valid::new(run, index);
        let mut cursor = (0usize, 0usize);
        loop {
            let until = records
                .len()
                .min(cursor.0.saturating_add(usize::try_from(self.left()).unwrap_or(usize::MAX)));
            let valid_until = valid.until(strip, index, cursor, until);
            if run.weaves {
                self.weave(strip, index, &mut cursor, valid_until);
            }
            if cursor.0 == until {
                break;
            }
            // This one needs a closer look.
            let (first, last) = (ends_before(records, cursor.0), ends_before(records, cursor.0 + 1));
            let (start, end) = (cursor.1, ends[last - 1] as usize);
            let is_valid = cursor.0 < valid_until;
            if run.weaves && is_valid && !run.check {
                let most = run.plan.pieces().n_around() + (end - start);
                if most > self.pen.capacity() - self.pen.len()
                    && most <= self.pen.capacity()
                    && !self.pen.is_empty()
                {
                    self.pen.flush()?;
                    continue;
                }
            }
            if run.dialect.comment == Some(strip[start]) {
                // What the scan took for fields and quotes in it was text: start again behind its line.
                let n = line_end(run.dialect.terminator, &strip[start..]).unwrap_or(end - start + 1);
                self.step_to(at + start + n, count_lines(run.dialect.terminator, &strip[..start]) + 1);
                return Ok(());
            }
            let known = &ends[first..last];
            let record = Record {
                bytes,
                start: at + start,
                end: at + end,
                ends: &known[..known.len().min(run.plan.n_fields())],
                base: at,
                n_fields: known.len(),
            };
            let next = behind(end);
            // By its page the weave writes what it weaves; the general way must know.
            let decode = !is_valid || run.marks.page.is_some() && !strip[start..end].is_ascii();
            match self.record(&record, at + next, decode, None)? {
                Outcome::Done => cursor = (cursor.0 + 1, next),
                Outcome::Overlong => {
                    self.step_to(at + start, count_lines(run.dialect.terminator, &strip[..start]));
                    let tail = self.overlong(at + start)?;
                    debug_assert!(tail.is_none(), "the record ends in the strip, so its first line does");
                    return Ok(());
                }
            }
        }
        let n_lines = if cursor.0 < records.len() {
            count_lines(run.dialect.terminator, &strip[..cursor.1])
        } else {
            index.n_lines()
        };
        self.step_to(at + cursor.1, n_lines);
        Ok(())
    }

    /// Weaves records of a scanned strip from the cursor on, none from number `until` on, and moves the cursor behind them.
    fn weave(&mut self, strip: &[u8], index: &Index, cursor: &mut (usize, usize), until: usize) {
        let run = self.run;
        let before = cursor.0;
        let strip = Strip { from: strip, marks: &run.marks, index, until, pieces: run.plan.pieces() };
        let (buffer, len) = self.pen.raw();
        let leaves_misfits = run.strict || run.rejects;
        let mut misfits = (0, None);
        let at = match Weaver::new(run.encoder(), self.cells, self.gather, leaves_misfits) {
            None => run.kernel.weave(&strip, cursor, buffer, *len, &mut NoRules),
            Some(mut weaver) => {
                let at = run.kernel.weave(&strip, cursor, buffer, *len, &mut weaver);
                misfits = (weaver.n_misfits, weaver.first_misfit);
                at
            }
        };
        if !run.check {
            *len = at;
        }
        let known = self.pen.link.tally.records;
        self.pen.link.tally.records += (cursor.0 - before) as u64;
        if let (n, Some((record, at, field))) = misfits {
            let (link, anchor) = (&mut self.pen.link, self.anchor);
            let (slice, lines, text_at) = (link.slice, link.tally.lines, link.text_at);
            let place = || {
                let (at, column) = (anchor + at, Some(field as u64 + 1));
                spot(run, text_at, slice, anchor, lines, at, column, known + record + 1)
            };
            link.tally.note(Anomaly::TypeMismatch, n, place);
        }
    }

    /// The slice ends within the record at the anchor.
    fn unfinished(&mut self) -> Result<Option<Tail>, Stop> {
        let at = self.anchor;
        if self.pen.link.slice.len() - at > self.run.sizes.max_record {
            return self.overlong(at);
        }
        Ok(Some(Tail::Record(at)))
    }

    /// The record at `at`, to which lines are counted, is too long: an error, or passed over by its first line.
    fn overlong(&mut self, at: usize) -> Result<Option<Tail>, Stop> {
        let run = self.run;
        let bytes = self.pen.link.slice;
        let terminator = run.dialect.terminator;
        let spot = self.spot(at, None, self.pen.link.tally.records + 1);
        if !run.rejects {
            let mut machine = Machine::new(&run.dialect, run.trim);
            let mut start = at;
            let shown = &bytes[..bytes.len().min(at + run.sizes.max_record + 1)];
            let ended = machine.record(shown, at, |end| start = end + 1);
            let open_quote = (ended.is_none() && machine.is_quoted()).then(|| {
                let field = Field::new(&run.dialect, run.trim, shown, start, shown.len());
                self.spot(field.start(), None, 0)
            });
            self.pen.flush()?;
            return Err(self.pen.link.overlong(&spot, open_quote));
        }
        match line_end(terminator, &bytes[at..]) {
            None => Ok(Some(Tail::Line(at))),
            Some(n) => {
                self.pen.link.tally.note(Anomaly::OverlongRecord, 1, || spot);
                self.pen.link.tally.records += 1;
                self.reject(Reject {
                    start: at,
                    end: at + n,
                    ended: true,
                    anomaly: Anomaly::OverlongRecord,
                    spot,
                })?;
                self.step_to(at + n, 1);
                Ok(None)
            }
        }
    }

    /// Converts one record; `decode` says that its bytes may not be valid, `unclosed` where a field starts that is still open.
    fn record(
        &mut self,
        record: &Record<'_>,
        next: usize,
        decode: bool,
        unclosed: Option<usize>,
    ) -> Result<Outcome, Stop> {
        let run = self.run;
        if record.end - record.start > run.sizes.max_record {
            return Ok(Outcome::Overlong);
        }
        if record.n_fields == 1 {
            let (start, end) = (record.start, record.end);
            if Field::new(&run.dialect, run.trim, record.bytes, start, end).is_blank() {
                self.pen.link.tally.blank += 1;
                return Ok(Outcome::Done);
            }
        }
        self.pen.link.tally.records += 1;
        let number = self.pen.link.tally.records;
        let n_wanted = run.plan.n_fields();
        let odd_width = if record.n_fields < n_wanted {
            Some((Anomaly::ShortRecord, record.start, record.n_fields as u64 + 1))
        } else if record.n_fields > n_wanted {
            Some((Anomaly::LongRecord, record.field(n_wanted - 1).1 + 1, n_wanted as u64 + 1))
        } else {
            None
        };
        let unclosed = unclosed.map(|start| {
            let field = Field::new(&run.dialect, run.trim, record.bytes, start, record.end);
            (Anomaly::UnclosedQuote, field.start(), record.n_fields as u64)
        });
        if run.strict || run.rejects {
            let findings = run.encoder().judge(self.pen, self.gather, record, !decode)?;
            let first = odd_width.or(unclosed).or(invalid(&findings)).or(misfit(&findings));
            if let Some((anomaly, at, column)) = first {
                let spot = self.spot(at, Some(column), number);
                if run.strict {
                    self.pen.flush()?;
                    return Err(self.pen.link.strict(anomaly, &spot));
                }
                self.note(&[odd_width, unclosed], &findings, number);
                let ended = next > record.end;
                self.reject(Reject { start: record.start, end: next, ended, anomaly, spot })?;
                return Ok(Outcome::Done);
            }
        }
        let findings = if run.check {
            run.encoder().judge(self.pen, self.gather, record, !decode)?
        } else {
            run.encoder().record(self.pen, self.gather, record, !decode)?
        };
        self.note(&[odd_width, unclosed], &findings, number);
        Ok(Outcome::Done)
    }

    fn note(&mut self, odd: &[Option<(Anomaly, usize, u64)>], findings: &Findings, number: u64) {
        let anchor = self.anchor;
        let link = &mut self.pen.link;
        let found = odd.iter().flatten().map(|found| (*found, 1));
        let invalid = invalid(findings).map(|found| (found, findings.n_invalid));
        let misfit = misfit(findings).map(|found| (found, findings.n_misfits));
        for ((anomaly, at, column), n) in found.chain(invalid).chain(misfit) {
            let (run, slice, lines) = (self.run, link.slice, link.tally.lines);
            let text_at = link.text_at;
            let place = || spot(run, text_at, slice, anchor, lines, at, Some(column), number);
            link.tally.note(anomaly, n, place);
        }
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Stop> {
        self.pen.link.tally.rejected += 1;
        if !self.pen.link.rejects.push(reject) {
            self.pen.flush()?;
            let kept = self.pen.link.rejects.push(reject);
            debug_assert!(kept, "a flush empties the list");
        }
        Ok(())
    }

    fn spot(&self, at: usize, column: Option<u64>, record: u64) -> Spot {
        let link = &self.pen.link;
        spot(self.run, link.text_at, link.slice, self.anchor, link.tally.lines, at, column, record)
    }
}

/// Up to where a strip is known to be UTF-8. Of what is not only its own record is converted otherwise.
struct Valid {
    /// Nothing must be looked at.
    all: bool,
    /// No record can be converted as it stands.
    none: bool,
    charset: Charset,
    /// Known up to this byte.
    end: usize,
    /// There it is not.
    ends_here: bool,
}

impl Valid {
    fn new(run: &Run<'_>, index: &Index) -> Self {
        let all = !run.always_decode && (!index.high() || run.marks.page.is_some());
        Self { all, none: run.always_decode, charset: run.dialect.charset, end: 0, ends_here: false }
    }

    /// The number of the first record from the cursor on that is not valid, or `until`.
    fn until(&mut self, strip: &[u8], index: &Index, cursor: (usize, usize), until: usize) -> usize {
        if self.all || cursor.0 >= until {
            return until;
        }
        if self.none {
            return cursor.0;
        }
        let (ends, records) = (index.ends(), index.records());
        let end_of = |number: usize| ends[ends_before(records, number + 1) - 1] as usize;
        if self.end <= cursor.1 {
            let whole = &strip[cursor.1..end_of(records.len() - 1)];
            let valid = match self.charset {
                _ if self.charset.is_utf8(whole) => whole.len(),
                Charset::Utf8 => {
                    simdutf8::compat::from_utf8(whole).map_or_else(|error| error.valid_up_to(), str::len)
                }
                Charset::Page(_) => whole.find_non_ascii_byte().unwrap_or(whole.len()),
            };
            (self.end, self.ends_here) = (cursor.1 + valid, valid < whole.len());
        }
        if !self.ends_here {
            return until;
        }
        let (mut low, mut high) = (cursor.0, until);
        while low < high {
            let middle = low.midpoint(high);
            if end_of(middle) <= self.end { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// A place in a record. One that is longer than a position can tell is overlong whatever the setting, so where it ends is not asked.
fn position(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The spot of byte `at` of a slice that stands at `text_at`, of which `lines` are counted up to `anchor`.
#[allow(clippy::too_many_arguments, reason = "what a spot is made of, called from two places")]
fn spot(
    run: &Run<'_>,
    text_at: u64,
    slice: &[u8],
    anchor: usize,
    lines: u64,
    at: usize,
    column: Option<u64>,
    record: u64,
) -> Spot {
    let at = at.min(slice.len());
    let lines = lines + count_lines(run.dialect.terminator, &slice[anchor..at]);
    Spot { lines, record, byte: run.keeper.measure(text_at, &slice[..at]), column }
}

fn invalid(findings: &Findings) -> Option<(Anomaly, usize, u64)> {
    findings.first.map(|(at, field)| (Anomaly::InvalidBytes, at, field as u64 + 1))
}

fn misfit(findings: &Findings) -> Option<(Anomaly, usize, u64)> {
    findings.first_misfit.map(|(at, field)| (Anomaly::TypeMismatch, at, field as u64 + 1))
}

fn ends_before(records: &[u32], number: usize) -> usize {
    if number == 0 { 0 } else { records[number - 1] as usize }
}
