//! What a caller asks for: inputs, an output, and every setting of a conversion.
//!
//! Must not know how it is done. Next hand: a setting is a field of [`Options`], and a method of [`Builder`] only where many will
//! want it; one that shapes the output belongs into the checkpoint too.

use super::budget::LEAST_MEMORY;
use super::preamble::{Delimiter, Names};
use super::progress::Progress;
use super::ranges::Range;
use super::{Converter, DEFAULT_MEMORY};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::input::{Encoding, Io, Source, Stream};
use crate::kernel::{Isa, Kernel};
use crate::output::{Compress, FileOptions, Sink, Split, Writer};
use crate::plan::{Columns, Format, Transform, Type};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that shapes a conversion. Made by [`Builder`]; each field is one setting.
#[derive(Clone, Debug)]
pub struct Options {
    /// The bytes that shape the inputs, but for the delimiter.
    pub dialect: Dialect,
    /// The delimiter; `None` goes by each file's extension.
    pub delimiter: Option<Delimiter>,
    /// Where the columns' names come from.
    pub names: Names,
    /// Physical lines dropped at the start of each input.
    pub skip_lines: u64,
    /// The most records converted, over all inputs.
    pub limit: Option<u64>,
    /// The encoding of files and standard input without a byte-order mark; `None` is UTF-8.
    pub encoding: Option<Encoding>,
    /// How regular files are read.
    pub io: Io,
    /// What is asked of the columns.
    pub columns: Columns,
    /// The first anomaly is an error.
    pub strict: bool,
    /// Where records with an anomaly go instead of the output.
    pub rejects: Option<PathBuf>,
    /// The longest record in bytes; `None` is [`DEFAULT_MAX_RECORD`](super::DEFAULT_MAX_RECORD), or less where the memory leaves less.
    pub max_record: Option<usize>,
    /// Peak resident memory in bytes, at least [`LEAST_MEMORY`].
    pub memory: usize,
    /// Threads; `None` takes as many as the process may use.
    pub threads: Option<NonZero<usize>>,
    /// The window's size in bytes; `None` chooses. The result never depends on it.
    pub window: Option<usize>,
    /// The instruction set; `None` takes the fastest there is.
    pub isa: Option<Isa>,
    /// Read all, write nothing.
    pub check: bool,
    /// How output files are treated.
    pub file: FileOptions,
    /// Whether the output is made smaller, and how.
    pub compress: Compress,
    /// Whether the output goes to parts, and where they end.
    pub split: Split,
    /// The most bytes that are written a second.
    pub limit_rate: Option<u64>,
    /// Go on where the same conversion was cut off, and have a checkpoint made each time that so many bytes were read and written.
    pub resume: Option<u64>,
    /// Convert this range of the input alone, which is one regular file that is read as it stands.
    pub range: Option<Range>,
    /// Files that the caller writes itself; refused where one of them is an input or an output too.
    pub beside: Vec<PathBuf>,
    /// Files beside the inputs that no output may replace.
    pub needed: Vec<PathBuf>,
    /// Counters that others watch.
    pub progress: Arc<Progress>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            delimiter: None,
            names: Names::default(),
            skip_lines: 0,
            limit: None,
            encoding: None,
            io: Io::Auto,
            columns: Columns::default(),
            strict: false,
            rejects: None,
            max_record: None,
            memory: DEFAULT_MEMORY,
            threads: None,
            window: None,
            isa: None,
            check: false,
            file: FileOptions::default(),
            compress: Compress::default(),
            split: Split::default(),
            limit_rate: None,
            resume: None,
            range: None,
            beside: Vec::new(),
            needed: Vec::new(),
            progress: Arc::default(),
        }
    }
}

/// An input.
pub enum Input {
    /// A file of any kind; a regular one is mapped.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// A source of one's own; [`Stream`] makes one of a reader.
    Source(Box<dyn Source>),
}

impl Input {
    /// A file of any kind.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::Path(path.into())
    }

    /// A reader of text in UTF-8; `name` stands in messages.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self::Source(Box::new(Stream::new(name, reader)))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin => "stdin".to_owned(),
            Self::Source(source) => source.name().to_owned(),
        }
    }
}

/// An output.
pub enum Output {
    /// A file that appears under its name when it is whole.
    Path(PathBuf),
    /// Standard output.
    Stdout,
    /// A sink of one's own; [`Writer`] makes one of a writer.
    Sink(Box<dyn Sink>),
}

impl Output {
    /// A file that appears under its name when it is whole.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::Path(path.into())
    }

    /// A writer; `name` stands in messages.
    pub fn writer(name: impl Into<String>, writer: impl Write + Send + 'static) -> Self {
        Self::Sink(Box::new(Writer::new(name, writer)))
    }
}

/// Settings for a [`Converter`].
#[derive(Clone, Debug, Default)]
pub struct Builder {
    /// All of them, for what has no method of its own.
    pub options: Options,
}

impl Builder {
    /// The bytes that shape the inputs. Its delimiter counts unless [`Builder::delimiter`] is called later.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.options.delimiter = Some(Delimiter::Byte(dialect.delimiter));
        self.options.dialect = dialect;
        self
    }

    /// What separates fields.
    pub fn delimiter(mut self, delimiter: Delimiter) -> Self {
        self.options.delimiter = Some(delimiter);
        self
    }

    /// Writes these columns alone, in this order.
    pub fn select<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.columns.select = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Masks a column.
    pub fn mask(mut self, column: impl Into<String>, mask: crate::plan::Mask) -> Self {
        self.options.columns.mask.push((column.into(), mask));
        self
    }

    /// Makes a column's values by a rule of one's own.
    pub fn transform(
        mut self,
        column: impl Into<String>,
        function: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.options.columns.transform.push((column.into(), Transform::new(function)));
        self
    }

    /// Renames a column in the output.
    pub fn rename(mut self, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.options.columns.rename.push((old.into(), new.into()));
        self
    }

    /// Says of what type a column is.
    pub fn column_type(mut self, column: impl Into<String>, wanted: Type) -> Self {
        self.options.columns.types.push((column.into(), wanted));
        self
    }

    /// Writes records in another format.
    pub fn format(mut self, format: Format) -> Self {
        self.options.columns.format = format;
        self
    }

    /// Makes the first anomaly an error.
    pub fn strict(mut self, strict: bool) -> Self {
        self.options.strict = strict;
        self
    }

    /// Keeps peak resident memory under `n_bytes`.
    pub fn memory(mut self, n_bytes: usize) -> Self {
        self.options.memory = n_bytes;
        self
    }

    /// Works on `n` threads.
    pub fn threads(mut self, n: NonZero<usize>) -> Self {
        self.options.threads = Some(n);
        self
    }

    /// Stops after `n` records.
    pub fn limit(mut self, n: u64) -> Self {
        self.options.limit = Some(n);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// A setting that cannot be used whatever the input holds.
    pub fn build(self) -> Result<Converter> {
        let options = self.options;
        if options.memory < LEAST_MEMORY {
            let least = LEAST_MEMORY >> 20;
            return Err(Error::setting(format!("--memory: at least {least}M is needed")));
        }
        if options.max_record == Some(0) || options.window == Some(0) {
            return Err(Error::setting("--max-record and --window: at least one byte is needed"));
        }
        if options.max_record.is_some_and(|most| u32::try_from(most).is_err()) {
            return Err(Error::setting("--max-record: at most 4294967295 bytes"));
        }
        if options.strict && options.rejects.is_some() {
            return Err(Error::setting("--strict and --rejects exclude each other: the first ends the run"));
        }
        options.columns.check()?;
        if options.limit_rate == Some(0) {
            return Err(Error::setting("--limit-rate: at least one byte a second is needed"));
        }
        if options.split.size == Some(0) || options.split.records == Some(0) {
            return Err(Error::setting("--split-size, --split-records: a part of nothing holds no record"));
        }
        options.range.map_or(Ok(()), |range| range.check(&options))?;
        let kernel = match options.isa {
            None => Kernel::best(),
            Some(isa) => Kernel::new(isa).ok_or_else(|| {
                Error::setting(format!("this processor has no {} (ROWMILL_ISA)", isa.name()))
            })?,
        };
        Ok(Converter { options, kernel })
    }
}
