//! An output in several files: their names, the folder they are written in, and how all of them appear.
//!
//! Parts are written into a hidden folder beside their places, one after another, so that only one is open. When all are whole they
//! are given their names, and last of all comes the manifest, which lists them: without it there is no result. Each finished part is a line
//! of the folder's journal, so no list of them is in memory. What a part holds, and where it ends, is not known here.
//!
//! Next hand: each step of [`Parts::place`] may be the last one before a kill, and with `--resume` the same steps come again.

use super::file::{FileOptions, already_open, register, undisturbed, unregister};
use super::names::PartNames;
use super::partial::{names_in, parts_folder, remove_folder};
use super::reserve::Reserve;
use super::sink::Descriptor;
use crate::error::{CANNOT_OPEN, CANNOT_READ, CANNOT_WRITE, Error, ErrorKind, Result};
use rustix::fs::{CWD, FlockOperation, RenameFlags};
use rustix::io::Errno;
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The layout of a manifest.
const VERSION: u64 = 1;
/// In the folder: what is known of the finished parts, a line each.
const JOURNAL: &str = "journal";
/// In the folder: the manifest that will stand beside the parts.
const MANIFEST: &str = "manifest";
/// In the folder, before its name: what was replaced, until all is in its place.
const OLD: &str = "old-";

/// Where a part ends: whatever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The most bytes of a part, unless one record alone is longer.
    pub size: Option<u64>,
    /// The most records of a part.
    pub records: Option<u64>,
}

impl Split {
    /// Whether there are parts at all.
    pub fn is_some(self) -> bool {
        self.size.is_some() || self.records.is_some()
    }
}

/// How far the parts are, for `--resume`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartsReached {
    /// Those that are whole, and their bytes.
    pub n_whole: u64,
    /// Bytes of these.
    pub whole_bytes: u64,
    /// Bytes of the one that is not; `None` where none is begun.
    pub at: Option<u64>,
    /// Bytes of the journal, and what it is under any name.
    pub journal: u64,
    /// Device and inode of the journal.
    pub id: (u64, u64),
    /// The parts of an earlier result that these replace.
    pub n_old: u64,
}

/// The parts of an output that is being written.
#[derive(Debug)]
pub(crate) struct Parts {
    name: String,
    names: PartNames,
    options: FileOptions,
    folder: Folder,
    /// Held locked: the folder is this process's alone.
    journal: File,
    reached: PartsReached,
    now: Option<Part>,
    /// All have their names.
    placed: bool,
}

/// The folder that the parts are written in.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// It goes when this is dropped.
    ours: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.ours {
            remove_folder(&self.path);
        }
        unregister(&self.path);
    }
}

#[derive(Debug)]
struct Part {
    file: Descriptor,
    reserve: Reserve,
    at: u64,
}

impl Parts {
    /// For an output that would be called `path`; nothing is looked at or touched that others may use.
    ///
    /// # Errors
    /// It can't be in parts, or another run is at it.
    pub(crate) fn open(path: &Path, options: FileOptions) -> Result<Self> {
        let name = path.display().to_string();
        let cannot = |error: io::Error| Error::io(CANNOT_OPEN, &*name, error);
        let unusable = |reason| Err(ErrorKind::Unusable { path: name.clone(), reason }.into());
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return unusable("is no file's name, as it ends in '/'; name a file in that folder");
        }
        match fs::metadata(path).map(|stat| stat.file_type()) {
            Ok(kind) if kind.is_dir() => return unusable("is a directory; name a file in it"),
            Ok(kind)
                if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() || kind.is_socket() =>
            {
                return Err(needs_a_file());
            }
            Ok(_) if already_open(path).is_ok_and(|file| file.is_some()) => return Err(needs_a_file()),
            _ => {}
        }
        let mut folder = Folder { path: parts_folder(path), ours: false };
        let journal = loop {
            match fs::create_dir(&folder.path) {
                Ok(()) => folder.ours = true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot(error)),
            }
            let path = folder.path.join(JOURNAL);
            let mut options = OpenOptions::new();
            let file = match options.read(true).write(true).create(true).truncate(false).open(&path) {
                // Whoever had it is done with it just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                result => result.map_err(cannot)?,
            };
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    folder.ours = false;
                    return unusable("is being written by another run; wait for its end, or stop it");
                }
                Err(error) => return Err(cannot(error.into())),
            }
            let id = id(&file).map_err(cannot)?;
            if fs::metadata(&path).is_ok_and(|named| (named.dev(), named.ino()) == id) {
                break file;
            }
        };
        let id = id(&journal).map_err(cannot)?;
        register(&folder.path, options.resume);
        let names = PartNames::of(path);
        let reached = PartsReached { id, ..PartsReached::default() };
        Ok(Self { name, names, options, folder, journal, reached, now: None, placed: false })
    }

    /// Begins anew, whatever an earlier run left. `refuse` says what may not be replaced.
    ///
    /// # Errors
    /// There are parts, or a manifest, that would not surely be replaced as a whole; or that `refuse` refuses.
    pub(crate) fn begin_anew(&mut self, refuse: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        self.reached.n_old = self.survey(refuse)?;
        self.empty(|_| false).map_err(|error| self.cannot(error))?;
        self.journal.set_len(0).map_err(|error| self.cannot(error))?;
        self.folder.ours = !self.options.resume;
        Ok(())
    }

    /// Goes on where an earlier run was; with `complete` only names were missing.
    ///
    /// # Errors
    /// Why it can't, in words that follow "cannot go on: ".
    pub(crate) fn go_on(
        &mut self,
        reached: PartsReached,
        complete: bool,
        refuse: &dyn Fn(&Path) -> Result<()>,
    ) -> Result<(), String> {
        let gone = || "its unfinished parts are gone, or others".to_owned();
        let told = |error: io::Error| error.to_string();
        if complete && !self.folder.path.join(MANIFEST).exists() {
            // The manifest's name was the last that was missing.
            if !self.names.place(self.names.manifest()).exists() {
                return Err(gone());
            }
            (self.placed, self.reached) = (true, reached);
            return Ok(());
        }
        if reached.id != self.reached.id || self.journal.metadata().map_err(told)?.len() < reached.journal {
            return Err(gone());
        }
        if complete {
            self.reached = reached;
            return Ok(());
        }
        let n_old = self.survey(refuse).map_err(|error| error.to_string())?;
        let n_kept = reached.n_whole + u64::from(reached.at.is_some());
        let names = self.names.clone();
        self.empty(|name| names.number(name).is_some_and(|number| number < n_kept)).map_err(told)?;
        self.journal.set_len(reached.journal).map_err(told)?;
        if let Some(at) = reached.at {
            let path = self.folder.path.join(self.names.part(reached.n_whole));
            let file = OpenOptions::new().read(true).write(true).open(path).map_err(|_| gone())?;
            let len = file.metadata().map_err(told)?.len();
            if len < at {
                return Err(format!("its unfinished part has {len} bytes, not {at}"));
            }
            file.set_len(at).map_err(told)?;
            rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(at)).map_err(|error| told(error.into()))?;
            self.now = Some(Part { reserve: Reserve::new(&file), file: Descriptor::new(file), at });
        }
        self.reached = PartsReached { n_old, ..reached };
        Ok(())
    }

    /// The number of parts of an earlier result, which goes when this one comes.
    fn survey(&self, refuse: &dyn Fn(&Path) -> Result<()>) -> Result<u64> {
        let unusable =
            |path: &Path, reason| ErrorKind::Unusable { path: path.display().to_string(), reason }.into();
        let manifest = self.names.place(self.names.manifest());
        let n_old = match self.listed(&manifest) {
            Ok(n_old) => n_old,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let reason = "is no manifest of such parts; remove it, or choose another name";
                return Err(unusable(&manifest, reason));
            }
            Err(error) => return Err(Error::io(CANNOT_READ, manifest.display().to_string(), error)),
        };
        if n_old.is_some() {
            if self.options.no_clobber {
                let reason = "exists already (--no-clobber); choose another name, or remove it";
                return Err(unusable(&manifest, reason));
            }
            refuse(&manifest)?;
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

    /// How many parts a manifest lists; `None` where there is none.
    fn listed(&self, manifest: &Path) -> io::Result<Option<u64>> {
        let file = match File::open(manifest) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // The first line has all but the list itself.
        let mut start = Vec::new();
        file.take(64 << 10).read_to_end(&mut start)?;
        let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let head = line.strip_suffix(b",\"parts\":[").map(|head| [head, b"}"].concat()).unwrap_or_default();
        let head: Value = serde_json::from_slice(&head).map_err(|_| io::ErrorKind::InvalidData)?;
        if head["version"] != VERSION || head["name"] != self.names.pattern() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head["parts_count"].as_u64().map(Some).ok_or(io::ErrorKind::InvalidData.into())
    }

    /// Removes what an earlier run left in the folder, but what `keep` says and the journal.
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

    /// How far they are.
    pub(crate) fn reached(&self) -> PartsReached {
        PartsReached { at: self.now.as_ref().map(|part| part.at), ..self.reached }
    }

    /// The bytes of all.
    pub(super) fn n_bytes(&self) -> u64 {
        self.reached.whole_bytes + self.at()
    }

    /// The bytes of the present one.
    pub(super) fn at(&self) -> u64 {
        self.now.as_ref().map_or(0, |part| part.at)
    }

    /// Adds to the present part, or a new one.
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
        Ok(Part { reserve: Reserve::new(&file), file: Descriptor::new(file), at: 0 })
    }

    /// The present part is whole, with so many records.
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

    /// Ends the present part with its first `at` bytes, behind which comes `close`, and has what is behind `at + skip` in a new one,
    /// behind `open`; for a record that turned out too long only when it was half written.
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
            let (mut from, mut piece) = (at + skip, [0; 16 << 10]);
            while from < old.at {
                let n = usize::try_from(old.at - from).map_or(piece.len(), |left| left.min(piece.len()));
                old.file.file().read_exact_at(&mut piece[..n], from)?;
                new.write(&piece[..n]).map_err(|(_, error)| error)?;
                from += n as u64;
            }
            old.file.file().set_len(at)?;
            rustix::fs::seek(old.file.file(), rustix::fs::SeekFrom::Start(at))?;
            (old.at, old.reserve) = (at, Reserve::new(old.file.file()));
            old.write(close).map_err(|(_, error)| error)
        };
        moved().map_err(|error| self.cannot(error))?;
        self.now = Some(old);
        self.end(n_records)?;
        self.now = Some(new);
        Ok(())
    }

    /// All parts are whole: writes what the manifest will be.
    pub(super) fn close(&mut self, n_records: u64) -> Result<()> {
        let head = json!({
            "version": VERSION, "name": self.names.pattern(), "records": n_records,
            "bytes": self.reached.whole_bytes, "parts_count": self.reached.n_whole,
        });
        let head = head.to_string();
        let write = || -> io::Result<()> {
            let mut to = BufWriter::with_capacity(16 << 10, File::create(self.folder.path.join(MANIFEST))?);
            writeln!(to, "{},\"parts\":[", head.trim_end_matches('}'))?;
            let (mut at, mut piece, mut n_left) = (0, [0; 16 << 10], self.reached.n_whole);
            while n_left > 0 {
                let n = self.journal.read_at(&mut piece, at)?;
                if n == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                at += n as u64;
                for line in piece[..n].split_inclusive(|&byte| byte == b'\n') {
                    let Some(whole) = line.strip_suffix(b"\n") else {
                        to.write_all(line)?;
                        continue;
                    };
                    n_left -= 1;
                    to.write_all(whole)?;
                    to.write_all(if n_left > 0 { b",\n" } else { b"\n" })?;
                }
            }
            to.write_all(b"]}\n")?;
            let file = to.into_inner()?;
            if self.options.sync || self.options.resume {
                file.sync_all()?;
            }
            Descriptor::new(file).flush()
        };
        undisturbed(write).map_err(|error| self.cannot(error))
    }

    /// Has all that was written on the disk.
    pub(super) fn keep(&mut self) -> Result<()> {
        if self.placed {
            return Ok(());
        }
        let keep = || -> io::Result<()> {
            if let Some(part) = &self.now {
                part.file.file().sync_all()?;
            }
            self.journal.sync_all()?;
            File::open(&self.folder.path)?.sync_all()
        };
        keep().map_err(|error| self.cannot(error))
    }

    /// Gives all their names, the manifest last; where that fails, what stood there stands there again.
    pub(super) fn commit(&mut self) -> Result<()> {
        if !self.placed {
            let to_sync = self.options.sync.then(|| File::open(self.names.folder())).transpose();
            let to_sync = to_sync.map_err(|error| self.cannot(error))?;
            // A signal that comes now waits for the end of it.
            let placed = undisturbed(|| {
                let placed = self.place();
                if placed.is_err() {
                    self.take_back();
                }
                placed
            });
            placed.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    let reason = "has come up meanwhile under the name of a part or the manifest; remove it";
                    ErrorKind::Unusable { path: self.name.clone(), reason }.into()
                }
                _ => self.cannot(error),
            })?;
            self.placed = true;
            if let Some(folder) = to_sync {
                folder.sync_all().map_err(|error| self.cannot(error))?;
            }
        }
        // Now, not when this is dropped: what says that it may still be there goes next.
        remove_folder(&self.folder.path);
        unregister(&self.folder.path);
        self.folder.ours = false;
        Ok(())
    }

    /// All names in question: here and there, whether new ones come, and whether old ones go.
    fn moves(&self) -> impl DoubleEndedIterator<Item = (OsString, bool, bool)> {
        let (n_new, n_old) = (self.reached.n_whole, self.reached.n_old);
        let parts = (0..n_new.max(n_old)).map(move |i| (self.names.part(i), i < n_new, i < n_old));
        parts.chain(std::iter::once((self.names.manifest(), true, n_old > 0)))
    }

    /// Where a new one waits, where an old one is kept, and where it belongs.
    fn places(&self, name: &OsStr) -> [PathBuf; 3] {
        let new = if *name == *self.names.manifest() { OsStr::new(MANIFEST) } else { name };
        let mut old = OsString::from(OLD);
        old.push(name);
        [self.folder.path.join(new), self.folder.path.join(old), self.names.place(name)]
    }

    fn place(&self) -> io::Result<()> {
        // Without its manifest, the old result is none any more.
        if self.reached.n_old > 0 {
            let [new, old, place] = self.places(&self.names.manifest());
            if new.exists() && place.exists() {
                fs::rename(place, old)?;
            }
        }
        for (name, comes, goes) in self.moves() {
            let [new, old, place] = self.places(&name);
            // An earlier run may have come so far.
            let waits = comes && new.exists();
            if goes && (waits || !comes) && place.exists() {
                fs::rename(&place, old)?;
            }
            if waits {
                rename_to_none(&new, &place)?;
            }
        }
        Ok(())
    }

    /// Undoes [`Parts::place`] as far as it came.
    fn take_back(&self) {
        for (name, comes, _) in self.moves().rev() {
            let [new, old, place] = self.places(&name);
            // If this fails too, nothing more can be done.
            if comes && !new.exists() && place.exists() {
                let _ = fs::rename(&place, new);
            }
            if old.exists() {
                let _ = fs::rename(old, place);
            }
        }
    }
}

/// As of an unfinished file.
impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.reserve.give_back(self.file.file(), self.at);
    }
}

impl Part {
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), (u64, io::Error)> {
        while !bytes.is_empty() {
            self.reserve.ahead(self.file.file(), self.at, bytes.len() as u64);
            match self.file.write(bytes) {
                Ok(0) => return Err((self.at, io::ErrorKind::WriteZero.into())),
                Ok(n) => {
                    self.at += n as u64;
                    bytes = &bytes[n..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((self.at, error)),
            }
        }
        Ok(())
    }

    fn end(&mut self, sync: bool) -> io::Result<()> {
        self.reserve.give_back(self.file.file(), self.at)?;
        if sync {
            self.file.file().sync_all()?;
        }
        self.file.flush()
    }
}

/// Renames where nothing has that name; where the file system can't say so at once, by a look before.
fn rename_to_none(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if to.symlink_metadata().is_err() => {
            fs::rename(from, to)
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Err(Errno::EXIST.into()),
        result => Ok(result?),
    }
}

fn id(file: &File) -> io::Result<(u64, u64)> {
    file.metadata().map(|stat| (stat.dev(), stat.ino()))
}

/// What is said where there can be no parts.
pub(crate) fn needs_a_file() -> Error {
    Error::setting("--split-size, --split-records: need an output that is a regular file (-o FILE)")
}
