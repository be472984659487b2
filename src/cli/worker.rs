//! `rowmill worker`: for each line of a plan a part in a folder, and a receipt beside it and on
//! standard output.
//!
//! A scheduler may assign a line twice, at once or one after the other, or kill a worker at any
//! time:
//! - A part and a receipt appear whole or not at all, the receipt after the part.
//! - A part that its receipt describes is not converted again.
//! - A worker that finds another's part in the place of its own makes the receipt agree.
//!
//! This file does not know where the lines come from.

use super::args::WorkerArgs;
use super::column_args::hash_key;
use super::confine::confine;
use super::job::{self, Job, RangeJob};
use super::lines::{At, Go, each};
use super::part::{ON_DISK, PartFile, as_it_stands};
use super::progress::Bar;
use super::receipt::{PlanLine, Receipt, difference, line};
use super::report::anomalies;
use super::signals::on_signal;
use crate::convert::{Resources, Writing};
use crate::error::{CANNOT_WRITE, Error, ErrorKind, Result, shown};
use crate::output::{Descriptor, OutputFile, Writer};
use crate::sys::make_folder;
use crate::{Compress, Converter, Fingerprint, Format, HashKey, Output, Sink, Summary};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Works through the plan.
///
/// # Errors
/// A line is none of a plan, its input is not what the plan saw, or can't be converted.
pub(super) fn work(args: &WorkerArgs) -> Result<()> {
    let worker = PlanWorker::new(args)?;
    on_signal(Bar::default(), true, || None);
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    let stdout = stdout.map_err(|error| Error::io(CANNOT_WRITE, "stdout", error))?;
    let mut stdout = Writer::new("stdout", Descriptor::new(stdout.into()));
    let mut n_taken = 0;
    each(&args.plans, |at, text| {
        let plan = PlanLine::parse(text).map_err(|reason| at.error(reason))?;
        if args.only_index.is_some_and(|only| only != plan.task.index) {
            return Ok(Go::On);
        }
        if n_taken == 0 {
            // Not before a plan was read: a wrong name leaves no folder behind.
            make(&args.output)?;
        }
        n_taken += 1;
        let receipt = worker.range(at, &plan)?.done()?;
        stdout.write(line(&receipt).as_bytes())?;
        Ok(if args.only_index.is_some() { Go::Enough } else { Go::On })
    })?;
    match args.only_index {
        Some(only) if n_taken == 0 => {
            Err(Error::setting(format!("--only-index {only}: the plan has no such range; the first is 0")))
        }
        _ => stdout.finish(),
    }
}

/// What holds for all ranges that a worker converts.
struct PlanWorker<'w> {
    args: &'w WorkerArgs,
    writing: Writing,
    resources: Resources,
    key: Option<HashKey>,
    /// How the names of compressed parts end.
    extension: Option<&'static str>,
}

impl<'w> PlanWorker<'w> {
    /// # Errors
    /// The worker's own arguments are wrong: that is no plan's fault.
    fn new(args: &'w WorkerArgs) -> Result<Self> {
        let WorkerArgs { compress, limit_rate, hash_key_file, .. } = args;
        let (compress, limit_rate) = (job::compress(compress.as_deref())?, limit_rate.map(|n| n as u64));
        let extension = match compress {
            Compress::As(compression) => Some(compression.extension()),
            Compress::ByName | Compress::Not => None,
        };
        job::check_streams(&[], true)?;
        let writing = Writing { compress, limit_rate, ..Writing::default() };
        let resources = job::resources(&args.resources)?;
        let key = hash_key_file.as_deref().map(hash_key).transpose()?;
        let mut builder = Converter::builder();
        (builder.options.writing, builder.options.resources) = (writing.clone(), resources.clone());
        builder.build()?;
        Ok(Self { args, writing, resources, key, extension })
    }

    /// The range of a line of a plan.
    fn range<'r>(&'r self, at: &'r At, plan: &'r PlanLine) -> Result<RangeWork<'r>> {
        let task = &plan.task;
        if task.rowmill != env!("CARGO_PKG_VERSION") {
            return Err(at.error(format!(
                "is of rowmill {}, and this is {}: take the same everywhere",
                shown(&task.rowmill),
                env!("CARGO_PKG_VERSION")
            )));
        }
        let own = self.key.as_ref().map(HashKey::fingerprint);
        let wrong = match (&own, &task.key_fingerprint) {
            (Some(own), Some(of_plan)) if own != of_plan => {
                Some("was made with another --hash-key-file: take the same everywhere")
            }
            // Without a key an id is another hash, and no error.
            (Some(_), None) if task.options.columns.has_ids() => {
                Some("was made without --hash-key-file: leave it out")
            }
            (None, Some(_)) if task.options.columns.has_ids() => {
                Some("was made with a --hash-key-file: take the same everywhere")
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(at.error(wrong.to_owned()));
        }
        let format = if task.options.columns.format == Format::Json { "json" } else { "jsonl" };
        let name = [&*task.stem(), format].into_iter().chain(self.extension).collect::<Vec<_>>().join(".");
        let folder = &*self.args.output;
        Ok(RangeWork {
            worker: self,
            at,
            plan,
            part: folder.join(&name),
            receipt: folder.join(task.receipt()),
            name,
        })
    }
}

/// Makes the folder of the parts, but not those above it: where a shared folder is missing, it
/// isn't to be replaced by one of this machine.
fn make(folder: &Path) -> Result<()> {
    make_folder(folder, ON_DISK.sync)
        .map_err(|error| Error::io("cannot make this folder", folder.display().to_string(), error))
}

/// A range that is being converted.
struct RangeWork<'r> {
    worker: &'r PlanWorker<'r>,
    at: &'r At,
    plan: &'r PlanLine,
    /// The part's name, its path, and the path of its receipt.
    name: String,
    part: PathBuf,
    receipt: PathBuf,
}

impl RangeWork<'_> {
    /// Sees to it that part and receipt are there.
    fn done(&self) -> Result<Receipt> {
        loop {
            if let Some(receipt) = self.before()? {
                return Ok(receipt);
            }
            if let Some(receipt) = self.convert()? {
                return Ok(receipt);
            }
        }
    }

    /// The receipt of a part that is there, if it is right to the last byte.
    fn before(&self) -> Result<Option<Receipt>> {
        let Some(mut receipt) = Receipt::find(&self.receipt)? else { return Ok(None) };
        if receipt.task != self.plan.task {
            return Err(self.at.error(format!(
                "{} stands there for another plan; remove it with its part, or take another folder",
                self.receipt.display()
            )));
        }
        receipt.done_before = true;
        let part = self.worker.args.output.join(&receipt.part);
        let found = as_it_stands(&part)?;
        Ok(found.is_some_and(|found| found == (receipt.bytes, receipt.blake3.clone())).then_some(receipt))
    }

    /// Converts the range; `None` where another worker's part came between this part and its
    /// receipt.
    fn convert(&self) -> Result<Option<Receipt>> {
        let begun = Instant::now();
        self.check_input()?;
        // Nothing is written over the input, whatever its name: the conversion checks that.
        let job = self.job().map_err(|error| match error.is_usage() {
            true => self.at.error(format!("its options: {error}")),
            false => error,
        })?;
        let part = PartFile::create(&self.part)?;
        let summary = confined(job, part.clone()).or_else(|error| self.why(error))?;
        self.check_input()?;
        if let Some(receipt) = self.before()? {
            return Ok(Some(receipt));
        }
        let written = part.commit()?;
        let receipt = Receipt {
            task: self.plan.task.clone(),
            part: self.name.clone(),
            records: summary.records,
            records_rejected: summary.records_rejected,
            anomalies: anomalies(&summary),
            bytes: written.bytes,
            blake3: written.blake3,
            seconds: begun.elapsed().as_secs_f64(),
            done_before: false,
        };
        let name = self.receipt.display().to_string();
        let mut file = OutputFile::create(&self.receipt, ON_DISK)?;
        file.write_all(line(&receipt).as_bytes()).map_err(|error| Error::io(CANNOT_WRITE, name, error))?;
        file.commit()?;
        let there = std::fs::metadata(&self.part).map(|stat| (stat.dev(), stat.ino()));
        Ok(there.is_ok_and(|there| there == written.id).then_some(receipt))
    }

    fn job(&self) -> Result<Job> {
        let PlanLine { task, first_record, first_line, records } = self.plan;
        let mut shaping = task.options.clone();
        shaping.columns.hash_key.clone_from(&self.worker.key);
        let (start, end) = (task.start, task.end);
        let range = crate::Range {
            first_record: *first_record,
            first_line: *first_line,
            records: *records,
            ..crate::Range::new(start, end)
        };
        let job = RangeJob {
            shaping,
            input: Path::new(&task.input.path),
            range,
            beside: vec![self.part.clone(), self.receipt.clone()],
            needed: self.worker.args.hash_key_file.iter().cloned().collect(),
            writing: self.worker.writing.clone(),
            resources: self.worker.resources.clone(),
        };
        job.job()
    }

    /// Fails with `error`, or with what became of the input where that is why its range is refused:
    /// it may have changed between the look at it and its opening.
    fn why(&self, error: Error) -> Result<Summary> {
        if matches!(error.kind(), ErrorKind::BadRange { .. } | ErrorKind::Unusable { .. }) {
            self.check_input()?;
        }
        Err(error)
    }

    /// Makes sure that the input is what the plan saw.
    fn check_input(&self) -> Result<()> {
        let seen = &self.plan.task.input;
        match difference(&seen.fingerprint, &Fingerprint::of(Path::new(&seen.path))?) {
            None => Ok(()),
            Some(how) => Err(self
                .at
                .error(format!("{}: is not what the plan saw: it {how}; make a new plan", seen.path))),
        }
    }
}

/// Converts on a thread of its own, which gives up every right that this range doesn't need; the
/// next may need others.
fn confined(mut job: Job, part: PartFile) -> Result<Summary> {
    let run = move || {
        confine(&job.needs());
        job.converter.convert(std::mem::take(&mut job.inputs), Output::Sink(Box::new(part)))
    };
    let thread = std::thread::Builder::new().name("range".to_owned()).spawn(run);
    let thread = thread.map_err(|error| Error::io("cannot start a thread", "rowmill worker", error))?;
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
