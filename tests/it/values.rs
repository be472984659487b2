//! Values that are more than strings: whatever is asked and whatever the input, each line is JSON;
//! what does not fit is told and never lost; keys of hashes are never shown.
//!
//! What each option gives is in `fixtures/values`, `nest` and `formats`; here is what no single
//! file can show.

use std::fs;
use std::io::Cursor;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rowmill::{Anomaly, Builder, Converter, Empty, Input, Mask, Summary, Type};
use rustix::process::Signal;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::golden;
use crate::harness::{Place, Run};
use crate::library::collect;

/// Strict: the grammar, whole surrogate pairs, valid UTF-8. Only a number that no `f64` holds is
/// let pass.
fn is_strictly_json(text: &[u8]) -> bool {
    match serde_json::from_slice::<Value>(text) {
        Ok(_) => true,
        Err(error) => {
            error.to_string().starts_with("number out of range")
                && serde_json::from_slice::<IgnoredAny>(text).is_ok()
        }
    }
}

#[test]
fn every_fixture_gives_json_whatever_is_asked() {
    let asked: [&[&str]; 7] = [
        &["--infer", "--nest"],
        &["--type", "*=json", "--empty", "omit"],
        &["--type", "*=float", "--nest=a"],
        &["--type", "*=int", "--empty", "null", "--escape", "\\"],
        &["--type", "*=bool", "--quote", "none", "--null", ",NULL"],
        &["--format", "rows", "--infer", "--null", "x"],
        &["--format", "json", "--mask", "*", "--nest"],
    ];
    let mut n_lines = 0;
    for input in golden::all_inputs() {
        for args in asked {
            let output = Run::rowmill().args(args).args(["--window", "64", "-j", "2"]).arg(&input).out();
            let name = input.display();
            if output.status_is(0).is_err() {
                // A header such as `a,a.b` can't be nested, and a file that is no CSV may have no
                // column that matches.
                let refused = output.status_is(1).or_else(|_| output.status_is(2));
                assert!(refused.is_ok(), "{name} {args:?}");
                continue;
            }
            if args.contains(&"json") {
                assert!(is_strictly_json(&output.stdout), "{name} {args:?}: no JSON");
            }
            for line in
                output.stdout.split_inclusive(|&byte| byte == b'\n').filter(|_| !args.contains(&"json"))
            {
                let text = line.strip_suffix(b"\n");
                assert!(text.is_some_and(is_strictly_json), "{name} {args:?}: {}", line.escape_ascii());
                n_lines += 1;
            }
        }
    }
    assert!(n_lines > 5_000, "{n_lines} lines");
}

const MISFITS: &str = "id,age,doc\n1,36,\"{\"\"a\"\":1}\"\n2,old,{}\n3,,[\n4,7,\"[1,\n2]\"\n";

#[test]
fn what_does_not_fit_is_rejected_with_its_place() {
    let place = Place::new();
    place.write("in.csv", MISFITS);
    let args = ["in.csv", "--type", "age=int,doc=json", "--rejects", "bad.csv", "-o", "out.jsonl"];
    let output = place.rowmill().args(args).with_stats().out();
    output.expect_status(0);
    assert_eq!(
        String::from_utf8(place.read("out.jsonl")).unwrap(),
        "{\"id\":\"1\",\"age\":36,\"doc\":{\"a\":1}}\n{\"id\":\"4\",\"age\":7,\"doc\":[1, 2]}\n"
    );
    assert_eq!(place.read("bad.csv"), b"id,age,doc\n2,old,{}\n3,,[\n");
    let log = String::from_utf8(place.read("bad.csv.log.jsonl")).unwrap();
    let log: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = log.iter().map(|line| (&line["line"], &line["column"], &line["anomaly"])).collect();
    assert_eq!(
        told,
        [
            (&Value::from(3), &Value::from(2), &Value::from("type_mismatch")),
            (&Value::from(4), &Value::from(3), &Value::from("type_mismatch"))
        ]
    );
    assert_eq!(output.stat("records_rejected"), 2);
}

#[test]
fn a_check_finds_what_a_conversion_finds() {
    let place = Place::new();
    let mut text = String::from("id,age,doc\n");
    for i in 0..50_000 {
        let age = if i % 7 == 0 { "x" } else { "1" };
        let doc = if i % 11 == 0 { "\"[\"\"\"" } else { "\"[\"\"\"\"]\"" };
        text += &format!("{i},{age},{doc}\n");
    }
    place.write("in.csv", text);
    let told = |args: &[&str]| {
        let output =
            place.rowmill().args(["in.csv", "--type", "age=int,doc=json"]).args(args).with_stats().out();
        output.expect_status(0);
        output.stats()["anomalies"].clone()
    };
    let converted = told(&["-o", "out.jsonl"]);
    assert_eq!(converted["type_mismatch"]["count"], 50_000 / 7 + 1 + 50_000 / 11 + 1);
    assert_eq!(told(&["--check"]), converted);
}

#[test]
fn the_key_of_a_hash_is_never_shown() {
    const KEY: &str = "the-key-that-nobody-may-see";
    let place = Place::new();
    place.write("in.csv", "id,email\n1,ada@x.org\n2,bob@x.org\n3,ada@x.org\n");
    place.write("key", format!("{KEY}\n"));
    let args = ["in.csv", "--mask", "email:hash", "--hash-key-file", "key", "-o", "out.jsonl", "--resume"];
    let output = place.rowmill().args(args).with_stats().out();
    output.expect_status(0);
    let result = String::from_utf8(place.read("out.jsonl")).unwrap();
    let hashes: Vec<Value> = result.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(hashes[0]["email"], hashes[2]["email"]);
    assert_ne!(hashes[0]["email"], hashes[1]["email"]);
    assert_eq!(hashes[0]["email"].as_str().map(str::len), Some(64));
    // The same without the newline at its end; another key gives other tokens.
    place.write("bare", KEY);
    place.write("other", format!("{KEY}."));
    let with = |key: &str| {
        place.rowmill().args(["in.csv", "--mask", "email:hash", "--hash-key-file", key]).out().stdout
    };
    assert!(with("bare") == result.as_bytes());
    assert!(with("other") != result.as_bytes());
    // In what it says when all goes well, when it doesn't, and in what it leaves on the disk when
    // it is cut off.
    place.write("in.csv", format!("id,email\n1,ada@x.org\n{}", "2,x,y\n".repeat(1_000_000)));
    let checkpointed = ["--checkpoint-every", "1M", "--strict"];
    let failed = place.rowmill().args(args).args(checkpointed).out();
    failed.expect_refusal(1, "--strict");
    let mut running =
        place.rowmill().args(args).args(["--checkpoint-every", "1M", "--limit-rate", "2M"]).start();
    let checkpoint = place.path(".out.jsonl.rowmill-checkpoint");
    running.until(|_| checkpoint.exists());
    let held = fs::read(&checkpoint).ok();
    running.signal(Signal::KILL);
    running.finish();
    let held = held.expect("a checkpoint");
    let stats = output.stats().to_string();
    for (what, text) in [
        ("the summary", output.stderr.as_bytes()),
        ("--stats", stats.as_bytes()),
        ("an error", failed.stderr.as_bytes()),
        ("a checkpoint", held.as_slice()),
    ] {
        assert!(!String::from_utf8_lossy(text).contains(KEY), "{what} shows the key");
    }
}

#[test]
fn a_key_that_is_no_secret_is_refused() {
    let place = Place::new();
    place.write("in.csv", "id,email\n1,ada@x.org\n");
    place.write("short", "fifteen bytes,,\n");
    place.write("key", "sixteen bytes,,,\n");
    let run = |args: &[&str]| place.rowmill().arg("in.csv").args(args).out();
    run(&["--mask", "email:hash"]).expect_refusal(2, "hash needs --hash-key-file");
    run(&["--mask", "email:hash", "--hash-key-file", "short"]).expect_refusal(2, "at least 16 bytes");
    run(&["--mask", "email:hash", "--hash-key-file", "none"]).expect_refusal(1, "none: cannot read");
    run(&["--mask", "email", "--hash-key-file", "key"]).expect_refusal(2, "no column is masked by hash");
    // Who names the key for the output would lose it.
    let same = run(&["--mask", "email:hash", "--hash-key-file", "key", "-o", "./key"]);
    same.expect_refusal(1, "the output is the input");
    assert_eq!(place.read("key"), b"sixteen bytes,,,\n");
}

#[test]
fn what_has_no_meaning_is_refused() {
    let place = Place::new();
    place.write("in.csv", "id,email\n1,ada@x.org\n");
    let run = |args: &[&str]| place.rowmill().arg("in.csv").args(args).out();
    run(&["--type", "id=number"]).expect_refusal(
        2,
        "no type is named 'number'; there are int, float, bool, string, json, percent, date, timestamp",
    );
    run(&["--type", "id"]).expect_refusal(2, "--type takes COLUMN=TYPE, not 'id'");
    run(&["--type", "ids=int"]).expect_refusal(1, "did you mean 'id'?");
    run(&["--type", "email=int", "--mask", "email"]).expect_refusal(2, "column 'email' is masked");
    run(&["--format", "rows", "--nest"]).expect_refusal(2, "no keys to nest");
    run(&["--format", "rows", "--empty", "omit"]).expect_refusal(2, "try --empty null");
    run(&["--nest="]).expect_refusal(2, "the separator is empty");
    run(&["--type", "*=int", "--mask", "email", "--nest"]).expect_status(0);
}

/// A converter of the library with rules of its own, over some bytes, in a few ways.
fn transformed(builder: &dyn Fn() -> Builder, text: &str) -> (String, Summary) {
    let mut first: Option<(String, Summary)> = None;
    for (threads, window) in [(1, 1 << 18), (2, 64), (2, 4096), (4, 1000)] {
        let builder = builder().threads(NonZero::new(threads).unwrap()).window(window);
        let converter = builder.build().unwrap();
        let (output, summary) =
            collect(&converter, Input::reader("bytes", Cursor::new(text.to_owned().into_bytes()))).unwrap();
        let output = String::from_utf8(output).unwrap();
        match &first {
            Some((expected, told)) => {
                assert_eq!(output, *expected);
                assert_eq!(summary.anomalies, told.anomalies);
            }
            None => first = Some((output, summary)),
        }
    }
    first.unwrap()
}

#[test]
fn a_transform_comes_before_type_mask_and_what_empty_gives() {
    let german = |text: &str| text.replace('.', "").replace(',', ".");
    let long = "7".repeat(40_000);
    let text =
        format!("Preis,who\n\"1.234,50\",ada@x.org\n\"12,5\",bob\nfree,\"c\"\"d@y\"\n,x\n{long},é@z\n");
    let (output, summary) = transformed(
        &|| {
            Converter::builder()
                .transform("Preis", german)
                .column_type("Preis", Type::Float)
                .transform("who", |text| format!("{text}!"))
                .transform("who", str::to_uppercase)
                .mask("who", Mask::Email)
        },
        &text,
    );
    let expected = format!(
        "{{\"Preis\":1234.50,\"who\":\"A***@X.ORG!\"}}\n{{\"Preis\":12.5,\"who\":\"B***\"}}\n\
         {{\"Preis\":\"free\",\"who\":\"C***@Y!\"}}\n{{\"Preis\":null,\"who\":\"X***\"}}\n\
         {{\"Preis\":{long},\"who\":\"É***@Z!\"}}\n"
    );
    assert_eq!(output, expected);
    assert_eq!(summary.count(Anomaly::TypeMismatch), 1);
    let (_, misfit) = &summary.anomalies[0];
    assert_eq!((misfit.first.line, misfit.first.column), (4, Some(1)));

    let emptied = |empty| {
        let build = move || {
            Converter::builder().transform("b", |text| text.trim_matches('x').to_owned()).empty(empty)
        };
        transformed(&build, "a,b\n1,xx\n2,xyx\n").0
    };
    assert_eq!(emptied(Empty::Null), "{\"a\":\"1\",\"b\":null}\n{\"a\":\"2\",\"b\":\"y\"}\n");
    assert_eq!(emptied(Empty::Omit), "{\"a\":\"1\"}\n{\"a\":\"2\",\"b\":\"y\"}\n");
}

/// Two threads are in it at once: each waits for the other, and only a lock that both need would
/// keep them apart.
#[test]
fn a_transform_runs_on_all_threads_at_once() {
    let (inside, met) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (here, seen) = (Arc::clone(&inside), Arc::clone(&met));
    let wait = move |text: &str| {
        let patience = Instant::now() + Duration::from_secs(60);
        here.fetch_add(1, Ordering::SeqCst);
        while !seen.load(Ordering::SeqCst) && Instant::now() < patience {
            if here.load(Ordering::SeqCst) > 1 {
                seen.store(true, Ordering::SeqCst);
            }
            std::thread::yield_now();
        }
        here.fetch_sub(1, Ordering::SeqCst);
        text.to_owned()
    };
    let builder = Converter::builder().transform("a", wait).threads(NonZero::new(2).unwrap()).window(4096);
    let text = format!("a,b\n{}", "1,2\n".repeat(10_000));
    let input = Input::reader("bytes", Cursor::new(text.into_bytes()));
    let (output, _) = collect(&builder.build().unwrap(), input).unwrap();
    assert_eq!(output, "{\"a\":\"1\",\"b\":\"2\"}\n".repeat(10_000).as_bytes());
    assert!(met.load(Ordering::SeqCst), "never two at once");
}

/// A file in which all values are quoted has no number for `--infer`, unless it is asked to look
/// there. What is read right gets no remark.
#[test]
fn quoted_numbers_get_a_remark_that_names_the_flag() {
    let run = |args: &[&str], input: &str| Run::rowmill().args(args).arg("-").stdin(input).out();
    let wanted = "stdin: all values are quoted, and --infer looks at others; did you mean --quoted-values?";
    for input in ["\"a\",\"b\"\n\"1\",\"x\"\n", "a,b\n\"-2.5\",\n\"\", \"3\" \n"] {
        run(&["--infer"], input).expect_status(0).expect_stderr(wanted);
        for args in [&[][..], &["--infer", "--quoted-values"], &["--infer", "--quote", "none"]] {
            assert!(!run(args, input).stderr.contains("quoted"), "{args:?} {input}");
        }
    }
    for input in ["a,b\n\"1\",2\n", "\"a\"\n\"x\"\n", "\"a\"\n", "a\n\"1x\"\n"] {
        assert!(!run(&["--infer"], input).stderr.contains("--quoted-values"), "{input}");
    }
}
