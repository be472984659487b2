//! A record for the schema, a field at a time: what the kernels leave.

use super::slice::Stop;
use super::slice_converter::SliceConverter;
use crate::charset::Charset;
use crate::folding::Folding;
use crate::output::{Flush, Record};
use crate::parse::{Field, Text};
use crate::plan::rule::{Form, Whole};
use crate::schema::Spot;
use std::convert::Infallible;
use std::ops::Range;

impl<'r, 's> SliceConverter<'_, 'r, 's, '_> {
    /// Counts the fields of a record, the one of that number in the slice. `valid` says that all of
    /// its bytes are known to be UTF-8.
    pub(super) fn survey(
        &mut self,
        record: &Record<'_>,
        number: u64,
        valid: bool,
    ) -> Result<(), Stop<'r, 's>> {
        let n = self.run.plan.n_fields().min(record.n_fields);
        for i in 0..n {
            self.survey_field(record, i, number, valid)?;
        }
        if let Some(tallies) = self.slice.tallies.as_deref_mut() {
            tallies.of_fields[n..].iter_mut().for_each(|tally| tally.figures.missing += 1);
        }
        Ok(())
    }

    pub(super) fn survey_field(
        &mut self,
        record: &Record<'_>,
        i: usize,
        number: u64,
        valid: bool,
    ) -> Result<(), Stop<'r, 's>> {
        let (run, bytes) = (self.run, record.bytes);
        let dialect = &run.reader.dialect;
        let (start, end) = record.field(i);
        let field = run.reader.field(bytes, start, end);
        let is_text = dialect.folding.as_ref().is_none_or(Folding::is_text);
        let valid = valid && is_text && !dialect.escapes.may_make_bytes(dialect.escape, &bytes[start..end]);
        let spot = Spot { start: in_slice(start), end: in_slice(end), record: in_slice64(number), before: 0 };
        let only = field.only_run(dialect);
        let is_empty = only.as_ref().is_some_and(Range::is_empty);
        let is_null = !is_empty && self.is_given_null(bytes, &field, i);
        let Some(tallies) = self.slice.tallies.as_deref_mut() else { return Ok(()) };
        let tally = &mut tallies.of_fields[i];
        if is_null {
            tally.given_null();
            return Ok(());
        }
        let n_nulls = tally.figures.nulls;
        // Text of a code page counts as UTF-8.
        let by_page = !valid && dialect.charset != Charset::Utf8;
        let mut n_bytes = 0;
        if valid {
            let Ok(()) = field.runs(dialect, |run| {
                n_bytes += run.bytes().len();
                Ok::<_, Infallible>(())
            });
        } else {
            let (mut text, mut n_raw) = (Text::new(dialect.charset), 0);
            let mut each = |piece: &str| {
                n_bytes += piece.len();
                Ok::<_, Infallible>(())
            };
            let Ok(()) = field.runs(dialect, |run| {
                n_raw += run.bytes().len();
                text.push_run(&run, &mut each)
            });
            let Ok(()) = text.finish(&mut each);
            if text.n_invalid() > 0 {
                tally.invalid(spot);
            }
            n_bytes = if by_page { n_bytes } else { n_raw };
        }
        match only {
            Some(run) if !by_page => tally.value(&bytes[run], spot),
            _ if tally.is_settled() && n_bytes > 4 => tally.long_value(n_bytes),
            _ if n_bytes <= tallies.buffer.capacity() => {
                gather(&field, dialect, by_page, &mut tallies.buffer);
                tally.value(&tallies.buffer, spot);
            }
            _ => {
                let mut buffer = self.slice.lend()?;
                buffer.reserve_exact(n_bytes.saturating_sub(buffer.len()));
                gather(&field, dialect, by_page, &mut buffer);
                if let Some(tallies) = self.slice.tallies.as_deref_mut() {
                    tallies.of_fields[i].value(&buffer, spot);
                }
                self.slice.give_back(buffer);
            }
        }
        if let Some(tallies) = self.slice.tallies.as_deref_mut()
            && tallies.of_fields[i].figures.nulls > n_nulls
        {
            let figures = &mut tallies.of_fields[i].figures;
            let n_raw = |raw: Range<usize>| raw.len() == n_bytes;
            if field.is_quoted() {
                let is_plain = field.within_quotes(dialect).is_some_and(n_raw);
                *(if is_plain { &mut figures.quoted_nulls } else { &mut figures.escaped_nulls }) += 1;
            } else if !n_raw(field.range()) {
                figures.escaped_nulls += 1;
            }
        }
        Ok(())
    }

    /// Whether field `i` is null because that was asked for.
    fn is_given_null(&self, bytes: &[u8], field: &Field<'_>, i: usize) -> bool {
        let (dialect, Some(rules)) = (&self.run.reader.dialect, self.run.plan.rules()) else { return false };
        let raw = match field.is_quoted() {
            false => Some(field.range()),
            true if rules.in_quotes() => field.within_quotes(dialect),
            true => None,
        };
        let fields = self.run.plan.template().fields();
        let is_here = |field: &u32| *field as usize == i;
        // Mostly all are written in order.
        let place = match fields.get(i).is_some_and(is_here) {
            true => Some(i),
            false => fields.iter().position(is_here),
        };
        raw.is_some_and(|raw| {
            let raw = &bytes[raw];
            let unfolded = dialect.folding.map(|folding| folding.unfolded(raw));
            rules.is_null(
                rules.rule(place),
                &Whole { bytes: unfolded.as_deref().unwrap_or(raw), form: Form::Other },
            )
        })
    }
}

/// Puts a field's content together.
fn gather(field: &Field<'_>, dialect: &crate::dialect::Dialect, by_page: bool, buffer: &mut Vec<u8>) {
    buffer.clear();
    let mut text = Text::new(dialect.charset);
    let mut each = |piece: &str| {
        buffer.extend_from_slice(piece.as_bytes());
        Ok::<_, Infallible>(())
    };
    if by_page {
        let Ok(()) = field.runs(dialect, |run| text.push_run(&run, &mut each));
        let Ok(()) = text.finish(&mut each);
    } else {
        let Ok(()) = field.runs(dialect, |run| {
            buffer.extend_from_slice(run.bytes());
            Ok::<_, Infallible>(())
        });
    }
}

/// A place in a slice. One of more than `u32::MAX` bytes is longer than any that is judged.
pub(super) fn in_slice(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn in_slice64(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
