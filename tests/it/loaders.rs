//! What loaders take the written values for: the type that was meant, in every column, empty cells
//! and nulls among them.

use crate::harness::{Place, Run, fixtures, has, has_python};

const INPUT: &str = "n;price;share;ok;day;moment;tags;code;airport
1;1.234,50;12,5%;yes;05.03.2026;2026-03-05 10:20:30;a,b;007;0E0
;;;;;;;;
-3;0,10;0%;no;31.12.1999;1999-12-31T23:59:59;;010;0E8
N/A;7;1%;Y;29.02.2024;2024-02-29 00:00:00;x;+1;1E5
";

const TYPES: &str = "n=int,price=float(comma,thousands),share=percent(comma),ok=bool,\
                     day=date(%d.%m.%Y),moment=timestamp";

#[test]
fn loaders_see_the_types_that_were_meant() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    let args = ["-q", "in.csv", "-d", ";", "--type", TYPES, "--null", "n=N/A", "--split", "tags=,"];
    let out = place.rowmill().args(args).args(["--add", "batch:int=7", "-o", "out.jsonl"]).out();
    out.expect_status(0);
    if !has("python3", "what loaders see") {
        return;
    }
    // Polars and pandas leave days and moments in JSON to the caller.
    for (loader, dates) in [("duckdb", true), ("polars", false), ("pandas", false), ("chdb", true)] {
        if !has_python(loader, "what a loader sees") {
            continue;
        }
        let (day, moment) = if dates { ("date", "timestamp") } else { ("string", "string") };
        let expected = format!(
            "n int\nprice float\nshare float\nok bool\nday {day}\nmoment {moment}\ntags list\n\
             code string\nairport string\nbatch int\n"
        );
        let script = fixtures().join("../tests/it/loaders.py");
        let run = Run::program("python3").arg(script).args([loader, "out.jsonl"]).dir(place.dir());
        run.out().expect_status(0).expect_stdout(expected);
    }
}
