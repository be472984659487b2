//! Turns delimited text (CSV, TSV, …) of any size into JSON Lines: exactly, in parallel, in order,
//! and in a few megabytes of memory.
//!
//! ```
//! use rowmill::{Anomaly, Converter, Delimiter, Mask};
//!
//! let text = b"id;name;email\n1;\"Ada; Countess\";ada@example.org\n2;short\n";
//! let converter = Converter::builder()
//!     .delimiter(Delimiter::Byte(b';'))
//!     .mask("email", Mask::Email)
//!     .build()?;
//! let mut result = Vec::new();
//! let summary = converter.convert_slice(text, &mut result)?;
//! let first = br#"{"id":"1","name":"Ada; Countess","email":"a***@example.org"}"#;
//! assert!(result.starts_with(first));
//! assert_eq!((summary.records, summary.count(Anomaly::ShortRecord)), (2, 1));
//! Ok::<(), rowmill::Error>(())
//! ```
//!
//! The result is the same bytes for any number of threads, any window size, a file or a pipe.
//!
//! # Where things are
//!
//! - [`Converter`] converts; [`Builder`] has a method for each setting; [`Summary`] is the result,
//!   with [`Count`], [`Misfits`], [`Times`] and [`Bound`].
//! - [`Input`] and [`Output`] say from where and to where; [`Source`] and [`Sink`] are for your own
//!   ends.
//! - [`Mask`], [`Type`], [`Empty`], [`Format`]: what becomes of values. Those with parameters are
//!   read from text, as `"hash:16".parse::<Mask>()`: [`Token`], [`EmailToken`], [`Prefix`],
//!   [`Notation`], [`Date`]. [`AddedValue`], [`NameStyle`]: columns and names of your
//!   own. [`Nul`]: what becomes of NUL characters.
//! - [`Delimiter`], [`Terminator`], [`ByteSequence`], [`Escapes`], [`Trim`], [`Encoding`]: how
//!   inputs are read.
//! - [`Error`], [`ErrorKind`], [`Anomaly`], [`Place`], [`MaxErrors`]: what went wrong, and where.
//! - [`Schema`], [`ColumnSchema`], [`ValueType`]: what the values of each column have in common,
//!   with [`NullsSeen`], [`NumbersSeen`], [`InvalidSeen`], [`KeptFrom`] and [`Sighting`].
//! - [`Planned`], [`PlanBy`], [`Range`], [`Fingerprint`]: one file on many machines.
//! - [`Progress`]: how far a run is, for a bar of your own.
//! - [`guide`]: tutorial, cookbook, promises, and all else that users of the program read.
//!
//! Files are read; they are mapped only if you ask for it ([`Input::mapped`]). Codecs and encodings
//! are features, on by default; without them the crate builds with Rust alone (see
//! [`guide::library`]).

mod by_text;
mod charset;
mod convert;
mod dialect;
mod error;
mod escapes;
mod folding;
mod header;
mod input;
mod kernel;
mod output;
mod parse;
mod plan;
mod schema;
mod sequence;
mod sys;

#[cfg(feature = "cli")]
pub mod cli;

pub use convert::{
    Bound, Builder, Converter, Count, DEFAULT_CHECKPOINT, DEFAULT_MAX_RECORD, DEFAULT_MEMORY, Delimiter,
    Fingerprint, Input, LEAST_MEMORY, MaxErrors, Misfits, Output, PlanBy, Planned, Progress, Range, Resumed,
    Summary, Times,
};
pub use dialect::{Terminator, Trim};
pub use error::{Anomaly, Error, ErrorKind, Place, Result};
pub use escapes::Escapes;
pub use header::Repair;
pub use input::{Encoding, Source};
pub use output::{Compress, Compression, Sink, remove_temporaries};
pub use plan::{
    AddedValue, Date, EmailToken, Empty, Format, HashKey, Mask, NameStyle, Notation, Nul, Prefix, Token, Type,
};
pub use schema::{ColumnSchema, InvalidSeen, KeptFrom, NullsSeen, NumbersSeen, Schema, Sighting, ValueType};
pub use sequence::ByteSequence;

/// Parts that tests, benches and fuzz targets use by themselves. No promise is made about them.
#[doc(hidden)]
pub mod internal {
    pub use crate::charset::{Charset, Page};
    pub use crate::dialect::Dialect;
    pub use crate::input::{Io, is_binary, is_packed};
    pub use crate::kernel::{Counted, Index, Isa, Kernel, Lead, Left, MOST_ESCAPED, Marks, Template};
    pub use crate::parse::{Cutter, Ended, Field, Machine};
    pub use crate::plan::{Added, Columns, Condition};
    #[cfg(feature = "cli")]
    pub use crate::sys::{Allocator, look_at_streams};
}

/// The guide. Its pages are Markdown files in `src/guide/`.
#[cfg(any(doc, doctest))]
pub mod guide {
    #[doc = include_str!("guide/tutorial.md")]
    pub mod tutorial {}
    #[doc = include_str!("guide/cookbook.md")]
    pub mod cookbook {}
    #[doc = include_str!("guide/options.md")]
    pub mod options {}
    #[doc = include_str!("guide/dialects.md")]
    pub mod dialects {}
    #[doc = include_str!("guide/values.md")]
    pub mod values {}
    #[doc = include_str!("guide/schema.md")]
    pub mod schema {}
    #[doc = include_str!("guide/anomalies.md")]
    pub mod anomalies {}
    #[doc = include_str!("guide/resume.md")]
    pub mod resume {}
    #[doc = include_str!("guide/machines.md")]
    pub mod machines {}
    #[doc = include_str!("guide/speed.md")]
    pub mod speed {}
    #[doc = include_str!("guide/promises.md")]
    pub mod promises {}
    #[doc = include_str!("guide/library.md")]
    pub mod library {}
    #[doc = include_str!("guide/alternatives.md")]
    pub mod alternatives {}
    #[doc = include_str!("guide/faq.md")]
    pub mod faq {}
}
