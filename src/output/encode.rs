//! A record to a JSON object on a line.
//!
//! The general way, a field at a time, for what the stitch leaves: quotes, escapes, masks, missing and surplus fields, invalid
//! bytes. Writes through a [`Pen`], so a record may be longer than any buffer.

use super::pen::{Flush, Pen};
use crate::dialect::Dialect;
use crate::kernel::Kernel;
use crate::parse::{Field, Machine, Text};
use crate::plan::{Mask, Plan};
use std::convert::Infallible;

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

/// What was found amiss in the text of a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Findings {
    /// The number of U+FFFD.
    pub n_invalid: u64,
    /// Where the first stands for invalid bytes, and in which field, counted from 0.
    pub first: Option<(usize, usize)>,
}

impl Findings {
    fn add(&mut self, text: &Text, field: usize) {
        self.n_invalid += text.n_invalid();
        if let (None, Some(at)) = (self.first, text.first_invalid()) {
            self.first = Some((at, field));
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
}

impl Encoder<'_> {
    /// Writes a record. `valid` says that all of its bytes are known to be UTF-8.
    pub(crate) fn object<F: Flush>(
        &self,
        pen: &mut Pen<'_, F>,
        record: &Record<'_>,
        valid: bool,
    ) -> Result<Findings, F::Stop> {
        let mut findings = Findings::default();
        let mut before: &[u8] = b"{";
        let mut open = false;
        for (i, &field) in self.plan.pieces().fields_of(record.n_fields).iter().enumerate() {
            let field = field as usize;
            if field >= record.n_fields {
                continue;
            }
            pen.put(before)?;
            before = b",";
            open = true;
            pen.put(self.plan.key(i))?;
            let (start, end) = record.field(field);
            let text = self.string(pen, record.bytes, start, end, self.plan.mask(i), valid)?;
            findings.add(&text, field);
        }
        if !open {
            pen.put(b"{")?;
        }
        if let Some(extra) = self.plan.extra()
            && record.n_fields > self.plan.n_fields()
        {
            if open {
                pen.put(b",")?;
            }
            pen.put(extra)?;
            let mut field = self.plan.n_fields();
            self.surplus(record, |start, end| {
                if field > self.plan.n_fields() {
                    pen.put(b",")?;
                }
                let text = self.string(pen, record.bytes, start, end, None, valid)?;
                findings.add(&text, field);
                field += 1;
                Ok(())
            })?;
            pen.put(b"]")?;
        }
        pen.put(b"}\n")?;
        Ok(findings)
    }

    /// What [`Encoder::object`] would find, without writing.
    pub(crate) fn judge(&self, record: &Record<'_>, valid: bool) -> Findings {
        let mut findings = Findings::default();
        if valid {
            return findings;
        }
        let mut look = |field: usize, start, end| {
            let text = self.decode(record.bytes, start, end, |_| Ok::<_, Infallible>(()));
            let Ok(text) = text;
            findings.add(&text, field);
        };
        for &field in self.plan.pieces().fields_of(record.n_fields) {
            let field = field as usize;
            if field < record.n_fields {
                let (start, end) = record.field(field);
                look(field, start, end);
            }
        }
        if self.plan.extra().is_some() && record.n_fields > self.plan.n_fields() {
            let mut field = self.plan.n_fields();
            let Ok(()) = self.surplus(record, |start, end| {
                look(field, start, end);
                field += 1;
                Ok::<_, Infallible>(())
            });
        }
        findings
    }

    /// A JSON string of the field in `bytes[start..end]`.
    fn string<F: Flush>(
        &self,
        pen: &mut Pen<'_, F>,
        bytes: &[u8],
        start: usize,
        end: usize,
        mask: Option<Mask>,
        valid: bool,
    ) -> Result<Text, F::Stop> {
        pen.put(b"\"")?;
        let text = match mask {
            None if valid => {
                let field = Field::new(self.dialect, self.trim, bytes, start, end);
                field.runs(self.dialect, |run| pen.escape(self.kernel, bytes, run.start, run.end))?;
                Text::default()
            }
            None => self.decode(bytes, start, end, |piece| {
                pen.escape(self.kernel, piece.as_bytes(), 0, piece.len())
            })?,
            Some(mask) => {
                let mut masker = mask.begin();
                let mut write = |piece: &str| pen.escape(self.kernel, piece.as_bytes(), 0, piece.len());
                let text = self.decode(bytes, start, end, |piece| masker.push(piece, &mut write))?;
                masker.finish(&mut write)?;
                text
            }
        };
        pen.put(b"\"")?;
        Ok(text)
    }

    /// Tells the text of the field in `bytes[start..end]` in pieces.
    fn decode<E>(
        &self,
        bytes: &[u8],
        start: usize,
        end: usize,
        mut tell: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Text, E> {
        let mut text = Text::default();
        Field::new(self.dialect, self.trim, bytes, start, end)
            .runs(self.dialect, |run| text.push(run.start, &bytes[run], &mut tell))?;
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
