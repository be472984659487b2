//! Workers that are killed, refused by the system, run at once, or confined.

use std::fs;
use std::io::Write as _;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Numbers, Place, Run, Strace, can_unshare, has, large, odd, people, skipped};
use crate::worker::{joined, listed, plan, values, whole};

/// Any number at once, on different numbers of threads, killed at any moment: after one that is
/// not, every part is there and right, and no part was ever another than its receipt said.
#[test]
fn workers_at_once_that_are_killed_do_no_harm() {
    let mut numbers = Numbers(5);
    for (own, seed) in [(&[][..], 1), (&["--compress", "zstd"], 2)] {
        if !own.is_empty() && !has("zstd", "parts by zstd") {
            continue;
        }
        let place = Place::new();
        place.write("in.csv", [b"id,text,n,a,b,c,d,e\n", &people(60_000 + seed)[..]].concat());
        let n = plan(&place, &["plan", "--ranges", "11"]).len();
        let text = whole(&place, &[]);
        let worker = |threads: usize| {
            let run = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts", "-j"]);
            run.arg(threads.to_string()).args(own)
        };
        worker(2).out().expect_status(0);
        let n_bytes: u64 = listed(&place, "parts")
            .iter()
            .map(|name| fs::metadata(place.path("parts").join(name)).unwrap().len())
            .sum();
        let (mut n_killed, mut n_left) = (0, 0);
        for _ in 0..if large() { 60 } else { 8 } {
            fs::remove_dir_all(place.path("parts")).unwrap();
            for _ in 0..3 {
                let mut running: Vec<_> = (1..4).map(|threads| worker(threads).start()).collect();
                for _ in 0..2 {
                    let mut victim = running.swap_remove(numbers.below(running.len()));
                    // Of three, each writes about a third.
                    if victim.until_it_wrote(n_bytes * numbers.below(600) as u64 / 1000) {
                        victim.signal(Signal::KILL);
                    }
                    n_killed += usize::from(!victim.finish().status.success());
                }
                let mut last = running.remove(0);
                if last.is_done() || numbers.below(2) == 0 {
                    last.finish().expect_status(0);
                } else {
                    last.signal(Signal::KILL);
                    last.finish();
                }
            }
            let left = listed(&place, "parts").iter().filter(|name| name.starts_with('.')).count();
            // A kill between the two calls that replace an existing file.
            n_left += left;
            let output = worker(2).out();
            output.expect_status(0);
            assert_eq!(values(&output.stdout).len(), n);
            place.write("receipts.jsonl", &output.stdout);
            let verify = place.rowmill().args(["verify", "plan.jsonl", "receipts.jsonl", "-o", "parts"]);
            verify.out().expect_status(0);
            fs::remove_file(place.path("parts/_SUCCESS")).unwrap();
            for name in listed(&place, "parts").iter().filter(|name| name.starts_with('.')) {
                fs::remove_file(place.path("parts").join(name)).unwrap();
            }
            assert!(joined(&place, n) == text, "not the whole");
        }
        println!("{own:?}: {n_killed} killed, {n_left} hidden names left");
        assert!(n_killed > 5, "{n_killed}");
    }
}

/// Killed, or refused by the system, at each call that writes, keeps or names something: what was
/// said to be there is, and who comes next sees to the rest.
#[test]
fn cut_off_at_any_call_the_next_worker_makes_it_whole() {
    if !has("strace", "a worker cut off at each call") {
        return;
    }
    let place = Place::new();
    place.write("in.csv", odd(300));
    let n = plan(&place, &["plan", "--ranges", "2"]).len();
    let text = whole(&place, &[]);
    let args = ["worker", "plan.jsonl", "-o", "parts", "-j", "1"];
    let mut n_cut = 0;
    for call in ["write", "fsync", "linkat,rename,renameat,renameat2", "mkdir", "openat"] {
        for fault in ["signal=KILL", "error=EIO"] {
            // The files that the loader opens come first.
            let first = if call == "openat" { 6 } else { 1 };
            for nth in first.. {
                let _ = fs::remove_dir_all(place.path("parts"));
                // Every second time over parts that are to be replaced.
                if nth % 2 == 0 {
                    fs::create_dir(place.path("parts")).unwrap();
                    fs::write(place.path("parts/part-00000-of-00002.jsonl"), "stale").unwrap();
                }
                let cut = Strace::of(&place).inject(call, fault, nth).rowmill().args(args).out();
                if cut.status.success() {
                    assert_eq!(values(&cut.stdout).len(), n, "{call} {nth}: {fault}");
                    if nth > 40 || call != "openat" {
                        break;
                    }
                } else {
                    n_cut += 1;
                }
                // Whatever was said to be there is.
                for receipt in serde_json::Deserializer::from_slice(&cut.stdout).into_iter::<Value>() {
                    let Ok(receipt) = receipt else { break };
                    let bytes =
                        fs::read(place.path("parts").join(receipt["part"].as_str().unwrap())).unwrap();
                    assert_eq!(
                        receipt["blake3"],
                        blake3::hash(&bytes).to_hex().as_str(),
                        "{call} {nth}: {fault}"
                    );
                }
                place.rowmill().args(args).out().expect_status(0);
                for name in listed(&place, "parts").iter().filter(|name| name.starts_with('.')) {
                    fs::remove_file(place.path("parts").join(name)).unwrap();
                }
                assert!(joined(&place, n) == text, "{call} {nth}: {fault}: not the whole");
            }
        }
    }
    println!("cut off {n_cut} times");
    assert!(n_cut > 20, "{n_cut}");
}

/// Cut short between `plan` and the worker, or right behind the worker's first look at it: that it
/// is another file now is what is told, never that its range were wrong.
#[test]
fn an_input_cut_short_before_it_is_opened_is_told_as_such() {
    let place = Place::new();
    let bytes = odd(300);
    let start = {
        place.write("in.csv", &bytes);
        plan(&place, &["plan", "--ranges", "3"])[2]["start"].as_u64().unwrap()
    };
    let args = ["worker", "plan.jsonl", "-o", "parts", "-j", "1"];
    let refused = |nth: Option<usize>, n_bytes: u64| {
        let path = place.write("in.csv", &bytes);
        let lines = plan(&place, &["plan", "--ranges", "3"]);
        place.write("plan.jsonl", lines[2].to_string());
        let cut = || fs::File::options().write(true).open(&path).unwrap().set_len(n_bytes).unwrap();
        let output = if let Some(nth) = nth {
            let strace = Strace::of(&place).inject("fstatfs", "delay_enter=1000000", nth);
            let mut running = strace.rowmill().args(args).start();
            running.until_it_waits();
            cut();
            running.finish()
        } else {
            cut();
            place.rowmill().args(args).out()
        };
        let told = format!("is not what the plan saw: it has {n_bytes} bytes, not {}", bytes.len());
        output.expect_status(1).expect_one_line(&told).expect_stdout("");
        assert_eq!(listed(&place, "parts"), [""; 0]);
    };
    for n_bytes in [0, 1, start - 1, start, start + 1, bytes.len() as u64 - 1] {
        refused(None, n_bytes);
    }
    if !has("strace", "an input cut short behind the first look at it") {
        return;
    }
    // The thread that converts asks so before it opens the input, and when it has.
    for (nth, n_bytes) in [(1, 0), (1, start + 1), (2, start + 1)] {
        refused(Some(nth), n_bytes);
    }
}

/// As on a network file system: no file without a name, and processes of the same number on many
/// machines (here in namespaces).
#[test]
fn hidden_names_are_each_attempts_own() {
    if !can_unshare("hidden names") {
        return;
    }
    let place = Place::new();
    place.write("in.csv", odd(20_000));
    let n = plan(&place, &["plan", "--ranges", "2"]).len();
    let script = "mount -t tmpfs none /proc
        for j in 1 2 3; do
            unshare -pf --kill-child \"$ROWMILL\" worker plan.jsonl -o parts -j $j --limit-rate 2M > receipts-$j &
        done
        until [ $(ls -A parts 2> none | wc -l) = 3 ]; do sleep 0.01; done
        ls -A parts
        kill -9 $!
        wait";
    let run = Run::program("unshare").dir(place.dir()).env("ROWMILL", env!("CARGO_BIN_EXE_rowmill"));
    let output = run.args(["-m", "sh", "-c", script]).out();
    output.expect_status(0);
    let names: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with(".part-00000-of-00002.jsonl.1-0-")), "{names:?}");
    for name in listed(&place, "parts").iter().filter(|name| name.starts_with('.')) {
        fs::remove_file(place.path("parts").join(name)).unwrap();
    }
    for i in 1..3 {
        assert_eq!(values(&place.read(&format!("receipts-{i}"))).len(), n);
    }
    place
        .rowmill()
        .args(["verify", "plan.jsonl", "receipts-1", "receipts-2", "-o", "parts"])
        .out()
        .expect_status(0);
    fs::remove_file(place.path("parts/_SUCCESS")).unwrap();
    assert!(joined(&place, n) == whole(&place, &[]), "not the whole");
}

/// A signal leaves nothing behind but what is whole.
#[test]
fn a_signal_ends_it_with_what_is_whole() {
    let place = Place::new();
    place.write("in.csv", odd(20_000));
    plan(&place, &["plan", "--ranges", "3"]);
    let run = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts", "--limit-rate", "2M"]);
    let mut running = run.start();
    assert!(running.until_it_wrote(400_000));
    running.signal(Signal::TERM);
    running.finish().expect_status(128 + 15);
    let names = listed(&place, "parts");
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
}

/// Each range has rights of its own: the thread that converts it may read its input and no other's.
#[test]
fn each_range_is_confined_to_its_own_files() {
    let mut plans = Vec::new();
    let places = [Place::new(), Place::new()];
    for place in &places {
        place.write("in.csv", odd(8000));
        plans.extend(plan(place, &["plan", "--ranges", "2"]));
    }
    let place = &places[0];
    // Two inputs, and each range of another number.
    for (i, line) in plans.iter_mut().enumerate() {
        (line["index"], line["count"]) = (i.into(), 4.into());
    }
    let text: String = plans.iter().map(|line| format!("{line}\n")).collect();
    let args = ["worker", "-o", "parts", "-j", "2", "--limit-rate", "4M"];
    let mut running = place.rowmill().args(args).start();
    running.stdin().write_all(text.as_bytes()).unwrap();
    assert!(running.until_it_wrote(100_000));
    let statuses = running.task_statuses();
    let confined = |name: &str| {
        let of = |status: &&String| status.starts_with(&format!("Name:\t{name}"));
        statuses.iter().find(of).map(|status| status.contains("NoNewPrivs:\t1\n"))
    };
    match confined("range") {
        Some(true) => assert!(confined("rowmill\n") == Some(false), "{statuses:?}"),
        Some(false) => skipped("a worker's confinement: the kernel has no Landlock"),
        None => panic!("no range is converted: {statuses:?}"),
    }
    let output = running.finish();
    output.expect_status(0);
    assert_eq!(values(&output.stdout).len(), 4);
}
