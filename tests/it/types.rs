//! What values of each type are, and their JSON.

use rowmill::Type;
use serde::de::IgnoredAny;

use super::people;
use crate::model::json;

/// The JSON of a value of a type, if it is one.
pub(super) fn typed(wanted: &Type, decimal_comma: bool, value: &str) -> Option<String> {
    match wanted {
        Type::Float if decimal_comma => people::number("float(comma)", value),
        Type::Number(_) if decimal_comma => people::number(&format!("{wanted},comma"), value),
        Type::Number(_) => people::number(&wanted.to_string(), value),
        Type::Date(_) => people::date(&wanted.to_string(), value),
        Type::String => Some(json(value)),
        Type::Bool => match value.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => Some("true".to_owned()),
            "false" | "f" | "no" | "n" | "0" => Some("false".to_owned()),
            _ => None,
        },
        Type::Json => is_json(value).then(|| value.replace(['\r', '\n'], " ")),
        Type::Int | Type::Float => {
            let (sign, whole, point, fraction, exponent) = people::loose(value)?;
            if whole.is_empty() && fraction.is_empty()
                || *wanted == Type::Int && (point || !exponent.is_empty())
            {
                return None;
            }
            let digits = whole.trim_start_matches('0');
            let mut number = if sign == "-" { "-" } else { "" }.to_owned();
            number += if digits.is_empty() { "0" } else { digits };
            if !fraction.is_empty() {
                number = number + "." + fraction;
            }
            Some(number + exponent)
        }
        other => panic!("the model does not know {other:?}"),
    }
}

/// A number as JSON writes it, or one of its words.
pub(super) fn is_token(value: &str) -> bool {
    if ["true", "false", "null"].contains(&value) {
        return true;
    }
    let blank = value.contains(|c: char| c.is_ascii_whitespace());
    let first = value.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    first && !blank && serde_json::from_str::<IgnoredAny>(value).is_ok()
}

/// JSON that strict readers take: no half of a surrogate pair, no more than 100 levels.
fn is_json(value: &str) -> bool {
    if serde_json::from_str::<IgnoredAny>(value).is_err() {
        return false;
    }
    let (mut levels, mut deepest) = (0, 0);
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                let end = string_end(rest);
                if serde_json::from_str::<String>(&rest[..end]).is_err() {
                    return false;
                }
                rest = &rest[end..];
                continue;
            }
            '[' | '{' => levels += 1,
            ']' | '}' => levels -= 1,
            _ => {}
        }
        deepest = deepest.max(levels);
        rest = &rest[c.len_utf8()..];
    }
    deepest <= 100
}

/// Behind the string that starts here.
fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}
