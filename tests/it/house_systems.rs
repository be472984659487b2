//! The rule of `ARCHITECTURE.md` that what differs between systems is in one room, over all
//! sources.

use crate::house::{Source, none, sources};

/// Where what differs between systems may be named.
const SYSTEM_ROOM: &str = "sys/";

/// Names of systems, and of what one of them has and others lack or do otherwise.
const SYSTEM_WORDS: [&str; 33] = [
    "linux",
    "macos",
    "target_os",
    "target_family",
    "target_vendor",
    "libc",
    "nix",
    "landlock",
    "memmap2",
    "o_tmpfile",
    "tmpfile",
    "o_path",
    "fadvise",
    "fallocate",
    "fcntl_setpipe_size",
    "preadv2",
    "renameat2",
    "renameat_with",
    "statfs",
    "fstatfs",
    "madvise",
    "populateread",
    "page_size",
    "sigaction",
    "getrusage",
    "init_array",
    "link_section",
    "cgroup",
    "fsync",
    "fdatasync",
    "sync_all",
    "sync_data",
    "fullfsync",
];

/// The names of systems in a file that is not about them.
fn systems(source: &Source) -> Vec<String> {
    if source.path.starts_with(SYSTEM_ROOM) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (i, line) in source.text.lines().enumerate() {
        let lower = line.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric() && c != '_');
        let named = words.filter(|word| SYSTEM_WORDS.contains(word)).map(str::to_owned);
        let files = ["/proc", "/sys"].into_iter().filter(|folder| {
            let mut rests = lower.match_indices(folder).map(|(at, _)| &lower[at + folder.len()..]);
            rests.any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        });
        for what in named.chain(files.map(str::to_owned)) {
            findings.push(source.at(i + 1, &format!("names {what}, which belongs into src/{SYSTEM_ROOM}")));
        }
    }
    findings
}

#[test]
fn what_differs_between_systems_is_in_one_room() {
    let made_up = |text: &str| Source { root: "src", path: "a.rs".into(), text: text.to_owned() };
    for text in [
        "//! As on Linux.\n",
        "use nix::unistd::close;\n",
        "#[cfg(target_os = \"none\")]\n",
        "File::open(\"/proc/self/status\")\n",
        "file.sync_all()?;\n",
        "rustix::fs::fstatfs(file)\n",
    ] {
        assert_eq!(systems(&made_up(text)).len(), 1, "{text}");
    }
    let others = "use std::os::unix::fs::FileExt; // a/process, src/system\nrustix::fs::fstat(file)\n";
    assert!(systems(&made_up(others)).is_empty());
    let all = sources();
    none(all.iter().flat_map(systems).collect());
    let room: String = all
        .iter()
        .filter(|source| source.path.starts_with(SYSTEM_ROOM))
        .map(|source| source.text.to_lowercase())
        .collect();
    assert!(room.contains("linux") && room.contains("/proc/"), "the test sees the room");
}
