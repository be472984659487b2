//! The rules of all columns of an input, compiled.

use super::content::{Content, Form, Whole};
use super::definition::{Apply, Making, Piece, Rule};
use super::empty::Empty;
use super::hash::HashKey;
use super::null::Nulls;
use super::table::{Mask, Type};
use super::transform::Transform;
use super::value::{Value, Word};
use super::{infer, infer_comma, string};
use crate::charset::Charset;
use crate::kernel::{Sight, Wanted};
use crate::plan::columns::Columns;
use memchr::memmem::Finder;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is done with the values of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnRule {
    /// The caller's own functions, by number, in the order in which they apply.
    pub(crate) transforms: Vec<usize>,
    /// What stands between the elements, if a field is an array of them.
    pub(crate) split: Option<Arc<str>>,
    /// What then happens, to each element.
    pub(crate) last: Last,
    /// What empty fields give.
    pub(crate) empty: Empty,
    /// Which of the lists of texts is null: see [`Rules::new`].
    pub(crate) nulls: u32,
}

impl ColumnRule {
    /// Whether `last` is all that is done.
    pub(crate) fn is_one_rule(&self) -> bool {
        self.transforms.is_empty() && self.split.is_none()
    }

    /// What may be known of its values at sight.
    fn sight(&self) -> Sight {
        if self.is_one_rule() { self.last.sight() } else { Sight::Nothing }
    }
}

/// The last that is done with a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is a string.
    #[default]
    Text,
    /// It is a token of JSON where it is one, else a string.
    Infer,
    /// The same of quoted fields too.
    InferQuoted,
    /// As these, of numbers with a decimal comma.
    InferComma(infer_comma::InferComma),
    /// It is of this type, or an anomaly.
    Typed(Type),
    /// It is masked.
    Masked(Mask),
}

impl Last {
    /// Does something with the rule that this is.
    #[inline(always)]
    pub(crate) fn apply<A: Apply>(&self, what: A) -> A::Output {
        match self {
            Self::Text => what.apply(&string::String),
            Self::Infer => what.apply(&infer::Infer),
            Self::InferQuoted => what.apply(&infer::InferQuoted),
            Self::InferComma(rule) => what.apply(rule),
            Self::Typed(wanted) => wanted.apply(what),
            Self::Masked(mask) => mask.apply(what),
        }
    }

    /// See [`Rule::is_text`].
    pub(crate) fn is_text(&self, form: Form) -> bool {
        struct IsText(Form);
        impl Apply for IsText {
            type Output = bool;
            fn apply<R: Rule>(self, rule: &R) -> bool {
                rule.is_text(self.0)
            }
        }
        self.apply(IsText(form))
    }

    /// What content that is not empty becomes.
    pub(crate) fn value(&self, content: Whole<'_>) -> Value {
        struct ValueOf<'a>(Whole<'a>);
        impl Apply for ValueOf<'_> {
            type Output = Value;
            fn apply<R: Rule>(self, rule: &R) -> Value {
                rule.value(&self.0)
            }
        }
        self.apply(ValueOf(content))
    }

    /// Gives the pieces of a value that is [`Value::Made`].
    pub(crate) fn make<E>(
        &self,
        from: &Making<'_>,
        emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        struct Make<'a, F>(&'a Making<'a>, &'a mut F);
        impl<E, F: FnMut(Piece<'_>) -> Result<(), E>> Apply for Make<'_, F> {
            type Output = Result<(), E>;
            fn apply<R: Rule>(self, rule: &R) -> Result<(), E> {
                rule.make(self.0, self.1)
            }
        }
        self.apply(Make(from, emit))
    }

    /// See [`Rule::SIGHT`].
    pub(super) fn sight(&self) -> Sight {
        struct SightOf;
        impl Apply for SightOf {
            type Output = Sight;
            fn apply<R: Rule>(self, _: &R) -> Sight {
                R::SIGHT
            }
        }
        self.apply(SightOf)
    }

    /// See [`Rule::MISFITS`].
    pub(crate) fn may_misfit(&self) -> bool {
        matches!(self, Self::Typed(wanted) if wanted.may_misfit())
    }
}

/// More null texts are not looked for ahead: that would cost more than it saves.
const MOST_SOUGHT: usize = 2;

/// The rules for all values of an input.
#[derive(Debug)]
pub(crate) struct Rules {
    columns: Box<[ColumnRule]>,
    /// For the fields beyond the header.
    surplus: ColumnRule,
    /// The lists of texts that are null, of which each column has one.
    nulls: Box<[Nulls]>,
    /// Nulls and inference look at what is between quotes too.
    in_quotes: bool,
    key: Option<HashKey>,
    transforms: Box<[Transform]>,
    /// The scan notes numbers for the types. That costs the same for one column as for all.
    notes_numbers: bool,
    /// Some column's empty fields are left out.
    omits: bool,
}

impl Rules {
    /// Finders of the texts without which every value is its text, if that is all that the rules
    /// ask for.
    pub(crate) fn only_nulls(&self) -> Option<Box<[Finder<'static>]>> {
        let is_text = |column: &ColumnRule| {
            let ColumnRule { last, empty, .. } = column;
            column.is_one_rule() && *last == Last::Text && *empty == Empty::String
        };
        let texts: BTreeSet<&[u8]> = self.nulls.iter().flat_map(Nulls::texts).collect();
        let only = self.columns.iter().chain([&self.surplus]).all(is_text)
            && !self.in_quotes
            && !self.nulls.iter().any(|nulls| nulls.empty)
            && (1..=MOST_SOUGHT).contains(&texts.len());
        only.then(|| texts.into_iter().map(|text| Finder::new(text).into_owned()).collect())
    }

    /// The rules that `columns` asks for: `of_columns` in the order of the output, `surplus` for
    /// what lies beyond the header, which have their null texts among `nulls` by number.
    pub(crate) fn new(
        of_columns: Vec<ColumnRule>,
        surplus: ColumnRule,
        nulls: &[Vec<&str>],
        columns: &Columns,
        charset: Charset,
    ) -> Self {
        let n_numbers = of_columns
            .iter()
            .filter(|column| matches!(column.sight(), Sight::Numbers | Sight::Wholes))
            .count();
        // In the input's own bytes; what it cannot hold is never met.
        let nulls = nulls
            .iter()
            .map(|texts| Nulls::new(texts.iter().filter_map(|null| charset.encode(null)).collect()));
        Self {
            notes_numbers: 2 * n_numbers > of_columns.len(),
            omits: of_columns.iter().any(|column| column.empty == Empty::Omit),
            columns: of_columns.into(),
            surplus,
            nulls: nulls.collect(),
            in_quotes: columns.quoted_values,
            key: columns.hash_key.clone(),
            transforms: columns.transform.iter().map(|(_, transform)| transform.clone()).collect(),
        }
    }

    /// The rule of output column `i`, or of what lies beyond the header.
    #[inline(always)]
    pub(crate) fn rule(&self, i: Option<usize>) -> &ColumnRule {
        i.map_or(&self.surplus, |i| &self.columns[i])
    }

    fn nulls(&self, rule: &ColumnRule) -> &Nulls {
        &self.nulls[rule.nulls as usize]
    }

    /// Whether the fields of output column `i` are all their text, the empty ones too.
    pub(crate) fn is_plain(&self, i: usize) -> bool {
        let rule = &self.columns[i];
        let ColumnRule { last, empty, .. } = rule;
        let nulls = self.nulls(rule);
        rule.is_one_rule()
            && last.is_text(Form::Bare)
            && nulls.len() == 0
            && !nulls.empty
            && *empty == Empty::String
            && !self.omits
    }

    /// Whether some column's empty fields are left out. Then a comma follows each value.
    pub(crate) fn omits(&self) -> bool {
        self.omits
    }

    /// Whether some value may not be what it should.
    pub(crate) fn may_misfit(&self) -> bool {
        self.columns.iter().any(|rule| rule.last.may_misfit())
    }

    /// What is known at sight of the values of output column `i`.
    pub(crate) fn sight(&self, i: usize) -> Sight {
        match self.columns[i].sight() {
            Sight::Numbers | Sight::Wholes if !self.notes_numbers => Sight::Nothing,
            sight => sight,
        }
    }

    /// What the scan is to note for that: of the columns that have a rule and are known at sight.
    pub(crate) fn wanted(&self) -> Wanted {
        let known = |i: &usize| self.sight(*i) != Sight::Nothing && !self.is_plain(*i);
        let known: Vec<usize> = (0..self.columns.len()).filter(known).collect();
        if known.is_empty() {
            return Wanted::NOTHING;
        }
        let has = |wanted: Sight| known.iter().any(|i| self.sight(*i) == wanted);
        let mut wanted = Wanted::any();
        wanted.numbers = has(Sight::Numbers);
        wanted.wholes = has(Sight::Wholes);
        wanted.tokens = has(Sight::Tokens);
        wanted.in_quotes = self.in_quotes;
        let lists: BTreeSet<u32> = known.iter().map(|i| self.columns[*i].nulls).collect();
        let lists: Vec<&Nulls> = lists.into_iter().map(|list| &self.nulls[list as usize]).collect();
        let texts: BTreeSet<&[u8]> = lists.iter().flat_map(|nulls| nulls.texts()).collect();
        texts.into_iter().for_each(|text| wanted.text(text));
        wanted.empty = lists.iter().any(|nulls| nulls.empty)
            || known.iter().any(|i| self.columns[*i].empty != Empty::String);
        wanted
    }

    /// How many texts are null in output column `i`, the empty one left out.
    pub(crate) fn n_nulls(&self, i: usize) -> usize {
        self.nulls(&self.columns[i]).len()
    }

    /// Whether nulls and inference look at what is between quotes too.
    #[inline(always)]
    pub(crate) fn in_quotes(&self) -> bool {
        self.in_quotes
    }

    /// The key of [`Mask::Hash`].
    pub(crate) fn key(&self) -> Option<&HashKey> {
        self.key.as_ref()
    }

    /// Whether a field of a column with `rule` that nulls look at, has this between its quotes if
    /// it has some, and is not empty, is null.
    #[inline(always)]
    pub(crate) fn is_null<'a>(&self, rule: &ColumnRule, raw: &impl Content<'a>) -> bool {
        self.nulls(rule).has(raw)
    }

    /// What an empty field of a column with `rule` becomes, one that nulls look at or not.
    pub(crate) fn empty(&self, rule: &ColumnRule, looked_at: bool) -> Value {
        match rule.empty.value() {
            _ if self.nulls(rule).empty && looked_at => Value::Word(Word::Null),
            Value::Text if rule.split.is_some() => Value::EmptyArray,
            value => value,
        }
    }

    /// Makes text of another by the caller's own functions of these numbers; the first has it as it
    /// is.
    pub(crate) fn transform(&self, numbers: &[usize], text: &str) -> String {
        let mut all = numbers.iter().map(|&i| &self.transforms[i]);
        let Some(first) = all.next() else { return text.to_owned() };
        all.fold(first.apply(text), |text, transform| transform.apply(&text))
    }
}

/// What is done last where a column has no rule of its own.
pub(crate) fn otherwise(columns: &Columns) -> Last {
    match (columns.infer, columns.quoted_values) {
        (false, _) => Last::Text,
        (true, in_quotes) if columns.decimal_comma => Last::InferComma(infer_comma::InferComma { in_quotes }),
        (true, false) => Last::Infer,
        (true, true) => Last::InferQuoted,
    }
}
