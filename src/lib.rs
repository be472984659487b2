//! Delimited text of any size into JSON Lines: exact, parallel, ordered, in a few megabytes of memory.
//!
//! [`Converter`] is the whole of it: it takes inputs and an output and gives back a [`Summary`]. The result is the same bytes for
//! any number of threads, any window size, a mapped file or a pipe. See `ARCHITECTURE.md` for how it is built.
//!
//! Any reader and any writer will do:
//!
//! ```
//! use rowmill::{Anomaly, Converter, Delimiter, Input, Output};
//! use std::io::Cursor;
//!
//! let converter = Converter::builder()
//!     .delimiter(Delimiter::Byte(b';'))
//!     .select(["id", "name"])
//!     .rename("name", "title")
//!     .build()?;
//! let csv = Cursor::new("id;name;note\n1;\"a; b\";x\n2;short\n");
//! let mut result = Vec::new();
//! let summary = converter.convert([Input::reader("memory", csv)], Output::writer("memory", &mut result))?;
//!
//! assert_eq!(result, b"{\"id\":\"1\",\"title\":\"a; b\"}\n{\"id\":\"2\",\"title\":\"short\"}\n");
//! assert_eq!(summary.records, 2);
//! let (anomaly, seen) = &summary.anomalies[0];
//! assert_eq!((*anomaly, seen.count, seen.first.line), (Anomaly::ShortRecord, 1, 3));
//! # Ok::<(), rowmill::Error>(())
//! ```

mod by_text;
mod charset;
mod convert;
mod dialect;
mod error;
mod header;
mod input;
mod kernel;
mod output;
mod parse;
mod plan;

#[cfg(feature = "cli")]
pub mod cli;

pub use convert::{
    Bound, Builder, Converter, Count, DEFAULT_CHECKPOINT, DEFAULT_MAX_RECORD, DEFAULT_MEMORY, Delimiter,
    Fingerprint, Input, LEAST_MEMORY, Output, PlanBy, Planned, Progress, Range, Summary, Times,
};
pub use dialect::{Terminator, Trim};
pub use error::{Anomaly, Error, ErrorKind, Place, Result};
pub use header::Repair;
pub use input::{Encoding, Source};
pub use output::{Compress, Compression, Sink, remove_temporaries};
pub use plan::{Empty, Format, HashKey, Mask, Type};

/// Parts that tests, benches and fuzz targets use by themselves. No promise is made about them.
#[doc(hidden)]
pub mod internal {
    pub use crate::charset::{Charset, Page};
    pub use crate::dialect::Dialect;
    pub use crate::input::{Io, is_binary};
    pub use crate::kernel::{Counted, Index, Isa, Kernel, MOST_ESCAPED, Marks, Pieces};
    pub use crate::parse::{Cutter, Ended, Field, Machine};
    pub use crate::plan::Columns;
}
