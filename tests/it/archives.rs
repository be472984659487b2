//! Zip archives, made by `archives/make.py`: their members are inputs. What is damaged, cut short
//! or can't be read is an error and gives no output.

use std::fs;
use std::path::PathBuf;

use crate::harness::{PEOPLE_HEADER, Place, Run, has, people};

const A: &str = "{\"id\":\"1\",\"name\":\"Ann\"}\n{\"id\":\"2\",\"name\":\"B\\nob\"}\n";
const B: &str = "{\"x\":\"1\",\"y\":\"2\"}\n{\"x\":\"3\",\"y\":\"\u{fffd}\"}\n";

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/archives").join(name)
}

/// That an archive gives this, for each number of threads and window.
#[track_caller]
fn gives(name: &str, args: &[&str], expected: &str) {
    for threads in ["1", "2", "7"] {
        for window in [&["--window", "64"][..], &[]] {
            let run = Run::rowmill().args(["-q", "-j", threads]).args(window).args(args);
            run.arg(fixture(name)).out().expect_status(0).expect_stdout(expected);
        }
    }
}

#[test]
fn members_are_inputs_in_order() {
    gives("one.zip", &[], A);
    gives("zip64.zip", &[], A);
    gives("xz.zip", &[], A);
    gives("zstd.zip", &[], A);
    gives("invalid_name.zip", &["--member", "??.csv"], A);
    gives("nested.zip", &[], A);
    gives("stream.zip", &[], &[A, B].concat());
    gives("many.zip", &[], &[A, B, A].concat());
    gives("many.zip", &["--member", "*.tsv"], B);
    gives("many.zip", &["--member", "c.*", "--member", "a?csv"], &[A, A].concat());
    gives("many.zip", &["--limit", "3"], &format!("{A}{}\n", B.lines().next().unwrap()));
    gives("empty.zip", &[], "");
    gives("a.jar", &["--member", "a.csv"], A);
    let renamed =
        "{\"k\":\"id\",\"v\":\"name\"}\n".to_owned() + &A.replace("id\"", "k\"").replace("name", "v");
    gives("one.zip", &["--header", "k,v"], &renamed);
    let header = A.replace("\"id\"", "\"k\"").replace("\"name\"", "\"v\"");
    gives("many.zip", &["--replace-header", "k,v", "--member", "?.csv"], &[&header[..], &header].concat());
}

#[test]
fn messages_name_the_member() {
    let output = Run::rowmill().args(["--strict"]).arg(fixture("many.zip")).out();
    output.expect_status(1).expect_stderr("many.zip: d/b.tsv: line 3, record 2, byte 10, column 2 (y)");
    let output = Run::rowmill().arg(fixture("many.zip")).with_stats().out();
    assert_eq!(output.stats()["inputs"].as_array().unwrap().len(), 3);
    // Names are shown on one line, and never opened.
    let place = Place::new();
    let output = place.rowmill().args(["-o", "out.jsonl"]).arg(fixture("names.zip")).with_stats().out();
    output.expect_status(0);
    assert!(output.stats()["inputs"][1].as_str().unwrap().ends_with("names.zip: n\u{fffd}l.csv"));
    assert_eq!(place.read("out.jsonl"), [A, A].concat().as_bytes());
    assert!(!place.dir().parent().unwrap().join("up.csv").exists());
}

#[test]
fn what_is_not_read_is_one_error_with_what_helps() {
    let place = Place::new();
    for (name, args, part) in [
        ("encrypted.zip", &[][..], "member 'a.csv' is encrypted; unpack it: 7z x -so FILE 'a.csv' | rowmill"),
        ("lzma.zip", &[], "member 'a.csv' is compressed by method 14, which is not read"),
        ("none.zip", &[], "is a zip archive without a file to read"),
        ("nothing.zip", &[], "is a zip archive without a file to read"),
        ("book.xlsx", &[], "is an Excel workbook"),
        ("late.xlsx", &[], "is an Excel workbook"),
        ("text.docx", &[], "is an Office document"),
        ("a.jar", &[], "is a program for Java"),
        ("a.ods", &[], "is an OpenDocument"),
        (
            "bad_sum.zip",
            &[],
            "bad_sum.zip: a.csv: cannot read on at byte 35 of the zip stream: the member here is damaged",
        ),
        ("many.zip", &["--member", "*.csv", "--member", "x*"], "--member: no member matches 'x*'"),
        ("one.zip", &["--range", "0..10"], "is a zip archive, which is read only as a file of its own"),
    ] {
        let output = place.rowmill().args(args).arg(fixture(name)).args(["-o", "out.jsonl"]).out();
        output.expect_status(1).expect_one_line(part);
        assert_eq!(place.names(), [""; 0], "{name}");
    }
    let output = place.rowmill().args(["plan", "--ranges", "2"]).arg(fixture("one.zip")).out();
    output.expect_status(1).expect_one_line("is a zip archive");
    let output = place.rowmill().stdin(fs::read(fixture("one.zip")).unwrap()).out();
    output.expect_status(1).expect_one_line("unzip -p FILE | rowmill").expect_stdout("");
    let output = place.rowmill().args(["--member", "*"]).stdin("a\n1\n").out();
    output.expect_status(2).expect_one_line("--member: no input is a file that is a zip archive");
}

#[test]
fn cut_short_anywhere_it_is_an_error() {
    let place = Place::new();
    for name in ["one.zip", "many.zip", "stream.zip", "zip64.zip", "zstd.zip", "xz.zip"] {
        let bytes = fs::read(fixture(name)).unwrap();
        // Of fewer bytes nobody can tell that it was an archive.
        for n in 4..bytes.len() {
            place.write("bad.zip", &bytes[..n]);
            let output = place.rowmill().args(["-q", "bad.zip", "-o", "out.jsonl"]).out();
            output.expect_status(1).expect_one_line("bad.zip: cannot read on at byte ");
            assert_eq!(place.names(), ["bad.zip"], "{name} cut to {n}");
        }
    }
}

/// Each byte changed: an error, or the same text, where it means nothing (times, attributes).
#[test]
fn damaged_anywhere_it_never_gives_other_text() {
    let place = Place::new();
    for (name, expected) in
        [("one.zip", A.to_owned()), ("zip64.zip", A.to_owned()), ("stream.zip", [A, B].concat())]
    {
        let bytes = fs::read(fixture(name)).unwrap();
        let (mut n_errors, mut n_same) = (0, 0);
        for at in 4..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << (at % 8);
            place.write("bad.zip", &bad);
            let output = place.rowmill().args(["-q", "bad.zip"]).out();
            if output.status.code() == Some(0) {
                n_same += 1;
                // A name is one too, and its extension says how it is parted.
                let renamed = String::from_utf8_lossy(&output.stdout).len() >= expected.len();
                assert!(output.stdout == expected.as_bytes() || renamed, "{name}: byte {at}");
            } else {
                n_errors += 1;
                output.expect_status(1).expect_one_line("bad.zip");
            }
        }
        println!("{name}: {n_errors} errors, {n_same} times the same text");
        assert!(n_errors > n_same, "{name}: {n_errors} errors, {n_same} times the same text");
    }
}

#[test]
fn members_that_overlap_are_an_error() {
    let place = Place::new();
    let mut bytes = fs::read(fixture("stream.zip")).unwrap();
    let second = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].fill(0);
    place.write("bad.zip", &bytes);
    place
        .rowmill()
        .arg("bad.zip")
        .out()
        .expect_status(1)
        .expect_one_line("members 'a.csv' and 'd/b.tsv' overlap");
}

/// Of a directory of more entries than are held, what is wanted is read in capped memory.
#[test]
fn a_directory_of_any_length_is_read_in_capped_memory() {
    if !has("python3", "archives as Python makes them") {
        return;
    }
    let place = Place::new();
    let script = "
import zipfile
with zipfile.ZipFile('many.zip', 'w') as made:
    for i in range(70000):
        made.writestr(zipfile.ZipInfo(f'{i:0200}.csv'), 'a\\n1\\n')
with zipfile.ZipFile('bomb.zip', 'w', zipfile.ZIP_DEFLATED) as made:
    with made.open('a.csv', 'w') as member:
        for i in range(256):
            member.write(b'a,b\\n' * (1 << 18))
";
    Run::program("python3").dir(place.dir()).args(["-c", script]).out().expect_status(0);
    let run = |args: &[&str]| place.rowmill().args(["-q", "--memory", "16M"]).args(args).out_and_peak();
    let (output, peak) = run(&["many.zip", "--member", "*69999.csv"]);
    output.expect_status(0).expect_stdout("{\"a\":\"1\"}\n");
    println!("one of 70,000: {peak} bytes");
    assert!(peak <= 16 << 20, "{peak}");
    let (output, _) = run(&["many.zip"]);
    output.expect_status(1).expect_one_line("members to read; choose fewer: --member GLOB");
    let (output, peak) = run(&["bomb.zip", "-o", "/dev/null"]);
    output.expect_status(0);
    println!("a bomb: {peak} bytes");
    assert!(peak <= 16 << 20, "{peak}");
    run(&["bomb.zip", "--limit", "1"]).0.expect_status(0).expect_stdout("{\"a\":\"a\",\"b\":\"b\"}\n");
}

#[test]
fn an_archive_is_resumed_and_never_written_over() {
    if !has("python3", "archives as Python makes them") {
        return;
    }
    let place = Place::new();
    place.write("a.csv", [PEOPLE_HEADER, &people(30_000)].concat());
    let script = "
import zipfile
with zipfile.ZipFile('in.zip', 'w', zipfile.ZIP_DEFLATED) as made:
    made.write('a.csv', 'a.csv'); made.write('a.csv', 'b.csv')
";
    Run::program("python3").dir(place.dir()).args(["-c", script]).out().expect_status(0);
    let expected = place.rowmill().args(["-q", "a.csv", "a.csv"]).out().stdout;
    let args = ["-q", "in.zip", "-o", "out.jsonl", "--resume", "--checkpoint-every", "64K"];
    let mut running = place.rowmill().args(args).args(["--limit-rate", "1M"]).start();
    let kept = running.until(|_| place.names().iter().any(|name| name.contains("checkpoint")));
    assert!(kept, "{:?}", place.names());
    running.signal(rustix::process::Signal::KILL);
    drop(running.finish());
    place.rowmill().args(args).out().expect_status(0);
    assert!(place.read("out.jsonl") == expected);
    fs::hard_link(place.path("in.zip"), place.path("link")).unwrap();
    place
        .rowmill()
        .args(["in.zip", "-o", "link"])
        .out()
        .expect_status(1)
        .expect_one_line("the output is the input");
}

#[test]
fn frames_of_lz4_as_its_program_makes_them() {
    for name in ["checked.lz4", "linked.lz4"] {
        gives(name, &[], A);
        let bytes = fs::read(fixture(name)).unwrap();
        let place = Place::new();
        for n in 2..bytes.len() {
            place.write("bad.csv", &bytes[..n]);
            let output = place.rowmill().args(["-q", "bad.csv", "-o", "out.jsonl"]).out();
            output.expect_status(1).expect_one_line("of the lz4 stream: ");
            assert_eq!(place.names(), ["bad.csv"]);
        }
    }
}
