//! Numbers and dates as people write them, with nothing of rowmill's: all ways in which a text may
//! be meant are tried.

use crate::model::json;

const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// What `wanted` makes of a number: `float(comma,thousands)` of `1.234,5` the text `1234.5`.
pub(crate) fn number(wanted: &str, value: &str) -> Option<String> {
    let kind = &wanted[..wanted.find('(').unwrap_or(wanted.len())];
    let unit = wanted.split_once("unit=").map(|(_, unit)| unit.trim_end_matches(')'));
    let is_mark = |text: &str| match kind {
        "percent" => text == "%",
        _ => unit == Some(text) || wanted.contains("currency") && is_currency(text),
    };
    for (rest, sign, n_marks) in fronts(value, &is_mark) {
        for (end, _) in rest.char_indices().skip(1).chain([(rest.len(), ' ')]) {
            let (core, behind) = rest.split_at(end);
            let core = plain(core, kind, wanted.contains("comma"), wanted.contains("thousands"));
            let minus = if wanted.contains("trailing-minus") { "-" } else { "" };
            for (last_sign, more_marks) in backs(behind, minus, &is_mark) {
                let n_marks = n_marks + more_marks;
                let one_sign = sign.is_empty() || last_sign.is_empty();
                if let (Some(core), true) = (&core, one_sign && n_marks <= 1)
                    && (n_marks == 1 || kind != "percent")
                {
                    let minus = if [sign, last_sign].contains(&"-") { "-" } else { "" };
                    return Some(format!("{minus}{core}"));
                }
            }
        }
    }
    None
}

fn is_currency(text: &str) -> bool {
    let mut letters = text.chars();
    let one = letters.next().filter(|_| letters.next().is_none());
    let is_sign = |c| c == '$' || ('\u{a2}'..='\u{a5}').contains(&c) || c == '\u{e3f}';
    one.is_some_and(|c| is_sign(c) || ('\u{20a0}'..='\u{20c0}').contains(&c))
        || text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The ways in which a number may begin: what is behind, the sign, how many marks. `-$ 5`, `$-5`.
fn fronts<'t>(text: &'t str, is_mark: &dyn Fn(&str) -> bool) -> Vec<(&'t str, &'static str, u32)> {
    let mut ways = Vec::new();
    for sign in ["", "+", "-"] {
        let Some(rest) = text.strip_prefix(sign) else { continue };
        ways.push((rest, sign, 0));
        for (n, _) in rest.char_indices().skip(1).filter(|(n, _)| is_mark(&rest[..*n])) {
            let rest = rest[n..].trim_start_matches(BLANKS);
            ways.push((rest, sign, 1));
            let signs = ["+", "-"].into_iter().filter(|_| sign.is_empty());
            ways.extend(signs.filter_map(|sign| Some((rest.strip_prefix(sign)?, sign, 1))));
        }
    }
    ways
}

/// The ways in which all behind a number may be meant: the sign, how many marks. `- EUR`, ` EUR-`.
fn backs(text: &str, minus: &'static str, is_mark: &dyn Fn(&str) -> bool) -> Vec<(&'static str, u32)> {
    let mut ways = Vec::new();
    for sign in ["", minus] {
        let Some(rest) = text.strip_prefix(sign) else { continue };
        let mark = rest.trim_start_matches(BLANKS);
        ways.extend(rest.is_empty().then_some((sign, 0)));
        ways.extend(is_mark(mark).then_some((sign, 1)));
        let is_behind = sign.is_empty() && mark.strip_suffix(minus).is_some_and(is_mark);
        ways.extend(is_behind.then_some((minus, 1)));
    }
    ways
}

/// Digits, thousands set apart or not, a fraction, an exponent: as JSON writes it.
fn plain(text: &str, kind: &str, comma: bool, thousands: bool) -> Option<String> {
    let (point, other) = if comma { (',', '.') } else { ('.', ',') };
    let (text, exponent) = match text.find(['e', 'E']) {
        Some(at) if kind == "float" => text.split_at(at),
        _ => (text, ""),
    };
    let power = exponent.get(1..).unwrap_or("");
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !exponent.is_empty() && !are_digits(power) {
        return None;
    }
    let (whole, fraction) = match text.split_once(point) {
        Some((whole, fraction)) if kind != "int" => (whole, fraction),
        _ => (text, ""),
    };
    if !fraction.is_empty() && !are_digits(fraction) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let separator = whole.chars().find(|c| !c.is_ascii_digit());
    let digits = match separator {
        None => whole.to_owned(),
        Some(c) if thousands && [other, '\'', ' ', '\u{a0}', '\u{202f}', '\u{2019}'].contains(&c) => {
            let groups: Vec<&str> = whole.split(c).collect();
            let is_group = |(i, group): (usize, &&str)| {
                are_digits(group)
                    && if i == 0 { group.len() <= 3 && !group.starts_with('0') } else { group.len() == 3 }
            };
            groups.iter().enumerate().all(is_group).then(|| groups.concat())?
        }
        Some(_) => return None,
    };
    let digits = digits.trim_start_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    Some(format!("{}{fraction}{exponent}", if digits.is_empty() { "0" } else { digits }))
}

/// What `date`, `date(%d.%m.%Y)` and `timestamp` make of a text.
pub(crate) fn date(wanted: &str, value: &str) -> Option<String> {
    let (day, time) = match wanted {
        "timestamp" => value.split_at_checked(10)?,
        _ => (value, ""),
    };
    let parts: Vec<&str> = day.split(if wanted == "date(%d.%m.%Y)" { '.' } else { '-' }).collect();
    let [a, month, b] = parts[..] else { return None };
    let (year, day) = if wanted == "date(%d.%m.%Y)" { (b, a) } else { (a, b) };
    let number = |text: &str, n: usize| {
        let is = text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
        is.then(|| text.parse::<u32>().expect("digits"))
    };
    let (y, m, d) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let last = match m {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if y == 0 || d == 0 || d > last {
        return None;
    }
    let day = format!("{year}-{month}-{day}");
    if wanted != "timestamp" {
        return Some(json(&day));
    }
    let time = time.strip_prefix(['T', 't', ' '])?;
    // Seconds may be left out.
    let (minutes, rest) = time.split_at_checked(5)?;
    let (clock, rest) = match rest.starts_with(':') {
        true => (time.get(..8)?.to_owned(), &time[8..]),
        false => (format!("{minutes}:00"), rest),
    };
    let is_short = time.get(5..6) != Some(":");
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>()[..] else { return None };
    let is_clock = number(hour, 2)? < 24 && number(minute, 2)? < 60 && number(second, 2)? < 60;
    let n = match rest.strip_prefix('.') {
        Some(digits) => 1 + digits.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    };
    let (fraction, offset) = rest.split_at(n);
    let offset = match offset {
        "" => String::new(),
        "Z" | "z" => "Z".to_owned(),
        _ => {
            let sign = offset.chars().next().filter(|c| ['+', '-'].contains(c))?;
            let numbers = &offset[1..];
            let (hours, minutes) = numbers.split_at_checked(2)?;
            let minutes =
                if minutes.is_empty() { "00" } else { minutes.strip_prefix(':').unwrap_or(minutes) };
            if number(hours, 2)? > 23 || number(minutes, 2)? > 59 {
                return None;
            }
            match (hours, minutes) {
                ("00", "00") => "Z".to_owned(),
                _ => format!("{sign}{hours}:{minutes}"),
            }
        }
    };
    (is_clock && n != 1 && !(is_short && n > 0)).then(|| json(&format!("{day}T{clock}{fraction}{offset}")))
}

/// Sign, digits, whether there is a point, digits, exponent.
pub(crate) fn loose(value: &str) -> Option<(&str, &str, bool, &str, &str)> {
    let split = |text: &'_ str, by: fn(char) -> bool| text.find(|c| !by(c)).unwrap_or(text.len());
    let (sign, rest) = value.split_at(usize::from(value.starts_with(['+', '-'])));
    let (whole, rest) = rest.split_at(split(rest, |c| c.is_ascii_digit()));
    let point = rest.starts_with('.');
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let (fraction, exponent) =
        if point { rest.split_at(split(rest, |c| c.is_ascii_digit())) } else { ("", rest) };
    if !exponent.is_empty() {
        let power = exponent.strip_prefix(['e', 'E'])?;
        let power = power.strip_prefix(['+', '-']).unwrap_or(power);
        if power.is_empty() || !power.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    Some((sign, whole, point, fraction, exponent))
}
