//! What a plan, a worker and a check tell each other: a line of a plan, and the receipt for it, with how both are laid out.
//!
//! A receipt repeats what the plan said of the range, so that whoever finds it beside a part knows what the part is. It must not know how
//! a range is converted. Next hand: a key that comes is ignored by who doesn't know it; one that goes or changes
//! its meaning raises the version.

use crate::convert::Fingerprint;
use crate::error::{CANNOT_READ, Error, Result};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The layout of both.
const VERSION: u64 = 1;

/// How the name of each part begins, and no other file's in their folder may.
pub(super) const PART: &str = "part-";

/// The largest receipt that is read.
const LARGEST: u64 = 8 << 20;

/// A range of an input, and all that shapes what becomes of it. Two that are the same give the same records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// The version of the program.
    pub(super) rowmill: String,
    /// The range's number, from 0.
    pub(super) index: u64,
    /// How many there are.
    pub(super) count: u64,
    pub(super) input: Seen,
    /// Bytes of the input.
    pub(super) start: u64,
    pub(super) end: u64,
    /// Arguments of the program.
    pub(super) options: Vec<String>,
}

/// What a plan saw of an input, so that another is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) identity: Fingerprint,
}

/// A line of a plan.
#[derive(Clone, Debug)]
pub(super) struct PlanLine {
    pub(super) task: Task,
    /// Known where the plan was made by reading.
    pub(super) first_record: Option<u64>,
    pub(super) first_line: Option<u64>,
    pub(super) records: Option<u64>,
}

/// What a worker says of a part.
#[derive(Clone, Debug)]
pub(super) struct Receipt {
    pub(super) task: Task,
    /// The part's name in the folder.
    pub(super) part: String,
    pub(super) records: u64,
    pub(super) rejected: u64,
    /// By name, as `--stats` has them.
    pub(super) anomalies: Map<String, Value>,
    /// Of the part's file.
    pub(super) bytes: u64,
    pub(super) blake3: String,
    pub(super) seconds: f64,
    /// It was there, and nothing was converted.
    pub(super) done_before: bool,
}

/// A JSON object whose keys are asked for one after another; the first that fails is told.
struct Keys<'v>(&'v Map<String, Value>);

impl<'v> Keys<'v> {
    fn want<T>(&self, key: &str, read: impl FnOnce(&'v Value) -> Option<T>) -> Result<T, String> {
        let value = self.0.get(key).ok_or_else(|| format!("has no '{key}'"))?;
        read(value).ok_or_else(|| format!("'{key}' is not what it should be"))
    }

    fn n(&self, key: &str) -> Result<u64, String> {
        self.want(key, Value::as_u64)
    }

    fn text(&self, key: &str) -> Result<String, String> {
        self.want(key, |value| value.as_str().map(str::to_owned))
    }

    /// A number, or null where it isn't known.
    fn known(&self, key: &str) -> Result<Option<u64>, String> {
        self.want(key, |value| if value.is_null() { Some(None) } else { value.as_u64().map(Some) })
    }
}

impl Task {
    fn from_json(keys: &Keys<'_>) -> Result<Self, String> {
        let version = keys.n("version")?;
        if version != VERSION {
            return Err(format!("is of layout {version}, and this program knows {VERSION}"));
        }
        let input = Keys(keys.want("input", Value::as_object)?);
        let words = |value: &Value| {
            value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        let task = Self {
            rowmill: keys.text("rowmill")?,
            index: keys.n("index")?,
            count: keys.n("count")?,
            input: Seen {
                path: input.text("path")?,
                identity: Fingerprint {
                    size: input.n("size")?,
                    modified: input.want("modified", |at| Some((at[0].as_i64()?, at[1].as_i64()?)))?,
                    ends: input.text("ends")?,
                },
            },
            start: keys.n("start")?,
            end: keys.n("end")?,
            options: keys.want("options", words)?,
        };
        if task.index >= task.count || task.start > task.end || task.end > task.input.identity.size {
            return Err("its numbers contradict each other".to_owned());
        }
        Ok(task)
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

impl Seen {
    /// What tells what is there `now` from what a plan saw, in words that follow "it".
    pub(super) fn differs(&self, now: &Fingerprint) -> Option<String> {
        let then = &self.identity;
        if now.size != then.size {
            return Some(format!("has {} bytes, not {}", now.size, then.size));
        }
        if now.modified != then.modified {
            return Some("was modified at another time".to_owned());
        }
        (now.ends != then.ends).then(|| "begins or ends with other bytes".to_owned())
    }
}

impl PlanLine {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, in words that follow a place.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let value = object(text, "plan")?;
        let keys = Keys(&value);
        Ok(Self {
            task: Task::from_json(&keys)?,
            first_record: keys.known("first_record")?,
            first_line: keys.known("first_line")?,
            records: keys.known("records")?,
        })
    }
}

impl Receipt {
    /// The one that stands at `path`; `None` where none does that can be read.
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
        let value = object(text, "receipt")?;
        let keys = Keys(&value);
        let receipt = Self {
            task: Task::from_json(&keys)?,
            part: keys.text("part")?,
            records: keys.n("records")?,
            rejected: keys.n("records_rejected")?,
            anomalies: keys.want("anomalies", |value| value.as_object().cloned())?,
            bytes: keys.n("bytes")?,
            blake3: keys.text("blake3")?,
            seconds: keys.want("seconds", Value::as_f64)?,
            done_before: keys.want("done_before", Value::as_bool)?,
        };
        if !receipt.task.may_be_called(&receipt.part) {
            return Err("its part is called like none of its range".to_owned());
        }
        Ok(receipt)
    }

    /// As it is printed, and stands beside the part: one line.
    pub(super) fn line(&self) -> String {
        let Self { task, .. } = self;
        let receipt = json!({
            "version": VERSION, "rowmill": task.rowmill, "index": task.index, "count": task.count,
            "input": task.input.identity.to_json(&task.input.path), "start": task.start, "end": task.end, "options": task.options,
            "part": self.part, "records": self.records, "records_rejected": self.rejected,
            "anomalies": self.anomalies, "bytes": self.bytes, "blake3": self.blake3,
            "seconds": self.seconds, "done_before": self.done_before,
        });
        format!("{receipt}\n")
    }
}

fn object(text: &[u8], what: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(format!("is no line of a {what}: it is no JSON object")),
        Err(error) => Err(format!("is no line of a {what}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_called_by_their_range() {
        let identity = Fingerprint { size: 9, modified: (0, 0), ends: String::new() };
        let input = Seen { path: "/a.csv".into(), identity };
        let (rowmill, options) = (String::new(), Vec::new());
        let task = Task { rowmill, index: 7, count: 128, input, start: 0, end: 9, options };
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
