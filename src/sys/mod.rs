//! The platform: all that differs between systems, behind one set of names. *Unsafe room 2.*
//!
//! It is the lowest floor: every other one may use it, and it uses none. A promise that a system
//! cannot keep in one way is kept in another, or the name says that it does nothing there.
//! `linux` has all of Linux; `macos` what macOS does in its own way, and `posix` what any system
//! without Linux's calls would do; `shared` and `streams` what all do alike.

#[cfg(feature = "cli")]
mod allocator;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "linux"))]
mod posix;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("rowmill is for Linux and macOS; another system needs its own file in src/sys");
mod shared;
#[cfg(feature = "cli")]
mod streams;

#[cfg(feature = "cli")]
pub use allocator::Allocator;
#[cfg(all(feature = "cli", debug_assertions))]
pub(crate) use allocator::{hold_memory, hold_run};
#[cfg(target_os = "linux")]
pub(crate) use linux::*;
pub(crate) use shared::*;
#[cfg(feature = "cli")]
pub use streams::look_at_streams;
#[cfg(feature = "cli")]
pub(crate) use streams::{stdin_was_closed, stdout_was_closed};
#[cfg(target_os = "macos")]
pub(crate) use {macos::*, posix::*};
