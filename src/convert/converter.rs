//! The library's front: a builder, and the converter it makes.

use super::budget::LEAST_MEMORY;
use super::checkpoint::check_transforms;
use super::conversion::Conversion;
use super::delimiter::Delimiter;
use super::options::{Input, Options, Output};
use super::plan_ranges::{self, PlanBy, Planned};
use super::range::Range;
use super::shaping::Shaping;
use super::summary::Summary;
use super::text_slice::TextSlice;
use crate::dialect::{Terminator, Trim};
use crate::error::{Error, Result};
use crate::escapes::Escapes;
use crate::input::{Encoding, Io};
use crate::kernel::{Isa, Kernel};
use crate::plan::Columns;
use crate::sequence::ByteSequence;

/// A converter from delimited text to JSON Lines.
///
/// ```
/// use rowmill::{Converter, Input, Mask, Output};
///
/// # let folder = tempfile::tempdir()?;
/// # let (dump, result) = (folder.path().join("dump.csv"), folder.path().join("dump.jsonl"));
/// std::fs::write(&dump, "name,email\nAda,ada@example.org\n")?;
/// let converter = Converter::builder().mask("email", Mask::Email).build()?;
/// let summary = converter.convert([Input::path(&dump)], Output::path(&result))?;
/// assert_eq!(summary.records, 1);
/// let lines = std::fs::read_to_string(&result)?;
/// assert_eq!(lines, "{\"name\":\"Ada\",\"email\":\"a***@example.org\"}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Converter {
    pub(super) options: Options,
    pub(super) kernel: Kernel,
}

impl Converter {
    /// Starts with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Converts `inputs`, one after another. Each input has a separate header.
    ///
    /// All headers are read before the output is opened, so that a column that does not exist is
    /// reported before anything is written.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::error::ErrorKind). A file that has the output's name is unchanged.
    pub fn convert<'i>(
        &self,
        inputs: impl IntoIterator<Item = Input<'i>>,
        output: Output<'_>,
    ) -> Result<Summary> {
        let Self { options, kernel } = self;
        let inputs: Vec<Input<'_>> = inputs.into_iter().collect();
        if options.shaping.columns.infer_columns {
            return self.convert_inferred(inputs, output);
        }
        let locate = |range| plan_ranges::locate(options, *kernel, &inputs, range);
        let range = options.range.map(locate).transpose()?;
        let conversion =
            Conversion { options, kernel: *kernel, range, split_points: None, many: None, survey: None };
        conversion.run(inputs, output)
    }

    /// Converts `text` and appends the result to `output`.
    ///
    /// ```
    /// let mut output = Vec::new();
    /// rowmill::Converter::builder().build()?.convert_slice(b"a,b\n1,2\n", &mut output)?;
    /// assert_eq!(output, b"{\"a\":\"1\",\"b\":\"2\"}\n");
    /// # Ok::<(), rowmill::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Converter::convert`]. What was converted before the error is in `output`.
    pub fn convert_slice(&self, text: &[u8], output: &mut Vec<u8>) -> Result<Summary> {
        let input = Input::Source(Box::new(TextSlice::new(text)));
        self.convert([input], Output::writer("output", output))
    }

    /// Cuts an input into ranges of nearly equal size, each from record to record. There are fewer
    /// ranges if there are fewer records. The first range includes the header.
    ///
    /// The input is a regular file that is neither unpacked nor decoded as it is read. If every
    /// line is a record (no quotes, no escapes), only a few kilobytes are read at each split point,
    /// and the ranges have no numbers.
    ///
    /// ```
    /// use rowmill::{Converter, Input, Output, PlanBy};
    /// use std::num::NonZero;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let dump = folder.path().join("dump.csv");
    /// std::fs::write(&dump, "id,text\n1,\"two\nlines\"\n2,one\n")?;
    /// let by = PlanBy::Count(NonZero::new(2).unwrap());
    /// let planned = Converter::builder().build()?.plan(Input::path(&dump), by)?;
    /// let ranges: Vec<_> = planned.ranges().collect();
    /// assert_eq!((ranges[1].start, ranges[1].first_record), (22, Some(2)));
    /// assert_eq!(ranges[1].first_line, Some(4));
    ///
    /// // Here, or on another machine:
    /// let part = folder.path().join("part-1.jsonl");
    /// let converter = Converter::builder().range(ranges[1]).build()?;
    /// converter.convert([Input::path(&dump)], Output::path(&part))?;
    /// assert_eq!(std::fs::read_to_string(&part)?, "{\"id\":\"2\",\"text\":\"one\"}\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The input is of another kind, cannot be read, or changes meanwhile; or a setting has no
    /// meaning for a plan.
    pub fn plan(&self, input: Input<'_>, how: PlanBy) -> Result<Planned> {
        if self.options.shaping.columns.infer_columns {
            return self.plan_inferred(input, how);
        }
        plan_ranges::plan(&self.options, self.kernel, input, how)
    }
}

/// Settings for a [`Converter`]. Each method is one setting; what is not set has its default.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub(crate) options: Options,
}

/// How the inputs are read.
impl Builder {
    /// What separates fields; by default a tab for `.tsv` and `.tab`, a bar for `.psv`, else a
    /// comma.
    pub fn delimiter(mut self, delimiter: Delimiter) -> Self {
        self.options.shaping.delimiter = Some(delimiter);
        self
    }

    /// What opens and closes quoted fields (`"`), 16 bytes at the most; `None` turns quoting off.
    pub fn quote(mut self, quote: Option<&[u8]>) -> Self {
        self.options.shaping.set_quote(quote);
        self.options.shaping.given.quote = true;
        self
    }

    /// Whether a doubled quote in a quoted field is one quote (`true`).
    pub fn double_quote(mut self, double_quote: bool) -> Self {
        self.options.shaping.dialect.double_quote = double_quote;
        self
    }

    /// The byte that makes the next byte content, in quotes or not.
    pub fn escape(mut self, escape: Option<u8>) -> Self {
        self.options.shaping.dialect.escape = escape;
        self.options.shaping.given.escape = true;
        self
    }

    /// What an escape and the byte behind it stand for ([`Escapes::Literal`]). Nothing without an
    /// [`escape`](Self::escape).
    pub fn escapes(mut self, escapes: Escapes) -> Self {
        self.options.shaping.dialect.escapes = escapes;
        self
    }

    /// What ends a record ([`Terminator::Any`]).
    pub fn terminator(mut self, terminator: Terminator) -> Self {
        self.options.shaping.dialect.terminator = terminator;
        self
    }

    /// The bytes that start a comment line, 16 at the most.
    pub fn comment(mut self, comment: Option<&[u8]>) -> Self {
        self.options.shaping.dialect.comment = comment.map(ByteSequence::new);
        self
    }

    /// Which fields lose the white space around them ([`Trim::All`]).
    pub fn trim(mut self, trim: Trim) -> Self {
        self.options.shaping.dialect.trim = trim;
        self
    }

    /// Drops the first `n` physical lines of each input.
    pub fn skip_lines(mut self, n: u64) -> Self {
        self.options.shaping.skip_lines = n;
        self.options.shaping.given.skip_lines = true;
        self
    }

    /// The columns' names. The first record is data.
    pub fn header<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        self.replace_header(names).no_header(true)
    }

    /// The columns' names, instead of those in the first record.
    pub fn replace_header<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.shaping.names.given = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Whether the first record is data (`false`). Columns are then called `column_1`, `column_2`
    /// and so on.
    pub fn no_header(mut self, no_header: bool) -> Self {
        self.options.shaping.names.no_header = no_header;
        self
    }

    /// The encoding of files and standard input without a byte-order mark; by default UTF-8.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.options.shaping.encoding = Some(encoding);
        self
    }

    /// Reads only the members of zip archives that match one of these patterns: `*` is any
    /// characters, `/` too, and `?` is one. Each pattern must match a member in every archive.
    pub fn members<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.options.members = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// Stops after `n` records, over all inputs.
    pub fn limit(mut self, n: u64) -> Self {
        self.options.limit = Some(n);
        self
    }

    /// Converts only this range of the only input, a regular file that is neither unpacked nor
    /// decoded as it is read.
    pub fn range(mut self, range: Range) -> Self {
        self.options.range = Some(range);
        self
    }
}

/// For tests and benches.
#[doc(hidden)]
impl Builder {
    /// All that is asked of the columns.
    pub fn columns(mut self, columns: Columns) -> Self {
        self.options.shaping.columns = columns;
        self
    }

    /// How regular files are read.
    pub fn io(mut self, io: Io) -> Self {
        self.options.resources.io = io;
        self
    }

    /// The instruction set; by default the fastest.
    pub fn isa(mut self, isa: Isa) -> Self {
        self.options.resources.isa = Some(isa);
        self
    }
}

impl Builder {
    /// Checks the settings.
    ///
    /// # Errors
    /// A setting cannot be used, whatever the input holds.
    pub fn build(self) -> Result<Converter> {
        let options = self.options;
        if options.resources.memory < LEAST_MEMORY {
            let least = LEAST_MEMORY >> 20;
            return Err(Error::setting(format!("`memory`: at least {least}M is needed")));
        }
        #[cfg(all(feature = "cli", debug_assertions))]
        crate::sys::hold_memory(options.resources.memory);
        if options.shaping.max_record == Some(0) || options.resources.window == Some(0) {
            return Err(Error::setting("`max_record` and `window`: at least one byte is needed"));
        }
        if options.shaping.max_record.is_some_and(|most| u32::try_from(most).is_err()) {
            return Err(Error::setting("`max_record`: at most 4294967295 bytes"));
        }
        if options.strict && options.rejects.is_some() {
            return Err(Error::setting("`strict` and `rejects` exclude each other: the first ends the run"));
        }
        if options.strict && options.max_errors.is_some() {
            return Err(Error::setting(
                "`strict` and `max_errors` exclude each other: the first ends the run",
            ));
        }
        let Shaping { columns, dialect, delimiter, quote, .. } = &options.shaping;
        columns.check()?;
        options.shaping.check()?;
        if let Some(Delimiter::Sequence(sequence)) = delimiter
            && !sequence.fits()
        {
            return Err(Error::setting(format!("`delimiter` takes 1 to {} bytes", ByteSequence::MOST)));
        }
        let delimiters = delimiter.as_ref().map(Delimiter::each).unwrap_or_default();
        if let Some(collision) = dialect.collision(&delimiters, *quote) {
            return Err(Error::setting(collision));
        }
        if options.writing.resume.is_some() {
            check_transforms(&options)?;
        }
        if options.writing.limit_rate == Some(0) {
            return Err(Error::setting("`limit_rate`: at least one byte a second is needed"));
        }
        if options.writing.split.size == Some(0) || options.writing.split.records == Some(0) {
            return Err(Error::setting("`split_size`, `split_records`: a part of nothing holds no record"));
        }
        options.range.map_or(Ok(()), |range| options.check_range(range))?;
        let kernel = match options.resources.isa {
            None => Kernel::best(),
            Some(isa) => Kernel::new(isa).ok_or_else(|| {
                Error::setting(format!("this processor has no {} (ROWMILL_ISA)", isa.name()))
            })?,
        };
        Ok(Converter { options, kernel })
    }
}
