//! One field: from the bytes between two delimiters to the runs of its content.
//!
//! The content of a field is its bytes without the quotes, escapes and white space that are not
//! part of it; it is returned as runs of the input's own bytes, so that nothing is copied before it
//! is encoded. A byte that an escape stands for is a run of its own.

use super::blank::{blank_at_end, blank_at_start};
use crate::dialect::Dialect;
use crate::escapes::BYTES;
use crate::folding::Folding;
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

/// A piece of a field's content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContentRun<'a> {
    /// What holds it, at `start..end`: the bytes of the field, or a table.
    pub(crate) from: &'a [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where it is in the bytes of the field, or the escape that stands for it.
    pub(crate) at: usize,
    /// It is a byte that letters or digits behind an escape stand for, or one of several that a
    /// folded one stands for.
    pub(crate) is_named: bool,
    /// So is the one right before it, with which it may make a character.
    pub(crate) goes_on: bool,
}

impl<'a> ContentRun<'a> {
    /// Its bytes.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        &self.from[self.start..self.end]
    }
}

impl<'a> Field<'a> {
    /// Whether what is behind the last delimiter of several fields, `bytes[start..end]`, is no
    /// field.
    pub(crate) fn is_none(dialect: &Dialect, trim: bool, bytes: &'a [u8], start: usize, end: usize) -> bool {
        if dialect.whitespace {
            return bytes[start..end].iter().all(|byte| dialect.is_delimiter(*byte));
        }
        dialect.trailing_delimiter && Self::new(dialect, trim, bytes, start, end).is_blank()
    }

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
        let first = self.runs(dialect, |run| {
            if !run.is_named && only.replace(run.start..run.end).is_none() { Ok(()) } else { Err(()) }
        });
        first.ok().map(|()| only.unwrap_or(self.start..self.start))
    }

    /// Calls `emit` with the runs of content in order.
    #[inline]
    pub(crate) fn runs<E>(
        &self,
        dialect: &Dialect,
        mut emit: impl FnMut(ContentRun<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &dialect.folding {
            None => self.folded_runs(dialect, emit),
            Some(folding) => self.folded_runs(dialect, |run| unfold(folding, run, &mut emit)),
        }
    }

    /// As [`Field::runs`], as they are in the bytes of the field.
    #[inline]
    fn folded_runs<E>(
        &self,
        dialect: &Dialect,
        mut emit: impl FnMut(ContentRun<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.quoted {
            return match dialect.escape {
                None if self.start == self.end => Ok(()),
                None => emit(self.own(self.start, self.end)),
                Some(escape) => {
                    self.unescaped(dialect, escape, (self.start, self.start), self.end, &mut emit)
                }
            };
        }
        let Some(quote) = dialect.quote else { unreachable!("a quoted field has a quote") };
        // The run that is begun, and what of it is looked at.
        let (mut start, mut from) = (self.start + 1, self.start + 1);
        let mut named_end = None;
        loop {
            let rest = &self.bytes[from..self.end];
            let found = match dialect.escape {
                None => memchr(quote, rest),
                Some(escape) => memchr2(quote, escape, rest),
            };
            let Some(i) = found.map(|i| from + i) else {
                // Still open where the input ends.
                return if start < self.end { emit(self.own(start, self.end)) } else { Ok(()) };
            };
            if self.bytes[i] == quote {
                if dialect.double_quote && i + 1 < self.end && self.bytes[i + 1] == quote {
                    emit(self.own(start, i + 1))?;
                    (start, from) = (i + 2, i + 2);
                    continue;
                }
                if start < i {
                    emit(self.own(start, i))?;
                }
                return self.tail(dialect, i + 1, &mut emit);
            }
            if start < i {
                emit(self.own(start, i))?;
            }
            if i + 1 == self.end {
                return Ok(()); // At the end of the input nothing is behind an escape.
            }
            let (meant, next) = self.meant(dialect, i, self.end, named_end == Some(i));
            from = next;
            // With what follows it a byte of the field is one run.
            start = meant.at;
            if meant.is_named {
                emit(meant)?;
                (start, named_end) = (next, Some(next));
            }
        }
    }

    /// A run of the field's own bytes.
    fn own(&self, start: usize, end: usize) -> ContentRun<'a> {
        ContentRun { from: self.bytes, start, end, at: start, is_named: false, goes_on: false }
    }

    /// What the escape at `at` stands for, with one byte or more behind it before `end`, and the
    /// first byte behind that. `is_next`: it is right behind another that is written by a name.
    fn meant(&self, dialect: &Dialect, at: usize, end: usize, is_next: bool) -> (ContentRun<'a>, usize) {
        let (byte, n) = dialect.escapes.read(&self.bytes[at + 1..end]);
        if n == 1 && byte == self.bytes[at + 1] {
            return (self.own(at + 1, at + 2), at + 2);
        }
        let start = usize::from(byte);
        let (is_named, goes_on) = (true, is_next);
        (ContentRun { from: &BYTES, start, end: start + 1, at, is_named, goes_on }, at + 1 + n)
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
        emit: &mut impl FnMut(ContentRun<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = self.tail_end(dialect, start);
        match dialect.escape {
            _ if start >= end => Ok(()),
            None => emit(self.own(start, end)),
            Some(escape) => self.unescaped(dialect, escape, (start, start + literal(dialect)), end, emit),
        }
    }

    /// Unquoted content with its escapes taken out; bytes before `from` are content whatever they
    /// are.
    fn unescaped<E>(
        &self,
        dialect: &Dialect,
        escape: u8,
        (mut start, mut from): (usize, usize),
        end: usize,
        emit: &mut impl FnMut(ContentRun<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut named_end = None;
        while let Some(i) = memchr(escape, &self.bytes[from.min(end)..end]).map(|i| from + i) {
            if i + 1 == end {
                break; // Nothing left to escape: it stands for itself.
            }
            if start < i {
                emit(self.own(start, i))?;
            }
            let (meant, next) = self.meant(dialect, i, end, named_end == Some(i));
            from = next;
            start = meant.at;
            if meant.is_named {
                emit(meant)?;
                (start, named_end) = (next, Some(next));
            }
        }
        if start < end { emit(self.own(start, end)) } else { Ok(()) }
    }
}

/// Calls `emit` with a run, and in the place of folded bytes with those that they stand for.
fn unfold<'a, E>(
    folding: &Folding,
    run: ContentRun<'a>,
    emit: &mut impl FnMut(ContentRun<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut start = run.start;
    for place in run.start..run.end {
        let Some(meant) = folding.meant(run.from[place]).filter(|_| !run.is_named) else { continue };
        let at = run.at + (place - run.start);
        if start < place {
            emit(ContentRun { start, end: place, at: run.at + (start - run.start), ..run })?;
        }
        for (i, byte) in meant.iter().enumerate() {
            let start = usize::from(*byte);
            let (is_named, goes_on) = (true, i > 0);
            emit(ContentRun { from: &BYTES, start, end: start + 1, at, is_named, goes_on })?;
        }
        start = place + 1;
    }
    if start < run.end || run.start == run.end {
        return emit(ContentRun { start, at: run.at + (start - run.start), ..run });
    }
    Ok(())
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
    use crate::escapes::Escapes;

    fn content(dialect: &Dialect, raw: &str) -> String {
        let field = Field::new(dialect, dialect.trims_fields(), raw.as_bytes(), 0, raw.len());
        let mut content = Vec::new();
        field
            .runs::<()>(dialect, |run| {
                content.extend_from_slice(run.bytes());
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

    #[test]
    fn escapes_stand_for_bytes() {
        let dialect = Dialect { escape: Some(b'\\'), escapes: Escapes::Postgres, ..Dialect::default() };
        for (raw, expected) in [
            (r"a\nb\t", "a\nb\t"),
            (r"\x4a\112\\x", r"JJ\x"),
            (r"\,\q\N", ",qN"),
            (r#""\n"",\x22""#, "\n\",\""),
            (r#""a"\n\n"#, "a\\n\n"),
            (r"a\x20 ", "a "),
            (r"a\", r"a\"),
            (r#""a\"#, "a"),
        ] {
            assert_eq!(content(&dialect, raw), expected, "{raw}");
        }
        let field = Field::new(&dialect, true, br"\t", 0, 2);
        assert_eq!(field.only_run(&dialect), None, "it is not in the input");
    }
}
