//! What the machine has, and what is not tested for want of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use rowmill::internal::{Isa, Kernel};

use super::run::Run;

/// Reads what was skipped, a line each, and counts it when the tests have ended.
const COUNT: &str = r#"sort -u | {
    n=0 all=
    while IFS= read -r line; do n=$((n + 1)) all="$all; $line"; done
    echo "skipped: $n (${all#; })" >&2
}"#;

/// Says aloud that something is not tested here: in one line at the end of all tests, since what
/// passing tests print is not shown. A failure where nothing may be skipped but what
/// `ROWMILL_MAY_LACK` names.
pub(crate) fn skipped(what: &str) {
    static COUNTER: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
    let counter = COUNTER.get_or_init(|| {
        if cfg!(miri) {
            return None;
        }
        // It ends when this process does, which closes its input.
        let child = Command::new("sh").args(["-c", COUNT]).stdin(Stdio::piped()).spawn();
        child.ok().and_then(|mut child| child.stdin.take()).map(Mutex::new)
    });
    println!("skipped: {what}");
    if let Some(counter) = counter {
        let _ = writeln!(counter.lock().unwrap(), "{}", what.replace('\n', " "));
    }
    let may_lack = std::env::var("ROWMILL_MAY_LACK").unwrap_or_default();
    if may_lack.split_whitespace().any(|name| what.contains(name)) {
        return;
    }
    let no_skip = std::env::var_os("ROWMILL_NO_SKIP").is_some_and(|v| v == "1");
    assert!(!no_skip, "ROWMILL_NO_SKIP=1, but skipped: {what}");
}

/// Whether a namespace of mounts can be had; says aloud that `what` is not tested where not.
pub(crate) fn can_unshare(what: &str) -> bool {
    let there = Command::new("unshare").args(["-m", "true"]).output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        skipped(&format!("{what}: unshare -m is not possible"));
    }
    there
}

/// Whether Python has a module; says aloud that `what` is not tested where not.
pub(crate) fn has_python(module: &str, what: &str) -> bool {
    let import = format!("import {module}");
    let there = Command::new("python3").args(["-c", &import]).output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        skipped(&format!("{what}: Python has no {module}"));
    }
    there
}

/// The instruction sets that processors of this kind may have, beside `portable`; others are not
/// lacking.
const FOR_THIS: &[&str] = if cfg!(target_arch = "x86_64") {
    &["avx2", "avx512"]
} else if cfg!(all(target_arch = "aarch64", target_endian = "little")) {
    &["neon"]
} else {
    &[]
};

/// The instruction sets of the library that this processor has. Those it lacks are named aloud
/// once.
pub(crate) fn kernels() -> &'static [Isa] {
    static KERNELS: OnceLock<Vec<Isa>> = OnceLock::new();
    KERNELS.get_or_init(|| {
        let (here, lacking): (Vec<Isa>, Vec<Isa>) =
            Isa::ALL.into_iter().partition(|isa| Kernel::new(*isa).is_some());
        for isa in lacking.into_iter().filter(|isa| FOR_THIS.contains(&isa.name())) {
            skipped(&format!("this processor has no {}", isa.name()));
        }
        here
    })
}

/// The folder of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The instruction sets that this machine can be told to use. Those it lacks are named aloud once.
pub(crate) fn isas() -> &'static [&'static str] {
    static ISAS: std::sync::OnceLock<Vec<&str>> = std::sync::OnceLock::new();
    ISAS.get_or_init(|| {
        let mut there = vec!["portable"];
        let emulated = std::env::var_os("ROWMILL_RUNNER").is_some();
        for isa in if emulated { &["avx2", "avx512", "neon"] } else { FOR_THIS } {
            let run = Run::rowmill().arg("-q").arg("-").env("ROWMILL_ISA", isa);
            let output = run.stdin("a\n1\n").out();
            match output.status.code() {
                Some(0) => there.push(isa),
                Some(2) => skipped(&format!("{isa}: {}", output.stderr.trim())),
                _ => panic!("{}", output.status_is(0).unwrap_err()),
            }
        }
        there
    })
}

/// Whether the long tests are wanted: more trials, larger files.
pub(crate) fn large() -> bool {
    std::env::var_os("ROWMILL_LARGE").is_some_and(|v| v == "1")
}

/// Whether a program is there; says aloud that `what` is not tested where it isn't.
pub(crate) fn has(program: &str, what: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        skipped(&format!("{what}: {program} is not installed"));
    }
    there
}
