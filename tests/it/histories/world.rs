//! What histories happen to: an input on an ordinary disk, and outputs on one that forgets.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use super::deeds::{Edit, Harm, How, Trouble};
use crate::amnesia::disk::{Change, Disk, History, Holds, Inode, NamedFiles, Node, ROOT};
use crate::amnesia::scene::Stage;
use crate::amnesia::served::Fault;
use crate::harness::{Output, PEOPLE_HEADER, odd, people};

/// Input and outputs, and what was done so far.
pub(super) struct World {
    pub(super) stage: Stage,
    pub(super) history: History,
    pub(super) input: Vec<u8>,
    inputs: [Vec<u8>; 2],
    /// Seconds, for times of modification that differ.
    clock: u64,
    /// How runs ended, and what they said.
    pub(super) log: Vec<String>,
    pub(super) n_runs: usize,
    /// What undisturbed runs made, by what made it.
    known: HashMap<(String, Vec<u8>), Arc<NamedFiles>>,
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) output: Output,
    /// The system killed it, as was asked.
    pub(super) killed: bool,
    /// The input before, and as it is now if it changed meanwhile.
    pub(super) inputs: Vec<Vec<u8>>,
}

impl World {
    /// `None` if nothing can be mounted here.
    pub(super) fn new() -> Option<World> {
        let inputs = [[PEOPLE_HEADER, &people(450)].concat(), odd(130)];
        let mut world = World {
            stage: Stage::new(),
            history: History::new(Disk::with(&[])),
            input: Vec::new(),
            inputs,
            clock: 0,
            log: Vec::new(),
            n_runs: 0,
            known: HashMap::new(),
        };
        world.stage.run("true", History::new(Disk::with(&[])), Fault::Nothing)?;
        Some(world)
    }

    /// Begins anew, with one of the inputs.
    pub(super) fn begin(&mut self, input: usize) {
        self.history = History::new(Disk::with(&[]));
        self.log.clear();
        self.input = self.inputs[input].clone();
        self.clock += 1;
        write(&self.stage.place.path("in.csv"), &self.input, self.clock);
    }

    pub(super) fn seen(&self) -> Disk {
        self.history.seen(self.history.changes.len())
    }

    /// All files that programs see on the disk, by path.
    pub(super) fn files(&self) -> Vec<String> {
        self.seen().files().into_keys().collect()
    }

    /// Runs a line of shell, with trouble.
    pub(super) fn run(&mut self, script: &str, trouble: Trouble) -> Ended {
        let n_before = self.history.changes.len();
        let done = Arc::new(AtomicBool::new(false));
        let (mut later, path) = (None, self.stage.place.path("in.csv"));
        let fault = match trouble {
            Trouble::Nothing => Fault::Nothing,
            Trouble::Kill(n) => Fault::Kill(n),
            Trouble::Interrupt(n) => Fault::Signal(n, Signal::INT),
            Trouble::Terminate(n) => Fault::Signal(n, Signal::TERM),
            Trouble::Full(n) => Fault::Full(n),
            Trouble::Error(n) => Fault::At(n),
            Trouble::Errors(n) => Fault::Behind(n_before + n - 1),
            Trouble::Edit(n, edit) => {
                // What leaves size and time is not seen during a run: the guide says so.
                let edit = if edit == Edit::Disguise { Edit::Replace } else { edit };
                self.clock += 1;
                let (bytes, clock, done) =
                    (edited(&self.input, edit, self.clock), self.clock, Arc::clone(&done));
                later = Some(bytes.clone());
                let act = move || {
                    write(&path, &bytes, clock);
                    done.store(true, Ordering::SeqCst);
                };
                Fault::Meanwhile(n, Arc::new(act))
            }
        };
        let history = std::mem::replace(&mut self.history, History::new(Disk::with(&[])));
        let (output, history) = self.stage.run(script, history, fault).expect("it was mounted before");
        self.history = history;
        self.n_runs += 1;
        let mut inputs = vec![self.input.clone()];
        if let Some(later) = later.filter(|_| done.load(Ordering::SeqCst)) {
            self.input.clone_from(&later);
            inputs.push(later);
        }
        // As the shell tells it, or the system.
        let killed = matches!(trouble, Trouble::Kill(_)) && [None, Some(137)].contains(&output.status.code());
        self.log.push(format!("{}: {}", output.status, output.stderr.trim_end()));
        Ended { output, killed, inputs }
    }

    /// Changes the input.
    pub(super) fn edit(&mut self, edit: Edit) {
        if edit != Edit::Disguise {
            self.clock += 1;
        }
        self.input = edited(&self.input, edit, self.clock + self.history.changes.len() as u64);
        write(&self.stage.place.path("in.csv"), &self.input, self.clock);
    }

    pub(super) fn power_fails(&mut self, seed: u64) {
        self.history = History::new(self.history.lost(self.history.changes.len(), seed));
    }

    /// Removes a file, as `rm` does: not on the disk before something syncs it.
    pub(super) fn remove(&mut self, path: &str) -> bool {
        let disk = self.seen();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some((folder, inode)) = find(&disk, folder).zip(find(&disk, path)) else { return false };
        self.history.changes.push(Change::Remove((folder, name.into()), inode));
        true
    }

    /// Damages one of these files; says which, if it did something.
    pub(super) fn harm(&mut self, files: &[String], harm: Harm) -> Option<String> {
        let path = files.get(harm.file % files.len().max(1))?;
        let disk = self.seen();
        let (inode, bytes) = (find(&disk, path)?, disk.file(path)?.to_vec());
        let at = |share: u16| bytes.len() * usize::from(share) / (1 << 16);
        let change = match harm.how {
            How::Flip(_) if bytes.is_empty() => return None,
            How::Flip(share) => Change::Write(inode, at(share), vec![bytes[at(share)] ^ 1 << (share % 8)]),
            How::Cut(share) => Change::Size(inode, at(share)),
            How::Empty => Change::Size(inode, 0),
            How::Grow => Change::Write(inode, bytes.len(), b"more\n".to_vec()),
            How::Remove | How::Copy => {
                self.remove(path);
                if harm.how == How::Copy {
                    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                    let (folder, copy) = (find(&disk, folder)?, disk.free());
                    let node = Node { mode: 0o644, holds: Holds::Bytes(bytes) };
                    self.history.changes.push(Change::Create((folder, name.into()), copy, node));
                }
                return Some(path.clone());
            }
        };
        self.history.changes.extend([change, Change::Sync(inode)]);
        Some(path.clone())
    }

    /// The files that a line of shell makes of an input in the folder `whole`, on an ordinary disk.
    pub(super) fn undisturbed(&mut self, script: &str, input: &[u8]) -> Arc<NamedFiles> {
        let key = (script.to_owned(), input.to_vec());
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let place = &self.stage.place;
        let folder = place.path("undisturbed");
        fs::create_dir_all(folder.join("whole")).unwrap();
        fs::write(folder.join("in.csv"), input).unwrap();
        place.shell(&format!("cd undisturbed && {script}")).out().expect_status(0);
        let mut files = NamedFiles::new();
        for entry in fs::read_dir(folder.join("whole")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
        fs::remove_dir_all(&folder).unwrap();
        if self.known.len() > 2000 {
            self.known.clear();
        }
        Arc::clone(self.known.entry(key).or_insert(Arc::new(files)))
    }
}

/// What a path leads to; the first folder is "".
fn find(disk: &Disk, path: &str) -> Option<Inode> {
    let steps = path.split('/').filter(|step| !step.is_empty());
    steps.into_iter().try_fold(ROOT, |at, name| disk.find(at, name.as_ref()))
}

fn write(path: &Path, bytes: &[u8], clock: u64) {
    fs::write(path, bytes).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + clock);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// The input after a change.
fn edited(input: &[u8], edit: Edit, salt: u64) -> Vec<u8> {
    let mut bytes = input.to_vec();
    match edit {
        Edit::Append => bytes.extend(format!("{},appended,{salt}\n", salt % 7).bytes()),
        Edit::Replace | Edit::Disguise => {
            // Digits behind the header, so that it stays the table that it was.
            let header = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(0);
            let digits: Vec<usize> = (header..bytes.len()).filter(|&i| bytes[i].is_ascii_digit()).collect();
            if let Some(&at) = digits.get(salt as usize * 7919 % digits.len().max(1)) {
                bytes[at] = b'0' + (bytes[at] - b'0' + 1) % 10;
            }
        }
        Edit::Cut => {
            let end = bytes[..bytes.len() - 1].iter().rposition(|&byte| byte == b'\n');
            bytes.truncate(end.map_or(bytes.len(), |end| end + 1));
        }
        Edit::Touch => {}
    }
    bytes
}
