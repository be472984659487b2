//! Places with little room: address space, descriptors, threads, a memory cgroup, no `/proc`.

use std::fs;
use std::path::PathBuf;

use crate::harness::{Place, Run, Strace, can_unshare, has, skipped};

fn hold(what: &str, place: &Place, whole: &[u8], run: Run) {
    let output = run.out();
    output.expect_status(0);
    assert!(place.read("out.jsonl") == whole, "{what}");
    assert_eq!(place.names(), ["in.csv", "out.jsonl"], "{what}");
    fs::remove_file(place.path("out.jsonl")).unwrap();
}

fn place() -> (Place, Vec<u8>) {
    let place = Place::new();
    let input = place.people("in.csv", 24 << 20);
    let whole = place.rowmill().arg("-q").arg(&input.path).out();
    whole.expect_status(0);
    (place, whole.stdout)
}

/// The file is larger than what may be mapped at once, and then than what may be mapped at all.
#[test]
fn little_address_space() {
    let (place, whole) = place();
    for (kib, threads) in [(524_288, 2), (131_072, 2), (40_000, 1)] {
        let script = format!("ulimit -v {kib}; exec \"$ROWMILL\" -q -j {threads} in.csv -o out.jsonl");
        hold(&format!("{kib} KiB"), &place, &whole, place.shell(&script));
    }
}

#[test]
fn few_descriptors() {
    let (place, whole) = place();
    let script = "ulimit -n 16; exec \"$ROWMILL\" -q in.csv -o out.jsonl";
    hold("16 descriptors", &place, &whole, place.shell(script));
    // More inputs than descriptors.
    let names: Vec<String> = (0..40).map(|i| format!("{i}.csv")).collect();
    for name in &names {
        place.write(name, "a\n1\n");
    }
    let script = format!("ulimit -n 16; exec \"$ROWMILL\" -q {}", names.join(" "));
    place.shell(&script).out().expect_status(0).expect_stdout("{\"a\":\"1\"}\n".repeat(40));
}

/// Threads that cannot be started are done without.
#[test]
fn no_more_threads() {
    let (place, whole) = place();
    // As another user, for root may have as many as it likes; one that has no other process.
    let user = 4242;
    let dir = place.dir();
    std::os::unix::fs::chown(dir, Some(user), Some(user)).unwrap();
    let program = place.path("program");
    fs::copy(env!("CARGO_BIN_EXE_rowmill"), &program).unwrap();
    for n in [1, 2, 3] {
        let script = format!("ulimit -u {n}; exec ./program -q -j 8 in.csv -o out.jsonl");
        let run = Run::program("sh").dir(dir).args(["-c", &script]).user(user);
        let output = run.out();
        if output.stderr.contains("not permitted") {
            return skipped("threads that can't be had: not root");
        }
        output.expect_status(0);
        assert!(place.read("out.jsonl") == whole, "{n} threads");
        fs::remove_file(place.path("out.jsonl")).unwrap();
    }
}

/// A cgroup of 32 MiB, the output's pages in the cache counted in.
#[test]
fn a_small_memory_cgroup() {
    let (place, whole) = place();
    let group = PathBuf::from(format!("/sys/fs/cgroup/memory/rowmill-{}", std::process::id()));
    if fs::create_dir(&group).is_err() || fs::write(group.join("memory.limit_in_bytes"), "32M").is_err() {
        return skipped("a memory cgroup: no version 1 controller that may be written");
    }
    let script =
        format!("echo $$ > {}/cgroup.procs; exec \"$ROWMILL\" -q in.csv -o out.jsonl", group.display());
    let output = place.shell(&script).out();
    let _ = fs::remove_dir(&group);
    output.expect_status(0);
    assert!(place.read("out.jsonl") == whole);
}

/// Without `/proc` a file without a name could never get one, and no figure of memory can be had.
#[test]
fn without_proc() {
    if !can_unshare("no /proc") {
        return;
    }
    let (place, whole) = place();
    let script = "mount -t tmpfs none /proc && exec \"$ROWMILL\" in.csv -o out.jsonl";
    let unshare = |script: &str| {
        let program = env!("CARGO_BIN_EXE_rowmill");
        Run::program("unshare").dir(place.dir()).env("ROWMILL", program).args(["-m", "sh", "-c", script])
    };
    let output = unshare(script).out();
    output.expect_status(0);
    assert!(output.stderr.contains("records in"), "{}", output.stderr);
    assert!(place.read("out.jsonl") == whole);
    assert_eq!(place.names(), ["in.csv", "out.jsonl"]);
}

/// What is opened after the start: the input, the output, what the system is asked about this
/// process. And no network.
#[test]
fn nothing_else_is_opened() {
    if !has("strace", "what is opened") {
        return;
    }
    let (place, _) = place();
    let run = Strace::of(&place).watch("%file,%network,openat").rowmill();
    run.args(["in.csv", "-o", "out.jsonl", "--sync"]).env("LD_LIBRARY_PATH", "").out().expect_status(0);
    let trace = Strace::trace(&place);
    let known = [
        "in.csv",
        "out.jsonl",
        "/proc/self",
        // To allow it, see `confined.rs`.
        "\"/proc\"",
        "/sys/fs/cgroup",
        "/proc/sys/vm/overcommit_memory",
        "/etc/ld.so",
        "/lib",
        "/usr/lib",
        "execve",
        "getcwd(",
        "readlink",
        "AF_UNIX",
        "recvfrom",
        "sendto(",
        "--- SIG",
        "+++",
        "\".\"",
        "\"\"",
        "arch_prctl",
        "/dev/null",
        "resumed",
    ];
    for line in trace.lines() {
        assert!(known.iter().any(|known| line.contains(known)), "{line}");
        assert!(!line.contains("AF_INET"), "{line}");
    }
    assert!(trace.contains("in.csv") && trace.contains("out.jsonl"));
}
