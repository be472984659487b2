//! The schema while it is made: what the columns come to, up to the window in turn.
//!
//! Each worker has a [`ColumnTally`] for each field of the input at hand. A slice begins with empty
//! ones, and what they came to is added when the slice is committed, in order. So a slice that is
//! converted again counts once, and the first value of a kind is the first of the input.

use super::clue::ShownValue;
use super::record_reader::RecordReader;
use super::state::State;
use super::threads::{AtomicU64, Ordering};
use crate::header::Header;
use crate::input::SharedInput;
use crate::plan::Plan;
use crate::schema::{ColumnSchema, ColumnTally, KindSet, Schema, Sighting, Spot};
use std::collections::HashMap;

/// The longest run of records that is counted a column at a time.
const MOST_RECORDS: usize = 1024;

/// A schema that is being made.
#[derive(Debug)]
pub(super) struct Survey {
    schema: Schema,
    /// The columns by their names.
    columns: HashMap<String, usize>,
    /// The input at hand, and the column of each of its fields.
    input: u64,
    of_fields: Vec<usize>,
    /// The inputs before that have a header.
    headed: Vec<u64>,
}

impl Survey {
    pub(super) fn new() -> Self {
        Self {
            schema: Schema::empty(),
            columns: HashMap::new(),
            input: 0,
            of_fields: Vec::new(),
            headed: Vec::new(),
        }
    }

    /// What it takes in memory once it has the columns of `header` too.
    pub(super) fn size_with(&self, header: &Header) -> usize {
        let known: usize = self.schema.columns.iter().map(|column| column.name.len()).sum();
        let new: usize = header.names().map(str::len).sum();
        let n = self.schema.columns.len() + header.len();
        n * (ColumnSchema::size() + 96) + 2 * (known + new)
    }

    /// Takes the name of the next input.
    pub(super) fn next(&mut self, name: &str) {
        self.input = self.schema.input(name);
    }

    /// Begins with the records of this input. Returns what its fields are known not to fit.
    pub(super) fn begin(&mut self, header: &Header) -> Known {
        let Self { schema, columns, input, of_fields, headed } = self;
        let n_before = schema.columns.len();
        of_fields.clear();
        for name in header.names() {
            let at = *columns.entry(name.to_owned()).or_insert_with(|| {
                let mut column = ColumnSchema::new(name);
                column.lacking.extend(headed.iter().filter(|before| *before != input));
                schema.columns.push(column);
                schema.columns.len() - 1
            });
            of_fields.push(at);
        }
        let mut has = vec![false; n_before];
        of_fields.iter().filter(|at| **at < n_before).for_each(|at| has[*at] = true);
        for (column, has) in schema.columns.iter_mut().zip(has) {
            if !has && column.lacking.last() != Some(input) {
                column.lacking.push(*input);
            }
        }
        if !headed.contains(input) {
            headed.push(*input);
        }
        Known(of_fields.iter().map(|at| AtomicU64::new(schema.columns[*at].fits().bits())).collect())
    }

    /// Adds the tallies of a slice, which starts in `state`.
    pub(super) fn add(&mut self, state: &State, slice: &Surveyed<'_>, tallies: &[ColumnTally]) {
        let Surveyed { reader, input, known, bytes, text_at } = *slice;
        for (field, (tally, at)) in tallies.iter().zip(&self.of_fields).enumerate() {
            let sighting = |spot: Spot| {
                let found = reader.field(bytes, spot.start as usize, spot.end as usize);
                let before = &bytes[..found.start()];
                let value = ShownValue::of_field(&reader.dialect, &found).text();
                let line = state.lines + reader.count_lines(before) + 1;
                let byte = state.input_at + input.input_len(text_at, before);
                let place = (line, state.records + u64::from(spot.record));
                Sighting::new(value, self.input, place, (byte, field as u64 + 1))
            };
            let column = &mut self.schema.columns[*at];
            column.add(tally, sighting);
            if let Some(known) = known {
                known.set(field, column.fits());
            }
        }
    }

    /// The schema, when all records were judged.
    pub(super) fn finish(mut self, records: u64, limit: Option<u64>) -> Schema {
        (self.schema.records, self.schema.limit) = (records, limit);
        self.schema.settle();
        self.schema
    }
}

/// A slice that was surveyed, and how it was read.
#[derive(Clone, Copy)]
pub(super) struct Surveyed<'s> {
    pub(super) reader: &'s RecordReader,
    pub(super) input: &'s dyn SharedInput,
    pub(super) known: Option<&'s Known>,
    pub(super) bytes: &'s [u8],
    /// Where it starts in the text.
    pub(super) text_at: u64,
}

/// What the fields of the input at hand still fit, of all that is committed. What they do not fit
/// need not be looked for: that spares most of the work, and changes nothing of the result.
#[derive(Debug)]
pub(super) struct Known(Box<[AtomicU64]>);

impl Known {
    fn set(&self, field: usize, fits: KindSet) {
        self.0[field].store(fits.bits(), Ordering::Relaxed);
    }
}

/// What a worker counts of each field.
pub(super) struct Tallies {
    pub(super) of_fields: Box<[ColumnTally]>,
    /// Where the records of a run start.
    pub(super) starts: Box<[u32]>,
    /// For content that is not in one piece.
    pub(super) buffer: Vec<u8>,
}

impl Tallies {
    /// For so many fields, with a buffer of `n_bytes`.
    pub(super) fn new(known: &Known, n_bytes: usize) -> Self {
        let of_fields = vec![ColumnTally::new(KindSet::ALL); known.0.len()].into_boxed_slice();
        let (starts, buffer) = (vec![0; MOST_RECORDS].into(), Vec::with_capacity(n_bytes));
        Self { of_fields, starts, buffer }
    }

    /// Begins anew.
    pub(super) fn clear(&mut self, known: &Known) {
        for (tally, fits) in self.of_fields.iter_mut().zip(&known.0) {
            *tally = ColumnTally::new(KindSet::from_bits(fits.load(Ordering::Relaxed)));
        }
    }

    /// What the tallies of a worker take for this plan.
    pub(super) fn size_for(plan: &Plan) -> usize {
        plan.n_fields() * size_of::<ColumnTally>() + MOST_RECORDS * size_of::<u32>()
    }
}
