//! Patterns of days and times: what stands where in a text.

use super::layout::{DateLayout, LayoutPart, N_NUMBERS};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::Offset;
use std::sync::LazyLock;

/// A pattern, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    parts: Vec<Item>,
    /// The same, if each part has its place.
    layout: Option<DateLayout>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    /// This byte.
    Byte(u8),
    /// `T`, `t` or a blank, as ISO 8601 and SQL part day and time.
    Between,
    Digits(Digits),
    /// Digits of a second's fraction.
    Fraction,
    /// English names, whole or of three letters, in any case.
    Month,
    Weekday,
    /// `am` or `pm`.
    Half,
    /// `Z`, `+01:00`, `+0100` or `+01`.
    Offset,
    /// Seconds since 1970, with a sign or without.
    Epoch,
}

/// A number of the calendar or the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digits {
    of: Of,
    /// How many digits it has, or at the most.
    n_digits: u8,
    /// It has so many.
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Year,
    /// Of two digits: from 69 on in the twentieth century.
    ShortYear,
    Month,
    Day,
    DayOfYear,
    Hour,
    /// From 1 to 12.
    HalfHour,
    Minute,
    Second,
}

/// What a text says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment<'a> {
    pub(super) year: i16,
    pub(super) month: i8,
    pub(super) day: i8,
    day_of_year: Option<i16>,
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) second: i8,
    /// Of the second, all digits.
    pub(super) fraction: &'a [u8],
    is_afternoon: Option<bool>,
    pub(super) weekday: Option<Weekday>,
    pub(super) offset: Option<Offset>,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl Pattern {
    /// Reads a pattern as `strptime` takes it.
    ///
    /// # Errors
    /// It has something that is not known.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        // What stands for several.
        let long = text.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M");
        let mut parts = Vec::new();
        let mut letters = long.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                let mut bytes = [0; 4];
                parts.extend(letter.encode_utf8(&mut bytes).bytes().map(Item::Byte));
                continue;
            }
            let number = |of, n_digits, all| Item::Digits(Digits { of, n_digits, all });
            let (all, letter) = match letters.next() {
                Some('-') => (false, letters.next()),
                letter => (true, letter),
            };
            parts.push(match letter {
                Some('Y') if all => number(Of::Year, 4, all),
                Some('y') if all => number(Of::ShortYear, 2, all),
                Some('m') => number(Of::Month, 2, all),
                Some('d') => number(Of::Day, 2, all),
                Some('j') => number(Of::DayOfYear, 3, all),
                Some('H') => number(Of::Hour, 2, all),
                Some('I') => number(Of::HalfHour, 2, all),
                Some('M') => number(Of::Minute, 2, all),
                Some('S') => number(Of::Second, 2, all),
                Some('f') if all => Item::Fraction,
                Some('b' | 'B') if all => Item::Month,
                Some('a' | 'A') if all => Item::Weekday,
                Some('p') if all => Item::Half,
                Some('z') if all => Item::Offset,
                Some('s') if all => Item::Epoch,
                Some('%') if all => Item::Byte(b'%'),
                other => {
                    let other = other.map_or(String::new(), String::from);
                    let minus = if all { "" } else { "-" };
                    return Err(format!(
                        "'%{minus}{other}' is not known; there are %Y %y %m %d %j %b %a %H %I %p %M %S %f %z %s, \
                         %F %T %R %%, and %-m and the like for numbers without zeros in front"
                    ));
                }
            });
        }
        let layout = DateLayout::new(parts.iter().filter_map(|part| part.piece()))
            .filter(|_| parts.iter().all(|part| part.piece().is_some()));
        let pattern = Self { text: text.to_owned(), parts, layout };
        let twice = |part: &Item| pattern.parts.iter().filter(|other| *other == part).count() > 1;
        let is_known = |part: &&Item| !matches!(part, Item::Byte(_));
        if pattern.parts.iter().filter(is_known).any(twice) {
            return Err("the pattern says something twice".to_owned());
        }
        let digits = |item: &Item| matches!(item, Item::Digits(_) | Item::Fraction | Item::Epoch);
        let is_loose = |item: &Item| matches!(item, Item::Digits(digits) if !digits.all);
        if pattern.parts.windows(2).any(|two| is_loose(&two[0]) && digits(&two[1])) {
            return Err("digits follow a number that may have one digit or two".to_owned());
        }
        if pattern.has(Of::HalfHour) != pattern.parts.contains(&Item::Half) {
            return Err("%I needs %p, and %p needs %I".to_owned());
        }
        if pattern.parts.contains(&Item::Fraction) && !pattern.has(Of::Second) && !pattern.is_epoch() {
            return Err("%f needs %S or %s".to_owned());
        }
        if pattern.is_epoch()
            && pattern.parts.iter().any(|part| matches!(part, Item::Digits(_) | Item::Offset))
        {
            return Err("%s says all but %f".to_owned());
        }
        Ok(pattern)
    }

    /// `2026-03-05`.
    pub(super) fn iso_date() -> &'static Self {
        static ISO: LazyLock<Pattern> = LazyLock::new(|| Pattern::new("%F").expect("it is one"));
        &ISO
    }

    /// Whether what it reads is written as ISO 8601 has it.
    pub(super) fn is_iso_date(&self) -> bool {
        self.parts == Self::iso_date().parts
    }

    /// Those of ISO 8601, between whose day and time a blank may stand.
    pub(super) fn iso_times(texts: &[&str]) -> &'static [Self] {
        static ISO: std::sync::OnceLock<Vec<Pattern>> = std::sync::OnceLock::new();
        ISO.get_or_init(|| {
            let all = texts.iter().map(|text| Pattern::new(text).expect("it is one"));
            all.map(|mut pattern| {
                let between = pattern.parts.iter_mut().filter(|part| **part == Item::Byte(b'T'));
                between.for_each(|part| *part = Item::Between);
                pattern.layout = None;
                pattern
            })
            .collect()
        })
    }

    /// As it was typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn has(&self, of: Of) -> bool {
        self.parts.iter().any(|part| matches!(part, Item::Digits(number) if number.of == of))
    }

    fn is_epoch(&self) -> bool {
        self.parts.contains(&Item::Epoch)
    }

    /// Whether it says a day.
    pub(super) fn has_day(&self) -> bool {
        let has_month = (self.has(Of::Month) || self.parts.contains(&Item::Month)) && self.has(Of::Day);
        let has_year = self.has(Of::Year) || self.has(Of::ShortYear);
        self.is_epoch() || has_year && (has_month || self.has(Of::DayOfYear))
    }

    /// Whether it says an hour.
    pub(super) fn has_time(&self) -> bool {
        self.is_epoch() || self.has(Of::Hour) || self.has(Of::HalfHour)
    }

    /// Whether it says where its clocks are.
    pub(super) fn has_offset(&self) -> bool {
        self.is_epoch() || self.parts.contains(&Item::Offset)
    }

    /// What `text` says, if it is exactly this. Whether there is such a day is not looked at.
    pub(super) fn read<'a>(&self, text: &'a [u8]) -> Option<Moment<'a>> {
        if let Some(layout) = &self.layout {
            return Moment::of_numbers(layout.read(text)?);
        }
        let mut moment = Moment::default();
        let mut rest = text;
        for part in &self.parts {
            rest = moment.take(*part, rest)?;
        }
        moment.settle(rest)
    }
}

impl Item {
    /// What it is in a layout: a byte, or a number that has all its digits.
    fn piece(self) -> Option<LayoutPart> {
        let order = [Of::Year, Of::Month, Of::Day, Of::Hour, Of::Minute, Of::Second];
        match self {
            Self::Byte(byte) => Some(LayoutPart::Byte(byte)),
            Self::Digits(Digits { of, n_digits, all: true }) => {
                let which = order.iter().position(|known| *known == of)?;
                Some(LayoutPart::Number(which, n_digits))
            }
            _ => None,
        }
    }
}

impl<'a> Moment<'a> {
    /// Year, month, day, hour, minute, second.
    fn of_numbers(numbers: [i16; N_NUMBERS]) -> Option<Self> {
        let [year, month, day, hour, minute, second] = numbers;
        if (hour > 23) | (minute > 59) | (second > 59) {
            return None;
        }
        let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(|n| n as i8);
        Some(Self { year, month, day, hour, minute, second, ..Self::default() })
    }

    /// Takes one part from the front of a text.
    fn take(&mut self, part: Item, text: &'a [u8]) -> Option<&'a [u8]> {
        match part {
            Item::Byte(byte) => text.strip_prefix(&[byte]),
            Item::Between => text.strip_prefix(b"T").or(text.strip_prefix(b" ")).or(text.strip_prefix(b"t")),
            Item::Digits(number) => self.number(number, text),
            Item::Fraction => {
                let (digits, rest) = super::number::digits(text);
                self.fraction = digits;
                (!digits.is_empty()).then_some(rest)
            }
            Item::Month => {
                let (month, rest) = name(text, MONTHS.iter().copied())?;
                self.month = month as i8 + 1;
                Some(rest)
            }
            Item::Weekday => {
                let (weekday, rest) = name(text, WEEKDAYS.iter().map(|(name, _)| *name))?;
                self.weekday = Some(WEEKDAYS[weekday].1);
                Some(rest)
            }
            Item::Half => {
                let (half, rest) = text.split_at_checked(2)?;
                self.is_afternoon = Some(half.eq_ignore_ascii_case(b"pm"));
                (half.eq_ignore_ascii_case(b"pm") || half.eq_ignore_ascii_case(b"am")).then_some(rest)
            }
            Item::Offset => {
                let (offset, rest) = offset(text)?;
                self.offset = Some(offset);
                Some(rest)
            }
            Item::Epoch => self.epoch(text),
        }
    }

    fn number(&mut self, Digits { of, n_digits, all }: Digits, text: &'a [u8]) -> Option<&'a [u8]> {
        let most = usize::from(n_digits);
        let n = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if n == 0 || all && n < most {
            return None;
        }
        let number = text[..n].iter().fold(0, |number: i16, digit| 10 * number + i16::from(digit - b'0'));
        let small = number as i8;
        match of {
            Of::Year => self.year = number,
            Of::ShortYear => self.year = number + if number < 69 { 2000 } else { 1900 },
            Of::Month => self.month = small,
            Of::Day => self.day = small,
            Of::DayOfYear => self.day_of_year = Some(number),
            Of::Hour if small < 24 => self.hour = small,
            Of::HalfHour if (1..=12).contains(&small) => self.hour = small % 12,
            Of::Minute if small < 60 => self.minute = small,
            Of::Second if small < 60 => self.second = small,
            Of::Hour | Of::HalfHour | Of::Minute | Of::Second => return None,
        }
        Some(&text[n..])
    }

    fn epoch(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let unsigned = text.strip_prefix(b"-").unwrap_or(text);
        let (_, rest) = super::number::digits(unsigned);
        let number = std::str::from_utf8(&text[..text.len() - rest.len()]).ok()?;
        let time = Timestamp::from_second(number.parse().ok()?).ok()?;
        // A fraction counts away from 1970, so it would have to be taken from another second.
        if number.starts_with('-') && !rest.is_empty() {
            return None;
        }
        let time = Offset::UTC.to_datetime(time);
        (self.year, self.month, self.day) = (time.year(), time.month(), time.day());
        (self.hour, self.minute, self.second) = (time.hour(), time.minute(), time.second());
        self.offset = Some(Offset::UTC);
        Some(rest)
    }

    /// What the parts come to, if nothing is left of the text.
    fn settle(mut self, rest: &[u8]) -> Option<Self> {
        if !rest.is_empty() {
            return None;
        }
        if self.is_afternoon == Some(true) {
            self.hour += 12;
        }
        if let Some(day) = self.day_of_year {
            let first = jiff::civil::Date::new(self.year, 1, 1).ok()?;
            let date = first.with().day_of_year(day).build().ok()?;
            (self.month, self.day) = (date.month(), date.day());
        }
        Some(self)
    }
}

/// Which of these names, or their first three letters, is at the front, and what is behind it.
fn name(text: &[u8], names: impl Iterator<Item = &'static str>) -> Option<(usize, &[u8])> {
    let starts =
        |name: &str| text.get(..name.len()).is_some_and(|front| front.eq_ignore_ascii_case(name.as_bytes()));
    let (i, name) = names.enumerate().find(|(_, name)| starts(&name[..3]))?;
    let n = if starts(name) { name.len() } else { 3 };
    Some((i, &text[n..]))
}

/// An offset from UTC at the front, and what is behind it.
fn offset(text: &[u8]) -> Option<(Offset, &[u8])> {
    let (sign, rest) = match text {
        [b'Z' | b'z', rest @ ..] => return Some((Offset::UTC, rest)),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let two = |text: &[u8]| {
        let [a, b] = *text.first_chunk()?;
        let are_digits = a.is_ascii_digit() && b.is_ascii_digit();
        are_digits.then(|| 10 * i32::from(a - b'0') + i32::from(b - b'0'))
    };
    let (hours, rest) = (two(rest)?, &rest[2..]);
    let behind = rest.strip_prefix(b":").unwrap_or(rest);
    let (minutes, rest) = match two(behind) {
        Some(minutes) => (minutes, &behind[2..]),
        None => (0, rest),
    };
    let offset = Offset::from_seconds(sign * 60 * (60 * hours + minutes)).ok()?;
    (hours < 24 && minutes < 60).then_some((offset, rest))
}
