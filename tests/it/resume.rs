//! `--resume`: cut off at any moment, the same command goes on, and the result is that of an
//! undisturbed run.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Numbers, Output, PEOPLE_HEADER, Place, Run, Strace, has, large, odd, people};

const PARTIAL: &str = ".out.jsonl.rowmill-partial";
const CHECKPOINT: &str = ".out.jsonl.rowmill-checkpoint";
/// Between checkpoints, here.
const EVERY: u64 = 1 << 20;

/// A conversion that is cut off and gone on with.
struct Case {
    place: Place,
    args: Vec<&'static str>,
    whole: Output,
}

impl Case {
    /// Of the inputs that `make` writes; `args` name them.
    fn new(make: impl FnOnce(&Place), args: &[&'static str]) -> Case {
        let place = Place::new();
        make(&place);
        let plain = place.rowmill().args(args).args(["-o", "whole.jsonl"]).with_stats().out();
        plain.expect_status(0);
        fs::rename(place.path("whole.jsonl"), place.path("whole")).unwrap();
        for name in ["bad", "bad.log.jsonl"] {
            let _ = fs::rename(place.path(name), place.path(&format!("whole.{name}")));
        }
        let case = Case { place, args: args.to_vec(), whole: plain };
        case.run().out().expect_status(0);
        case.expect_whole(None);
        case
    }

    fn run(&self) -> Run {
        let every = EVERY.to_string();
        let run = self.place.rowmill().args(&self.args);
        run.args(["-o", "out.jsonl", "--resume", "--checkpoint-every", &every]).with_stats()
    }

    /// That all is as an undisturbed run has it, and nothing else is there; begins anew for the
    /// next.
    fn expect_whole(&self, stats: Option<&Value>) {
        let same = |name: &str, whole: &str| {
            let got = self.place.read(name);
            assert!(got == self.place.read(whole), "{name} differs ({} bytes)", got.len());
            fs::remove_file(self.place.path(name)).unwrap();
        };
        same("out.jsonl", "whole");
        for name in ["bad", "bad.log.jsonl"] {
            if self.place.path(&format!("whole.{name}")).exists() {
                same(name, &format!("whole.{name}"));
            }
        }
        let names = self.place.names();
        assert!(!names.iter().any(|name| name.starts_with('.')), "{names:?}");
        if let Some(stats) = stats {
            for key in [
                "records",
                "records_rejected",
                "blank_records",
                "bytes_in",
                "bytes_out",
                "anomalies",
                "multiline",
            ] {
                assert_eq!(stats[key], self.whole.stats()[key], "{key}");
            }
            for key in ["header_repairs", "inputs"] {
                assert_eq!(stats[key], self.whole.stats()[key], "{key}");
            }
            // What was found of the earlier run is said first.
            let mut remarks = stats["remarks"].as_array().unwrap().clone();
            remarks.retain(|remark| {
                let remark = remark.as_str().unwrap();
                !(remark.contains("an earlier run") && remark.contains("out.jsonl"))
            });
            assert_eq!(Value::Array(remarks), self.whole.stats()["remarks"]);
        }
    }

    /// Starts it and cuts it off once it wrote `share` thousandths of the result; whether it was
    /// cut off before its end.
    fn cut_off(&self, share: usize, signal: Signal) -> bool {
        let mut running = self.run().start();
        if !running.until_it_wrote(self.whole.stat("bytes_out") * share as u64 / 1000) {
            return false;
        }
        running.signal(signal);
        running.finish();
        !self.place.path("out.jsonl").exists()
    }

    /// What of the unfinished output lies behind the last checkpoint.
    fn unsaved(&self) -> u64 {
        let len = |name: &str| fs::metadata(self.place.path(name)).map_or(0, |file| file.len());
        len(PARTIAL) - self.body().map_or(0, |body| body["files"][0][0].as_u64().unwrap())
    }

    /// What the checkpoint says.
    fn body(&self) -> Option<Value> {
        let text = fs::read_to_string(self.place.path(CHECKPOINT)).ok()?;
        Some(serde_json::from_str(text.split_once('\n')?.1).unwrap())
    }

    /// Cuts it off at `trials` random moments, each time going on once or more until the end.
    fn hold(&self, trials: usize, seed: u64) {
        let mut numbers = Numbers(seed);
        let (mut n_cut, mut n_gone_on) = (0, 0);
        while n_cut < trials {
            if !self.cut_off(numbers.below(1100), Signal::KILL) {
                if self.place.path("out.jsonl").exists() {
                    // It was done, perhaps but for the checkpoint.
                    self.run().out().expect_status(0);
                    self.expect_whole(None);
                }
                continue;
            }
            n_cut += 1;
            // The system takes what is written in between for a window's output more.
            assert!(self.unsaved() < 2 * EVERY + (4 << 20), "{} bytes would be done twice", self.unsaved());
            let gone_on = self.body().is_some();
            n_gone_on += usize::from(gone_on);
            if numbers.below(3) == 0 {
                continue;
            }
            let output = self.run().out();
            output.expect_status(0);
            self.expect_whole(gone_on.then(|| output.stats()));
        }
        let output = self.run().out();
        output.expect_status(0);
        self.expect_whole(Some(output.stats()));
        println!("cut off {n_cut} times, {n_gone_on} with a checkpoint");
        assert!(n_gone_on > trials / 4, "{n_gone_on} of {n_cut} had a checkpoint");
    }
}

/// Records of every kind under a header that is repaired.
fn repaired(n_records: usize) -> Vec<u8> {
    let records = odd(n_records);
    let header = records.iter().position(|&byte| byte == b'\n').unwrap();
    [b"a,b,a", &records[header..]].concat()
}

#[test]
fn cut_off_anywhere_it_goes_on() {
    let case = Case::new(|place| drop(place.people("in.csv", 16 << 20)), &["in.csv"]);
    case.hold(if large() { 200 } else { 25 }, 1);
}

/// What is unpacked or decoded is read again from the start, up to where it was cut off.
#[test]
fn compressed_and_decoded_inputs_go_on_too() {
    let trials = if large() { 60 } else { 12 };
    let text = [PEOPLE_HEADER, &people(120_000)].concat();
    for (program, seed) in [("gzip -1", 5), ("zstd", 6)] {
        if !has(program.split(' ').next().unwrap(), "--resume with a compressed input") {
            continue;
        }
        let make = |place: &Place| {
            place.write("in", &text);
            place.shell(&format!("{program} -c < in > packed")).out().expect_status(0);
        };
        Case::new(make, &["packed"]).hold(trials, seed);
    }
    // Short, long and invalid ones, and characters of all lengths.
    let wide = String::from_utf8_lossy(&repaired(25_000)).replace("value", "vælue 日本 😀");
    let utf16 = |place: &Place| {
        let units = wide.encode_utf16().chain([0xd800, b'\n'.into()]).flat_map(u16::to_le_bytes);
        drop(place.write("in.csv", units.collect::<Vec<u8>>()));
    };
    Case::new(utf16, &["in.csv", "--encoding", "utf-16le", "--rejects", "bad"]).hold(trials, 7);
    // Where widths don't tell all, two inputs.
    let japanese = |place: &Place| {
        let rows =
            |i: usize| [&b"\x8f\xb0\xa1\xf9\xa9"[..], format!(",{i}\n").as_bytes(), b"\xa4\xa2\n"].concat();
        let bytes = [b"a,b\n".to_vec(), (0..300_000).flat_map(rows).collect()].concat();
        place.write("1.csv", &bytes);
        drop(place.write("2.csv", &bytes));
    };
    Case::new(japanese, &["1.csv", "2.csv", "--encoding", "euc-jp"]).hold(trials, 8);
}

#[test]
fn with_rejects_and_several_inputs() {
    let make = |place: &Place| {
        place.write("1.csv", repaired(3000));
        place.write("empty.csv", "");
        place.write("2.csv", [&b"\xef\xbb\xbf"[..], &repaired(40_000)].concat());
        place.write("3.csv", people(20_000));
    };
    let inputs = ["1.csv", "empty.csv", "2.csv", "3.csv", "-j", "2"];
    Case::new(make, &inputs).hold(if large() { 60 } else { 12 }, 2);
    Case::new(make, &[&inputs[..], &["--rejects", "bad"]].concat()).hold(if large() { 60 } else { 12 }, 3);
    Case::new(make, &[&inputs[..], &["--limit", "50000", "--io", "read"]].concat()).hold(6, 4);
}

#[test]
fn a_signal_keeps_what_is_done_too() {
    let case = Case::new(|place| drop(place.people("in.csv", 16 << 20)), &["in.csv"]);
    let mut n = 0;
    for share in 1..20 {
        if case.cut_off(share * 50, Signal::INT) && case.body().is_some() {
            n += 1;
            let begun = case.body().unwrap()["states"][0]["input_at"].as_u64().unwrap();
            assert!(begun > 0);
        }
        let output = case.run().out();
        output.expect_status(0);
        case.expect_whole(None);
    }
    assert!(n > 3, "{n}");
}

/// A case that was cut off and has a checkpoint.
fn cut_off() -> Case {
    let case = Case::new(|place| drop(place.people("in.csv", 12 << 20)), &["in.csv"]);
    for share in 1..1000 {
        if case.cut_off((share % 10 + 3) * 66, Signal::KILL) && case.body().is_some() {
            return case;
        }
        case.run().out().expect_status(0);
        case.expect_whole(None);
    }
    panic!("never cut off with a checkpoint");
}

/// That it does not go on, for a reason.
#[track_caller]
fn expect_no_way_on(case: &Case, run: Run, reason: &str) {
    let before = case.place.everything();
    let output = run.out();
    output.expect_status(1).expect_one_line(reason);
    output.expect_stderr("; remove ").expect_stderr(&format!("{CHECKPOINT} to begin anew"));
    assert!(case.place.everything() == before, "nothing is touched");
}

#[test]
fn what_changed_is_refused_with_the_reason() {
    let case = cut_off();
    let input = case.place.path("in.csv");
    let bytes = fs::read(&input).unwrap();
    expect_no_way_on(
        &case,
        case.run().args(["--mask", "email"]),
        "cannot go on: it was begun with other options (columns)",
    );
    expect_no_way_on(&case, case.run().args(["-d", ";"]), "(delimiter)");
    expect_no_way_on(&case, case.run().args(["--limit", "7"]), "(limit)");
    expect_no_way_on(&case, case.run().arg("--strict"), "(strict)");
    // Longer, touched, and another of the same size and time.
    let time = fs::metadata(&input).unwrap().modified().unwrap();
    fs::write(&input, [&bytes[..], b"1,2\n"].concat()).unwrap();
    expect_no_way_on(&case, case.run(), "cannot go on: the inputs are others, or have changed since");
    fs::write(&input, &bytes).unwrap();
    expect_no_way_on(&case, case.run(), "have changed since");
    let mut other = bytes.clone();
    *other.last_mut().unwrap() = b'x';
    fs::write(&input, &other).unwrap();
    fs::File::options().write(true).open(&input).unwrap().set_modified(time).unwrap();
    expect_no_way_on(&case, case.run(), "have changed since");
    fs::write(&input, &bytes).unwrap();
    fs::File::options().write(true).open(&input).unwrap().set_modified(time).unwrap();
    // What does not shape the result may differ.
    let output = case.run().args(["-j", "1", "--window", "4096", "--io", "read", "--memory", "32M"]).out();
    output.expect_status(0);
    case.expect_whole(Some(output.stats()));
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let case = cut_off();
    let good = case.place.read(CHECKPOINT);
    let mut numbers = Numbers(5);
    for _ in 0..40 {
        let mut bad = good.clone();
        let at = numbers.below(bad.len());
        match numbers.below(3) {
            0 => bad.truncate(at),
            1 => bad[at] ^= 1 << numbers.below(8),
            _ => bad.insert(at, b'0'),
        }
        case.place.write(CHECKPOINT, &bad);
        expect_no_way_on(&case, case.run(), "its checkpoint is damaged");
    }
    case.place.write(CHECKPOINT, &good);
    // An unfinished output that is not what it was.
    let partial = case.place.path(PARTIAL);
    fs::rename(&partial, case.place.path("kept")).unwrap();
    let output = case.run().out();
    output.expect_status(1).expect_one_line("cannot go on: its unfinished output is gone, or another file");
    fs::rename(case.place.path("kept"), &partial).unwrap();
    let len = fs::metadata(&partial).unwrap().len();
    let file = fs::File::options().write(true).open(&partial).unwrap();
    file.set_len(1000).unwrap();
    expect_no_way_on(&case, case.run(), "cannot go on: its unfinished output has 1000 bytes, not ");
    drop(file);
    assert!(len > 1000);
    // As the message says.
    fs::remove_file(case.place.path(CHECKPOINT)).unwrap();
    case.run().out().expect_status(0);
    case.expect_whole(None);
}

#[test]
fn two_runs_do_not_share_an_output() {
    let place = Place::new();
    place.write("in.csv", people(1000));
    let partial = fs::File::create(place.path(PARTIAL)).unwrap();
    rustix::fs::flock(&partial, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    let output = place.rowmill().args(["in.csv", "-o", "out.jsonl", "--resume"]).out();
    output.expect_status(1).expect_one_line("is being written by another run");
    drop(partial);
    place.rowmill().args(["in.csv", "-o", "out.jsonl", "--resume"]).out().expect_status(0);
    assert_eq!(place.names(), ["in.csv", "out.jsonl"]);
}

#[test]
fn what_cannot_be_gone_on_with_is_told() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    for (args, stdin) in [
        (&["in.csv", "--resume"][..], false),
        (&["-", "-o", "out.jsonl", "--resume"], true),
        (&["in.csv", "-o", "/dev/null", "--resume"], false),
        (&["in.csv", "--check", "--resume"], false),
        (&["in.csv", "-o", "out.jsonl", "--checkpoint-every", "1M"], false),
    ] {
        let run = place.rowmill().args(args);
        let output = if stdin { run.stdin("a\n1\n").out() } else { run.out() };
        output.expect_status(2).expect_one_line("--resume");
        assert!(!place.path("out.jsonl").exists(), "{args:?}");
    }
}

/// Killed between the last checkpoint, the naming of the output and the removal of the checkpoint.
#[test]
fn killed_while_names_are_given() {
    if !has("strace", "a kill at each call that names something") {
        return;
    }
    let make = |place: &Place| drop(place.write("in.csv", odd(2000)));
    let case = Case::new(make, &["in.csv", "--rejects", "bad"]);
    let mut n_killed = 0;
    for call in ["rename", "unlink", "fsync", "ftruncate", "write"] {
        for n in 1.. {
            let killed = Strace::of(&case.place).inject(call, "signal=KILL", n).rowmill().args(&case.args);
            let output = killed.args(["-o", "out.jsonl", "--resume", "--checkpoint-every", "100K"]).out();
            if output.status.success() {
                case.expect_whole(None);
                break;
            }
            n_killed += 1;
            let output = case.run().out();
            output.expect_status(0);
            case.expect_whole(None);
        }
    }
    assert!(n_killed > 10, "{n_killed}");
}

/// A library user's function has no text that a later run could compare, so it needs a name.
#[test]
fn a_transform_needs_a_name_and_the_same_name_to_be_resumed() {
    let place = Place::new();
    place.write("in.csv", [PEOPLE_HEADER, &people(3_000)[..], b"a short record\n"].concat());
    let builder = || rowmill::Converter::builder().strict(true).window(64 << 10).resume(64 << 10);
    let run = |builder: rowmill::Builder| {
        let converter = builder.build()?;
        let output = rowmill::Output::path(place.path("out.jsonl"));
        converter.convert([rowmill::Input::path(place.path("in.csv"))], output)
    };
    let upper = |text: &str| text.to_uppercase();
    let refused = |builder, reason: &str| {
        let message = run(builder).expect_err("it stops").to_string();
        assert!(message.contains(reason), "{message}");
    };
    refused(builder().transform("name", upper), "the transform of column 'name' has no name");
    assert_eq!(place.names(), ["in.csv"]);
    refused(builder().named_transform("name", "upper", upper), "record shorter than the header");
    assert!(place.names().iter().any(|name| name == CHECKPOINT), "{:?}", place.names());
    refused(builder().named_transform("name", "lower", upper), "it was begun with other options");
    refused(builder().named_transform("name", "upper", upper), "record shorter than the header");
}

/// What an earlier run did is in the counts of the whole, not in the rates, the progress and the
/// time left of this one; and what it left is told.
#[test]
fn a_resumed_run_tells_of_the_earlier_one() {
    let place = Place::new();
    let input = place.people("in.csv", 12 << 20);
    let slow = ["in.csv", "-o", "out.jsonl", "--resume", "--checkpoint-every", "1M", "--limit-rate", "4M"];
    let mut running = place.rowmill().args(slow).start();
    assert!(running.until(|_| place.path(CHECKPOINT).exists()));
    running.signal(Signal::INT);
    let output = running.finish();
    output.expect_status(130);
    output.expect_stderr("rowmill: interrupted; the same command goes on from the last checkpoint\n");

    let other = place.rowmill().args(["in.csv", "--limit", "1", "-o", "out.jsonl"]).out();
    other.expect_status(0).expect_stderr(
        "rowmill: note: .out.jsonl.rowmill-partial: the unfinished output of another run stays; its command",
    );

    let fast = &slow[..6];
    let output = place.rowmill().args(fast).with_stats().out();
    output.expect_status(0).expect_stderr("rowmill: note: out.jsonl: goes on behind record ");
    output.expect_stderr(" of these by an earlier run; time and rates are those of this one\n");
    let resumed = &output.stats()["resumed"];
    let n_records = resumed["records"].as_u64().unwrap();
    assert!((1..input.n_records).contains(&n_records), "{resumed}");
    assert_eq!(output.stat("records"), input.n_records);
    // Before the first checkpoint nothing can be gone on with.
    let mut running =
        place.rowmill().args(["in.csv", "-o", "new.jsonl", "--resume", "--limit-rate", "1M"]).start();
    let partial = place.path(".new.jsonl.rowmill-partial");
    assert!(running.until(|_| fs::metadata(&partial).is_ok_and(|file| file.len() > 0)));
    running.signal(Signal::INT);
    running
        .finish()
        .expect_stderr("rowmill: interrupted before the first checkpoint; the same command begins");
    let output = place.rowmill().args(["in.csv", "-o", "new.jsonl", "--resume"]).out();
    output.expect_status(0).expect_stderr("left this without a checkpoint; it is begun anew");
    assert_eq!(place.names(), ["in.csv", "new.jsonl", "out.jsonl"]);
}
