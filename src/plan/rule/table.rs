//! The tables of masks and types: a line for each. Options, help, messages and tests read them.

use super::date::Date;
use super::definition::{Apply, Parameters, Rule};
use super::notation::Notation;
use super::prefix::Prefix;
use super::token::{EmailToken, Token};
use super::{boolean, domain, email, float, int, json, last4, phone, redact, string, year};
use std::fmt;

/// The rules of one option, each in a line: those without parameters by name, and those that read
/// theirs.
macro_rules! table {
    (
        $(#[$meta:meta])* $table:ident $kind:literal
        { $($(#[$doc:meta])* $name:ident $text:literal => $rule:expr,)* }
        { $($(#[$with_doc:meta])* $with:ident($parameters:ty) [$($shown:literal),*],)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $table {
            $($(#[$doc])* $name,)*
            $($(#[$with_doc])* $with($parameters),)*
        }

        impl $table {
            /// Those without parameters.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];

            /// How each is typed.
            pub const NAMES: &[&str] = &[$($text,)* $($($shown,)*)*];

            /// What does it.
            #[inline(always)]
            pub(super) fn apply<A: Apply>(&self, what: A) -> A::Output {
                match self {
                    $(Self::$name => what.apply(&$rule),)*
                    $(Self::$with(parameters) => what.apply(parameters),)*
                }
            }
        }

        /// How it is typed.
        impl fmt::Display for $table {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($text),)*
                    $(Self::$with(parameters) => f.write_str(&parameters.text()),)*
                }
            }
        }

        /// As it is typed.
        impl std::str::FromStr for $table {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => return Ok(Self::$name),)*
                    _ => {}
                }
                $(if let Some(read) = <$parameters>::read(text) {
                    return read.map(Self::$with);
                })*
                Err(format!("no {} is named '{text}'; there are {}", $kind, Self::NAMES.join(", ")))
            }
        }

        crate::by_text::by_text!($table, |rule| rule.to_string(), |text| text.parse().ok());
    };
}

table! {
    /// How a value is masked. An empty value stays empty under each.
    #[derive(Default)]
    Mask "style"
    {
        /// `ada@x.org` gives `a***@x.org`: the first character, three stars, and all from the first
        /// `@`. Without an `@` the first character and the stars; before a leading `@` the stars
        /// alone.
        #[default]
        Email "email" => email::Email,
        /// `***`.
        Redact "redact" => redact::Redact,
        /// `***` and the last four characters; of four characters or fewer, `***` alone.
        Last4 "last4" => last4::Last4,
        /// `ada@x.org` gives `x.org`: what is behind the first `@`; without an `@` the stars alone.
        Domain "domain" => domain::Domain,
        /// `+49 171 5550142` gives `***42`: the last two digits of a number of more than four.
        Phone "phone" => phone::Phone,
        /// `1985-03-12` and `12.03.1985` give `1985`: the first four digits that are no part of
        /// more. Where there are none, `***`.
        Year "year" => year::Year,
    }
    {
        /// The keyed BLAKE3 hash of the value in hexadecimal digits: the same value gives the same
        /// token under the same key, and without the key nobody can compute or guess the value.
        Hash(Token) ["hash"],
        /// `ada@x.org` gives the token of the whole address, and `@x.org`.
        EmailHash(EmailToken) ["email:hash"],
        /// `prefix:2` makes `10***` of `10115`: so many characters of a value that has more.
        Prefix(Prefix) ["prefix:N"],
    }
}

table! {
    /// The type that a column is said to have. An empty value fits each.
    Type "type"
    {
        /// Digits, with a sign or without, as many as there are: `007` gives `7`.
        Int "int" => int::Int,
        /// A decimal number: `.5` gives `0.5`, `1e5` stays as it is.
        Float "float" => float::Float,
        /// `true`, `t`, `yes`, `y`, `1` and `false`, `f`, `no`, `n`, `0`, in any case.
        Bool "bool" => boolean::Boolean,
        /// A string, whatever it looks like.
        String "string" => string::String,
        /// JSON, which is checked and copied; a newline in it becomes a space.
        Json "json" => json::Json,
    }
    {
        /// A number as people write it, all its digits kept: `float(comma,thousands)` makes
        /// `1234.50` of `1.234,50`.
        Number(Notation) ["percent"],
        /// A day or a moment by an exact pattern, written as ISO 8601: `date(%d.%m.%Y)` makes
        /// `2026-03-05` of `05.03.2026`.
        Date(Date) ["date", "timestamp"],
    }
}

impl Type {
    /// See [`Rule::MISFITS`].
    pub(crate) fn may_misfit(&self) -> bool {
        struct MayMisfit;
        impl Apply for MayMisfit {
            type Output = bool;
            fn apply<R: Rule>(self, _: &R) -> bool {
                R::MISFITS
            }
        }
        self.apply(MayMisfit)
    }
}

impl Mask {
    /// Whether it needs a key.
    pub(crate) fn needs_key(&self) -> bool {
        matches!(self, Self::Hash(_) | Self::EmailHash(_))
    }
}
