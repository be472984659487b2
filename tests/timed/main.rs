//! Tests that measure time. They are a program of their own, and run one after another, so that
//! nothing of the suite is measured with them. What a busy machine may not fail is bounded on one
//! side alone.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "as in the other tests")]

use std::sync::{Mutex, MutexGuard, PoisonError};

#[path = "../it/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the other tests use the rest")]
mod harness;

mod live;
mod pressure;
mod rate;
mod signals;

/// Held by each test while it runs.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
