//! What a caller asks for: inputs, an output, and the settings of a conversion.
//!
//! Advice for maintainers: a setting is a field here and a method of the builder. One that shapes
//! records is a field of [`Shaping`].

use super::budget::DEFAULT_MEMORY;
use super::max_errors::MaxErrors;
use super::progress::Progress;
use super::range::Range;
use super::shaping::Shaping;
use super::summary::Summary;
use crate::error::{Error, Result};
use crate::input::{Io, Source};
use crate::kernel::Isa;
use crate::output::{Compress, FileOptions, Sink, Split, Writer};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// All settings of a conversion. Made by [`Builder`](super::Builder).
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// What shapes the records.
    pub shaping: Shaping,
    /// How the output is written.
    pub writing: Writing,
    /// What the conversion may use.
    pub resources: Resources,
    /// The most records converted, over all inputs.
    pub limit: Option<u64>,
    /// Only this range of the only input, a regular file that is neither unpacked nor decoded as it
    /// is read.
    pub range: Option<Range>,
    /// Which members of zip archives are read; all if there are none.
    pub members: Vec<String>,
    /// The first anomaly is an error.
    pub strict: bool,
    /// How many anomalies there may be.
    pub max_errors: Option<MaxErrors>,
    /// Where records with an anomaly go instead of the output.
    pub rejects: Option<PathBuf>,
    /// Read all, write nothing.
    pub check: bool,
    /// The caller's own files.
    pub own: OwnFiles,
    /// Counters that others watch.
    pub progress: Arc<Progress>,
    /// Where a conversion that fails leaves its summary.
    pub failed: Arc<Mutex<Option<Box<Summary>>>>,
    /// What hears remarks at once.
    pub on_remark: OnRemark,
}

/// Files that the caller reads or writes itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnFiles {
    /// Those that it writes. Refused if one of them is an input or an output too.
    pub beside: Vec<PathBuf>,
    /// Those that no output may replace.
    pub needed: Vec<PathBuf>,
}

/// What hears a remark.
pub(crate) type Hear = dyn Fn(&str) + Send + Sync;

/// What is called with each remark on an input or output before any record is converted.
#[derive(Clone, Default)]
pub(crate) struct OnRemark(pub Option<Arc<Hear>>);

impl OnRemark {
    pub(super) fn hear(&self, remarks: &[String]) {
        if let Some(hear) = &self.0 {
            remarks.iter().for_each(|remark| hear(remark));
        }
    }
}

impl std::fmt::Debug for OnRemark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OnRemark").field(&self.0.is_some()).finish()
    }
}

/// How the output is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writing {
    /// How output files are treated.
    pub file: FileOptions,
    /// Whether the output is compressed, and how.
    pub compress: Compress,
    /// Whether the output goes to parts, and where they end.
    pub split: Split,
    /// The most bytes that are written a second.
    pub limit_rate: Option<u64>,
    /// Go on where the same conversion was cut off, and make a checkpoint each time that so many
    /// bytes were read and written.
    pub resume: Option<u64>,
}

/// What a conversion may use. The result never depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Resources {
    /// How regular files are read.
    pub io: Io,
    /// Peak resident memory in bytes, at least [`LEAST_MEMORY`](super::LEAST_MEMORY).
    pub memory: usize,
    /// Threads; `None` takes as many as the process may use.
    pub threads: Option<NonZero<usize>>,
    /// The window's size in bytes; `None` chooses.
    pub window: Option<usize>,
    /// The instruction set; `None` takes the fastest there is.
    pub isa: Option<Isa>,
}

impl Default for Resources {
    fn default() -> Self {
        Self { io: Io::Read, memory: DEFAULT_MEMORY, threads: None, window: None, isa: None }
    }
}

/// An input.
#[non_exhaustive]
pub enum Input<'i> {
    /// A file of any kind, read. (The program maps regular files: see [`Input::Mapped`].)
    Path(PathBuf),
    /// A file of any kind, mapped if it is a regular one. See [`Input::mapped`].
    Mapped(PathBuf),
    /// Standard input.
    Stdin,
    /// A caller's own source; [`Input::reader`] makes one of any reader.
    Source(Box<dyn Source + 'i>),
}

impl<'i> Input<'i> {
    /// A file of any kind. A regular one is read by all threads at once.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::Path(path.into())
    }

    /// A file of any kind. A regular one is mapped, which saves a copy. Where the system does not
    /// give mapped pages back, it is read as by [`Input::path`].
    ///
    /// Mapping has effects beyond this call:
    /// - The first one installs a handler for SIGBUS in this process. A page that vanishes because
    ///   the file is cut short is reported as an error. Signals for other addresses go to the
    ///   handler that was there before.
    /// - If another process writes to the file meanwhile, the conversion fails, and no output of
    ///   the changed part is released. In terms of the language, though, a mapped file that changes
    ///   is undefined behaviour.
    pub fn mapped(path: impl Into<PathBuf>) -> Self {
        Self::Mapped(path.into())
    }

    /// A reader of text in UTF-8; `name` is used in messages.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'i) -> Self {
        Self::Source(Box::new(Named { name: name.into(), reader }))
    }

    /// The file's path, if it is a file.
    pub(super) fn as_path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) | Self::Mapped(path) => Some(path),
            Self::Stdin | Self::Source(_) => None,
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Path(path) | Self::Mapped(path) => path.display().to_string(),
            Self::Stdin => "stdin".to_owned(),
            Self::Source(source) => source.name().to_owned(),
        }
    }
}

/// A reader with a name.
struct Named<R> {
    name: String,
    reader: R,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.reader.read(into)
    }
}

impl<R: Read + Send> Source for Named<R> {
    fn name(&self) -> &str {
        &self.name
    }
}

/// An output.
#[non_exhaustive]
pub enum Output<'o> {
    /// A file that appears under its name when it is whole.
    Path(PathBuf),
    /// Standard output.
    Stdout,
    /// A caller's own sink; [`Output::writer`] makes one of any writer.
    Sink(Box<dyn Sink + 'o>),
}

impl<'o> Output<'o> {
    /// A file that appears under its name when it is whole.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::Path(path.into())
    }

    /// A writer, or a lent one (`&mut writer`); `name` is used in messages.
    pub fn writer(name: impl Into<String>, writer: impl Write + Send + 'o) -> Self {
        Self::Sink(Box::new(Writer::new(name, writer)))
    }
}

impl Options {
    /// Checks a range that only a part of an input is converted by.
    ///
    /// # Errors
    /// The range is empty, or cannot be combined with another option.
    pub(super) fn check_range(&self, range: Range) -> Result<()> {
        let Range { start, end, .. } = range;
        if start >= end && end > 0 {
            return Err(Error::setting(format!("`range` {start}..{end}: START must lie before END")));
        }
        let with = if self.limit.is_some() {
            "`limit`, which counts over the whole"
        } else if self.max_errors.is_some() {
            "`max_errors`, which counts over the whole"
        } else if self.writing.resume.is_some() {
            "`resume`: a range is converted anew"
        } else if self.writing.split.is_some() {
            "`split_size` or `split_records`: a range is a part already"
        } else {
            return Ok(());
        };
        Err(Error::setting(format!("`range` cannot be combined with {with}")))
    }
}
