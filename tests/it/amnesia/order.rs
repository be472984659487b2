//! The order of calls that the guide has in a table, held against what a run does.

use std::collections::HashMap;
use std::path::Path;

use crate::harness::{Place, Strace, has, odd};
use crate::worker::plan;

/// What changes a disk. Some systems lack some.
const CALLS: &str =
    "write,pwrite64,writev,fsync,?rename,renameat,renameat2,linkat,?unlink,unlinkat,?mkdir,mkdirat";

/// The calls of a row of the table.
fn row(named: &str) -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/promises.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let row = guide.lines().find_map(|line| line.strip_prefix(&format!("| {named} | ")));
    let calls = row.unwrap_or_else(|| panic!("no row of {named}")).trim_end_matches(" |");
    calls.split(", ").map(str::to_owned).collect()
}

/// What the table calls a file or folder.
fn label(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next()?;
    let name = name.strip_prefix('.').unwrap_or(name);
    Some(match name {
        _ if path.starts_with("pipe:") => "receipt",
        "journal" => "journal",
        "manifest" | "out.manifest.json" => "manifest",
        _ if name.contains("rowmill-checkpoint") => "checkpoint",
        _ if name.ends_with("rowmill-parts") => "hidden folder",
        _ if name.contains(".receipt.json") => "receipt",
        _ if name.starts_with("part-") || name.starts_with("out-") => "part",
        _ if name.starts_with("_SUCCESS") => "mark",
        _ if name.starts_with("out.jsonl") => "file",
        "results" => "folder",
        _ if name.starts_with("rowmill-it-") => "its parent",
        _ => return None,
    })
}

/// What stands between quotes.
fn quoted(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).collect()
}

/// The descriptor that a call takes first, and its path.
fn descriptor(line: &str) -> Option<(&str, &str)> {
    let (number, rest) = line.split_once('(')?.1.split_once('<')?;
    Some((number, rest.split_once('>')?.0))
}

/// The calls of a trace, in the words of the table.
fn calls(trace: &str) -> Vec<String> {
    // A file without a name is called by a number until it gets one.
    let mut unnamed: HashMap<String, &str> = HashMap::new();
    let mut open: HashMap<&str, &str> = HashMap::new();
    let mut found: Vec<(&str, &str)> = Vec::new();
    for line in trace.lines() {
        let Some((_, line)) = line.split_once(' ') else { continue };
        let line = line.trim_start();
        let call = line.split('(').next().unwrap();
        match call {
            "write" | "pwrite64" | "writev" | "fsync" => {
                let Some((number, path)) = descriptor(line) else { continue };
                open.insert(number, path);
                let call = if call == "fsync" { call } else { "write" };
                found.push((if path.starts_with("pipe:") { "print" } else { call }, path));
            }
            "linkat" => {
                let [from, to] = quoted(line)[..] else { continue };
                if let Some(path) = open.get(from.rsplit('/').next().unwrap()) {
                    unnamed.insert((*path).to_owned(), to);
                }
                if !to.ends_with(".rowmill") {
                    found.push(("name", to));
                }
            }
            "rename" | "renameat" | "renameat2" => found.push(("name", quoted(line)[1])),
            "unlink" | "unlinkat" if line.contains("rowmill-checkpoint") => {
                found.push(("remove", quoted(line)[0]));
            }
            "mkdir" | "mkdirat" if !line.contains("rowmill-parts") => found.push(("make", quoted(line)[0])),
            _ => {}
        }
    }
    let words = found.into_iter().filter_map(|(call, path)| {
        let path = unnamed.get(path).copied().unwrap_or(path);
        Some(format!("{call} {}", label(path)?))
    });
    once(words.collect())
}

/// What comes several times, one after the other, once.
fn once(mut calls: Vec<String>) -> Vec<String> {
    for n in 1..=calls.len() / 2 {
        let mut at = 0;
        while at + 2 * n <= calls.len() {
            if calls[at..at + n] == calls[at + n..at + 2 * n] {
                calls.drain(at..at + n);
            } else {
                at += 1;
            }
        }
    }
    calls
}

#[test]
fn the_calls_are_those_of_the_guide() {
    if !has("strace", "the order of the calls that keep files") {
        return;
    }
    let place = Place::new();
    place.write("in.csv", odd(900));
    plan(&place, &["plan", "--ranges", "3"]);
    let file = ["-q", "in.csv", "-o", "results/out.jsonl", "-j", "2", "--window", "8K"];
    let split = [&file[..], &["--split-records", "300"]].concat();
    let every = ["--checkpoint-every", "60K", "--resume"];
    for (named, args) in [
        ("`-o FILE --sync`", [&file[..], &["--sync"]].concat()),
        ("`--resume`", [&file[..], &every].concat()),
        ("`--resume --sync`", [&file[..], &every, &["--sync"]].concat()),
        ("parts, `--sync`", [&split[..], &["--sync"]].concat()),
        ("parts, `--resume`", [&split[..], &["--resume"]].concat()),
        ("`worker`", vec!["worker", "plan.jsonl", "-o", "results"]),
        ("`verify`", vec!["verify", "-q", "plan.jsonl", "-o", "results"]),
    ] {
        if !named.contains("verify") {
            let _ = std::fs::remove_dir_all(place.path("results"));
        }
        if !["`worker`", "`verify`"].contains(&named) {
            std::fs::create_dir(place.path("results")).unwrap();
        }
        Strace::of(&place).watch(CALLS).with_paths().rowmill().args(&args).out().expect_status(0);
        let trace = Strace::trace(&place);
        assert_eq!(calls(&trace), row(named), "{named}:\n{trace}");
    }
}
