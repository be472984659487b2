//! `rowmill verify`: whether the parts in a folder are all that a plan asks for, each whole and
//! each once; then it is marked `_SUCCESS`.
//!
//! The receipt beside a part is believed like one that was handed in: where two attempts were at
//! work, the receipt may be of the one and the file of the other, and both are right. It does not
//! know how parts are made, and looks at no input: the check may run where the input isn't. Advice
//! for maintainers: any other file in the folder that looks like a part would be read as one.

use super::args::VerifyArgs;
use super::exit::with_problems;
use super::figures::{grouped, size};
use super::lines::{Go, each};
use super::part::{ON_DISK, as_it_stands};
use super::progress::Bar;
use super::receipt::{PART, PlanLine, Receipt, Task};
use super::say::say;
use super::signals::on_signal;
use crate::error::{CANNOT_OPEN, Error, Result};
use crate::output::OutputFile;
use crate::sys;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What marks a folder whose parts are all there.
const MARK: &str = "_SUCCESS";

/// The lines of a plan that hang together.
struct WholePlan {
    /// The first, but for index, start and end that of all.
    task: Task,
    ranges: Vec<PlannedRange>,
}

/// A range of the plan.
struct PlannedRange {
    index: u64,
    start: u64,
    end: u64,
    first_record: Option<u64>,
    records: Option<u64>,
    /// What was said of its part.
    claims: Vec<PartClaim>,
}

/// What a receipt says that is to be held against the part.
#[derive(Clone, PartialEq)]
struct PartClaim {
    part: String,
    bytes: u64,
    blake3: String,
    records: u64,
    anomalies: Vec<(String, u64)>,
}

/// Checks, and marks the folder or says what is wrong.
///
/// # Errors
/// Plan or receipts are none, or the system refuses.
pub(super) fn verify(args: &VerifyArgs) -> Result<ExitCode> {
    // A mark without its name must not stay behind where files without a name can't be made.
    on_signal(Bar::default(), true, || None);
    let folder = &args.output;
    let mut problems = Vec::new();
    let mut plan = read(&args.plan, &mut problems)?;
    tiles(&plan, &mut problems);
    if !args.receipts.is_empty() {
        hear(&mut plan, &args.receipts, &mut problems)?;
    }
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let Looked { right, wrong } = look(&plan, folder, threads)?;
    let parts: BTreeSet<&str> = right.iter().map(|claim| &*claim.part).collect();
    let reported: BTreeSet<&str> = wrong.iter().map(|(stem, _)| &**stem).collect();
    problems.extend(wrong.iter().map(|(_, problem)| problem.clone()));
    let listed = std::fs::read_dir(folder);
    for entry in listed.map_err(|error| Error::io(CANNOT_OPEN, folder.display().to_string(), error))? {
        let entry = entry.map_err(|error| Error::io(CANNOT_OPEN, folder.display().to_string(), error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default();
        if name.starts_with(PART) && !parts.contains(&*name) && !reported.contains(stem) {
            let path = folder.join(&*name);
            problems.push(format!("{}: is no part of this plan; remove it", path.display()));
        }
    }
    let mark = folder.join(MARK);
    if !problems.is_empty() {
        // One that an earlier check left says what is no longer so, and must not come back after a
        // power failure.
        let removed = match std::fs::remove_file(&mark) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        if let Err(error) = removed.and_then(|()| sys::sync_name(&mark)) {
            problems.push(format!("{}: cannot be removed: {error}", mark.display()));
        }
        return Ok(with_problems(&problems));
    }
    OutputFile::create(&mark, ON_DISK)?.commit()?;
    if !args.quiet {
        say(&summary(&right, &mark));
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the plan.
fn read(path: &Path, problems: &mut Vec<String>) -> Result<WholePlan> {
    let mut plan: Option<WholePlan> = None;
    each(&[path.to_owned()], |at, text| {
        let PlanLine { task, first_record, records, .. } =
            PlanLine::parse(text).map_err(|reason| at.error(reason))?;
        let (index, start, end) = (task.index, task.start, task.end);
        let plan = plan.get_or_insert_with(|| WholePlan { task: task.clone(), ranges: Vec::new() });
        if !plan.is_of(&task) {
            return Err(at.error("is of another plan than the first line"));
        }
        plan.ranges.push(PlannedRange { index, start, end, first_record, records, claims: Vec::new() });
        Ok(Go::On)
    })?;
    let Some(mut plan) = plan else {
        return Err(Error::setting(format!("{} holds no plan", path.display())));
    };
    plan.ranges.sort_by_key(|range| range.index);
    let before = plan.ranges.len();
    plan.ranges.dedup_by_key(|range| range.index);
    if plan.ranges.len() < before {
        problems.push(format!("the plan names {} ranges twice", before - plan.ranges.len()));
    }
    Ok(plan)
}

/// Whether the ranges tile the input, and their records follow one another.
fn tiles(plan: &WholePlan, problems: &mut Vec<String>) {
    let (mut at, mut index, mut record) = (0, 0, Some(1));
    for range in &plan.ranges {
        if range.index > index {
            problems.push(missing(index, range.index));
        } else if range.start > at {
            problems.push(format!("bytes {at} to {} of the input are in no range", range.start));
        } else if range.start < at {
            problems.push(format!("bytes {} to {at} of the input are in two ranges", range.start));
        } else if let (Some(record), Some(first)) = (record, range.first_record)
            && record != first
        {
            problems.push(format!("range {}: begins with record {first}, not {record}", range.index));
        }
        at = range.end;
        index = range.index + 1;
        record = range.first_record.zip(range.records).and_then(|(first, n)| first.checked_add(n));
    }
    if index < plan.task.count {
        problems.push(missing(index, plan.task.count));
    } else if at != plan.task.input.fingerprint.size {
        problems
            .push(format!("bytes {at} to {} of the input are in no range", plan.task.input.fingerprint.size));
    }
}

/// Says which ranges the plan doesn't have.
fn missing(from: u64, to: u64) -> String {
    match to - from {
        1 => format!("range {from} is not in the plan"),
        _ => format!("ranges {from} to {} are not in the plan", to - 1),
    }
}

/// Takes the receipts in files.
fn hear(plan: &mut WholePlan, files: &[PathBuf], problems: &mut Vec<String>) -> Result<()> {
    each(files, |at, text| {
        let receipt = Receipt::parse(text).map_err(|reason| at.error(reason))?;
        match plan.range(&receipt.task) {
            Some(i) => plan.ranges[i].claim(receipt),
            None => problems.push(at.error("is the receipt of another plan").to_string()),
        }
        Ok(Go::On)
    })
}

/// What was said of the parts that are right, and what is wrong with the others, by how their names
/// begin.
#[derive(Default)]
struct Looked {
    right: Vec<PartClaim>,
    wrong: Vec<(String, String)>,
}

/// Looks at each part, on as many threads.
fn look(plan: &WholePlan, folder: &Path, threads: usize) -> Result<Looked> {
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(Vec::new());
    let work = || {
        while let Some(range) = plan.ranges.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = plan.part(range, folder);
            seen.lock().unwrap_or_else(PoisonError::into_inner).push((range, found));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(plan.ranges.len()) {
            // Where there is no further thread, those that there are do it.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.sort_by_key(|(range, _)| range.index);
    let mut looked = Looked::default();
    for (range, found) in seen {
        match found? {
            Ok(claim) => looked.right.push(claim),
            Err(problem) => looked.wrong.push((plan.task(range).stem(), problem)),
        }
    }
    Ok(looked)
}

impl WholePlan {
    /// Whether a task is of this plan.
    fn is_of(&self, task: &Task) -> bool {
        let Task { index, start, end, .. } = *task;
        Task { index, start, end, ..self.task.clone() } == *task
    }

    /// Where the range of a task is.
    fn range(&self, task: &Task) -> Option<usize> {
        let i = self.ranges.binary_search_by_key(&task.index, |range| range.index).ok()?;
        let range = &self.ranges[i];
        ((range.start, range.end) == (task.start, task.end) && self.is_of(task)).then_some(i)
    }

    /// The task of a range.
    fn task(&self, range: &PlannedRange) -> Task {
        let PlannedRange { index, start, end, .. } = *range;
        Task { index, start, end, ..self.task.clone() }
    }

    /// What was rightly said of a range's part; or what is wrong with it.
    fn part(&self, range: &PlannedRange, folder: &Path) -> Result<Result<PartClaim, String>> {
        let task = self.task(range);
        let beside = Receipt::find(&folder.join(task.receipt()))?.filter(|receipt| receipt.task == task);
        let claims = range.claims.iter().cloned().chain(beside.map(PartClaim::of));
        let mut problem = None;
        let mut stands: Option<(String, Option<(u64, String)>)> = None;
        for claim in claims {
            let path = folder.join(&claim.part);
            let found = match &stands {
                Some((part, found)) if *part == claim.part => found.clone(),
                _ => as_it_stands(&path)?,
            };
            stands = Some((claim.part.clone(), found.clone()));
            let wrong = match (found, range.records) {
                (None, _) => "is missing".to_owned(),
                (Some((bytes, _)), _) if bytes != claim.bytes => {
                    format!("has {bytes} bytes, not {}", claim.bytes)
                }
                (Some((_, blake3)), _) if blake3 != claim.blake3 => {
                    "holds other bytes than its receipt says".to_owned()
                }
                (_, Some(records)) if records != claim.records => {
                    format!("holds {} records, and the plan has {records} there", claim.records)
                }
                _ => return Ok(Ok(claim)),
            };
            problem.get_or_insert(format!("{}: {wrong}", path.display()));
        }
        Ok(Err(problem.unwrap_or_else(|| {
            format!("{}: range {} has no receipt", folder.join(task.receipt()).display(), range.index)
        })))
    }
}

impl PlannedRange {
    /// Takes what a receipt says, once.
    fn claim(&mut self, receipt: Receipt) {
        let claim = PartClaim::of(receipt);
        if !self.claims.contains(&claim) {
            self.claims.push(claim);
        }
    }
}

impl PartClaim {
    fn of(receipt: Receipt) -> Self {
        Self {
            part: receipt.part,
            bytes: receipt.bytes,
            blake3: receipt.blake3,
            records: receipt.records,
            anomalies: receipt.anomalies.into_iter().map(|(name, seen)| (name, seen.count)).collect(),
        }
    }
}

/// What there is, on a line.
fn summary(right: &[PartClaim], mark: &Path) -> String {
    let sum = |of: fn(&PartClaim) -> u64| right.iter().map(of).sum::<u64>();
    let mut text = format!(
        "{} parts, {} records, {}: all there, each once",
        grouped(right.len() as u64),
        grouped(sum(|claim| claim.records)),
        size(sum(|claim| claim.bytes)),
    );
    let mut anomalies = BTreeMap::new();
    for (name, count) in right.iter().flat_map(|claim| &claim.anomalies) {
        *anomalies.entry(&**name).or_insert(0) += count;
    }
    for (name, count) in anomalies {
        text.push_str(&format!(", {} × {name}", grouped(count)));
    }
    text + &format!("; marked {}\n", mark.display())
}
