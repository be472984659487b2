//! The run: inputs in order, each converted by workers that claim, convert and settle windows.
//!
//! Only this floor knows all stages. [`Converter`] is what a user of the library holds; start reading at [`run::Run::work`].
#![deny(clippy::cast_possible_truncation)] // Offsets, lines and records live here: none is cut to fewer bits unseen.

mod budget;
mod chain;
mod checkpoint;
mod identity;
mod link;
mod options;
mod outputs;
mod pass;
mod preamble;
mod progress;
mod ranges;
mod run;
mod summary;
mod survey;
mod tally;
mod turn;

pub use budget::{DEFAULT_MAX_RECORD, DEFAULT_MEMORY, LEAST_MEMORY};
pub use checkpoint::DEFAULT_CHECKPOINT;
pub use identity::Identity;
pub use options::{Builder, Input, Options, Output};
pub use preamble::{Delimiter, Names};
pub use progress::{Bound, Progress, Times};
pub use ranges::{PlanBy, Planned, Range};
pub use summary::{Count, Summary};

use crate::charset::Charset;
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{Opened, Reading, identity};
use crate::kernel::Kernel;
use crate::output::Framing;
use crate::parse::Machine;
use crate::plan::{Columns, Format, Plan, Type, size_for};
use budget::{Beside, Budget};
use chain::{Chain, State};
use checkpoint::Checkpoints;
use outputs::Outputs;
use preamble::{Asked, Preamble};
use ranges::Located;
use run::{Before, Passed, Run, Settings};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;
use survey::Survey;

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

/// An input that was looked at before the output is opened.
struct Prepared {
    name: String,
    path: Option<PathBuf>,
    /// It can be gone on with from any record.
    seeks: bool,
    /// What makes it the same file under any name.
    identity: Option<(u64, u64)>,
    size: Option<u64>,
    /// Of a range: whether it ends with the input.
    is_last: bool,
    /// What its format has in front of all records; `None` where there is no header.
    heading: Option<Box<str>>,
    file_size: Option<u64>,
    beside: Beside,
    /// Opened, and read up to the first record; or to be opened again when its turn comes.
    state: Stage,
}

enum Stage {
    Begun(Opened, Option<Box<Beginning>>),
    Later(Input),
}

/// What is done beside converting all of the inputs.
#[derive(Default)]
struct Task<'t> {
    /// This range of the only input alone.
    range: Option<Located>,
    survey: Option<&'t mut Survey>,
}

/// What an input's beginning came to.
struct Beginning {
    preamble: Preamble,
    plan: Plan,
}

/// The workers' threads, made when first needed.
#[derive(Default)]
struct Pool(Option<rayon::ThreadPool>);

impl Converter {
    /// Starts with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Converts `inputs`, one after another, each with its own header.
    ///
    /// All headers are read before the output is opened, so that a column that is not there is told before anything is written.
    ///
    /// # Errors
    /// See [`ErrorKind`]. What stood under the output's name before still does.
    pub fn convert(&self, inputs: impl IntoIterator<Item = Input>, output: Output) -> Result<Summary> {
        let inputs: Vec<Input> = inputs.into_iter().collect();
        let range = self.options.range.map(|range| self.locate(&inputs, range)).transpose()?;
        self.carry_out(inputs, output, Task { range, survey: None })
    }

    /// What memory there is, before it is known what the inputs take.
    fn budget(&self, output: &Output, notes: usize) -> Budget {
        let options = &self.options;
        Budget {
            memory: options.memory,
            threads: 1,
            max_record: options.max_record,
            window: options.window,
            beside: 0,
            notes,
            passes_over: options.rejects.is_some(),
            n_gathered: n_gathered(&options.columns, options.encoding.is_some()),
            gathers: options.columns.have_rules(),
            compression: outputs::compression(output, options),
        }
    }

    /// How `n` inputs are read.
    fn reading(&self, budget: &Budget, n: usize) -> Reading {
        Reading {
            io: self.options.io,
            encoding: self.options.encoding,
            piece: budget.piece(),
            unpacking: budget.granted_each(1),
            unpacking_streams: budget.granted_each(n),
        }
    }

    fn carry_out(&self, inputs: Vec<Input>, output: Output, mut task: Task<'_>) -> Result<Summary> {
        let begun = Instant::now();
        let options = &self.options;
        let mut budget = self.budget(&output, task.survey.as_ref().map_or(0, |survey| survey.memory()));
        let reading = self.reading(&budget, inputs.len());
        // A hundred open files are not needed to read a hundred headers.
        let keep = inputs.len() == 1;
        let prepared = inputs
            .into_iter()
            .map(|input| self.prepare(input, &reading, &budget, keep, task.range.as_ref()))
            .collect::<Result<Vec<_>>>()?;
        let in_files: Option<u64> = prepared.iter().map(|ready| ready.file_size).sum();
        options.progress.total.store(in_files.unwrap_or(0), Ordering::Relaxed);
        let total: Option<u64> = prepared.iter().map(|ready| ready.size).sum();
        // How many cores there are takes a twentieth of the time of a small file to find out.
        if total.is_none_or(|total| total > budget.one_window()) {
            let threads = options.threads.or_else(|| std::thread::available_parallelism().ok());
            budget.threads = threads.map_or(1, NonZero::get);
        }

        budget.beside = Beside::of_all(prepared.iter().map(|ready| ready.beside));

        let mut framing = framing(options, &prepared)?;
        if let Some(located) = &task.range {
            located.frame(&mut framing, prepared.iter().all(|ready| ready.is_last));
        }
        let mut outputs = outputs::open(output, options, &prepared, framing)?;
        let mut summary = Summary { isa: self.kernel.isa().name(), ..Summary::default() };
        let mut pool = Pool::default();
        for ready in prepared {
            let in_file = ready.file_size.unwrap_or(0);
            let before = options.progress.taken.load(Ordering::Relaxed);
            self.convert_one(ready, &reading, &budget, &mut pool, &mut outputs, &mut task, &mut summary)?;
            options.progress.taken.store(before + in_file, Ordering::Relaxed);
        }
        let reached = outputs.finish()?;
        (summary.bytes_out, summary.parts) = (reached.bytes, reached.parts.map(|parts| parts.n_whole));
        summary.times = options.progress.times();
        summary.elapsed = begun.elapsed();
        Ok(summary)
    }

    /// Opens an input and reads its header.
    fn prepare(
        &self,
        input: Input,
        reading: &Reading,
        budget: &Budget,
        keep: bool,
        range: Option<&Located>,
    ) -> Result<Prepared> {
        let name = input.name();
        let again = match &input {
            Input::Path(path) => Some(path.clone()),
            _ => None,
        };
        let identity = match &input {
            Input::Path(path) => outputs::identity_of_path(path),
            Input::Stdin => identity(std::io::stdin()),
            Input::Source(_) => None,
        };
        let since = Instant::now();
        let mut opened = open(input, reading)?;
        let (mut size, mut file_size) = (opened.source.size(), opened.source.file_size());
        let Opened { unpacking, decoding, regular, .. } = opened;
        let beside = Beside { waits: !regular || keep, unpacking, decoding };
        let left = Budget { beside: Beside::of_all([beside]), ..*budget };
        let beginning = self.begin(&name, &mut opened, &left)?;
        // A pipe may keep us waiting for its first bytes.
        self.options.progress.spend(Bound::Input, since.elapsed());
        let (text_at, input_at) = (opened.source.text_at(), opened.source.input_at());
        // Of an empty file nothing is left to go on with.
        let seeks =
            opened.regular && opened.source.seek(text_at, input_at)? || beginning.is_none() && input_at == 0;
        let mut is_last = true;
        if let (Some(located), Some(path)) = (range, &again) {
            is_last = located.bound(path, &mut *opened.source, beginning.as_deref(), self.by_lines(&name))?;
            size = Some(located.range.end - located.range.start);
            file_size = size;
        }
        let heading = beginning.as_ref().map(|begun| begun.plan.begin().into());
        let state = match &again {
            Some(path) if opened.regular && !keep => Stage::Later(Input::Path(path.clone())),
            _ => Stage::Begun(opened, beginning),
        };
        Ok(Prepared { name, path: again, seeks, identity, size, file_size, beside, is_last, heading, state })
    }

    /// Reads up to the first record; `None` where there is no header.
    fn begin(&self, name: &str, opened: &mut Opened, budget: &Budget) -> Result<Option<Box<Beginning>>> {
        let options = &self.options;
        let charset = opened.charset;
        let dialect = Dialect { charset, ..options.dialect.clone() };
        let delimiter = options.delimiter.unwrap_or_else(|| Delimiter::Byte(preamble::by_extension(name)));
        let asked = Asked {
            dialect: &dialect,
            delimiter,
            names: &options.names,
            skip_lines: options.skip_lines,
            limit: budget.first_record(!options.names.no_header),
            columns: &options.columns,
            room: budget.header(),
        };
        let Some(mut preamble) = preamble::read(&mut *opened.source, &asked)? else { return Ok(None) };
        if let (true, Some((anomaly, seen))) = (options.strict, preamble.anomalies.first()) {
            return Err(ErrorKind::Strict { anomaly: *anomaly, place: seen.first.clone() }.into());
        }
        let header = std::mem::take(&mut preamble.header);
        let plan = Plan::new(header, &options.columns, charset, name, budget.header())?;
        Ok(Some(Box::new(Beginning { preamble, plan })))
    }

    #[allow(clippy::too_many_arguments, reason = "what the inputs share, called from one place")]
    fn convert_one(
        &self,
        ready: Prepared,
        reading: &Reading,
        budget: &Budget,
        pool: &mut Pool,
        outputs: &mut Outputs,
        task: &mut Task<'_>,
        summary: &mut Summary,
    ) -> Result<()> {
        let options = &self.options;
        let (mut opened, beginning) = match ready.state {
            Stage::Begun(opened, beginning) => (opened, beginning),
            Stage::Later(input) => {
                // What its header and its checkpoint said was of the file that it was.
                if ready.path.as_deref().is_some_and(|path| outputs::is_another(path, ready.identity)) {
                    let how = "the file was replaced";
                    return Err(ErrorKind::InputChanged { path: ready.name, at: 0, how }.into());
                }
                let mut opened = open(input, reading)?;
                let beginning = self.begin(&ready.name, &mut opened, budget)?;
                (opened, beginning)
            }
        };
        let source = &mut *opened.source;
        summary.inputs.push(ready.name.clone());
        let (earlier, was_done) = match outputs.checkpoints.as_mut().and_then(Checkpoints::earlier) {
            Some((earlier, was_done)) => (Some(earlier), was_done),
            None => (None, false),
        };
        let Some(beginning) = beginning else {
            summary.bytes_in += source.input_at();
            if let Some(checkpoints) = &mut outputs.checkpoints {
                let (input_at, text_at) = (source.input_at(), source.text_at());
                checkpoints.done(State { input_at, text_at, ..State::default() });
            }
            return Ok(());
        };
        let Beginning { preamble, plan } = *beginning;
        let n_header = plan.header().names().map(str::len).sum();
        let mut sizes =
            budget.sizes(size_for(&options.columns, n_header, plan.n_fields()), plan.n_fields())?;
        if let Some(size) = ready.size {
            // More workers than windows would only be started and ended.
            let windows = size.div_ceil(sizes.window as u64);
            sizes.threads = sizes.threads.min(usize::try_from(windows).unwrap_or(usize::MAX)).max(1);
            // Nor is a large index touched for a small file.
            let whole = usize::try_from(size.next_multiple_of(64)).unwrap_or(usize::MAX);
            sizes.strip = sizes.strip.min(whole.max(64));
        }
        if sizes.threads > 1 {
            sizes.threads = pool.threads(sizes.threads);
        }
        summary.threads = summary.threads.max(sizes.threads);
        summary.window = summary.window.max(sizes.window);
        summary.remarks.extend(preamble.remarks);
        let located = task.range.as_ref().filter(|located| !located.is_first());
        if located.is_none() {
            // Behind the last record that is wanted none is counted; what stands before a header is before the first.
            let ended = options.limit == Some(summary.records);
            if !ended || summary.inputs.len() == 1 && !options.names.no_header {
                summary.blank_records += preamble.blank;
            }
            summary.n_header_repairs += preamble.n_repairs;
            let repairs = plan.header().repairs().iter().cloned();
            summary.header_repairs.extend(repairs.map(|repair| (ready.name.clone(), repair)));
            for (anomaly, count) in preamble.anomalies {
                summary.note(anomaly, count);
            }
        }
        let mut passed = Passed::default();
        let begun = match (earlier, located) {
            (Some(earlier), _) => {
                if !was_done {
                    source.seek(earlier.text_at, earlier.input_at)?;
                }
                earlier
            }
            (None, Some(located)) => {
                let state = located.begun();
                source.seek(state.text_at, state.input_at)?;
                passed = Passed { bytes: state.input_at, records: state.records };
                state
            }
            (None, None) => State {
                lines: preamble.lines,
                input_at: source.input_at(),
                text_at: source.text_at(),
                ..State::default()
            },
        };
        let done = if was_done {
            begun
        } else {
            let trims = preamble.dialect.trims_fields();
            let chain = Chain {
                file: &ready.name,
                header: plan.header(),
                outlet: &mut outputs.outlet,
                rejects: outputs.rejects.as_mut(),
                checkpoints: outputs.checkpoints.as_mut(),
                survey: task.survey.as_deref_mut(),
                carry: Vec::new(),
                gathered: Vec::new(),
                machine: Machine::new(&preamble.dialect, trims),
                passing: None,
                done: options.limit == Some(summary.records + begun.records),
                state: begun,
            };
            let before = Before {
                taken: options.progress.taken.load(Ordering::Relaxed),
                bytes_in: summary.bytes_in,
                bytes_out: summary.bytes_out,
                records: summary.records,
                passed,
            };
            let settings = Settings {
                kernel: self.kernel,
                dialect: preamble.dialect,
                strict: options.strict,
                check: options.check,
                limit: options.limit.map(|limit| limit - summary.records),
                sizes,
                fixed_window: options.window.is_some(),
                before,
                edge: task.range.as_ref().filter(|_| !ready.is_last).map(|located| located.edge),
            };
            let keeper = source.keeper();
            let run = Run::new(settings, &plan, source, chain, &options.progress);
            pool.work(&run, sizes.threads);
            let Chain { state: done, survey, .. } = run.finish()?;
            if let Some(survey) = survey {
                survey.end(&done);
            }
            summary.remarks.extend(keeper.remark());
            done
        };
        summary.records += done.records - passed.records;
        summary.records_rejected += done.rejected;
        summary.blank_records += done.blank;
        summary.bytes_in += done.input_at - passed.bytes;
        summary.bytes_encoded += done.encoded;
        summary.bytes_out += done.bytes_out;
        summary.windows += done.windows;
        summary.windows_redone += done.redone;
        for (anomaly, count, first) in done.anomalies.values().cloned() {
            summary.note(anomaly, Count { count, first });
        }
        if let Some(checkpoints) = &mut outputs.checkpoints {
            checkpoints.done(done);
        }
        Ok(())
    }
}

impl Pool {
    /// Makes sure of `n` threads, or as many as the system gives.
    fn threads(&mut self, n: usize) -> usize {
        let have = self.0.as_ref().map_or(0, rayon::ThreadPool::current_num_threads);
        if have >= n {
            return n;
        }
        let mut n = n;
        while n > 1 {
            let named = |i| format!("rowmill-{i}");
            match rayon::ThreadPoolBuilder::new().num_threads(n).thread_name(named).build() {
                Ok(pool) => {
                    self.0 = Some(pool);
                    return n;
                }
                Err(_) => n /= 2,
            }
        }
        have.max(1)
    }

    /// One long task a thread, not a task a window: windows must be claimed in order by whoever is free, and a worker that
    /// waits for its turn must not be given another.
    fn work(&self, run: &Run<'_>, n: usize) {
        match &self.0 {
            Some(pool) if n > 1 => {
                pool.broadcast(|context| {
                    if context.index() < n {
                        run.work();
                    }
                });
            }
            _ => run.work(),
        }
    }
}

/// What stands around the records of all inputs.
///
/// # Errors
/// Lines of values whose names stand above them can't have others half-way.
fn framing(options: &Options, inputs: &[Prepared]) -> Result<Framing> {
    let format = options.columns.format;
    let mut headed = inputs.iter().filter_map(|input| Some((input, input.heading.as_deref()?)));
    let Some((first, heading)) = headed.next() else {
        // A format of lines has none then; an array is one all the same.
        let heading =
            if format.has_keys() { format.begin(std::iter::empty::<&str>()) } else { String::new() };
        return Ok(framed(format, &heading));
    };
    if let Some((other, _)) = headed.find(|(_, other)| *other != heading) {
        let (name, first) = (&other.name, &first.name);
        return Err(Error::setting(format!(
            "{name}: --format rows: its columns are others than those of {first}; try --select, --header or another format"
        )));
    }
    Ok(framed(format, heading))
}

fn framed(format: Format, heading: &str) -> Framing {
    Framing {
        open: heading.as_bytes().into(),
        close: format.end().as_bytes().into(),
        separated: format.open().starts_with(','),
        follows: false,
    }
}

/// How many times the longest record's length a value may take that is looked at in one piece: a caller's own rule has each
/// invalid byte as U+FFFD, which is three, and so may be a character of another encoding.
fn n_gathered(columns: &Columns, by_page: bool) -> usize {
    if !columns.transform.is_empty() || by_page && columns.have_rules() {
        return 3;
    }
    usize::from(!columns.mask.is_empty() || columns.types.iter().any(|(_, wanted)| *wanted != Type::String))
}

fn open(input: Input, reading: &Reading) -> Result<Opened> {
    match input {
        Input::Path(path) => crate::input::open(&path, reading),
        Input::Stdin => crate::input::stdin(reading),
        Input::Source(source) => {
            Ok(Opened { source, regular: false, charset: Charset::Utf8, unpacking: 0, decoding: 0 })
        }
    }
}
