//! `--types-from FILE`: what a file asks of columns, by name.
//!
//! The file is the JSON of `rowmill schema`, the same with keys of ours added by hand, or an object
//! of names and types. It is read as a stream: of a schema little more than the types is kept.

use crate::error::{CANNOT_READ, Error, Result, shown, wrong_json};
use crate::internal::Columns;
use crate::{Empty, Mask, Type};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// What is asked of a column.
const KEYS: [&str; 7] = ["name", "type", "null", "empty", "rename", "mask", "drop"];
/// What else a schema has of a column. Its `empty` is a number.
const KEYS_OF_SCHEMA: [&str; 10] = [
    "values",
    "missing",
    "nulls",
    "invalid",
    "longest",
    "numbers",
    "kept_from",
    "fits",
    "proposals",
    "lacking",
];
/// What a schema has beside its columns.
const KEYS_BESIDE: [&str; 4] = ["version", "inputs", "records", "limit"];

/// The version of schemas that is known.
const VERSION: u64 = 1;

/// What the file asks.
///
/// # Errors
/// It cannot be read, or asks for something that there is not.
pub(super) fn columns_of(path: &Path) -> Result<Columns> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Error::io(CANNOT_READ, name.clone(), error))?;
    let read = serde_json::from_reader::<_, ColumnFile>(BufReader::new(file));
    let wrong = |why: String| Error::setting(format!("--types-from {name}: {why}"));
    let file = read.map_err(|error| match error.classify() {
        serde_json::error::Category::Io => Error::io(CANNOT_READ, name.clone(), error.into()),
        _ => wrong(format!(
            "it takes what rowmill schema --format json prints, or names and types: {}",
            wrong_json(&error)
        )),
    })?;
    file.columns().map_err(wrong)
}

/// What the file holds: an object, and below `columns` what is said of them, or a type of a column
/// that is named so.
struct ColumnFile {
    columns: Option<Vec<Said>>,
    others: Vec<(String, Value)>,
}

/// What is said of a column, without what only a schema says.
struct Said(BTreeMap<String, Value>);

/// What is below a key of the file.
enum Below {
    Columns(Vec<Said>),
    Other(Value),
}

impl<'de> Deserialize<'de> for ColumnFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct FileKeys;
        impl<'de> Visitor<'de> for FileKeys {
            type Value = ColumnFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<Self::Value, M::Error> {
                let mut file = ColumnFile { columns: None, others: Vec::new() };
                while let Some(key) = map.next_key::<String>()? {
                    let below =
                        if key == "columns" { map.next_value()? } else { Below::Other(map.next_value()?) };
                    match below {
                        Below::Columns(columns) => file.columns = Some(columns),
                        Below::Other(value) => file.others.push((key, value)),
                    }
                }
                Ok(file)
            }
        }
        deserializer.deserialize_map(FileKeys)
    }
}

impl<'de> Deserialize<'de> for Below {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Below;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of columns")
            }

            fn visit_str<E>(self, text: &str) -> std::result::Result<Self::Value, E> {
                Ok(Below::Other(Value::String(text.to_owned())))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> std::result::Result<Self::Value, S::Error> {
                let mut columns = Vec::new();
                while let Some(column) = list.next_element()? {
                    columns.push(column);
                }
                Ok(Below::Columns(columns))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct ColumnKeys;
        impl<'de> Visitor<'de> for ColumnKeys {
            type Value = Said;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a column's name and type")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<Self::Value, M::Error> {
                let mut said = BTreeMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    if KEYS_OF_SCHEMA.contains(&&*key) {
                        let IgnoredAny = map.next_value()?;
                        continue;
                    }
                    let value: Value = map.next_value()?;
                    if key != "empty" || !value.is_number() {
                        said.insert(key, value);
                    }
                }
                Ok(Said(said))
            }
        }
        deserializer.deserialize_map(ColumnKeys)
    }
}

impl ColumnFile {
    fn columns(self) -> std::result::Result<Columns, String> {
        let mut columns = Columns::default();
        let mut seen = HashSet::new();
        let mut once = |name: &str| match seen.insert(name.to_owned()) {
            true => Ok(()),
            false => Err(format!("column '{}' is named twice", shown(name))),
        };
        let Some(all) = self.columns else {
            for (name, value) in self.others {
                once(&name)?;
                let wanted = wanted(&value).map_err(|why| format!("column '{}': {why}", shown(&name)))?;
                columns.types.push((name, wanted));
            }
            return Ok(columns);
        };
        for (key, value) in self.others {
            if !KEYS_BESIDE.contains(&&*key) {
                return Err(format!("'{}' is no key beside columns", shown(&key)));
            }
            if key == "version" && value != VERSION {
                let value = shown(&value.to_string());
                return Err(format!("a schema of version {value} is not known; this is version {VERSION}"));
            }
        }
        for (i, Said(said)) in all.into_iter().enumerate() {
            let Some(Value::String(name)) = said.get("name") else {
                return Err(format!("column {} has no name", i + 1));
            };
            once(name)?;
            said_of(name, &said, &mut columns).map_err(|why| format!("column '{}': {why}", shown(name)))?;
        }
        Ok(columns)
    }
}

/// Adds what is said of a column.
fn said_of(
    name: &str,
    said: &BTreeMap<String, Value>,
    columns: &mut Columns,
) -> std::result::Result<(), String> {
    if let Some(key) = said.keys().find(|key| !KEYS.contains(&&***key)) {
        return Err(format!("'{}' is no key; there are {}", shown(key), KEYS.join(", ")));
    }
    let text = |key: &str| said.get(key).map(|value| string(key, value)).transpose();
    if let Some(mask) = text("mask")? {
        columns.mask.push((name.to_owned(), mask.parse::<Mask>()?));
    }
    if let Some(value) = said.get("type") {
        let wanted = wanted(value)?;
        if wanted != Type::String && said.contains_key("mask") {
            return Err("a column with a mask is a string; leave its type out".to_owned());
        }
        columns.types.push((name.to_owned(), wanted));
    }
    if let Some(typed) = text("empty")? {
        let empty = Empty::from_name(typed).ok_or_else(|| {
            let all = Empty::ALL.map(Empty::name).join(", ");
            format!("empty is one of {all}, not '{}'", shown(typed))
        })?;
        columns.empty.push((name.to_owned(), empty));
    }
    if let Some(new) = text("rename")? {
        if new.is_empty() {
            return Err("rename is empty".to_owned());
        }
        columns.rename.push((name.to_owned(), new.to_owned()));
    }
    match said.get("drop") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => columns.drop.push(name.to_owned()),
        Some(_) => return Err("drop is true or false".to_owned()),
    }
    let nulls: &[Value] = match said.get("null") {
        None => &[],
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
    };
    for null in nulls {
        columns.null.push((name.to_owned(), string("null", null)?.to_owned()));
    }
    Ok(())
}

fn string<'v>(key: &str, value: &'v Value) -> std::result::Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("{key} is a string, not {value}"))
}

fn wanted(value: &Value) -> std::result::Result<Type, String> {
    string("type", value)?.parse()
}
