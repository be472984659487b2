//! The settings of the output, of anomalies and of resources, in the library's builder.

use super::converter::Builder;
use super::max_errors::MaxErrors;
use crate::output::Compress;
use std::num::NonZero;
use std::path::PathBuf;

/// How the output is written.
impl Builder {
    /// How the output is compressed ([`Compress::ByName`]).
    pub fn compress(mut self, compress: Compress) -> Self {
        self.options.writing.compress = compress;
        self
    }

    /// Writes parts of at most `n` bytes each, and a manifest of them.
    pub fn split_size(mut self, n: u64) -> Self {
        self.options.writing.split.size = Some(n);
        self
    }

    /// Writes parts of at most `n` records each, and a manifest of them.
    pub fn split_records(mut self, n: u64) -> Self {
        self.options.writing.split.records = Some(n);
        self
    }

    /// Writes at most `n` bytes a second.
    pub fn limit_rate(mut self, n: u64) -> Self {
        self.options.writing.limit_rate = Some(n);
        self
    }

    /// Whether no file is ever replaced (`false`).
    pub fn no_clobber(mut self, no_clobber: bool) -> Self {
        self.options.writing.file.no_clobber = no_clobber;
        self
    }

    /// Whether file and folder are on the disk before the output's name appears (`false`).
    pub fn sync(mut self, sync: bool) -> Self {
        self.options.writing.file.sync = sync;
        self
    }

    /// Keeps a checkpoint beside the unfinished output, each time that `every` bytes were read and
    /// written. The same conversion, run again, continues from there. See
    /// [`DEFAULT_CHECKPOINT`](super::DEFAULT_CHECKPOINT).
    pub fn resume(mut self, every: u64) -> Self {
        self.options.writing.resume = Some(every);
        self
    }

    /// Reads and judges everything, and writes nothing (`false`).
    pub fn check(mut self, check: bool) -> Self {
        self.options.check = check;
        self
    }
}

/// Anomalies and resources.
impl Builder {
    /// Whether the first anomaly is an error (`false`).
    pub fn strict(mut self, strict: bool) -> Self {
        self.options.strict = strict;
        self
    }

    /// How many anomalies there may be; more end the run as an error, and an output file does not
    /// appear. With [`Builder::rejects`] too.
    pub fn max_errors(mut self, most: MaxErrors) -> Self {
        self.options.max_errors = Some(most);
        self
    }

    /// Records with an anomaly go to this file instead of the output. The reasons go to a file of
    /// the same name with `.log.jsonl` appended.
    pub fn rejects(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.rejects = Some(path.into());
        self
    }

    /// The longest record in bytes: [`DEFAULT_MAX_RECORD`](super::DEFAULT_MAX_RECORD), or less if
    /// the memory leaves less.
    pub fn max_record(mut self, n: usize) -> Self {
        self.options.shaping.max_record = Some(n);
        self
    }

    /// Peak resident memory in bytes, at least [`LEAST_MEMORY`](super::LEAST_MEMORY):
    /// [`DEFAULT_MEMORY`](super::DEFAULT_MEMORY).
    pub fn memory(mut self, n: usize) -> Self {
        self.options.resources.memory = n;
        self
    }

    /// Works on `n` threads; by default as many as the process may use.
    pub fn threads(mut self, n: NonZero<usize>) -> Self {
        self.options.resources.threads = Some(n);
        self
    }

    /// The bytes that a thread takes at a time. The result never depends on it.
    pub fn window(mut self, n: usize) -> Self {
        self.options.resources.window = Some(n);
        self
    }
}
