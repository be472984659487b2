//! A record to JSON on a line.
//!
//! The general way, a field at a time, for what the stitch leaves: quotes, escapes, masks, types, missing and surplus fields,
//! invalid bytes. Writes through a [`Pen`], so a record may be longer than any buffer.

use super::pen::{Flush, Pen};
use crate::dialect::Dialect;
use crate::kernel::Kernel;
use crate::parse::{Field, Machine, Text};
use crate::plan::{Number, Plan, Told};
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

/// One record in `bytes`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// What it stands in; its own bytes are `start..end`.
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
    /// Where the first stands for invalid bytes, and in which field, counted from 0.
    pub first: Option<(usize, usize)>,
    /// The number of values that are not of their type.
    pub n_misfits: u64,
    /// Where the first of them starts, and which field it is, counted from 0.
    pub first_misfit: Option<(usize, usize)>,
}

impl Findings {
    fn add(&mut self, value: &Value<'_>, text: &Text, field: usize) {
        self.n_invalid += text.n_invalid();
        if let (None, Some(at)) = (self.first, text.first_invalid()) {
            self.first = Some((at, field));
        }
        if value.told == Told::Misfit {
            self.n_misfits += 1;
            self.first_misfit.get_or_insert((value.field.start(), field));
        }
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
    /// For the content of typed fields that does not stand in one piece.
    pub gathered: &'r Mutex<Vec<u8>>,
}

/// A field, and what becomes of it.
struct Value<'b> {
    field: Field<'b>,
    told: Told<'b>,
}

impl Encoder<'_> {
    /// Writes a record. `valid` says that all of its bytes are known to be UTF-8.
    pub(crate) fn record<F: Flush>(
        &self,
        pen: &mut Pen<'_, F>,
        record: &Record<'_>,
        valid: bool,
    ) -> Result<Findings, F::Stop> {
        let plan = self.plan;
        let format = plan.format();
        let mut findings = Findings::default();
        let mut last = None;
        pen.put(format.open().as_bytes())?;
        for (i, &field) in plan.columns_of(record.n_fields).iter().enumerate() {
            let field = field as usize;
            if field >= record.n_fields {
                if !format.has_keys() {
                    plan.lead(last, i, |piece| pen.put(piece))?;
                    last = Some(i);
                    pen.put(b"null")?;
                }
                continue;
            }
            let (start, end) = record.field(field);
            let value = self.look(Some(i), record.bytes, start, end, valid);
            if value.told == Told::Omitted {
                continue;
            }
            plan.lead(last, i, |piece| pen.put(piece))?;
            last = Some(i);
            let text = self.value(pen, record.bytes, &value, valid)?;
            findings.add(&value, &text, field);
        }
        for _ in 0..last.map_or(0, |i| plan.n_open(i)) {
            pen.put(b"}")?;
        }
        if let Some(extra) = plan.extra()
            && record.n_fields > plan.n_fields()
        {
            let mut comma = last.is_some();
            if format.has_keys() {
                if comma {
                    pen.put(b",")?;
                }
                pen.put(extra)?;
                comma = false;
            }
            let mut field = plan.n_fields();
            self.surplus(record, |start, end| {
                if std::mem::replace(&mut comma, true) {
                    pen.put(b",")?;
                }
                let value = self.look(None, record.bytes, start, end, valid);
                let text = self.value(pen, record.bytes, &value, valid)?;
                findings.add(&value, &text, field);
                field += 1;
                Ok(())
            })?;
            if format.has_keys() {
                pen.put(b"]")?;
            }
        }
        pen.put(format.close().as_bytes())?;
        Ok(findings)
    }

    /// What [`Encoder::record`] would find, without writing.
    pub(crate) fn judge(&self, record: &Record<'_>, valid: bool) -> Findings {
        let plan = self.plan;
        let mut findings = Findings::default();
        if valid && !plan.has_types() {
            return findings;
        }
        let mut look = |i, field: usize, start, end| {
            let value = self.look(i, record.bytes, start, end, valid);
            let mut text = Text::default();
            if !valid && value.told.is_decoded() {
                let decoded = self.decode(record.bytes, &value.field, |_| Ok::<_, Infallible>(()));
                let Ok(found) = decoded;
                text = found;
            }
            findings.add(&value, &text, field);
        };
        for (i, &field) in plan.columns_of(record.n_fields).iter().enumerate() {
            let field = field as usize;
            if field < record.n_fields {
                let (start, end) = record.field(field);
                look(Some(i), field, start, end);
            }
        }
        if plan.extra().is_some() && record.n_fields > plan.n_fields() {
            let mut field = plan.n_fields();
            let Ok(()) = self.surplus(record, |start, end| {
                look(None, field, start, end);
                field += 1;
                Ok::<_, Infallible>(())
            });
        }
        findings
    }

    /// The field in `bytes[start..end]`, of output column `i` or beyond them.
    fn look<'b>(
        &self,
        i: Option<usize>,
        bytes: &'b [u8],
        start: usize,
        end: usize,
        valid: bool,
    ) -> Value<'b> {
        let field = Field::new(self.dialect, self.trim, bytes, start, end);
        let mut told = self.plan.tell(i, self.dialect, &field, bytes, valid, self.gathered);
        if i.is_none() && told == Told::Omitted {
            // In an array what stands behind it would move up.
            told = Told::Text;
        }
        Value { field, told }
    }

    /// Writes a value.
    fn value<F: Flush>(
        &self,
        pen: &mut Pen<'_, F>,
        bytes: &[u8],
        value: &Value<'_>,
        valid: bool,
    ) -> Result<Text, F::Stop> {
        let field = &value.field;
        match &value.told {
            Told::Omitted => {}
            Told::Token(token) => pen.put(token)?,
            Told::Number(Number { negative, whole, fraction, exponent }) => {
                let point: &[u8] = if fraction.is_empty() { b"" } else { b"." };
                let sign: &[u8] = if *negative { b"-" } else { b"" };
                for piece in [sign, whole, point, fraction, exponent] {
                    pen.put(piece)?;
                }
            }
            // A newline in JSON stands between tokens only, where a space does as well.
            Told::Json => {
                let mut write = |piece: &[u8]| {
                    let mut lines = piece.split(|byte| matches!(byte, b'\n' | b'\r'));
                    pen.put(lines.next().unwrap_or_default())?;
                    lines.try_for_each(|line| {
                        pen.put(b" ")?;
                        pen.put(line)
                    })
                };
                if !valid {
                    return self.decode(bytes, field, |piece| write(piece.as_bytes()));
                }
                field.runs(self.dialect, |run| write(&bytes[run]))?;
            }
            Told::Text | Told::Misfit => {
                pen.put(b"\"")?;
                let text = if valid {
                    field.runs(self.dialect, |run| pen.escape(self.kernel, bytes, run.start, run.end))?;
                    Text::default()
                } else {
                    self.decode(bytes, field, |piece| {
                        pen.escape(self.kernel, piece.as_bytes(), 0, piece.len())
                    })?
                };
                pen.put(b"\"")?;
                return Ok(text);
            }
            Told::Transformed(i) => {
                let (text, made) = {
                    let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
                    gathered.clear();
                    let Ok(text) = self.decode(bytes, field, |piece| {
                        gathered.extend_from_slice(piece.as_bytes());
                        Ok::<_, Infallible>(())
                    });
                    let whole = std::str::from_utf8(&gathered).expect("pieces of text are text");
                    (text, self.plan.transform(*i, whole))
                };
                pen.put(b"\"")?;
                pen.escape(self.kernel, made.as_bytes(), 0, made.len())?;
                pen.put(b"\"")?;
                return Ok(text);
            }
            Told::Masked(mask) => {
                pen.put(b"\"")?;
                let mut masker = mask.begin(self.plan.hash_key());
                let mut write = |piece: &str| pen.escape(self.kernel, piece.as_bytes(), 0, piece.len());
                let text = self.decode(bytes, field, |piece| masker.push(piece, &mut write))?;
                masker.finish(&mut write)?;
                pen.put(b"\"")?;
                return Ok(text);
            }
        }
        Ok(Text::default())
    }

    /// Tells the text of a field in pieces.
    fn decode<E>(
        &self,
        bytes: &[u8],
        field: &Field<'_>,
        mut tell: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Text, E> {
        let mut text = Text::new(self.dialect.charset);
        field.runs(self.dialect, |run| text.push(run.start, &bytes[run], &mut tell))?;
        text.finish(&mut tell)?;
        Ok(text)
    }

    /// Tells where the fields beyond the header's stand; there is at least one.
    fn surplus<E>(
        &self,
        record: &Record<'_>,
        mut tell: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = match self.plan.n_fields() {
            0 => record.start,
            n => record.field(n - 1).1 + 1,
        };
        let mut result = Ok(());
        let mut told = self.plan.n_fields();
        let mut machine = Machine::at_field(self.dialect, self.trim);
        // Up to the terminator: what the machine has not told by then is the last field.
        machine.record(&record.bytes[..record.end], start, |end| {
            if result.is_ok() {
                result = tell(start, end);
            }
            start = end + 1;
            told += 1;
        });
        result?;
        if told < record.n_fields { tell(start, record.end) } else { Ok(()) }
    }
}
