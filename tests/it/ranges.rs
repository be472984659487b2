//! `rowmill plan` and `--range` as they are typed: the ranges tile the input, each is converted
//! alone, and what comes out, one after another, is the whole's byte for byte, with the whole's
//! numbers in every place.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Output, Place, Run, data, people};

/// The lines of a plan.
fn lines(output: &Output) -> Vec<Value> {
    output.expect_status(0);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn number(line: &Value, key: &str) -> u64 {
    line[key].as_u64().unwrap_or_else(|| panic!("no number {key} in {line}"))
}

fn typed(line: &Value) -> String {
    format!("{}..{}", number(line, "start"), number(line, "end"))
}

#[test]
fn the_outputs_of_the_program_join_to_the_whole() {
    let place = Place::new();
    place.write("in.csv", data::inches(2 << 20));
    let lines = lines(&place.rowmill().args(["plan", "--ranges", "5", "in.csv"]).out());
    assert_eq!(lines.len(), 5);
    for format in ["jsonl", "rows", "json"] {
        for compress in ["none", "gzip:1", "zstd:1"] {
            let args = ["--format", format, "--compress", compress, "in.csv"];
            place.rowmill().args(args).args(["-o", "whole"]).out().expect_status(0);
            let mut all = Vec::new();
            for line in &lines {
                let range = ["--range", &typed(line), "-o", "part"];
                let output = place.rowmill().args(args).args(range).with_stats().out();
                output.expect_status(0);
                assert_eq!(output.stat("records"), number(line, "records"));
                all.extend(place.read("part"));
            }
            let unpacked = |bytes: &[u8]| match compress {
                "gzip:1" => {
                    let mut text = Vec::new();
                    let mut members = flate2::read::MultiGzDecoder::new(bytes);
                    std::io::Read::read_to_end(&mut members, &mut text).unwrap();
                    text
                }
                "zstd:1" => zstd::decode_all(bytes).unwrap(),
                _ => bytes.to_vec(),
            };
            assert!(unpacked(&all) == unpacked(&place.read("whole")), "{format}, {compress}");
        }
    }
}

#[test]
fn a_plan_depends_on_the_bytes_alone_and_its_ranges_are_nearly_equal() {
    let place = Place::new();
    for (name, bytes) in [
        ("plain.csv", people(60_000)),
        ("quotes.csv", data::rows_in_quotes(6 << 20)),
        ("inches.csv", data::inches(3 << 20)),
    ] {
        let path = place.write(name, &bytes);
        for n in ["3", "40"] {
            let plan = |args: &[&str]| {
                let output = place.rowmill().args(["plan", "--ranges", n]).args(args).arg(&path).out();
                lines(&output);
                output.stdout
            };
            let expected = plan(&[]);
            for threads in ["1", "2", "7"] {
                for window in ["64", "5000", "64K", "1M"] {
                    for io in ["mmap", "read"] {
                        let got = plan(&["-j", threads, "--window", window, "--io", io]);
                        assert!(got == expected, "{name}, {n}, -j {threads}, --window {window}, --io {io}");
                    }
                }
            }
            assert!(plan(&["--memory", "16M"]) == expected, "{name}, {n}, --memory 16M");
            if name == "plain.csv" {
                let share = bytes.len() as u64 / n.parse::<u64>().unwrap();
                for line in lines(&place.rowmill().args(["plan", "--ranges", n]).arg(&path).out()) {
                    let size = number(&line, "end") - number(&line, "start");
                    assert!(size.abs_diff(share) < 1024, "{size} bytes, {share} are a share");
                }
            }
        }
    }
}

#[test]
fn there_are_no_more_ranges_than_records() {
    let place = Place::new();
    let starts = |text: &str| -> Vec<u64> {
        place.write("in.csv", text);
        let lines = lines(&place.rowmill().args(["plan", "--ranges", "9", "in.csv"]).out());
        let count = lines.len() as u64;
        assert!(lines.iter().enumerate().all(|(i, line)| number(line, "index") == i as u64));
        assert!(lines.iter().all(|line| number(line, "count") == count));
        assert_eq!(number(&lines[lines.len() - 1], "end"), text.len() as u64);
        lines.iter().map(|line| number(line, "start")).collect()
    };
    assert_eq!(starts(""), [0]);
    assert_eq!(starts("\n\n\n\n"), [0]);
    assert_eq!(starts("a,b\n"), [0]);
    assert_eq!(starts("a,b\n1,2\n"), [0]);
    assert_eq!(starts("a,b\n1,2\n\n\n\n\n\n\n"), [0], "what is blank belongs to the record before");
    assert_eq!(starts("a,b\n1,2\n3,4"), [0, 8]);
    assert_eq!(starts("a,b\n1,2\n3,\"x\n\n\n\n\n\n\n\n\n\ny\"\n5,6\n"), [0, 8, 25]);
}

#[test]
fn lines_and_records_are_the_whole_files() {
    let place = Place::new();
    let mut text = String::from("# first\n\nid,name\n");
    for i in 0..200 {
        text += &format!("{i},\"two\r\nlines\"\n# a \"comment\n");
    }
    text += "200\n";
    place.write("in.csv", &text);
    let args = ["--comment", "#", "in.csv"];
    let whole = place.rowmill().args(args).args(["--check"]).with_stats().out();
    let expected = &whole.stats()["anomalies"]["short_record"]["first"];
    assert_eq!((number(expected, "line"), number(expected, "record")), (604, 201));
    let lines = lines(&place.rowmill().args(["plan", "--ranges", "7"]).args(args).out());
    assert_eq!(lines.len(), 7);
    assert_eq!((number(&lines[0], "first_line"), number(&lines[0], "first_record")), (1, 1));
    for line in &lines {
        let before = &text[..usize::try_from(number(line, "start")).unwrap()];
        assert_eq!(number(line, "first_line") as usize, before.matches('\n').count() + 1);
        assert_eq!(number(line, "first_record") as usize, before.matches("\"two").count() + 1);
    }
    let last = place.rowmill().args(args).args(["--check", "--range", &typed(&lines[6])]).with_stats().out();
    assert_eq!(&last.stats()["anomalies"]["short_record"]["first"], expected);
}

/// What is put aside of each range joins too, and the reasons with their places.
#[test]
fn rejects_join_to_those_of_the_whole() {
    let place = Place::new();
    let text: String = (0..500)
        .map(|i| if i % 7 == 3 { format!("\"{i}\nshort\"\n") } else { format!("{i},\"a\nb\"\n") })
        .collect();
    place.write("in.csv", format!("a,b\n{text}"));
    let both = |name: &str| [place.read(name), place.read(&format!("{name}.log.jsonl"))];
    let args = ["--rejects", "whole", "in.csv"];
    place.rowmill().args(args).out().expect_status(0);
    let mut all = [Vec::new(), Vec::new()];
    for line in lines(&place.rowmill().args(["plan", "--ranges", "4", "in.csv"]).out()) {
        let output = place.rowmill().args(["--rejects", "part", "in.csv", "--range", &typed(&line)]).out();
        output.expect_status(0);
        all.iter_mut().zip(both("part")).for_each(|(all, part)| all.extend(part));
    }
    assert!(all == both("whole"));
    assert!(all[0].len() > 500);
}

/// Without quotes and escapes nothing is read but the places themselves.
#[test]
fn lines_are_cut_without_a_pass() {
    let place = Place::new();
    let path = place.path("in.csv");
    let file = File::create(&path).unwrap();
    let size = 100u64 << 30;
    file.set_len(size).unwrap();
    file.write_all_at(b"a,b\n", 0).unwrap();
    for i in 1..64 {
        // A CR at the target itself, whose LF stands behind.
        file.write_all_at(b"x\r\n1,2\n", i * size / 64 - 2).unwrap();
    }
    let begun = Instant::now();
    let output = place.rowmill().args(["plan", "--ranges", "64", "--quote", "none", "in.csv"]).out();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let lines = lines(&output);
    let starts: Vec<u64> = lines.iter().map(|line| number(line, "start")).collect();
    let expected: Vec<u64> = (0..64).map(|i| if i == 0 { 0 } else { i * size / 64 + 1 }).collect();
    assert_eq!(starts, expected);
    assert!(lines.iter().all(|line| line["records"].is_null() && line["first_line"].is_null()));
    // Two ways of putting one end: both are looked at, none is read.
    let range = |typed: String| {
        let args = ["--quote", "none", "--range", &typed, "--memory", "16M", "in.csv"];
        place.rowmill().args(args).out()
    };
    let at = starts[63];
    range(format!("{}..{}", at, at + 4)).expect_status(0).expect_stdout("{\"a\":\"1\",\"b\":\"2\"}\n");
    range(format!("{}..{}", at - 1, at + 4)).expect_status(1).expect_one_line("is no record's start");
    range(format!("{}..{}", at, at + 3)).expect_status(1).expect_one_line("is no record's end");
}

/// Each byte of a small file, as a start and as an end: what stands at a record's bound is taken,
/// all else refused.
#[test]
fn only_bounds_of_records_are_taken() {
    let place = Place::new();
    for (args, text, bounds) in [
        (vec![], "a,b\n1,2\n3,4\n", vec![4, 8]),
        (vec![], "a,b\r\n1,2\r\n\r\n3,4", vec![5, 10, 12]),
        (vec![], "a,b\r1,2\r\r3,4\r", vec![4, 8, 9]),
        (vec![], "\n\na,b\n1,\"x\ny\"\n\"\",z\n", vec![6, 14]),
        (vec![], "a,b\n1,5\" pipe\n2,\"say \"\"\n\"\"\n\",\"\n\"\n3,x\n", vec![4, 14, 33]),
        (vec!["--comment", "#"], "#x\na,b\n#\"\n1,2\n#y\"\n3,4\n", vec![7, 10, 14, 18]),
        (vec!["--skip-lines", "1"], "x\na,b\n1,2\n", vec![6]),
        (vec!["--no-header"], "\n1,2\n3,4\n", vec![1, 5]),
        (vec!["--quote", "none"], "a,b\r\n1,\"\r\n2,\"\n", vec![5, 10]),
        (vec!["--quote", "none", "--terminator", ";"], "a,b;1,\n;2,3;", vec![4, 8]),
        (vec!["--escape", "\\"], "a,b\n1,x\\\ny\n2,\"\\\"\n\"\n", vec![4, 11]),
        (vec!["--terminator", "\\n"], "a,b\n1,2\r\n3,4\n", vec![4, 9]),
        (vec!["--escape", "\\", "--escapes", "postgres"], "a,b\n1,2\n\\.\n3,4\n", vec![4, 8, 11]),
    ] {
        let path = place.write("in.csv", text);
        let size = text.len();
        let range = |start: usize, end: usize| {
            let range = format!("{start}..{end}");
            place.rowmill().args(&args).args(["--format", "json", "--range", &range]).arg(&path).out()
        };
        let whole = place.rowmill().args(&args).args(["--format", "json"]).arg(&path).out();
        for at in 1..size {
            let (front, back) = (range(0, at), range(at, size));
            if bounds.contains(&at) {
                front.expect_status(0);
                back.expect_status(0);
                let both = [&front.stdout[..], &back.stdout].concat();
                assert!(both == whole.stdout, "{text:?} in two at {at}");
            } else {
                let file = path.display();
                front.expect_status(1);
                front.expect_one_line(&format!("{file}: --range: byte {at} is no record's end; take"));
                back.expect_status(1);
                back.expect_one_line(&format!("{file}: --range: byte {at} is no record's start; take"));
            }
        }
        range(0, size).expect_status(0).expect_stdout(&whole.stdout);
        range(0, size + 1).expect_status(1).expect_one_line("lies behind the end");
    }
}

#[test]
fn a_plan_says_what_shapes_the_result() {
    let place = Place::new();
    place.write("in.tsv", "id\tname\temail\n1\ta\tx@y\n2\tb\tz@y\n");
    let args = ["--select", "id,email", "--mask", "email", "--type", "id=int", "--nest", "--format", "json"];
    let plan = ["plan", "-j", "2", "--memory", "32M", "--ranges", "2", "in.tsv"];
    let lines = lines(&place.rowmill().args(plan).args(args).out());
    let whole = place.rowmill().args(args).arg("in.tsv").out();
    let mut all = Vec::new();
    for line in &lines {
        let expected = serde_json::json!({
            "delimiter": "\\x09",
            "dialect": {
                "quote": "\"", "double_quote": true, "escape": null, "escapes": "literal", "terminator": "any", "comment": null, "trim": "all",
            },
            "skip_lines": 0,
            "names": {"no_header": false, "given": null},
            "columns": {
                "select": ["id", "email"], "mask": [["email", "email"]], "extra_key": "_extra", "fill": false,
                "nest": ".", "infer": false, "quoted_values": false, "types": [["id", "int"]], "format": "json",
            },
        });
        assert_eq!(line["options"], expected);
        let path = line["input"]["path"].as_str().unwrap();
        assert!(Path::new(path).is_absolute());
        let output = Run::rowmill().args(args).args(["--range", &typed(line), path]).out();
        output.expect_status(0);
        all.extend(output.stdout);
    }
    assert_eq!(lines.len(), 2);
    assert!(all == whole.stdout);
    let stat = fs::metadata(place.path("in.tsv")).unwrap();
    assert_eq!(number(&lines[0]["input"], "size"), stat.len());
    assert_eq!(lines[0]["version"], 2);
    let text = place.read("in.tsv");
    let ends = blake3::hash(&[&text[..], &text].concat()).to_hex().to_string();
    assert_eq!(lines[0]["input"]["ends"], ends.as_str());
}

#[test]
fn a_plan_goes_where_it_is_told_and_nothing_else_does() {
    let place = Place::new();
    let text = people(1000);
    place.write("in.csv", &text);
    let told = place.rowmill().args(["plan", "--ranges", "3", "in.csv"]).out();
    assert_eq!(lines(&told).len(), 3);
    told.expect_stderr("999 records in ").expect_stderr("  3 ranges");
    let quiet = place.rowmill().args(["plan", "--ranges", "3", "-q", "-o", "plan", "in.csv"]).out();
    quiet.expect_status(0).expect_stdout("");
    assert_eq!(quiet.stderr, "");
    assert!(place.read("plan") == told.stdout);
    let size = (text.len() / 4 - 1).to_string();
    let by_size = lines(&place.rowmill().args(["plan", "--range-size", &size, "in.csv"]).out());
    assert_eq!(by_size.len(), 5);
    place.rowmill().args(["plan", "--ranges", "3", "-o", "./in.csv", "in.csv"]).out().expect_status(1);
    place.shell("$ROWMILL plan --ranges 3 in.csv >> in.csv").out();
    assert!(place.read("in.csv") == text, "the input is as it was");
}

#[test]
fn what_can_not_be_had_is_refused() {
    let place = Place::new();
    let text = people(100);
    place.write("in.csv", &text);
    place.write("two.csv", &text);
    place.write("wide.csv", b"\xff\xfea\0\n\x001\0\n\0");
    place.fifo("pipe");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&text).unwrap();
    place.write("in.csv.gz", packed.finish().unwrap());
    let refused = |args: &[&str], status: i32, part: &str| {
        let output = place.rowmill().args(args).stdin("a\n1\n").out();
        output.expect_status(status).expect_stdout("").expect_one_line(part);
    };
    for with in [
        &["--limit", "1"][..],
        &["--strict"],
        &["--rejects", "r"],
        &["--resume", "-o", "x"],
        &["--split-records", "1", "-o", "x"],
        &["--range", "0..5"],
        &["--check"],
        &["--compress", "zstd"],
        &["--limit-rate", "1M"],
    ] {
        // They are no arguments of a plan.
        refused(&[&["plan", "--ranges", "2", "in.csv"], with].concat(), 2, with[0]);
    }
    for with in [&["--limit", "1"][..], &["--resume", "-o", "x"], &["--split-size", "1K", "-o", "x"]] {
        refused(&[&["--range", "0..5", "in.csv"], with].concat(), 2, with[0]);
    }
    refused(&["--range", "0..5"], 2, "takes one input");
    refused(&["--range", "0..5", "in.csv", "two.csv"], 2, "takes one input");
    refused(&["plan", "--ranges", "2"], 2, "required");
    refused(&["plan", "--ranges", "2", "in.csv", "two.csv"], 2, "unexpected argument 'two.csv'");
    refused(&["plan", "in.csv"], 2, "--ranges");
    for typed in [&["plan", "--ranges", "2"][..], &["--range", "0..5"]] {
        refused(&[typed, &["in.csv.gz"]].concat(), 1, "one byte a character, with a delimiter");
        refused(&[typed, &["wide.csv"]].concat(), 1, "one byte a character, with a delimiter");
        refused(&[typed, &["missing.csv"]].concat(), 1, "missing.csv: cannot open");
    }
    refused(&["plan", "--ranges", "2", "pipe"], 1, "pipe: is no regular file");
    refused(&["plan", "--ranges", "0", "in.csv"], 2, "--ranges");
    refused(&["plan", "--range-size", "0", "in.csv"], 2, "--range-size");
    refused(&["plan", "--ranges", "1000000", "in.csv"], 2, "131072 are the most");
    refused(&["--range", "5..5", "in.csv"], 2, "START must lie before END");
    refused(&["--range", "5", "in.csv"], 2, "START..END");
    refused(&["plan", "--ranges", "2", "--select", "nobody", "in.csv"], 1, "no column is named 'nobody'");
    assert_eq!(place.names(), ["in.csv", "in.csv.gz", "pipe", "two.csv", "wide.csv"]);
}

/// A long plan too, and a range of a file far larger than memory.
#[test]
fn memory_stays_under_the_cap() {
    const CAP: u64 = 16 << 20;
    let place = Place::new();
    place.write("in.csv", people(400_000));
    let args = ["--memory", "16M", "-j", "2", "-q", "in.csv"];
    let (planned, peak) =
        place.rowmill().args(["plan", "--ranges", "131072", "-o", "plan"]).args(args).out_and_peak();
    planned.expect_status(0);
    assert!(peak < CAP, "{peak} bytes to plan");
    let plan = String::from_utf8(place.read("plan")).unwrap();
    assert_eq!(plan.lines().count(), 131_072);
    let line: Value = serde_json::from_str(plan.lines().nth(100_000).unwrap()).unwrap();
    // What is before it is read first.
    let range = [
        "--range",
        &format!("{}..{}", number(&line, "start"), fs::metadata(place.path("in.csv")).unwrap().len()),
    ];
    let (converted, peak) = place.rowmill().args(args).args(range).out_and_peak();
    converted.expect_status(0);
    assert!(peak < CAP, "{peak} bytes to convert");
    let first = String::from_utf8_lossy(&converted.stdout[..200]).into_owned();
    assert!(first.contains(&format!("{:08}", number(&line, "first_record"))), "{first}");
}

/// The file's own size and time are watched, not those of the range.
#[test]
fn a_file_that_changes_behind_the_range_is_an_error() {
    let place = Place::new();
    let path = place.write("in.csv", data::well_behaved(8 << 20));
    let lines = lines(&place.rowmill().args(["plan", "--ranges", "4", "in.csv"]).out());
    let args = ["--range", &typed(&lines[1]), "in.csv"];
    let mut running = place.rowmill().args(args).start();
    running.until_it_waits();
    let end = number(&lines[1], "end");
    OpenOptions::new().write(true).open(&path).unwrap().set_len(end + 100).unwrap();
    let output = running.finish();
    output.expect_status(1).expect_one_line("the file became shorter while it was read");
}
