//! `--rejects FILE`: records that are not converted, as they are, and a log of where and why.

use super::file::{FileOptions, OutputFile};
use crate::error::{Anomaly, CANNOT_WRITE, Error, Place, Result};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The two files. Both appear when the conversion succeeds. They are empty if nothing was rejected.
#[derive(Debug)]
pub(crate) struct Rejects {
    raw: RejectFile,
    log: RejectFile,
}

#[derive(Debug)]
struct RejectFile {
    name: String,
    writer: BufWriter<OutputFile>,
}

impl RejectFile {
    fn create(path: &Path, options: FileOptions) -> Result<Self> {
        let writer = BufWriter::with_capacity(16 * 1024, OutputFile::create(path, options)?);
        Ok(Self { name: path.display().to_string(), writer })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).map_err(|error| Error::io(CANNOT_WRITE, &*self.name, error))
    }

    fn keep(&mut self) -> Result<u64> {
        self.flush()?;
        self.writer.get_ref().sync()
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(|error| Error::io(CANNOT_WRITE, &*self.name, error))
    }
}

impl Rejects {
    /// Opens `path` for the records and `path.log.jsonl` for the log.
    ///
    /// # Errors
    /// One of the files cannot be written.
    pub(crate) fn create(path: &Path, options: FileOptions) -> Result<Self> {
        Ok(Self {
            raw: RejectFile::create(path, options)?,
            log: RejectFile::create(&Self::log_path(path), options)?,
        })
    }

    /// Returns the files that are written to.
    pub(crate) fn files(&mut self) -> [&mut OutputFile; 2] {
        [self.raw.writer.get_mut(), self.log.writer.get_mut()]
    }

    /// Syncs all that was written to the disk. Returns how many bytes each file has.
    pub(crate) fn keep(&mut self) -> Result<[u64; 2]> {
        Ok([self.raw.keep()?, self.log.keep()?])
    }

    /// Returns the path of the log of the rejects in `path`.
    pub(crate) fn log_path(path: &Path) -> PathBuf {
        let mut log = path.as_os_str().to_owned();
        log.push(".log.jsonl");
        log.into()
    }

    /// Writes a piece of a record, unchanged.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.raw.write(bytes)
    }

    /// Logs why the record just written, of `n_bytes`, was rejected.
    pub(crate) fn log(&mut self, anomaly: Anomaly, place: &Place, n_bytes: u64) -> Result<()> {
        let line = serde_json::json!({
            "file": place.file,
            "line": place.line,
            "record": place.record,
            "byte": place.byte,
            "column": place.column,
            "name": place.name,
            "anomaly": anomaly.name(),
            "reason": anomaly.reason(),
            "bytes": n_bytes,
        });
        self.log.write(format!("{line}\n").as_bytes())
    }

    /// Gives both files their names.
    pub(crate) fn commit(&mut self) -> Result<()> {
        // If the disk is full for one of them, neither appears.
        self.raw.flush()?;
        self.log.flush()?;
        self.raw.writer.get_mut().commit()?;
        self.log.writer.get_mut().commit()
    }
}
