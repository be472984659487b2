//! A record to JSON on a line.
//!
//! The general way, a field at a time, for what the weave leaves: missing and surplus fields, white
//! space to trim, invalid bytes, records longer than a strip. Writes through [`WriteValue`], so a
//! record may be longer than any buffer. What the weave writes by a rule is in `weaver.rs`: the
//! same rules, the same values.

use super::buffer::{Unwritten, WriteValue};
use crate::charset::Charset;
use crate::dialect::Dialect;
use crate::folding::Folding;
use crate::kernel::{Cells, Kernel};
use crate::parse::{Field, Machine, Text, close_run};
use crate::plan::Plan;
use crate::plan::rule::{ColumnRule, Form, Rules, Value, Whole, Word};
use std::convert::Infallible;
use std::ops::Range;

/// One record in `bytes`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// The bytes that contain it; its own are `start..end`.
    pub bytes: &'a [u8],
    /// Its first byte.
    pub start: usize,
    /// Its terminator, or the end of the input.
    pub end: usize,
    /// The ends of its first fields, as many as the plan has or all if fewer, counted from `base`.
    pub ends: &'a [u32],
    /// What `ends` count from.
    pub base: usize,
    /// The number of its fields.
    pub n_fields: usize,
    /// Where the last of them starts.
    pub last: usize,
}

impl<'a> Record<'a> {
    /// Field `i` of those whose ends are known.
    pub(crate) fn field(&self, i: usize) -> (usize, usize) {
        let start = if i == 0 { self.start } else { self.base + self.ends[i - 1] as usize + 1 };
        (start, self.base + self.ends[i] as usize)
    }
}

/// What was found amiss in the values of a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Findings {
    /// The number of U+FFFD.
    pub n_invalid: u64,
    /// Where the first invalid bytes are, and in which field, counted from 0.
    pub first: Option<(usize, usize)>,
    /// The number of values that are not of their type.
    pub n_misfits: u64,
    /// Where the first of them starts, and which field it is, counted from 0.
    pub first_misfit: Option<(usize, usize)>,
}

impl Findings {
    fn invalid(&mut self, text: &Text, field: usize) {
        self.n_invalid += text.n_invalid();
        if let (None, Some(at)) = (self.first, text.first_invalid()) {
            self.first = Some((at, field));
        }
    }

    fn misfit(&mut self, at: usize, field: usize) {
        self.n_misfits += 1;
        self.first_misfit.get_or_insert((at, field));
    }
}

/// A worker's own buffers for values that need more than a look.
#[derive(Debug)]
pub(crate) struct ValueBuffers {
    /// For content that is not in one piece.
    buffer: Vec<u8>,
    /// Of a run of the weave, the values that are not of their type: record's number, byte in the
    /// strip, field; by column.
    pub(super) misfits: Vec<(u32, u32, u32)>,
    /// The fields of the encoder's last record whose values are not of their type.
    pub(crate) misfitting: Vec<u32>,
}

impl ValueBuffers {
    /// For content of up to `n_bytes`; what is longer waits for its turn, as the whole run has one
    /// buffer for such. The misfits of a run are as many as its spans at the most.
    pub(crate) fn new(n_bytes: usize, n_ruled: usize) -> Self {
        let misfits = Vec::with_capacity(Cells::n_spans(n_ruled));
        Self { buffer: Vec::with_capacity(n_bytes), misfits, misfitting: Vec::with_capacity(n_ruled) }
    }

    /// What the misfits of `n_ruled` columns take in memory.
    pub(crate) fn size_for(n_ruled: usize) -> usize {
        Cells::n_spans(n_ruled) * size_of::<(u32, u32, u32)>() + n_ruled * size_of::<u32>()
    }
}

/// What is needed to encode the records of one input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoder<'r> {
    /// The kernels.
    pub kernel: &'r Kernel,
    /// How fields are read.
    pub dialect: &'r Dialect,
    /// What becomes of them.
    pub plan: &'r Plan,
    /// Whether they are trimmed.
    pub trim: bool,
}

/// A field of a record.
#[derive(Clone, Copy)]
pub(super) struct FieldPlace<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its bytes are known to be UTF-8.
    pub(super) valid: bool,
    /// Its number in the record, counted from 0.
    pub(super) field: usize,
    /// The output column, counted among those that the input has, if it has one.
    pub(super) column: Option<usize>,
}

impl Encoder<'_> {
    /// Writes a record that starts at this byte of its input. `valid` says that all of its bytes
    /// are known to be UTF-8.
    pub(crate) fn record<P: WriteValue>(
        &self,
        writer: &mut P,
        buffers: &mut ValueBuffers,
        record: &Record<'_>,
        valid: bool,
        byte: u64,
    ) -> Result<Findings, P::Stop> {
        let plan = self.plan;
        let format = plan.format();
        let mut findings = Findings::default();
        buffers.misfitting.clear();
        let mut last = None;
        writer.open(plan.open().as_bytes())?;
        for i in 0..plan.n_columns(record.n_fields) {
            let column = plan.column(i).filter(|(_, field)| *field < record.n_fields);
            let Some((column, field)) = column else {
                if let Some(lacking) = plan.lacking(i) {
                    plan.lead(last, i, |piece| writer.write(piece))?;
                    last = Some(i);
                    self.supplied(writer, lacking, record, valid, byte)?;
                }
                continue;
            };
            let (start, end) = record.field(field);
            let place = FieldPlace { bytes: record.bytes, start, end, valid, field, column: Some(column) };
            let lead = |writer: &mut P| plan.lead(last, i, |piece| writer.write(piece));
            if self.field(writer, buffers, &place, &mut findings, lead)? {
                last = Some(i);
            }
        }
        if let Some(last) = last {
            plan.close(last, |piece| writer.write(piece))?;
        }
        if let Some(extra) = plan.extra()
            && record.n_fields > plan.n_fields()
        {
            let mut comma = last.is_some();
            if format.has_keys() {
                if comma {
                    writer.write(b",")?;
                }
                writer.write(extra)?;
                comma = false;
            }
            let mut field = plan.n_fields();
            self.surplus(record, |start, end| {
                let before: &[u8] = if std::mem::replace(&mut comma, true) { b"," } else { b"" };
                let place = FieldPlace { bytes: record.bytes, start, end, valid, field, column: None };
                self.field(writer, buffers, &place, &mut findings, |writer| writer.write(before))?;
                field += 1;
                Ok(())
            })?;
            if format.has_keys() {
                writer.write(b"]")?;
            }
        }
        writer.write(format.close().as_bytes())?;
        Ok(findings)
    }

    /// What [`Encoder::record`] would find, without writing; `put` only lends its buffer.
    pub(crate) fn judge<P: WriteValue>(
        &self,
        writer: &mut P,
        buffers: &mut ValueBuffers,
        record: &Record<'_>,
        valid: bool,
    ) -> Result<Findings, P::Stop> {
        let Dialect { escape, escapes, .. } = *self.dialect;
        let raw = &record.bytes[record.start..record.end];
        if valid && !self.plan.may_misfit() && !escapes.may_make_bytes(escape, raw) {
            return Ok(Findings::default());
        }
        self.record(&mut Unwritten(writer), buffers, record, valid, 0)
    }

    /// Writes the value of a field, `lead` before it; false if it is left out.
    pub(super) fn field<P: WriteValue>(
        &self,
        writer: &mut P,
        buffers: &mut ValueBuffers,
        place: &FieldPlace<'_>,
        findings: &mut Findings,
        lead: impl FnOnce(&mut P) -> Result<(), P::Stop>,
    ) -> Result<bool, P::Stop> {
        let FieldPlace { bytes, start, end, .. } = *place;
        let valid = place.valid && self.is_text(&bytes[start..end]);
        let place = &FieldPlace { valid, ..*place };
        let field = Field::new(self.dialect, self.trim, bytes, start, end);
        let Some(rules) = self.plan.rules() else {
            lead(writer)?;
            self.text(writer, place, &field, findings)?;
            return Ok(true);
        };
        let rule = rules.rule(place.column);
        // What nulls and inference look at.
        let (raw, exact) = match field.is_quoted() {
            false => (Some(field.range()), Form::Bare),
            true if rules.in_quotes() => (field.within_quotes(self.dialect), Form::Quoted),
            true => (None, Form::Other),
        };
        let only = field.only_run(self.dialect);
        let form = if only.is_some() && only == raw { exact } else { Form::Other };
        let is_null = |raw: &Range<usize>| {
            let raw = &bytes[raw.clone()];
            let unfolded = self.dialect.folding.map(|folding| folding.unfolded(raw));
            rules.is_null(rule, &Whole { bytes: unfolded.as_deref().unwrap_or(raw), form })
        };
        let value = if only.as_ref().is_some_and(Range::is_empty) {
            self.empty((rules, rule), place.column.is_some(), raw.is_some())
        } else if raw.as_ref().is_some_and(is_null) {
            Value::Word(Word::Null)
        } else if rule.is_one_rule() && rule.last.is_text(form) {
            Value::Text
        } else {
            return self.by_content(writer, buffers, place, &field, form, findings, lead);
        };
        match value {
            Value::Omitted => return Ok(false),
            Value::Text => {
                lead(writer)?;
                self.text(writer, place, &field, findings)?;
            }
            value => {
                lead(writer)?;
                self.value(writer, value, &rule.last, &[], true)?;
            }
        }
        Ok(true)
    }

    /// Whether a field of valid bytes has text for its content. An escape may stand for a byte that
    /// is not valid.
    pub(super) fn is_text(&self, field: &[u8]) -> bool {
        let Dialect { escape, escapes, .. } = *self.dialect;
        let is_text = self.dialect.folding.as_ref().is_none_or(Folding::is_text);
        is_text && !escapes.may_make_bytes(escape, field)
    }

    /// What an empty field becomes.
    pub(super) fn empty(
        &self,
        (rules, rule): (&Rules, &ColumnRule),
        is_column: bool,
        looked_at: bool,
    ) -> Value {
        match rules.empty(rule, looked_at) {
            // In an array what is behind it would move up.
            Value::Omitted if !is_column => Value::Text,
            value => value,
        }
    }

    /// As [`Encoder::field`] for a rule that looks at the content in one piece.
    #[allow(clippy::too_many_arguments, reason = "what its caller found, called from one place")]
    fn by_content<P: WriteValue>(
        &self,
        writer: &mut P,
        buffers: &mut ValueBuffers,
        place: &FieldPlace<'_>,
        field: &Field<'_>,
        form: Form,
        findings: &mut Findings,
        lead: impl FnOnce(&mut P) -> Result<(), P::Stop>,
    ) -> Result<bool, P::Stop> {
        let Some(rules) = self.plan.rules() else { return Ok(false) };
        let rule = rules.rule(place.column);
        if !place.valid {
            let Ok(text) = self.decode(field, |_| Ok::<_, Infallible>(()));
            findings.invalid(&text, place.field);
        }
        let mut lent = None;
        // Text of a code page is looked at as UTF-8, of which a byte becomes three bytes at the
        // most.
        let by_page = !place.valid && self.dialect.charset != Charset::Utf8;
        let bytes = match field.only_run(self.dialect) {
            Some(run) if !by_page => &place.bytes[run],
            _ => {
                let mut n = 0;
                let Ok(()) = field.runs(self.dialect, |run| {
                    n += run.bytes().len();
                    Ok::<_, Infallible>(())
                });
                n *= if by_page { 3 } else { 1 };
                let buffer = match n <= buffers.buffer.capacity() {
                    true => &mut buffers.buffer,
                    false => lent.insert(writer.lend()?),
                };
                buffer.clear();
                buffer.reserve_exact(n);
                let Ok(()) = if by_page {
                    self.decode(field, |piece| {
                        buffer.extend_from_slice(piece.as_bytes());
                        Ok::<_, Infallible>(())
                    })
                    .map(|_| ())
                } else {
                    field.runs(self.dialect, |run| {
                        if !place.valid && !run.goes_on {
                            close_run(buffer);
                        }
                        buffer.extend_from_slice(run.bytes());
                        Ok::<_, Infallible>(())
                    })
                };
                &buffer[..]
            }
        };
        let (mut content, mut valid) = (Whole { bytes, form }, place.valid || by_page);
        let made;
        if !rule.transforms.is_empty() {
            made = rules.transform(&rule.transforms, &String::from_utf8_lossy(bytes));
            (content, valid) = (Whole { bytes: made.as_bytes(), form: Form::Other }, true);
        }
        let (writes, fits) =
            self.written(writer, (rules, rule), (content, valid), place.column.is_some(), lead)?;
        if !fits {
            findings.misfit(field.start(), place.field);
            buffers.misfitting.push(u32::try_from(place.field).unwrap_or(u32::MAX));
        }
        if let Some(buffer) = lent {
            writer.give_back(buffer);
        }
        Ok(writes)
    }

    /// Writes a field's content as a string, run by run.
    fn text<P: WriteValue>(
        &self,
        writer: &mut P,
        place: &FieldPlace<'_>,
        field: &Field<'_>,
        findings: &mut Findings,
    ) -> Result<(), P::Stop> {
        writer.write(b"\"")?;
        if place.valid {
            field.runs(self.dialect, |run| self.escape(writer, run.from, run.start, run.end))?;
        } else {
            let write = |piece: &str| self.escape(writer, piece.as_bytes(), 0, piece.len());
            let text = self.decode(field, write)?;
            findings.invalid(&text, place.field);
        }
        writer.write(b"\"")
    }

    /// Gives the text of a field in pieces.
    pub(super) fn decode<E>(
        &self,
        field: &Field<'_>,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Text, E> {
        let mut text = Text::new(self.dialect.charset);
        field.runs(self.dialect, |run| text.push_run(&run, &mut each))?;
        text.finish(&mut each)?;
        Ok(text)
    }

    /// Returns where the fields beyond the header's are; there is at least one.
    fn surplus<E>(
        &self,
        record: &Record<'_>,
        mut each: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = match self.plan.n_fields() {
            0 => record.start,
            n => record.field(n - 1).1 + 1,
        };
        let mut result = Ok(());
        let mut given = self.plan.n_fields();
        let mut machine = Machine::at_field(self.dialect, self.trim);
        // Up to the terminator: what the machine has not given by then is the last field.
        machine.record(&record.bytes[..record.end], start, |end| {
            if result.is_ok() {
                result = each(start, end);
            }
            start = end + 1;
            given += 1;
        });
        result?;
        if given < record.n_fields { each(start, record.end) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_of_misfits_are_as_large_as_is_counted() {
        for n_ruled in [0, 1, 7, 300, 70_000] {
            let buffers = ValueBuffers::new(0, n_ruled);
            let taken = buffers.misfits.capacity() * 12 + buffers.misfitting.capacity() * 4;
            assert_eq!(taken, ValueBuffers::size_for(n_ruled), "{n_ruled} columns");
        }
    }
}
