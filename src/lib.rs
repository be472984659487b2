//! Delimited text of any size into JSON Lines: exact, parallel, ordered, in a few megabytes of memory.
//!
//! [`Converter`] is the whole of it: it takes inputs and an output and gives back a [`Summary`]. The result is the same bytes for
//! any number of threads, any window size, a mapped file or a pipe. See `ARCHITECTURE.md` for how it is built.

mod convert;
mod dialect;
mod error;
mod header;
mod input;
mod kernel;
mod output;
mod parse;
mod plan;
mod window;

#[cfg(feature = "cli")]
pub mod cli;

pub use convert::{
    Bound, Builder, Converter, Count, DEFAULT_MAX_RECORD, DEFAULT_MEMORY, Delimiter, Input, LEAST_MEMORY,
    Names, Options, Output, Progress, Summary, Times,
};
pub use dialect::{Dialect, Terminator, Trim, byte};
pub use error::{Anomaly, Error, ErrorKind, Place, Result};
pub use header::{Header, Repair};
pub use input::{Io, Keeper, Source, Stream};
pub use kernel::{Index, Isa, Kernel, MOST_ESCAPED, Marks, Pieces};
pub use output::{FileOptions, Sink, Writer, remove_temporaries};
pub use parse::{Cutter, Ended, Field, Machine};
pub use plan::{Columns, Mask};
pub use window::Window;
