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
use crate::plan::{
    Added, AddedValue, Columns, Condition, Empty, Format, HashKey, Mask, NameStyle, Nul, Transform, Type,
};
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

/// What becomes of columns and values. In a column's name `*` matches any characters. A name that
/// some inputs lack is passed over there, with a remark; one that all lack is an error.
impl Builder {
    /// Writes only records whose field in `column` is `text`, once its quotes and escapes are off;
    /// or is another, if `is` is false. Of several conditions all must hold. In an input without
    /// the column no field is `text`.
    pub fn filter(mut self, column: impl Into<String>, text: impl Into<String>, is: bool) -> Self {
        let condition = Condition { column: column.into(), text: text.into(), is };
        self.options.shaping.columns.filter.push(condition);
        self
    }

    /// Writes only these columns, in this order.
    pub fn select<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.shaping.columns.select = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How the names of the output are spelled, but for those that are given by [`Builder::rename`]
    /// and [`Builder::add`] ([`NameStyle::Same`]). Those that become the same get a number.
    pub fn names(mut self, style: NameStyle) -> Self {
        self.options.shaping.columns.names = style;
        self
    }

    /// A column that is not in the input, with the same value in each record. It stands behind the
    /// others, or where [`Builder::select`] names it.
    pub fn add(mut self, name: impl Into<String>, value: AddedValue) -> Self {
        self.options.shaping.columns.add.push(Added { name: name.into(), value });
        self
    }

    /// Leaves these columns out.
    pub fn drop<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.shaping.columns.drop.extend(names.into_iter().map(Into::into));
        self
    }

    /// Renames a column in the output. `*` has no meaning here.
    pub fn rename(mut self, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.options.shaping.columns.rename.push((old.into(), new.into()));
        self
    }

    /// Masks a column.
    pub fn mask(mut self, column: impl Into<String>, mask: Mask) -> Self {
        self.options.shaping.columns.mask.push((column.into(), mask));
        self
    }

    /// The key of [`Mask::Hash`].
    pub fn hash_key(mut self, key: HashKey) -> Self {
        self.options.shaping.columns.hash_key = Some(key);
        self
    }

    /// Replaces a column's values by what `function` returns. Mask, type and inference apply to the
    /// result.
    pub fn transform(
        mut self,
        column: impl Into<String>,
        function: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.options.shaping.columns.transform.push((column.into(), Transform::new(None, function)));
        self
    }

    /// As [`Builder::transform`], with a name for what the function does. A run with transforms can
    /// be resumed only if all have names. The same name must mean the same function.
    pub fn named_transform(
        mut self,
        column: impl Into<String>,
        name: impl Into<String>,
        function: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let transform = Transform::new(Some(name.into()), function);
        self.options.shaping.columns.transform.push((column.into(), transform));
        self
    }

    /// Makes an array of a column's fields, of which `separator` parts the elements. An empty field
    /// gives an empty array. Type and mask are of the elements.
    pub fn split(mut self, column: impl Into<String>, separator: impl Into<String>) -> Self {
        self.options.shaping.columns.split.push((column.into(), separator.into()));
        self
    }

    /// The type of a column. A value that does not fit is an anomaly, and stays a string.
    pub fn column_type(mut self, column: impl Into<String>, wanted: Type) -> Self {
        self.options.shaping.columns.types.push((column.into(), wanted));
        self
    }

    /// Whether an unquoted field that is exactly a number, `true`, `false` or `null` of JSON is
    /// written as it is (`false`).
    pub fn infer(mut self, infer: bool) -> Self {
        self.options.shaping.columns.infer = infer;
        self
    }

    /// Whether [`Builder::infer`] and [`Builder::null`] look at quoted fields too, at what is
    /// between the quotes (`false`).
    pub fn quoted_values(mut self, quoted_values: bool) -> Self {
        self.options.shaping.columns.quoted_values = quoted_values;
        self
    }

    /// Unquoted fields that are exactly one of these texts are null, in all columns.
    pub fn null<S: Into<String>>(self, texts: impl IntoIterator<Item = S>) -> Self {
        self.column_null("*", texts)
    }

    /// As [`Builder::null`] in one column, or in all that match if there is a `*` in it.
    pub fn column_null<S: Into<String>>(
        mut self,
        column: impl Into<String>,
        texts: impl IntoIterator<Item = S>,
    ) -> Self {
        let column = column.into();
        let texts = texts.into_iter().map(|text| (column.clone(), text.into()));
        self.options.shaping.columns.null.extend(texts);
        self
    }

    /// What empty fields give in all columns. Unless it is said, `""`, and null in those of a type
    /// other than string.
    pub fn empty(self, empty: Empty) -> Self {
        self.column_empty("*", empty)
    }

    /// As [`Builder::empty`] in one column, or in all that match if there is a `*` in it.
    pub fn column_empty(mut self, column: impl Into<String>, empty: Empty) -> Self {
        self.options.shaping.columns.empty.push((column.into(), empty));
        self
    }

    /// Whether numbers that are typed or inferred have a decimal comma (`false`).
    pub fn decimal_comma(mut self, decimal_comma: bool) -> Self {
        self.options.shaping.columns.decimal_comma = decimal_comma;
        self
    }

    /// What NUL characters in values become ([`Nul::Keep`]).
    pub fn nul(mut self, nul: Nul) -> Self {
        self.options.shaping.columns.nul = nul;
        self
    }

    /// Makes nested objects of names, split at `separator`: `a.b` and `a.c` give
    /// `"a":{"b":…,"c":…}`.
    pub fn nest(mut self, separator: impl Into<String>) -> Self {
        self.options.shaping.columns.nest = Some(separator.into());
        self
    }

    /// The key of the array for fields beyond the header (`_extra`); an empty one drops them.
    pub fn extra_key(mut self, key: impl Into<String>) -> Self {
        self.options.shaping.columns.extra_key = key.into();
        self
    }

    /// Whether what an input or a short record lacks is null (`false`). So all records have the
    /// same keys in the same order: those of the selection, or else of all inputs as they are
    /// first seen.
    pub fn fill(mut self, fill: bool) -> Self {
        self.options.shaping.columns.fill = fill;
        self
    }

    /// The format of records ([`Format::Jsonl`]).
    pub fn format(mut self, format: Format) -> Self {
        self.options.shaping.columns.format = format;
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
