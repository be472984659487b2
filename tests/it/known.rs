//! Columns with what is known of each record: the byte at which it starts, and hashes of it.
//!
//! Where records start is known from the pieces that a file is put together of. Hashes are made
//! anew with the crate alone, as the guide says.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Place, can_unpack, odd};
use crate::worker::{joined, plan, values};

const SECRET: &str = "a secret of more than sixteen bytes";

/// Records as they stand in a file, each with the texts of its fields.
fn records() -> Vec<(String, Vec<String>)> {
    (0..3000)
        .map(|i| {
            let text = |text: &str| text.to_owned();
            match i % 11 {
                0 => (format!("{i}\n"), vec![i.to_string()]),
                1 => (
                    format!("{i},\"a,b\n\"\"c\"\"\",{i}\r\n"),
                    vec![i.to_string(), text("a,b\n\"c\""), i.to_string()],
                ),
                2 => (
                    format!("{i}, \u{fc}ber ,x,more\n"),
                    vec![i.to_string(), text("\u{fc}ber"), text("x"), text("more")],
                ),
                3 => {
                    let long = "y".repeat(i * 7 % 9000);
                    (format!("{i},\"{long}\n\",\n"), vec![i.to_string(), long + "\n", text("")])
                }
                4 => (",,\n".to_owned(), vec![text(""), text(""), text("")]),
                _ => (format!("{i},text {i},n\n"), vec![i.to_string(), format!("text {i}"), text("n")]),
            }
        })
        .collect()
}

/// A file of these records, with blank lines between some of them; and where each starts.
fn file(records: &[(String, Vec<String>)]) -> (String, Vec<u64>) {
    let (mut text, mut starts) = ("id,text,n\n".to_owned(), Vec::new());
    for (i, (record, _)) in records.iter().enumerate() {
        text.push_str(if i % 5 == 0 { "\n  \n" } else { "" });
        starts.push(text.len() as u64);
        text.push_str(record);
    }
    (text, starts)
}

fn column(output: &[u8], name: &str) -> Vec<Value> {
    values(output).iter().map(|record| record[name].clone()).collect()
}

/// The hash of texts, by the guide.
fn hash(key: Option<&[u8; 32]>, texts: &[&str]) -> String {
    let bytes: Vec<u8> = texts
        .iter()
        .flat_map(|text| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat())
        .collect();
    key.map_or_else(|| blake3::hash(&bytes), |key| blake3::keyed_hash(key, &bytes)).to_hex().to_string()
}

#[test]
fn each_record_has_its_byte_however_it_is_run() {
    let place = Place::new();
    let (text, starts) = file(&records());
    place.write("in.csv", &text);
    place.write("marked.csv", format!("\u{feff}{text}"));
    for (input, mark) in [("in.csv", 0), ("marked.csv", 3)] {
        let expected: Vec<Value> = starts.iter().map(|start| (start + mark).into()).collect();
        let mut first = None;
        for how in [
            &["-j", "1"][..],
            &["-j", "2"],
            &["-j", "3", "--window", "64"],
            &["-j", "3", "--window", "4096", "--io", "read"],
        ] {
            let args = ["-q", "--with", "byte,p=byte", "--id", "key", "--id", "own=text,id"];
            let from_file = place.rowmill().args(args).arg(input).args(how).out();
            from_file.expect_status(0);
            assert_eq!(column(&from_file.stdout, "byte"), expected, "{how:?}");
            assert_eq!(column(&from_file.stdout, "p"), expected, "{how:?}");
            assert!(*first.get_or_insert_with(|| from_file.stdout.clone()) == from_file.stdout, "{how:?}");
            let piped = place.rowmill().args(args).args(how).stdin(place.read(input)).out().stdout;
            assert_eq!(column(&piped, "byte"), expected, "{how:?}");
            assert_eq!(column(&piped, "own"), column(&from_file.stdout, "own"), "{how:?}");
        }
    }
    // The byte is the one that a message gives.
    let short = place.rowmill().args(["in.csv", "--strict", "--with", "byte", "-o", "out"]).out();
    short.expect_status(1).expect_stderr(&format!("byte {}", starts[0]));
    let limited = place.rowmill().args(["-q", "in.csv", "--with", "byte", "--limit", "5"]).out().stdout;
    assert_eq!(column(&limited, "byte"), starts[..5].iter().map(|n| Value::from(*n)).collect::<Vec<_>>());
}

/// In any shape of the output, and where other columns are left out or rejected.
#[test]
fn columns_of_a_record_stand_where_they_are_named() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1,\n\n2,x\n3\n4,5,6\n");
    let run = |args: &[&str]| place.rowmill().args(["-q", "in.csv", "--with", "byte"]).args(args).out();
    run(&["--select", "byte,a", "--format", "rows"])
        .expect_status(0)
        .expect_stdout("[\"byte\",\"a\"]\n[4,\"1\"]\n[8,\"2\"]\n[12,\"3\"]\n[14,\"4\",\"6\"]\n");
    run(&["--empty", "omit", "--type", "a=int", "--with", "at.b=byte", "--nest", "--limit", "3"])
        .expect_status(0)
        .expect_stdout(
            "{\"a\":1,\"byte\":4,\"at\":{\"b\":4}}\n{\"a\":2,\"b\":\"x\",\"byte\":8,\"at\":{\"b\":8}}\n\
             {\"a\":3,\"byte\":12,\"at\":{\"b\":12}}\n",
        );
    run(&["--where", "a!=1", "--format", "json", "--drop", "b", "--rejects", "bad"])
        .expect_status(0)
        .expect_stdout("[\n{\"a\":\"2\",\"byte\":8}\n]\n");
    run(&["--before", "{}", "--limit", "1"])
        .expect_status(0)
        .expect_stdout("{}\n{\"a\":\"1\",\"b\":\"\",\"byte\":4}\n");
    run(&["--check"]).expect_status(0);
    run(&["--infer=columns", "--limit", "1"])
        .expect_status(0)
        .expect_stdout("{\"a\":1,\"b\":\"\",\"byte\":4}\n");
    place.write("other.csv", "b\ny\n");
    run(&["other.csv", "--fill", "--select", "a,byte", "--limit", "5"]).expect_status(0).expect_stdout(
        "{\"a\":\"1\",\"byte\":4}\n{\"a\":\"2\",\"byte\":8}\n{\"a\":\"3\",\"byte\":12}\n\
         {\"a\":\"4\",\"byte\":14,\"_extra\":[\"6\"]}\n{\"a\":null,\"byte\":2}\n",
    );
}

/// Of a decoded file the byte is its own, as in messages; of a packed one that of the text.
#[test]
fn bytes_are_those_of_the_input() {
    let place = Place::new();
    let records = records();
    let text = |(_, texts): &(String, Vec<String>)| hash(None, &[texts.get(1).map_or("", String::as_str)]);
    let hashes: Vec<Value> = records.iter().map(text).map(Value::from).collect();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let latin = |text: &str| text.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>();
    for (encoding, encode) in [("utf-16le", &wide as &dyn Fn(&str) -> Vec<u8>), ("latin1", &latin)] {
        let (text, starts) = file(&records);
        place.write("in.csv", encode(&text));
        let expected: Vec<Value> =
            starts.iter().map(|start| encode(&text[..*start as usize]).len().into()).collect();
        for how in [&["-j", "1"][..], &["-j", "3", "--window", "512"]] {
            let args = ["-q", "in.csv", "--with", "byte", "--id", "k=text", "--encoding", encoding];
            let output = place.rowmill().args(args).args(how).out();
            output.expect_status(0);
            assert_eq!(column(&output.stdout, "byte"), expected, "{encoding} {how:?}");
            assert_eq!(column(&output.stdout, "k"), hashes, "{encoding} {how:?}");
        }
    }
    let (text, starts) = file(&records);
    if can_unpack("in.csv.zst") {
        place.write("in.csv.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
        let output = place.rowmill().args(["-q", "in.csv.zst", "--with", "byte"]).out().stdout;
        assert_eq!(column(&output, "byte"), starts.iter().map(|n| Value::from(*n)).collect::<Vec<_>>());
    }
}

#[test]
fn ids_are_made_as_the_guide_says() {
    let place = Place::new();
    let records = records();
    let (text, starts) = file(&records);
    place.write("in.csv", text);
    place.write("key", format!("{SECRET}\n"));
    let key = blake3::derive_key("rowmill 2026-11-23 mask hash", SECRET.as_bytes());
    for (args, key) in [(&[][..], None), (&["--hash-key-file", "key"][..], Some(&key))] {
        let ids = ["--id", "place", "--id", "own=n,id", "--id", "all=*"];
        let output = place.rowmill().args(["-q", "in.csv"]).args(ids).args(args).out();
        output.expect_status(0);
        let written = values(&output.stdout);
        assert_eq!(written.len(), records.len());
        for ((record, start), (_, texts)) in written.iter().zip(&starts).zip(&records) {
            let text = |i: usize| texts.get(i).map_or("", String::as_str);
            assert_eq!(record["place"], hash(key, &["in.csv", &start.to_string()]));
            assert_eq!(record["own"], hash(key, &[text(2), text(0)]));
            assert_eq!(record["all"], hash(key, &[text(0), text(1), text(2)]));
        }
    }
    // Where fields are parted matters, masks and types do not, and what is no UTF-8 is U+FFFD.
    place.write("in.csv", b"a,b\n\"ab,c\",d\n\"a\",\"b,cd\"\n\xff,\xe4\xb8x\n");
    let args = ["-q", "in.csv", "--id", "k=a,b", "--mask", "a:redact", "--type", "b=json"];
    let output = place.rowmill().args(args).out();
    let expected =
        [hash(None, &["ab,c", "d"]), hash(None, &["a", "b,cd"]), hash(None, &["\u{fffd}", "\u{fffd}x"])];
    assert_eq!(column(&output.stdout, "k"), expected.map(Value::from));
    // A page of bytes counts as its text.
    place.write("in.csv", b"a\n\xfc\n");
    let output = place.rowmill().args(["-q", "in.csv", "--id", "k=a", "--encoding", "latin1"]).out();
    assert_eq!(column(&output.stdout, "k"), [Value::from(hash(None, &["\u{fc}"]))]);
    // Of several inputs one may lack a column, which is empty then.
    place.write("a.csv", "x,y\n1,2\n");
    place.write("b.csv", "x\n1\n");
    let output = place.rowmill().args(["-q", "a.csv", "b.csv", "--id", "k=y,x"]).out();
    assert_eq!(
        column(&output.stdout, "k"),
        [hash(None, &["2", "1"]), hash(None, &["", "1"])].map(Value::from)
    );
}

#[test]
fn workers_and_runs_that_were_cut_off_write_the_same() {
    let place = Place::new();
    place.write("in.csv", odd(6000));
    place.write("key", SECRET);
    place.write("other", format!("{SECRET} and more"));
    let keyed = ["--hash-key-file", "key"];
    let args = ["--with", "byte", "--id", "place", "--id", "own=text,n"];
    let whole = place.rowmill().args(["-q", "in.csv"]).args(args).args(keyed).out().stdout;
    let lines = plan(&place, &[&["plan", "--ranges", "5"][..], &args, &keyed].concat());
    fs::create_dir(place.path("elsewhere")).unwrap();
    let worker =
        |key: &[&str]| place.rowmill().args(["worker", "-q", "plan.jsonl", "-o", "parts"]).args(key).out();
    let wrong = "with a --hash-key-file: take the same everywhere";
    worker(&[]).expect_status(1).expect_stderr(wrong);
    worker(&["--hash-key-file", "other"]).expect_status(1).expect_stderr("with another --hash-key-file");
    worker(&keyed).expect_status(0);
    assert!(joined(&place, lines.len()) == whole);
    fs::remove_dir_all(place.path("parts")).unwrap();
    let plain = place.rowmill().args(["-q", "in.csv"]).args(args).out().stdout;
    let lines = plan(&place, &[&["plan", "--ranges", "3"][..], &args].concat());
    worker(&keyed).expect_status(1).expect_stderr("without --hash-key-file: leave it out");
    worker(&[]).expect_status(0);
    assert!(joined(&place, lines.len()) == plain);
    let range = format!("{}..{}", lines[1]["start"], lines[1]["end"]);
    let ranged = place.rowmill().args(["-q", "in.csv", "--range", &range]).args(args).out().stdout;
    assert!(plain.windows(ranged.len()).any(|part| part == ranged), "a range has the whole file's bytes");
    let run = || {
        let run = place.rowmill().args(["-q", "in.csv", "-o", "out.jsonl", "--resume"]).args(args);
        run.args(["--checkpoint-every", "262144"])
    };
    let mut running = run().start();
    let was_cut = running.until_it_wrote(plain.len() as u64 / 2);
    running.signal(Signal::KILL);
    running.finish();
    run().out().expect_status(0);
    assert!(was_cut && place.read("out.jsonl") == plain);
}

#[test]
fn what_cannot_be_known_is_refused() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1,2\n");
    place.write("key", SECRET);
    let run = |args: &[&str]| place.rowmill().args(["in.csv", "-q"]).args(args).out();
    run(&["--with", "line"]).expect_refusal(2, "lines are not known before all above is read");
    run(&["--with", "n=record"]).expect_refusal(2, "a record's number is that of its line in the output");
    run(&["--with", "bytes"])
        .expect_refusal(2, "--with takes file, byte, NAME=file or NAME=byte, not 'bytes'");
    run(&["--id", "k=c"]).expect_refusal(1, "in.csv: --id: no column is named 'c'");
    run(&["--id", "k=x*"]).expect_refusal(1, "in.csv: --id: no column matches 'x*'");
    for typed in ["", "=a", "k=", "k=a,,b"] {
        run(&["--id", typed]).expect_refusal(2, &format!("--id takes NAME or NAME=A,B,…, not '{typed}'"));
    }
    run(&["--id", "a"]).expect_refusal(2, "there is a column 'a' already");
    let unused = "no column is masked by hash (--mask with the style hash), and none is an --id";
    run(&["--hash-key-file", "key"]).expect_refusal(2, unused);
}
