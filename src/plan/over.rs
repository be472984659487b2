//! What is asked of columns over what was asked of them before: the later counts.

use super::column_names::matches;
use super::columns::Columns;

impl Columns {
    /// Whether something is asked of the values of the column `name` that a type would change.
    pub(crate) fn ask_of(&self, name: &str) -> bool {
        is_asked(&self.types, name)
            || is_asked(&self.mask, name)
            || is_asked(&self.split, name)
            || is_asked(&self.transform, name)
    }

    /// What is asked here, and of types, nulls, empties, names, masks and dropped columns what
    /// `base` asks of others.
    ///
    /// A mask takes the place of a type. A type never takes the place of a mask: nothing that was
    /// masked is shown because a type was asked for.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the program asks twice"))]
    pub(crate) fn over(mut self, base: Self) -> Self {
        let Self { types, mask, null, empty, rename, drop, .. } = base;
        let is_masked = |name: &str| is_asked(&self.mask, name);
        let is_typed = |name: &str| is_asked(&self.types, name) || is_masked(name);
        let is_selected = |name: &str| self.select.iter().flatten().any(|asked| is(asked, name));
        let has = |named: &[(String, String)], name: &str| named.iter().any(|(own, _)| own == name);
        let all_empty = |name: &str| self.empty.iter().any(|(own, _)| own == name);
        let types = types.into_iter().filter(|(name, _)| !is_typed(name)).collect();
        let mask = mask.into_iter().filter(|(name, _)| !is_masked(name)).collect();
        let null = null.into_iter().filter(|(name, _)| !has(&self.null, name)).collect();
        let rename = rename.into_iter().filter(|(name, _)| !has(&self.rename, name)).collect();
        let empty = empty.into_iter().filter(|(name, _)| !all_empty(name)).collect();
        let drop = drop.into_iter().filter(|name| !is_selected(name)).collect();
        self.types = joined(types, self.types);
        self.mask = joined(mask, self.mask);
        self.null = joined(null, self.null);
        self.rename = joined(rename, self.rename);
        self.empty = joined(empty, self.empty);
        self.drop = joined(drop, self.drop);
        self
    }
}

/// Whether something is asked of the column `name`.
fn is_asked<T>(asked: &[(String, T)], name: &str) -> bool {
    asked.iter().any(|(asked, _)| is(asked, name))
}

fn is(asked: &str, name: &str) -> bool {
    asked == name || matches(asked, name)
}

#[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "as above"))]
fn joined<T>(mut first: Vec<T>, others: Vec<T>) -> Vec<T> {
    first.extend(others);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Mask, Type};

    #[test]
    fn the_later_counts_and_a_mask_is_never_lost() {
        let named = |name: &str| name.to_owned();
        let base = Columns {
            types: vec![(named("a"), Type::Int), (named("b"), Type::Int), (named("c"), Type::Int)],
            mask: vec![(named("d"), Mask::Redact)],
            ..Columns::default()
        };
        let flags = Columns {
            types: vec![(named("a"), Type::Float), (named("d"), Type::String)],
            mask: vec![(named("b*"), Mask::Email)],
            ..Columns::default()
        };
        let both = flags.over(base);
        let expected = [(named("c"), Type::Int), (named("a"), Type::Float), (named("d"), Type::String)];
        assert_eq!(both.types, expected);
        assert_eq!(both.mask, [(named("d"), Mask::Redact), (named("b*"), Mask::Email)]);
    }
}
