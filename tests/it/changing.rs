//! Inputs that change while they are read, mapped or not: an error that names the place and no
//! result, but never a crash.
//!
//! [`HalfWay`] stops a run at a known point by a FIFO that nobody reads, so that the change comes
//! neither too early nor too late; the last test changes the file at any moment, for what comes
//! between.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::harness::{Case, EARLIER, INPUT, Numbers, Output, PEOPLE_HEADER, Place, Running, large, people};

/// A run that stands still after the first quarter of a megabyte of 8: the records to be rejected
/// go to a FIFO that nobody reads.
struct HalfWay {
    case: Case,
    running: Running,
    rejects: File,
    input: PathBuf,
    size: u64,
}

impl HalfWay {
    fn stop(io: &str) -> HalfWay {
        let place = Place::new();
        let some_rejected = "some text,1\nshort\n".repeat(60_000);
        let rest = "some text,1\n".repeat(600_000);
        let input = place.write("changing.csv", format!("a,b\n{some_rejected}{rest}"));
        let size = fs::metadata(&input).unwrap().len();
        place.fifo("rejects");
        place.fifo("rejects.log.jsonl");
        place.write("in.csv", INPUT);
        place.write("out.jsonl", EARLIER);
        let case = Case::of(place);
        // Opened for both, so that neither side waits for the other; the log is read, the rejects
        // are not.
        let open = |name| OpenOptions::new().read(true).write(true).open(case.place.path(name)).unwrap();
        let (rejects, mut log) = (open("rejects"), open("rejects.log.jsonl"));
        thread::spawn(move || while log.read(&mut [0; 1 << 16]).is_ok_and(|n| n > 0) {});
        let args = ["changing.csv", "-j", "2", "--io", io, "-o", "out.jsonl", "--rejects", "rejects"];
        let mut running = case.place.rowmill().args(args).start();
        running.until_it_waits();
        assert!(!running.is_done(), "it waits for its rejects to be read");
        HalfWay { case, running, rejects, input, size }
    }

    /// Reads the rejects, so that it goes on to its end.
    fn go_on(self) -> (Case, Output) {
        let mut rejects = self.rejects;
        thread::spawn(move || while rejects.read(&mut [0; 1 << 16]).is_ok_and(|n| n > 0) {});
        (self.case, self.running.finish())
    }

    #[track_caller]
    fn told_as(self, how: &str) {
        let size = self.size;
        let (case, output) = self.go_on();
        output
            .expect_status(1)
            .expect_one_line(&format!("changing.csv: the file {how} while it was read, seen at byte "));
        let (_, at) = output.stderr.split_once("at byte ").unwrap();
        let at: u64 = at.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
        assert!(at <= size, "byte {at} of {size}");
        case.expect_untouched();
    }
}

const IOS: [&str; 2] = ["mmap", "read"];

#[test]
fn an_input_cut_short_is_an_error_and_no_result() {
    for io in IOS {
        // To nothing, within what is being read, within a page, and far behind.
        for left in [0, 300_000, 1_000_001, 8_000_000] {
            let half_way = HalfWay::stop(io);
            OpenOptions::new().write(true).open(&half_way.input).unwrap().set_len(left).unwrap();
            half_way.told_as("became shorter");
        }
    }
}

#[test]
fn an_input_rewritten_in_place_is_an_error_and_no_result() {
    for io in IOS {
        let half_way = HalfWay::stop(io);
        let mut file = OpenOptions::new().write(true).open(&half_way.input).unwrap();
        file.seek(SeekFrom::Start(7_000_000)).unwrap();
        file.write_all(b"another text").unwrap();
        half_way.told_as("was rewritten");
        // Shorter and as long again, as an editor or a restarted export leaves it.
        let half_way = HalfWay::stop(io);
        let file = OpenOptions::new().write(true).open(&half_way.input).unwrap();
        file.set_len(0).unwrap();
        file.set_len(half_way.size).unwrap();
        half_way.told_as("was rewritten");
    }
}

#[test]
fn an_input_that_grows_is_converted_as_it_was_with_a_warning() {
    for io in IOS {
        let half_way = HalfWay::stop(io);
        let mut file = OpenOptions::new().append(true).open(&half_way.input).unwrap();
        file.write_all(b"one more,2\n").unwrap();
        let size = half_way.size;
        let (case, output) = half_way.go_on();
        output.expect_status(0).expect_stderr("720,000 records in ");
        output
            .expect_stderr(&format!("changing.csv: the file grew while it was read; only the {size} bytes"));
        assert_eq!(
            case.place.read("out.jsonl"),
            "{\"a\":\"some text\",\"b\":\"1\"}\n".repeat(660_000).as_bytes()
        );
    }
}

/// Another file under the same name, as most editors and exports leave it, is no change of the one
/// that is open.
#[test]
fn an_input_replaced_by_another_is_read_to_its_end() {
    for io in IOS {
        let half_way = HalfWay::stop(io);
        fs::remove_file(&half_way.input).unwrap();
        fs::write(&half_way.input, "x\n1\n").unwrap();
        let (_, output) = half_way.go_on();
        output.expect_status(0).expect_stderr("720,000 records in ");
    }
}

/// But where its turn is still to come: its header was looked at before anything was written, and
/// with `--resume` what it holds.
#[test]
fn an_input_replaced_before_its_turn_is_an_error() {
    let case = Case::new();
    case.place.write("later.csv", INPUT);
    let mut running = case.place.rowmill().args(["-q", "-", "later.csv", "-o", "out.jsonl"]).start();
    running.stdin_ref().write_all(&people(30_000)).unwrap();
    running.until_it_waits();
    fs::remove_file(case.place.path("later.csv")).unwrap();
    case.place.write("later.csv", "x\n1\n");
    running.finish().expect_status(1).expect_one_line("later.csv: the file was replaced while it was read");
    assert_eq!(case.place.read("out.jsonl"), EARLIER.as_bytes());
}

/// What is done to a file at some moment.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Cut,
    Extended,
    Rewritten,
}

/// At full speed, at any moment: never a SIGBUS, never half a result under the name, never a byte
/// released that the file did not have.
#[test]
fn changed_at_any_moment_nothing_wrong_is_released() {
    let place = Place::new();
    let n_bytes = 16 << 20;
    let block = people(1000);
    let full = [PEOPLE_HEADER, &block.repeat(n_bytes / block.len())].concat();
    place.write("expected.csv", &full);
    let whole = place.rowmill().args(["-q", "expected.csv"]).out().stdout;
    let mut numbers = Numbers(3);
    let (mut n_told, mut n_whole) = (0, 0);
    let trials = if large() { 500 } else { 60 };
    for trial in 0..trials {
        let path = place.write("in.csv", &full);
        // Older than the file system's clock can tell apart.
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(10)).unwrap();
        let change = [Change::Cut, Change::Extended, Change::Rewritten][trial % 3];
        let to_file = numbers.below(2) == 0;
        let io = ["mmap", "read"][numbers.below(2)];
        let args = ["-q", "-j", ["1", "2", "5"][numbers.below(3)], "--io", io, "in.csv"];
        let mut run = place.rowmill().args(args);
        if to_file {
            run = run.args(["-o", "out.jsonl"]);
        }
        let mut running = run.start();
        let mut stdout = running.stdout();
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).map(|_| bytes).unwrap()
        });
        running.until_it_wrote((whole.len() / 1000 * numbers.below(1200)) as u64);
        let at = numbers.below(full.len()) as u64;
        let mut file = file;
        match change {
            Change::Cut => file.set_len(at).unwrap(),
            Change::Extended => {
                file.seek(SeekFrom::End(0)).unwrap();
                file.write_all(b"one,more,ZZZZ").unwrap();
            }
            Change::Rewritten => {
                file.seek(SeekFrom::Start(at / 2)).unwrap();
                file.write_all(&vec![b'Z'; numbers.below(100_000)]).unwrap();
            }
        }
        let output = running.finish();
        let released = reader.join().unwrap();
        let what = || format!("{change:?}, {args:?}, {}: {}", output.status, output.stderr);
        match output.status.code() {
            Some(0) => {
                let result = if to_file { place.read("out.jsonl") } else { released };
                let _ = fs::remove_file(place.path("out.jsonl"));
                // It may have been opened after the change: then that is what it had.
                let opened_late = result != whole && {
                    let now = place.rowmill().args(["-q", "in.csv"]).out().stdout;
                    result == now || change == Change::Extended && result == whole
                };
                assert!(result == whole || opened_late, "{}", what());
                n_whole += 1;
            }
            Some(1) => {
                n_told += 1;
                let how =
                    if output.stderr.contains("rewritten") { "was rewritten" } else { "became shorter" };
                output.expect_one_line(&format!("in.csv: the file {how} while it was read, seen at byte "));
                assert!(!place.path("out.jsonl").exists(), "{}", what());
                assert!(whole.starts_with(&released), "{}", what());
            }
            _ => panic!("{}", what()),
        }
        assert_eq!(place.names(), ["expected.csv", "in.csv"]);
    }
    println!("{n_told} told, {n_whole} whole");
    assert!(n_told > trials / 10 && n_whole > trials / 10, "{n_told} told, {n_whole} whole");
}
