//! `--encoding`: what comes out is the text as an independent decoder has it, and places are those
//! of the input, to the byte.
//!
//! The expectations are those of Python's codecs, which know nothing of ours: each record is
//! decoded by itself, and where each stands is known from the bytes that were put together.

use serde_json::{Value, json};

use crate::harness::{Numbers, Output, Place, Run, has};

/// A file in some encoding, what it says, and where its anomalies are.
struct Made {
    bytes: Vec<u8>,
    /// The output.
    lines: String,
    short: Anomaly,
    invalid: Anomaly,
}

#[derive(Default)]
struct Anomaly {
    count: u64,
    /// Line, record, byte.
    first: Option<(u64, u64, u64)>,
}

impl Anomaly {
    fn seen(&mut self, line: u64, record: u64, byte: usize) {
        self.count += 1;
        self.first.get_or_insert((line, record, byte as u64));
    }
}

/// Label, Python's name for it, text that it has, and bytes in it that are malformed before a comma
/// or a line's end, with the number of U+FFFD.
type Case = (&'static str, &'static str, &'static str, &'static [(&'static [u8], u64)]);

const CASES: [Case; 13] = [
    ("windows-1252", "cp1252", "naïve – “café” €5 Ærø", &[]),
    ("iso-8859-2", "iso8859-2", "Łódź žluťoučký kůň", &[]),
    ("koi8-r", "koi8-r", "Съешь ещё этих мягких булок", &[]),
    ("macintosh", "mac-roman", "fiancé Ω≈ç√∫ ﬁn", &[]),
    ("shift_jis", "shift_jis", "日本語 ｶﾀｶﾅ ソート 表 ー", &[(b"\xff", 1), (b"\x81", 1), (b"\xfc\xfc", 1)]),
    (
        "euc-jp",
        "euc_jp",
        "日本語 ｶﾀｶﾅ 丂丄丅 漢字",
        &[(b"\xff", 1), (b"\xa4", 1), (b"\x8f\xa2", 1), (b"\x8f\xa1\xa1", 1)],
    ),
    ("euc-kr", "cp949", "한국어 뷁 텍스트", &[(b"\xff", 1), (b"\xb0", 1), (b"\xc9\xa1", 1)]),
    ("gbk", "gbk", "中文 文本 ＡＢ", &[(b"\xff", 1), (b"\x81", 1)]),
    ("gb18030", "gb18030", "中文 ß ñ 😀 𠀀 ŋ", &[(b"\xff", 1), (b"\x81", 1), (b"\xfe\x39\xfe\x39", 1)]),
    ("big5", "big5", "繁體中文 文字", &[(b"\xff", 1), (b"\xa4", 1), (b"\x81\x81", 1)]),
    ("iso-2022-jp", "iso2022_jp", "日本語x text 漢字y", &[(b"\xff", 1), (b"\x0e", 1)]),
    ("utf-16le", "utf-16-le", "日本 é 😀", &[(b"\x00\xd8", 1), (b"\x00\xdc\x01\xd8", 2)]),
    ("utf-16be", "utf-16-be", "日本 é 😀", &[(b"\xd8\x00", 1), (b"\xdc\x00\xd8\x01", 2)]),
];

/// What Python makes of pieces of text in an encoding.
fn encoded(place: &Place, codec: &str, pieces: &[&str]) -> Vec<Vec<u8>> {
    let script = "
import json, sys
codec, pieces = json.load(sys.stdin)
print(json.dumps([list(piece.encode(codec)) for piece in pieces]))
";
    let asked = json!([codec, pieces]).to_string();
    let run = Run::program("python3").dir(place.dir()).env("PYTHONIOENCODING", "utf-8");
    let output = run.args(["-c", script]).stdin(asked).out();
    output.expect_status(0);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bytes =
        |piece: &Value| piece.as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap() as u8).collect();
    told.as_array().unwrap().iter().map(bytes).collect()
}

fn made(place: &Place, case: &Case, n_records: u64) -> Made {
    let (_, codec, text, malformed) = *case;
    let words: Vec<&str> = text.split(' ').collect();
    let quoted = format!("\"{text}\n{text}\"");
    let pieces = [&words[..], &[",", "\n", &quoted, "a,b\n"]].concat();
    let encoded = encoded(place, codec, &pieces);
    let [comma, newline, long, header] = &encoded[words.len()..] else { unreachable!() };
    let mut numbers = Numbers(3);
    let (mut bytes, mut lines, mut line) = (header.clone(), String::new(), 2);
    let (mut short, mut invalid) = (Anomaly::default(), Anomaly::default());
    for record in 1..=n_records {
        let at = bytes.len();
        let (mut a, mut b) = (String::new(), Some(String::new()));
        for _ in 0..1 + numbers.below(12) {
            let word = numbers.below(words.len());
            bytes.extend(&encoded[word]);
            a.push_str(words[word]);
        }
        match numbers.below(40) {
            // Far in, so that all that lies before counts.
            0 if record > n_records / 2 => {
                short.seen(line, record, at);
                b = None;
            }
            1 if record > n_records * 2 / 3 && !malformed.is_empty() => {
                let (bad, n) = numbers.pick(malformed);
                for _ in 0..n {
                    invalid.seen(line, record, bytes.len());
                }
                bytes.extend(bad);
                a.push_str(&"\u{fffd}".repeat(n as usize));
                bytes.extend(comma);
            }
            2 => {
                bytes.extend(comma);
                bytes.extend(long);
                b = Some(format!("{text}\n{text}"));
                line += 1;
            }
            _ => {
                bytes.extend(comma);
                let word = numbers.below(words.len());
                bytes.extend(&encoded[word]);
                b = Some(words[word].to_owned());
            }
        }
        bytes.extend(newline);
        line += 1;
        let text = |text: &str| serde_json::to_string(text).unwrap();
        let b = b.map_or(String::new(), |b| format!(",\"b\":{}", text(&b)));
        lines.push_str(&format!("{{\"a\":{}{b}}}\n", text(&a)));
    }
    Made { bytes, lines, short, invalid }
}

impl Made {
    #[track_caller]
    fn hold(&self, output: &Output) {
        output.expect_status(0);
        assert!(output.stdout == self.lines.as_bytes(), "output differs: {}", output.command_line);
        assert_eq!(output.stat("bytes_in"), self.bytes.len() as u64, "{}", output.command_line);
        for (name, anomaly) in [("short_record", &self.short), ("invalid_bytes", &self.invalid)] {
            let told = &output.stats()["anomalies"][name];
            if let Some((line, record, byte)) = anomaly.first {
                assert_eq!(told["count"], anomaly.count, "{name}: {}", output.command_line);
                let first = &told["first"];
                let place = (first["line"].clone(), first["record"].clone(), first["byte"].clone());
                assert_eq!(
                    place,
                    (line.into(), record.into(), byte.into()),
                    "{name}: {}",
                    output.command_line
                );
            } else {
                assert!(told.is_null(), "{name}: {told}");
            }
        }
    }
}

#[test]
fn text_and_places_are_right_in_every_encoding() {
    if !has("python3", "encodings against Python's") {
        return;
    }
    let place = Place::new();
    for case in &CASES {
        let made = made(&place, case, 2000);
        assert!(made.short.count > 5 && (case.3.is_empty() || made.invalid.count > 5), "{}", case.0);
        place.write("in.csv", &made.bytes);
        for threads in ["1", "2"] {
            for window in ["1", "64", "1000", "256K"] {
                let args = ["-q", "--trim", "none", "--encoding", case.0, "-j", threads, "--window", window];
                if window == "1" && threads == "2" {
                    continue;
                }
                let run = || place.rowmill().args(args).with_stats();
                made.hold(&run().arg("in.csv").out());
                made.hold(&run().arg("-").stdin(made.bytes.clone()).out());
            }
        }
        // A byte at a time, as no pipe is slower.
        let small = self::made(&place, case, 120);
        let run = place.rowmill().args(["-q", "--trim", "none", "--encoding", case.0, "-"]).with_stats();
        let mut running = run.start();
        let mut stdin = running.stdin();
        for byte in small.bytes.chunks(1) {
            std::io::Write::write_all(&mut stdin, byte).unwrap();
        }
        drop(stdin);
        small.hold(&running.finish());
    }
}

/// The characters that have two forms, sequences that give no text, and codes that give two
/// characters: the place of what is behind them.
#[test]
fn places_behind_what_has_no_certain_width() {
    let place = Place::new();
    let kinds: [(&str, &[&[u8]]); 5] = [
        // Both forms of kanji that JIS X 0208's extensions and JIS X 0212 have.
        (
            "euc-jp",
            &[b"\xf9\xa9", b"\x8f\xd4\xe3", b"\x8f\xb0\xa1", b"\xb0\xa1", b"\x8e\xb1", b"\x8f\xb0", b"\xff"],
        ),
        (
            "gb18030",
            &[
                b"\x80",
                b"\xa2\xe3",
                b"\x82\x35\x90\x37",
                b"\xfe\x59",
                b"\xd6\xd0",
                b"\x94\x39\xda\x33",
                b"\x84\x31",
            ],
        ),
        ("gbk", &[b"\x80", b"\xa2\xe3", b"\x84\x31\x82\x36", b"\xa6\xd9", b"\xd6\xd0", b"\xff"]),
        ("big5", &[b"\x88\x62", b"\x88\x64", b"\x88\xa3", b"\x88\xa5", b"\x88\x66", b"\xa4\xa4", b"\x88"]),
        (
            "iso-2022-jp",
            &[b"\x1b$B", b"\x1b(B", b"\x1b(J\\", b"\x1b(I", b"\x1b$@", b"\x1b", b"\x30\x6c", b"\x1b(B\x1b(B"],
        ),
    ];
    let mut numbers = Numbers(9);
    for (label, parts) in kinds {
        // Which bytes are wrong the decoder says: where the first short record is known without.
        let mut bytes = b"a,b\n".to_vec();
        let iso = label == "iso-2022-jp";
        for _ in 0..3000 {
            for _ in 0..numbers.below(9) {
                bytes.extend(numbers.pick(parts));
            }
            bytes.extend(if iso { &b"\x1b(B ,x\n"[..] } else { b" ,x\n" });
        }
        let at = bytes.len() as u64;
        bytes.extend(b"short\n");
        for _ in 0..100 {
            bytes.extend(numbers.pick(parts));
            bytes.extend(if iso { &b"\x1b(B ,x\n"[..] } else { b" ,x\n" });
        }
        place.write("in.csv", &bytes);
        for window in ["64", "5000", "256K"] {
            for threads in ["1", "2"] {
                let args = ["-q", "--encoding", label, "--window", window, "-j", threads, "in.csv"];
                let output = place.rowmill().args(args).with_stats().out();
                output.expect_status(0);
                let told = &output.stats()["anomalies"]["short_record"];
                assert_eq!(told["first"]["byte"], at, "{label}: {}", output.command_line);
                assert_eq!((&told["count"], &told["first"]["line"]), (&json!(1), &json!(3002)), "{label}");
                assert_eq!(output.stat("bytes_in"), bytes.len() as u64, "{label}");
            }
        }
    }
}

#[test]
fn a_mark_overrules_and_labels_are_told() {
    let place = Place::new();
    let line = "{\"a\":\"é\"}\n";
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    for (bytes, label) in [
        ("a\né\n".as_bytes().to_vec(), "utf-8"),
        (b"a\n\xe9\n".to_vec(), "latin1"),
        ("\u{feff}a\né\n".as_bytes().to_vec(), "windows-1252"),
        (units("\u{feff}a\né\n"), "shift_jis"),
        (units("a\né\n"), "UTF-16BE"),
    ] {
        place.write("in.csv", &bytes);
        for run in [place.rowmill().arg("in.csv"), place.rowmill().arg("-").stdin(bytes.clone())] {
            run.args(["-q", "--encoding", label]).out().expect_status(0).expect_stdout(line);
        }
    }
    for (label, told) in [("latin-one", "no encoding is called 'latin-one'"), ("iso-2022-kr", "iconv")] {
        let output = place.rowmill().args(["in.csv", "--encoding", label]).out();
        output.expect_status(2).expect_one_line("--encoding: ").expect_stderr(told);
    }
}

#[test]
fn a_compressed_file_is_decoded_too() {
    if !has("gzip", "a compressed file in another encoding") {
        return;
    }
    let place = Place::new();
    let text = [&b"a;b\n"[..], &b"caf\xe9;1\n".repeat(9000), b"short\n"].concat();
    place.write("in.csv", &text);
    place.shell("gzip in.csv").out().expect_status(0);
    for args in [&["in.csv.gz"][..], &["--window", "64", "in.csv.gz"]] {
        let run = place.rowmill().args(["-q", "-d", ";", "--encoding", "windows-1252"]).args(args);
        let output = run.with_stats().out();
        output.expect_status(0);
        assert!(output.stdout.starts_with("{\"a\":\"café\",\"b\":\"1\"}\n".as_bytes()));
        // Places are those of the text in the file, before it is decoded.
        assert_eq!(output.stat("bytes_in"), text.len() as u64);
        assert_eq!(output.stats()["anomalies"]["short_record"]["first"]["byte"], text.len() as u64 - 6);
    }
}

/// What separates, quotes or comments is compared with the file's own bytes, from 0x80 on too;
/// white space is what the encoding has.
#[test]
fn bytes_of_a_dialect_are_the_files_own() {
    let place = Place::new();
    let cases: [(&[u8], &[&str], &str); 7] = [
        (
            b"id\xa6name\n1\xa6C\xe6sar\n",
            &["--encoding", "latin1", "-d", "\\xa6"],
            "{\"id\":\"1\",\"name\":\"Cæsar\"}\n",
        ),
        (
            b"\xfeID\xfe\x14\xfeSUBJECT\xfe\n\xfeA1\xfe\x14\xfeHi, \xfe\xfecaf\xe9\xfe\xfe\xfe\n",
            &["--encoding", "windows-1252", "-d", "\\x14", "--quote", "\\xfe"],
            "{\"ID\":\"A1\",\"SUBJECT\":\"Hi, þcaféþ\"}\n",
        ),
        (
            b"\xa7 comment\nid;n\n\xa7 more;\n1;\xa7\n",
            &["--encoding", "latin1", "-d", ";", "--comment", "\\xa7"],
            "{\"id\":\"1\",\"n\":\"§\"}\n",
        ),
        (b"a,b\n\xa0x\xa0,\"\xa0\"\n", &["--encoding", "latin1"], "{\"a\":\"x\",\"b\":\"\u{a0}\"}\n"),
        // No blank there but a line of a box.
        (b"a\n\xa0x\xa0\n", &["--encoding", "koi8-r"], "{\"a\":\"═x═\"}\n"),
        // A byte that the encoding lacks, and a null that is written in it.
        (
            b"a,b\n\xaa,\xc1\n",
            &["--encoding", "windows-1253", "--null", "Α"],
            "{\"a\":\"\u{fffd}\",\"b\":null}\n",
        ),
        (
            b"a,b\n\xe1@\xe2,\xd0\xd1\xd2\xd3\xd4\n",
            &["--encoding", "koi8-r", "--mask", "a,b:last4"],
            "{\"a\":\"А***@Б\",\"b\":\"***ярст\"}\n",
        ),
    ];
    for (bytes, args, expected) in cases {
        place.write("in.csv", bytes);
        for isa in crate::harness::isas() {
            for how in [
                &["in.csv"][..],
                &["in.csv", "--io", "read"],
                &["in.csv", "--window", "5", "-j", "2"],
                &["-"],
            ] {
                let run = place.rowmill().arg("-q").args(args).args(how).env("ROWMILL_ISA", isa);
                let output = run.stdin(bytes).out();
                output.expect_status(0).expect_stdout(expected);
            }
        }
    }
}

/// A file of one byte a character is parsed as it lies, so its ranges are found and joined as those
/// of UTF-8.
#[test]
fn ranges_of_a_code_page_join_to_the_whole() {
    let place = Place::new();
    let record = b"1,\xc1\xc2\xc3,\"\xc1 \"\"\xd3\"\"\n\xd4\",ada@x.org\n";
    place.write("in.csv", [&b"id,name,\xce\xcf\xd4\xc5,email\n"[..], &record.repeat(3000)].concat());
    let set = ["--encoding", "koi8-r", "--infer", "--mask", "email", "in.csv"];
    let whole = place.rowmill().arg("-q").args(set).out();
    whole.expect_status(0);
    let plan = place.rowmill().args(["plan", "--ranges", "5"]).args(set).out();
    plan.expect_status(0);
    let mut joined = Vec::new();
    for line in String::from_utf8(plan.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let range = format!("{}..{}", line["start"], line["end"]);
        let part = place.rowmill().arg("-q").args(set).args(["--range", &range]).out();
        part.expect_status(0);
        joined.extend_from_slice(&part.stdout);
    }
    assert!(whole.stdout == joined && whole.stdout.starts_with("{\"id\":1,\"name\":\"абц\"".as_bytes()));
}
