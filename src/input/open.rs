//! From a name to a source: what kind of file it is, and how it is best read.

#[cfg(feature = "encodings")]
use super::decode::Decode;
use super::encoding::{Encoding, by_mark};
use super::fold::FoldReader;
use super::mapped::Mapped;
use super::patience::Patience;
use super::read::ReadAt;
use super::section::Reader;
use super::source::{InputReader, Source};
use super::stream::{Layers, Stream, unreadable};
use super::unpack::{Codec, HEADER, InParallel, LOOK, Unpack, by_magic, cut_short, may_be};
use super::watch::Watch;
use super::zip::{self, Member, Packed};
use crate::charset::Charset;
use crate::error::{CANNOT_OPEN, CANNOT_READ, Error, ErrorKind, Result};
use crate::folding::{Folding, Separators};
use crate::sys;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Stat};
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
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
    /// Mapped; read where the system maps nothing.
    Mmap,
    /// Read.
    Read,
}

impl Io {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Mmap, Self::Read];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Mmap => "mmap",
            Self::Read => "read",
        }
    }
}

/// An open input.
pub(crate) struct Opened<'i> {
    /// Its text.
    pub reader: Box<dyn InputReader + 'i>,
    /// It is a regular file: opened again, it gives the same bytes.
    pub is_regular: bool,
    /// The meaning of the bytes to parse.
    pub charset: Charset,
    /// How what separates its fields and records is parsed, if that is several bytes in UTF-8.
    pub separators: Separators,
    /// The memory that unpacking may take.
    pub unpacking: usize,
    /// The memory that decoding may take while it is converted.
    pub decoding: usize,
}

/// One thread.
const ONE: Option<NonZero<usize>> = NonZero::new(1);

/// What makes a file the same under any name: device and inode. `None` for what may well be both
/// input and output (a terminal, `/dev/null`).
pub(crate) fn identity(file: impl AsFd) -> Option<(u64, u64)> {
    identity_of(&rustix::fs::fstat(file).ok()?)
}

/// The same, from what the system knows of a file.
pub(crate) fn identity_of(stat: &Stat) -> Option<(u64, u64)> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice | FileType::Socket => None,
        _ => Some(sys::file_id(stat)),
    }
}

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions {
    /// Whether regular files are mapped.
    pub io: Io,
    /// Of inputs without a byte-order mark; `None` is UTF-8.
    pub encoding: Option<Encoding>,
    /// One byte takes the place of several.
    pub folding: Option<Folding>,
    /// Mapped pages are given back in pieces of so many bytes.
    pub piece: usize,
    /// What unpacking a regular file may take in memory, one at a time.
    pub unpacking: usize,
    /// The same for what is streamed, of which all may be open at once.
    pub unpacking_streams: usize,
    /// How many threads may unpack a regular file; `None` is as many as there are cores.
    pub threads: Option<NonZero<usize>>,
}

/// Opens `path`.
///
/// # Errors
/// It cannot be opened or read, or is a directory or a socket.
pub(crate) fn open(path: &Path, reading: &ReadOptions) -> Result<Opened<'static>> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| match rustix::fs::stat(path) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Socket => socket(&name),
        _ => Error::io(CANNOT_OPEN, &*name, error),
    })?;
    from_file(file, name, reading, false)
}

/// Opens `member` of the zip archive at `path`, called `name`.
///
/// # Errors
/// The archive cannot be opened or read, or does not have the member where its directory says.
pub(crate) fn open_member(
    path: &Path,
    member: &Member,
    name: &str,
    reading: &ReadOptions,
) -> Result<Opened<'static>> {
    let file = File::open(path).map_err(|error| Error::io(CANNOT_OPEN, name, error))?;
    let file = Arc::new(file);
    let watch = Watch::new(Arc::clone(&file), name)?;
    let (text, packed) = zip::begin(file, member, name, reading.unpacking)?;
    let (name, watch, packed) = (name.to_owned(), Some(watch), Some(packed));
    let raw = Raw { name, reader: text, watch, packed, patience: None };
    streamed(raw, reading, (reading.unpacking, ONE))
}

/// Standard input, streamed.
///
/// # Errors
/// It is closed or cannot be read, or is a directory.
pub(crate) fn stdin(reading: &ReadOptions) -> Result<Opened<'static>> {
    let name = "stdin";
    let cannot = |error: io::Error| Error::io(CANNOT_OPEN, name, error);
    let file = io::stdin().as_fd().try_clone_to_owned().map_err(cannot)?;
    from_file(file.into(), name.to_owned(), reading, true)
}

/// A caller's own source, as it is.
pub(crate) fn from_source<'i>(source: Box<dyn Source + 'i>, folding: Option<Folding>) -> Opened<'i> {
    let name = source.name().to_owned();
    let size = source.size();
    let mut layers = Layers { size, file_size: size, ..Layers::default() };
    let (charset, separators) = (Charset::Utf8, Separators::folded(folding));
    let reader: Box<dyn InputReader + 'i> = match folding {
        None => Box::new(Stream::new(name, source, layers)),
        Some(folding) => {
            layers.fold(&folding);
            Box::new(Stream::new(name, FoldReader::new(source, folding), layers))
        }
    };
    Opened { reader, is_regular: false, charset, separators, unpacking: 0, decoding: 0 }
}

fn socket(name: &str) -> Error {
    let reason = "is a socket; connect to it with a program such as socat, and pipe what it gives";
    ErrorKind::Unusable { path: name.to_owned(), reason }.into()
}

fn from_file(file: File, name: String, reading: &ReadOptions, stream: bool) -> Result<Opened<'static>> {
    let cannot_read = |error: io::Error| Error::io(CANNOT_READ, &*name, error);
    let stat = rustix::fs::fstat(&file).map_err(|error| cannot_read(error.into()))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            let reason = "is a directory; name the files in it";
            return Err(ErrorKind::Unusable { path: name, reason }.into());
        }
        // A socket that is stdin is connected and can be read.
        FileType::Socket if !stream => return Err(socket(&name)),
        // Size 0 is no proof of emptiness (the system's own files): it is streamed too.
        FileType::RegularFile if stat.st_size > 0 && !stream => return regular(file, name, reading),
        _ => {}
    }
    if FileType::from_raw_mode(stat.st_mode) == FileType::Fifo {
        sys::widen_pipe(&file);
    }
    // A file that was redirected to stdin never makes a reader wait.
    let is_live = FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile;
    let patience = is_live.then(Arc::default);
    let reader = Box::new(InputDescriptor { file, patience: patience.clone() });
    let raw = Raw { name, reader, watch: None, packed: None, patience };
    streamed(raw, reading, (reading.unpacking_streams, ONE))
}

fn regular(file: File, name: String, reading: &ReadOptions) -> Result<Opened<'static>> {
    let mut start = [0; LOOK];
    let n = file.read_at(&mut start, 0).map_err(|error| Error::io_at(CANNOT_READ, &*name, 0, error))?;
    let start = &start[..n];
    let file = Arc::new(file);
    let watch = Watch::new(Arc::clone(&file), &name)?;
    let packed = by_magic(start).is_some() || cut_short(start).is_some();
    let (charset, separators) = match text_of(start, reading)? {
        TextSource::Own(charset, separators) if !packed => (charset, separators),
        _ => {
            // What it grows by is not read.
            let reader = Shared(file).take(watch.size());
            let reader = Box::new(reader);
            let raw = Raw { name, reader, watch: Some(watch), packed: None, patience: None };
            return streamed(raw, reading, (reading.unpacking, reading.threads));
        }
    };
    let opened = |reader: Box<dyn InputReader>| {
        Ok(Opened { reader, is_regular: true, charset, separators, unpacking: 0, decoding: 0 })
    };
    match reading.io {
        Io::Read => opened(Box::new(ReadAt::new(watch))),
        Io::Auto if sys::is_distant(&file) => opened(Box::new(ReadAt::new(watch))),
        Io::Auto | Io::Mmap => match Mapped::new(watch, reading.piece) {
            Ok(mapped) => opened(Box::new(mapped)),
            Err(error) if reading.io == Io::Mmap && sys::MAPS => Err(Error::io("cannot map", name, error)),
            Err(_) => opened(Box::new(ReadAt::new(Watch::new(file, &name)?))),
        },
    }
}

/// What is parsed of an input.
enum TextSource {
    /// Its own bytes.
    Own(Charset, Separators),
    /// Its own bytes in UTF-8, folded.
    Folded(Folding),
    /// What they are decoded to, behind a byte-order mark of that length, and folded to then.
    #[cfg_attr(not(feature = "encodings"), expect(dead_code, reason = "this build decodes nothing"))]
    Decoded(Encoding, usize, Option<Folding>),
}

/// What is parsed of an input that starts so: a byte-order mark overrules the encoding that was
/// asked for, as in browsers.
///
/// # Errors
/// The encoding lacks a character that separates fields or records.
fn text_of(start: &[u8], reading: &ReadOptions) -> Result<TextSource> {
    let named = by_mark(start).or(reading.encoding.map(|encoding| (encoding, 0)));
    let (charset, mark) = match named {
        None => (Some(Charset::Utf8), 0),
        Some((encoding, mark)) => (encoding.charset(), mark),
    };
    Ok(match (charset, reading.folding, named) {
        (Some(charset), None, _) => TextSource::Own(charset, Separators::default()),
        (Some(Charset::Utf8), Some(folding), _) => TextSource::Folded(folding),
        (Some(charset), Some(folding), Some((encoding, _))) => match folding.in_page(charset)? {
            Some(separators) => TextSource::Own(charset, separators),
            // What is several bytes in its page too is folded in UTF-8, like all else.
            None => TextSource::Decoded(encoding, mark, Some(folding)),
        },
        (_, folding, Some((encoding, _))) => TextSource::Decoded(encoding, mark, folding),
        (_, _, None) => unreachable!("without an encoding it is UTF-8"),
    })
}

/// What is read in sequence.
struct Raw {
    name: String,
    reader: Reader,
    watch: Option<Watch>,
    /// It is a member of an archive.
    packed: Option<Packed>,
    /// If it is live, what the reads of its descriptor obey.
    patience: Option<Arc<Patience>>,
}

/// Reads in sequence: unpacks what is compressed, in so much memory and on so many threads, and
/// decodes it.
fn streamed(
    raw: Raw,
    reading: &ReadOptions,
    unpacking: (usize, Option<NonZero<usize>>),
) -> Result<Opened<'static>> {
    let Raw { name, reader, watch, packed, patience } = raw;
    let cannot_read = |error: io::Error| unreadable(&name, None, error);
    let is_regular = watch.is_some();
    let file_size = watch.as_ref().map(Watch::size);
    let mut layers = Layers { size: file_size, file_size, watch, patience, ..Layers::default() };
    let mut unpacking_takes = 0;
    if let Some(Packed { size, taken, memory }) = packed {
        (layers.size, layers.file_size, layers.compressed_at) = (None, Some(size), Some(taken));
        unpacking_takes = memory;
    }
    let mut raw = Begun::new(reader);
    // Waits for no more bytes than the decision needs.
    let mut start = raw.look(1).map_err(cannot_read)?;
    while may_be(start).is_some() {
        let n = start.len() + 1;
        start = raw.look(n).map_err(cannot_read)?;
        if start.len() < n {
            break;
        }
    }
    let reader: Reader = match by_magic(start) {
        Some(codec) => {
            raw.look(HEADER).map_err(cannot_read)?;
            let (reader, memory) = unpack(raw, codec, unpacking, &mut layers).map_err(cannot_read)?;
            unpacking_takes += memory;
            reader
        }
        None => match cut_short(start) {
            Some(codec) => return Err(cannot_read(codec.ends_at(start.len()))),
            None => Box::new(raw),
        },
    };
    let mut text = Begun::new(reader);
    // A byte-order mark needs three bytes.
    let source = text_of(text.look(3).map_err(cannot_read)?, reading)?;
    let mut parsed = (Charset::Utf8, Separators::default());
    let (decoding, reader): (_, Box<dyn InputReader>) = match source {
        TextSource::Own(charset, separators) => {
            parsed = (charset, separators);
            (0, Box::new(Stream::new(name, text, layers)))
        }
        TextSource::Folded(folding) => {
            parsed.1 = Separators::folded(Some(folding));
            layers.fold(&folding);
            (0, Box::new(Stream::new(name, FoldReader::new(text, folding), layers)))
        }
        #[cfg(not(feature = "encodings"))]
        TextSource::Decoded(..) => unreachable!("this build knows UTF-8 alone"),
        #[cfg(feature = "encodings")]
        TextSource::Decoded(encoding, mark, folding) => {
            text.skip(mark);
            let decode = Decode::new(text, encoding, folding.as_ref());
            layers.offsets = decode.offsets();
            layers.mark = mark as u64;
            parsed.1 = Separators::folded(folding);
            let decoding = layers.offsets.memory();
            match folding {
                None => (decoding, Box::new(Stream::new(name, decode, layers))),
                Some(folding) => {
                    (decoding, Box::new(Stream::new(name, FoldReader::new(decode, folding), layers)))
                }
            }
        }
    };
    let (charset, separators) = parsed;
    Ok(Opened { reader, is_regular, charset, separators, unpacking: unpacking_takes, decoding })
}

/// Unpacks `raw`, in so much memory and on so many threads. Returns what it takes.
fn unpack(
    raw: Begun,
    codec: &'static Codec,
    (granted, threads): (usize, Option<NonZero<usize>>),
    layers: &mut Layers,
) -> io::Result<(Reader, usize)> {
    layers.size = None;
    // Of a compressed member of an archive, the archive's bytes are counted.
    let at = &mut layers.compressed_at;
    if let Some(watch) = layers.watch.as_ref().filter(|_| threads != ONE) {
        let raw = (Box::new(raw) as Reader, Arc::clone(watch.file()), watch.size());
        let unpack = InParallel::new(raw, codec, granted, threads)?;
        at.get_or_insert_with(|| unpack.taken());
        let memory = unpack.memory();
        return Ok((Box::new(unpack), memory));
    }
    let unpack = Unpack::new(raw, codec, granted)?;
    at.get_or_insert_with(|| unpack.taken());
    Ok((Box::new(unpack), codec.memory(granted)))
}

/// A descriptor that may be non-blocking: what is not there yet is waited for, as long as its
/// patience lasts.
struct InputDescriptor {
    file: File,
    patience: Option<Arc<Patience>>,
}

impl InputDescriptor {
    /// Waits until a read returns at once. Returns false if the patience ends before.
    fn wait(&self) -> io::Result<bool> {
        loop {
            let left = self.patience.as_ref().and_then(|patience| patience.left());
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], left.as_ref()) {
                Ok(n) => return Ok(n > 0),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_patient(&self) -> bool {
        self.patience.as_ref().is_none_or(|patience| patience.left().is_none())
    }
}

impl Read for InputDescriptor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_patient() && !self.wait()? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            match self.file.read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait()?;
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

/// A reader whose first bytes were looked at.
struct Begun {
    start: Vec<u8>,
    reader: Reader,
}

impl Begun {
    fn new(reader: Reader) -> Self {
        Self { start: Vec::new(), reader }
    }

    /// The first `n` bytes, or all there are if fewer.
    fn look(&mut self, n: usize) -> io::Result<&[u8]> {
        let mut have = self.start.len();
        self.start.resize(have.max(n), 0);
        while have < n {
            match self.reader.read(&mut self.start[have..n]) {
                Ok(0) => break,
                Ok(read) => have += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.start.truncate(have);
        Ok(&self.start)
    }

    /// Passes over `n` bytes that were looked at.
    fn skip(&mut self, n: usize) {
        self.start.drain(..n);
    }
}

impl Read for Begun {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.start.is_empty() {
            return self.reader.read(into);
        }
        let n = self.start.len().min(into.len());
        into[..n].copy_from_slice(&self.start[..n]);
        self.skip(n);
        Ok(n)
    }
}
