//! What is done with the values of each field of an input: transform, type, mask, null, empty.
//!
//! A name that an input lacks is passed over: that some input has it is seen to in `together.rs`.

use super::column_names::ColumnNames;
use super::columns::Columns;
use super::rule::{ColumnRule, Empty, Last, Notation, Type, otherwise};
use crate::error::{Error, Result};
use crate::header::Header;
use std::collections::HashMap;

/// The rules of an input's fields.
#[derive(Debug)]
pub(super) struct FieldRules<'c> {
    /// Of each field.
    pub(super) rules: Vec<ColumnRule>,
    /// Of those beyond the header.
    pub(super) surplus: ColumnRule,
    /// Lists of null texts, of which each rule has one.
    pub(super) nulls: Vec<Vec<&'c str>>,
}

impl<'c> FieldRules<'c> {
    /// For the fields of `header`.
    ///
    /// # Errors
    /// A column is masked and of a type other than string.
    pub(super) fn new(columns: &'c Columns, header: &Header) -> Result<Self> {
        let surplus = ColumnRule { last: otherwise(columns), ..ColumnRule::default() };
        let mut rules = Self { rules: vec![surplus.clone(); header.len()], surplus, nulls: vec![Vec::new()] };
        let names = ColumnNames(header);
        rules.types(columns, &names);
        for (i, (name, _)) in columns.transform.iter().enumerate() {
            header.position(name).into_iter().for_each(|field| rules.rules[field].transforms.push(i));
        }
        rules.masks(columns, &names)?;
        for (name, separator) in &columns.split {
            for field in names.find_all(name) {
                let rule = &mut rules.rules[field];
                (rule.split, rule.empty) = (Some(separator.as_str().into()), Empty::String);
            }
        }
        rules.empties(columns, &names);
        rules.nulls(columns, &names);
        Ok(rules)
    }

    fn types(&mut self, columns: &Columns, names: &ColumnNames<'_>) {
        let ColumnNames(header) = names;
        for (name, wanted) in &columns.found {
            if let Some(field) = header.position(name) {
                self.typed(field, wanted.clone());
            }
        }
        for (name, wanted) in &columns.types {
            let wanted = match wanted.clone() {
                Type::Float if columns.decimal_comma => Type::Number(Notation::with_comma()),
                Type::Number(notation) if columns.decimal_comma => Type::Number(notation.and_comma()),
                wanted => wanted,
            };
            for field in names.find_all(name) {
                self.typed(field, wanted.clone());
            }
        }
    }

    fn typed(&mut self, field: usize, wanted: Type) {
        let empty = if wanted == Type::String { Empty::String } else { Empty::Null };
        let rule = &mut self.rules[field];
        (rule.last, rule.empty) = (Last::Typed(wanted), empty);
    }

    fn masks(&mut self, columns: &Columns, names: &ColumnNames<'_>) -> Result<()> {
        let ColumnNames(header) = names;
        for (name, mask) in &columns.mask {
            for field in names.find_all(name) {
                let typed = |(name, wanted): &(String, Type)| {
                    *wanted != Type::String && header.position(name) == Some(field)
                };
                if columns.types.iter().any(typed) {
                    let name = header.name(field);
                    let message =
                        format!("`mask` and `column_type`: column '{name}' is masked, so it is a string");
                    return Err(Error::setting(message));
                }
                let rule = &mut self.rules[field];
                (rule.last, rule.empty) = (Last::Masked(mask.clone()), Empty::String);
            }
        }
        Ok(())
    }

    /// What is said of all columns counts for those of which nothing else is said.
    fn empties(&mut self, columns: &Columns, names: &ColumnNames<'_>) {
        let (all, some): (Vec<_>, Vec<_>) = columns.empty.iter().partition(|(name, _)| name == "*");
        for (name, empty) in all.into_iter().chain(some) {
            names.find_all(name).into_iter().for_each(|field| self.rules[field].empty = *empty);
            if name == "*" {
                self.surplus.empty = *empty;
            }
        }
    }

    /// Texts for all columns are null in each, beside those of its own.
    fn nulls(&mut self, columns: &'c Columns, names: &ColumnNames<'_>) {
        // The list that another becomes with one text more.
        let mut longer = HashMap::new();
        for (i, (name, text)) in columns.null.iter().enumerate() {
            let nulls = &mut self.nulls;
            let mut with = |list: u32| {
                *longer.entry((list, i)).or_insert_with(|| {
                    let mut texts = nulls[list as usize].clone();
                    if !texts.contains(&&**text) {
                        texts.push(text);
                    }
                    nulls.push(texts);
                    u32::try_from(nulls.len() - 1).expect("no more lists than fields and texts")
                })
            };
            for field in names.find_all(name) {
                let rule = &mut self.rules[field];
                rule.nulls = with(rule.nulls);
            }
            if name == "*" {
                self.surplus.nulls = with(self.surplus.nulls);
            }
        }
    }
}
