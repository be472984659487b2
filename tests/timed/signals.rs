//! Ctrl-C, `kill` and a closed terminal: the run ends at once, with what stood under the output's
//! name as it was and nothing left behind.

use std::fs;
use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::alone;
use crate::harness::{Case, EARLIER, INPUT, Numbers, Place, RESULT, large, people};

#[test]
fn a_signal_half_way_ends_it_and_leaves_what_was_there() {
    let _alone = alone();
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let case = Case::new();
        let args = ["-", "-o", "out.jsonl", "--rejects", "bad.csv", "--stats", "stats.json"];
        let mut running = case.place.rowmill().args(args).start();
        running.stdin_ref().write_all(&people(20_000)).unwrap();
        running.until_it_waits();
        running.signal(signal);
        running.ends_within(Duration::from_secs(10));
        let output = running.finish();
        output.expect_status(status);
        let mut lines = output.stderr.lines();
        assert!(lines.all(|line| line.starts_with("rowmill: note: ")), "{}", output.stderr);
        case.expect_untouched();
    }
}

/// Nobody reads what it writes, so it sleeps in the write.
#[test]
fn a_signal_ends_it_while_it_waits_for_its_consumer() {
    let _alone = alone();
    let place = Place::new();
    let input = place.people("in.csv", 8 << 20);
    let mut running = place.rowmill().args(["-j", "2"]).arg(&input.path).start();
    running.stdout_ref().read_exact(&mut [0; 1000]).unwrap();
    running.until_it_waits();
    running.signal(Signal::INT);
    running.ends_within(Duration::from_secs(10));
    running.finish().expect_status(130);
}

/// Nobody opens the other end of the FIFO, so it sleeps in the opening.
#[test]
fn a_signal_ends_it_while_it_waits_for_a_fifo_to_open() {
    let _alone = alone();
    for args in [["fifo", "-o", "out.jsonl"], ["in.csv", "-o", "fifo"]] {
        let place = Place::new();
        place.fifo("fifo");
        place.write("in.csv", INPUT);
        place.write("out.jsonl", EARLIER);
        let case = Case::of(place);
        let mut running = case.place.rowmill().args(args).start();
        running.until_it_waits();
        assert!(!running.is_done());
        running.signal(Signal::TERM);
        running.ends_within(Duration::from_secs(10));
        running.finish().expect_status(143);
        case.expect_untouched();
    }
}

#[test]
fn nohup_keeps_it_alive() {
    let _alone = alone();
    let case = Case::new();
    let script = "trap '' HUP; exec \"$ROWMILL\" -q - -o new.jsonl";
    let mut running = case.place.shell(script).start();
    running.stdin_ref().write_all(INPUT.as_bytes()).unwrap();
    running.until_it_waits();
    running.signal(Signal::HUP);
    // A signal is delivered before the end of the input can be.
    running.finish().expect_status(0);
    assert_eq!(case.place.read("new.jsonl"), RESULT.as_bytes());
}

/// At any moment, with a file of that name or without: it shows a whole file, or what was
/// there before.
#[test]
fn killed_at_any_moment_a_name_shows_a_whole_file_or_what_was_there() {
    let _alone = alone();
    let place = Place::new();
    let input = place.people("in.csv", 12 << 20);
    let whole = place.rowmill().arg(&input.path).out();
    whole.expect_status(0);
    let n_bytes = whole.stdout.len();
    let is_whole =
        |place: &Place| fs::metadata(place.path("out.jsonl")).is_ok_and(|file| file.len() == n_bytes as u64);
    let mut numbers = Numbers(1);
    let (mut n_before, mut n_whole, mut n_left) = (0, 0, 0);
    let trials = if large() { 500 } else { 60 };
    for trial in 0..trials {
        let earlier = trial % 2 == 0;
        if earlier {
            place.write("out.jsonl", EARLIER);
        }
        let mut running = place.rowmill().arg(&input.path).args(["-o", "out.jsonl"]).start();
        // Most of them around the end, where the name is given; some when it was.
        match trial % 6 {
            0 | 1 => drop(running.until_it_wrote(numbers.below(n_bytes) as u64)),
            2 => drop(running.until(|_| is_whole(&place))),
            _ => {
                running.until_it_wrote(n_bytes as u64);
                thread::sleep(Duration::from_micros(numbers.below(2000) as u64));
            }
        }
        if !running.is_done() {
            running.signal(Signal::KILL);
        }
        running.finish();
        match fs::read(place.path("out.jsonl")) {
            Ok(bytes) if bytes == whole.stdout => n_whole += 1,
            Ok(bytes) => {
                assert!(earlier && bytes == EARLIER.as_bytes(), "{} bytes under the name", bytes.len());
                n_before += 1;
            }
            Err(_) => {
                assert!(!earlier, "what was there is gone");
                n_before += 1;
            }
        }
        // A kill between the two calls that replace a file leaves the second name.
        for name in place.names() {
            if !["in.csv", "out.jsonl"].contains(&&*name) {
                n_left += 1;
                fs::remove_file(place.path(&name)).unwrap();
            }
        }
        let _ = fs::remove_file(place.path("out.jsonl"));
    }
    println!("{n_before} as before, {n_whole} whole, {n_left} second names left");
    assert!(n_before > trials / 5 && n_whole > trials / 20 && n_left <= trials / 20 + 1);
}

/// SIGINT, SIGTERM and SIGHUP at any moment: gone within a second, with nothing left behind.
#[test]
fn a_signal_at_any_moment_leaves_nothing_behind() {
    let _alone = alone();
    let mut numbers = Numbers(2);
    let place = Place::new();
    let input = place.people("in.csv", 12 << 20);
    place.rowmill().arg(&input.path).args(["-o", "out.jsonl"]).out().expect_status(0);
    let whole = place.read("out.jsonl");
    let mut n_ended = 0;
    let trials = if large() { 300 } else { 45 };
    for trial in 0..trials {
        let (signal, status) = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)][trial % 3];
        place.write("out.jsonl", EARLIER);
        let mut running = place.rowmill().arg(&input.path).args(["-o", "out.jsonl"]).start();
        running.until_it_catches(signal);
        if !running.until_it_wrote((whole.len() * numbers.below(1050) / 1000) as u64) {
            running.finish().expect_status(0);
            continue;
        }
        running.signal(signal);
        running.ends_within(Duration::from_secs(10));
        let output = running.finish();
        let now = place.read("out.jsonl");
        if output.status.code() == Some(0) {
            assert!(now == whole);
        } else {
            output.expect_status(status);
            assert!(now == EARLIER.as_bytes() || now == whole, "{} bytes under the name", now.len());
            n_ended += 1;
        }
        assert_eq!(place.names(), ["in.csv", "out.jsonl"]);
    }
    assert!(n_ended > trials / 3, "{n_ended} of {trials}");
}
