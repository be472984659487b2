//! The end of a record whose last columns have values of the record's own: where it starts, and
//! hashes of it. The kernels weave what is before, and this is written behind it.

use super::format::Format;
use super::quoted::quoted;
use super::supplied::Supplied;

/// What is written behind the last field of a record.
#[derive(Debug)]
pub(crate) struct OwnValues {
    /// Each value, with the text before it.
    values: Box<[(Box<str>, Supplied)]>,
    /// The text behind the last.
    end: Box<str>,
}

/// The longest value, with quotes around it.
const LONGEST: usize = 66;

impl OwnValues {
    /// How many of the output's columns come before these, if all columns from the first of a
    /// record's own value on are none of the input's fields. There must be a field before them.
    pub(super) fn n_before(fields: &[Option<u32>], supplied: &[Option<Supplied>]) -> Option<usize> {
        let is_own = |supplied: &Option<Supplied>| supplied.as_ref().is_some_and(Supplied::is_own);
        let first = supplied.iter().position(is_own)?;
        let (before, behind) = fields.split_at(first);
        (before.iter().any(Option::is_some) && behind.iter().all(Option::is_none)).then_some(first)
    }

    /// Of the columns with these names.
    pub(super) fn new(names: &[&str], supplied: &[Option<Supplied>], format: Format) -> Self {
        let (mut values, mut text) = (Vec::new(), String::new());
        for (name, supplied) in names.iter().zip(supplied.iter().flatten()) {
            text.push(',');
            if format.has_keys() {
                text.push_str(&quoted(name));
                text.push(':');
            }
            match supplied.constant() {
                Some(json) => text.push_str(json),
                None => values.push((std::mem::take(&mut text).into(), supplied.clone())),
            }
        }
        text.push_str(format.close());
        Self { values: values.into(), end: text.into() }
    }

    /// Each value, with the text before it.
    pub(crate) fn values(&self) -> &[(Box<str>, Supplied)] {
        &self.values
    }

    /// The text behind the last value.
    pub(crate) fn end(&self) -> &str {
        &self.end
    }

    /// The most bytes that they take.
    pub(crate) fn most(&self) -> usize {
        let values = self.values.iter().map(|(before, _)| before.len() + LONGEST);
        values.sum::<usize>() + self.end.len()
    }
}
