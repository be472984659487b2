//! `--limit-rate`: at most so many bytes a second, without bursts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The bytes for this time are written at once.
const STEP: Duration = Duration::from_millis(50);
/// Unused time, up to this much, may be made up for. Sleeping takes a little longer than asked, and
/// writing takes time too.
const CREDIT: Duration = Duration::from_millis(50);

/// What knows when the next bytes may be written.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: u64,
    next: Option<Instant>,
    /// Nanoseconds slept, which others watch.
    slept: Arc<AtomicU64>,
}

impl Pace {
    /// Allows `per_second` bytes a second, and at least one. The time slept is added to `slept`.
    pub(super) fn new(per_second: u64, slept: Arc<AtomicU64>) -> Self {
        Self { per_second: per_second.max(1), next: None, slept }
    }

    /// Returns the most bytes that may be written at once.
    pub(super) fn most(&self) -> usize {
        let n = u128::from(self.per_second) * STEP.as_nanos() / 1_000_000_000;
        usize::try_from(n).unwrap_or(usize::MAX).max(1)
    }

    /// Sleeps until `n` bytes may be written.
    pub(super) fn wait(&mut self, n: usize) {
        let now = Instant::now();
        let next = self.next.unwrap_or(now);
        let mut rest = next.saturating_duration_since(now);
        while !rest.is_zero() {
            // Those who watch see it within a step, however long it takes.
            let step = rest.min(STEP);
            std::thread::sleep(step);
            self.slept.fetch_add(u64::try_from(step.as_nanos()).unwrap_or(0), Ordering::Relaxed);
            rest -= step;
        }
        self.next = Some(self.after(next, now, n));
    }

    /// Returns when more bytes may be written, if `n` are written `now`. Their time starts at
    /// `next`, or at [`CREDIT`] before `now` if that is later.
    fn after(&self, next: Instant, now: Instant, n: usize) -> Instant {
        let from = now.checked_sub(CREDIT).map_or(next, |earliest| next.max(earliest));
        let takes = n as u128 * 1_000_000_000 / u128::from(self.per_second);
        from + Duration::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_made_up_for_by_a_little_alone() {
        let new = |per_second| Pace::new(per_second, Arc::default());
        let pace = new(1_000_000);
        assert_eq!(pace.most(), 50_000);
        let now = Instant::now() + Duration::from_secs(100);
        let (ms, n) = (Duration::from_millis, 50_000);
        assert_eq!(pace.after(now + ms(7), now, n), now + ms(57), "it waits first");
        assert_eq!(pace.after(now - ms(7), now, n), now + ms(43), "a little late");
        assert_eq!(pace.after(now - ms(9000), now, n), now, "long unused");
        assert_eq!(new(1).most(), 1);
        assert_eq!(new(u64::MAX).after(now, now, 1), now);
    }
}
