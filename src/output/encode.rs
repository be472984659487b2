//! A record to JSON on a line.
//!
//! The general way, a field at a time, for what the weave leaves: missing and surplus fields, white space to trim, invalid bytes,
//! records longer than a strip. Writes through [`Put`], so a record may be longer than any buffer. What the weave writes by a
//! rule is at the end: the same rules, the same values.

use super::pen::{Put, Unwritten};
use crate::charset::Charset;
use crate::dialect::Dialect;
use crate::kernel::{Arena, Block, Cell, Cells, Column, Kernel, MOST_ESCAPED, Span, Strip, Values};
use crate::parse::{Field, Machine, Text};
use crate::plan::Plan;
use crate::plan::rule::{Apply, Content, Number, Rule, Rules, Value, Whole, Word, hashed, number};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::ops::Range;

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
pub(crate) struct Gather {
    /// For content that does not stand in one piece.
    buffer: Vec<u8>,
    /// Of a run of the weave, the values that are not of their type: record's number, byte in the strip, field; by column.
    misfits: Vec<(u32, u32, u32)>,
}

impl Gather {
    /// For content of up to `n_bytes`; what is longer waits for its turn, as the whole run has one buffer for such. The misfits of a run
    /// are as many as its spans at the most.
    pub(crate) fn new(n_bytes: usize, n_ruled: usize) -> Self {
        let misfits = Vec::with_capacity(Cells::n_spans(n_ruled));
        Self { buffer: Vec::with_capacity(n_bytes), misfits }
    }

    /// What the misfits of `n_ruled` columns take in memory.
    pub(crate) fn size_for(n_ruled: usize) -> usize {
        Cells::n_spans(n_ruled) * size_of::<(u32, u32, u32)>()
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
struct Place<'b> {
    bytes: &'b [u8],
    start: usize,
    end: usize,
    /// Its bytes are known to be UTF-8.
    valid: bool,
    /// Its number in the record, counted from 0.
    field: usize,
    /// The output column, if it has one.
    column: Option<usize>,
}

impl Encoder<'_> {
    /// Writes a record. `valid` says that all of its bytes are known to be UTF-8.
    pub(crate) fn record<P: Put>(
        &self,
        put: &mut P,
        gather: &mut Gather,
        record: &Record<'_>,
        valid: bool,
    ) -> Result<Findings, P::Stop> {
        let plan = self.plan;
        let format = plan.format();
        let mut findings = Findings::default();
        let mut last = None;
        put.put(format.open().as_bytes())?;
        for (i, &field) in plan.columns_of(record.n_fields).iter().enumerate() {
            let field = field as usize;
            if field >= record.n_fields {
                if !format.has_keys() {
                    plan.lead(last, i, |piece| put.put(piece))?;
                    last = Some(i);
                    put.put(b"null")?;
                }
                continue;
            }
            let (start, end) = record.field(field);
            let place = Place { bytes: record.bytes, start, end, valid, field, column: Some(i) };
            let lead = |put: &mut P| plan.lead(last, i, |piece| put.put(piece));
            if self.field(put, gather, &place, &mut findings, lead)? {
                last = Some(i);
            }
        }
        for _ in 0..last.map_or(0, |i| plan.n_open(i)) {
            put.put(b"}")?;
        }
        if let Some(extra) = plan.extra()
            && record.n_fields > plan.n_fields()
        {
            let mut comma = last.is_some();
            if format.has_keys() {
                if comma {
                    put.put(b",")?;
                }
                put.put(extra)?;
                comma = false;
            }
            let mut field = plan.n_fields();
            self.surplus(record, |start, end| {
                let before: &[u8] = if std::mem::replace(&mut comma, true) { b"," } else { b"" };
                let place = Place { bytes: record.bytes, start, end, valid, field, column: None };
                self.field(put, gather, &place, &mut findings, |put| put.put(before))?;
                field += 1;
                Ok(())
            })?;
            if format.has_keys() {
                put.put(b"]")?;
            }
        }
        put.put(format.close().as_bytes())?;
        Ok(findings)
    }

    /// What [`Encoder::record`] would find, without writing; `put` only lends its buffer.
    pub(crate) fn judge<P: Put>(
        &self,
        put: &mut P,
        gather: &mut Gather,
        record: &Record<'_>,
        valid: bool,
    ) -> Result<Findings, P::Stop> {
        if valid && !self.plan.may_misfit() {
            return Ok(Findings::default());
        }
        self.record(&mut Unwritten(put), gather, record, valid)
    }

    /// Writes the value of a field, `lead` before it; false if it is left out.
    fn field<P: Put>(
        &self,
        put: &mut P,
        gather: &mut Gather,
        place: &Place<'_>,
        findings: &mut Findings,
        lead: impl FnOnce(&mut P) -> Result<(), P::Stop>,
    ) -> Result<bool, P::Stop> {
        let Place { bytes, start, end, .. } = *place;
        let field = Field::new(self.dialect, self.trim, bytes, start, end);
        let Some(rules) = self.plan.rules() else {
            lead(put)?;
            self.text(put, place, &field, findings)?;
            return Ok(true);
        };
        let rule = rules.rule(place.column);
        let raw = &bytes[field.range()];
        let only = field.only_run(self.dialect);
        let bare = !field.is_quoted() && only.as_ref() == Some(&field.range());
        let value = if only.as_ref().is_some_and(Range::is_empty) {
            self.empty(rules, place, field.is_quoted())
        } else if !field.is_quoted() && rules.is_null(&Whole { bytes: raw, bare: true }) {
            Value::Word(Word::Null)
        } else if rule.transforms.is_empty() && rule.last.is_text(bare) {
            Value::Text
        } else {
            return self.by_content(put, gather, place, &field, bare, findings, lead);
        };
        match value {
            Value::Omitted => return Ok(false),
            Value::Text => {
                lead(put)?;
                self.text(put, place, &field, findings)?;
            }
            value => {
                lead(put)?;
                self.value(put, value, &[], true)?;
            }
        }
        Ok(true)
    }

    /// What an empty field becomes.
    fn empty(&self, rules: &Rules, place: &Place<'_>, quoted: bool) -> Value {
        match rules.empty(quoted) {
            // In an array what stands behind it would move up.
            Value::Omitted if place.column.is_none() => Value::Text,
            value => value,
        }
    }

    /// As [`Encoder::field`] for a rule that looks at the content in one piece.
    #[allow(clippy::too_many_arguments, reason = "what its caller found, called from one place")]
    fn by_content<P: Put>(
        &self,
        put: &mut P,
        gather: &mut Gather,
        place: &Place<'_>,
        field: &Field<'_>,
        bare: bool,
        findings: &mut Findings,
        lead: impl FnOnce(&mut P) -> Result<(), P::Stop>,
    ) -> Result<bool, P::Stop> {
        let Some(rules) = self.plan.rules() else { return Ok(false) };
        let rule = rules.rule(place.column);
        if !place.valid {
            let Ok(text) = self.decode(place.bytes, field, |_| Ok::<_, Infallible>(()));
            findings.invalid(&text, place.field);
        }
        let mut lent = None;
        // Text of a code page is looked at as UTF-8, of which a byte becomes three bytes at the most.
        let by_page = !place.valid && self.dialect.charset != Charset::Utf8;
        let bytes = match field.only_run(self.dialect) {
            Some(run) if !by_page => &place.bytes[run],
            _ => {
                let mut n = 0;
                let Ok(()) = field.runs(self.dialect, |run| {
                    n += run.len();
                    Ok::<_, Infallible>(())
                });
                n *= if by_page { 3 } else { 1 };
                let buffer = match n <= gather.buffer.capacity() {
                    true => &mut gather.buffer,
                    false => lent.insert(put.lend()?),
                };
                buffer.clear();
                buffer.reserve_exact(n);
                let Ok(()) = if by_page {
                    self.decode(place.bytes, field, |piece| {
                        buffer.extend_from_slice(piece.as_bytes());
                        Ok::<_, Infallible>(())
                    })
                    .map(|_| ())
                } else {
                    field.runs(self.dialect, |run| {
                        buffer.extend_from_slice(&place.bytes[run]);
                        Ok::<_, Infallible>(())
                    })
                };
                &buffer[..]
            }
        };
        let (mut content, mut valid) = (Whole { bytes, bare }, place.valid || by_page);
        let made;
        if !rule.transforms.is_empty() {
            made = rules.transform(&rule.transforms, &String::from_utf8_lossy(bytes));
            (content, valid) = (Whole { bytes: made.as_bytes(), bare: false }, true);
        }
        let value =
            if content.bytes.is_empty() { self.empty(rules, place, true) } else { rule.last.value(content) };
        if value == Value::Misfit {
            findings.misfit(field.start(), place.field);
        }
        let writes = value != Value::Omitted;
        if writes {
            lead(put)?;
            self.value(put, value, content.bytes, valid)?;
        }
        if let Some(buffer) = lent {
            put.give_back(buffer);
        }
        Ok(writes)
    }

    /// Writes a field's content as a string, run by run.
    fn text<P: Put>(
        &self,
        put: &mut P,
        place: &Place<'_>,
        field: &Field<'_>,
        findings: &mut Findings,
    ) -> Result<(), P::Stop> {
        let bytes = place.bytes;
        put.put(b"\"")?;
        if place.valid {
            field.runs(self.dialect, |run| put.escape(self.kernel, bytes, run.start, run.end))?;
        } else {
            let write = |piece: &str| put.escape(self.kernel, piece.as_bytes(), 0, piece.len());
            let text = self.decode(bytes, field, write)?;
            findings.invalid(&text, place.field);
        }
        put.put(b"\"")
    }

    /// Writes a value of `content`, which may be no UTF-8 unless it is `valid`.
    fn value<P: Put>(&self, put: &mut P, value: Value, content: &[u8], valid: bool) -> Result<(), P::Stop> {
        match value {
            Value::Omitted | Value::Look => Ok(()),
            Value::Word(word) => {
                let (letters, n) = word.letters();
                put.put(&letters[..n])
            }
            Value::Token => put.put(content),
            Value::Number => {
                let Some(Number { negative, whole, fraction, exponent }) = number(content) else {
                    return Ok(());
                };
                let point: &[u8] = if fraction.is_empty() { b"" } else { b"." };
                let sign: &[u8] = if negative { b"-" } else { b"" };
                [sign, whole, point, fraction, exponent].into_iter().try_for_each(|piece| put.put(piece))
            }
            // A newline in JSON stands between tokens only, where a space does as well.
            Value::Json => pieces(content, valid, |piece| {
                let mut lines = piece.split(|byte| matches!(byte, b'\n' | b'\r'));
                put.put(lines.next().unwrap_or_default())?;
                lines.try_for_each(|line| {
                    put.put(b" ")?;
                    put.put(line)
                })
            }),
            Value::Text | Value::Misfit => self.string(put, [content], valid),
            Value::Part { head, stars, tail } => {
                let stars: &[u8] = if stars { b"***" } else { b"" };
                self.string(put, [&content[..head], stars, &content[tail..]], valid)
            }
            Value::Hash => {
                let key = self.plan.rules().and_then(Rules::key);
                let Some(hash) = key.map(|key| hashed(key, content, valid)) else {
                    return put.put(b"\"***\"");
                };
                let mut digits = [b'"'; 66];
                let (pairs, _) = digits[1..65].as_chunks_mut::<2>();
                for (pair, byte) in pairs.iter_mut().zip(hash) {
                    *pair = HEX[usize::from(byte)];
                }
                put.put(&digits)
            }
        }
    }

    fn string<P: Put, const N: usize>(
        &self,
        put: &mut P,
        parts: [&[u8]; N],
        valid: bool,
    ) -> Result<(), P::Stop> {
        put.put(b"\"")?;
        for part in parts {
            pieces(part, valid, |piece| put.escape(self.kernel, piece, 0, piece.len()))?;
        }
        put.put(b"\"")
    }

    /// Gives the text of a field in pieces.
    fn decode<E>(
        &self,
        bytes: &[u8],
        field: &Field<'_>,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Text, E> {
        let mut text = Text::new(self.dialect.charset);
        field.runs(self.dialect, |run| text.push(run.start, &bytes[run], &mut each))?;
        text.finish(&mut each)?;
        Ok(text)
    }

    /// Gives where the fields beyond the header's stand; there is at least one.
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

/// Gives `bytes` in pieces, U+FFFD in the place of what is no UTF-8.
fn pieces<E>(bytes: &[u8], valid: bool, mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    if valid {
        return each(bytes);
    }
    let mut text = Text::default();
    let mut each = |piece: &str| each(piece.as_bytes());
    text.push(0, bytes, &mut each)?;
    text.finish(&mut each)
}

/// Each byte as two hexadecimal digits.
static HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
};

/// Says where the values of the columns that have a rule stand, for the weave.
pub(crate) struct Weaver<'w, 'r> {
    encoder: Encoder<'r>,
    rules: &'r Rules,
    cells: &'w mut Cells,
    gather: &'w mut Gather,
    /// A record with a value that is not of its type is left to the general way.
    leaves_misfits: bool,
    /// The records done.
    n_done: u64,
    /// Values in them that are not of their type, and of the first its record's number from 0, its byte in the strip, its field.
    pub(crate) n_misfits: u64,
    pub(crate) first_misfit: Option<(u64, usize, usize)>,
}

impl<'w, 'r> Weaver<'w, 'r> {
    /// Values of valid UTF-8, by the encoder's rules; `None` where no column has one.
    pub(crate) fn new(
        encoder: Encoder<'r>,
        cells: &'w mut Cells,
        gather: &'w mut Gather,
        leaves_misfits: bool,
    ) -> Option<Self> {
        let rules = encoder.plan.rules().filter(|_| !encoder.plan.pieces().ruled().is_empty())?;
        let (n_done, n_misfits, first_misfit) = (0, 0, None);
        Some(Self { encoder, rules, cells, gather, leaves_misfits, n_done, n_misfits, first_misfit })
    }
}

impl Values for Weaver<'_, '_> {
    const ANY: bool = true;

    fn cells(&mut self) -> &mut Cells {
        self.cells
    }

    fn fill(&mut self, kernel: &Kernel, strip: &Strip<'_>, mut n: usize) -> usize {
        self.gather.misfits.clear();
        for (k, &(place, field)) in strip.pieces.ruled().iter().enumerate() {
            let rule = self.rules.rule(Some(place as usize));
            let common = Common {
                encoder: &self.encoder,
                rules: self.rules,
                gather: self.gather,
                place: place as usize,
                field,
                empty: [false, true].map(|quoted| match self.rules.empty(quoted) {
                    Value::Omitted => Span::NOTHING,
                    Value::Word(_) => Span::NULL,
                    _ => Span::EMPTY,
                }),
                leaves_misfits: self.leaves_misfits,
            };
            let fill = Fill { kernel, strip, k, n, cells: self.cells, common };
            if !rule.transforms.is_empty() {
                n = fill.apply::<Transformed>();
                continue;
            }
            n = rule.last.apply(fill);
        }
        n
    }

    fn done(&mut self, n: usize) {
        for &(number, at, field) in self.gather.misfits.iter().filter(|(number, _, _)| (*number as usize) < n)
        {
            self.n_misfits += 1;
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
    k: usize,
    n: usize,
    cells: &'f mut Cells,
    common: Common<'f, 'r>,
}

impl Apply for Fill<'_, '_> {
    type Output = usize;

    fn apply<R: Rule>(self) -> usize {
        let Self { kernel, strip, k, n, cells, common } = self;
        let rule = PhantomData::<R>;
        if common.rules.n_nulls() > 0 {
            cells.column(kernel, strip, k, n, &mut RuledColumn::<R, true> { common, rule })
        } else {
            cells.column(kernel, strip, k, n, &mut RuledColumn::<R, false> { common, rule })
        }
    }
}

/// Stands for a caller's own functions.
struct Transformed;

impl Rule for Transformed {
    const NAME: &'static str = "transform";

    #[inline(always)]
    fn value<'a>(_: &impl Content<'a>) -> Value {
        Value::Look
    }
}

/// What the column of any rule needs.
struct Common<'f, 'r> {
    encoder: &'f Encoder<'r>,
    rules: &'f Rules,
    gather: &'f mut Gather,
    /// In the order of the output, and in the record.
    place: usize,
    field: u32,
    /// What an empty field becomes, and one in quotes.
    empty: [Option<Span>; 2],
    leaves_misfits: bool,
}

/// A column with the rule `R`, and with `NULLS` some fields that are null.
struct RuledColumn<'f, 'r, R, const NULLS: bool> {
    common: Common<'f, 'r>,
    rule: PhantomData<R>,
}

impl Common<'_, '_> {
    /// Notes a value that is not of its type, which starts at `at`; `None` where its record is to be done otherwise.
    #[inline(never)]
    fn misfit(&mut self, number: usize, at: usize) -> Option<()> {
        if self.leaves_misfits {
            return None;
        }
        self.gather.misfits.push((number as u32, at as u32, self.field));
        Some(())
    }

    /// The value of clean content that JSON writes otherwise.
    #[inline(never)]
    fn made(&self, value: Value, content: &[u8], arena: &mut Arena) -> Option<Span> {
        arena.write(false, |to| {
            let mut room = Room { to, at: 0 };
            self.encoder.value(&mut room, value, content, true).ok()?;
            Some(room.at)
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
        let place = Place { bytes: from, start, end, valid, field, column };
        let mut findings = Findings::default();
        let mut wrote = false;
        let span = arena.write(false, |to| {
            let mut room = Room { to, at: 0 };
            wrote = self.encoder.field(&mut room, self.gather, &place, &mut findings, |_| Ok(())).ok()?;
            Some(room.at)
        })?;
        if let Some((at, _)) = findings.first_misfit {
            self.misfit(number, at)?;
        }
        if wrote { Some(span) } else { Span::NOTHING }
    }
}

impl<R: Rule, const NULLS: bool> Column for RuledColumn<'_, '_, R, NULLS> {
    #[inline(always)]
    fn value<B: Block>(&mut self, number: usize, cell: Cell<'_, B>, arena: &mut Arena) -> Option<Span> {
        if cell.len() == 0 {
            return self.common.empty[usize::from(cell.quoted)];
        }
        if NULLS && !cell.quoted && self.common.rules.is_null(&cell) {
            return Span::NULL;
        }
        match R::value(&cell) {
            Value::Text => cell.text(),
            // Clean content has no newline.
            Value::Token | Value::Json => cell.token(),
            Value::Word(Word::Null) => Span::NULL,
            Value::Word(Word::True) => Span::TRUE,
            Value::Word(Word::False) => Span::FALSE,
            Value::Omitted => Span::NOTHING,
            Value::Part { head, stars, tail } => arena.part(cell, head, stars, tail),
            Value::Misfit => {
                self.common.misfit(number, cell.field().1)?;
                cell.text()
            }
            value @ (Value::Number | Value::Hash) => self.common.made(value, cell.bytes(), arena),
            Value::Look => {
                let (from, start, end) = cell.field();
                self.common.looked_at(number, from, start, end, arena)
            }
        }
    }

    #[inline(always)]
    fn quoted_is_text(&self) -> bool {
        R::is_text(false)
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
    fn is_number(&self, whole: bool) -> bool {
        Cell::is_number(self, whole)
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        Cell::word(self)
    }

    #[inline(always)]
    fn find(&self, byte: u8) -> usize {
        Cell::find(self, byte)
    }

    #[inline(always)]
    fn is_bare(&self) -> bool {
        !self.quoted
    }
}

/// What is left of a buffer that is not flushed.
struct Room<'t> {
    to: &'t mut [u8],
    at: usize,
}

/// It does not fit.
struct Full;

impl Put for Room<'_> {
    type Stop = Full;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
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
