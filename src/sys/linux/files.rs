//! Files and file systems: reading ahead, room that is reserved, files without a name.

use rustix::fs::{Advice, AtFlags, CWD, FallocateFlags, Mode, OFlags, Stat, StatxFlags};
use rustix::io::{Errno, ReadWriteFlags};
use std::fs::File;
use std::io::IoSliceMut;
use std::num::NonZero;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// What is at a path, opened only to be looked at. To open a FIFO for reading would wait for its
/// other end.
#[derive(Debug)]
pub(crate) struct AtPath(OwnedFd);

impl AtPath {
    /// Opens `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, Errno> {
        rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).map(Self)
    }

    /// What the system knows of it.
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        rustix::fs::fstat(&self.0)
    }

    /// Whether it is on a file system like those of [`is_distant`].
    pub(crate) fn is_distant(&self) -> bool {
        is_distant(&self.0)
    }

    /// The open file.
    #[cfg(feature = "cli")]
    pub(super) fn into_file(self) -> OwnedFd {
        self.0
    }
}

/// The kind of file system that a file is on.
fn file_system(file: impl AsFd) -> Option<u32> {
    // A number of 32 bits, in a type that differs between processors.
    rustix::fs::fstatfs(file).ok().map(|stat| stat.f_type as u32)
}

/// Whether the file lies on a network or FUSE file system, where a page may take long to come, or
/// not come at all, and the same file may be another inode the next time.
pub(crate) fn is_distant(file: impl AsFd) -> bool {
    // include/uapi/linux/magic.h and the file systems' own sources.
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
    file_system(file).is_some_and(|kind| NETWORK.contains(&kind))
}

/// A file's size in bytes, and when it was modified in seconds and nanoseconds, as its own machine
/// knows them: NFS and FUSE believe for seconds what they were told (`acregmin` in nfs(5)).
/// 0.2 µs, and a question over the network where there is one.
pub(crate) fn size_and_time(file: impl AsFd) -> Result<(u64, (i64, i64)), Errno> {
    let how = AtFlags::EMPTY_PATH | AtFlags::STATX_FORCE_SYNC;
    match rustix::fs::statx(&file, c"", how, StatxFlags::SIZE | StatxFlags::MTIME) {
        Ok(stat) => Ok((stat.stx_size, (stat.stx_mtime.tv_sec, stat.stx_mtime.tv_nsec.into()))),
        // Old containers forbid the call.
        Err(Errno::NOSYS | Errno::PERM) => crate::sys::shared::believed_size_and_time(file),
        Err(error) => Err(error),
    }
}

/// Whether a write is faster if its blocks are there already: then its pages need no separate
/// reservations. 2.2 GB in pieces of 384 to 768 KiB took 0.28 s instead of 0.44 on ext4 (Linux
/// 6.18, medians of three, 2026-11-23; steps of 8, 16 and 64 MiB alike). On other file systems it
/// was not measured, or has a cost (tmpfs clears the pages at once).
pub(crate) fn gains_by_reserving(file: &File) -> bool {
    /// include/uapi/linux/magic.h.
    const EXT4: u32 = 0xef53;
    file_system(file) == Some(EXT4)
}

/// Reserves `len` bytes from `at` on, behind the end of the file, which stays where it is.
pub(crate) fn reserve(file: &File, at: u64, len: u64) -> Result<(), Errno> {
    rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, at, len)
}

/// Has the system read `start..end` of a file ahead of us, unless it is cached. Cached bytes are
/// not asked for: that cost a twenty-fifth of the processor time (2026-11-23).
pub(crate) fn ask_ahead(file: &File, start: u64, end: u64) {
    if !is_cached(file, end - 1) {
        // Advice that is refused costs time, not bytes.
        let _ = rustix::fs::fadvise(file, start, NonZero::new(end - start), Advice::WillNeed);
    }
}

/// Whether the byte at `at` can be read without waiting, or the file system cannot say.
fn is_cached(file: &File, at: u64) -> bool {
    let mut byte = [0];
    let into = &mut [IoSliceMut::new(&mut byte)];
    rustix::io::preadv2(file, into, at, ReadWriteFlags::NOWAIT) != Err(Errno::AGAIN)
}

/// Gives a pipe the size that an unprivileged process may ask for: fewer wake-ups of the process at
/// its other end. What is no pipe, or gets no more, stays as it is. Converting a GiB from `cat`
/// took 0.8 of the time that it takes with the usual 64 KiB, converting into `cat` the same
/// (medians of five, 2026-11-22).
pub(crate) fn widen_pipe(pipe: impl AsFd) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20);
}

/// Makes a file without a name in `folder` (`O_TMPFILE`), which is gone if the process is killed.
/// Returns `None` if the file system has no such files, or it could never get a name.
pub(crate) fn unnamed_file(folder: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    // Without /proc it could never get its name.
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)).ok().map(File::from)
}

/// Gives a file of [`unnamed_file`] a name that nothing has.
pub(crate) fn name_file(file: &File, path: &Path) -> Result<(), Errno> {
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)
}

/// Returns the number of the descriptor that a path names, such as 1 for `/dev/stdout`.
pub(crate) fn descriptor_of(path: &Path) -> Option<&str> {
    match path.to_str()? {
        "/dev/stdout" => Some("1"),
        "/dev/stderr" => Some("2"),
        path => ["/dev/fd/", "/proc/self/fd/"].iter().find_map(|folder| path.strip_prefix(folder)),
    }
}

/// Has a file or folder on the disk when it returns. `EINVAL` if there is no disk behind it.
pub(crate) fn sync(file: impl AsFd) -> Result<(), Errno> {
    rustix::io::retry_on_intr(|| rustix::fs::fsync(&file))
}
