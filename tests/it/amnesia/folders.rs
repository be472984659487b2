//! Results of many files: parts and their manifest, workers' parts and their receipts, a folder of
//! outputs.

use serde_json::Value;

use super::disk::{Disk, History};
use super::scene::{Check, Left, Scene, Stage};
use super::served::Fault;
use crate::harness::{Place, odd};
use crate::worker::plan;

/// A result in parts: its manifest, and the parts by name.
struct Parts {
    manifest: Vec<u8>,
    files: Vec<(String, Vec<u8>)>,
}

const MANIFEST: &str = "out.manifest.json";

impl Parts {
    /// Those that are there.
    fn of(disk: &Disk) -> Option<Parts> {
        let names = disk.names("").into_iter().filter(|name| name.starts_with("out-"));
        let files = names.map(|name| (name.clone(), disk.file(&name).unwrap().to_vec())).collect();
        Some(Parts { manifest: disk.file(MANIFEST)?.to_vec(), files })
    }
}

/// Where there is a manifest, there are its parts, each whole, and no others.
fn manifest_is_true(left: &Left<'_>, new: &Parts, old: Option<&Parts>) -> Result<(), String> {
    let Some(got) = Parts::of(left.disk) else {
        return if left.ended { Err("no manifest".to_owned()) } else { Ok(()) };
    };
    let result = match old {
        _ if got.manifest == new.manifest => new,
        Some(old) if got.manifest == old.manifest && !left.ended => old,
        _ => return Err("another manifest".to_owned()),
    };
    let which = if std::ptr::eq(result, new) { "new" } else { "old" };
    for (name, whole) in &result.files {
        if left.disk.file(name) != Some(whole) {
            return Err(format!("{name} is not whole, and the {which} manifest lists it"));
        }
    }
    match got.files.iter().find(|(name, _)| !result.files.iter().any(|(known, _)| known == name)) {
        Some((name, _)) => Err(format!("{name} is there, and the {which} manifest does not list it")),
        None => Ok(()),
    }
}

/// Plays parts with these options, where nothing was, and over results of fewer and of more parts.
fn play_parts(name: &str, args: &str, goes_on: bool) {
    let mut stage = Stage::new();
    stage.place.write("in.csv", odd(900));
    stage.place.write("few.csv", odd(200));
    stage.place.write("many.csv", odd(1600));
    let script = |input: &str| {
        format!("$ROWMILL -q {input} {args} -o disk/out.jsonl --split-records 250 -j 2 --window 8K")
    };
    let Some((_, history)) = stage.run(&script("in.csv"), History::new(Disk::with(&[])), Fault::Nothing)
    else {
        return;
    };
    let new = Parts::of(&history.seen(history.changes.len())).unwrap();
    for earlier in [None, Some("few.csv"), Some("many.csv")] {
        let before = earlier.map_or(Disk::with(&[]), |input| {
            let (_, history) =
                stage.run(&script(input), History::new(Disk::with(&[])), Fault::Nothing).unwrap();
            history.seen(history.changes.len())
        });
        let old = Parts::of(&before);
        assert_ne!(old.as_ref().map_or(0, |old| old.files.len()), new.files.len());
        let again: Check<'_> = &|left| {
            manifest_is_true(left, &new, None)?;
            match left.disk.names("").iter().find(|name| name.starts_with('.')) {
                Some(name) => Err(format!("{name} was left")),
                None => Ok(()),
            }
        };
        let scene = Scene {
            name: &format!("{name}, over {earlier:?}"),
            script: &script("in.csv"),
            before,
            holds: &|left| manifest_is_true(left, &new, old.as_ref()),
            again: goes_on.then_some(again),
        };
        scene.play(&mut stage);
    }
}

#[test]
fn parts_by_sync_are_all_there_or_there_is_no_manifest() {
    play_parts("parts, sync", "--sync", false);
}

#[test]
fn parts_of_a_resumed_run_are_all_there_or_there_is_no_manifest() {
    play_parts("parts, resume", "--resume --checkpoint-every 40K", true);
}

/// Cut off before any name was given: an earlier part in its place is not taken for a new one that
/// was cut or removed by hand, although it is as long.
#[test]
fn an_earlier_part_is_not_taken_for_a_new_one() {
    let mut stage = Stage::new();
    stage.place.write("in.csv", odd(900));
    let script = "$ROWMILL -q in.csv --resume -o disk/out.jsonl --split-records 250";
    let Some((_, whole)) = stage.run(script, History::new(Disk::with(&[])), Fault::Nothing) else { return };
    let waits = |history: &History| {
        let disk = history.seen(history.changes.len());
        let hidden = disk.names(".out.jsonl.rowmill-parts");
        let is_complete =
            disk.file(".out.jsonl.rowmill-checkpoint").is_some() && disk.file(MANIFEST).is_some();
        is_complete && hidden.contains(&"manifest".to_owned())
    };
    let mut cut_off = None;
    for n in 1..200 {
        let (output, history) = stage.run(script, whole.until(whole.changes.len()), Fault::Kill(n)).unwrap();
        if output.status.success() || waits(&history) {
            cut_off = Some(history);
            break;
        }
    }
    let cut_off = cut_off.filter(waits).expect("it was killed when all was written");
    for removed in [false, true] {
        let mut disk = cut_off.seen(cut_off.changes.len());
        let part = ".out.jsonl.rowmill-parts/out-00001.jsonl";
        if removed {
            disk.remove(part)
        } else {
            disk.cut(part, 100)
        }
        let (output, later) = stage.run(script, History::new(disk), Fault::Nothing).unwrap();
        output.expect_status(1).expect_one_line("its unfinished parts are gone, or others; remove ");
        let seen = later.seen(later.changes.len());
        assert_eq!(
            Parts::of(&seen).unwrap().manifest,
            whole.seen(whole.changes.len()).file(MANIFEST).unwrap()
        );
    }
}

/// The parts of a plan, by name.
fn planned(place: &Place) -> Vec<(String, Vec<u8>)> {
    place.write("in.csv", odd(500));
    let n = plan(place, &["plan", "--ranges", "3"]).len();
    let made = place.shell("$ROWMILL worker plan.jsonl -o made && $ROWMILL verify -q plan.jsonl -o made");
    made.out().expect_status(0);
    let name = |i| format!("part-{i:05}-of-{n:05}.jsonl");
    (0..n).map(name).map(|name| (name.clone(), place.read(&format!("made/{name}")))).collect()
}

/// Each receipt, in a file or given away, is of a part that is there and whole.
fn receipts_are_true(left: &Left<'_>, parts: &[(String, Vec<u8>)]) -> Result<(), String> {
    let whole = |name: &str, who: &str| {
        let (_, whole) = parts.iter().find(|(part, _)| part == name).ok_or("another part")?;
        match left.disk.file(&format!("disk-parts/{name}")) {
            Some(got) if got == whole => Ok(()),
            got => Err(format!("{who}, and {name} has {:?} bytes", got.map(<[u8]>::len))),
        }
    };
    // What a worker printed: a reader knows it, although this file may be lost. An earlier power
    // failure may have torn lines of it.
    let printed = left.seen.file("receipts.jsonl").unwrap_or_default().split(|&byte| byte == b'\n');
    for receipt in printed.filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
        whole(receipt["part"].as_str().unwrap(), "a receipt was printed")?;
    }
    for name in left.disk.names("disk-parts") {
        if name.ends_with(".receipt.json") {
            let text = left.disk.file(&format!("disk-parts/{name}")).unwrap();
            let receipt: Value = serde_json::from_slice(text).map_err(|_| format!("{name} is not whole"))?;
            whole(receipt["part"].as_str().unwrap(), "there is a receipt")?;
        } else if name == "_SUCCESS" || name.starts_with("part-") {
            let mut which = parts.iter().filter(|(part, _)| name == "_SUCCESS" || *part == name);
            which.try_for_each(|(part, _)| whole(part, &name))?;
        } else if !name.starts_with('.') {
            return Err(format!("{name} is there"));
        }
    }
    if left.ended && !left.disk.names("disk-parts").iter().any(|name| name == "_SUCCESS") {
        return Err("no _SUCCESS".to_owned());
    }
    Ok(())
}

#[test]
fn a_receipt_is_of_a_part_that_is_there() {
    let mut stage = Stage::new();
    let parts = planned(&stage.place);
    let scene = Scene {
        name: "worker, verify",
        script: "$ROWMILL worker plan.jsonl -o disk/disk-parts -j 2 --window 8K > disk/receipts.jsonl && \
                 $ROWMILL verify -q plan.jsonl -o disk/disk-parts",
        before: Disk::with(&[]),
        holds: &|left| receipts_are_true(left, &parts),
        again: Some(&|left| receipts_are_true(left, &parts)),
    };
    scene.play(&mut stage);
}

/// A mark that `verify` took away is gone, and does not come back.
#[test]
fn a_mark_that_was_taken_away_does_not_come_back() {
    let mut stage = Stage::new();
    planned(&stage.place);
    let worker = "$ROWMILL worker plan.jsonl -o disk/parts > receipts && \
                  $ROWMILL verify -q plan.jsonl -o disk/parts";
    let Some((output, history)) = stage.run(worker, History::new(Disk::with(&[])), Fault::Nothing) else {
        return;
    };
    output.expect_status(0);
    let mut before = history.seen(history.changes.len());
    before.cut("parts/part-00001-of-00003.jsonl", 100);
    let scene = Scene {
        name: "verify finds a part that is not whole",
        script: "$ROWMILL verify plan.jsonl -o disk/parts 2> problems; test $? = 1 && \
                 ! grep -q 'cannot be removed' problems",
        before,
        holds: &|left| match left.disk.file("parts/_SUCCESS") {
            Some(_) if left.ended && left.seen.file("parts/_SUCCESS").is_none() => {
                Err("_SUCCESS is back".to_owned())
            }
            _ => Ok(()),
        },
        again: None,
    };
    scene.play(&mut stage);
}

/// `--output-dir` makes the folder.
#[test]
fn a_folder_that_is_made_for_the_outputs_is_there_too() {
    let mut stage = Stage::new();
    stage.place.write("a.csv", odd(100));
    stage.place.write("b.csv", odd(200));
    let names = ["a.jsonl", "b.jsonl"];
    stage.place.shell("$ROWMILL -q a.csv b.csv --output-dir made").out().expect_status(0);
    let made = names.map(|name| stage.place.read(&format!("made/{name}")));
    let scene = Scene {
        name: "a folder of outputs",
        script: "$ROWMILL -q a.csv b.csv --output-dir disk/made --sync",
        before: Disk::with(&[]),
        holds: &|left| {
            for (name, whole) in names.iter().zip(&made) {
                match left.disk.file(&format!("made/{name}")) {
                    Some(got) if got == whole => {}
                    None if !left.ended => {}
                    got => return Err(format!("{name} has {:?} bytes", got.map(<[u8]>::len))),
                }
            }
            Ok(())
        },
        again: None,
    };
    scene.play(&mut stage);
}
