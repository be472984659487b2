//! A regular file, mapped: windows are slices of the map, without a copy.

use super::map::{ALIGN, Segment};
use super::readahead::Readahead;
use super::source::{InputReader, Loaded, Look, SharedInput};
use super::watch::Watch;
use super::window::{Window, distance};
use crate::error::{CANNOT_READ, Error, Result};
use rustix::io::Errno;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A mapped file as an input.
#[derive(Debug)]
pub(super) struct Mapped {
    shared: Arc<SharedMap>,
    segment: Arc<Segment>,
    at: u64,
    /// The end of what is read: the file's, unless a range of it is read.
    end: u64,
}

#[derive(Debug)]
struct SharedMap {
    watch: Watch,
    readahead: Readahead,
    /// Pages are given back in pieces of so many bytes.
    piece: usize,
}

impl Mapped {
    /// Maps a regular file that is not empty. Pages are given back in pieces of `piece` bytes.
    pub(super) fn new(watch: Watch, piece: usize) -> io::Result<Self> {
        let end = watch.size();
        let segment = Arc::new(Segment::new(watch.file(), 0, end)?);
        let shared = Arc::new(SharedMap { watch, readahead: Readahead::new(end), piece });
        Ok(Self { shared, segment, at: 0, end })
    }

    /// Maps `self.at..end` into one segment, or up to the end of the file. Returns where that ends.
    fn reach(&mut self, end: u64) -> Result<u64> {
        let watch = &self.shared.watch;
        let end = end.min(self.end);
        if end > self.segment.end() || self.at < self.segment.at() {
            let start = self.at / ALIGN * ALIGN;
            self.segment = Segment::new(watch.file(), start, watch.size())
                .and_then(|segment| {
                    let reaches = segment.end() >= end;
                    if reaches { Ok(segment) } else { Err(io::Error::from(io::ErrorKind::OutOfMemory)) }
                })
                .map_err(|error| Error::io_at("cannot map", watch.path(), self.at, error))?
                .into();
        }
        Ok(end)
    }

    fn bytes(&self, from: u64, to: u64) -> &[u8] {
        let start = self.segment.at();
        &self.segment.bytes()[distance(start, from)..distance(start, to)]
    }
}

impl InputReader for Mapped {
    fn name(&self) -> &str {
        self.shared.watch.path()
    }

    fn size(&self) -> Option<u64> {
        Some(self.end)
    }

    fn peek(&mut self, n: usize) -> Result<&[u8]> {
        let end = self.reach(self.at + n as u64)?;
        Ok(self.bytes(self.at, end))
    }

    fn skip(&mut self, n: usize) {
        self.at += n as u64;
    }

    fn seek(&mut self, _: u64, input_at: u64) -> Result<bool> {
        self.at = input_at;
        Ok(true)
    }

    fn end_at(&mut self, end: u64) -> bool {
        self.end = end.min(self.shared.watch.size());
        self.shared.readahead.end_at(self.end);
        true
    }

    fn input_at(&self) -> u64 {
        self.at
    }

    fn look<'a>(&'a mut self, n: usize, reach: usize, _: &'a mut [u8]) -> Result<Look<'a>> {
        let nominal = self.at + n as u64;
        let end = self.reach(nominal + reach as u64)?;
        if nominal >= end {
            return Ok(Look::Rest(distance(self.at, end.max(self.at))));
        }
        Ok(Look::Around { bytes: self.bytes(nominal - 1, end), at_end: end == self.end })
    }

    fn take(&mut self, len: usize, _: &mut [u8]) -> Window {
        let at = self.at;
        self.at += len as u64;
        let mapped = Some((Arc::clone(&self.segment), distance(self.segment.at(), at)));
        Window { at, len, input_at: at, mapped }
    }

    fn shared(&self) -> Arc<dyn SharedInput> {
        Arc::clone(&self.shared) as Arc<dyn SharedInput>
    }
}

impl SharedInput for SharedMap {
    fn load<'b>(&self, window: &'b Window, _: &'b mut [u8]) -> Loaded<'b> {
        let Some((segment, at)) = &window.mapped else { return Loaded { bytes: &[], failed: None } };
        self.readahead.before(self.watch.file(), window.at);
        // A look for the cut may have come upon a bad page, which is an empty one since then.
        let lost = segment.lost().filter(|lost| *lost < at + window.len);
        let len = lost.map_or(window.len, |lost| lost.saturating_sub(*at));
        let (len, failed) = match segment.populate(*at, len) {
            true => (len, lost.map(|lost| self.lost(segment.at() + lost as u64))),
            false => self.find_bad_page(window),
        };
        Loaded { bytes: &segment.bytes()[*at..*at + len], failed }
    }

    fn verify(&self, window: &Window) -> Result<()> {
        self.watch.verify(window.at)?;
        let Some((segment, at)) = &window.mapped else { return Ok(()) };
        match segment.lost() {
            // The file is not shorter, yet a page could not be read: the disk failed. A page behind
            // this window was looked at for a cut and belongs to a later window. The lowest page is
            // recorded, so no output made of it is released.
            Some(lost) if lost < at + window.len => Err(self.lost(segment.at() + lost as u64)),
            _ => Ok(()),
        }
    }

    fn retire(&self, window: &Window) {
        if let Some((segment, at)) = &window.mapped {
            segment.retire(at + window.len, self.piece, segment.end() >= self.watch.size());
        }
    }

    fn remark(&self) -> Option<String> {
        self.watch.remark()
    }
}

impl SharedMap {
    /// The error of a page that could not be read, at byte `at`.
    fn lost(&self, at: u64) -> Error {
        let changed = self.watch.verify(at).err();
        changed.unwrap_or_else(|| Error::io_at(CANNOT_READ, self.watch.path(), at, Errno::IO.into()))
    }

    /// Reads a window that could not be faulted in, page by page, to find the place and the reason.
    /// Returns how much of the window is before it, too.
    fn find_bad_page(&self, window: &Window) -> (usize, Option<Error>) {
        // Pages are larger on some systems, which makes no difference to a read.
        let mut page = [0; 4096];
        let mut at = window.at / 4096 * 4096;
        while at < window.at + window.len as u64 {
            match self.watch.file().read_at(&mut page, at) {
                Ok(0) => return (0, Some(self.watch.changed(at, "the file became shorter"))),
                Ok(_) => at += 4096,
                Err(error) => {
                    let error = Error::io_at(CANNOT_READ, self.watch.path(), at, error);
                    return (distance(window.at, at.max(window.at)), Some(error));
                }
            }
        }
        (0, Some(Error::io_at(CANNOT_READ, self.watch.path(), window.at, Errno::FAULT.into())))
    }
}
