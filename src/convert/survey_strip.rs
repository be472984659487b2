//! The records of a scanned strip for the schema: clean ones a column at a time, others a field at
//! a time.

use super::run::Run;
use super::slice::Stop;
use super::slice_converter::{Cursor, SliceConverter, fields_of};
use super::survey_record::in_slice;
use crate::kernel::Index;
use crate::output::Record;
use crate::schema::{Spot, Stretch};

/// Whether regular records are no more than their fields, and clean fields no more than their
/// bytes.
pub(super) fn are_plain(run: &Run<'_>) -> bool {
    let marks = &run.reader.marks;
    let rare = marks.left.is_some() || marks.escape.is_some() || marks.page.is_some();
    let plain = !(rare || marks.folded || marks.whitespace || run.reader.always_decode);
    // Of one column any record may be blank; and a record of a strip must not be too long.
    plain && run.plan.rules().is_none() && run.plan.n_fields() > 1 && run.sizes.max_record >= run.sizes.strip
}

/// Sets where records start, of which none needs a closer look, if each has as many fields as
/// there are and ends with a single byte. Returns where the next starts. Without a branch for each.
fn alike_starts(
    run: &Run<'_>,
    (index, bytes): (&Index, &[u8]),
    (first, at): (usize, usize),
    records: &[u32],
    starts: &mut [u32],
) -> Option<usize> {
    let n_fields = run.plan.n_fields();
    let ends = index.ends().get(first..first + records.len() * n_fields)?;
    let (mut alike, mut expected) = (true, in_slice(first));
    let (mut at, mut end) = (in_slice(at), n_fields - 1);
    for (slot, last) in starts.iter_mut().zip(records) {
        expected = expected.wrapping_add(in_slice(n_fields));
        *slot = at;
        // Where not all are alike so far, the end may be anything.
        let byte = bytes.get(ends[end] as usize).copied().unwrap_or(b'\r');
        alike &= (*last == expected) & (byte != b'\r');
        (at, end) = (ends[end] + 1, end + n_fields);
    }
    alike.then_some(at as usize)
}

/// Sets where regular records start that are clean, up to one that is not. The first begins with an
/// end and a byte. Returns how many there are, and where the next starts.
fn clean_starts(
    run: &Run<'_>,
    (index, bytes): (&Index, &[u8]),
    (first, at): (usize, usize),
    records: &[u32],
    starts: &mut [u32],
) -> (usize, usize) {
    let (mut n, mut at, mut first_end) = (0, at, first);
    for (slot, last) in starts.iter_mut().zip(records) {
        let last = *last as usize;
        let end = index.ends()[last - 1] as usize;
        if last - first_end != run.plan.n_fields() || index.is_dirty(at, end) {
            break;
        }
        *slot = in_slice(at);
        (n, first_end) = (n + 1, last);
        let pairs = run.reader.marks.pairs && bytes[end] == b'\r';
        at = end + 1 + usize::from(pairs && bytes.get(end + 1) == Some(&b'\n'));
    }
    (n, at)
}

impl<'r, 's> SliceConverter<'_, 'r, 's, '_> {
    /// Counts the fields of regular records from the cursor on, up to number `until` at the most or
    /// one that is not regular, and moves the cursor behind them. All are valid.
    pub(super) fn survey_strip(
        &mut self,
        index: &Index,
        cursor: &mut Cursor,
        until: usize,
    ) -> Result<(), Stop<'r, 's>> {
        let (run, anchor) = (self.run, self.anchor);
        let (bytes, n_fields) = (&self.slice.bytes[anchor..], run.plan.n_fields());
        while cursor.record < until {
            let (first, last) = fields_of(index.records(), cursor.record);
            if last - first != n_fields {
                return Ok(());
            }
            let before = *cursor;
            let record = self.slice.counts.records + 1;
            let Some(tallies) = self.slice.tallies.as_deref_mut() else { return Ok(()) };
            let most = tallies.starts.len().min(until - before.record);
            let records = &index.records()[before.record..before.record + most];
            let all_end = records.last().map_or(0, |last| index.ends()[*last as usize - 1] as usize);
            let may_be_dirty = index.is_dirty(before.at, all_end);
            let from = (first, before.at);
            let alike = if may_be_dirty {
                None
            } else {
                alike_starts(run, (index, bytes), from, records, &mut tallies.starts)
            };
            let (n, at) = match alike {
                Some(at) => (records.len(), at),
                None => clean_starts(run, (index, bytes), from, records, &mut tallies.starts),
            };
            *cursor = Cursor { record: before.record + n, at };
            if n == 0 {
                self.survey_dirty(index, cursor)?;
                continue;
            }
            let stretch = Stretch {
                kernel: &run.reader.kernel,
                bytes,
                starts: &tallies.starts[..n],
                ends: &index.ends()[first..first + n * n_fields],
                n_fields,
                at: in_slice(anchor),
                record: u32::try_from(record).unwrap_or(u32::MAX),
            };
            for (column, tally) in tallies.of_fields.iter_mut().enumerate() {
                stretch.count(column, tally);
            }
            self.slice.counts.records += n as u64;
        }
        Ok(())
    }

    /// Counts the fields of the record at the cursor, some of which need a closer look.
    fn survey_dirty(&mut self, index: &Index, cursor: &mut Cursor) -> Result<(), Stop<'r, 's>> {
        let (run, anchor, bytes) = (self.run, self.anchor, self.slice.bytes);
        let (first, last) = fields_of(index.records(), cursor.record);
        let ends = &index.ends()[first..last];
        let end = anchor + ends[ends.len() - 1] as usize;
        let start = anchor + cursor.at;
        self.slice.counts.records += 1;
        let number = self.slice.counts.records;
        if run.reader.line_end(&bytes[start..end]).is_some() {
            self.count_multiline(start, number);
        }
        let record = Record { bytes, start, end, ends, base: anchor, n_fields: ends.len(), last: 0 };
        for i in 0..ends.len() {
            let (start, end) = record.field(i);
            if index.is_dirty(start - anchor, end - anchor) {
                self.survey_field(&record, i, number, true)?;
            } else if let Some(tallies) = self.slice.tallies.as_deref_mut() {
                let record = u32::try_from(number).unwrap_or(u32::MAX);
                let spot = Spot { start: in_slice(start), end: in_slice(end), record, before: 0 };
                tallies.of_fields[i].value(&bytes[start..end], spot);
            }
        }
        let pairs = run.reader.marks.pairs && bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
        *cursor = Cursor { record: cursor.record + 1, at: end + 1 + usize::from(pairs) - anchor };
        Ok(())
    }
}
