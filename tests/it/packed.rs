//! Compressed output, and output at a limited rate.
//!
//! What is made smaller must be the same text to whoever reads it: the tools that people have, not
//! the library that made it.

use std::fs;
use std::time::{Duration, Instant};

use crate::harness::{Output, Place, Run, has, large, people, skipped};

const MIB: u64 = 1 << 20;

/// Rows whose output is larger and smaller than a buffer, with quotes that fool a guess, and one
/// record longer than any buffer.
fn odd() -> Vec<u8> {
    let mut bytes = b"a,b,c\n".to_vec();
    for i in 0..30_000 {
        match i % 97 {
            0 => bytes.extend(format!("{i},\"x\n,{i}\n\"\n").bytes()),
            1 => bytes.extend(format!("{i}\n").bytes()),
            2 => bytes.extend(b"\xff,5\" pipe,\n"),
            _ => bytes.extend(format!("{i},value {i},\"said \"\"{i}\"\"\"\n").bytes()),
        }
    }
    bytes.extend(format!("1,\"{}\",2\n", "long\n".repeat(400_000)).bytes());
    bytes.extend(people(1000));
    bytes
}

/// What a program makes of a file.
fn read_by(place: &Place, program: &str, args: &[&str]) -> Vec<u8> {
    let output = Run::program(program).dir(place.dir()).args(args).out();
    output.expect_status(0);
    output.stdout
}

#[test]
fn every_reader_takes_it() {
    let place = Place::new();
    for (what, input) in [("odd", odd()), ("people", [&b"a,b\n"[..], &people(60_000)].concat())] {
        place.write("in.csv", &input);
        let plain = place.rowmill().args(["-q", "in.csv"]).out().stdout;
        for extra in [&["-j", "1"][..], &["-j", "3", "--window", "4096"], &["-j", "2"]] {
            let run = |name| {
                let output = place.rowmill().args(["in.csv", "-o", name]).args(extra).with_stats().out();
                output.expect_status(0);
                assert_eq!(output.stat("bytes_out"), fs::metadata(place.path(name)).unwrap().len());
                assert_eq!(output.stat("bytes_encoded"), plain.len() as u64);
                assert!(output.stat("bytes_out") < plain.len() as u64 / 2);
            };
            run("out.jsonl.gz");
            run("out.jsonl.zst");
            let python = "import gzip, sys; sys.stdout.buffer.write(gzip.open('out.jsonl.gz').read())";
            for (program, args) in [
                ("zcat", &["out.jsonl.gz"][..]),
                ("gzip", &["-dc", "out.jsonl.gz"]),
                ("python3", &["-c", python]),
                ("zstd", &["-dcq", "out.jsonl.zst"]),
            ] {
                if has(program, "reading compressed output") {
                    assert!(read_by(&place, program, args) == plain, "{program}, {what}, {extra:?}");
                }
            }
        }
        if has("zstd", "its own test of a stream") {
            read_by(&place, "zstd", &["-tq", "out.jsonl.zst"]);
            let told = String::from_utf8(read_by(&place, "zstd", &["-lv", "out.jsonl.zst"])).unwrap();
            assert!(told.contains("XXH64") && told.contains("Decompressed Size"), "{told}");
        }
    }
}

#[test]
fn query_engines_take_it() {
    let place = Place::new();
    place.write("in.csv", [&b"id,name,email,age,street,city,since,score\n"[..], &people(30_000)].concat());
    for name in ["out.jsonl.gz", "out.jsonl.zst"] {
        place.rowmill().args(["-q", "in.csv", "-o", name]).out().expect_status(0);
        let duckdb = format!(
            "import duckdb; print(duckdb.sql(\"select count(*), max(id) from '{name}'\").fetchall()[0])"
        );
        let polars =
            format!("import polars; f = polars.read_ndjson('{name}'); print((f.height, f['id'].max()))");
        for (module, script) in [("duckdb", duckdb), ("polars", polars)] {
            let there = Run::program("python3").args(["-c", &format!("import {module}")]).out();
            if !there.status.success() {
                skipped(&format!("{module} reads it: not installed"));
                continue;
            }
            let output = Run::program("python3").dir(place.dir()).args(["-c", &script]).out();
            output.expect_status(0);
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(told.starts_with("(30000, ") && told.contains("29999"), "{module}, {name}: {told}");
        }
    }
}

#[test]
fn the_name_says_how_unless_the_flag_does() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    let starts = |args: &[&str], name: &str, magic: &[u8]| {
        place.rowmill().args(["-q", "in.csv"]).args(args).args(["-o", name]).out().expect_status(0);
        assert!(place.read(name).starts_with(magic), "{args:?} {name}");
    };
    let (gzip, zstd, plain): (&[u8], &[u8], &[u8]) = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"{\"a\":\"1\"}\n");
    starts(&[], "a.gz", gzip);
    starts(&[], "a.jsonl.ZST", zstd);
    starts(&[], "a.jsonl", plain);
    starts(&["--compress", "none"], "b.gz", plain);
    starts(&["--compress", "zstd:19"], "c.gz", zstd);
    starts(&["--compress", "gzip:1"], "c.jsonl", gzip);
    let output = place.rowmill().args(["in.csv", "--compress", "zstd"]).out();
    output.expect_status(0);
    assert!(output.stdout.starts_with(zstd));
    let output = place.rowmill().arg("in.csv").out();
    output.expect_status(0).expect_stdout(plain);
}

/// `zcat` calls a file of no bytes damaged.
#[test]
fn no_records_are_a_whole_stream_too() {
    let place = Place::new();
    place.write("in.csv", "");
    place.write("header.csv", "a,b\n");
    for input in ["in.csv", "header.csv"] {
        for (name, program) in [("out.gz", "zcat"), ("out.zst", "zstdcat")] {
            place.rowmill().args(["-q", input, "-o", name]).out().expect_status(0);
            assert!(!place.read(name).is_empty());
            if has(program, "an empty stream") {
                assert!(read_by(&place, program, &[name]).is_empty());
            }
        }
        place.rowmill().args(["-q", input, "-o", "out"]).out().expect_status(0);
        assert!(place.read("out").is_empty());
    }
}

#[test]
fn what_cannot_be_is_told() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    for (args, part) in [
        (&["--compress", "zip"][..], "--compress: 'zip' is none of gzip, zstd, none"),
        (&["--compress", "gzip:12"], "--compress gzip:12: the levels of gzip are 1 to 9"),
        (&["--compress", "zstd:0"], "the levels of zstd are 1 to 22"),
        (&["--compress", "zstd:19", "--memory", "16M"], "--compress zstd:19: needs "),
        (&["--limit-rate", "0"], "--limit-rate: at least one byte a second"),
        (&["--check", "--compress", "gzip"], "--check writes nothing"),
        (&["--check", "--limit-rate", "1M"], "--check writes nothing"),
    ] {
        let output = place.rowmill().args(args).arg("in.csv").out();
        output.expect_status(2).expect_one_line(part).expect_stdout("");
    }
    assert_eq!(place.names(), ["in.csv"]);
}

#[test]
fn memory_stays_under_the_cap_at_every_level() {
    let place = Place::new();
    let input = place.people("in.csv", if large() { 64 * MIB } else { 8 * MIB });
    for (codec, memory, threads) in [
        ("zstd:3", 16, "2"),
        ("zstd:3", 16, "16"),
        ("gzip", 16, "16"),
        ("zstd:9", 24, "2"),
        ("zstd:3", 64, "8"),
        ("zstd:12", 64, "8"),
        ("zstd:19", 64, "2"),
    ] {
        if codec == "zstd:19" && !large() {
            place.people("in.csv", MIB);
        }
        let memory_text = format!("{memory}M");
        let args = ["--compress", codec, "--memory", &memory_text, "-j", threads, "-o", "/dev/null"];
        let (output, peak) = place.rowmill().args(args).arg(&input.path).with_stats().out_and_peak();
        output.expect_status(0);
        println!("{codec} -j {threads} --memory {memory}M: peak {peak}, {} threads", output.stat("threads"));
        assert!(peak <= memory * MIB, "{codec} -j {threads}: {peak} bytes");
    }
}

fn limited(run: Run, rate: u64) -> Output {
    let begun = Instant::now();
    let output = run.args(["--limit-rate", &rate.to_string()]).with_stats().out();
    output.expect_status(0);
    let (n, took) = (output.stat("bytes_out"), begun.elapsed().as_secs_f64());
    let told = n as f64 / output.stats()["seconds"].as_f64().unwrap();
    println!("{n} bytes in {took:.2} s: {told:.0} a second of {rate}");
    // A machine that is busy with other things may be slower, never faster.
    let share = told / rate as f64;
    assert!((0.5..1.05).contains(&share), "{told:.0} bytes a second, not {rate}");
    assert_eq!(output.stats()["bound_by"], "rate-limit");
    output
}

#[test]
fn a_limited_rate_is_kept() {
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(150_000)].concat());
    let plain = place.rowmill().args(["-q", "in.csv"]).out().stdout;
    let rate = plain.len() as u64 / 3;
    let output = limited(place.rowmill().args(["in.csv", "-j", "2"]), rate);
    assert!(output.stdout == plain);
    limited(place.rowmill().args(["in.csv", "-j", "2", "-o", "out.jsonl"]), rate);
    assert!(place.read("out.jsonl") == plain);
    // Of what is written, not of what is made.
    place.rowmill().args(["-q", "in.csv", "-o", "out.gz"]).out().expect_status(0);
    let n = place.read("out.gz").len() as u64;
    limited(place.rowmill().args(["in.csv", "-j", "2", "-o", "out.gz"]), n / 3);
}

/// A reader at the other end of a pipe sees no more than a tenth of a second's worth at once.
#[test]
fn a_limited_rate_has_no_bursts() {
    use std::io::Read;
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(100_000)].concat());
    let rate = 4_000_000u64;
    let args = ["-q", "in.csv", "--limit-rate", "4000000"];
    let mut running = place.rowmill().args(args).start();
    let mut stdout = running.stdout();
    let (begun, mut n, mut buffer) = (Instant::now(), 0u64, vec![0; 1 << 16]);
    while begun.elapsed() < Duration::from_millis(1500) {
        n += stdout.read(&mut buffer).unwrap() as u64;
        let most = (begun.elapsed().as_secs_f64() + 0.1) * rate as f64;
        assert!((n as f64) <= most + 65536.0, "{n} bytes after {:?}", begun.elapsed());
    }
    assert!(n as f64 > rate as f64 * 1.2, "{n}");
    // A signal ends it at once, asleep or not.
    running.signal(rustix::process::Signal::TERM);
    running.ends_within(Duration::from_secs(1));
    drop(stdout);
    assert_eq!(running.finish().status.code(), Some(143));
}

#[test]
fn a_slow_rate_is_interrupted_too() {
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(10_000)].concat());
    let args = ["-q", "in.csv", "-o", "out.jsonl", "--limit-rate", "10"];
    let mut running = place.rowmill().args(args).start();
    std::thread::sleep(Duration::from_millis(300));
    running.signal(rustix::process::Signal::INT);
    running.ends_within(Duration::from_secs(1));
    assert_eq!(running.finish().status.code(), Some(130));
    assert_eq!(place.names(), ["in.csv"]);
}
