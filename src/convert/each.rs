//! Each input to an output of its own: small inputs many at a time, a thread each; others one after
//! another, with all threads.
//!
//! An input that fails does not keep the others from being converted. What a small one needs beyond
//! its share of the memory it gets in its turn among the others, so the result never depends on how
//! many there are.

use super::budget::{shares, size_of_names};
use super::conversion::{Conversion, OneOfMany, budget_of};
use super::converter::Converter;
use super::options::{Input, OnRemark, Options, Output, Resources};
use super::prepared::Preparation;
use super::run::Amount;
use super::shaping::Shaping;
use super::single_input::singles;
use super::summary::Summary;
use crate::error::{Error, Result};
use crate::input::Io;
use crate::kernel::Kernel;
use crate::output::Nowhere;
use crate::plan::Together;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A file of at most so many bytes is converted by one thread.
const SMALL: u64 = 1 << 20;

/// An input, and the output that is made of it.
struct Pair {
    input: PathBuf,
    output: PathBuf,
    /// The input's bytes, if it is a regular file.
    size: Option<u64>,
}

impl Pair {
    fn new((input, output): (PathBuf, PathBuf)) -> Self {
        let size = std::fs::metadata(&input).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
        Self { input, output, size }
    }
}

/// What is called with the result for each pair, by its number.
type Done<'d> = dyn Fn(usize, Result<Summary>) -> ControlFlow<()> + Sync + 'd;

impl Converter {
    /// Converts each of many files to a file of its own, small ones many at a time. Returns remarks
    /// on all inputs together.
    ///
    /// `done` is called with the result for each pair of an input and an output, by its number, in
    /// the order in which they end. An input that fails does not keep the others from being
    /// converted, unless `done` says that it is enough.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = |name: &str| folder.path().join(name);
    /// std::fs::write(path("a.csv"), "n\n1\n")?;
    /// let pairs = ["a", "b"].map(|name| (path(&format!("{name}.csv")), path(&format!("{name}.jsonl"))));
    /// let failed = std::sync::Mutex::new(Vec::new());
    /// rowmill::Converter::builder().build()?.convert_each(pairs, |number, result| {
    ///     failed.lock().unwrap().extend(result.err().map(|_| number));
    ///     std::ops::ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(std::fs::read_to_string(path("a.jsonl"))?, "{\"n\":\"1\"}\n");
    /// assert_eq!(*failed.lock().unwrap(), [1], "there is no b.csv");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A setting has no meaning for many outputs, no input has a column that is asked for, or there
    /// are too many inputs for the memory. What is wrong with one of them is given to `done`.
    pub fn convert_each(
        &self,
        pairs: impl IntoIterator<Item = (PathBuf, PathBuf)>,
        done: impl Fn(usize, Result<Summary>) -> ControlFlow<()> + Sync,
    ) -> Result<Vec<String>> {
        let (options, kernel) = (&self.options, self.kernel);
        refuse_for_many(options)?;
        let pairs: Vec<Pair> = pairs.into_iter().map(Pair::new).collect();
        let names = pairs.iter().map(|pair| pair.input.as_os_str().len() + pair.output.as_os_str().len());
        let names = size_of_names(pairs.len(), names.sum());
        if names > options.resources.memory / 2 {
            let n = pairs.len();
            return Err(Error::setting(format!("the names of {n} inputs need more of `memory`; raise it")));
        }
        let (together, remarks) = together(options, &pairs, names)?;
        let total = pairs.iter().map(|pair| pair.size).sum::<Option<u64>>().unwrap_or(0);
        options.progress.total.store(total, Ordering::Relaxed);
        let stopped = AtomicBool::new(false);
        let each = Each { options, kernel, pairs: &pairs, together, names, stopped, done: &done };
        let alone = each.small();
        each.alone(alone);
        Ok(remarks)
    }
}

/// # Errors
/// A setting says of one output what has no meaning for many.
fn refuse_for_many(options: &Options) -> Result<()> {
    let refused = [
        (options.limit.is_some(), "`limit`, which counts over all inputs"),
        (options.range.is_some(), "`range`, which is of one input"),
        (options.rejects.is_some(), "`rejects`, which is one file for all inputs"),
        (
            options.writing.resume.is_some(),
            "`resume`: what is there is whole, and the rest is converted anew",
        ),
        (options.writing.limit_rate.is_some(), "`limit_rate`, which is of one output"),
        (options.writing.split.is_some(), "`split_size` or `split_records`, which are of one output"),
        (options.check, "`check`, which writes none"),
        (
            options.shaping.columns.infer_columns,
            "`infer_columns`, whose types are of all inputs; make a schema of them, and take its types",
        ),
        (options.shaping.names.in_first, "`header_in_first`: each input has its own names there"),
    ];
    match refused.into_iter().find(|(refused, _)| *refused) {
        Some((_, with)) => {
            Err(Error::setting(format!("an output for each input cannot be combined with {with}")))
        }
        None => Ok(()),
    }
}

/// Looks at the headers of all inputs, if it must be known what they have together.
fn together<'c>(options: &'c Options, pairs: &[Pair], names: usize) -> Result<(Together<'c>, Vec<String>)> {
    let output = Output::Sink(Box::new(Nowhere));
    // More than one even if there is one: what the others lack is filled in it too.
    let n = pairs.len().max(2);
    let mut preparation = Preparation::new(options, budget_of(options, &output, names), n, None);
    if preparation.asks() {
        for pair in pairs.iter().filter(|pair| pair.size.is_some()) {
            // What is wrong with it is reported when it is converted.
            let singles = singles(vec![Input::path(&pair.input)], options).unwrap_or_default();
            singles.into_iter().for_each(|single| drop(preparation.look(single)));
        }
    }
    preparation.settled_alone()
}

/// The conversions.
struct Each<'c> {
    options: &'c Options,
    kernel: Kernel,
    pairs: &'c [Pair],
    together: Together<'c>,
    /// The bytes that the names take.
    names: usize,
    stopped: AtomicBool,
    done: &'c Done<'c>,
}

impl Each<'_> {
    /// Converts small inputs. Returns the numbers of those that are left.
    fn small(&self) -> Vec<usize> {
        let resources = &self.options.resources;
        let threads = resources.threads.or_else(|| std::thread::available_parallelism().ok());
        let threads = threads.map_or(1, NonZero::get).min(self.pairs.len());
        let (n, memory) = shares(resources.memory, self.names, threads);
        let (next, alone) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || self.some(memory, &next, &alone);
        std::thread::scope(|scope| {
            for i in 1..n {
                // If there are fewer threads, they have more to do.
                let _ = std::thread::Builder::new().name(format!("rowmill-{i}")).spawn_scoped(scope, work);
            }
            work();
        });
        let mut alone = alone.into_inner().unwrap_or_else(PoisonError::into_inner);
        alone.sort_unstable();
        alone
    }

    /// Converts the next small input, until there is none.
    fn some(&self, memory: usize, next: &AtomicUsize, alone: &Mutex<Vec<usize>>) {
        let Options { shaping, resources, .. } = self.options;
        let max_record = shaping.max_record.filter(|most| (*most as u64) < SMALL);
        let io = if resources.io == Io::Auto { Io::Read } else { resources.io };
        let options = Options {
            shaping: Shaping { max_record, ..shaping.clone() },
            resources: Resources { memory, threads: Some(NonZero::<usize>::MIN), io, ..resources.clone() },
            progress: Arc::default(),
            failed: Arc::default(),
            on_remark: OnRemark::default(),
            ..self.options.clone()
        };
        while !self.stopped.load(Ordering::Relaxed) {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(pair) = self.pairs.get(i) else { break };
            let is_small = pair.size.is_some_and(|size| size <= SMALL);
            let converted = is_small.then(|| self.convert(&options, pair, Amount::default()));
            match converted {
                Some(Ok(summary)) => {
                    Amount::of_all(&summary, pair.size).add(&self.options.progress);
                    self.report(i, Ok(summary));
                }
                // With all memory it may succeed, and the error is the one that there is alone.
                Some(Err(_)) | None => alone.lock().unwrap_or_else(PoisonError::into_inner).push(i),
            }
        }
        self.options.progress.absorb(&options.progress);
    }

    /// Converts the inputs of these numbers, one after another.
    fn alone(&self, numbers: Vec<usize>) {
        if numbers.is_empty() {
            return;
        }
        let memory = self.options.resources.memory - self.names;
        let resources = Resources { memory, ..self.options.resources.clone() };
        let options = Options { resources, on_remark: OnRemark::default(), ..self.options.clone() };
        for i in numbers {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let before = Amount::shown(&options.progress);
            let converted = self.convert(&options, &self.pairs[i], before);
            if converted.is_err() {
                before.show(&options.progress);
            }
            self.report(i, converted);
        }
    }

    fn convert(&self, options: &Options, pair: &Pair, before: Amount) -> Result<Summary> {
        let many = Some(OneOfMany { together: &self.together, before });
        let conversion =
            Conversion { options, kernel: self.kernel, range: None, split_points: None, many, survey: None };
        conversion.run(vec![Input::path(&pair.input)], Output::path(&pair.output))
    }

    fn report(&self, i: usize, converted: Result<Summary>) {
        if (self.done)(i, converted).is_break() {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }
}
