//! `--type COLUMN='date(%d.%m.%Y)'` and `timestamp(…)`: days and moments by an exact pattern,
//! written as ISO 8601 has them.
//!
//! What a pattern means is POSIX's `strptime`, without its leniency: each number has all its
//! digits. The calendar and the time zones are those of the crate jiff.

use super::content::Content;
use super::definition::{Making, Parameters, Piece, Rule, in_parentheses};
use super::pattern::{Moment, Pattern};
use super::value::Value;
use jiff::civil::{self, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::sync::Arc;

/// Days or moments, and how they are written in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date(Arc<DateKind>);

#[derive(Debug, PartialEq, Eq)]
struct DateKind {
    /// A time belongs to it.
    has_time: bool,
    /// As it was typed; without one ISO 8601 is meant.
    pattern: Option<Pattern>,
    /// Where its clocks are.
    zone: Option<(String, TimeZone)>,
    /// It is a day, written as ISO 8601 has it.
    keeps_text: bool,
}

/// What ISO 8601 has of moments: the pieces that may be left out are.
const ISO_TIMES: [&str; 6] = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M%z",
];

impl Parameters for Date {
    fn read(text: &str) -> Option<Result<Self, String>> {
        let (name, within) = in_parentheses(text);
        let has_time = match name {
            "date" => false,
            "timestamp" => true,
            _ => return None,
        };
        Some(Self::new(has_time, within).map_err(|error| format!("{text}: {error}")))
    }

    fn text(&self) -> String {
        let DateKind { has_time, pattern, zone, .. } = &*self.0;
        let name = if *has_time { "timestamp" } else { "date" };
        match (pattern, zone) {
            (None, _) => name.to_owned(),
            (Some(pattern), None) => format!("{name}({})", pattern.text()),
            (Some(pattern), Some((zone, _))) => format!("{name}({}, {zone})", pattern.text()),
        }
    }
}

impl Date {
    fn new(has_time: bool, within: Option<&str>) -> Result<Self, String> {
        let Some(within) = within else {
            return Ok(Self(Arc::new(DateKind {
                has_time,
                pattern: None,
                zone: None,
                keeps_text: !has_time,
            })));
        };
        // A zone's name has neither a percent sign nor a blank.
        let (pattern, zone) = match within.rsplit_once(',') {
            Some((pattern, zone)) if has_time && !zone.contains('%') && !zone.trim().is_empty() => {
                (pattern, Some(zone.trim()))
            }
            _ => (within, None),
        };
        let is_zone = |text: &str| TimeZone::get(text.trim()).is_ok();
        if !has_time && within.rsplit_once(',').is_some_and(|(_, zone)| is_zone(zone)) {
            return Err("a day has no zone".to_owned());
        }
        let pattern = Pattern::new(pattern)?;
        if !pattern.has_day() {
            return Err("the pattern has no whole day: %Y, %m and %d, or %s".to_owned());
        }
        if pattern.has_time() != has_time {
            return Err(match has_time {
                true => "the pattern has no hour; date(…) is for days".to_owned(),
                false => "the pattern has a time; timestamp(…) keeps it".to_owned(),
            });
        }
        let zone = match zone {
            Some(_) if pattern.has_offset() => {
                return Err("the pattern has an offset (%z or %s), so no zone is needed".to_owned());
            }
            Some(name) => {
                let zone = TimeZone::get(name);
                let zone =
                    zone.map_err(|_| format!("no time zone is named '{name}'; try Europe/Berlin or UTC"))?;
                Some((name.to_owned(), zone))
            }
            None => None,
        };
        let keeps_text = pattern.is_iso_date();
        Ok(Self(Arc::new(DateKind { has_time, pattern: Some(pattern), zone, keeps_text })))
    }

    /// What `text` says, if it is one, and there is such a day and time.
    fn moment<'a>(&self, text: &'a [u8]) -> Option<(Moment<'a>, Option<Offset>)> {
        let DateKind { has_time, pattern, zone, .. } = &*self.0;
        let moment = match pattern {
            Some(pattern) => pattern.read(text)?,
            None if !has_time => Pattern::iso_date().read(text)?,
            None => Pattern::iso_times(&ISO_TIMES).iter().find_map(|pattern| pattern.read(text))?,
        };
        let day = civil::Date::new(moment.year, moment.month, moment.day).ok()?;
        let is_day = moment.year > 0 && moment.weekday.is_none_or(|weekday| weekday == day.weekday());
        if !is_day {
            return None;
        }
        let Some((_, zone)) = zone else { return Some((moment, moment.offset)) };
        let time = civil::Time::new(moment.hour, moment.minute, moment.second, 0).ok()?;
        // A time that the clocks skip there, or show twice, is none: nothing is guessed.
        match zone.to_ambiguous_timestamp(DateTime::from_parts(day, time)).offset() {
            // Before there were such, offsets had seconds, which ISO 8601 has no way to write.
            AmbiguousOffset::Unambiguous { offset } if offset.seconds() % 60 == 0 => {
                Some((moment, Some(offset)))
            }
            AmbiguousOffset::Unambiguous { .. } => None,
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => None,
        }
    }
}

impl Rule for Date {
    const MISFITS: bool = true;

    #[inline(always)]
    fn value<'a>(&self, content: &impl Content<'a>) -> Value {
        if self.0.keeps_text && is_plain_day(content) { Value::Text } else { look(self, content.bytes()) }
    }

    fn make<E>(&self, from: &Making<'_>, emit: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let Some((moment, offset)) = self.moment(from.content) else { return Ok(()) };
        let Moment { year, month, day, hour, minute, second, fraction, .. } = moment;
        let (mut text, mut n) = ([0; 32], 0);
        let mut put = |byte: u8, number: u16, n_digits: u32| {
            text[n] = byte;
            for i in 0..n_digits {
                text[n + 1 + i as usize] = b'0' + (number / 10_u16.pow(n_digits - 1 - i) % 10) as u8;
            }
            n += 1 + n_digits as usize;
        };
        put(b'"', year.unsigned_abs(), 4);
        put(b'-', month.unsigned_abs().into(), 2);
        put(b'-', day.unsigned_abs().into(), 2);
        if self.0.has_time {
            put(b'T', hour.unsigned_abs().into(), 2);
            put(b':', minute.unsigned_abs().into(), 2);
            put(b':', second.unsigned_abs().into(), 2);
        }
        emit(Piece::Json(&text[..n]))?;
        if !fraction.is_empty() {
            emit(Piece::Json(b"."))?;
            emit(Piece::Json(fraction))?;
        }
        match offset.map(Offset::seconds) {
            None => {}
            Some(0) => emit(Piece::Json(b"Z"))?,
            Some(seconds) => emit(Piece::Json(&written(seconds)))?,
        }
        emit(Piece::Json(b"\""))
    }
}

/// An offset from UTC, to the minute: `+01:00`, `-00:30`.
fn written(seconds: i32) -> [u8; 6] {
    let minutes = seconds.unsigned_abs() / 60;
    let digit = |n: u32| b'0' + (n % 10) as u8;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let sign = if seconds < 0 { b'-' } else { b'+' };
    [sign, digit(hours / 10), digit(hours), b':', digit(minutes / 10), digit(minutes)]
}

/// Whether content is surely a day as ISO 8601 writes it: up to the 28th.
#[inline(always)]
fn is_plain_day<'a>(content: &impl Content<'a>) -> bool {
    if content.len() != 10 || content.digits() & 0x3ff != 0b11_0110_1111 {
        return false;
    }
    let [year @ .., dash_1, a, b, dash_2] = content.word().to_le_bytes();
    let [.., c, d] = *content.bytes() else { return false };
    let two = |a: u8, b: u8| (a & 15) * 10 + (b & 15);
    (dash_1 == b'-')
        & (dash_2 == b'-')
        & (year != *b"0000")
        & (two(a, b).wrapping_sub(1) < 12)
        & (two(c, d).wrapping_sub(1) < 28)
}

/// A day that is written as ISO 8601 has it stays as it is.
#[inline(never)]
fn look(date: &Date, bytes: &[u8]) -> Value {
    match date.moment(bytes) {
        None => Value::Misfit,
        Some(_) if date.0.keeps_text => Value::Text,
        Some(_) => Value::Made,
    }
}
