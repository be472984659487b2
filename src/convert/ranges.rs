//! Ranges: where an input can be cut so that others convert its pieces, and the conversion of one piece.
//!
//! [`Converter::plan`] finds the cuts by one pass of the kind that `--check` makes, or, where every line is a record, by a look at each
//! place. The pass took 1.005 of the time that `--check` takes for 8 ranges of 611 MB, and 1.14 for 4096, which are shorter than a window
//! (medians of 25 pairs, 2 cores, 2026-11-23). Must not know how ranges are written down or who converts them. Next hand: what shapes records belongs into
//! [`Converter::surveyor`] as it is; what shapes values alone is left out there, for speed.

use super::budget::Budget;
use super::chain::State;
use super::identity::Identity;
use super::options::{Input, Options, Output};
use super::preamble::by_extension;
use super::summary::Summary;
use super::survey::{Cut, Survey, Targets};
use super::{Beginning, Converter, Delimiter, Stage, Task, framed, outputs};
use crate::dialect::{COMMON_DELIMITERS, Terminator};
use crate::error::{Error, ErrorKind, Result};
use crate::input::{Io, Source};
use crate::output::{Compress, Framing, Nowhere, Split};
use crate::parse::line_end;
use crate::plan::Columns;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The most ranges of a plan: three megabytes of notes.
const MOST_RANGES: u64 = 1 << 17;
/// Looked at for the end of a line.
const LOOK: usize = 4 << 10;

/// Bytes of an input from record to record, and what is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first byte: 0, or where a record starts.
    pub start: u64,
    /// The first byte behind: where a record ends, or the input does.
    pub end: u64,
    /// The number of its first record, from 1.
    pub first_record: Option<u64>,
    /// The line, from 1, on which it starts.
    pub first_line: Option<u64>,
    /// The records in it.
    pub records: Option<u64>,
}

/// How many ranges are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanBy {
    /// So many.
    Count(NonZero<usize>),
    /// As many as it takes for each to have about so many bytes at the most.
    Bytes(NonZero<u64>),
}

/// An input cut into ranges.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What the input was.
    pub input: Identity,
    /// What separates its fields.
    pub delimiter: u8,
    /// What the pass came to.
    pub summary: Summary,
    cuts: Vec<Cut>,
    end: Cut,
    /// There was a pass, so the numbers are known.
    counted: bool,
}

/// The edge of a range that a run ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// A range starts here: what is before it was read for that.
    Start,
    /// It ends here.
    End,
}

/// A range that is to be converted.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) range: Range,
    /// Records come before it.
    pub(super) follows: bool,
    /// What its end is.
    pub(super) edge: Edge,
    /// The input must still be this one.
    seen: Option<Identity>,
}

impl Range {
    /// The bytes from `start` to `end`, of which nothing else is known.
    pub fn new(start: u64, end: u64) -> Self {
        Self { start, end, ..Self::default() }
    }

    /// # Errors
    /// It can't be had with these options, or is none.
    pub(super) fn check(&self, options: &Options) -> Result<()> {
        let Self { start, end, .. } = *self;
        if start >= end && end > 0 {
            return Err(Error::setting(format!("--range {start}..{end}: START must lie before END")));
        }
        let with = if options.limit.is_some() {
            "--limit, which counts over the whole"
        } else if options.resume.is_some() {
            "--resume: a range is converted anew"
        } else if options.split.is_some() {
            "--split-size or --split-records: a range is a part already"
        } else {
            return Ok(());
        };
        Err(Error::setting(format!("--range can't be had with {with}")))
    }
}

impl Edge {
    /// What is wrong with a byte that is none.
    pub(super) fn wrong(self) -> &'static str {
        match self {
            Self::Start => "is no record's start",
            Self::End => "is no record's end",
        }
    }
}

impl Planned {
    /// Whether there was a pass, so that the ranges have numbers.
    pub fn is_counted(&self) -> bool {
        self.counted
    }

    /// The number of ranges.
    pub fn n_ranges(&self) -> usize {
        self.cuts.len() + 1
    }

    /// The ranges in order: they tile the input.
    pub fn ranges(&self) -> impl Iterator<Item = Range> {
        let starts = std::iter::once(Cut::default()).chain(self.cuts.iter().copied());
        let ends = self.cuts.iter().copied().chain([self.end]);
        starts.zip(ends).map(|(from, to)| Range {
            start: from.at,
            end: to.at,
            first_record: self.counted.then_some(from.records + 1),
            first_line: self.counted.then_some(from.lines + 1),
            records: self.counted.then_some(to.records - from.records),
        })
    }
}

impl Converter {
    /// Cuts an input, which is a regular file that is neither unpacked nor decoded as it is read, into ranges of nearly equal size, each from record to record; fewer where
    /// there are fewer records. The first range holds the header. Where every line is a record (no quotes, no escapes) nothing is
    /// read but a few kilobytes at each cut, and the ranges have no numbers.
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
    /// The input is of another kind, can't be read, or changes meanwhile; or a setting has no meaning for a plan.
    pub fn plan(&self, input: Input, how: PlanBy) -> Result<Planned> {
        let options = &self.options;
        let begun = Instant::now();
        let refused = [
            (options.limit.is_some(), "--limit"),
            (options.strict, "--strict"),
            (options.rejects.is_some(), "--rejects"),
            (options.resume.is_some(), "--resume"),
            (options.split.is_some(), "--split-size or --split-records"),
            (options.range.is_some(), "--range"),
        ];
        if let Some((_, with)) = refused.into_iter().find(|(refused, _)| *refused) {
            return Err(Error::setting(format!("--plan can't be had with {with}: it cuts the whole input")));
        }
        let Input::Path(path) = input else { return Err(by_name("--plan")) };
        let identity = Identity::of(&path)?;
        let size = identity.size;
        let n = match how {
            PlanBy::Count(n) => n.get() as u64,
            PlanBy::Bytes(bytes) => size.div_ceil(bytes.get()).max(1),
        };
        if n > MOST_RANGES {
            return Err(Error::setting(format!(
                "--plan: {n} ranges are wanted, and {MOST_RANGES} are the most; ask for fewer or larger ones"
            )));
        }
        let by_lines = self.by_lines(&path.display().to_string());
        let mut planned = Planned {
            input: identity,
            delimiter: b',',
            summary: Summary::default(),
            cuts: Vec::new(),
            end: Cut { at: size, ..Cut::default() },
            counted: !by_lines,
        };
        let targets = Targets::new(size, n);
        let surveyor = self.surveyor();
        // With all columns asked for, so that one that is not there is told now and not by each who converts a range.
        let looker = Converter {
            options: Options {
                check: true,
                io: if by_lines { Io::Read } else { options.io },
                ..options.clone()
            },
            kernel: self.kernel,
        };
        let nowhere = || Output::Sink(Box::new(Nowhere));
        let budget = looker.budget(&nowhere(), 0);
        let mut ready =
            looker.prepare(Input::Path(path.clone()), &looker.reading(&budget, 1), &budget, true, None)?;
        // Nothing is opened, but what the caller writes beside is told from the input.
        outputs::open(nowhere(), &looker.options, std::slice::from_ref(&ready), Framing::default())?;
        let Stage::Begun(opened, beginning) = &mut ready.state else { unreachable!("it was kept") };
        if size > 0 && !opened.source.until(size) {
            return Err(as_it_stands(&ready.name));
        }
        planned.delimiter = beginning.as_ref().map_or_else(
            || options.delimiter.unwrap_or_else(|| Delimiter::Byte(by_extension(&ready.name))).or_comma(),
            |beginning| beginning.preamble.dialect.delimiter,
        );
        let first = opened.source.input_at();
        if beginning.is_none() {
            // Of nothing but blank records all was read.
            planned.summary.inputs.push(ready.name);
        } else if by_lines {
            planned.cuts = cuts_by_lines(&mut *opened.source, options.dialect.terminator, targets, first)?;
            planned.summary.inputs.push(ready.name);
        } else {
            drop(ready);
            let mut survey = Survey::new(targets, first);
            let task = Task { survey: Some(&mut survey), ..Task::default() };
            planned.summary = surveyor.carry_out(vec![Input::Path(path.clone())], nowhere(), task)?;
            (planned.cuts, planned.end) = (survey.cuts, Cut { at: size, ..survey.end });
        }
        verify(&path, &planned.input)?;
        planned.summary.elapsed = begun.elapsed();
        Ok(planned)
    }

    /// What is to be known of a range before it is converted: the numbers of its start, which is proven to be a record's.
    pub(super) fn locate(&self, inputs: &[Input], range: Range) -> Result<Located> {
        let [Input::Path(path)] = inputs else { return Err(by_name("--range")) };
        let mut located = Located { range, follows: false, edge: Edge::End, seen: None };
        if range.start == 0 {
            return Ok(located);
        }
        if let (Some(first_record), Some(_)) = (range.first_record, range.first_line) {
            located.follows = first_record > 1;
            return Ok(located);
        }
        let by_lines = self.by_lines(&path.display().to_string());
        if by_lines && !framed(self.options.columns.format, "").separated {
            return Ok(located);
        }
        located.seen = Some(Identity::of(path)?);
        let mut surveyor = self.surveyor();
        // What is read before counts for nothing.
        surveyor.options.progress = Arc::default();
        // Whether there is a record at all is soon known.
        surveyor.options.limit = by_lines.then_some(1);
        let before =
            Located { range: Range::new(0, range.start), follows: false, edge: Edge::Start, seen: None };
        let mut survey = Survey::new(Targets::new(0, 1), 0);
        let task = Task { range: Some(before), survey: Some(&mut survey) };
        surveyor.carry_out(vec![Input::Path(path.clone())], Output::Sink(Box::new(Nowhere)), task)?;
        located.follows = survey.end.records > 0;
        if !by_lines {
            located.range.first_record = Some(survey.end.records + 1);
            located.range.first_line = Some(survey.end.lines + 1);
        }
        Ok(located)
    }

    /// Whether every line of the input of that name is a record, or none: what ends a line ends a record, whatever stands before.
    pub(super) fn by_lines(&self, name: &str) -> bool {
        let Options { dialect, delimiter, .. } = &self.options;
        let ends = |byte: &u8| dialect.terminator.is(*byte);
        let parts_lines = match delimiter {
            Some(Delimiter::Byte(byte)) => ends(byte),
            Some(Delimiter::Auto) => COMMON_DELIMITERS.iter().any(ends),
            None => ends(&by_extension(name)),
        };
        dialect.quote.is_none() && dialect.escape.is_none() && !parts_lines
    }

    /// One that reads the same records and judges nothing else.
    fn surveyor(&self) -> Self {
        let options = Options {
            columns: Columns::default(),
            check: true,
            strict: false,
            rejects: None,
            compress: Compress::Not,
            split: Split::default(),
            limit_rate: None,
            resume: None,
            range: None,
            limit: None,
            window: Budget::survey_window(self.options.window),
            ..self.options.clone()
        };
        Self { options, kernel: self.kernel }
    }
}

impl Delimiter {
    /// What is taken for an input that tells nothing.
    fn or_comma(self) -> u8 {
        match self {
            Self::Byte(byte) => byte,
            Self::Auto => b',',
        }
    }
}

impl Located {
    /// Whether it starts with the input, so that what stands before the records is its own.
    pub(super) fn is_first(&self) -> bool {
        self.range.start == 0
    }

    /// Where its conversion begins. Numbers that nobody knows count from there.
    pub(super) fn begun(&self) -> State {
        let Range { start, first_record, first_line, .. } = self.range;
        let before = |number: Option<u64>| number.map_or(0, |number| number.saturating_sub(1));
        State {
            lines: before(first_line),
            records: before(first_record),
            input_at: start,
            text_at: start,
            ..State::default()
        }
    }

    /// What stands around all records stands where all begin and end.
    pub(super) fn frame(&self, framing: &mut Framing, is_last: bool) {
        if !self.is_first() {
            framing.open = Box::default();
        }
        if !is_last {
            framing.close = Box::default();
        }
        framing.follows = self.follows;
    }

    /// Has `source`, which stands at the first record, end with the range, if its edges can be those of records; returns whether it is
    /// the input's last range.
    pub(super) fn bound(
        &self,
        path: &Path,
        source: &mut dyn Source,
        beginning: Option<&Beginning>,
        by_lines: bool,
    ) -> Result<bool> {
        let Range { start, end, .. } = self.range;
        let name = source.name().to_owned();
        if let Some(seen) = &self.seen {
            verify(path, seen)?;
        }
        let size = std::fs::metadata(path).map_or(0, |stat| stat.len());
        if (size, start, end) == (0, 0, 0) && beginning.is_none() && source.input_at() == 0 {
            return Ok(true);
        }
        let Some(size) = source.size().filter(|&size| source.until(size)) else {
            return Err(as_it_stands(&name));
        };
        let wrong = |at, wrong| Err(ErrorKind::BadRange { path: name.clone(), at, wrong }.into());
        if end > size {
            return wrong(end, "lies behind the end of the input");
        }
        let first = beginning.map_or(size, |_| source.input_at());
        for (at, edge) in [(start, Edge::Start), (end, self.edge)] {
            if at == 0 && edge == Edge::Start || at == size {
                continue;
            }
            if at < first {
                return wrong(at, edge.wrong());
            }
            if let Some(beginning) = beginning.filter(|_| at > first) {
                let terminator = beginning.preamble.dialect.terminator;
                source.seek(at - 1, at - 1)?;
                let around = source.peek(2)?;
                let parts_pair = terminator == Terminator::Any && around == b"\r\n";
                if parts_pair || by_lines && !terminator.is(around[0]) {
                    return wrong(at, edge.wrong());
                }
            }
        }
        source.seek(first, first)?;
        source.until(end);
        Ok(end == size)
    }
}

/// Where the lines start that are the first at or behind `targets` and behind `first`.
fn cuts_by_lines(
    source: &mut dyn Source,
    terminator: Terminator,
    targets: Targets,
    first: u64,
) -> Result<Vec<Cut>> {
    let mut cuts = Vec::new();
    let mut target = targets.behind(first);
    while let Some(from) = target {
        // The byte before may end a line, or be the first of two that do.
        let mut at = from - 1;
        source.seek(at, at)?;
        let found = loop {
            let look = source.peek(LOOK)?;
            let (n, whole) = (look.len(), look.len() < LOOK);
            match line_end(terminator, look) {
                // A CR at the very end may have its LF behind it.
                Some(end) if end == n && !whole && look.ends_with(b"\r") && n > 1 => at += n as u64 - 1,
                Some(end) => break Some(at + end as u64),
                None if whole => break None,
                None => at += n as u64,
            }
            source.seek(at, at)?;
        };
        let Some(at) = found.filter(|&at| targets.is_inside(at)) else { break };
        cuts.push(Cut { at, ..Cut::default() });
        target = targets.behind(at);
    }
    Ok(cuts)
}

/// # Errors
/// The file at `path` is not what it was.
fn verify(path: &Path, was: &Identity) -> Result<()> {
    if Identity::of(path)? == *was {
        return Ok(());
    }
    let (path, how) = (path.display().to_string(), "the file changed");
    Err(ErrorKind::InputChanged { path, at: 0, how }.into())
}

fn by_name(setting: &str) -> Error {
    Error::setting(format!("{setting} takes one input, a regular file by its name"))
}

fn as_it_stands(name: &str) -> Error {
    let reason = "ranges need a regular file in UTF-8 or an encoding of one byte a character; unpack or decode it first";
    ErrorKind::Unusable { path: name.to_owned(), reason }.into()
}
