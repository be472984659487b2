//! A power failure behind each call that changes the disk: what was acknowledged is there, a name
//! shows a whole file, and the same command goes on.
//!
//! A kill leaves what the system has in memory, so a test that kills can't see a missing `fsync`.
//! Here the outputs are on a disk that forgets ([`disk`]), like that of LazyFS (Ramos et al., PVLDB
//! 17(11), 2024). A run is recorded once; what a power failure leaves is then worked out for each
//! call of it, in several ways, and looked at, or mounted for the next run.

pub(crate) mod disk;
mod folders;
pub(crate) mod manners;
mod mount;
mod order;
pub(crate) mod scene;
pub(crate) mod served;

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::harness::odd;
use disk::{Disk, History};
use scene::{Left, Scene, Stage};
use served::Fault;

/// What was there before, under a name that the output will have.
const EARLIER: &[u8] = b"{\"an\":\"earlier result\"}\n";

/// The files that a run without disturbance makes of `in.csv`, in the order of `names`.
fn whole(stage: &Stage, args: &str, names: &[&str]) -> Vec<Vec<u8>> {
    stage.place.shell(&format!("mkdir -p whole && $ROWMILL -q in.csv {args}")).out().expect_status(0);
    names.iter().map(|name| stage.place.read(&format!("whole/{name}"))).collect()
}

/// Each file is whole or what it was before; when the program has ended it is whole, with the mode
/// of the one that it replaced. Nothing else is there but hidden names.
fn old_or_new(left: &Left<'_>, files: &[(&str, &[u8])], earlier: Option<&[u8]>) -> Result<(), String> {
    for (name, whole) in files {
        let got = left.disk.file(name);
        if got == Some(whole) {
            if earlier.is_some() && left.disk.mode(name) != Some(0o600) {
                return Err(format!("{name} has mode {:?}", left.disk.mode(name)));
            }
        } else if left.ended || got != earlier {
            return Err(format!("{name} has {:?} bytes, not {}", got.map(<[u8]>::len), whole.len()));
        }
    }
    none_but(left.disk, files)
}

fn none_but(disk: &Disk, files: &[(&str, &[u8])]) -> Result<(), String> {
    let known = |name: &String| name.starts_with('.') || files.iter().any(|(file, _)| file == name);
    match disk.names("").into_iter().find(|name| !known(name)) {
        Some(name) => Err(format!("{name} is there")),
        None => Ok(()),
    }
}

/// The text of a file that may be compressed; in that case not all ways lead to the same bytes.
fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return bytes.into();
    }
    let mut text = Vec::new();
    match MultiGzDecoder::new(bytes).read_to_end(&mut text) {
        Ok(_) => text.into(),
        Err(error) => format!("not whole: {error}").into_bytes().into(),
    }
}

/// All files are whole.
fn all_whole(disk: &Disk, files: &[(&str, &[u8])]) -> Result<(), String> {
    match files.iter().find(|(name, whole)| disk.file(name).map(text) != Some(text(whole))) {
        Some((name, _)) => Err(format!("{name} is not whole")),
        None => Ok(()),
    }
}

const REJECTED: [&str; 3] = ["bad", "bad.log.jsonl", "out.jsonl"];

/// `--sync`, with and without rejects, where nothing was and over earlier files.
#[test]
fn a_file_by_sync_is_there_or_the_earlier_one_is() {
    let mut stage = Stage::new();
    stage.place.write("in.csv", odd(700));
    let made = whole(&stage, "--rejects whole/bad -o whole/out.jsonl", &REJECTED);
    let all: Vec<(&str, &[u8])> = REJECTED.into_iter().zip(made.iter().map(|bytes| &**bytes)).collect();
    let plain = whole(&stage, "-o whole/out.jsonl", &["out.jsonl"]);
    for (name, args, files) in [
        ("sync", "", &[("out.jsonl", &*plain[0])][..]),
        ("sync, rejects", "--rejects disk/bad", &all),
        // A link takes the place of the rename.
        ("sync, no clobber", "--no-clobber", &[("out.jsonl", &*plain[0])]),
    ] {
        let script = format!("$ROWMILL -q in.csv {args} -o disk/out.jsonl --sync -j 2 --window 16K");
        for earlier in [None, Some(EARLIER)] {
            if args == "--no-clobber" && earlier.is_some() {
                continue;
            }
            let before: Vec<(&str, &[u8])> =
                files.iter().filter_map(|(name, _)| Some((*name, earlier?))).collect();
            let scene = Scene {
                name: &format!("{name}, {}", if earlier.is_some() { "replaced" } else { "new" }),
                script: &script,
                before: Disk::with(&before),
                holds: &|left| old_or_new(left, files, earlier),
                again: None,
            };
            if scene.play(&mut stage).is_none() {
                return;
            }
        }
    }
}

/// A checkpoint that is there is never ahead of the files that it is of.
fn behind_its_data(disk: &Disk, files: &[(&str, &[u8])]) -> Result<(), String> {
    let Some(found) = disk.file(".out.jsonl.rowmill-checkpoint") else { return Ok(()) };
    let body: Value = found
        .splitn(2, |&byte| byte == b'\n')
        .nth(1)
        .and_then(|body| serde_json::from_slice(body).ok())
        .ok_or("the checkpoint is not whole")?;
    for (i, (name, whole)) in files.iter().enumerate() {
        let at = body["files"][i][0].as_u64().ok_or("no such file")? as usize;
        let partial = match name.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/.{name}.rowmill-partial"),
            None => format!(".{name}.rowmill-partial"),
        };
        if body["complete"] == true && disk.file(name).map(text) == Some(text(whole)) {
            continue;
        }
        let Some(got) = disk.file(&partial) else {
            return Err(format!("there is a checkpoint, and no {partial}"));
        };
        if got.len() < at || !text(whole).starts_with(&text(&got[..at])) {
            return Err(format!("the checkpoint is at {at}, and {partial} is not"));
        }
    }
    Ok(())
}

/// `--resume`, with and without rejects in another folder, where nothing was and over an earlier
/// file.
#[test]
fn a_resumed_run_goes_on_after_a_power_failure() {
    let mut stage = Stage::new();
    stage.place.write("in.csv", odd(1200));
    let made = whole(&stage, "--rejects whole/bad -o whole/out.jsonl", &REJECTED);
    let plain = whole(&stage, "-o whole/out.jsonl", &["out.jsonl"]);
    let packed = whole(&stage, "--compress gzip -o whole/out.jsonl", &["out.jsonl"]);
    let files: Vec<(&str, &[u8])> =
        vec![("out.jsonl", &made[2]), ("others/bad", &made[0]), ("others/bad.log.jsonl", &made[1])];
    for (name, args, files) in [
        ("resume", "", &[("out.jsonl", &*plain[0])][..]),
        ("resume, sync", "--sync", &[("out.jsonl", &*plain[0])][..]),
        ("resume, gzip", "--compress gzip", &[("out.jsonl", &*packed[0])][..]),
        ("resume, rejects", "--sync --rejects disk/others/bad", &files),
    ] {
        let script = format!(
            "$ROWMILL -q in.csv {args} -o disk/out.jsonl --resume -j 2 --window 8K --checkpoint-every 60K"
        );
        for earlier in [None, Some(EARLIER)] {
            let before: Vec<(&str, &[u8])> = earlier.map(|bytes| ("out.jsonl", bytes)).into_iter().collect();
            let mut before = Disk::with(&before);
            if args.contains("others") {
                before.make_folder("others");
            }
            let again: scene::Check<'_> = &|left| {
                let beside: Vec<String> = left.disk.names("others");
                let hidden = |name: &&String| name.starts_with('.');
                match beside.iter().chain(&left.disk.names("")).find(hidden) {
                    Some(name) => Err(format!("{name} was left")),
                    None => all_whole(left.disk, files),
                }
            };
            let synced = args.contains("--sync");
            let scene = Scene {
                name: &format!("{name}, {}", if earlier.is_some() { "replaced" } else { "new" }),
                script: &script,
                before,
                holds: &|left| {
                    behind_its_data(left.disk, files)?;
                    for (name, whole) in files {
                        let earlier = earlier.filter(|_| *name == "out.jsonl");
                        let got = left.disk.file(name);
                        let is_whole = got.map(text) == Some(text(whole));
                        if !is_whole && (got != earlier || left.ended && synced) {
                            return Err(format!("{name} has {:?} bytes", got.map(<[u8]>::len)));
                        }
                    }
                    Ok(())
                },
                again: Some(again),
            };
            if scene.play(&mut stage).is_none() {
                return;
            }
        }
    }
}

/// A checkpoint that was removed, to begin anew, does not come back to other bytes.
#[test]
fn a_checkpoint_that_was_removed_does_not_come_back() {
    let mut stage = Stage::new();
    stage.place.write("in.csv", odd(1200));
    let made = whole(&stage, "-o whole/out.jsonl", &["out.jsonl"]);
    let files: [(&str, &[u8]); 1] = [("out.jsonl", &made[0])];
    let run = "$ROWMILL -q in.csv -o disk/out.jsonl --resume -j 2 --window 8K --checkpoint-every";
    let begun = History::new(Disk::with(&[]));
    let Some((_, begun)) = stage.run(&format!("{run} 60K; true"), begun, Fault::Behind(40)) else { return };
    let before = begun.lost(begun.changes.len(), 1);
    assert!(before.file(".out.jsonl.rowmill-checkpoint").is_some(), "{:?}", before.names(""));
    let scene = Scene {
        name: "a checkpoint that was removed",
        script: &format!("rm -f disk/.out.jsonl.rowmill-checkpoint && {run} 100M"),
        before,
        holds: &|left| behind_its_data(left.disk, &files),
        again: Some(&|left| all_whole(left.disk, &files)),
    };
    scene.play(&mut stage);
}
