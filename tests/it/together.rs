//! Inputs of which not all have the same columns: what is asked of a column holds for those that
//! have it, and `--fill` gives all records the same keys.

use crate::harness::{Output, Place, Run};

/// Two files, of which the second has a column more, and another order.
fn two() -> Place {
    let place = Place::new();
    place.write("u1.csv", "id,name\n1,Ann\n");
    place.write("u2.csv", "name,id,age\nBob,2,30\n");
    place
}

#[track_caller]
fn gives(place: &Place, args: &[&str], expected: &str) -> Output {
    let mut first = None;
    // From files, in small windows, and the same through pipes.
    let pipes =
        args.iter().map(|arg| if arg.ends_with(".csv") { format!("<(cat {arg})") } else { quoted(arg) });
    let script = format!("\"$ROWMILL\" {}", pipes.collect::<Vec<_>>().join(" "));
    let by_pipes = Run::program("bash").args(["-c", &script]).env("ROWMILL", env!("CARGO_BIN_EXE_rowmill"));
    for run in [
        place.rowmill().args(args),
        place.rowmill().args(args).args(["--window", "64", "-j", "3"]),
        by_pipes.dir(place.dir()),
    ] {
        let output = run.out();
        output.expect_status(0).expect_stdout(expected);
        first.get_or_insert(output);
    }
    place.rowmill().args(args).arg("--check").out().expect_status(0).expect_stdout("");
    first.unwrap()
}

fn quoted(arg: &str) -> String {
    format!("'{arg}'")
}

#[test]
fn a_column_that_one_input_lacks_is_passed_over_there() {
    let place = two();
    let files = ["u1.csv", "u2.csv"];
    for (args, expected) in [
        (&["--select", "id,age"][..], "{\"id\":\"1\"}\n{\"id\":\"2\",\"age\":\"30\"}\n"),
        (&["--drop", "age"], "{\"id\":\"1\",\"name\":\"Ann\"}\n{\"name\":\"Bob\",\"id\":\"2\"}\n"),
        (
            &["--type", "age=int"],
            "{\"id\":\"1\",\"name\":\"Ann\"}\n{\"name\":\"Bob\",\"id\":\"2\",\"age\":30}\n",
        ),
        (
            &["--mask", "age:redact", "--rename", "age=years"],
            "{\"id\":\"1\",\"name\":\"Ann\"}\n{\"name\":\"Bob\",\"id\":\"2\",\"years\":\"***\"}\n",
        ),
        (&["--select", "id,a*"], "{\"id\":\"1\"}\n{\"id\":\"2\",\"age\":\"30\"}\n"),
    ] {
        let output = gives(&place, &[args, &files].concat(), expected);
        output.expect_stderr("rowmill: note: u1.csv: ");
    }
    let output = place.rowmill().args(["--select", "id,age"]).args(files).out();
    output.expect_stderr("u1.csv: there is no column 'age' (--select)\n");
    let output = place.rowmill().args(["--select", "id,a*", "u1.csv", "u2.csv", "u1.csv"]).out();
    output.expect_stderr("u1.csv: no column matches 'a*' (--select), nor is there in 1 more input\n");
}

#[test]
fn a_column_that_no_input_has_is_an_error_before_anything_is_written() {
    let place = two();
    place.write("out.jsonl", "earlier");
    for flag in ["--select", "--drop", "--mask"] {
        let output = place.rowmill().args([flag, "aeg", "u1.csv", "u2.csv", "-o", "out.jsonl"]).out();
        output.expect_refusal(1, &format!("all 2 inputs: {flag}: no column is named 'aeg'"));
    }
    let output = place.rowmill().args(["--rename", "aeg=a", "u1.csv", "u2.csv", "-o", "out.jsonl"]).out();
    output.expect_refusal(1, "--rename: no column is named 'aeg'");
    // Of an input nothing would be left.
    let output = place.rowmill().args(["--select", "age", "u1.csv", "u2.csv", "-o", "out.jsonl"]).out();
    output.expect_status(2).expect_stderr("u1.csv: --select and --drop leave no column");
    assert_eq!(place.read("out.jsonl"), b"earlier");
}

#[test]
fn filled_records_have_the_same_keys_in_the_same_order() {
    let place = two();
    let files = ["--fill", "u1.csv", "u2.csv"];
    for (args, expected) in [
        (
            &[][..],
            "{\"id\":\"1\",\"name\":\"Ann\",\"age\":null}\n{\"id\":\"2\",\"name\":\"Bob\",\"age\":\"30\"}\n",
        ),
        (&["--select", "age,id"], "{\"age\":null,\"id\":\"1\"}\n{\"age\":\"30\",\"id\":\"2\"}\n"),
        // Of the first nothing is left.
        (&["--select", "age"], "{\"age\":null}\n{\"age\":\"30\"}\n"),
        (&["--select", "age", "--infer"], "{\"age\":null}\n{\"age\":30}\n"),
        (&["--infer", "--drop", "name"], "{\"id\":1,\"age\":null}\n{\"id\":2,\"age\":30}\n"),
        (
            &["--type", "age=int", "--mask", "name:redact"],
            "{\"id\":\"1\",\"name\":\"***\",\"age\":null}\n{\"id\":\"2\",\"name\":\"***\",\"age\":30}\n",
        ),
        (&["--format", "rows"], "[\"id\",\"name\",\"age\"]\n[\"1\",\"Ann\",null]\n[\"2\",\"Bob\",\"30\"]\n"),
        (
            &["--format", "json", "--drop", "name"],
            "[\n{\"id\":\"1\",\"age\":null},\n{\"id\":\"2\",\"age\":\"30\"}\n]\n",
        ),
        (
            &["--rename", "age=name_2", "--select", "age,id"],
            "{\"name_2\":null,\"id\":\"1\"}\n{\"name_2\":\"30\",\"id\":\"2\"}\n",
        ),
    ] {
        gives(&place, &[args, &files].concat(), expected);
    }
    let refused = place.rowmill().args(["--drop", "*"]).args(files).out();
    refused.expect_refusal(2, "--select and --drop leave no column of any input");
    let refused = place.rowmill().args(["--drop", "*", "--fill", "u1.csv"]).out();
    refused.expect_refusal(2, "u1.csv: --select and --drop leave no column");
    let refused = place.rowmill().args(["--empty", "omit"]).args(files).out();
    refused.expect_refusal(2, "--empty omit leaves keys out, and --fill has all records have the same");
    let refused = place.rowmill().args(["--format", "rows", "u1.csv", "u2.csv"]).out();
    refused.expect_refusal(2, "its columns are others than those of u1.csv; try --fill");
}

/// A name that only the first has, another that only the second has: renamed they are one column.
#[test]
fn one_column_may_have_another_name_in_each_input() {
    let place = Place::new();
    place.write("a.csv", "Id,x\n1,2\n");
    place.write("b.csv", "id,y\n3,4\n");
    gives(
        &place,
        &["--fill", "--rename", "Id=id", "a.csv", "b.csv"],
        "{\"id\":\"1\",\"x\":\"2\",\"y\":null}\n{\"id\":\"3\",\"x\":null,\"y\":\"4\"}\n",
    );
}

#[test]
fn filled_objects_within_objects_are_whole() {
    let place = Place::new();
    place.write("a.csv", "a.b,c\n1,2\n");
    place.write("b.csv", "a.d,c,a.e.f\n3,4,5\n");
    gives(
        &place,
        &["--fill", "--nest", "a.csv", "b.csv"],
        "{\"a\":{\"b\":\"1\",\"d\":null,\"e\":{\"f\":null}},\"c\":\"2\"}\n\
         {\"a\":{\"b\":null,\"d\":\"3\",\"e\":{\"f\":\"5\"}},\"c\":\"4\"}\n",
    );
    // Each input alone could be nested, both together cannot.
    place.write("b.csv", "a\n3\n");
    let refused = place.rowmill().args(["--fill", "--nest", "a.csv", "b.csv"]).out();
    refused.expect_refusal(2, "all inputs together: --nest: 'a' would be both a value and an object");
}

/// Short records, surplus fields, values that need a closer look: all go the general way.
#[test]
fn records_of_any_length_are_filled() {
    let place = Place::new();
    place.write("a.csv", "id,name\n1\n2,\"A \"\"x\"\"\"\n3,\\ ,more\n\"4\",\n");
    place.write("b.csv", "age,id\n5\n6,7\n8,9,more\n,\n");
    let expected = "{\"id\":\"1\",\"name\":null,\"age\":null}\n\
         {\"id\":\"2\",\"name\":\"A \\\"x\\\"\",\"age\":null}\n\
         {\"id\":\"3\",\"name\":\"\\\\\",\"age\":null,\"_extra\":[\"more\"]}\n\
         {\"id\":\"4\",\"name\":\"\",\"age\":null}\n\
         {\"id\":null,\"name\":null,\"age\":\"5\"}\n\
         {\"id\":\"7\",\"name\":null,\"age\":\"6\"}\n\
         {\"id\":\"9\",\"name\":null,\"age\":\"8\",\"_extra\":[\"more\"]}\n\
         {\"id\":\"\",\"name\":null,\"age\":\"\"}\n";
    gives(&place, &["--fill", "a.csv", "b.csv"], expected);
    // One input: what short records lack.
    gives(
        &place,
        &["--fill", "b.csv"],
        "{\"age\":\"5\",\"id\":null}\n{\"age\":\"6\",\"id\":\"7\"}\n{\"age\":\"8\",\"id\":\"9\",\"_extra\":[\"more\"]}\n{\"age\":\"\",\"id\":\"\"}\n",
    );
}

/// The keys of a run that goes on are those of the run that was cut off.
#[test]
fn a_run_that_is_cut_off_goes_on_with_the_same_keys() {
    let place = Place::new();
    let records: String = (0..200_000).map(|i| format!("{i},name {i}\n")).collect();
    place.write("a.csv", format!("id,name\n{records}"));
    place.write("b.csv", format!("id,age\n{records}"));
    let whole = place.rowmill().args(["--fill", "a.csv", "b.csv"]).out();
    whole.expect_status(0);
    for limit in ["3000", "11000"] {
        let args = ["--fill", "--resume", "--checkpoint-every", "64K", "a.csv", "b.csv", "-o", "out.jsonl"];
        let script = format!("ulimit -f {}; \"$ROWMILL\" {}", limit, args.join(" "));
        let cut = Run::program("bash").args(["-c", &script]).env("ROWMILL", env!("CARGO_BIN_EXE_rowmill"));
        assert!(!cut.dir(place.dir()).out().status.success(), "the file could grow");
        let output = place.rowmill().args(args).out();
        output.expect_status(0).expect_stderr("goes on behind record");
        assert!(place.read("out.jsonl") == whole.stdout, "{limit}");
    }
}

/// A plan is of one file; its ranges fill what their records lack.
#[test]
fn ranges_fill_what_short_records_lack() {
    let place = Place::new();
    let records: String =
        (0..3_000).map(|i| if i % 7 == 0 { format!("{i}\n") } else { format!("{i},x\n") }).collect();
    place.write("a.csv", format!("id,name\n{records}"));
    let whole = place.rowmill().args(["--fill", "a.csv"]).out();
    place.rowmill().args(["plan", "a.csv", "--ranges", "3", "--fill", "-o", "plan"]).out().expect_status(0);
    std::fs::create_dir(place.path("parts")).unwrap();
    place.rowmill().args(["worker", "plan", "-o", "parts"]).out().expect_status(0);
    let joined = place.shell("cat parts/part-*").out();
    joined.expect_stdout(&whole.stdout);
    place
        .rowmill()
        .args(["plan", "a.csv", "--ranges", "3", "--select", "age"])
        .out()
        .expect_refusal(1, "a.csv: --select: no column is named 'age'");
}
