//! Keys with levels as objects and arrays.

use crate::model::json;

/// A name within a key, and whether it is a number in brackets.
pub(super) type Level = (String, bool);

/// The levels of a key, and the value.
pub(super) type Path<'a> = (Vec<Level>, &'a str);

/// `a[0].b` is `a`, `0` in brackets, `b`.
pub(super) fn levels(key: &str, separator: &str) -> Vec<Level> {
    let mut all = Vec::new();
    for mut level in key.split(separator) {
        let mut numbers = Vec::new();
        while let Some((name, number)) = level.strip_suffix(']').and_then(|level| level.rsplit_once('[')) {
            if name.is_empty() || number.parse::<usize>().map(|n| n.to_string()) != Ok(number.to_owned()) {
                break;
            }
            numbers.push((number.to_owned(), true));
            level = name;
        }
        all.push((level.to_owned(), false));
        all.extend(numbers.into_iter().rev());
    }
    all
}

/// The places of what is below, if these are the levels of an array.
fn places(levels: &[Level]) -> Option<Vec<usize>> {
    let number = |(digits, _): &Level| digits.parse::<usize>().ok().filter(|n| n.to_string() == *digits);
    let places = levels.iter().map(number).collect::<Option<Vec<usize>>>()?;
    let mut sorted = places.clone();
    sorted.sort_unstable();
    sorted.into_iter().eq(0..places.len()).then_some(places)
}

/// The keys that start so.
pub(super) fn siblings(all: &[Vec<Level>], start: &[Level]) -> Vec<Vec<Level>> {
    let starts = |path: &&Vec<Level>| path.len() > start.len() && path[..start.len()] == *start;
    all.iter().filter(starts).map(|path| path[..=start.len()].to_vec()).collect()
}

/// Whether some levels of these keys are those of an array, behind this start of a key.
pub(super) fn in_array(path: &[Level], all: &[Vec<Level>]) -> bool {
    (1..path.len()).any(|n| {
        let mut below: Vec<Level> = Vec::new();
        for other in all.iter().filter(|other| other.len() > n && other[..n] == path[..n]) {
            if !below.contains(&other[n]) {
                below.push(other[n].clone());
            }
        }
        places(&below).is_some()
    })
}

pub(super) fn nested(paths: &[Path<'_>], is_record: bool) -> String {
    let mut members: Vec<(Level, Vec<Path<'_>>)> = Vec::new();
    for (path, value) in paths {
        let below = (path[1..].to_vec(), *value);
        match members.iter_mut().find(|(key, _)| *key == path[0]) {
            Some((_, all)) => all.push(below),
            None => members.push((path[0].clone(), vec![below])),
        }
    }
    let keys: Vec<Level> = members.iter().map(|(key, _)| key.clone()).collect();
    let value = |below: &[Path<'_>]| match below {
        [(path, value)] if path.is_empty() => (*value).to_owned(),
        _ => nested(below, false),
    };
    match places(&keys).filter(|_| !is_record) {
        Some(places) => {
            let mut elements: Vec<_> = places.into_iter().zip(&members).collect();
            elements.sort_by_key(|(place, _)| *place);
            let elements: Vec<String> = elements.into_iter().map(|(_, (_, below))| value(below)).collect();
            format!("[{}]", elements.join(","))
        }
        None => {
            let members: Vec<String> =
                members.iter().map(|(key, below)| format!("{}:{}", json(&key.0), value(below))).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}
