//! The turn: the right to write, passed from window to window in their order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;

/// Whose turn it is.
#[derive(Debug)]
pub(super) struct Turn {
    now: AtomicU64,
    stopped: AtomicBool,
    /// Who waits: window `n` in slot `n % slots`. Windows are claimed in order and each worker holds one, so the windows in
    /// flight are at most as many as there are workers, in a row: no two share a slot.
    waiting: Box<[Mutex<Option<Thread>>]>,
}

/// Looks before a worker that waits goes to sleep: some 20 µs, which a write of a buffer takes several times. Longer looking costs a
/// slow consumer's processor; sleeping at once costs two threads a wake-up a window.
const LOOKS: u32 = 300;

impl Turn {
    /// Window 0's turn, among `n_workers`.
    pub(super) fn new(n_workers: usize) -> Self {
        Self {
            now: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            waiting: (0..n_workers).map(|_| Mutex::new(None)).collect(),
        }
    }

    /// Waits until it is the turn of window `number`; false if the run was stopped instead.
    pub(super) fn wait(&self, number: u64) -> bool {
        for _ in 0..LOOKS {
            if self.stopped.load(Ordering::Acquire) {
                return false;
            }
            if self.now.load(Ordering::Acquire) == number {
                return true;
            }
            std::hint::spin_loop();
        }
        loop {
            // The name is left before the look: whoever passes the turn on sees the one or we see the other. And it is left
            // again after each waking: one who passed an earlier turn late may have taken it.
            *self.slot(number) = Some(std::thread::current());
            if self.stopped.load(Ordering::SeqCst) {
                return false;
            }
            if self.now.load(Ordering::SeqCst) == number {
                return true;
            }
            std::thread::park();
        }
    }

    /// Gives the turn of window `number` to the next.
    pub(super) fn pass(&self, number: u64) {
        self.now.store(number + 1, Ordering::SeqCst);
        if let Some(thread) = self.slot(number + 1).take() {
            thread.unpark();
        }
    }

    /// Ends the run: nobody's turn comes any more.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        for number in 0..self.waiting.len() as u64 {
            if let Some(thread) = self.slot(number).take() {
                thread.unpark();
            }
        }
    }

    /// Whether the run was stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn slot(&self, number: u64) -> std::sync::MutexGuard<'_, Option<Thread>> {
        #[allow(clippy::cast_possible_truncation, reason = "a remainder is less than the length")]
        let slot = &self.waiting[(number % self.waiting.len() as u64) as usize];
        slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Stops the run if the worker that holds it panics, so that no other waits for ever.
pub(super) struct StopOnPanic<'t>(pub(super) &'t Turn);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_in_order_whoever_is_first() {
        let turn = Turn::new(4);
        let next = AtomicU64::new(0);
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= 10_000 {
                            return;
                        }
                        assert!(turn.wait(number));
                        order.lock().unwrap().push(number);
                        turn.pass(number);
                    }
                });
            }
        });
        assert!(order.into_inner().unwrap().into_iter().eq(0..10_000));
    }

    #[test]
    fn stopping_wakes_who_sleeps() {
        let turn = Turn::new(2);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| turn.wait(1));
            std::thread::sleep(std::time::Duration::from_millis(20));
            turn.stop();
            assert!(!waiter.join().unwrap());
        });
    }
}
