//! The names of the columns, and how doubtful ones are repaired.

use std::collections::{HashMap, HashSet};

/// The names of an input's columns, in one allocation: a header may be as long as a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    names: String,
    ends: Vec<u32>,
    repairs: Vec<Repair>,
}

/// A name that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// The column, counted from 1.
    pub column: u64,
    /// The name in the file.
    pub from: String,
    /// The name in the output.
    pub to: String,
}

/// How many repairs are kept for the summary; all are counted.
const MOST_REPAIRS_KEPT: usize = 16;

impl Header {
    /// Takes the names of the file: an empty one becomes `column_N`, a repeated one
    /// `name_2`, `name_3`, …, never one that is in the file or was given before.
    pub(crate) fn repaired<'a>(raw: impl Iterator<Item = &'a str> + Clone) -> (Self, u64) {
        let mut header = Self::default();
        let mut n_repairs = 0;
        let in_file: HashSet<&str> = raw.clone().collect();
        let n_columns = raw.clone().count();
        if in_file.len() == n_columns && !in_file.contains("") {
            raw.for_each(|name| header.push(name));
            return (header, 0);
        }
        let mut seen: HashSet<&str> = HashSet::with_capacity(in_file.len());
        let mut given: HashSet<String> = HashSet::new();
        // The next number to try for a name, so that a thousand equal names take a thousand tries.
        let mut next: HashMap<String, u64> = HashMap::new();
        for (i, name) in raw.enumerate() {
            if !name.is_empty() && seen.insert(name) {
                header.push(name);
                continue;
            }
            let column = i as u64 + 1;
            let taken = |name: &str| in_file.contains(name) || given.contains(name);
            let base = if name.is_empty() { format!("column_{column}") } else { name.to_owned() };
            let mut repaired = base.clone();
            if !name.is_empty() || taken(&base) {
                let n = next.entry(base.clone()).or_insert(2);
                repaired = loop {
                    let candidate = format!("{base}_{n}");
                    *n += 1;
                    if !taken(&candidate) {
                        break candidate;
                    }
                };
            }
            header.push(&repaired);
            n_repairs += 1;
            if header.repairs.len() < MOST_REPAIRS_KEPT {
                header.repairs.push(Repair { column, from: name.to_owned(), to: repaired.clone() });
            }
            given.insert(repaired);
        }
        (header, n_repairs)
    }

    /// `column_1` to `column_n`.
    pub(crate) fn numbered(n: usize) -> Self {
        let mut header = Self::default();
        for i in 1..=n {
            header.push(&format!("column_{i}"));
        }
        header
    }

    /// Adds a column.
    pub(crate) fn push(&mut self, name: &str) {
        self.names.push_str(name);
        self.ends.push(u32::try_from(self.names.len()).expect("a header is no longer than a record"));
    }

    /// The number of columns.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name of column `i`, counted from 0.
    pub(crate) fn name(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.names[start..self.ends[i] as usize]
    }

    /// The names in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.name(i))
    }

    /// The column of that name, counted from 0.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.names().position(|candidate| candidate == name)
    }

    /// The first repairs, in the order of their columns.
    pub(crate) fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// The name nearest to one that is not there: equal but for case, or at most a third of it
    /// mistyped.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        let wanted = name.to_lowercase();
        self.names()
            .take(10_000)
            .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= name.chars().count().div_ceil(3))
            .map(|(_, candidate)| candidate)
    }
}

/// The number of characters to insert, drop or change (Levenshtein 1965).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(names: &[&str]) -> Vec<String> {
        Header::repaired(names.iter().copied()).0.names().map(str::to_owned).collect()
    }

    #[test]
    fn repairs_never_take_a_name_that_exists() {
        assert_eq!(repaired(&["a", "", "a", "a"]), ["a", "column_2", "a_2", "a_3"]);
        assert_eq!(repaired(&["a", "a", "a_2"]), ["a", "a_3", "a_2"]);
        assert_eq!(repaired(&["", "column_1"]), ["column_1_2", "column_1"]);
        assert_eq!(repaired(&["column_2", ""]), ["column_2", "column_2_2"]);
        assert_eq!(repaired(&["a_2", "a", "a", "a_2"]), ["a_2", "a", "a_3", "a_2_2"]);
    }

    #[test]
    fn a_hundred_thousand_equal_names_take_no_time() {
        let (header, n_repairs) = Header::repaired(std::iter::repeat_n("x", 100_000));
        assert_eq!(header.name(99_999), "x_100000");
        assert_eq!((n_repairs, header.repairs().len()), (99_999, MOST_REPAIRS_KEPT));
    }

    #[test]
    fn the_nearest_name_is_near() {
        let (header, _) = Header::repaired(["e-mail", "name", "city"].into_iter());
        assert_eq!(header.nearest("email"), Some("e-mail"));
        assert_eq!(header.nearest("Name"), Some("name"));
        assert_eq!(header.nearest("salary"), None);
    }
}
