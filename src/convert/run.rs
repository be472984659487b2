//! The run over one input: workers that claim a window, convert it, and settle it in turn.

use super::budget::Sizes;
use super::chain::{Chain, Passing};
use super::link::{Link, Stop};
use super::pass::{SKIMMED, Scratch, Tail, pass};
use super::progress::{Bound, Clock, Progress};
use super::ranges::Edge;
use super::survey::Targets;
use super::turn::{StopOnPanic, Turn};
use crate::charset::Charset;
use crate::dialect::{Dialect, Terminator};
use crate::error::{Anomaly, Error, ErrorKind, Result};
use crate::input::{Keeper, Source};
use crate::kernel::{Kernel, Marks};
use crate::output::{Encoder, Handover, LEAST_BUFFER, Packer, Pen};
use crate::parse::{Cutter, line_end};
use crate::plan::Plan;
use crate::window::Window;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All that the workers of one input share.
pub(super) struct Run<'r> {
    pub(super) kernel: Kernel,
    pub(super) dialect: Dialect,
    pub(super) marks: Marks,
    /// The kernels read this dialect.
    pub(super) by_kernel: bool,
    /// The kernels weave records.
    pub(super) weaves: bool,
    /// Records in which there is nothing to tell are only counted.
    pub(super) skims: bool,
    /// The dialect's bytes may part characters, so text is validated field by field.
    pub(super) always_decode: bool,
    pub(super) trim: bool,
    pub(super) strict: bool,
    pub(super) rejects: bool,
    pub(super) check: bool,
    pub(super) limit: Option<u64>,
    pub(super) plan: &'r Plan,
    pub(super) sizes: Sizes,
    /// How encoded bytes go out.
    pub(super) handover: Handover,
    pub(super) keeper: Arc<dyn Keeper>,
    pub(super) progress: &'r Progress,
    before: Before,
    edge: Option<Edge>,
    targets: Option<Targets>,
    source: Mutex<Claims<'r>>,
    cutter: Cutter,
    turn: Turn,
    chain: Mutex<Chain<'r>>,
    error: Mutex<Option<Error>>,
    /// The size of the next window: less than `sizes.window` where the output is much larger than the input, so that a window's
    /// output fits its buffer and no worker must hold the turn while it converts.
    window: AtomicUsize,
    adapts: bool,
}

/// The source, and who is next.
struct Claims<'r> {
    source: &'r mut dyn Source,
    next: u64,
    ended: bool,
}

/// What is asked of a run beside what the plan says.
pub(super) struct Settings {
    pub(super) kernel: Kernel,
    pub(super) dialect: Dialect,
    pub(super) strict: bool,
    pub(super) check: bool,
    pub(super) limit: Option<u64>,
    pub(super) sizes: Sizes,
    /// The window size was asked for, so it stays.
    pub(super) fixed_window: bool,
    pub(super) before: Before,
    /// The end is where a record must end, and whose fault it is where none does.
    pub(super) edge: Option<Edge>,
}

/// What the inputs before this one came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    /// Of their files.
    pub(super) taken: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) records: u64,
    /// Of this input, before the range that is converted.
    pub(super) passed: Passed,
}

/// What of an input is counted in its places, but not in what was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed {
    pub(super) bytes: u64,
    pub(super) records: u64,
}

impl<'r> Run<'r> {
    pub(super) fn new(
        settings: Settings,
        plan: &'r Plan,
        source: &'r mut dyn Source,
        chain: Chain<'r>,
        progress: &'r Progress,
    ) -> Self {
        let Settings { kernel, dialect, strict, check, limit, sizes, fixed_window, before, edge } = settings;
        let trim = dialect.trims_fields();
        let terminators = match dialect.terminator {
            Terminator::Any => [b'\n', b'\r'],
            Terminator::Byte(byte) => [byte, byte],
        };
        let marks = Marks {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            terminators,
            pairs: dialect.terminator == Terminator::Any,
            edges: trim,
            comment: dialect.comment,
            escape: dialect.escape,
            doubled: dialect.double_quote,
            wanted: plan.wanted(),
            page: match dialect.charset {
                Charset::Page(page) if page.is_total() => Some(page),
                _ => None,
            },
        };
        let special = [Some(dialect.delimiter), dialect.quote, Some(terminators[0]), Some(terminators[1])];
        let others = [Some(dialect.delimiter), dialect.quote, dialect.escape];
        // In which a byte has one meaning.
        let by_kernel = others.iter().enumerate().all(|(i, byte)| {
            byte.is_none() || !others[..i].contains(byte) && !terminators.iter().any(|t| Some(*t) == *byte)
        });
        // Where a special byte is blank or the delimiter is a quote to JSON, the masks still hold: they look at
        // structure first. Not where it may be part of a character.
        let always_decode = dialect.charset == Charset::Utf8
            && special.iter().flatten().chain(&dialect.escape).any(|byte| *byte >= 0x80);
        let short = sizes.max_record < sizes.strip;
        Self {
            kernel,
            marks,
            by_kernel,
            weaves: plan.weaves() && !short && (!check || plan.may_misfit()),
            // In a file of one column any record may be blank.
            skims: check
                && sizes.max_record >= SKIMMED
                && !always_decode
                && dialect.comment.is_none()
                && !plan.may_misfit()
                && plan.n_fields() > 1,
            always_decode,
            trim,
            strict,
            rejects: chain.rejects.is_some(),
            check,
            limit,
            plan,
            sizes,
            handover: chain.outlet.handover(),
            keeper: source.keeper(),
            progress,
            before,
            edge,
            targets: chain.survey.as_ref().map(|survey| survey.targets),
            source: Mutex::new(Claims { source, next: 0, ended: false }),
            cutter: Cutter::new(&dialect, trim, sizes.reach),
            dialect,
            turn: Turn::new(sizes.threads),
            chain: Mutex::new(chain),
            error: Mutex::new(None),
            window: AtomicUsize::new(sizes.window),
            adapts: !fixed_window,
        }
    }

    pub(super) fn encoder(&self) -> Encoder<'_> {
        Encoder { kernel: &self.kernel, dialect: &self.dialect, plan: self.plan, trim: self.trim }
    }

    /// Waits for the turn of a window; `None` if the run ended instead.
    pub(super) fn hold(&self, number: u64) -> Option<MutexGuard<'_, Chain<'r>>> {
        self.turn.wait(number).then(|| lock(&self.chain))
    }

    /// Works until the input ends, or the run. To be called on `sizes.threads` threads, none waiting for another to begin.
    pub(super) fn work(&self) {
        let _guard = StopOnPanic(&self.turn);
        let mut input = vec![0; self.sizes.window + self.sizes.reach + 1];
        let mut worker = match Worker::new(self, self.sizes.strip, self.sizes.buffer) {
            Ok(worker) => worker,
            Err(error) => return self.end(Some(error)),
        };
        let clock = Clock::new(self.progress);
        while !self.turn.is_stopped() {
            clock.switch(Bound::Input);
            let (number, claimed) = self.claim(&mut input);
            let Some(claimed) = claimed else { return };
            let window = match claimed {
                Ok(window) => window,
                Err(error) => return self.fail(number, error),
            };
            let bytes = match self.keeper.load(&window, &mut input) {
                Ok(bytes) => bytes,
                Err(error) => return self.fail(number, error),
            };
            clock.switch(Bound::Compute);
            let converted = worker.window(&clock, number, &window, bytes);
            match converted {
                Ok(()) => self.turn.pass(number),
                Err(Stop::Error(error)) => return self.end(Some(error)),
                Err(Stop::Redo | Stop::Quit) => return,
            }
            self.keeper.retire(&window);
        }
    }

    /// The next window and its number.
    fn claim(&self, buffer: &mut [u8]) -> (u64, Option<Result<Window>>) {
        let mut claims = lock(&self.source);
        let number = claims.next;
        if claims.ended {
            return (number, None);
        }
        let mut n = self.window.load(Ordering::Relaxed);
        if let Some(targets) = &self.targets {
            n = targets.window(claims.source.input_at(), n, self.cutter.reach());
        }
        let window = claims.source.claim(n, &self.cutter, buffer);
        claims.next += 1;
        claims.ended = !matches!(window, Ok(Some(_)));
        (number, window.transpose())
    }

    /// Ends the run with an error once all windows before this one are settled.
    fn fail(&self, number: u64, error: Error) {
        if self.turn.wait(number) {
            self.end(Some(error));
        }
    }

    fn end(&self, error: Option<Error>) {
        if let Some(error) = error {
            lock(&self.error).get_or_insert(error);
        }
        self.turn.stop();
    }

    /// What is to be done when all workers have returned: the record that the input's end ends.
    pub(super) fn finish(self) -> Result<Chain<'r>> {
        if let Some(error) = lock(&self.error).take() {
            return Err(error);
        }
        let mut chain = lock(&self.chain);
        if let (Some(edge), false) = (self.edge, chain.done || chain.at_record()) {
            let (path, at) = (chain.file.to_owned(), chain.state.input_at + chain.carry.len() as u64);
            return Err(ErrorKind::BadRange { path, at, wrong: edge.wrong() }.into());
        }
        if !chain.done {
            if let Some(Passing::Record(place, n_bytes)) = chain.passing.take() {
                self.passed_over(&mut chain, place, n_bytes, false)?;
            }
            let carry = std::mem::take(&mut chain.carry);
            if !carry.is_empty() {
                let window = Window::buffered(0, carry.len(), chain.state.input_at, true);
                // One record: small buffers will do.
                let strip = carry.len().min(self.sizes.strip);
                let mut worker = Worker::new(&self, strip, LEAST_BUFFER + 4096)?;
                let clock = Clock::new(self.progress);
                clock.switch(Bound::Compute);
                match worker.slice(&clock, chain, 0, &window, &carry, true) {
                    Ok(_) => {}
                    Err(Stop::Error(error)) => return Err(error),
                    Err(Stop::Redo | Stop::Quit) => unreachable!("the turn is held"),
                }
            } else {
                drop(chain);
            }
        } else {
            drop(chain);
        }
        Ok(self.chain.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Passes over `bytes`, or all up to the line's end: a comment is gone, a record's first line is rejected; returns how many.
    pub(super) fn pass_over(&self, chain: &mut Chain<'r>, bytes: &[u8]) -> Result<usize> {
        let Some(passing) = chain.passing.take() else { return Ok(0) };
        let end = line_end(self.dialect.terminator, bytes);
        let line = &bytes[..end.unwrap_or(bytes.len())];
        chain.state.input_at += self.keeper.measure(chain.state.text_at, line);
        chain.state.text_at += line.len() as u64;
        chain.state.lines += u64::from(end.is_some());
        match passing {
            Passing::Comment if end.is_some() => {}
            Passing::Comment => chain.passing = Some(passing),
            Passing::Record(place, before) => {
                if let Some(rejects) = &mut chain.rejects {
                    rejects.write(line)?;
                }
                let n_bytes = before + line.len() as u64;
                if end.is_some() {
                    self.passed_over(chain, place, n_bytes, true)?;
                } else {
                    chain.passing = Some(Passing::Record(place, n_bytes));
                }
            }
        }
        Ok(line.len())
    }

    /// The line of an overlong record is over.
    fn passed_over(
        &self,
        chain: &mut Chain<'r>,
        place: crate::error::Place,
        n_bytes: u64,
        ended: bool,
    ) -> Result<()> {
        let anomaly = Anomaly::OverlongRecord;
        if let Some(rejects) = &mut chain.rejects {
            if !ended {
                rejects.write(b"\n")?;
            }
            rejects.log(anomaly, &place, n_bytes)?;
        }
        chain.state.anomalies.entry(anomaly as usize).or_insert((anomaly, 0, place)).1 += 1;
        chain.state.records += 1;
        chain.state.rejected += 1;
        Ok(())
    }
}

/// One of the threads, with its buffers.
struct Worker<'s, 'r> {
    run: &'s Run<'r>,
    scratch: Scratch,
    output: Vec<u8>,
    packer: Option<Packer>,
}

impl<'s, 'r> Worker<'s, 'r> {
    /// With an index for strips of `strip` bytes and a buffer of `buffer` bytes.
    fn new(run: &'s Run<'r>, strip: usize, buffer: usize) -> Result<Self> {
        let packer = run.handover.compression.map(|compression| Packer::new(compression, buffer));
        let packer = packer.transpose()?;
        Ok(Self { run, scratch: Scratch::new(run, strip), output: vec![0; buffer], packer })
    }

    /// Converts and settles one window.
    fn window(&mut self, clock: &Clock<'_>, number: u64, window: &Window, bytes: &[u8]) -> Result<(), Stop> {
        let run = self.run;
        let link = Link::new(run, clock, number, window, bytes, self.packer.as_mut(), None);
        let mut pen = Pen::new(&mut self.output, link);
        // A start that is not even plausible is not worth trying.
        let tried = if window.plausible {
            pass(run, &mut self.scratch, &mut pen, false).and_then(|tail| {
                pen.flush()?;
                pen.link.settle(tail)
            })
        } else {
            pen.link.hold().map(|_| ()).and(Err(Stop::Redo))
        };
        let mut chain = match (tried, pen.link.chain.take()) {
            (Ok(()), Some(chain)) => chain,
            (Err(Stop::Redo), Some(chain)) => self.redo(clock, chain, number, window, bytes)?,
            (Err(stop), _) => return Err(stop),
            (Ok(()), None) => unreachable!("settling holds the turn"),
        };
        chain.state.windows += 1;
        chain.survey();
        run.keeper.settle(chain.state.text_at);
        let n_bytes = run.own_bytes(&chain);
        let n_records = chain.state.records - run.before.passed.records;
        let taken = run.keeper.taken().unwrap_or(n_bytes);
        run.progress.taken.store(taken + run.before.taken, Ordering::Relaxed);
        run.progress.bytes_in.store(n_bytes + run.before.bytes_in, Ordering::Relaxed);
        run.progress.bytes_out.store(chain.state.bytes_out + run.before.bytes_out, Ordering::Relaxed);
        run.progress.records.store(n_records + run.before.records, Ordering::Relaxed);
        run.adapt(&chain);
        let before = clock.switch(Bound::Output);
        chain.checkpoint()?;
        clock.switch(before);
        if chain.done {
            run.end(None);
        }
        Ok(())
    }

    /// Converts a window from the true state, in turn.
    fn redo(
        &mut self,
        clock: &Clock<'_>,
        mut chain: MutexGuard<'s, Chain<'r>>,
        number: u64,
        window: &Window,
        bytes: &[u8],
    ) -> Result<MutexGuard<'s, Chain<'r>>, Stop> {
        let run = self.run;
        chain.state.redone += 1;
        let mut rest = bytes;
        loop {
            if chain.passing.is_some() {
                run.keeper.verify(window)?;
                let n = run.pass_over(&mut chain, rest)?;
                rest = &rest[n..];
                if chain.passing.is_some() {
                    return Ok(chain);
                }
                chain.survey();
            }
            if chain.carry.is_empty() {
                let (chain, _) = self.slice(clock, chain, number, window, rest, false)?;
                return Ok(chain);
            }
            // The record that the windows before began: up to its end, if that is here.
            let ended = chain.machine.record(rest, 0, |_| ());
            let n = ended.map_or(rest.len(), |ended| ended.next);
            chain.carry.extend_from_slice(&rest[..n]);
            rest = &rest[n..];
            if ended.is_none() && chain.carry.len() <= run.sizes.max_record {
                return Ok(chain);
            }
            let mut carry = std::mem::take(&mut chain.carry);
            (chain, _) = self.slice(clock, chain, number, window, &carry, false)?;
            chain.survey();
            if chain.carry.is_empty() {
                // Its memory serves the next.
                carry.clear();
                chain.carry = carry;
            }
            if rest.is_empty() || chain.done {
                return Ok(chain);
            }
        }
    }

    /// Converts a slice that starts where the chain stands.
    fn slice(
        &mut self,
        clock: &Clock<'_>,
        chain: MutexGuard<'s, Chain<'r>>,
        number: u64,
        window: &Window,
        slice: &[u8],
        at_end: bool,
    ) -> Result<(MutexGuard<'s, Chain<'r>>, Tail), Stop> {
        let link = Link::new(self.run, clock, number, window, slice, self.packer.as_mut(), Some(chain));
        let mut pen = Pen::new(&mut self.output, link);
        let tail = pass(self.run, &mut self.scratch, &mut pen, at_end)?;
        pen.flush()?;
        pen.link.settle(tail)?;
        let Some(chain) = pen.link.chain.take() else { unreachable!("it was held from the start") };
        Ok((chain, tail))
    }
}

impl Run<'_> {
    /// The bytes that were converted, what stands before them included.
    fn own_bytes(&self, chain: &Chain<'_>) -> u64 {
        chain.state.input_at - self.before.passed.bytes
    }

    /// Sets the size of the windows to come, so that their output fits a buffer with a tenth to spare.
    fn adapt(&self, chain: &Chain<'_>) {
        let n_bytes = self.own_bytes(chain);
        if !self.adapts || n_bytes == 0 {
            return;
        }
        let fits = (self.sizes.buffer as u64 * 9 / 10).saturating_mul(n_bytes) / chain.state.encoded.max(1);
        let least = (4 * self.sizes.reach).min(self.sizes.window);
        let fits = usize::try_from(fits).unwrap_or(usize::MAX).clamp(least, self.sizes.window);
        self.window.store(fits, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
