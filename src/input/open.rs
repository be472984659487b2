//! From a name to a source: what kind of file it is, and how it is best read.

use super::Source;
use super::decode::{Decode, by_mark, measure_utf16};
use super::map::Mapped;
use super::read::ReadAt;
use super::stream::Stream;
use super::watch::Watch;
use crate::error::{CANNOT_OPEN, CANNOT_READ, Error, ErrorKind, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::FileType;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// How regular files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Io {
    /// Mapped, unless the file system or the address space advises against it.
    #[default]
    Auto,
    /// Mapped.
    Mmap,
    /// Read.
    Read,
}

impl Io {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Mmap, Self::Read];

    /// The name that `--io` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Mmap => "mmap",
            Self::Read => "read",
        }
    }
}

/// An open input.
pub(crate) struct Opened {
    /// Its bytes.
    pub source: Box<dyn Source>,
    /// Whether opening it again gives the same bytes.
    pub regular: bool,
}

/// The size that a pipe is given, on either side: what an unprivileged process may ask for. Converting a GiB from `cat` took
/// 0.8 of the time that it takes with the usual 64 KiB, converting into `cat` the same (medians of five, 2026-11-22).
pub(crate) const PIPE: usize = 1 << 20;

/// What makes a file the same under any name: device and inode. `None` for what may well be both input and output (a
/// terminal, `/dev/null`).
pub(crate) fn identity(file: impl AsFd) -> Option<(u64, u64)> {
    let stat = rustix::fs::fstat(file).ok()?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice | FileType::Socket => None,
        _ => Some((stat.st_dev, stat.st_ino)),
    }
}

/// Opens `path`; mapped pages will be given back in pieces of `piece` bytes.
///
/// # Errors
/// It cannot be opened, or is a directory or a socket.
pub(crate) fn open(path: &Path, io: Io, piece: usize) -> Result<Opened> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| match rustix::fs::stat(path) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Socket => socket(&name),
        _ => Error::io(CANNOT_OPEN, &*name, error),
    })?;
    from_file(file, name, io, piece, false)
}

/// Standard input, streamed.
///
/// # Errors
/// It is closed, or a directory.
pub(crate) fn stdin(piece: usize) -> Result<Opened> {
    let name = "stdin";
    let cannot = |error: io::Error| Error::io(CANNOT_OPEN, name, error);
    let file = io::stdin().as_fd().try_clone_to_owned().map_err(cannot)?;
    from_file(file.into(), name.to_owned(), Io::Read, piece, true)
}

fn socket(name: &str) -> Error {
    let reason = "is a socket; connect to it with a program such as socat, and pipe what it gives";
    ErrorKind::Unusable { path: name.to_owned(), reason }.into()
}

fn from_file(file: File, name: String, io: Io, piece: usize, stream: bool) -> Result<Opened> {
    let cannot_read = |error: io::Error| Error::io(CANNOT_READ, &*name, error);
    let stat = rustix::fs::fstat(&file).map_err(|error| cannot_read(error.into()))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            let reason = "is a directory; name the files in it";
            return Err(ErrorKind::Unusable { path: name, reason }.into());
        }
        // A socket that is stdin is connected and can be read.
        FileType::Socket if !stream => return Err(socket(&name)),
        // Size 0 is no proof of emptiness (/proc): it is streamed too.
        FileType::RegularFile if stat.st_size > 0 && !stream => return regular(file, name, io, piece),
        _ => {}
    }
    if FileType::from_raw_mode(stat.st_mode) == FileType::Fifo {
        // Fewer wake-ups of whoever fills it; where the system gives no more, the size it has will do.
        let _ = rustix::pipe::fcntl_setpipe_size(&file, PIPE);
    }
    let mut reader = Descriptor(file);
    let mut start = [0; 4];
    let mut n = 0;
    // A byte-order mark needs three bytes; fewer is the end.
    while n < 3 {
        match reader.read(&mut start[n..]).map_err(cannot_read)? {
            0 => break,
            read => n += read,
        }
    }
    let start = &start[..n];
    let source: Box<dyn Source> = match by_mark(start) {
        None => Box::new(Stream::new(name, io::Cursor::new(start.to_vec()).chain(reader))),
        Some((encoding, mark)) => {
            let encoded = io::Cursor::new(start[mark..].to_vec()).chain(reader);
            let decode = Decode::new(encoded, encoding);
            Box::new(Stream::decoded(name, decode, None, None, measure_utf16, mark as u64))
        }
    };
    Ok(Opened { source, regular: false })
}

fn regular(file: File, name: String, io: Io, piece: usize) -> Result<Opened> {
    let mut start = [0; 4];
    let n = file.read_at(&mut start, 0).map_err(|error| Error::io_at(CANNOT_READ, &*name, 0, error))?;
    let file = Arc::new(file);
    let watch = Watch::new(Arc::clone(&file), &name)?;
    let opened = |source: Box<dyn Source>| Ok(Opened { source, regular: true });
    if let Some((encoding, mark)) = by_mark(&start[..n]) {
        let mut sequential = &*file;
        let cannot = |error| Error::io(CANNOT_READ, &*name, error);
        sequential.seek(SeekFrom::Start(mark as u64)).map_err(cannot)?;
        let size = watch.size();
        let decode = Decode::new(Shared(file), encoding);
        let stream = Stream::decoded(name, decode, Some(size), Some(watch), measure_utf16, mark as u64);
        return opened(Box::new(stream));
    }
    match io {
        Io::Read => opened(Box::new(ReadAt::new(watch))),
        Io::Auto if is_distant(&file) => opened(Box::new(ReadAt::new(watch))),
        Io::Auto | Io::Mmap => match Mapped::new(watch, piece) {
            Ok(mapped) => opened(Box::new(mapped)),
            Err(error) if io == Io::Mmap => Err(Error::io("cannot map", name, error)),
            Err(_) => opened(Box::new(ReadAt::new(Watch::new(file, &name)?))),
        },
    }
}

/// Whether the file lies on a network or FUSE file system, where a page may take long to come, or not come at all, and the same file
/// may be another inode the next time.
pub(crate) fn is_distant(file: impl AsFd) -> bool {
    // Linux, include/uapi/linux/magic.h and the file systems' own sources.
    const NETWORK: [u32; 10] = [
        0x6969,      // NFS
        0x517b,      // SMB
        0xfe53_4d42, // SMB2
        0xff53_4d42, // CIFS
        0x6573_5546, // FUSE
        0x0102_1997, // 9P
        0x00c3_6400, // Ceph
        0x5346_414f, // AFS
        0x0bd0_0bd0, // Lustre
        0x4750_4653, // GPFS
    ];
    rustix::fs::fstatfs(file)
        .is_ok_and(|stat| u32::try_from(stat.f_type).is_ok_and(|kind| NETWORK.contains(&kind)))
}

/// A descriptor that may be non-blocking: what is not there yet is waited for.
struct Descriptor(File);

impl Read for Descriptor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut ready = [PollFd::new(&self.0, PollFlags::IN)];
                    match poll(&mut ready, None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// A file read in sequence through a shared descriptor.
struct Shared(Arc<File>);

impl Read for Shared {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(into)
    }
}
