//! Where bytes go: encoded into a fixed buffer, handed to a sink.
//!
//! A [`Pen`] writes into a worker's own buffer and asks to be flushed when it is full; who may write when is not known here. Must
//! not know where records came from.

mod compress;
mod encode;
mod file;
mod framing;
mod names;
mod outlet;
mod pace;
mod partial;
mod parts;
mod pen;
mod rejects;
mod reserve;
mod sink;
mod weaver;

pub(crate) use compress::Packer;
pub use compress::{Compress, Compression};
pub(crate) use encode::{Encoder, Findings, Gather, Record};
#[cfg(feature = "cli")]
pub(crate) use file::made_in;
pub(crate) use file::{FileId, OutputFile};
pub use file::{FileOptions, remove_temporaries};
pub(crate) use framing::Framing;
pub(crate) use names::PartNames;
pub(crate) use outlet::{Batch, Handover, Outlet, Reached, Shape, To};
pub(crate) use partial::checkpoint_path;
pub use parts::Split;
pub(crate) use parts::{Parts, PartsReached, needs_a_file as parts_need_a_file};
pub(crate) use pen::{Ends, Flush, LEAST_BUFFER, Pen};
pub(crate) use rejects::Rejects;
pub(crate) use sink::{Descriptor, FileSink, Nowhere};
pub use sink::{Sink, Writer};
pub(crate) use weaver::Weaver;
