//! `rowmill head`: the first records as a table, at once on any input.

use crate::harness::{Place, can_unpack, gzipped};

const CSV: &str =
    "id,name,price,when,code\n1,Ada,2.50,2026-03-05,007\n2,日本,-10,,12\n300,\"x\ny\",N/A,2026-03-06,\n";

const TABLE: &str = " id  name            price  when        code
int  string  float or null  date        string
---  ------  -------------  ----------  ------
  1  Ada              2.50  2026-03-05  007
  2  日本              -10              12
300  x\\ny              N/A  2026-03-06
";

#[test]
fn the_first_records_are_a_table_with_types() {
    let place = Place::new();
    place.write("in.csv", CSV);
    let output = place.rowmill().args(["head", "in.csv"]).out();
    output.expect_status(0).expect_stdout(TABLE);
    assert_eq!(output.stderr, "");
    let output = place.rowmill().args(["head", "in.csv", "-n", "1"]).out();
    let expected: String = TABLE.lines().take(4).map(|line| format!("{line}\n")).collect();
    output.expect_status(0).expect_stdout(expected);
    let output = place.rowmill().args(["head"]).stdin(CSV).out();
    output.expect_status(0).expect_stdout(TABLE);
    if can_unpack("gz") {
        let packed = gzipped(CSV.as_bytes());
        place.write("in.csv.gz", packed);
        place.rowmill().args(["head", "in.csv.gz"]).out().expect_status(0).expect_stdout(TABLE);
    }
}

#[test]
fn it_is_read_as_a_conversion_reads_it() {
    let place = Place::new();
    place.write("in.csv", "a;b\n1;2\n3;4\n5;6\n");
    let converted = place.rowmill().args(["in.csv", "-o", "out.jsonl"]).out();
    let remark = "rowmill: note: in.csv: ";
    converted.expect_status(0).expect_stderr(remark);
    let output = place.rowmill().args(["head", "in.csv"]).out();
    output.expect_status(0).expect_stderr(remark);
    let expected = "  a    b\nint  int\n---  ---\n  1    2\n  3    4\n  5    6\n";
    place.rowmill().args(["head", "in.csv", "-d", ";"]).out().expect_status(0).expect_stdout(expected);
    place.rowmill().args(["head", "in.csv", "-d", ";", "-q"]).out().expect_stdout(expected);
    // What the dialect has for null is null; a text that looks so is text.
    place.write("in.tsv", "a\tb\n1\t\\N\n2\t\\\\N\n");
    let output = place.rowmill().args(["head", "in.tsv", "--dialect", "postgres"]).out();
    output.expect_stdout("  a  b\nint  string\n---  ------\n  1  null\n  2  \\N\n");
    // Short and long records, and none.
    place.write("in.csv", "a,b\n1\n1,2,3\n");
    let output = place.rowmill().args(["head", "in.csv"]).out();
    output.expect_stdout("  a     b\nint   int\n---  ----\n  1  null\n  1     2\n");
    place.write("in.csv", "a,b\n");
    let output = place.rowmill().args(["head", "in.csv"]).out();
    output.expect_status(0).expect_stdout("a       b\nstring  string\n------  ------\n");
    place.write("in.csv", "");
    place.rowmill().args(["head", "in.csv"]).out().expect_status(0).expect_stdout("");
    place.rowmill().args(["head", "no.csv"]).out().expect_refusal(1, "no.csv");
}

#[test]
fn it_fits_the_terminal() {
    let place = Place::new();
    let names: Vec<String> = (0..30).map(|i| format!("column_{i}")).collect();
    let row = vec!["a text that is longer than its column"; 30].join(",");
    place.write("in.csv", format!("{}\n{row}\n", names.join(",")));
    for width in [20, 80, 100, 500] {
        let run = place.rowmill().env("COLUMNS", width.to_string());
        let output = run.args(["head", "in.csv"]).out();
        output.expect_status(0);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
        assert_eq!(text.contains("columns more"), width < 420, "{width}: {text}");
        assert!(text.contains("a text that") && text.contains('…'), "{text}");
    }
    let output = place.rowmill().args(["head", "in.csv"]).out();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("and 23 columns more\n"), "{text}");
}

/// Of an input without an end about a MiB is read.
#[test]
fn it_reads_no_more_than_it_needs() {
    let place = Place::new();
    let output = place.shell("yes 1234567,x | \"$ROWMILL\" head --no-header -n 2").out();
    let table = "column_1  column_2\n     int  string\n--------  --------\n";
    let row = " 1234567  x\n";
    output.expect_status(0).expect_stdout(format!("{table}{row}{row}"));
    output.expect_stderr("note: types are those of the first");
    assert!(output.stderr.contains("rowmill schema judges all"), "{}", output.stderr);
    // A value behind the first MiB counts for nothing; where it is read, it does.
    let rows = "1,x\n".repeat(1 << 19);
    place.write("in.csv", format!("a,b\n{rows}y,z\n"));
    let run = |args: &[&str]| {
        let (output, peak) = place.rowmill().args(["head", "in.csv", "-q"]).args(args).out_and_peak();
        output.expect_status(0);
        assert!(peak <= 64 << 20, "{peak}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&[]).starts_with("  a  b\nint  string\n"));
    assert_eq!(run(&["-n", "1000"]).lines().count(), 1003);
    let long = "x".repeat(3 << 20);
    place.write("in.csv", format!("a\n{long}\n{long}\n"));
    let output = place.rowmill().args(["head", "in.csv"]).out();
    output.expect_status(0).expect_stderr("shows the first 1 record alone");
    assert_eq!(output.stdout.split(|byte| *byte == b'\n').count(), 5);
    let output = place.rowmill().args(["head", "in.csv", "-n", "2"]).out();
    assert_eq!(output.stdout.split(|byte| *byte == b'\n').count(), 6);
}
