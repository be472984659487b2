//! `--infer=columns`: each column has the type that all its values have.

use serde_json::json;

use crate::harness::{INPUT, Place, gzipped, isas};

const ROWS: &str = "id,price,ok,day,at,list,code,note\n\
    1,2.50,yes,2026-03-05,2026-03-05 10:20,[],007,\n\
    \"2\",-3,No,,2026-03-05T10:20:30Z,\"[1,2]\",12,N/A\n";

const RESULT: &str = "{\"id\":1,\"price\":2.50,\"ok\":true,\"day\":\"2026-03-05\",\"at\":\"2026-03-05T10:20:00\",\
    \"list\":[],\"code\":\"007\",\"note\":\"\"}\n\
    {\"id\":2,\"price\":-3,\"ok\":false,\"day\":null,\"at\":\"2026-03-05T10:20:30Z\",\"list\":[1,2],\
    \"code\":\"12\",\"note\":\"N/A\"}\n";

#[test]
fn each_column_has_the_type_that_all_values_have() {
    let place = Place::new();
    place.write("in.csv", ROWS);
    let output = place.rowmill().args(["in.csv", "--infer=columns"]).with_stats().out();
    output.expect_status(0).expect_stdout(RESULT);
    let line = "  types: id int, price float, ok bool, day date, at timestamp, list json, 2 strings\n";
    output.expect_stderr(line);
    let types = &output.stats()["types"];
    assert_eq!((&types["id"], &types["note"]), (&json!("int"), &json!("string")));
    assert_eq!(types.as_object().unwrap().len(), 8);
    // A word behind it is an input.
    place.rowmill().args(["--infer", "in.csv", "-q"]).out().expect_status(0);
    let output = place.rowmill().args(["--infer", "columns", "in.csv", "-q"]).out();
    output.expect_refusal(1, "if it is how to infer types, type --infer=columns");
    let output = place.rowmill().args(["--infer=all", "in.csv"]).out();
    output.expect_status(2).expect_stderr("columns");
}

#[test]
fn what_is_asked_of_a_column_stays() {
    let place = Place::new();
    place.write("in.csv", "a,b,c,d,e\n1,2,3,4;5,N/A\n6,7,8,9,5\n");
    let run = |args: &[&str]| {
        let output =
            place.rowmill().args(["in.csv", "-q", "--limit", "1", "--infer=columns"]).args(args).out();
        output.expect_status(0);
        String::from_utf8(output.stdout).unwrap()
    };
    let args = ["--type", "a=string", "--mask", "b:redact", "--split", "d=;", "--null", "e=N/A"];
    let expected = "{\"a\":\"1\",\"b\":\"***\",\"c\":3,\"d\":[\"4\",\"5\"],\"e\":null}\n";
    assert_eq!(run(&args), expected);
    place.write("in.csv", "a,b\n1,2\nx,3\n");
    // Of a limit the records that are converted count, and of others all.
    assert_eq!(run(&[]), "{\"a\":1,\"b\":2}\n");
    assert_eq!(run(&["--where", "b=2"]), "{\"a\":\"1\",\"b\":2}\n");
}

#[test]
fn inputs_count_together() {
    let place = Place::new();
    place.write("a.csv", "x,y\n1,2\n");
    place.write("b.csv", "x\n1.5\n");
    place.write("c.csv", "x*,xy\n1,q\n");
    let output = place.rowmill().args(["a.csv", "b.csv", "c.csv", "--infer=columns"]).out();
    let expected = "{\"x\":1,\"y\":2}\n{\"x\":1.5}\n{\"x*\":1,\"xy\":\"q\"}\n";
    output.expect_status(0).expect_stdout(expected);
    assert!(!output.stderr.contains("there is no column"), "{}", output.stderr);
}

#[test]
fn what_cannot_be_read_twice_is_refused() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    let said =
        "stdin: --infer=columns reads an input twice, so it must be a regular file; write it to one first";
    place.rowmill().args(["--infer=columns"]).stdin(INPUT).out().expect_refusal(2, said);
    place.fifo("pipe");
    place.rowmill().args(["pipe", "--infer=columns"]).out().expect_refusal(2, "pipe: --infer=columns reads");
    for (args, part) in [
        (&["--range", "0..20"][..], "rowmill plan carries them"),
        (&["--output-dir", "out"], "make a schema of them"),
        (&["--decimal", ","], "--infer=columns knows numbers with a point alone"),
    ] {
        place.rowmill().args(["in.csv", "--infer=columns"]).args(args).out().expect_refusal(2, part);
    }
    place.rowmill().args(["none.csv", "--infer=columns"]).out().expect_refusal(1, "none.csv");
    let args = ["in.csv", "--infer=columns", "--type", "nam=int"];
    place.rowmill().args(args).out().expect_refusal(1, "did you mean 'name'?");
}

/// A plan carries the types, so a worker needs no second pass.
#[test]
fn a_plan_carries_the_types() {
    let place = Place::new();
    let rows: String =
        (0..200).map(|i| format!("{i},{},x{i}\n", if i == 150 { "1.5" } else { "7" })).collect();
    place.write("in.csv", format!("id,n,t\n{rows}"));
    let whole = place.rowmill().args(["in.csv", "-q", "--infer=columns"]).out();
    whole.expect_status(0);
    for quote in [&[][..], &["--quote", "none"]] {
        let plan = place
            .rowmill()
            .args(["plan", "in.csv", "--ranges", "3", "-q", "--infer=columns"])
            .args(quote)
            .out();
        plan.expect_status(0);
        assert!(String::from_utf8_lossy(&plan.stdout).contains("[\"n\",\"float\"]"));
        place.write("plan", &plan.stdout);
        place.rowmill().args(["worker", "plan", "-q", "-o", "parts"]).out().expect_status(0);
        let parts = place.shell("cat parts/part-*.jsonl && rm -r parts").out();
        parts.expect_status(0).expect_stdout(&whole.stdout);
    }
}

/// Threads, windows and the kind of file change nothing, and the memory stays under the cap.
#[test]
fn the_result_is_the_same_however_it_is_made() {
    let place = Place::new();
    let rows: String = (0..20_000)
        .map(|i| format!("{i},{}.5,name {i},{}\n", i % 7, if i == 15_000 { "x" } else { "1" }))
        .collect();
    let csv = format!("id,n,t,late\n{rows}");
    place.write("in.csv", &csv);
    let packed = gzipped(csv.as_bytes());
    place.write("in.csv.gz", packed);
    let expected = place.rowmill().args(["in.csv", "-q", "--infer=columns", "-j", "1"]).out();
    expected.expect_status(0);
    assert!(expected.stdout.starts_with(b"{\"id\":0,\"n\":0.5,\"t\":\"name 0\",\"late\":\"1\"}\n"));
    for isa in isas() {
        for (input, window) in [("in.csv", "1000"), ("in.csv", "256K"), ("in.csv.gz", "4096")] {
            let run = place.rowmill().env("ROWMILL_ISA", isa);
            let run = run.args([input, "-q", "--infer=columns", "-j", "2", "--window", window]);
            run.out().expect_status(0).expect_stdout(&expected.stdout);
        }
    }
    let run = place.rowmill().args(["in.csv", "-q", "--infer=columns", "--memory", "16M"]);
    let (output, peak) = run.out_and_peak();
    output.expect_status(0).expect_stdout(&expected.stdout);
    assert!(peak <= 16 << 20, "{peak}");
    let check = place.rowmill().args(["in.csv", "--check", "--strict", "--infer=columns"]).out();
    check.expect_status(0).expect_stderr("types: id int, n float, 2 strings");
    let run = || place.rowmill().args(["in.csv", "-q", "--infer=columns", "--resume", "-o", "out.jsonl"]);
    run().out().expect_status(0);
    assert_eq!(place.read("out.jsonl"), expected.stdout);
}
