//! `rowmill verify`: a folder is marked only if every part of the plan is there, whole and once;
//! else each thing that is wrong is named.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Place, odd};
use crate::worker::{plan, values};

/// A place with a plan of six ranges, their parts, and the receipts as they were printed.
fn made(own: &[&str]) -> (Place, Vec<Value>) {
    let place = Place::new();
    place.write("in.csv", odd(600));
    let lines = plan(&place, &["plan", "--ranges", "6"]);
    assert_eq!(lines.len(), 6);
    let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).args(own).out();
    output.expect_status(0);
    place.write("receipts.jsonl", &output.stdout);
    (place, lines)
}

fn verified(place: &Place, args: &[&str]) -> crate::harness::Output {
    place.rowmill().args(["verify", "plan.jsonl", "-o", "parts"]).args(args).out()
}

#[test]
fn what_is_whole_is_marked() {
    let (place, _) = made(&[]);
    for args in [&[][..], &["receipts.jsonl"], &["receipts.jsonl", "receipts.jsonl", "-j", "3"]] {
        let output = verified(&place, args);
        output.expect_status(0).expect_stdout("");
        output.expect_one_line("6 parts, 600 records, ").expect_stderr("all there, each once");
        output.expect_stderr("invalid_bytes").expect_stderr("marked parts/_SUCCESS");
        let mark = fs::read(place.path("parts/_SUCCESS")).unwrap();
        assert!(mark.is_empty());
        fs::remove_file(place.path("parts/_SUCCESS")).unwrap();
    }
    let output = verified(&place, &["-q"]);
    output.expect_status(0);
    assert_eq!(output.stderr, "");
    // The receipts that were printed do for those that are gone, and the input is asked for
    // nothing.
    for i in 0..6 {
        fs::remove_file(place.path(&format!("parts/_part-{i:05}-of-00006.receipt.json"))).unwrap();
    }
    fs::remove_file(place.path("in.csv")).unwrap();
    verified(&place, &["receipts.jsonl"]).expect_status(0);
    let output = verified(&place, &[]);
    output.expect_status(1);
    assert_eq!(output.stderr.lines().count(), 6);
    output.expect_stderr("parts/_part-00000-of-00006.receipt.json: range 0 has no receipt");
}

/// Each thing is named, and a mark that stood there is gone.
#[test]
fn what_is_wrong_is_named() {
    let (place, _) = made(&[]);
    verified(&place, &[]).expect_status(0);
    let part = |i: usize| place.path(&format!("parts/part-{i:05}-of-00006.jsonl"));
    fs::remove_file(part(0)).unwrap();
    let mut bytes = fs::read(part(1)).unwrap();
    *bytes.last_mut().unwrap() = b' ';
    fs::write(part(1), &bytes).unwrap();
    let bytes = fs::read(part(2)).unwrap();
    fs::write(part(2), &bytes[..bytes.len() - 1]).unwrap();
    // What a reader of the folder would read twice, or for nothing.
    fs::copy(part(3), place.path("parts/part-00003-of-00006.jsonl.zst")).unwrap();
    fs::write(place.path("parts/part-00000-of-00002.jsonl"), "").unwrap();
    for args in [&[][..], &["receipts.jsonl"]] {
        let output = verified(&place, args);
        output.expect_status(1);
        let lines: Vec<&str> = output.stderr.lines().collect();
        let told = [
            "part-00000-of-00006.jsonl: is missing".to_owned(),
            "part-00001-of-00006.jsonl: holds other bytes than its receipt says".to_owned(),
            format!("part-00002-of-00006.jsonl: has {} bytes, not {}", bytes.len() - 1, bytes.len()),
        ];
        for (line, told) in lines.iter().zip(told) {
            assert_eq!(*line, format!("rowmill: parts/{told}"));
        }
        output.expect_stderr("parts/part-00003-of-00006.jsonl.zst: is no part of this plan; remove it");
        output.expect_stderr("parts/part-00000-of-00002.jsonl: is no part of this plan; remove it");
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(!place.path("parts/_SUCCESS").exists());
    }
    // No more than ten lines, the last of which says how many there are.
    for i in 0..20 {
        fs::write(place.path(&format!("parts/part-x{i}")), "").unwrap();
    }
    let output = verified(&place, &[]);
    output.expect_status(1).expect_stderr("rowmill: and 16 more\n");
    assert_eq!(output.stderr.lines().count(), 10);
}

/// Who hands in the receipt of an attempt whose part another attempt replaced by its own, as right,
/// is not told that all is lost.
#[test]
fn a_part_that_another_attempt_made_is_right_by_the_receipt_beside_it() {
    let (place, _) = made(&["--compress", "gzip:1"]);
    fs::remove_dir_all(place.path("parts")).unwrap();
    let work = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts", "--compress", "gzip:9"]);
    work.out().expect_status(0);
    verified(&place, &["receipts.jsonl"]).expect_status(0);
}

#[test]
fn plans_that_do_not_hold_together_are_told() {
    let (place, lines) = made(&[]);
    let with = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        place.write("plan.jsonl", text);
        verified(&place, &[])
    };
    let n = |value: &Value| value.as_u64().unwrap();
    let wrong = |change: &dyn Fn(&mut Vec<Value>), told: &str| {
        with(change).expect_status(1).expect_stderr(told);
        assert!(!place.path("parts/_SUCCESS").exists());
    };
    let (a, b) = (n(&lines[2]["start"]), n(&lines[2]["end"]));
    wrong(&|lines| drop(lines.remove(2)), "rowmill: range 2 is not in the plan\n");
    wrong(&|lines| lines.truncate(3), "rowmill: ranges 3 to 5 are not in the plan\n");
    wrong(&|lines| drop(lines.remove(0)), "rowmill: range 0 is not in the plan\n");
    wrong(&|lines| lines.push(lines[1].clone()), "rowmill: the plan names 1 ranges twice\n");
    wrong(
        &|lines| lines[2]["start"] = (a + 1).into(),
        &format!("rowmill: bytes {a} to {} of the input are in no range\n", a + 1),
    );
    wrong(
        &|lines| lines[2]["end"] = (b + 2).into(),
        &format!("rowmill: bytes {b} to {} of the input are in two ranges\n", b + 2),
    );
    wrong(&|lines| lines[5]["end"] = (n(&lines[5]["end"]) - 1).into(), "of the input are in no range\n");
    wrong(&|lines| lines[3]["first_record"] = 1.into(), "rowmill: range 3: begins with record 1, not ");
    // The plan says how many records there are.
    wrong(
        &|lines| {
            lines[3]["records"] = (n(&lines[3]["records"]) + 1).into();
            lines[4]["first_record"] = Value::Null;
        },
        "rowmill: parts/part-00003-of-00006.jsonl: holds ",
    );
    for (change, told) in [
        (
            json!({ "options": {"columns": {"infer": true}} }),
            "plan.jsonl: line 2: is of another plan than the first line",
        ),
        (json!({ "version": 9 }), "plan.jsonl: line 2: is of layout 9"),
    ] {
        let output = with(&|lines| {
            for (key, value) in change.as_object().unwrap() {
                lines[1][key] = value.clone();
            }
        });
        output.expect_status(1).expect_one_line(told);
    }
    with(&Vec::clear).expect_status(2).expect_one_line("plan.jsonl holds no plan");
    // In any order it is the same plan.
    with(&|lines| lines.reverse()).expect_status(0);
}

#[test]
fn receipts_of_another_plan_are_told() {
    let (place, _) = made(&[]);
    let mut receipts = values(&place.read("receipts.jsonl"));
    receipts[4]["end"] = (receipts[4]["end"].as_u64().unwrap() - 1).into();
    let text: String = receipts.iter().map(|line| format!("{line}\n")).collect();
    place.write("other.jsonl", text);
    let output = verified(&place, &["receipts.jsonl", "other.jsonl"]);
    output.expect_status(1).expect_one_line("other.jsonl: line 5: is the receipt of another plan");
    place.write("other.jsonl", "{}\n");
    verified(&place, &["other.jsonl"])
        .expect_status(1)
        .expect_one_line("other.jsonl: line 1: is no line of a receipt: it has no 'version'");
    // A part that is elsewhere is none.
    receipts[4]["part"] = "../in.csv".into();
    place.write("other.jsonl", receipts[4].to_string());
    let output = verified(&place, &["other.jsonl"]);
    output.expect_status(1).expect_one_line("other.jsonl: line 1: its part is called like none of its range");
    let output = place.rowmill().args(["verify", "plan.jsonl", "-o", "nowhere"]).out();
    output.expect_status(1).expect_stderr("nowhere");
}
