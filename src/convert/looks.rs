//! What fields look like: values, names of columns, units. By this the remarks and `delimiter` auto
//! tell a header from data.
//!
//! Advice for maintainers: a kind of value is an entry of [`Looks`] and its test; a word or a unit
//! is an entry of its list. A kind that may be a name makes remarks on files that are read right.

/// A kind of value that no name looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// A number, an amount, a share, a date or a time.
    Number,
    Bool,
    Email,
    Uuid,
}

impl Looks {
    /// The kind that a field looks like; `None` for what may be a name.
    pub(super) fn of(field: &[u8]) -> Option<Self> {
        // Most fields are told by a look at their bytes: this is done for each of a sample.
        let is_short = matches!(field.trim_ascii().len(), 4..=7);
        if !is_short && !field.iter().any(|byte| byte.is_ascii_digit() || *byte == b'@') {
            return None;
        }
        let text = String::from_utf8_lossy(field);
        let text = text.trim().trim_matches('"');
        match () {
            () if is_number(text) => Some(Self::Number),
            () if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => Some(Self::Bool),
            () if is_email(text) => Some(Self::Email),
            () if is_uuid(text) => Some(Self::Uuid),
            () => None,
        }
    }
}

/// Words for a value that is missing, which may stand in a column of numbers.
pub(super) const MISSING: [&str; 13] = [
    "na",
    "n/a",
    "n.a.",
    "nan",
    "null",
    "none",
    "nil",
    "missing",
    "unknown",
    "inf",
    "infinity",
    "-inf",
    "-infinity",
];

/// Units that stand below names without brackets.
const UNITS: &[&str] = &[
    "%", "a", "bar", "c", "chf", "cm", "count", "d", "day", "days", "db", "deg", "degc", "eur", "f", "ft",
    "g", "gb", "gbp", "h", "hpa", "hz", "in", "j", "k", "kb", "kg", "km", "km/h", "kmh", "kw", "kwh", "l",
    "lb", "m", "m/s", "mb", "mg", "mg/l", "mi", "min", "ml", "mm", "mm/h", "mph", "ms", "mw", "mwh", "n",
    "pa", "pcs", "ppb", "ppm", "s", "sec", "t", "usd", "v", "w", "year", "years", "°", "°c", "°f", "µg",
    "µg/m³", "m²", "m³", "w/m²",
];

/// Whether values may be names of columns: a year, or several numbers, shares, dates or ranges that
/// go up or down: 1960, 1961, 1962; 12, 11, 10; 0.5, 0.75; 0-17, 18-34.
pub(super) fn may_head_columns(values: &[&[u8]]) -> bool {
    let text = |value: &[u8]| String::from_utf8_lossy(value).trim().trim_matches('"').to_owned();
    let values: Vec<String> = values.iter().map(|value| text(value)).collect();
    if let [only] = &values[..] {
        return only == "0" || only.parse().is_ok_and(|year: u32| (1900..2100).contains(&year));
    }
    let numbers: Vec<f64> =
        values.iter().filter_map(|value| value.trim_matches(['%', '$', '€', ' ']).parse().ok()).collect();
    if numbers.len() < values.len() {
        // Dates and ranges have no order that is known here.
        return values.iter().all(|value| value.contains(['-', '/', '.', '%', '+']));
    }
    let goes = |up: bool| numbers.windows(2).all(|pair| (pair[1] > pair[0]) == up && pair[0] != pair[1]);
    let n_digits = |value: &String| value.bytes().filter(u8::is_ascii_digit).count();
    let is_fraction = |value: &String| value.contains(['.', '%']);
    let step = numbers[1] - numbers[0];
    let are_alike = values.iter().all(|value| n_digits(value) == n_digits(&values[0]))
        || values.iter().all(is_fraction)
        || numbers.windows(2).all(|pair| pair[1] - pair[0] == step);
    (goes(true) || goes(false)) && are_alike
}

/// Whether a field is a unit.
pub(super) fn is_unit(field: &[u8]) -> bool {
    UNITS.contains(&&*String::from_utf8_lossy(field).trim().to_lowercase())
}

/// Whether a field may be a name, or a unit.
pub(super) fn is_name(field: &[u8]) -> bool {
    let text = String::from_utf8_lossy(field).trim().trim_matches(['"', '\'']).to_lowercase();
    text.contains(char::is_alphabetic) && !is_value(field) && !MISSING.contains(&&*text)
}

/// Whether a field is a number, a date or the like: in such a column of data all fields are.
pub(super) fn is_value(field: &[u8]) -> bool {
    Looks::of(field) == Some(Looks::Number)
}

fn is_number(text: &str) -> bool {
    let text = text.trim_matches(['$', '€', '£', '¥', '%', ' ']);
    let is_plain = |text: &str| {
        text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.,:/ TZ".contains(&byte))
    };
    let is_scientific = |(base, exponent): (&str, &str)| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        is_plain(base) && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    is_plain(text) || text.split_once(['e', 'E']).is_some_and(is_scientific)
}

fn is_email(text: &str) -> bool {
    let is_host = |host: &str| {
        let mut parts = host.split('.');
        host.contains('.') && parts.all(|part| part.starts_with(char::is_alphanumeric))
    };
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && is_host(host))
        && !text.contains(char::is_whitespace)
        && text.matches('@').count() == 1
}

fn is_uuid(text: &str) -> bool {
    let is_dash = |i: usize| matches!(i, 8 | 13 | 18 | 23);
    let fits = |(i, byte): (usize, u8)| if is_dash(i) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_look_like_no_names() {
        for (text, expected) in [
            ("12", Some(Looks::Number)),
            ("-1.5e3", Some(Looks::Number)),
            ("$5", Some(Looks::Number)),
            ("1.234,50 €", Some(Looks::Number)),
            (" 5% ", Some(Looks::Number)),
            ("2024-01-02T10:00:00Z", Some(Looks::Number)),
            ("\"7\"", Some(Looks::Number)),
            ("TRUE", Some(Looks::Bool)),
            ("ann@x.example", Some(Looks::Email)),
            ("0f8fad5b-d9cb-469f-a165-70867728950e", Some(Looks::Uuid)),
            ("\"false\"", Some(Looks::Bool)),
            ("", None),
            ("id", None),
            ("e", None),
            ("1e", None),
            ("$", None),
            ("Q1", None),
            ("@", None),
            ("a@b", None),
            ("a@b@c.d", None),
            ("a b@c.d", None),
            ("a@.d", None),
            ("true story", None),
            ("0f8fad5bd9cb-469f-a165-70867728950e-", None),
        ] {
            assert_eq!(Looks::of(text.as_bytes()), expected, "{text}");
        }
    }
}
