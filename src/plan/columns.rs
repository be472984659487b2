//! Which columns are written, in what order, under which names: select, drop, rename.

use super::{Columns, Mask};
use crate::error::{Error, ErrorKind, Result};
use crate::header::Header;
use std::collections::{HashMap, HashSet};

/// One column of the output.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) field: u32,
    pub(super) name: &'a str,
    pub(super) mask: Option<Mask>,
}

/// The columns that `columns` asks for, of an input `path` with `header`.
pub(super) fn choose<'a>(columns: &'a Columns, header: &'a Header, path: &str) -> Result<Vec<Chosen<'a>>> {
    let find = |setting: &'static str, name: &str| {
        header.position(name).ok_or_else(|| {
            Error::from(ErrorKind::UnknownColumn {
                path: path.to_owned(),
                name: name.to_owned(),
                setting,
                nearest: header.nearest(name).map(str::to_owned),
            })
        })
    };
    let mut kept = vec![true; header.len()];
    for name in &columns.drop {
        kept[find("--drop", name)?] = false;
    }
    let order: Vec<usize> = match &columns.select {
        None => (0..header.len()).filter(|&field| kept[field]).collect(),
        Some(names) => {
            let mut order = Vec::with_capacity(names.len());
            let mut named = vec![false; header.len()];
            for name in names {
                let field = find("--select", name)?;
                if std::mem::replace(&mut named[field], true) {
                    return Err(Error::setting(format!("--select: column '{name}' is named twice")));
                }
                if kept[field] {
                    order.push(field);
                }
            }
            order
        }
    };
    if order.is_empty() {
        return Err(Error::setting(format!("{path}: --select and --drop leave no column")));
    }
    let mut renamed = HashMap::new();
    for (old, new) in &columns.rename {
        renamed.insert(find("--rename", old)?, new.as_str());
    }
    let mut masks = HashMap::new();
    for (name, mask) in &columns.mask {
        masks.insert(find("--mask", name)?, *mask);
    }
    let chosen: Vec<Chosen<'_>> = order
        .into_iter()
        .map(|field| Chosen {
            field: u32::try_from(field).expect("a header is no longer than a record"),
            name: renamed.get(&field).copied().unwrap_or_else(|| header.name(field)),
            mask: masks.get(&field).copied(),
        })
        .collect();
    if !columns.rename.is_empty() {
        let mut seen = HashSet::new();
        if let Some(twice) = chosen.iter().find(|column| !seen.insert(column.name)) {
            let name = &twice.name;
            return Err(Error::setting(format!("{path}: --rename: two columns would be named '{name}'")));
        }
    }
    Ok(chosen)
}
