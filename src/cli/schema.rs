//! `rowmill schema`: what the values of each column have in common, for people or for programs.
//!
//! This file does not know how a schema is made.

use super::args::{SchemaArgs, SchemaFormat};
use super::confine::Needs;
use super::exit::on_a_line;
use super::figures::{grouped, of};
use super::job::{check_streams, inputs, is_one_of, resources, stats};
use super::remarks::Remarks;
use super::shaping_args::ShapingArgs;
use super::table::line;
use crate::error::{CANNOT_READ, Error, ErrorKind, Result, shown};
use crate::{ColumnSchema, Converter, Input, Progress, Schema, Sighting, Summary, ValueType};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use unicode_width::UnicodeWidthStr;

/// A schema that is asked for.
pub(super) struct SchemaJob {
    converter: Converter,
    inputs: Vec<PathBuf>,
    merges: bool,
    format: SchemaFormat,
    pub(super) stats: Option<PathBuf>,
    pub(super) quiet: bool,
    pub(super) progress: Arc<Progress>,
    pub(super) failed: Arc<Mutex<Option<Box<Summary>>>>,
    pub(super) remarks: Remarks,
}

impl SchemaJob {
    /// The schema that was asked for.
    ///
    /// # Errors
    /// A value is not one of its argument.
    pub(super) fn new(args: &SchemaArgs) -> Result<Self> {
        let opened = inputs(&args.inputs)?;
        check_streams(&opened, true)?;
        let stats = stats(args.reporting.stats.as_deref(), true)?;
        let shaping = ShapingArgs::reading_alone(&args.reading, &args.top);
        let (remarks, mut builder) = Remarks::of_new();
        let (progress, failed) = (builder.progress(), builder.failed());
        let options = &mut builder.options;
        options.shaping = shaping.shaping()?;
        options.resources = resources(&args.resources)?;
        options.limit = args.limit;
        options.range = args.range;
        options.members.clone_from(&args.archives.member);
        options.own.beside = stats.iter().cloned().collect();
        Ok(Self {
            converter: builder.build()?,
            inputs: args.inputs.clone(),
            merges: args.merge,
            format: args.format,
            stats,
            quiet: args.reporting.quiet,
            progress,
            failed,
            remarks,
        })
    }

    /// What it opens.
    pub(super) fn needs(&self) -> Needs {
        let inputs = self.inputs.iter().filter(|path| path.as_os_str() != "-").cloned().collect();
        Needs { inputs, outputs: self.stats.iter().cloned().collect(), ..Needs::default() }
    }

    /// Whether the file of `--stats` is no input.
    pub(super) fn stats_are_apart(&self) -> bool {
        self.stats.as_deref().is_some_and(|stats| !is_one_of(stats, &self.inputs))
    }

    /// Makes the schema, or merges those that were made. Returns it as it is printed, and the
    /// summary of the pass if there was one.
    ///
    /// # Errors
    /// An input cannot be read, or is no schema.
    pub(super) fn run(&self) -> Result<(String, Option<Summary>)> {
        let (schema, summary) = if self.merges {
            (self.merged()?, None)
        } else {
            let (schema, summary) = self.converter.schema(inputs(&self.inputs)?)?;
            (schema, Some(summary))
        };
        let text = match self.format {
            SchemaFormat::Table => table(&schema),
            SchemaFormat::Json => {
                let text = serde_json::to_string_pretty(&schema);
                text.map_err(|error| Error::io(CANNOT_READ, "the schema", error.into()))? + "\n"
            }
            SchemaFormat::JsonSchema => schema.to_json_schema(),
        };
        Ok((text, summary))
    }

    /// The schemas in the inputs, as one.
    fn merged(&self) -> Result<Schema> {
        let mut all: Option<Schema> = None;
        for input in inputs(&self.inputs)? {
            let (name, text) = match input {
                Input::Path(path) => (path.display().to_string(), std::fs::read(path)),
                _ => ("stdin".to_owned(), read_stdin()),
            };
            let text = text.map_err(|error| Error::io(CANNOT_READ, name.clone(), error))?;
            let next: Schema = serde_json::from_slice(&text).map_err(|_| ErrorKind::Unusable {
                path: name,
                reason: "is no schema; make one with rowmill schema --format json",
            })?;
            match &mut all {
                Some(all) => all.merge(next)?,
                None => all = Some(next),
            }
        }
        all.ok_or_else(|| Error::setting("--merge: name the schemas"))
    }
}

fn read_stdin() -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin(), &mut text)?;
    Ok(text)
}

/// The schema for people: a table, and below it what is to be said of single columns.
fn table(schema: &Schema) -> String {
    let mut text = if schema.limit.is_some() { "the first " } else { "" }.to_owned();
    let inputs = match &schema.inputs[..] {
        [only] => on_a_line(only),
        all => of(all.len() as u64, "input", "inputs"),
    };
    let (records, columns) =
        (of(schema.records, "record", "records"), of(schema.columns.len() as u64, "column", "columns"));
    let _ = writeln!(text, "{records} of {inputs}, {columns}\n");
    let heads = ["column", "type", "empty", "nulls", "longest", "smallest", "largest"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(heads).chain(schema.columns.iter().map(row)).collect();
    let width = |i: usize| rows.iter().map(|row| row[i].width()).max().unwrap_or(0);
    let places: [(usize, bool); 7] = std::array::from_fn(|i| (width(i), (2..5).contains(&i)));
    for row in rows {
        text += &line(row.into_iter().zip(places));
    }
    let notes: Vec<String> = schema.columns.iter().flat_map(|column| notes(schema, column)).collect();
    if !notes.is_empty() {
        let _ = writeln!(text, "\n{}", notes.join("\n"));
    }
    text
}

fn row(column: &ColumnSchema) -> [String; 7] {
    let is_number = [column.value_type, column.nulls.type_without.unwrap_or(ValueType::String)]
        .iter()
        .any(|value_type| matches!(value_type, ValueType::Int | ValueType::Float));
    let numbers = column.numbers.as_ref().filter(|_| is_number && !column.is_empty());
    let text = |number: Option<&String>| number.map(|number| cut(number)).unwrap_or_default();
    [
        shown(&column.name),
        column.value_type.name().to_owned(),
        grouped(column.empty),
        grouped(column.nulls.count + column.nulls.given),
        grouped(column.longest),
        text(numbers.and_then(|numbers| numbers.smallest.as_ref())),
        text(numbers.and_then(|numbers| numbers.largest.as_ref())),
    ]
}

/// A number that fits a table.
fn cut(number: &str) -> String {
    const MOST: usize = 24;
    if number.len() <= MOST { number.to_owned() } else { format!("{}…", &number[..MOST]) }
}

/// What is to be said of a column, a line each.
fn notes(schema: &Schema, column: &ColumnSchema) -> Vec<String> {
    let name = shown(&column.name);
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(format!("{name}: {text}"));
    let place = |seen: &Sighting| place(schema, seen);
    if column.is_empty() {
        note("has no value but empty ones and nulls".to_owned());
    }
    if let (Some(without), Some(first)) = (column.nulls.type_without, &column.nulls.first) {
        let n = of(column.nulls.count, "null", "nulls");
        note(format!("would be {} but for {n}, the first {}", without.name(), place(first)));
    }
    if let Some((narrower, kept)) = column.would_be() {
        let before = match kept.values_before {
            1 => "1 value before it is".to_owned(),
            n => format!("{} values before it are", grouped(n)),
        };
        note(format!("would be {} but for {}; {before}", narrower.name(), place(&kept.first)));
    }
    if let Some(numbers) = &column.numbers {
        if let Some(first) = &numbers.first_leading_zeros {
            let n = of(numbers.leading_zeros, "value has", "values have");
            note(format!("{n} leading zeros, the first {}", place(first)));
        }
        if numbers.beyond_2_53 > 0 {
            let (n, wide) = (of(numbers.beyond_2_53, "value is", "values are"), grouped(numbers.beyond_2_63));
            note(format!("{n} beyond 2^53, which doubles do not hold, {wide} of them beyond 2^63"));
        }
        if numbers.not_compared > 0 {
            let n = of(numbers.not_compared, "number has", "numbers have");
            note(format!("{n} more than 63 bytes; smallest and largest are of the others"));
        }
    }
    if let Some(first) = &column.invalid.first {
        let all = schema.records.max(1);
        let share = column.invalid.count as f64 * 100.0 / all as f64;
        let n = of(column.invalid.count, "value has", "values have");
        note(format!("{n} invalid bytes ({share:.2} % of the records), the first {}", place(first)));
    }
    if column.missing > 0 {
        note(format!("{} before it", of(column.missing, "record ends", "records end")));
    }
    if let Some(kind) = column.looks_like() {
        note(format!("looks like {kind}"));
    }
    if !column.lacking.is_empty() {
        let names = column.lacking.iter().map(|at| input(schema, *at));
        note(format!("is not in {}", names.collect::<Vec<_>>().join(", ")));
    }
    for proposal in &column.proposals {
        note(format!("try {}", on_a_line(proposal)));
    }
    notes
}

/// A value and where it is.
fn place(schema: &Schema, seen: &Sighting) -> String {
    let file =
        if schema.inputs.len() > 1 { format!("{}, ", input(schema, seen.input)) } else { String::new() };
    let Sighting { value, line, record, byte, column, .. } = seen;
    let (line, record, byte) = (grouped(*line), grouped(*record), grouped(*byte));
    format!("'{}' on {file}line {line} (record {record}, byte {byte}, column {column})", on_a_line(value))
}

fn input(schema: &Schema, at: u64) -> String {
    let name = usize::try_from(at).ok().and_then(|at| schema.inputs.get(at));
    name.map_or_else(|| at.to_string(), |name| on_a_line(name))
}
