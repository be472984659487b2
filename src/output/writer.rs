//! The output writer, between the turn and the sink. It writes what is around the records,
//! compresses it, keeps to a rate, and ends parts.
//!
//! Writing needs the turn, so all work here is serial and must be cheap. If nothing is asked for,
//! bytes pass unchanged.

use super::buffer::Ends;
use super::compress::{Compression, Packer, packed};
use super::framing::{Bounds, Cuts, Framing};
use super::pace::Pace;
use super::parts::{Parts, PartsReached};
use super::sink::Sink;
use super::split::Split;
use crate::error::Result;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What is asked of an output writer.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputOptions {
    /// What is written around the records.
    pub framing: Framing,
    /// How the output is compressed.
    pub compression: Option<Compression>,
    /// The most bytes a second.
    pub per_second: Option<u64>,
    /// Where the nanoseconds are added that this takes.
    pub slept: Arc<AtomicU64>,
    /// Where parts end.
    pub split: Split,
}

/// What a worker must know of how its bytes are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OutputLayout {
    /// See [`OutputOptions::compression`].
    pub compression: Option<Compression>,
    /// Where one record ends and the next begins.
    pub bounds: Bounds,
    /// There are parts, so bounds must be known.
    pub in_parts: bool,
}

impl OutputLayout {
    /// Returns what a buffer holds that begins `within` a record or not. Without parts,
    /// it is not needed.
    pub(crate) fn cuts(&self, bytes: &[u8], within: bool, ends: Ends) -> Cuts {
        if self.in_parts {
            self.bounds.cuts(bytes, within, ends)
        } else {
            Cuts { body: bytes.len(), ..Cuts::default() }
        }
    }
}

/// How far an output writer is. `--resume` must know it beside the length of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Reached {
    /// Bytes written in all.
    pub bytes: u64,
    /// What is before the records is written, in the present part if there are parts.
    pub opened: bool,
    /// A record is written there too.
    pub begun: bool,
    /// All is written.
    pub closed: bool,
    /// The number of records in the whole parts, and in the present one.
    pub records: [u64; 2],
    /// How far the parts are, if there are any.
    pub parts: Option<PartsReached>,
}

/// Encoded bytes that are to be written.
pub(crate) struct Batch<'b> {
    /// The bytes as they were encoded.
    pub raw: &'b [u8],
    /// What they hold.
    pub cuts: Cuts,
    /// What compresses them, if that was asked for.
    pub packer: Option<&'b mut Packer>,
}

/// What takes the bytes.
pub(crate) enum Target<'o> {
    /// It takes all of them.
    Sink(Box<dyn Sink + 'o>),
    /// They take one part at a time.
    Parts(Box<Parts>),
}

/// A sink or parts, and what is done to the bytes on the way there.
pub(crate) struct OutputWriter<'o> {
    target: PacedTarget<'o>,
    layout: OutputLayout,
    split: Split,
    framing: EncodedFraming,
    opened: bool,
    begun: bool,
    closed: bool,
    records: [u64; 2],
    /// Where in the present part a record starts that is not finished.
    unfinished: u64,
}

/// What is written around the records, compressed if the output is.
struct EncodedFraming {
    open: Box<[u8]>,
    close: Box<[u8]>,
    comma: Box<[u8]>,
    /// What an output is that would have no bytes.
    nothing: Box<[u8]>,
}

/// Where the bytes go, at which pace.
struct PacedTarget<'o> {
    to: Target<'o>,
    pace: Option<Pace>,
    n_bytes: u64,
}

impl PacedTarget<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.pace {
            _ if bytes.is_empty() => {}
            None => self.to.write(bytes)?,
            Some(pace) => {
                for step in bytes.chunks(pace.most()) {
                    pace.wait(step.len());
                    self.to.write(step)?;
                }
            }
        }
        self.n_bytes += bytes.len() as u64;
        Ok(())
    }
}

impl Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Sink(sink) => sink.write(bytes),
            Self::Parts(parts) => parts.write(bytes),
        }
    }
}

impl<'o> OutputWriter<'o> {
    /// Makes a writer to `to`, which has what `reached` describes.
    ///
    /// # Errors
    /// The codec fails.
    pub(crate) fn new(to: Target<'o>, shape: OutputOptions, reached: Reached) -> Result<Self> {
        let OutputOptions { framing, compression, per_second, slept, split } = shape;
        let bounds = Bounds { separated: framing.separated, preceded: framing.preceded };
        let follows = framing.follows;
        let layout = OutputLayout { compression, bounds, in_parts: matches!(to, Target::Parts(_)) };
        let framing = EncodedFraming::new(framing, compression)?;
        let target =
            PacedTarget { to, pace: per_second.map(|n| Pace::new(n, slept)), n_bytes: reached.bytes };
        let Reached { opened, begun, closed, records, .. } = reached;
        let begun = begun || follows;
        Ok(Self { target, layout, split, framing, opened, begun, closed, records, unfinished: 0 })
    }

    /// Returns what a worker must know.
    pub(crate) fn layout(&self) -> OutputLayout {
        self.layout
    }

    /// Returns the bytes written in all.
    fn n_bytes(&self) -> u64 {
        match &self.target.to {
            Target::Sink(_) => self.target.n_bytes,
            Target::Parts(parts) => parts.n_bytes(),
        }
    }

    /// Writes a range of encoded bytes.
    fn write_range(
        &mut self,
        raw: &[u8],
        range: Range<usize>,
        packer: &mut Option<&mut Packer>,
    ) -> Result<()> {
        self.open()?;
        let comma = self.layout.bounds.comma(&raw[range.clone()]);
        match packer {
            None => self.target.write(&raw[range.start + if self.begun { 0 } else { comma }..range.end])?,
            Some(packer) => {
                if comma > 0 && self.begun {
                    self.target.write(&self.framing.comma)?;
                }
                self.target.write(packer.pack(raw, range.start + comma..range.end)?)?;
            }
        }
        self.begun = true;
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        if !self.opened {
            self.target.write(&self.framing.open)?;
            self.opened = true;
        }
        Ok(())
    }

    /// Writes the rest of a record that was begun. If the part becomes too large, the record moves
    /// to a new one.
    fn go_on(&mut self, raw: &[u8], end: usize, packer: &mut Option<&mut Packer>) -> Result<()> {
        self.write_range(raw, 0..end, packer)?;
        if self.records[1] > 1
            && self.room() < 0
            && let Target::Parts(parts) = &mut self.target.to
        {
            let n_records = self.records[1] - 1;
            let comma = if self.layout.bounds.separated { self.framing.comma.len() } else { 0 };
            let around = [&*self.framing.open, &*self.framing.close];
            parts.split_off(self.unfinished, comma as u64, n_records, around)?;
            self.records = [self.records[0] + n_records, 1];
        }
        Ok(())
    }

    /// Writes the beginning of a record that is longer than the buffer.
    fn half(&mut self, raw: &[u8], range: Range<usize>, packer: &mut Option<&mut Packer>) -> Result<()> {
        if self.is_full() || self.begun && self.takes(raw, range.clone(), packer)? > self.room() {
            self.next_part()?;
        }
        self.open()?;
        self.unfinished = self.at();
        self.write_range(raw, range, packer)?;
        self.records[1] += 1;
        Ok(())
    }

    /// Writes `n` whole records.
    fn records(
        &mut self,
        raw: &[u8],
        mut range: Range<usize>,
        mut n: u64,
        packer: &mut Option<&mut Packer>,
    ) -> Result<()> {
        let bounds = self.layout.bounds;
        while !range.is_empty() {
            if self.is_full() {
                self.next_part()?;
            }
            let (start, mut end, mut n_now) = (range.start, range.end, n);
            let most = self.split.records.map_or(u64::MAX, |most| most - self.records[1]);
            if n_now > most {
                (end, n_now) = (start + bounds.behind(&raw[start..end], most), most);
            }
            loop {
                let (takes, room) = (self.takes(raw, start..end, packer)?, self.room());
                if takes <= room {
                    break;
                }
                // The compressed size of a smaller piece is not known. So a new part is begun
                // before a smaller piece is tried.
                let fits = match packer {
                    Some(_) => 0,
                    None => {
                        let dropped = (end - start) as i128 - takes;
                        let room = usize::try_from(room + dropped).unwrap_or(0);
                        bounds.within(&raw[start..end], room)
                    }
                };
                if fits == 0 && self.begun {
                    self.next_part()?;
                    continue;
                }
                if n_now == 1 {
                    break;
                }
                let half =
                    if packer.is_some() { bounds.within(&raw[start..end], (end - start) / 2) } else { fits };
                end = start + if half > 0 { half } else { bounds.behind(&raw[start..end], 1) };
                n_now = bounds.count(&raw[start..end]);
                if packer.is_none() {
                    break;
                }
            }
            self.write_range(raw, start..end, packer)?;
            self.records[1] += n_now;
            n -= n_now;
            range.start = end;
        }
        Ok(())
    }

    /// Returns the bytes that a range would take in the present part.
    fn takes(&self, raw: &[u8], range: Range<usize>, packer: &mut Option<&mut Packer>) -> Result<i128> {
        let comma = self.layout.bounds.comma(&raw[range.clone()]);
        let n = match packer {
            _ if self.split.size.is_none() => 0,
            None => range.len() - if self.begun { 0 } else { comma },
            Some(packer) => {
                let lead = if comma > 0 && self.begun { self.framing.comma.len() } else { 0 };
                lead + packer.pack(raw, range.start + comma..range.end)?.len()
            }
        };
        Ok(n as i128)
    }

    /// Returns how many bytes the present part has room for. It is negative if the part is too
    /// large.
    fn room(&self) -> i128 {
        let Some(size) = self.split.size else { return i128::MAX };
        let open = if self.opened { 0 } else { self.framing.open.len() };
        i128::from(size) - i128::from(self.at()) - (open + self.framing.close.len()) as i128
    }

    fn is_full(&self) -> bool {
        self.split.records.is_some_and(|most| self.records[1] >= most)
    }

    /// Returns the bytes of the present part.
    fn at(&self) -> u64 {
        match &self.target.to {
            Target::Sink(_) => self.target.n_bytes,
            Target::Parts(parts) => parts.at(),
        }
    }

    fn next_part(&mut self) -> Result<()> {
        self.target.write(&self.framing.close)?;
        if let Target::Parts(parts) = &mut self.target.to {
            parts.end(self.records[1])?;
        }
        self.records = [self.records[0] + self.records[1], 0];
        (self.opened, self.begun) = (false, false);
        Ok(())
    }

    /// Writes what is behind the last record. An output without records has one part.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn close(&mut self) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        self.open()?;
        self.target.write(&self.framing.close)?;
        if self.at() == 0 {
            self.target.write(&self.framing.nothing)?;
        }
        if let Target::Parts(parts) = &mut self.target.to {
            // The part may be empty. It is created here then.
            parts.write(b"")?;
            parts.end(self.records[1])?;
            parts.close(self.records[0] + self.records[1])?;
        }
        self.closed = true;
        Ok(())
    }

    /// Makes the output appear, after it is closed.
    ///
    /// # Errors
    /// The output cannot appear.
    pub(crate) fn finish(&mut self) -> Result<()> {
        debug_assert!(self.closed, "nothing is missing");
        match &mut self.target.to {
            Target::Sink(sink) => sink.finish(),
            Target::Parts(parts) => parts.commit(),
        }
    }
}

/// What a run needs of an output writer.
pub(crate) trait WriteRecords: Send {
    /// Writes encoded bytes, at least one. Returns how many bytes were written.
    ///
    /// # Errors
    /// They cannot be written.
    fn write(&mut self, batch: Batch<'_>) -> Result<u64>;

    /// Returns how far it is. No record is half written.
    fn reached(&self) -> Reached;

    /// Syncs all that was written to the disk. Returns how many bytes that is, if it is one file.
    /// See [`Sink::keep`].
    ///
    /// # Errors
    /// The disk refuses.
    fn keep(&mut self) -> Result<Option<u64>>;
}

impl WriteRecords for OutputWriter<'_> {
    fn write(&mut self, batch: Batch<'_>) -> Result<u64> {
        let before = self.target.n_bytes;
        let Batch { raw, cuts, mut packer } = batch;
        if self.layout.in_parts {
            if cuts.head > 0 {
                self.go_on(raw, cuts.head, &mut packer)?;
            }
            self.records(raw, cuts.head..cuts.body, cuts.n_records, &mut packer)?;
            if cuts.body < raw.len() {
                self.half(raw, cuts.body..raw.len(), &mut packer)?;
            }
        } else {
            self.write_range(raw, 0..raw.len(), &mut packer)?;
        }
        Ok(self.target.n_bytes - before)
    }

    fn reached(&self) -> Reached {
        let Self { opened, begun, closed, records, .. } = *self;
        let parts = match &self.target.to {
            Target::Sink(_) => None,
            Target::Parts(parts) => Some(parts.reached()),
        };
        Reached { bytes: self.n_bytes(), opened, begun, closed, records, parts }
    }

    fn keep(&mut self) -> Result<Option<u64>> {
        match &mut self.target.to {
            Target::Sink(sink) => sink.keep().map(Some),
            Target::Parts(parts) => parts.keep().map(|()| None),
        }
    }
}

impl EncodedFraming {
    fn new(framing: Framing, compression: Option<Compression>) -> Result<Self> {
        let Framing { open, close, .. } = framing;
        let mut all = [open, close, Box::from(&b","[..]), Box::default()];
        if let Some(compression) = compression {
            for (i, bytes) in all.iter_mut().enumerate() {
                // What is empty stays empty, except for an output that would have no bytes.
                if !bytes.is_empty() || i == 3 {
                    *bytes = packed(compression, bytes)?;
                }
            }
        }
        let [open, close, comma, nothing] = all;
        Ok(Self { open, close, comma, nothing })
    }
}

#[cfg(test)]
mod tests;
