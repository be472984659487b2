//! Every call to the system fails once, at its n-th time, for n = 1, 2, 3 … until a run ends
//! without it having failed.
//!
//! Status 0 must mean that all was delivered; any other, that nothing stands under the output's
//! name that wasn't there before.

use crate::harness::{self, Output, Place, Run, Strace, has, large, people};

const EARLIER: &str = "what was there before\n";

/// A conversion to be disturbed.
struct Case {
    place: Place,
    whole: Vec<u8>,
    args: Vec<&'static str>,
    from_pipe: bool,
}

/// How runs ended, by the number of the call that failed.
#[derive(Debug, Default)]
struct Ends {
    right: usize,
    failed: usize,
}

impl Case {
    fn new(args: &[&'static str], from_pipe: bool) -> Case {
        let place = Place::new();
        place.write("in.csv", people(if large() { 4000 } else { 700 }));
        let whole = place.rowmill().args(["-q", "in.csv"]).out();
        whole.expect_status(0);
        Case { place, whole: whole.stdout, args: args.to_vec(), from_pipe }
    }

    /// Runs it with the `n`-th `call` failing with `error`; `None` once it did not fail any more.
    fn with_fault(&self, call: &str, error: &str, n: usize) -> Option<Output> {
        self.place.write("out.jsonl", EARLIER);
        let strace = Strace::of(&self.place).watch(call).inject(call, &format!("error={error}"), n);
        let mut run = strace.rowmill().args(["-q", "--window", "4096", "-j", "2"]).args(&self.args);
        run = if self.from_pipe { run.stdin(self.place.read("in.csv")) } else { run.arg("in.csv") };
        let output = run.out();
        if !Strace::trace(&self.place).contains("(INJECTED)") {
            self.expect_right(&output, call);
            return None;
        }
        Some(output)
    }

    fn expect_right(&self, output: &Output, what: &str) {
        output.expect_status(0);
        let to_file = self.args.contains(&"-o");
        let got = if to_file { self.place.read("out.jsonl") } else { output.stdout.clone() };
        let got = if self.args.contains(&"--compress") { unpacked(&self.place) } else { got };
        assert!(got == self.whole, "{what}: {} bytes, not {}", got.len(), self.whole.len());
        assert_eq!(self.place.names(), ["in.csv", "out.jsonl"], "{what}");
    }

    fn expect_failure(&self, output: &Output, what: &str) {
        output.expect_status(1);
        // Each thread's n-th call fails, so a message may be lost as well.
        if !(what.starts_with("write") && output.stderr.is_empty()) {
            output.expect_one_line("rowmill: ");
        }
        assert!(self.place.read("out.jsonl") == EARLIER.as_bytes(), "{what}");
        if self.args.contains(&"--resume") {
            // What is kept to be gone on with; the next run begins anew.
            for name in self.place.names().iter().filter(|name| name.starts_with(".out.jsonl.rowmill-")) {
                std::fs::remove_file(self.place.path(name)).unwrap();
            }
        }
        assert_eq!(self.place.names(), ["in.csv", "out.jsonl"], "{what}");
        let whole = self.whole.starts_with(&output.stdout);
        assert!(whole, "{what}: what was released is right");
    }

    /// Every time in turn. A fault that must tell may not end in status 0 unless nothing depended
    /// on the call.
    fn hold(&self, call: &str, error: &str) -> Ends {
        let mut ends = Ends::default();
        for n in 1..10_000 {
            let what = format!("{call} number {n} fails with {error}");
            let Some(output) = self.with_fault(call, error, n) else { break };
            if output.status.success() {
                self.expect_right(&output, &what);
                ends.right += 1;
            } else if output.status.code() == Some(127) {
                // The loader, before the program runs.
            } else {
                self.expect_failure(&output, &what);
                ends.failed += 1;
            }
        }
        println!("{call} {error} {:?}: {ends:?}", self.args);
        ends
    }
}

#[test]
fn writes() {
    if !has("strace", "failing writes") {
        return;
    }
    for args in [&["-o", "out.jsonl"][..], &[], &["-o", "out.jsonl", "--resume", "--checkpoint-every", "50K"]]
    {
        let case = Case::new(args, false);
        for error in ["ENOSPC", "EIO", "EDQUOT"] {
            let ends = case.hold("write", error);
            assert!(ends.failed > 5 && ends.right == 0, "{error}: {ends:?}");
        }
        for error in ["EINTR", "EAGAIN"] {
            // A checkpoint is a regular file, where a write never would block.
            if error == "EAGAIN" && args.contains(&"--resume") {
                continue;
            }
            let ends = case.hold("write", error);
            assert!(ends.failed == 0 && ends.right > 5, "{error}: {ends:?}");
        }
    }
}

#[test]
fn reads() {
    if !has("strace", "failing reads") {
        return;
    }
    // Of a pipe and of a file; the program's own start reads too, so the first few are the
    // loader's.
    for (call, args, from_pipe) in [
        ("read", &["-j", "1", "-o", "out.jsonl"][..], true),
        ("read", &["-j", "1"], true),
        ("pread64", &["-j", "1", "-o", "out.jsonl", "--io", "read"], false),
    ] {
        let case = Case::new(args, from_pipe);
        let mut n_failed = 0;
        for n in 1..10_000 {
            let what = format!("{call} number {n}");
            let Some(output) = case.with_fault(call, "EIO", n) else { break };
            if output.status.success() {
                case.expect_right(&output, &what);
            } else if output.stderr.starts_with("rowmill: ") {
                case.expect_failure(&output, &what);
                assert!(output.stderr.contains("Input/output error"), "{}", output.stderr);
                n_failed += 1;
            }
        }
        assert!(n_failed > 2, "{call}: {n_failed}");
        let mut n_right = 0;
        for n in 12..10_000 {
            let Some(output) = case.with_fault(call, "EINTR", n) else { break };
            case.expect_right(&output, &format!("{call} number {n} is interrupted"));
            n_right += 1;
        }
        assert!(n_right > 2 || !large(), "{call}: {n_right}");
    }
}

#[test]
fn names_and_disk() {
    if !has("strace", "failing fsync, close, rename") {
        return;
    }
    let case = Case::new(&["-o", "out.jsonl", "--sync"], false);
    for error in ["EIO", "ENOSPC", "EDQUOT"] {
        let output = case.with_fault("fsync", error, 1).expect("the file's");
        case.expect_failure(&output, "the file's fsync");
        // The folder's comes when the name is there; that it is not on the disk is still a failure.
        let output = case.with_fault("fsync", error, 2).expect("the folder's");
        output.expect_status(1).expect_one_line("out.jsonl: cannot write");
        assert!(case.place.read("out.jsonl") == case.whole);
        assert!(case.with_fault("fsync", error, 3).is_none(), "no third try");
    }
    for call in ["rename,renameat,renameat2", "linkat", "fchmod"] {
        for error in ["EIO", "ENOSPC", "EDQUOT"] {
            let ends = case.hold(call, error);
            assert!(ends.failed > 0 && ends.right == 0, "{call} {error}: {ends:?}");
        }
    }
    // An input that is closed loses nothing; an output may.
    let ends = case.hold("close", "EIO");
    assert!(ends.failed > 0, "{ends:?}");
}

#[test]
fn maps_and_advice() {
    if !has("strace", "failing mmap and madvise") {
        return;
    }
    let case = Case::new(&["-o", "out.jsonl"], false);
    for error in ["EIO", "EINVAL", "EAGAIN", "ENOMEM"] {
        let ends = case.hold("madvise", error);
        assert!(ends.failed == 0 && ends.right > 3, "advice: {ends:?}");
    }
    // A page that is not possible.
    let ends = case.hold("madvise", "EFAULT");
    assert!(ends.failed > 3, "{ends:?}");
    let ends = case.hold("fallocate", "ENOSPC");
    assert_eq!(ends.failed, 0, "{ends:?}");
    // The loader's own come first, before the program runs.
    Strace::of(&case.place).watch("mmap").rowmill().arg("--version").out().expect_status(0);
    let n_before = Strace::trace(&case.place).lines().count();
    let mut n_right = 0;
    for n in n_before + 1..1000 {
        let what = format!("mmap number {n} fails");
        let Some(output) = case.with_fault("mmap", "ENOMEM", n) else { break };
        match output.status.code() {
            Some(0) => {
                case.expect_right(&output, &what);
                n_right += 1;
            }
            _ => case.expect_failure(&output, &what),
        }
    }
    assert!(n_right > 0, "{n_right}");
}

/// The result as text, whose name doesn't say that it is packed.
fn unpacked(place: &Place) -> Vec<u8> {
    let output = Run::program("zstd").dir(place.dir()).args(["-dcq", "--stdout", "out.jsonl"]).out();
    output.expect_status(0);
    output.stdout
}

#[test]
fn compressed_output() {
    if !has("strace", "failing writes of compressed output") || !has("zstd", "compressed output") {
        return;
    }
    let case = Case::new(&["-o", "out.jsonl", "--compress", "zstd:1"], false);
    for error in ["ENOSPC", "EIO"] {
        let ends = case.hold("write", error);
        assert!(ends.failed > 5 && ends.right == 0, "{error}: {ends:?}");
    }
    let ends = case.hold("write", "EINTR");
    assert!(ends.failed == 0 && ends.right > 5, "{ends:?}");
    let case = Case::new(&["-o", "out.jsonl", "--compress", "zstd:1", "--sync"], false);
    for call in ["fchmod", "linkat", "rename,renameat,renameat2"] {
        let ends = case.hold(call, "EIO");
        assert!(ends.failed > 0 && ends.right == 0, "{call}: {ends:?}");
    }
}

/// An earlier result in parts stands there; each call fails once.
#[test]
fn parts() {
    if !has("strace", "failing calls on parts") || !has("zstd", "compressed parts") {
        return;
    }
    let place = Place::new();
    place.write("in.csv", people(if large() { 4000 } else { 700 }));
    let whole = place.rowmill().args(["-q", "in.csv"]).out().stdout;
    for (name, earlier, args) in [
        ("out.jsonl", "300", &["--split-records", "100"][..]),
        ("out.jsonl.zst", "60", &["--split-records", "100", "--sync"]),
        ("out.jsonl", "60", &["--split-size", "20K", "--resume", "--checkpoint-every", "50K"]),
    ] {
        let with = ["-q", "in.csv", "-o", name];
        place.rowmill().args(with).args(["--split-records", earlier]).out().expect_status(0);
        let before = place.everything();
        for (call, error) in [
            ("write", "ENOSPC"),
            ("pwrite64", "EIO"),
            ("openat", "EMFILE"),
            ("fsync", "EIO"),
            ("rename", "EIO"),
            ("renameat2", "ENOSPC"),
            ("mkdir", "EACCES"),
            ("ftruncate", "EIO"),
            ("close", "EIO"),
            ("flock", "EIO"),
        ] {
            let (mut n_right, mut n_failed) = (0, 0);
            for n in 1..10_000 {
                let what = format!("{name} {args:?}: {call} number {n} fails with {error}");
                let strace = Strace::of(&place).watch(call).inject(call, &format!("error={error}"), n);
                let run = strace.rowmill().args(["--window", "4096", "-j", "2"]).args(with).args(args);
                let output = run.out();
                let injected = Strace::trace(&place).contains("(INJECTED)");
                // What can't be looked into can't be removed; the next run does it.
                let hidden = place.names().into_iter().filter(|name| name.starts_with('.'));
                for name in hidden.filter(|_| call == "openat") {
                    let _ = std::fs::remove_dir_all(place.path(&name));
                }
                if output.status.success() {
                    let manifest: serde_json::Value =
                        serde_json::from_slice(&place.read("out.manifest.json")).unwrap();
                    let names: Vec<&str> = manifest["parts"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|part| part["name"].as_str().unwrap())
                        .collect();
                    let text = |name: &&str| harness::unpacked(&place.path(name));
                    let text: Vec<u8> = names.iter().flat_map(text).collect();
                    assert!(text == whole, "{what}: {} bytes, not {}", text.len(), whole.len());
                    assert_eq!(place.names().len(), names.len() + 2, "{what}: {:?}", place.names());
                    n_right += 1;
                } else if output.status.code() != Some(127) {
                    output.expect_status(1);
                    // What names give is on the disk or not, but they are given: the folder's own
                    // sync came last.
                    if !(call == "fsync" && args.contains(&"--sync") && place.everything() != before) {
                        for name in place.names().iter().filter(|name| name.starts_with('.')) {
                            assert!(args.contains(&"--resume"), "{what}: {name}: {}", output.stderr);
                            let path = place.path(name);
                            let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
                        }
                        assert!(
                            place.everything() == before,
                            "{what}: {:?}\n{}",
                            place.names(),
                            output.stderr
                        );
                    }
                    n_failed += 1;
                }
                if place.everything() != before {
                    // The next begins with the earlier result again.
                    let made = |name: &String| name.starts_with("out") || name.starts_with('.');
                    for name in place.names().iter().filter(|name| made(name)) {
                        let path = place.path(name);
                        let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
                    }
                    for (name, bytes) in &before {
                        place.write(name, bytes);
                    }
                }
                if !injected {
                    break;
                }
            }
            println!("{name} {args:?} {call} {error}: {n_right} right, {n_failed} failed");
            let must_fail =
                !["close", "openat", "ftruncate"].contains(&call) && (call != "fsync" || args.len() > 2);
            assert!(n_failed > 0 || !must_fail, "{name}: {call} {error}");
        }
        for name in place.names().iter().filter(|name| name.starts_with("out")) {
            std::fs::remove_file(place.path(name)).unwrap();
        }
    }
}
