//! What the kernels do, for the other floors.

use super::dispatch::Kernel;
use super::escape::Escape;
#[cfg(doc)]
use super::escape::MOST as MOST_ESCAPED;
use super::fold::{Fold, FoldMarks, Folded};
use super::marks::Marks;
use super::scan::{CountRecords, Counted, Index, Scan};
use super::template::Template;
use super::values::{NoRules, Values};
use super::weave::{Strip, Weave};
use super::weave_values;

impl Kernel {
    /// Fills `index` with where fields and records end in `bytes`, which must start where a record
    /// does.
    ///
    /// # Panics
    /// Where `bytes` is longer than the index can hold.
    pub fn scan(&self, marks: &Marks, bytes: &[u8], index: &mut Index) {
        self.run(Scan { marks, bytes, index })
    }

    /// Counts the whole records of `n_fields` fields at the front of `bytes`, which must start
    /// where a record does.
    pub fn count(&self, marks: &Marks, bytes: &[u8], n_fields: u32) -> Counted {
        self.run(CountRecords { marks, bytes, n_fields })
    }

    /// Copies `from` to the front of `to`, one byte in the place of each sequence of `marks`. Stops
    /// at what may be the beginning of one at the end of `from`, unless it is the `last` that
    /// comes. `escaped` says whether the first byte is, and is set for the byte behind.
    ///
    /// # Panics
    /// Where `to` is shorter than `from` and 128 bytes.
    pub(crate) fn fold(
        &self,
        marks: &FoldMarks<'_>,
        from: &[u8],
        last: bool,
        escaped: &mut bool,
        to: &mut [u8],
    ) -> Folded {
        self.run(Fold { marks, from, last, escaped, to })
    }

    /// Writes `from[start..end]` to the front of `to`, escaped as between the quotes of a JSON
    /// string, and returns the number of bytes written.
    ///
    /// # Panics
    /// Where `to` is shorter than [`MOST_ESCAPED`] `* (end - start) + 64`.
    pub fn escape(&self, from: &[u8], start: usize, end: usize, to: &mut [u8]) -> usize {
        self.run(Escape { from, start, end, to })
    }

    /// Weaves clean records of a scanned strip between `pieces` into `to[at..]` and returns the new
    /// `at`.
    ///
    /// `record` holds the number of the first record to do and where it starts; it comes back as
    /// the first one not done: number `until`, not clean, of another width, a comment, too near the
    /// end of `from`, or without room in `to`.
    #[allow(clippy::too_many_arguments)] // For tests and benches; the program calls `weave`.
    pub fn weave_plain(
        &self,
        from: &[u8],
        marks: &Marks,
        index: &Index,
        record: &mut (usize, usize),
        until: usize,
        template: &Template,
        to: &mut [u8],
        at: usize,
    ) -> usize {
        let strip = Strip { from, marks, index, until, template };
        self.weave(&strip, record, to, at, &mut NoRules)
    }

    /// As [`Kernel::weave_plain`], with `values` for the columns that have a rule.
    pub(crate) fn weave<V: Values>(
        &self,
        strip: &Strip<'_>,
        record: &mut (usize, usize),
        to: &mut [u8],
        at: usize,
        values: &mut V,
    ) -> usize {
        if V::ANY {
            return weave_values::by_rules(self, strip, record, to, at, values);
        }
        self.run(Weave { strip, record, to, at })
    }
}
