//! What is above, below and between records: titles, footers, repeated headers, records of
//! delimiters alone. A file with all of it gives what the file without gives, however it is read.
//!
//! The small cases are in `fixtures/tops/`; here are files of many windows.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use rustix::process::Signal;

use crate::harness::{Numbers, Place, kernels};
use crate::library::{How, convert};
use crate::model::Shape;
use crate::worker::{joined, plan};

const ALL: [&str; 10] = [
    "-d",
    ";",
    "--trailing-delimiter",
    "--skip-empty",
    "--skip-repeated-headers",
    "--comment",
    "##",
    "--skip-last",
    "3",
    "in.csv",
];

/// Writes `in.csv` with all that is dropped, and `clean.csv` without.
fn write(place: &Place, n_records: usize, quotes: bool) {
    let header = "id;name;note";
    let (mut dirty, mut clean) = (format!("{header};\n"), format!("{header}\n"));
    let mut numbers = Numbers(5);
    for i in 0..n_records {
        let name = match numbers.below(9) {
            0 if quotes => "\"a; b\"".to_owned(),
            1 if quotes => format!("\"two\nlines\n## {i};\n{header};\n;;;\n\""),
            2 => "#".repeat(numbers.below(4)),
            n => "name".repeat(n),
        };
        let record = format!("{i};{name};{}", "x".repeat(numbers.below(40)));
        let _ = writeln!(dirty, "{record};");
        let _ = writeln!(clean, "{record}");
        dirty.push_str(match numbers.below(12) {
            0 => ";;;\n",
            1 => ";\n",
            2 => "\n",
            3 => "id;name;note;\n",
            4 => "## a comment; with \" a quote;\n",
            5 if quotes => "\"\"; ;\"\";\n",
            _ => "",
        });
    }
    dirty.push_str("Total;1;2;\n");
    dirty.push_str(if quotes { "\"Page\n1;\n\n of\n1\";;\n" } else { "Page;;\n" });
    dirty.push_str("end\n\n\n## nothing follows\n;;;\n");
    place.write("in.csv", dirty);
    place.write("clean.csv", clean);
}

fn clean(place: &Place, args: &[&str]) -> Vec<u8> {
    let output = place.rowmill().args(["-q", "-d", ";", "clean.csv"]).args(args).out();
    output.expect_status(0);
    output.stdout
}

#[test]
fn a_file_with_all_of_it_gives_what_the_file_without_gives() {
    let place = Place::new();
    for quotes in [true, false] {
        write(&place, 12_000, quotes);
        let expected = clean(&place, &[]);
        let dirty = place.read("in.csv");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&dirty).unwrap();
        place.write("in.csv.gz", packed.finish().unwrap());
        for threads in ["1", "2", "7"] {
            for window in ["1K", "16K", "256K"] {
                for (source, more) in [
                    ("in.csv", &["--io", "mmap"][..]),
                    ("in.csv", &["--io", "read"]),
                    ("in.csv.gz", &[]),
                    ("-", &[]),
                ] {
                    let run = place.rowmill().args(&ALL[..9]).arg(source).args(more);
                    let run = run.args(["-q", "-j", threads, "--window", window]);
                    let run = if source == "-" { run.stdin(dirty.clone()) } else { run };
                    let output = run.out();
                    output.expect_status(0);
                    let same = output.stdout == expected;
                    assert!(same, "{source} {more:?} -j {threads} --window {window}: differs");
                }
            }
        }
    }
}

#[test]
fn what_is_dropped_is_counted_the_same_however_it_is_read() {
    let place = Place::new();
    write(&place, 12_000, true);
    let dirty = String::from_utf8(place.read("in.csv")).unwrap();
    let mut known = None;
    for args in [
        &["-o", "out"][..],
        &["-o", "out", "-j", "1", "--window", "4K"],
        &["-o", "out", "--infer"],
        &["-o", "out", "--empty", "omit"],
        &["--check"],
        &["--check", "-j", "7", "--window", "1K"],
        &["--check", "--type", "id=int"],
        &["--rejects", "bad", "-o", "out"],
        &["--strict", "-o", "out"],
        &["--fail-on-anomaly", "-o", "out"],
    ] {
        let output = place.rowmill().args(ALL).args(args).with_stats().out();
        output.expect_status(0);
        assert!(output.stats()["anomalies"].as_object().unwrap().is_empty(), "{args:?}");
        let counts =
            ["records", "empty_records", "repeated_headers", "blank_records"].map(|key| output.stat(key));
        assert_eq!(*known.get_or_insert(counts), counts, "{args:?}");
        assert_eq!(output.stat("bytes_in"), dirty.len() as u64, "{args:?}");
    }
    let [records, empty, repeated, blank] = known.unwrap();
    assert_eq!(records, 12_000);
    // Those in quotes have no line end before them that is not in quotes.
    assert!(empty > 1000 && repeated > 500 && blank > 500, "{empty}, {repeated}, {blank}");
}

/// Lines are counted over all that is dropped.
#[test]
fn places_are_those_of_the_file() {
    let place = Place::new();
    write(&place, 3000, true);
    let mut dirty = String::from_utf8(place.read("in.csv")).unwrap();
    let at = dirty.find("\n2500;").unwrap() + 1;
    dirty.insert_str(at, "short\n");
    let line = dirty[..at].matches('\n').count() as u64 + 1;
    place.write("in.csv", &dirty);
    for args in [&[][..], &["-j", "7", "--window", "1K"], &["--check"]] {
        let output = place.rowmill().args(ALL).args(args).with_stats().out();
        let first = &output.stats()["anomalies"]["short_record"]["first"];
        assert_eq!(
            (first["line"].as_u64(), first["byte"].as_u64()),
            (Some(line), Some(at as u64)),
            "{args:?}"
        );
        assert_eq!(first["record"], 2501);
    }
    let output = place.rowmill().args(ALL).args(["--strict", "-o", "out"]).out();
    output.expect_status(1).expect_stderr(&format!("in.csv: line {line}, record 2501"));
    let output = place.rowmill().args(ALL).args(["--rejects", "bad", "-o", "out"]).out();
    output.expect_status(0);
    assert_eq!(place.read("bad"), b"id;name;note;\nshort\n");
    assert!(place.read("out") == clean(&place, &[]));
}

#[test]
fn parts_of_a_plan_are_the_whole() {
    let place = Place::new();
    for quotes in [true, false] {
        write(&place, 6000, quotes);
        let expected = clean(&place, &["--format", "json"]);
        // Without quotes a plan is made by lines alone.
        let dialect = if quotes { &[][..] } else { &["--quote", "none"] };
        for n in ["1", "5", "30", "600"] {
            let _ = fs::remove_dir_all(place.path("parts"));
            let args = [&["plan", "--ranges", n, "--format", "json"], dialect, &ALL[..9]].concat();
            let lines = plan(&place, &args);
            place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
            assert!(joined(&place, lines.len()) == expected, "{n} ranges, quotes: {quotes}");
            place.rowmill().args(["verify", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
            let again = [&args[..], &["--window", "1K", "-j", "7"]].concat();
            assert_eq!(plan(&place, &again), lines, "a plan depends on the bytes alone");
        }
    }
}

/// A range may not end or start among the records that are dropped.
#[test]
fn a_range_among_the_last_records_is_refused() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n");
    let run =
        |range: &str| place.rowmill().args(["-q", "--skip-last", "2", "in.csv", "--range", range]).out();
    run("0..12").expect_status(0).expect_stdout("{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\",\"b\":\"4\"}\n");
    run("8..20").expect_status(0).expect_stdout("{\"a\":\"3\",\"b\":\"4\"}\n");
    run("12..20").expect_status(0).expect_stdout("");
    for range in ["0..16", "16..20", "8..16"] {
        run(range).expect_status(1).expect_stderr("the last records, which --skip-last drops");
    }
}

#[test]
fn it_goes_on_where_it_was_cut_off() {
    let place = Place::new();
    write(&place, 60_000, true);
    let expected = clean(&place, &[]);
    let run = || {
        let run =
            place.rowmill().args(ALL).args(["-q", "-o", "out", "--resume", "--checkpoint-every", "100K"]);
        run.args(["--window", "16K"])
    };
    let mut n_gone_on = 0;
    for share in [10, 40, 70, 95, 99] {
        let mut running = run().start();
        if running.until_it_wrote(expected.len() as u64 * share / 100) {
            running.signal(Signal::KILL);
        }
        running.finish();
        n_gone_on += usize::from(place.path(".out.rowmill-checkpoint").exists());
        run().out().expect_status(0);
        assert!(place.read("out") == expected, "cut off at {share} %");
        fs::remove_file(place.path("out")).unwrap();
    }
    assert!(n_gone_on > 1, "{n_gone_on}");
}

#[test]
fn last_records_that_are_too_long_to_hold_back_are_an_error() {
    let place = Place::new();
    let long = "x".repeat(100_000);
    let mut text = b"a\n1\n".to_vec();
    for _ in 0..20 {
        text.extend_from_slice(long.as_bytes());
        text.push(b'\n');
    }
    place.write("in.csv", &text);
    let output =
        place.rowmill().args(["-q", "in.csv", "--skip-last", "8", "-o", "out", "--window", "16K"]).out();
    output.expect_status(1).expect_stderr("longer than what is held back for --skip-last");
    assert!(!place.path("out").exists());
    // One that is longer than that is carried whole.
    let output = place.rowmill().args(["-q", "in.csv", "--skip-last", "1", "--window", "16K"]).out();
    output.expect_status(0);
    assert_eq!(output.stdout.split(|byte| *byte == b'\n').count(), 1 + 20);
}

/// Inputs of many windows against the model, so that what is held back starts anywhere.
#[test]
fn the_last_records_are_those_of_the_model() {
    let mut numbers = Numbers(11);
    for trial in 0..40 {
        let mut bytes = b"a,b\n".to_vec();
        let most = 100_000 + numbers.below(100_000);
        while bytes.len() < most {
            bytes.extend_from_slice(numbers.pick(&[
                &b"1,2\n"[..],
                b"\"x\ny\",\"\"\n",
                b"\n",
                b",\n",
                b"# c \"\n",
                b"only\r\n",
                b"1,2,3\r",
                b"\"a\"\"\n\n\",b\n",
                b"a,b\n",
                b" \"q\" , r \n",
                b"5\" pipe,x\n",
            ]));
            if numbers.below(500) == 0 {
                bytes.resize(bytes.len() + numbers.below(9000), b'y');
            }
        }
        let shape = Shape {
            comment: Some(b"#"),
            skip_last: numbers.pick(&[1, 2, 7, 300, 5000]),
            skip_empty: trial % 3 == 0,
            skip_repeated: trial % 4 == 0,
            trailing: trial % 5 == 0,
            trim_values: trial % 2 == 0,
            no_header: trial % 7 == 6 && trial % 4 != 0,
            limit: (trial % 8 == 7).then_some(40_000),
            ..Shape::default()
        };
        let expected = shape.expected(&shape.by_hand(&bytes));
        for (threads, window, piece) in [(1, None, usize::MAX), (3, Some(500), 1000), (2, Some(9000), 1)] {
            let how = How { threads, window, isa: numbers.pick(kernels()), piece, check: false };
            let got = convert(&shape, &how, &bytes).unwrap().told();
            assert!(got == expected, "trial {trial}, {how:?}: {shape:?}");
            let checked = convert(&shape, &How { check: true, ..how }, &bytes).unwrap();
            assert_eq!(checked.summary.records, expected.records, "trial {trial}");
        }
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1,2\n");
    for (args, why) in [
        (&["--header-comment"][..], "--header-comment needs --comment"),
        (&["--header-comment", "--comment", "#", "--no-header"], "--header-comment cannot be combined"),
        (&["--header-rows", "2", "--no-header"], "need a header in the file"),
        (&["--header-rows", "0"], "a header has 1 to 16 rows"),
        (&["--header-rows", "x"], "--header-rows takes N or N:SEP"),
        (&["--header-rows", "2", "--skip-repeated-headers"], "is compared with one row"),
        (&["--skip-repeated-headers", "--header", "a,b"], "need a header in the file"),
        (&["--header-in", "first", "--no-header"], "need a header in the file"),
        (&["--skip-after-header", "1", "--no-header"], "--skip-after-header needs a header"),
        (&["--skip-until", ""], "the text is empty"),
        (
            &["--skip-last", "1", "--escapes", "postgres"],
            "--skip-last cannot be combined with --escapes postgres",
        ),
        (&["--comment", "12345678901234567"], "--comment takes 1 to 16 bytes"),
        (&["--comment", "#,"], "--comment ',' is -d too"),
        (&["--comment", "##\""], "--comment '\"' is --quote too"),
    ] {
        place.rowmill().args(args).args(["-d", ",", "in.csv"]).out().expect_refusal(2, why);
    }
}

/// The text is searched for as the file has it.
#[test]
fn skip_until_knows_encodings_and_long_lines() {
    let place = Place::new();
    let text = format!("{}\nStraße;n\n1;2\n", "x".repeat(300_000));
    place.write("utf8.csv", &text);
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    place.write("latin.csv", latin);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    place.write("utf16.csv", [&b"\xff\xfe"[..], &utf16].concat());
    let args = ["-q", "-d", ";", "--skip-until", "Straße;"];
    for (name, more) in [("utf8.csv", &[][..]), ("latin.csv", &["--encoding", "latin1"]), ("utf16.csv", &[])]
    {
        let output = place.rowmill().args(args).args(more).arg(name).out();
        output.expect_status(0).expect_stdout("{\"Straße\":\"1\",\"n\":\"2\"}\n");
    }
    let output = place.rowmill().args(args).stdin(text).out();
    output.expect_status(0).expect_stdout("{\"Straße\":\"1\",\"n\":\"2\"}\n");
}
