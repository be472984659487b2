//! Which columns are written, in what order, under which names, by which rule: select, drop,
//! rename, mask, type.

use super::columns::Columns;
use super::rule::{ColumnRule, Last, Type, otherwise};
use crate::error::{Error, ErrorKind, Result};
use crate::header::Header;
use std::collections::{HashMap, HashSet};

/// One column of the output.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) field: u32,
    pub(super) name: &'a str,
    pub(super) rule: ColumnRule,
}

/// The columns that `columns` asks for, of an input `path` with `header`.
pub(super) fn choose<'a>(columns: &'a Columns, header: &'a Header, path: &str) -> Result<Vec<Chosen<'a>>> {
    let names = ColumnNames { header, path };
    let mut kept = vec![true; header.len()];
    for name in &columns.drop {
        for field in names.find_all("`drop`", name)? {
            kept[field] = false;
        }
    }
    let order: Vec<usize> =
        match &columns.select {
            None => (0..header.len()).filter(|&field| kept[field]).collect(),
            Some(selected) => {
                let mut order = Vec::with_capacity(selected.len());
                let mut named = vec![false; header.len()];
                // A column that is named keeps its place, so a pattern leaves it out.
                for name in selected {
                    if let Some(field) = header.position(name)
                        && std::mem::replace(&mut named[field], true)
                    {
                        return Err(Error::setting(format!("`select`: column '{name}' is named twice")));
                    }
                }
                for name in selected {
                    let found = names.find_all("`select`", name)?;
                    let exact = header.position(name).is_some();
                    order.extend(found.into_iter().filter(|&field| {
                        kept[field] && (exact || !std::mem::replace(&mut named[field], true))
                    }));
                }
                order
            }
        };
    if order.is_empty() {
        return Err(Error::setting(format!("{path}: `select` and `drop` leave no column")));
    }
    let mut renamed = HashMap::new();
    for (old, new) in &columns.rename {
        renamed.insert(names.find("`rename`", old)?, new.as_str());
    }
    let mut rules = vec![ColumnRule { last: otherwise(columns), transforms: Vec::new() }; header.len()];
    for (name, wanted) in &columns.types {
        for field in names.find_all("`column_type`", name)? {
            rules[field].last = Last::Typed(*wanted);
        }
    }
    for (i, (name, _)) in columns.transform.iter().enumerate() {
        rules[names.find("`transform`", name)?].transforms.push(i);
    }
    for (name, mask) in &columns.mask {
        for field in names.find_all("`mask`", name)? {
            let typed = |(name, wanted): &(String, Type)| {
                *wanted != Type::String && header.position(name) == Some(field)
            };
            if columns.types.iter().any(typed) {
                let name = header.name(field);
                let message =
                    format!("`mask` and `column_type`: column '{name}' is masked, so it is a string");
                return Err(Error::setting(message));
            }
            rules[field].last = Last::Masked(*mask);
        }
    }
    let chosen: Vec<Chosen<'_>> = order
        .into_iter()
        .map(|field| Chosen {
            field: u32::try_from(field).expect("a header is no longer than a record"),
            name: renamed.get(&field).copied().unwrap_or_else(|| header.name(field)),
            rule: std::mem::take(&mut rules[field]),
        })
        .collect();
    if !columns.rename.is_empty() {
        let mut seen = HashSet::new();
        if let Some(twice) = chosen.iter().find(|column| !seen.insert(column.name)) {
            let name = &twice.name;
            return Err(Error::setting(format!("{path}: `rename`: two columns would be named '{name}'")));
        }
    }
    Ok(chosen)
}

/// The names of an input's columns, to look them up.
struct ColumnNames<'a> {
    header: &'a Header,
    path: &'a str,
}

impl ColumnNames<'_> {
    /// The column named just so.
    fn find(&self, setting: &'static str, name: &str) -> Result<usize> {
        self.header.position(name).ok_or_else(|| {
            Error::from(ErrorKind::UnknownColumn {
                path: self.path.to_owned(),
                name: name.to_owned(),
                setting,
                nearest: self.header.nearest(name).map(str::to_owned),
            })
        })
    }

    /// The column named just so, or else all that match where there is a `*` in it.
    fn find_all(&self, setting: &'static str, name: &str) -> Result<Vec<usize>> {
        if name.contains('*') && self.header.position(name).is_none() {
            let matching: Vec<usize> =
                (0..self.header.len()).filter(|&field| matches(name, self.header.name(field))).collect();
            if !matching.is_empty() {
                return Ok(matching);
            }
        }
        Ok(vec![self.find(setting, name)?])
    }
}

/// Whether `name` is `pattern`, in which each `*` stands for any characters or none.
fn matches(pattern: &str, name: &str) -> bool {
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

    fn order(header: &[&str], columns: &Columns) -> Vec<u32> {
        let (header, _) = Header::repaired(header.iter().copied());
        choose(columns, &header, "test").unwrap().iter().map(|column| column.field).collect()
    }

    #[test]
    fn who_is_named_stands_where_it_is_named() {
        let select = |names: &[&str]| Columns {
            select: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            ..Columns::default()
        };
        let header = ["id", "a_1", "b", "a_2", "x*"];
        assert_eq!(order(&header, &select(&["a_*", "id"])), [1, 3, 0]);
        assert_eq!(order(&header, &select(&["*", "id"])), [1, 2, 3, 4, 0]);
        assert_eq!(order(&header, &select(&["a_2", "a_*", "*"])), [3, 1, 0, 2, 4]);
        assert_eq!(order(&header, &select(&["x*"])), [4], "a name that holds a star");
    }
}
