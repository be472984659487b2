//! What a disk that forgets does when it is called: the files that are there, with their faults and
//! manners. It knows the words of FUSE, not its calls.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use fuser::{Errno, FileAttr, FileType, INodeNo, RenameFlags};
use rustix::process::{Pid, Signal, kill_process};

use super::disk::{Change, Disk, History, Holds, Inode, Name, Node, ROOT};
use super::manners::Manners;

/// What is mounted.
pub(super) struct Files {
    pub(super) seen: Disk,
    pub(super) history: History,
    fault: Fault,
    /// The calls so far that would change something, those that failed too.
    n_calls: usize,
    /// Who made the last call.
    pub(super) caller: Option<Pid>,
    pub(super) manners: Manners,
    /// How often files are open.
    pub(super) open: BTreeMap<Inode, usize>,
    /// What was written since the last close or sync of a file.
    unsaved: BTreeMap<Inode, Vec<(usize, usize)>>,
    /// The closes or syncs so far that had something to save, and the reads.
    n_saved: usize,
    n_reads: usize,
    /// Files of which nothing is left but who opened them.
    pub(super) stale: BTreeSet<Inode>,
    /// Seconds of modification, by file; 0 if it is not here.
    times: BTreeMap<Inode, u64>,
}

/// What fails while a disk is mounted, or happens at a call. Calls are those that would change
/// something, counted from 1.
#[derive(Clone)]
pub(crate) enum Fault {
    Nothing,
    /// All calls behind so many changes of the history: the power is gone.
    Behind(usize),
    /// That call alone.
    At(usize),
    /// From that call on, those that take room.
    Full(usize),
    /// The process that makes that call is killed; neither that call comes about nor a later one.
    Kill(usize),
    /// The process that makes that call gets a signal before.
    Signal(usize, Signal),
    /// Something else happens before that call.
    Meanwhile(usize, Arc<dyn Fn() + Send + Sync>),
    /// What was written is lost, which that close says, of those of files that were written to.
    LateClose(usize),
    /// The same, of syncs.
    LateSync(usize),
    /// Before that read, somewhere else, a file gets other bytes.
    Rewritten(usize, &'static str, Vec<u8>),
    /// Before that read, somewhere else, another file gets its name.
    Replaced(usize, &'static str, Vec<u8>),
}

impl Files {
    pub(super) fn new(history: History, fault: Fault, manners: Manners) -> Files {
        Files {
            seen: history.seen(history.changes.len()),
            history,
            fault,
            manners,
            n_calls: 0,
            caller: None,
            open: BTreeMap::new(),
            unsaved: BTreeMap::new(),
            n_saved: 0,
            n_reads: 0,
            stale: BTreeSet::new(),
            times: BTreeMap::new(),
        }
    }

    /// Whether the late error, or the change from elsewhere, came about.
    pub(super) fn came(&self) -> bool {
        match self.fault {
            Fault::LateClose(n) | Fault::LateSync(n) => self.n_saved >= n,
            Fault::Rewritten(n, ..) | Fault::Replaced(n, ..) => self.n_reads >= n,
            _ => false,
        }
    }

    pub(super) fn change(&mut self, change: Change) -> Result<(), Errno> {
        self.power()?;
        self.n_calls += 1;
        let takes_room = matches!(change, Change::Create(..) | Change::Write(..));
        match &self.fault {
            Fault::At(n) if *n == self.n_calls => return Err(Errno::EIO),
            Fault::Full(n) if self.n_calls >= *n && takes_room => return Err(Errno::ENOSPC),
            Fault::Kill(n) if self.n_calls >= *n => {
                self.signal(Signal::KILL);
                return Err(Errno::EIO);
            }
            Fault::Signal(n, signal) if *n == self.n_calls => self.signal(*signal),
            Fault::Meanwhile(n, act) if *n == self.n_calls => act(),
            _ => {}
        }
        self.make(change);
        Ok(())
    }

    /// Makes a change, without trouble.
    fn make(&mut self, change: Change) {
        if let Change::Write(inode, at, bytes) = &change {
            self.unsaved.entry(*inode).or_default().push((*at, bytes.len()));
        }
        self.seen.apply(&change);
        self.history.changes.push(change);
    }

    pub(super) fn signal(&self, signal: Signal) {
        // It may be gone already.
        let _ = self.caller.map(|caller| kill_process(caller, signal));
    }

    pub(super) fn power(&self) -> Result<(), Errno> {
        match &self.fault {
            Fault::Behind(n) if self.history.changes.len() >= *n => Err(Errno::EIO),
            _ => Ok(()),
        }
    }

    /// The name as it is spelled there.
    pub(super) fn spelled(&self, (folder, name): Name) -> Name {
        if self.manners.folds
            && let Some(Holds::Names(names)) = self.seen.node(folder).map(|node| &node.holds)
            && let Some(there) = names.keys().find(|there| there.eq_ignore_ascii_case(&name))
        {
            return (folder, there.clone());
        }
        (folder, name)
    }

    pub(super) fn find(&self, (folder, name): &Name) -> Result<Inode, Errno> {
        self.power()?;
        self.seen.find(*folder, name).ok_or(Errno::ENOENT)
    }

    pub(super) fn create(&mut self, name: Name, node: Node) -> Result<FileAttr, Errno> {
        if self.find(&name).is_ok() {
            return Err(Errno::EEXIST);
        }
        let inode = self.seen.free();
        self.change(Change::Create(name, inode, node))?;
        self.attributes(inode)
    }

    pub(super) fn remove(&mut self, name: Name) -> Result<(), Errno> {
        let inode = self.find(&name)?;
        if let Some(Holds::Names(names)) = self.seen.node(inode).map(|node| &node.holds)
            && !names.is_empty()
        {
            return Err(Errno::ENOTEMPTY);
        }
        self.change(self.taken_away(name, inode))
    }

    /// What becomes of a name that is taken away.
    fn taken_away(&self, name: Name, inode: Inode) -> Change {
        if self.manners.silly && self.open.contains_key(&inode) {
            let silly = (name.0, format!(".nfs{inode:016x}").into());
            return Change::Rename(name, silly, inode);
        }
        Change::Remove(name, inode)
    }

    pub(super) fn rename(&mut self, from: Name, to: Name, flags: RenameFlags) -> Result<(), Errno> {
        let inode = self.find(&from)?;
        if self.manners.plain_names && !flags.is_empty() {
            return Err(Errno::EINVAL);
        }
        if let Ok(replaced) = self.find(&to) {
            if flags.contains(RenameFlags::RENAME_NOREPLACE) {
                return Err(Errno::EEXIST);
            }
            if self.manners.holds && replaced != inode && self.open.contains_key(&replaced) {
                return Err(Errno::EACCES);
            }
            if self.manners.silly && self.open.contains_key(&replaced) {
                self.change(self.taken_away(to.clone(), replaced))?;
            }
        }
        self.change(Change::Rename(from, to, inode))
    }

    pub(super) fn opened(&mut self, inode: Inode) {
        *self.open.entry(inode).or_default() += 1;
    }

    /// One who had it open has it no more.
    pub(super) fn closed(&mut self, inode: Inode) {
        let n = self.open.get_mut(&inode).expect("it was open");
        *n -= 1;
        if *n > 0 {
            return;
        }
        self.open.remove(&inode);
        let silly = format!(".nfs{inode:016x}");
        let folders: Vec<Inode> = self.seen.folders_with(silly.as_ref());
        for folder in folders {
            self.make(Change::Remove((folder, silly.clone().into()), inode));
        }
    }

    /// Saves what was written, or loses it and says so, once.
    pub(super) fn save(&mut self, inode: Inode, by_sync: bool) -> Result<(), Errno> {
        self.power()?;
        let Some(unsaved) = self.unsaved.remove(&inode) else { return Ok(()) };
        let lost = match self.fault {
            Fault::LateClose(n) if !by_sync => n,
            Fault::LateSync(n) if by_sync => n,
            _ => return Ok(()),
        };
        self.n_saved += 1;
        if self.n_saved != lost {
            return Ok(());
        }
        for (at, n) in unsaved {
            self.make(Change::Write(inode, at, vec![0; n]));
        }
        self.unsaved.remove(&inode);
        Err(Errno::EIO)
    }

    /// What another machine does before a read.
    pub(super) fn elsewhere(&mut self) {
        self.n_reads += 1;
        let (name, bytes) = match &self.fault {
            Fault::Rewritten(n, name, bytes) | Fault::Replaced(n, name, bytes) if *n == self.n_reads => {
                (OsStr::new(*name), bytes.clone())
            }
            _ => return,
        };
        let inode = self.seen.find(ROOT, name).expect("it is there");
        if matches!(self.fault, Fault::Rewritten(..)) {
            self.times.insert(inode, 1);
            self.make(Change::Size(inode, bytes.len()));
            self.make(Change::Write(inode, 0, bytes));
            return;
        }
        self.stale.insert(inode);
        let (new, node) = (self.seen.free(), Node { mode: 0o644, holds: Holds::Bytes(bytes) });
        self.make(Change::Create((ROOT, name.to_owned()), new, node));
    }

    pub(super) fn attributes(&self, inode: Inode) -> Result<FileAttr, Errno> {
        if self.stale.contains(&inode) {
            return Err(Errno::ESTALE);
        }
        let node = self.seen.node(inode).ok_or(Errno::ENOENT)?;
        let modified = UNIX_EPOCH + Duration::from_secs(self.times.get(&inode).copied().unwrap_or(0));
        let (kind, size) = match &node.holds {
            Holds::Names(_) => (FileType::Directory, 0),
            Holds::Bytes(bytes) => (FileType::RegularFile, bytes.len() as u64),
        };
        Ok(FileAttr {
            ino: INodeNo(inode),
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: modified,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm: (node.mode & 0o7777) as u16,
            nlink: 1,
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }
}
