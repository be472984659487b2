//! The summary of a conversion.

use super::progress::Times;
use crate::error::{Anomaly, Place};
use crate::header::Repair;
use crate::plan::Type;
use crate::schema::ValueType;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The result of a conversion.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// The inputs' names.
    pub inputs: Vec<String>,
    /// Records read; the header, blank records and comments don't count.
    pub records: u64,
    /// The records among these that went to the rejects.
    pub records_rejected: u64,
    /// Blank records, which were skipped.
    pub blank_records: u64,
    /// Records dropped because all their fields are empty, if that was asked for.
    pub empty_records: u64,
    /// Records that were not written because a field is not, or is, what was asked for.
    pub filtered_records: u64,
    /// NUL characters in values that were dropped or replaced, if that was asked for.
    pub nuls: u64,
    /// Records dropped because they repeat the header, if that was asked for.
    pub repeated_headers: u64,
    /// Bytes read of all inputs.
    pub bytes_in: u64,
    /// Bytes of the encoded records, before compression.
    pub bytes_encoded: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// The output's parts, if that was asked for.
    pub parts: Option<u64>,
    /// What of all this an earlier run did, which this one continued.
    pub resumed: Option<Resumed>,
    /// The time it took.
    pub elapsed: Duration,
    /// Where the workers' time went.
    pub times: Times,
    /// The most memory that it may take, in bytes.
    pub memory: usize,
    /// Threads that worked.
    pub threads: usize,
    /// The size of a window in bytes, at the most.
    pub window: usize,
    /// Windows converted.
    pub windows: u64,
    /// The windows among these that were converted in their turn, because they did not start where
    /// a record starts, or were not thought to.
    pub windows_redone: u64,
    /// The instruction set of the kernels.
    pub isa: &'static str,
    /// Records of several lines: a line ends inside quotes, or behind an escape.
    pub multiline: Option<Count>,
    /// Values that do not fit their type, by column: of the first 64 columns with a type.
    pub misfits: Vec<Misfits>,
    /// The columns whose types were found in a first pass, if that was asked for.
    pub types: Vec<(String, ValueType)>,
    /// Anomalies by kind, with the first place of each.
    pub anomalies: Vec<(Anomaly, Count)>,
    /// Column names that were changed; the first of each input.
    pub header_repairs: Vec<(String, Repair)>,
    /// How many names were changed in all.
    pub n_header_repairs: u64,
    /// Remarks for the user: what was assumed, what looks odd.
    pub remarks: Vec<String>,
}

/// What is asked of columns of these types: of strings nothing.
pub(super) fn typed(types: &[(String, ValueType)]) -> Vec<(String, Type)> {
    let some = types.iter().filter(|(_, found)| *found != ValueType::String);
    some.filter_map(|(name, found)| Some((name.clone(), found.name().parse().ok()?))).collect()
}

/// What an earlier run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Resumed {
    /// Records read.
    pub records: u64,
    /// Bytes read of all inputs.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
}

/// How often an anomaly was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Count {
    /// The number of times.
    pub count: u64,
    /// The first place.
    pub first: Place,
    /// What is seen there, and what may help. It names settings in backticks.
    pub detail: Option<String>,
}

/// The values of a column that do not fit its type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Misfits {
    /// The column, from 1.
    pub column: u64,
    /// The column's name in the header.
    pub name: String,
    /// The type's name.
    #[serde(rename = "type")]
    pub wanted: String,
    /// The number of values.
    pub count: u64,
}

impl Misfits {
    /// Adds values of a column to those of all.
    pub(super) fn add(self, all: &mut Vec<Self>) {
        let same = |known: &&mut Self| {
            (known.column, &known.name, &known.wanted) == (self.column, &self.name, &self.wanted)
        };
        match all.iter_mut().find(same) {
            Some(known) => known.count += self.count,
            None => all.push(self),
        }
        all.sort_by_key(|misfits| misfits.column);
    }
}

impl Summary {
    /// How often `anomaly` was seen.
    pub fn count(&self, anomaly: Anomaly) -> u64 {
        self.anomalies.iter().find(|(kind, _)| *kind == anomaly).map_or(0, |(_, count)| count.count)
    }

    /// Adds records of several lines that come behind the known ones.
    pub(super) fn add_multiline(&mut self, count: Count) {
        match &mut self.multiline {
            Some(known) => known.count += count.count,
            None => self.multiline = Some(count),
        }
    }

    /// How many anomalies there are of all kinds.
    pub(super) fn n_anomalies(&self) -> u64 {
        self.anomalies.iter().map(|(_, count)| count.count).sum()
    }

    /// Whether something in the data is not as it should be.
    pub fn has_anomalies(&self) -> bool {
        self.anomalies.iter().any(|(_, count)| count.count > 0)
    }

    /// Adds sightings that come behind the known ones.
    pub(super) fn note(&mut self, anomaly: Anomaly, count: Count) {
        match self.anomalies.iter_mut().find(|(kind, _)| *kind == anomaly) {
            Some((_, known)) => known.count += count.count,
            None => self.anomalies.push((anomaly, count)),
        }
    }
}
