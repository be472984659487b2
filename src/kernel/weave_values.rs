//! Records of which some columns have a rule: looked at a column at a time (`cells.rs`), then
//! written as in `weave.rs`.

use super::block::{Block, Work};
use super::cells::{Begin, Cells};
use super::dispatch::Kernel;
use super::span::Code;
use super::template::{RULED, Template};
use super::values::Values;
use super::weave::{Strip, copy_all, copy_raw, escape_all, escape_field};

/// As the weave of plain records, where some columns have a rule: the records of a run are all
/// looked at by one rule, then by the next, and then written.
pub(super) fn by_rules<V: Values>(
    kernel: &Kernel,
    strip: &Strip<'_>,
    record: &mut (usize, usize),
    to: &mut [u8],
    mut at: usize,
    values: &mut V,
) -> usize {
    loop {
        let room = to.len() - at;
        let run = kernel.run(Begin { cells: values.cells(), strip, record: *record, room });
        if run == 0 {
            return at;
        }
        values.fill(kernel, strip);
        let cells = values.cells();
        let n = cells.ready();
        let (done, end) = kernel.run(WriteRun { strip, cells, n, to, at });
        *record = (record.0 + done, cells.start(done));
        at = end;
        cells.end(done);
        values.done(done);
        if done == 0 {
            return at;
        }
    }
}

/// Writes `n` records of the run at hand; how many it could, and where they end.
struct WriteRun<'a> {
    strip: &'a Strip<'a>,
    cells: &'a Cells,
    n: usize,
    to: &'a mut [u8],
    at: usize,
}

impl Work for WriteRun<'_> {
    type Output = (usize, usize);

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> (usize, usize) {
        let template = self.strip.template;
        let known = self.cells.are_known(self.strip);
        match (template.opening.is_some(), self.cells.are_clean()) {
            (_, true) if template.are_text() => block.apart(WriteText::<true>(self)),
            (_, false) if template.are_text() => block.apart(WriteText::<false>(self)),
            (true, _) => block.apart(WriteOmitting(self)),
            (false, true) if known && template.quoted.is_some() => block.apart(WriteAllKnown(self)),
            (false, true) if known => block.apart(WriteMixed::<true, true>(self)),
            (false, true) => WriteMixed::<true, false>(self).on(block),
            (false, false) => block.apart(WriteMixed::<false, false>(self)),
        }
    }
}

/// As [`WriteRun`], where all values are strings but for odd ones: a record without any is written
/// as one that has no rule.
struct WriteText<'a, const CLEAN: bool>(WriteRun<'a>);

impl<const CLEAN: bool> Work for WriteText<'_, CLEAN> {
    type Output = (usize, usize);

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> (usize, usize) {
        let WriteRun { strip, cells, n, to, mut at } = self.0;
        let Some(template) = &strip.template.quoted else { return (0, at) };
        for number in 0..n {
            let (start, ends) = (cells.start(number), cells.record_ends(strip, number));
            let end = if cells.is_odd(number) {
                block.apart(WriteOdd { strip, cells, number, to: &mut *to, at })
            } else if CLEAN || cells.is_clean(number) {
                // SAFETY: `Cells::begin` has found that the run's records are regular and fit with
                // 64 bytes on either side.
                Some(unsafe { copy_all(block, strip.from, start, ends, template, to, at) })
            } else {
                // SAFETY: as above, with each byte become six.
                unsafe { escape_all(block, strip, start, ends, template, to, at) }
            };
            match end {
                Some(end) => at = end,
                None => return (number, at),
            }
        }
        (n, at)
    }
}

/// Writes one record of a run; `None` where a field needs a closer look.
struct WriteOdd<'a> {
    strip: &'a Strip<'a>,
    cells: &'a Cells,
    number: usize,
    to: &'a mut [u8],
    at: usize,
}

impl Work for WriteOdd<'_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> Option<usize> {
        let Self { strip, cells, number, to, at } = self;
        // SAFETY: as in `WriteMixed`.
        unsafe {
            match strip.template.opening {
                Some(_) => write_omitting(block, strip, cells, number, to, at),
                None if cells.are_clean() => {
                    write::<B, true, false>(block, strip, strip.template, cells, number, to, at)
                }
                None => write::<B, false, false>(block, strip, strip.template, cells, number, to, at),
            }
        }
    }
}

/// As [`WriteRun`], where values may be left out.
struct WriteOmitting<'a>(WriteRun<'a>);

impl Work for WriteOmitting<'_> {
    type Output = (usize, usize);

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> (usize, usize) {
        let WriteRun { strip, cells, n, to, mut at } = self.0;
        for number in 0..n {
            // SAFETY: as in `WriteMixed`.
            match unsafe { write_omitting(block, strip, cells, number, to, at) } {
                Some(end) => at = end,
                None => return (number, at),
            }
        }
        (n, at)
    }
}

/// As [`WriteRun`], by a template that leaves nothing out: values and plain fields in turn.
/// `CLEAN`: no record needs a closer look. `KNOWN`: all values are known at sight.
struct WriteMixed<'a, const CLEAN: bool, const KNOWN: bool>(WriteRun<'a>);

impl<const CLEAN: bool, const KNOWN: bool> Work for WriteMixed<'_, CLEAN, KNOWN> {
    type Output = (usize, usize);

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> (usize, usize) {
        let WriteRun { strip, cells, n, to, mut at } = self.0;
        let even = strip.template.even.as_deref().filter(|_| !cells.any_odd());
        let template = even.unwrap_or(strip.template);
        for number in 0..n {
            // SAFETY: `Cells::begin` has found that the run's records are regular and fit with 64
            // bytes on either side.
            match unsafe { write::<B, CLEAN, KNOWN>(block, strip, template, cells, number, to, at) } {
                Some(end) => at = end,
                None => return (number, at),
            }
        }
        (n, at)
    }
}

/// As [`WriteMixed`] where all values are known, and all columns have a rule.
struct WriteAllKnown<'a>(WriteRun<'a>);

impl Work for WriteAllKnown<'_> {
    type Output = (usize, usize);

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> (usize, usize) {
        let WriteRun { strip, cells, n, to, mut at } = self.0;
        let Some(template) = &strip.template.quoted else { return (0, at) };
        for number in 0..n {
            // SAFETY: as in `WriteMixed`.
            at = unsafe { write_known(block, strip, template, cells, number, to, at) };
        }
        (n, at)
    }
}

/// Writes record `number` of the run at hand; `None` where a field needs a closer look. `KNOWN`
/// says that no value stands elsewhere than in its field, between no quotes.
///
/// # Safety
/// The run is one of this strip, begun for no more room than lies behind `at`, less what its
/// records before took.
#[inline(always)]
unsafe fn write<B: Block, const CLEAN: bool, const KNOWN: bool>(
    block: B,
    strip: &Strip<'_>,
    template: &Template,
    cells: &Cells,
    number: usize,
    to: &mut [u8],
    at: usize,
) -> Option<usize> {
    let from = strip.from;
    let (start, clean) = (cells.start(number), CLEAN || cells.is_clean(number));
    let record_ends = cells.record_ends(strip, number);
    let (codes, spans) = cells.values(number);
    let to_start = to.as_mut_ptr();
    let text = template.bytes.as_ptr();
    let arena = cells.arena().as_ptr();
    // SAFETY: the caller promises room for all pieces, for each field whatever is escaped in it,
    // for what the arena holds, and for `MORE` bytes for each value. A span lies in the strip or in
    // the arena with 64 bytes behind it, as only `Cells` makes them. There is an end for each field
    // that is named, and a code; one end of a piece more than there are fields; and `bytes` of
    // pieces ends with a spare block.
    unsafe {
        let mut target = to_start.add(at);
        let mut piece = 0;
        for (i, &code) in template.codes.iter().enumerate() {
            let piece_end = *template.ends.get_unchecked(i) as usize;
            target = copy_raw(block, text.add(piece), piece_end - piece, target);
            piece = piece_end;
            let field = (code & !RULED) as usize;
            let field_start =
                if field == 0 { start } else { *record_ends.get_unchecked(field - 1) as usize + 1 };
            let field_end = *record_ends.get_unchecked(field) as usize;
            if code & RULED != 0 {
                let value = Code(*codes.get_unchecked(field));
                let inset = if KNOWN { 0 } else { value.inset() };
                let mut source = from.as_ptr().add(field_start + inset);
                let mut n = (field_end - field_start).saturating_sub(2 * inset);
                let quotes = value.quotes();
                target.write(b'"');
                target = target.add(quotes);
                if !KNOWN && value.in_arena() {
                    let k = *template.numbers.get_unchecked(i) as usize;
                    let (offset, length) = (*spans.get_unchecked(k)).unwrap_unchecked().place();
                    (source, n) = (arena.add(offset), length);
                }
                // Not even compiled where none is: it takes registers.
                if !CLEAN && value.is_escaped() {
                    let at = target.offset_from_unsigned(to_start);
                    let end = escape_field(block, strip, field_start, field_end, &mut *to, at)?;
                    (target, n) = (to_start.add(end), 0);
                }
                target = copy_raw(block, source, n, target);
                target.write(b'"');
                target = target.add(quotes);
                continue;
            }
            if clean {
                target = copy_raw(block, from.as_ptr().add(field_start), field_end - field_start, target);
            } else {
                let at = target.offset_from_unsigned(to_start);
                let end = escape_field(block, strip, field_start, field_end, &mut *to, at)?;
                target = to_start.add(end);
            }
        }
        target = copy_raw(block, text.add(piece), template.n_bytes() - piece, target);
        Some(target.offset_from_unsigned(to_start))
    }
}

/// As [`write`], of clean records of which all columns have a rule and all values are known. The
/// pieces are those with quotes around each value: one that has none is laid over the first, and
/// what follows is copied from behind the second.
///
/// # Safety
/// As [`write`].
#[inline(always)]
unsafe fn write_known<B: Block>(
    block: B,
    strip: &Strip<'_>,
    template: &Template,
    cells: &Cells,
    number: usize,
    to: &mut [u8],
    at: usize,
) -> usize {
    let start = cells.start(number);
    let record_ends = cells.record_ends(strip, number);
    let (codes, _) = cells.values(number);
    let to_start = to.as_mut_ptr();
    let (from, text) = (strip.from.as_ptr(), template.bytes.as_ptr());
    // SAFETY: as in `write`. Of the pieces one ends with a quote in front of each value, and the
    // next starts with one.
    unsafe {
        let mut target = to_start.add(at);
        // Where the next piece starts, but for a quote that is passed over.
        let mut piece = 0;
        let mut field_start = start;
        for (i, &field) in template.fields().iter().enumerate() {
            let piece_end = *template.ends.get_unchecked(i) as usize;
            target = copy_raw(block, text.add(piece), piece_end - piece, target);
            if !template.in_order {
                field_start = match field {
                    0 => start,
                    _ => *record_ends.get_unchecked(field as usize - 1) as usize + 1,
                };
            }
            let field_end = *record_ends.get_unchecked(field as usize) as usize;
            let passed = 1 - Code(*codes.get_unchecked(field as usize)).quotes();
            piece = piece_end + passed;
            target = target.sub(passed);
            target = copy_raw(block, from.add(field_start), field_end - field_start, target);
            field_start = field_end + 1;
        }
        target = copy_raw(block, text.add(piece), template.n_bytes() - piece, target);
        target.offset_from_unsigned(to_start)
    }
}

/// As [`write`], where values may be left out. A comma follows each value, and the last is taken
/// back. All columns have a rule.
///
/// # Safety
/// As [`write`].
#[inline(always)]
unsafe fn write_omitting<B: Block>(
    block: B,
    strip: &Strip<'_>,
    cells: &Cells,
    number: usize,
    to: &mut [u8],
    at: usize,
) -> Option<usize> {
    let Strip { from, template, .. } = *strip;
    let start = cells.start(number);
    let record_ends = cells.record_ends(strip, number);
    let (codes, spans) = cells.values(number);
    let to_start = to.as_mut_ptr();
    let text = template.bytes.as_ptr();
    let arena = cells.arena().as_ptr();
    // SAFETY: as in `write`; the quotes and the comma of a value are of its `MORE` bytes.
    unsafe {
        let mut target = to_start.add(at);
        let opened = target.add(template.opening.unwrap_or(0));
        let mut piece = 0;
        for (k, &code) in template.codes.iter().enumerate() {
            let before = if k == 0 { opened } else { target };
            let piece_end = *template.ends.get_unchecked(k) as usize;
            target = copy_raw(block, text.add(piece), piece_end - piece, target);
            piece = piece_end;
            let field = (code & !RULED) as usize;
            let field_start =
                if field == 0 { start } else { *record_ends.get_unchecked(field - 1) as usize + 1 };
            let field_end = *record_ends.get_unchecked(field) as usize;
            let value = Code(*codes.get_unchecked(field));
            let inset = value.inset();
            let mut source = from.as_ptr().add(field_start + inset);
            let mut n = (field_end - field_start).saturating_sub(2 * inset);
            let quotes = value.quotes();
            target.write(b'"');
            target = target.add(quotes);
            if value.is_special() {
                if value.in_arena() {
                    let span = (*spans.get_unchecked(k)).unwrap_unchecked();
                    if span.is_nothing() {
                        target = before;
                        continue;
                    }
                    let (offset, length) = span.place();
                    (source, n) = (arena.add(offset), length);
                } else {
                    let at = target.offset_from_unsigned(to_start);
                    let end = escape_field(block, strip, field_start, field_end, &mut *to, at)?;
                    (target, n) = (to_start.add(end), 0);
                }
            }
            target = copy_raw(block, source, n, target);
            target.write(b'"');
            target = target.add(quotes);
            target.write(b',');
            target = target.add(1);
        }
        if target > opened {
            // The last comma has nothing behind it.
            target = target.sub(1);
        }
        target = copy_raw(block, text.add(piece), template.n_bytes() - piece, target);
        Some(target.offset_from_unsigned(to_start))
    }
}
