//! `--infer=columns`: a pass that finds the type of each column, then the conversion with it.
//!
//! The first pass is a schema of all inputs, so the types depend on nothing but the records. A
//! value that does not fit its type was changed between the passes: an anomaly, as ever.

use super::converter::{Builder, Converter};
use super::options::{Input, OnRemark, Options, Output, Writing};
use super::plan_ranges::{self, PlanBy, Planned};
use super::summary::{Summary, typed};
use crate::error::{Error, Result};
use crate::output::Nowhere;
use crate::plan::Columns;
use crate::schema::ValueType;
use std::sync::Arc;
use std::time::Instant;

impl Builder {
    /// Whether each column gets the type that all its values have, over all inputs, as a schema
    /// has it ([`Converter::schema`]); others are strings (`false`). The inputs are read twice, so
    /// they are regular files. Columns with a type, mask, transform or separator keep that. The
    /// first records alone count if there is a limit, and no filter.
    ///
    /// ```
    /// use rowmill::{Converter, Input, Output};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let dump = folder.path().join("dump.csv");
    /// std::fs::write(&dump, "id,code\n1,007\n2,12\n")?;
    /// let mut result = Vec::new();
    /// let converter = Converter::builder().infer_columns(true).build()?;
    /// converter.convert([Input::path(&dump)], Output::writer("result", &mut result))?;
    /// assert_eq!(result, b"{\"id\":1,\"code\":\"007\"}\n{\"id\":2,\"code\":\"12\"}\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn infer_columns(mut self, infer: bool) -> Self {
        self.options.shaping.columns.infer_columns = infer;
        self
    }
}

impl Converter {
    /// [`Converter::convert`], once the types are found.
    pub(super) fn convert_inferred(&self, inputs: Vec<Input<'_>>, output: Output<'_>) -> Result<Summary> {
        let begun = Instant::now();
        let (types, typed) = self.types_of(&inputs)?;
        let summary = typed.convert(inputs, output)?;
        Ok(Summary { types, elapsed: begun.elapsed(), ..summary })
    }

    /// [`Converter::plan`], once the types are found.
    pub(super) fn plan_inferred(&self, input: Input<'_>, how: PlanBy) -> Result<Planned> {
        let begun = Instant::now();
        let inputs = [input];
        let (types, typed) = self.types_of(&inputs)?;
        let [input] = inputs;
        let mut planned = plan_ranges::plan(&typed.options, typed.kernel, input, how)?;
        (planned.summary.types, planned.summary.elapsed) = (types, begun.elapsed());
        Ok(planned)
    }

    /// The types that were found of columns of which nothing else is asked, and a converter that
    /// asks for them.
    fn types_of(&self, inputs: &[Input<'_>]) -> Result<(Vec<(String, ValueType)>, Self)> {
        let options = &self.options;
        if options.range.is_some() {
            return Err(Error::setting(
                "`range` cannot be combined with `infer_columns`, whose types are those of all records; \
                 `plan` carries them",
            ));
        }
        let columns = Columns { infer_columns: false, ..options.shaping.columns.clone() };
        let limit = options.limit.filter(|_| columns.filter.is_empty());
        let mut first = Options {
            limit: Some(0),
            check: true,
            strict: false,
            max_errors: None,
            rejects: None,
            writing: Writing::default(),
            progress: Arc::default(),
            failed: Arc::default(),
            on_remark: OnRemark::default(),
            ..options.clone()
        };
        first.shaping.columns = columns;
        let mut pass = Self { options: first, kernel: self.kernel };
        // What is wrong with the columns is said before the long pass, not behind it.
        pass.convert(read_twice(inputs)?, Output::Sink(Box::new(Nowhere)))?;
        pass.options.limit = limit;
        let (schema, _) = pass.schema(read_twice(inputs)?)?;
        let asks = |name: &str| pass.options.shaping.columns.ask_of(name);
        let found = schema.columns.into_iter().filter(|column| !asks(&column.name));
        let types: Vec<_> = found.map(|column| (column.name, column.value_type)).collect();
        let mut options = options.clone();
        options.shaping.columns.infer_columns = false;
        options.shaping.columns.found = typed(&types);
        Ok((types, Self { options, kernel: self.kernel }))
    }
}

/// The inputs, for a pass before the conversion.
///
/// # Errors
/// One cannot be read twice.
fn read_twice<'i>(inputs: &[Input<'_>]) -> Result<Vec<Input<'i>>> {
    let again = |input: &Input<'_>| {
        let name = match input {
            Input::Path(path) if !is_other(path) => return Ok(Input::Path(path.clone())),
            Input::Mapped(path) if !is_other(path) => return Ok(Input::Mapped(path.clone())),
            Input::Path(path) | Input::Mapped(path) => path.display().to_string(),
            _ => "stdin".to_owned(),
        };
        Err(Error::setting(format!(
            "{name}: `infer_columns` reads an input twice, so it must be a regular file; write it to one first, \
             or give the types (`column_type`)"
        )))
    };
    inputs.iter().map(again).collect()
}

/// Whether there is something other than a regular file. What is missing is reported as ever.
fn is_other(path: &std::path::Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| !file.is_file() && !file.is_dir())
}
