//! `--resume`: what a run leaves on the way, so that the same command goes on where it was cut off.
//!
//! A checkpoint is beside the output that it belongs to. It is written when the output up to there
//! is on the disk, as a whole or not at all, and says what was asked, of which inputs, and how far
//! each was. The run that continues must ask the same of the same inputs; threads, windows and
//! memory may differ, for the result doesn't depend on them.
//!
//! This file does not know how an input is converted.

use super::fingerprint::{Fingerprint, SeenFile};
use super::options::Options;
use super::prepared::Prepared;
use super::state::State;
use crate::error::{CANNOT_READ, CANNOT_WRITE, Error, ErrorKind, Result};
use crate::output::{FileId, OutputFile, Reached, checkpoint_path};
use crate::sys;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The layout of a checkpoint.
const VERSION: u64 = 4;
/// The largest checkpoint that is read: a few places with long names.
const LARGEST: u64 = 16 << 20;

/// Between how many bytes, read and written, a checkpoint is made by default: half of what may be
/// done twice.
pub const DEFAULT_CHECKPOINT: u64 = 128 << 20;

/// A checkpoint as it is stored, behind a line with its hash.
#[derive(Serialize, Deserialize)]
struct Body {
    version: u64,
    /// What shapes the output, by setting.
    options: Map<String, Value>,
    inputs: Vec<SeenFile>,
    /// The bytes of each output file, and its device and inode.
    files: Vec<(u64, FileId)>,
    reached: Reached,
    /// The inputs that are done, and the one that is not.
    states: Vec<State>,
    /// All is written; only names are missing.
    complete: bool,
}

/// The checkpoints of a run.
#[derive(Debug)]
pub(super) struct Checkpoints {
    output: String,
    path: PathBuf,
    options: Map<String, Value>,
    inputs: Vec<SeenFile>,
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
    /// Looks for the checkpoint of an earlier run beside the output, which will be at `target`;
    /// `inputs` are their fingerprints.
    ///
    /// # Errors
    /// There is one that this run can't go on from.
    pub(super) fn open(target: &Path, options: &Options, every: u64, inputs: Vec<SeenFile>) -> Result<Self> {
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
    fn options(options: &Options) -> Map<String, Value> {
        let Options { shaping, writing, .. } = options;
        let others = json!({
            "version of rowmill": env!("CARGO_PKG_VERSION"),
            "limit": options.limit,
            "strict": options.strict,
            "max_errors": options.max_errors.map(|most| most.to_string()),
            "rejects": options.rejects.as_ref().map(|path| path.display().to_string()),
            "compress": writing.compress.to_string(),
            "split": [writing.split.size, writing.split.records],
            // An overlong record goes to the rejects, and without a setting the memory decides
            // which is overlong.
            "memory": options.rejects.as_ref().filter(|_| shaping.max_record.is_none()).map(|_| options.resources.memory),
        });
        let shaping = serde_json::to_value(shaping).unwrap_or_default();
        let maps = [shaping, others].into_iter().filter_map(|value| value.as_object().cloned());
        maps.flatten().collect()
    }

    /// The output's name.
    pub(super) fn output(&self) -> &str {
        &self.output
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
        let body: Body = serde_json::from_value(body).map_err(|_| damaged())?;
        let keys = self.options.keys().chain(body.options.keys());
        let changed: BTreeSet<&str> =
            keys.filter(|key| self.options.get(*key) != body.options.get(*key)).map(String::as_str).collect();
        if !changed.is_empty() {
            let changed: Vec<&str> = changed.into_iter().collect();
            return Err(self.refuse(format!("it was begun with other options ({})", changed.join(", "))));
        }
        if self.inputs != body.inputs {
            return Err(self.refuse("the inputs are others, or have changed since"));
        }
        if body.states.len() > self.inputs.len() {
            return Err(damaged());
        }
        (self.earlier, self.files, self.complete) = (body.states, body.files, body.complete);
        self.reached = body.reached;
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

    /// The number of records that an earlier run read.
    pub(super) fn n_earlier(&self) -> u64 {
        self.earlier.iter().map(|state| state.records).sum()
    }

    /// How far an earlier run's output was, and whether only names were missing; `None` where it
    /// left no checkpoint.
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

    /// Writes a checkpoint: of the outputs, `ats` bytes each, how far the first is, and the input
    /// at hand.
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
        let written = self.store();
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
        self.store()
    }

    fn store(&self) -> Result<()> {
        let body = Body {
            version: VERSION,
            options: self.options.clone(),
            inputs: self.inputs.clone(),
            files: self.files.clone(),
            reached: self.reached,
            states: self.states.clone(),
            complete: self.complete,
        };
        let cannot = |error| Error::io(CANNOT_WRITE, self.path.display().to_string(), error);
        let body = serde_json::to_string(&body).map_err(|error| cannot(error.into()))?;
        let text = format!("{}\n{body}", blake3::hash(body.as_bytes()).to_hex());
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new)?;
            file.write_all(text.as_bytes())?;
            sys::sync(&file)?;
            std::fs::rename(&new, &self.path)?;
            sys::sync_name(&self.path)
        };
        write().map_err(cannot)
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

/// The fingerprints of the inputs.
///
/// # Errors
/// An input cannot be resumed.
pub(super) fn fingerprints(inputs: &[Prepared<'_>]) -> Result<Vec<SeenFile>> {
    let fingerprint = |input: &Prepared<'_>| {
        let Some(path) = input.path.as_deref().filter(|_| input.seeks) else {
            let message = format!("`resume`: {}: only regular files can be gone on with", input.name);
            return Err(Error::setting(message));
        };
        Ok(SeenFile { path: input.name.clone(), fingerprint: Fingerprint::of_any(path)? })
    };
    inputs.iter().map(fingerprint).collect()
}

/// # Errors
/// A transform has no name, so another run cannot know whether it is the same.
pub(super) fn check_transforms(options: &Options) -> Result<()> {
    let unnamed = options.shaping.columns.transform.iter().find(|(_, transform)| transform.name().is_none());
    match unnamed {
        Some((column, _)) => Err(Error::setting(format!(
            "`resume`: the transform of column '{column}' has no name; set it with named_transform"
        ))),
        None => Ok(()),
    }
}
