//! The run: inputs in order, each converted by workers that claim, convert and commit windows.
//!
//! Only this floor knows all stages. [`Converter`] is the library's front. Start reading at
//! `worker.rs`.
// Offsets, lines and records are u64. None is cut to fewer bits unnoticed.
#![deny(clippy::cast_possible_truncation)]

mod auto_dialect;
mod budget;
mod checkpoint;
mod clue;
mod column_settings;
mod comment_header;
mod committed;
mod conversion;
mod convert_slice;
mod converter;
mod counts;
mod delimiter;
mod dropped;
mod each;
mod file_id;
mod filter;
mod fingerprint;
mod first_record;
mod header_reader;
mod infer_columns;
mod located;
mod looks;
mod max_errors;
mod mode;
mod names;
mod options;
mod output_settings;
mod outputs;
mod overwrite;
mod plan_ranges;
mod pool;
mod prepared;
mod progress;
mod range;
mod record;
mod record_reader;
mod remarks;
mod run;
#[cfg(all(test, shuttle))]
mod schedules;
mod schema;
mod sequencer;
mod shaping;
mod single_input;
mod skipped_lines;
mod slice;
mod slice_converter;
mod sniff;
mod sniff_encoding;
mod sniff_flags;
mod split_points;
mod state;
mod strip;
mod summary;
mod survey;
mod survey_record;
mod survey_strip;
mod tail;
mod text_slice;
mod threads;
mod tops;
mod valid;
mod walk;
mod watching;
mod windows;
mod worker;

pub use budget::{DEFAULT_MAX_RECORD, DEFAULT_MEMORY, LEAST_MEMORY};
pub use checkpoint::DEFAULT_CHECKPOINT;
pub use converter::{Builder, Converter};
pub use delimiter::Delimiter;
pub use fingerprint::Fingerprint;
#[cfg(feature = "cli")]
pub(crate) use fingerprint::SeenFile;
pub use max_errors::MaxErrors;
#[cfg(feature = "cli")]
pub(crate) use names::{HeaderComment, HeaderRows, Names};
pub use options::{Input, Output};
#[cfg(feature = "cli")]
pub(crate) use options::{Resources, Writing};
pub use plan_ranges::{PlanBy, Planned};
pub use progress::{Bound, Progress, Times};
pub use range::Range;
#[cfg(feature = "cli")]
pub(crate) use shaping::{Given, Shaping};
pub use summary::{Count, Misfits, Resumed, Summary};
