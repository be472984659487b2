//! `--max-errors`: which record ends a run, whatever the threads, windows and sources.

use std::fmt::Write as _;

use crate::harness::{Numbers, Place};

/// A file with anomalies of all kinds here and there, in quoted records too.
fn write(place: &Place, n_records: usize) {
    let mut numbers = Numbers(9);
    let mut csv = b"id,n,note\n".to_vec();
    for i in 0..n_records {
        let mut line = String::new();
        let note = if numbers.below(3) == 0 { "\"two\nlines, and \"\"quotes\"\"\"" } else { "plain" };
        let _ = match numbers.below(12) {
            0 => writeln!(line, "{i},x,{note}"),
            1 => writeln!(line, "{i}"),
            2 => writeln!(line, "{i},1,{note},more"),
            3 => writeln!(line, "{i},\"1\"2,{note}"),
            _ => writeln!(line, "{i},{},{note}", i % 7),
        };
        csv.extend_from_slice(line.as_bytes());
        if numbers.below(20) == 0 {
            csv.extend_from_slice(b"a,\xff,\xfe\n");
        }
    }
    place.write("in.csv", csv);
}

const WAYS: [&[&str]; 6] = [
    &["-j1"],
    &["-j1", "--window", "300"],
    &["-j3", "--window", "64"],
    &["-j7", "--window", "1000", "--io", "read"],
    &["-j2", "--window", "4096"],
    &["-j3", "--window", "2000", "--check"],
];

#[test]
fn the_same_record_ends_a_run_however_it_is_run() {
    let place = Place::new();
    write(&place, 2000);
    let run = |most: &str, more: &[&str]| {
        let args = ["-q", "--type", "n=int", "--max-errors", most, "in.csv"];
        place.rowmill().args(args).args(more).out()
    };
    let all = place.rowmill().args(["-q", "--type", "n=int", "in.csv"]).with_stats().out();
    let anomalies = all.stats()["anomalies"].as_object().unwrap().clone();
    let n: u64 = anomalies.values().map(|seen| seen["count"].as_u64().unwrap()).sum();
    assert!(n > 500, "{n}");
    for most in [0, 1, 2, 17, n / 2, n - 1] {
        let expected = run(&most.to_string(), WAYS[0]);
        expected.expect_one_line("").expect_status(1);
        let words = format!("; --max-errors allows {most}");
        assert!(expected.stderr.contains(&words), "{}", expected.stderr);
        for more in &WAYS[1..] {
            let out = run(&most.to_string(), more);
            out.expect_status(1);
            assert_eq!(out.stderr, expected.stderr, "{most} {more:?}");
            if !more.contains(&"--check") {
                assert_eq!(out.stdout, expected.stdout, "{most} {more:?}");
            }
        }
        // What is before it is what a run without a limit gives.
        assert!(all.stdout.starts_with(&expected.stdout));
    }
    for more in WAYS {
        let out = run(&n.to_string(), more);
        out.expect_status(0);
        if !more.contains(&"--check") {
            assert_eq!(out.stdout, all.stdout, "{more:?}");
        }
    }
}

/// The first error of a run that may have none is that of a strict one.
#[test]
fn none_at_all_is_strict() {
    let place = Place::new();
    write(&place, 200);
    let place_of = |args: &[&str]| {
        let out = place.rowmill().args(["-q", "--type", "n=int", "in.csv"]).args(args).out();
        out.expect_status(1);
        out.stderr.split(", column").next().unwrap().to_owned()
    };
    assert_eq!(place_of(&["--strict"]), place_of(&["--max-errors", "0"]));
}

#[test]
fn nothing_appears_under_the_names() {
    let place = Place::new();
    write(&place, 500);
    let before = place.names();
    for most in ["3", "1%"] {
        let args = ["-q", "in.csv", "-o", "out.jsonl", "--rejects", "bad.csv", "--max-errors", most];
        for more in [&["-j1"][..], &["-j3", "--window", "200"]] {
            place.rowmill().args(args).args(more).out().expect_status(1);
            assert_eq!(place.names(), before, "{most} {more:?}");
        }
    }
    let args = ["-q", "in.csv", "-o", "out.jsonl", "--rejects", "bad.csv", "--max-errors", "90%"];
    place.rowmill().args(args).out().expect_status(0);
    assert_eq!(place.names(), ["bad.csv", "bad.csv.log.jsonl", "in.csv", "out.jsonl"]);
}

/// Several inputs have one budget together, and each its own where each has its own output.
#[test]
fn inputs_share_a_budget() {
    let place = Place::new();
    for name in ["a.csv", "b.csv", "c.csv"] {
        place.write(name, "x,y\n1\n1,2\n");
    }
    let all = ["a.csv", "b.csv", "c.csv"];
    let run = |args: &[&str]| place.rowmill().args(["-q", "-o", "out.jsonl"]).args(all).args(args).out();
    run(&["--max-errors", "3"]).expect_status(0);
    run(&["--max-errors", "2"]).expect_refusal(1, "c.csv: line 2, record 1");
    run(&["--max-errors", "50%"]).expect_status(0);
    run(&["--max-errors", "100%"]).expect_status(0);
    run(&["--max-errors", "49.9999%"])
        .expect_refusal(1, "anomalies: 3, records: 6; --max-errors allows 49.9999%");
    let each = |most: &str, folder: &str| {
        place.rowmill().arg("-q").args(all).args(["--max-errors", most, "--output-dir", folder]).out()
    };
    each("1", "out").expect_status(0);
    each("0", "none").expect_status(1);
    // A name is no value, but what is no UTF-8 in it is an anomaly as elsewhere.
    place.write("d.csv", b"x\xff,y\n1,2\n");
    let one = |most: &str| place.rowmill().args(["-q", "d.csv", "-o", "d", "--max-errors", most]).out();
    one("1").expect_status(0);
    one("0").expect_refusal(1, "; --max-errors allows 0");
}

#[test]
fn what_has_no_meaning_is_refused() {
    let place = Place::new();
    place.write("in.csv", "x\n1\n");
    for typed in ["-1", "x", "1.5", "101%", "1.00001%", "%", ".5%"] {
        let most = format!("--max-errors={typed}");
        place
            .rowmill()
            .args(["in.csv", &most])
            .out()
            .expect_refusal(2, "takes a number, or a share of up to four decimals as 0.5%");
    }
    let strict = place.rowmill().args(["in.csv", "--strict", "--max-errors", "1"]).out();
    strict.expect_refusal(2, "--strict and --max-errors exclude each other");
    let range = place.rowmill().args(["in.csv", "--range", "0..3", "--max-errors", "1"]).out();
    range.expect_refusal(2, "cannot be combined with --max-errors");
}

/// A record that is too long counts where such are rejected, wherever its line is cut.
#[test]
fn records_that_are_too_long_count() {
    let place = Place::new();
    let long = "y".repeat(5000);
    place.write("in.csv", format!("a,b\n1,2\n{long},1\n3,4\n{long},2\n5,6\n"));
    for window in ["64", "700", "1M"] {
        let run = |most: &str| {
            let args = [
                "-q",
                "in.csv",
                "--max-record",
                "100",
                "--rejects",
                "bad.csv",
                "-o",
                "out",
                "--max-errors",
                most,
            ];
            place.rowmill().args(args).args(["--window", window]).out()
        };
        run("2").expect_status(0);
        run("1").expect_refusal(1, "line 5, record 4");
        run("0").expect_refusal(1, "line 3, record 2");
    }
}
