//! Ctrl-C, `kill` and a closed terminal: the run ends at once, with what stood under the output's name as it was and nothing left behind.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Place, people};
use crate::usage::{Case, EARLIER, INPUT, RESULT, make_fifo};

#[test]
fn a_signal_half_way_ends_it_and_leaves_what_was_there() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let case = Case::new();
        let args = ["-", "-o", "out.jsonl", "--rejects", "bad.csv", "--stats", "stats.json"];
        let mut running = case.place.rowmill().args(args).start();
        running.stdin_ref().write_all(&people(20_000)).unwrap();
        running.until_it_waits();
        running.signal(signal);
        running.ends_within(Duration::from_secs(1));
        let output = running.finish();
        output.expect_status(status);
        assert_eq!(output.stderr, "");
        case.expect_untouched();
    }
}

/// Nobody reads what it writes, so it sleeps in the write.
#[test]
fn a_signal_ends_it_while_it_waits_for_its_consumer() {
    let place = Place::new();
    let input = place.people("in.csv", 8 << 20);
    let mut running = place.rowmill().args(["-j", "2"]).arg(&input.path).start();
    running.stdout_ref().read_exact(&mut [0; 1000]).unwrap();
    running.until_it_waits();
    running.signal(Signal::INT);
    running.ends_within(Duration::from_secs(1));
    running.finish().expect_status(130);
}

/// Nobody opens the other end of the FIFO, so it sleeps in the opening.
#[test]
fn a_signal_ends_it_while_it_waits_for_a_fifo_to_open() {
    for args in [["fifo", "-o", "out.jsonl"], ["in.csv", "-o", "fifo"]] {
        let place = Place::new();
        make_fifo(&place, "fifo");
        place.write("in.csv", INPUT);
        place.write("out.jsonl", EARLIER);
        let case = Case::of(place);
        let mut running = case.place.rowmill().args(args).start();
        running.until_it_waits();
        assert!(!running.is_done());
        running.signal(Signal::TERM);
        running.ends_within(Duration::from_secs(1));
        running.finish().expect_status(143);
        case.expect_untouched();
    }
}

/// Half-way at full speed, at any moment: either the whole result is there and nothing is wrong, or nothing is.
#[test]
fn a_signal_at_any_moment_leaves_all_or_nothing() {
    let place = Place::new();
    let input = place.people("in.csv", 4 << 20);
    place.rowmill().arg("-q").arg(&input.path).args(["-o", "whole.jsonl"]).out().expect_status(0);
    let whole = place.read("whole.jsonl");
    let mut n_ended = 0;
    for i in 0..30 {
        place.write("out.jsonl", EARLIER);
        let running =
            place.rowmill().args(["-q", "-j", "2"]).arg(&input.path).args(["-o", "out.jsonl"]).start();
        thread::sleep(Duration::from_micros(1500 * i));
        running.signal(Signal::TERM);
        let output = running.finish();
        assert_eq!(place.names(), ["in.csv", "out.jsonl", "whole.jsonl"]);
        let result = place.read("out.jsonl");
        match output.status.code() {
            Some(0) => assert!(result == whole, "the whole result"),
            // By the signal itself, where it came before we took it over.
            Some(143) | None => {
                n_ended += 1;
                assert!(result == EARLIER.as_bytes() || result == whole, "{} bytes", result.len());
            }
            _ => panic!("{}: {}", output.status, output.stderr),
        }
    }
    assert!(n_ended > 0, "not one signal came in time");
}

#[test]
fn nohup_keeps_it_alive() {
    let case = Case::new();
    let script = "trap '' HUP; exec \"$ROWMILL\" -q - -o new.jsonl";
    let mut running = case.place.shell(script).start();
    running.stdin_ref().write_all(INPUT.as_bytes()).unwrap();
    running.until_it_waits();
    running.signal(Signal::HUP);
    thread::sleep(Duration::from_millis(50));
    assert!(!running.is_done());
    running.finish().expect_status(0);
    assert_eq!(case.place.read("new.jsonl"), RESULT.as_bytes());
}
