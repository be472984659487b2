//! Figures for people.

use std::time::SystemTime;

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
    humantime::format_rfc3339_seconds(time).to_string()
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
}
