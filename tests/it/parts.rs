//! Parts: each whole, ended on a record, no larger than was asked for, and all of them or none; the
//! manifest says which.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Place, Run, can_unpack, has, odd, people, unpacked};

/// The parts that a manifest lists, in order, each with what it says of them.
fn listed(place: &Place, manifest: &str) -> Vec<(String, u64, u64)> {
    let manifest: Value = serde_json::from_slice(&place.read(manifest)).unwrap();
    assert_eq!(manifest["version"], 1);
    let parts: Vec<(String, u64, u64)> = manifest["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            let n = |key: &str| part[key].as_u64().unwrap();
            (part["name"].as_str().unwrap().to_owned(), n("records"), n("bytes"))
        })
        .collect();
    assert_eq!(manifest["parts_count"], parts.len());
    assert_eq!(manifest["records"], parts.iter().map(|part| part.1).sum::<u64>());
    assert_eq!(manifest["bytes"], parts.iter().map(|part| part.2).sum::<u64>());
    parts
}

/// The text of all parts, held against the manifest.
fn texts(place: &Place, manifest: &str) -> Vec<Vec<u8>> {
    let parts = listed(place, manifest);
    let text = |(name, n_records, n_bytes): &(String, u64, u64)| {
        let bytes = place.read(name);
        assert_eq!(bytes.len() as u64, *n_bytes, "{name}");
        let text = unpacked(&place.path(name));
        let n_lines = text.iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(n_lines as u64, *n_records, "{name}");
        assert!(text.is_empty() || text.ends_with(b"\n"), "{name} ends on a record");
        text
    };
    parts.iter().map(text).collect()
}

/// Records of every kind, one longer than a buffer and than any part.
fn mixed() -> Vec<u8> {
    let long = format!("1,\"{}\",2\nthe,last,one\n", "\n".repeat(900_000));
    [odd(20_000), long.into_bytes()].concat()
}

#[test]
fn they_are_the_same_however_they_are_made() {
    let place = Place::new();
    place.write("in.csv", mixed());
    let whole = place.rowmill().args(["-q", "in.csv"]).out().stdout;
    for split in [
        &["--split-size", "100K"][..],
        &["--split-records", "777"],
        &["--split-size", "1M", "--split-records", "5000"],
    ] {
        let mut first = None;
        for extra in [
            &["-j", "1"][..],
            &["-j", "2"],
            &["-j", "3", "--window", "512"],
            &["--io", "read", "--window", "50000"],
        ] {
            let output = place
                .rowmill()
                .args(["in.csv", "-o", "out.jsonl"])
                .args(split)
                .args(extra)
                .with_stats()
                .out();
            output.expect_status(0);
            let parts = texts(&place, "out.manifest.json");
            assert_eq!(output.stat("parts"), parts.len() as u64);
            assert_eq!(output.stat("bytes_out"), whole.len() as u64);
            assert!(parts.concat() == whole, "{split:?} {extra:?}");
            let n_parts = parts.len();
            assert!(n_parts > 3, "{n_parts}");
            let first = first.get_or_insert_with(|| parts.clone());
            assert!(*first == parts, "{split:?}: other parts for {extra:?}");
            // Each is as full as it can be.
            let size = if split.contains(&"100K") {
                100 << 10
            } else if split.contains(&"1M") {
                1 << 20
            } else {
                usize::MAX
            };
            let records = if split.contains(&"777") { 777 } else { 5000 };
            let lines = |part: &[u8]| part.iter().filter(|&&byte| byte == b'\n').count();
            for pair in parts.windows(2) {
                assert!(pair[0].len() <= size || lines(&pair[0]) == 1);
                let next = pair[1].split_inclusive(|&byte| byte == b'\n').next().unwrap();
                let full = !split.contains(&"100K") && lines(&pair[0]) == records;
                assert!(full || pair[0].len() + next.len() > size, "there was room");
            }
            assert_eq!(place.names().len(), 2 + n_parts, "{:?}", place.names());
        }
    }
}

#[test]
fn compressed_parts_keep_their_size_and_records() {
    if !has("zstd", "compressed parts") || !has("gzip", "compressed parts") {
        return;
    }
    let place = Place::new();
    place.write("in.csv", mixed());
    place.people("people.csv", 12 << 20);
    for input in ["in.csv", "people.csv"] {
        let whole = place.rowmill().args(["-q", input]).out().stdout;
        for (name, split) in [
            ("out.jsonl.zst", &["--split-size", "200K"][..]),
            ("out.jsonl.zst", &["--split-size", "3000"]),
            ("out.jsonl.gz", &["--split-records", "4999"]),
            ("out.zst", &["--split-records", "10000", "--split-size", "1M"]),
        ] {
            if input == "people.csv" && split.contains(&"3000") {
                continue;
            }
            let output = place.rowmill().args([input, "-o", name, "-j", "2"]).args(split).with_stats().out();
            output.expect_status(0);
            let parts = texts(&place, "out.manifest.json");
            assert!(parts.concat() == whole, "{input} {name} {split:?}");
            for (name, n_records, n_bytes) in listed(&place, "out.manifest.json") {
                if let Some(size) = split.iter().find_map(|arg| match *arg {
                    "200K" => Some(200 << 10),
                    "1M" => Some(1 << 20),
                    "3000" => Some(3000),
                    _ => None,
                }) {
                    assert!(
                        n_bytes <= size || n_records == 1,
                        "{name} has {n_bytes} bytes, {n_records} records"
                    );
                }
            }
            println!("{input} {split:?}: {} parts", parts.len());
            // So that the next has a place of its own.
            for (name, ..) in listed(&place, "out.manifest.json") {
                fs::remove_file(place.path(&name)).unwrap();
            }
            fs::remove_file(place.path("out.manifest.json")).unwrap();
        }
    }
    assert_eq!(place.names(), ["in.csv", "people.csv"]);
}

#[test]
fn no_records_are_one_part() {
    let place = Place::new();
    place.write("in.csv", "");
    for (input, name) in [("in.csv", "out.jsonl"), ("in.csv", "out.jsonl.gz")] {
        if !can_unpack(name) {
            continue;
        }
        place.rowmill().args(["-q", input, "-o", name, "--split-records", "5"]).out().expect_status(0);
        assert_eq!(texts(&place, "out.manifest.json"), [b""]);
        fs::remove_file(place.path("out.manifest.json")).unwrap();
        fs::remove_file(place.path(&name.replace("out", "out-00000"))).unwrap();
    }
    assert_eq!(place.names(), ["in.csv"]);
}

#[test]
fn an_earlier_result_is_replaced_as_a_whole() {
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(5000)].concat());
    let run = |n: &str| place.rowmill().args(["-q", "in.csv", "-o", "out.jsonl", "--split-records", n]);
    run("100").out().expect_status(0);
    assert_eq!(place.names().len(), 52);
    run("1000").out().expect_status(0);
    assert_eq!(texts(&place, "out.manifest.json").len(), 5);
    assert_eq!(place.names().len(), 7, "{:?}", place.names());
    run("500").out().expect_status(0);
    assert_eq!(place.names().len(), 12);
    let before = place.everything();
    let kept = |run: Run, status, part: &str| {
        run.out().expect_status(status).expect_one_line(part);
        assert!(place.everything() == before, "nothing is touched: {:?}", place.names());
    };
    kept(run("100").arg("--no-clobber"), 1, "out.manifest.json: exists already (--no-clobber)");
    kept(run("100").args(["--strict"]), 1, "(--strict)");
    kept(run("100").args(["--select", "no"]), 1, "no column is named 'no'");
    kept(run("100").args(["--compress", "none", "-o", "out.jsonl.gz"]), 1, "is no manifest of such parts");
}

#[test]
fn what_no_manifest_lists_is_not_replaced() {
    let place = Place::new();
    place.write("in.csv", [&b"a\n"[..], &b"1\n".repeat(10)].concat());
    let run = || place.rowmill().args(["-q", "in.csv", "-o", "out.jsonl", "--split-records", "2"]);
    let refused = |name: &str, part: &str| {
        let before = place.names();
        run().out().expect_status(1).expect_one_line(part);
        assert_eq!(place.names(), before);
        fs::remove_file(place.path(name)).unwrap();
    };
    place.write("out-00003.jsonl", "mine");
    refused("out-00003.jsonl", "out-00003.jsonl: is called like a part, but no manifest lists it; remove it");
    run().out().expect_status(0);
    place.write("out-00005.jsonl", "mine");
    refused("out-00005.jsonl", "out-00005.jsonl: is called like a part");
    run().out().expect_status(0);
    place.write("out.manifest.json", "{}");
    refused("out.manifest.json", "out.manifest.json: is no manifest of such parts; remove it");
}

#[test]
fn an_input_or_another_output_is_no_part() {
    let place = Place::new();
    place.write("out-00000.jsonl", "a\n1\n");
    place.write("in.csv", "a\n1\n");
    let run =
        |args: &[&str]| place.rowmill().args(["-o", "out.jsonl", "--split-records", "2"]).args(args).out();
    run(&["out-00000.jsonl"]).expect_status(1).expect_one_line("out-00000.jsonl: the output is the input");
    fs::remove_file(place.path("out-00000.jsonl")).unwrap();
    run(&["-q", "in.csv"]).expect_status(0);
    fs::hard_link(place.path("out-00000.jsonl"), place.path("other.csv")).unwrap();
    run(&["in.csv", "other.csv"]).expect_status(1).expect_one_line("the output is the input other.csv");
    fs::hard_link(place.path("out.manifest.json"), place.path("more.csv")).unwrap();
    run(&["in.csv", "more.csv"]).expect_status(1).expect_one_line("the output is the input more.csv");
    for args in [["--stats", "./out.manifest.json"], ["--rejects", "out-00017.jsonl"]] {
        run(&["in.csv", args[0], args[1]])
            .expect_status(2)
            .expect_one_line("is called like a part of the output");
    }
    assert!(place.names().iter().all(|name| !name.starts_with('.')));
}

#[test]
fn what_cannot_be_in_parts_is_told() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    fs::create_dir(place.path("folder")).unwrap();
    place.fifo("fifo");
    for args in [
        &["--split-size", "1M"][..],
        &["--split-records", "5", "-o", "-"],
        &["--split-records", "5", "-o", "/dev/null"],
        &["--split-records", "5", "-o", "/dev/stdout"],
        &["--split-records", "5", "-o", "fifo"],
        &["--split-records", "0", "-o", "out"],
        &["--split-size", "0", "-o", "out"],
        &["--split-records", "5", "--check"],
    ] {
        let output = place.rowmill().args(args).arg("in.csv").out();
        output.expect_status(2).expect_one_line("rowmill: --").expect_stdout("");
    }
    for (name, part) in [("folder", "is a directory"), ("folder/", "ends in '/'"), ("no/out", "cannot open")]
    {
        let output = place.rowmill().args(["in.csv", "--split-records", "5", "-o", name]).out();
        output.expect_status(1).expect_one_line(part);
    }
    assert_eq!(place.names(), ["fifo", "folder", "in.csv"]);
}

#[test]
fn a_signal_leaves_what_was_there() {
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(50_000)].concat());
    let args = ["-q", "in.csv", "-o", "out.jsonl", "--split-records", "100"];
    place.rowmill().args(args).args(["--limit", "300"]).out().expect_status(0);
    let before = place.everything();
    // Each behind a few parts; at the rate it would take five seconds more.
    for (signal, n_bytes) in [(Signal::INT, 100_000), (Signal::TERM, 300_000), (Signal::KILL, 200_000)] {
        let mut running = place.rowmill().args(args).args(["--limit-rate", "1M"]).start();
        assert!(running.until_it_wrote(n_bytes));
        running.signal(signal);
        running.finish();
        if signal == Signal::KILL {
            assert!(place.path(".out.jsonl.rowmill-parts").is_dir(), "a kill can't be heard");
            fs::rename(place.path(".out.jsonl.rowmill-parts"), place.path("left")).unwrap();
            let now: Vec<_> = place.names().into_iter().filter(|name| name != "left").collect();
            assert!(
                now.iter().zip(&before).all(|(name, (was, bytes))| name == was && place.read(name) == *bytes)
            );
            fs::rename(place.path("left"), place.path(".out.jsonl.rowmill-parts")).unwrap();
        } else {
            assert!(place.everything() == before, "{signal:?}: {:?}", place.names());
        }
    }
    // The next run clears up.
    place.rowmill().args(args).out().expect_status(0);
    assert_eq!(texts(&place, "out.manifest.json").len(), 500);
    assert_eq!(place.names().len(), 502);
}

#[test]
fn two_runs_do_not_share_parts() {
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(50_000)].concat());
    let args = ["-q", "in.csv", "-o", "out.jsonl", "--split-records", "100"];
    let mut running = place.rowmill().args(args).args(["--limit-rate", "1M"]).start();
    assert!(running.until_it_wrote(100_000));
    place.rowmill().args(args).out().expect_status(1).expect_one_line("is being written by another run");
    assert!(!running.is_done());
    running.signal(Signal::TERM);
    running.finish();
    assert_eq!(place.names(), ["in.csv"]);
}

/// Neither a descriptor nor memory for each of them.
#[test]
fn thousands_of_parts_take_no_more_than_one() {
    let place = Place::new();
    place.write("in.csv", [&b"a\n"[..], &b"1\n".repeat(20_000)].concat());
    let script = r#"ulimit -n 24; "$ROWMILL" -q in.csv -o out.jsonl --split-records 1 --memory 16M --stats stats.json"#;
    place.shell(script).out().expect_status(0);
    assert_eq!(place.names().len(), 20_003);
    let stats: Value = serde_json::from_slice(&place.read("stats.json")).unwrap();
    assert_eq!(stats["parts"], 20_000);
    assert!(stats["peak_memory_bytes"].as_u64().unwrap() < 12 << 20, "{stats}");
    assert_eq!(place.read("out-19999.jsonl"), b"{\"a\":\"1\"}\n");
    // And again, over them.
    place.shell(script).out().expect_status(0);
    assert_eq!(place.names().len(), 20_003);
}
