//! Records of which some columns have a rule: looked at a column at a time (`cells.rs`), then written as in `stitch.rs`.

use super::block::Block;
use super::cells::{Begin, Cells, Values};
use super::stitch::{RULED, Strip, copy_raw, escape_field};
use super::{Kernel, Work};

/// As the stitch, where some columns have a rule: the records of a run are all looked at by one rule, then by the next, and then written.
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
        match (self.strip.pieces.opening.is_some(), self.cells.are_clean()) {
            (false, true) => self.write::<B, false, true>(block),
            (true, _) => block.apart(WriteOmitting(self)),
            (false, false) => block.apart(WriteDirty(self)),
        }
    }
}

/// As [`WriteRun`], where values may be left out.
struct WriteOmitting<'a>(WriteRun<'a>);

impl Work for WriteOmitting<'_> {
    type Output = (usize, usize);

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> (usize, usize) {
        // All columns have a rule then, so none is looked at here.
        self.0.write::<B, true, true>(block)
    }
}

/// As [`WriteRun`], where some record is not clean.
struct WriteDirty<'a>(WriteRun<'a>);

impl Work for WriteDirty<'_> {
    type Output = (usize, usize);

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> (usize, usize) {
        self.0.write::<B, false, false>(block)
    }
}

impl WriteRun<'_> {
    #[inline(always)]
    fn write<B: Block, const OMITS: bool, const CLEAN: bool>(self, block: B) -> (usize, usize) {
        let Self { strip, cells, n, to, mut at } = self;
        for number in 0..n {
            // SAFETY: `Cells::begin` has found that the run's records are regular and fit with 64 bytes on either side.
            match unsafe { write::<B, OMITS, CLEAN>(block, strip, cells, number, to, at) } {
                Some(end) => at = end,
                None => return (number, at),
            }
        }
        (n, at)
    }
}

/// Writes record `number` of the run at hand; `None` where a field needs a closer look.
///
/// # Safety
/// The run is one of this strip, begun for no more room than lies behind `at`, less what its records before took.
#[inline(always)]
unsafe fn write<B: Block, const OMITS: bool, const CLEAN: bool>(
    block: B,
    strip: &Strip<'_>,
    cells: &Cells,
    number: usize,
    to: &mut [u8],
    at: usize,
) -> Option<usize> {
    let Strip { from, pieces, .. } = *strip;
    let (start, clean) = (cells.start(number), CLEAN || cells.is_clean(number));
    let record_ends = cells.record_ends(strip, number);
    let (codes, spans) = cells.values(number);
    let mut k = 0;
    let to_start = to.as_mut_ptr();
    let text = pieces.bytes.as_ptr();
    let arena = cells.arena().as_ptr();
    // SAFETY: the caller promises room for all pieces, for each field whatever is escaped in it, for what the arena holds, and for `MORE`
    // bytes for each value. A span lies in the strip or in the arena with 64 bytes behind it, as only `Cells` makes them. There is
    // an end for each field that is named, one end of a piece more than there are fields, and `bytes` of pieces ends with a
    // spare block.
    unsafe {
        let mut target = to_start.add(at);
        let opened = target.add(pieces.opening.unwrap_or(0));
        let mut piece = 0;
        for (i, &code) in pieces.codes.iter().enumerate() {
            let before = if i == 0 { opened } else { target };
            let piece_end = *pieces.ends.get_unchecked(i) as usize;
            target = copy_raw(block, text.add(piece), piece_end - piece, target);
            piece = piece_end;
            let field = (code & !RULED) as usize;
            let field_start =
                if field == 0 { start } else { *record_ends.get_unchecked(field - 1) as usize + 1 };
            let field_end = *record_ends.get_unchecked(field) as usize;
            if code & RULED != 0 {
                let value = *codes.get_unchecked(k);
                let inset = value.inset();
                let mut source = from.as_ptr().add(field_start + inset);
                let mut n = (field_end - field_start).saturating_sub(2 * inset);
                let mut nothing = false;
                if value.in_arena() {
                    let span = (*spans.get_unchecked(k)).unwrap_unchecked();
                    let (offset, length) = span.place();
                    (source, n, nothing) = (arena.add(offset), length, span.is_nothing());
                }
                k += 1;
                let quotes = value.quotes();
                target.write(b'"');
                target = copy_raw(block, source, n, target.add(quotes));
                target.write(b'"');
                target = target.add(quotes);
                if OMITS {
                    target.write(b',');
                    target = if nothing { before } else { target.add(1) };
                }
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
        if OMITS && target > opened {
            // The last comma has nothing behind it.
            target = target.sub(1);
        }
        target = copy_raw(block, text.add(piece), pieces.n_bytes() - piece, target);
        Some(target.offset_from_unsigned(to_start))
    }
}
