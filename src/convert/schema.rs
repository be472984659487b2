//! The schema of all inputs, by one pass over every record.

use super::conversion::Conversion;
use super::converter::Converter;
use super::options::{Input, Options, Output, Writing};
use super::plan_ranges;
use super::summary::Summary;
use super::survey::Survey;
use crate::error::{Error, Result};
use crate::output::{Compress, Nowhere};
use crate::plan::Columns;
use crate::schema::Schema;

impl Converter {
    /// Reads all inputs and says what the values of each column have in common. Every record is
    /// judged, unless there is a limit. The result does not depend on threads, windows or the kind
    /// of input.
    ///
    /// Of the settings those count that say how inputs are read, and which fields are null. Columns
    /// of several inputs are the same if their names are. The schemas of the ranges of an input
    /// merge to that of the whole.
    ///
    /// ```
    /// use rowmill::{Converter, Input, ValueType};
    ///
    /// let text = "id,qty\n1,2.50\n2,n/a\n";
    /// let converter = Converter::builder().build()?;
    /// let (schema, summary) = converter.schema([Input::reader("text", text.as_bytes())])?;
    /// assert_eq!((schema.columns[0].value_type, summary.records), (ValueType::Int, 2));
    /// let qty = &schema.columns[1];
    /// assert_eq!((qty.value_type, qty.nulls.type_without), (ValueType::String, Some(ValueType::Float)));
    /// assert_eq!(qty.proposals, ["--null qty=n/a"]);
    /// # Ok::<(), rowmill::Error>(())
    /// ```
    ///
    /// # Errors
    /// An input cannot be read, a setting has no meaning for a schema, or the columns are too many
    /// for the memory.
    pub fn schema<'i>(&self, inputs: impl IntoIterator<Item = Input<'i>>) -> Result<(Schema, Summary)> {
        refuse_for_schemas(&self.options)?;
        let options = survey_options(&self.options);
        let inputs: Vec<Input<'_>> = inputs.into_iter().collect();
        let locate = |range| plan_ranges::locate(&options, self.kernel, &inputs, range);
        let range = options.range.map(locate).transpose()?;
        let mut survey = Survey::new();
        let conversion = Conversion {
            options: &options,
            kernel: self.kernel,
            range,
            split_points: None,
            many: None,
            survey: Some(&mut survey),
        };
        let summary = conversion.run(inputs, Output::Sink(Box::new(Nowhere)))?;
        let limit = options.limit.filter(|limit| *limit <= summary.records);
        Ok((survey.finish(summary.records, limit), summary))
    }
}

/// Options that read the same records, and judge all their columns.
fn survey_options(options: &Options) -> Options {
    let Columns { null, quoted_values, .. } = options.shaping.columns.clone();
    let columns = Columns { null, quoted_values, ..Columns::default() };
    let writing = Writing { compress: Compress::Not, ..Writing::default() };
    let mut survey = Options { writing, check: true, ..options.clone() };
    survey.shaping.columns = columns;
    survey
}

fn refuse_for_schemas(options: &Options) -> Result<()> {
    let refused = [
        (options.rejects.is_some(), "`rejects`: records with an anomaly count too"),
        (options.writing.resume.is_some(), "`resume`: it is read anew"),
    ];
    match refused.into_iter().find(|(refused, _)| *refused) {
        Some((_, with)) => Err(Error::setting(format!("a schema cannot be combined with {with}"))),
        None => Ok(()),
    }
}
