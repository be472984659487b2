//! Columns that are not in the input.

use super::column_names::ColumnNames;
use super::quoted::quoted;
use super::rule::{Form, HashKey, Last, Making, Piece, Type, Value, Whole};
use super::supplied::{IdOf, RecordId, Supplied};
use crate::error::{Error, Result};
use crate::header::Header;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// A column with a value that the input does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: AddedValue,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AddedValue {
    /// This text, of that type.
    Text(String, Type),
    /// The input's name.
    File,
    /// The byte of the input at which the record starts, counted from 0: the one that messages
    /// give. Of an unpacked input it is a byte of the text.
    Byte,
    /// The BLAKE3 hash of the record's fields in these columns, in hexadecimal. Each field's text
    /// stands behind its length; a field that the record lacks counts as empty. The hash is a keyed
    /// one if there is a `hash_key`. `*` stands for any characters.
    IdOfColumns(Vec<String>),
    /// The BLAKE3 hash of the input's name and of the byte at which the record starts, as for
    /// [`AddedValue::IdOfColumns`]. The name is this one, or the input's.
    IdOfPlace(Option<String>),
}

impl AddedValue {
    /// The columns that it is made of.
    pub(super) fn columns(&self) -> &[String] {
        if let Self::IdOfColumns(columns) = self { columns } else { &[] }
    }

    /// What asks for it, as messages name settings.
    pub(super) fn setting(&self) -> &'static str {
        match self {
            Self::Text(..) => "`add`",
            Self::File | Self::Byte => "`with`",
            Self::IdOfColumns(_) | Self::IdOfPlace(_) => "`id`",
        }
    }

    /// Whether it is a hash.
    pub(crate) fn is_id(&self) -> bool {
        matches!(self, Self::IdOfColumns(_) | Self::IdOfPlace(_))
    }
}

impl Added {
    /// What is written of it, for the input `path` with `header`. A hash has this `key`.
    ///
    /// # Errors
    /// The text is none of its type.
    pub(super) fn supplied(&self, path: &str, header: &Header, key: Option<&HashKey>) -> Result<Supplied> {
        let id = |of| Supplied::Id(RecordId { of, key: key.cloned() }.into());
        Ok(match &self.value {
            AddedValue::File => Supplied::Json(quoted(path).into()),
            AddedValue::Text(text, Type::String) => Supplied::Json(quoted(text).into()),
            AddedValue::Text(text, wanted) => Supplied::Json(self.json(text, wanted)?),
            AddedValue::Byte => Supplied::Byte,
            AddedValue::IdOfPlace(name) => id(IdOf::Place(name.as_deref().unwrap_or(path).into())),
            AddedValue::IdOfColumns(columns) => id(IdOf::Fields(fields_of(columns, header))),
        })
    }

    /// The JSON of a text of this type.
    fn json(&self, text: &str, wanted: &Type) -> Result<Box<str>> {
        let last = Last::Typed(wanted.clone());
        let content = text.as_bytes();
        Ok(match last.value(Whole { bytes: content, form: Form::Bare }) {
            _ if text.is_empty() => "null".into(),
            Value::Word(word) => {
                let (letters, n) = word.letters();
                String::from_utf8_lossy(&letters[..n]).into()
            }
            Value::Token => text.into(),
            Value::Json => text.replace(['\r', '\n'], " ").into(),
            Value::Text => quoted(text).into(),
            Value::Made => {
                let mut made = Vec::new();
                let Ok(()) = last.make(&Making { content, key: None }, &mut |piece| {
                    let (Piece::Json(piece) | Piece::Text(piece)) = piece;
                    made.extend_from_slice(piece);
                    Ok::<_, Infallible>(())
                });
                String::from_utf8_lossy(&made).into()
            }
            _ => {
                let name = &self.name;
                return Err(Error::setting(format!("`add`: {name}: '{text}' is no {wanted}")));
            }
        })
    }
}

/// The fields of these columns, each once. A name that the header lacks has none.
fn fields_of(columns: &[String], header: &Header) -> Box<[Option<u32>]> {
    let names = ColumnNames(header);
    let mut fields = Vec::new();
    for column in columns {
        let found: Vec<Option<u32>> = match names.find_all(column) {
            none if none.is_empty() && !column.contains('*') => vec![None],
            found => found.into_iter().map(|field| u32::try_from(field).ok()).collect(),
        };
        for field in found {
            if field.is_none() || !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    fields.into()
}
