//! Many inputs: their names from a list, and each to a file of its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::harness::{Place, Run, can_unpack, unpacked};

/// A place with small files, and a large one.
fn some() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("x")).unwrap();
    for i in 0..40 {
        place.write(&format!("x/f{i}.csv"), format!("id,name\n{i},Ann {i}\n{i},\"Bob \"\"{i}\"\"\"\n"));
    }
    let records: String = (0..200_000).map(|i| format!("{i},name {i}\n")).collect();
    place.write("x/large.tsv", format!("id\tname\n{}", records.replace(',', "\t")));
    place
}

/// All of them converted one by one.
fn one_by_one(place: &Place, args: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(place.path("x")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    let convert = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let output = place.rowmill().args(args).arg(path).out();
        output.expect_status(0);
        (name, output.stdout)
    };
    all.iter().map(convert).collect()
}

#[test]
fn each_input_becomes_what_it_becomes_alone() {
    let place = some();
    for args in [
        &[][..],
        &["--infer", "-j", "3"],
        &["--memory", "16M"],
        &["--type", "id=int", "--mask", "name:redact"],
    ] {
        let folder = format!("out{}", args.len());
        let run = place.rowmill().args(["--files-from", "-", "-0", "--output-dir", &folder]).args(args);
        let list = place.shell("printf '%s\\0' x/*").out().stdout;
        let output = run.stdin(list).with_stats().out();
        output.expect_status(0).expect_stdout("").expect_stderr("200,080 records");
        output.expect_stderr("from 41 inputs");
        for (name, expected) in one_by_one(&place, args) {
            assert!(place.read(&format!("{folder}/{name}.jsonl")) == expected, "{name} {args:?}");
        }
        assert_eq!(fs::read_dir(place.path(&folder)).unwrap().count(), 41);
        assert_eq!((output.stat("records"), output.stat("inputs_failed")), (200_080, 0));
        assert_eq!(output.stats()["inputs"].as_array().unwrap().len(), 41);
    }
}

#[test]
fn outputs_are_compressed_if_that_is_asked_for() {
    let place = some();
    for (how, extension) in [("gzip", "gz"), ("zstd", "zst")] {
        if !can_unpack(&format!("x.{extension}")) {
            continue;
        }
        let args = ["--compress", how, "--output-dir", how, "x/f1.csv", "x/large.tsv"];
        place.rowmill().args(args).out().expect_status(0);
        for name in ["f1", "large"] {
            let path = place.path(&format!("{how}/{name}.jsonl.{extension}"));
            let input = if name == "f1" { "x/f1.csv" } else { "x/large.tsv" };
            let expected = place.rowmill().arg(input).out().stdout;
            assert!(unpacked(&path) == expected, "{name} {how}");
        }
    }
    place.rowmill().args(["--format", "json", "--output-dir", "json", "x/f1.csv"]).out().expect_status(0);
    assert!(place.read("json/f1.json").starts_with(b"[\n{"));
}

#[test]
fn an_input_that_fails_does_not_keep_the_others_from_being_converted() {
    let place = some();
    fs::create_dir(place.path("x/folder.csv")).unwrap();
    place.write("x/zip.csv", b"PK\x03\x04 no archive");
    let names: Vec<String> = (0..40).map(|i| format!("x/f{i}.csv")).collect();
    let run = place.rowmill().args(["--output-dir", "out", "x/no.csv", "x/folder.csv", "x/zip.csv"]);
    let output = run.args(&names).with_stats().out();
    output.expect_status(1).expect_stderr("rowmill: x/no.csv: cannot open: No such file or directory\n");
    output.expect_stderr("rowmill: x/folder.csv: is a directory");
    output.expect_stderr("rowmill: x/zip.csv: ").expect_stderr("3 inputs failed");
    assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 40);
    assert_eq!((output.stat("inputs_failed"), output.stat("records")), (3, 80));
    assert_eq!(output.stats()["failures"].as_array().unwrap().len(), 3);
    // What is there stays whole, whatever fails.
    place.write("x/bad.csv", "a,b\n1\n");
    fs::create_dir(place.path("kept")).unwrap();
    place.write("kept/bad.jsonl", "earlier");
    let output = place.rowmill().args(["--strict", "--output-dir", "kept", "x/bad.csv", "x/f1.csv"]).out();
    output.expect_status(1).expect_stderr("x/bad.csv: line 2");
    assert_eq!(place.read("kept/bad.jsonl"), b"earlier");
    assert!(place.path("kept/f1.jsonl").exists());
    // An existing file that may not be replaced.
    let output = place.rowmill().args(["--no-clobber", "--output-dir", "kept", "x/f1.csv", "x/f2.csv"]).out();
    output.expect_status(1).expect_stderr("kept/f1.jsonl").expect_stderr("1 input failed");
    assert!(place.path("kept/f2.jsonl").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let place = some();
    place
        .rowmill()
        .args(["--output-dir", "no/such", "x/f1.csv"])
        .out()
        .expect_refusal(1, "no/such: cannot make");
    place
        .rowmill()
        .args(["--output-dir", "x/f1.csv", "x/f2.csv"])
        .out()
        .expect_refusal(1, "x/f1.csv: is no folder");
}

#[test]
fn two_outputs_of_the_same_name_are_an_error_before_anything_is_written() {
    let place = some();
    place.write("f1.csv.gz", "");
    place.write("x/f1.txt", "a\n1\n");
    for other in ["f1.csv.gz", "x/f1.txt", "x/f1.csv"] {
        let output = place.rowmill().args(["--output-dir", "out", "x/f1.csv", "x/f2.csv", other]).out();
        output.expect_refusal(2, &format!("x/f1.csv and {other}: both would be written to out/f1.jsonl"));
    }
    // The output of one is another one.
    place.write("x/f3.jsonl", "a\n1\n");
    let output = place.rowmill().args(["--output-dir", "x", "x/f3.csv", "x/f3.jsonl"]).out();
    output.expect_refusal(1, "x/f3.jsonl: the output is the input x/f3.jsonl");
    assert!(!place.path("out").exists());
    assert_eq!(place.read("x/f3.jsonl"), b"a\n1\n");
}

#[test]
fn what_is_of_one_output_is_refused() {
    let place = some();
    for (flag, value) in [
        ("-o", Some("y.jsonl")),
        ("--resume", None),
        ("--split-size", Some("1M")),
        ("--split-records", Some("5")),
        ("--limit-rate", Some("1M")),
        ("--rejects", Some("r.csv")),
        ("--check", None),
        ("--limit", Some("5")),
        ("--range", Some("0..5")),
    ] {
        let output = place.rowmill().args(["--output-dir", "out", "x/f1.csv", flag]).args(value).out();
        output.expect_refusal(2, "--output-dir <DIR>");
    }
    place.rowmill().args(["--output-dir", "out"]).stdin("a\n1\n").out().expect_refusal(2, "has no name");
    place.rowmill().args(["--output-dir", "out", "-"]).stdin("a\n1\n").out().expect_refusal(2, "has no name");
    place.rowmill().args(["--files-from", "list", "x/f1.csv"]).out().expect_refusal(2, "cannot be used with");
    place.rowmill().args(["-0", "x/f1.csv"]).out().expect_refusal(2, "--files-from");
    assert!(!place.path("out").exists());
}

/// A column that some of the inputs lack; the keys of all, in each output.
#[test]
fn columns_are_those_of_all_inputs() {
    let place = Place::new();
    place.write("a.csv", "id,name\n1,Ann\n");
    place.write("b.csv", "age,id\n30,2\n");
    let files = ["a.csv", "b.csv"];
    let output = place.rowmill().args(["--select", "id,age", "--output-dir", "out"]).args(files).out();
    output.expect_status(0).expect_stderr("a.csv: there is no column 'age' (--select)");
    assert_eq!(place.read("out/a.jsonl"), b"{\"id\":\"1\"}\n");
    assert_eq!(place.read("out/b.jsonl"), b"{\"id\":\"2\",\"age\":\"30\"}\n");
    place.rowmill().args(["--fill", "--output-dir", "out"]).args(files).out().expect_status(0);
    assert_eq!(place.read("out/a.jsonl"), b"{\"id\":\"1\",\"name\":\"Ann\",\"age\":null}\n");
    assert_eq!(place.read("out/b.jsonl"), b"{\"id\":\"2\",\"name\":null,\"age\":\"30\"}\n");
    place
        .rowmill()
        .args(["--fill", "--format", "rows", "--output-dir", "out"])
        .args(files)
        .out()
        .expect_status(0);
    assert_eq!(place.read("out/b.jsonl"), b"[\"id\",\"name\",\"age\"]\n[\"2\",null,\"30\"]\n");
    let output = place.rowmill().args(["--select", "aeg", "--output-dir", "out"]).args(files).out();
    output.expect_refusal(1, "all 2 inputs: --select: no column is named 'aeg'");
    let output = place.rowmill().args(["--select", "aeg", "--output-dir", "out", "a.csv"]).out();
    output.expect_refusal(1, "a.csv: --select: no column is named 'aeg'");
}

/// Anomalies and remarks are those of the first input that has some, however threads run.
#[test]
fn what_is_odd_is_reported_of_the_first_input() {
    let place = Place::new();
    let names: Vec<String> = (0..200).map(|i| format!("f{i:03}.csv")).collect();
    for (i, name) in names.iter().enumerate() {
        place.write(name, if i >= 50 { "a;b,c\n1\n\"x\ny\",2\n" } else { "a,b\n1,2\n" });
    }
    for _ in 0..5 {
        let output = place.rowmill().args(["-j", "8", "--output-dir", "out"]).args(&names).with_stats().out();
        output
            .expect_status(0)
            .expect_stderr("150 × record shorter than the header, first at f050.csv: line 2");
        output.expect_stderr("150 records of several lines, first at f050.csv: line 3");
        assert_eq!(output.stats()["anomalies"]["short_record"]["count"], 150);
        let output = place.rowmill().args(["--fail-on-anomaly", "--output-dir", "out"]).args(&names).out();
        output.expect_status(3);
    }
}

#[test]
fn names_come_from_a_list() {
    let place = Place::new();
    place.write("a b.csv", "n\n1\n");
    place.write("c.csv", "n\n2\n");
    place.write("new\nline.csv", "n\n3\n");
    place.write("list", "a b.csv\r\n\nc.csv");
    place.write("nul", "c.csv\0new\nline.csv\0");
    place.write("none", "\n\n");
    place
        .rowmill()
        .args(["--files-from", "list"])
        .out()
        .expect_status(0)
        .expect_stdout("{\"n\":\"1\"}\n{\"n\":\"2\"}\n");
    let by_nul = place.rowmill().args(["--from0", "--files-from", "nul"]).out();
    by_nul.expect_status(0).expect_stdout("{\"n\":\"2\"}\n{\"n\":\"3\"}\n");
    let piped = place.rowmill().args(["--files-from", "-"]).stdin("c.csv\n").out();
    piped.expect_status(0).expect_stdout("{\"n\":\"2\"}\n");
    // Standard input may be one of the inputs, if it is not the list.
    place.write("with_stdin", "c.csv\n-\n");
    let both = place.rowmill().args(["--files-from", "with_stdin"]).stdin("n\n9\n").out();
    both.expect_status(0).expect_stdout("{\"n\":\"2\"}\n{\"n\":\"9\"}\n");
    let twice = place.rowmill().args(["--files-from", "-"]).stdin("c.csv\n-\n").out();
    twice.expect_refusal(2, "can be read once");
    place.rowmill().args(["--files-from", "none"]).out().expect_refusal(1, "none: names no input");
    place.rowmill().args(["--files-from", "no"]).out().expect_refusal(1, "no: cannot open: No such file");
    place.write("bad", "c.csv\nno.csv\n");
    place.rowmill().args(["--files-from", "bad"]).out().expect_refusal(1, "no.csv: cannot open");
}

#[test]
fn a_list_that_is_no_list_stays_in_the_memory() {
    let place = Place::new();
    let run = place.rowmill().args(["--memory", "16M", "--files-from", "/dev/zero"]);
    let (output, peak) = run.out_and_peak();
    output.expect_refusal(2, "the list has more than 2097152 bytes, an eighth of --memory; raise it");
    assert!(peak < 16 << 20, "{peak}");
    // Short names take more than their bytes.
    place.write("list", "x\n".repeat(500_000));
    for args in [&["--output-dir", "out"][..], &[]] {
        let (output, peak) =
            place.rowmill().args(["--memory", "16M", "--files-from", "list"]).args(args).out_and_peak();
        output.expect_refusal(2, "list: the list has more than 16384 names, one for each KiB of --memory");
        assert!(peak < 16 << 20, "{peak}");
    }
}

#[test]
fn many_at_once_stay_in_the_memory() {
    let place = some();
    for (memory, threads) in [(16, "8"), (64, "16")] {
        let run = place.shell(&format!(
            "exec \"$ROWMILL\" --memory {memory}M -j {threads} --infer --output-dir out x/*"
        ));
        let (output, peak) = run.out_and_peak();
        output.expect_status(0);
        assert!(peak < memory << 20, "{memory} MiB: {peak}");
    }
}

/// Names that are links, where the program may open nothing but what it was given.
#[test]
fn links_are_followed() {
    let place = some();
    fs::create_dir(place.path("links")).unwrap();
    fs::create_dir(place.path("out")).unwrap();
    fs::create_dir(place.path("elsewhere")).unwrap();
    for i in 0..80 {
        symlink(place.path(&format!("x/f{}.csv", i % 40)), place.path(&format!("links/l{i}.csv"))).unwrap();
    }
    symlink("../elsewhere/there.jsonl", place.path("out/l7.jsonl")).unwrap();
    let list = place.shell("ls links/*").out().stdout;
    let output = place.rowmill().args(["--files-from", "-", "--output-dir", "out"]).stdin(list).out();
    output.expect_status(0);
    assert_eq!(place.read("elsewhere/there.jsonl"), place.rowmill().arg("x/f7.csv").out().stdout);
    assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 80);
}

/// What cannot be written whole has no name.
#[test]
fn an_output_that_cannot_grow_does_not_appear() {
    let place = some();
    let script = "ulimit -f 1; trap '' XFSZ; \"$ROWMILL\" --output-dir out x/large.tsv x/f1.csv";
    let output = Run::program("bash")
        .args(["-c", script])
        .env("ROWMILL", env!("CARGO_BIN_EXE_rowmill"))
        .dir(place.dir())
        .out();
    output.expect_status(1).expect_stderr("out/large.jsonl: cannot write");
    assert!(!place.path("out/large.jsonl").exists());
    assert!(place.path("out/f1.jsonl").exists(), "it is small enough");
    let mode = fs::metadata(place.path("out/f1.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o600, 0o600);
}
