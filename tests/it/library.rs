//! The library on bytes in memory: a shape of the model becomes a converter, its output is
//! collected.
//!
//! Only what `reference.rs`, `ways.rs` and the fuzz targets share; tests of the program go through
//! `harness/`.

use std::io::{self, Read, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rowmill::internal::{Io, Isa, Kernel};
use rowmill::{Anomaly, Builder, Converter, Delimiter, Input, Output, Result, Summary, Terminator, Trim};

use crate::model::{Expected, Shape};

/// What the result must not depend on.
#[derive(Clone, Debug)]
pub(crate) struct How {
    pub(crate) threads: usize,
    /// `None` is the default.
    pub(crate) window: Option<usize>,
    pub(crate) isa: Isa,
    /// The bytes that the input gives at a time.
    pub(crate) piece: usize,
    /// Nothing is written.
    pub(crate) check: bool,
}

impl Default for How {
    fn default() -> Self {
        Self { threads: 1, window: None, isa: Isa::Portable, piece: usize::MAX, check: false }
    }
}

/// What the input is called in messages.
pub(crate) const NAME: &str = "<bytes>";

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) output: Vec<u8>,
    pub(crate) rejects: Vec<u8>,
    pub(crate) summary: Summary,
}

impl Got {
    /// In the model's terms.
    pub(crate) fn told(&self) -> Expected {
        let summary = &self.summary;
        Expected {
            output: self.output.clone(),
            records: summary.records,
            short: summary.count(Anomaly::ShortRecord),
            long: summary.count(Anomaly::LongRecord),
            invalid: summary.count(Anomaly::InvalidBytes),
            unclosed: summary.count(Anomaly::UnclosedQuote),
            stray: summary.count(Anomaly::StrayQuote),
            multiline: summary.multiline.as_ref().map_or(0, |multiline| multiline.count),
            overlong: summary.count(Anomaly::OverlongRecord),
            misfits: summary.count(Anomaly::TypeMismatch),
            rejected: summary.records_rejected,
            rejects: self.rejects.clone(),
        }
    }
}

/// Converts `bytes` as a stream.
pub(crate) fn convert(shape: &Shape, how: &How, bytes: &[u8]) -> Result<Got> {
    let reader = Pieces { bytes: bytes.to_vec(), at: 0, most: how.piece };
    convert_input(shape, how, Input::reader(NAME, reader), Io::Auto)
}

/// Converts any input; a regular file is read by `io`.
pub(crate) fn convert_input(shape: &Shape, how: &How, input: Input, io: Io) -> Result<Got> {
    // Only rejects need a file.
    let place = shape.rejects.then(|| tempfile::tempdir().expect("a directory for the rejects"));
    let rejects = place.as_ref().map(|place| place.path().join("rejects"));
    let (output, summary) = collect(&converter(shape, how, io, rejects.clone())?, input)?;
    let rejects = rejects.map(|path| std::fs::read(path).expect("the rejects")).unwrap_or_default();
    Ok(Got { output, rejects, summary })
}

/// What a converter makes of an input.
pub(crate) fn collect(converter: &Converter, input: Input) -> Result<(Vec<u8>, Summary)> {
    let collected = Collected::default();
    let summary = converter.convert([input], Output::writer("output", collected.clone()))?;
    let output = std::mem::take(&mut *collected.0.lock().expect("no writer panicked"));
    Ok((output, summary))
}

fn converter(shape: &Shape, how: &How, io: Io, rejects: Option<PathBuf>) -> Result<Converter> {
    let builder = builder(shape, how, io);
    match rejects {
        Some(path) => builder.rejects(path).build(),
        None => builder.build(),
    }
}

/// A converter's settings, but for the rejects.
pub(crate) fn builder(shape: &Shape, how: &How, io: Io) -> Builder {
    let trim = match (shape.trim_names, shape.trim_values) {
        (true, true) => Trim::All,
        (true, false) => Trim::Headers,
        (false, true) => Trim::Fields,
        (false, false) => Trim::None,
    };
    let [delimiter, terminator, quote] = shape.sequences;
    let mut builder = Converter::builder()
        .delimiter(match delimiter {
            _ if shape.whitespace => Delimiter::Whitespace,
            Some(sequence) => Delimiter::of(sequence),
            None => Delimiter::Byte(shape.delimiter),
        })
        .quote(shape.quote.as_ref().map(|byte| quote.unwrap_or(std::slice::from_ref(byte))))
        .double_quote(shape.double_quote)
        .escape(shape.escape)
        .escapes(shape.escapes)
        .terminator(match (terminator, shape.terminator) {
            (Some(sequence), _) => Terminator::of(sequence),
            (None, byte) => byte.map_or(Terminator::Any, Terminator::Byte),
        })
        .comment(shape.comment)
        .trailing_delimiter(shape.trailing)
        .skip_empty(shape.skip_empty)
        .skip_repeated_headers(shape.skip_repeated)
        .skip_last(shape.skip_last as u64)
        .trim(trim);
    builder = builder
        .columns(shape.columns.clone())
        .no_header(shape.no_header)
        .skip_lines(shape.skip_lines as u64)
        .io(io)
        .strict(shape.strict)
        .isa(how.isa)
        .check(how.check);
    if let Some(limit) = shape.limit {
        builder = builder.limit(limit as u64);
    }
    if shape.max_record < usize::MAX {
        builder = builder.max_record(shape.max_record);
    }
    if let Some(threads) = NonZero::new(how.threads) {
        builder = builder.threads(threads);
    }
    if let Some(window) = how.window {
        builder = builder.window(window);
    }
    builder
}

/// Bytes that come at most so many at a time, as a pipe gives them.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    most: usize,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let n = rest.len().min(into.len()).min(self.most);
        into[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<u8>>>);

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The instruction sets that this processor has.
pub(crate) fn isas() -> Vec<Isa> {
    Isa::ALL.into_iter().filter(|isa| Kernel::new(*isa).is_some()).collect()
}
