//! `rowmill head`: the first records as a table for people, with the type of each column in the
//! first MiB.
//!
//! A conversion writes into memory, and is stopped when there is enough: so any input is read as a
//! conversion reads it, and no further. Types are those of a schema of what was read.

use super::args::HeadArgs;
use super::confine::{Needs, confine};
use super::exit::on_a_line;
use super::figures::{grouped, of};
use super::job::{check_streams, inputs};
use super::say::say_lines;
use super::shaping_args::ShapingArgs;
use super::table::TextTable;
use super::words::with_flags;
use crate::convert::Resources;
use crate::error::{CANNOT_READ, Error, Result};
use crate::{Converter, Delimiter, Format, Input, Output, Trim, ValueType};
use std::io::{self, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// What is read if a record is not longer.
const ENOUGH: usize = 1 << 20;
/// What is read at the most, however many records are wanted.
const MOST: usize = 16 << 20;
/// How much is read at a time.
const WINDOW: usize = 64 << 10;
/// Stands for null in what the types are judged by. It is never in quotes there.
const NULL: &str = "\\N";

/// The table, and what is said beside it.
///
/// # Errors
/// The input cannot be read.
pub(super) fn head(args: &HeadArgs) -> Result<String> {
    let paths: Vec<PathBuf> = args.input.iter().cloned().collect();
    let opened = inputs(&paths)?;
    check_streams(&opened, true)?;
    let shaping = ShapingArgs::reading_alone(&args.reading, &args.top);
    let said = Arc::new(Mutex::new(Vec::new()));
    let (heard, quiet) = (Arc::clone(&said), args.quiet);
    let mut builder = Converter::builder().on_remark(move |remark| {
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(remark.to_owned());
        note(quiet, remark);
    });
    let options = &mut builder.options;
    options.shaping = shaping.shaping()?;
    let columns = &mut options.shaping.columns;
    // Rows of the same columns, those of all members of an archive.
    (columns.format, columns.fill) = (Format::Rows, true);
    columns.extra_key.clear();
    options.members.clone_from(&args.archives.member);
    let (threads, window) = (NonZero::new(1), Some(WINDOW));
    options.resources = Resources { threads, window, ..Resources::default() };
    let converter = builder.build()?;
    confine(&Needs {
        inputs: paths.into_iter().filter(|path| path.as_os_str() != "-").collect(),
        ..Needs::default()
    });
    let mut rows = Rows { text: Vec::new(), n_lines: 0, wanted: args.records };
    match converter.convert(opened, Output::writer("memory", &mut rows)) {
        Ok(summary) => {
            let said = said.lock().unwrap_or_else(PoisonError::into_inner);
            summary
                .remarks
                .iter()
                .filter(|remark| !said.contains(remark))
                .for_each(|remark| note(quiet, remark));
        }
        Err(error) if !rows.is_enough() => return Err(error),
        Err(_) => {
            let n = rows.n_records();
            let few = args.records.is_some_and(|wanted| wanted > n) || args.records.is_none() && n < SHOWN;
            let all = of(n as u64, "record", "records");
            note(
                quiet,
                &match few {
                    true => format!("shows the first {all} alone: they are long; -n N shows more"),
                    false => format!("types are those of the first {all}; rowmill schema judges all"),
                },
            );
        }
    }
    table(&rows, args.records.unwrap_or(SHOWN))
}

/// How many records are shown.
const SHOWN: usize = 10;

/// Says what the user should know.
fn note(quiet: bool, remark: &str) {
    if !quiet {
        say_lines(&format!("rowmill: note: {}\n", on_a_line(&with_flags(remark))));
    }
}

/// What a conversion wrote: a line of names, and a line for each record.
struct Rows {
    text: Vec<u8>,
    n_lines: usize,
    /// How many records are wanted, if that was said.
    wanted: Option<usize>,
}

impl Rows {
    fn n_records(&self) -> usize {
        self.n_lines.saturating_sub(1)
    }

    fn is_enough(&self) -> bool {
        let n = self.text.len();
        n >= MOST && self.n_records() > 0 || n >= ENOUGH && self.n_records() >= self.wanted.unwrap_or(1)
    }

    /// The values of each line; none where there is no text. What is behind the last newline is no
    /// whole record.
    fn values(&self) -> impl Iterator<Item = Result<Vec<Option<String>>>> {
        let lines = self.text.split_inclusive(|byte| *byte == b'\n').take(self.n_lines);
        lines.map(|line| {
            let values = serde_json::from_slice(line);
            values.map_err(|error| Error::io(CANNOT_READ, "the records", error.into()))
        })
    }
}

impl Write for Rows {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_enough() {
            return Err(io::Error::other("there is enough"));
        }
        self.text.extend_from_slice(bytes);
        self.n_lines += bytes.iter().filter(|byte| **byte == b'\n').count();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first of the rows as a table. Without a header there is nothing.
fn table(rows: &Rows, most: usize) -> Result<String> {
    let mut values = rows.values();
    let Some(names) = values.next().transpose()? else { return Ok(String::new()) };
    let names: Vec<String> = names.into_iter().map(Option::unwrap_or_default).collect();
    let schema = {
        let builder = Converter::builder().delimiter(Delimiter::Byte(b',')).trim(Trim::None).null([NULL]);
        let text = as_csv(&names, rows)?;
        builder.build()?.schema([Input::reader("records", &text[..])])?.0
    };
    let types = schema.columns.iter().map(|column| {
        let found = column.nulls.type_without.unwrap_or(column.value_type);
        let nulls = if column.nulls.type_without.is_some() { " or null" } else { "" };
        (found, format!("{}{nulls}", found.name()))
    });
    let (found, types): (Vec<_>, Vec<_>) = types.unzip();
    let is_number = |found: &ValueType| matches!(found, ValueType::Int | ValueType::Float);
    let mut table = TextTable::new(names, types, found.iter().map(is_number).collect());
    for row in values.take(most) {
        table.add(row?.into_iter().map(|value| value.unwrap_or_else(|| "null".to_owned())));
    }
    let (text, n_left_out) = table.text(width());
    Ok(match n_left_out {
        0 => text,
        n => format!("{text}and {} columns more\n", grouped(n as u64)),
    })
}

/// The rows as CSV, in which a null is no text.
fn as_csv(names: &[String], rows: &Rows) -> Result<Vec<u8>> {
    let mut text = Vec::with_capacity(rows.text.len() + rows.text.len() / 4);
    let quoted = |value: &str| format!("\"{}\"", value.replace('"', "\"\""));
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    text.extend_from_slice(names.join(",").as_bytes());
    for row in rows.values().skip(1) {
        text.push(b'\n');
        for (i, value) in row?.into_iter().enumerate() {
            text.extend_from_slice(if i > 0 { b"," } else { b"" });
            text.extend_from_slice(value.map_or_else(|| NULL.to_owned(), |value| quoted(&value)).as_bytes());
        }
    }
    Ok(text)
}

/// The columns of the terminal.
fn width() -> usize {
    let typed = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let own = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    typed.or_else(own).filter(|width| *width > 0).unwrap_or(100)
}
