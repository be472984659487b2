//! Plans: the ranges into which an input can be cut, so that each can be converted by itself.
//!
//! The split points are found by one pass, as `--check` makes one, or by a look at each place if
//! every line is a record. The pass took 1.005 of the time of `--check` for 8 ranges of 611 MB, and
//! 1.14 for 4096, which are shorter than a window (medians of 25 pairs, 2 cores, 2026-11-23). This
//! file does not know how ranges are written down, nor what converts them.
//!
//! Advice for maintainers: an option that shapes records stays in [`record_options`]; one that
//! shapes only values is left out there, for speed.

use super::auto_dialect::AutoDialect;
use super::budget::{Budget, DEFAULT_MAX_RECORD};
use super::conversion::{Conversion, budget_of, framing_of};
use super::delimiter::Delimiter;
use super::fingerprint::Fingerprint;
use super::header_reader::Preface;
use super::located::{Located, not_as_stored, verify};
use super::options::{Input, Options, Output, Resources, Writing};
use super::outputs;
use super::prepared::{Beginning, Preparation, is_by_lines};
use super::range::{Edge, Range};
use super::record_reader::RecordReader;
use super::shaping::Shaping;
use super::split_points::{SplitPoint, SplitPoints, SplitTargets};
use super::summary::{Summary, typed};
use super::walk::{Walk, has_records_at};
use crate::dialect::Terminator;
use crate::error::{Error, Result};
use crate::input::{InputReader, Io};
use crate::kernel::Kernel;
use crate::output::{Compress, Framing, Nowhere};
use crate::parse::line_end;
use crate::plan::{AddedValue, Columns, Type};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The most ranges of a plan: three megabytes of split points.
const MOST_RANGES: u64 = 1 << 17;
/// The bytes that are looked at for the end of a line.
const LOOK: usize = 4 << 10;

/// How many ranges are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanBy {
    /// This many.
    Count(NonZero<usize>),
    /// As many as it takes, so that each has at most about this many bytes.
    Bytes(NonZero<u64>),
}

/// An input cut into ranges.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// The input's fingerprint.
    pub input: Fingerprint,
    /// The summary of the pass.
    pub summary: Summary,
    /// The delimiter and what was found with it, if there is a header.
    found: Option<(Delimiter, AutoDialect)>,
    points: Vec<SplitPoint>,
    end: SplitPoint,
    /// There was a pass, so the numbers are known.
    counted: bool,
}

impl Planned {
    /// Whether there was a pass, so that the ranges have numbers.
    pub fn is_counted(&self) -> bool {
        self.counted
    }

    /// Returns `shaping` with what was found in the input, and not given: what converts a range
    /// of it does not look again.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "the program alone writes plans"))]
    pub(crate) fn settled(&self, shaping: &Shaping) -> Shaping {
        let mut settled = shaping.clone();
        settled.columns.infer_columns = false;
        settled.columns.found = typed(&self.summary.types);
        if let Some((delimiter, found)) = self.found {
            found.set(delimiter, &mut settled);
        }
        // As it was typed: workers have it by another path.
        let path = self.summary.inputs.first();
        for value in settled.columns.add.iter_mut().map(|added| &mut added.value) {
            match (&value, path) {
                (AddedValue::File, Some(path)) => *value = AddedValue::Text(path.clone(), Type::String),
                (AddedValue::IdOfPlace(None), Some(path)) => {
                    *value = AddedValue::IdOfPlace(Some(path.clone()))
                }
                _ => {}
            }
        }
        settled
    }

    /// The number of ranges.
    pub fn n_ranges(&self) -> usize {
        self.points.len() + 1
    }

    /// The ranges in order: they tile the input.
    pub fn ranges(&self) -> impl Iterator<Item = Range> {
        let starts = std::iter::once(SplitPoint::default()).chain(self.points.iter().copied());
        let ends = self.points.iter().copied().chain([self.end]);
        starts.zip(ends).map(|(from, to)| Range {
            start: from.at,
            end: to.at,
            first_record: self.counted.then_some(from.records + 1),
            first_line: self.counted.then_some(from.lines + 1),
            records: self.counted.then_some(to.records - from.records),
        })
    }
}

/// Makes a plan of `input`.
///
/// # Errors
/// See [`Converter::plan`](super::Converter::plan).
pub(super) fn plan(options: &Options, kernel: Kernel, input: Input<'_>, how: PlanBy) -> Result<Planned> {
    let begun = Instant::now();
    refuse_for_plans(options)?;
    let Some(path) = input.as_path().map(Path::to_owned) else { return Err(by_name("`plan`")) };
    let input =
        |path: &Path| if matches!(input, Input::Mapped(_)) { Input::mapped(path) } else { Input::path(path) };
    let fingerprint = Fingerprint::of(&path)?;
    let size = fingerprint.size;
    let targets = SplitTargets::new(size, number_of_ranges(size, how)?);
    let by_lines = is_by_lines(options, &path.display().to_string());
    let mut planned = Planned {
        input: fingerprint,
        found: None,
        summary: Summary::default(),
        points: Vec::new(),
        end: SplitPoint { at: size, ..SplitPoint::default() },
        counted: !by_lines,
    };
    // With all columns asked for, so that a column that does not exist is reported now and not by
    // each worker.
    let io = if by_lines { Io::Read } else { options.resources.io };
    let resources = Resources { io, ..options.resources.clone() };
    let looking = Options { check: true, resources, ..options.clone() };
    let nowhere = || Output::Sink(Box::new(Nowhere));
    let mut preparation = Preparation::new(&looking, budget_of(&looking, &nowhere(), 0), 1, None);
    let mut ready = preparation.prepare(input(&path).into(), true, None)?;
    preparation.settle(std::slice::from_mut(&mut ready))?;
    // Nothing is opened, but the files that the caller writes must not be the input.
    outputs::open(nowhere(), &looking, std::slice::from_ref(&ready), Framing::default())?;
    let (mut opened, beginning) = preparation.open(&mut ready)?;
    if size > 0 && !opened.reader.end_at(size) {
        return Err(not_as_stored(&ready.name));
    }
    planned.found =
        beginning.as_deref().map(|Beginning { preface: Preface { dialect, found, .. }, .. }| {
            let byte = Delimiter::Byte(dialect.delimiter);
            (if dialect.whitespace { Delimiter::Whitespace } else { byte }, *found)
        });
    let first = opened.reader.input_at();
    if beginning.is_none() {
        // There are no records: all was read.
        planned.summary.inputs.push(ready.name);
    } else if by_lines {
        planned.points =
            points_by_lines(&mut *opened.reader, options.shaping.dialect.terminator, targets, first)?;
        if let Some(beginning) = beginning.filter(|_| options.shaping.skip_last > 0) {
            drop_last_points(&mut planned.points, &mut *opened.reader, kernel, *beginning, options)?;
        }
        planned.summary.inputs.push(ready.name);
    } else {
        drop((ready, opened, beginning));
        let mut points = SplitPoints::new(targets, first);
        let pass = record_options(options);
        let conversion = Conversion {
            options: &pass,
            kernel,
            range: None,
            split_points: Some(&mut points),
            many: None,
            survey: None,
        };
        planned.summary = conversion.run(vec![input(&path)], nowhere())?;
        (planned.points, planned.end) = (points.points, SplitPoint { at: size, ..points.end });
    }
    verify(&path, &planned.input)?;
    planned.summary.elapsed = begun.elapsed();
    Ok(planned)
}

/// Finds the numbers of the first record of a range, and proves that a record starts there.
pub(super) fn locate(
    options: &Options,
    kernel: Kernel,
    inputs: &[Input<'_>],
    range: Range,
) -> Result<Located> {
    let [input] = inputs else { return Err(by_name("`range`")) };
    let Some(path) = input.as_path() else { return Err(by_name("`range`")) };
    let mut located = Located { range, follows: false, is_behind_end: false, edge: Edge::End, seen: None };
    if range.start == 0 {
        return Ok(located);
    }
    if let (Some(first_record), Some(_)) = (range.first_record, range.first_line) {
        located.follows = first_record > 1;
        return Ok(located);
    }
    let by_lines = is_by_lines(options, &path.display().to_string());
    if by_lines && !framing_of(&options.shaping.columns, "").separated {
        return Ok(located);
    }
    located.seen = Some(Fingerprint::of(path)?);
    let pass = Options {
        // What is read before the range is not progress.
        progress: Arc::default(),
        // The first record answers whether there is one.
        limit: by_lines.then_some(1),
        ..record_options(options)
    };
    let (edge, seen) = (Edge::Start, None);
    let before =
        Located { range: Range::new(0, range.start), follows: false, is_behind_end: false, edge, seen };
    let mut points = SplitPoints::new(SplitTargets::new(0, 1), 0);
    let conversion = Conversion {
        options: &pass,
        kernel,
        range: Some(before),
        split_points: Some(&mut points),
        many: None,
        survey: None,
    };
    conversion.run(vec![Input::path(path)], Output::Sink(Box::new(Nowhere)))?;
    located.follows = points.end.records > 0;
    located.is_behind_end = points.marked_end;
    if !by_lines {
        located.range.first_record = Some(points.end.records + 1);
        located.range.first_line = Some(points.end.lines + 1);
    }
    Ok(located)
}

/// Options that read the same records and judge nothing else.
fn record_options(options: &Options) -> Options {
    let filter = options.shaping.columns.filter.clone();
    let columns = Columns { filter, ..Columns::default() };
    let shaping = Shaping { columns, ..options.shaping.clone() };
    let window = Budget::survey_window(options.resources.window);
    let resources = Resources { window, ..options.resources.clone() };
    let writing = Writing { compress: Compress::Not, ..Writing::default() };
    let progress = Arc::clone(&options.progress);
    let own = options.own.clone();
    Options { shaping, resources, writing, check: true, progress, own, ..Options::default() }
}

fn refuse_for_plans(options: &Options) -> Result<()> {
    let refused = [
        (options.limit.is_some(), "`limit`"),
        (options.strict, "`strict`"),
        (options.max_errors.is_some(), "`max_errors`"),
        (options.rejects.is_some(), "`rejects`"),
        (options.writing.resume.is_some(), "`resume`"),
        (options.writing.split.is_some(), "`split_size` or `split_records`"),
        (options.range.is_some(), "`range`"),
    ];
    match refused.into_iter().find(|(refused, _)| *refused) {
        Some((_, with)) => {
            Err(Error::setting(format!("a plan cannot be combined with {with}: it covers the whole input")))
        }
        None => Ok(()),
    }
}

fn number_of_ranges(size: u64, how: PlanBy) -> Result<u64> {
    let n = match how {
        PlanBy::Count(n) => n.get() as u64,
        PlanBy::Bytes(bytes) => size.div_ceil(bytes.get()).max(1),
    };
    if n > MOST_RANGES {
        return Err(Error::setting(format!(
            "{n} ranges are asked for, and {MOST_RANGES} are the most; ask for fewer or larger ones"
        )));
    }
    Ok(n)
}

/// Where the lines start that are the first at or behind `targets` and behind `first`.
fn points_by_lines(
    reader: &mut dyn InputReader,
    terminator: Terminator,
    targets: SplitTargets,
    first: u64,
) -> Result<Vec<SplitPoint>> {
    let mut points = Vec::new();
    let mut target = targets.behind(first);
    while let Some(from) = target {
        // The byte before may end a line, or be the first of two that do.
        let mut at = from - 1;
        reader.seek(at, at)?;
        let found = loop {
            let look = reader.peek(LOOK)?;
            let (n, whole) = (look.len(), look.len() < LOOK);
            match line_end(terminator, look) {
                // A CR at the very end may have its LF behind it.
                Some(end) if end == n && !whole && look.ends_with(b"\r") && n > 1 => at += n as u64 - 1,
                Some(end) => break Some(at + end as u64),
                None if whole => break None,
                None => at += n as u64,
            }
            reader.seek(at, at)?;
        };
        let Some(at) = found.filter(|&at| targets.is_inside(at)) else { break };
        points.push(SplitPoint { at, ..SplitPoint::default() });
        target = targets.behind(at);
    }
    Ok(points)
}

/// Drops the points behind which all records are dropped, and the last ones at that.
fn drop_last_points(
    points: &mut Vec<SplitPoint>,
    reader: &mut dyn InputReader,
    kernel: Kernel,
    Beginning { preface, plan }: Beginning,
    options: &Options,
) -> Result<()> {
    let records = RecordReader::new(kernel, preface.dialect, &plan, preface.repeated);
    let max_record = options.shaping.max_record.unwrap_or(DEFAULT_MAX_RECORD);
    let walk = Walk { reader: &records, max_record, rejects: false };
    let n_kept = options.shaping.skip_last + 1;
    while let Some(point) = points.last()
        && !has_records_at(reader, &walk, point.at, n_kept, max_record)?
    {
        points.pop();
    }
    Ok(())
}

fn by_name(setting: &str) -> Error {
    Error::setting(format!("{setting} takes one input, a regular file by its name"))
}
