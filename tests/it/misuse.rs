//! Bad use and bad luck: each gets one clear line and the right exit status; what stood under the output's name still does, and nothing is
//! left behind.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Place, Run, skipped};

const SMALL: &str = "id,email\n1,ada@example.org\n";

/// A place with a small input, and an output that must survive what happens.
fn place() -> Place {
    let place = Place::new();
    place.write("in.csv", SMALL);
    place.write("out.jsonl", "precious\n");
    place
}

/// Fails as it should, and the place is as it was.
#[track_caller]
fn fails(place: &Place, args: &[&str], status: i32, part: &str) {
    let before = place.names();
    let output = place.rowmill().args(args).out();
    output.expect_status(status).expect_one_line(part);
    assert!(output.stderr.starts_with("rowmill: "), "{}", output.stderr);
    assert_eq!(place.names(), before, "{args:?}: something was left behind");
    assert_eq!(place.read("out.jsonl"), b"precious\n", "{args:?}: the earlier output is gone");
}

#[test]
fn inputs_that_cannot_be_read_are_named() {
    let place = place();
    fails(&place, &["nowhere.csv", "-o", "out.jsonl"], 1, "nowhere.csv: cannot open: No such file");
    fails(&place, &[".", "-o", "out.jsonl"], 1, "is a directory");
    let _socket = UnixListener::bind(place.path("socket")).unwrap();
    fails(&place, &["socket", "-o", "out.jsonl"], 1, "socket: is a socket");
    fails(&place, &["in.csv", "nowhere.csv", "-o", "out.jsonl"], 1, "nowhere.csv");
}

#[test]
fn outputs_that_cannot_be_written_are_named() {
    let place = place();
    fails(&place, &["in.csv", "-o", "nowhere/out.jsonl"], 1, "nowhere/out.jsonl: cannot open: No such file");
    fails(&place, &["in.csv", "-o", "."], 1, "is a directory");
    fails(&place, &["in.csv", "-o", "/dev/full"], 1, "/dev/full: cannot write at byte 0: No space left");
    fails(&place, &["in.csv", "-o", "out.jsonl", "--no-clobber"], 1, "exists already (--no-clobber)");
    fails(&place, &["in.csv", "-o", "new", "--rejects", "new"], 2, "named for two outputs");
    place
        .shell("$ROWMILL -q in.csv > /dev/full")
        .out()
        .expect_status(1)
        .expect_one_line("stdout: cannot write");
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let place = Place::new();
    let disk = place.path("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&disk)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        return skipped("a full disk: a tmpfs can't be mounted");
    }
    fs::write(disk.join("out.jsonl"), "precious\n").unwrap();
    let input = place.people("in.csv", 4 << 20);
    let output = place.rowmill().arg(&input.path).args(["-o", "disk/out.jsonl"]).out();
    let names = fs::read_dir(&disk).unwrap().count();
    let kept = fs::read(disk.join("out.jsonl")).unwrap();
    let _ = std::process::Command::new("umount").arg(&disk).status();
    output.expect_status(1).expect_one_line("disk/out.jsonl: cannot write at byte");
    output.expect_stderr("No space left on device");
    assert_eq!((names, kept.as_slice()), (1, &b"precious\n"[..]));
}

#[test]
fn columns_that_are_not_there_are_told_before_anything_is_written() {
    let place = place();
    fails(&place, &["in.csv", "-o", "out.jsonl", "--mask", "emial"], 1, "did you mean 'email'?");
    fails(&place, &["in.csv", "-o", "out.jsonl", "--select", "id,salary"], 1, "no column is named 'salary'");
    fails(&place, &["in.csv", "-o", "out.jsonl", "--rename", "Id=x"], 1, "did you mean 'id'?");
    fails(
        &place,
        &["in.csv", "-o", "out.jsonl", "--rename", "id=email"],
        2,
        "two columns would be named 'email'",
    );
    fails(&place, &["in.csv", "-o", "out.jsonl", "--select", "id,id"], 2, "named twice");
    // Also where the second input is the one that lacks it.
    place.write("other.csv", "id\n1\n");
    let output = place.rowmill().args(["in.csv", "other.csv", "--drop", "email"]).out();
    output
        .expect_status(1)
        .expect_one_line("other.csv: --drop: no column is named 'email'")
        .expect_stdout("");
}

#[test]
fn wrong_usage_says_what_would_be_right() {
    let place = place();
    for (args, part) in [
        (&["-d", "||"][..], "-d takes one byte"),
        (&["-d", "§"], "-d takes one byte"),
        (&["--quote", "ab"], "--quote takes one byte"),
        (&["--delimeter", ";"], "'--delimiter'"),
        (&["--trim", "some"], "possible values: all, headers, fields, none"),
        (&["--memory", "1M"], "at least 16M"),
        (&["--memory", "lots"], "64M or 1GiB"),
        (&["--max-record", "1GiB"], "does not fit --memory"),
        (&["-j", "0"], "--threads"),
        (&["--limit", "-1"], "-1"),
        (&["--mask", "email:rot13"], "there are email, redact, last4"),
        (&["--rename", "id"], "--rename takes OLD=NEW"),
        (&["--strict", "--rejects", "bad"], "exclude each other"),
        (&["--check", "-o", "x"], "--check writes nothing"),
        (&["-", "-"], "named twice"),
    ] {
        fails(&place, &[&["in.csv"], args].concat(), 2, part);
    }
    let output = place.rowmill().arg("in.csv").env("ROWMILL_ISA", "mmx").out();
    output.expect_status(2).expect_one_line("there are avx512, avx2, portable");
}

#[test]
fn an_input_is_never_the_output() {
    let place = place();
    symlink("in.csv", place.path("link")).unwrap();
    fs::hard_link(place.path("in.csv"), place.path("hard")).unwrap();
    let same = "the output is the input";
    for output in ["in.csv", "./in.csv", "link", "hard"] {
        fails(&place, &["in.csv", "-o", output], 1, same);
        fails(&place, &["in.csv", "-o", "new", "--rejects", output], 1, same);
    }
    for script in [
        "$ROWMILL in.csv >> in.csv",
        "$ROWMILL - < in.csv -o in.csv",
        "$ROWMILL in.csv -o /dev/fd/7 7>> in.csv",
        "$ROWMILL /dev/fd/7 -o in.csv 7< in.csv",
    ] {
        place.shell(script).out().expect_status(1).expect_one_line(same);
    }
    assert_eq!(place.read("in.csv"), SMALL.as_bytes());
}

#[test]
fn a_closed_pipe_ends_it_as_it_ends_cat() {
    let place = Place::new();
    let input = place.people("in.csv", 8 << 20);
    let script = format!("{{ $ROWMILL {0}; echo $? >&2; }} | head -n 1 >/dev/null", input.path.display());
    let output = place.shell(&script).out();
    assert_eq!(output.stderr, "141\n", "SIGPIPE and not a word");
}

#[test]
fn a_strict_run_that_fails_leaves_what_was_there() {
    let place = place();
    place.write("short.csv", "a,b\n1,2\n3\n4,5\n");
    fails(
        &place,
        &["short.csv", "--strict", "-o", "out.jsonl"],
        1,
        "short.csv: line 3, record 2, byte 8, column 2 (b): ",
    );
}

/// Starts a conversion that is half-way: its input is a pipe that stays open.
fn half_way(place: &Place, signal: Signal) -> (i32, Duration, String) {
    let mut running = place.rowmill().args(["-", "-o", "out.jsonl"]).start();
    let mut stdin = running.stdin();
    stdin.write_all(&crate::harness::people(20_000)).unwrap();
    running.until_it_waits();
    let since = Instant::now();
    running.signal(signal);
    let took = running.ends_within(Duration::from_secs(1));
    let _ = since;
    drop(stdin);
    let output = running.finish();
    (output.status.code().unwrap_or(-1), took, output.stderr)
}

#[test]
fn signals_end_it_at_once_with_nothing_left() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let place = place();
        let before = place.names();
        let (code, took, stderr) = half_way(&place, signal);
        assert_eq!((code, stderr.as_str()), (status, ""), "{signal:?}");
        assert!(took < Duration::from_secs(1), "{signal:?}: {took:?}");
        assert_eq!(place.names(), before, "{signal:?}");
        assert_eq!(place.read("out.jsonl"), b"precious\n");
    }
}

#[test]
fn an_ignored_hangup_stays_ignored() {
    let place = place();
    let script = "trap '' HUP; { cat in.csv; sleep 0.3; } | $ROWMILL -q -o out.jsonl & sleep 0.1; kill -HUP $! 2>/dev/null; \
                  pkill -HUP -P $$ rowmill; wait $!";
    place.shell(script).out().expect_status(0);
    assert_eq!(place.read("out.jsonl"), b"{\"id\":\"1\",\"email\":\"ada@example.org\"}\n");
}

#[test]
fn a_replaced_file_keeps_its_mode_and_owner_and_a_link_its_place() {
    let place = place();
    let target = place.path("out.jsonl");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::getuid().is_root();
    if root {
        std::os::unix::fs::chown(&target, Some(12), Some(34)).unwrap();
    } else {
        skipped("the owner of a replaced file: only root can give a file away");
    }
    symlink("out.jsonl", place.path("link")).unwrap();
    place.rowmill().args(["-q", "in.csv", "-o", "link"]).out().expect_status(0);
    let meta = fs::metadata(&target).unwrap();
    assert_eq!(meta.permissions().mode() & 0o7777, 0o640);
    assert!(!root || (meta.uid(), meta.gid()) == (12, 34));
    assert!(fs::symlink_metadata(place.path("link")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), "{\"id\":\"1\",\"email\":\"ada@example.org\"}\n");
}

#[test]
fn what_is_no_regular_file_is_written_straight() {
    let place = place();
    let line = "{\"id\":\"1\",\"email\":\"ada@example.org\"}\n";
    place.rowmill().args(["-q", "in.csv", "-o", "/dev/stdout"]).out().expect_status(0).expect_stdout(line);
    let script = "mkfifo fifo; cat fifo & $ROWMILL -q in.csv -o fifo; wait; test -p fifo";
    place.shell(script).out().expect_status(0).expect_stdout(line);
    // What stands behind the descriptor is neither cut nor replaced.
    let script = "echo first > all; $ROWMILL -q in.csv -o /dev/stdout >> all; cat all";
    place.shell(script).out().expect_status(0).expect_stdout(format!("first\n{line}"));
}

#[test]
fn odd_sources_give_the_same() {
    let place = place();
    let line = "{\"id\":\"1\",\"email\":\"ada@example.org\"}\n";
    place.shell("mkfifo fifo; cat in.csv > fifo & $ROWMILL -q fifo").out().expect_stdout(line);
    place.shell("$ROWMILL -q < in.csv").out().expect_status(0).expect_stdout(line);
    place.shell("$ROWMILL -q /dev/null").out().expect_status(0).expect_stdout("");
    let status = place.shell("$ROWMILL -q -d ' ' --no-header --limit 1 /proc/self/maps").out();
    assert!(
        status.expect_status(0).stdout.starts_with(b"{\"column_1\":\""),
        "size 0 is no proof of emptiness"
    );
}

/// Converts 64 MiB into a pipe that the test empties; `change` is done to the input after the first bytes came.
fn while_it_changes(io: &str, change: impl FnOnce(&mut fs::File)) -> (crate::harness::Output, u64) {
    let place = Place::new();
    let input = place.people("in.csv", 64 << 20);
    // Older than any later change, whatever the clock's grain.
    thread::sleep(Duration::from_millis(20));
    let mut running = place.rowmill().args(["--io", io]).arg(&input.path).start();
    let mut stdout = running.stdout();
    let mut first = [0; 4096];
    stdout.read_exact(&mut first).unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(&input.path).unwrap();
    change(&mut file);
    drop(file);
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    assert!(!rest.contains(&0), "no made-up bytes");
    let output = running.finish();
    (output, input.n_records)
}

#[test]
fn an_input_that_changes_is_an_error_and_never_a_crash() {
    for io in ["mmap", "read"] {
        let (output, _) = while_it_changes(io, |file| file.set_len(32 << 20).unwrap());
        output
            .expect_status(1)
            .expect_one_line("in.csv: the file became shorter while it was read, seen at byte");
        let (output, _) = while_it_changes(io, |file| {
            file.seek(SeekFrom::Start(60 << 20)).unwrap();
            file.write_all(b"changed").unwrap();
        });
        output.expect_status(1).expect_one_line("in.csv: the file was rewritten while it was read");
        let (output, n_records) = while_it_changes(io, |file| {
            file.seek(SeekFrom::End(0)).unwrap();
            file.write_all(b"one,more\n").unwrap();
        });
        output.expect_status(0).expect_stderr("the file grew while it was read");
        let told = output.stderr.split(' ').next().unwrap().replace(',', "");
        assert_eq!(told, n_records.to_string(), "{}", output.stderr);
    }
}

#[test]
fn help_and_version_are_answers() {
    Run::rowmill().arg("--help").out().expect_status(0);
    Run::rowmill().arg("--version").out().expect_status(0).expect_stdout("rowmill 0.1.0\n");
}
