//! A test for each past bug, named by what a user saw. Those that need more than a run or two are
//! with their subject: changes of an input in `changing.rs`, kills in `resume.rs`, a turn that came
//! late in `invariance.rs`.

use std::fs;

use crate::harness::{Case, Place, RESULT, Run};

/// The result of a run on `input`, without a word of it on stderr.
#[track_caller]
fn gives(args: &[&str], input: impl Into<Vec<u8>>, expected: &str) {
    Run::rowmill().args(["-q", "-"]).args(args).stdin(input).out().expect_status(0).expect_stdout(expected);
}

#[test]
fn a_file_of_titles_ended_the_program() {
    let input = "t\n\"\",,\n\"\",,\n\"\",,\n";
    gives(&[], input, &"{\"t\":\"\",\"_extra\":[\"\",\"\"]}\n".repeat(3));
}

#[test]
fn an_escaped_digit_made_a_number_a_string() {
    gives(&["--escape", "^", "--type", "n=int"], "n\n+^5\n", "{\"n\":5}\n");
}

#[test]
fn a_delimiter_from_0x80_on_cut_characters_in_two() {
    let bytes = b"a\xa6b\n\xe9\xa6\xa7\n";
    gives(&["-d", r"\xa6", "--encoding", "latin1"], *bytes, "{\"a\":\"é\",\"b\":\"§\"}\n");
}

#[test]
fn a_quote_from_0x80_on_was_not_seen() {
    let bytes = b"\xfea\xfe,b\n\xfe1,2\xfe,3\n";
    gives(&["--quote", r"\xfe", "--encoding", "latin1"], *bytes, "{\"a\":\"1,2\",\"b\":\"3\"}\n");
}

#[test]
fn fields_beyond_the_header_were_not_inferred() {
    gives(&["--infer"], "a\n1,2,x\n", "{\"a\":1,\"_extra\":[2,\"x\"]}\n");
}

#[test]
fn json_in_a_field_was_too_deep_within_its_record() {
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let output = Run::rowmill().args(["-", "--type", "doc=json", "-q"]).stdin(format!("doc\n{deep}\n")).out();
    output.expect_status(0);
    serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("a line that any reader takes");
}

#[test]
fn names_given_dropped_the_first_record() {
    let expected = "{\"id\":\"1\",\"name\":\"Ada\"}\n{\"id\":\"2\",\"name\":\"Bob\"}\n";
    gives(&["--header", "id,name"], "1,Ada\n2,Bob\n", expected);
    gives(&["--replace-header", "id,name"], "a,b\n1,Ada\n2,Bob\n", expected);
}

#[test]
fn the_separator_that_excel_names_became_a_header() {
    gives(&[], "sep=;\na;b\n1;2\n", "{\"a\":\"1\",\"b\":\"2\"}\n");
    gives(&["-d", ","], "sep=;\na;b\n", "{\"sep=;\":\"a;b\"}\n");
}

#[test]
fn a_byte_with_two_meanings_was_taken() {
    for args in [["-d", r"\n"], ["--terminator", ","], ["--quote", ","], ["--comment", "\""]] {
        Run::rowmill().args(["-"]).args(args).stdin("a,b\n1,2\n").out().expect_refusal(2, "rowmill: ");
    }
}

#[test]
fn an_archive_became_records() {
    let place = Place::new();
    for (name, start) in [("a.7z", &b"7z\xbc\xaf\x27\x1c\0\x04"[..]), ("a.db", b"SQLite format 3\0")] {
        place.write(name, [start, &[0; 1000]].concat());
        place.rowmill().arg(name).out().expect_refusal(1, " FILE");
    }
}

#[test]
fn plain_text_stood_under_the_name_of_another_format() {
    let case = Case::new();
    for name in ["out.xz", "out.bz2", "out.parquet", "out.csv"] {
        case.refused(2, name, ["in.csv", "-o", name]);
    }
}

#[test]
fn a_name_with_an_equals_sign_could_not_be_renamed() {
    gives(&["--rename", "\"a=b\"=c"], "a=b\n1\n", "{\"c\":\"1\"}\n");
}

#[test]
fn stray_text_behind_a_quote_was_read_without_a_word() {
    let output = Run::rowmill().arg("-").stdin("a,b\n\"Swing it\" magistern,1\n").with_stats().out();
    output.expect_status(0).expect_stdout("{\"a\":\"Swing it magistern\",\"b\":\"1\"}\n");
    assert_eq!(output.stats()["anomalies"]["stray_quote"]["count"], 1);
    assert_eq!(output.stats()["anomalies"]["stray_quote"]["first"]["line"], 2);
}

#[test]
fn a_transform_dropped_its_columns_type() {
    let builder = rowmill::Converter::builder().column_type("price", rowmill::Type::Float);
    let converter = builder.transform("price", |text| text.replace(',', ".")).build().unwrap();
    let mut lines = Vec::new();
    converter.convert_slice(b"price\n\"1,5\"\n", &mut lines).unwrap();
    assert_eq!(lines, b"{\"price\":1.5}\n");
}

#[test]
fn a_mistyped_column_was_told_when_gigabytes_were_written() {
    let case = Case::new();
    case.place.write("other.csv", "name\nEve\n");
    let case = Case::of(case.place);
    let args = ["in.csv", "other.csv", "--type", "emial=int", "-o", "out.jsonl"];
    case.refused(1, "no column is named 'emial'; did you mean 'email'?", args);
}

/// What is needed of them is missed; no file that is opened takes their number, so that no message
/// and no record is written into it.
#[test]
fn closed_streams() {
    let case = Case::new();
    for script in [
        "exec \"$ROWMILL\" in.csv -o new.jsonl <&-",
        "exec \"$ROWMILL\" in.csv -o new.jsonl >&-",
        "exec \"$ROWMILL\" in.csv -o new.jsonl 2>&-",
        "exec \"$ROWMILL\" in.csv -o new.jsonl <&- >&- 2>&-",
    ] {
        case.place.shell(script).out().expect_status(0);
        assert_eq!(case.place.read("new.jsonl"), RESULT.as_bytes(), "{script}");
        fs::remove_file(case.place.path("new.jsonl")).unwrap();
        case.expect_untouched();
    }
    let output = case.place.shell("exec \"$ROWMILL\" in.csv >&-").out();
    case.is_refusal(&output, 1, "stdout: cannot write: Bad file descriptor");
    let output = case.place.shell("exec \"$ROWMILL\" -o out.jsonl <&-").out();
    case.is_refusal(&output, 1, "stdin: cannot read: Bad file descriptor");
    case.place.shell("exec \"$ROWMILL\" --check in.csv >&-").out().expect_status(0);
    // Nothing is wrong with those that lead nowhere.
    case.place.shell("exec \"$ROWMILL\" in.csv > /dev/null < /dev/null").out().expect_status(0);
    for script in
        ["exec \"$ROWMILL\" -o out.jsonl no.csv <&- >&- 2>&-", "exec \"$ROWMILL\" --frob <&- >&- 2>&-"]
    {
        let output = case.place.shell(script).out();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{script}: {}", output.status);
        case.expect_untouched();
    }
}

/// A message stays one line whatever a name holds, and plays no tricks on the terminal.
#[test]
fn a_name_with_a_newline_makes_no_second_line() {
    let case = Case::new();
    case.refused(1, "no\\nsuch\\u{1b}[31m.csv: cannot open", ["no\nsuch\u{1b}[31m.csv", "-o", "out.jsonl"]);
    case.refused(1, "no column is named 'a\\nb'", ["in.csv", "--select", "\"a\nb\"", "-o", "out.jsonl"]);
    case.refused(2, "rowmill: ", ["in.csv", "--frob\n\nnicate\u{7}", "-o", "out.jsonl"]);
}

/// What is behind the last record that is wanted is not looked at, so blank records there don't
/// count.
#[test]
fn nothing_behind_the_limit_is_counted() {
    let place = Place::new();
    place.write("in.csv", "\n\na\n\n1\n\n2\n");
    place.write("other.csv", "\n\n\na\n3\n");
    for (args, expected) in [
        (&["in.csv", "--limit", "0"][..], (0, 2)),
        (&["in.csv", "--limit", "0", "--no-header"], (0, 0)),
        (&["in.csv", "--limit", "1", "--no-header"], (1, 2)),
        (&["in.csv", "--limit", "1"], (1, 3)),
        (&["in.csv", "other.csv", "--limit", "2"], (2, 4)),
        (&["in.csv", "other.csv", "--limit", "3"], (3, 7)),
        (&["in.csv", "other.csv", "--limit", "0"], (0, 2)),
    ] {
        for how in [&["-j", "1"][..], &["-j", "2", "--window", "3"], &["--io", "read"], &["--check"]] {
            let output = place.rowmill().args(args).args(how).with_stats().out();
            output.expect_status(0);
            let told = (output.stat("records"), output.stat("blank_records"));
            assert_eq!(told, expected, "{args:?} {how:?}");
        }
    }
}

/// However long the header becomes.
#[test]
fn a_quote_that_opens_in_the_header_is_named() {
    let place = Place::new();
    for n_rows in [1, 2000, 400_000] {
        place.write("in.tsv", format!("id\tname\t \"x\n{}", "1\tAnn\t2\n".repeat(n_rows)));
        for args in [&["in.tsv"][..], &["in.tsv", "--memory", "256M"], &["in.tsv", "--check"]] {
            let output = place.rowmill().args(args).out();
            output.expect_status(1).expect_stdout("");
            output.expect_stderr("in.tsv: line 1, header, byte 9, column 3: the quote that opens here is n");
            output.expect_stderr("; if quotes are text here, try --quote none");
        }
        place.rowmill().args(["in.tsv", "--quote", "none", "-q", "-o", "out"]).out().expect_status(0);
    }
}
