//! The tests of the program as a user meets it: one binary, a file a subject.
//!
//! They know the command line, its files and its streams, and nothing of the library; the harness
//! that they share is `harness.rs`. Only `reference.rs`, `differential.rs`, `kernels.rs` and
//! `ranges.rs` use the library: a process for each of their ten thousand cases would take hours.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells by printing"
)]

mod harness;
mod head;
mod library;
mod made;
mod model;
mod rules;
mod ways;

mod api;
mod archives;
mod capped;
mod changing;
mod confined;
mod conformance;
mod cookbook;
mod differential;
mod disk;
mod encodings;
mod faults;
mod foreign;
mod fuse;
mod golden;
mod hostile;
mod house;
mod invariance;
mod kernels;
mod packed;
mod parts;
mod pipeline;
mod postgres;
mod pressure;
mod ranges;
mod reference;
mod resume;
mod signals;
mod sniffed;
mod sources;
mod spark;
mod telling;
mod tidy;
mod tight;
mod unicode;
mod unpacked;
mod usage;
mod values;
mod verify;
mod worker;
