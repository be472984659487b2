//! `rowmill schema`: what is said of each column, and that it depends on nothing but the records.
//!
//! `fixtures/schema.py` counts the same independently, on the cases of `fixtures/` and on random
//! tables.

use serde_json::{Value, json};

use crate::harness::{Place, Run, fixtures, gzipped, has_python, isas, large};

fn schema(csv: &str, args: &[&str]) -> Value {
    let place = Place::new();
    place.write("in.csv", csv);
    let output = place.rowmill().args(["schema", "--format", "json", "-q", "in.csv"]).args(args).out();
    output.expect_status(0);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The schema of a column of these values.
fn column(values: &[&str]) -> Value {
    let csv = format!("id,x\n{}", values.iter().map(|value| format!("1,{value}\n")).collect::<String>());
    schema(&csv, &[])["columns"][1].clone()
}

#[test]
fn a_column_has_the_type_that_all_values_have() {
    for (expected, values) in [
        ("int", &["0", "-0", "12", "123456789012345678901234567890", ""][..]),
        ("float", &["1", "2.50", "-0.0"]),
        ("float", &["1e5", "2.5"]),
        ("float", &["1E+5", "3"]),
        ("string", &["0E0", "0E8", "1E5"]),
        ("string", &["0E0", "12"]),
        ("string", &["007", "1"]),
        ("string", &["+1", "1"]),
        ("string", &["1.", "1"]),
        ("string", &["1", "NaN"]),
        ("int", &["0", "1", "1"]),
        ("bool", &["true", "FALSE", ""]),
        ("bool", &["y", "N"]),
        ("bool", &["t", "F"]),
        ("string", &["yes", "n"]),
        ("string", &["true", "1"]),
        ("json", &["[]", "\"{\"\"a\"\":1}\""]),
        ("string", &["[]", "1"]),
        ("date", &["2024-02-29", "1999-12-31"]),
        ("string", &["2023-02-29"]),
        ("string", &["0000-01-01"]),
        ("string", &["2024-02-29T12:00:60"]),
        ("timestamp", &["2024-02-29T12:00:00Z", "2024-02-29 12:00"]),
        ("string", &["2024-02-29T12:00:00Z", "2024-02-29"]),
        ("string", &["", ""]),
        ("string", &[]),
        ("string", &["x"]),
        ("int", &["\" 1\"", "2"]),
    ] {
        let expected = if values == ["\" 1\"", "2"] { "string" } else { expected };
        assert_eq!(column(values)["type"], expected, "{values:?}");
    }
}

#[test]
fn nulls_are_counted_and_proposed() {
    let found = column(&["1", "", "N/A", "n/a", "3"]);
    assert_eq!((&found["type"], &found["values"], &found["empty"]), (&json!("string"), &json!(2), &json!(1)));
    assert_eq!(found["nulls"]["count"], 2);
    assert_eq!(found["nulls"]["spellings"], json!(["N/A", "n/a"]));
    assert_eq!(found["nulls"]["type_without"], "int");
    assert_eq!(found["nulls"]["first"]["line"], 4);
    assert_eq!(found["proposals"], json!(["--null x=N/A,n/a"]));
    // Of text nothing is proposed.
    assert_eq!(column(&["Ada", "NULL"])["proposals"], json!([]));
    // What the dialect takes for null is none of these.
    let found = schema("a\tb\n1\t\\N\n", &["--dialect", "postgres"]);
    assert_eq!(found["columns"][1]["nulls"]["given"], 1);
}

#[test]
fn numbers_are_told_digit_for_digit() {
    let found = column(&["9007199254740993", "-12.50", "9007199254740992.5", "1e3"]);
    assert_eq!(found["type"], "float");
    assert_eq!(found["numbers"]["smallest"], "-12.50");
    assert_eq!(found["numbers"]["largest"], "9007199254740993");
    assert_eq!(found["numbers"]["beyond_2_53"], 1);
    let found = column(&["007", "12", "00"]);
    assert_eq!(found["numbers"]["leading_zeros"], 2);
    assert_eq!(found["numbers"]["first_leading_zeros"]["value"], "007");
    assert_eq!(found["numbers"]["smallest"], Value::Null);
    let digits = "1".repeat(70);
    let found = column(&[&digits, "5"]);
    assert_eq!((&found["type"], &found["longest"]), (&json!("int"), &json!(70)));
    assert_eq!((&found["numbers"]["largest"], &found["numbers"]["not_compared"]), (&json!("5"), &json!(1)));
}

#[test]
fn the_value_that_keeps_a_column_from_a_type_is_named() {
    let place = Place::new();
    let rows: String = (1..=1000).map(|i| format!("{i},\"a\nb\"\n")).collect();
    place.write("in.csv", format!("id,t\n{rows}x7,end\n9,end\n"));
    let output = place.rowmill().args(["schema", "in.csv", "-q"]).out();
    output.expect_status(0);
    let text = String::from_utf8(output.stdout).unwrap();
    let line = "id: would be int but for 'x7' on line 2,002 (record 1,001, byte 9,898, column 1); 1,000 values \
                before it are\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn dates_in_another_order_and_what_is_personal_are_proposed() {
    for (values, expected) in [
        (&["01.02.2024", "31.01.2024"][..], json!(["--type 'x=date(%d.%m.%Y)'"])),
        (&["01/02/2024", "02/03/2024"], json!([])),
        (&["01/02/2024", "12/31/2024"], json!(["--type 'x=date(%m/%d/%Y)'"])),
        (&["31.01.2024 12:30"], json!(["--type 'x=timestamp(%d.%m.%Y %H:%M)'"])),
        (&["2024-01-31"], json!([])),
        (&["ada@x.org", "b@y.de"], json!(["--mask x:email"])),
        (&["4111111111111111"], json!(["--mask x:last4"])),
        (&["GB82WEST12345698765432"], json!(["--mask x:last4"])),
        (&["+41 44 668 18 00"], json!(["--mask x:phone"])),
        (&["1.2.2024", "31.01.2024"], json!(["--type 'x=date(%-d.%-m.%Y)'"])),
        (&["1/31/24 10:30"], json!(["--type 'x=timestamp(%-m/%-d/%y %H:%M)'"])),
        (&["31.01.2024", "n/a"], json!(["--null x=n/a", "--type 'x=date(%d.%m.%Y)'"])),
        (&["1", "\"-\"", "NA"], json!(["--null 'x=-,NA'", "--quoted-values"])),
        (&["ada@x.org", "nobody"], json!([])),
    ] {
        assert_eq!(column(values)["proposals"], expected, "{values:?}");
    }
}

#[test]
fn invalid_and_missing_values_are_counted() {
    let place = Place::new();
    place.write("in.csv", b"a,b\n1,\xff\n2\n3,x\xe9\n");
    let output = place.rowmill().args(["schema", "--format", "json", "in.csv", "-q"]).out();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let b = &found["columns"][1];
    assert_eq!((&b["missing"], &b["invalid"]["count"]), (&json!(1), &json!(2)));
    assert_eq!(b["invalid"]["first"]["byte"], 6);
}

#[test]
fn columns_of_several_files_merge_by_their_names() {
    let place = Place::new();
    place.write("a.csv", "id,x\n1,2\n");
    place.write("b.csv", "y,id\nz,2.5\n");
    let output = place.rowmill().args(["schema", "--format", "json", "a.csv", "b.csv", "-q"]).out();
    output.expect_status(0);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |i: usize| (found["columns"][i]["name"].as_str().unwrap(), &found["columns"][i]["lacking"]);
    assert_eq!([of(0), of(1), of(2)], [("id", &json!([])), ("x", &json!([1])), ("y", &json!([0]))]);
    let kept = &found["columns"][0]["kept_from"][1];
    assert_eq!((&kept["value"], &kept["input"], &kept["column"]), (&json!("2.5"), &json!(1), &json!(2)));
    let output = place.rowmill().args(["schema", "a.csv", "b.csv", "-q"]).out();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("x: is not in b.csv\n"), "{text}");
}

/// The schemas of files merge to the schema of the files.
#[test]
fn schemas_merge() {
    let place = Place::new();
    place.write("a.csv", "id,x,z\n1,2,007\n2,n/a,1\n");
    place.write("b.csv", "x,id\n2.5,1\n\"\",2\nq,7\n");
    place.write("c.csv", "x,id,w\n-3,true,\n");
    let one = |names: &[&str]| {
        let output = place.rowmill().args(["schema", "--format", "json", "-q"]).args(names).out();
        output.expect_status(0);
        output.stdout
    };
    for name in ["a", "b", "c"] {
        let made = one(&[&format!("{name}.csv")]);
        place.write(&format!("{name}.json"), made);
    }
    let all = String::from_utf8(one(&["a.csv", "b.csv", "c.csv"])).unwrap();
    let merged = String::from_utf8(one(&["--merge", "a.json", "b.json", "c.json"])).unwrap();
    assert_eq!(merged, all);
    place.rowmill().args(["schema", "--merge", "a.csv"]).out().expect_refusal(1, "is no schema");
}

/// So do those of the ranges of a plan.
#[test]
fn the_schemas_of_ranges_merge_to_that_of_the_file() {
    let place = Place::new();
    let rows: String = (0..500).map(|i| format!("{i},\"a\n{}\",{}.5\n", i % 9, 500 - i)).collect();
    place.write("in.csv", format!("id,t,x\n{rows}501,n/a,x\n"));
    let whole = place.rowmill().args(["schema", "--format", "json", "-q", "in.csv"]).out();
    whole.expect_status(0);
    let plan = place.rowmill().args(["plan", "in.csv", "--ranges", "5", "-q"]).out();
    plan.expect_status(0);
    let mut names = Vec::new();
    for (i, line) in plan.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        let task: Value = serde_json::from_slice(line).unwrap();
        let range = format!("{}..{}", task["start"], task["end"]);
        let output =
            place.rowmill().args(["schema", "--format", "json", "-q", "in.csv", "--range", &range]).out();
        output.expect_status(0);
        names.push(format!("{i}.json"));
        place.write(&names[i], &output.stdout);
    }
    assert_eq!(names.len(), 5);
    let merged = place.rowmill().args(["schema", "--format", "json", "--merge"]).args(&names).out();
    merged.expect_status(0).expect_stdout(&whole.stdout);
}

#[test]
fn a_limit_is_said_in_the_result() {
    let found = schema("a\n1\n2\nx\n", &["--limit", "2"]);
    assert_eq!(
        (&found["limit"], &found["records"], &found["columns"][0]["type"]),
        (&json!(2), &json!(2), &json!("int"))
    );
    assert_eq!(schema("a\n1\n", &["--limit", "2"])["limit"], Value::Null);
}

#[test]
fn a_json_schema_has_all_digits() {
    let place = Place::new();
    place.write("in.csv", "id,x,when,q\n9007199254740993,1.50,2024-01-31,\n2,,2024-02-29,y\n");
    let output = place.rowmill().args(["schema", "--format", "json-schema", "in.csv", "-q"]).out();
    output.expect_status(0);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.contains(r#""id": {"type":"integer","minimum":2,"maximum":9007199254740993}"#), "{text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["properties"]["x"]["type"], json!(["number", "null"]));
    assert_eq!(found["properties"]["when"]["format"], "date");
    assert_eq!(found["required"], json!(["id", "x", "when", "q"]));
}

#[test]
fn too_many_columns_are_refused() {
    let place = Place::new();
    let names: Vec<String> = (0..20_000).map(|i| format!("c{i}")).collect();
    place.write("in.csv", format!("{}\n", names.join(",")));
    let output = place.rowmill().args(["schema", "--memory", "16M", "in.csv"]).out();
    output.expect_refusal(2, "a schema of 20000 columns needs");
    // So are those of many inputs together, of which each has few.
    let inputs: Vec<String> = (0..60).map(|file| format!("{file}.csv")).collect();
    for (file, names) in inputs.iter().zip(names.chunks(100)) {
        place.write(file, format!("{}\n", names.join(",")));
    }
    let schema =
        |inputs: &[String]| place.rowmill().args(["schema", "-q", "--memory", "16M"]).args(inputs).out();
    schema(&inputs[..10]).expect_status(0);
    schema(&inputs).expect_status(2).expect_one_line("MiB more than --memory leaves");
}

/// Thousands of columns of all sorts stay under the cap, and what is too long for a strip or a
/// buffer is judged all the same.
#[test]
fn many_columns_and_long_values_stay_under_the_cap() {
    let place = Place::new();
    let n = 4000;
    let names: Vec<String> = (0..n).map(|i| format!("c{i}")).collect();
    let row = |at: usize| {
        let values = (0..n).map(|i| match (at + i) % 5 {
            0 => format!("{at}"),
            1 => format!("{at}.{i}"),
            2 => format!("value {i}"),
            3 => "2024-01-31".to_owned(),
            _ => "n/a".to_owned(),
        });
        values.collect::<Vec<_>>().join(",")
    };
    let rows: Vec<String> = (0..200).map(row).collect();
    place.write("in.csv", format!("{}\n{}\n", names.join(","), rows.join("\n")));
    let run = place.rowmill().args(["schema", "--format", "json", "in.csv", "-q", "-j", "2"]);
    let (output, peak) = run.out_and_peak();
    output.expect_status(0);
    assert!(peak <= 64 << 20, "{peak}");
    let items = vec!["\"\"x\"\""; 600_000].join(",");
    place.write("long.csv", format!("id,j\n1,\"[{items}]\"\n2,[]\n"));
    let (output, peak) =
        place.rowmill().args(["schema", "--format", "json", "long.csv", "-q"]).out_and_peak();
    output.expect_status(0);
    assert!(peak <= 64 << 20, "{peak}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let j = &found["columns"][1];
    assert_eq!((&j["type"], &j["longest"]), (&json!("json"), &json!(600_000 * 4 + 1)));
}

/// Threads, windows, instruction sets and the kind of input change nothing.
#[test]
fn the_result_is_the_same_however_it_is_made() {
    let place = Place::new();
    let mut csv = b"id,name,when,price,code,note\n".to_vec();
    for i in 0..3000 {
        let row = match i {
            1700 => format!("{i},\"a \"\"b\"\"\",2024-02-30,1.2.3,007,\n"),
            2100 => format!("{i},short\n"),
            2200 => format!("x{i},n,2024-01-31,-5.00,n/a,1,more\n"),
            _ => format!(
                "{i},name {},2024-01-{:02},{}.50,{},\"line\n{i}\"\n",
                i % 7,
                1 + i % 28,
                i % 97,
                1000 + i
            ),
        };
        csv.extend_from_slice(row.as_bytes());
        if i == 2500 {
            csv.extend_from_slice(b"2500,\xff,2024-01-31,1,1,\n");
        }
    }
    place.write("in.csv", &csv);
    place.write("in.csv.gz", gzipped(&csv));
    let run = |isa: &str| place.rowmill().env("ROWMILL_ISA", isa).args(["schema", "--format", "json", "-q"]);
    let expected = run("portable").args(["in.csv", "-j", "1"]).out();
    expected.expect_status(0);
    let expected = String::from_utf8(expected.stdout).unwrap();
    for isa in isas() {
        for (threads, window) in [("1", "64"), ("2", "1000"), ("7", "4096"), ("2", "256K")] {
            let sized = || run(isa).args(["-j", threads, "--window", window]);
            for io in ["auto", "read"] {
                sized().args(["in.csv", "--io", io]).out().expect_stdout(&expected);
            }
            for (name, stdin) in [("stdin", &csv), ("in.csv.gz", &Vec::new())] {
                let from = if name == "stdin" { "-" } else { name };
                let output = sized().arg(from).stdin(stdin.clone()).out();
                output.expect_stdout(expected.replace("\"in.csv\"", &format!("\"{name}\"")));
            }
        }
    }
}

#[test]
fn the_cases_of_the_fixtures_are_counted_alike() {
    if has_python("decimal", "a second count of schemas") {
        let script = fixtures().join("schema.py");
        let output =
            Run::program("python3").arg(script).args(["fixtures", env!("CARGO_BIN_EXE_rowmill")]).out();
        output.expect_status(0);
        let text = String::from_utf8(output.stdout).unwrap();
        let n: usize = text.split_whitespace().next().unwrap().parse().unwrap();
        assert!(n > 100, "{text}");
    }
}

#[test]
fn random_tables_are_counted_alike() {
    if has_python("decimal", "a second count of schemas") {
        let n = if large() { "10000" } else { "300" };
        let script = fixtures().join("schema.py");
        let rowmill = env!("CARGO_BIN_EXE_rowmill");
        let output = Run::program("python3").arg(script).args(["random", rowmill, n, "it"]).out();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", output.stderr);
    }
}

/// What a schema says is what a conversion takes: no value is of another type.
#[test]
fn a_conversion_takes_all_that_is_found_and_proposed() {
    if has_python("decimal", "random tables") {
        let n = if large() { "10000" } else { "400" };
        let script = fixtures().join("schema.py");
        let rowmill = env!("CARGO_BIN_EXE_rowmill");
        let output = Run::program("python3").arg(script).args(["taken", rowmill, n, "it"]).out();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", output.stderr);
    }
}

/// A null of one column leaves that of the dialect to the others.
#[test]
fn a_proposal_does_not_take_the_null_of_the_dialect_away() {
    let place = Place::new();
    place.write("in.tsv", "a\tb\n1\tn/a\n\\N\t7\n");
    let args = ["--dialect", "postgres", "--type", "a=int,b=int", "--null", "b=n/a", "in.tsv", "-q"];
    let output = place.rowmill().args(args).out();
    output.expect_status(0).expect_stdout("{\"a\":1,\"b\":null}\n{\"a\":null,\"b\":7}\n");
}
