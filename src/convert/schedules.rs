//! Whole runs whose threads a scheduler has: at each lock and each atomic it decides by a seed
//! which thread goes on. Whatever the order, the output is that of one thread, and so is the error.
//! `.ci/also shuttle`.
//!
//! A panic of a worker is not tried here, since the scheduler takes it for its own end; the model
//! of the turn has it (`sequencer.rs`).

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::thread::yield_now;
use shuttle::{Config, Runner};

use super::converter::{Builder, Converter};
use super::options::{Input, Output};
use super::sniff::SAMPLE;
use crate::error::Error;

/// A source that gives a few bytes at a time, and may fail when they are all given.
struct BrokenSource {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
    breaks: bool,
}

impl Read for BrokenSource {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        yield_now();
        let n = into.len().min(self.bytes.len() - self.at).min(self.piece);
        if n == 0 && self.breaks {
            return Err(io::Error::other("the line is cut"));
        }
        into[..n].copy_from_slice(&self.bytes[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// A sink that takes so many bytes and then fails.
#[derive(Clone, Default)]
struct LimitedSink {
    taken: Arc<Mutex<Vec<u8>>>,
    room: Option<usize>,
}

impl Write for LimitedSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        yield_now();
        let mut taken = self.taken.lock().expect("no writer panicked");
        let n = self.room.map_or(bytes.len(), |room| bytes.len().min(room - taken.len()));
        if n == 0 && !bytes.is_empty() {
            return Err(io::Error::other("the disk is full"));
        }
        taken.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a seed makes.
#[derive(Clone)]
struct Case {
    bytes: Vec<u8>,
    window: usize,
    piece: usize,
    breaks: bool,
    room: Option<usize>,
    limit: Option<u64>,
    strict: bool,
    infers: bool,
    maps: bool,
}

/// What came of it: the bytes that the sink has, and the error if there is one.
type Ending = (Vec<u8>, Option<String>);

/// Numbers by a seed (Marsaglia, Xorshift RNGs, 2003).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).expect("less than n")
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut seeded = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut text = "a,b,c\n".to_owned();
        let (breaks, odd) = (seeded.one_in(4), 8 * (3 + seeded.below(20)));
        // Before anything is converted a sample is read, which should not come to the break.
        let before =
            if breaks { "0,text,\"of the sample\"\n".repeat(2 + SAMPLE / 23) } else { String::new() };
        text += &before;
        for i in 0..8 + seeded.below(40) {
            match seeded.below(odd) {
                0 => text += "1,2\n",
                1 => text += "1,2,3,4\n",
                // What is within quotes looks like records.
                2 => text += "1,\"x\ny,z\n1,2\n\",3\n",
                3 => text += "\"1,2,3\n",
                4 => text += "\n",
                5 => text.extend(["1,", &"long".repeat(30), ",3\n"]),
                _ => writeln!(text, "{i},text,\"{i}\"").expect("a string takes all"),
            }
        }
        Self {
            bytes: text.into_bytes(),
            window: if breaks { 4096 } else { [1, 16, 64, 200][seeded.below(4)] },
            piece: if breaks { 1 << 16 } else { [1, 7, 64, 4096][seeded.below(4)] },
            breaks,
            room: seeded.one_in(4).then(|| seeded.below(900) + before.len()),
            limit: seeded.one_in(4).then(|| seeded.below(20) as u64),
            strict: seeded.one_in(3),
            infers: seeded.one_in(4),
            maps: !breaks && seeded.one_in(3),
        }
    }

    fn settings(&self, threads: usize) -> Builder {
        let settings = Converter::builder().max_record(100).strict(self.strict).infer(self.infers);
        let settings = match self.limit {
            Some(limit) => settings.limit(limit),
            None => settings,
        };
        settings.threads(threads.try_into().expect("not none")).window(self.window)
    }

    /// Converts by so many threads.
    fn run(&self, threads: usize) -> Ending {
        let converter = self.settings(threads).build().expect("the settings go together");
        let sink = LimitedSink { room: self.room, ..LimitedSink::default() };
        let file = self.maps.then(|| {
            let file = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(file.path(), &self.bytes).expect("the file is written");
            file
        });
        let input = match &file {
            Some(file) => Input::path(file.path()),
            None => {
                let (bytes, piece, breaks) = (self.bytes.clone(), self.piece, self.breaks);
                Input::reader("in", BrokenSource { bytes, at: 0, piece, breaks })
            }
        };
        let ended = converter.convert([input], Output::writer("out", sink.clone()));
        // The name of the file is another in each run.
        let told = |error: Error| match &file {
            Some(file) => error.to_string().replace(&file.path().display().to_string(), "in"),
            None => error.to_string(),
        };
        let taken = std::mem::take(&mut *sink.taken.lock().expect("no writer panicked"));
        (taken, ended.err().map(told))
    }
}

/// Runs something in orders that a scheduler chooses. It may come to a deadlock, which is a
/// failure too.
fn in_orders(scheduler: impl Scheduler + 'static, run: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    // A worker's own buffers are on the heap, but the kernels' tables are not.
    config.stack_size = 1 << 20;
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || {
        // A scheduler of priorities wants two threads, and a short input has one.
        let other = shuttle::thread::spawn(yield_now);
        run();
        other.join().expect("it does nothing");
    });
}

#[test]
fn whatever_the_order_the_result_is_that_of_one_thread() {
    let n_cases: u64 = option_env!("ROWMILL_SCHEDULES").map_or(200, |n| n.parse().expect("a number"));
    let mut n_failed = 0;
    for seed in 0..n_cases {
        let case = Case::new(seed);
        let alone = Arc::new(Mutex::new(None));
        let (of_one, into) = (case.clone(), Arc::clone(&alone));
        in_orders(RandomScheduler::new_from_seed(0, 1), move || {
            *into.lock().expect("nothing panicked") = Some(of_one.run(1));
        });
        let expected = alone.lock().expect("nothing panicked").take().expect("it ran");
        n_failed += u64::from(expected.1.is_some());
        let hold = move || {
            for threads in 2..=4 {
                let got = case.run(threads);
                let told = |(bytes, error): &Ending| format!("{} bytes, {error:?}", bytes.len());
                let (one, all) = (told(&expected), told(&got));
                assert!(got == expected, "seed {seed}, {threads} threads: {all}, one: {one}");
            }
        };
        in_orders(RandomScheduler::new_from_seed(seed, 10), hold.clone());
        in_orders(PctScheduler::new_from_seed(seed, 3, 10), hold);
    }
    assert!(n_failed > n_cases / 4 && n_failed < n_cases * 3 / 4, "{n_failed} of {n_cases} fail");
    let told = format!("{} orders of {n_cases} runs, of which {n_failed} fail\n", n_cases * 20);
    std::io::stdout().write_all(told.as_bytes()).expect("told");
}
