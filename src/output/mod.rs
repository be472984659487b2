//! Output: records are encoded into a worker's fixed buffer, and written to a sink.
//!
//! This floor does not know where records come from, nor which worker may write: a full
//! [`OutputBuffer`] is flushed by its owner.

mod buffer;
mod codec;
mod compress;
mod descriptor;
mod encode;
mod file;
mod framing;
mod manifest;
mod names;
mod pace;
mod part;
mod partial;
mod parts;
mod placement;
mod rejects;
mod reserve;
mod sink;
mod split;
mod to_gzip;
mod to_zstd;
mod weaver;
mod write_supplied;
mod write_values;
mod writer;

pub(crate) use buffer::{Ends, Flush, LEAST_BUFFER, OutputBuffer};
pub(crate) use compress::Packer;
pub use compress::{Compress, Compression};
pub(crate) use descriptor::Descriptor;
pub(crate) use encode::{Encoder, Findings, Record, ValueBuffers};
pub(crate) use file::FileOptions;
pub use file::remove_temporaries;
pub(crate) use file::{FileId, OutputFile, folds_case, left_unfinished};
#[cfg(feature = "cli")]
pub(crate) use file::{checkpoint_of, made_in};
pub(crate) use framing::Framing;
pub(crate) use names::PartNames;
pub(crate) use partial::checkpoint_path;
pub(crate) use parts::{Parts, needs_a_file as parts_need_a_file};
pub(crate) use rejects::{Reason, Rejects};
pub use sink::Sink;
pub(crate) use sink::Writer;
pub(crate) use sink::{FileSink, Nowhere};
pub(crate) use split::Split;
pub(crate) use weaver::Weaver;
pub(crate) use writer::{Batch, OutputLayout, OutputOptions, OutputWriter, Reached, Target, WriteRecords};
