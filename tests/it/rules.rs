//! What rules on columns should give, with nothing of rowmill's but the names of its settings:
//! after `fixtures/oracle.py`, which was written from the specification alone.
//!
//! Bytes are looked at one by one and everything is a string in memory. Advice for maintainers: a
//! new mask or type is an arm here; when the program and this file disagree, read the guide before
//! either.

use rowmill::internal::{Added, Columns};
use rowmill::{AddedValue, Empty, Format, HashKey, Mask, NameStyle, Type};

use crate::model::{Cell, json, repaired, text};
use masks::{id, masked};
use nesting::{Level, Path, in_array, levels, nested, siblings};
use types::{is_token, typed};

// With these the fuzz targets take this file whole.
#[path = "masks.rs"]
mod masks;
#[path = "nesting.rs"]
mod nesting;
#[path = "people.rs"]
mod people;
#[path = "types.rs"]
mod types;
#[cfg(test)]
pub(crate) use people::number;

/// The secret of every hash here.
pub(crate) const SECRET: &[u8] = b"a secret of more than sixteen bytes";

/// The key of [`SECRET`].
pub(crate) fn key() -> HashKey {
    HashKey::derive(SECRET).expect("it is long enough")
}

/// Whether the settings make sense whatever the input.
pub(crate) fn make_sense(columns: &Columns) -> bool {
    let omits = columns.empty.iter().any(|(_, empty)| *empty == Empty::Omit);
    let is_before = columns.before.is_none() || columns.format == Format::Jsonl;
    is_before
        && !(columns.fill && omits)
        && (columns.format != Format::Rows || columns.nest.is_none() && !omits)
}

/// What is written of a record: column by column.
pub(crate) struct Plan<'a> {
    columns: &'a Columns,
    names: Vec<String>,
    /// Field, key, rule.
    chosen: Vec<(usize, String, Rule)>,
    /// The keys that are in arrays.
    arrays: Vec<String>,
    /// Fields are trimmed.
    trims: bool,
    extra_key: String,
}

#[derive(Clone)]
enum Rule {
    Text,
    Infer,
    Typed(Type),
    Masked(Mask),
    /// Of no field.
    Added(String),
    /// Where the record starts.
    Byte,
    /// A hash of these fields, or of this name and where the record starts.
    IdOfFields(Vec<usize>),
    IdOfPlace(String),
}

/// A record's line, and how many of its values are not of their type and not UTF-8.
#[derive(Default)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) misfits: u64,
    pub(crate) invalid: u64,
}

impl<'a> Plan<'a> {
    /// For an input with these names; `None` where the settings make no sense with them.
    pub(crate) fn new(columns: &'a Columns, names: &[String], trims: bool) -> Option<Self> {
        let otherwise = if columns.infer { Rule::Infer } else { Rule::Text };
        let mut rules = vec![otherwise; names.len()];
        for (pattern, wanted) in &columns.types {
            matching(pattern, names)?.into_iter().for_each(|i| rules[i] = Rule::Typed(wanted.clone()));
        }
        for (pattern, mask) in &columns.mask {
            for i in matching(pattern, names)? {
                let named = |(name, wanted): &(String, Type)| *name == names[i] && *wanted != Type::String;
                if columns.types.iter().any(named) {
                    return None;
                }
                rules[i] = Rule::Masked(mask.clone());
            }
        }
        let mut fields: Vec<usize> = (0..names.len()).collect();
        if let Some(selected) = &columns.select {
            fields.clear();
            let exact: Vec<&String> = selected.iter().filter(|pattern| names.contains(pattern)).collect();
            for pattern in selected {
                for i in matching(pattern, names)? {
                    let elsewhere = exact.contains(&&names[i]) && *pattern != names[i];
                    if fields.contains(&i) && *pattern == names[i] {
                        return None;
                    }
                    if !fields.contains(&i) && !elsewhere {
                        fields.push(i);
                    }
                }
            }
        }
        for pattern in &columns.drop {
            let dropped = matching(pattern, names)?;
            fields.retain(|i| !dropped.contains(i));
        }
        let mut keys: Vec<String> = names.to_vec();
        for (old, new) in &columns.rename {
            keys[names.iter().position(|name| name == old)?].clone_from(new);
        }
        if columns.names == NameStyle::Lower {
            let given = |key: &String| columns.rename.iter().any(|(_, new)| new == key);
            keys.iter_mut().filter(|key| !given(key)).for_each(|key| *key = key.to_lowercase());
        }
        let mut chosen: Vec<_> = fields.into_iter().map(|i| (i, keys[i].clone(), rules[i].clone())).collect();
        if columns.names == NameStyle::Lower {
            let lower: Vec<String> = chosen.iter().map(|(_, key, _)| key.clone()).collect();
            let given = |key: &String| columns.rename.iter().any(|(_, new)| new == key);
            for ((_, key, _), unique) in chosen.iter_mut().zip(repaired(&lower)) {
                if !given(key) {
                    *key = unique;
                }
            }
        }
        for Added { name, value } in &columns.add {
            let rule = match value {
                AddedValue::Text(text, Type::Int) => Rule::Added(text.clone()),
                AddedValue::Byte => Rule::Byte,
                AddedValue::IdOfColumns(columns) => {
                    let of = columns.iter().map(|pattern| matching(pattern, names));
                    Rule::IdOfFields(of.collect::<Option<Vec<_>>>()?.concat())
                }
                AddedValue::IdOfPlace(Some(name)) => Rule::IdOfPlace(name.clone()),
                other => panic!("the model does not know {other:?}"),
            };
            chosen.push((usize::MAX, name.clone(), rule));
        }
        let twice = |i: usize| chosen[..i].iter().any(|(_, key, _)| *key == chosen[i].1);
        if chosen.is_empty()
            || (!columns.rename.is_empty() || !columns.add.is_empty()) && (0..chosen.len()).any(twice)
        {
            return None;
        }
        let mut tops: Vec<String> = chosen.iter().map(|(_, key, _)| key.clone()).collect();
        let mut arrays = Vec::new();
        if let Some(separator) = &columns.nest {
            let all: Vec<Vec<Level>> = tops.iter().map(|key| levels(key, separator)).collect();
            let clash = |a: &Vec<Level>, b: &Vec<Level>| a.len() <= b.len() && b[..a.len()] == a[..];
            for (i, a) in all.iter().enumerate() {
                if a.len() > 24 || all.iter().enumerate().any(|(j, b)| i != j && clash(a, b)) {
                    return None;
                }
                // A number in brackets is a place in an array or nothing.
                let is_place = |n: &usize| !a[*n].1 || in_array(&a[..=*n], &siblings(&all, &a[..*n]));
                if !(1..a.len()).all(|n| is_place(&n)) {
                    return None;
                }
            }
            arrays = chosen
                .iter()
                .filter(|(_, key, _)| in_array(&levels(key, separator), &all))
                .map(|(_, key, _)| key.clone())
                .collect();
            // What belongs together stands at the place of the first of it.
            let order = |path: &Vec<Level>| -> Vec<usize> {
                (1..=path.len())
                    .map(|n| all.iter().position(|other| other.len() >= n && other[..n] == path[..n]))
                    .map(|at| at.expect("it is there itself"))
                    .collect()
            };
            chosen.sort_by_key(|(_, key, _)| order(&levels(key, separator)));
            tops = all.into_iter().map(|path| path[0].0.clone()).collect();
        }
        let mut extra_key = columns.extra_key.clone();
        for n in 2.. {
            if extra_key.is_empty() || !tops.contains(&extra_key) {
                break;
            }
            extra_key = format!("{}_{n}", columns.extra_key);
        }
        let plan = Self { columns, names: names.to_vec(), chosen, arrays, trims, extra_key };
        // What is left out of an array would move others.
        let omits = |(i, key, rule): &(usize, String, Rule)| {
            plan.arrays.contains(key)
                && plan.empty(rule, plan.names.get(*i)) == Empty::Omit
                && *i != usize::MAX
        };
        if plan.chosen.iter().any(omits) { None } else { Some(plan) }
    }

    /// What is before the records.
    pub(crate) fn open(&self) -> String {
        match self.columns.format {
            Format::Jsonl => String::new(),
            Format::Json => "[".to_owned(),
            Format::Rows => {
                let names: Vec<String> = self.chosen.iter().map(|(_, key, _)| json(key)).collect();
                format!("[{}]\n", names.join(","))
            }
            other => panic!("the model does not know {other:?}"),
        }
    }

    /// What is behind them.
    pub(crate) fn close(&self) -> &'static str {
        if self.columns.format == Format::Json { "\n]\n" } else { "" }
    }

    /// What becomes of a record that starts at byte `at` of an input with `n_names` names, if it is
    /// the `first` that is written.
    pub(crate) fn line(&self, at: usize, cells: &[Cell], n_names: usize, first: bool) -> Line {
        let mut line = Line::default();
        let mut written: Vec<(Option<&str>, String)> = Vec::new();
        for (i, key, rule) in &self.chosen {
            if let Some(value) = self.added(rule, at, cells) {
                written.push((Some(key), value));
                continue;
            }
            match cells.get(*i) {
                None if self.columns.format == Format::Rows
                    || self.columns.fill
                    || self.arrays.contains(key) =>
                {
                    written.push((Some(key), "null".to_owned()));
                }
                None => {}
                Some(cell) => {
                    if let Some(value) = self.value(cell, rule, self.names.get(*i), &mut line) {
                        written.push((Some(key), value));
                    }
                }
            }
        }
        let surplus = if self.extra_key.is_empty() { &[] } else { cells.get(n_names..).unwrap_or(&[]) };
        let rule = if self.columns.infer { Rule::Infer } else { Rule::Text };
        let extra: Vec<String> = surplus
            .iter()
            .map(|cell| self.value(cell, &rule, None, &mut line).unwrap_or_else(|| "\"\"".to_owned()))
            .collect();
        line.text = match self.columns.format {
            Format::Rows => {
                let values: Vec<String> = written.into_iter().map(|(_, value)| value).chain(extra).collect();
                format!("[{}]\n", values.join(","))
            }
            format => {
                let extra = (!extra.is_empty()).then(|| format!("[{}]", extra.join(",")));
                let object = self.object(&written, extra);
                match format {
                    Format::Json => format!("{}\n{object}", if first { "" } else { "," }),
                    _ => {
                        let before = self.columns.before.iter().map(|line| format!("{line}\n"));
                        before.chain([object + "\n"]).collect()
                    }
                }
            }
        };
        line
    }

    /// The JSON of what is of no field.
    fn added(&self, rule: &Rule, at: usize, cells: &[Cell]) -> Option<String> {
        let content = |field: &usize| cells.get(*field).map_or(String::new(), |cell| text(&cell.content));
        let texts = match rule {
            Rule::Added(value) => return Some(value.clone()),
            Rule::Byte => return Some(at.to_string()),
            Rule::IdOfFields(fields) => fields.iter().map(content).collect(),
            Rule::IdOfPlace(name) => vec![name.clone(), at.to_string()],
            _ => return None,
        };
        Some(json(&id(&texts, self.columns.hash_key.is_some())))
    }

    /// The record's object, of which the members with a common start of their key are an object or
    /// an array.
    fn object(&self, written: &[(Option<&str>, String)], extra: Option<String>) -> String {
        let mut paths: Vec<Path<'_>> = written
            .iter()
            .map(|(key, value)| {
                let key = key.unwrap_or("");
                let path = match &self.columns.nest {
                    Some(separator) => levels(key, separator),
                    None => vec![(key.to_owned(), false)],
                };
                (path, value.as_str())
            })
            .collect();
        paths.extend(extra.as_deref().map(|extra| (vec![(self.extra_key.clone(), false)], extra)));
        if paths.is_empty() { "{}".to_owned() } else { nested(&paths, true) }
    }

    /// Whether a setting of a column named or matched so is of the column `name`; of the fields
    /// beyond the header it is if it is of all.
    fn is_of(&self, pattern: &str, name: Option<&String>) -> bool {
        match name {
            None => pattern == "*",
            Some(name) if self.names.iter().any(|other| other == pattern) => pattern == name,
            Some(name) => pattern.contains('*') && matches(pattern, name),
        }
    }

    /// Whether the fields of a column are arrays.
    fn is_split(&self, name: Option<&String>) -> bool {
        name.is_some() && self.columns.split.iter().any(|(pattern, _)| self.is_of(pattern, name))
    }

    /// What an empty field of a column gives.
    fn empty(&self, rule: &Rule, name: Option<&String>) -> Empty {
        let mut empty = match rule {
            Rule::Typed(wanted) if *wanted != Type::String && !self.is_split(name) => Empty::Null,
            _ => Empty::String,
        };
        for all in [true, false] {
            for (pattern, what) in &self.columns.empty {
                if (pattern == "*") == all && self.is_of(pattern, name) {
                    empty = *what;
                }
            }
        }
        empty
    }

    /// The JSON of a value, `None` where it is left out.
    fn value(&self, cell: &Cell, rule: &Rule, name: Option<&String>, line: &mut Line) -> Option<String> {
        let (columns, bytes) = (self.columns, &cell.content);
        line.invalid += bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count() as u64;
        let looked_at = match &cell.inner {
            _ if !cell.quoted => Some(&cell.raw),
            inner => inner.as_ref().filter(|_| columns.quoted_values),
        };
        let is = |null: &str| Some(null.as_bytes()) == looked_at.map(|bytes| &bytes[..]);
        if columns.null.iter().any(|(pattern, null)| self.is_of(pattern, name) && is(null)) {
            return Some("null".to_owned());
        }
        let text = text(bytes);
        let separator =
            self.columns.split.iter().rfind(|(pattern, _)| name.is_some() && self.is_of(pattern, name));
        if let Some((_, separator)) = separator {
            return self.array(&text, separator, (rule, name), (cell, looked_at), line);
        }
        if text.is_empty() {
            return match self.empty(rule, name) {
                Empty::String => Some("\"\"".to_owned()),
                Empty::Null => Some("null".to_owned()),
                Empty::Omit => None,
                other => panic!("the model does not know {other:?}"),
            };
        }
        Some(self.by_rule(&text, rule, looked_at == Some(bytes), &mut line.misfits))
    }

    /// The JSON of a field that is an array, `None` where it is left out.
    fn array(
        &self,
        text: &str,
        separator: &str,
        (rule, name): (&Rule, Option<&String>),
        (cell, looked_at): (&Cell, Option<&Vec<u8>>),
        line: &mut Line,
    ) -> Option<String> {
        let empty = self.empty(rule, name);
        if text.is_empty() {
            return match empty {
                Empty::Null => Some("null".to_owned()),
                Empty::Omit => None,
                _ => Some("[]".to_owned()),
            };
        }
        let mut misfits = 0;
        let is_typed = matches!(rule, Rule::Typed(wanted) if *wanted != Type::String);
        let elements = text.split(separator).map(|element| {
            let element = if self.trims { element.trim() } else { element };
            match element {
                "" if empty == Empty::Null || is_typed => "null".to_owned(),
                "" => "\"\"".to_owned(),
                _ => self.by_rule(element, rule, looked_at == Some(&cell.content), &mut misfits),
            }
        });
        let elements: Vec<String> = elements.collect();
        line.misfits += misfits.min(1);
        Some(format!("[{}]", elements.join(",")))
    }

    /// The JSON of text that is not empty.
    fn by_rule(&self, text: &str, rule: &Rule, is_bare: bool, misfits: &mut u64) -> String {
        let columns = self.columns;
        match rule {
            Rule::Added(_) | Rule::Byte | Rule::IdOfFields(_) | Rule::IdOfPlace(_) => {
                unreachable!("no value of a field")
            }
            Rule::Masked(mask) => json(&masked(mask, text)),
            Rule::Typed(wanted) => typed(wanted, columns.decimal_comma, text).unwrap_or_else(|| {
                *misfits += 1;
                json(text)
            }),
            Rule::Infer if columns.decimal_comma => match text.split_once(',') {
                _ if !is_bare => json(text),
                Some((whole, fraction)) if !whole.contains(['.', 'e', 'E']) && !text.contains('.') => {
                    let number = format!("{whole}.{fraction}");
                    if is_token(&number) && !fraction.contains(',') { number } else { json(text) }
                }
                None if is_token(text) && !text.contains('.') => text.to_owned(),
                _ => json(text),
            },
            Rule::Infer if is_bare && is_token(text) => text.to_owned(),
            Rule::Infer | Rule::Text => json(text),
        }
    }
}

/// The columns of that name, or those that the pattern matches; `None` where there is none.
fn matching(pattern: &str, names: &[String]) -> Option<Vec<usize>> {
    if let Some(i) = names.iter().position(|name| name == pattern) {
        return Some(vec![i]);
    }
    let found: Vec<usize> = (0..names.len()).filter(|&i| matches(pattern, &names[i])).collect();
    (pattern.contains('*') && !found.is_empty()).then_some(found)
}

/// Whether each `*` can stand for some characters or none.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(rest) => name.char_indices().any(|(i, _)| matches(rest, &name[i..])) || matches(rest, ""),
        None => match (pattern.chars().next(), name.chars().next()) {
            (None, None) => true,
            (Some(a), Some(b)) if a == b => matches(&pattern[a.len_utf8()..], &name[b.len_utf8()..]),
            _ => false,
        },
    }
}

/// Of any length: the model's hash is the one that the fixtures' oracle has.
#[test]
fn the_models_hash_is_right() {
    assert_eq!(
        masked(&"hash".parse().unwrap(), "ada@x.org"),
        "c1432b4eb1b7a08062d0ca619c8b43da6768dfbda888b83b26581fd107a92620"
    );
}
