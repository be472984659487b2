//! The tests of the program as a user meets it: one binary, a file a subject.
//!
//! They know the command line, its files and its streams, and nothing of the library; the harness
//! that they share is `harness/`. Only `reference.rs`, `differential.rs`, `kernels.rs` and
//! `ranges_random.rs` use the library: a process for each of their ten thousand cases would take
//! hours.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells by printing"
)]

#[allow(dead_code, reason = "the tests that measure time use the rest")]
mod harness;
mod head;
mod library;
mod max_errors;
mod model;
mod rules;
mod ways;

#[cfg(target_os = "linux")]
mod amnesia;
mod api;
mod archives;
mod arrays;
mod auto;
mod bar;
mod before;
mod capped;
mod changing;
mod columns;
mod confined;
mod conformance;
mod cookbook;
mod database_text;
mod dialects;
mod differential;
mod disk;
mod each;
mod edges;
mod encodings;
#[cfg(target_os = "linux")]
mod far;
mod faults;
mod filtered;
mod first_error;
mod foreign;
#[cfg(target_os = "linux")]
mod fuse;
mod golden;
mod head_command;
#[cfg(target_os = "linux")]
mod histories;
mod hostile;
mod house;
mod house_systems;
mod infer_columns;
mod invariance;
mod kernels;
mod known;
mod live;
mod loaders;
mod names;
mod notations;
mod nul;
mod output_file;
mod packed;
mod parts;
mod pieces;
mod pipeline;
mod postgres;
mod python;
mod ranges;
mod ranges_random;
mod reference;
mod regression;
mod resume;
mod resume_shaped;
mod schema;
mod several;
mod sniffed;
mod sources;
mod spark;
mod telling;
mod tidy;
mod tight;
mod together;
mod tops;
mod types_from;
mod unicode;
mod unpacked;
mod usage;
mod values;
mod verify;
mod worker;
mod worker_faults;
