//! What macOS does in its own way: file systems, reading ahead, the way to the disk, memory.
#![allow(unsafe_code)] // Room 2.

use rustix::fs::StatFs;
use rustix::io::Errno;
use std::fs::File;
use std::os::fd::AsFd;

/// Whether the file lies on a network or FUSE file system, where the same file may be another inode
/// the next time.
pub(crate) fn is_distant(file: impl AsFd) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|stat| is_distant_kind(&stat))
}

/// The same, from what the system knows of a file system.
pub(super) fn is_distant_kind(stat: &StatFs) -> bool {
    let is_local = stat.f_flags & libc::MNT_LOCAL as u32 != 0;
    // FUSE may call itself local; it is `macfuse`, and was `osxfuse`.
    let name = stat.f_fstypename.map(|letter| letter as u8);
    !is_local || name.windows(4).any(|part| part == b"fuse")
}

/// Has the system read `start..end` of a file ahead of us. It passes over what is cached.
pub(crate) fn ask_ahead(file: &File, start: u64, end: u64) {
    // Advice that is refused costs time, not bytes.
    let _ = rustix::fs::fcntl_rdadvise(file, start, end - start);
}

/// Has a file or folder on the disk when it returns. `EINVAL` if there is no disk behind it.
///
/// `fsync` alone leaves it in the disk's own memory here, so `F_FULLFSYNC` is asked for. File
/// systems without it do what they can.
pub(crate) fn sync(file: impl AsFd) -> Result<(), Errno> {
    let lacks_it = [Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOTTY, Errno::NODEV];
    let result = match rustix::io::retry_on_intr(|| rustix::fs::fcntl_fullfsync(&file)) {
        Err(error) if lacks_it.contains(&error) => rustix::io::retry_on_intr(|| rustix::fs::fsync(&file)),
        result => return result,
    };
    result.map_err(|error| if lacks_it.contains(&error) { Errno::INVAL } else { error })
}

/// The most memory that this process had at once, in bytes.
#[cfg(feature = "cli")]
pub(crate) fn peak_memory() -> Option<u64> {
    // SAFETY: the structure is plain data for which zeros are valid, and the call writes it.
    let (result, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::getrusage(libc::RUSAGE_SELF, &mut usage), usage)
    };
    // In bytes; other systems count KiB.
    u64::try_from(usage.ru_maxrss).ok().filter(|_| result == 0)
}

/// The memory that this process has now, in bytes.
#[cfg(feature = "cli")]
pub(crate) fn resident_memory() -> Option<u64> {
    let size = size_of::<libc::proc_taskinfo>() as libc::c_int;
    // SAFETY: the structure is plain data for which zeros are valid. The call writes no more than
    // `size` bytes to it, and returns how many.
    let (written, info) = unsafe {
        let mut info: libc::proc_taskinfo = std::mem::zeroed();
        let to = std::ptr::from_mut(&mut info).cast();
        (libc::proc_pidinfo(libc::getpid(), libc::PROC_PIDTASKINFO, 0, to, size), info)
    };
    (written == size).then_some(info.pti_resident_size)
}
