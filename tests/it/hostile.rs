//! Files made to blow memory, or to count past what thirty-two bits hold: told at once, or exact.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Place, Run, data, large};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A file with a hole of zeros from the end of `head` to byte `at`, where `tail` follows.
fn sparse(place: &Place, name: &str, head: &str, at: u64, tail: &str) {
    let mut file = File::create(place.path(name)).unwrap();
    file.write_all(head.as_bytes()).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(tail.as_bytes()).unwrap();
}

#[test]
fn ten_gigabytes_behind_an_open_quote() {
    let place = Place::new();
    sparse(&place, "in.csv", "a,b\n1,2\n3,\"4\n", 10 * GIB, "\n5,6\n");
    for args in [["-j", "2", "--io", "mmap"], ["-j", "8", "--io", "read"], ["-j", "1", "--io", "auto"]] {
        let begun = Instant::now();
        let (output, peak) = place.rowmill().args(args).args(["-q", "in.csv"]).out_and_peak();
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        output
            .expect_status(1)
            .expect_one_line("in.csv: line 3, record 2, byte 8: record longer than 16777216 bytes");
        output.expect_stderr("the quote that opens on line 3, byte 10, is not closed by then");
        output.expect_stderr("try --quote none");
        output.expect_stdout("{\"a\":\"1\",\"b\":\"2\"}\n");
        assert!(peak < 64 * MIB, "{peak}");
    }
}

#[test]
fn a_gigabyte_without_a_newline() {
    let place = Place::new();
    sparse(&place, "in.csv", "a,b\n1,", GIB, ",2");
    let begun = Instant::now();
    let (output, peak) = place.rowmill().arg("in.csv").out_and_peak();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    output.expect_status(1).expect_one_line("in.csv: line 2, record 1, byte 4: record longer than");
    output.expect_stderr("--max-record");
    assert!(peak < 64 * MIB, "{peak}");
    // Not even a header.
    sparse(&place, "in.csv", "a,b", GIB, ",2");
    let (output, peak) = place.rowmill().arg("in.csv").out_and_peak();
    output.expect_status(1).expect_one_line("in.csv: line 1: the header does not end within");
    assert!(peak < 64 * MIB, "{peak}");
}

#[test]
fn a_record_of_a_hundred_megabytes() {
    let place = Place::new();
    let n = 100 * MIB as usize;
    let text = "some text, \"\"quoted\"\"\n".repeat(n / 22);
    place.write("in.csv", format!("a,b\n1,\"{text}\"\n2,3\n"));
    let (output, peak) = place.rowmill().arg("in.csv").out_and_peak();
    output.expect_status(1).expect_one_line("in.csv: line 2, record 1, byte 4: record longer than 16777216");
    assert!(peak < 64 * MIB, "{peak}");
    let args = ["--max-record", "128M", "--memory", "512M", "-j", "2", "in.csv"];
    let (output, peak) = place.rowmill().args(args).out_and_peak();
    output.expect_status(0);
    let text = text.replace("\"\"", "\"");
    let expected = json!({ "a": "1", "b": text }).to_string() + "\n{\"a\":\"2\",\"b\":\"3\"}\n";
    assert!(output.stdout == expected.as_bytes());
    assert!(peak < 512 * MIB, "{peak}");
}

#[test]
fn ten_million_columns() {
    let place = Place::new();
    let n = 10_000_000;
    place.write("in.csv", "c,".repeat(n - 1) + "c\n" + &"1,".repeat(n - 1) + "1\n");
    let (output, peak) = place.rowmill().arg("in.csv").out_and_peak();
    output.expect_status(1).expect_one_line("in.csv: ").expect_stderr("--memory");
    assert!(peak < 64 * MIB, "{peak}");
    if !large() {
        return;
    }
    let args = ["--memory", "8G", "--max-record", "1G", "-q", "in.csv", "-o", "/dev/null"];
    let (output, peak) = place.rowmill().args(args).out_and_peak();
    output.expect_status(0);
    assert!(peak < 8 * GIB, "{peak}");
}

#[test]
fn where_every_guess_is_wrong_memory_stays() {
    let place = Place::new();
    place.write("in.csv", data::rows_in_quotes(48 << 20));
    for args in [["-j", "2"], ["-j", "8"]] {
        let (output, peak) =
            place.rowmill().args(args).args(["-q", "in.csv", "-o", "/dev/null"]).out_and_peak();
        output.expect_status(0);
        assert!(peak < 64 * MIB, "{args:?}: {peak}");
    }
}

/// Offsets, lines and records beyond 2³² and 2⁴⁰: a checkpoint says that all before was done, so
/// that it need not be.
#[test]
fn past_what_thirty_two_and_forty_bits_hold() {
    for at in [(1 << 32) + 1, (1 << 40) + 4097, (1 << 42) + 12_345] {
        for io in ["mmap", "read"] {
            let place = Place::new();
            // Small steps, so that a first run leaves a checkpoint before it comes to the zeros and
            // fails.
            let head = "a,b\n".to_owned() + &"1,2\n".repeat(100_000);
            let rows = "3,4\n5\n".repeat(100_000);
            sparse(&place, "in.csv", &head, at, &rows);
            let run = || {
                let run =
                    place.rowmill().args(["in.csv", "-o", "out.jsonl", "--resume", "--io", io, "-j", "2"]);
                run.args(["--checkpoint-every", "10K", "--window", "4K"])
            };
            run().out().expect_status(1);
            let path = place.path(".out.jsonl.rowmill-checkpoint");
            let text = std::fs::read_to_string(&path).unwrap();
            let mut body: Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
            let (records, lines) = ((1u64 << 33) + 5, (1u64 << 34) + 7);
            body["files"][0][0] = json!(0);
            body["states"] = json!([{
                "records": records, "rejected": 0, "dropped": {"blank": 0, "empty": 0, "repeated_headers": 0, "filtered": 0, "nuls": 0},
                "lines": lines, "input_at": at, "text_at": at,
                "encoded": 0, "bytes_out": 0, "marked_end": false,
                "windows": 0, "redone": 0, "anomalies": {}, "misfits": [], "multiline": null,
            }]);
            let text = body.to_string();
            std::fs::write(&path, format!("{}\n{text}", blake3::hash(text.as_bytes()).to_hex())).unwrap();
            let output = run().with_stats().out();
            output.expect_status(0);
            let expected = "{\"a\":\"3\",\"b\":\"4\"}\n{\"a\":\"5\"}\n".repeat(100_000);
            assert!(place.read("out.jsonl") == expected.as_bytes(), "--io {io}, at {at}");
            let stats = output.stats();
            assert_eq!(stats["records"], records + 200_000);
            let first = &stats["anomalies"]["short_record"]["first"];
            let told = ["line", "record", "byte"].map(|key| first[key].as_u64());
            assert_eq!(told, [Some(lines + 2), Some(records + 2), Some(at + 4)]);
        }
    }
}

/// Most of the lines stand in quotes, where they are counted as well; the whole is made as it is
/// read.
#[test]
fn an_error_on_line_three_billion_says_so() {
    const LINES: u64 = 60_000;
    let n_records = if large() { 50_000 } else { 500 };
    let (head, block) =
        (format!("a,b{}", "\n".repeat(16)), format!("1,\"{}\"\n", "\n".repeat(LINES as usize - 1)));
    let (line, byte) = (16 + n_records * LINES + 1, head.len() as u64 + n_records * block.len() as u64);
    for &threads in if large() { &["2"][..] } else { &["1", "2", "5"] } {
        let args = ["--strict", "-j", threads, "-o", "/dev/null"];
        let mut running = Run::rowmill().args(args).start();
        let mut stdin = running.stdin();
        let (head, block) = (head.clone(), block.clone());
        let writer = thread::spawn(move || {
            stdin.write_all(head.as_bytes()).unwrap();
            for _ in 0..n_records {
                stdin.write_all(block.as_bytes()).unwrap();
            }
            stdin.write_all(b"1,2,3\n").unwrap();
        });
        let output = running.finish();
        writer.join().unwrap();
        let place = format!("line {line}, record {}, byte {}, column 3", n_records + 1, byte + 4);
        output.expect_status(1).expect_one_line(&place);
    }
}
