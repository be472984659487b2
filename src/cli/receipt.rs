//! A line of a plan, and the receipt for it: what `plan`, `worker` and `verify` exchange.
//!
//! A receipt repeats what the plan said of the range, so that it says what the part beside it is.
//! This file does not know how a range is converted. Advice for maintainers: a key that goes, or
//! changes its meaning, raises the version.

use crate::convert::{Count, Fingerprint, SeenFile, Shaping};
use crate::error::{CANNOT_READ, Error, Result, wrong_json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The layout of both.
pub(super) const VERSION: u64 = 2;

/// How the name of each part begins, and no other file's in their folder may.
pub(super) const PART: &str = "part-";

/// The largest receipt that is read.
const LARGEST: u64 = 8 << 20;

/// A range of an input, and all that shapes its records. Two equal ones give the same records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) version: u64,
    /// The version of the program.
    pub(super) rowmill: String,
    /// The range's number, from 0.
    pub(super) index: u64,
    /// The number of ranges.
    pub(super) count: u64,
    pub(super) input: SeenFile,
    /// Bytes of the input.
    pub(super) start: u64,
    pub(super) end: u64,
    /// What shapes the records. A key of hashes is never in it.
    pub(super) options: Shaping,
    /// What tells whether a key of hashes is that of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key_fingerprint: Option<String>,
}

/// A line of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PlanLine {
    #[serde(flatten)]
    pub(super) task: Task,
    /// Known if the plan was made by reading.
    pub(super) first_record: Option<u64>,
    pub(super) first_line: Option<u64>,
    pub(super) records: Option<u64>,
}

/// What a worker says of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Receipt {
    #[serde(flatten)]
    pub(super) task: Task,
    /// The part's name in the folder.
    pub(super) part: String,
    pub(super) records: u64,
    pub(super) records_rejected: u64,
    /// By name, as `--stats` has them.
    pub(super) anomalies: BTreeMap<String, Count>,
    /// Of the part's file.
    pub(super) bytes: u64,
    pub(super) blake3: String,
    pub(super) seconds: f64,
    /// The part was there, and nothing was converted.
    pub(super) done_before: bool,
}

const CONTRADICT: &str = "its numbers contradict each other";

impl Task {
    fn check(&self) -> Result<(), String> {
        if self.index >= self.count || self.start > self.end || self.end > self.input.fingerprint.size {
            return Err(CONTRADICT.to_owned());
        }
        Ok(())
    }

    /// How the names of the part and its receipt begin, in the order of the ranges.
    pub(super) fn stem(&self) -> String {
        format!("{PART}{:05}-of-{:05}", self.index, self.count)
    }

    /// The name of the receipt: engines that read whole folders pass over what begins with `_`.
    pub(super) fn receipt(&self) -> String {
        format!("_{}.receipt.json", self.stem())
    }

    /// Whether a part of this range may be called that.
    pub(super) fn may_be_called(&self, name: &str) -> bool {
        let ending = name.strip_prefix(&*self.stem()).and_then(|rest| rest.strip_prefix('.'));
        ending.is_some_and(|ending| {
            !ending.contains('/') && ["json", "jsonl"].contains(&ending.split('.').next().unwrap_or_default())
        })
    }
}

/// How the file that is there `now` differs from the one that a plan saw, in words that follow
/// "it".
pub(super) fn difference(then: &Fingerprint, now: &Fingerprint) -> Option<String> {
    if now.size != then.size {
        return Some(format!("has {} bytes, not {}", now.size, then.size));
    }
    if now.modified != then.modified {
        return Some("was modified at another time".to_owned());
    }
    (now.ends != then.ends).then(|| "begins or ends with other bytes".to_owned())
}

impl PlanLine {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, in words that follow a place.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let line: Self = read(text, "plan")?;
        line.task.check()?;
        let counts = [line.first_record, line.first_line, line.records];
        // A record and a line have a byte at least, and numbers start from 1.
        let most = line.task.input.fingerprint.size.saturating_add(1);
        if counts.into_iter().flatten().any(|n| n > most) {
            return Err(CONTRADICT.to_owned());
        }
        Ok(line)
    }
}

impl Receipt {
    /// The receipt at `path`; `None` if there is none that can be read.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn find(path: &Path) -> Result<Option<Self>> {
        let mut text = Vec::new();
        match File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut text)) {
            Ok(_) => Ok(Self::parse(&text).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(CANNOT_READ, path.display().to_string(), error)),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, in words that follow a place.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let receipt: Self = read(text, "receipt")?;
        receipt.task.check()?;
        if !receipt.task.may_be_called(&receipt.part) {
            return Err("its part is called like none of its range".to_owned());
        }
        Ok(receipt)
    }
}

/// A value as a line of JSON.
pub(super) fn line(value: &impl Serialize) -> String {
    // Neither a map with keys that are no text nor a value that fails is in them.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

fn read<T: DeserializeOwned>(text: &[u8], what: &str) -> Result<T, String> {
    let value = match serde_json::from_slice(text) {
        Ok(value @ Value::Object(_)) => value,
        Ok(_) => return Err(format!("is no line of a {what}: it is no JSON object")),
        Err(error) => return Err(format!("is no line of a {what}: {}", wrong_json(&error))),
    };
    match value["version"].as_u64() {
        Some(VERSION) => serde_json::from_value(value)
            .map_err(|error| format!("is no line of a {what}: {}", wrong_json(&error))),
        Some(version) => Err(format!("is of layout {version}, and this program knows {VERSION}")),
        None => Err(format!("is no line of a {what}: it has no 'version'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_called_by_their_range() {
        let fingerprint = Fingerprint { size: 9, modified: (0, 0), ends: String::new() };
        let input = SeenFile { path: "/a.csv".into(), fingerprint };
        let (rowmill, options) = (String::new(), Shaping::default());
        let task = Task {
            version: VERSION,
            rowmill,
            index: 7,
            count: 128,
            input,
            start: 0,
            end: 9,
            options,
            key_fingerprint: None,
        };
        assert_eq!(task.receipt(), "_part-00007-of-00128.receipt.json");
        for (name, may) in [
            ("part-00007-of-00128.jsonl", true),
            ("part-00007-of-00128.jsonl.zst", true),
            ("part-00007-of-00128.json.gz", true),
            ("part-00007-of-00128.receipt.json", false),
            ("part-00008-of-00128.jsonl", false),
            ("part-00007-of-00128.jsonl/../../x", false),
            ("part-00007-of-00128", false),
        ] {
            assert_eq!(task.may_be_called(name), may, "{name}");
        }
    }
}
