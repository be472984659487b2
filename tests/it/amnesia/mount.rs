//! A disk that forgets, as a file system (FUSE).

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow,
    WriteFlags,
};
use rustix::process::Pid;

use super::disk::{Change, History, Holds, Node};
use super::manners::Manners;
use super::served::{Fault, Files};

/// The same, for the system's calls.
struct Amnesiac(Arc<Mutex<Files>>);

/// A disk that is mounted until this is dropped.
pub(crate) struct Mounted {
    files: Arc<Mutex<Files>>,
    _session: BackgroundSession,
}

impl Mounted {
    /// Mounts what programs saw at the end of `history`, which goes on.
    pub(crate) fn new(
        history: History,
        fault: Fault,
        manners: Manners,
        at: &std::path::Path,
    ) -> std::io::Result<Mounted> {
        let files = Files::new(history, fault, manners);
        let files = Arc::new(Mutex::new(files));
        let session = fuser::spawn_mount(Amnesiac(Arc::clone(&files)), at, &Config::default())?;
        Ok(Mounted { files, _session: session })
    }

    pub(crate) fn history(&self) -> History {
        self.files.lock().unwrap().history.clone()
    }

    /// Waits until all files are closed, which the system tells later.
    pub(crate) fn until_closed(&self) {
        while !self.files.lock().unwrap().open.is_empty() {
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Whether the late error, or the change from elsewhere, came about.
    pub(crate) fn came(&self) -> bool {
        self.files.lock().unwrap().came()
    }
}

impl Amnesiac {
    fn files(&self, request: &Request) -> MutexGuard<'_, Files> {
        let mut files = self.0.lock().unwrap();
        files.caller = Pid::from_raw(request.pid() as i32);
        files
    }
}

fn answer(result: Result<(), Errno>, reply: ReplyEmpty) {
    match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn answer_entry(files: &Files, result: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match result {
        Ok(attributes) => reply.entry(&files.manners.believed, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn answer_attributes(files: &Files, result: Result<FileAttr, Errno>, reply: ReplyAttr) {
    match result {
        Ok(attributes) => reply.attr(&files.manners.believed, &attributes),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Amnesiac {
    fn lookup(&self, request: &Request, parent: INodeNo, wanted: &OsStr, reply: ReplyEntry) {
        let files = self.files(request);
        let wanted = files.spelled((parent.0, wanted.to_owned()));
        let found = files.find(&wanted).and_then(|inode| files.attributes(inode));
        answer_entry(&files, found, reply);
    }

    fn getattr(&self, request: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let files = self.files(request);
        answer_attributes(&files, files.power().and_then(|()| files.attributes(inode.0)), reply);
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
        let set = |files: &mut Files| {
            if let Some(size) = size {
                files.change(Change::Size(inode.0, size as usize))?;
            }
            if let Some(mode) = mode {
                files.change(Change::Mode(inode.0, mode))?;
            }
            files.power()?;
            files.attributes(inode.0)
        };
        let set = set(&mut files);
        answer_attributes(&files, set, reply);
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
        let mut files = self.files(request);
        let new = files.spelled((parent.0, new.to_owned()));
        let made = files.create(new, node);
        answer_entry(&files, made, reply);
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
        let mut files = self.files(request);
        let new = files.spelled((parent.0, new.to_owned()));
        match files.create(new, node) {
            Ok(attributes) => {
                files.opened(attributes.ino.0);
                reply.created(
                    &files.manners.believed,
                    &attributes,
                    Generation(0),
                    FileHandle(0),
                    FopenFlags::empty(),
                );
            }
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, request: &Request, parent: INodeNo, old: &OsStr, reply: ReplyEmpty) {
        let mut files = self.files(request);
        let old = files.spelled((parent.0, old.to_owned()));
        answer(files.remove(old), reply);
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, old: &OsStr, reply: ReplyEmpty) {
        let mut files = self.files(request);
        let old = files.spelled((parent.0, old.to_owned()));
        answer(files.remove(old), reply);
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
        let (from, to) = ((from.0, old.to_owned()), (to.0, new.to_owned()));
        let (from, to) = (files.spelled(from), files.spelled(to));
        answer(files.rename(from, to, flags), reply);
    }

    fn link(&self, request: &Request, inode: INodeNo, parent: INodeNo, new: &OsStr, reply: ReplyEntry) {
        let mut files = self.files(request);
        let to = files.spelled((parent.0, new.to_owned()));
        let linked = match files.find(&to) {
            _ if files.manners.plain_names => Err(Errno::EPERM),
            Ok(_) => Err(Errno::EEXIST),
            Err(_) => files.change(Change::Link(to, inode.0)),
        };
        let linked = linked.and_then(|()| files.attributes(inode.0));
        answer_entry(&files, linked, reply);
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
        let mut files = self.files(request);
        files.elsewhere();
        if files.stale.contains(&inode.0) {
            return reply.error(Errno::ESTALE);
        }
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

    fn flush(&self, request: &Request, inode: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        answer(self.files(request).save(inode.0, false), reply);
    }

    fn fsync(&self, request: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let mut files = self.files(request);
        let synced = files.save(inode.0, true).and_then(|()| files.change(Change::Sync(inode.0)));
        answer(synced, reply);
    }

    fn open(&self, request: &Request, inode: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let mut files = self.files(request);
        if files.stale.contains(&inode.0) {
            return reply.error(Errno::ESTALE);
        }
        files.opened(inode.0);
        reply.opened(FileHandle(0), FopenFlags::empty());
    }

    fn release(
        &self,
        request: &Request,
        inode: INodeNo,
        _: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.files(request).closed(inode.0);
        reply.ok();
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
