//! `--resume`: what a run leaves on the way, so that the same command goes on where it was cut off.
//!
//! A checkpoint stands beside the output that it belongs to. It is written when the output up to there is on the disk, as a whole or
//! not at all, and says what was asked, of which inputs, and how far each was. Whoever goes on must ask the same of the same inputs;
//! threads, windows and memory may differ, for the result doesn't depend on them.
//!
//! It must not know how an input is converted. Next hand: a new option that shapes the output belongs into [`Checkpoints::options`].

use super::fingerprint::Fingerprint;
use super::options::Options;
use super::prepared::Prepared;
use super::state::State;
use crate::error::{Anomaly, CANNOT_READ, CANNOT_WRITE, Error, ErrorKind, Place, Result};
use crate::output::{FileId, OutputFile, PartsReached, Reached, checkpoint_path};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The layout of a checkpoint.
const VERSION: u64 = 2;
/// The largest checkpoint that is read: a few places with long names.
const LARGEST: u64 = 16 << 20;

/// Between how many bytes, read and written, a checkpoint is made by default: half of what may be done twice.
pub const DEFAULT_CHECKPOINT: u64 = 128 << 20;

impl State {
    fn to_json(&self) -> Value {
        let anomalies: Vec<Value> = self
            .anomalies
            .values()
            .map(|(anomaly, count, place)| {
                json!({
                    "anomaly": anomaly.name(), "count": count, "file": place.file, "line": place.line,
                    "record": place.record, "byte": place.byte, "column": place.column, "name": place.name,
                })
            })
            .collect();
        json!({
            "records": self.records, "rejected": self.rejected, "blank": self.blank, "lines": self.lines,
            "input_at": self.input_at, "text_at": self.text_at, "encoded": self.encoded, "bytes_out": self.bytes_out,
            "windows": self.windows, "redone": self.redone, "anomalies": anomalies,
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let n = |key: &str| value[key].as_u64();
        let anomaly = |value: &Value| {
            let n = |key: &str| value[key].as_u64();
            let text = |key: &str| value[key].as_str().map(str::to_owned);
            let place = Place {
                file: text("file")?,
                line: n("line")?,
                record: n("record")?,
                byte: n("byte")?,
                column: n("column"),
                name: text("name"),
            };
            Some((Anomaly::from_name(value["anomaly"].as_str()?)?, n("count")?, place))
        };
        Some(Self {
            records: n("records")?,
            rejected: n("rejected")?,
            blank: n("blank")?,
            lines: n("lines")?,
            input_at: n("input_at")?,
            encoded: n("encoded")?,
            text_at: n("text_at")?,
            bytes_out: n("bytes_out")?,
            windows: n("windows")?,
            redone: n("redone")?,
            anomalies: value["anomalies"]
                .as_array()?
                .iter()
                .map(|value| anomaly(value).map(|found| (found.0 as usize, found)))
                .collect::<Option<_>>()?,
        })
    }
}

fn reached_to_json(reached: &Reached) -> Value {
    let Reached { bytes, opened, begun, closed, records, parts } = *reached;
    let parts = parts.map(|PartsReached { n_whole, whole_bytes, at, journal, id, n_old }| {
        json!({
            "whole": n_whole, "whole_bytes": whole_bytes, "at": at, "journal": [journal, id.0, id.1],
            "old": n_old,
        })
    });
    json!({
        "bytes": bytes, "opened": opened, "begun": begun, "closed": closed, "records": records,
        "parts": parts,
    })
}

fn reached_from_json(value: &Value) -> Option<Reached> {
    let is = |key: &str| value[key].as_bool();
    let parts = |value: &Value| {
        let journal = |i: usize| value["journal"][i].as_u64();
        Some(PartsReached {
            n_whole: value["whole"].as_u64()?,
            whole_bytes: value["whole_bytes"].as_u64()?,
            at: value["at"].as_u64(),
            journal: journal(0)?,
            id: (journal(1)?, journal(2)?),
            n_old: value["old"].as_u64()?,
        })
    };
    Some(Reached {
        bytes: value["bytes"].as_u64()?,
        opened: is("opened")?,
        begun: is("begun")?,
        closed: is("closed")?,
        records: [value["records"][0].as_u64()?, value["records"][1].as_u64()?],
        parts: match &value["parts"] {
            Value::Null => None,
            value => Some(parts(value)?),
        },
    })
}

/// The checkpoints of a run.
#[derive(Debug)]
pub(super) struct Checkpoints {
    output: String,
    path: PathBuf,
    options: Value,
    inputs: Value,
    every: u64,
    /// Read and written of the inputs that are done, and of all when the last one was made.
    before: u64,
    last: u64,
    /// The inputs that are done, and of an earlier run the one that was not.
    states: Vec<State>,
    /// Those of an earlier run that are still to be taken up.
    earlier: Vec<State>,
    /// All was written and only the names were missing.
    complete: bool,
    files: Vec<(u64, FileId)>,
    /// How far the output is.
    reached: Reached,
}

impl Checkpoints {
    /// Looks for the checkpoint of an earlier run beside the output, which will stand at `target`; `inputs` tells them apart.
    ///
    /// # Errors
    /// There is one that this run can't go on from.
    pub(super) fn open(target: &Path, options: &Options, every: u64, inputs: Value) -> Result<Self> {
        let mut new = Self {
            output: target.display().to_string(),
            path: checkpoint_path(target),
            options: Self::options(options),
            inputs,
            every,
            before: 0,
            last: 0,
            states: Vec::new(),
            earlier: Vec::new(),
            complete: false,
            files: Vec::new(),
            reached: Reached::default(),
        };
        new.read()?;
        Ok(new)
    }

    /// What shapes the output, by setting.
    fn options(options: &Options) -> Value {
        let of = |value: &dyn std::fmt::Debug| format!("{value:?}");
        json!({
            "version of rowmill": env!("CARGO_PKG_VERSION"),
            "dialect": of(&options.dialect),
            "encoding": of(&options.encoding),
            "delimiter": of(&options.delimiter),
            "names": of(&options.names),
            "skip-lines": options.skip_lines,
            "limit": options.limit,
            "columns": of(&options.columns),
            "strict": options.strict,
            "rejects": of(&options.rejects),
            "compress": of(&options.compress),
            "split-size": options.split.size,
            "split-records": options.split.records,
            // What is too long goes to the rejects, and without a setting the memory decides what is.
            "max-record": of(&(options.max_record, options.rejects.as_ref().map(|_| options.memory))),
        })
    }

    pub(super) fn refuse(&self, reason: impl Into<String>) -> Error {
        let checkpoint = self.path.display().to_string();
        ErrorKind::CannotResume { output: self.output.clone(), reason: reason.into(), checkpoint }.into()
    }

    fn read(&mut self) -> Result<()> {
        let cannot = |error| Error::io(CANNOT_READ, self.path.display().to_string(), error);
        let text = match File::open(&self.path) {
            Ok(file) => {
                let mut text = String::new();
                match io::Read::read_to_string(&mut io::Read::take(file, LARGEST), &mut text) {
                    Err(error) if error.kind() != io::ErrorKind::InvalidData => return Err(cannot(error)),
                    _ => text,
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(cannot(error)),
        };
        let damaged = || self.refuse("its checkpoint is damaged");
        let (hash, body) = text.split_once('\n').ok_or_else(damaged)?;
        if blake3::hash(body.as_bytes()).to_hex().as_str() != hash {
            return Err(damaged());
        }
        let body: Value = serde_json::from_str(body).map_err(|_| damaged())?;
        if body["version"] != VERSION {
            return Err(self.refuse("its checkpoint is of another version of rowmill"));
        }
        let changed: Vec<&str> = match (self.options.as_object(), body["options"].as_object()) {
            (Some(now), Some(then)) => now
                .iter()
                .filter(|(key, value)| then.get(*key) != Some(value))
                .map(|(key, _)| &**key)
                .collect(),
            _ => return Err(damaged()),
        };
        if !changed.is_empty() {
            return Err(self.refuse(format!("it was begun with other options ({})", changed.join(", "))));
        }
        if self.inputs != body["inputs"] {
            return Err(self.refuse("the inputs are others, or have changed since"));
        }
        let states = body["states"].as_array().and_then(|all| all.iter().map(State::from_json).collect());
        let earlier: Vec<State> = Option::ok_or_else(states, damaged)?;
        let files = body["files"].as_array().and_then(|all| {
            let file = |value: &Value| Some((value[0].as_u64()?, (value[1].as_u64()?, value[2].as_u64()?)));
            all.iter().map(file).collect()
        });
        let files = Option::ok_or_else(files, damaged)?;
        let reached = reached_from_json(&body["reached"]).ok_or_else(damaged)?;
        if earlier.len() > self.inputs.as_array().map_or(0, Vec::len) {
            return Err(damaged());
        }
        (self.earlier, self.files, self.complete) = (earlier, files, body["complete"] == true);
        self.reached = reached;
        Ok(())
    }

    /// Brings the outputs to where the checkpoint says they were, or to their beginning.
    ///
    /// # Errors
    /// They are not there, or not what they were.
    pub(super) fn take_up<'f>(
        &mut self,
        files: impl IntoIterator<Item = &'f mut OutputFile>,
    ) -> Result<Vec<u64>> {
        let mut ats = Vec::new();
        let known = std::mem::take(&mut self.files);
        let begun = !self.earlier.is_empty();
        for (i, file) in files.into_iter().enumerate() {
            let Some((_, id)) = file.unfinished()? else { return Err(needs_a_file()) };
            let (at, id) = match known.get(i) {
                Some(&(at, id)) if begun => {
                    file.go_on(at, id, self.complete).map_err(|reason| self.refuse(reason))?;
                    (at, id)
                }
                None if begun => return Err(self.refuse("its checkpoint is damaged")),
                _ => {
                    file.begin_anew()?;
                    (0, id)
                }
            };
            self.files.push((at, id));
            ats.push(at);
        }
        Ok(ats)
    }

    /// How far an earlier run's output was, and whether only names were missing; `None` where it left no checkpoint.
    pub(super) fn reached(&self) -> Option<(Reached, bool)> {
        (!self.earlier.is_empty() || self.complete).then_some((self.reached, self.complete))
    }

    /// What an earlier run did of the next input, and whether it was done with it.
    pub(super) fn earlier(&mut self) -> Option<(State, bool)> {
        let state = self.earlier.get(self.states.len())?.clone();
        self.last = self.before + state.input_at + state.bytes_out;
        Some((state, self.complete || self.states.len() + 1 < self.earlier.len()))
    }

    /// Whether it is time for a checkpoint, `n_bytes` being read and written of the present input.
    pub(super) fn is_due(&self, n_bytes: u64) -> bool {
        self.before + n_bytes - self.last >= self.every
    }

    /// Writes a checkpoint: of the outputs, `ats` bytes each, how far the first is, and the input at hand.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn write(&mut self, ats: &[u64], reached: Reached, state: State) -> Result<()> {
        self.last = self.before + state.input_at + state.bytes_out;
        self.reached = reached;
        for (file, at) in self.files.iter_mut().zip(ats) {
            file.0 = *at;
        }
        self.states.push(state);
        let written = self.put();
        self.states.pop();
        written
    }

    /// An input is done.
    pub(super) fn done(&mut self, state: State) {
        self.before += state.input_at + state.bytes_out;
        self.states.push(state);
    }

    /// All is written: from here on only names are given.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn completed(&mut self, ats: &[u64], reached: Reached) -> Result<()> {
        if self.complete {
            return Ok(());
        }
        self.reached = reached;
        for (file, at) in self.files.iter_mut().zip(ats) {
            file.0 = *at;
        }
        self.complete = true;
        self.put()
    }

    fn put(&self) -> Result<()> {
        let files: Vec<Value> =
            self.files.iter().map(|(at, (device, inode))| json!([at, device, inode])).collect();
        let body = json!({
            "version": VERSION, "options": self.options, "inputs": self.inputs, "files": files,
            "reached": reached_to_json(&self.reached),
            "states": self.states.iter().map(State::to_json).collect::<Vec<_>>(), "complete": self.complete,
        });
        let body = body.to_string();
        let text = format!("{}\n{body}", blake3::hash(body.as_bytes()).to_hex());
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)?;
            File::open(folder(&self.path))?.sync_all()
        };
        write().map_err(|error| Error::io(CANNOT_WRITE, self.path.display().to_string(), error))
    }

    /// The outputs have their names: nothing is left to go on from.
    pub(super) fn remove(&self) {
        // One that stays says that all is complete, which the next run finds out.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What is said where the output can't be gone on with.
pub(super) fn needs_a_file() -> Error {
    Error::setting("`resume`: needs an output that is a regular file (`output`)")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What tells the inputs from others.
///
/// # Errors
/// One can't be gone on with.
pub(super) fn identities(inputs: &[Prepared<'_>]) -> Result<Value> {
    inputs.iter().map(identity).collect()
}

/// What tells an input from another, or from itself after a change.
fn identity(input: &Prepared<'_>) -> Result<Value> {
    let Some(path) = input.path.as_deref().filter(|_| input.seeks) else {
        let message = format!("`resume`: {}: only regular files can be gone on with", input.name);
        return Err(Error::setting(message));
    };
    Ok(Fingerprint::of_any(path)?.to_json(&input.name))
}
