//! A disk that forgets, as a file system (FUSE).

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use rustix::process::{Pid, Signal, kill_process};

use super::disk::{Change, Disk, History, Holds, Inode, Name, Node};

const TTL: Duration = Duration::from_secs(60);

/// What is mounted.
struct Files {
    seen: Disk,
    history: History,
    fault: Fault,
    /// The calls so far that would change something, those that failed too.
    n_calls: usize,
    /// Who made the last call.
    caller: Option<Pid>,
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
}

/// The same, for the system's calls.
struct Amnesiac(Arc<Mutex<Files>>);

/// A disk that is mounted until this is dropped.
pub(crate) struct Mounted {
    files: Arc<Mutex<Files>>,
    _session: BackgroundSession,
}

impl Mounted {
    /// Mounts what programs saw at the end of `history`, which goes on.
    pub(crate) fn new(history: History, fault: Fault, at: &std::path::Path) -> std::io::Result<Mounted> {
        let seen = history.seen(history.changes.len());
        let files = Arc::new(Mutex::new(Files { seen, history, fault, n_calls: 0, caller: None }));
        let session = fuser::spawn_mount(Amnesiac(Arc::clone(&files)), at, &Config::default())?;
        Ok(Mounted { files, _session: session })
    }

    pub(crate) fn history(&self) -> History {
        self.files.lock().unwrap().history.clone()
    }
}

impl Files {
    fn change(&mut self, change: Change) -> Result<(), Errno> {
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
        self.seen.apply(&change);
        self.history.changes.push(change);
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        // It may be gone already.
        let _ = self.caller.map(|caller| kill_process(caller, signal));
    }

    fn power(&self) -> Result<(), Errno> {
        match &self.fault {
            Fault::Behind(n) if self.history.changes.len() >= *n => Err(Errno::EIO),
            _ => Ok(()),
        }
    }

    fn find(&self, (folder, name): &Name) -> Result<Inode, Errno> {
        self.power()?;
        self.seen.find(*folder, name).ok_or(Errno::ENOENT)
    }

    fn create(&mut self, name: Name, node: Node) -> Result<FileAttr, Errno> {
        if self.find(&name).is_ok() {
            return Err(Errno::EEXIST);
        }
        let inode = self.seen.free();
        self.change(Change::Create(name, inode, node))?;
        self.attributes(inode)
    }

    fn remove(&mut self, name: Name) -> Result<(), Errno> {
        let inode = self.find(&name)?;
        if let Some(Holds::Names(names)) = self.seen.node(inode).map(|node| &node.holds)
            && !names.is_empty()
        {
            return Err(Errno::ENOTEMPTY);
        }
        self.change(Change::Remove(name, inode))
    }

    fn attributes(&self, inode: Inode) -> Result<FileAttr, Errno> {
        let node = self.seen.node(inode).ok_or(Errno::ENOENT)?;
        let (kind, size) = match &node.holds {
            Holds::Names(_) => (FileType::Directory, 0),
            Holds::Bytes(bytes) => (FileType::RegularFile, bytes.len() as u64),
        };
        Ok(FileAttr {
            ino: INodeNo(inode),
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
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

impl Amnesiac {
    fn files(&self, request: &Request) -> MutexGuard<'_, Files> {
        let mut files = self.0.lock().unwrap();
        files.caller = Pid::from_raw(request.pid() as i32);
        files
    }
}

fn name(folder: INodeNo, name: &OsStr) -> Name {
    (folder.0, name.to_owned())
}

fn answer(result: Result<(), Errno>, reply: ReplyEmpty) {
    match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn answer_entry(result: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match result {
        Ok(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn answer_attributes(result: Result<FileAttr, Errno>, reply: ReplyAttr) {
    match result {
        Ok(attributes) => reply.attr(&TTL, &attributes),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Amnesiac {
    fn lookup(&self, request: &Request, parent: INodeNo, wanted: &OsStr, reply: ReplyEntry) {
        let files = self.files(request);
        answer_entry(files.find(&name(parent, wanted)).and_then(|inode| files.attributes(inode)), reply);
    }

    fn getattr(&self, request: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let files = self.files(request);
        answer_attributes(files.power().and_then(|()| files.attributes(inode.0)), reply);
    }

    fn setattr(
        &self,
        request: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<std::time::SystemTime>,
        _: Option<FileHandle>,
        _: Option<std::time::SystemTime>,
        _: Option<std::time::SystemTime>,
        _: Option<std::time::SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut files = self.files(request);
        let mut set = || {
            if let Some(size) = size {
                files.change(Change::Size(inode.0, size as usize))?;
            }
            if let Some(mode) = mode {
                files.change(Change::Mode(inode.0, mode))?;
            }
            files.power()?;
            files.attributes(inode.0)
        };
        answer_attributes(set(), reply);
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        new: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let node = Node { mode: mode & !umask, holds: Holds::Names(Default::default()) };
        answer_entry(self.files(request).create(name(parent, new), node), reply);
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        new: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let node = Node { mode: mode & !umask, holds: Holds::Bytes(Vec::new()) };
        match self.files(request).create(name(parent, new), node) {
            Ok(attributes) => {
                reply.created(&TTL, &attributes, Generation(0), FileHandle(0), FopenFlags::empty());
            }
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, request: &Request, parent: INodeNo, old: &OsStr, reply: ReplyEmpty) {
        answer(self.files(request).remove(name(parent, old)), reply);
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, old: &OsStr, reply: ReplyEmpty) {
        answer(self.files(request).remove(name(parent, old)), reply);
    }

    fn rename(
        &self,
        request: &Request,
        from: INodeNo,
        old: &OsStr,
        to: INodeNo,
        new: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mut files = self.files(request);
        let mut rename = || {
            let (from, to) = (name(from, old), name(to, new));
            let inode = files.find(&from)?;
            if flags.contains(RenameFlags::RENAME_NOREPLACE) && files.find(&to).is_ok() {
                return Err(Errno::EEXIST);
            }
            files.change(Change::Rename(from, to, inode))
        };
        answer(rename(), reply);
    }

    fn link(&self, request: &Request, inode: INodeNo, parent: INodeNo, new: &OsStr, reply: ReplyEntry) {
        let mut files = self.files(request);
        let to = name(parent, new);
        let linked = match files.find(&to) {
            Ok(_) => Err(Errno::EEXIST),
            Err(_) => files.change(Change::Link(to, inode.0)),
        };
        answer_entry(linked.and_then(|()| files.attributes(inode.0)), reply);
    }

    fn read(
        &self,
        request: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let files = self.files(request);
        match (files.power(), files.seen.node(inode.0).map(|node| &node.holds)) {
            (Ok(()), Some(Holds::Bytes(bytes))) => {
                let end = (offset as usize + size as usize).min(bytes.len());
                reply.data(&bytes[(offset as usize).min(end)..end]);
            }
            _ => reply.error(Errno::EIO),
        }
    }

    fn write(
        &self,
        request: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.files(request).change(Change::Write(inode.0, offset as usize, bytes.to_vec())) {
            Ok(()) => reply.written(bytes.len() as u32),
            Err(error) => reply.error(error),
        }
    }

    fn flush(&self, request: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        answer(self.files(request).power(), reply);
    }

    fn fsync(&self, request: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(self.files(request).change(Change::Sync(inode.0)), reply);
    }

    fn fsyncdir(&self, request: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(self.files(request).change(Change::Sync(inode.0)), reply);
    }

    fn readdir(
        &self,
        request: &Request,
        inode: INodeNo,
        _: FileHandle,
        from: u64,
        mut reply: ReplyDirectory,
    ) {
        let files = self.files(request);
        let Some(Holds::Names(names)) = files.seen.node(inode.0).map(|node| &node.holds) else {
            return reply.error(Errno::ENOTDIR);
        };
        // A program goes on behind the last that it got, and removes them meanwhile: the place is
        // the number of the node, which others' going doesn't change.
        let mut entries: Vec<_> = names.iter().filter(|(_, inode)| **inode > from).collect();
        entries.sort_by_key(|(_, inode)| **inode);
        for (name, inode) in entries {
            let kind = match files.seen.node(*inode).map(|node| &node.holds) {
                Some(Holds::Names(_)) => FileType::Directory,
                _ => FileType::RegularFile,
            };
            if reply.add(INodeNo(*inode), *inode, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4096, 255, 4096);
    }
}
