//! Arrays: of the pieces of a cell, and of columns that are numbered.

use crate::harness::Place;

#[test]
fn a_cell_becomes_an_array() {
    let place = Place::new();
    place.write("in.csv", "id,tags,n\n1,a;b; c ,1|2\n2,,\n3,\"x\"\"y;;\",7\n4,only,1|x|3\n5\n6,\u{e9};,|\n");
    let run = |args: &[&str]| place.rowmill().args(["-q", "in.csv"]).args(args).out();
    run(&["--split", "tags=;", "--split", "n=|", "--type", "n=int"]).expect_status(0).expect_stdout(
        "{\"id\":\"1\",\"tags\":[\"a\",\"b\",\"c\"],\"n\":[1,2]}\n\
         {\"id\":\"2\",\"tags\":[],\"n\":[]}\n\
         {\"id\":\"3\",\"tags\":[\"x\\\"y\",\"\",\"\"],\"n\":[7]}\n\
         {\"id\":\"4\",\"tags\":[\"only\"],\"n\":[1,\"x\",3]}\n\
         {\"id\":\"5\"}\n\
         {\"id\":\"6\",\"tags\":[\"\u{e9}\",\"\"],\"n\":[null,null]}\n",
    );
    let untyped =
        ["--split", "*=;", "--select", "tags", "--limit", "2", "--empty", "tags=null", "--trim", "none"];
    run(&untyped).expect_status(0).expect_stdout("{\"tags\":[\"a\",\"b\",\" c \"]}\n{\"tags\":null}\n");
    let masked = ["--split", "tags=;", "--mask", "tags:redact", "--select", "tags", "--limit", "1"];
    run(&masked).expect_status(0).expect_stdout("{\"tags\":[\"***\",\"***\",\"***\"]}\n");
    let strict = run(&["--split", "n=|", "--type", "n=int", "--strict"]);
    strict.expect_status(1).expect_stderr("line 5, record 4");
    run(&["--split", "tag=;"]).expect_refusal(1, "did you mean 'tags'?");
    run(&["--split", "tags="]).expect_refusal(2, "--split takes bytes");
    run(&["--split", "tags"]).expect_refusal(2, "--split takes COLUMN=SEPARATOR, not 'tags'");
}

/// One value that does not fit is one anomaly, however many of its elements do not.
#[test]
fn an_array_that_does_not_fit_is_told_once() {
    let place = Place::new();
    place.write("in.csv", "a,n\n1,x;y;1\n2,3;4\n3,z\n");
    let out = place.rowmill().args(["in.csv", "--split", "n=;", "--type", "n=int"]).with_stats().out();
    out.expect_status(0);
    assert_eq!(out.stats()["anomalies"]["type_mismatch"]["count"], 2);
    assert_eq!(out.stats()["type_mismatches"][0]["count"], 2);
}

#[test]
fn numbered_columns_become_arrays() {
    let place = Place::new();
    let run = |header: &str, record: &str, args: &[&str]| {
        place.write("in.csv", format!("{header}\n{record}\n"));
        place.rowmill().args(["-q", "in.csv", "--nest"]).args(args).out()
    };
    for (header, record, expected) in [
        ("a.0,a.1,b", "1,2,3", "{\"a\":[\"1\",\"2\"],\"b\":\"3\"}\n"),
        ("a.1,b,a.0", "1,2,3", "{\"a\":[\"3\",\"1\"],\"b\":\"2\"}\n"),
        ("a[0].x,a[0].y,a[1].x", "1,2,3", "{\"a\":[{\"x\":\"1\",\"y\":\"2\"},{\"x\":\"3\"}]}\n"),
        ("m[0][0],m[0][1],m[1][0]", "1,2,3", "{\"m\":[[\"1\",\"2\"],[\"3\"]]}\n"),
        ("a.b.0.c,a.b.0.d", "1,2", "{\"a\":{\"b\":[{\"c\":\"1\",\"d\":\"2\"}]}}\n"),
        // What is not numbered from 0 on are names: years, for one.
        ("y.2020,y.2021", "1,2", "{\"y\":{\"2020\":\"1\",\"2021\":\"2\"}}\n"),
        ("a.0,a.2", "1,2", "{\"a\":{\"0\":\"1\",\"2\":\"2\"}}\n"),
        ("a.0,a.x", "1,2", "{\"a\":{\"0\":\"1\",\"x\":\"2\"}}\n"),
        ("a.00,a.1", "1,2", "{\"a\":{\"00\":\"1\",\"1\":\"2\"}}\n"),
        // A record is no array, and a name may have brackets.
        ("0,1", "1,2", "{\"0\":\"1\",\"1\":\"2\"}\n"),
        ("[0],b[x],c]", "1,2,3", "{\"[0]\":\"1\",\"b[x]\":\"2\",\"c]\":\"3\"}\n"),
        // What a record lacks is null there, so that nothing moves up.
        ("b,a.1,a.0", "1,2", "{\"b\":\"1\",\"a\":[null,\"2\"]}\n"),
        ("b,a[0].x,a[0].y", "1,2", "{\"b\":\"1\",\"a\":[{\"x\":\"2\",\"y\":null}]}\n"),
    ] {
        run(header, record, &[]).expect_status(0).expect_stdout(expected);
    }
    run("a.0,a.1", "1,2", &["--type", "a.1=int"]).expect_status(0).expect_stdout("{\"a\":[\"1\",2]}\n");
    for (header, words) in [
        ("a[0],a[2]", "'[0]': the numbers beside it are not 0, 1, 2"),
        ("a[0],a.x", "'[0]': the numbers beside it are not 0, 1, 2"),
        ("a,a[0]", "'a' would be both a value and an object"),
        ("a[0].b,a[0]", "'a[0]' would be both a value and an object"),
    ] {
        run(header, "1,2", &[]).expect_refusal(2, words);
    }
    run("a.0,a.1", "1,", &["--empty", "omit"])
        .expect_refusal(2, "--empty omit: 'a.0' is a place in an array, which cannot be left out");
    run("a.0,a.1,b", "1,,", &["--empty", "omit", "--empty", "a.*=null"])
        .expect_status(0)
        .expect_stdout("{\"a\":[\"1\",null]}\n");
}

/// A hundred thousand columns take no time, and names without the flag stay as they are.
#[test]
fn many_columns_are_nested_at_once() {
    let place = Place::new();
    let names: Vec<String> = (0..20_000).map(|i| format!("a[{i}].x")).collect();
    let values = vec!["1"; names.len()].join(",");
    place.write("in.csv", format!("{}\n{values}\n", names.join(",")));
    let out = place.rowmill().args(["-q", "in.csv", "--nest"]).out();
    out.expect_status(0);
    let record: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(record["a"].as_array().unwrap().len(), names.len());
    let out = place.rowmill().args(["-q", "in.csv"]).out();
    let record: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(record["a[19999].x"], "1");
}
