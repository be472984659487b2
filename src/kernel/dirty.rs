//! Cells that may be quoted, or contain what JSON escapes.

use super::block::{Block, Work};
use super::cell::Cell;
use super::column::Column;
use super::escape::MOST;
use super::span::{Arena, EXCESS, QUOTED, Span};
use super::template::MORE;
use super::weave::{Strip, escape_field};

/// The value of a field that may be quoted or hold what JSON escapes.
#[inline(always)]
pub(super) fn dirty<B: Block>(
    strip: &Strip<'_>,
    number: usize,
    mut cell: Cell<'_, B>,
    arena: &mut Arena,
    column: &mut impl Column,
) -> Option<Span> {
    let Strip { from, marks, index, .. } = *strip;
    let (start, end) = (cell.start, cell.end);
    cell.quoted = marks.quote == Some(from[start]);
    cell.start += usize::from(cell.quoted);
    cell.end -= usize::from(cell.quoted);
    if !index.is_dirty_for(cell.start, cell.len() + usize::from(!cell.quoted)) {
        return column.value(number, cell, arena);
    }
    if cell.quoted && column.quoted_is_text() {
        return cell.block.apart(Escaped { strip, start, end, arena });
    }
    column.look(number, from, start, end, arena)
}

/// A string of a field's content, escaped.
struct Escaped<'a> {
    strip: &'a Strip<'a>,
    start: usize,
    end: usize,
    arena: &'a mut Arena,
}

impl Work for Escaped<'_> {
    type Output = Option<Span>;

    #[inline(always)]
    fn on<B: Block>(self, block: B) -> Option<Span> {
        escaped(block, self.strip, self.start, self.end, self.arena)
    }
}

/// See [`Escaped`].
#[inline(always)]
fn escaped<B: Block>(
    block: B,
    strip: &Strip<'_>,
    start: usize,
    end: usize,
    arena: &mut Arena,
) -> Option<Span> {
    if arena.at + MOST * (end - start) + MORE + 2 * EXCESS > arena.bytes.len() {
        return None;
    }
    // SAFETY: the field is one of a run's record, and the arena has room for each byte to become
    // six.
    let end = unsafe { escape_field(block, strip, start, end, &mut arena.bytes, arena.at)? };
    let span = Span::in_arena(arena.at, end - arena.at, QUOTED);
    arena.at = end;
    span
}
