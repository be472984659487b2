//! Which columns are written, in what order, under which names: select, drop, rename.
//!
//! A name that an input lacks is passed over: that some input has it is seen to in `together.rs`.

use super::added::Added;
use super::column_names::ColumnNames;
use super::columns::Columns;
use super::name_style::NameStyle;
use super::supplied::Supplied;
use crate::error::{Error, Result};
use crate::header::Header;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// One column of the output.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'a> {
    /// `None` if the input has no such column.
    pub(super) field: Option<u32>,
    pub(super) name: Cow<'a, str>,
    /// What is written where it is not the input's.
    pub(super) supplied: Option<Supplied>,
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
    let mut own = choose_own(columns, header, path)?;
    if columns.names != NameStyle::Same {
        let (unique, _) = Header::repaired(own.iter().map(|column| &*column.name));
        for (column, name) in own.iter_mut().zip(unique.names()) {
            // What the caller named keeps its name, or is told.
            let is_given = columns.rename.iter().any(|(_, new)| *new == column.name)
                || columns.add.iter().any(|added| added.name == column.name);
            if !is_given && column.name != name {
                column.name = name.to_owned().into();
            }
        }
    }
    refuse_twice(columns, &own, path)?;
    if let Some(all) = all {
        let mut own: HashMap<Cow<'_, str>, Chosen<'_>> =
            own.into_iter().map(|column| (column.name.clone(), column)).collect();
        let wanted = choose_of_all(columns, all)?.into_iter();
        let wanted: Vec<_> = wanted
            .map(|wanted| {
                let lacking = Chosen { field: None, supplied: Some(Supplied::Null), ..wanted.clone() };
                own.remove(&wanted.name).unwrap_or(lacking)
            })
            .collect();
        if let Some(name) = own.into_keys().min() {
            return Err(Error::setting(format!(
                "{path}: `names`: column '{name}' has the same name as another; rename it"
            )));
        }
        return Ok(wanted);
    }
    if own.is_empty() {
        return Err(Error::setting(format!("{path}: `select` and `drop` leave no column")));
    }
    Ok(own)
}

/// Finds two columns that the caller gave the same name.
fn refuse_twice(columns: &Columns, own: &[Chosen<'_>], path: &str) -> Result<()> {
    if columns.rename.is_empty() && columns.add.is_empty() {
        return Ok(());
    }
    let mut seen = HashSet::new();
    let Some(twice) = own.iter().find(|column| !seen.insert(&column.name)) else { return Ok(()) };
    let name = &twice.name;
    Err(columns.add.iter().find(|added| added.name == **name).map_or_else(
        || Error::setting(format!("{path}: `rename`: two columns would be named '{name}'")),
        |added| is_there(added, path),
    ))
}

/// The error of a column that cannot be added.
fn is_there(added: &Added, path: &str) -> Error {
    let Added { name, .. } = added;
    let setting = added.value.setting();
    Error::setting(format!("{path}: {setting}: there is a column '{name}' already; drop or rename it"))
}

/// The columns that `columns` asks for, of inputs that have those of `all` together. Each name is
/// there once: the inputs may call a column otherwise, and rename it. There may be none.
///
/// # Errors
/// One is named twice.
pub(super) fn choose_of_all<'a>(columns: &'a Columns, all: &'a Header) -> Result<Vec<Chosen<'a>>> {
    let mut chosen = choose_own(columns, all, "")?;
    let mut seen = HashSet::new();
    chosen.retain(|column| seen.insert(column.name.clone()));
    Ok(chosen)
}

/// Which columns are written, in what order: fields of the input, and those that are added.
#[derive(Clone, Copy, PartialEq)]
enum OutputColumn {
    Field(usize),
    Added(usize),
}

/// As [`choose`], if no column is left or two have the same name too.
fn choose_own<'a>(columns: &'a Columns, header: &'a Header, path: &str) -> Result<Vec<Chosen<'a>>> {
    let order = order(columns, header, path)?;
    let mut renamed = HashMap::new();
    for (old, new) in &columns.rename {
        renamed.extend(header.position(old).map(|field| (field, new.as_str())));
    }
    let field = |field| u32::try_from(field).expect("a header is no longer than a record");
    let chosen = order.into_iter().map(|wanted| match wanted {
        OutputColumn::Field(place) => {
            let name = match (renamed.get(&place), columns.names) {
                (Some(name), _) => (*name).into(),
                (None, NameStyle::Same) => header.name(place).into(),
                (None, style) => style.apply(header.name(place), columns.nest.as_deref()).into(),
            };
            Ok(Chosen { field: Some(field(place)), name, supplied: None })
        }
        OutputColumn::Added(i) => {
            let added = &columns.add[i];
            let supplied = Some(added.supplied(path, header, columns.hash_key.as_ref())?);
            Ok(Chosen { field: None, name: added.name.as_str().into(), supplied })
        }
    });
    chosen.collect()
}

fn order(columns: &Columns, header: &Header, path: &str) -> Result<Vec<OutputColumn>> {
    let names = ColumnNames(header);
    let mut kept = vec![true; header.len()];
    for name in &columns.drop {
        for field in names.find_all(name) {
            kept[field] = false;
        }
    }
    let all_added = (0..columns.add.len()).map(OutputColumn::Added);
    let Some(selected) = &columns.select else {
        let fields = (0..header.len()).filter(|&field| kept[field]).map(OutputColumn::Field);
        return Ok(fields.chain(all_added).collect());
    };
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
        if let Some(i) = columns.add.iter().position(|added| added.name == *name) {
            let is_renamed = columns.rename.iter().any(|(old, _)| old == name);
            if header.position(name).is_some_and(|field| kept[field]) && !is_renamed {
                return Err(is_there(&columns.add[i], path));
            }
            order.push(OutputColumn::Added(i));
            continue;
        }
        let found = names.find_all(name);
        let exact = header.position(name).is_some();
        let found = found
            .into_iter()
            .filter(|&field| kept[field] && (exact || !std::mem::replace(&mut named[field], true)));
        order.extend(found.map(OutputColumn::Field));
    }
    let rest: Vec<OutputColumn> = all_added.filter(|added| !order.contains(added)).collect();
    order.extend(rest);
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

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
