//! What a system has an end of: names, sizes of files, address space, rights, numbers of inputs;
//! and files of one name for two purposes.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::Value;

use crate::harness::{INPUT, Place, RESULT, Run, large, skipped};

/// The names of a folder that start with a dot.
fn hidden(place: &Place) -> Vec<String> {
    let names = fs::read_dir(place.dir()).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with('.')).collect()
}

/// Hidden names are longer than those they stand for.
#[test]
fn what_has_a_name_can_be_written_again_however_long_it_is() {
    for n in [1, 200, 210, 220, 230, 240, 250, 254, 255] {
        for character in ["x", "é"].into_iter().filter(|character| character.len() <= n) {
            let place = Place::new();
            place.write("in.csv", INPUT);
            let name = character.repeat(n / character.len());
            for options in [&[][..], &[], &["--sync"], &["--resume"], &["--resume"], &["--rejects", "r"]] {
                let run = place.rowmill().args(["-q", "in.csv", "-o", &name]).args(options);
                run.out().expect_status(0);
                assert_eq!(place.read(&name), RESULT.as_bytes(), "{n} {options:?}");
            }
            assert_eq!(hidden(&place), [""; 0], "{n}");
        }
    }
    let place = Place::new();
    place.write("in.csv", INPUT);
    let name = "x".repeat(256);
    for options in [&[][..], &["--resume"]] {
        let run = place.rowmill().args(["-q", "in.csv", "-o", &name]).args(options);
        run.out().expect_status(1).expect_one_line("File name too long");
    }
    assert_eq!(place.names(), ["in.csv"]);
}

/// Two names with the same beginning are two outputs.
#[test]
fn unfinished_outputs_of_long_names_are_told_apart() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    place.write("other.csv", "a,b\nanother,file\n");
    let names = ["one", "two"].map(|end| format!("{}{end}", "x".repeat(250)));
    // What cannot be converted leaves its checkpoint.
    for (name, input) in names.iter().zip(["in.csv", "other.csv"]) {
        let run = place.rowmill().args(["-q", input, "none.csv", "-o", name, "--resume"]);
        run.out().expect_status(1);
    }
    for (name, input) in names.iter().zip(["in.csv", "other.csv"]) {
        place.rowmill().args(["-q", input, "-o", name, "--resume"]).out();
        let direct = place.rowmill().args(["-q", input]).out();
        let again = place.rowmill().args(["-q", input, "-o", name]).out();
        again.expect_status(0);
        assert_eq!(place.read(name), direct.stdout);
    }
}

#[test]
fn parts_of_long_names_are_whole_or_refused_before_anything_is_written() {
    for n in [200, 228, 229, 230, 231, 232, 233, 234, 235, 240, 250, 255] {
        let place = Place::new();
        place.write("in.csv", INPUT);
        let name = "x".repeat(n);
        for options in [&[][..], &[], &["--resume"], &["--resume"]] {
            let run = place.rowmill().args(["-q", "in.csv", "--split-records", "1", "-o", &name]);
            let output = run.args(options).out();
            if output.status.code() == Some(0) {
                let manifest = place.read(&format!("{name}.manifest.json"));
                assert!(serde_json::from_slice::<Value>(&manifest).is_ok());
            } else {
                output.expect_status(1).expect_one_line("is too long: the names of its parts");
                assert_eq!(place.names(), ["in.csv"], "{n}");
            }
            assert!(n > 234 || output.status.code() == Some(0), "{n}: {}", output.stderr);
            assert_eq!(hidden(&place), [""; 0], "{n}");
        }
    }
}

/// Each writes a file of its own, and the last to end has the name.
#[test]
fn two_runs_at_once_write_one_output_whole() {
    let place = Place::new();
    let input = place.people("in.csv", 3 << 20);
    let whole = place.rowmill().arg("-q").arg(&input.path).out().stdout;
    let run = || place.rowmill().args(["-q", "in.csv", "-o", "out.jsonl", "--limit-rate", "20M"]).start();
    let (one, two) = (run(), run());
    one.finish().expect_status(0);
    assert!(place.read("out.jsonl") == whole);
    two.finish().expect_status(0);
    assert!(place.read("out.jsonl") == whole);
    assert_eq!(place.names(), ["in.csv", "out.jsonl"]);
    // What can be gone on with is one run's alone.
    let args = ["-q", "in.csv", "-o", "out.jsonl", "--resume", "--limit-rate", "1M"];
    let mut first = place.rowmill().args(args).start();
    assert!(first.until_it_wrote(1 << 16));
    place.rowmill().args(args).out().expect_status(1).expect_one_line("is being written by another run");
    first.finish().expect_status(0);
    assert!(place.read("out.jsonl") == whole);
}

#[test]
fn a_file_for_two_purposes_is_refused_and_nothing_is_lost() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    for (args, told) in [
        (["--rejects", "r", "--stats", "r"], "r: named for two outputs"),
        (["--rejects", "r", "--stats", "r.log.jsonl"], "r.log.jsonl: named for two outputs"),
        (["--rejects", "r", "--stats", "./r"], "named for two outputs"),
        (["--rejects", "out", "--stats", "s"], "out: named for two outputs"),
        (["--rejects", "r", "--stats", "out"], "out: named for two outputs"),
        (["--rejects", "in.csv", "--stats", "s"], "in.csv: the output is the input"),
        (["--rejects", "r", "--stats", "in.csv"], "in.csv: the output is the input"),
    ] {
        let output = place.rowmill().args(["-q", "in.csv", "-o", "out"]).args(args).out();
        assert!([Some(1), Some(2)].contains(&output.status.code()), "{args:?}");
        output.expect_one_line(told);
        assert_eq!(place.read("in.csv"), INPUT.as_bytes(), "{args:?}");
        assert!(!place.path("out").exists() && !place.path("r").exists(), "{args:?}");
    }
}

#[test]
fn every_file_goes_by_the_umask() {
    for (umask, mode) in [("077", 0o600), ("000", 0o666)] {
        let place = Place::new();
        place.write("in.csv", "a,b\n1,2\n3\n");
        let script = format!(
            "umask {umask}; \"$ROWMILL\" -q in.csv -o out.jsonl --rejects r.csv --stats s.json && \
             \"$ROWMILL\" -q in.csv -o out.jsonl.gz && \
             \"$ROWMILL\" -q in.csv -o parts.jsonl --split-records 1"
        );
        place.shell(&script).out().expect_status(0);
        for name in place.names().into_iter().filter(|name| name != "in.csv") {
            let got = fs::metadata(place.path(&name)).unwrap().mode() & 0o7777;
            assert_eq!(got, mode, "umask {umask}: {name} is {got:o}");
        }
    }
}

/// Without a right, one line says so, and what was there stays.
#[test]
fn another_users_files() {
    if !rustix::process::geteuid().is_root() {
        return skipped("files of another user: takes root");
    }
    let (place, user) = (Place::new(), 4242);
    let program = place.path("program");
    fs::copy(env!("CARGO_BIN_EXE_rowmill"), &program).unwrap();
    place.write("in.csv", INPUT);
    place.write("secret.csv", INPUT);
    place.write("out.jsonl", "earlier\n");
    let set = |path: &std::path::Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    set(place.dir(), 0o755);
    set(&place.path("secret.csv"), 0o600);
    let run = |args: &[&str]| Run::program(&program).dir(place.dir()).args(args).user(user).out();
    run(&["-q", "in.csv"]).expect_status(0).expect_stdout(RESULT);
    for args in [
        &["secret.csv"][..],
        &["in.csv", "-o", "out.jsonl"],
        &["in.csv", "-o", "new.jsonl"],
        &["in.csv", "-o", "new.jsonl", "--resume"],
        &["in.csv", "-o", "new.jsonl", "--split-records", "1"],
        &["in.csv", "--stats", "stats.json"],
        &["in.csv", "--rejects", "r"],
    ] {
        run(args).expect_status(1).expect_one_line("Permission denied");
    }
    assert_eq!(place.read("out.jsonl"), b"earlier\n");
    assert_eq!(place.names(), ["in.csv", "out.jsonl", "program", "secret.csv"]);
    // A folder whose files are only their owners' (sticky): the other's file cannot be replaced.
    set(place.dir(), 0o1777);
    run(&["-q", "in.csv", "-o", "out.jsonl"]).expect_status(1).expect_one_line("out.jsonl: cannot ");
    assert_eq!(place.read("out.jsonl"), b"earlier\n");
    run(&["-q", "in.csv", "-o", "new.jsonl"]).expect_status(0);
}

/// A file that may not grow is an error with a name, not the end by a signal.
#[test]
fn a_limit_on_the_size_of_files() {
    let place = Place::new();
    place.people("in.csv", 1 << 20);
    for options in ["", "--sync", "--resume", "--split-size 10M", "--compress zstd:1"] {
        let script = format!("ulimit -f 20; exec \"$ROWMILL\" -q in.csv -o out.jsonl {options}");
        let output = place.shell(&script).out();
        output.expect_status(1).expect_stderr("File too large");
        assert!(!place.path("out.jsonl").exists(), "{options}");
    }
}

/// Either it ends well, or one line says what could not be had.
#[test]
fn any_address_space() {
    let place = Place::new();
    let input = place.people("in.csv", 8 << 20);
    let whole = place.rowmill().arg("-q").arg(&input.path).out().stdout;
    let mut n_done = 0;
    for kib in (16_000..120_000).step_by(8000) {
        for threads in [1, 4] {
            let script = format!("ulimit -v {kib}; exec \"$ROWMILL\" -q -j {threads} in.csv -o out.jsonl");
            let output = place.shell(&script).out();
            match output.status.code() {
                Some(0) => {
                    assert!(place.read("out.jsonl") == whole, "{kib} KiB, {threads} threads");
                    fs::remove_file(place.path("out.jsonl")).unwrap();
                    n_done += 1;
                }
                // What is loaded before the program begins.
                Some(127) => {}
                _ => drop(output.expect_status(1).expect_one_line("rowmill: ")),
            }
            assert!(!place.path("out.jsonl").exists(), "{kib} KiB, {threads} threads");
        }
    }
    assert!(n_done > 4, "{n_done}");
}

#[test]
fn a_hundred_thousand_inputs() {
    let n_inputs = if large() { 100_000 } else { 5000 };
    let place = Place::new();
    fs::create_dir(place.path("in")).unwrap();
    let mut list = String::new();
    for i in 0..n_inputs {
        let name = format!("in/{i}.csv");
        fs::write(place.path(&name), format!("a\n{i}\n")).unwrap();
        list += &format!("{name}\n");
    }
    let args = ["-q", "--files-from", "-", "-o", "out.jsonl"];
    let (output, peak) = place.rowmill().args(args).stdin(list).with_stats().out_and_peak();
    output.expect_status(0);
    assert_eq!(output.stat("records"), n_inputs);
    let expected: String = (0..n_inputs).map(|i| format!("{{\"a\":\"{i}\"}}\n")).collect();
    assert!(place.read("out.jsonl") == expected.as_bytes());
    assert!(peak < 64 << 20, "{peak} bytes for {n_inputs} inputs");
}

/// A plan comes from elsewhere: whatever stands in a line, the worker says what is wrong with it.
#[test]
fn a_hostile_plan() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    let plan = place.rowmill().args(["plan", "-q", "--ranges", "1", "in.csv"]).out();
    plan.expect_status(0);
    let good: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let hostile = [
        Value::Null,
        Value::Bool(true),
        (-1).into(),
        0.5.into(),
        u64::MAX.into(),
        1e300.into(),
        "".into(),
        "\n\u{0}/../../etc/passwd".into(),
        "x".repeat(70_000).into(),
        serde_json::json!([[[[[[]]]]]]),
        serde_json::json!({"path": {"path": {}}}),
    ];
    let keys: Vec<&String> = good.as_object().unwrap().keys().collect();
    let mut n_refused = 0;
    for key in keys {
        for value in &hostile {
            let mut line = good.clone();
            line[key] = value.clone();
            let _ = fs::remove_dir_all(place.path("parts"));
            let output = place.rowmill().args(["worker", "-o", "parts"]).stdin(format!("{line}\n")).out();
            if output.status.code() == Some(0) {
                continue;
            }
            n_refused += 1;
            output.expect_status(1).expect_one_line("rowmill: stdin: line 1: ");
            assert!(output.stderr.len() < 4096, "{key}: {}", output.stderr.len());
            assert!(place.names().iter().all(|name| name == "in.csv" || name == "parts"), "{key}");
        }
    }
    assert!(n_refused > 80, "{n_refused}");
    let refused = |line: &Value, told: &str| {
        let output = place.rowmill().args(["worker", "-o", "parts"]).stdin(format!("{line}\n")).out();
        output.expect_status(1).expect_one_line(told);
    };
    for (key, value) in [("first_line", u64::MAX), ("first_record", u64::MAX), ("records", 1 << 40)] {
        let mut line = good.clone();
        line[key] = value.into();
        refused(&line, "its numbers contradict each other");
    }
    let mut line = good.clone();
    line["input"]["size"] = u64::MAX.into();
    refused(&line, "is not what the plan saw");
    // The second range of a file, begun a byte too late: a record would lose it.
    place.write("rows.csv", format!("a,b\n{}", "12345,x\n".repeat(500)));
    let plan = place.rowmill().args(["plan", "-q", "--ranges", "2", "rows.csv"]).out();
    let second = plan.stdout.split(|&byte| byte == b'\n').nth(1).unwrap();
    let mut line: Value = serde_json::from_slice(second).unwrap();
    line["start"] = (line["start"].as_u64().unwrap() + 1).into();
    refused(&line, "is no record's start");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let output = place.rowmill().args(["worker", "-o", "parts"]).stdin(deep).out();
    output.expect_status(1).expect_one_line("rowmill: stdin: line 1: ");
}
