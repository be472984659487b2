//! Compressed output, and output at a limited rate.
//!
//! What is made smaller must be the same text to every reader: the tools that people have, not
//! the library that made it.

use std::fs;
use std::time::Duration;

use crate::harness::{Place, Run, has, has_python, large, odd, people};

const MIB: u64 = 1 << 20;

/// Records of every kind, and one longer than any buffer.
fn mixed() -> Vec<u8> {
    let long = format!("1,\"{}\",2\n", "long\n".repeat(400_000));
    [odd(20_000), long.into_bytes(), people(1000)].concat()
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
    for (what, input) in [("mixed", mixed()), ("people", [&b"a,b\n"[..], &people(60_000)].concat())] {
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
            if !has_python(module, "reading compressed output") {
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

#[test]
fn a_slow_rate_is_interrupted_too() {
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(10_000)].concat());
    let args = ["-q", "in.csv", "-o", "out.jsonl", "--limit-rate", "10"];
    let mut running = place.rowmill().args(args).start();
    assert!(running.until_it_wrote(1));
    running.signal(rustix::process::Signal::INT);
    running.ends_within(Duration::from_secs(10));
    assert_eq!(running.finish().status.code(), Some(130));
    assert_eq!(place.names(), ["in.csv"]);
}
