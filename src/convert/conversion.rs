//! A conversion: the inputs in order, one run for each, to one output.

use super::budget::{Beside, Budget, Sizes, size_of_names};
use super::checkpoint::Checkpoints;
use super::committed::Committed;
use super::located::Located;
use super::max_errors;
use super::mode::{Mode, OnAnomaly};
use super::options::{Input, Options, Output};
use super::outputs::{self, Outputs};
use super::pool::Pool;
use super::prepared::{Beginning, Preparation, Prepared};
use super::record_reader::RecordReader;
use super::remarks::{self, Facts};
use super::run::{Amount, DataEnd, Meter, Passed, Run, SkipLast, WindowSize};
use super::sequencer::Sequencer;
use super::single_input::singles;
use super::split_points::SplitPoints;
use super::state::State;
use super::summary::{Resumed, Summary};
use super::survey::{Survey, Tallies};
use super::threads::Mutex;
use super::walk::Walk;
use super::windows::Windows;
use super::worker::finish;
use crate::error::{Error, ErrorKind, Result};
use crate::input::InputReader;
use crate::kernel::Kernel;
use crate::output::Framing;
use crate::parse::Cutter;
use crate::plan::{Columns, Plan, Together, Type};
use std::num::NonZero;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What is to be converted, and how.
pub(super) struct Conversion<'c> {
    pub(super) options: &'c Options,
    pub(super) kernel: Kernel,
    /// The range of the only input, if not all of it is converted.
    pub(super) range: Option<Located>,
    /// Records where records start near given places, if that is wanted.
    pub(super) split_points: Option<&'c mut SplitPoints>,
    /// The others, if it is one of many.
    pub(super) many: Option<OneOfMany<'c>>,
    /// The schema, if one is made.
    pub(super) survey: Option<&'c mut Survey>,
}

/// What one of many conversions must know of the others.
#[derive(Clone, Copy)]
pub(super) struct OneOfMany<'c> {
    /// What all inputs have together.
    pub(super) together: &'c Together<'c>,
    /// What was done before.
    pub(super) before: Amount,
}

impl Conversion<'_> {
    /// Converts all inputs.
    ///
    /// # Errors
    /// See [`crate::error::ErrorKind`].
    pub(super) fn run(self, inputs: Vec<Input<'_>>, output: Output<'_>) -> Result<Summary> {
        let begun = Instant::now();
        let Self { options, kernel, range, split_points, many, survey } = self;
        let inputs = singles(inputs, options)?;
        let names = size_of_names(inputs.len(), inputs.iter().map(|input| input.name().len()).sum());
        if names > options.resources.memory / 2 {
            let n = inputs.len();
            return Err(Error::setting(format!("the names of {n} inputs need more of `memory`; raise it")));
        }
        let noted = names + split_points.as_ref().map_or(0, |points| points.memory());
        let mut budget = budget_of(options, &output, noted);
        if survey.is_some() {
            budget.look_at_all(options.shaping.encoding.is_some());
        }
        let together = many.map(|many| many.together);
        let mut preparation = Preparation::new(options, budget, inputs.len(), together);
        let keep = inputs.len() == 1;
        let mut prepared = inputs
            .into_iter()
            .map(|input| preparation.prepare(input, keep, range.as_ref()))
            .collect::<Result<Vec<_>>>()?;
        let mut remarks = preparation.settle(&mut prepared)?;
        let in_files: Option<u64> = prepared.iter().map(|ready| ready.file_size).sum();
        if many.is_none() {
            options.progress.total.store(in_files.unwrap_or(0), Ordering::Relaxed);
        }
        let total: Option<u64> = prepared.iter().map(|ready| ready.size).sum();
        let budget = &mut preparation.budget;
        // Asking how many cores there are takes a twentieth of the time of a small file.
        if total.is_none_or(|total| total > budget.one_window()) {
            let threads = options.resources.threads.or_else(|| std::thread::available_parallelism().ok());
            budget.threads = threads.map_or(1, NonZero::get);
        }
        budget.beside = Beside::of_all(prepared.iter().map(|ready| ready.beside));
        let mut framing = framing(options, &prepared)?;
        if let Some(located) = &range {
            located.frame(&mut framing, prepared.iter().all(|ready| ready.is_last));
        }
        let outputs = outputs::open(output, options, &prepared, framing)?;
        remarks.extend(outputs.remarks.iter().cloned());
        let summary = Summary { isa: kernel.isa().name(), remarks, ..Summary::default() };
        let pool = Pool::default();
        let amounts = [many.map_or_else(Amount::default, |many| many.before), Amount::default()];
        let n_before = amounts[0].anomalies;
        let mut inputs = Inputs {
            preparation,
            kernel,
            range,
            split_points,
            survey,
            pool,
            outputs,
            amounts,
            n_before,
            summary,
        };
        let converted = prepared.into_iter().try_for_each(|ready| inputs.convert(ready));
        let Inputs { mut outputs, mut summary, .. } = inputs;
        let judged = converted.and_then(|()| options.max_errors.map_or(Ok(()), |most| most.judge(&summary)));
        let finished = judged.and_then(|()| outputs.finish());
        summary.times = options.progress.times();
        summary.elapsed = begun.elapsed();
        match finished {
            Ok(reached) => {
                (summary.bytes_out, summary.parts) =
                    (reached.bytes, reached.parts.map(|parts| parts.n_whole));
                Ok(summary)
            }
            Err(error) => {
                *options.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(summary));
                Err(error)
            }
        }
    }
}

/// The inputs of a conversion, one after another.
struct Inputs<'c, 'o> {
    preparation: Preparation<'c>,
    kernel: Kernel,
    range: Option<Located>,
    split_points: Option<&'c mut SplitPoints>,
    survey: Option<&'c mut Survey>,
    pool: Pool,
    outputs: Outputs<'o>,
    /// What was done, by this run and the earlier ones, and by those alone.
    amounts: [Amount; 2],
    /// The anomalies of inputs that the summary does not have.
    n_before: u64,
    summary: Summary,
}

impl Inputs<'_, '_> {
    /// Converts one input.
    fn convert(&mut self, mut ready: Prepared<'_>) -> Result<()> {
        let (mut opened, beginning) = self.preparation.open(&mut ready)?;
        let reader = &mut *opened.reader;
        self.summary.inputs.push(ready.name.clone());
        if let Some(survey) = &mut self.survey {
            survey.next(&ready.name);
        }
        let earlier = self.outputs.checkpoints.as_mut().and_then(Checkpoints::earlier);
        let options = self.preparation.options;
        let Some(beginning) = beginning else {
            self.summary.bytes_in += reader.input_at();
            if reader.input_at() > 0 {
                self.summary.remarks.extend(remarks::nothing_left(&ready.name, options));
            }
            if let Some(checkpoints) = &mut self.outputs.checkpoints {
                let (input_at, text_at) = (reader.input_at(), reader.text_at());
                checkpoints.done(State { input_at, text_at, ..State::default() });
            }
            return Ok(());
        };
        let sizes = self.sizes(&beginning.plan, ready.size)?;
        self.add_preface(&ready.name, &beginning);
        let facts = Facts::of(&beginning.plan, beginning.preface.dropped.blank);
        let (begun, passed) = match &earlier {
            Some((earlier, was_done)) => {
                if !was_done {
                    reader.seek(earlier.text_at, earlier.input_at)?;
                }
                let at = reader.shared().compressed_at();
                self.skip(earlier, if *was_done { ready.file_size } else { at });
                (earlier.clone(), Passed::default())
            }
            None => self.begin(reader, beginning.preface.lines)?,
        };
        let done = match earlier {
            Some((earlier, true)) => earlier,
            _ => self.records(&ready, reader, *beginning, sizes, (begun, passed))?,
        };
        self.add(&done, passed);
        let [all, by_earlier] = &mut self.amounts;
        let anomalies = self.n_before + self.summary.n_anomalies();
        *all = Amount { anomalies, ..all.plus(Amount::of(&done, passed, ready.file_size)) };
        all.less(*by_earlier).show(&options.progress);
        if done.marked_end {
            self.summary.remarks.push(remarks::marked_end(&ready.name, done.lines));
        }
        if self.range.is_none() {
            self.summary.remarks.extend(facts.remarks(&ready.name, options, &done));
        }
        if let Some(checkpoints) = &mut self.outputs.checkpoints {
            checkpoints.done(done);
        }
        Ok(())
    }

    /// Counts what an earlier run did of an input, up to byte `file_bytes` of its file.
    fn skip(&mut self, earlier: &State, file_bytes: Option<u64>) {
        let done = Amount::of(earlier, Passed::default(), file_bytes);
        let [_, by_earlier] = &mut self.amounts;
        *by_earlier = by_earlier.plus(done);
        let Amount { records, bytes_in, bytes_out, .. } = *by_earlier;
        self.summary.resumed = Some(Resumed { records, bytes_in, bytes_out });
        let total = &self.preparation.options.progress.total;
        let left = total.load(Ordering::Relaxed).saturating_sub(done.file_bytes);
        total.store(left, Ordering::Relaxed);
    }

    /// Returns the sizes for an input with this plan, of `size` bytes if that is known.
    fn sizes(&mut self, plan: &Plan, size: Option<u64>) -> Result<Sizes> {
        let budget = &mut self.preparation.budget;
        if let Some(survey) = &self.survey {
            budget.tallies = Tallies::size_for(plan);
            budget.survey = survey.size_with(plan.header());
        }
        let mut sizes = budget.sizes(plan.size(), plan.n_fields())?;
        if let Some(size) = size {
            // More workers than windows would only be started and ended.
            let windows = size.div_ceil(sizes.window as u64);
            sizes.threads = sizes.threads.min(usize::try_from(windows).unwrap_or(usize::MAX)).max(1);
            // A small file does not touch a large index.
            let whole = usize::try_from(size.next_multiple_of(64)).unwrap_or(usize::MAX);
            sizes.strip = sizes.strip.min(whole.max(64));
        }
        if sizes.threads > 1 {
            sizes.threads = self.pool.threads(sizes.threads);
        }
        self.summary.memory = self.preparation.options.resources.memory;
        self.summary.threads = self.summary.threads.max(sizes.threads);
        self.summary.window = self.summary.window.max(sizes.window);
        Ok(sizes)
    }

    /// Adds what was found before the first record to the summary. A range that does not start with
    /// the input adds nothing.
    fn add_preface(&mut self, name: &str, Beginning { preface, plan }: &Beginning) {
        let (options, summary) = (self.preparation.options, &mut self.summary);
        summary.remarks.extend(preface.remarks.iter().cloned());
        if self.range.as_ref().is_some_and(|located| !located.is_first()) {
            return;
        }
        // Nothing is counted behind the last record that is wanted. But what is before a header is
        // before the first record.
        let ended = options.limit == Some(summary.records);
        if !ended || summary.inputs.len() == 1 && !options.shaping.names.no_header {
            summary.blank_records += preface.dropped.blank;
            summary.empty_records += preface.dropped.empty;
        }
        summary.n_header_repairs += preface.n_repairs;
        let repairs = plan.header().repairs().iter().cloned();
        summary.header_repairs.extend(repairs.map(|repair| (name.to_owned(), repair)));
        for (anomaly, count) in &preface.anomalies {
            summary.note(*anomaly, count.clone());
        }
    }

    /// Returns the state in which an input's conversion begins: at its first record, behind `lines`
    /// lines, or at its range.
    fn begin(&self, reader: &mut dyn InputReader, lines: u64) -> Result<(State, Passed)> {
        if let Some(located) = self.range.as_ref().filter(|located| !located.is_first()) {
            let state = located.begun();
            reader.seek(state.text_at, state.input_at)?;
            let passed = Passed { bytes: state.input_at, records: state.records };
            return Ok((state, passed));
        }
        let (input_at, text_at) = (reader.input_at(), reader.text_at());
        Ok((State { lines, input_at, text_at, ..State::default() }, Passed::default()))
    }

    /// Converts the records of an input.
    fn records(
        &mut self,
        ready: &Prepared<'_>,
        reader: &mut dyn InputReader,
        Beginning { preface, plan }: Beginning,
        sizes: Sizes,
        (begun, passed): (State, Passed),
    ) -> Result<State> {
        let Self { preparation: Preparation { options, .. }, summary, outputs, amounts, .. } = self;
        let input = reader.shared();
        let records = RecordReader::new(self.kernel, preface.dialect, &plan, preface.repeated);
        // The rejects of all ranges join to those of the whole.
        let is_first = self.range.as_ref().is_none_or(Located::is_first);
        if let Some(rejects) = &mut outputs.rejects {
            rejects.begin(&records.dialect, is_first.then_some(preface.raw));
        }
        let n_last = Some(options.shaping.skip_last).filter(|n| *n > 0 && ready.is_last);
        let skip_last = n_last.map(|n| SkipLast { n, may_be_all: is_first });
        let located = self.range.as_ref().filter(|_| !ready.is_last);
        located.map_or(Ok(()), |located| check_last(located, reader, &records, options, &sizes))?;
        let known = self.survey.as_mut().map(|survey| survey.begin(plan.header()));
        let done_before = summary.records;
        let layout = outputs.writer.layout();
        let max_errors = max_errors::left(options.max_errors, summary, preface.anomalies.first())?;
        let committed = Committed {
            file: &ready.name,
            plan: &plan,
            output: &mut outputs.writer,
            rejects: outputs.rejects.as_mut(),
            checkpoints: outputs.checkpoints.as_mut(),
            split_points: self.split_points.as_deref_mut(),
            survey: self.survey.as_deref_mut(),
            carry: Vec::new(),
            long_value: Vec::new(),
            machine: records.machine(),
            skipping: None,
            max_errors,
            done: options.limit == Some(done_before + begun.records),
            state: begun,
        };
        let [all, by_earlier] = *amounts;
        let before = Amount { anomalies: self.n_before + summary.n_anomalies(), ..all };
        let (limit, edge) = (options.limit.map(|limit| limit - done_before), located.map(|at| at.edge));
        let hold = if skip_last.is_some() { sizes.hold } else { 0 };
        let cutter = Cutter::new(&records.dialect, records.trim, sizes.reach);
        let targets = committed.split_points.as_ref().map(|points| points.targets);
        let run = Run {
            plan: &plan,
            mode: Mode::new(&records, &plan, &sizes, options.check, known.is_some()),
            on_anomaly: OnAnomaly::new(options.strict, options.rejects.is_some()),
            output: layout,
            input: reader.shared(),
            windows: Mutex::new(Windows::new(reader, cutter, targets, hold)),
            sequencer: Sequencer::new(sizes.threads, committed),
            window_size: WindowSize::new(sizes.window, options.resources.window.is_some()),
            meter: Meter { progress: &options.progress, before, earlier: by_earlier, passed },
            end: DataEnd { limit, edge, skip_last },
            known,
            error: Mutex::new(None),
            reader: records,
            sizes,
        };
        let ended = {
            #[cfg(all(feature = "cli", debug_assertions))]
            let _held = crate::sys::hold_run(options.resources.memory, sizes.allocated);
            self.pool.work(&run, sizes.threads);
            finish(&run)
        };
        let handed_out = run.windows.into_inner().unwrap_or_else(PoisonError::into_inner).text_at();
        let Committed { state: done, done: before_the_end, split_points, .. } = run.sequencer.into_inner();
        let expected = if before_the_end { done.text_at } else { handed_out };
        if let Err(error) = ended.and(same_count(&ready.name, done.text_at, expected)) {
            self.add(&done, passed);
            return Err(error);
        }
        split_points.into_iter().for_each(|points| points.end(&done));
        summary.remarks.extend(input.remark());
        Ok(done)
    }

    /// Adds the counts of an input to the summary.
    fn add(&mut self, done: &State, passed: Passed) {
        let summary = &mut self.summary;
        summary.records += done.records - passed.records;
        summary.records_rejected += done.rejected;
        summary.blank_records += done.dropped.blank;
        summary.empty_records += done.dropped.empty;
        summary.repeated_headers += done.dropped.repeated_headers;
        summary.filtered_records += done.dropped.filtered;
        summary.nuls += done.dropped.nuls;
        summary.bytes_in += done.input_at - passed.bytes;
        summary.bytes_encoded += done.encoded;
        summary.bytes_out += done.bytes_out;
        summary.windows += done.windows;
        summary.windows_redone += done.redone;
        for (anomaly, count) in &done.anomalies {
            summary.note(*anomaly, count.clone());
        }
        done.multiline.iter().for_each(|count| summary.add_multiline(count.clone()));
        done.misfits.iter().for_each(|misfits| misfits.clone().add(&mut summary.misfits));
    }
}

/// Checks that the last records of the input, which are dropped, are behind the range.
///
/// # Errors
/// They are not, or can't be found.
fn check_last(
    located: &Located,
    reader: &mut dyn InputReader,
    records: &RecordReader,
    options: &Options,
    sizes: &Sizes,
) -> Result<()> {
    let walk = Walk { reader: records, max_record: sizes.max_record, rejects: options.rejects.is_some() };
    match options.shaping.skip_last {
        0 => Ok(()),
        n => located.check_last(reader, &walk, n, sizes.hold + sizes.max_record),
    }
}

/// Holds against each other what was counted in two places: the bytes of text that were `converted`
/// as records, and those that were `handed_out` as windows.
fn same_count(file: &str, converted: u64, handed_out: u64) -> Result<()> {
    if converted == handed_out {
        return Ok(());
    }
    let what = format!("{converted} bytes of text were converted where {handed_out} were read");
    Err(ErrorKind::Miscounted { path: file.to_owned(), what }.into())
}

/// Returns the budget before it is known what the inputs take. The caller takes `notes` bytes.
pub(super) fn budget_of(options: &Options, output: &Output<'_>, notes: usize) -> Budget {
    Budget {
        memory: options.resources.memory,
        threads: 1,
        max_record: options.shaping.max_record,
        window: options.resources.window,
        beside: 0,
        notes,
        passes_over: options.rejects.is_some(),
        skip_last: options.shaping.skip_last,
        n_long_values: n_long_values(options),
        buffers_values: options.shaping.columns.have_rules(),
        tallies: 0,
        survey: 0,
        compression: outputs::compression(output, options),
    }
}

/// Returns what is written around the records of all inputs.
///
/// # Errors
/// The format writes the names once, above lines of values, and two inputs have different names.
fn framing(options: &Options, inputs: &[Prepared<'_>]) -> Result<Framing> {
    let columns = &options.shaping.columns;
    let format = columns.format;
    let mut headed = inputs.iter().filter_map(|input| Some((input, input.heading.as_deref()?)));
    let Some((first, heading)) = headed.next() else {
        // Without a header, a format of lines writes nothing, and an array is still an array.
        let heading =
            if format.has_keys() { format.begin(std::iter::empty::<&str>()) } else { String::new() };
        return Ok(framing_of(columns, &heading));
    };
    if let Some((other, _)) = headed.find(|(_, other)| *other != heading) {
        let (name, first) = (&other.name, &first.name);
        return Err(Error::setting(format!(
            "{name}: `format` rows: its columns are others than those of {first}; try `fill`, `select`, `header` or another format"
        )));
    }
    Ok(framing_of(columns, heading))
}

/// Returns what the format of `columns` writes around records, below `heading`.
pub(super) fn framing_of(columns: &Columns, heading: &str) -> Framing {
    let format = columns.format;
    Framing {
        open: heading.as_bytes().into(),
        close: format.end().as_bytes().into(),
        separated: format.open().starts_with(','),
        preceded: columns.before.is_some(),
        follows: false,
    }
}

/// Returns how many times the longest record's length a value may take that is judged in one piece.
/// A caller's transform gets each invalid byte as U+FFFD, which is three bytes. A character of
/// another encoding may be three bytes too.
fn n_long_values(options: &Options) -> usize {
    let (columns, by_page) = (&options.shaping.columns, options.shaping.encoding.is_some());
    if !columns.transform.is_empty() || by_page && columns.have_rules() {
        return 3;
    }
    let is_split = !columns.split.is_empty();
    usize::from(
        is_split
            || !columns.mask.is_empty()
            || !columns.found.is_empty()
            || columns.types.iter().any(|(_, wanted)| *wanted != Type::String),
    )
}
