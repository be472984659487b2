//! Values of the columns that have a rule, for a run of records.
//!
//! The rules are not known here. For each column that has one, [`Values`] looks at its fields one
//! record after another ([`Cell`]) and says for each where its value stands ([`Span`]): in the
//! strip, which mostly needs no byte moved, or in the arena. The weave copies from there. A column
//! at a time, since a loop of one rule is small and its branches can be foreseen; all rules in one
//! loop over the fields of a record took 1.6 to 2.5 times as long (2026-11-26).
//!
//! Most values of some rules are known at sight ([`Sight`]), from what the scan notes of each field
//! (`notes.rs`): the codes of 64 fields are set at once, and only odd fields are looked at. With a
//! look at each value of every column, conversions with `--infer` or `--null` took 1.35 to 1.8
//! times as long as so (AVX-512 and AVX2, 2026-11-26).
//!
//! A span is made in the kernel alone, from a cell or by writing to the arena, so it always has a
//! block of bytes behind it.

use super::block::{Block, Work};
use super::by_sight::{BySight, Sight};
use super::cell::Cell;
use super::column::Column;
use super::dirty::dirty;
use super::dispatch::Kernel;
use super::escape::MOST;
use super::marks::Marks;
use super::notes::{Notes, bits};
use super::scan::Index;
use super::span::{Arena, EXCESS, Span, WORDS};
use super::template::Template;
use super::weave::{Strip, behind};

/// The longest run of records.
const MOST_RECORDS: usize = 128;
/// The values of a run: of a record of a hundred fields as many as a strip holds.
const MOST_SPANS: usize = 4096;
/// What the values of a run may take that do not stand in the strip.
const ARENA: usize = 32 << 10;

/// A run of records, and where the values of its ruled fields stand.
pub(crate) struct Cells {
    /// Where each record starts, and the one behind the last.
    starts: Box<[u32]>,
    clean: Box<[bool]>,
    all_clean: bool,
    /// Of the index's ends, the first of the run.
    first_end: usize,
    n_fields: usize,
    n_ruled: usize,
    /// Of each field, a record after another, what is kept of its value if it has a rule; and of
    /// the values in the arena where.
    codes: Box<[u8]>,
    spans: Box<[Option<Span>]>,
    /// Of each field, a bit each: it is known at sight in general but must be looked at. And
    /// whether there is one.
    odd: Box<[u64]>,
    any_odd: bool,
    arena: Arena,
    /// The columns filled so far, and the records of which all of them are.
    n_filled: usize,
    filled: usize,
    /// What the values in the arena take, one that serves twice counted twice.
    n_values: usize,
    /// What each record may take beside its own bytes, and what there is for all.
    around: usize,
    room: usize,
    /// The records of the next run, at the most: less where the last was cut short.
    most: usize,
}

impl std::fmt::Debug for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cells").finish_non_exhaustive()
    }
}

impl Cells {
    /// For runs of records that are woven between `pieces`.
    pub(crate) fn new(template: &Template) -> Self {
        let n_ruled = template.ruled().len();
        let mut arena = vec![0; if n_ruled == 0 { 0 } else { ARENA }].into_boxed_slice();
        if let Some(front) = arena.first_chunk_mut() {
            *front = *WORDS;
        }
        let n_records = if n_ruled == 0 { 0 } else { Self::n_records(template.n_fields()) };
        let n_codes = n_records * template.n_fields();
        Self {
            starts: vec![0; n_records + 1].into_boxed_slice(),
            clean: vec![false; n_records].into_boxed_slice(),
            all_clean: true,
            first_end: 0,
            n_fields: 0,
            n_ruled,
            // Written in blocks.
            codes: vec![0; n_codes + 64].into_boxed_slice(),
            spans: vec![None; n_records * n_ruled].into_boxed_slice(),
            odd: vec![0; n_codes / 64 + 2].into_boxed_slice(),
            any_odd: false,
            arena: Arena { bytes: arena, at: WORDS.len() },
            n_filled: 0,
            filled: 0,
            n_values: 0,
            around: 0,
            room: 0,
            most: n_records,
        }
    }

    /// The longest run of records of so many fields.
    fn n_records(n_fields: usize) -> usize {
        (MOST_SPANS / n_fields.max(1)).clamp(1, MOST_RECORDS)
    }

    /// The spans of a run, at the most.
    pub(crate) fn n_spans(n_ruled: usize) -> usize {
        Self::n_records(n_ruled) * n_ruled
    }

    /// What it takes in memory, for records of `n_fields`.
    pub(crate) fn size_for(n_fields: usize) -> usize {
        let (n_records, n_codes) = (Self::n_records(n_fields), Self::n_spans(n_fields));
        if n_fields == 0 {
            0
        } else {
            ARENA + 16 * n_records + n_codes * (1 + size_of::<Span>()) + n_codes / 8 + 128
        }
    }

    /// Begins a run at `record`, its number and start: as many regular records as there are, and as
    /// will surely fit `room` but for what is in the arena. Returns how many.
    #[inline(always)]
    fn begin<B: Block>(&mut self, block: B, strip: &Strip<'_>, record: (usize, usize), room: usize) -> usize {
        let Strip { from, marks, index, until, template } = *strip;
        let (ends, records) = (index.ends(), index.records());
        let n_fields = template.n_fields();
        self.n_fields = n_fields;
        self.arena.at = WORDS.len();
        self.n_values = 0;
        let mut first = if record.0 == 0 { 0 } else { records[record.0 - 1] as usize };
        self.first_end = first;
        let (begin, mut start, mut n) = (record.1, record.1, 0);
        let most = self.most.min(until - record.0.min(until));
        for (&last, slot) in records[record.0.min(until)..].iter().zip(&mut self.starts[..most]) {
            let last = last as usize;
            if last - first != n_fields {
                break;
            }
            let end = ends[last - 1] as usize;
            if end + EXCESS > from.len()
                || start > ends[first] as usize
                || marks.left.is_some() && marks.leaves(from, start, &ends[first..last])
            {
                break;
            }
            *slot = start as u32;
            n += 1;
            first = last;
            start = behind(marks, from, end);
        }
        self.starts[n] = start as u32;
        self.all_clean = n == 0 || !index.is_dirty(begin, ends[first - 1] as usize);
        // Asked where a field may be written as if its column had no rule.
        let ask = !template.are_all_ruled() || template.sights().any(|sight| sight == Sight::Text);
        if !self.all_clean && ask || n_fields == 1 {
            n = self.look(strip, n);
        }
        self.around = template.n_around();
        self.room = room;
        (self.n_filled, self.filled) = (0, n);
        self.filled = self.fitting(n);
        self.any_odd = false;
        if let Some(by_sight) = &template.by_sight
            && self.filled > 0
        {
            match self.all_clean {
                true => self.sight::<B, true>(block, index.notes(), by_sight, marks),
                false => self.sight::<B, false>(block, index.notes(), by_sight, marks),
            }
        }
        self.filled
    }

    /// Sets the codes of the fields of the run that are known at sight, 64 at a time, and notes
    /// which of them are odd.
    #[inline(always)]
    fn sight<B: Block, const CLEAN: bool>(
        &mut self,
        block: B,
        notes: &[Notes],
        by_sight: &BySight,
        marks: &Marks,
    ) {
        let json_quotes = marks.quote == Some(b'"');
        let n = self.filled * self.n_fields;
        // The field in its record.
        let (mut field, mut any) = (0, 0);
        for at in (0..n).step_by(64) {
            let notes = Notes::from(notes, self.first_end + at);
            let codes = self.codes[at..].first_chunk_mut().expect("a spare block is kept");
            let odd = by_sight.codes::<B, CLEAN>(block, notes, field, json_quotes, codes);
            let odd = odd & u64::MAX >> (64 - (n - at).min(64));
            self.odd[at / 64] = odd;
            any |= odd;
            field = (field + 64) % self.n_fields;
        }
        self.odd[n.div_ceil(64)] = 0;
        self.any_odd = any != 0;
    }

    /// Whether a field of record `number` is odd.
    #[inline(always)]
    pub(super) fn is_odd(&self, number: usize) -> bool {
        if !self.any_odd {
            return false;
        }
        let (mut at, end) = (number * self.n_fields, (number + 1) * self.n_fields);
        let mut seen = 0;
        while at < end {
            seen |= bits(&self.odd, at) & u64::MAX >> (64 - (end - at).min(64));
            at += 64;
        }
        seen != 0
    }

    /// Whether some field of the run is odd.
    #[inline(always)]
    pub(super) fn any_odd(&self) -> bool {
        self.any_odd
    }

    /// Whether no value of the run was or is looked at.
    pub(super) fn are_known(&self, strip: &Strip<'_>) -> bool {
        !self.any_odd && !strip.template.need_looks()
    }

    /// Whether [`Cells::column`] is to be called for the next ruled column; if not, it is done.
    pub(crate) fn wants_column(&mut self, strip: &Strip<'_>) -> bool {
        let wants = self.any_odd || strip.template.sight(self.n_filled) == Sight::Nothing;
        self.n_filled += usize::from(!wants);
        wants
    }

    /// Notes which records of the run are clean; returns how many there are up to one that may be
    /// blank.
    #[inline(always)]
    fn look(&mut self, strip: &Strip<'_>, n: usize) -> usize {
        let Strip { from, marks, index, .. } = *strip;
        for number in 0..n {
            let (start, end) = (self.starts[number] as usize, self.end_of(index, number));
            let clean = !index.is_dirty(start, end);
            self.clean[number] = clean;
            if self.n_fields == 1 && (start == end || !clean && marks.quote != Some(from[start])) {
                return number;
            }
        }
        n
    }

    #[inline(always)]
    fn end_of(&self, index: &Index, number: usize) -> usize {
        index.ends()[self.first_end + (number + 1) * self.n_fields - 1] as usize
    }

    /// The records of which all values are known and fit the room.
    pub(super) fn ready(&self) -> usize {
        if self.n_filled == self.n_ruled { self.fitting(self.filled) } else { 0 }
    }

    /// Of `n` records, how many fit the room with the values in the arena.
    #[inline(always)]
    fn fitting(&self, mut n: usize) -> usize {
        let values = self.n_values;
        let factor = if self.all_clean { 1 } else { MOST };
        let longest = |n: usize| n * self.around + (self.starts[n] - self.starts[0]) as usize * factor;
        while n > 0 && longest(n) + values > self.room {
            n -= n.div_ceil(4);
        }
        n
    }

    /// The run is over, of which `done` records were written.
    pub(super) fn end(&mut self, done: usize) {
        let most = self.clean.len();
        // A run that is cut short was looked at in vain from there on.
        self.most = (2 * done).clamp(most.min(4), most);
    }

    /// Sets the spans of the next ruled column, of as many records as it can and the columns before
    /// could. A function of its own for each rule, so that its loop has all registers.
    pub(crate) fn column(&mut self, kernel: &Kernel, strip: &Strip<'_>, column: &mut impl Column) {
        let (k, n) = (self.n_filled, self.filled);
        self.filled = match strip.template.sight(k) {
            Sight::Nothing => kernel.run(FillColumn { cells: self, strip, k, n, column }),
            _ => kernel.run(FillOdd(FillColumn { cells: self, strip, k, n, column })),
        };
        self.n_filled += 1;
    }

    #[inline(always)]
    fn fill_column<B: Block, const CLEAN: bool>(
        &mut self,
        block: B,
        strip: &Strip<'_>,
        k: usize,
        n: usize,
        column: &mut impl Column,
    ) -> usize {
        let Strip { from, index, template, .. } = *strip;
        let field = template.ruled()[k].1 as usize;
        let (n_fields, n_ruled) = (self.n_fields, self.n_ruled);
        let ends = &index.ends()[self.first_end..];
        assert!(n < self.starts.len() && field < n_fields && k < n_ruled && n * n_fields <= ends.len());
        assert!(n * n_ruled <= self.spans.len() && n * n_fields <= self.codes.len());
        let Self { starts, codes, spans, arena, n_values, .. } = self;
        // Of the byte before each field, or of its first where it is its record's first.
        let (mut before, step, behind) = match field {
            0 => (starts.as_ptr(), 1, 0),
            _ => (ends[field - 1..].as_ptr(), n_fields, 1),
        };
        let mut end = ends[field..].as_ptr();
        let (mut code, mut span) = (codes[field..].as_mut_ptr(), spans[k..].as_mut_ptr());
        for number in 0..n {
            // SAFETY: the counts were looked at above: there are `n` of each, so many apart.
            let (start, field_end) = unsafe { ((*before + behind) as usize, *end as usize) };
            let cell = Cell { block, from, start, end: field_end, quoted: false };
            let found = if CLEAN {
                column.value(number, cell, arena)
            } else {
                dirty(strip, number, cell, arena, column)
            };
            let Some(found) = found else { return number };
            let kept = found.code();
            // SAFETY: as above. Behind the last the pointers may leave their slices, but are not
            // read there.
            unsafe {
                *code = kept.0;
                if kept.in_arena() {
                    *span = Some(found);
                    *n_values += found.place().1;
                }
                code = code.wrapping_add(n_fields);
                span = span.wrapping_add(n_ruled);
                before = before.wrapping_add(step);
                end = end.wrapping_add(n_fields);
            }
        }
        n
    }

    /// As [`Cells::fill_column`] for the odd fields of a column.
    #[inline(always)]
    fn fill_odd<B: Block>(
        &mut self,
        block: B,
        strip: &Strip<'_>,
        k: usize,
        n: usize,
        column: &mut impl Column,
    ) -> usize {
        let field = strip.template.ruled()[k].1 as usize;
        for number in 0..n {
            let at = number * self.n_fields + field;
            if self.odd[at / 64] >> (at % 64) & 1 == 0 {
                continue;
            }
            let ends = self.record_ends(strip, number);
            let start = if field == 0 { self.start(number) } else { ends[field - 1] as usize + 1 };
            let cell = Cell { block, from: strip.from, start, end: ends[field] as usize, quoted: false };
            let Some(found) = dirty(strip, number, cell, &mut self.arena, column) else { return number };
            self.codes[at] = found.code().0;
            if found.code().in_arena() {
                self.spans[number * self.n_ruled + k] = Some(found);
                self.n_values += found.place().1;
            }
        }
        n
    }

    #[inline(always)]
    pub(super) fn start(&self, number: usize) -> usize {
        self.starts[number] as usize
    }

    #[inline(always)]
    pub(super) fn are_clean(&self) -> bool {
        self.all_clean
    }

    #[inline(always)]
    pub(super) fn is_clean(&self, number: usize) -> bool {
        self.clean[number]
    }

    #[inline(always)]
    pub(super) fn record_ends<'s>(&self, strip: &Strip<'s>, number: usize) -> &'s [u32] {
        &strip.index.ends()[self.first_end + number * self.n_fields..][..self.n_fields]
    }

    /// Of a record's fields the codes, of which those count that have a rule, and of these where
    /// the values in the arena stand.
    #[inline(always)]
    pub(super) fn values(&self, number: usize) -> (&[u8], &[Option<Span>]) {
        (
            &self.codes[number * self.n_fields..][..self.n_fields],
            &self.spans[number * self.n_ruled..][..self.n_ruled],
        )
    }

    #[inline(always)]
    pub(super) fn arena(&self) -> &[u8] {
        &self.arena.bytes
    }
}

/// The call of [`Cells::begin`].
pub(super) struct Begin<'a> {
    pub(super) cells: &'a mut Cells,
    pub(super) strip: &'a Strip<'a>,
    pub(super) record: (usize, usize),
    pub(super) room: usize,
}

impl Work for Begin<'_> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        self.cells.begin(block, self.strip, self.record, self.room)
    }
}

/// The call of [`Cells::column`].
struct FillColumn<'a, C> {
    cells: &'a mut Cells,
    strip: &'a Strip<'a>,
    k: usize,
    n: usize,
    column: &'a mut C,
}

impl<C: Column> Work for FillColumn<'_, C> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        let Self { cells, strip, k, n, column } = self;
        if cells.all_clean {
            return cells.fill_column::<B, true>(block, strip, k, n, column);
        }
        // Apart, so that what it needs takes no register of the other.
        block.apart(FillDirty(Self { cells, strip, k, n, column }))
    }
}

/// As [`FillColumn`], of the odd fields alone.
struct FillOdd<'a, C>(FillColumn<'a, C>);

impl<C: Column> Work for FillOdd<'_, C> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        let FillColumn { cells, strip, k, n, column } = self.0;
        cells.fill_odd(block, strip, k, n, column)
    }
}

/// As [`FillColumn`], where some record is not clean.
struct FillDirty<'a, C>(FillColumn<'a, C>);

impl<C: Column> Work for FillDirty<'_, C> {
    type Output = usize;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> usize {
        let FillColumn { cells, strip, k, n, column } = self.0;
        cells.fill_column::<B, false>(block, strip, k, n, column)
    }
}
