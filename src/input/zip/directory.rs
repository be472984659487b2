//! The directory of a zip archive: where it is, and which members are read.

use super::glob::matches;
use super::member::{Member, damaged, shown, unusable};
use super::record::{
    END, END_64, END_64_LEN, END_LEN, ENTRY, ENTRY_LEN, IN_64, LOCAL, LOCAL_LEN, LOCATOR, LOCATOR_LEN,
    number, short, widen,
};
use crate::error::{CANNOT_OPEN, CANNOT_READ, Error, ErrorKind, Result};
use crate::input::foreign::EXCEL;
use crate::input::unpack::by_method;
use rustix::fs::FileType;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The most members that are read of one archive, and the most bytes of their names: these are held
/// until the end.
const MOST: usize = 10_000;
const MOST_NAMES: usize = 1 << 20;
/// Read of the directory at once.
const AT_ONCE: usize = 32 << 10;
/// The most bytes of a comment behind the directory.
const COMMENT: usize = 0xffff;

const OFFICE: &str = "is an Office document, which is not delimited text; save it as text or CSV";
const OPEN: &str = "is an OpenDocument or EPUB file; convert it with LibreOffice: \
                    soffice --headless --convert-to csv FILE";
const JAVA: &str = "is a program for Java or Android, not delimited text";

const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// The members of the archive at `path` that match `globs`, all if there are none; `None` if it is
/// no regular file or no zip archive.
///
/// # Errors
/// It cannot be read, is damaged or of a kind that is zip only inside, or a member can't be read.
pub(crate) fn members(path: &Path, globs: &[String]) -> Result<Option<Vec<Member>>> {
    let name = path.display().to_string();
    // A FIFO must not be opened twice.
    match rustix::fs::stat(path) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {}
        _ => return Ok(None),
    }
    let file = File::open(path).map_err(|error| Error::io(CANNOT_OPEN, &*name, error))?;
    let size = file.metadata().map_err(|error| Error::io(CANNOT_READ, &*name, error))?.len();
    let archive = Archive { file: &file, name: &name, size };
    let mut start = [0; 4];
    let is_zip = size >= 4 && {
        archive.read(&mut start, 0)?;
        start == *LOCAL || start == *END
    };
    if !is_zip {
        return Ok(None);
    }
    let mut choice = Choice::new(&name, globs);
    archive.directory()?.each(&archive, &mut choice)?;
    choice.end().map(Some)
}

struct Archive<'a> {
    file: &'a File,
    name: &'a str,
    size: u64,
}

/// Where the directory is.
struct Directory {
    at: u64,
    end: u64,
    n: u64,
}

impl Archive<'_> {
    fn read(&self, into: &mut [u8], at: u64) -> Result<()> {
        self.file.read_exact_at(into, at).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged(self.name, at, "it ends here"),
            _ => ErrorKind::Io { what: CANNOT_READ, path: self.name.to_owned(), at: Some(at), source: error }
                .into(),
        })
    }

    /// Finds the directory by the record behind it.
    fn directory(&self) -> Result<Directory> {
        let n_tail = usize::try_from(self.size).unwrap_or(usize::MAX).min(END_LEN + COMMENT);
        let mut tail = vec![0; n_tail];
        let tail_at = self.size - n_tail as u64;
        self.read(&mut tail, tail_at)?;
        let is_end = |at: &usize| {
            let record = &tail[*at..];
            record.starts_with(END) && END_LEN + usize::from(short(record, 20)) == record.len()
        };
        let Some(found) =
            (0..=n_tail.saturating_sub(END_LEN)).rev().find(|at| n_tail >= END_LEN && is_end(at))
        else {
            let reason = "its directory, which is at the end, is missing; is the copy whole?";
            return Err(damaged(self.name, self.size, reason));
        };
        let record = &tail[found..];
        let end_at = tail_at + found as u64;
        let mut is_one = short(record, 4) == short(record, 6) && short(record, 8) == short(record, 10);
        is_one &= matches!(short(record, 4), 0 | 0xffff);
        let (mut n, mut len, mut at) =
            (number::<2>(record, 10), number::<4>(record, 12), number::<4>(record, 16));
        let mut end = end_at;
        if let Some(wide_at) = self.locator(end_at)? {
            let mut wide = [0; END_64_LEN];
            self.read(&mut wide, wide_at)?;
            if !wide.starts_with(END_64) {
                return Err(damaged(self.name, wide_at, "here should be the zip64 record of its directory"));
            }
            is_one = number::<4>(&wide, 16) == 0 && number::<4>(&wide, 20) == 0;
            (n, len, at) = (number::<8>(&wide, 32), number::<8>(&wide, 40), number::<8>(&wide, 48));
            end = wide_at;
        } else if at == IN_64 || len == IN_64 {
            return Err(damaged(self.name, end_at, "the zip64 record of its directory is missing"));
        }
        if !is_one {
            let reason = "is one part of an archive of several; join them: zip -s 0 FILE --out whole.zip";
            return Err(unusable(self.name, reason.to_owned()));
        }
        if at.checked_add(len) != Some(end) {
            return Err(damaged(self.name, end, "its directory does not end here, as it should"));
        }
        Ok(Directory { at, end, n })
    }

    /// Where the zip64 record is, if there is one.
    fn locator(&self, end_at: u64) -> Result<Option<u64>> {
        let Some(at) = end_at.checked_sub(LOCATOR_LEN as u64) else { return Ok(None) };
        let mut locator = [0; LOCATOR_LEN];
        self.read(&mut locator, at)?;
        Ok(locator.starts_with(LOCATOR).then(|| number::<8>(&locator, 8)))
    }
}

/// Reads a file in sequence from a place.
struct From<'a>(&'a File, u64);

impl Read for From<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read_at(into, self.1)?;
        self.1 += n as u64;
        Ok(n)
    }
}

impl Directory {
    /// Shows each entry to `choice`.
    fn each(&self, archive: &Archive<'_>, choice: &mut Choice<'_>) -> Result<()> {
        let mut reader = BufReader::with_capacity(AT_ONCE, From(archive.file, self.at));
        let (mut at, mut n) = (self.at, 0);
        let mut variable = Vec::new();
        let wrong = |at| damaged(archive.name, at, "here should be an entry of its directory");
        let unread = |at: u64, error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => wrong(at),
            _ => Error::io_at(CANNOT_READ, archive.name, at, error),
        };
        while at < self.end {
            let mut fixed = [0; ENTRY_LEN];
            reader.read_exact(&mut fixed).map_err(|error| unread(at, error))?;
            let lengths = [28, 30, 32].map(|field| usize::from(short(&fixed, field)));
            let len = lengths.iter().sum::<usize>();
            let next = at + (ENTRY_LEN + len) as u64;
            if !fixed.starts_with(ENTRY) || next > self.end {
                return Err(wrong(at));
            }
            variable.resize(len, 0);
            reader.read_exact(&mut variable).map_err(|error| unread(at, error))?;
            let (name, rest) = variable.split_at(lengths[0]);
            choice.see(&fixed, name, &rest[..lengths[1]], (at, self.at))?;
            (at, n) = (next, n + 1);
        }
        if n != self.n {
            return Err(damaged(
                archive.name,
                self.end,
                "its directory has another number of entries than it says",
            ));
        }
        Ok(())
    }
}

/// The choice among the members, as they are seen.
struct Choice<'a> {
    archive: &'a str,
    globs: &'a [String],
    /// Which of the globs matched.
    matched: Vec<bool>,
    chosen: Vec<Member>,
    n_names: usize,
    /// The first empty one, which is read if all are empty.
    empty: Option<Member>,
    /// The first that is wanted and can't be read.
    error: Option<Error>,
    /// What the archive is, if its members say that it is more than that.
    foreign: Option<&'static str>,
    has_sheets: bool,
}

impl<'a> Choice<'a> {
    fn new(archive: &'a str, globs: &'a [String]) -> Self {
        Self {
            archive,
            globs,
            matched: vec![false; globs.len()],
            chosen: Vec::new(),
            n_names: 0,
            empty: None,
            error: None,
            foreign: None,
            has_sheets: false,
        }
    }

    /// Looks at an entry, which is at the first of `places`; the directory starts at the second.
    fn see(&mut self, fixed: &[u8], name: &[u8], extra: &[u8], places: (u64, u64)) -> Result<()> {
        self.recognise(name);
        if !self.is_wanted(name) {
            return Ok(());
        }
        let (mut packed, mut size, mut at) =
            (number::<4>(fixed, 20), number::<4>(fixed, 24), number::<4>(fixed, 42));
        if !widen(extra, &mut [&mut size, &mut packed, &mut at]) {
            return Err(damaged(self.archive, places.0, "the zip64 field of this entry is cut short"));
        }
        if name.ends_with(b"/") && size == 0 {
            return Ok(());
        }
        let (method, sum) =
            (short(fixed, 10), u32::from_le_bytes([fixed[16], fixed[17], fixed[18], fixed[19]]));
        let member = Member { name: name.to_vec(), method, sum, packed, size, at, before: places.1 };
        // Two bytes are the least that deflate makes of nothing, and hold nothing else.
        if size == 0 && sum == 0 && packed <= 2 {
            self.empty.get_or_insert(member);
            return Ok(());
        }
        if self.error.is_none() {
            self.error = self.fault(fixed, &member);
        }
        self.n_names += name.len();
        if self.chosen.len() == MOST || self.n_names > MOST_NAMES {
            let reason =
                format!("has more than {} members to read; choose fewer: `member` GLOB", self.chosen.len());
            return Err(unusable(self.archive, reason));
        }
        self.chosen.push(member);
        Ok(())
    }

    /// Why the member can't be read.
    fn fault(&self, fixed: &[u8], member: &Member) -> Option<Error> {
        let (shown, flags) = (member.shown(), short(fixed, 8));
        let is_link = fixed[5] == 3 && fixed[41] >> 4 == 0xa;
        let reason = if flags & ENCRYPTED != 0 {
            format!("member '{shown}' is encrypted; unpack it: 7z x -so FILE '{shown}' | rowmill")
        } else if is_link {
            format!("member '{shown}' is a symbolic link; choose others: `member` GLOB")
        } else if by_method(member.method).is_none() {
            format!(
                "member '{shown}' is compressed by method {}, which is not read; unpack it: 7z x -so FILE '{shown}' | rowmill",
                member.method
            )
        } else {
            return None;
        };
        Some(unusable(self.archive, reason))
    }

    fn is_wanted(&mut self, name: &[u8]) -> bool {
        if self.globs.is_empty() {
            // What the archives of a Mac have besides.
            return !name.starts_with(b"__MACOSX/") && !name.ends_with(b".DS_Store");
        }
        let name = shown(name);
        let mut any = false;
        for (glob, matched) in self.globs.iter().zip(&mut self.matched) {
            if matches(glob, &name) {
                (*matched, any) = (true, true);
            }
        }
        any
    }

    /// Recognises formats that are zip inside.
    fn recognise(&mut self, name: &[u8]) {
        self.has_sheets |= name.starts_with(b"xl/");
        let found = match name {
            b"[Content_Types].xml" => OFFICE,
            b"mimetype" => OPEN,
            b"META-INF/MANIFEST.MF" | b"AndroidManifest.xml" => JAVA,
            _ => return,
        };
        self.foreign.get_or_insert(found);
    }

    /// The members that are read, in the order of the directory.
    fn end(mut self) -> Result<Vec<Member>> {
        if let (Some(reason), true) = (self.foreign, self.globs.is_empty()) {
            let reason = if reason == OFFICE && self.has_sheets { EXCEL } else { reason };
            return Err(unusable(self.archive, reason.to_owned()));
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        if let Some((glob, _)) = self.globs.iter().zip(&self.matched).find(|(_, matched)| !**matched) {
            let reason = format!("`member`: no member matches '{glob}'; list them: unzip -l FILE");
            return Err(unusable(self.archive, reason));
        }
        if self.chosen.is_empty() {
            self.chosen.extend(self.empty);
        }
        if self.chosen.is_empty() {
            return Err(unusable(self.archive, "is a zip archive without a file to read".to_owned()));
        }
        let mut places: Vec<&Member> = self.chosen.iter().collect();
        places.sort_unstable_by_key(|member| member.at);
        let overlap = |pair: &&[&Member]| {
            let least = (LOCAL_LEN + pair[0].name.len()) as u64;
            pair[0].at.saturating_add(least).saturating_add(pair[0].packed) > pair[1].at
        };
        if let Some(pair) = places.windows(2).find(overlap) {
            let reason = format!("members '{}' and '{}' overlap", pair[0].shown(), pair[1].shown());
            return Err(damaged(self.archive, pair[1].at, &reason));
        }
        Ok(self.chosen)
    }
}
