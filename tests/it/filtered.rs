//! `--where`: records that are not written, by the text of a field.

use std::fmt::Write as _;

use crate::harness::{Numbers, Place};
use crate::worker::{joined, plan};

/// A file in which about a third of the records are of each tenant, some of them not simple.
fn write(place: &Place, n_records: usize) -> Vec<(String, String)> {
    let mut numbers = Numbers(3);
    let (mut csv, mut all) = ("id,tenant,note\n".to_owned(), Vec::new());
    for i in 0..n_records {
        let tenant = ["a", "b", "a b", ""][numbers.below(4)];
        let written = match numbers.below(5) {
            0 => format!("\"{tenant}\""),
            1 => format!(" {tenant} "),
            _ => tenant.to_owned(),
        };
        let note = ["plain", "\"two\nlines\"", "\"a \"\"quote\"\"\"", "\u{e9}", "x,y"][numbers.below(5)];
        let _ = writeln!(csv, "{i},{written},{note}");
        all.push((i.to_string(), tenant.to_owned()));
    }
    place.write("in.csv", csv);
    all
}

fn ids(stdout: &[u8]) -> Vec<String> {
    let lines = std::str::from_utf8(stdout).unwrap().lines();
    lines
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["id"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn what_is_not_asked_for_is_not_written() {
    let place = Place::new();
    let all = write(&place, 3000);
    let kept = |passes: &dyn Fn(&str) -> bool| -> Vec<String> {
        all.iter().filter(|(_, tenant)| passes(tenant)).map(|(id, _)| id.clone()).collect()
    };
    for (args, expected) in [
        (&["--where", "tenant=a"][..], kept(&|tenant| tenant == "a")),
        (&["--where", "tenant="], kept(&str::is_empty)),
        (&["--where", "tenant!=a b"], kept(&|tenant| tenant != "a b")),
        (&["--where", "tenant!=a", "--where", "tenant!=b"], kept(&|tenant| tenant != "a" && tenant != "b")),
        (&["--where", "tenant=c"], kept(&|_| false)),
    ] {
        for more in [&["-j1"][..], &["-j3", "--window", "200"], &["--io", "read"]] {
            let out = place.rowmill().args(args).args(more).arg("in.csv").out();
            out.expect_status(0);
            assert_eq!(ids(&out.stdout), expected, "{args:?} {more:?}");
            let n = all.len() - expected.len();
            let words = if n == 1 { "1 record not written" } else { "records not written (--where)" };
            assert!(out.stderr.contains(words), "{}", out.stderr);
        }
        let stats = place.rowmill().args(args).args(["-q", "--check", "--stats", "s.json", "in.csv"]).out();
        stats.expect_status(0);
        let stats: serde_json::Value = serde_json::from_slice(&place.read("s.json")).unwrap();
        assert_eq!(stats["records"], expected.len(), "{args:?}");
        assert_eq!(stats["filtered_records"], all.len() - expected.len(), "{args:?}");
    }
    let first = place.rowmill().args(["-q", "--where", "tenant=a", "--limit", "5", "in.csv"]).out();
    assert_eq!(ids(&first.stdout), kept(&|tenant| tenant == "a")[..5]);
}

/// What is not written is not judged: a record of another tenant ends no strict run.
#[test]
fn what_is_not_written_is_not_judged() {
    let place = Place::new();
    place.write("in.csv", "tenant,n\na,1\nb\nb,x\nb,1,2,3\na,2\n");
    let args = ["-q", "--strict", "--type", "n=int", "--where", "tenant=a", "in.csv"];
    place
        .rowmill()
        .args(args)
        .out()
        .expect_status(0)
        .expect_stdout("{\"tenant\":\"a\",\"n\":1}\n{\"tenant\":\"a\",\"n\":2}\n");
}

/// A field that is not there is no text, so nothing of another tenant slips through.
#[test]
fn a_record_without_the_field_is_none_that_is_asked_for() {
    let place = Place::new();
    place.write("in.csv", "id,tenant\n1\n2,a\n");
    place.write("other.csv", "id\n3\n");
    let run = |condition: &str| {
        let args = ["-q", "--where", condition, "--select", "id", "in.csv", "other.csv"];
        place.rowmill().args(args).out()
    };
    run("tenant=a").expect_status(0).expect_stdout("{\"id\":\"2\"}\n");
    run("tenant!=a").expect_status(0).expect_stdout("{\"id\":\"1\"}\n{\"id\":\"3\"}\n");
    run("tenant=").expect_status(0).expect_stdout("");
    run("tennant=a").expect_refusal(1, "--where: no column is named 'tennant'; did you mean 'tenant'?");
    run("tenant").expect_refusal(2, "--where takes COLUMN=TEXT or COLUMN!=TEXT, not 'tenant'");
    run("=a").expect_refusal(2, "--where takes COLUMN=TEXT or COLUMN!=TEXT, not '=a'");
}

#[test]
fn ranges_have_what_the_whole_has() {
    let place = Place::new();
    write(&place, 3000);
    let args = ["--where", "tenant!=a"];
    for more in [&[][..], &["--quote", "none"]] {
        let lines = plan(&place, &[&["plan", "--ranges", "5"][..], &args, more].concat());
        place.rowmill().args(["worker", "-q", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
        let expected = place.rowmill().args(args).args(more).args(["-q", "in.csv"]).out().stdout;
        assert_eq!(joined(&place, lines.len()), expected);
        place.rowmill().args(["verify", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
        std::fs::remove_dir_all(place.path("parts")).unwrap();
    }
}
