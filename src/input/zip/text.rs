//! The text of a member: unpacked, and verified at its end.

use super::member::{Member, damaged};
use super::record::{IN_64, LOCAL, LOCAL_LEN, number, short};
use crate::error::{CANNOT_READ, Error, Result};
use crate::input::section::Section;
use crate::input::stream::unreadable;
use crate::input::unpack::{Damage, Unpack, by_method};
use crc32fast::Hasher;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What is known of a member that is unpacked.
pub(in crate::input) struct Packed {
    /// Its length in the archive.
    pub(in crate::input) size: u64,
    /// How many bytes of that were read.
    pub(in crate::input) taken: Arc<AtomicU64>,
    /// The memory that unpacking may take.
    pub(in crate::input) memory: usize,
}

/// Begins to read `member` of the archive `file`, in no more memory than `granted`. `name` is the
/// member's in messages.
///
/// # Errors
/// Its header cannot be read, or is not what the directory says.
pub(in crate::input) fn begin(
    file: Arc<File>,
    member: &Member,
    name: &str,
    granted: usize,
) -> Result<(Box<dyn Read + Send>, Packed)> {
    let wrong = |reason| damaged(name, member.at, reason);
    let mut header = vec![0; LOCAL_LEN + member.name.len()];
    file.read_exact_at(&mut header, member.at).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => wrong("it ends before the member that its directory says is here"),
        _ => Error::io_at(CANNOT_READ, name, member.at, error),
    })?;
    let differs = |at, value| !matches!(number::<4>(&header, at), found if found == value || found == IN_64);
    // With that bit the numbers are behind the data.
    let is_behind = short(&header, 6) & 8 != 0;
    if !header.starts_with(LOCAL)
        || usize::from(short(&header, 26)) != member.name.len()
        || header[LOCAL_LEN..] != member.name
        || short(&header, 8) != member.method
        || !is_behind
            && (number::<4>(&header, 14) != u64::from(member.sum)
                || differs(18, member.packed)
                || differs(22, member.size))
    {
        return Err(wrong("here is not the member that its directory says"));
    }
    let at = member.at + header.len() as u64 + u64::from(short(&header, 28));
    let end = at.checked_add(member.packed).filter(|end| *end <= member.before);
    let (Some(end), Some(codec)) = (end, by_method(member.method)) else {
        return Err(wrong("the member does not end before the directory"));
    };
    let section = Section { file, at, end };
    let unpack = Unpack::new(section, codec, granted).map_err(|error| unreadable(name, None, error))?;
    let packed = Packed { size: member.packed, taken: unpack.taken(), memory: codec.memory(granted) };
    let verified = Verified { unpack, sum: Hasher::new(), n: 0, size: member.size, wanted: member.sum, at };
    Ok((Box::new(verified), packed))
}

/// A member's text, whose length and check sum must be those of the directory.
struct Verified {
    unpack: Unpack<Section>,
    sum: Hasher,
    n: u64,
    size: u64,
    wanted: u32,
    /// Where its data starts.
    at: u64,
}

impl Verified {
    fn damage(&self, reason: &str) -> io::Error {
        io::Error::other(Damage { format: "zip", at: self.at, reason: reason.to_owned() })
    }
}

impl Read for Verified {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let n = self.unpack.read(into)?;
        self.sum.update(&into[..n]);
        self.n += n as u64;
        if self.n > self.size {
            return Err(self.damage("the member here is longer than its directory says"));
        }
        if n == 0 && self.n < self.size {
            return Err(self.damage("the member here is shorter than its directory says"));
        }
        if n == 0 && self.sum.clone().finalize() != self.wanted {
            return Err(self.damage("the member here is damaged: its check sum is wrong"));
        }
        Ok(n)
    }
}
