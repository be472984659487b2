//! Masks for personal data: one table, one small state machine a style.
//!
//! A mask sees the decoded text of a field in pieces and tells what stands for it; it keeps a few characters, never the field.

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
}

const STARS: &str = "***";

impl Mask {
    /// All styles.
    pub const ALL: [Self; 3] = [Self::Email, Self::Redact, Self::Last4];

    /// The name that `--mask COLUMN:STYLE` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Redact => "redact",
            Self::Last4 => "last4",
        }
    }

    /// The style of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mask| mask.name() == name)
    }

    /// For one value.
    pub fn begin(self) -> Masker {
        Masker { mask: self, n_seen: 0, past_at: false, last: ['\0'; 4] }
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
        let mut masker = mask.begin();
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
        ] {
            assert_eq!(masked(mask, &[value]), expected, "{mask:?} {value}");
            let characters: Vec<String> = value.chars().map(String::from).collect();
            let pieces: Vec<&str> = characters.iter().map(String::as_str).collect();
            assert_eq!(masked(mask, &pieces), expected, "{mask:?} {value} in pieces");
        }
    }
}
