//! The tests of the program as a user meets it: one binary, a file a subject.
//!
//! They know the command line, its files and its streams, and nothing of the library. The harness
//! that they share is `harness.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells by printing"
)]

mod harness;

mod conformance;
mod golden;
mod pipeline;
