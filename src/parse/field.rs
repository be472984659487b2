//! One field: from the bytes between two delimiters to the runs of its content.
//!
//! The content of a field is its bytes without the quotes, escapes and white space that are not
//! part of it; it is returned as runs of the input's own bytes, so that nothing is copied before it
//! is encoded.

use super::blank::{blank_at_end, blank_at_start};
use crate::dialect::Dialect;
use memchr::{memchr, memchr2};
use std::ops::Range;

/// A field as it is in `bytes`, white space around it put aside.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    bytes: &'a [u8],
    start: usize,
    end: usize,
    quoted: bool,
    trim: bool,
}

impl<'a> Field<'a> {
    /// The field in `bytes[start..end]`, ended by the delimiter or terminator at `end`.
    #[inline]
    pub fn new(dialect: &Dialect, trim: bool, bytes: &'a [u8], mut start: usize, mut end: usize) -> Self {
        if trim {
            let special = |byte: u8| dialect.quote == Some(byte) || dialect.escape == Some(byte);
            while start < end && !special(bytes[start]) {
                match blank_at_start(dialect.charset, &bytes[start..end]) {
                    0 => break,
                    n => start += n,
                }
            }
        }
        let quoted = start < end && dialect.quote == Some(bytes[start]);
        if trim && !quoted {
            end = start + trimmed_end(dialect, &bytes[start..end], 0);
        }
        Self { bytes, start, end, quoted, trim }
    }

    /// Whether a quote opened it.
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// Where it starts in the bytes, behind white space.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Whether a record of this field alone is blank: not quoted, and nothing left after trimming.
    pub fn is_blank(&self) -> bool {
        !self.quoted && self.start == self.end
    }

    /// Its place in the bytes, its quotes and escapes included.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Its content, where that is one run of the bytes or none.
    pub fn only_run(&self, dialect: &Dialect) -> Option<Range<usize>> {
        let mut only = None;
        let first = self.runs(dialect, |run| match only.replace(run) {
            None => Ok(()),
            Some(_) => Err(()),
        });
        first.ok().map(|()| only.unwrap_or(self.start..self.start))
    }

    /// Calls `emit` with the runs of content in order: their ranges in the bytes given.
    #[inline]
    pub fn runs<E>(
        &self,
        dialect: &Dialect,
        mut emit: impl FnMut(Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.quoted {
            return match dialect.escape {
                None if self.start == self.end => Ok(()),
                None => emit(self.start..self.end),
                Some(escape) => self.unescaped(escape, self.start, self.start, self.end, &mut emit),
            };
        }
        let Some(quote) = dialect.quote else { unreachable!("a quoted field has a quote") };
        // The run that is begun, and what of it is looked at.
        let (mut start, mut from) = (self.start + 1, self.start + 1);
        loop {
            let rest = &self.bytes[from..self.end];
            let found = match dialect.escape {
                None => memchr(quote, rest),
                Some(escape) => memchr2(quote, escape, rest),
            };
            let Some(i) = found.map(|i| from + i) else {
                // Still open where the input ends.
                return if start < self.end { emit(start..self.end) } else { Ok(()) };
            };
            if self.bytes[i] == quote {
                if dialect.double_quote && i + 1 < self.end && self.bytes[i + 1] == quote {
                    emit(start..i + 1)?;
                    (start, from) = (i + 2, i + 2);
                    continue;
                }
                if start < i {
                    emit(start..i)?;
                }
                return self.tail(dialect, i + 1, &mut emit);
            }
            if start < i {
                emit(start..i)?;
            }
            // The byte behind an escape is content; at the end of the input there is none.
            (start, from) = (i + 1, (i + 2).min(self.end));
        }
    }

    /// What is between its quotes, if they are closed and nothing but white space that is trimmed
    /// follows.
    pub fn within_quotes(&self, dialect: &Dialect) -> Option<Range<usize>> {
        let close = self.closing_quote(dialect)?;
        (self.tail_end(dialect, close + 1) == close + 1).then_some(self.start + 1..close)
    }

    /// Where the quote is that closes the field, if content follows it: a stray quote. White space
    /// behind it is content only if it is not trimmed.
    pub fn stray_quote(&self, dialect: &Dialect) -> Option<usize> {
        let close = self.closing_quote(dialect)?;
        (self.tail_end(dialect, close + 1) > close + 1).then_some(close)
    }

    /// Where the quote is that closes it.
    fn closing_quote(&self, dialect: &Dialect) -> Option<usize> {
        let quote = dialect.quote.filter(|_| self.quoted)?;
        let mut at = self.start + 1;
        loop {
            let rest = &self.bytes[at..self.end];
            let found = match dialect.escape {
                None => memchr(quote, rest),
                Some(escape) => memchr2(quote, escape, rest),
            };
            let i = at + found?;
            let closes = self.bytes[i] == quote
                && !(dialect.double_quote && self.bytes[i + 1..self.end].first() == Some(&quote));
            if closes {
                return Some(i);
            }
            at = (i + 2).min(self.end);
        }
    }

    /// The end of the content behind a closing quote, from `start` on.
    fn tail_end(&self, dialect: &Dialect, start: usize) -> usize {
        match self.trim {
            true => start + trimmed_end(dialect, &self.bytes[start..self.end], literal(dialect)),
            false => self.end,
        }
    }

    /// What is behind the closing quote: content, its first byte as it is even if it is an escape,
    /// unless a quote is never doubled.
    fn tail<E>(
        &self,
        dialect: &Dialect,
        start: usize,
        emit: &mut impl FnMut(Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = self.tail_end(dialect, start);
        match dialect.escape {
            _ if start >= end => Ok(()),
            None => emit(start..end),
            Some(escape) => self.unescaped(escape, start, start + literal(dialect), end, emit),
        }
    }

    /// Unquoted content with its escapes taken out; bytes before `from` are content whatever they
    /// are.
    fn unescaped<E>(
        &self,
        escape: u8,
        start: usize,
        from: usize,
        end: usize,
        emit: &mut impl FnMut(Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut start, mut from) = (start, from);
        while let Some(i) = memchr(escape, &self.bytes[from.min(end)..end]).map(|i| from + i) {
            if i + 1 == end {
                break; // Nothing left to escape: it stands for itself.
            }
            if start < i {
                emit(start..i)?;
            }
            start = i + 1;
            from = i + 2;
        }
        if start < end { emit(start..end) } else { Ok(()) }
    }
}

/// How many bytes behind a closing quote are content even if they are escapes.
fn literal(dialect: &Dialect) -> usize {
    usize::from(dialect.double_quote)
}

/// The length of unquoted `content` without white space at its end; escaped bytes and the first
/// `literal` ones where they are escapes themselves are kept.
fn trimmed_end(dialect: &Dialect, content: &[u8], literal: usize) -> usize {
    let mut keep = 0;
    if let Some(escape) = dialect.escape {
        let mut at = literal;
        while let Some(i) = content.get(at..).and_then(|rest| memchr(escape, rest)).map(|i| at + i) {
            keep = (i + 2).min(content.len());
            at = i + 2;
        }
        if literal == 1 && content.first() == Some(&escape) {
            keep = keep.max(1);
        }
    }
    let mut end = content.len();
    while end > keep {
        match blank_at_end(dialect.charset, &content[keep..end]) {
            0 => break,
            n => end -= n,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(dialect: &Dialect, raw: &str) -> String {
        let field = Field::new(dialect, dialect.trims_fields(), raw.as_bytes(), 0, raw.len());
        let mut content = Vec::new();
        field
            .runs::<()>(dialect, |run| {
                content.extend_from_slice(&raw.as_bytes()[run]);
                Ok(())
            })
            .unwrap();
        String::from_utf8(content).unwrap()
    }

    #[test]
    fn quotes_are_taken_off_and_blanks_around_them() {
        let dialect = Dialect::default();
        for (raw, expected) in [
            (r#""ab"c"#, "abc"),
            (r#" "a, b" "#, "a, b"),
            (r#"" a ""#, " a "),
            (r#""a""b""#, r#"a"b"#),
            (r#""""#, ""),
            (r#""""""#, "\""),
            (r#""a" "b""#, r#"a "b""#),
            (r#"5" pipe "#, r#"5" pipe"#),
            ("\u{a0}\"x\"\u{3000}", "x"),
            (r#""open"#, "open"),
            (r#""  " x "#, "   x"),
            ("   ", ""),
        ] {
            assert_eq!(content(&dialect, raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_quote_is_stray_if_content_follows_it() {
        let plain = Dialect::default();
        let escaping = Dialect { escape: Some(b'\\'), ..Dialect::default() };
        for (dialect, raw, trimmed, untrimmed) in [
            (&plain, r#""ab""#, None, None),
            (&plain, r#""ab"c"#, Some(3), Some(3)),
            (&plain, r#"ab"c"#, None, None),
            (&plain, r#""a" "#, None, Some(2)),
            (&plain, "\"a\"\u{3000}", None, Some(2)),
            (&plain, r#""a" b"#, Some(2), Some(2)),
            (&plain, r#"  "a"b"#, Some(4), None),
            (&plain, r#""a""b"c"d"#, Some(5), Some(5)),
            (&plain, r#""a\"b"#, Some(3), Some(3)),
            (&plain, r#""a""#, None, None),
            (&plain, r#""a"""#, None, None),
            (&escaping, r#""a\"b"#, None, None),
            (&escaping, r#""a\"b"\"#, Some(5), Some(5)),
            (&escaping, r#""a"\ "#, Some(2), Some(2)),
        ] {
            for (trim, expected) in [(true, trimmed), (false, untrimmed)] {
                let field = Field::new(dialect, trim, raw.as_bytes(), 0, raw.len());
                assert_eq!(field.stray_quote(dialect), expected, "{raw} {trim}");
            }
        }
    }

    #[test]
    fn escapes_make_the_next_byte_literal() {
        let dialect = Dialect { escape: Some(b'\\'), ..Dialect::default() };
        for (raw, expected) in [
            (r"a\,b", "a,b"),
            (r#""a\"b""#, r#"a"b"#),
            (r#""b,c"\"#, r"b,c\"),
            (r"a\ ", "a "),
            (r"\ a", " a"),
            (r"a\\ ", r"a\"),
            (r"a\", r"a\"),
            (r#""a\"#, "a"),
            (r#""a"\ "#, r"a\"),
            (r#""a"\\ "#, r"a\ "),
        ] {
            assert_eq!(content(&dialect, raw), expected, "{raw}");
        }
        let single = Dialect { double_quote: false, ..dialect };
        for (raw, expected) in [
            (r#""x"\,y"#, "x,y"),
            (r#""a"\ "#, "a "),
            (r#""a"\\ "#, r"a\"),
            (r#""a"\"#, r"a\"),
            (r#""a" \""#, r#"a ""#),
        ] {
            assert_eq!(content(&single, raw), expected, "{raw}");
        }
    }
}
