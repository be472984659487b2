//! A line before each record: what the `_bulk` requests of Elasticsearch and OpenSearch are made
//! of.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Place, odd, unpacked};
use crate::worker::{joined, listed, plan};

const ACTION: &str = "{\"index\":{}}";

/// The documents of a `_bulk` request. Each odd line is the action, each even line is a document of
/// one object, and the request ends with a newline.
fn documents(request: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = request.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len() % 2, 0, "an action has no document");
    let document = |pair: &[&[u8]]| {
        assert_eq!(pair[0], format!("{ACTION}\n").as_bytes(), "an action");
        assert!(pair[1].ends_with(b"}\n"), "a document ends with its line");
        let object: Value = serde_json::from_slice(pair[1]).unwrap();
        assert!(object.is_object());
        pair[1].to_vec()
    };
    lines.chunks(2).flat_map(document).collect()
}

/// Records of many lines are longer than a buffer, so that buffers begin within records.
fn mixed() -> Vec<u8> {
    [odd(3000), format!("1,\"{}\",2\nthe,last,one\n", "\n".repeat(900_000)).into_bytes()].concat()
}

#[test]
fn each_record_has_the_line_before_it() {
    let place = Place::new();
    place.write("in.csv", mixed());
    for rules in [&[][..], &["--infer", "--empty", "omit"], &["--nest", "--rename", "n=a.b", "--mask", "id"]]
    {
        let plain = place.rowmill().args(["-q", "in.csv"]).args(rules).out().stdout;
        for how in [
            &["-j", "1"][..],
            &["-j", "3", "--window", "512"],
            &["--io", "read", "--window", "50000"],
            &["--limit", "1000000"],
        ] {
            let run = place.rowmill().args(["in.csv", "--before", ACTION]).args(rules).args(how);
            let output = run.with_stats().out();
            output.expect_status(0);
            assert!(documents(&output.stdout) == plain, "{rules:?} {how:?}");
            assert_eq!(output.stat("records"), 3002);
        }
    }
    let limited = place.rowmill().args(["-q", "in.csv", "--before", ACTION, "--limit", "7"]).out().stdout;
    assert_eq!(limited.split(|byte| *byte == b'\n').count(), 15);
    let piped = place.rowmill().args(["-q", "--before", ACTION]).stdin(mixed()).out().stdout;
    assert_eq!(documents(&piped), place.rowmill().args(["-q", "in.csv"]).out().stdout);
}

/// A part is a request of its own, no larger than was asked for.
#[test]
fn each_part_is_a_request() {
    let place = Place::new();
    place.write("in.csv", mixed());
    let plain = place.rowmill().args(["-q", "in.csv"]).out().stdout;
    let (mut pairs, mut lines) = (Vec::new(), plain.split_inclusive(|byte| *byte == b'\n'));
    pairs.extend(lines.by_ref().map(|line| ACTION.len() + 1 + line.len()));
    for (size, records, compress) in [
        (Some(100 << 10), None, None),
        (Some(40), None, None),
        (None, Some(777), None),
        (Some(1 << 20), Some(100), None),
        (None, Some(777), Some("zstd")),
        (Some(20_000), None, Some("zstd")),
    ] {
        let mut args: Vec<String> = Vec::new();
        args.extend(size.iter().flat_map(|n: &usize| ["--split-size".to_owned(), n.to_string()]));
        args.extend(records.iter().flat_map(|n: &usize| ["--split-records".to_owned(), n.to_string()]));
        args.extend(compress.iter().flat_map(|codec| ["--compress".to_owned(), (*codec).to_owned()]));
        for how in [&["-j", "1"][..], &["-j", "3", "--window", "4096"]] {
            let run = place.rowmill().args(["-q", "in.csv", "-o", "out.jsonl", "--before", ACTION]);
            run.args(&args).args(how).out().expect_status(0);
            let manifest: Value = serde_json::from_slice(&place.read("out.manifest.json")).unwrap();
            let (mut all, mut n_done) = (Vec::new(), 0);
            for part in manifest["parts"].as_array().unwrap() {
                let path = place.path(part["name"].as_str().unwrap());
                let text = match compress {
                    None => fs::read(&path).unwrap(),
                    Some(_) => zstd::decode_all(fs::File::open(&path).unwrap()).unwrap(),
                };
                let documents = documents(&text);
                let n = documents.iter().filter(|byte| **byte == b'\n').count();
                assert_eq!(part["records"], n, "{args:?} {how:?}");
                assert!(records.is_none_or(|most| n <= most));
                n_done += n;
                if let (Some(size), None) = (size, compress) {
                    assert!(text.len() <= size || n == 1, "{args:?}: {} bytes", text.len());
                    let next = pairs.get(n_done).copied().unwrap_or(usize::MAX);
                    assert!(text.len().saturating_add(next) > size || Some(n) == records, "there was room");
                }
                all.extend(documents);
            }
            assert!(all == plain, "{args:?} {how:?}");
        }
    }
}

#[test]
fn the_workers_of_a_plan_write_the_line_too() {
    let place = Place::new();
    place.write("in.csv", odd(2000));
    let lines = plan(&place, &["plan", "--ranges", "7", "--before", ACTION]);
    let run = place.rowmill().args(["worker", "-q", "-o", "parts"]).stdin(place.read("plan.jsonl"));
    run.out().expect_status(0);
    let plain = place.rowmill().args(["-q", "in.csv"]).out().stdout;
    assert_eq!(documents(&joined(&place, lines.len())), plain);
    for name in listed(&place, "parts").iter().filter(|name| name.ends_with(".jsonl")) {
        documents(&unpacked(&place.path("parts").join(name)));
    }
    let verified = place.rowmill().args(["verify", "plan.jsonl", "-o", "parts"]).out();
    verified.expect_status(0);
}

#[test]
fn a_run_that_was_cut_off_goes_on_between_pairs() {
    let place = Place::new();
    place.write("in.csv", odd(20_000));
    let args = ["-q", "in.csv", "--before", ACTION];
    let whole = place.rowmill().args(args).out().stdout;
    for more in [&[][..], &["--split-size", "300K"]] {
        let mut n_cut = 0;
        for share in [3, 5, 7] {
            let run = || {
                let run = place.rowmill().args(args).args(more);
                run.args(["-o", "out.jsonl", "--resume", "--checkpoint-every", "262144"])
            };
            let mut running = run().start();
            n_cut += usize::from(running.until_it_wrote(whole.len() as u64 * share / 10));
            running.signal(Signal::KILL);
            running.finish();
            run().out().expect_status(0);
            let mut names = place.names();
            names.retain(|name| name.starts_with("out") && name.ends_with(".jsonl"));
            let text: Vec<u8> = names.iter().flat_map(|name| place.read(name)).collect();
            assert!(text == whole, "{more:?} {share}");
            for name in place.names().iter().filter(|name| name.starts_with("out")) {
                fs::remove_file(place.path(name)).unwrap();
            }
        }
        assert!(n_cut > 0);
    }
}

#[test]
fn lines_that_cannot_stand_there_are_refused() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    let run = |args: &[&str]| place.rowmill().args(["in.csv", "-q", "--before"]).args(args).out();
    for format in ["rows", "json"] {
        let expected = format!("--before needs --format jsonl: in {format} no line stands before a record");
        run(&[ACTION, "--format", format]).expect_refusal(2, &expected);
    }
    run(&[""]).expect_refusal(2, "--before: the line is empty");
    run(&["a\nb"]).expect_refusal(2, "--before takes one line, and this one has a newline in it");
    let long = "x".repeat(4097);
    run(&[&long]).expect_refusal(2, "--before: the line has 4097 bytes; at most 4096");
    run(&[&long[1..]]).expect_status(0).expect_stdout(format!("{}\n{{\"a\":\"1\"}}\n", &long[1..]));
    // It need not be JSON, and may be like a record.
    run(&["-"]).expect_status(0).expect_stdout("-\n{\"a\":\"1\"}\n");
    run(&["{\"a\":\"1\"}"]).expect_status(0).expect_stdout("{\"a\":\"1\"}\n{\"a\":\"1\"}\n");
}
