//! Masks for personal data: one table, one small state machine a style.
//!
//! A mask sees the decoded text of a field in pieces and tells what stands for it; it keeps a few characters or a hash, never the field.

use crate::error::{Error, Result};
use std::fmt;

/// How a value is masked. An empty value stays empty under each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mask {
    /// `ada@x.org` gives `a***@x.org`: the first character, three stars, and all from the first `@`. Without an `@`
    /// the first character and the stars; before a leading `@` the stars alone.
    #[default]
    Email,
    /// `***`.
    Redact,
    /// `***` and the last four characters; of four characters or fewer, `***` alone.
    Last4,
    /// 64 hexadecimal digits, the keyed BLAKE3 hash of the value: the same value gives the same token under the same key, and without the
    /// key nobody can tell or try which value it was.
    Hash,
}

const STARS: &str = "***";

impl Mask {
    /// All styles.
    pub const ALL: [Self; 4] = [Self::Email, Self::Redact, Self::Last4, Self::Hash];

    /// The name that `--mask COLUMN:STYLE` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Redact => "redact",
            Self::Last4 => "last4",
            Self::Hash => "hash",
        }
    }

    /// The style of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mask| mask.name() == name)
    }

    /// For one value. [`Mask::Hash`] without a key redacts.
    pub fn begin(self, key: Option<&HashKey>) -> Masker {
        let hasher = match (self, key) {
            (Self::Hash, Some(key)) => Some(blake3::Hasher::new_keyed(&key.0)),
            _ => None,
        };
        Masker { mask: self, n_seen: 0, past_at: false, last: ['\0'; 4], hasher }
    }
}

/// The key of [`Mask::Hash`]. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey([u8; 32]);

/// A secret shorter than this could be found by trying.
const LEAST_SECRET: usize = 16;

impl HashKey {
    /// Derives the key from a secret of any length from 16 bytes on.
    ///
    /// # Errors
    /// The secret is shorter.
    pub fn derive(secret: &[u8]) -> Result<Self> {
        if secret.len() < LEAST_SECRET {
            let message = format!("--hash-key-file: the key needs at least {LEAST_SECRET} bytes");
            return Err(Error::setting(message));
        }
        Ok(Self(blake3::derive_key("rowmill 2026-11-23 mask hash", secret)))
    }
}

/// Tells one key from another, and of neither what it is.
impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let print = blake3::derive_key("rowmill 2026-11-23 key fingerprint", &self.0);
        write!(f, "HashKey({:02x}{:02x}{:02x}{:02x})", print[0], print[1], print[2], print[3])
    }
}

/// A mask at work on one value.
#[derive(Debug)]
pub struct Masker {
    mask: Mask,
    /// Characters seen, as far as it matters: no more than five.
    n_seen: u8,
    past_at: bool,
    /// The last four characters, the latest last.
    last: [char; 4],
    hasher: Option<blake3::Hasher>,
}

impl Masker {
    /// The next piece of the value.
    pub fn push<E>(&mut self, text: &str, tell: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        match self.mask {
            Mask::Email => self.push_email(text, tell)?,
            Mask::Redact => self.n_seen |= u8::from(!text.is_empty()),
            Mask::Last4 => {
                for c in text.chars() {
                    self.last.rotate_left(1);
                    self.last[3] = c;
                    self.n_seen = (self.n_seen + 1).min(5);
                }
            }
            Mask::Hash => {
                self.n_seen |= u8::from(!text.is_empty());
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(text.as_bytes());
                }
            }
        }
        Ok(())
    }

    fn push_email<E>(&mut self, text: &str, tell: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        if self.past_at {
            return tell(text);
        }
        if let Some(first) = text.chars().next()
            && self.n_seen == 0
        {
            self.n_seen = 1;
            if first != '@' {
                tell(&text[..first.len_utf8()])?;
            }
        }
        if let Some(at) = memchr::memchr(b'@', text.as_bytes()) {
            self.past_at = true;
            tell(STARS)?;
            tell(&text[at..])?;
        }
        Ok(())
    }

    /// The end of the value.
    pub fn finish<E>(self, tell: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        if self.n_seen == 0 || self.past_at {
            return Ok(());
        }
        if let Some(hasher) = &self.hasher {
            return tell(hasher.finalize().to_hex().as_str());
        }
        tell(STARS)?;
        if self.mask == Mask::Last4 && self.n_seen > 4 {
            for c in self.last {
                tell(c.encode_utf8(&mut [0; 4]))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(mask: Mask, pieces: &[&str]) -> String {
        let mut result = String::new();
        let mut tell = |text: &str| {
            result.push_str(text);
            Ok::<_, ()>(())
        };
        let key = HashKey::derive(b"a secret of more than sixteen bytes").unwrap();
        let mut masker = mask.begin(Some(&key));
        for piece in pieces {
            masker.push(piece, &mut tell).unwrap();
        }
        masker.finish(&mut tell).unwrap();
        result
    }

    #[test]
    fn styles() {
        for (mask, value, expected) in [
            (Mask::Email, "ada@x.org", "a***@x.org"),
            (Mask::Email, "é@x@y", "é***@x@y"),
            (Mask::Email, "nobody", "n***"),
            (Mask::Email, "@x.org", "***@x.org"),
            (Mask::Email, "", ""),
            (Mask::Redact, "secret", "***"),
            (Mask::Redact, "", ""),
            (Mask::Last4, "4111111111111234", "***1234"),
            (Mask::Last4, "1234", "***"),
            (Mask::Last4, "ab日本語", "***b日本語"),
            (Mask::Last4, "", ""),
            (Mask::Hash, "", ""),
            // As the oracle of the fixtures has it.
            (Mask::Hash, "ada@x.org", "c1432b4eb1b7a08062d0ca619c8b43da6768dfbda888b83b26581fd107a92620"),
        ] {
            assert_eq!(masked(mask, &[value]), expected, "{mask:?} {value}");
            let characters: Vec<String> = value.chars().map(String::from).collect();
            let pieces: Vec<&str> = characters.iter().map(String::as_str).collect();
            assert_eq!(masked(mask, &pieces), expected, "{mask:?} {value} in pieces");
        }
    }
}
