//! The loop over a slice: the kernels convert the records that they can, the machine converts the
//! others.
//!
//! A slice starts with a record, or is assumed to. `slice.rs` checks the assumption and waits for
//! the turn; this file knows neither turns nor locks.

use super::mode::Mode;
use super::record::{Outcome, Reading};
use super::run::Run;
use super::slice::{Slice, Stop, Tail};
use super::slice_converter::SliceConverter;
use crate::kernel::{Cells, Index};
use crate::output::{Record, ValueBuffers};
use crate::parse::Machine;

/// What a worker needs beside its buffers. It is allocated once.
pub(super) struct Scratch {
    index: Index,
    ends: Vec<u32>,
    machine: Machine,
    cells: Cells,
    buffers: ValueBuffers,
}

impl Scratch {
    /// Allocates the scratch memory, with an index for strips of `strip` bytes.
    pub(super) fn new(run: &Run<'_>, strip: usize) -> Self {
        let n_ruled = run.plan.template().ruled().len();
        Self {
            index: Index::new(strip),
            ends: Vec::with_capacity(run.plan.n_fields()),
            machine: run.reader.machine(),
            buffers: ValueBuffers::new(run.sizes.values, n_ruled),
            cells: Cells::new(run.plan.template()),
        }
    }
}

/// What the kernels did at the anchor.
enum ByKernel {
    /// Some records; the anchor has moved.
    Done,
    /// Nothing: the record at the anchor is irregular, or longer than a strip.
    Declined,
    /// Nothing: the slice ends before the record does.
    Unfinished,
}

/// Converts a slice. With `at_end` the input ends with the slice, which ends the last record.
pub(super) fn convert_slice<'r, 's>(
    run: &Run<'r>,
    scratch: &mut Scratch,
    slice: &mut Slice<'r, 's, '_>,
    at_end: bool,
) -> Result<Tail, Stop<'r, 's>> {
    let n_bytes = slice.bytes.len();
    let Scratch { index, ends, machine, cells, buffers } = scratch;
    let mut converter = SliceConverter { run, slice, cells, buffers, anchor: 0 };
    loop {
        let at = converter.anchor;
        if converter.slice.left() == 0 {
            return Ok(Tail::Limit(at));
        }
        if at == n_bytes {
            return Ok(Tail::Record(at));
        }
        if let Some(n) = run.reader.dialect.end_of_data(&converter.slice.bytes[at..], at_end) {
            converter.step_to(at + n, 1);
            return Ok(Tail::End(at + n));
        }
        let tail = match converter.by_kernel(index)? {
            ByKernel::Done => continue,
            ByKernel::Unfinished if !at_end => converter.unfinished()?,
            ByKernel::Unfinished | ByKernel::Declined => converter.by_machine(machine, ends, at_end)?,
        };
        if let Some(tail) = tail {
            return Ok(tail);
        }
    }
}

impl<'r, 's> SliceConverter<'_, 'r, 's, '_> {
    /// Converts the records of a strip at the anchor.
    fn by_kernel(&mut self, index: &mut Index) -> Result<ByKernel, Stop<'r, 's>> {
        let (run, at) = (self.run, self.anchor);
        let bytes = self.slice.bytes;
        if !run.reader.kernel_reads_dialect || run.reader.is_comment(&bytes[at..]) {
            return Ok(ByKernel::Declined);
        }
        if run.mode == Mode::Count && self.count_records() {
            return Ok(ByKernel::Done);
        }
        let strip = &bytes[at..bytes.len().min(at + index.capacity())];
        let without_nulls = if run.mode == Mode::Weave { run.plan.without_nulls(strip) } else { None };
        let marks = if without_nulls.is_some() { &run.reader.plain_marks } else { &run.reader.marks };
        run.reader.kernel.scan(marks, strip, index);
        if !index.records().is_empty() {
            self.strip(index, without_nulls)?;
            return Ok(ByKernel::Done);
        }
        let is_last = strip.len() == bytes.len() - at;
        Ok(if is_last && !index.declined() { ByKernel::Unfinished } else { ByKernel::Declined })
    }

    /// Converts the record at the anchor by the machine. Returns a tail if the slice ends here.
    fn by_machine(
        &mut self,
        machine: &mut Machine,
        ends: &mut Vec<u32>,
        at_end: bool,
    ) -> Result<Option<Tail>, Stop<'r, 's>> {
        let (run, at) = (self.run, self.anchor);
        let bytes = self.slice.bytes;
        let n_wanted = run.plan.n_fields();
        // Where the last field starts and ends.
        let (mut n_fields, mut begin, mut last) = (0, at, at);
        ends.clear();
        machine.restart();
        let ended = machine.record(bytes, at, |end| {
            if ends.len() < n_wanted {
                ends.push(in_record(end - at));
            }
            begin = if n_fields == 0 { at } else { last + 1 };
            n_fields += 1;
            last = end;
        });
        let (next, unclosed) = match ended {
            Some(ended) if ended.comment => {
                self.step_to(ended.next, 1);
                return Ok(None);
            }
            Some(ended) => (ended.next, None),
            None if !at_end && machine.is_comment() && bytes.len() - at > run.sizes.max_record => {
                return Ok(Some(Tail::Comment(at)));
            }
            None if !at_end => return self.unfinished(),
            None if machine.is_comment() => {
                self.step_to(bytes.len(), 0);
                return Ok(None);
            }
            None => {
                begin = if n_fields == 0 { at } else { last + 1 };
                if ends.len() < n_wanted {
                    ends.push(in_record(bytes.len() - at));
                }
                n_fields += 1;
                last = bytes.len();
                (bytes.len(), machine.is_quoted().then_some(begin))
            }
        };
        let record = Record { bytes, start: at, end: last, ends, base: at, n_fields, last: begin };
        let decode = run.reader.always_decode || !run.reader.dialect.charset.is_utf8(&bytes[at..next]);
        let n_lines = run.reader.count_lines(&bytes[at..next]);
        let multiline = n_lines > u64::from(next > last);
        let (has_tail, ended) = (machine.has_tail(), next > last);
        let reading = Reading { decode, unclosed, has_tail, multiline, ended };
        match self.record(&record, next, reading)? {
            Outcome::Done => {
                self.step_to(next, n_lines);
                Ok(None)
            }
            Outcome::Overlong => self.overlong(),
        }
    }
}

/// Returns a place in a record. A record of more than `u32::MAX` bytes is overlong at any setting,
/// so its ends are not used.
fn in_record(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
