//! What is written around the values of each record of an input, in which order.

use super::columns::Columns;
use super::nest::Nest;
use super::own_values::OwnValues;
use super::quoted::quoted;
use super::rule::Rules;
use super::supplied::Supplied;
use crate::kernel::Template;

/// The output's columns, if the input lacks some of them.
#[derive(Debug)]
pub(super) struct Filled {
    /// Of each column its place among those that the input has, and its field.
    pub(super) places: Box<[Option<(u32, u32)>]>,
    /// Of those that it has not, what is written.
    pub(super) supplied: Box<[Option<Supplied>]>,
    /// `"name":` of each, one after another, if there are no objects within the record's.
    keys: String,
    ends: Box<[u32]>,
    /// The end of the record, if the kernels do not write it.
    pub(super) own_values: Option<OwnValues>,
}

/// What is written around the values of a record.
pub(super) struct Layout<'a> {
    pub(super) columns: &'a Columns,
    pub(super) names: &'a [&'a str],
    /// `None` for what the input lacks.
    pub(super) fields: &'a [Option<u32>],
    /// What is written for that.
    pub(super) supplied: &'a [Option<Supplied>],
    pub(super) nest: Option<&'a Nest>,
    /// A comma follows each value, which may be left out.
    pub(super) omits: bool,
    /// The kernels write no more columns than these, and do not close the record.
    pub(super) n_woven: Option<usize>,
}

impl Layout<'_> {
    /// For records of `n_fields`, whose values become what `rules` say.
    pub(super) fn template(&self, rules: &Rules, n_fields: usize) -> Template {
        let Self { columns, fields, omits, .. } = *self;
        let ruled: Vec<bool> = (0..fields.iter().flatten().count()).map(|i| !rules.is_plain(i)).collect();
        let template = self.without_rules(&ruled, n_fields);
        if !ruled.contains(&true) && !columns.infer {
            return template;
        }
        let sight = |(i, ruled): (usize, &bool)| ruled.then(|| rules.sight(i));
        let sights = ruled.iter().enumerate().map(sight).collect();
        template.with_rules(sights, omits.then(|| columns.open().len()), columns.quoted_values)
    }

    /// The same without the rules, but with room for the quotes of those columns that are `ruled`.
    pub(super) fn without_rules(&self, ruled: &[bool], n_fields: usize) -> Template {
        let Self { columns, names, fields, supplied, nest, omits, n_woven } = *self;
        let fields = &fields[..n_woven.unwrap_or(fields.len())];
        let format = columns.format;
        let own: Vec<u32> = fields.iter().flatten().copied().collect();
        // A value's quotes are in the pieces around it, unless its rule writes them.
        let quote = |i: usize| if ruled[i] { "" } else { "\"" };
        let (mut i, mut place) = (0, 0);
        let mut text = Some(columns.open());
        // One at a time, since a header may be long. What the input lacks is a part of the next.
        let pieces = std::iter::from_fn(|| {
            let mut piece = text.take()?;
            while let Some(field) = fields.get(i) {
                let before = i.checked_sub(1);
                match nest {
                    Some(nest) => {
                        let Ok(()) = nest.lead(before, i, |part| {
                            piece.push_str(&String::from_utf8_lossy(part));
                            Ok::<_, std::convert::Infallible>(())
                        });
                    }
                    None => {
                        if i > 0 && !omits {
                            piece.push(',');
                        }
                        if format.has_keys() {
                            piece.push_str(&quoted(names[i]));
                            piece.push(':');
                        }
                    }
                }
                let constant = supplied[i].as_ref().and_then(Supplied::constant);
                i += 1;
                if field.is_some() {
                    piece.push_str(quote(place));
                    text = Some(quote(place).to_owned());
                    place += 1;
                    return Some(piece);
                }
                piece.push_str(constant.unwrap_or("null"));
            }
            if let Some((nest, last)) = nest.zip(fields.len().checked_sub(1)) {
                let Ok(()) = nest.close(last, 0, |part| {
                    piece.push_str(&String::from_utf8_lossy(part));
                    Ok::<_, std::convert::Infallible>(())
                });
            }
            if n_woven.is_none() {
                piece.push_str(format.close());
            }
            Some(piece)
        });
        Template::new(pieces, own, n_fields)
    }

    pub(super) fn filled(&self) -> Filled {
        let Self { columns, names, fields, nest, .. } = self;
        let (mut keys, mut ends, mut place) = (String::new(), Vec::new(), 0);
        if nest.is_none() && columns.format.has_keys() {
            for name in *names {
                keys.push_str(&quoted(name));
                keys.push(':');
                ends.push(u32::try_from(keys.len()).expect("headers are no longer than their room"));
            }
        }
        let places = fields.iter().map(|field| field.map(|field| ((place, field), place += 1).0));
        let own_values =
            self.n_woven.map(|n| OwnValues::new(&names[n..], &self.supplied[n..], columns.format));
        let (places, supplied) = (places.collect(), self.supplied.into());
        Filled { places, supplied, keys, ends: ends.into(), own_values }
    }
}

impl Filled {
    pub(super) fn key(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.keys[start..self.ends[i] as usize]
    }
}
