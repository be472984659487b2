//! A file that appears under its name only when it is whole.
//!
//! It is written without a name and gets one when it is committed, so that even a kill leaves
//! nothing behind. If the system or the file system has no such files, it is written beside its
//! place under a temporary name. Anything but a regular file (a FIFO, a device, `/dev/stdout`) is
//! written directly.

use super::descriptor::Descriptor;
use super::partial;
use super::reserve::Reserve;
use crate::error::{CANNOT_OPEN, CANNOT_WRITE, Error, ErrorKind, Result};
use crate::sys::{self, descriptor_of, file_id, name_file};
use rustix::fs::{AtFlags, CWD, FileType, Mode, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How an output file is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileOptions {
    /// No file is ever replaced.
    pub no_clobber: bool,
    /// File and folder are on the disk before the name appears.
    pub sync: bool,
    /// An unfinished file is kept, under a name that the same conversion finds when it is run
    /// again.
    pub resume: bool,
}

/// An output that is being written.
#[derive(Debug)]
pub(crate) struct OutputFile {
    name: String,
    writer: Descriptor,
    at: u64,
    place: Option<TargetPlace>,
    options: FileOptions,
}

/// Device and inode.
pub(crate) type FileId = (u64, u64);

/// Where an unfinished file will appear.
#[derive(Debug)]
struct TargetPlace {
    reserve: Reserve,
    target: PathBuf,
    folder: PathBuf,
    replaced: Option<Stat>,
    /// Its name until then, if it has one.
    temporary: Option<Temporary>,
}

/// The names to remove if the process must end at once.
static TEMPORARIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the unfinished files that have a name. A process calls it when it is about to end by a
/// signal. When it returns, no output can be committed any more.
pub fn remove_temporaries() {
    let Ok(paths) = TEMPORARIES.lock() else { return };
    for path in &*paths {
        // It may be a folder, or be gone. If this fails too, nothing more can be done.
        if std::fs::remove_file(path).is_err() {
            partial::remove_folder(path);
        }
    }
    // The lock is kept to the end. A commit that comes now waits for ever.
    std::mem::forget(paths);
}

/// Calls `act` so that [`remove_temporaries`] neither runs at the same time nor interrupts it.
pub(super) fn undisturbed<T>(act: impl FnOnce() -> T) -> T {
    let _held = TEMPORARIES.lock();
    act()
}

/// Registers a file or folder, unless it is `kept`: it is removed if the process must end at once.
pub(super) fn register(path: &Path, kept: bool) {
    if let (false, Ok(mut paths)) = (kept, TEMPORARIES.lock()) {
        paths.push(path.to_owned());
    }
}

/// Removes a path from the register: it is gone, or must stay.
pub(super) fn unregister(path: &Path) {
    if let Ok(mut paths) = TEMPORARIES.lock() {
        paths.retain(|other| other != path);
    }
}

/// A name that is removed when this is dropped, unless it is kept for another run.
#[derive(Debug)]
struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    fn new(path: PathBuf) -> Self {
        register(&path, false);
        Self { path, kept: false }
    }

    fn kept(path: PathBuf) -> Self {
        Self { path, kept: true }
    }

    fn forget(&self) {
        unregister(&self.path);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let _ = std::fs::remove_file(&self.path);
        self.forget();
    }
}

impl OutputFile {
    /// Opens `path` for writing. The file of that name stays until [`OutputFile::commit`].
    ///
    /// # Errors
    /// It is a directory or a socket, exists and must not be replaced, or the folder cannot
    /// be written.
    pub(crate) fn create(path: &Path, options: FileOptions) -> Result<Self> {
        let name = path.display().to_string();
        let cannot = |error: io::Error| Error::io(CANNOT_OPEN, &*name, error);
        let straight = |file: File| {
            Ok(Self { name: name.clone(), writer: Descriptor::new(file), at: 0, place: None, options })
        };
        if let Some(file) = already_open(path).map_err(cannot)? {
            return straight(file);
        }
        let replaced = match rustix::fs::stat(path) {
            Ok(stat) => Some(stat),
            Err(Errno::NOENT) if path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                let reason = "is no file's name, as it ends in '/'; make that folder, and name a file in it";
                return Err(ErrorKind::Unusable { path: name, reason }.into());
            }
            Err(Errno::NOENT) => None,
            Err(error) => return Err(cannot(error.into())),
        };
        if let Some(stat) = &replaced {
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile if options.no_clobber => return Err(exists(&name)),
                FileType::RegularFile => {
                    // A file that may not be written is not replaced either, whatever the folder
                    // allows.
                    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).map_err(|e| cannot(e.into()))?;
                }
                FileType::Directory => {
                    let reason = "is a directory; name a file in it";
                    return Err(ErrorKind::Unusable { path: name, reason }.into());
                }
                FileType::Socket => {
                    let reason = "is a socket; write to stdout, and pipe it to a program such as socat";
                    return Err(ErrorKind::Unusable { path: name, reason }.into());
                }
                _ => return straight(OpenOptions::new().write(true).open(path).map_err(cannot)?),
            }
        }
        let target = resolve(path).map_err(cannot)?;
        let folder = folder_of(&target);
        let (file, temporary) = if options.resume {
            (partial::open(&target)?, Some(Temporary::kept(partial::partial_path(&target))))
        } else {
            unfinished(&folder, &target).map_err(cannot)?
        };
        let place = TargetPlace { reserve: Reserve::new(&file), target, folder, replaced, temporary };
        Ok(Self { name, writer: Descriptor::new(file), at: 0, place: Some(place), options })
    }

    /// Returns the path that the file will have, and its id. Returns `None` if it is written
    /// directly.
    pub(crate) fn unfinished(&self) -> Result<Option<(PathBuf, FileId)>> {
        let Some(place) = &self.place else { return Ok(None) };
        let cannot = |error: Errno| Error::io(CANNOT_WRITE, &*self.name, error.into());
        let stat = rustix::fs::fstat(self.writer.file()).map_err(cannot)?;
        Ok(Some((place.target.clone(), file_id(&stat))))
    }

    /// Continues behind byte `at` of what an earlier run wrote, in the file with this `id`. With
    /// `complete` that file may have its name already. Then nothing is left to do.
    ///
    /// # Errors
    /// The reason, in words that follow "cannot go on: ".
    pub(crate) fn go_on(&mut self, at: u64, id: FileId, complete: bool) -> Result<(), String> {
        let Some(place) = &mut self.place else { return Err("the output is no regular file".to_owned()) };
        let file = self.writer.file();
        let here = rustix::fs::fstat(file).map_err(|error| io::Error::from(error).to_string())?;
        // The number of a device may be another after the system has started anew.
        let is_it = |stat: &Stat| file_id(stat).1 == id.1;
        if !is_it(&here) {
            let there = rustix::fs::stat(&place.target);
            if complete && there.is_ok_and(|stat| is_it(&stat)) {
                if self.options.sync {
                    // The run that gave the name may have been killed before it synced it.
                    sys::sync_folder(&place.folder).map_err(|error| error.to_string())?;
                }
                // The new unfinished file is not needed. It is removed.
                if let Some(temporary) = &mut place.temporary {
                    temporary.kept = false;
                }
                self.place = None;
                return Ok(());
            }
            return Err("its unfinished output is gone, or another file".to_owned());
        }
        if (here.st_size as u64) < at {
            return Err(format!("its unfinished output has {} bytes, not {at}", here.st_size));
        }
        rustix::fs::ftruncate(file, at)
            .and_then(|()| rustix::fs::seek(file, rustix::fs::SeekFrom::Start(at)))
            .map_err(|error| io::Error::from(error).to_string())?;
        self.at = at;
        Ok(())
    }

    /// Begins anew, whatever an earlier run wrote.
    ///
    /// # Errors
    /// The system or the disk refuses.
    pub(crate) fn begin_anew(&mut self) -> Result<()> {
        let Some(place) = &self.place else { return Ok(()) };
        // A checkpoint needs the name of the file that it is of. And one that was removed must not
        // come back after a power failure, when the file has other bytes.
        sys::sync_folder(&place.folder)
            .and_then(|()| Ok(rustix::fs::ftruncate(self.writer.file(), 0)?))
            .map_err(|error| Error::io(CANNOT_WRITE, &*self.name, error))
    }

    /// Syncs all that was written to the disk. Returns how many bytes that is.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn sync(&self) -> Result<u64> {
        sys::sync(self.writer.file()).map_err(|error| Error::io(CANNOT_WRITE, &*self.name, error.into()))?;
        Ok(self.at)
    }

    /// Gives the file its name. On success, the name shows the whole file. On an error, it shows
    /// what it showed before, unless only the folder could not be synced.
    ///
    /// # Errors
    /// The system refuses, or with `sync` the disk does.
    pub(crate) fn commit(&mut self) -> Result<()> {
        let file = self.writer.file();
        let cannot = |error: Errno| Error::io(CANNOT_WRITE, &*self.name, error.into());
        if let Some(place) = &mut self.place {
            place.reserve.give_back(file, self.at).map_err(cannot)?;
        }
        if let Some(stat) = self.place.as_ref().and_then(|place| place.replaced.as_ref()) {
            // The new file gets the owner of the replaced file. If only root could do that, it
            // belongs to the user. This comes before the sync, so that who may not read the old
            // file can't read the new one after a power failure.
            let owner = rustix::fs::Uid::from_raw(stat.st_uid);
            let group = rustix::fs::Gid::from_raw(stat.st_gid);
            let _ = rustix::fs::fchown(file, Some(owner), Some(group));
            rustix::fs::fchmod(file, Mode::from_raw_mode(stat.st_mode & 0o7777)).map_err(cannot)?;
        }
        if self.options.sync {
            match sys::sync(file) {
                // A FIFO or a device has no disk behind it.
                Err(Errno::INVAL) if self.place.is_none() => {}
                result => result.map_err(cannot)?,
            }
        }
        self.writer.flush().map_err(|error| Error::io(CANNOT_WRITE, &*self.name, error))?;
        let file = self.writer.file();
        let Some(place) = &mut self.place else { return Ok(()) };
        // Counted in two places. Nobody else writes into a file without a name.
        let size = rustix::fs::fstat(file).map_err(cannot)?.st_size;
        if u64::try_from(size) != Ok(self.at) {
            let wrong = format!("{} bytes were written, and the file has {size}", self.at);
            return Err(Error::io(CANNOT_WRITE, &*self.name, io::Error::other(wrong)));
        }
        if let Err(error) = place.commit(file, self.options.no_clobber) {
            return Err(if error == Errno::EXIST { exists(&self.name) } else { cannot(error) });
        }
        if self.options.sync {
            sys::sync_folder(&place.folder).map_err(|error| Error::io(CANNOT_WRITE, &*self.name, error))?;
        }
        self.place = None;
        Ok(())
    }
}

/// An unfinished file may stay, for a run that continues it. The blocks that were reserved beyond
/// its end must not.
impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(place) = &mut self.place {
            let _ = place.reserve.give_back(self.writer.file(), self.at);
        }
    }
}

impl TargetPlace {
    fn commit(&mut self, file: &File, no_clobber: bool) -> Result<(), Errno> {
        if self.temporary.is_none() {
            if self.replaced.is_none() {
                match name_file(file, &self.target) {
                    Err(Errno::EXIST) if !no_clobber => {} // It appeared meanwhile: replace it.
                    result => return result,
                }
            }
            // A file without a name cannot replace another. It gets a name beside it first.
            let path = beside(&self.target);
            let temporary = Temporary::new(path.clone());
            name_file(file, &path)?;
            self.temporary = Some(temporary);
        }
        let Some(temporary) = &mut self.temporary else { unreachable!("it has a name now") };
        if no_clobber {
            // A link fails if the name exists; a rename would replace the file. The other name is
            // removed with `temporary`.
            let lacks_links = [Errno::PERM, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP];
            match rustix::fs::linkat(CWD, &temporary.path, CWD, &self.target, AtFlags::empty()) {
                Ok(()) => temporary.kept = false,
                Err(error) if lacks_links.contains(&error) => {
                    let renamed = sys::rename_to_none(&temporary.path, &self.target);
                    renamed.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
                    temporary.forget();
                }
                Err(error) => return Err(error),
            }
            return Ok(());
        }
        rustix::fs::rename(&temporary.path, &self.target)?;
        temporary.forget();
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(place) = &mut self.place {
            place.reserve.ahead(self.writer.file(), self.at, bytes.len() as u64);
        }
        let n = self.writer.write(bytes)?;
        self.at += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn exists(name: &str) -> Error {
    let reason = "exists already (`no_clobber`); choose another name, or remove it";
    ErrorKind::Unusable { path: name.to_owned(), reason }.into()
}

/// Makes a file without a name in `folder`. If that is not possible, makes one with a name beside
/// `target`.
fn unfinished(folder: &Path, target: &Path) -> io::Result<(File, Option<Temporary>)> {
    if let Some(file) = sys::unnamed_file(folder) {
        return Ok((file, None));
    }
    let path = beside(target);
    let temporary = Temporary::new(path.clone());
    let file = OpenOptions::new().write(true).create_new(true).mode(0o666).open(path)?;
    Ok((file, Some(temporary)))
}

/// Returns a hidden name beside `target` that no other process uses. The number of the process does
/// not suffice: in a folder that machines share, two processes may have the same number.
fn beside(target: &Path) -> PathBuf {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    // 64 random bits from the system.
    let attempt = RandomState::new().hash_one(n);
    partial::beside(target, &format!("{}-{n}-{attempt:016x}.rowmill", std::process::id()))
}

/// Whether names beside `target` that differ by case alone are one, as on SMB and FAT. Finds out by
/// a hidden file. False if none can be made.
pub(crate) fn folds_case(target: &Path) -> bool {
    let path = beside(target);
    if OpenOptions::new().write(true).create_new(true).open(&path).is_err() {
        return false;
    }
    let probe = Temporary::new(path);
    let other = probe.path.file_name().map(OsStr::to_ascii_uppercase);
    other.is_some_and(|other| probe.path.with_file_name(other).exists())
}

fn folder_of(target: &Path) -> PathBuf {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Returns what an earlier run left unfinished of an output at `path`: a file that is not empty, a
/// folder of parts, and which of them it is.
pub(crate) fn left_unfinished(path: &Path) -> Vec<(PathBuf, bool)> {
    let Ok(target) = resolve(path) else { return Vec::new() };
    let file = partial::partial_path(&target);
    let is_begun = std::fs::metadata(&file).is_ok_and(|file| file.len() > 0);
    let folder = partial::parts_folder(path);
    let file = is_begun.then_some((file, false));
    let folder = folder.is_dir().then_some((folder, true));
    file.into_iter().chain(folder).collect()
}

/// Returns the path of the checkpoint of an output at `path`.
#[cfg(feature = "cli")]
pub(crate) fn checkpoint_of(path: &Path) -> PathBuf {
    partial::checkpoint_path(&resolve(path).unwrap_or_else(|_| path.to_owned()))
}

/// Returns the folder in which the file for `path` would be made. Returns `None` if `path` itself
/// is opened, or nothing is.
#[cfg(feature = "cli")]
pub(crate) fn made_in(path: &Path) -> Option<PathBuf> {
    let regular = match rustix::fs::stat(path) {
        Ok(stat) => FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile,
        Err(error) => error == Errno::NOENT,
    };
    (regular && descriptor_of(path).is_none()).then(|| resolve(path).ok().map(|target| folder_of(&target)))?
}

/// Returns the path that `path` leads to. Its last part may be a symbolic link, and may not exist.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match std::fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new(".")).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(Errno::LOOP.into())
}

/// Returns the file behind a path that names an open descriptor.
pub(super) fn already_open(path: &Path) -> io::Result<Option<File>> {
    let Some(number) = descriptor_of(path) else { return Ok(None) };
    match number {
        "1" => io::stdout().as_fd().try_clone_to_owned().map(|fd| Some(fd.into())),
        "2" => io::stderr().as_fd().try_clone_to_owned().map(|fd| Some(fd.into())),
        // The kernel opens it anew. Appending keeps what others wrote through it.
        _ => OpenOptions::new().append(true).open(path).map(Some),
    }
}
