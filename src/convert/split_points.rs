//! Where records start near given places, with the numbers that they have there. A pass over the
//! input finds this and writes nothing.
//!
//! Windows are cut at the places themselves. So what is found there depends on the bytes alone, not
//! on threads, windows or memory. This file does not know what the places are for.

use super::state::State;

/// Places in an input: the bounds between `n` parts of equal size.
#[derive(Clone, Copy, Debug)]
pub(super) struct SplitTargets {
    size: u64,
    n: u64,
}

/// A place where a record starts, or where the input ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SplitPoint {
    pub(super) at: u64,
    /// Lines and records before it.
    pub(super) lines: u64,
    pub(super) records: u64,
}

/// What a pass looks for, and what it found.
#[derive(Debug)]
pub(super) struct SplitPoints {
    pub(super) targets: SplitTargets,
    /// The first place for which nothing was found.
    next: Option<u64>,
    /// What was found, in order.
    pub(super) points: Vec<SplitPoint>,
    /// Where the input ended.
    pub(super) end: SplitPoint,
    /// A mark ended its data there.
    pub(super) marked_end: bool,
}

impl SplitTargets {
    pub(super) fn new(size: u64, n: u64) -> Self {
        Self { size, n: n.min(size) }
    }

    /// Returns the first place that lies behind byte `at`.
    pub(super) fn behind(&self, at: u64) -> Option<u64> {
        if at >= self.size {
            return None;
        }
        let (size, n) = (u128::from(self.size), u128::from(self.n));
        // The first number `i` for which `i * size / n` is more than `at`.
        let i = ((u128::from(at) + 1) * n).div_ceil(size);
        (i < n).then(|| u64::try_from(i * size / n).unwrap_or(self.size))
    }

    /// Whether byte `at` lies before the end.
    pub(super) fn is_inside(&self, at: u64) -> bool {
        at < self.size
    }

    /// Returns how long a window of `n` bytes that starts at `at` may be. A window ends at each
    /// place, or the window that ends at the place before reaches over it. `reach` is how far a
    /// window looks behind its end. `n` must be more than twice that.
    pub(super) fn window(&self, at: u64, n: usize, reach: usize) -> usize {
        let Some(left) = self.behind(at).and_then(|target| usize::try_from(target - at).ok()) else {
            return n;
        };
        match left {
            left if left <= n => left,
            left if left <= n + reach + 1 => left / 2,
            _ => n,
        }
    }
}

impl SplitPoints {
    /// Looks for the first record at or behind each of `targets`, except those up to `first`, where
    /// the first record starts.
    pub(super) fn new(targets: SplitTargets, first: u64) -> Self {
        let n = usize::try_from(targets.n.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut points = Vec::new();
        // Nothing grows while records are read.
        points.reserve_exact(n);
        Self { targets, next: targets.behind(first), points, end: SplitPoint::default(), marked_end: false }
    }

    /// Returns the bytes it takes in memory.
    pub(super) fn memory(&self) -> usize {
        self.points.capacity() * size_of::<SplitPoint>()
    }

    /// Offers the committed state, where a record starts. No point is added for a part without a
    /// record.
    pub(super) fn offer(&mut self, state: &State) {
        if self.next.is_none_or(|next| state.input_at < next) {
            return;
        }
        if state.records > self.points.last().map_or(0, |point| point.records) {
            self.points.push(SplitPoint::of(state));
        }
        // The place is passed also if no point was added: what comes next depends on the windows.
        self.next = self.targets.behind(state.input_at);
    }

    /// Whether a record that starts at byte `at` would be a point. Not one that starts at a place
    /// itself: a window that ends there takes it along.
    pub(super) fn wants(&self, at: u64) -> bool {
        self.next.is_some_and(|next| at > next)
    }

    /// Ends the pass: all is read.
    pub(super) fn end(&mut self, state: &State) {
        self.end = SplitPoint::of(state);
        self.marked_end = state.marked_end;
        // What lies behind the last record belongs to that record's part.
        self.points.pop_if(|point| point.records == state.records);
    }
}

impl SplitPoint {
    fn of(state: &State) -> Self {
        Self { at: state.input_at, lines: state.lines, records: state.records }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_part_the_input_evenly() {
        for (size, n, expected) in [
            (10, 2, vec![5]),
            (10, 3, vec![3, 6]),
            (3, 7, vec![1, 2]),
            (1, 1, vec![]),
            (0, 4, vec![]),
            (u64::MAX, 2, vec![u64::MAX / 2]),
        ] {
            let targets = SplitTargets::new(size, n);
            let all: Vec<u64> =
                std::iter::successors(targets.behind(0), |&target| targets.behind(target)).collect();
            assert_eq!(all, expected, "{size} bytes in {n}");
        }
        for (size, n) in [(1000, 7), (999, 998), (64, 63), (12_345, 100)] {
            let targets = SplitTargets::new(size, n);
            for at in 0..size {
                let expected = (1..n).map(|i| i * size / n).find(|&target| target > at);
                assert_eq!(targets.behind(at), expected, "{size} bytes in {n}, behind {at}");
            }
        }
    }

    #[test]
    fn all_points_are_counted_before_there_are_any() {
        let points = SplitPoints::new(SplitTargets::new(1000, 9), 0);
        assert_eq!(points.memory(), 8 * size_of::<SplitPoint>());
    }

    #[test]
    fn windows_end_at_targets() {
        let targets = SplitTargets::new(1000, 2);
        assert_eq!(targets.window(0, 300, 64), 300);
        assert_eq!(targets.window(300, 300, 64), 200);
        assert_eq!(targets.window(140, 300, 64), 180, "what it may reach over");
        assert_eq!(targets.window(135, 300, 64), 182, "the last byte of that");
        assert_eq!(targets.window(134, 300, 64), 300, "what it does not reach");
        assert_eq!(targets.window(520, 300, 64), 300, "none is left");
    }
}
