//! The rules of all columns of an input, compiled.

use super::content::{Content, Form, Whole};
use super::definition::{Apply, Rule};
use super::empty::Empty;
use super::hash::HashKey;
use super::null::Nulls;
use super::table::{Mask, Type};
use super::transform::Transform;
use super::value::{Value, Word};
use super::{infer, string};
use crate::charset::Charset;
use crate::kernel::{Sight, Wanted};
use crate::plan::columns::Columns;
use memchr::memmem::Finder;

/// What is done with the values of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnRule {
    /// The caller's own functions, by number, in the order in which they apply.
    pub(crate) transforms: Vec<usize>,
    /// What then happens.
    pub(crate) last: Last,
}

impl ColumnRule {
    /// What may be known of its values at sight.
    fn sight(&self) -> Sight {
        if self.transforms.is_empty() { self.last.asks().0 } else { Sight::Nothing }
    }
}

/// The last that is done with a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is a string.
    #[default]
    Text,
    /// It is a token of JSON where it is one, else a string.
    Infer,
    /// The same of quoted fields too.
    InferQuoted,
    /// It is of this type, or an anomaly.
    Typed(Type),
    /// It is masked.
    Masked(Mask),
}

impl Last {
    /// Does something with the rule that this is.
    #[inline(always)]
    pub(crate) fn apply<A: Apply>(self, what: A) -> A::Output {
        match self {
            Self::Text => what.apply::<string::String>(),
            Self::Infer => what.apply::<infer::Infer>(),
            Self::InferQuoted => what.apply::<infer::InferQuoted>(),
            Self::Typed(wanted) => wanted.apply(what),
            Self::Masked(mask) => mask.apply(what),
        }
    }

    /// See [`Rule::is_text`].
    pub(crate) fn is_text(self, form: Form) -> bool {
        struct IsText(Form);
        impl Apply for IsText {
            type Output = bool;
            fn apply<R: Rule>(self) -> bool {
                R::is_text(self.0)
            }
        }
        self.apply(IsText(form))
    }

    /// What content that is not empty becomes.
    pub(crate) fn value(self, content: Whole<'_>) -> Value {
        struct ValueOf<'a>(Whole<'a>);
        impl Apply for ValueOf<'_> {
            type Output = Value;
            fn apply<R: Rule>(self) -> Value {
                R::value(&self.0)
            }
        }
        self.apply(ValueOf(content))
    }

    /// See [`Rule::SIGHT`], and whether a value may not be what it should.
    pub(super) fn asks(self) -> (Sight, bool) {
        struct Asks;
        impl Apply for Asks {
            type Output = (Sight, bool);
            fn apply<R: Rule>(self) -> (Sight, bool) {
                (R::SIGHT, R::MISFITS)
            }
        }
        self.apply(Asks)
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
    nulls: Nulls,
    /// Nulls and inference look at what is between quotes too.
    in_quotes: bool,
    empty: Empty,
    key: Option<HashKey>,
    transforms: Box<[Transform]>,
    /// The scan notes numbers for the types. That costs the same for one column as for all.
    notes_numbers: bool,
}

impl Rules {
    /// Finders of the texts without which every value is its text, if that is all that the rules
    /// ask for.
    pub(crate) fn only_nulls(&self) -> Option<Box<[Finder<'static>]>> {
        let is_text = |column: &ColumnRule| *column == ColumnRule::default();
        let only = self.columns.iter().chain([&self.surplus]).all(is_text)
            && self.empty == Empty::String
            && !self.in_quotes
            && !self.nulls.empty
            && (1..=MOST_SOUGHT).contains(&self.nulls.len());
        only.then(|| self.nulls.texts().map(|text| Finder::new(text).into_owned()).collect())
    }

    /// The rules that `columns` asks for, `of_columns` in the order of the output.
    pub(crate) fn new(of_columns: Vec<ColumnRule>, columns: &Columns, charset: Charset) -> Self {
        let n_numbers = of_columns
            .iter()
            .filter(|column| matches!(column.sight(), Sight::Numbers | Sight::Wholes))
            .count();
        Self {
            notes_numbers: 2 * n_numbers > of_columns.len(),
            columns: of_columns.into(),
            surplus: ColumnRule { last: otherwise(columns), transforms: Vec::new() },
            // In the input's own bytes; what it cannot hold is never met.
            nulls: Nulls::new(columns.null.iter().filter_map(|null| charset.encode(null)).collect()),
            in_quotes: columns.quoted_values,
            empty: columns.empty,
            key: columns.hash_key.clone(),
            transforms: columns.transform.iter().map(|(_, transform)| transform.clone()).collect(),
        }
    }

    /// The rule of output column `i`, or of what lies beyond the header.
    #[inline(always)]
    pub(crate) fn rule(&self, i: Option<usize>) -> &ColumnRule {
        i.map_or(&self.surplus, |i| &self.columns[i])
    }

    /// Whether the fields of output column `i` are all their text, the empty ones too.
    pub(crate) fn is_plain(&self, i: usize) -> bool {
        let ColumnRule { transforms, last } = &self.columns[i];
        transforms.is_empty()
            && last.is_text(Form::Bare)
            && self.nulls.len() == 0
            && !self.nulls.empty
            && self.empty == Empty::String
    }

    /// Whether some value may not be what it should.
    pub(crate) fn may_misfit(&self) -> bool {
        self.columns.iter().any(|rule| rule.last.asks().1)
    }

    /// What is known at sight of the values of output column `i`.
    pub(crate) fn sight(&self, i: usize) -> Sight {
        match self.columns[i].sight() {
            Sight::Numbers | Sight::Wholes if !self.notes_numbers => Sight::Nothing,
            sight => sight,
        }
    }

    /// What the scan is to note for that.
    pub(crate) fn wanted(&self) -> Wanted {
        let has = |wanted: &[Sight]| (0..self.columns.len()).any(|i| wanted.contains(&self.sight(i)));
        if !has(&[Sight::Text, Sight::Tokens, Sight::Numbers, Sight::Wholes]) {
            return Wanted::NOTHING;
        }
        let mut wanted = Wanted::any();
        wanted.numbers = has(&[Sight::Numbers]);
        wanted.wholes = has(&[Sight::Wholes]);
        wanted.tokens = has(&[Sight::Tokens]);
        wanted.in_quotes = self.in_quotes;
        wanted.empty = self.nulls.empty || self.empty != Empty::String;
        self.nulls.texts().for_each(|text| wanted.text(text));
        wanted
    }

    /// How many texts are null, the empty one left out.
    pub(crate) fn n_nulls(&self) -> usize {
        self.nulls.len()
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

    /// Whether a field that nulls look at, has this between its quotes if it has some, and is not
    /// empty, is null.
    #[inline(always)]
    pub(crate) fn is_null<'a>(&self, raw: &impl Content<'a>) -> bool {
        self.nulls.has(raw)
    }

    /// What an empty field becomes, one that nulls look at or not.
    pub(crate) fn empty(&self, looked_at: bool) -> Value {
        if self.nulls.empty && looked_at { Value::Word(Word::Null) } else { self.empty.value() }
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
        (true, false) => Last::Infer,
        (true, true) => Last::InferQuoted,
    }
}
