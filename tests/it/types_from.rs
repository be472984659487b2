//! `--types-from FILE`: a schema, or what was written by hand, says what becomes of columns.

use serde_json::Value;

use crate::harness::{Case, Place};

const ORDERS: &str =
    "id,price,day,qty,mail\n1,\"2,50\",5.3.2026,N/A,ada@x.org\n2,\"3,00\",31.12.2025,7,b@x.org\n";

fn place(types: &str) -> Place {
    let place = Place::new();
    place.write("in.csv", ORDERS);
    place.write("types.json", types);
    place
}

#[test]
fn what_a_schema_found_is_asked_of_the_conversion() {
    let place = place("");
    place.write("a.csv", "id,x,ok,t\n1,2.50,true,007\n2,,false,\n");
    let made = place.rowmill().args(["schema", "--format", "json", "-q", "a.csv"]).out();
    place.write("types.json", &made.stdout);
    let expected =
        "{\"id\":1,\"x\":2.50,\"ok\":true,\"t\":\"007\"}\n{\"id\":2,\"x\":null,\"ok\":false,\"t\":\"\"}\n";
    let run = || place.rowmill().args(["a.csv", "-q", "--types-from", "types.json"]);
    run().out().expect_status(0).expect_stdout(expected);
    // A string of a schema is one for --infer too.
    run().arg("--infer").out().expect_status(0).expect_stdout(expected);
    // What was added by hand counts, and what the schema proposes does not.
    let mut schema: Value = serde_json::from_slice(&made.stdout).unwrap();
    schema["columns"][3]["null"] = "007".into();
    schema["columns"][0]["drop"] = true.into();
    place.write("types.json", schema.to_string());
    let expected = "{\"x\":2.50,\"ok\":true,\"t\":null}\n{\"x\":null,\"ok\":false,\"t\":\"\"}\n";
    run().out().expect_status(0).expect_stdout(expected);
}

#[test]
fn a_file_by_hand_says_all_of_a_column() {
    let place = place(
        r#"{"columns": [
            {"name": "id", "drop": true},
            {"name": "price", "type": "float(comma)", "rename": "cost"},
            {"name": "day", "type": "date(%-d.%-m.%Y)"},
            {"name": "qty", "type": "int", "null": ["N/A", "-"]},
            {"name": "mail", "mask": "domain", "empty": "null"}
        ]}"#,
    );
    let output = place.rowmill().args(["in.csv", "-q", "--types-from", "types.json"]).out();
    let expected = "{\"cost\":2.50,\"day\":\"2026-03-05\",\"qty\":null,\"mail\":\"x.org\"}\n\
                    {\"cost\":3.00,\"day\":\"2025-12-31\",\"qty\":7,\"mail\":\"x.org\"}\n";
    output.expect_status(0).expect_stdout(expected);
}

#[test]
fn flags_override_the_file() {
    let place = place(r#"{"id": "int", "price": "float(comma)", "qty": "string"}"#);
    let run = |args: &[&str]| {
        let all = ["in.csv", "-q", "--limit", "1", "--drop", "day,mail", "--types-from", "types.json"];
        let output = place.rowmill().args(all).args(args).out();
        output.expect_status(0);
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&[]), "{\"id\":1,\"price\":2.50,\"qty\":\"N/A\"}\n");
    assert_eq!(run(&["--type", "id=string"]), "{\"id\":\"1\",\"price\":2.50,\"qty\":\"N/A\"}\n");
    assert_eq!(run(&["--mask", "price:redact"]), "{\"id\":1,\"price\":\"***\",\"qty\":\"N/A\"}\n");
    assert_eq!(run(&["--null", "qty=N/A"]), "{\"id\":1,\"price\":2.50,\"qty\":null}\n");
    // A mask is never taken away by a type.
    place.write("types.json", r#"{"columns": [{"name": "id", "mask": "redact", "rename": "x"}]}"#);
    assert_eq!(
        run(&["--type", "id=string", "--rename", "id=y"]),
        "{\"y\":\"***\",\"price\":\"2,50\",\"qty\":\"N/A\"}\n"
    );
    let args = ["in.csv", "--types-from", "types.json", "--type", "id=int"];
    place.rowmill().args(args).out().expect_refusal(2, "column 'id' is masked");
}

#[test]
fn what_is_wrong_is_said_with_the_column() {
    for (types, part) in [
        (r#"{"id": "number"}"#, "--types-from types.json: column 'id': no type is named 'number'"),
        (r#"{"id": 7}"#, "column 'id': type is a string, not 7"),
        (r#"{"columns": [{"name": "id", "typo": "int"}]}"#, "column 'id': 'typo' is no key; there are name,"),
        (r#"{"columns": [{"name": "id", "mask": "none"}]}"#, "column 'id': no style is named 'none'"),
        (r#"{"columns": [{"name": "id", "empty": "nothing"}]}"#, "column 'id': empty is one of string, null"),
        (r#"{"columns": [{"name": "id", "drop": "yes"}]}"#, "column 'id': drop is true or false"),
        (r#"{"columns": [{"name": "id", "null": [1]}]}"#, "column 'id': null is a string, not 1"),
        (
            r#"{"columns": [{"name": "id", "mask": "email", "type": "int"}]}"#,
            "column 'id': a column with a mask",
        ),
        (r#"{"columns": [{"name": "id"}, {"name": "id"}]}"#, "column 'id' is named twice"),
        (r#"{"columns": [{"type": "int"}]}"#, "column 1 has no name"),
        (r#"{"columns": [], "typo": 1}"#, "'typo' is no key beside columns"),
        (r#"{"version": 2, "columns": []}"#, "a schema of version 2 is not known"),
        ("id=int", "it takes what rowmill schema --format json prints, or names and types"),
        ("[]", "it takes what rowmill schema --format json prints, or names and types"),
    ] {
        let place = place(types);
        let output = place.rowmill().args(["in.csv", "-q", "--types-from", "types.json"]).out();
        output.expect_refusal(2, part);
    }
    let place = place(r#"{"ix": "int"}"#);
    let output = place.rowmill().args(["in.csv", "-q", "--types-from", "types.json"]).out();
    output.expect_refusal(1, "--type: no column is named 'ix'; did you mean 'id'?");
    let output = Place::new().rowmill().args(["in.csv", "--types-from", "none.json"]).out();
    output.expect_refusal(1, "none.json");
}

/// A plan carries what the file said, and each way to convert takes it.
#[test]
fn plans_and_many_inputs_take_it() {
    let place = place(r#"{"id": "int", "price": "float(comma)"}"#);
    let types = ["--types-from", "types.json"];
    let whole = place.rowmill().args(["in.csv", "-q"]).args(types).out();
    whole.expect_status(0);
    let plan = place.rowmill().args(["plan", "in.csv", "--ranges", "2", "-q"]).args(types).out();
    plan.expect_status(0);
    place.write("plan", &plan.stdout);
    place.write("types.json", "");
    place.rowmill().args(["worker", "plan", "-q", "-o", "parts"]).out().expect_status(0);
    let parts = place.shell("cat parts/part-*.jsonl").out().stdout;
    assert_eq!(String::from_utf8_lossy(&parts), String::from_utf8_lossy(&whole.stdout));
    place.write("types.json", r#"{"id": "int", "price": "float(comma)"}"#);
    let args = ["in.csv", "-q", "--output-dir", "all"];
    place.rowmill().args(args).args(types).out().expect_status(0);
    assert_eq!(place.read("all/in.jsonl"), whole.stdout);
}

#[test]
fn no_output_replaces_the_file() {
    let case = Case::new();
    case.place.write("types.json", r#"{"name": "string"}"#);
    let output =
        case.place.rowmill().args(["in.csv", "--types-from", "types.json", "-o", "types.json"]).out();
    output.expect_refusal(1, "types.json");
    assert_eq!(case.place.read("types.json"), br#"{"name": "string"}"#);
}
