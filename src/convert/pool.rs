//! The workers' threads.

use super::run::Run;
use super::worker::work;

/// A pool of threads, made when it is first needed.
#[derive(Default)]
pub(super) struct Pool(Option<rayon::ThreadPool>);

impl Pool {
    /// Starts `n` threads, or as many as the system allows. Returns how many there are.
    pub(super) fn threads(&mut self, n: usize) -> usize {
        let have = self.0.as_ref().map_or(0, rayon::ThreadPool::current_num_threads);
        if have >= n {
            return n;
        }
        let mut n = n;
        while n > 1 {
            let named = |i| format!("rowmill-{i}");
            match rayon::ThreadPoolBuilder::new().num_threads(n).thread_name(named).build() {
                Ok(pool) => {
                    self.0 = Some(pool);
                    return n;
                }
                Err(_) => n /= 2,
            }
        }
        have.max(1)
    }

    /// Runs one long task on each thread, not one task for each window. Windows are claimed in
    /// order by the thread that is free, and a worker that waits for its turn must not be given
    /// another task.
    #[cfg(not(all(test, shuttle)))]
    pub(super) fn work(&self, run: &Run<'_>, n: usize) {
        match &self.0 {
            Some(pool) if n > 1 => {
                pool.broadcast(|context| {
                    if context.index() < n {
                        work(run);
                    }
                });
            }
            _ => work(run),
        }
    }

    /// The same with threads that the scheduler of the test has.
    #[cfg(all(test, shuttle))]
    pub(super) fn work(&self, run: &Run<'_>, n: usize) {
        shuttle::thread::scope(|scope| {
            for _ in 1..n {
                scope.spawn(|| work(run));
            }
            work(run);
        });
    }
}
