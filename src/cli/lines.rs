//! Lines of JSON from files or from standard input, one at a time, each with its place.
//!
//! It does not know what they say. Advice for maintainers: a line that is no line of a plan may be
//! as long as whatever was piped in by mistake, so its length is bounded.

use crate::error::{CANNOT_OPEN, CANNOT_READ, Error, ErrorKind, Result};
use crate::sys::stdin_was_closed;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};

/// The longest line: options may hold long lists of names.
const LONGEST: u64 = 4 << 20;

/// The place of a line.
#[derive(Clone, Debug)]
pub(super) struct At {
    path: String,
    line: u64,
}

impl At {
    /// An error of this line.
    pub(super) fn error(&self, reason: impl Into<String>) -> Error {
        ErrorKind::Line { path: self.path.clone(), line: self.line, reason: reason.into() }.into()
    }
}

/// Calls `act` with each line of the files that is not blank, until it says that it has enough; `-`
/// and none are standard input.
///
/// # Errors
/// A file can't be read; or what `act` says.
pub(super) fn each(paths: &[PathBuf], mut act: impl FnMut(&At, &[u8]) -> Result<Go>) -> Result<()> {
    let stdin = [PathBuf::from("-")];
    let paths = if paths.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Error::setting(
                "no plan: name a file, or pipe one into rowmill (see rowmill --help)",
            ));
        }
        &stdin
    } else {
        paths
    };
    for path in paths {
        let (name, reader) = open(path)?;
        let mut reader = BufReader::new(reader);
        let mut at = At { path: name, line: 0 };
        let mut text = Vec::new();
        loop {
            text.clear();
            at.line += 1;
            let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut text);
            match read.map_err(|error| Error::io(CANNOT_READ, &*at.path, error))? {
                0 => break,
                n if n as u64 == LONGEST => {
                    return Err(at.error("is no JSON of this program: it is too long"));
                }
                _ => {}
            }
            if !text.trim_ascii().is_empty()
                && let Go::Enough = act(&at, &text)?
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Whether another line is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Go {
    /// It is.
    On,
    /// It isn't.
    Enough,
}

fn open(path: &Path) -> Result<(String, Box<dyn Read>)> {
    if path != Path::new("-") {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Error::io(CANNOT_OPEN, &*name, error))?;
        return Ok((name, Box::new(file)));
    }
    let name = "stdin".to_owned();
    if stdin_was_closed() {
        return Err(Error::io(CANNOT_READ, name, rustix::io::Errno::BADF.into()));
    }
    Ok((name, Box::new(std::io::stdin())))
}
