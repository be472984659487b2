//! `--nest`: names such as `a.b` become objects within objects, and `a.0`, `a.1` or `a[0]`, `a[1]`
//! arrays.
//!
//! Columns that belong together are put together, at the place of the first of them, so that a
//! record can still be written from left to right. What is kept of each column is its keys, and how
//! many of them it shares with the column before.

use super::quoted::quoted;
use super::resolve::Chosen;
use crate::error::{Error, Result, shown};
use std::collections::HashMap;

/// Most JSON readers stop at 127 levels, of which a value may have a hundred; a header of more than
/// these is a mistake.
const MOST_LEVELS: usize = 24;

/// The keys of all output columns.
#[derive(Debug)]
pub(super) struct Nest {
    /// `"a":`, or nothing in an array, and what opens the level below; of all columns one after
    /// another.
    keys: String,
    /// Where each key ends.
    key_ends: Vec<u32>,
    /// Where each column's keys end in `key_ends`.
    column_ends: Vec<u32>,
    /// How many keys each column shares with the one before.
    shared: Vec<u8>,
    /// Which columns are in an array, or in an object that is.
    in_array: Vec<bool>,
}

/// The bytes that nesting adds to a plan.
pub(super) fn size_for(n_bytes: usize, n_columns: usize) -> usize {
    12 * n_bytes + 256 * n_columns
}

/// A level of a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Level<'n> {
    name: &'n str,
    /// It stood in brackets, so it is nothing but a number.
    in_brackets: bool,
}

/// An object, an array or a value.
#[derive(Default)]
struct Node<'n> {
    name: &'n str,
    children: Vec<(Level<'n>, usize)>,
    column: Option<usize>,
    /// What it is in; nothing if it is the record.
    parent: Option<usize>,
    is_array: bool,
}

impl Node<'_> {
    /// Whether its children are numbered from 0 on, so that it is an array. A record is none.
    fn is_numbered(&self) -> bool {
        if self.parent.is_none() {
            return false;
        }
        let mut seen = vec![false; self.children.len()];
        !seen.is_empty()
            && self.children.iter().all(|(level, _)| {
                let place = level.number().and_then(|number| seen.get_mut(number));
                place.is_some_and(|seen| !std::mem::replace(seen, true))
            })
    }
}

impl Level<'_> {
    /// Its number, if it is written as one is.
    fn number(&self) -> Option<usize> {
        let number = self.name.parse().ok()?;
        (self.name == "0" || !self.name.starts_with(['0', '+'])).then_some(number)
    }
}

/// The levels of a name: `a[0].b` has three.
fn levels<'n>(name: &'n str, separator: &str) -> Vec<Level<'n>> {
    let mut all = Vec::new();
    for mut name in name.split(separator) {
        let mut numbers = Vec::new();
        while let Some((before, number)) = name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
            let level = Level { name: number, in_brackets: true };
            if level.number().is_none() || before.is_empty() {
                break;
            }
            numbers.push(level);
            name = before;
        }
        all.push(Level { name, in_brackets: false });
        all.extend(numbers.into_iter().rev());
    }
    all
}

impl Nest {
    /// Splits names at `separator` and puts `chosen` into the order in which they will be written.
    ///
    /// # Errors
    /// A name is both a value and an object, has too many levels, or has a number in brackets that
    /// is no place in an array; `path` is the input.
    pub(super) fn new(chosen: &mut Vec<Chosen<'_>>, separator: &str, path: &str) -> Result<Self> {
        let nodes = tree(chosen, separator, path)?;
        let mut order = Vec::with_capacity(chosen.len());
        let mut open = vec![(0, false)];
        while let Some((at, in_array)) = open.pop() {
            let node: &Node<'_> = &nodes[at];
            order.extend(node.column.map(|_| (at, in_array)));
            let mut children = node.children.clone();
            if node.is_array {
                children.sort_by_key(|(level, _)| level.number());
            } else if let Some((level, _)) = children.iter().find(|(level, _)| level.in_brackets) {
                let name = shown(level.name);
                let message = format!("{path}: `nest`: '[{name}]': the numbers beside it are not 0, 1, 2, …");
                return Err(Error::setting(message));
            }
            open.extend(children.iter().rev().map(|(_, child)| (*child, in_array || node.is_array)));
        }
        let nest = Self::of(&order, &nodes);
        let columns: Vec<usize> = order.iter().filter_map(|(at, _)| nodes[*at].column).collect();
        drop(nodes);
        let mut ordered: Vec<Chosen<'_>> = columns.iter().map(|&column| chosen[column].clone()).collect();
        std::mem::swap(chosen, &mut ordered);
        Ok(nest)
    }

    /// The keys of the values among `nodes` in this order, each with whether it is in an array.
    fn of(order: &[(usize, bool)], nodes: &[Node<'_>]) -> Self {
        let mut nest = Self {
            keys: String::new(),
            key_ends: Vec::new(),
            column_ends: Vec::new(),
            shared: Vec::new(),
            in_array: order.iter().map(|(_, in_array)| *in_array).collect(),
        };
        let mut before = Vec::new();
        for &(leaf, _) in order {
            // From the value to the record.
            let mut path: Vec<usize> = std::iter::successors(Some(leaf), |at| nodes[*at].parent).collect();
            path.pop();
            path.reverse();
            let most = path.len() - 1;
            let shared = path.iter().zip(&before).take_while(|(a, b)| a == b).count().min(most);
            for (i, &at) in path.iter().enumerate() {
                let Node { name, parent, is_array, .. } = &nodes[at];
                if !parent.is_some_and(|parent| nodes[parent].is_array) {
                    nest.keys.push_str(&quoted(name));
                    nest.keys.push(':');
                }
                if i < most {
                    nest.keys.push(if *is_array { '[' } else { '{' });
                }
                nest.key_ends
                    .push(u32::try_from(nest.keys.len()).expect("a header is no longer than a record"));
            }
            nest.column_ends.push(u32::try_from(nest.key_ends.len()).expect("fewer keys than bytes"));
            nest.shared.push(u8::try_from(shared).expect("few levels"));
            before = path;
        }
        nest
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
            self.close(before, shared, &mut emit)?;
            emit(b",")?;
        }
        (shared..self.depth(i)).try_for_each(|level| emit(self.key(i, level).as_bytes()))
    }

    /// Closes what is open behind column `i`, but for the outer `n` levels.
    pub(super) fn close<E>(
        &self,
        i: usize,
        n: usize,
        mut emit: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        (n..self.depth(i) - 1)
            .rev()
            .try_for_each(|level| emit(if self.key(i, level).ends_with('[') { b"]" } else { b"}" }))
    }

    /// Whether some column is in an array.
    pub(super) fn has_arrays(&self) -> bool {
        self.in_array.contains(&true)
    }

    /// Whether column `i` is in an array, or in an object that is.
    pub(super) fn is_in_array(&self, i: usize) -> bool {
        self.in_array[i]
    }

    /// The keys of the record's own object.
    pub(super) fn top_keys(&self) -> impl Iterator<Item = &str> {
        (0..self.column_ends.len()).map(|i| self.key(i, 0).trim_end_matches(['[', '{']))
    }
}

/// The objects, arrays and values that the names are, the record first.
fn tree<'n>(chosen: &'n [Chosen<'_>], separator: &str, path: &str) -> Result<Vec<Node<'n>>> {
    let mut nodes = vec![Node::default()];
    let mut known: HashMap<(usize, Level<'_>), usize> = HashMap::new();
    let conflict = |name: &str| {
        Error::setting(format!(
            "{path}: `nest`: '{}' would be both a value and an object; rename it or the columns below it",
            shown(name)
        ))
    };
    for (column, Chosen { name, .. }) in chosen.iter().enumerate() {
        let levels = levels(name, separator);
        if levels.len() > MOST_LEVELS {
            let name = shown(name);
            let message = format!("{path}: `nest`: '{name}' has more than {MOST_LEVELS} levels");
            return Err(Error::setting(message));
        }
        let mut at = 0;
        for level in levels {
            if let Some(value) = nodes[at].column {
                return Err(conflict(&chosen[value].name));
            }
            at = *known.entry((at, level)).or_insert_with(|| {
                nodes.push(Node { name: level.name, parent: Some(at), ..Node::default() });
                let new = nodes.len() - 1;
                nodes[at].children.push((level, new));
                new
            });
        }
        if !nodes[at].children.is_empty() || nodes[at].column.is_some() {
            return Err(conflict(name));
        }
        nodes[at].column = Some(column);
    }
    for node in &mut nodes {
        node.is_array = node.is_numbered();
    }
    Ok(nodes)
}
