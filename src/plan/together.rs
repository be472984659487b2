//! What several inputs have together: whether some input has a name that is asked for, and the
//! columns of all, if what an input lacks is filled.
//!
//! Headers are read before the output is opened, so all of them are known when the first record is
//! written.

use super::column_names::ColumnNames;
use super::columns::Columns;
use super::compile::size_for;
use super::nest::Nest;
use super::resolve::choose_of_all;
use crate::error::{Error, ErrorKind, Result, shown};
use crate::header::Header;
use std::collections::HashSet;

/// What the inputs looked at so far have together.
#[derive(Debug)]
pub(crate) struct Together<'c> {
    columns: &'c Columns,
    asked: Vec<Asked<'c>>,
    n_headers: u64,
    /// The columns of all inputs, if they are wanted.
    all: Option<All>,
}

/// A name that is asked for.
#[derive(Debug)]
struct Asked<'c> {
    name: &'c str,
    setting: &'static str,
    n_having: u64,
    /// The first input that lacks it, and the nearest name there.
    lacking: Option<(String, Option<String>)>,
}

/// The columns of all inputs, in the order in which they are first seen.
#[derive(Debug, Default)]
struct All {
    header: Header,
    seen: HashSet<String>,
    n_bytes: usize,
}

impl<'c> Together<'c> {
    /// For `n` inputs, of which `columns` is asked.
    pub(crate) fn new(columns: &'c Columns, n: usize) -> Self {
        let Columns { filter, select, drop, rename, mask, transform, types, split, .. } = columns;
        let names = select.iter().flatten().map(|name| (name, "`select`"));
        // Those that are added are in no input.
        let is_added = |name: &String| columns.add.iter().any(|added| added.name == *name);
        let names = names.filter(|(name, _)| !is_added(name));
        let names = names.chain(filter.iter().map(|condition| (&condition.column, "`filter`")));
        let names = names.chain(drop.iter().map(|name| (name, "`drop`")));
        let names = names.chain(rename.iter().map(|(name, _)| (name, "`rename`")));
        let names = names.chain(types.iter().map(|(name, _)| (name, "`column_type`")));
        let names = names.chain(columns.null.iter().map(|(name, _)| (name, "`null`")));
        let names = names.chain(columns.empty.iter().map(|(name, _)| (name, "`empty`")));
        let names = names.chain(split.iter().map(|(name, _)| (name, "`split`")));
        let names = names.chain(transform.iter().map(|(name, _)| (name, "`transform`")));
        let of_ids = columns.add.iter().flat_map(|added| added.value.columns());
        let names = names.chain(of_ids.map(|name| (name, "`id`")));
        let names = names.chain(mask.iter().map(|(name, _)| (name, "`mask`")));
        let mut seen = HashSet::new();
        let once = names.filter(|(name, _)| seen.insert(*name));
        let asked = once.map(|(name, setting)| Asked { name, setting, n_having: 0, lacking: None }).collect();
        let all = (columns.fill && n > 1).then(All::default);
        Self { columns, asked, n_headers: 0, all }
    }

    /// Whether the headers of all inputs must be looked at.
    pub(crate) fn asks(&self) -> bool {
        !self.asked.is_empty() || self.all.is_some()
    }

    /// Looks at the header of the input `path`.
    ///
    /// # Errors
    /// The columns of all inputs need more than `limit` bytes.
    pub(crate) fn look(&mut self, header: &Header, path: &str, limit: usize) -> Result<()> {
        self.n_headers += 1;
        for asked in &mut self.asked {
            let star = !["`rename`", "`transform`", "`filter`"].contains(&asked.setting);
            let has = header.position(asked.name).is_some()
                || star && !ColumnNames(header).find_all(asked.name).is_empty();
            if has {
                asked.n_having += 1;
            } else if asked.lacking.is_none() {
                asked.lacking = Some((path.to_owned(), header.nearest(asked.name).map(str::to_owned)));
            }
        }
        let Some(all) = &mut self.all else { return Ok(()) };
        for name in header.names() {
            if !all.seen.contains(name) {
                all.seen.insert(name.to_owned());
                all.header.push(name);
                all.n_bytes += name.len();
            }
        }
        // Once more for the names that were seen.
        if 2 * size_for(self.columns, all.n_bytes, all.header.len()) > limit {
            let (path, n_columns) = ("all inputs together".to_owned(), all.header.len());
            return Err(ErrorKind::HeaderTooLarge { path, n_columns, limit }.into());
        }
        Ok(())
    }

    /// Returns remarks on inputs that lack a name, after all inputs were looked at.
    ///
    /// # Errors
    /// No input has a name that is asked for, or the columns of all cannot be written together.
    pub(crate) fn settle(&self) -> Result<Vec<String>> {
        let mut remarks = Vec::new();
        for Asked { name, setting, n_having, lacking } in &self.asked {
            let Some((first, nearest)) = lacking else { continue };
            let n_lacking = self.n_headers - n_having;
            if *n_having == 0 {
                let path = match self.n_headers {
                    1 => first.clone(),
                    n => format!("all {n} inputs"),
                };
                let (name, nearest) = ((*name).to_owned(), nearest.clone());
                return Err(ErrorKind::UnknownColumn { path, name, setting, nearest }.into());
            }
            let what = if name.contains('*') { "no column matches" } else { "there is no column" };
            let others = match n_lacking {
                1 => String::new(),
                2 => ", nor is there in 1 more input".to_owned(),
                n => format!(", nor is there in {} more inputs", n - 1),
            };
            remarks.push(format!("{first}: {what} '{}' ({setting}){others}", shown(name)));
        }
        if let Some(All { header, .. }) = self.all.as_ref().filter(|all| all.header.len() > 0) {
            let mut chosen = choose_of_all(self.columns, header)?;
            if chosen.is_empty() {
                return Err(Error::setting("`select` and `drop` leave no column of any input"));
            }
            if let Some(separator) = &self.columns.nest {
                Nest::new(&mut chosen, separator, "all inputs together")?;
            }
        }
        Ok(remarks)
    }

    /// Whether what an input lacks is filled.
    pub(crate) fn fills(&self) -> bool {
        self.all.is_some()
    }

    /// The columns of all inputs, if they are wanted and there are several.
    pub(crate) fn all(&self) -> Option<&Header> {
        self.all.as_ref().map(|all| &all.header).filter(|all| all.len() > 0)
    }

    /// What the format writes before the records of all inputs; `None` if each input says it.
    ///
    /// # Errors
    /// As [`Together::settle`].
    pub(crate) fn begin(&self) -> Result<Option<String>> {
        let Some(all) = self.all() else { return Ok(None) };
        let chosen = choose_of_all(self.columns, all)?;
        Ok(Some(self.columns.format.begin(chosen.iter().map(|column| &*column.name))))
    }
}
