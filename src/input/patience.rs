//! How long a read of a live input waits: a pipe, a socket or a terminal, which others write to
//! while it is read.
//!
//! What is complete must not wait for what comes later. So a read on behalf of a window waits for a
//! short time only once the window has some bytes. The descriptor fails it with
//! [`io::ErrorKind::WouldBlock`](std::io::ErrorKind::WouldBlock) then. The readers between the two,
//! which unpack and decode, hand that on and lose nothing.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Until when reads wait. Shared by a descriptor and the stream on top of it.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<Option<Instant>>);

impl Patience {
    /// From now on, reads wait for so long altogether; `None` is for ever.
    pub(super) fn set(&self, time: Option<Duration>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time.map(|time| Instant::now() + time);
    }

    /// How long a read may wait; `None` is for ever.
    pub(super) fn left(&self) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}
