//! What stands behind an escape: the next byte itself, or a byte that a database server writes so.
//!
//! This file does not know where an escape counts; `parse/reference.rs` does.

use crate::by_text::by_text;

/// What an escape and the byte behind it stand for.
///
/// Both servers write a few letters for bytes that are awkward in a text, and mean the byte itself
/// by any other. Which field is null is another setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Escapes {
    /// The byte behind it.
    #[default]
    Literal,
    /// As `COPY` of PostgreSQL has it: `\b`, `\f`, `\n`, `\r`, `\t`, `\v`, one to three octal
    /// digits, `x` and one or two hexadecimal ones. A record `\.` ends the data.
    Postgres,
    /// As `LOAD DATA` of MySQL and MariaDB has it: `\0`, `\b`, `\n`, `\r`, `\t`, `\Z`.
    Mysql,
}

by_text!(Escapes, |escapes| escapes.name().to_owned(), Escapes::from_name);

/// For each byte behind an escape the byte that is meant, or [`DIGITS`].
pub(crate) type Meanings = [u16; 256];

/// More than one byte must be looked at.
pub(crate) const DIGITS: u16 = 256;

/// Each byte once: what an escape stands for is a piece of this.
pub(crate) static BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        bytes[byte] = byte as u8;
        byte += 1;
    }
    bytes
};

/// All bytes as they are, but for those given.
const fn meanings(named: &[(u8, u16)]) -> Meanings {
    let mut meanings = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        meanings[byte] = byte as u16;
        byte += 1;
    }
    let mut i = 0;
    while i < named.len() {
        meanings[named[i].0 as usize] = named[i].1;
        i += 1;
    }
    meanings
}

static POSTGRES: Meanings = meanings(&[
    (b'b', 8),
    (b't', 9),
    (b'n', 10),
    (b'v', 11),
    (b'f', 12),
    (b'r', 13),
    (b'0', DIGITS),
    (b'1', DIGITS),
    (b'2', DIGITS),
    (b'3', DIGITS),
    (b'4', DIGITS),
    (b'5', DIGITS),
    (b'6', DIGITS),
    (b'7', DIGITS),
    (b'x', DIGITS),
]);

static MYSQL: Meanings = meanings(&[(b'0', 0), (b'b', 8), (b't', 9), (b'n', 10), (b'r', 13), (b'Z', 26)]);

impl Escapes {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Literal, Self::Postgres, Self::Mysql];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|escapes| escapes.name() == name)
    }

    /// What bytes mean behind an escape; `None` where each is itself.
    pub(crate) fn meanings(self) -> Option<&'static Meanings> {
        match self {
            Self::Literal => None,
            Self::Postgres => Some(&POSTGRES),
            Self::Mysql => Some(&MYSQL),
        }
    }

    /// Whether a record of an escape and a point ends the data.
    pub(crate) fn end_data(self) -> bool {
        self == Self::Postgres
    }

    /// The byte that `behind`, which follows an escape and is not empty, stands for, and how many
    /// bytes it takes to say so.
    pub(crate) fn read(self, behind: &[u8]) -> (u8, usize) {
        let first = behind[0];
        match self.meanings().map_or(u16::from(first), |meanings| meanings[usize::from(first)]) {
            DIGITS if first == b'x' => match number(&behind[1..], 16, 2) {
                // Without a digit it is the letter.
                (_, 0) => (first, 1),
                (byte, n) => (byte, n + 1),
            },
            DIGITS => number(behind, 8, 3),
            byte => (byte as u8, 1),
        }
    }

    /// Whether an escape in `bytes` may stand for a byte from 0x80 on, so that content may be
    /// invalid though `bytes` are not. Never wrong if it says no.
    pub(crate) fn may_make_bytes(self, escape: Option<u8>, bytes: &[u8]) -> bool {
        let Some(escape) = escape.filter(|_| self == Self::Postgres) else { return false };
        let is_number = |at: usize| matches!(bytes.get(at + 1), Some(b'0'..=b'7' | b'x'));
        memchr::memchr_iter(escape, bytes).any(is_number)
    }
}

/// The number at the front of `text`, of at most so many digits, and how many it has. Of more than
/// eight bits the lowest eight count.
fn number(text: &[u8], base: u32, most: usize) -> (u8, usize) {
    let digits = text.iter().take(most).map_while(|digit| char::from(*digit).to_digit(base));
    let (value, n) = digits.fold((0, 0), |(value, n), digit| (value * base + digit, n + 1));
    (value as u8, n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_numbers_stand_for_bytes() {
        use Escapes::{Literal, Mysql, Postgres};
        let cases: [(Escapes, &[u8], (u8, usize)); 19] = [
            (Literal, b"n", (b'n', 1)),
            (Postgres, b"n", (b'\n', 1)),
            (Postgres, b"v", (11, 1)),
            (Postgres, b"\\", (b'\\', 1)),
            (Postgres, b"0", (0, 1)),
            (Postgres, b"1018", (b'A', 3)),
            (Postgres, b"58", (5, 1)),
            (Postgres, b"777", (0xff, 3)),
            (Postgres, b"x4", (4, 2)),
            (Postgres, b"x4aa", (0x4a, 3)),
            (Postgres, b"xg", (b'x', 1)),
            (Postgres, b"x", (b'x', 1)),
            (Postgres, b"8", (b'8', 1)),
            (Postgres, b"Z", (b'Z', 1)),
            (Mysql, b"Z", (26, 1)),
            (Mysql, b"01", (0, 1)),
            (Mysql, b"1", (b'1', 1)),
            (Mysql, b"v", (b'v', 1)),
            (Mysql, b"N", (b'N', 1)),
        ];
        for (escapes, behind, expected) in cases {
            assert_eq!(escapes.read(behind), expected, "{escapes:?} {}", behind.escape_ascii());
        }
    }

    #[test]
    fn numbers_may_make_any_byte() {
        let made = |text: &[u8]| Escapes::Postgres.may_make_bytes(Some(b'\\'), text);
        assert!(made(br"a\xe9") && made(br"\351"));
        assert!(!made(br"a\n\N\") && !made(b"x"));
        assert!(!Escapes::Mysql.may_make_bytes(Some(b'\\'), br"\xe9"));
    }
}
