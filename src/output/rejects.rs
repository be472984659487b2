//! `--rejects FILE`: records that are not converted, as they are, and a log of where and why.

use super::file::{FileOptions, OutputFile};
use crate::dialect::Dialect;
use crate::error::{Anomaly, CANNOT_WRITE, Error, Place, Result};
use crate::folding::Folding;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The two files. Both appear when the conversion succeeds. They are empty if nothing was rejected.
#[derive(Debug)]
pub(crate) struct Rejects {
    raw: RejectFile,
    log: RejectFile,
    heading: Heading,
    folding: Option<Folding>,
    /// Ends a record.
    line_end: u8,
}

/// The header above the records.
#[derive(Debug)]
enum Heading {
    /// Written before the first record.
    Pending(Box<[u8]>),
    Written,
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

/// Why a record is rejected.
#[derive(Debug)]
pub(crate) struct Reason {
    /// What is wrong.
    pub anomaly: Anomaly,
    /// Where.
    pub place: Place,
    /// The line on which the quote of its field opens, if a quote is wrong.
    pub quote_line: Option<u64>,
    /// What can be said of a value. It names no setting, which the reader may know by another name.
    pub value: Option<String>,
}

impl Reason {
    fn json(&self) -> serde_json::Value {
        let Self { anomaly, place, quote_line, value } = self;
        serde_json::json!({
            "line": place.line,
            "byte": place.byte,
            "column": place.column,
            "name": place.name,
            "quote_line": quote_line,
            "anomaly": anomaly.name(),
            "reason": anomaly.reason(),
            "detail": value,
        })
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
            heading: Heading::Pending(Box::default()),
            folding: None,
            line_end: b'\n',
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

    /// An earlier run wrote `n_bytes` of records.
    pub(crate) fn go_on(&mut self, n_bytes: u64) {
        if n_bytes > 0 {
            self.heading = Heading::Written;
        }
    }

    /// Begins an input of `dialect`. Its header, if there is a `heading`, is written once, before
    /// the first record, so that the rejects can be mended and converted.
    pub(crate) fn begin(&mut self, dialect: &Dialect, heading: Option<Box<[u8]>>) {
        self.folding = dialect.folding;
        self.line_end = dialect.terminator.byte().unwrap_or(b'\n');
        if let (Heading::Pending(pending), Some(heading)) = (&mut self.heading, heading) {
            *pending = heading;
        }
    }

    /// Ends a record that has no end in the input, so that each is read apart. One whose last byte
    /// looks like its end has one.
    pub(crate) fn end_record(&mut self, raw: &[u8]) -> Result<()> {
        if raw.last() != Some(&self.line_end) {
            self.write_unfolded(&[self.line_end])?;
        }
        Ok(())
    }

    /// Writes a piece of a record, as the input has it. Returns the number of its bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<u64> {
        if let Heading::Pending(heading) = std::mem::replace(&mut self.heading, Heading::Written) {
            self.write_unfolded(&heading)?;
        }
        self.write_unfolded(bytes)
    }

    fn write_unfolded(&mut self, bytes: &[u8]) -> Result<u64> {
        let unfolded = self.folding.map(|folding| folding.unfolded(bytes));
        let bytes = unfolded.as_deref().unwrap_or(bytes);
        self.raw.write(bytes)?;
        Ok(bytes.len() as u64)
    }

    /// Logs why the record just written, of `n_bytes`, was rejected: the first reason, then the
    /// others.
    pub(crate) fn log(&mut self, reasons: &[Reason], n_bytes: u64) -> Result<()> {
        let Some((first, others)) = reasons.split_first() else { return Ok(()) };
        let mut line = first.json();
        line["file"] = first.place.file.as_str().into();
        line["record"] = first.place.record.into();
        line["bytes"] = n_bytes.into();
        line["others"] = others.iter().map(Reason::json).collect();
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
