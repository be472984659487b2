//! Compressed files that are unpacked on several threads: blocks of bzip2, members of BGZF, frames
//! of zstd, blocks of xz. The result, an error and its place are those of one thread.

use std::io::{Read, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::harness::{Numbers, Output, Place, has, large};

/// Records that hardly become smaller.
fn records(n: usize) -> Vec<u8> {
    let mut numbers = Numbers::from_seed(n as u64);
    let mut text = b"id,token,note\n".to_vec();
    for id in 0..n {
        let token: String = (0..16).map(|_| format!("{:02x}", numbers.byte())).collect();
        let note = if id % 50 == 0 { "\"over\ntwo \"\"lines\"\"\"" } else { "none" };
        writeln!(text, "{id},{token},{note}").unwrap();
    }
    text
}

fn bgzf(text: &[u8], n_bytes: usize) -> Vec<u8> {
    let mut packed = Vec::new();
    for part in text.chunks(n_bytes).chain([&b""[..]]) {
        let mut body = DeflateEncoder::new(Vec::new(), Compression::fast());
        body.write_all(part).unwrap();
        let body = body.finish().unwrap();
        let mut sum = Crc::new();
        sum.update(part);
        packed.extend_from_slice(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0");
        packed.extend_from_slice(&(body.len() as u16 + 25).to_le_bytes());
        packed.extend_from_slice(&body);
        packed.extend_from_slice(&sum.sum().to_le_bytes());
        packed.extend_from_slice(&(part.len() as u32).to_le_bytes());
    }
    packed
}

/// Frames of several kinds: with and without sum and size, of one segment or not, skippable ones
/// among them.
fn frames(text: &[u8], n_bytes: usize) -> Vec<u8> {
    let mut packed = Vec::new();
    for (i, part) in text.chunks(n_bytes).enumerate() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(i % 2 == 0).unwrap();
        encoder.include_contentsize(i % 3 == 0).unwrap();
        if i % 3 == 0 {
            encoder.set_pledged_src_size(Some(part.len() as u64)).unwrap();
        }
        encoder.write_all(part).unwrap();
        packed.extend_from_slice(&encoder.finish().unwrap());
        if i % 5 == 0 {
            packed.extend_from_slice(b"\x53\x2a\x4d\x18\x05\0\0\0hello");
        }
    }
    packed
}

/// A packed file, and how many threads unpack its first pieces, where they are rowmill's own.
struct Packed {
    what: &'static str,
    bytes: Vec<u8>,
    args: &'static [&'static str],
    n_threads: Option<usize>,
}

/// The text in all formats that can be cut. All files are larger than those that one thread
/// unpacks.
fn packed(place: &Place, text: &[u8]) -> Vec<Packed> {
    let of = |what, bytes: Vec<u8>| Packed { what, bytes, args: &[], n_threads: Some(2) };
    let third = text.len() / 3;
    let mut mixed = bgzf(&text[..2 * third], 65_280);
    let mut rest = flate2::write::GzEncoder::new(&mut mixed, Compression::fast());
    rest.write_all(&text[2 * third..]).unwrap();
    rest.finish().unwrap();
    let mut all = vec![
        of("bgzf", bgzf(text, 65_280)),
        of("bgzf, odd members", bgzf(text, 7_001)),
        // One thread has the last piece, which is long, and the other no more to do.
        Packed { n_threads: Some(1), ..of("bgzf and a common member", mixed) },
        of("zstd", frames(text, 300_000)),
        of("zstd, small frames", frames(text, 9_001)),
    ];
    if has("bzip2", "blocks of bzip2") {
        all.push(of("bzip2", place.piped(text, "bzip2 -1c")));
        all.push(of("bzip2, large blocks", place.piped(text, "bzip2 -c")));
        let streams = [&text[..third], &[], &text[third..third + 1], &text[third + 1..]];
        let streams = streams.map(|part| place.piped(part, "bzip2 -2c")).concat();
        all.push(of("bzip2, streams", streams));
    }
    if has("xz", "blocks of xz") {
        let args = &["--memory", "256M"];
        let xz = |what, bytes| Packed { what, bytes, args, n_threads: None };
        all.push(xz("xz", place.piped(text, "xz -0 -c -T2 --block-size=300KiB")));
        let streams = [&text[..third], &text[third..]];
        all.push(xz("xz, streams", streams.map(|part| place.piped(part, "xz -0 -T2 -c")).concat()));
    }
    for packed in &all {
        assert!(packed.bytes.len() > 1 << 20, "{}: {} bytes", packed.what, packed.bytes.len());
    }
    all
}

fn run(place: &Place, args: &[&str], threads: &str) -> Output {
    place.rowmill().args(["-q", "-j", threads, "in.packed"]).args(args).out()
}

#[test]
fn the_text_is_that_of_one_thread() {
    let place = Place::new();
    let text = records(if large() { 400_000 } else { 90_000 });
    let plain = place.rowmill().arg("-q").arg(place.write("in.csv", &text)).out();
    let plain = plain.expect_status(0).stdout.clone();
    for Packed { what, bytes, args, .. } in packed(&place, &text) {
        place.write("in.packed", bytes);
        for threads in ["1", "2", "3", "7"] {
            for memory in [&[][..], &["--memory", "16M"], args] {
                let output = run(&place, memory, threads);
                output.expect_status(0);
                assert!(output.stdout == plain, "{what}, {threads} threads, {memory:?}: differs");
            }
        }
    }
}

/// They are there, and wait when nobody reads.
#[test]
fn it_has_threads_of_its_own() {
    let place = Place::new();
    for Packed { what, bytes, args, n_threads } in packed(&place, &records(300_000)) {
        place.write("in.packed", bytes);
        let mut running = place.rowmill().args(["-q", "-j", "2", "in.packed"]).args(args).start();
        // It begins with one thread.
        running.stdout_ref().read_exact(&mut vec![0; 1 << 20]).unwrap();
        running.until_it_waits();
        let tasks = std::fs::read_dir(format!("/proc/{}/task", running.id())).unwrap();
        let names: Vec<String> = tasks
            .map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap().trim().into())
            .collect();
        if let Some(n_threads) = n_threads {
            let n = names.iter().filter(|name| *name == "unpack").count();
            assert!(n >= n_threads, "{what}: {names:?}");
        } else {
            // The main thread, two that convert, and those of the library.
            assert!(names.len() > 4, "{what}: {names:?}");
        }
        running.finish().expect_status(0);
    }
}

/// Cut, changed, or followed by something: the text, or the error and its place, are those of one
/// thread.
#[test]
fn damage_is_told_as_one_thread_tells_it() {
    let place = Place::new();
    let mut numbers = Numbers::from_seed(3);
    let (mut n_errors, mut n_same) = (0, 0);
    for Packed { what, bytes, args, .. } in packed(&place, &records(80_000)) {
        for round in 0..if large() { 200 } else { 8 } {
            let mut bad = bytes.clone();
            let at = numbers.below(bad.len());
            let how = match round % 8 {
                0 => "cut",
                1 => "followed",
                2 => "padded",
                _ => "changed",
            };
            match how {
                "cut" => bad.truncate(at.max(1 << 20)),
                "followed" => bad.extend_from_slice(b"hello"),
                "padded" => bad.extend_from_slice(&[0; 512]),
                _ => bad[at.max(16)] ^= 1 << numbers.below(8),
            }
            place.write("in.packed", bad);
            let one = run(&place, args, "1");
            for threads in ["2", "3"] {
                let several = run(&place, args, threads);
                let what = format!("{what}, {how} at {at}, {threads} threads");
                assert_eq!(several.status.code(), one.status.code(), "{what}: {}", several.stderr);
                assert_eq!(several.stderr, one.stderr, "{what}");
                // How much of the text before damage a decoder gives depends on how much is wanted.
                let n = several.stdout.len().min(one.stdout.len());
                assert!(several.stdout[..n] == one.stdout[..n], "{what}: other text before the error");
                assert!(!one.status.success() || several.stdout == one.stdout, "{what}: other text");
            }
            let is_error = !one.status.success();
            (n_errors, n_same) = (n_errors + usize::from(is_error), n_same + usize::from(!is_error));
        }
    }
    println!("{n_errors} errors, {n_same} times the same text");
    assert!(n_errors > n_same, "{n_errors} errors, {n_same} times the same text");
}

/// A block of bzip2 says which bytes it has, sixteen of them in sixteen bits. With these ones that
/// is the mark of a block, where none begins.
#[test]
fn a_mark_by_chance_is_none() {
    if !has("bzip2", "a mark by chance") {
        return;
    }
    const MARK: u64 = 0x3141_5926_5359;
    let place = Place::new();
    let allowed: Vec<u8> = (0..48).filter(|i| MARK >> (47 - i) & 1 == 1).map(|i| 0x20 + i as u8).collect();
    let others: Vec<u8> = allowed.iter().copied().filter(|byte| *byte != b'"').chain(b'a'..=b'z').collect();
    let mut numbers = Numbers::from_seed(5);
    let mut text = b"k:l\n".to_vec();
    while text.len() < 2 << 20 {
        let mut word = |n| -> Vec<u8> { (0..n).map(|_| *numbers.of(&others)).collect() };
        text.extend_from_slice(&[&word(60)[..], b"\n\"", &word(3), b"\"\n"].concat());
    }
    let packed = place.piped(&text, "bzip2 -1c");
    let bits = packed.iter().flat_map(|byte| (0..8).rev().map(move |i| u64::from(byte >> i & 1)));
    let (mut last, mut n_marks) = (0, 0);
    for bit in bits {
        last = (last << 1 | bit) & ((1 << 48) - 1);
        n_marks += usize::from(last == MARK);
    }
    let n_blocks = text.len().div_ceil(100_000);
    assert!(n_marks >= 2 * n_blocks, "{n_marks} marks in {n_blocks} blocks");
    place.write("in.csv", &text);
    place.write("in.packed", &packed);
    let plain = place.rowmill().args(["-q", "-d", ":", "in.csv"]).out();
    for threads in ["1", "2", "5"] {
        let output = run(&place, &["-d", ":"], threads);
        output.expect_status(0);
        assert!(output.stdout == plain.stdout, "{threads} threads: differs");
    }
}

#[test]
fn the_memory_is_bounded() {
    let place = Place::new();
    for Packed { what, bytes, .. } in packed(&place, &records(90_000)) {
        place.write("in.packed", bytes);
        for mib in [16, 24, 64] {
            let memory = format!("{mib}M");
            let run = place.rowmill().args(["-q", "-j", "7", "in.packed", "--memory", &memory]);
            let (output, peak) = run.out_and_peak();
            output.expect_status(0);
            assert!(peak <= mib << 20, "{what}, {memory}: peak of {:.1} MiB", peak as f64 / 1048576.0);
        }
    }
}
