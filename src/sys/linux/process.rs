//! What the system knows of this process, as `/proc/self/status` shows it.

use std::fs::File;
use std::io::Read;

/// The most memory that this process had at once, in bytes.
pub(crate) fn peak_memory() -> Option<u64> {
    memory("VmHWM:")
}

/// The memory that this process has now, in bytes.
pub(crate) fn resident_memory() -> Option<u64> {
    memory("VmRSS:")
}

fn memory(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let figure = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = figure.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The signals that the parent process had us ignore, as `nohup` does; bit 0 is signal 1.
pub(crate) fn ignored_signals() -> u64 {
    // In one piece: the system writes all of it anew for each.
    let mut status = [0; 4096];
    let n = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status)).unwrap_or(0);
    let status = String::from_utf8_lossy(&status[..n]);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
