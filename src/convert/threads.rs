//! What threads meet at: of the standard library; for the tests of interleavings, of a scheduler
//! that tries all of them (loom, the turn alone) or some by a seed (shuttle, whole runs).

#[cfg(not(all(test, any(loom, shuttle))))]
pub(super) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    sync::{Mutex, MutexGuard},
    thread::{Thread, current, park},
};

#[cfg(all(test, loom))]
pub(super) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    sync::{Mutex, MutexGuard},
    thread::{Thread, current, park},
};

#[cfg(all(test, shuttle))]
pub(super) use shuttle::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    sync::{Mutex, MutexGuard},
    thread::{Thread, current, park},
};
