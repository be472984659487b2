//! Compressed input: files as the usual programs make them give what the plain file gives, however
//! they are read; what is cut short or damaged gives an error and no output.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::harness::{Numbers, PEOPLE_HEADER, Place, Run, fixtures, has, large, people};

/// Name, how the program is called to compress stdin to stdout, and the bytes by which it is known.
const PROGRAMS: [(&str, &str, usize); 6] = [
    ("gzip", "gzip -c", 3),
    ("zstd", "zstd -qc", 4),
    ("bzip2", "bzip2 -c", 10),
    ("xz", "xz -c", 6),
    ("lz4", "lz4 -qc", 4),
    // Small blocks that refer to those before, with a sum each.
    ("lz4", "lz4 -qc -B4 -BD -BX", 4),
];

/// The programs that are there.
fn programs() -> impl Iterator<Item = (&'static str, &'static str, usize)> {
    PROGRAMS.into_iter().filter(|(name, ..)| has(name, "files as it makes them"))
}

/// That a compressed file gives the same as the plain one: for each number of threads and window,
/// as a file and through a pipe.
#[track_caller]
fn same(place: &Place, packed: &[u8], args: &[&str], expected: &[u8], what: &str) {
    let input = place.write("packed.csv", packed);
    for threads in ["1", "2", "7"] {
        for window in [&["--window", "64"][..], &[]] {
            let run = || Run::rowmill().args(args).args(["-q", "-j", threads]).args(window);
            for output in [run().arg(&input).out(), run().arg("-").stdin(packed).out()] {
                output.expect_status(0);
                assert!(output.stdout == expected, "{what}: differs\n$ {}", output.command_line);
            }
        }
    }
}

fn plain(input: &Path, args: &[&str]) -> Vec<u8> {
    let output = Run::rowmill().arg("-q").args(args).arg(input).out();
    output.expect_status(0);
    output.stdout
}

#[test]
fn what_the_programs_make_gives_what_the_plain_file_gives() {
    let place = Place::new();
    let place_of_large = place.write("large.csv", [PEOPLE_HEADER, &people(4000)].concat());
    let fixture = |name: &str| fixtures().join(name);
    let cases = [
        (fixture("real/airports.csv"), &[][..]),
        (fixture("anomalies/counted_each.csv"), &[]),
        (fixture("anomalies/line_numbers.csv"), &["--skip-lines", "1"]),
        (place_of_large, &["--trim", "none"]),
    ];
    for (input, args) in &cases {
        let (bytes, expected) = (fs::read(input).unwrap(), plain(input, args));
        for (name, command, _) in programs() {
            same(&place, &place.piped(&bytes, command), args, &expected, &format!("{name}: {input:?}"));
        }
    }
}

#[test]
fn many_members_are_one_text() {
    let place = Place::new();
    let bytes = [b"a,b\n", &b"1,\"x\ny\"\n2,z\n".repeat(3000)[..]].concat();
    let expected = plain(&place.write("in.csv", &bytes), &[]);
    for (name, command, _) in programs() {
        // Cut where it hits, an empty one among them.
        let parts = [&bytes[..1], &[], &bytes[1..5001], &bytes[5001..]];
        let packed: Vec<Vec<u8>> = parts.iter().map(|part| place.piped(part, command)).collect();
        same(&place, &packed.concat(), &[], &expected, name);
        let padded = [packed.concat(), vec![0; 4096]].concat();
        match name {
            "gzip" | "xz" => same(&place, &padded, &[], &expected, "padding"),
            _ => drop(place.rowmill().arg("-").stdin(padded).out().expect_status(1)),
        }
        // Before and between skippable frames.
        let skippable = b"\x53\x2a\x4d\x18\x05\0\0\0hello";
        if matches!(name, "zstd" | "lz4") {
            // A skippable frame in front is zstd's, who may start so.
            let first = if name == "zstd" { &skippable[..] } else { &[] };
            let packed = [first, &packed[..2].concat()[..], skippable, &packed[2..].concat()].concat();
            same(&place, &packed, &[], &expected, "skippable frames");
        }
        let output = place.rowmill().arg("-").stdin(place.piped(b"", command)).out();
        output.expect_status(0).expect_stdout("");
        for behind in [&b"hello"[..], b"\x1f\x8b\x08", b"\0\0\0\0\0\0\0\x01"] {
            let packed = [&packed.concat()[..], behind].concat();
            let output = place.rowmill().args(["-", "-o", "out.jsonl"]).stdin(packed).out();
            output.expect_status(1).expect_one_line(&format!("of the {name} stream: "));
            assert!(!place.path("out.jsonl").exists());
        }
    }
}

/// BGZF: members of up to 64 KiB with a field of their own in the header, and an empty one at the
/// end; and what Python makes.
#[test]
fn what_python_makes_gives_what_the_plain_file_gives() {
    if !has("python3", "files as Python makes them") {
        return;
    }
    let place = Place::new();
    let bytes = [PEOPLE_HEADER, &people(4000)].concat();
    let expected = plain(&place.write("in.csv", &bytes), &[]);
    let script = "
import bz2, gzip, lzma, struct, sys, zlib
data = open('in.csv', 'rb').read()
def bgzf(part):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(part) + packer.flush()
    head = b'\\x1f\\x8b\\x08\\x04\\0\\0\\0\\0\\0\\xff\\x06\\0BC\\x02\\0' + struct.pack('<H', len(body) + 25)
    return head + body + struct.pack('<II', zlib.crc32(part), len(part))
parts = [data[at:at + 65280] for at in range(0, len(data), 65280)] + [b'']
made = {
    'bgzf': b''.join(map(bgzf, parts)),
    'gzip': gzip.compress(data), 'bz2': bz2.compress(data, 1), 'xz': lzma.compress(data, check=lzma.CHECK_SHA256),
    'none': lzma.compress(data, check=lzma.CHECK_NONE), 'stored': gzip.compress(data, 0),
}
for name, packed in made.items():
    open(name, 'wb').write(packed)
";
    Run::program("python3").dir(place.dir()).args(["-c", script]).out().expect_status(0);
    for name in ["bgzf", "gzip", "bz2", "xz", "none", "stored"] {
        same(&place, &place.read(name), &[], &expected, name);
    }
}

/// Runs over `packed`, which is not whole: an error of one line that says where, and no output.
#[track_caller]
fn expect_damaged(place: &Place, name: &str, packed: &[u8]) {
    place.write("bad.csv", packed);
    let output = place.rowmill().args(["-q", "bad.csv", "-o", "out.jsonl"]).out();
    output.expect_status(1).expect_one_line("bad.csv: cannot read on at byte ");
    output.expect_stderr(&format!(" of the {name} stream: "));
    assert!(!place.path("out.jsonl").exists());
}

#[test]
fn cut_short_anywhere_it_is_an_error() {
    let place = Place::new();
    let small = b"a,b\n1,2\n3,\"some text, some text, some text\"\n".to_vec();
    let long = [PEOPLE_HEADER, &people(20_000)].concat();
    let mut numbers = Numbers(1);
    for (name, command, n_magic) in programs() {
        let packed = place.piped(&small, command);
        // Of less nobody can tell that it was no text: a byte alone, or the letters that a bzip2
        // file starts with.
        let least = if name == "bzip2" { n_magic } else { 2 };
        for n in least..packed.len() {
            expect_damaged(&place, name, &packed[..n]);
        }
        let packed = place.piped(&long, command);
        for _ in 0..if large() { 1000 } else { 60 } {
            expect_damaged(&place, name, &packed[..least + numbers.below(packed.len() - least)]);
        }
        for n in 1..20 {
            expect_damaged(&place, name, &packed[..packed.len() - n]);
        }
    }
}

/// Each byte changed: an error, or the same text, where the format has bytes that mean nothing
/// (times, names, a window that is larger than need be). What changes the first bytes makes it a
/// file of another kind.
#[test]
fn damaged_anywhere_it_never_gives_other_text() {
    let place = Place::new();
    let text = b"a,b\n1,2\n3,\"some text, some text, some text\"\n".repeat(3);
    let expected = plain(&place.write("in.csv", &text), &[]);
    let mut numbers = Numbers(2);
    for (name, command, n_magic) in programs() {
        let packed = place.piped(&text, command);
        let (mut n_errors, mut n_same) = (0, 0);
        for at in n_magic..packed.len() {
            for bit in if large() { 0..8 } else { at % 8..at % 8 + 1 } {
                let mut bad = packed.clone();
                bad[at] ^= 1 << bit;
                place.write("bad.csv", &bad);
                let output = place.rowmill().args(["-q", "bad.csv"]).out();
                match output.status.code() {
                    Some(0) => {
                        n_same += 1;
                        assert!(output.stdout == expected, "{name}: byte {at}, bit {bit}: other text");
                    }
                    _ => {
                        n_errors += 1;
                        output.expect_status(1).expect_one_line(&format!("of the {name} stream: "));
                    }
                }
            }
        }
        println!("{name}: {n_errors} errors, {n_same} times the same text");
        assert!(n_errors > 3 * n_same, "{name}: {n_errors} errors, {n_same} times the same text");
    }
    let long = [PEOPLE_HEADER, &people(20_000)].concat();
    let expected = plain(&place.write("in.csv", &long), &[]);
    for (name, command, n_magic) in programs() {
        let packed = place.piped(&long, command);
        for _ in 0..if large() { 300 } else { 30 } {
            let mut bad = packed.clone();
            bad[n_magic + numbers.below(packed.len() - n_magic)] ^= 1 << numbers.below(8);
            place.write("bad.csv", &bad);
            let output = place.rowmill().args(["-q", "bad.csv"]).out();
            match output.status.code() {
                Some(0) => assert!(output.stdout == expected, "{name}: other text"),
                _ => drop(output.expect_status(1).expect_one_line(&format!("of the {name} stream: "))),
            }
        }
    }
}

#[test]
fn a_compressed_file_is_a_file_like_any_other() {
    if !has("gzip", "compressed files") {
        return;
    }
    let place = Place::new();
    let text = b"a\tb\n1\t2\n3\n4\t\xff\n";
    let packed = place.piped(text, "gzip -c");
    for name in ["x.tsv.gz", "X.TSV.GZ", "x.tsv.zst"] {
        // Known by its bytes, whatever the name says.
        place.write(name, &packed);
        let output = place.rowmill().args([name, "--io", "mmap"]).with_stats().out();
        output.expect_stdout("{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\"}\n{\"a\":\"4\",\"b\":\"\u{fffd}\"}\n");
        // Bytes and places are the text's.
        assert_eq!(output.stat("bytes_in"), text.len() as u64);
        let first = |anomaly: &str| output.stats()["anomalies"][anomaly]["first"].clone();
        assert_eq!((&first("short_record")["line"], &first("short_record")["byte"]), (&3.into(), &8.into()));
        assert_eq!(first("invalid_bytes")["byte"], 12);
    }
    // Opened again where there are several, and never written over.
    let output = place.rowmill().args(["-q", "x.tsv.gz", "X.TSV.GZ"]).out();
    assert_eq!(output.expect_status(0).stdout.iter().filter(|byte| **byte == b'\n').count(), 6);
    fs::hard_link(place.path("x.tsv.gz"), place.path("link")).unwrap();
    let output = place.rowmill().args(["x.tsv.gz", "-o", "link"]).out();
    output.expect_status(1).expect_one_line("the output is the input x.tsv.gz");
    assert!(place.read("link") == packed);
    // Names alone make nothing compressed.
    place.write("plain.gz", "BZh9,b\n1,2\n");
    place.rowmill().args(["-q", "plain.gz"]).out().expect_stdout("{\"BZh9\":\"1\",\"b\":\"2\"}\n");
    place
        .shell("mkfifo fifo; cat x.tsv.gz > fifo & $ROWMILL -q -d tab --limit 1 fifo")
        .out()
        .expect_status(0);
}

#[test]
fn a_compressed_file_that_changes_is_an_error() {
    if !has("gzip", "compressed files that change") {
        return;
    }
    let place = Place::new();
    let text = [PEOPLE_HEADER, &people(200_000)].concat();
    let packed = place.piped(&text, "gzip -1c");
    for shorter in [true, false] {
        let input = place.write("in.csv.gz", &packed);
        let mut running = place.rowmill().args(["-q", "in.csv.gz"]).start();
        running.until_it_waits();
        let file = fs::File::options().write(true).open(input).unwrap();
        if shorter {
            file.set_len(packed.len() as u64 / 2).unwrap();
        } else {
            (&file).write_all(b"\x1f\x8b").unwrap();
        }
        let how = if shorter { "became shorter" } else { "was rewritten" };
        let output = running.finish();
        output.expect_status(1).expect_one_line(&format!("in.csv.gz: the file {how} while it was read"));
    }
}
