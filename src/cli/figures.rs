//! Figures for people, and those of this process.

/// A figure of this process's memory in bytes, from `/proc/self/status`.
pub(super) fn rss(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let figure = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = figure.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// A size for people.
pub(super) fn size(n: u64) -> String {
    indicatif::BinaryBytes(n).to_string()
}

/// A number of things, with the word that fits it.
pub(super) fn of(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// A number with its thousands apart.
pub(super) fn grouped(n: u64) -> String {
    indicatif::HumanCount(n).to_string()
}
