//! Names of columns: given, in lists, and taken from data by mistake.

use crate::harness::{Place, Run};

/// The second of two files that looks like data, where the first has names.
#[test]
fn a_second_input_without_names_is_told() {
    let place = Place::new();
    place.write("a.csv", "id,name\n1,Ann\n");
    place.write("b.csv", "2,Bob\n3,Cy\n");
    let out = |inputs: &[&str]| place.rowmill().args(inputs).out();
    out(&["a.csv", "b.csv"]).expect_status(0).expect_stderr("b.csv: the first record was taken for names");
    out(&["a.csv", "b.csv"]).expect_stderr("('2'); did you mean --header-in first?");
    out(&["b.csv", "a.csv"]).expect_stderr("('2'); did you mean --no-header?");
    place.write("c.csv", "4,Di\n5,Ed\n");
    place.write("d.csv", "id,name\n1,Ann\n2,Bob\n");
    let again = out(&["d.csv", "d.csv", "--header-in", "first"]);
    again.expect_stderr("looks like names ('id'); did you mean to leave out --header-in first?");
    let both = out(&["b.csv", "c.csv"]);
    both.expect_stderr("('2'); did you mean --no-header?").expect_stderr("('4'); did you mean --no-header?");
}

/// Names in lists may have a line each, as in a file of names.
#[test]
fn lists_of_names_may_have_lines() {
    let out = |args: &[&str]| Run::rowmill().arg("-q").args(args).stdin("a,b,c\n1,2,3\n").out();
    let two = |args: &[&str], wanted: &str| {
        out(args).expect_status(0).expect_stdout(format!("{wanted}\n"));
    };
    two(&["--drop", "a\nb\n"], r#"{"c":"3"}"#);
    two(&["--select", "c\na"], r#"{"c":"3","a":"1"}"#);
    two(&["--mask", "a:redact\nb:redact"], r#"{"a":"***","b":"***","c":"3"}"#);
    two(&["--type", "a=int\nb=int"], r#"{"a":1,"b":2,"c":"3"}"#);
    two(&["--rename", "a=x\nb=y"], r#"{"x":"1","y":"2","c":"3"}"#);
    two(&["--null", "1\n2"], r#"{"a":null,"b":null,"c":"3"}"#);
}

/// Names that are given mean that the first record is data.
#[test]
fn given_names_keep_the_first_record() {
    let out = |args: &[&str]| Run::rowmill().arg("-q").args(args).stdin("1,Ada\n2,Bob\n").out();
    let both = "{\"id\":\"1\",\"name\":\"Ada\"}\n{\"id\":\"2\",\"name\":\"Bob\"}\n";
    out(&["--header", "id,name"]).expect_status(0).expect_stdout(both);
    out(&["--header", "id,name", "--no-header"]).expect_status(0).expect_stdout(both);
    let second = "{\"id\":\"2\",\"name\":\"Bob\"}\n";
    out(&["--replace-header", "id,name"]).expect_status(0).expect_stdout(second);
    out(&["--replace-header", "id,name", "--header", "a"]).expect_status(2);
}

/// A name that contains `=` is typed in quotes.
#[test]
fn renamed_names_may_be_quoted() {
    let out = |rename: &str| Run::rowmill().args(["-q", "--rename", rename]).stdin("\"a=b\",c\n1,2\n").out();
    out(r#""a=b"=x"#).expect_status(0).expect_stdout("{\"x\":\"1\",\"c\":\"2\"}\n");
    out(r#""a=b"=x,c="d,e""#).expect_status(0).expect_stdout("{\"x\":\"1\",\"d,e\":\"2\"}\n");
    out("c").expect_status(2).expect_stderr("--rename takes OLD=NEW");
}

/// A file may be called anything; a message about it stays on its line.
#[test]
fn names_of_files_make_no_second_line() {
    let place = Place::new();
    let name = "a\nb.csv";
    place.write(name, "a,a\n\n1\n\"2\n\",3\n");
    let output = place.rowmill().arg(name).out();
    output.expect_status(0);
    let said = &output.stderr;
    assert!(said.lines().all(|line| !line.starts_with("b.csv")), "{said}");
    assert_eq!(said.matches("a\\nb.csv").count(), 4, "{said}");
}

/// An empty file whose names are given can be gone on with, planned and converted in ranges.
#[test]
fn an_empty_file_with_names_is_a_file_like_others() {
    let place = Place::new();
    place.write("in.csv", "");
    for names in [&["--header", "a,b"][..], &["--replace-header", "a,b"], &[]] {
        let run = |args: &[&str]| place.rowmill().args(args).arg("-q").args(names).out();
        run(&["in.csv", "-o", "out.jsonl", "--resume"]).expect_status(0);
        run(&["in.csv", "--range", "0..0"]).expect_status(0).expect_stdout("");
        run(&["plan", "--ranges", "2", "in.csv", "-o", "plan.jsonl"]).expect_status(0);
        place.rowmill().args(["worker", "-q", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
        place.rowmill().args(["verify", "-q", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
        std::fs::remove_dir_all(place.path("parts")).unwrap();
    }
}

/// A list whose names are ended by NUL is no single name of many bytes.
#[test]
fn a_list_ended_by_nul_needs_its_flag() {
    let place = Place::new();
    place.write("a.csv", "a\n1\n");
    place.write("list", "a.csv\0a.csv\0");
    let run = |args: &[&str]| place.rowmill().args(["-q", "--files-from", "list"]).args(args).out();
    run(&[]).expect_refusal(1, "list: its names are ended by NUL; add -0");
    run(&["-0"]).expect_status(0).expect_stdout("{\"a\":\"1\"}\n{\"a\":\"1\"}\n");
}
