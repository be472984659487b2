//! File systems of other machines: the right result and status 0, or one line, status 1, and
//! nothing lost.
//!
//! The disk of `amnesia` with other manners stands for them. Like NFS it has no file without a name
//! and no hard links, keeps what is removed while it is open as `.nfs…`, says at a close or a sync
//! that what was written is lost, and believes for a second what it was told of a file. Like SMB it
//! lets nothing take the place of an open file, and names that differ by case alone are one.

use crate::amnesia::disk::{Disk, History, NamedFiles};
use crate::amnesia::manners::Manners;
use crate::amnesia::scene::Stage;
use crate::amnesia::served::Fault;
use crate::harness::{Output, PEOPLE_HEADER, large, odd, people};

/// What was there before.
const EARLIER: &[u8] = b"{\"an\":\"earlier result\"}\n";

/// Something that a user does in a folder, the input being `in.csv` there.
struct Errand {
    name: &'static str,
    /// A line of shell; `DIR` is the folder.
    script: &'static str,
    /// What is there before, by name.
    before: &'static [(&'static str, &'static [u8])],
    /// Run before, to its end.
    first: &'static str,
    /// The file without which there is no result, or none that is promised.
    head: &'static str,
}

const fn errand(name: &'static str, script: &'static str, head: &'static str) -> Errand {
    Errand { name, script, before: &[], first: "", head }
}

const PARTS: &str = "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl --split-records 120 -j 2 --window 8K";

/// The errands of users.
fn errands() -> Vec<Errand> {
    let parts =
        |name, script| Errand { first: "--split-records 90", ..errand(name, script, "out.manifest.json") };
    vec![
        errand("plain", "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl -j 2 --window 8K", "out.jsonl"),
        Errand {
            before: &[("out.jsonl", EARLIER)],
            ..errand("over an earlier file", "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl -j 2", "out.jsonl")
        },
        errand("no clobber", "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl --no-clobber", "out.jsonl"),
        Errand {
            before: &[("out.jsonl", EARLIER)],
            ..errand("sync", "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl --sync", "out.jsonl")
        },
        Errand {
            before: &[("out.jsonl", EARLIER)],
            ..errand(
                "resume",
                "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl --resume --checkpoint-every 20K --window 8K",
                "out.jsonl",
            )
        },
        errand("parts", PARTS, "out.manifest.json"),
        errand("a folder", "$ROWMILL -q DIR/in.csv --output-dir DIR/made", "made/in.jsonl"),
        parts("parts over earlier ones", PARTS),
        parts(
            "parts, resume",
            "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl --split-records 120 --resume --checkpoint-every 20K",
        ),
        errand(
            "rejects and stats",
            "$ROWMILL -q DIR/in.csv -o DIR/out.jsonl --rejects DIR/bad --stats DIR/stats.json",
            "out.jsonl",
        ),
        errand(
            "worker and verify",
            "$ROWMILL plan -q --ranges 3 DIR/in.csv -o plan.jsonl && \
             $ROWMILL worker plan.jsonl -o DIR/parts > receipts && \
             $ROWMILL verify -q plan.jsonl receipts -o DIR/parts",
            "parts/_SUCCESS",
        ),
    ]
}

/// A stage whose disk has these manners, and what was to be there.
struct Far {
    stage: Stage,
    input: Vec<u8>,
}

impl Far {
    fn new(manners: Manners) -> Far {
        Far { stage: Stage::with(manners), input: [odd(60), people(300)].concat() }
    }

    fn in_folder(script: &str, folder: &str) -> String {
        script.replace("DIR", folder)
    }

    /// What it makes on an ordinary disk.
    fn expected(&self, errand: &Errand) -> NamedFiles {
        let place = &self.stage.place;
        std::fs::create_dir_all(place.path("near")).unwrap();
        place.write("near/in.csv", &self.input);
        place.shell(&Far::in_folder(errand.script, "near")).out().expect_status(0);
        let mut left = NamedFiles::new();
        let mut folders = vec![place.path("near")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(place.path("near")).unwrap().to_string_lossy().into_owned();
                // Receipts and the log of rejects say where records are from.
                let mut bytes = std::fs::read(&path).unwrap();
                if name.ends_with(".json") || name.ends_with(".log.jsonl") {
                    let text = String::from_utf8(bytes).unwrap();
                    bytes = text.replace("near/in.csv", "disk/in.csv").into_bytes();
                }
                left.insert(name, bytes);
            }
        }
        std::fs::remove_dir_all(place.path("near")).unwrap();
        left
    }

    /// The disk before it. `None` if nothing can be mounted here.
    fn before(&mut self, errand: &Errand) -> Option<Disk> {
        let files = [&[("in.csv", &*self.input)][..], errand.before].concat();
        let disk = Disk::with(&files);
        if errand.first.is_empty() {
            return Some(disk);
        }
        let script = format!("$ROWMILL -q disk/in.csv -o disk/out.jsonl {}", errand.first);
        let (output, history) = self.stage.run(&script, History::new(disk), Fault::Nothing)?;
        output.expect_status(0);
        Some(history.seen(history.changes.len()))
    }

    /// Runs a line of shell on a disk, with a fault; says how it went, and what programs see then.
    fn run(&mut self, script: &str, before: &Disk, fault: Fault) -> Option<(Output, Disk)> {
        let script = Far::in_folder(script, "disk");
        let (output, history) = self.stage.run(&script, History::new(before.clone()), fault)?;
        Some((output, history.seen(history.changes.len())))
    }
}

/// What a file holds, but for what differs from run to run.
fn same(name: &str, a: &[u8], b: &[u8]) -> bool {
    let told = |bytes: &[u8]| {
        let mut text: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        for key in
            ["seconds", "bytes_in_per_second", "bytes_out_per_second", "inputs", "input", "peak_memory"]
        {
            text.as_object_mut().and_then(|text| text.remove(key));
        }
        text
    };
    if name.ends_with("stats.json") {
        let records = |bytes: &[u8]| told(bytes)["records"].as_u64();
        return records(a).is_some() && records(a) == records(b);
    }
    if name.ends_with(".receipt.json") { told(a) == told(b) } else { a == b }
}

/// All is as on an ordinary disk, and nothing else is there.
#[track_caller]
fn is_whole(what: &str, got: &NamedFiles, expected: &NamedFiles) {
    let names = |left: &NamedFiles| left.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(got), names(expected), "{what}");
    for (name, bytes) in expected {
        assert!(same(name, &got[name], bytes), "{what}: {name} is another");
    }
}

/// One line, and all is as before but for hidden names, or files that came before the head.
#[track_caller]
fn is_refused(what: &str, errand: &Errand, output: &Output, before: &NamedFiles, after: &NamedFiles) {
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert!(lines.len() == 1 && lines[0].starts_with("rowmill: "), "{what}: {}", output.stderr);
    output.expect_status(1);
    assert_eq!(after.get(errand.head), before.get(errand.head), "{what}: {}", output.stderr);
    for (name, bytes) in before {
        assert_eq!(after.get(name), Some(bytes), "{what}: {name}");
    }
}

fn both() -> [(&'static str, Manners); 2] {
    [("NFS", Manners::nfs()), ("SMB", Manners::smb())]
}

#[test]
fn every_way_gives_the_right_result_there() {
    for (kind, manners) in both() {
        let mut far = Far::new(manners);
        for errand in errands() {
            let what = format!("{kind}, {}", errand.name);
            let expected = far.expected(&errand);
            let Some(before) = far.before(&errand) else { return };
            let Some((output, after)) = far.run(errand.script, &before, Fault::Nothing) else { return };
            assert!(output.status.success() && output.stderr.is_empty(), "{what}: {}", output.stderr);
            is_whole(&what, &after.files(), &expected);
            // Killed at some call, and run again.
            for n in (1..60).step_by(if large() { 1 } else { 9 }) {
                let Some((output, after)) = far.run(errand.script, &before, Fault::Kill(n)) else { return };
                if output.status.success() {
                    break;
                }
                if errand.name == "resume"
                    || errand.name.starts_with("worker")
                    || errand.name == "parts, resume"
                {
                    let Some((output, again)) = far.run(errand.script, &after, Fault::Nothing) else {
                        return;
                    };
                    assert!(output.status.success(), "{what}, killed at {n}: {}", output.stderr);
                    let mut again = again.files();
                    again.retain(|name, _| !name.ends_with(".rowmill"));
                    is_whole(&format!("{what}, killed at {n}"), &again, &expected);
                }
            }
        }
    }
}

/// What was accepted and is lost is said at a close or a sync: never status 0, unless the file did
/// not matter.
#[test]
fn a_late_error_is_an_error() {
    let mut far = Far::new(Manners::nfs());
    let mut n_failed = 0;
    for errand in errands() {
        let expected = far.expected(&errand);
        let Some(before) = far.before(&errand) else { return };
        for (late, fault) in [
            ("close", Fault::LateClose as fn(usize) -> Fault),
            ("sync", Fault::LateSync as fn(usize) -> Fault),
        ] {
            for n in 1.. {
                let what = format!("{}, {late} number {n}", errand.name);
                let Some((output, after)) = far.run(errand.script, &before, fault(n)) else { return };
                let (came, after_left) = (far.stage.came(), after.files());
                if !came {
                    is_whole(&what, &after_left, &expected);
                    break;
                }
                if output.status.success() {
                    // It was not needed any more.
                    is_whole(&what, &after_left, &expected);
                    println!("{what}: not needed");
                    continue;
                }
                n_failed += 1;
                if output.stderr.contains("stats.json") {
                    output.expect_status(1);
                    assert_eq!(after_left["out.jsonl"], expected["out.jsonl"], "{what}");
                    continue;
                }
                is_refused(&what, &errand, &output, &before.files(), &after_left);
                let Some((output, again)) = far.run(errand.script, &after, Fault::Nothing) else { return };
                assert!(output.status.success(), "{what}, again: {}", output.stderr);
                is_whole(&format!("{what}, again"), &again.files(), &expected);
            }
        }
    }
    println!("{n_failed} late errors were told");
    assert!(n_failed > 30, "{n_failed}");
}

/// Who reads the earlier result keeps it from being replaced by SMB; by NFS it stays as `.nfs…`,
/// which no manifest and no `verify` takes for a part.
#[test]
fn an_earlier_result_that_is_being_read_is_replaced_or_stays() {
    for (kind, manners) in both() {
        let mut far = Far::new(manners);
        for (errand, held) in [
            ("sync", "out.jsonl"),
            ("resume", "out.jsonl"),
            ("parts over earlier ones", "out-00001.jsonl"),
            ("worker and verify", "parts/part-00001-of-00003.jsonl"),
        ] {
            let errand = errands().into_iter().find(|other| other.name == errand).unwrap();
            let what = format!("{kind}, {}, {held} is being read", errand.name);
            let expected = far.expected(&errand);
            let Some(mut before) = far.before(&errand) else { return };
            if errand.name.starts_with("worker") {
                let Some((output, after)) = far.run(errand.script, &before, Fault::Nothing) else { return };
                output.expect_status(0);
                before = after;
                before.cut("parts/part-00001-of-00003.jsonl", 100);
            }
            let script =
                format!("exec 9< DIR/{held}; {}; status=$?; ls -AR DIR > seen; exit $status", errand.script);
            let Some((output, after)) = far.run(&script, &before, Fault::Nothing) else { return };
            let seen = String::from_utf8(far.stage.place.read("seen")).unwrap();
            if kind == "SMB" && !errand.name.starts_with("parts") {
                assert_eq!(output.status.code(), Some(1), "{what}: {}", output.stderr);
                output.expect_stderr("Permission denied");
                assert_eq!(after.files().get(held), before.files().get(held), "{what}");
                let Some((output, again)) = far.run(errand.script, &after, Fault::Nothing) else { return };
                assert!(output.status.success(), "{what}, then closed: {}", output.stderr);
                is_whole(&what, &again.files(), &expected);
                continue;
            }
            assert!(output.status.success(), "{what}: {}", output.stderr);
            assert_eq!(kind == "NFS", seen.contains(".nfs"), "{what}: {seen}");
            let mut after = after.files();
            // What the reader kept from being removed, the next run removes.
            after.retain(|name, _| !name.starts_with(".out.jsonl.rowmill-parts"));
            is_whole(&what, &after, &expected);
        }
    }
}

/// An input that another machine writes anew, in its place or as another file.
#[test]
fn an_input_that_changes_elsewhere_is_an_error() {
    let mut far = Far::new(Manners::nfs());
    far.input = [PEOPLE_HEADER, &people(20_000)].concat();
    let other: Vec<u8> = far.input.iter().map(|byte| if *byte == b'7' { b'8' } else { *byte }).collect();
    let errand = &errands()[1];
    let expected = far.expected(errand);
    let Some(before) = far.before(errand) else { return };
    for (how, fault, says) in [
        (
            "rewritten",
            Fault::Rewritten as fn(usize, &'static str, Vec<u8>) -> Fault,
            "the file was rewritten",
        ),
        ("replaced", Fault::Replaced as fn(usize, &'static str, Vec<u8>) -> Fault, "Stale file handle"),
    ] {
        let mut n_told = 0;
        for n in (1..).step_by(if large() { 1 } else { 3 }) {
            let what = format!("{how} at read {n}");
            let Some((output, after)) = far.run(errand.script, &before, fault(n, "in.csv", other.clone()))
            else {
                return;
            };
            let after = after.files();
            if !far.stage.came() {
                is_whole(&what, &after, &expected);
                break;
            }
            if output.status.success() {
                // Before it was looked at, or when all was read.
                let near = Far { stage: Stage::new(), input: other.clone() }.expected(errand);
                let of = if after["out.jsonl"] == expected["out.jsonl"] { &expected } else { &near };
                assert_eq!(after["out.jsonl"], of["out.jsonl"], "{what}: it is of neither");
                continue;
            }
            n_told += 1;
            output.expect_status(1).expect_one_line(says);
            assert_eq!(after["out.jsonl"], EARLIER, "{what}");
            assert!(after.keys().all(|name| !name.starts_with('.')), "{what}: {:?}", after.keys());
        }
        assert!(n_told > 2, "{how}: {n_told}");
    }
}

/// Names that differ by case alone lead to one file, so it is an input under both.
#[test]
fn an_input_under_another_case_is_not_written_over() {
    let mut far = Far::new(Manners::smb());
    let before = Disk::with(&[("in.csv", &far.input), ("out.jsonl", EARLIER)]);
    for flags in [
        "-o DIR/IN.csv",
        "-o DIR/IN.csv --resume",
        "-o DIR/x.jsonl --rejects DIR/In.Csv",
        "-o DIR/x.jsonl --stats DIR/IN.CSV",
    ] {
        let script = format!("$ROWMILL -q DIR/in.csv {flags}");
        let Some((output, after)) = far.run(&script, &before, Fault::Nothing) else { return };
        output.expect_status(1).expect_one_line("disk/in.csv");
        assert_eq!(after.files(), before.files(), "{flags}");
    }
    // Two outputs that would be one; on a disk of one's own they are two.
    let script = "$ROWMILL -q DIR/in.csv -o DIR/New.jsonl --rejects DIR/new.jsonl";
    far.stage.manners.holds = false;
    let Some((output, after)) = far.run(script, &before, Fault::Nothing) else { return };
    output.expect_status(2).expect_one_line("named for two outputs");
    assert_eq!(after.files(), before.files());
    let mut near = Far::new(Manners::default());
    let Some((output, after)) = near.run(script, &before, Fault::Nothing) else { return };
    output.expect_status(0);
    assert_eq!(after.names("").len(), before.names("").len() + 3);
    let Some((output, after)) =
        far.run("$ROWMILL -q DIR/in.csv -o DIR/OUT.jsonl --no-clobber", &before, Fault::Nothing)
    else {
        return;
    };
    output.expect_status(1).expect_one_line("exists already");
    assert_eq!(after.files(), before.files());
}

/// Nor are two inputs converted to one file.
#[test]
fn inputs_whose_outputs_differ_by_case_alone_are_refused() {
    for (manners, is_folded) in [(Manners::smb(), true), (Manners::default(), false)] {
        let mut far = Far::new(manners);
        far.stage.manners.holds = false;
        for name in ["a.csv", "A.csv", "b.csv"] {
            far.stage.place.write(name, "n\n1\n");
        }
        let script = "$ROWMILL -q a.csv b.csv A.csv --output-dir DIR/out";
        let Some((output, after)) = far.run(script, &Disk::with(&[]), Fault::Nothing) else { return };
        if is_folded {
            output.expect_status(2).expect_one_line("a.csv and A.csv: both would be written to ");
        } else {
            output.expect_status(0);
        }
        assert_eq!(after.names("out").len(), if is_folded { 0 } else { 3 });
    }
}
