//! Columns that are not in the input.

use super::quoted::quoted;
use super::rule::{Form, Last, Making, Piece, Type, Value, Whole};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// A column with the same value in all records of an input.
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
}

impl Added {
    /// The value in JSON, for the input `path`.
    ///
    /// # Errors
    /// The text is none of its type.
    pub(super) fn json(&self, path: &str) -> Result<Box<str>> {
        let (text, wanted) = match &self.value {
            AddedValue::File => return Ok(quoted(path).into()),
            AddedValue::Text(text, Type::String) => return Ok(quoted(text).into()),
            AddedValue::Text(text, wanted) => (text, wanted),
        };
        let last = Last::Typed(wanted.clone());
        let content = text.as_bytes();
        Ok(match last.value(Whole { bytes: content, form: Form::Bare }) {
            _ if text.is_empty() => "null".into(),
            Value::Word(word) => {
                let (letters, n) = word.letters();
                String::from_utf8_lossy(&letters[..n]).into()
            }
            Value::Token => text.as_str().into(),
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
