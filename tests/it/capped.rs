//! Peak resident memory, read from the kernel (VmHWM): it stays under `--memory` whatever the
//! file's size, the shape of its records, the header and the number of threads.
//!
//! Output goes to `/dev/null`, which takes it as fast as it comes; slow consumers are
//! `pressure.rs`. To add a shape that grew the memory once, write it as a test of its own with the
//! figure that was seen.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::harness::{Output, PEOPLE_HEADER, Place, Run, has, large, people};

const MIB: u64 = 1 << 20;
const DEFAULT: u64 = 64 * MIB;

/// Runs to the end with the output to nowhere. What `--stats` says of the peak must be what the
/// kernel says.
#[track_caller]
fn peak_of(run: Run) -> (Output, u64) {
    let (output, peak) = run.args(["-o", "/dev/null"]).with_stats().out_and_peak();
    output.expect_status(0);
    let told = output.stat("peak_memory_bytes");
    // The last look at a process may come before its last pages, and what it tells before its end.
    assert!(told.abs_diff(peak) <= MIB, "peak_memory_bytes is {told}, VmHWM {peak}");
    (output, peak.max(told))
}

#[track_caller]
fn under(cap: u64, peak: u64, what: &str) {
    assert!(peak <= cap, "{what}: peak of {:.1} MiB, more than {} MiB", peak as f64 / MIB as f64, cap / MIB);
}

#[test]
fn a_file_of_any_size_takes_the_same_memory() {
    let place = Place::new();
    let (small, large) = (place.people("small.csv", 16 * MIB), place.people("large.csv", 256 * MIB));
    for io in ["mmap", "read"] {
        let run = |path| place.rowmill().args(["--io", io, "-j", "2"]).arg(path);
        let (_, of_small) = peak_of(run(&small.path));
        let (output, of_large) = peak_of(run(&large.path));
        assert_eq!(output.stat("records"), large.n_records);
        under(of_small + 2 * MIB, of_large, &format!("--io {io}, 256 MiB instead of 16"));
        under(16 * MIB, of_large, &format!("--io {io}, two threads"));
    }
}

/// The pages of a mapped file, its segments of 1 GiB and the page tables over them show only in
/// gigabytes.
#[test]
fn four_gigabytes_take_no_more_than_a_quarter() {
    if !large() {
        // A step of its own in .ci/run.
        println!("skipped: a file of 4 GiB; ROWMILL_LARGE=1 runs it");
        return;
    }
    let place = Place::new();
    let (quarter, four) = (place.people("quarter.csv", 256 * MIB), place.people("four.csv", 4096 * MIB));
    for io in ["mmap", "read"] {
        let run = |path| place.rowmill().args(["--io", io, "-j", "2"]).arg(path);
        let (_, of_quarter) = peak_of(run(&quarter.path));
        let (output, of_four) = peak_of(run(&four.path));
        assert_eq!((output.stat("records"), output.stat("bytes_in")), (four.n_records, four.n_bytes));
        println!("--io {io}: peak of {of_quarter} bytes for 256 MiB, {of_four} for 4 GiB");
        under(of_quarter + 2 * MIB, of_four, &format!("--io {io}, 4 GiB instead of 256 MiB"));
        under(16 * MIB, of_four, &format!("--io {io}, two threads"));
    }
}

#[test]
fn sixteen_megabytes_are_enough_for_sixteen_threads() {
    let place = Place::new();
    let input = place.people("in.csv", 64 * MIB);
    for io in ["mmap", "read"] {
        let args = ["--memory", "16M", "-j", "16", "--io", io];
        let (output, peak) = peak_of(place.rowmill().args(args).arg(&input.path));
        assert_eq!((output.stat("records"), output.stat("threads")), (input.n_records, 16));
        under(16 * MIB, peak, &format!("--memory 16M -j 16 --io {io}"));
    }
}

/// Five hundred threads don't fit; fewer are started.
#[test]
fn threads_are_fewer_where_the_memory_is() {
    let place = Place::new();
    let input = place.people("in.csv", 64 * MIB);
    let (output, peak) = peak_of(place.rowmill().args(["--memory", "16M", "-j", "500"]).arg(&input.path));
    assert_eq!(output.stat("records"), input.n_records);
    assert!(output.stat("threads") < 500, "{}", output.stats());
    under(16 * MIB, peak, "--memory 16M -j 500");
}

#[test]
fn a_pipe_takes_no_more_than_a_file() {
    let place = Place::new();
    let input = place.people("in.csv", 128 * MIB);
    let script = r#"cat in.csv | "$ROWMILL" -j 2 -o /dev/null --stats stats.json -"#;
    place.shell(script).out().expect_status(0);
    let stats: serde_json::Value = serde_json::from_slice(&place.read("stats.json")).unwrap();
    assert_eq!(stats["records"], input.n_records);
    under(16 * MIB, stats["peak_memory_bytes"].as_u64().unwrap(), "a pipe on two threads");
}

#[test]
fn one_byte_fields_under_long_names_stay_under_the_cap() {
    let place = Place::new();
    let names: Vec<String> = (0..200).map(|i| format!("{:x<57}{i:03}", "measured_")).collect();
    let mut input = names.join(",") + "\n";
    let record = vec!["1"; 200].join(",") + "\n";
    input += &record.repeat(12 * MIB as usize / record.len());
    place.write("in.csv", input);
    for args in
        [["--memory", "64M", "-j", "2"], ["--memory", "64M", "-j", "16"], ["--memory", "16M", "-j", "16"]]
    {
        let (output, peak) = peak_of(place.rowmill().args(args).arg("in.csv"));
        assert!(output.stat("bytes_out") > 30 * output.stat("bytes_in"), "{}", output.stats());
        let cap = if args[1] == "16M" { 16 * MIB } else { DEFAULT };
        under(cap, peak, &format!("{args:?}"));
    }
}

#[test]
fn a_hundred_thousand_columns_stay_under_the_cap() {
    let place = Place::new();
    let names: Vec<String> = (0..100_000).map(|i| format!("c{i}")).collect();
    let record = vec!["x"; 100_000].join(",") + "\n";
    place.write("in.csv", names.join(",") + "\n" + &record.repeat(40));
    for threads in ["2", "16"] {
        let (output, peak) = peak_of(place.rowmill().args(["-j", threads]).arg("in.csv"));
        assert_eq!(output.stat("records"), 40);
        under(DEFAULT, peak, &format!("100,000 columns, {threads} threads"));
    }
}

/// A header is refused before its names are made: a file of commas alone took 73 MiB under
/// `--memory 16M`, and one of 12 MB took 597 MiB under the default.
#[test]
fn a_header_that_does_not_fit_is_refused_under_the_cap() {
    let place = Place::new();
    place.write("short.csv", "a,".repeat(512 << 10) + "b\n1,2\n");
    place.write("long.csv", "a,".repeat(6 << 20) + "b\n1,2\n");
    place.write("names.csv", format!("{:x<60},", "").repeat(200_000) + "b\n1,2\n");
    for name in ["short.csv", "long.csv", "names.csv"] {
        for (memory, cap) in [("16M", 16 * MIB), ("24M", 24 * MIB), ("64M", DEFAULT)] {
            let script = format!("exec \"$ROWMILL\" --memory {memory} - < {name}");
            for run in [place.rowmill().args(["--memory", memory, name]), place.shell(&script)] {
                let (output, peak) = run.out_and_peak();
                output.expect_status(1).expect_one_line("header").expect_stderr("--memory");
                under(cap, peak, &format!("{name}, --memory {memory}"));
            }
        }
    }
}

/// Longer than any window, quoted and full of newlines, or plain, or all delimiters.
#[test]
fn records_of_fifteen_megabytes_stay_under_the_cap() {
    let place = Place::new();
    let n = 15_000_000;
    let quoted = format!("1,\"{}\"\n", "some text, \"\"quoted\"\"\n".repeat(n / 22));
    let plain = format!("1,{}\n", "y".repeat(n - 3));
    let fields = format!("1{}\n", ",y".repeat(n / 2 - 1));
    for (name, record) in [("quoted", quoted), ("plain", plain), ("fields", fields)] {
        place.write("in.csv", format!("a,b\n{record}{record}"));
        for io in ["mmap", "read"] {
            let (output, peak) = peak_of(place.rowmill().args(["-j", "2", "--io", io]).arg("in.csv"));
            assert_eq!(output.stat("records"), 2);
            under(DEFAULT, peak, &format!("{name}, --io {io}"));
        }
    }
}

#[test]
fn a_quote_that_never_closes_is_told_at_once_and_under_the_cap() {
    let place = Place::new();
    let mut file = File::create(place.path("in.csv")).unwrap();
    file.write_all(PEOPLE_HEADER).unwrap();
    // A quote further on would close it.
    let block: Vec<u8> = people(10_000).into_iter().filter(|&byte| byte != b'"').collect();
    file.write_all(&block).unwrap();
    file.write_all(b"77,\"Ada,ada@example.org\n").unwrap();
    let line = 10_000 + 2;
    for _ in 0..300_000_000 / block.len() {
        file.write_all(&block).unwrap();
    }
    for threads in ["2", "16"] {
        let begun = Instant::now();
        let run = place.rowmill().args(["-q", "-j", threads, "-o", "/dev/null"]).arg("in.csv");
        let (output, peak) = run.out_and_peak();
        assert!(begun.elapsed() < Duration::from_secs(2), "told after {:?}", begun.elapsed());
        output.expect_status(1).expect_one_line(&format!("in.csv: line {line}, record 10001"));
        output.expect_stderr(&format!("the quote that opens on line {line}"));
        under(DEFAULT, peak, &format!("{threads} threads"));
    }
}

/// With `--rejects` an overlong record is passed over by its first line, so the rest is judged
/// again.
#[test]
fn rejecting_everything_stays_under_the_cap() {
    let place = Place::new();
    place.write("in.csv", "a,b,c\n".to_owned() + &"1,2\n".repeat(4_000_000));
    let args = ["--memory", "16M", "-j", "4", "--rejects", "/dev/null"];
    let (output, peak) = peak_of(place.rowmill().args(args).arg("in.csv"));
    assert_eq!(output.stat("records_rejected"), 4_000_000);
    under(16 * MIB, peak, "four million rejects");
}

/// A window that was asked for is no reason to break the cap: `--window 1000G` once asked the
/// system for as much.
#[test]
fn a_window_larger_than_the_memory_shrinks() {
    let place = Place::new();
    let input = place.people("in.csv", 64 * MIB);
    for window in ["32M", "1000G", "16777215T"] {
        let (output, peak) = peak_of(place.rowmill().args(["--window", window, "-j", "2"]).arg(&input.path));
        assert_eq!(output.stat("records"), input.n_records);
        under(DEFAULT, peak, &format!("--window {window}"));
    }
}

#[test]
fn utf16_and_invalid_bytes_take_no_more() {
    let place = Place::new();
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let utf16 = [units("\u{feff}name,town\n"), units("Ærøskøbing,Ærø\n").repeat(300_000)].concat();
    let invalid = [b"name,town\n".to_vec(), b"\xff\xfe\xc3,\xe6\xf8\n".repeat(1_000_000)].concat();
    for (name, input, n_records) in [("utf16", utf16, 300_000), ("invalid", invalid, 1_000_000)] {
        place.write("in.csv", input);
        let (output, peak) = peak_of(place.rowmill().args(["--memory", "16M", "-j", "4"]).arg("in.csv"));
        assert_eq!(output.stat("records"), n_records);
        under(16 * MIB, peak, name);
    }
}

/// What a decoder needs for its window is granted by `--memory`, or refused with what it needs.
#[test]
fn windows_of_codecs_stay_under_the_cap() {
    let place = Place::new();
    let input = place.people("in.csv", 160 * MIB);
    for (program, make, needs) in [
        // From a pipe, so that it doesn't know how little it needs.
        ("zstd", "cat in.csv | zstd -q -1 --long=27 > packed", "needs 128 MiB, and may take 16 MiB"),
        ("zstd", "zstd -q -1 -c in.csv > packed", ""),
        (
            "xz",
            "xz -0 -T1 --lzma2=preset=0,dict=64MiB -c in.csv > packed",
            "needs 65 MiB, and may take 16 MiB",
        ),
        ("xz", "xz -0 -T1 -c in.csv > packed", ""),
        ("bzip2", "head -c 20000000 in.csv | bzip2 -c > packed", ""),
    ] {
        if !has(program, "the memory of unpacking") {
            continue;
        }
        place.shell(make).out().expect_status(0);
        for (memory, cap) in [("16M", 16 * MIB), ("64M", DEFAULT), ("256M", 256 * MIB)] {
            let run = place.rowmill().args(["--memory", memory, "-j", "4", "packed"]);
            if needs.is_empty() || memory == "256M" {
                let (output, peak) = peak_of(run);
                let whole = program == "bzip2" || output.stat("records") == input.n_records;
                assert!(whole, "{}", output.stats());
                under(cap, peak, &format!("{make}, --memory {memory}"));
            } else {
                let (output, peak) = run.args(["-q", "-o", "out.jsonl"]).out_and_peak();
                output.expect_status(1).expect_one_line("; raise --memory");
                if memory == "64M" {
                    output.expect_stderr(needs);
                }
                under(cap, peak, &format!("{make}, --memory {memory}, refused"));
            }
        }
    }
}

/// Ten gigabytes of zeros in ten megabytes or less: a record, or a header, that is too long.
#[test]
fn bombs_stay_under_the_cap() {
    let place = Place::new();
    place.write("head", "a,b\n1,2\n");
    File::create(place.path("zeros")).unwrap().set_len(64 * MIB).unwrap();
    // A larger dictionary of xz is refused under 16M.
    for program in ["gzip", "zstd", "bzip2", "xz -1"] {
        if !has(program.split(' ').next().unwrap(), "bombs") {
            continue;
        }
        let make = format!("for f in head zeros; do {program} -c < $f > $f.packed; done");
        place.shell(&make).out().expect_status(0);
        let (head, zeros) = (place.read("head.packed"), place.read("zeros.packed"));
        place.write("record", [head, zeros.repeat(160)].concat());
        place.write("header", zeros.repeat(160));
        for (memory, cap) in [("16M", 16 * MIB), ("64M", DEFAULT)] {
            for (name, told) in [("record", "longer than"), ("header", "does not end within")] {
                for script in [format!("exec $ROWMILL -q {name}"), format!("cat {name} | $ROWMILL -q")] {
                    let script = format!("{script} --memory {memory} -o out.jsonl");
                    let (output, peak) = place.shell(&script).out_and_peak();
                    output.expect_status(1).expect_one_line(told);
                    if script.starts_with("exec") {
                        under(cap, peak, &format!("{program}: {name}, --memory {memory}"));
                    }
                    assert!(!place.path("out.jsonl").exists());
                }
            }
        }
    }
}

/// Text that has escapes everywhere, and text that is malformed everywhere, of which places are
/// noted.
#[test]
fn decoding_stays_under_the_cap() {
    let place = Place::new();
    let escapes = b"\x1b$B\x30\x6c\x1b(Ba".repeat(20);
    let row = [&escapes[..], b",", &escapes, b"\n"].concat();
    let short = [b"a,b\n".to_vec(), row.repeat(30_000)].concat();
    let long = [b"a,b\n\"".to_vec(), row.repeat(4_000), b"\",x\n".to_vec(), row.repeat(20_000)].concat();
    let malformed = [b"a,b\n".to_vec(), b"\x80\xa2\xe3\xff\x81,\x82\x35\x90\x37\n".repeat(900_000)].concat();
    let cases =
        [("iso-2022-jp", short, 30_000), ("iso-2022-jp", long, 20_001), ("gb18030", malformed, 900_000)];
    for (label, bytes, n_records) in cases {
        place.write("in.csv", bytes);
        for (memory, cap) in [("16M", 16 * MIB), ("64M", DEFAULT)] {
            let args = ["--memory", memory, "-j", "8", "--encoding", label, "in.csv"];
            let (output, peak) = peak_of(place.rowmill().args(args));
            assert_eq!(output.stat("records"), n_records, "{label}");
            under(cap, peak, &format!("{label}, --memory {memory}"));
        }
    }
}

#[test]
fn a_thousand_inputs_take_no_more_than_one() {
    let place = Place::new();
    let names: Vec<String> = (0..1000).map(|i| format!("{i}.csv")).collect();
    for name in &names {
        place.write(name, "name,town\nAda,London\n");
    }
    let (output, peak) = peak_of(place.rowmill().args(["--memory", "16M", "-j", "2"]).args(&names));
    assert_eq!(output.stat("records"), 1000);
    under(16 * MIB, peak, "a thousand inputs");
}

/// A typed field whose content does not stand in one piece is gathered before it is judged, one at
/// a time.
#[test]
fn long_typed_fields_stay_under_the_cap() {
    let place = Place::new();
    let mut text = b"id,doc\n".to_vec();
    for i in 0..24 {
        text.extend_from_slice(format!("{i},\"[\"\"").as_bytes());
        text.resize(text.len() + 10_000_000, b'x');
        text.extend_from_slice(b"\"\"]\"\n");
    }
    place.write("in.csv", text);
    for (memory, threads) in [("64M", "1"), ("64M", "8"), ("256M", "2")] {
        let run = place.rowmill().args(["in.csv", "--type", "doc=json", "--memory", memory, "-j", threads]);
        let (output, peak) = peak_of(run);
        assert_eq!((output.stat("records"), output.stats()["anomalies"].to_string()), (24, "{}".to_owned()));
        under(
            memory.trim_end_matches('M').parse::<u64>().unwrap() * MIB,
            peak,
            &format!("{memory}, {threads} threads"),
        );
    }
}

/// What rules need is counted like all else, for any number of columns and threads.
#[test]
fn every_rule_at_once_stays_under_the_cap() {
    let place = Place::new();
    let input = place.people("people.csv", 24 * MIB);
    let names: Vec<String> = (0..300).map(|i| format!("c{i}.x")).collect();
    let row = "12.5,NA,ada@x.org,,\"a \"\"b\"\"\",true,".repeat(50);
    let wide = format!("{}\n{}", names.join(","), format!("{}\n", row.trim_end_matches(',')).repeat(8000));
    place.write("wide.csv", wide);
    place.write("key", "a secret of more than sixteen bytes");
    let rules = ["--infer", "--null", "NA,x", "--empty", "null", "--nest", "--hash-key-file", "key"];
    for threads in ["1", "16"] {
        let run = |path: &str, own: &[&str]| {
            let run = place.rowmill().args(["--memory", "16M", "-j", threads, path]);
            peak_of(run.args(rules).args(own))
        };
        let own = ["--mask", "email,name:hash", "--type", "id=int,score=float,age=json"];
        let (output, peak) = run("people.csv", &own);
        assert_eq!(output.stat("records"), input.n_records);
        under(16 * MIB, peak, &format!("people, {threads} threads"));
        let own = ["--mask", "c2*:hash", "--type", "c1*=json,c0.x=float", "--rename", "c1.x=y"];
        let (output, peak) = run("wide.csv", &own);
        assert_eq!(output.stat("records"), 8000);
        under(16 * MIB, peak, &format!("300 columns, {threads} threads"));
    }
}
