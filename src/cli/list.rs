//! `--files-from`: the names of inputs in a list.

use crate::error::{CANNOT_OPEN, CANNOT_READ, Error, ErrorKind, Result};
use crate::sys::stdin_was_closed;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Reads a list, a name on each line, or each ended by NUL if `by_nul`. `-` is standard input. A
/// line may end with CRLF; empty ones are passed over.
///
/// # Errors
/// It cannot be read, is too long for the `memory`, or names nothing.
pub(super) fn read(path: &Path, by_nul: bool, memory: usize) -> Result<Vec<PathBuf>> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "stdin".to_owned() } else { path.display().to_string() };
    let cannot = |what| {
        let name = name.clone();
        move |error| Error::io(what, name, error)
    };
    let reader: Box<dyn Read> = match is_stdin {
        true if stdin_was_closed() => {
            return Err(cannot(CANNOT_READ)(rustix::io::Errno::BADF.into()));
        }
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).map_err(cannot(CANNOT_OPEN))?),
    };
    let (mut text, most) = (Vec::new(), memory / 8);
    reader.take(most as u64 + 1).read_to_end(&mut text).map_err(cannot(CANNOT_READ))?;
    if text.len() > most {
        let message = format!("{name}: the list has more than {most} bytes, an eighth of `memory`; raise it");
        return Err(Error::setting(message));
    }
    let n_most = memory / 1024;
    let names = names(&text, by_nul, n_most + 1);
    if names.len() > n_most {
        let message =
            format!("{name}: the list has more than {n_most} names, one for each KiB of `memory`; raise it");
        return Err(Error::setting(message));
    }
    if names.is_empty() {
        let reason = "names no input: a list has a name on each line, or each ended by NUL with -0";
        return Err(ErrorKind::Unusable { path: name, reason }.into());
    }
    if !by_nul && text.contains(&0) {
        let reason = "its names are ended by NUL; add -0";
        return Err(ErrorKind::Unusable { path: name, reason }.into());
    }
    if is_stdin && names.iter().any(|name| name == Path::new("-")) {
        return Err(Error::setting("'-' is in a list on standard input, which can be read once"));
    }
    Ok(names)
}

/// The first `most` names.
fn names(text: &[u8], by_nul: bool, most: usize) -> Vec<PathBuf> {
    let end = if by_nul { b'\0' } else { b'\n' };
    let lines = text.split(|byte| *byte == end);
    let without_cr = |line| if by_nul { line } else { <[u8]>::strip_suffix(line, b"\r").unwrap_or(line) };
    let names = lines.map(without_cr).filter(|name| !name.is_empty());
    names.take(most).map(|name| PathBuf::from(OsStr::from_bytes(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_are_listed() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        for (text, by_nul, expected) in [
            ("a\nb c\n", false, &["a", "b c"][..]),
            ("a\r\n\r\n\nb", false, &["a", "b"]),
            (" a \n#b\n-\n", false, &[" a ", "#b", "-"]),
            ("a\nb\0c\r\0\0", true, &["a\nb", "c\r"]),
            ("", false, &[]),
            ("\n\n", false, &[]),
        ] {
            assert_eq!(names(text.as_bytes(), by_nul, 9), paths(expected), "{text:?}");
        }
    }
}
