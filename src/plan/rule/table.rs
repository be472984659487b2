//! The tables of masks and types: a line for each. Options, help, messages and tests read them.

use super::definition::{Apply, Rule};
use super::{boolean, domain, email, float, hash, int, json, last4, redact, string};

/// The rules of one option, each in a line: its name, its type.
macro_rules! table {
    ($(#[$meta:meta])* $table:ident { $($(#[$doc:meta])* $name:ident => $rule:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
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
            pub(super) fn apply<A: Apply>(self, what: A) -> A::Output {
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
        /// `ada@x.org` gives `a***@x.org`: the first character, three stars, and all from the first
        /// `@`. Without an `@` the first character and the stars; before a leading `@` the stars
        /// alone.
        #[default]
        Email => email::Email,
        /// `***`.
        Redact => redact::Redact,
        /// `***` and the last four characters; of four characters or fewer, `***` alone.
        Last4 => last4::Last4,
        /// 64 hexadecimal digits, the keyed BLAKE3 hash of the value: the same value gives the same
        /// token under the same key, and without the key nobody can compute or guess the value.
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
