//! What becomes of the columns that have a rule, for the weave: where the value of each field of a
//! run is.
//!
//! The rules are those of the general way (`encode.rs`), which also writes what needs a closer
//! look.

use super::buffer::WriteValue;
use super::encode::{Encoder, FieldPlace, Findings, ValueBuffers};
use crate::charset::Charset;
use crate::kernel::{Arena, Block, Cell, Cells, Column, Kernel, MOST_ESCAPED, Span, Strip, Values};
use crate::plan::MOST_TYPED;
use crate::plan::rule::{Apply, ColumnRule, Content, Form, Rule, Rules, Value, Word, hashed, hexadecimal};

/// Says where the values of the columns that have a rule are, for the weave.
pub(crate) struct Weaver<'w, 'r> {
    encoder: Encoder<'r>,
    rules: &'r Rules,
    cells: &'w mut Cells,
    buffers: &'w mut ValueBuffers,
    /// A record with a value that is not of its type is left to the general way.
    leaves_misfits: bool,
    /// The records done.
    n_done: u64,
    /// Values in them that are not of their type, and of the first its record's number from 0, its
    /// byte in the strip, its field.
    pub(crate) n_misfits: u64,
    pub(crate) first_misfit: Option<(u64, usize, usize)>,
    /// How many there are, by typed column.
    pub(crate) by_column: [u64; MOST_TYPED],
}

impl<'w, 'r> Weaver<'w, 'r> {
    /// Values of valid UTF-8, by the encoder's rules; `None` where no column has one.
    pub(crate) fn new(
        encoder: Encoder<'r>,
        cells: &'w mut Cells,
        buffers: &'w mut ValueBuffers,
        leaves_misfits: bool,
    ) -> Option<Self> {
        let rules = encoder.plan.rules().filter(|_| !encoder.plan.template().ruled().is_empty())?;
        Some(Self {
            encoder,
            rules,
            cells,
            buffers,
            leaves_misfits,
            n_done: 0,
            n_misfits: 0,
            first_misfit: None,
            by_column: [0; MOST_TYPED],
        })
    }
}

impl Values for Weaver<'_, '_> {
    const ANY: bool = true;

    fn cells(&mut self) -> &mut Cells {
        self.cells
    }

    fn fill(&mut self, kernel: &Kernel, strip: &Strip<'_>) {
        self.buffers.misfits.clear();
        for &(place, field) in strip.template.ruled() {
            if !self.cells.wants_column(strip) {
                continue;
            }
            let (rule, in_quotes) = (self.rules.rule(Some(place as usize)), self.rules.in_quotes());
            let (empty, n_nulls) = (
                [true, in_quotes].map(|looked_at| match self.rules.empty(rule, looked_at) {
                    Value::Omitted => Span::NOTHING,
                    Value::Word(_) => Span::NULL,
                    _ => Span::EMPTY,
                }),
                self.rules.n_nulls(place as usize),
            );
            let common = Common {
                encoder: &self.encoder,
                rules: self.rules,
                rule,
                buffers: self.buffers,
                place: place as usize,
                field,
                empty,
                leaves_misfits: self.leaves_misfits,
                is_split: rule.split.is_some(),
            };
            let fill = Fill { kernel, strip, cells: self.cells, common, n_nulls };
            if rule.is_one_rule() {
                rule.last.apply(fill);
            } else {
                fill.apply(&Transformed);
            }
        }
    }

    fn done(&mut self, n: usize) {
        for &(number, at, field) in
            self.buffers.misfits.iter().filter(|(number, _, _)| (*number as usize) < n)
        {
            self.n_misfits += 1;
            let place = self.encoder.plan.typed_place(field as usize);
            if let Some(n) = place.and_then(|place| self.by_column.get_mut(place)) {
                *n += 1;
            }
            let number = self.n_done + u64::from(number);
            if self.first_misfit.is_none_or(|(first, _, _)| number < first) {
                self.first_misfit = Some((number, at as usize, field as usize));
            }
        }
        self.n_done += n as u64;
    }
}

/// One column of a run, by whatever rule it has.
struct Fill<'f, 'r> {
    kernel: &'f Kernel,
    strip: &'f Strip<'f>,
    cells: &'f mut Cells,
    common: Common<'f, 'r>,
    n_nulls: usize,
}

impl Apply for Fill<'_, '_> {
    type Output = ();

    fn apply<R: Rule>(self, rule: &R) {
        let Self { kernel, strip, cells, common, n_nulls } = self;
        if n_nulls > 0 {
            cells.column(kernel, strip, &mut RuledColumn::<R, true> { common, rule });
        } else {
            cells.column(kernel, strip, &mut RuledColumn::<R, false> { common, rule });
        }
    }
}

/// Stands for a caller's own functions.
struct Transformed;

impl Rule for Transformed {
    #[inline(always)]
    fn value<'a>(&self, _: &impl Content<'a>) -> Value {
        Value::Look
    }
}

/// What the column of any rule needs.
struct Common<'f, 'r> {
    encoder: &'f Encoder<'r>,
    rules: &'f Rules,
    rule: &'f ColumnRule,
    buffers: &'f mut ValueBuffers,
    /// In the order of the output, and in the record.
    place: usize,
    field: u32,
    /// What an empty field becomes, and one in quotes.
    empty: [Option<Span>; 2],
    leaves_misfits: bool,
    /// Its fields are arrays.
    is_split: bool,
}

/// A column with the rule `R`, and with `NULLS` some fields that are null.
struct RuledColumn<'f, 'r, R, const NULLS: bool> {
    common: Common<'f, 'r>,
    rule: &'f R,
}

impl Common<'_, '_> {
    /// Notes a value that is not of its type, which starts at `at`; `None` where its record is to
    /// be done otherwise.
    #[inline(never)]
    fn misfit(&mut self, number: usize, at: usize) -> Option<()> {
        if self.leaves_misfits {
            return None;
        }
        self.buffers.misfits.push((number as u32, at as u32, self.field));
        Some(())
    }

    /// What the rule makes of clean content.
    #[inline(never)]
    fn made(&self, content: &[u8], arena: &mut Arena) -> Option<Span> {
        arena.write(false, |to| {
            let mut room = Room { to, at: 0 };
            self.encoder.made(&mut room, &self.rule.last, content, true).ok()?;
            Some(room.at)
        })
    }

    /// The hash of clean content; `None` where its record is to be done otherwise.
    #[inline(never)]
    fn hash(&self, content: &[u8], arena: &mut Arena) -> Option<Span> {
        let hash = hashed(self.rules.key()?, content, true);
        // Without its quotes it is one block to copy, not two.
        arena.write(true, |to| {
            *to.first_chunk_mut()? = hexadecimal(&hash);
            Some(2 * hash.len())
        })
    }

    /// The value of a field that needs a closer look: blanks around it, quotes in it, a transform.
    #[inline(never)]
    fn looked_at(
        &mut self,
        number: usize,
        from: &[u8],
        start: usize,
        end: usize,
        arena: &mut Arena,
    ) -> Option<Span> {
        let (field, column) = (self.field as usize, Some(self.place));
        let valid = match self.encoder.dialect.charset {
            Charset::Utf8 => true,
            Charset::Page(_) => from[start..end].is_ascii(),
        };
        let place = FieldPlace { bytes: from, start, end, valid, field, column };
        let mut findings = Findings::default();
        let mut wrote = false;
        let span = arena.write(false, |to| {
            let mut room = Room { to, at: 0 };
            wrote = self.encoder.field(&mut room, self.buffers, &place, &mut findings, |_| Ok(())).ok()?;
            Some(room.at)
        })?;
        self.buffers.misfitting.clear();
        if findings.n_invalid > 0 {
            // An escape stands for what is not valid, which is counted elsewhere.
            return None;
        }
        if let Some((at, _)) = findings.first_misfit {
            self.misfit(number, at)?;
        }
        if wrote { Some(span) } else { Span::NOTHING }
    }
}

impl<R: Rule, const NULLS: bool> Column for RuledColumn<'_, '_, R, NULLS> {
    #[inline(always)]
    fn value<B: Block>(&mut self, number: usize, cell: Cell<'_, B>, arena: &mut Arena) -> Option<Span> {
        if cell.len() == 0 && !self.common.is_split {
            return self.common.empty[usize::from(cell.quoted)];
        }
        let looks = |cell: &Cell<'_, B>| !cell.quoted || self.common.rules.in_quotes();
        if NULLS && looks(&cell) && self.common.rules.is_null(self.common.rule, &cell) {
            return Span::NULL;
        }
        match self.rule.value(&cell) {
            Value::Text => cell.text(),
            // Clean content has no newline.
            Value::Token | Value::Json => cell.token(),
            Value::Word(Word::Null) => Span::NULL,
            Value::Word(Word::True) => Span::TRUE,
            Value::Word(Word::False) => Span::FALSE,
            Value::Omitted | Value::EmptyArray => Span::NOTHING,
            Value::Part { head, stars, tail } => arena.part(cell, head, stars, tail),
            Value::Misfit => {
                self.common.misfit(number, cell.field().1)?;
                cell.text()
            }
            Value::Made => self.common.made(cell.bytes(), arena),
            Value::Hash => self.common.hash(cell.bytes(), arena),
            Value::Look => {
                let (from, start, end) = cell.field();
                self.common.looked_at(number, from, start, end, arena)
            }
        }
    }

    #[inline(always)]
    fn quoted_is_text(&self) -> bool {
        self.rule.is_text(Form::Quoted) && !(NULLS && self.common.rules.in_quotes())
    }

    fn look(
        &mut self,
        number: usize,
        from: &[u8],
        start: usize,
        end: usize,
        arena: &mut Arena,
    ) -> Option<Span> {
        self.common.looked_at(number, from, start, end, arena)
    }
}

impl<'a, B: Block> Content<'a> for Cell<'a, B> {
    #[inline(always)]
    fn len(&self) -> usize {
        Cell::len(self)
    }

    #[inline(always)]
    fn bytes(&self) -> &'a [u8] {
        Cell::bytes(self)
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        Cell::word(self)
    }

    #[inline(always)]
    fn digits(&self) -> u32 {
        Cell::digits(self)
    }

    #[inline(always)]
    fn find(&self, byte: u8) -> usize {
        Cell::find(self, byte)
    }

    #[inline(always)]
    fn form(&self) -> Form {
        if self.quoted { Form::Quoted } else { Form::Bare }
    }
}

/// What is left of a buffer that is not flushed.
pub(super) struct Room<'t> {
    pub(super) to: &'t mut [u8],
    pub(super) at: usize,
}

/// It does not fit.
pub(super) struct Full;

impl WriteValue for Room<'_> {
    type Stop = Full;

    fn write(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let end = self.at + bytes.len();
        self.to.get_mut(self.at..end).ok_or(Full)?.copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    fn escape(&mut self, kernel: &Kernel, from: &[u8], start: usize, end: usize) -> Result<(), Full> {
        let room = &mut self.to[self.at..];
        if room.len() < MOST_ESCAPED * (end - start) + 64 {
            return Err(Full);
        }
        self.at += kernel.escape(from, start, end, room);
        Ok(())
    }

    /// What is as long as that is done in the general way.
    fn lend(&mut self) -> Result<Vec<u8>, Full> {
        Err(Full)
    }

    fn give_back(&mut self, _: Vec<u8>) {}
}
