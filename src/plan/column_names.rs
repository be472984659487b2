//! The names of an input's columns, and patterns of them.

use crate::header::Header;

/// The names of an input's columns, to look them up.
pub(super) struct ColumnNames<'a>(pub(super) &'a Header);

impl ColumnNames<'_> {
    /// The column named just so, or else all that match if there is a `*` in it.
    pub(super) fn find_all(&self, name: &str) -> Vec<usize> {
        let Self(header) = self;
        match header.position(name) {
            Some(field) => vec![field],
            None if name.contains('*') => {
                (0..header.len()).filter(|&field| matches(name, header.name(field))).collect()
            }
            None => Vec::new(),
        }
    }
}

/// Whether `name` is `pattern`, in which each `*` stands for any characters or none.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        // The first place is as good as any: what is behind it is longest.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("a*", "a", true),
            ("a*", "address", true),
            ("a*", "ba", false),
            ("*_id", "user_id", true),
            ("*_id", "_id", true),
            ("*_id", "user_ids", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("**", "x", true),
            ("a", "a", true),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
