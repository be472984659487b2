//! The program: arguments, terminal, exit status. Only this floor knows of them, and nothing below
//! prints or exits.
//!
//! `args.rs` has what can be typed, `job.rs` what will be done, `run.rs` does it.

mod added_args;
mod args;
mod column_args;
mod confine;
mod each;
mod exit;
mod figures;
mod generate;
mod head;
mod hints;
mod job;
mod lines;
mod list;
mod part;
mod plan;
mod presets;
mod progress;
mod receipt;
mod remarks;
mod report;
mod run;
mod say;
mod schema;
mod shaping_args;
mod signals;
mod table;
mod tally;
mod top_args;
mod typed;
mod types_from;
mod verify;
mod words;
mod worker;

pub use run::main;
