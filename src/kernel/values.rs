//! The values of all columns that have a rule, run by run.

use super::cells::Cells;
use super::dispatch::Kernel;
use super::weave::Strip;

/// Says where the values of the columns that have a rule stand.
pub(crate) trait Values {
    /// Whether there are such columns.
    const ANY: bool;

    /// The run at hand.
    fn cells(&mut self) -> &mut Cells;

    /// Calls [`Cells::column`] for each ruled column of the run, in order, where
    /// [`Cells::wants_column`].
    fn fill(&mut self, kernel: &Kernel, strip: &Strip<'_>);

    /// So many records of the run are written.
    fn done(&mut self, n: usize);
}

/// No column has a rule.
pub(crate) struct NoRules;

impl Values for NoRules {
    const ANY: bool = false;

    fn cells(&mut self) -> &mut Cells {
        unreachable!("asked for by rules alone")
    }

    fn fill(&mut self, _: &Kernel, _: &Strip<'_>) {}

    fn done(&mut self, _: usize) {}
}
