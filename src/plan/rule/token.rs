//! `--mask COLUMN:hash` and `COLUMN:email:hash`: the keyed BLAKE3 hash of the value, as long as
//! asked for, of the value as it is or in a normal form.

use super::content::Content;
use super::definition::{Making, Parameters, Piece, Rule, in_parentheses};
use super::hash::HashKey;
use super::value::Value;
use bstr::ByteSlice;
use std::convert::Infallible;

/// A hash as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// How many hexadecimal digits it has.
    n_digits: u8,
    form: NormalForm,
}

/// What is hashed of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NormalForm {
    /// All of it, as it is.
    AsItIs,
    /// In small letters, so that `Ada@x.org` and `ada@x.org` are the same.
    Lower,
    /// Its digits alone, so that `+49 171` and `+49171` are the same. A value without digits is
    /// hashed as it is.
    Digits,
}

/// All that BLAKE3 gives.
const MOST_DIGITS: u8 = 64;
/// With fewer, some thousand values would have two of the same token.
const LEAST_DIGITS: u8 = 8;

impl Default for Token {
    fn default() -> Self {
        Self { n_digits: MOST_DIGITS, form: NormalForm::AsItIs }
    }
}

impl Parameters for Token {
    fn read(text: &str) -> Option<Result<Self, String>> {
        let (name, form) = in_parentheses(text);
        let (name, n_digits) = match name.split_once(':') {
            Some((name, n_digits)) => (name, Some(n_digits)),
            None => (name, None),
        };
        (name == "hash").then(|| {
            let n_digits = match n_digits {
                None => MOST_DIGITS,
                Some(n) => {
                    n.parse().ok().filter(|n| (LEAST_DIGITS..=MOST_DIGITS).contains(n)).ok_or_else(|| {
                        format!("hash:DIGITS takes a number from {LEAST_DIGITS} to {MOST_DIGITS}, not '{n}'")
                    })?
                }
            };
            let form = match form {
                None => NormalForm::AsItIs,
                Some("lower") => NormalForm::Lower,
                Some("digits") => NormalForm::Digits,
                Some(form) => return Err(format!("hash({form}): there are hash(lower) and hash(digits)")),
            };
            Ok(Self { n_digits, form })
        })
    }

    fn text(&self) -> String {
        let form = match self.form {
            NormalForm::AsItIs => "",
            NormalForm::Lower => "(lower)",
            NormalForm::Digits => "(digits)",
        };
        match self.n_digits {
            MOST_DIGITS => format!("hash{form}"),
            n => format!("hash:{n}{form}"),
        }
    }
}

impl Token {
    /// Its digits. The rest of the array is not shown.
    fn digits(&self, content: &[u8], key: Option<&HashKey>) -> ([u8; 64], usize) {
        let Some(key) = key else { return ([b'*'; 64], 3) };
        let mut hasher = key.hasher();
        let has_digits = || content.iter().any(u8::is_ascii_digit);
        match self.form {
            NormalForm::Lower => {
                let Ok(()) = lower(content, |letters| {
                    hasher.update(letters);
                    Ok::<_, Infallible>(())
                });
            }
            NormalForm::Digits if has_digits() => {
                for run in content.split(|byte| !byte.is_ascii_digit()) {
                    hasher.update(run);
                }
            }
            NormalForm::AsItIs | NormalForm::Digits => super::hash::push(&mut hasher, content),
        }
        (super::hash::hexadecimal(hasher.finalize().as_bytes()), usize::from(self.n_digits))
    }
}

/// Gives text in small letters, many at a time.
fn lower<E>(content: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let (mut buffer, mut n) = ([0; 128], 0);
    if content.is_ascii() {
        return content.chunks(buffer.len()).try_for_each(|chunk| {
            let letters = &mut buffer[..chunk.len()];
            letters.copy_from_slice(chunk);
            letters.make_ascii_lowercase();
            each(letters)
        });
    }
    for letter in content.chars().flat_map(char::to_lowercase) {
        if n + letter.len_utf8() > buffer.len() {
            each(&buffer[..n])?;
            n = 0;
        }
        n += letter.encode_utf8(&mut buffer[n..]).len();
    }
    each(&buffer[..n])
}

impl Rule for Token {
    #[inline(always)]
    fn value<'a>(&self, _: &impl Content<'a>) -> Value {
        if *self == Self::default() { Value::Hash } else { Value::Made }
    }

    fn make<E>(&self, from: &Making<'_>, emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let (digits, n) = self.digits(from.content, from.key);
        [&b"\""[..], &digits[..n], b"\""].into_iter().try_for_each(|piece| emit(Piece::Json(piece)))
    }
}

/// The hash of an address, and its domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmailToken(Token);

impl Parameters for EmailToken {
    fn read(text: &str) -> Option<Result<Self, String>> {
        Some(Token::read(text.strip_prefix("email:")?)?.map(Self))
    }

    fn text(&self) -> String {
        format!("email:{}", self.0.text())
    }
}

impl Rule for EmailToken {
    #[inline(always)]
    fn value<'a>(&self, _: &impl Content<'a>) -> Value {
        Value::Made
    }

    fn make<E>(&self, from: &Making<'_>, emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let (digits, n) = self.0.digits(from.content, from.key);
        emit(Piece::Json(b"\""))?;
        emit(Piece::Json(&digits[..n]))?;
        let at = from.content.find_byte(b'@').unwrap_or(from.content.len());
        let domain = &from.content[at..];
        if self.0.form == NormalForm::Lower {
            // What is joined is all of it.
            lower(domain, |letters| emit(Piece::Text(letters)))?;
        } else {
            emit(Piece::Text(domain))?;
        }
        emit(Piece::Json(b"\""))
    }
}
