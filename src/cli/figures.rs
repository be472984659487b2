//! Figures for people, and those of this process.

use std::time::{SystemTime, UNIX_EPOCH};

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

/// A size in four or five characters.
pub(super) fn short(n: u64) -> String {
    let unit = if n < 1000 { "B" } else { "" };
    scaled(n, 1024.0, &["K", "M", "G", "T", "P", "E"]) + unit
}

/// A number in five characters or fewer.
pub(super) fn short_count(n: u64) -> String {
    scaled(n, 1000.0, &["K", "M", "G", "T", "P", "E"])
}

/// A number with the unit that it needs to have at most three digits.
fn scaled(n: u64, step: f64, units: &[&str]) -> String {
    let (mut value, mut unit) = (n as f64, "");
    for next in units {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / step, *next);
    }
    if value < 99.95 && !unit.is_empty() { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

/// Date and time in UTC, as ISO 8601 writes them.
pub(super) fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March, in eras of 400, so that a leap day is the last day of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carried) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + carried;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A number of things, with the word that fits it.
pub(super) fn of(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// A number with its thousands apart.
pub(super) fn grouped(n: u64) -> String {
    indicatif::HumanCount(n).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn figures_are_short() {
        for (n, bytes, count) in [
            (0, "0B", "0"),
            (999, "999B", "999"),
            (1_000, "1.0K", "1.0K"),
            (12_345, "12.1K", "12.3K"),
            (999_999, "977K", "1.0M"),
            (1 << 30, "1.0G", "1.1G"),
            (u64::MAX, "16.0E", "18.4E"),
        ] {
            assert_eq!((short(n), short_count(n)), (bytes.to_owned(), count.to_owned()), "{n}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_746_000, "2026-11-27T02:20:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }
}
