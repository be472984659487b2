//! `--worker`: for each line of a plan a part in a folder, and a receipt beside it and on standard output.
//!
//! Whoever hands out the lines may hand one out twice, at once or one after the other, and kill whom it will: a part and a receipt
//! appear whole or not at all, the receipt behind the part; what a receipt says is there is not done again; and who finds, having
//! put both, that another put its own part meanwhile, sees to it that the two agree.
//!
//! It must not know who hands out the lines. Next hand: an option that shapes the result belongs into [`SHAPING`], or plans that have it
//! are refused.

use super::args::{Args, stranger, stranger_typed};
use super::confine::confine;
use super::exit;
use super::job::Job;
use super::lines::{At, Go, each};
use super::part::{ON_DISK, Part, as_it_stands};
use super::progress::Bar;
use super::receipt::{PlanLine, Receipt, Task};
use super::report;
use crate::convert::{Fingerprint, Summary};
use crate::error::{CANNOT_WRITE, Error, Result};
use crate::input::stdout_was_closed;
use crate::output::Writer;
use crate::output::{Descriptor, OutputFile};
use crate::{Compression, Output, Sink};
use clap::{CommandFactory, FromArgMatches};
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The options that shape a result, by their names in [`Args`]: a plan brings them.
const SHAPING: [&str; 23] = [
    "encoding",
    "delimiter",
    "quote",
    "no_double_quote",
    "escape",
    "terminator",
    "comment",
    "trim",
    "skip_lines",
    "header",
    "no_header",
    "select",
    "drop",
    "rename",
    "mask",
    "nest",
    "extra_key",
    "infer",
    "types",
    "null",
    "empty",
    "format",
    "max_record",
];

/// Those of the worker itself.
const OWN: [&str; 12] = [
    "inputs",
    "output",
    "worker",
    "only_index",
    "compress",
    "limit_rate",
    "hash_key_file",
    "io",
    "memory",
    "threads",
    "window",
    "quiet",
];

/// Works through the plan.
///
/// # Errors
/// A line is none of a plan, its input is not what the plan saw, or can't be converted.
pub(super) fn work(args: &Args) -> Result<()> {
    if let Some(flag) = stranger_typed(&OWN) {
        return Err(Error::setting(format!(
            "--worker: {flag} has no place beside it; what shapes the result is the plan's"
        )));
    }
    let Some(folder) = &args.output else { return Err(Error::setting("--worker: needs -o DIR")) };
    let extension = match args.compress.as_deref() {
        None | Some("none") => None,
        Some(typed) => Some(Compression::parse(typed)?.extension()),
    };
    if stdout_was_closed() {
        return Err(Error::io(CANNOT_WRITE, "stdout", std::io::Error::from_raw_os_error(libc::EBADF)));
    }
    // What is wrong with the worker's own arguments is no plan's fault.
    Job::new(Args { inputs: vec![PathBuf::from("/dev/null")], ..args.clone() })?;
    make(folder)?;
    exit::on_signal(Bar::default(), true);
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    let stdout = stdout.map_err(|error| Error::io(CANNOT_WRITE, "stdout", error))?;
    let mut stdout = Writer::new("stdout", Descriptor::new(stdout.into()));
    let mut n_taken = 0;
    each(&args.inputs, |at, text| {
        let line = PlanLine::parse(text).map_err(|reason| at.error(reason))?;
        if args.only_index.is_some_and(|only| only != line.task.index) {
            return Ok(Go::On);
        }
        n_taken += 1;
        let mut own = shaped(&line.task, at)?;
        let format = if own.format == "json" { "json" } else { "jsonl" };
        let name = [&*line.task.stem(), format].into_iter().chain(extension).collect::<Vec<_>>().join(".");
        let receipt = folder.join(line.task.receipt());
        let part = folder.join(&name);
        own.inputs = vec![PathBuf::from(&line.task.input.path)];
        own.output = Some(part.clone());
        own.beside = vec![part.clone(), receipt.clone()];
        let (start, end) = (line.task.start, line.task.end);
        let PlanLine { first_record, first_line, records, .. } = line;
        own.range = Some(crate::Range { start, end, first_record, first_line, records });
        own.compress.clone_from(&args.compress);
        own.limit_rate = args.limit_rate;
        own.hash_key_file.clone_from(&args.hash_key_file);
        own.io.clone_from(&args.io);
        (own.memory, own.threads, own.window) = (args.memory, args.threads, args.window);
        let range = Range { at, line: &line, own: &own, folder, name, part, receipt };
        stdout.write(range.done()?.line().as_bytes())?;
        Ok(if args.only_index.is_some() { Go::Enough } else { Go::On })
    })?;
    match args.only_index {
        Some(only) if n_taken == 0 => {
            Err(Error::setting(format!("--only-index {only}: the plan has no such range; the first is 0")))
        }
        _ => stdout.finish(),
    }
}

/// What the program would be told on a command line to shape the result so.
fn shaped(task: &Task, at: &At) -> Result<Args> {
    if task.rowmill != env!("CARGO_PKG_VERSION") {
        return Err(at.error(format!(
            "is of rowmill {}, and this is {}: take the same everywhere",
            task.rowmill,
            env!("CARGO_PKG_VERSION")
        )));
    }
    let refuse = |error: clap::Error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        at.error(format!("its options: {}", first.strip_prefix("error: ").unwrap_or(first)))
    };
    let words = std::iter::once("rowmill").chain(task.options.iter().map(String::as_str));
    let matches = Args::command().try_get_matches_from(words).map_err(refuse)?;
    if let Some(flag) = stranger(&matches, &SHAPING) {
        return Err(at.error(format!("its options: {flag} is none that shapes a result")));
    }
    Args::from_arg_matches(&matches).map_err(refuse)
}

/// Makes the folder of the parts, but not those above it: where a shared folder is missing, it isn't to be replaced by one of this machine.
fn make(folder: &Path) -> Result<()> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(Error::io("cannot make this folder", folder.display().to_string(), error))
        }
        _ => Ok(()),
    }
}

/// A range at work.
struct Range<'r> {
    at: &'r At,
    line: &'r PlanLine,
    /// What the plan asks, and of this worker what concerns a conversion.
    own: &'r Args,
    folder: &'r Path,
    /// The part's name, where it stands, and where its receipt does.
    name: String,
    part: PathBuf,
    receipt: PathBuf,
}

impl Range<'_> {
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
        if receipt.task != self.line.task {
            return Err(self.at.error(format!(
                "{} stands there for another plan; remove it with its part, or take another folder",
                self.receipt.display()
            )));
        }
        receipt.done_before = true;
        let part = self.folder.join(&receipt.part);
        let found = as_it_stands(&part)?;
        Ok(found.is_some_and(|found| found == (receipt.bytes, receipt.blake3.clone())).then_some(receipt))
    }

    /// Converts the range; `None` where another worker's part came between this part and its receipt.
    fn convert(&self) -> Result<Option<Receipt>> {
        let begun = Instant::now();
        self.check_input()?;
        // Nothing is to be written over the input, by whatever name: the conversion sees to it.
        let job = Job::new(self.own.clone()).map_err(|error| match error.is_usage() {
            true => self.at.error(format!("its options: {error}")),
            false => error,
        })?;
        let part = Part::create(&self.part)?;
        let summary = confined(job, part.clone())?;
        self.check_input()?;
        if let Some(receipt) = self.before()? {
            return Ok(Some(receipt));
        }
        let written = part.commit()?;
        let receipt = Receipt {
            task: self.line.task.clone(),
            part: self.name.clone(),
            records: summary.records,
            rejected: summary.records_rejected,
            anomalies: report::anomalies(&summary),
            bytes: written.bytes,
            blake3: written.blake3,
            seconds: begun.elapsed().as_secs_f64(),
            done_before: false,
        };
        let name = self.receipt.display().to_string();
        let mut file = OutputFile::create(&self.receipt, ON_DISK)?;
        file.write_all(receipt.line().as_bytes()).map_err(|error| Error::io(CANNOT_WRITE, name, error))?;
        file.commit()?;
        let there = std::fs::metadata(&self.part).map(|stat| (stat.dev(), stat.ino()));
        Ok(there.is_ok_and(|there| there == written.id).then_some(receipt))
    }

    /// Makes sure that the input is what the plan saw.
    fn check_input(&self) -> Result<()> {
        let seen = &self.line.task.input;
        match seen.differs(&Fingerprint::of(Path::new(&seen.path))?) {
            None => Ok(()),
            Some(how) => Err(self
                .at
                .error(format!("{}: is not what the plan saw: it {how}; make a new plan", seen.path))),
        }
    }
}

/// Converts on a thread of its own, which gives up every right that this range doesn't need; the next may need others.
fn confined(mut job: Job, part: Part) -> Result<Summary> {
    let run = move || {
        confine(&job);
        job.converter.convert(std::mem::take(&mut job.inputs), Output::Sink(Box::new(part)))
    };
    let thread = std::thread::Builder::new().name("range".to_owned()).spawn(run);
    let thread = thread.map_err(|error| Error::io("cannot start a thread", "--worker", error))?;
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
