//! `rowmill worker`: a part for each line of a plan, once, whatever happens to who makes it;
//! together they are the whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Place, Run, can_unpack, fixtures, odd, unpacked};

/// A plan of `in.csv`, in `plan.jsonl`.
pub(crate) fn plan(place: &Place, args: &[&str]) -> Vec<Value> {
    place.rowmill().args(args).args(["-q", "in.csv", "-o", "plan.jsonl"]).out().expect_status(0);
    values(&place.read("plan.jsonl"))
}

pub(crate) fn values(lines: &[u8]) -> Vec<Value> {
    serde_json::Deserializer::from_slice(lines).into_iter().map(Result::unwrap).collect()
}

/// The names in a folder.
pub(crate) fn listed(place: &Place, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(place.path(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The text of the parts in `parts`, one after another, and that nothing else is there but their
/// receipts.
pub(crate) fn joined(place: &Place, n_parts: usize) -> Vec<u8> {
    let names = listed(place, "parts");
    let parts: Vec<&String> = names.iter().filter(|name| name.starts_with("part-")).collect();
    assert_eq!((parts.len(), names.len()), (n_parts, 2 * n_parts), "{names:?}");
    parts.iter().flat_map(|name| unpacked(&place.path("parts").join(name))).collect()
}

pub(crate) fn whole(place: &Place, args: &[&str]) -> Vec<u8> {
    let output = place.rowmill().args(["-q", "in.csv"]).args(args).out();
    output.expect_status(0);
    output.stdout
}

#[test]
fn a_plan_that_is_missing_leaves_no_folder() {
    let place = Place::new();
    let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).out();
    output.expect_status(1).expect_one_line("plan.jsonl: cannot open");
    assert!(place.names().is_empty());
}

#[test]
fn parts_one_after_another_are_the_whole() {
    let place = Place::new();
    place.write("in.csv", odd(4000));
    for (shape, own, ending) in [
        (&["--infer"][..], &[][..], "jsonl"),
        (&["--format", "json", "--type", "n=int"], &["-j", "1"], "json"),
        (&["--format", "rows", "--mask", "text:redact"], &["--io", "read"], "jsonl"),
        (&["--nest", "--rename", "n=a.b"], &["--compress", "gzip"], "jsonl.gz"),
        (&["--format", "json", "--select", "n,id"], &["--compress", "zstd:1"], "json.zst"),
        (&["--quote", "none", "--null", ""], &[], "jsonl"),
    ] {
        if !can_unpack(&format!("part.{ending}")) {
            continue;
        }
        for n in ["1", "7", "30"] {
            let _ = fs::remove_dir_all(place.path("parts"));
            let lines = plan(&place, &[&["plan", "--ranges", n], shape].concat());
            let run = place.rowmill().args(["worker", "-o", "parts"]).args(own);
            let output = run.stdin(place.read("plan.jsonl")).out();
            output.expect_status(0);
            assert_eq!(output.stderr, "", "a worker has nothing to say but receipts");
            let text = joined(&place, lines.len());
            assert!(text == whole(&place, shape), "{shape:?}, {own:?}, {n} ranges: not the whole");
            for (line, receipt) in lines.iter().zip(values(&output.stdout)) {
                for key in ["version", "rowmill", "index", "count", "input", "start", "end", "options"] {
                    assert_eq!(line[key], receipt[key], "{key}");
                }
                let name = receipt["part"].as_str().unwrap();
                let index = line["index"].as_u64().unwrap();
                assert_eq!(name, format!("part-{index:05}-of-{:05}.{ending}", lines.len()));
                let bytes = fs::read(place.path("parts").join(name)).unwrap();
                assert_eq!(receipt["bytes"], bytes.len() as u64);
                assert_eq!(receipt["blake3"], blake3::hash(&bytes).to_hex().as_str());
                assert_eq!(receipt["done_before"], false);
                assert!(line["records"].is_null() || line["records"] == receipt["records"]);
            }
            place.rowmill().args(["verify", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
        }
    }
}

/// Places are those of the file, not of the range.
#[test]
fn anomalies_are_told_with_the_files_own_places() {
    let place = Place::new();
    place.write("in.csv", odd(3000));
    let output = place.rowmill().args(["in.csv", "-o", "whole"]).with_stats().out();
    let known = &output.stats()["anomalies"];
    plan(&place, &["plan", "--ranges", "9"]);
    let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).out();
    output.expect_status(0);
    let mut sum: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    let input = place.path("in.csv");
    let mut n_records = 0;
    for receipt in values(&output.stdout) {
        n_records += receipt["records"].as_u64().unwrap();
        for (kind, seen) in receipt["anomalies"].as_object().unwrap() {
            let mut first = seen["first"].clone();
            assert_eq!(first["file"], input.to_str().unwrap());
            first["file"] = "in.csv".into();
            sum.entry(kind.clone()).or_insert((0, first)).0 += seen["count"].as_u64().unwrap();
        }
    }
    assert_eq!(n_records, output_records(&place));
    assert!(sum.len() == 3 && known.as_object().unwrap().len() == 3, "{known}");
    for (kind, (count, first)) in sum {
        assert_eq!(known[&kind]["count"], count, "{kind}");
        assert_eq!(known[&kind]["first"], first, "{kind}");
    }
}

fn output_records(place: &Place) -> u64 {
    place.read("whole").iter().filter(|&&byte| byte == b'\n').count() as u64
}

#[test]
fn what_is_there_is_not_done_again_and_what_is_not_right_is() {
    let place = Place::new();
    place.write("in.csv", odd(2000));
    let n = plan(&place, &["plan", "--ranges", "5"]).len();
    let work = |own: &[&str]| {
        let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).args(own).out();
        output.expect_status(0);
        values(&output.stdout)
    };
    let first = work(&[]);
    let modified = |name: &str| fs::metadata(place.path("parts").join(name)).unwrap().modified().unwrap();
    let times: Vec<_> = listed(&place, "parts").iter().map(|name| modified(name)).collect();
    // Nor by one that would have made it otherwise.
    for own in [&[][..], &["--compress", "zstd"]] {
        for (mut before, after) in first.iter().cloned().zip(work(own)) {
            before["done_before"] = true.into();
            assert_eq!(before, after);
        }
    }
    assert_eq!(times, listed(&place, "parts").iter().map(|name| modified(name)).collect::<Vec<_>>());
    let part = |i: usize| place.path("parts").join(format!("part-{i:05}-of-00005.jsonl"));
    let receipt = |i: usize| place.path("parts").join(format!("_part-{i:05}-of-00005.receipt.json"));
    // A byte that is another, a part that is gone, a receipt that is gone, one that is cut short.
    let mut bytes = fs::read(part(0)).unwrap();
    bytes[100] ^= 1;
    fs::write(part(0), bytes).unwrap();
    fs::remove_file(part(1)).unwrap();
    fs::remove_file(receipt(2)).unwrap();
    let text = fs::read(receipt(3)).unwrap();
    fs::write(receipt(3), &text[..text.len() / 2]).unwrap();
    let again: Vec<bool> = work(&[]).iter().map(|receipt| receipt["done_before"] == true).collect();
    assert_eq!(again, [false, false, false, false, true]);
    assert!(joined(&place, n) == whole(&place, &[]), "not the whole");
    // A part of another plan is nobody's to replace.
    plan(&place, &["plan", "--ranges", "5", "--infer"]);
    let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).out();
    output.expect_status(1).expect_one_line(
        "plan.jsonl: line 1: parts/_part-00000-of-00005.receipt.json stands there for another plan; remove it",
    );
    output.expect_stdout("");
}

#[test]
fn a_range_alone_by_its_index() {
    let place = Place::new();
    place.write("in.csv", odd(500));
    let n = plan(&place, &["plan", "--ranges", "4"]).len();
    for i in (0..n).rev() {
        let run = place.rowmill().args(["worker", "--only-index", &i.to_string(), "-o", "parts"]);
        let output =
            if i % 2 == 0 { run.arg("plan.jsonl") } else { run.stdin(place.read("plan.jsonl")) }.out();
        output.expect_status(0);
        assert_eq!(values(&output.stdout)[0]["index"], i);
    }
    assert!(joined(&place, n) == whole(&place, &[]), "not the whole");
    let output = place.rowmill().args(["worker", "--only-index", "4", "plan.jsonl", "-o", "parts"]).out();
    output.expect_status(2).expect_one_line("--only-index 4: the plan has no such range");
}

/// One that handed out no line has done all of them.
#[test]
fn no_line_is_no_error() {
    let place = Place::new();
    place.rowmill().args(["worker", "-o", "parts"]).stdin("").out().expect_status(0).expect_stdout("");
}

/// Each range is done before the next line is read, and its receipt is out.
#[test]
fn a_receipt_comes_before_the_next_line_is_asked_for() {
    use std::io::{BufRead, BufReader};
    let place = Place::new();
    place.write("in.csv", odd(500));
    plan(&place, &["plan", "--ranges", "3"]);
    let mut running = place.rowmill().args(["worker", "-o", "parts"]).start();
    let mut receipts = BufReader::new(running.stdout());
    let text = String::from_utf8(place.read("plan.jsonl")).unwrap();
    for line in text.lines() {
        writeln!(running.stdin_ref(), "{line}").unwrap();
        let mut receipt = String::new();
        receipts.read_line(&mut receipt).unwrap();
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        assert!(place.path("parts").join(receipt["part"].as_str().unwrap()).exists());
    }
    running.finish().expect_status(0);
}

#[test]
fn lines_that_are_none_are_told_by_their_number() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1,2\n3,4\n");
    let good = serde_json::to_string(&plan(&place, &["plan", "--ranges", "1"])[0]).unwrap();
    let changed = |key: &str, value: Value| {
        let mut line: Value = serde_json::from_str(&good).unwrap();
        line[key] = value;
        line.to_string()
    };
    let without = |key: &str| {
        let mut line: Value = serde_json::from_str(&good).unwrap();
        line.as_object_mut().unwrap().remove(key);
        line.to_string()
    };
    for (line, told) in [
        ("{".to_owned(), "is no line of a plan: "),
        ("a,b".to_owned(), "is no line of a plan: "),
        ("[]".to_owned(), "is no line of a plan: it is no JSON object"),
        (changed("version", 1.into()), "is of layout 1, and this program knows 2"),
        (changed("rowmill", "0.0.9".into()), "is of rowmill 0.0.9, and this is "),
        (changed("start", (-1).into()), "is no line of a plan: invalid value: integer '-1'"),
        (changed("end", 1000.into()), "its numbers contradict each other"),
        (changed("index", 1.into()), "its numbers contradict each other"),
        (without("version"), "is no line of a plan: it has no 'version'"),
        (without("options"), "is no line of a plan: missing field 'options'"),
        (
            changed("options", serde_json::json!({"output": "x"})),
            "is no line of a plan: unknown field 'output'",
        ),
        (
            changed("options", serde_json::json!({"columns": {"hash_key": "k"}})),
            "is no line of a plan: unknown field 'hash_key'",
        ),
        (
            changed("options", serde_json::json!({"dialect": {"quote": "ab"}})),
            "is no line of a plan: a byte takes one byte",
        ),
        (
            changed("options", serde_json::json!({"columns": {"types": [["a", "x"]]}})),
            "is no line of a plan: 'x' is none of its values",
        ),
        (changed("options", serde_json::json!([1])), "is no line of a plan: "),
        ("x".repeat(5 << 20), "is no JSON of this program: it is too long"),
    ] {
        let _ = fs::remove_dir_all(place.path("parts"));
        let text = format!("\n{good}\n{line}\n{good}\n");
        let output = place.rowmill().args(["worker", "-o", "parts"]).stdin(text).out();
        output.expect_status(1).expect_one_line(&format!("rowmill: stdin: line 3: {told}"));
        assert_eq!(values(&output.stdout).len(), 1, "the line before was done");
    }
    // What is right by itself and contradicts another option.
    let line = changed("options", serde_json::json!({"columns": {"nest": ""}}));
    let output = place.rowmill().args(["worker", "-o", "new"]).stdin(line).out();
    output.expect_status(1).expect_one_line("stdin: line 1: its options: --nest: the separator is empty");
    for (args, told) in [
        (&["worker"][..], "--output"),
        (&["worker", "-o", "parts", "--infer"], "--infer is not for this command, but for convert, plan"),
        (&["worker", "-o", "parts", "--rejects", "x"], "--rejects is not for this command, but for convert"),
        (&["worker", "-o", "parts", "--memory", "1M"], "--memory: at least 16M is needed"),
        (&["worker", "-o", "parts", "--compress", "zip"], "--compress: 'zip' is none of"),
        (&["--only-index", "1"], "--only-index is for worker; the command comes first: rowmill worker …"),
        (&["--worker"], "use the command: rowmill worker"),
        (&["verify", "plan.jsonl"], "--output"),
        (&["verify", "plan.jsonl", "-o", "parts", "--infer"], "--infer is not for this command, but for"),
    ] {
        place.rowmill().args(args).stdin(&*good).out().expect_status(2).expect_one_line(told);
    }
}

#[test]
fn another_input_than_the_plan_saw_is_refused() {
    let bytes = odd(800);
    let place = Place::new();
    let path = place.write("in.csv", &bytes);
    plan(&place, &["plan", "--ranges", "2"]);
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let set_time = |time| fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let mut other_head = bytes.clone();
    other_head[12] ^= 1;
    for (bytes, time, told) in [
        (&bytes[..bytes.len() - 1], time, "it has "),
        (&bytes, time + Duration::from_nanos(1), "it was modified at another time"),
        (&other_head, time, "it begins or ends with other bytes"),
    ] {
        fs::write(&path, bytes).unwrap();
        set_time(time);
        let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).out();
        let told = format!("plan.jsonl: line 1: {}: is not what the plan saw: {told}", path.display());
        output.expect_status(1).expect_one_line(&told).expect_stdout("");
        assert_eq!(listed(&place, "parts"), [""; 0]);
    }
    fs::remove_file(&path).unwrap();
    let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).out();
    output.expect_status(1).expect_one_line("in.csv: cannot open: No such file or directory");
}

/// Replaced by another of the same size while it is converted: nothing of it is released.
#[test]
fn an_input_that_changes_meanwhile_is_refused() {
    let place = Place::new();
    let path = place.write("in.csv", odd(20_000));
    place.write("new.csv", odd(20_000));
    plan(&place, &["plan", "--ranges", "1"]);
    let time = fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(1);
    fs::File::options().write(true).open(place.path("new.csv")).unwrap().set_modified(time).unwrap();
    // Three seconds of writing, and nobody waits for the end of them.
    let run = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts", "--limit-rate", "1M"]);
    let mut running = run.start();
    running.until_it_waits();
    fs::rename(place.path("new.csv"), &path).unwrap();
    assert!(!running.is_done());
    let output = running.finish();
    output.expect_status(1).expect_one_line("in.csv").expect_stdout("");
    assert_eq!(listed(&place, "parts"), [""; 0]);
}

#[test]
fn a_part_is_never_written_over_its_input() {
    let place = Place::new();
    fs::create_dir(place.path("parts")).unwrap();
    let bytes = odd(100);
    let input = place.write("parts/part-00000-of-00001.jsonl", &bytes);
    std::os::unix::fs::symlink(&input, place.path("in.csv")).unwrap();
    plan(&place, &["plan", "--ranges", "1", "-d", ","]);
    let output = place.rowmill().args(["worker", "plan.jsonl", "-o", "parts"]).out();
    output.expect_status(1).expect_one_line("the output is the input");
    assert!(fs::read(input).unwrap() == bytes);
}

/// Peak memory is that of one conversion, however many lines there are.
#[test]
fn memory_does_not_grow_with_the_plan() {
    let place = Place::new();
    place.people("in.csv", 24 << 20);
    let n = plan(&place, &["plan", "--ranges", "60"]).len();
    let run = place.rowmill().args(["worker", "-o", "parts", "--memory", "16M", "-j", "2"]);
    let (output, peak) = run.stdin(place.read("plan.jsonl")).out_and_peak();
    output.expect_status(0);
    assert_eq!(values(&output.stdout).len(), n);
    assert!(peak < 16 << 20, "{peak}");
    let run = place.rowmill().args(["verify", "plan.jsonl", "-o", "parts"]);
    let (output, peak) = run.out_and_peak();
    output.expect_status(0);
    assert!(peak < 16 << 20, "{peak}");
}

/// What the README says to submit, with the numbers that a scheduler would give.
#[test]
fn array_jobs_do_as_the_guide_says() {
    let page = fs::read_to_string(fixtures().join("../src/guide/cookbook.md")).unwrap();
    let blocks: Vec<(&str, &str)> = page
        .split("```sh array ")
        .skip(1)
        .map(|text| {
            let (variable, rest) = text.split_once('\n').unwrap();
            (variable, rest.split_once("```\n").unwrap().0)
        })
        .collect();
    assert_eq!(blocks.len(), 2);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rowmill")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    for (variable, script) in blocks {
        let place = Place::new();
        place.write("in.csv", odd(1000));
        let n = plan(&place, &["plan", "--ranges", "8"]).len();
        for i in 0..n {
            let run = Run::program("sh").args(["-e", "-c", script]).dir(place.dir());
            run.env("PATH", &path).env(variable, i.to_string()).out().expect_status(0);
        }
        assert!(joined(&place, n) == whole(&place, &[]), "not the whole");
    }
}

/// Tokens of one result are of one key: a worker with another is told, whatever parts there are.
#[test]
fn a_worker_with_another_key_is_refused() {
    let place = Place::new();
    place.write("in.csv", "u\nada\n".to_owned() + &"bob\n".repeat(50));
    place.write("key", "a secret of sixteen bytes");
    place.write("other", "another secret of sixteen bytes");
    let lines = plan(&place, &["plan", "--ranges", "2", "--mask", "u:hash:8", "--hash-key-file", "key"]);
    assert!(!lines[0].to_string().contains("secret"));
    let worker = |key: &str, index: &str| {
        let args = ["worker", "-q", "plan.jsonl", "-o", "parts", "--only-index", index];
        place.rowmill().args(args).args(["--hash-key-file", key]).out()
    };
    worker("key", "0").expect_status(0);
    for index in ["0", "1"] {
        worker("other", index).expect_status(1).expect_stderr("with another --hash-key-file");
    }
    worker("key", "1").expect_status(0);
    let expected = whole(&place, &["--mask", "u:hash:8", "--hash-key-file", "key"]);
    assert_eq!(joined(&place, 2), expected);
    place.rowmill().args(["verify", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
}
