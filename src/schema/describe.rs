//! What is said of a column beside its figures: what it would be but for a value, and what may be
//! asked of the conversion.

use super::column::{ColumnSchema, KeptFrom};
use super::kinds::{KindSet, ValueType};

impl ColumnSchema {
    /// The narrower type that the column would have but for a value, and the first such value. Of
    /// several types it is the one that most values fit before. `None` if the first value fits
    /// none.
    pub fn would_be(&self) -> Option<(ValueType, &KeptFrom)> {
        let of = |kinds: KindSet| {
            // They are in order, and a type of several kinds is lost with the last of them.
            let lost = !self.fits.has(kinds);
            self.kept_from.iter().rfind(|kept| lost && kept.kinds.has(kinds))
        };
        let float = of(KindSet::NUMBER).or_else(|| of(KindSet::FLOAT));
        let own = self.nulls.type_without.unwrap_or(self.value_type);
        let narrower = [
            (ValueType::Int, of(KindSet::INT)),
            (ValueType::Float, float),
            (ValueType::Bool, of(KindSet::BOOL)),
            (ValueType::Json, of(KindSet::JSON)),
            (ValueType::Date, of(KindSet::DATE)),
            (ValueType::Timestamp, of(KindSet::TIMESTAMP)),
        ];
        let found = narrower.into_iter().filter_map(|(narrower, kept)| Some((narrower, kept?)));
        let is_narrower = |narrower: ValueType| match own {
            ValueType::String => true,
            ValueType::Float => narrower == ValueType::Int,
            _ => false,
        };
        let found = found.filter(|(narrower, kept)| is_narrower(*narrower) && kept.values_before > 0);
        // Of equal ones the first, which is the narrowest.
        found.reduce(|best, next| if next.1.values_before > best.1.values_before { next } else { best })
    }

    /// See [`ColumnSchema::proposals`]; `without` is its type without spellings of null.
    pub(super) fn propose(&self, without: ValueType) -> Vec<String> {
        let mut proposals = Vec::new();
        if self.values == 0 {
            return proposals;
        }
        let option = |flag, sign, what| option(flag, &in_list(&format!("{}{sign}{what}", self.name)));
        let pattern = self.fits.pattern().filter(|_| without != ValueType::Date);
        if without != ValueType::String || pattern.is_some() {
            proposals.extend(self.propose_nulls());
        }
        if let Some(pattern) = pattern {
            let wanted = if pattern.contains("%H") { "timestamp" } else { "date" };
            proposals.push(option("--type", '=', &*format!("{wanted}({pattern})")));
            return proposals;
        }
        if self.fits.has(KindSet::EMAIL) {
            proposals.push(option("--mask", ':', "email"));
        } else if self.fits.has(KindSet::CARD.or(KindSet::IBAN)) {
            proposals.push(option("--mask", ':', "last4"));
        } else if self.is_phone() {
            proposals.push(option("--mask", ':', "phone"));
        }
        proposals
    }

    /// The spellings of null that it has. None if an option would not reach all of them.
    fn propose_nulls(&self) -> Vec<String> {
        let Self { name, nulls, .. } = self;
        if nulls.count == 0 || nulls.escaped > 0 || name.contains('=') || name == "*" {
            return Vec::new();
        }
        let (first, others) = nulls.spellings.split_first().expect("there is a null");
        let first = in_list(&format!("{name}={first}"));
        let list = others.iter().fold(first, |list, other| format!("{list},{other}"));
        let quoted = (nulls.quoted > 0).then(|| "--quoted-values".to_owned());
        std::iter::once(option("--null", &list)).chain(quoted).collect()
    }

    /// A day that starts with a zero looks like a telephone number too.
    fn is_phone(&self) -> bool {
        self.fits.has(KindSet::PHONE) && !self.fits.has(KindSet::DAYS)
    }

    /// What the values look like that should perhaps be masked.
    pub fn looks_like(&self) -> Option<&'static str> {
        let kinds = [
            (self.fits.has(KindSet::EMAIL), "e-mail addresses"),
            (self.fits.has(KindSet::CARD), "card numbers"),
            (self.fits.has(KindSet::IBAN), "IBANs"),
            (self.is_phone(), "telephone numbers"),
        ];
        kinds.into_iter().find(|(fits, _)| self.values > 0 && *fits).map(|(_, name)| name)
    }
}

/// An item of a list, which is read as a record of CSV.
fn in_list(item: &str) -> String {
    let is_special = item.contains([',', '"', '\n', '\r']) || item.trim() != item;
    if is_special { format!("\"{}\"", item.replace('"', "\"\"")) } else { item.to_owned() }
}

/// An option as it is typed in a shell.
fn option(flag: &str, argument: &str) -> String {
    let between = if argument.starts_with('-') { '=' } else { ' ' };
    format!("{flag}{between}{}", typed(argument))
}

/// An argument as it is typed in a shell.
fn typed(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '=' | ':' | '.' | ',' | '/');
    match argument.chars().all(plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}
