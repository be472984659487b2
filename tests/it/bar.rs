//! The progress bar of a terminal, its lines where there is none, and what binds.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Place, Run, has, people};

/// The bar's lines as a terminal of that width shows them, from a conversion whose output the test
/// takes slowly.
fn bar(columns: u16, no_color: bool) -> String {
    let place = Place::new();
    let input = place.people("in.csv", 32 << 20);
    let mut run = place.rowmill().arg(&input.path).terminal(columns);
    if no_color {
        run = run.env("NO_COLOR", "1");
    }
    sipped(run)
}

/// What a terminal shows of a run whose output the test takes slowly.
fn sipped(run: Run) -> String {
    let mut running = run.start();
    let mut stdout = running.stdout();
    let mut sip = vec![0; 8 << 20];
    for _ in 0..5 {
        stdout.read_exact(&mut sip).unwrap();
        thread::sleep(Duration::from_millis(250));
    }
    thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    let output = running.finish();
    output.expect_status(0);
    output.stderr
}

#[test]
fn the_bar_fits_its_terminal_and_tells_what_binds() {
    for (columns, no_color, parts) in [
        (40, false, &["% 0:0", "/s output "][..]),
        (80, false, &["[=", "% 0:0", " left ", "K records ", "/s output "]),
        (200, true, &["[=", "%  0:0", " left  ", " records ", "  in ", "/s  out ", "output-bound  mem "]),
    ] {
        let shown = bar(columns, no_color);
        // Between the controls that draw it anew; the summary behind the last is text and may wrap.
        let lines: Vec<&str> = shown.split(['\r', '\n', '\u{1b}']).collect();
        let drawn: Vec<&str> = lines
            .iter()
            .map(|line| {
                line.trim_start_matches(|c: char| c == '[' || c.is_ascii_digit() || c == 'K' || c == 'A')
            })
            .filter(|line| line.contains("% "))
            .collect();
        assert!(!drawn.is_empty(), "{columns} columns: {shown:?}");
        for line in &drawn {
            assert!(line.chars().count() <= usize::from(columns), "{columns} columns: {line:?}");
        }
        for part in parts {
            assert!(shown.contains(part), "{columns} columns: no {part:?} in {drawn:?}");
        }
        assert!(!shown.contains("\u{1b}[3"), "no colours: {shown:?}");
        // What is left on the terminal is the summary alone.
        let (_, left) = shown.rsplit_once("\u{1b}[2K").expect("it clears its line");
        assert!(left.starts_with(|c: char| c.is_ascii_digit()) && left.contains(" records in "), "{left:?}");
    }
}

/// Of a compressed file the share is that of its own bytes, which says how far it is as nothing
/// else does.
#[test]
fn the_bar_of_a_compressed_file_tells_the_share_of_its_bytes() {
    if !has("gzip", "the bar of a compressed file") {
        return;
    }
    let place = Place::new();
    place.people("in.csv", 32 << 20);
    place.shell("gzip -1 in.csv").out().expect_status(0);
    let shown = sipped(place.rowmill().arg("in.csv.gz").terminal(80));
    let shares =
        shown.split('%').filter_map(|before| before.rsplit([' ', 'm', 'K', '[']).next()?.parse::<u64>().ok());
    let shares: Vec<u64> = shares.collect();
    assert!(
        shares.is_sorted() && shares.iter().any(|share| (5..90).contains(share)),
        "{shares:?} in {shown:?}"
    );
}

/// Nobody knows how much a pipe holds: the bar shows how much there was, and no share.
#[test]
fn the_bar_of_a_pipe_tells_what_it_waits_for() {
    let mut running = Run::rowmill().args(["-", "-o", "/dev/null"]).terminal(80).start();
    for _ in 0..5 {
        running.stdin_ref().write_all(&people(20_000)).unwrap();
        thread::sleep(Duration::from_millis(250));
    }
    let output = running.finish();
    output.expect_status(0).expect_stderr("K records ").expect_stderr("/s input ");
    assert!(!output.stderr.contains('%'), "{:?}", output.stderr);
}

/// Neither where silence was asked for, nor where the records go to the terminal themselves.
#[test]
fn there_is_no_bar_where_silence_was_asked_for() {
    let mut running = Run::rowmill().args(["-q", "-"]).terminal(80).start();
    for _ in 0..3 {
        running.stdin_ref().write_all(b"a\n1\n").unwrap();
        thread::sleep(Duration::from_millis(250));
    }
    let output = running.finish();
    output.expect_status(0);
    assert_eq!(output.stderr, "");
}

/// An error stands on a clean line, and so does what comes after a signal.
#[test]
fn the_bar_is_gone_before_an_error_or_a_signal() {
    for signal in [true, false] {
        let mut running = Run::rowmill().args(["--strict", "-", "-o", "/dev/null"]).terminal(80).start();
        running.stdin_ref().write_all(&people(20_000)).unwrap();
        thread::sleep(Duration::from_millis(700));
        let told = if signal {
            running.signal(Signal::INT);
            // Not by the end of its input, which comes with finish().
            running.ends_within(Duration::from_secs(2));
            ""
        } else {
            running.stdin_ref().write_all(b"short\n").unwrap();
            "rowmill: stdin: line "
        };
        let output = running.finish();
        output.expect_status(if signal { 130 } else { 1 });
        let (_, left) = output.stderr.rsplit_once("\u{1b}[2K").expect("it clears its line");
        assert!(left.starts_with(told), "{left:?}");
        assert_eq!(left.lines().count(), usize::from(!signal), "{left:?}");
    }
}

#[test]
fn there_is_no_bar_on_a_pipe() {
    let place = Place::new();
    let input = place.people("in.csv", 8 << 20);
    let mut running = place.rowmill().arg(&input.path).start();
    let mut stdout = running.stdout();
    thread::sleep(Duration::from_millis(500));
    thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    let output = running.finish();
    assert!(!output.stderr.contains('%') && !output.stderr.contains('\r'), "{}", output.stderr);
}

#[test]
fn what_binds_is_what_is_waited_for() {
    let place = Place::new();
    place.people("in.csv", 8 << 20);
    let slow_consumer = "$ROWMILL in.csv --stats stats | { sleep 1; cat >/dev/null; }";
    let slow_producer = "{ sleep 1; cat in.csv; } | $ROWMILL --stats stats >/dev/null";
    // It waits for the limit too, but less.
    let limited = slow_consumer.replace("--stats", "--limit-rate 80M --stats");
    for (script, expected) in [(slow_consumer, "output"), (slow_producer, "input"), (&limited, "output")] {
        place.shell(script).out().expect_status(0);
        let stats: Value = serde_json::from_slice(&place.read("stats")).unwrap();
        assert_eq!(stats["bound_by"], expected, "{script}: {stats}");
    }
}

#[test]
fn threads_that_wait_for_each_other_do_not_blame_the_output() {
    let place = Place::new();
    let input = place.people("in.csv", 64 << 20);
    let args = ["-j", "16", "-o", "/dev/null"];
    let output = place.rowmill().arg(&input.path).args(args).with_stats().out();
    assert_ne!(output.stats()["bound_by"], "output", "{}", output.stats());
}

/// Lines for the log of a job, only if they are asked for.
#[test]
fn progress_is_printed_where_there_is_no_terminal() {
    let place = Place::new();
    let input = place.people("in.csv", 1 << 20);
    let args = ["--limit-rate", "800K", "-o", "/dev/null"];
    let output = place.rowmill().arg(&input.path).args(args).arg("--progress=1").out();
    output.expect_status(0);
    let line = output.stderr.lines().find(|line| line.contains("% ") || line.contains("%,")).expect("a line");
    for part in [
        "T",
        "Z ",
        "%, 0:0",
        " left, ",
        " records, 0 anomalies, in ",
        "/s, out ",
        ", rate-limit bound, memory ",
    ] {
        assert!(line.contains(part), "{part:?} in {line:?}");
    }
    let output = place.rowmill().arg(&input.path).args(args).out();
    assert!(!output.stderr.contains("% "), "{}", output.stderr);
    for args in [&["--progress=0"][..], &["--progress=x"], &["--progress", "-q"]] {
        place.rowmill().arg("in.csv").args(args).out().expect_status(2);
    }
    place.rowmill().args(["in.csv", "-o", "/dev/null", "--progress"]).out().expect_status(0);
    // Typed apart, a number is no input, unless a file is called so.
    place.rowmill().args(["in.csv", "-o", "/dev/null", "--progress", "60"]).out().expect_status(0);
    place.write("60", "a\n1\n");
    let output = place.rowmill().args(["--progress", "60"]).out();
    output.expect_status(0).expect_stdout("{\"a\":\"1\"}\n");
}
