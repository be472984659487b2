//! The end of an input whose last records are dropped.
//!
//! Whether a line end is in quotes is known only from the records before. So the windows leave some
//! bytes at the end of the input, and the worker that gets them waits for its turn. Then it knows
//! where a record starts, walks over the records, and converts all but the last ones.
//!
//! This file does not convert anything.

use super::committed::Committed;
use super::mode::OnAnomaly;
use super::run::{Run, SkipLast};
use super::walk::{Walk, too_long, within_last};
use crate::error::Result;

fn walk<'w>(run: &'w Run<'_>) -> Walk<'w> {
    let rejects = run.on_anomaly == OnAnomaly::Reject;
    Walk { reader: &run.reader, max_record: run.sizes.max_record, rejects }
}

/// Returns how many records of `bytes`, the end of the input, which start with a record, are not
/// dropped.
///
/// # Errors
/// There are not enough records in them.
pub(super) fn n_kept(run: &Run<'_>, committed: &Committed<'_>, bytes: &[u8]) -> Result<u64> {
    let Some(SkipLast { n, may_be_all }) = run.end.skip_last else { return Ok(u64::MAX) };
    let begun = committed.state.records > run.meter.passed.records;
    match walk(run).count(bytes, u64::MAX).checked_sub(n) {
        Some(n_kept) => Ok(n_kept),
        None if begun => Err(too_long(committed.file)),
        None if may_be_all => Ok(0),
        None => Err(within_last(committed.file, committed.state.input_at)),
    }
}

/// Returns the start of the first record of `bytes` that would be a split point, and the number of
/// records before it that count. It must be less than `n_kept`.
pub(super) fn split_point(
    run: &Run<'_>,
    committed: &Committed<'_>,
    bytes: &[u8],
    n_kept: u64,
) -> Option<(usize, u64)> {
    committed.split_points.as_ref()?;
    let (mut n, mut found) = (0, None);
    walk(run).records(bytes, |at, counts| {
        if at > 0 && committed.is_split_point(at) {
            found = Some((at, n));
        }
        n += u64::from(counts);
        found.is_none() && n < n_kept
    });
    found
}
