//! The program gives up what it doesn't need before it begins, and the kernel holds it to that;
//! what it needs, it keeps.
//!
//! That all else still works is what the other tests say: they run confined as well, where the
//! kernel has Landlock.

use std::fs;
use std::os::unix::fs::symlink;

use crate::harness::{Place, Run, Strace, can_unshare, has, skipped};

/// Whether the kernel has Landlock, as the program's own calls say.
fn landlocked(what: &str) -> bool {
    if !has("strace", what) {
        return false;
    }
    let place = Place::new();
    let run = Strace::of(&place).watch("landlock_create_ruleset,landlock_restrict_self").rowmill();
    let output = run.args(["-q", "-"]).stdin("a\n1\n").out();
    output.expect_status(0).expect_stdout("{\"a\":\"1\"}\n");
    let trace = Strace::trace(&place);
    let version = trace.lines().find(|line| line.contains("RULESET_VERSION")).expect("it asks the kernel");
    if version.contains("= -1") {
        skipped(&format!("{what}: {version}"));
        return false;
    }
    let restricted =
        trace.lines().any(|line| line.contains("landlock_restrict_self(") && line.ends_with("= 0"));
    assert!(restricted, "{trace}");
    true
}

#[test]
fn every_thread_is_confined() {
    if !landlocked("confinement") {
        return;
    }
    let place = Place::new();
    let mut running = place.rowmill().args(["-q", "-", "-j", "2", "-o", "out.jsonl"]).terminal(100).start();
    running.until_it_waits();
    let status = running.task_statuses();
    assert!(status.len() > 1, "the thread for signals is there: {}", status.len());
    for status in status {
        assert!(status.contains("NoNewPrivs:\t1\n"), "{status}");
    }
    running.finish().expect_status(0);
}

/// Behind the program's back, the output's folder becomes another one: a file that nobody named
/// when it began.
#[test]
fn what_was_not_named_at_the_start_cannot_be_written() {
    if !landlocked("confinement") {
        return;
    }
    let place = Place::new();
    for folder in ["named", "another"] {
        fs::create_dir(place.path(folder)).unwrap();
    }
    for (becomes, status) in [("named", 0), ("another", 1)] {
        symlink("named", place.path("link")).unwrap();
        let mut running = place.rowmill().args(["-q", "-", "-o", "link/out.jsonl"]).start();
        running.until_it_waits();
        fs::remove_file(place.path("link")).unwrap();
        symlink(becomes, place.path("link")).unwrap();
        let output = running.finish();
        output.expect_status(status);
        if status == 1 {
            output.expect_one_line("link/out.jsonl: cannot open: Permission denied");
        }
        fs::remove_file(place.path("link")).unwrap();
    }
    assert_eq!(fs::read_dir(place.path("another")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(place.path("named")).unwrap().count(), 1);
}

/// Nobody confined may ask about other processes, so who names one is not.
#[test]
fn what_another_process_has_open_can_be_read_and_written() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    // The shell's own.
    for script in [
        "exec 3< in.csv; \"$ROWMILL\" -q /proc/$$/fd/3",
        "exec 3>> out.jsonl; \"$ROWMILL\" -q in.csv -o /proc/$$/fd/3; cat out.jsonl",
        "exec 3< in.csv; ln -s /proc/$$ it; \"$ROWMILL\" -q it/fd/3",
        "exec 3< in.csv; ln -s /proc/$$/fd/3 last; \"$ROWMILL\" -q last",
        "exec 3< in.csv; cd /proc/$$/fd; \"$ROWMILL\" -q 3",
    ] {
        place.shell(script).out().expect_status(0).expect_stdout("{\"a\":\"1\"}\n");
    }
}

/// A rule is bound to the file itself, whatever it is mounted as.
#[test]
fn through_bind_mounts() {
    if !can_unshare("bind mounts") {
        return;
    }
    let place = Place::new();
    let script = "mkdir a b && echo 'a' > a/in.csv && echo 1 >> a/in.csv && touch b/one.csv \
        && mount --bind a b && mount --bind a/in.csv b/in.csv \
        && \"$ROWMILL\" -q b/in.csv -o b/out.jsonl && \"$ROWMILL\" -q b/in.csv a/in.csv -o b/out.jsonl --resume \
        && cat a/out.jsonl";
    let program = env!("CARGO_BIN_EXE_rowmill");
    let run =
        Run::program("unshare").dir(place.dir()).env("ROWMILL", program).args(["-m", "sh", "-c", script]);
    run.out().expect_status(0).expect_stdout("{\"a\":\"1\"}\n{\"a\":\"1\"}\n");
}
