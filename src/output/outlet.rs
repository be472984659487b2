//! Between the turn and the sink: what stands around the records, compressed or not, at a pace.
//!
//! Whoever writes here has the turn, so all that is done is serial and must be cheap. When nothing is asked for, bytes pass as they are.

use super::compress::{Compression, Packer, packed};
use super::framing::Framing;
use super::pace::Pace;
use super::sink::Sink;
use crate::error::Result;

/// What is asked of an outlet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// What stands around the records.
    pub framing: Framing,
    /// How they are made smaller.
    pub compression: Option<Compression>,
    /// The most bytes a second.
    pub per_second: Option<u64>,
}

/// What a worker must know of how its bytes go out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handover {
    /// See [`Shape::compression`].
    pub compression: Option<Compression>,
    /// See [`Framing::separated`].
    pub separated: bool,
}

/// How far an outlet is; what `--resume` must know beside the length of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Bytes written in all.
    pub bytes: u64,
    /// What stands before the records is written.
    pub opened: bool,
    /// So is a record.
    pub begun: bool,
    /// So is what stands behind them.
    pub closed: bool,
}

/// Encoded bytes that go out.
pub(crate) struct Batch<'b> {
    /// As they were encoded.
    pub raw: &'b [u8],
    /// Has them smaller, if that was asked for.
    pub packer: Option<&'b mut Packer>,
}

/// A sink, and what happens on the way to it.
pub(crate) struct Outlet {
    drain: Drain,
    handover: Handover,
    frame: Frame,
    opened: bool,
    begun: bool,
    closed: bool,
}

/// What stands around the records, as it is written.
struct Frame {
    open: Box<[u8]>,
    close: Box<[u8]>,
    comma: Box<[u8]>,
    /// An output of no bytes at all.
    nothing: Box<[u8]>,
}

/// Where the bytes go, at which pace.
struct Drain {
    sink: Box<dyn Sink>,
    pace: Option<Pace>,
    n_bytes: u64,
}

impl Drain {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.pace {
            _ if bytes.is_empty() => {}
            None => self.sink.write(bytes)?,
            Some(pace) => {
                for step in bytes.chunks(pace.most()) {
                    pace.wait(step.len());
                    self.sink.write(step)?;
                }
            }
        }
        self.n_bytes += bytes.len() as u64;
        Ok(())
    }
}

impl Outlet {
    /// To a sink, of which `reached` is written already.
    ///
    /// # Errors
    /// The codec fails.
    pub(crate) fn new(sink: Box<dyn Sink>, shape: Shape, reached: Reached) -> Result<Self> {
        let Shape { framing, compression, per_second } = shape;
        let handover = Handover { compression, separated: framing.separated };
        let frame = Frame::new(framing, compression)?;
        let drain = Drain { sink, pace: per_second.map(Pace::new), n_bytes: reached.bytes };
        let Reached { opened, begun, closed, .. } = reached;
        Ok(Self { drain, handover, frame, opened, begun, closed })
    }

    /// What a worker must know.
    pub(crate) fn handover(&self) -> Handover {
        self.handover
    }

    /// How far it is.
    pub(crate) fn reached(&self) -> Reached {
        let Self { opened, begun, closed, .. } = *self;
        Reached { bytes: self.drain.n_bytes, opened, begun, closed }
    }

    /// Takes encoded bytes, at least one, and returns how many were written.
    ///
    /// # Errors
    /// They can't be written.
    pub(crate) fn write(&mut self, batch: Batch<'_>) -> Result<u64> {
        let before = self.drain.n_bytes;
        self.open()?;
        let raw = batch.raw;
        let comma = self.handover.comma(raw);
        match batch.packer {
            None => self.drain.put(if self.begun { raw } else { &raw[comma..] })?,
            Some(packer) => {
                if comma > 0 && self.begun {
                    self.drain.put(&self.frame.comma)?;
                }
                self.drain.put(packer.pack(raw, comma..raw.len())?)?;
            }
        }
        self.begun = true;
        Ok(self.drain.n_bytes - before)
    }

    fn open(&mut self) -> Result<()> {
        if !self.opened {
            self.drain.put(&self.frame.open)?;
            self.opened = true;
        }
        Ok(())
    }

    /// Writes what stands behind the last record.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn close(&mut self) -> Result<()> {
        if !self.closed {
            self.open()?;
            self.drain.put(&self.frame.close)?;
            if self.drain.n_bytes == 0 {
                self.drain.put(&self.frame.nothing)?;
            }
            self.closed = true;
        }
        Ok(())
    }

    /// Has all that was written on the disk, see [`Sink::keep`].
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn keep(&mut self) -> Result<u64> {
        self.drain.sink.keep()
    }

    /// Has it appear, once it is closed.
    ///
    /// # Errors
    /// It can't.
    pub(crate) fn finish(&mut self) -> Result<()> {
        debug_assert!(self.closed, "nothing is missing");
        self.drain.sink.finish()
    }
}

impl Frame {
    fn new(framing: Framing, compression: Option<Compression>) -> Result<Self> {
        let Framing { open, close, .. } = framing;
        let mut all = [open, close, Box::from(&b","[..]), Box::default()];
        if let Some(compression) = compression {
            for (i, bytes) in all.iter_mut().enumerate() {
                // Nothing stays nothing, but for an output of nothing else.
                if !bytes.is_empty() || i == 3 {
                    *bytes = packed(compression, bytes)?;
                }
            }
        }
        let [open, close, comma, nothing] = all;
        Ok(Self { open, close, comma, nothing })
    }
}

impl Handover {
    /// The length of the comma that these bytes start with and that the first record goes without.
    pub(crate) fn comma(&self, bytes: &[u8]) -> usize {
        usize::from(self.separated && bytes.starts_with(b",\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Sink for Memory {
        fn write(&mut self, bytes: &[u8]) -> Result<()> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        }
    }

    /// What becomes of these buffers; `cut` says after which to go on with another outlet, as `--resume` does.
    fn written(framing: &Framing, typed: Option<&str>, buffers: &[&str], cut: usize) -> String {
        let memory = Memory::default();
        let compression = typed.map(|typed| Compression::parse(typed).unwrap());
        let shape = || Shape { framing: framing.clone(), compression, per_second: None };
        let outlet = |reached| Outlet::new(Box::new(memory.clone()), shape(), reached).unwrap();
        let mut now = outlet(Reached::default());
        let mut packer = compression.map(|compression| Packer::new(compression, 1000).unwrap());
        for (i, buffer) in buffers.iter().enumerate() {
            if i == cut {
                now = outlet(now.reached());
            }
            let raw = buffer.as_bytes();
            if let Some(packer) = &mut packer {
                packer.ahead(raw, [now.handover().comma(raw)..raw.len(), 0..0, 0..0]);
            }
            now.write(Batch { raw, packer: packer.as_mut() }).unwrap();
        }
        now.close().unwrap();
        let mut again = outlet(now.reached());
        again.close().unwrap();
        again.finish().unwrap();
        let bytes = memory.0.lock().unwrap().clone();
        assert_eq!(again.reached().bytes, bytes.len() as u64);
        let mut text = String::new();
        let mut reader: Box<dyn Read> = match typed {
            None => Box::new(&bytes[..]),
            Some("gzip") => Box::new(flate2::read::MultiGzDecoder::new(&bytes[..])),
            _ => Box::new(zstd::Decoder::new(&bytes[..]).unwrap()),
        };
        reader.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_stands_around_the_records() {
        let lines = Framing::default();
        let rows = Framing { open: Box::from(&b"[\"a\"]\n"[..]), ..Framing::default() };
        let json = Framing { open: Box::from(&b"["[..]), close: Box::from(&b"\n]\n"[..]), separated: true };
        for typed in [None, Some("gzip"), Some("zstd")] {
            for cut in 0..4 {
                let all = |framing, buffers: &[&str]| written(framing, typed, buffers, cut);
                assert_eq!(all(&lines, &["{}\n{}\n", "{\"a\":", "1}\n"]), "{}\n{}\n{\"a\":1}\n");
                assert_eq!(all(&rows, &["[1]\n", "[2]\n"]), "[\"a\"]\n[1]\n[2]\n");
                let expected = "[\n{},\n{},\n{\"a\":1},\n{}\n]\n";
                assert_eq!(all(&json, &[",\n{},\n{}", ",\n{\"a\":", "1},\n{}"]), expected);
                assert_eq!(all(&json, &[",\n{}"]), "[\n{}\n]\n");
                assert_eq!((all(&lines, &[]), all(&rows, &[])), (String::new(), "[\"a\"]\n".to_owned()));
                assert_eq!(all(&json, &[]), "[\n]\n");
            }
        }
    }
}
