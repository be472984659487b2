//! Days and times of day: which texts are some.

use super::kinds::KindSet;

/// Whether there is such a day, as a conversion has it. There is no year 0.
fn is_date(year: u32, month: u32, day: u32) -> bool {
    // Numbers of four digits and of two fit.
    year > 0 && jiff::civil::Date::new(year as i16, month as i8, day as i8).is_ok()
}

/// The number that `digits` are; `None` if one of them is no digit, or they are not as many.
fn number<const N: usize>(digits: &[u8]) -> Option<u32> {
    let digits: &[u8; N] = digits.try_into().ok()?;
    let all = digits.iter().all(u8::is_ascii_digit);
    all.then(|| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

/// Whether `text` is `YYYY-MM-DD`.
pub(super) fn is_iso_date(text: &[u8]) -> bool {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = *text else { return false };
    match (number::<4>(&[a, b, c, d]), number::<2>(&[e, f]), number::<2>(&[g, h])) {
        (Some(year), Some(month), Some(day)) => is_date(year, month, day),
        _ => false,
    }
}

/// The kinds of timestamps that `text` is.
pub(super) fn timestamp(text: &[u8]) -> KindSet {
    let Some((date, rest)) = text.split_at_checked(10) else { return KindSet::NONE };
    let (Some((between, rest)), true) = (rest.split_first(), is_iso_date(date)) else { return KindSet::NONE };
    if !matches!(between, b'T' | b't' | b' ') {
        return KindSet::NONE;
    }
    let Some((time, mut rest)) = rest.split_at_checked(5) else { return KindSet::NONE };
    if clock(time).is_none() {
        return KindSet::NONE;
    }
    let mut has_seconds = false;
    if let [b':', a, b, behind @ ..] = rest {
        if number::<2>(&[*a, *b]).is_none_or(|seconds| seconds > 59) {
            return KindSet::NONE;
        }
        (has_seconds, rest) = (true, behind);
        if let [b'.', behind @ ..] = rest {
            let n = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if n == 0 {
                return KindSet::NONE;
            }
            rest = &behind[n..];
        }
    }
    let (is_zone, is_full) = zone(rest);
    match (is_zone, is_full && has_seconds && *between != b' ') {
        (false, _) => KindSet::NONE,
        (true, false) => KindSet::TIMESTAMP,
        (true, true) => KindSet::TIMESTAMP.or(KindSet::DATE_TIME),
    }
}

/// Whether `text` is a zone or nothing, and whether it is one as RFC 3339 has it.
fn zone(text: &[u8]) -> (bool, bool) {
    match *text {
        [] => (true, false),
        [b'Z' | b'z'] => (true, true),
        [b'+' | b'-', a, b] => (clock(&[a, b, b':', b'0', b'0']).is_some(), false),
        [b'+' | b'-', a, b, c, d] => (clock(&[a, b, b':', c, d]).is_some(), false),
        [b'+' | b'-', a, b, b':', c, d] => (clock(&[a, b, b':', c, d]).is_some(), true),
        _ => (false, false),
    }
}

/// Hours and minutes, as `HH:MM`.
fn clock(text: &[u8]) -> Option<()> {
    let [a, b, b':', c, d] = *text else { return None };
    (number::<2>(&[a, b])? < 24 && number::<2>(&[c, d])? < 60).then_some(())
}

/// How days are written in another order: what is between the parts, and the part that each is.
const ORDERS: [(u8, [DayPart; 3]); 12] = [
    (b'.', [DayPart::Day, DayPart::Month, DayPart::Year]),
    (b'.', [DayPart::Month, DayPart::Day, DayPart::Year]),
    (b'/', [DayPart::Day, DayPart::Month, DayPart::Year]),
    (b'/', [DayPart::Month, DayPart::Day, DayPart::Year]),
    (b'-', [DayPart::Day, DayPart::Month, DayPart::Year]),
    (b'-', [DayPart::Month, DayPart::Day, DayPart::Year]),
    (b'/', [DayPart::Year, DayPart::Month, DayPart::Day]),
    (b'.', [DayPart::Year, DayPart::Month, DayPart::Day]),
    // Without anything between: see below.
    (0, [DayPart::Year, DayPart::Month, DayPart::Day]),
    (b'.', [DayPart::Day, DayPart::Month, DayPart::ShortYear]),
    (b'/', [DayPart::Day, DayPart::Month, DayPart::ShortYear]),
    (b'/', [DayPart::Month, DayPart::Day, DayPart::ShortYear]),
];
/// The number of `%Y%m%d`.
const TOGETHER: usize = 8;
/// The number of `%d-%b-%Y`.
const NAMED: usize = 12;
const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum DayPart {
    Year,
    ShortYear,
    Month,
    Day,
}

/// The orders of days that `text` has, and the time behind it. A day or month of one digit counts.
pub(super) fn day(text: &[u8]) -> KindSet {
    let (date, time) = match text.iter().position(|byte| *byte == b' ') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let time = match time {
        None => KindSet::time(0),
        Some(time) if clock(time).is_some() => KindSet::time(1),
        Some([hours_minutes @ .., b':', a, b])
            if clock(hours_minutes).is_some() && number::<2>(&[*a, *b]).is_some_and(|n| n < 60) =>
        {
            KindSet::time(2)
        }
        Some(_) => return KindSet::NONE,
    };
    let days = orders(date);
    if days.is_none() { KindSet::NONE } else { days.or(time) }
}

fn orders(date: &[u8]) -> KindSet {
    if let [a, b, c, d, e, f, g, h] = *date
        && let (Some(year), Some(month), Some(day)) =
            (number::<4>(&[a, b, c, d]), number::<2>(&[e, f]), number::<2>(&[g, h]))
    {
        let kinds = KindSet::day(TOGETHER).or(KindSet::TWO_DIGITS);
        return if is_date(year, month, day) { kinds } else { KindSet::NONE };
    }
    let Some(between) = date.iter().copied().find(|byte| matches!(byte, b'.' | b'/' | b'-')) else {
        return KindSet::NONE;
    };
    let mut parts = date.split(|byte| *byte == between);
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return KindSet::NONE;
    };
    let mut found = KindSet::NONE;
    for (i, (separator, order)) in ORDERS.into_iter().enumerate() {
        if separator == between && is_in_order([a, b, c], order) {
            found = found.or(KindSet::day(i));
        }
    }
    let month = MONTHS.iter().position(|name| b.eq_ignore_ascii_case(&name[..]));
    if let (b'-', Some(month), Some(day), Some(year)) = (between, month, short(a), number::<4>(c))
        && is_date(year, month as u32 + 1, day)
    {
        found = found.or(KindSet::day(NAMED));
    }
    let two_digits = !found.is_none() && [a, b, c].iter().all(|part| part.len() > 1);
    if two_digits { found.or(KindSet::TWO_DIGITS) } else { found }
}

/// A number of one digit or two.
fn short(text: &[u8]) -> Option<u32> {
    number::<1>(text).or_else(|| number::<2>(text))
}

fn is_in_order(texts: [&[u8]; 3], order: [DayPart; 3]) -> bool {
    let (mut year, mut month, mut day) = (0, 0, 0);
    for (text, part) in texts.into_iter().zip(order) {
        let found = match part {
            DayPart::Year => number::<4>(text).map(|n| year = n),
            // Years from 1969 to 2068 by common use; of leap years that is all that matters.
            DayPart::ShortYear => number::<2>(text).map(|n| year = if n < 69 { 2000 + n } else { 1900 + n }),
            DayPart::Month => short(text).map(|n| month = n),
            DayPart::Day => short(text).map(|n| day = n),
        };
        if found.is_none() {
            return false;
        }
    }
    is_date(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for yes in ["2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31", "2023-04-30"] {
            assert!(is_iso_date(yes.as_bytes()), "{yes}");
        }
        for no in [
            "0000-01-01",
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-10",
            "2024-1-01",
            "x",
        ] {
            assert!(!is_iso_date(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn timestamps_have_a_day_and_a_time() {
        for (text, full) in [
            ("2024-01-31T12:30:00Z", true),
            ("2024-01-31t12:30:00.125+01:00", true),
            ("2024-01-31 12:30:00Z", false),
            ("2024-01-31 12:30", false),
            ("2024-01-31T12:30:59-0130", false),
            ("2024-01-31T12:30:00+01", false),
        ] {
            let kinds = timestamp(text.as_bytes());
            assert!(kinds.has(KindSet::TIMESTAMP), "{text}");
            assert_eq!(kinds.has(KindSet::DATE_TIME), full, "{text}");
        }
        for no in [
            "2024-01-31",
            "2024-01-31T",
            "2024-01-31T24:00",
            "2024-02-30T12:00",
            "2024-01-31T12:60",
            "2024-01-31T12:30:00.",
            "2024-01-31T12:30:00 Z",
            "2024-01-31T12:30:60",
            "2024-01-31T12:30:00+1:00",
            "2024-01-31x12:30",
        ] {
            assert!(timestamp(no.as_bytes()).is_none(), "{no}");
        }
    }

    #[test]
    fn orders_that_cannot_be_are_left_out() {
        for (text, expected) in [
            ("31.01.2024", &["%d.%m.%Y", "no time", "two digits"][..]),
            ("1.2.2024", &["%d.%m.%Y", "%m.%d.%Y", "no time"]),
            ("12/31/2024 10:30", &["%m/%d/%Y", "%H:%M", "two digits"]),
            ("2024/12/31 10:30:59", &["%Y/%m/%d", "%H:%M:%S", "two digits"]),
            ("20240229", &["%Y%m%d", "no time", "two digits"]),
            ("20230229", &[]),
            ("29-Feb-2024", &["%d-%b-%Y", "no time", "two digits"]),
            ("31.12.99", &["%d.%m.%y", "no time", "two digits"]),
            ("2024-01-31", &[]),
            ("1.2", &[]),
            ("1.2.3.4", &[]),
            ("31.01.2024 ", &[]),
        ] {
            assert_eq!(day(text.as_bytes()).names().collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
