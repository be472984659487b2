//! The schema as a JSON Schema of the records that a conversion with its types gives.

use super::column::{ColumnSchema, Schema};
use super::kinds::{KindSet, ValueType};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

impl Schema {
    /// A JSON Schema (draft 2020-12) of the records that a conversion gives in which each column
    /// has its type, what is a usual spelling of null is null, and so are empty values but those of
    /// strings. Numbers in it have all their digits.
    pub fn to_json_schema(&self) -> String {
        let mut text = String::from("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
        let note = self.limit.map(|_| format!("Of the first {} records.", self.records));
        if let Some(note) = note {
            let _ = writeln!(text, "  \"$comment\": {},", json!(note));
        }
        text.push_str("  \"type\": \"object\",\n  \"properties\": {");
        for (i, column) in self.columns.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let _ = write!(text, "{comma}\n    {}: {}", json!(column.name), column.property());
        }
        let required = self.columns.iter().filter(|column| column.missing == 0 && column.lacking.is_empty());
        let required: Vec<&str> = required.map(|column| &*column.name).collect();
        let _ = write!(text, "\n  }},\n  \"required\": {}\n}}\n", json!(required));
        text
    }
}

impl ColumnSchema {
    fn property(&self) -> String {
        let value_type = self.nulls.type_without.unwrap_or(self.value_type);
        let is_string = matches!(value_type, ValueType::String | ValueType::Date | ValueType::Timestamp);
        let mut types = match value_type {
            ValueType::Int => vec!["integer"],
            ValueType::Float => vec!["number"],
            ValueType::Bool => vec!["boolean"],
            ValueType::Json => vec!["object", "array"],
            _ => vec!["string"],
        };
        let may_be_empty = self.empty > 0 && value_type != ValueType::String;
        if self.nulls.count + self.nulls.given > 0 || may_be_empty {
            types.push("null");
        }
        let mut property = Map::new();
        property.insert("type".to_owned(), if types.len() == 1 { json!(types[0]) } else { json!(types) });
        match value_type {
            ValueType::Date => drop(property.insert("format".to_owned(), json!("date"))),
            ValueType::Timestamp if self.fits.has(KindSet::DATE_TIME) => {
                drop(property.insert("format".to_owned(), json!("date-time")));
            }
            _ => {}
        }
        if is_string && self.longest > 0 && value_type != ValueType::Timestamp {
            // A byte is a character at the most. A conversion writes moments longer than they are.
            property.insert("maxLength".to_owned(), json!(self.longest));
        }
        let mut text = Value::Object(property).to_string();
        let numbers =
            self.numbers.as_ref().filter(|_| matches!(value_type, ValueType::Int | ValueType::Float));
        if let Some(numbers) = numbers.filter(|numbers| numbers.not_compared == 0)
            && let (Some(smallest), Some(largest)) = (&numbers.smallest, &numbers.largest)
        {
            // As text, so that no digit is lost.
            text.pop();
            let _ = write!(text, ",\"minimum\":{smallest},\"maximum\":{largest}}}");
        }
        text
    }
}
