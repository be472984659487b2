//! An output in several files: their names, the folder they are written in, and how all of them
//! appear.
//!
//! Parts are written into a hidden folder beside their places, one after another, so that only one
//! is open. When all are whole they get their names, and last of all the manifest, which lists
//! them. Each finished part is a line of the folder's journal, so no list of them is in memory.
//! This file does not know what a part contains, or where it ends.
//!
//! `placement.rs` gives the names, `manifest.rs` writes the list.

use super::file::{FileOptions, already_open, register, undisturbed, unregister};
use super::manifest::{self, Head};
use super::names::PartNames;
use super::part::Part;
use super::partial::{LONGEST_NAME, names_in, parts_folder, remove_folder};
use super::placement::{MANIFEST, OLD, Placement};
use crate::error::{CANNOT_OPEN, CANNOT_READ, CANNOT_WRITE, Error, ErrorKind, Result};
use crate::sys;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// In the folder: what is known of the finished parts, a line each.
const JOURNAL: &str = "journal";

/// How far the parts are, for `--resume`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartsReached {
    /// The number of whole parts.
    pub n_whole: u64,
    /// The bytes of the whole parts.
    pub whole_bytes: u64,
    /// The bytes of the part that is not whole; `None` if none is begun.
    pub at: Option<u64>,
    /// The bytes of the journal.
    pub journal: u64,
    /// The device and inode of the journal, which are the same under any name.
    pub id: (u64, u64),
    /// The number of parts of an earlier result, which these replace.
    pub n_old: u64,
}

/// The parts of an output that is being written.
#[derive(Debug)]
pub(crate) struct Parts {
    name: String,
    names: PartNames,
    options: FileOptions,
    /// It is locked: the folder is this process's alone. It is closed before the folder goes: NFS
    /// keeps a removed file in its folder while it is open.
    journal: File,
    folder: Folder,
    reached: PartsReached,
    now: Option<Part>,
    /// All have their names.
    placed: bool,
}

/// The folder that the parts are written in.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// The folder is removed when this is dropped.
    ours: bool,
    /// It is removed then if nothing is in it: another run may have it already.
    emptied: bool,
}

impl Folder {
    /// Removes it with all that is in it, as far as that goes before the journal is closed.
    fn remove(&mut self) {
        remove_folder(&self.path);
        unregister(&self.path);
        (self.ours, self.emptied) = (false, true);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.ours {
            self.remove();
        } else if self.emptied {
            let _ = fs::remove_dir(&self.path);
        }
        unregister(&self.path);
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // While it is locked.
        if self.folder.ours {
            self.folder.remove();
        }
    }
}

impl Parts {
    /// Opens the hidden folder of an output that would be called `path`. Nothing that others may
    /// use is read or changed.
    ///
    /// # Errors
    /// The output cannot be in parts, or another run writes it.
    pub(crate) fn open(path: &Path, options: FileOptions) -> Result<Self> {
        let name = path.display().to_string();
        check_name(path, &name)?;
        let (folder, journal) = Folder::lock(path, &name)?;
        let id = id(&journal).map_err(|error| Error::io(CANNOT_OPEN, &*name, error))?;
        register(&folder.path, options.resume);
        let names = PartNames::of(path);
        let reached = PartsReached { id, ..PartsReached::default() };
        Ok(Self { name, names, options, folder, journal, reached, now: None, placed: false })
    }

    /// Begins anew, whatever an earlier run left. `refuse` returns an error for a file that must
    /// not be replaced.
    ///
    /// # Errors
    /// There are parts, or a manifest, that might not be replaced as a whole, or that `refuse`
    /// refuses.
    pub(crate) fn begin_anew(&mut self, refuse: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        self.reached.n_old = self.survey(refuse)?;
        if self.options.resume {
            // A checkpoint needs the name of the folder. And one that was removed must not come
            // back after a power failure, when the folder has other parts.
            sys::sync_name(&self.folder.path).map_err(|error| self.cannot(error))?;
        }
        self.empty(|_| false).map_err(|error| self.cannot(error))?;
        self.journal.set_len(0).map_err(|error| self.cannot(error))?;
        self.folder.ours = !self.options.resume;
        Ok(())
    }

    /// Continues an earlier run. With `complete` only names were missing.
    ///
    /// # Errors
    /// The reason, in words that follow "cannot go on: ".
    pub(crate) fn go_on(
        &mut self,
        reached: PartsReached,
        complete: bool,
        refuse: &dyn Fn(&Path) -> Result<()>,
    ) -> Result<(), String> {
        let gone = || "its unfinished parts are gone, or others".to_owned();
        let message = |error: io::Error| error.to_string();
        if complete && !self.folder.path.join(MANIFEST).exists() {
            // The manifest gets its name last. If it has its name, nothing is missing, and no part
            // waits for its own.
            if self.waits(reached.n_whole).map_err(message)?
                || !self.names.place(self.names.manifest()).exists()
            {
                return Err(gone());
            }
            (self.placed, self.reached) = (true, reached);
            return Ok(());
        }
        // The number of a device may be another after the system has started anew.
        if reached.id.1 != self.reached.id.1
            || self.journal.metadata().map_err(message)?.len() < reached.journal
        {
            return Err(gone());
        }
        let n_records = self.n_records(&reached, complete).map_err(message)?.ok_or_else(gone)?;
        if complete {
            self.reached = reached;
            return self.close(n_records).map_err(|error| error.to_string());
        }
        let n_old = self.survey(refuse).map_err(|error| error.to_string())?;
        let n_kept = reached.n_whole + u64::from(reached.at.is_some());
        let names = self.names.clone();
        self.empty(|name| names.number(name).is_some_and(|number| number < n_kept)).map_err(message)?;
        self.journal.set_len(reached.journal).map_err(message)?;
        if let Some(at) = reached.at {
            let path = self.folder.path.join(self.names.part(reached.n_whole));
            let file = OpenOptions::new().read(true).write(true).open(path).map_err(|_| gone())?;
            let len = file.metadata().map_err(message)?.len();
            if len < at {
                return Err(format!("its unfinished part has {len} bytes, not {at}"));
            }
            file.set_len(at).map_err(message)?;
            rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(at))
                .map_err(|error| message(error.into()))?;
            self.now = Some(Part::new(file, at));
        }
        self.reached = PartsReached { n_old, ..reached };
        Ok(())
    }

    /// Whether one of the first `n_whole` parts is in the hidden folder.
    fn waits(&self, n_whole: u64) -> io::Result<bool> {
        for name in names_in(&self.folder.path)? {
            if self.names.number(&name?).is_some_and(|number| number < n_whole) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the number of records in the whole parts. Returns `None` if one of them is not there
    /// with the size that the journal says: in the hidden folder or, with `complete`, in its place.
    /// Who tidies up by hand may have removed some.
    fn n_records(&self, reached: &PartsReached, complete: bool) -> io::Result<Option<u64>> {
        let (mut number, mut n_records, mut n_bytes) = (0, 0, 0);
        for listed in manifest::listed(&self.journal, reached.journal)? {
            let (bytes, records) = listed?;
            let name = self.names.part(number);
            let len = |path: PathBuf| fs::metadata(path).ok().map(|part| part.len());
            let old = || self.folder.path.join([OsStr::new(OLD), &name].join(OsStr::new("")));
            // One that has its place took it from an earlier part, which is kept until the end.
            let is_placed = || complete && (number >= reached.n_old || old().exists());
            let here = len(self.folder.path.join(&name));
            let found = here.or_else(|| is_placed().then(|| len(self.names.place(&name)))?);
            if found != Some(bytes) {
                return Ok(None);
            }
            (number, n_records, n_bytes) = (number + 1, n_records + records, n_bytes + bytes);
        }
        Ok(((number, n_bytes) == (reached.n_whole, reached.whole_bytes)).then_some(n_records))
    }

    /// Returns the number of parts of an earlier result, which this one replaces.
    fn survey(&self, refuse: &dyn Fn(&Path) -> Result<()>) -> Result<u64> {
        let unusable =
            |path: &Path, reason| ErrorKind::Unusable { path: path.display().to_string(), reason }.into();
        let path = self.names.place(self.names.manifest());
        let n_old = match manifest::n_listed(&path, &self.names.pattern()) {
            Ok(n_old) => n_old,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let reason = "is no manifest of such parts; remove it, or choose another name";
                return Err(unusable(&path, reason));
            }
            Err(error) => return Err(Error::io(CANNOT_READ, path.display().to_string(), error)),
        };
        if n_old.is_some() {
            if self.options.no_clobber {
                let reason = "exists already (`no_clobber`); choose another name, or remove it";
                return Err(unusable(&path, reason));
            }
            refuse(&path)?;
        }
        let cannot = |error| Error::io(CANNOT_READ, self.names.folder().display().to_string(), error);
        for name in names_in(self.names.folder()).map_err(cannot)? {
            let name = name.map_err(cannot)?;
            let Some(number) = self.names.number(&name) else { continue };
            let path = self.names.place(name);
            refuse(&path)?;
            if n_old.is_none_or(|n_old| number >= n_old) {
                let reason =
                    "is called like a part, but no manifest lists it; remove it, or choose another name";
                return Err(unusable(&path, reason));
            }
        }
        Ok(n_old.unwrap_or(0))
    }

    /// Removes what an earlier run left in the folder, except the journal and the names that `keep`
    /// accepts.
    fn empty(&self, keep: impl Fn(&OsStr) -> bool) -> io::Result<()> {
        for name in names_in(&self.folder.path)? {
            let name = name?;
            if name != JOURNAL && !keep(&name) {
                fs::remove_file(self.folder.path.join(name))?;
            }
        }
        Ok(())
    }

    fn cannot(&self, error: io::Error) -> Error {
        Error::io(CANNOT_WRITE, &*self.name, error)
    }

    /// Returns how far the parts are.
    pub(crate) fn reached(&self) -> PartsReached {
        PartsReached { at: self.now.as_ref().map(|part| part.at), ..self.reached }
    }

    /// Returns the bytes of all parts.
    pub(super) fn n_bytes(&self) -> u64 {
        self.reached.whole_bytes + self.at()
    }

    /// Returns the bytes of the present part.
    pub(super) fn at(&self) -> u64 {
        self.now.as_ref().map_or(0, |part| part.at)
    }

    /// Adds bytes to the present part, or to a new one.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.now.is_none() {
            self.now = Some(self.create(self.reached.n_whole)?);
        }
        let part = self.now.as_mut();
        let written = part.map_or(Ok(()), |part| part.write(bytes));
        written.map_err(|(at, error)| {
            let part = self.names.place(self.names.part(self.reached.n_whole));
            Error::io_at(CANNOT_WRITE, part.display().to_string(), at, error)
        })
    }

    fn create(&self, number: u64) -> Result<Part> {
        let path = self.folder.path.join(self.names.part(number));
        // Not while the folder is being removed.
        let file = undisturbed(|| OpenOptions::new().read(true).write(true).create_new(true).open(path));
        let file = file.map_err(|error| self.cannot(error))?;
        Ok(Part::new(file, 0))
    }

    /// Ends the present part, which is whole and has `n_records`.
    pub(super) fn end(&mut self, n_records: u64) -> Result<()> {
        let Some(mut part) = self.now.take() else { return Ok(()) };
        let ended = part.end(self.options.sync || self.options.resume);
        ended.map_err(|error| self.cannot(error))?;
        let name = self.names.part(self.reached.n_whole);
        let line = json!({ "name": name.to_string_lossy(), "records": n_records, "bytes": part.at });
        let line = format!("{line}\n");
        self.journal
            .write_all_at(line.as_bytes(), self.reached.journal)
            .map_err(|error| self.cannot(error))?;
        self.reached.journal += line.len() as u64;
        self.reached.n_whole += 1;
        self.reached.whole_bytes += part.at;
        Ok(())
    }

    /// Splits the present part, for a record that turned out too long only when half of it was
    /// written. The part keeps its first `at` bytes, gets `close` behind them, and ends. The bytes
    /// from `at + skip` on move to a new part, behind `open`.
    pub(super) fn split_off(
        &mut self,
        at: u64,
        skip: u64,
        n_records: u64,
        [open, close]: [&[u8]; 2],
    ) -> Result<()> {
        let mut new = self.create(self.reached.n_whole + 1)?;
        let Some(mut old) = self.now.take() else { return Ok(()) };
        let mut moved = || -> io::Result<()> {
            new.write(open).map_err(|(_, error)| error)?;
            old.copy_tail(at + skip, &mut new)?;
            old.truncate(at)?;
            old.write(close).map_err(|(_, error)| error)
        };
        moved().map_err(|error| self.cannot(error))?;
        self.now = Some(old);
        self.end(n_records)?;
        self.now = Some(new);
        Ok(())
    }

    /// Writes the manifest into the hidden folder, when all parts are whole.
    pub(super) fn close(&mut self, n_records: u64) -> Result<()> {
        let head = Head {
            pattern: &self.names.pattern(),
            records: n_records,
            bytes: self.reached.whole_bytes,
            n_parts: self.reached.n_whole,
        };
        let (path, sync) = (self.folder.path.join(MANIFEST), self.options.sync || self.options.resume);
        undisturbed(|| manifest::write(&path, &head, &self.journal, sync)).map_err(|error| self.cannot(error))
    }

    /// Syncs all that was written to the disk.
    pub(super) fn keep(&mut self) -> Result<()> {
        if self.placed {
            return Ok(());
        }
        let keep = || -> io::Result<()> {
            if let Some(part) = &self.now {
                sys::sync(part.file())?;
            }
            sys::sync(&self.journal)?;
            sys::sync_folder(&self.folder.path)
        };
        keep().map_err(|error| self.cannot(error))
    }

    /// Gives all parts their names, the manifest last. If one cannot get its name, the earlier
    /// files are put back.
    pub(super) fn commit(&mut self) -> Result<()> {
        // After a power failure `resume` goes on, if names and checkpoint went in this order.
        let to_sync = (self.options.sync || self.options.resume).then(|| File::open(self.names.folder()));
        let to_sync = to_sync.transpose().map_err(|error| self.cannot(error))?;
        if !self.placed {
            // A signal that comes now waits until this is done.
            let PartsReached { n_whole: n_new, n_old, .. } = self.reached;
            let placement = Placement {
                names: &self.names,
                folder: &self.folder.path,
                n_new,
                n_old,
                to_sync: to_sync.as_ref(),
            };
            let placed = undisturbed(|| placement.place().inspect_err(|_| placement.take_back()));
            placed.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    let reason = "has come up meanwhile under the name of a part or the manifest; remove it";
                    ErrorKind::Unusable { path: self.name.clone(), reason }.into()
                }
                _ => self.cannot(error),
            })?;
            self.placed = true;
        }
        // Also after an earlier run that gave the names: it may have been killed before this.
        if let Some(folder) = to_sync {
            sys::sync(folder).map_err(|error| self.cannot(error.into()))?;
        }
        // The folder is removed now, not when this is dropped: the checkpoint, which says that the
        // folder may still be there, is removed next.
        self.folder.remove();
        Ok(())
    }
}

/// Checks the name of an output in parts.
///
/// # Errors
/// An output of that name cannot be in parts.
fn check_name(path: &Path, name: &str) -> Result<()> {
    let unusable = |reason| Err(ErrorKind::Unusable { path: name.to_owned(), reason }.into());
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return unusable("is no file's name, as it ends in '/'; name a file in that folder");
    }
    let names = PartNames::of(path);
    if names.part(u64::from(u32::MAX)).len().max(names.manifest().len()) + OLD.len() > LONGEST_NAME {
        return unusable("is too long: the names of its parts would be longer than a name may be");
    }
    match fs::metadata(path).map(|stat| stat.file_type()) {
        Ok(kind) if kind.is_dir() => unusable("is a directory; name a file in it"),
        Ok(kind) if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() || kind.is_socket() => {
            Err(needs_a_file())
        }
        Ok(_) if already_open(path).is_ok_and(|file| file.is_some()) => Err(needs_a_file()),
        _ => Ok(()),
    }
}

impl Folder {
    /// Opens the hidden folder of the output `path`, and its journal. The journal is locked: the
    /// folder is this process's alone.
    fn lock(path: &Path, name: &str) -> Result<(Self, File)> {
        let cannot = |error: io::Error| Error::io(CANNOT_OPEN, name, error);
        let mut folder = Self { path: parts_folder(path), ours: false, emptied: false };
        loop {
            match fs::create_dir(&folder.path) {
                Ok(()) => folder.ours = true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot(error)),
            }
            let path = folder.path.join(JOURNAL);
            let mut options = OpenOptions::new();
            let file = match options.read(true).write(true).create(true).truncate(false).open(&path) {
                // The process that had it has just finished.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                result => result.map_err(cannot)?,
            };
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    folder.ours = false;
                    let reason = "is being written by another run; wait for its end, or stop it";
                    return Err(ErrorKind::Unusable { path: name.to_owned(), reason }.into());
                }
                Err(error) => return Err(cannot(error.into())),
            }
            let id = id(&file).map_err(cannot)?;
            if fs::metadata(&path).is_ok_and(|named| (named.dev(), named.ino()) == id) {
                return Ok((folder, file));
            }
        }
    }
}

fn id(file: &File) -> io::Result<(u64, u64)> {
    file.metadata().map(|stat| (stat.dev(), stat.ino()))
}

/// Returns the error for an output that cannot be in parts.
pub(crate) fn needs_a_file() -> Error {
    Error::setting("`split_size`, `split_records`: need an output that is a regular file (`output`)")
}
