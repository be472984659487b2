//! What a rule is to the kernel: a function from cells to spans.

use super::block::Block;
use super::cell::Cell;
use super::span::{Arena, Span};

/// What a field that has a rule becomes; see `Cells::column`.
pub(crate) trait Column {
    /// Where the value of a field stands, of record `number` of the run; `None` if the record must
    /// be done otherwise.
    fn value<B: Block>(&mut self, number: usize, cell: Cell<'_, B>, arena: &mut Arena) -> Option<Span>;

    /// Whether a quoted field that is not empty is a string of its content, whatever that is.
    fn quoted_is_text(&self) -> bool;

    /// Writes the value of the field `from[start..end]`, its quotes included, to the arena. `None`
    /// as above.
    fn look(
        &mut self,
        number: usize,
        from: &[u8],
        start: usize,
        end: usize,
        arena: &mut Arena,
    ) -> Option<Span>;
}
