//! `--type COLUMN='float(comma)'` and the like: numbers as people write them.
//!
//! A sign, a point or a unit is dropped or replaced; no digit is lost, and none is computed.

use super::content::Content;
use super::definition::{Making, Parameters, Piece, Rule, in_parentheses};
use super::number::{digits, is_short_number};
use super::value::Value;
use std::convert::Infallible;

/// How the numbers of a column are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notation {
    kind: NumberKind,
    /// A comma stands before the fraction, not a point.
    comma: bool,
    /// Thousands may be set apart, by one sign in the whole number.
    thousands: bool,
    /// The minus may stand behind.
    trailing_minus: bool,
    /// A currency may stand before or behind: a sign for one, or three capital letters.
    currency: bool,
    /// This text may stand before or behind.
    unit: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberKind {
    Int,
    Float,
    /// A percent sign stands before or behind.
    Percent,
}

impl NumberKind {
    const ALL: [(Self, &str); 3] = [(Self::Int, "int"), (Self::Float, "float"), (Self::Percent, "percent")];
}

impl Parameters for Notation {
    fn read(text: &str) -> Option<Result<Self, String>> {
        let (name, options) = in_parentheses(text);
        let (kind, _) = *NumberKind::ALL.iter().find(|(_, known)| *known == name)?;
        let mut notation =
            Self { kind, comma: false, thousands: false, trailing_minus: false, currency: false, unit: None };
        for option in options.into_iter().flat_map(|options| options.split(',')).map(str::trim) {
            match (option, option.strip_prefix("unit=")) {
                ("comma", _) => notation.comma = true,
                ("thousands", _) => notation.thousands = true,
                ("trailing-minus", _) => notation.trailing_minus = true,
                ("currency", _) if kind != NumberKind::Percent => notation.currency = true,
                (_, Some(unit)) if kind != NumberKind::Percent && !unit.is_empty() => {
                    notation.unit = Some(unit.into());
                }
                _ => {
                    return Some(Err(format!(
                        "{name}({option}): there are comma, thousands, trailing-minus, currency, unit=TEXT; \
                         percent has the first three"
                    )));
                }
            }
        }
        Some(Ok(notation))
    }

    fn text(&self) -> String {
        let name = NumberKind::ALL.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, name)| name);
        let unit = self.unit.as_ref().map(|unit| format!("unit={unit}"));
        let options: Vec<&str> = [
            self.comma.then_some("comma"),
            self.thousands.then_some("thousands"),
            self.trailing_minus.then_some("trailing-minus"),
            self.currency.then_some("currency"),
            unit.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        if options.is_empty() { name.to_owned() } else { format!("{name}({})", options.join(",")) }
    }
}

/// What is read of a number.
#[derive(Clone, Copy, Default)]
struct WrittenNumber<'a> {
    negative: bool,
    signed: bool,
    /// A unit, a currency or a percent sign stands beside it.
    marked: bool,
    /// With what sets thousands apart.
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: &'a [u8],
}

impl Notation {
    /// Decimal numbers with a comma.
    pub(crate) fn with_comma() -> Self {
        Self {
            kind: NumberKind::Float,
            comma: true,
            thousands: false,
            trailing_minus: false,
            currency: false,
            unit: None,
        }
    }

    /// The same with a decimal comma.
    pub(crate) fn and_comma(self) -> Self {
        Self { comma: true, ..self }
    }

    fn parts<'a>(&self, text: &'a [u8]) -> Option<WrittenNumber<'a>> {
        let mut parts = WrittenNumber::default();
        let mut rest = parts.sign(text, true);
        if let Some(behind) = self.mark_in_front(rest) {
            parts.marked = true;
            rest = blanks(behind);
            if !parts.signed {
                rest = parts.sign(rest, true);
            }
        }
        rest = self.whole(rest, &mut parts)?;
        if self.kind != NumberKind::Int
            && let Some(behind) = rest.strip_prefix(if self.comma { b"," } else { b"." })
        {
            (parts.fraction, rest) = digits(behind);
        }
        if parts.whole.is_empty() && parts.fraction.is_empty() {
            return None;
        }
        if self.kind == NumberKind::Float
            && let [b'e' | b'E', behind @ ..] = rest
        {
            let (power, behind) =
                digits(behind.strip_prefix(b"-").or(behind.strip_prefix(b"+")).unwrap_or(behind));
            if !power.is_empty() {
                (parts.exponent, rest) = (&rest[..rest.len() - behind.len()], behind);
            }
        }
        rest = self.minus_behind(rest, &mut parts);
        if !parts.marked
            && let Some(behind) = self.mark_in_front(blanks(rest))
        {
            parts.marked = true;
            rest = self.minus_behind(behind, &mut parts);
        }
        let is_whole = rest.is_empty() && (self.kind != NumberKind::Percent || parts.marked);
        is_whole.then_some(parts)
    }

    fn minus_behind<'a>(&self, text: &'a [u8], parts: &mut WrittenNumber<'a>) -> &'a [u8] {
        if self.trailing_minus && !parts.signed { parts.sign(text, false) } else { text }
    }

    /// The digits before the fraction; `None` where thousands are set apart otherwise than people
    /// do: by several signs, or with other than three digits each.
    fn whole<'a>(&self, text: &'a [u8], parts: &mut WrittenNumber<'a>) -> Option<&'a [u8]> {
        let (first, mut rest) = digits(text);
        // Nobody sets thousands apart behind a zero: that is a fraction with another sign.
        if self.thousands
            && (1..=3).contains(&first.len())
            && first[0] != b'0'
            && let Some(n) = self.separator(rest)
        {
            let separator = &rest[..n];
            while let Some(behind) = rest.strip_prefix(separator) {
                let (group, behind) = digits(behind);
                match group.len() {
                    3 => rest = behind,
                    // A blank before a unit.
                    0 if separator.len() > 1 || separator == b" " => break,
                    _ => return None,
                }
            }
        }
        parts.whole = &text[..text.len() - rest.len()];
        Some(rest)
    }

    /// The length of what sets thousands apart at the front, if something does.
    fn separator(&self, text: &[u8]) -> Option<usize> {
        let sign: &[u8] = if self.comma { b"." } else { b"," };
        let signs = [sign, b"'", b" ", "\u{a0}".as_bytes(), "\u{202f}".as_bytes(), "\u{2019}".as_bytes()];
        signs.into_iter().find(|sign| text.starts_with(sign)).map(<[u8]>::len)
    }

    /// What is behind a unit, a currency or a percent sign at the front.
    fn mark_in_front<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        // A unit may start with a digit.
        if text.first().is_none_or(u8::is_ascii_digit) && self.unit.is_none() {
            return None;
        }
        if self.kind == NumberKind::Percent {
            return text.strip_prefix(b"%");
        }
        if let Some(behind) = self.unit.as_ref().and_then(|unit| text.strip_prefix(unit.as_bytes())) {
            return Some(behind);
        }
        if !self.currency {
            return None;
        }
        match text {
            [b'$', behind @ ..] => Some(behind),
            [a, b, c, behind @ ..] if [a, b, c].into_iter().all(u8::is_ascii_uppercase) => Some(behind),
            _ => {
                let (c, n) = bstr::decode_utf8(text);
                let is_sign = matches!(c?, '\u{a2}'..='\u{a5}' | '\u{e3f}' | '\u{20a0}'..='\u{20c0}');
                is_sign.then(|| &text[n..])
            }
        }
    }
}

impl<'a> WrittenNumber<'a> {
    /// Gives it in pieces, as JSON writes it.
    fn give<E>(&self, mut emit: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.negative {
            emit(b"-")?;
        }
        let first = self.whole.iter().position(|byte| matches!(byte, b'1'..=b'9'));
        match first {
            None => emit(b"0")?,
            Some(first) => {
                self.whole[first..].split(|byte| !byte.is_ascii_digit()).try_for_each(&mut emit)?;
            }
        }
        if !self.fraction.is_empty() {
            emit(b".")?;
            emit(self.fraction)?;
        }
        emit(self.exponent)
    }

    /// Takes a sign at the front: a minus, and if it `may_be_plus` a plus.
    fn sign(&mut self, text: &'a [u8], may_be_plus: bool) -> &'a [u8] {
        match text {
            [b'-', ..] => (self.signed, self.negative) = (true, true),
            [b'+', ..] if may_be_plus => self.signed = true,
            _ => return text,
        }
        &text[1..]
    }
}

/// What is behind blanks.
fn blanks(mut text: &[u8]) -> &[u8] {
    let blanks = [&b" "[..], "\u{a0}".as_bytes(), "\u{202f}".as_bytes()];
    while let Some(behind) = blanks.iter().find_map(|blank| text.strip_prefix(*blank)) {
        text = behind;
    }
    text
}

impl Rule for Notation {
    const MISFITS: bool = true;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        // With a decimal comma a point is none.
        let whole = self.comma || self.kind == NumberKind::Int;
        if self.kind != NumberKind::Percent && is_short_number(content, whole) {
            return Value::Token;
        }
        if self.parts(content.bytes()).is_some() { Value::Made } else { Value::Misfit }
    }

    fn make<E>(&self, from: &Making<'_>, emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let Some(number) = self.parts(from.content) else { return Ok(()) };
        // In one piece, where it is short: a zero may be added, and nothing else.
        let (mut text, mut n) = ([0; 40], 0);
        if from.content.len() >= text.len() {
            return number.give(|piece| emit(Piece::Json(piece)));
        }
        let Ok(()) = number.give(|piece| {
            text[n..n + piece.len()].copy_from_slice(piece);
            n += piece.len();
            Ok::<(), Infallible>(())
        });
        emit(Piece::Json(&text[..n]))
    }
}
