//! `--plan`: where an input can be cut, a line of JSON for each range; and how `--range` is typed.
//!
//! A line says all that its conversion needs but keys and outputs, so whoever gets it needs no other. Must not know how ranges are found.
//! Next hand: an argument that shapes the result belongs into [`shaping`]; what a key of a line means may not change without a new
//! [`VERSION`].

use super::args::Args;
use super::exit::say;
use super::job::Job;
use crate::convert::Summary;
use crate::error::{CANNOT_OPEN, CANNOT_WRITE, Error, ErrorKind, Result};
use crate::input::identity;
use crate::output::{Descriptor, FileSink, OutputFile, Sink, Writer};
use crate::{Input, PlanBy, Planned, Range};
use serde_json::{Value, json};
use std::fs::File;
use std::num::NonZero;
use std::os::fd::AsFd;
use std::path::Path;

/// The layout of a line; raised when a key changes its meaning or goes.
pub(super) const VERSION: u32 = 1;

/// Written at once.
const BUFFER: usize = 64 << 10;

/// A plan as it was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    by: PlanBy,
    /// What a line tells of the arguments, but for the delimiter, which the input may decide.
    shaping: Vec<String>,
}

/// Reads what is typed after `--range`.
pub(super) fn range(typed: &str) -> Result<Range, String> {
    let bytes =
        typed.split_once("..").and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
    let (start, end) =
        bytes.ok_or("ranges are typed as START..END, two numbers of bytes as --plan has them")?;
    Ok(Range::new(start, end))
}

/// The plan that is asked for, if one is.
///
/// # Errors
/// It can't be had with what else is asked for.
pub(super) fn asked(args: &Args) -> Result<Option<Asked>> {
    let bytes = args.plan_bytes.map(|bytes| NonZero::new(bytes as u64));
    let by = match (args.plan, bytes) {
        (None, None) => return Ok(None),
        (Some(n), _) => PlanBy::Count(n),
        (None, Some(Some(bytes))) => PlanBy::Bytes(bytes),
        (None, Some(None)) => return Err(Error::setting("--plan-bytes: a range of nothing holds no record")),
    };
    if args.compress.is_some() || args.limit_rate.is_some() {
        let message =
            "--plan can't be had with --compress or --limit-rate: whoever converts a range shapes the output";
        return Err(Error::setting(message));
    }
    Ok(Some(Asked { by, shaping: shaping(args) }))
}

/// The arguments that shape the result, as they would be typed, where they say anything but the default: dialect, columns, values.
fn shaping(args: &Args) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |flag: &str, value: &str| {
        // As one where it could be taken for another flag.
        if value.starts_with('-') {
            all.push(format!("{flag}={value}"));
        } else {
            all.extend([flag.to_owned(), value.to_owned()]);
        }
    };
    for (flag, value, default) in [
        ("--quote", &args.quote, "\""),
        ("--terminator", &args.terminator, "any"),
        ("--trim", &args.trim, "all"),
        ("--extra-key", &args.extra_key, "_extra"),
        ("--empty", &args.empty, "string"),
        ("--format", &args.format, "jsonl"),
    ] {
        if value != default {
            add(flag, value);
        }
    }
    for (flag, value) in [
        ("--encoding", &args.encoding),
        ("--escape", &args.escape),
        ("--comment", &args.comment),
        ("--header", &args.header),
    ] {
        if let Some(value) = value {
            add(flag, value);
        }
    }
    for (flag, values) in [
        ("--select", &args.select),
        ("--drop", &args.drop),
        ("--rename", &args.rename),
        ("--mask", &args.mask),
        ("--type", &args.types),
        ("--null", &args.null),
    ] {
        values.iter().for_each(|value| add(flag, value));
    }
    if args.skip_lines > 0 {
        add("--skip-lines", &args.skip_lines.to_string());
    }
    if let Some(n) = args.max_record {
        add("--max-record", &n.to_string());
    }
    for (flag, is_set) in [
        ("--no-double-quote", args.no_double_quote),
        ("--no-header", args.no_header),
        ("--infer", args.infer),
    ] {
        if is_set {
            all.push(flag.to_owned());
        }
    }
    all.extend(args.nest.as_ref().map(|separator| format!("--nest={separator}")));
    all
}

/// A byte as it can be typed.
fn typed(byte: u8) -> String {
    match byte {
        b'!'..=b'~' => (byte as char).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

/// Makes the plan of `inputs`, which are one, and writes it.
///
/// # Errors
/// The input can't be cut; or the plan can't be written.
pub(super) fn plan(job: &Job, mut inputs: Vec<Input<'static>>, asked: &Asked) -> Result<Planned> {
    let (Some(Input::Path(path)), None) = (inputs.pop(), inputs.pop()) else {
        return Err(Error::setting("--plan takes one input, a regular file by its name"));
    };
    let mut to = sink(job, &path)?;
    let planned = job.converter.plan(Input::path(&path), asked.by)?;
    let absolute = std::path::absolute(&path).map_err(|error| Error::io(CANNOT_OPEN, name(&path), error))?;
    let Some(absolute) = absolute.to_str() else {
        let reason = "its name is not UTF-8, so no plan can hold it; give it another, or a link";
        return Err(ErrorKind::Unusable { path: name(&path), reason }.into());
    };
    let input = planned.input.to_json(absolute);
    let mut options = vec!["--delimiter".to_owned(), typed(planned.delimiter)];
    options.extend_from_slice(&asked.shaping);
    let mut text = String::new();
    for (index, range) in planned.ranges().enumerate() {
        text.push_str(&line(&input, &options, index, planned.n_ranges(), &range));
        if text.len() >= BUFFER {
            to.write(text.as_bytes())?;
            text.clear();
        }
    }
    to.write(text.as_bytes())?;
    to.finish()?;
    Ok(planned)
}

/// Where the plan goes, which is not where it comes from.
fn sink(job: &Job, input: &Path) -> Result<Box<dyn Sink>> {
    if let Some(path) = &job.path {
        return Ok(Box::new(FileSink::new(name(path), OutputFile::create(path, job.file)?, 0)));
    }
    let cannot = |error| Error::io(CANNOT_WRITE, "stdout", error);
    let fd = std::io::stdout().as_fd().try_clone_to_owned().map_err(cannot)?;
    let is_file = std::fs::metadata(input).is_ok_and(|stat| stat.is_file());
    if is_file
        && identity(&fd).is_some_and(|own| File::open(input).is_ok_and(|file| identity(file) == Some(own)))
    {
        let output = "stdout".to_owned();
        return Err(ErrorKind::SameFile { output, input: name(input) }.into());
    }
    Ok(Box::new(Writer::new("stdout", Descriptor::new(File::from(fd)))))
}

/// A line of a plan. Written by hand, so that its keys stand in an order that people can read.
fn line(input: &Value, options: &[String], index: usize, count: usize, range: &Range) -> String {
    let Range { start, end, first_record, first_line, records } = *range;
    let version = env!("CARGO_PKG_VERSION");
    let [first_record, first_line, records] = [first_record, first_line, records].map(Value::from);
    format!(
        "{{\"version\":{VERSION},\"rowmill\":\"{version}\",\"index\":{index},\"count\":{count},\"input\":{input},\
         \"start\":{start},\"end\":{end},\"first_record\":{first_record},\"first_line\":{first_line},\
         \"records\":{records},\"options\":{}}}\n",
        json!(options),
    )
}

/// Tells what a plan came to.
pub(super) fn report(planned: &Planned, print: impl FnOnce(&Summary)) {
    let n = planned.n_ranges();
    if planned.is_counted() {
        print(&planned.summary);
        say(&format!("  {n} ranges\n"));
    } else {
        say(&format!("{n} ranges, found at the ends of lines without a pass (--quote none)\n"));
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn a_range_is_typed_as_two_numbers() {
        assert_eq!(range("0..15"), Ok(Range::new(0, 15)));
        for typed in ["", "..", "5", "5..", "..5", "a..b", "-1..5", "1...5", "1..5k"] {
            assert!(range(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn what_shapes_the_result_comes_back_as_it_was() {
        let given = [
            "rowmill",
            "--quote",
            "'",
            "--no-double-quote",
            "--encoding",
            "koi8-r",
            "--escape",
            "-",
            "--terminator",
            "\\n",
            "--comment=#",
            "--trim",
            "none",
            "--skip-lines",
            "2",
            "--header=-a,b",
            "--no-header",
            "--select=-a,b",
            "--select",
            "*",
            "--drop",
            "c",
            "--rename",
            "a=x",
            "--mask",
            "b:last4",
            "--nest=__",
            "--extra-key",
            "",
            "--infer",
            "--type",
            "a=int",
            "--null",
            "NULL",
            "--null",
            "",
            "--empty",
            "null",
            "--format",
            "json",
            "--max-record",
            "1M",
            "in.csv",
        ];
        let first = shaping(&Args::try_parse_from(given).unwrap());
        let again = std::iter::once("rowmill").chain(first.iter().map(String::as_str));
        let args = Args::try_parse_from(again).unwrap();
        assert_eq!(shaping(&args), first);
        assert_eq!((&*args.quote, &*args.terminator, &*args.trim), ("'", "\\n", "none"));
        assert_eq!(args.encoding.as_deref(), Some("koi8-r"));
        assert_eq!((args.escape.as_deref(), args.header.as_deref()), (Some("-"), Some("-a,b")));
        assert_eq!(
            (args.select, args.null),
            (vec!["-a,b".into(), "*".into()], vec!["NULL".into(), String::new()])
        );
        assert_eq!(
            (args.nest.as_deref(), &*args.extra_key, args.max_record),
            (Some("__"), "", Some(1 << 20))
        );
        assert!(args.no_double_quote && args.no_header && args.infer);
        assert!(
            shaping(&Args::try_parse_from(["rowmill", "in.csv", "-j", "4", "-o", "x"]).unwrap()).is_empty()
        );
    }

    #[test]
    fn every_byte_can_be_typed() {
        for byte in 0..=255 {
            assert_eq!(crate::dialect::byte("-d", &typed(byte)).unwrap(), byte);
        }
    }
}
