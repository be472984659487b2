//! Values in JSON, as the rules say what to write.

use super::buffer::WriteValue;
use super::encode::Encoder;
use crate::parse::Text;
use crate::plan::Nul;
use crate::plan::rule::{ColumnRule, Last, Making, Piece, Rules, Value, Whole, Word, hashed, hexadecimal};
use bstr::ByteSlice;

impl Encoder<'_> {
    /// Writes what a rule makes of a field's content, `lead` before it; whether something was
    /// written, and whether it fits its type. Only a column's value may be left out.
    pub(super) fn written<P: WriteValue>(
        &self,
        writer: &mut P,
        (rules, rule): (&Rules, &ColumnRule),
        (content, valid): (Whole<'_>, bool),
        is_column: bool,
        lead: impl FnOnce(&mut P) -> Result<(), P::Stop>,
    ) -> Result<(bool, bool), P::Stop> {
        let Whole { bytes, form } = content;
        let value = match bytes {
            [] => self.empty((rules, rule), is_column, false),
            _ => rule.last.value(content),
        };
        if value == Value::Omitted {
            return Ok((false, true));
        }
        lead(writer)?;
        let Some(separator) = rule.split.as_ref().filter(|_| !bytes.is_empty()) else {
            self.value(writer, value, &rule.last, bytes, valid)?;
            return Ok((true, value != Value::Misfit));
        };
        let (mut before, mut fits) = (&b"["[..], true);
        for element in bytes.split_str(separator.as_bytes()) {
            let bytes = if self.trim { element.trim() } else { element };
            let value = match bytes {
                [] if rule.last.may_misfit() => Value::Word(Word::Null),
                [] => match self.empty((rules, rule), false, false) {
                    Value::EmptyArray => Value::Text,
                    value => value,
                },
                _ => rule.last.value(Whole { bytes, form }),
            };
            writer.write(before)?;
            self.value(writer, value, &rule.last, bytes, valid)?;
            fits &= value != Value::Misfit;
            before = b",";
        }
        writer.write(b"]")?;
        Ok((true, fits))
    }

    /// Writes `from[start..end]` within a string, with what a NUL becomes.
    pub(super) fn escape<P: WriteValue>(
        &self,
        writer: &mut P,
        from: &[u8],
        mut start: usize,
        end: usize,
    ) -> Result<(), P::Stop> {
        let nul = self.plan.nul();
        if nul == Nul::Keep {
            return writer.escape(self.kernel, from, start, end);
        }
        while let Some(n) = memchr::memchr(0, &from[start..end]) {
            writer.escape(self.kernel, from, start, start + n)?;
            writer.count_nul();
            if nul == Nul::Replace {
                writer.write("\u{fffd}".as_bytes())?;
            }
            start += n + 1;
        }
        writer.escape(self.kernel, from, start, end)
    }

    /// Writes a value of `content`, which may be no UTF-8 unless it is `valid`.
    pub(super) fn value<P: WriteValue>(
        &self,
        writer: &mut P,
        value: Value,
        last: &Last,
        content: &[u8],
        valid: bool,
    ) -> Result<(), P::Stop> {
        match value {
            Value::Omitted | Value::Look => Ok(()),
            Value::EmptyArray => writer.write(b"[]"),
            Value::Word(word) => {
                let (letters, n) = word.letters();
                writer.write(&letters[..n])
            }
            Value::Token => writer.write(content),
            Value::Made => self.made(writer, last, content, valid),
            // A newline in JSON is between tokens only, where a space does as well.
            Value::Json => pieces(content, valid, |piece| {
                let mut lines = piece.split(|byte| matches!(byte, b'\n' | b'\r'));
                writer.write(lines.next().unwrap_or_default())?;
                lines.try_for_each(|line| {
                    writer.write(b" ")?;
                    writer.write(line)
                })
            }),
            Value::Text | Value::Misfit => self.string(writer, [content], valid),
            Value::Part { head, stars, tail } => {
                let stars: &[u8] = if stars { b"***" } else { b"" };
                self.string(writer, [&content[..head], stars, &content[tail..]], valid)
            }
            Value::Hash => {
                let key = self.plan.rules().and_then(Rules::key);
                let Some(hash) = key.map(|key| hashed(key, content, valid)) else {
                    return writer.write(b"\"***\"");
                };
                writer.write(b"\"")?;
                writer.write(&hexadecimal(&hash))?;
                writer.write(b"\"")
            }
        }
    }

    /// Writes what a rule makes of `content`.
    pub(super) fn made<P: WriteValue>(
        &self,
        writer: &mut P,
        last: &Last,
        content: &[u8],
        valid: bool,
    ) -> Result<(), P::Stop> {
        let key = self.plan.rules().and_then(Rules::key);
        last.make(&Making { content, key }, &mut |piece| match piece {
            Piece::Json(json) => writer.write(json),
            Piece::Text(text) => pieces(text, valid, |piece| self.escape(writer, piece, 0, piece.len())),
        })
    }

    fn string<P: WriteValue, const N: usize>(
        &self,
        writer: &mut P,
        parts: [&[u8]; N],
        valid: bool,
    ) -> Result<(), P::Stop> {
        writer.write(b"\"")?;
        for part in parts {
            pieces(part, valid, |piece| self.escape(writer, piece, 0, piece.len()))?;
        }
        writer.write(b"\"")
    }
}

/// Gives `bytes` in pieces, U+FFFD in the place of what is no UTF-8.
fn pieces<E>(bytes: &[u8], valid: bool, mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    if valid {
        return each(bytes);
    }
    let mut text = Text::default();
    let mut each = |piece: &str| each(piece.as_bytes());
    text.push(0, bytes, &mut each)
}
