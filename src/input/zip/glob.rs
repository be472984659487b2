//! Patterns for names of members: `*` is any characters, `/` too, and `?` is one.

/// Whether `name` matches `pattern`. Both are taken by character, invalid bytes as U+FFFD.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Behind the last star, and where what it takes ends.
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, n));
            }
            Some(wanted) if *wanted == '?' || *wanted == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((behind, taken)) = star else { return false };
                star = Some((behind, taken + 1));
                (p, n) = (behind, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, expected) in [
            ("*.csv", "a/b.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("a?c", "aäc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxabx", true),
            ("*ab", "aab", true),
            ("", "", true),
            ("", "a", false),
            ("**", "", true),
            ("A", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
