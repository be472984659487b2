//! `--dialect`, the flags that it stands for, and the mark that ends PostgreSQL's data.

use std::fs;

use serde_json::Value;

use crate::harness::{Place, Run, fixtures};

const NAMES: [&str; 5] = ["postgres", "mysql", "hive", "excel", "unix"];

/// The flags that `--check` prints.
fn flags(place: &Place, name: &str) -> String {
    let output = place.rowmill().args(["--dialect", name, "--check", "in.csv"]).out();
    output.expect_status(0);
    let begins = format!("--dialect {name} is ");
    let line = output.stderr.lines().find_map(|line| line.trim().strip_prefix(&begins));
    line.unwrap_or_else(|| panic!("no flags: {}", output.stderr)).to_owned()
}

#[test]
fn check_prints_the_flags_that_a_dialect_stands_for() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    let expected =
        "-d tab --quote none --escape '\\' --escapes postgres --terminator any --trim none --null '\\N'";
    assert_eq!(flags(&place, "postgres"), expected);
    let output = place.rowmill().args(["--dialect", "postgres", "in.csv"]).out();
    assert!(!output.stderr.contains("--dialect"), "{}", output.stderr);
}

#[test]
fn a_dialect_is_as_good_as_its_flags() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    let mut inputs: Vec<_> =
        fs::read_dir(fixtures().join("dialect")).unwrap().map(|e| e.unwrap().path()).collect();
    inputs.retain(|path| path.extension().is_some_and(|name| name.as_encoded_bytes().ends_with(b"sv")));
    inputs.sort();
    for name in NAMES {
        let flags = flags(&place, name);
        let script = format!("for input; do \"$ROWMILL\" -q {flags} \"$input\" || echo failed; done");
        let by_flags = Run::program("sh").args(["-c", &script, "sh"]).args(&inputs);
        let by_flags = by_flags.env("ROWMILL", env!("CARGO_BIN_EXE_rowmill")).out();
        let script =
            format!("for input; do \"$ROWMILL\" -q --dialect {name} \"$input\" || echo failed; done");
        let by_name = Run::program("sh").args(["-c", &script, "sh"]).args(&inputs);
        let by_name = by_name.env("ROWMILL", env!("CARGO_BIN_EXE_rowmill")).out();
        assert_eq!(by_flags.stdout.escape_ascii().to_string(), by_name.stdout.escape_ascii().to_string());
        assert!(by_name.stdout.len() > 1000, "{name}");
    }
}

#[test]
fn a_dialect_that_there_is_not_is_wrong_usage() {
    let output = Run::rowmill().args(["--dialect", "oracle", "-"]).stdin("a\n").out();
    output.expect_status(2);
    for name in NAMES {
        assert!(output.stderr.contains(name), "{}", output.stderr);
    }
}

#[test]
fn a_letter_cannot_separate_and_be_an_escape() {
    for args in [["-d", "n"], ["-d", "."], ["--quote", "0"], ["--terminator", "x"], ["--escape", "q"]] {
        let output = Run::rowmill().args(["--dialect", "postgres"]).args(args).arg("-").stdin("a\n").out();
        output.expect_status(2);
        assert!(output.stderr.contains("has a meaning in --escapes postgres"), "{}", output.stderr);
        Run::rowmill()
            .args(["--dialect", "postgres", "--escapes", "literal"])
            .args(args)
            .arg("-")
            .stdin("a\n")
            .out()
            .expect_status(0);
    }
}

/// Text of `n` records, the mark, and as many behind it.
fn marked(n: usize) -> String {
    let records = |from: usize| (from..from + n).map(|i| format!("{i}\tx\\ny\n")).collect::<String>();
    format!("n\tx\n{}\\.\n{}", records(0), records(n))
}

#[test]
fn the_mark_ends_the_data_for_plans_ranges_and_workers() {
    let place = Place::new();
    place.write("in.tsv", marked(5000));
    let whole =
        place.rowmill().args(["--dialect", "postgres", "in.tsv", "-j", "2", "--window", "1000"]).out();
    whole.expect_status(0);
    assert_eq!(whole.stdout.iter().filter(|byte| **byte == b'\n').count(), 5000);
    assert!(whole.stderr.contains(r"the data ends on line 5002, with \.;"), "{}", whole.stderr);

    let plan = place.rowmill().args(["plan", "--dialect", "postgres", "in.tsv", "--ranges", "7"]).out();
    plan.expect_status(0);
    place.write("plan", &plan.stdout);
    place.rowmill().args(["worker", "plan", "-o", "parts"]).out().expect_status(0);
    place.rowmill().args(["verify", "plan", "-o", "parts"]).out().expect_status(0);
    let mut joined = Vec::new();
    let mut parts: Vec<_> =
        fs::read_dir(place.path("parts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.retain(|path| path.extension().is_some_and(|name| name == "jsonl"));
    parts.sort();
    parts.iter().for_each(|path| joined.extend(fs::read(path).unwrap()));
    assert!(joined == whole.stdout, "the parts join to the whole");
    let ranges: Vec<Value> = plan
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    let last = ranges.last().unwrap();
    assert_eq!(last["end"], place.read("in.tsv").len(), "the last range has what is behind the mark");

    // A range behind the mark holds nothing, and so adds nothing to an array.
    let size = place.read("in.tsv").len();
    let mark = marked(5000).find("\\.").unwrap();
    for at in [mark, mark + 3, mark + 3 + "5000\tx\\ny\n".len()] {
        let part = |range: String| {
            let run = place.rowmill().args(["--dialect", "postgres", "--format", "json", "-q", "in.tsv"]);
            let output = run.args(["--range", &range]).out();
            output.expect_status(0);
            output.stdout
        };
        let joined = [part(format!("0..{at}")), part(format!("{at}..{size}"))].concat();
        let whole = place.rowmill().args(["--dialect", "postgres", "--format", "json", "-q", "in.tsv"]).out();
        assert!(joined == whole.stdout, "cut at {at}: {}", joined.escape_ascii());
    }
}

#[test]
fn each_input_has_its_own_end() {
    let place = Place::new();
    place.write("a.tsv", "n\tx\n1\ta\n\\.\n2\tb\n");
    place.write("b.tsv", "n\tx\n3\tc\n\\.");
    let output = place.rowmill().args(["--dialect", "postgres", "a.tsv", "b.tsv"]).out();
    output.expect_status(0).expect_stdout("{\"n\":\"1\",\"x\":\"a\"}\n{\"n\":\"3\",\"x\":\"c\"}\n");
}

#[test]
fn an_input_that_ended_is_not_gone_on_with() {
    let place = Place::new();
    place.write("a.tsv", marked(100));
    place.write("b.tsv", marked(200_000));
    let run = || place.rowmill().args(["--dialect", "postgres", "a.tsv", "b.tsv"]);
    let whole = run().args(["-o", "whole.jsonl"]).out();
    whole.expect_status(0);
    let args = ["-o", "out.jsonl", "--resume", "--checkpoint-every", "100000", "--limit-rate", "2000000"];
    let mut running = run().args(args).start();
    assert!(running.until_it_wrote(1_000_000), "it is slow");
    running.signal(rustix::process::Signal::KILL);
    running.finish();
    let rest = run().args(&args[..5]).out();
    rest.expect_status(0);
    assert!(rest.stderr.contains("an earlier run"), "{}", rest.stderr);
    assert!(place.read("out.jsonl") == place.read("whole.jsonl"));
    for file in ["a.tsv: the data ends on line 102", "b.tsv: the data ends on line 200002"] {
        assert!(rest.stderr.contains(file) && whole.stderr.contains(file), "{}", rest.stderr);
    }
}
