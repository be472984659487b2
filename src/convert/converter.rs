//! The library's front: a builder, and the converter it makes.

use super::budget::LEAST_MEMORY;
use super::conversion::Conversion;
use super::delimiter::Delimiter;
use super::options::{Input, Options, Output};
use super::plan_ranges::{self, PlanBy, Planned};
use super::range::Range;
use super::summary::Summary;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::plan::{Format, Transform, Type};
use std::num::NonZero;

/// Converts delimited text to JSON Lines.
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
/// assert_eq!(std::fs::read_to_string(&result)?, "{\"name\":\"Ada\",\"email\":\"a***@example.org\"}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Converter {
    options: Options,
    kernel: Kernel,
}

impl Converter {
    /// Starts with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Converts `inputs`, one after another, each with its own header.
    ///
    /// All headers are read before the output is opened, so that a column that does not exist is reported before anything is written.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::error::ErrorKind). A file that has the output's name is unchanged.
    pub fn convert(&self, inputs: impl IntoIterator<Item = Input>, output: Output) -> Result<Summary> {
        let Self { options, kernel } = self;
        let inputs: Vec<Input> = inputs.into_iter().collect();
        let locate = |range| plan_ranges::locate(options, *kernel, &inputs, range);
        let range = options.range.map(locate).transpose()?;
        Conversion { options, kernel: *kernel, range, split_points: None }.run(inputs, output)
    }

    /// Cuts an input into ranges of nearly equal size, each from record to record. There are fewer ranges if there are fewer records.
    /// The first range includes the header.
    ///
    /// The input is a regular file that is neither unpacked nor decoded as it is read. If every line is a record (no quotes, no escapes),
    /// only a few kilobytes are read at each split point, and the ranges have no numbers.
    ///
    /// ```
    /// use rowmill::{Converter, Input, Output, PlanBy};
    /// use std::num::NonZero;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let dump = folder.path().join("dump.csv");
    /// std::fs::write(&dump, "id,text\n1,\"two\nlines\"\n2,one\n")?;
    /// let planned = Converter::builder().build()?.plan(Input::path(&dump), PlanBy::Count(NonZero::new(2).unwrap()))?;
    /// let ranges: Vec<_> = planned.ranges().collect();
    /// assert_eq!((ranges[1].start, ranges[1].first_record, ranges[1].first_line), (22, Some(2), Some(4)));
    ///
    /// // Here, or on another machine:
    /// let mut builder = Converter::builder();
    /// builder.options.range = Some(ranges[1]);
    /// let part = folder.path().join("part-1.jsonl");
    /// builder.build()?.convert([Input::path(&dump)], Output::path(&part))?;
    /// assert_eq!(std::fs::read_to_string(&part)?, "{\"id\":\"2\",\"text\":\"one\"}\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The input is of another kind, cannot be read, or changes meanwhile; or a setting has no meaning for a plan.
    pub fn plan(&self, input: Input, how: PlanBy) -> Result<Planned> {
        plan_ranges::plan(&self.options, self.kernel, input, how)
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
            return Err(Error::setting(format!("`memory`: at least {least}M is needed")));
        }
        if options.max_record == Some(0) || options.window == Some(0) {
            return Err(Error::setting("`max_record` and `window`: at least one byte is needed"));
        }
        if options.max_record.is_some_and(|most| u32::try_from(most).is_err()) {
            return Err(Error::setting("`max_record`: at most 4294967295 bytes"));
        }
        if options.strict && options.rejects.is_some() {
            return Err(Error::setting("`strict` and `rejects` exclude each other: the first ends the run"));
        }
        options.columns.check()?;
        if options.limit_rate == Some(0) {
            return Err(Error::setting("`limit_rate`: at least one byte a second is needed"));
        }
        if options.split.size == Some(0) || options.split.records == Some(0) {
            return Err(Error::setting("`split_size`, `split_records`: a part of nothing holds no record"));
        }
        options.range.map_or(Ok(()), |range| check_range(range, &options))?;
        let kernel = match options.isa {
            None => Kernel::best(),
            Some(isa) => Kernel::new(isa).ok_or_else(|| {
                Error::setting(format!("this processor has no {} (ROWMILL_ISA)", isa.name()))
            })?,
        };
        Ok(Converter { options, kernel })
    }
}

/// # Errors
/// The range is empty, or cannot be combined with another option.
fn check_range(range: Range, options: &Options) -> Result<()> {
    let Range { start, end, .. } = range;
    if start >= end && end > 0 {
        return Err(Error::setting(format!("`range` {start}..{end}: START must lie before END")));
    }
    let with = if options.limit.is_some() {
        "`limit`, which counts over the whole"
    } else if options.resume.is_some() {
        "`resume`: a range is converted anew"
    } else if options.split.is_some() {
        "`split_size` or `split_records`: a range is a part already"
    } else {
        return Ok(());
    };
    Err(Error::setting(format!("`range` cannot be combined with {with}")))
}
