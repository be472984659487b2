//! `--nest`: names such as `a.b` become objects within objects.
//!
//! Columns that belong together are put together, at the place of the first of them, so that a
//! record can still be written from left to right. What is kept of each column is its keys, and how
//! many of them it shares with the column before.

use super::quoted::quoted;
use super::resolve::Chosen;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Most JSON readers stop at 127 levels, of which a value may have a hundred; a header of more than
/// these is a mistake.
const MOST_LEVELS: usize = 24;

/// The keys of all output columns.
#[derive(Debug)]
pub(super) struct Nest {
    /// `"a":`, of all columns one after another.
    keys: String,
    /// Where each key ends.
    key_ends: Vec<u32>,
    /// Where each column's keys end in `key_ends`.
    column_ends: Vec<u32>,
    /// How many keys each column shares with the one before.
    shared: Vec<u8>,
}

/// The bytes that nesting adds to a plan.
pub(super) fn size_for(n_bytes: usize, n_columns: usize) -> usize {
    12 * n_bytes + 160 * n_columns
}

/// An object or a value.
#[derive(Default)]
struct Node {
    children: Vec<usize>,
    column: Option<usize>,
}

impl Nest {
    /// Splits names at `separator` and puts `chosen` into the order in which they will be written.
    ///
    /// # Errors
    /// A name is both a value and an object, or has too many levels; `path` is the input.
    pub(super) fn new(chosen: &mut Vec<Chosen<'_>>, separator: &str, path: &str) -> Result<Self> {
        let mut nodes = vec![Node::default()];
        let mut known: HashMap<(usize, &str), usize> = HashMap::new();
        let conflict = |name: &str| {
            Error::setting(format!(
                "{path}: `nest`: '{name}' would be both a value and an object; rename it or the columns below it"
            ))
        };
        for (column, Chosen { name, .. }) in chosen.iter().enumerate() {
            if name.split(separator).count() > MOST_LEVELS {
                let name = crate::error::shown(name);
                let message = format!("{path}: `nest`: '{name}' has more than {MOST_LEVELS} levels");
                return Err(Error::setting(message));
            }
            let mut at = 0;
            let mut end = 0;
            for level in name.split(separator) {
                if nodes[at].column.is_some() {
                    return Err(conflict(&name[..end - separator.len()]));
                }
                end += level.len() + separator.len();
                at = *known.entry((at, level)).or_insert_with(|| {
                    nodes.push(Node::default());
                    let new = nodes.len() - 1;
                    nodes[at].children.push(new);
                    new
                });
            }
            if !nodes[at].children.is_empty() || nodes[at].column.is_some() {
                return Err(conflict(name));
            }
            nodes[at].column = Some(column);
        }
        drop(known);
        let mut order = Vec::with_capacity(chosen.len());
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            order.extend(nodes[at].column);
            open.extend(nodes[at].children.iter().rev());
        }
        drop(nodes);
        let mut nest =
            Self { keys: String::new(), key_ends: Vec::new(), column_ends: Vec::new(), shared: Vec::new() };
        let mut before = "";
        for &column in &order {
            let name = &*chosen[column].name;
            let pairs = name.split(separator).zip(before.split(separator));
            let most = name.split(separator).count() - 1;
            let shared =
                if nest.shared.is_empty() { 0 } else { pairs.take_while(|(a, b)| a == b).count().min(most) };
            for level in name.split(separator) {
                nest.keys.push_str(&quoted(level));
                nest.keys.push(':');
                nest.key_ends
                    .push(u32::try_from(nest.keys.len()).expect("a header is no longer than a record"));
            }
            nest.column_ends.push(u32::try_from(nest.key_ends.len()).expect("fewer keys than bytes"));
            nest.shared.push(u8::try_from(shared).expect("few levels"));
            before = name;
        }
        let mut ordered: Vec<Chosen<'_>> = order.iter().map(|&column| chosen[column].clone()).collect();
        std::mem::swap(chosen, &mut ordered);
        Ok(nest)
    }

    /// The number of keys of output column `i`.
    fn depth(&self, i: usize) -> usize {
        (self.column_ends[i] - self.first(i)) as usize
    }

    fn first(&self, i: usize) -> u32 {
        if i == 0 { 0 } else { self.column_ends[i - 1] }
    }

    fn key(&self, i: usize, level: usize) -> &str {
        let at = self.first(i) as usize + level;
        let start = if at == 0 { 0 } else { self.key_ends[at - 1] as usize };
        &self.keys[start..self.key_ends[at] as usize]
    }

    /// What is before the value of column `i` when that of column `before` was the last
    /// written, in pieces.
    pub(super) fn lead<E>(
        &self,
        before: Option<usize>,
        i: usize,
        mut emit: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut shared = 0;
        if let Some(before) = before {
            shared = self.shared[before + 1..=i].iter().copied().min().unwrap_or(0).into();
            for _ in shared + 1..self.depth(before) {
                emit(b"}")?;
            }
            emit(b",")?;
        }
        let depth = self.depth(i);
        for level in shared..depth {
            emit(self.key(i, level).as_bytes())?;
            if level + 1 < depth {
                emit(b"{")?;
            }
        }
        Ok(())
    }

    /// How many objects within the record's are open behind column `i`.
    pub(super) fn n_open(&self, i: usize) -> usize {
        self.depth(i) - 1
    }

    /// The keys of the record's own object.
    pub(super) fn top_keys(&self) -> impl Iterator<Item = &str> {
        (0..self.column_ends.len()).map(|i| self.key(i, 0))
    }
}
