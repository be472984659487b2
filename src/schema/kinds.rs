//! The lattice of types: what a value may fit, and what that makes of a column.
//!
//! A value fits a [`KindSet`], by its bytes alone. A column fits what all its values fit; empty
//! values fit all. No kind is ever gained by a further value, so the order and the grouping of
//! values do not matter, and a part of the input can be judged by itself.
//!
//! | kind | the values |
//! | --- | --- |
//! | `int` | `-?(0\|[1-9][0-9]*)`: what JSON writes as a whole number, of any length |
//! | `float` | a number as JSON writes it, without an exponent; every `int` is one |
//! | `number` | a number as JSON writes it; every `float` is one |
//! | `digits` | a number, but with a plus sign or leading zeros too; every `number` is one |
//! | `true/false`, `t/f`, `yes/no`, `y/n` | one of the two words, in any case |
//! | `json` | an object or an array, which strict readers take |
//! | `date` | `YYYY-MM-DD`, a day of the calendar |
//! | `timestamp` | such a day, `T` or a blank, `HH:MM`, and perhaps seconds, a fraction, a zone |
//! | `date-time` | a `timestamp` as RFC 3339 has it: with `T`, seconds and a zone |
//! | `%d.%m.%Y` and others | a day in that order; a time may follow |
//! | `no time`, `%H:%M`, `%H:%M:%S` | what follows a day in such an order |
//! | `two digits` | day and month in such an order have two digits each |
//! | `email`, `phone`, `iban`, `card` | what should perhaps be masked |
//!
//! The type of a column is the first of these that holds:
//!
//! 1. It has no value but empty ones and nulls, or a spelling of null: `string`.
//! 2. `int`.
//! 3. `float`: it fits `float`; or `number`, and some value has a point or a sign in its exponent.
//!    Codes such as `0E0` and `1E5` look like numbers, and are none of these.
//! 4. `bool`: it fits one of the four pairs of words. `0` and `1` alone are `int`.
//! 5. `json`, `date`, `timestamp`.
//! 6. `string`. So one `007` or `+1` makes a column `string`: no digit is ever lost.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of what values may fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindSet(u64);

/// The type that all values of a column have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ValueType {
    /// Whole numbers.
    Int,
    /// Numbers.
    Float,
    /// Words for true and false.
    Bool,
    /// Objects and arrays of JSON.
    Json,
    /// Days.
    Date,
    /// Days with a time.
    Timestamp,
    /// Anything.
    String,
}

impl ValueType {
    /// All of them, the narrower first.
    pub const ALL: [Self; 7] =
        [Self::Int, Self::Float, Self::Bool, Self::Json, Self::Date, Self::Timestamp, Self::String];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Json => "json",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::String => "string",
        }
    }
}

/// The names of the kinds, in the order of their bits.
const NAMES: [&str; 33] = [
    "int",
    "float",
    "number",
    "digits",
    "true/false",
    "t/f",
    "yes/no",
    "y/n",
    "json",
    "date",
    "timestamp",
    "date-time",
    "email",
    "phone",
    "iban",
    "card",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "no time",
    "%H:%M",
    "%H:%M:%S",
    "two digits",
];

impl KindSet {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self((1 << NAMES.len()) - 1);
    pub(crate) const INT: Self = Self(1);
    pub(crate) const FLOAT: Self = Self(1 << 1);
    pub(crate) const NUMBER: Self = Self(1 << 2);
    pub(crate) const DIGITS: Self = Self(1 << 3);
    pub(crate) const TRUE_FALSE: Self = Self(1 << 4);
    pub(crate) const T_F: Self = Self(1 << 5);
    pub(crate) const YES_NO: Self = Self(1 << 6);
    pub(crate) const Y_N: Self = Self(1 << 7);
    pub(crate) const JSON: Self = Self(1 << 8);
    pub(crate) const DATE: Self = Self(1 << 9);
    pub(crate) const TIMESTAMP: Self = Self(1 << 10);
    pub(crate) const DATE_TIME: Self = Self(1 << 11);
    pub(crate) const EMAIL: Self = Self(1 << 12);
    pub(crate) const PHONE: Self = Self(1 << 13);
    pub(crate) const IBAN: Self = Self(1 << 14);
    pub(crate) const CARD: Self = Self(1 << 15);
    /// Days in another order than that of `date`.
    pub(crate) const DAYS: Self = Self(0x1fff << 16);
    /// What may follow these.
    pub(crate) const TIMES: Self = Self(0b111 << 29);
    /// Day and month of these have two digits.
    pub(crate) const TWO_DIGITS: Self = Self(1 << 32);
    /// Numbers in any way.
    pub(crate) const NUMERIC: Self = Self(0b1111);
    pub(crate) const BOOL: Self = Self(0b1111 << 4);

    /// Those of a number that committed input knows.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// The order of days of number `i`, of those in the list.
    pub(crate) fn day(i: usize) -> Self {
        Self(1 << (16 + i))
    }

    /// The time of number `i`: none, hours and minutes, seconds too.
    pub(crate) fn time(i: usize) -> Self {
        Self(1 << (29 + i))
    }

    #[inline(always)]
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[inline(always)]
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline(always)]
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What both have. Orders of days and times behind them are nothing without each other.
    #[inline(always)]
    pub(crate) const fn both(self, other: Self) -> Self {
        let both = self.and(other);
        if both.has(Self::DAYS) && both.has(Self::TIMES) {
            both
        } else {
            both.without(Self::DAYS.or(Self::TIMES).or(Self::TWO_DIGITS))
        }
    }

    /// Whether the two have one in common.
    #[inline(always)]
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    #[inline(always)]
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().enumerate().filter(move |(i, _)| self.0 >> i & 1 == 1).map(|(_, name)| name)
    }

    /// The type of a column of which all values fit these. `points`: some value has a point or a
    /// sign in its exponent.
    pub(super) fn value_type(self, points: bool) -> ValueType {
        if self.has(Self::INT) {
            ValueType::Int
        } else if self.has(Self::FLOAT) || self.has(Self::NUMBER) && points {
            ValueType::Float
        } else if self.has(Self::BOOL) {
            ValueType::Bool
        } else if self.has(Self::JSON) {
            ValueType::Json
        } else if self.has(Self::DATE) {
            ValueType::Date
        } else if self.has(Self::TIMESTAMP) {
            ValueType::Timestamp
        } else {
            ValueType::String
        }
    }

    /// The pattern of days and times, if exactly one fits: as the conversion takes it, so that `%d`
    /// has two digits and `%-d` one or two.
    pub(super) fn pattern(self) -> Option<String> {
        let only = |kinds: Self| (kinds.0.count_ones() == 1).then(|| kinds.names().next()).flatten();
        let day = only(self.and(Self::DAYS))?;
        let time = only(self.and(Self::TIMES))?;
        let day = match self.has(Self::TWO_DIGITS) {
            true => day.to_owned(),
            false => day.replace("%d", "%-d").replace("%m", "%-m"),
        };
        Some(if self.has(Self::time(0)) { day } else { format!("{day} {time}") })
    }
}

/// A list of names.
impl Serialize for KindSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for KindSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().try_fold(Self::NONE, |kinds, name| match NAMES.iter().position(|known| known == name) {
            Some(i) => Ok(kinds.or(Self(1 << i))),
            None => Err(serde::de::Error::custom(format!("no kind of value is named '{name}'"))),
        })
    }
}
