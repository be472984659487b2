//! Tests of what is written around records, and where parts end. They compare the writer with the
//! rule in its plainest form.

use super::*;
use std::io::Read;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Sink for Memory {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }
}

/// Returns what is written for these buffers. Before buffer number `cut`, another writer continues,
/// as `--resume` does.
fn written(framing: &Framing, typed: Option<&str>, buffers: &[&str], cut: usize) -> String {
    let memory = Memory::default();
    let compression = typed.map(|typed| Compression::parse(typed).unwrap());
    let shape = || OutputOptions { framing: framing.clone(), compression, ..OutputOptions::default() };
    let writer =
        |reached| OutputWriter::new(Target::Sink(Box::new(memory.clone())), shape(), reached).unwrap();
    let mut now = writer(Reached::default());
    let mut packer = compression.map(|compression| Packer::new(compression, 1000).unwrap());
    for (i, buffer) in buffers.iter().enumerate() {
        if i == cut {
            now = writer(now.reached());
        }
        let raw = buffer.as_bytes();
        let cuts = now.layout().cuts(raw, false, Ends::Within);
        if let Some(packer) = &mut packer {
            packer.ahead(raw, cuts.ranges(now.layout().bounds, raw));
        }
        now.write(Batch { raw, cuts, packer: packer.as_mut() }).unwrap();
    }
    now.close().unwrap();
    let mut again = writer(now.reached());
    again.close().unwrap();
    again.finish().unwrap();
    let bytes = memory.0.lock().unwrap().clone();
    assert_eq!(again.reached().bytes, bytes.len() as u64);
    text(typed, &bytes)
}

fn text(typed: Option<&str>, bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut reader: Box<dyn Read> = match typed {
        None => Box::new(bytes),
        Some("gzip") => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        _ => Box::new(zstd::Decoder::new(bytes).unwrap()),
    };
    reader.read_to_string(&mut text).unwrap();
    text
}

/// Those of JSON Lines, of rows under a line of names, of one array, and of a line before each
/// record.
fn framings() -> [Framing; 4] {
    let open = |bytes: &[u8]| Framing { open: bytes.into(), ..Framing::default() };
    let array = Framing { close: (*b"\n]\n").into(), separated: true, ..open(b"[") };
    let pairs = Framing { preceded: true, ..Framing::default() };
    [Framing::default(), open(b"[\"a\"]\n"), array, pairs]
}

#[test]
fn what_is_written_around_the_records() {
    let [lines, rows, json, pairs] = framings();
    for typed in [None, Some("gzip"), Some("zstd")] {
        for cut in 0..4 {
            let all = |framing, buffers: &[&str]| written(framing, typed, buffers, cut);
            assert_eq!(all(&lines, &["{}\n{}\n", "{\"a\":", "1}\n"]), "{}\n{}\n{\"a\":1}\n");
            assert_eq!(all(&rows, &["[1]\n", "[2]\n"]), "[\"a\"]\n[1]\n[2]\n");
            let expected = "[\n{},\n{},\n{\"a\":1},\n{}\n]\n";
            assert_eq!(all(&json, &[",\n{},\n{}", ",\n{\"a\":", "1},\n{}"]), expected);
            assert_eq!(all(&pairs, &["a\n{}\na\n{", "}\n"]), "a\n{}\na\n{}\n");
            assert_eq!(all(&json, &[",\n{}"]), "[\n{}\n]\n");
            assert_eq!((all(&lines, &[]), all(&rows, &[])), (String::new(), "[\"a\"]\n".to_owned()));
            assert_eq!(all(&json, &[]), "[\n]\n");
        }
    }
}

/// A source of noise.
struct NumberSource(u64);

impl NumberSource {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// Splits a list of records into parts by the rule in the guide, one record after another.
fn parted(framing: &Framing, records: &[String], split: Split) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (open, close) = (text(&framing.open), text(&framing.close));
    let mut parts = vec![(open.clone(), 0)];
    for record in records {
        let (part, n) = parts.last_mut().unwrap();
        let size = split.size.map_or(usize::MAX, |size| size as usize);
        let full = split.records.is_some_and(|most| *n >= most);
        if *n > 0 && (full || part.len() + record.len() + close.len() > size) {
            parts.push((open.clone(), 0));
        }
        let (part, n) = parts.last_mut().unwrap();
        part.push_str(if framing.separated && *n == 0 { &record[1..] } else { record });
        *n += 1;
    }
    parts.into_iter().map(|(part, _)| part + &close).collect()
}

#[test]
fn parts_end_where_they_should_whatever_the_buffers() {
    let framings = framings();
    let mut numbers = NumberSource(7);
    let mut n_parts = 0;
    for round in 0..800 {
        let framing = framings[round % 4].clone();
        let typed = [None, Some("gzip"), None, Some("zstd")][round / 4 % 4];
        let compression = typed.map(|typed| Compression::parse(typed).unwrap());
        let packed_size = if typed.is_some() { 400 } else { 100 };
        let split = Split {
            size: (numbers.below(3) > 0).then(|| 1 + numbers.below(packed_size) as u64),
            records: (numbers.below(3) > 0).then(|| 1 + numbers.below(9) as u64),
        };
        if !split.is_some() {
            continue;
        }
        let records: Vec<String> = (0..numbers.below(40))
            .map(|i| {
                let most = if numbers.below(9) == 0 { 300 } else { 12 };
                let n = numbers.below(most);
                let noise: String = (0..n).map(|_| (b'a' + numbers.below(26) as u8) as char).collect();
                let [before, behind] = match (framing.separated, framing.preceded) {
                    (true, _) => [",\n", ""],
                    (_, true) => ["a\n", "\n"],
                    _ => ["", "\n"],
                };
                format!("{before}{{\"{i}\":\"{noise}\"}}{behind}")
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let mut parts = Parts::open(&path, Default::default()).unwrap();
        parts.begin_anew(&|_| Ok(())).unwrap();
        let shape =
            OutputOptions { framing: framing.clone(), compression, split, ..OutputOptions::default() };
        let mut writer =
            OutputWriter::new(Target::Parts(Box::new(parts)), shape, Reached::default()).unwrap();
        let mut packer = compression.map(|compression| Packer::new(compression, 20_000).unwrap());
        let mut write = |raw: &[u8], within, ends| {
            let layout = writer.layout();
            let cuts = layout.cuts(raw, within, ends);
            if let Some(packer) = &mut packer {
                packer.ahead(raw, cuts.ranges(layout.bounds, raw));
            }
            writer.write(Batch { raw, cuts, packer: packer.as_mut() }).unwrap();
            cuts.within
        };
        // Slices of whole records, in buffers that end anywhere but within what opens a record.
        let mut left = &records[..];
        while !left.is_empty() {
            let (slice, rest) = left.split_at(1 + numbers.below(left.len()));
            left = rest;
            let slice = slice.concat();
            let (mut at, mut within) = (0, false);
            while at < slice.len() {
                let mut end = (at + 3 + numbers.below(80)).min(slice.len());
                let n_opened = match &slice[..end] {
                    text if framing.separated => usize::from(text.ends_with(',')),
                    text if text.ends_with("a\n") => 2,
                    text => usize::from(framing.preceded && text.ends_with("\na")),
                };
                end -= n_opened;
                let ends = if end == slice.len() { Ends::Record } else { Ends::Within };
                within = write(&slice.as_bytes()[at..end], within, ends);
                at = end;
            }
            assert!(!within);
        }
        writer.close().unwrap();
        writer.finish().unwrap();
        let reached = writer.reached();
        drop(writer);
        let manifest = std::fs::read(folder.path().join("out.manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let listed = manifest["parts"].as_array().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), listed.len() + 1);
        let mut n_bytes = 0;
        let got: Vec<String> = listed
            .iter()
            .map(|part| {
                let bytes = std::fs::read(folder.path().join(part["name"].as_str().unwrap())).unwrap();
                assert_eq!(part["bytes"], bytes.len());
                n_bytes += bytes.len() as u64;
                let text = text(typed, &bytes);
                let n = text.matches("{\"").count();
                assert_eq!(part["records"], n, "{text}");
                let size = split.size.unwrap_or(u64::MAX);
                assert!(bytes.len() as u64 <= size || n <= 1, "{} bytes, not {size}: {text}", bytes.len());
                assert!(split.records.is_none_or(|most| n as u64 <= most), "{n} records: {text}");
                text
            })
            .collect();
        assert_eq!((reached.bytes, reached.parts.unwrap().n_whole), (n_bytes, got.len() as u64));
        assert_eq!((&manifest["bytes"], &manifest["records"]), (&n_bytes.into(), &records.len().into()));
        let expected = parted(&framing, &records, split);
        if typed.is_none() || split.size.is_none() {
            assert_eq!(got, expected, "{split:?}");
        } else {
            let framed = got.iter().all(|part| {
                part.as_bytes().starts_with(&framing.open) && part.as_bytes().ends_with(&framing.close)
            });
            assert!(framed, "{got:?}");
            let bare = |parts: &[String]| {
                let inner =
                    |part: &String| part[framing.open.len()..part.len() - framing.close.len()].to_owned();
                parts.iter().map(inner).collect::<String>().replace(',', "")
            };
            assert_eq!(bare(&got), bare(&expected));
        }
        n_parts += got.len();
    }
    assert!(n_parts > 1000, "{n_parts}");
}
