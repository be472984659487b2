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
//! let (writer, result) = shared();
//! let summary = converter.convert([Input::reader("memory", csv)], Output::writer("memory", writer))?;
//!
//! assert_eq!(result(), "{\"id\":\"1\",\"title\":\"a; b\"}\n{\"id\":\"2\",\"title\":\"short\"}\n");
//! assert_eq!(summary.records, 2);
//! let (anomaly, seen) = &summary.anomalies[0];
//! assert_eq!((*anomaly, seen.count, seen.first.line), (Anomaly::ShortRecord, 1, 3));
//! # use std::io::Write;
//! # use std::sync::{Arc, Mutex};
//! # #[derive(Clone, Default)]
//! # struct Shared(Arc<Mutex<Vec<u8>>>);
//! # impl Write for Shared {
//! #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
//! #         self.0.lock().unwrap().extend_from_slice(bytes);
//! #         Ok(bytes.len())
//! #     }
//! #     fn flush(&mut self) -> std::io::Result<()> {
//! #         Ok(())
//! #     }
//! # }
//! # fn shared() -> (Shared, impl Fn() -> String) {
//! #     let shared = Shared::default();
//! #     let read = shared.clone();
//! #     (shared, move || String::from_utf8(read.0.lock().unwrap().clone()).unwrap())
//! # }
//! # Ok::<(), rowmill::Error>(())
//! ```

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

#[doc(hidden)]
pub use charset::{Charset, Page};
pub use convert::{
    Bound, Builder, Converter, Count, DEFAULT_CHECKPOINT, DEFAULT_MAX_RECORD, DEFAULT_MEMORY, Delimiter,
    Fingerprint, Input, LEAST_MEMORY, Names, Options, Output, PlanBy, Planned, Progress, Range, Summary,
    Times,
};
pub use dialect::{Dialect, Terminator, Trim, byte};
pub use error::{Anomaly, Error, ErrorKind, Place, Result};
pub use header::{Header, Repair};
pub use input::{Encoding, Io, Source};
pub use kernel::{Counted, Index, Isa, Kernel, MOST_ESCAPED, Marks, Pieces};
pub use output::{Compress, Compression, FileOptions, Sink, Split, Writer, remove_temporaries};
pub use parse::{Cutter, Ended, Field, Machine};
pub use plan::{Columns, Empty, Format, HashKey, Mask, Transform, Type};
