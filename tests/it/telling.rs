//! What it tells: the summary, `--stats`, the progress bar, and what binds.

use std::io::Write;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Place, Run};

const ODD: &[u8] = b"a,a,\n1,2,3\n4\n5,6,7,8\n\n\xff,x,\"y\n";

/// All keys of version 1, and of `first` in each anomaly and of each header repair; a key that goes
/// or changes its kind takes a new version.
const KEYS: &[(&str, &str)] = &[
    ("anomalies", "object"),
    ("blank_records", "number"),
    ("bound_by", "string"),
    ("bytes_encoded", "number"),
    ("bytes_in", "number"),
    ("bytes_out", "number"),
    ("empty_records", "number"),
    ("error", "null"),
    ("failures", "array"),
    ("filtered_records", "number"),
    ("header_repairs", "array"),
    ("header_repairs_count", "number"),
    ("inputs", "array"),
    ("inputs_failed", "number"),
    ("isa", "string"),
    ("memory_bytes", "number"),
    ("multiline", "object"),
    ("nuls", "number"),
    ("output", "null"),
    ("parts", "null"),
    ("peak_memory_bytes", "number"),
    ("records", "number"),
    ("records_rejected", "number"),
    ("records_written", "number"),
    ("remarks", "array"),
    ("repeated_headers", "number"),
    ("resumed", "null"),
    ("rowmill", "string"),
    ("seconds", "number"),
    ("thread_seconds", "object"),
    ("threads", "number"),
    ("type_mismatches", "array"),
    ("types", "object"),
    ("version", "number"),
    ("window_bytes", "number"),
    ("windows", "number"),
    ("windows_redone", "number"),
];
const THREAD_SECONDS: &[(&str, &str)] = &[("compute", "number"), ("input", "number"), ("output", "number")];
const ANOMALY: &[(&str, &str)] = &[("count", "number"), ("detail", "null"), ("first", "object")];
const MULTILINE: &[(&str, &str)] = &[("count", "number"), ("first", "object")];
const MISFITS: &[(&str, &str)] =
    &[("column", "number"), ("count", "number"), ("name", "string"), ("type", "string")];
const PLACE: &[(&str, &str)] = &[
    ("byte", "number"),
    ("column", "number"),
    ("file", "string"),
    ("line", "number"),
    ("name", "string"),
    ("record", "number"),
];
const REPAIR: &[(&str, &str)] =
    &[("column", "number"), ("file", "string"), ("from", "string"), ("to", "string")];

/// The object has just these keys, of these kinds.
#[track_caller]
fn has_keys(object: &Value, keys: &[(&str, &str)]) {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut got: Vec<(&str, &str)> = object
        .as_object()
        .expect("an object")
        .iter()
        .map(|(key, value)| (key.as_str(), kind(value)))
        .collect();
    got.sort_unstable();
    assert_eq!(got, keys, "{object}");
}

#[test]
fn stats_have_the_keys_of_their_version() {
    let output = Run::rowmill().arg("-").stdin(ODD).with_stats().out();
    output.expect_status(0);
    let stats = output.stats();
    has_keys(stats, KEYS);
    has_keys(&stats["thread_seconds"], THREAD_SECONDS);
    for name in ["short_record", "long_record", "invalid_bytes", "unclosed_quote"] {
        let anomaly = &stats["anomalies"][name];
        let mut shape = anomaly.clone();
        if name == "unclosed_quote" {
            assert_eq!(shape["detail"], "if quotes are text here, try --quote none");
            shape["detail"] = Value::Null;
        }
        has_keys(&shape, ANOMALY);
        let mut first = anomaly["first"].clone();
        if name == "long_record" {
            // It lies beyond the header's names.
            assert_eq!(first["name"], Value::Null);
            first["name"] = "".into();
        }
        has_keys(&first, PLACE);
    }
    has_keys(&stats["header_repairs"][0], REPAIR);
    has_keys(&stats["multiline"], MULTILINE);
    assert_eq!(stats["version"], 1);
    assert_eq!(stats["rowmill"], env!("CARGO_PKG_VERSION"));
    assert_eq!(stats["inputs"], serde_json::json!(["stdin"]));
    assert_eq!((output.stat("records"), output.stat("blank_records")), (4, 1));
    assert_eq!(
        (output.stat("bytes_in"), output.stat("bytes_out")),
        (ODD.len() as u64, output.stdout.len() as u64)
    );
    assert_eq!(output.stat("header_repairs_count"), 2);
}

#[test]
fn the_summary_names_every_anomaly_with_its_place() {
    let output = Run::rowmill().arg("-").stdin(ODD).out();
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(lines[0], "rowmill: note: stdin: is not UTF-8; did you mean --encoding windows-1252?");
    assert!(lines[1].starts_with("4 records in ") && lines[1].contains(" of 64.00 MiB"), "{}", output.stderr);
    assert!(
        lines[1].contains(": from stdin (29 B, ") && lines[1].contains(" to stdout (134 B, "),
        "{}",
        lines[1]
    );
    let ended = lines.last().unwrap().strip_prefix("  ended 20").expect("date and time");
    assert!(ended.len() == 18 && ended.ends_with('Z') && ended.contains('T'), "{ended}");
    for part in [
        "  1 × record shorter than the header, first at stdin: line 3, record 2, byte 11, column 2 (a_2)",
        "  1 × record longer than the header, first at stdin: line 4, record 3, byte 19, column 4",
        "  1 × bytes that are not valid in the encoding, first at stdin: line 6, record 4, byte 22, column 1 (a)",
        "  1 × quoted field still open at the end of the input, first at stdin: line 6, record 4, byte 26, column 3 (column_3); if quotes are text here, try --quote none",
        "  1 blank record skipped",
        "  1 record of several lines, first at stdin: line 6, record 4, byte 22",
        "  stdin: column 2 was named 'a', is now 'a_2'",
        "  stdin: column 3 was named '', is now 'column_3'",
    ] {
        assert!(lines.contains(&part), "{part}\n{}", output.stderr);
    }
    let quiet = Run::rowmill().args(["-q", "-"]).stdin(ODD).out();
    assert_eq!(quiet.stderr, "", "-q is silent but for errors");
    quiet.expect_stdout(&output.stdout);
}

#[test]
fn check_writes_nothing_and_finds_the_same() {
    for window in ["64", "4096", "256K"] {
        let args = ["--window", window, "-"];
        let input = [&b"a,b,c\n"[..], &b"1,2,3\n".repeat(500), ODD].concat();
        let converted = Run::rowmill().args(args).stdin(input.as_slice()).with_stats().out();
        let checked = Run::rowmill().arg("--check").args(args).stdin(input).with_stats().out();
        checked.expect_status(0).expect_stdout("");
        assert_eq!(checked.stats()["anomalies"], converted.stats()["anomalies"]);
        assert_eq!(checked.stat("records"), converted.stat("records"));
        assert_eq!(checked.stat("bytes_out"), 0);
    }
}

#[test]
fn rejects_hold_the_records_as_they_stand_and_why() {
    let place = Place::new();
    place.write("in.csv", ODD);
    let output = place.rowmill().args(["in.csv", "--rejects", "bad"]).with_stats().out();
    output.expect_status(0).expect_stdout("{\"a\":\"1\",\"a_2\":\"2\",\"column_3\":\"3\"}\n");
    assert_eq!(place.read("bad"), b"a,a,\n4\n5,6,7,8\n\xff,x,\"y\n");
    let log = String::from_utf8(place.read("bad.log.jsonl")).unwrap();
    let log: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = log
        .iter()
        .map(|line| (line["anomaly"].as_str().unwrap(), line["record"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("short_record", 2), ("long_record", 3), ("unclosed_quote", 4)]);
    assert_eq!(
        (output.stat("records"), output.stat("records_rejected"), output.stat("records_written")),
        (4, 3, 1)
    );
    // Those that are too long end as others do, also where the input has no line end.
    let long = "x".repeat(1000);
    place.write("in.csv", format!("a,b\n1,2\n{long},3\n4,5\n{long}"));
    place.rowmill().args(["in.csv", "--rejects", "bad", "--max-record", "100"]).out().expect_status(0);
    assert_eq!(place.read("bad"), format!("a,b\n{long},3\n{long}\n").into_bytes());
}

/// Every reason is there, and where the quote opens; what is mended converts.
#[test]
fn rejects_can_be_mended_and_converted() {
    let place = Place::new();
    place.write("in.csv", "id,name,n\n1,x,1\n2,\"MEGA,y\n3,OK,1\n4,\"O\"x,1\n5,z,5\n");
    for check in [&[][..], &["--check"]] {
        let args = ["in.csv", "--rejects", "bad.csv", "--type", "n=int"];
        let output = place.rowmill().args(args).args(check).out();
        output.expect_status(0);
        let rejected = place.read("bad.csv");
        assert_eq!(rejected, b"id,name,n\n2,\"MEGA,y\n3,OK,1\n4,\"O\"x,1\n", "{check:?}");
        let log = String::from_utf8(place.read("bad.csv.log.jsonl")).unwrap();
        let line: Value = serde_json::from_str(&log).expect("one line");
        let reason = ["line", "quote_line", "byte", "column", "anomaly"].map(|key| line[key].clone());
        assert_eq!(Value::from(reason.to_vec()), serde_json::json!([5, 3, 35, 2, "stray_quote"]), "{line}");
        assert_eq!(line["others"], serde_json::json!([]), "{line}");
    }
    let mended = String::from_utf8(place.read("bad.csv")).unwrap().replace('"', "");
    place.write("mended.csv", mended);
    let args = ["mended.csv", "--select", "id"];
    place.rowmill().args(args).out().expect_stdout("{\"id\":\"2\"}\n{\"id\":\"3\"}\n{\"id\":\"4\"}\n");
    let several = place.write("several.csv", "a,n\n\"x\"y,\"no\"!,z\n");
    let output = place.rowmill().arg(several).args(["--rejects", "bad.csv", "--type", "n=int"]).out();
    output.expect_status(0);
    let log = String::from_utf8(place.read("bad.csv.log.jsonl")).unwrap();
    let line: Value = serde_json::from_str(&log).expect("one line");
    let others = line["others"].as_array().expect("an array");
    let others: Vec<&str> = others.iter().map(|other| other["anomaly"].as_str().unwrap()).collect();
    assert_eq!(others, ["long_record", "type_mismatch"], "{line}");
    assert_eq!(line["others"][1]["detail"], "'no!' is no int");
}

/// What is not of its type is shown, and counted by column, however it is found.
#[test]
fn values_of_another_type_are_shown_and_counted_by_column() {
    let rows = "\"791,09\",1,x\n2.5,n/a,y\n 3 ,\"a\"\"b\",z\n1 000,7,\n";
    let input = format!("price,n,name\n1,2,a\n{rows}{}", "4.5,6,b\n".repeat(3000));
    let types = ["--type", "price=float", "--type", "n=int", "-"];
    let counts = serde_json::json!([
        {"column": 1, "name": "price", "type": "float", "count": 2},
        {"column": 2, "name": "n", "type": "int", "count": 2},
    ]);
    for how in
        [&[][..], &["--check"], &["--window", "64"], &["--max-record", "1000"], &["--rejects", "/dev/null"]]
    {
        let output = Run::rowmill().args(how).args(types).stdin(&*input).with_stats().out();
        output.expect_status(0).expect_stderr("column 1 (price); '791,09' is no float");
        output.expect_stderr("\n    2 in column 1 (price): no float\n    2 in column 2 (n): no int\n");
        assert_eq!(output.stats()["type_mismatches"], counts, "{how:?}");
        has_keys(&output.stats()["type_mismatches"][0], MISFITS);
    }
    let strict = Run::rowmill().arg("--strict").args(types).stdin(input).out();
    strict.expect_status(1).expect_stderr("(--strict); '791,09' is no float");
}

#[test]
fn anomalies_can_be_a_status() {
    for (input, expected) in
        [("a,b\n1,2\n", 0), ("a,b\n1\n", 3), ("a,b\n\"1\"x,2\n", 3), ("a,b\n\"1\n\",2\n", 0)]
    {
        let plain = Run::rowmill().arg("-").stdin(input).out();
        plain.expect_status(0);
        let failing = Run::rowmill().args(["--fail-on-anomaly", "-q", "-"]).stdin(input).out();
        failing.expect_status(expected).expect_stdout(&plain.stdout);
        assert_eq!(failing.stderr, "");
        let checked = Run::rowmill().args(["--fail-on-anomaly", "--check", "-"]).stdin(input).out();
        checked.expect_status(expected).expect_stdout("");
    }
    let place = Place::new();
    place.write("in.csv", "a,b\n1\n");
    let output = place.rowmill().args(["--fail-on-anomaly", "in.csv", "-o", "out.jsonl"]).out();
    output.expect_status(3);
    assert_eq!(place.read("out.jsonl"), b"{\"a\":\"1\"}\n", "the conversion is complete");
}

#[test]
fn one_is_one_in_words() {
    let output = Run::rowmill().args(["-j", "1", "-"]).stdin("a\n1\n").out();
    output.expect_stderr("1 record in ").expect_stderr("bound, 1 thread,");
    let output = Run::rowmill().args(["-", "--rejects", "/dev/null"]).stdin("a,b\n1\n").out();
    output.expect_stderr("  1 record rejected\n");
}

#[test]
fn a_delimiter_is_taken_or_suggested_aloud() {
    let auto = Run::rowmill().args(["-d", "auto", "-"]).stdin("a;b\n1;2\n").out();
    auto.expect_stdout("{\"a\":\"1\",\"b\":\"2\"}\n").expect_stderr("took ';' for the delimiter");
    let one = Run::rowmill().arg("-").stdin("a;b\n1;2\n").out();
    one.expect_status(0)
        .expect_stderr("',' parts no record alike, ';' parts all into 2; did you mean -d ';'?");
}

/// Programs that read `--stats` learn why there is no result, and how far the run came.
#[test]
fn stats_are_written_after_a_failure_too() {
    let place = Place::new();
    let rows = "1,2\n".repeat(100_000);
    place.write("in.csv", format!("a,b\n{rows}3\n{rows}"));
    let stats = |args: &[&str]| -> Value {
        place.rowmill().args(args).args(["--stats", "stats.json"]).out().expect_status(1);
        serde_json::from_slice(&place.read("stats.json")).unwrap()
    };
    let failed = stats(&["in.csv", "--strict", "-o", "out.jsonl"]);
    let position = &failed["error"]["position"];
    assert_eq!((&position["record"], &position["line"]), (&100_001.into(), &100_002.into()), "{failed}");
    let message = failed["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("in.csv: line 100002, record 100001") && message.ends_with("(--strict)"));
    let records = failed["records"].as_u64().unwrap();
    assert!((1..=100_001).contains(&records), "{failed}");
    assert_eq!(failed["inputs"], serde_json::json!(["in.csv"]));
    // Before the first record, and over the file of an earlier run.
    let failed = stats(&["no.csv", "-o", "out.jsonl"]);
    assert_eq!((&failed["records"], &failed["inputs"]), (&0.into(), &serde_json::json!(["no.csv"])));
    assert!(failed["error"]["message"].as_str().unwrap().contains("No such file"), "{failed}");
    // Never over an input or an output, however early it fails.
    let before = place.read("in.csv");
    for stats in ["in.csv", "./in.csv"] {
        place.rowmill().args(["in.csv", "no.csv", "--stats", stats]).out().expect_status(1);
        assert_eq!(place.read("in.csv"), before);
    }
    place.rowmill().args(["no.csv", "-o", "x", "--stats", "x"]).out().expect_status(1);
    assert_eq!(place.names(), ["in.csv", "stats.json"]);
}

#[test]
fn a_dash_for_stats_or_rejects_is_no_file_of_that_name() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1\n");
    for args in [&["-o", "out.jsonl"][..], &["--check"]] {
        let output = place.rowmill().args(["in.csv", "--stats", "-"]).args(args).out();
        output.expect_status(0);
        let stats: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(stats["records"], 1);
    }
    let output = place.rowmill().args(["in.csv", "--stats", "-"]).out();
    output.expect_status(2).expect_stdout("").expect_one_line("--stats -: stdout is the output");
    let output = place.rowmill().args(["in.csv", "--rejects", "-", "-o", "out.jsonl"]).out();
    output.expect_status(2).expect_one_line("--rejects -: there are two files");
    assert_eq!(place.names(), ["in.csv", "out.jsonl"]);
}

/// A remark on how the input is read comes before the work, so that it is not vain.
#[test]
fn a_hint_comes_at_the_start_and_once() {
    let mut running = Run::rowmill().args(["-", "-o", "/dev/null"]).start();
    running.stdin_ref().write_all("a;b\n1;2\n".repeat(20_000).as_bytes()).unwrap();
    let hint =
        "rowmill: note: stdin: ',' parts no record alike, ';' parts all into 2; did you mean -d ';'?\n";
    assert!(running.until_it_says(hint));
    running.signal(Signal::TERM);
    // Not by the end of its input, which comes with finish().
    running.until(|_| false);
    let output = running.finish();
    output.expect_status(143);
    assert_eq!(output.stderr, hint);
    let output = Run::rowmill().arg("-").stdin("a;b\n1;2\n").out();
    assert_eq!(output.stderr.matches("did you mean").count(), 1, "{}", output.stderr);
    let quiet = Run::rowmill().args(["-q", "-"]).stdin("a;b\n1;2\n").out();
    assert_eq!(quiet.stderr, "");
}

/// The summary on a narrow terminal breaks between words.
#[test]
fn the_summary_of_a_terminal_breaks_between_words() {
    let output = Run::rowmill().args(["-", "-o", "/dev/null"]).stdin("a,b\n1\n").terminal(80).out();
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert!(lines.iter().all(|line| line.trim_end().chars().count() <= 80), "{lines:?}");
    let all = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    assert!(
        all.contains("record shorter than the header, first at stdin: line 2, record 1, byte 4,"),
        "{all}"
    );
    assert!(!all.contains("ended 20"), "no date on a terminal: {all}");
}

/// A rate limit is not the output's fault.
#[test]
fn a_rate_limit_is_named() {
    let place = Place::new();
    let input = place.people("in.csv", 1 << 20);
    let args = ["--limit-rate", "1500K", "-o", "/dev/null"];
    let output = place.rowmill().arg(&input.path).args(args).with_stats().out();
    output.expect_status(0).expect_stderr(", rate-limit bound, ");
    assert_eq!(output.stats()["bound_by"], "rate-limit");
}
