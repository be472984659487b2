//! Every case under `fixtures/` through the program, under each instruction set, number of threads,
//! window size and kind of source: the result may depend on none of them.
//!
//! A case is `NAME.csv` (or `.tsv`, `.psv`) with `NAME.jsonl`, and where needed `NAME.args`,
//! `NAME.stderr`, `NAME.status` and `NAME.stats`; `fixtures/README.md` tells what each is. To add
//! one, write the input, run once (the missing `.jsonl` is written and the test fails), and read
//! what was written. `ROWMILL_BLESS=1` rewrites all; `fixtures/oracle.py --check` then says whether
//! the oracle agrees.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Output, Run, fixtures, isas};

macro_rules! subjects {
    ($($subject:ident),* $(,)?) => {
        /// Each folder is a test of its own, so that they run side by side.
        const SUBJECTS: &[&str] = &[$(stringify!($subject)),*];
        $(
            #[test]
            fn $subject() {
                hold(stringify!($subject));
            }
        )*
    };
}

subjects![
    anomalies, blank, columns, comment, dialect, formats, header, inputs, malformed, mask, nest, pipeline,
    real, rfc4180, tops, trim, unicode, values, wide,
];

/// Folders without cases.
const OTHERS: &[&str] = &["conformance"];

const THREADS: &[&str] = &["1", "2", "7"];

/// The empty one is the default.
const WINDOWS: &[&str] = &["64", "4096", ""];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    /// As a user names it: mapped.
    File,
    Read,
    Pipe,
}

struct Case {
    /// The input without its extension.
    base: PathBuf,
    input: PathBuf,
    args: Vec<String>,
    status: i32,
    stderr: Vec<String>,
    stats: Option<Value>,
    expected: Option<Vec<u8>>,
}

impl Case {
    fn load(input: PathBuf) -> Case {
        let base = input.with_extension("");
        let text = |ext: &str| fs::read_to_string(base.with_extension(ext)).ok();
        let lines = |ext: &str| -> Vec<String> {
            let text = text(ext).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        };
        let mut args = lines("args");
        if !args.iter().any(|a| a.contains("{}")) {
            args.push("{}".to_owned());
        }
        Case {
            args,
            status: text("status").map_or(0, |s| s.trim().parse().expect("a number")),
            stderr: lines("stderr"),
            stats: text("stats").map(|s| serde_json::from_str(&s).expect("JSON")),
            expected: fs::read(base.with_extension("jsonl")).ok(),
            base,
            input,
        }
    }

    /// Several inputs can't all come through the one pipe.
    fn fits_a_pipe(&self) -> bool {
        let places = self.args.iter().filter(|a| *a == "{}").count();
        places == 1 && !self.args.iter().any(|a| a.contains("{dir}"))
    }

    fn run(&self, isa: &str, threads: &str, window: &str, source: Source) -> Output {
        let input = self.input.to_str().expect("fixtures have plain names");
        let dir = fixtures().join(self.base.parent().expect("a folder"));
        let dir = dir.to_str().expect("fixtures have plain names");
        let mut run = Run::rowmill().env("ROWMILL_ISA", isa).args(["-j", threads]);
        if !window.is_empty() {
            run = run.args(["--window", window]);
        }
        if source == Source::Read {
            run = run.args(["--io", "read"]);
        }
        if source == Source::Pipe {
            run = run.stdin(fs::read(&self.input).expect("the case's input"));
            run = match self.input.extension().and_then(|e| e.to_str()) {
                // A pipe has no name to take the delimiter from.
                Some("tsv") if !self.names_a_delimiter() => run.args(["-d", "tab"]),
                Some("psv") if !self.names_a_delimiter() => run.args(["-d", "|"]),
                _ => run,
            };
        }
        if self.stats.is_some() {
            run = run.with_stats();
        }
        let args = self.args.iter().map(|a| match (a.as_str(), source) {
            ("{}", Source::Pipe) => "-".to_owned(),
            _ => a.replace("{dir}", dir).replace("{}", input),
        });
        run.args(args).out()
    }

    fn names_a_delimiter(&self) -> bool {
        self.args.iter().any(|a| a.starts_with("-d") || a.starts_with("--delimiter"))
    }

    fn judge(&self, output: &Output) -> Result<(), String> {
        output.status_is(self.status)?;
        if let Some(expected) = &self.expected {
            output.stdout_is(expected)?;
        }
        for part in &self.stderr {
            output.stderr_has(part)?;
        }
        if let Some(expected) = &self.stats {
            let got = output.stats();
            within(expected, got, "").map_err(|at| {
                output.tell(&format!("--stats {at}"), &expected.to_string(), &got.to_string())
            })?;
        }
        Ok(())
    }

    /// Every combination; the first that fails is told.
    fn hold(&self) -> Result<(), String> {
        for isa in isas() {
            for threads in THREADS {
                for window in WINDOWS {
                    for source in [Source::File, Source::Read, Source::Pipe] {
                        let fits = match source {
                            Source::File => true,
                            // That bytes are read and not mapped means nothing to a kernel.
                            Source::Read => isas().last() == Some(isa),
                            Source::Pipe => self.fits_a_pipe(),
                        };
                        if fits {
                            self.judge(&self.run(isa, threads, window, source))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes the expectation where there is none, or where all are to be rewritten. What was
    /// missing is a failure once: somebody has to read it.
    fn bless(&mut self) -> Result<(), String> {
        let all = std::env::var_os("ROWMILL_BLESS").is_some_and(|v| v == "1");
        let missing = self.expected.is_none() && self.status == 0;
        let rewritten = all && self.expected.is_some();
        if !missing && !rewritten {
            return Ok(());
        }
        let output = self.run("portable", "1", "", Source::File);
        output.status_is(self.status)?;
        let path = self.base.with_extension("jsonl");
        fs::write(&path, &output.stdout).map_err(|e| format!("{}: {e}", path.display()))?;
        self.expected = Some(output.stdout);
        if missing {
            return Err(format!("{} was missing and is written", path.display()));
        }
        Ok(())
    }
}

/// Whether all that is expected is there. Of anomalies no kind more may be there either.
fn within(expected: &Value, got: &Value, at: &str) -> Result<(), String> {
    let (Value::Object(wanted), Value::Object(there)) = (expected, got) else {
        return if expected == got { Ok(()) } else { Err(at.to_owned()) };
    };
    for (key, value) in wanted {
        let at = format!("{at}.{key}");
        within(value, there.get(key).ok_or_else(|| at.clone())?, &at)?;
    }
    let exact = at == ".anomalies";
    match there.keys().find(|key| exact && !wanted.contains_key(*key)) {
        Some(key) => Err(format!("{at}.{key}")),
        None => Ok(()),
    }
}

/// The inputs of all cases.
pub(crate) fn all_inputs() -> Vec<PathBuf> {
    SUBJECTS.iter().flat_map(|subject| cases_in(&fixtures().join(subject))).collect()
}

fn hold(subject: &str) {
    let folder = fixtures().join(subject);
    let mut told = Vec::new();
    let cases = cases_in(&folder);
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    for input in cases {
        let mut case = Case::load(input);
        if let Err(what) = case.bless().and_then(|()| case.hold()) {
            told.push(what);
        }
    }
    assert!(told.is_empty(), "{}\n", told.join("\n\n"));
}

/// The inputs that cases are named after, sorted. A stem with a dot in it is a further input of the
/// case before the dot.
fn cases_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let ext = path.extension().and_then(|e| e.to_str());
            let stem = path.file_stem().and_then(|s| s.to_str());
            matches!(ext, Some("csv" | "tsv" | "psv")) && stem.is_some_and(|s| !s.contains('.'))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_folder_is_a_subject() {
    let there: BTreeSet<String> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("__"))
        .collect();
    let known = SUBJECTS.iter().chain(OTHERS);
    assert_eq!(there, known.map(|s| s.to_string()).collect());
}

/// A case that nobody can tell the point of is kept for ever and trusted by no one.
#[test]
fn every_case_is_told_in_the_readme() {
    let readme = fs::read_to_string(fixtures().join("README.md")).unwrap();
    let told: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.contains('/'))
        .collect();
    let there: BTreeSet<String> = all_inputs()
        .into_iter()
        .map(|path| {
            let path = path.strip_prefix(fixtures()).unwrap().to_owned();
            path.to_string_lossy().into_owned()
        })
        .collect();
    assert_eq!(told, there);
}

/// A file beside the cases that belongs to none of them asserts nothing.
#[test]
fn no_expectation_is_an_orphan() {
    for subject in SUBJECTS {
        let folder = fixtures().join(subject);
        let stems: BTreeSet<_> =
            cases_in(&folder).iter().map(|path| path.file_stem().unwrap().to_owned()).collect();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let ext = path.extension().and_then(|e| e.to_str()).unwrap_or("");
            if matches!(ext, "jsonl" | "args" | "stderr" | "status" | "stats") {
                let stem = path.file_stem().unwrap();
                assert!(stems.contains(stem), "{} has no input", path.display());
            }
        }
    }
}
