//! Numbers and dates as people write them, with nothing of rowmill's: all ways in which a text may
//! be meant are tried.

use crate::model::json;

/// What `wanted` makes of a number: `float(comma,thousands)` of `1.234,5` the text `1234.5`.
pub(crate) fn number(wanted: &str, value: &str) -> Option<String> {
    let has = |option: &str| wanted.contains(option);
    let kind = &wanted[..wanted.find('(').unwrap_or(wanted.len())];
    let unit = wanted.split_once("unit=").map(|(_, unit)| unit.trim_end_matches(')'));
    let is_currency = |text: &str| {
        let mut letters = text.chars();
        let one = letters.next().filter(|_| letters.next().is_none());
        let is_sign = |c| c == '$' || ('\u{a2}'..='\u{a5}').contains(&c) || c == '\u{e3f}';
        one.is_some_and(|c| is_sign(c) || ('\u{20a0}'..='\u{20c0}').contains(&c))
            || text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let is_mark = |text: &str| match kind {
        "percent" => text == "%",
        _ => unit == Some(text) || has("currency") && is_currency(text),
    };
    let blank = |c: char| [' ', '\u{a0}', '\u{202f}'].contains(&c);
    let places: Vec<usize> = value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
    for &start in &places {
        for &end in places.iter().filter(|end| **end > start) {
            let (front, core, back) = (&value[..start], &value[start..end], &value[end..]);
            let Some(core) = plain(core, kind, has("comma"), has("thousands")) else { continue };
            // A sign, a mark, or both, in any order; blanks beside the mark.
            let sides = |side: &str| {
                let (before, behind) = (side.starts_with(['+', '-']), side.ends_with(['+', '-']));
                let whole = (side.trim_matches(blank), "");
                let first = side.split_at(usize::from(before));
                let last = side.split_at(side.len() - usize::from(behind));
                [whole, (first.1, first.0), last].map(|(mark, sign)| (mark.to_owned(), sign.to_owned()))
            };
            for (front_mark, front_sign) in sides(front) {
                for (back_mark, back_sign) in sides(back) {
                    // Blanks are between mark and number alone.
                    let front_trimmed = front_mark.trim_end_matches(blank);
                    let back_trimmed = back_mark.trim_start_matches(blank);
                    let sign = front_sign.clone() + &back_sign;
                    let marks = [front_trimmed, back_trimmed];
                    let n_marks = marks.iter().filter(|mark| !mark.is_empty()).count();
                    let alone = |mark: &str, side: &str| !mark.is_empty() || side.is_empty();
                    if marks.iter().all(|mark| mark.is_empty() || is_mark(mark))
                        && alone(front_trimmed, &front_mark)
                        && alone(back_trimmed, &back_mark)
                        && (n_marks == 1 || n_marks == 0 && kind != "percent")
                        && sign.len() <= 1
                        && (back_sign.is_empty() || back_sign == "-" && has("trailing-minus"))
                        && is_laid_out(front, front_trimmed, &front_sign, blank)
                        && is_laid_out_behind(back, back_trimmed, &back_sign, blank)
                    {
                        return Some(if sign == "-" { format!("-{core}") } else { core });
                    }
                }
            }
        }
    }
    None
}

/// `-$ `, `$ -`, `$`, `-`.
fn is_laid_out(side: &str, mark: &str, sign: &str, blank: fn(char) -> bool) -> bool {
    let without: String = side.chars().filter(|c| !blank(*c)).collect();
    let joined = [format!("{sign}{mark}"), format!("{mark}{sign}")].contains(&without);
    let starts = !side.starts_with(blank);
    let after_sign = sign.is_empty() || !side.starts_with(sign) || !side[sign.len()..].starts_with(blank);
    let before_number = !(side.ends_with(blank)
        && (mark.is_empty()
            || side.trim_end_matches(blank).ends_with(sign) && !sign.is_empty() && !side.starts_with(sign)));
    joined && starts && after_sign && before_number
}

/// ` EUR`, `- EUR`, ` EUR-`, `-`.
fn is_laid_out_behind(side: &str, mark: &str, sign: &str, blank: fn(char) -> bool) -> bool {
    [format!("{sign}{mark}"), format!("{mark}{sign}")].iter().any(|_| {
        let inner = side.strip_prefix(sign).unwrap_or(side);
        let first = format!("{}{mark}", &inner[..inner.len() - inner.trim_start_matches(blank).len()]);
        let second = {
            let blanks = &side[..side.len() - side.trim_start_matches(blank).len()];
            format!("{blanks}{mark}{sign}")
        };
        !mark.is_empty() && (side == format!("{sign}{first}") || side == second)
            || mark.is_empty() && side == sign
    })
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
                are_digits(group) && if i == 0 { group.len() <= 3 } else { group.len() == 3 }
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
