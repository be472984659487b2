//! The manifest of an output in parts, which lists them. Without it there is no result.

use super::descriptor::Descriptor;
use crate::sys;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The layout of a manifest.
const VERSION: u64 = 1;

/// The first line of a manifest: all but the list itself.
pub(super) struct Head<'h> {
    /// The pattern of the parts' names.
    pub(super) pattern: &'h str,
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) n_parts: u64,
}

/// Returns how many parts the manifest at `path` lists, whose names have this `pattern`. Returns
/// `None` if there is no manifest.
///
/// # Errors
/// `InvalidData` if it is not a manifest of such parts. Others if it cannot be read.
pub(super) fn n_listed(path: &Path, pattern: &str) -> io::Result<Option<u64>> {
    let file = match File::open(path) {
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
    if head["version"] != VERSION || head["name"] != pattern {
        return Err(io::ErrorKind::InvalidData.into());
    }
    head["parts_count"].as_u64().map(Some).ok_or(io::ErrorKind::InvalidData.into())
}

/// Returns the bytes and records of each part in the first `n_bytes` of a journal, which is a line
/// for each.
pub(super) fn listed(
    mut journal: &File,
    n_bytes: u64,
) -> io::Result<impl Iterator<Item = io::Result<(u64, u64)>>> {
    journal.rewind()?;
    Ok(BufReader::new(journal.take(n_bytes)).lines().map(|line| part_of(line?.as_bytes())))
}

/// Returns the bytes and records of the part that a line of the journal is of.
fn part_of(line: &[u8]) -> io::Result<(u64, u64)> {
    let part: Value = serde_json::from_slice(line)?;
    part["bytes"].as_u64().zip(part["records"].as_u64()).ok_or(io::ErrorKind::InvalidData.into())
}

/// Writes a manifest to `path`. The `journal` lists its parts, one on each line. With `sync` the
/// manifest is on the disk when this returns.
pub(super) fn write(path: &Path, head: &Head<'_>, journal: &File, sync: bool) -> io::Result<()> {
    let head_line = json!({
        "version": VERSION, "name": head.pattern, "records": head.records,
        "bytes": head.bytes, "parts_count": head.n_parts,
    });
    let head_line = head_line.to_string();
    let mut to = BufWriter::with_capacity(16 << 10, File::create(path)?);
    writeln!(to, "{},\"parts\":[", head_line.trim_end_matches('}'))?;
    let (mut at, mut piece, mut n_left) = (0, [0; 16 << 10], head.n_parts);
    let (mut row, mut listed) = (Vec::new(), (0, 0));
    while n_left > 0 {
        let n = journal.read_at(&mut piece, at)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        at += n as u64;
        for line in piece[..n].split_inclusive(|&byte| byte == b'\n') {
            row.extend_from_slice(line);
            let Some(whole) = row.strip_suffix(b"\n") else { continue };
            let (bytes, records) = part_of(whole)?;
            listed = (listed.0 + records, listed.1 + bytes);
            n_left -= 1;
            to.write_all(whole)?;
            to.write_all(if n_left > 0 { b",\n" } else { b"\n" })?;
            row.clear();
        }
    }
    // Counted in two places: in the list, and since the run (or the one before it) began.
    if listed != (head.records, head.bytes) {
        let (records, bytes) = listed;
        let wrong = format!(
            "{} records of {} bytes were written, and the parts have {records} of {bytes}",
            head.records, head.bytes
        );
        return Err(io::Error::other(wrong));
    }
    to.write_all(b"]}\n")?;
    let file = to.into_inner()?;
    if sync {
        sys::sync(&file)?;
    }
    Descriptor::new(file).flush()
}
