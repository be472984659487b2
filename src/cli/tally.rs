//! The sum of many conversions, in the order of their inputs whatever the order in which they end.
//!
//! What is kept of each is bounded: counts, first places, and the first of some lists.

use super::exit::on_a_line;
use super::report::Failed;
use super::words::with_flags;
use crate::error::{Anomaly, Error};
use crate::{Count, Misfits, Repair, Summary};
use std::collections::BTreeMap;

/// The remarks, repairs and failures that are kept; all are counted.
const MOST: usize = 100;

/// Columns with values that do not fit their type.
const MOST_MISFITS: usize = 64;

/// The sum of the conversions that have ended.
#[derive(Default)]
pub(super) struct Tally {
    summary: Summary,
    /// Anomalies, each with the number of the input that has the first.
    anomalies: BTreeMap<usize, (usize, Count)>,
    multiline: Option<(usize, Count)>,
    remarks: FirstFew<String>,
    repairs: FirstFew<(String, Repair)>,
    failures: FirstFew<Failed>,
    n_done: usize,
}

/// The first of a list, each with the number of its input and its own there.
struct FirstFew<T> {
    kept: BTreeMap<(usize, usize), T>,
    n: u64,
}

impl<T> Default for FirstFew<T> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), n: 0 }
    }
}

impl<T> FirstFew<T> {
    fn extend(&mut self, number: usize, all: impl IntoIterator<Item = T>) {
        for (i, one) in all.into_iter().enumerate() {
            self.n += 1;
            self.kept.insert((number, i), one);
            if self.kept.len() > MOST {
                self.kept.pop_last();
            }
        }
    }
}

/// Adds what was seen in an input to what was seen in all, with the place in the first of them.
fn add(known: &mut (usize, Count), number: usize, count: Count) {
    let sum = known.1.count + count.count;
    if number < known.0 {
        *known = (number, count);
    }
    known.1.count = sum;
}

impl Tally {
    /// Adds the conversion of an input of this number.
    pub(super) fn add(&mut self, number: usize, done: Summary) {
        self.n_done += 1;
        let all = &mut self.summary;
        all.records += done.records;
        all.records_rejected += done.records_rejected;
        all.blank_records += done.blank_records;
        all.bytes_in += done.bytes_in;
        all.bytes_encoded += done.bytes_encoded;
        all.bytes_out += done.bytes_out;
        all.threads = all.threads.max(done.threads);
        all.window = all.window.max(done.window);
        all.windows += done.windows;
        all.windows_redone += done.windows_redone;
        all.n_header_repairs += done.n_header_repairs;
        all.isa = done.isa;
        for (anomaly, count) in done.anomalies {
            let kind = Anomaly::ALL.iter().position(|kind| *kind == anomaly).unwrap_or(0);
            match self.anomalies.get_mut(&kind) {
                Some(known) => add(known, number, count),
                None => drop(self.anomalies.insert(kind, (number, count))),
            }
        }
        if let Some(count) = done.multiline {
            match &mut self.multiline {
                Some(known) => add(known, number, count),
                None => self.multiline = Some((number, count)),
            }
        }
        for misfits in done.misfits {
            let same = |known: &&mut Misfits| {
                (&known.name, known.column, &known.wanted) == (&misfits.name, misfits.column, &misfits.wanted)
            };
            match all.misfits.iter_mut().find(same) {
                Some(known) => known.count += misfits.count,
                None => all.misfits.push(misfits),
            }
            all.misfits.truncate(MOST_MISFITS);
        }
        self.remarks.extend(number, done.remarks);
        self.repairs.extend(number, done.header_repairs);
    }

    /// Adds an input of this number that could not be converted. Returns what is wrong.
    pub(super) fn fail(&mut self, number: usize, input: &str, error: &Error) -> String {
        self.n_done += 1;
        let mut message = on_a_line(&with_flags(&error.to_string()));
        if !message.contains(input) {
            message = format!("{}: {message}", on_a_line(input));
        }
        let position = error.position().cloned();
        self.failures.extend(number, [Failed { message: message.clone(), position }]);
        message
    }

    /// How many inputs could not be converted.
    pub(super) fn n_failed(&self) -> u64 {
        self.failures.n
    }

    /// How many inputs were converted or could not be.
    pub(super) fn n_done(&self) -> usize {
        self.n_done
    }

    /// Returns the sum, and the first failures. `remarks` are on all inputs together.
    pub(super) fn sum(self, mut remarks: Vec<String>) -> (Summary, Vec<Failed>) {
        let mut summary = self.summary;
        let anomalies = self.anomalies.into_iter();
        summary.anomalies = anomalies.map(|(kind, (_, count))| (Anomaly::ALL[kind], count)).collect();
        summary.multiline = self.multiline.map(|(_, count)| count);
        summary.misfits.sort_by_key(|misfits| misfits.column);
        let n_more = self.remarks.n.saturating_sub(MOST as u64);
        remarks.extend(self.remarks.kept.into_values());
        if n_more > 0 {
            remarks.push(format!("and {n_more} more remarks"));
        }
        summary.remarks = remarks;
        summary.header_repairs = self.repairs.kept.into_values().collect();
        (summary, self.failures.kept.into_values().collect())
    }
}
