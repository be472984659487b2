//! `--limit-rate`: so many bytes a second and no more, without bursts.

use std::time::{Duration, Instant};

/// Written at once.
const STEP: Duration = Duration::from_millis(50);
/// What was not used for so long may be made up for: sleeping takes a little longer than it should,
/// and so does writing.
const CREDIT: Duration = Duration::from_millis(50);

/// When the next bytes may go.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: u64,
    next: Option<Instant>,
}

impl Pace {
    /// So many bytes a second, at least one.
    pub(super) fn new(per_second: u64) -> Self {
        Self { per_second: per_second.max(1), next: None }
    }

    /// The most bytes that may go at once.
    pub(super) fn most(&self) -> usize {
        let n = u128::from(self.per_second) * STEP.as_nanos() / 1_000_000_000;
        usize::try_from(n).unwrap_or(usize::MAX).max(1)
    }

    /// Sleeps until `n` bytes may go.
    pub(super) fn wait(&mut self, n: usize) {
        let now = Instant::now();
        let next = self.next.unwrap_or(now);
        std::thread::sleep(next.saturating_duration_since(now));
        self.next = Some(self.after(next, now, n));
    }

    /// When more may go, if at `next`, or at `now` where that is later, `n` bytes go.
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
        let pace = Pace::new(1_000_000);
        assert_eq!(pace.most(), 50_000);
        let now = Instant::now() + Duration::from_secs(100);
        let (ms, n) = (Duration::from_millis, 50_000);
        assert_eq!(pace.after(now + ms(7), now, n), now + ms(57), "it waits first");
        assert_eq!(pace.after(now - ms(7), now, n), now + ms(43), "a little late");
        assert_eq!(pace.after(now - ms(9000), now, n), now, "long unused");
        assert_eq!(Pace::new(1).most(), 1);
        assert_eq!(Pace::new(u64::MAX).after(now, now, 1), now);
    }
}
