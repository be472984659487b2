//! Which columns are written, in what order, under which names, by which rule: select, drop,
//! rename, mask, type.
//!
//! A name that an input lacks is passed over: that some input has it is seen to in `together.rs`.

use super::columns::Columns;
use super::rule::{ColumnRule, Last, Type, otherwise};
use crate::error::{Error, Result};
use crate::header::Header;
use std::collections::{HashMap, HashSet};

/// One column of the output.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'a> {
    /// `None` if the input has no such column.
    pub(super) field: Option<u32>,
    pub(super) name: &'a str,
    pub(super) rule: ColumnRule,
}

/// The columns that `columns` asks for, of an input `path` with `header`: those of `all` inputs, if
/// what an input lacks is filled.
///
/// # Errors
/// None is left, one is named twice, or two have the same name.
pub(super) fn choose<'a>(
    columns: &'a Columns,
    header: &'a Header,
    all: Option<&'a Header>,
    path: &str,
) -> Result<Vec<Chosen<'a>>> {
    let own = choose_own(columns, header)?;
    let mut seen = HashSet::new();
    let twice = || own.iter().find(|column| !seen.insert(column.name));
    if let Some(twice) = (!columns.rename.is_empty()).then(twice).flatten() {
        let name = twice.name;
        return Err(Error::setting(format!("{path}: `rename`: two columns would be named '{name}'")));
    }
    if let Some(all) = all {
        let mut own: HashMap<&str, Chosen<'_>> =
            own.into_iter().map(|column| (column.name, column)).collect();
        let lacking = |name| Chosen { field: None, name, rule: ColumnRule::default() };
        let wanted = choose_of_all(columns, all)?.into_iter();
        return Ok(wanted
            .map(|wanted| own.remove(wanted.name).unwrap_or_else(|| lacking(wanted.name)))
            .collect());
    }
    if own.is_empty() {
        return Err(Error::setting(format!("{path}: `select` and `drop` leave no column")));
    }
    Ok(own)
}

/// The columns that `columns` asks for, of inputs that have those of `all` together. Each name is
/// there once: the inputs may call a column otherwise, and rename it. There may be none.
///
/// # Errors
/// One is named twice.
pub(super) fn choose_of_all<'a>(columns: &'a Columns, all: &'a Header) -> Result<Vec<Chosen<'a>>> {
    let mut chosen = choose_own(columns, all)?;
    let mut seen = HashSet::new();
    chosen.retain(|column| seen.insert(column.name));
    Ok(chosen)
}

/// As [`choose`], if no column is left or two have the same name too.
fn choose_own<'a>(columns: &'a Columns, header: &'a Header) -> Result<Vec<Chosen<'a>>> {
    let names = ColumnNames(header);
    let mut kept = vec![true; header.len()];
    for name in &columns.drop {
        for field in names.find_all(name) {
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
                    let found = names.find_all(name);
                    let exact = header.position(name).is_some();
                    order.extend(found.into_iter().filter(|&field| {
                        kept[field] && (exact || !std::mem::replace(&mut named[field], true))
                    }));
                }
                order
            }
        };
    let mut renamed = HashMap::new();
    for (old, new) in &columns.rename {
        renamed.extend(header.position(old).map(|field| (field, new.as_str())));
    }
    let mut rules = vec![ColumnRule { last: otherwise(columns), transforms: Vec::new() }; header.len()];
    for (name, wanted) in &columns.types {
        for field in names.find_all(name) {
            rules[field].last = Last::Typed(*wanted);
        }
    }
    for (i, (name, _)) in columns.transform.iter().enumerate() {
        header.position(name).into_iter().for_each(|field| rules[field].transforms.push(i));
    }
    for (name, mask) in &columns.mask {
        for field in names.find_all(name) {
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
    let field = |field| u32::try_from(field).expect("a header is no longer than a record");
    let chosen = order.into_iter().map(|place| Chosen {
        field: Some(field(place)),
        name: renamed.get(&place).copied().unwrap_or_else(|| header.name(place)),
        rule: std::mem::take(&mut rules[place]),
    });
    Ok(chosen.collect())
}

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
        let chosen = choose(columns, &header, None, "test").unwrap();
        chosen.iter().filter_map(|column| column.field).collect()
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
