//! What the values of a column become: one file a rule, one line of a table for each.
//!
//! A [`Rule`] makes a [`Value`] of the content of a field; the value says what to write and writes nothing. The same function
//! serves the weave, which has the content at hand, and the general way, which may have to put it together first. It does not know
//! which of them asks, nor where the content came from.
//!
//! Rules of one column apply in this order: null and empty look at the field as it is; then a caller's own transforms, in the order
//! given; then the mask, the type, or the inference. What a transform leaves empty is empty.
//!
//! Advice for maintainers: a new mask or type is a file here and a line in its table; options, help, messages and tests read the
//! tables. [`Rule::SIGHT`] spares most values a look at all, [`Content::word`] one at each byte.

mod boolean;
mod domain;
mod email;
mod empty;
mod float;
mod hash;
mod infer;
mod int;
mod json;
mod last4;
mod null;
mod number;
mod redact;
mod string;
mod transform;

pub use empty::Empty;
pub use hash::HashKey;
pub(crate) use hash::hashed;
pub(crate) use number::{Number, number};
pub(crate) use transform::Transform;

use crate::charset::Charset;
use crate::kernel::{Sight, Wanted};
use null::Nulls;

/// A rule: one type in a file of its own.
pub(crate) trait Rule {
    /// The name that the option takes.
    const NAME: &'static str;
    /// What is known of most values without a look at each; what [`Rule::value`] says of these must be the same.
    const SIGHT: Sight = Sight::Nothing;
    /// A value may not be what it should.
    const MISFITS: bool = false;

    /// What content that is not empty becomes.
    fn value<'a>(content: &impl Content<'a>) -> Value;

    /// Whether every value is its text, of a field that is bare ([`Content::is_bare`]) or not.
    fn is_text(_bare: bool) -> bool {
        false
    }
}

/// Something that is done with a rule, compiled for each.
pub(crate) trait Apply {
    /// What it comes to.
    type Output;

    /// Does it.
    fn apply<R: Rule>(self) -> Self::Output;
}

/// The rules of one option, each in a line: its name, its type.
macro_rules! table {
    ($(#[$meta:meta])* $table:ident { $($(#[$doc:meta])* $name:ident => $rule:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $table {
            $($(#[$doc])* $name,)*
        }

        impl $table {
            /// All of them.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];

            /// The name that the option takes.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => <$rule as Rule>::NAME,)*
                }
            }

            /// The one of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|rule| rule.name() == name)
            }

            #[inline(always)]
            fn apply<A: Apply>(self, what: A) -> A::Output {
                match self {
                    $(Self::$name => what.apply::<$rule>(),)*
                }
            }
        }

        crate::by_text::by_text!($table, |rule| rule.name().to_owned(), $table::from_name);
    };
}

table! {
    /// How a value is masked. An empty value stays empty under each.
    #[derive(Default)]
    Mask {
        /// `ada@x.org` gives `a***@x.org`: the first character, three stars, and all from the first `@`. Without an `@`
        /// the first character and the stars; before a leading `@` the stars alone.
        #[default]
        Email => email::Email,
        /// `***`.
        Redact => redact::Redact,
        /// `***` and the last four characters; of four characters or fewer, `***` alone.
        Last4 => last4::Last4,
        /// 64 hexadecimal digits, the keyed BLAKE3 hash of the value: the same value gives the same token under the same key, and
        /// without the key nobody can tell or try which value it was.
        Hash => hash::Hash,
        /// `ada@x.org` gives `x.org`: what is behind the first `@`; without an `@` the stars alone.
        Domain => domain::Domain,
    }
}

table! {
    /// The type that a column is said to have. An empty value fits each.
    Type {
        /// Digits, with a sign or without, as many as there are: `007` gives `7`.
        Int => int::Int,
        /// A decimal number: `.5` gives `0.5`, `1e5` stays as it is.
        Float => float::Float,
        /// `true`, `t`, `yes`, `y`, `1` and `false`, `f`, `no`, `n`, `0`, in any case.
        Bool => boolean::Boolean,
        /// A string, whatever it looks like.
        String => string::String,
        /// JSON, which is checked and copied; a newline in it becomes a space.
        Json => json::Json,
    }
}

/// The content of a field, what stands in it without quotes and escapes, as a rule sees it.
pub(crate) trait Content<'a> {
    /// How many bytes it has.
    fn len(&self) -> usize;

    /// Its bytes.
    fn bytes(&self) -> &'a [u8];

    /// The first eight bytes as a number, the first the lowest, and anything behind the last.
    fn word(&self) -> u64;

    /// Which of the first sixteen bytes are digits, a bit each, and anything behind the last.
    fn digits(&self) -> u32;

    /// Where `byte` first stands, or the length where it does not.
    fn find(&self, byte: u8) -> usize;

    /// It stands so in the input, without quotes or escapes.
    fn is_bare(&self) -> bool;
}

/// What a field becomes. Parts are told by their places: so small a value stays in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Its content, as a string.
    Text,
    /// Its content, as a string, though it should be of another type.
    Misfit,
    /// Nothing at all.
    Omitted,
    /// `null`, `true` or `false`.
    Word(Word),
    /// Its content, which is JSON as it is.
    Token,
    /// Its content, which is a number that JSON writes otherwise.
    Number,
    /// Its content, which is JSON but for newlines.
    Json,
    /// As a string: the first `head` bytes of its content, three stars if it has `stars`, the bytes from `tail` on.
    Part {
        /// Where the first part ends.
        head: usize,
        /// Whether stars follow it.
        stars: bool,
        /// Where the second part starts, not before the end of the first.
        tail: usize,
    },
    /// As a string: its keyed hash.
    Hash,
    /// What only the general way knows.
    Look,
}

/// The words of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Null,
    True,
    False,
}

impl Word {
    /// Its letters, and how many they are.
    #[inline(always)]
    pub(crate) fn letters(self) -> ([u8; 8], usize) {
        match self {
            Self::Null => (*b"null\0\0\0\0", 4),
            Self::True => (*b"true\0\0\0\0", 4),
            Self::False => (*b"false\0\0\0", 5),
        }
    }
}

/// Content that no kernel has scanned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<'a> {
    /// The content.
    pub(crate) bytes: &'a [u8],
    /// See [`Content::is_bare`].
    pub(crate) bare: bool,
}

impl<'a> Content<'a> for Whole<'a> {
    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn word(&self) -> u64 {
        word(self.bytes)
    }

    fn digits(&self) -> u32 {
        (0..)
            .zip(self.bytes)
            .take(16)
            .fold(0, |found, (i, byte)| found | u32::from(byte.is_ascii_digit()) << i)
    }

    fn find(&self, byte: u8) -> usize {
        memchr::memchr(byte, self.bytes).unwrap_or(self.bytes.len())
    }

    fn is_bare(&self) -> bool {
        self.bare
    }
}

/// The first character's length, or that of the invalid bytes for which one U+FFFD will stand; 0 where there is none.
#[inline(always)]
fn first_character(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(0x80..) => bstr::decode_utf8(bytes).1,
        first => usize::from(first.is_some()),
    }
}

/// Of a word, the first `n` bytes, up to eight.
#[inline(always)]
fn mask(n: usize) -> u64 {
    u64::MAX.checked_shr(64 - 8 * n as u32).unwrap_or(0)
}

/// The first eight bytes of `bytes` as a number, zeros behind the last.
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let n = bytes.len().min(8);
    word[..n].copy_from_slice(&bytes[..n]);
    u64::from_le_bytes(word)
}

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
            Self::Typed(wanted) => wanted.apply(what),
            Self::Masked(mask) => mask.apply(what),
        }
    }

    /// See [`Rule::is_text`].
    pub(crate) fn is_text(self, bare: bool) -> bool {
        struct IsText(bool);
        impl Apply for IsText {
            type Output = bool;
            fn apply<R: Rule>(self) -> bool {
                R::is_text(self.0)
            }
        }
        self.apply(IsText(bare))
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
    fn asks(self) -> (Sight, bool) {
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

/// The rules for all values of an input.
#[derive(Debug)]
pub(crate) struct Rules {
    columns: Box<[ColumnRule]>,
    /// For the fields beyond the header.
    surplus: ColumnRule,
    nulls: Nulls,
    empty: Empty,
    key: Option<HashKey>,
    transforms: Box<[Transform]>,
    /// The scan notes numbers for the types. That costs the same for one column as for all.
    notes_numbers: bool,
}

impl Rules {
    /// The rules that `columns` asks for, `of_columns` in the order of the output.
    pub(super) fn new(of_columns: Vec<ColumnRule>, columns: &super::Columns, charset: Charset) -> Self {
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
    pub(super) fn is_plain(&self, i: usize) -> bool {
        let ColumnRule { transforms, last } = &self.columns[i];
        transforms.is_empty()
            && last.is_text(true)
            && self.nulls.len() == 0
            && !self.nulls.empty
            && self.empty == Empty::String
    }

    /// Whether some value may not be what it should.
    pub(super) fn may_misfit(&self) -> bool {
        self.columns.iter().any(|rule| rule.last.asks().1)
    }

    /// What is known at sight of the values of output column `i`.
    pub(super) fn sight(&self, i: usize) -> Sight {
        match self.columns[i].sight() {
            Sight::Numbers | Sight::Wholes if !self.notes_numbers => Sight::Nothing,
            sight => sight,
        }
    }

    /// What the scan is to note for that.
    pub(super) fn wanted(&self) -> Wanted {
        let has = |wanted: &[Sight]| (0..self.columns.len()).any(|i| wanted.contains(&self.sight(i)));
        if !has(&[Sight::Text, Sight::Tokens, Sight::Numbers, Sight::Wholes]) {
            return Wanted::NOTHING;
        }
        let mut wanted = Wanted::any();
        wanted.numbers = has(&[Sight::Numbers]);
        wanted.wholes = has(&[Sight::Wholes]);
        wanted.tokens = has(&[Sight::Tokens]);
        wanted.empty = self.nulls.empty || self.empty != Empty::String;
        self.nulls.texts().for_each(|text| wanted.text(text));
        wanted
    }

    /// How many texts are null, the empty one left out.
    pub(crate) fn n_nulls(&self) -> usize {
        self.nulls.len()
    }

    /// The key of [`Mask::Hash`].
    pub(crate) fn key(&self) -> Option<&HashKey> {
        self.key.as_ref()
    }

    /// Whether an unquoted field that stands so and is not empty is null.
    #[inline(always)]
    pub(crate) fn is_null<'a>(&self, raw: &impl Content<'a>) -> bool {
        self.nulls.has(raw)
    }

    /// What an empty field becomes.
    pub(crate) fn empty(&self, quoted: bool) -> Value {
        if self.nulls.empty && !quoted { Value::Word(Word::Null) } else { self.empty.value() }
    }

    /// Makes text of another by the caller's own functions of these numbers; the first has it as it is.
    pub(crate) fn transform(&self, numbers: &[usize], text: &str) -> String {
        let mut all = numbers.iter().map(|&i| &self.transforms[i]);
        let Some(first) = all.next() else { return text.to_owned() };
        all.fold(first.apply(text), |text, transform| transform.apply(&text))
    }
}

/// What is done last where a column has no rule of its own.
pub(super) fn otherwise(columns: &super::Columns) -> Last {
    if columns.infer { Last::Infer } else { Last::Text }
}

#[cfg(test)]
mod tests;
