//! Every instruction set that this machine has against code that looks at one byte at a time.
//!
//! Each kernel is called directly, on inputs of every length up to a few blocks and at every
//! alignment, since that is where vector code goes wrong; what the program makes of it is
//! `invariance.rs`. The numbers are a fixed sequence, so a failure comes again.

use rowmill::internal::{Index, Kernel, Lead, Left, MOST_ESCAPED, Marks, Template};

use crate::harness::{self, Numbers};
use crate::model::Shape;

/// Up to more than four blocks.
const LENGTHS: usize = 300;

fn kernels() -> Vec<Kernel> {
    harness::kernels().iter().filter_map(|isa| Kernel::new(*isa)).collect()
}

/// All of `n` rounds; under miri a few, as each takes some thousand times as long.
fn rounds(n: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(if cfg!(miri) { (n / 4) | 1 } else { 1 })
}

/// Says that enough was tried: otherwise the generators have gone astray.
fn enough(counted: &[(usize, usize)]) {
    assert!(cfg!(miri) || counted.iter().all(|(n, least)| n > least), "counted, and the least: {counted:?}");
}

/// The marks of the dialects that differ for a kernel.
fn marks() -> Vec<Marks> {
    let csv = Marks {
        delimiter: b',',
        quote: Some(b'"'),
        terminators: [b'\n', b'\r'],
        pairs: true,
        edges: false,
        left: None,
        ..Marks::default()
    };
    let comments = Left { leads: [Some(Lead::new(b"#")), None], ..Left::default() };
    vec![
        csv,
        Marks { edges: true, ..csv },
        Marks { edges: true, left: Some(comments), ..csv },
        Marks { quote: Some(b'\''), delimiter: b';', edges: true, ..csv },
        Marks { quote: None, delimiter: b'\t', ..csv },
        Marks { terminators: [b'\n'; 2], pairs: false, ..csv },
        Marks { terminators: [0x1e; 2], pairs: false, delimiter: 0x1f, edges: true, ..csv },
        Marks { delimiter: 0xa7, quote: Some(0xb6), ..csv },
    ]
}

/// Bytes that the marks care about, in any order: quoting is rarely regular for long.
fn chaos(numbers: &mut Numbers, marks: &Marks, n: usize) -> Vec<u8> {
    let ends = [marks.delimiter, marks.terminators[0], marks.terminators[1]];
    // Up to blocks of nothing but structure, which fill an index as no file does.
    let dense = numbers.pick(&[20, 20, 95]);
    (0..n)
        .map(|_| match numbers.below(100) {
            percent if percent < dense => numbers.pick(&ends),
            percent => match percent % 5 {
                0 => marks.quote.unwrap_or(b'"'),
                1 => numbers.pick(b" \t\\#\"'\0\x1f \x7f\x80\xc2\xa0\xff\r\n"),
                2 => numbers.below(256) as u8,
                _ => numbers.pick(b"abcdefgh0123"),
            },
        })
        .collect()
}

/// Records with regular quoting, of three fields mostly, cut at `n` bytes.
fn regular(numbers: &mut Numbers, marks: &Marks, n: usize) -> Vec<u8> {
    let Marks { delimiter, quote, terminators, .. } = *marks;
    let special = |byte: &u8| *byte == delimiter || terminators.contains(byte) || Some(*byte) == quote;
    // Some are all but plain, some hardly.
    let (odd, quoted) = (numbers.pick(&[40, 400, 5000]), numbers.pick(&[3, 10, 100]));
    let mut bytes = Vec::new();
    while bytes.len() < n {
        let n_fields = if numbers.below(20) > 0 { 3 } else { numbers.pick(&[1, 2, 4]) };
        for field in 0..n_fields {
            if field > 0 {
                bytes.push(delimiter);
            }
            let long = numbers.pick(&[4, 12, 70, 150]);
            let text: Vec<u8> = (0..numbers.below(long))
                .map(|_| match numbers.below(odd) {
                    0 => numbers.pick(b" \\\"#\t\0'\x80\xc3\xa9"),
                    _ => numbers.pick(b"abcdefghij"),
                })
                .collect();
            match quote.filter(|_| numbers.below(quoted) == 0) {
                None => bytes.extend(text.into_iter().filter(|byte| !special(byte))),
                Some(quote) => {
                    bytes.push(quote);
                    for byte in text {
                        match numbers.below(20) {
                            0 => bytes.extend([quote, quote]),
                            1 => bytes.push(numbers.pick(&[delimiter, terminators[0], terminators[1]])),
                            _ if byte == quote => bytes.extend([quote, quote]),
                            _ => bytes.push(byte),
                        }
                    }
                    bytes.push(quote);
                }
            }
        }
        match numbers.below(4) {
            0 if marks.pairs => bytes.extend(b"\r\n"),
            1 => bytes.push(terminators[1]),
            _ => bytes.push(terminators[0]),
        }
    }
    bytes.truncate(n);
    bytes
}

/// What a scan found, in plain values.
#[derive(Debug, Default, PartialEq)]
struct Found {
    ends: Vec<usize>,
    records: Vec<usize>,
    /// Of the bytes before the stop.
    dirty: Vec<bool>,
    stop: usize,
    declined: bool,
}

impl Found {
    fn by(kernel: &Kernel, marks: &Marks, bytes: &[u8], index: &mut Index) -> Found {
        kernel.scan(marks, bytes, index);
        let usizes = |values: &[u32]| values.iter().map(|&value| value as usize).collect();
        Found {
            ends: usizes(index.ends()),
            records: usizes(index.records()),
            dirty: (0..index.stop()).map(|at| index.is_dirty(at, at)).collect(),
            stop: index.stop(),
            declined: index.declined(),
        }
    }

    fn naively(marks: &Marks, bytes: &[u8]) -> Found {
        let mut found = Found { stop: bytes.len(), ..Found::default() };
        let edge = |byte: u8| byte <= 0x20 || byte >= 0x80;
        let is_quote = |at: usize| marks.quote == Some(bytes[at]);
        let (mut inside, mut starts, mut closed, mut after_cr, mut edge_before) =
            (false, true, false, false, false);
        for (at, &byte) in bytes.iter().enumerate() {
            let terminates = marks.terminators.contains(&byte);
            let pair = marks.pairs && byte == b'\n' && after_cr && !inside;
            let structural = !inside && (byte == marks.delimiter || terminates) && !pair;
            let opens = is_quote(at) && !inside;
            // What is quoted starts where a field does and ends where one ends.
            if opens && !starts && !closed || closed && !structural && !opens {
                found.stop = at;
                found.declined = true;
                break;
            }
            let needs_escape = matches!(byte, b'"' | b'\\' | ..0x20) && !(structural || pair) || is_quote(at);
            let trimmed =
                marks.edges && (!structural && !pair && edge(byte) && starts || structural && edge_before);
            found.dirty.push(needs_escape || byte == b'"' || byte == b'\\' || trimmed);
            if structural {
                found.ends.push(at);
                if terminates {
                    found.records.push(found.ends.len());
                }
            }
            closed = is_quote(at) && inside;
            inside ^= is_quote(at);
            starts = structural || pair;
            after_cr = structural && byte == b'\r' && marks.pairs;
            edge_before = !structural && !pair && edge(byte);
        }
        found
    }
}

#[test]
fn counts_are_what_the_naive_scan_gives() {
    let kernels = kernels();
    let mut numbers = Numbers(9);
    let (mut n_counted, mut n_stopped) = (0, 0);
    for marks in marks() {
        for n in rounds(LENGTHS) {
            for round in rounds(24) {
                let bytes = match round % 3 {
                    0 => chaos(&mut numbers, &marks, n),
                    _ => regular(&mut numbers, &marks, n),
                };
                let found = Found::naively(&marks, &bytes);
                let widths: Vec<usize> = std::iter::once(0)
                    .chain(found.records.iter().copied())
                    .zip(&found.records)
                    .map(|(first, last)| last - first)
                    .collect();
                let first = widths.first().copied().unwrap_or(1);
                for n_fields in [first, 1, 3] {
                    let n_records = widths.iter().take_while(|&&width| width == n_fields).count();
                    let end = n_records.checked_sub(1).map(|last| found.ends[found.records[last] - 1]);
                    let whole = &bytes[..end.map_or(0, |end| end + 1)];
                    for kernel in &kernels {
                        let counted = kernel.count(&marks, &bytes, n_fields as u32);
                        let what = || format!("{:?}, {marks:?}: {}", kernel.isa(), bytes.escape_ascii());
                        assert_eq!((counted.records, counted.end), (n_records as u64, end), "{}", what());
                        // The flag may be raised for nothing, never left out.
                        assert_eq!(counted.lines, lines(&marks, whole) as u64, "{}", what());
                        assert!(counted.high || whole.is_ascii(), "{}", what());
                        assert!(!counted.high || !bytes.is_ascii(), "{}", what());
                    }
                    n_counted += n_records;
                    n_stopped += usize::from(n_records < widths.len());
                }
            }
        }
    }
    enough(&[(n_counted, 10_000), (n_stopped, 1000)]);
}

#[test]
fn scans_are_what_byte_by_byte_gives() {
    let kernels = kernels();
    let mut numbers = Numbers(1);
    let mut index = Index::new(512);
    let mut buffer = vec![0; 512];
    let (mut n_records, mut n_declined) = (0, 0);
    for marks in marks() {
        for n in rounds(LENGTHS) {
            for align in rounds(64) {
                let bytes = match align % 2 {
                    0 => regular(&mut numbers, &marks, n),
                    _ => chaos(&mut numbers, &marks, n),
                };
                // What lies around must not matter, a quote least of all.
                buffer.fill(numbers.pick(b"\",\n\r\xff"));
                buffer[align..align + n].copy_from_slice(&bytes);
                let bytes = &buffer[align..align + n];
                let expected = Found::naively(&marks, bytes);
                let mut flags = None;
                for kernel in &kernels {
                    let found = Found::by(kernel, &marks, bytes, &mut index);
                    let what =
                        || format!("{:?} at {align}, {marks:?}: {}", kernel.isa(), bytes.escape_ascii());
                    assert_eq!(found, expected, "{}", what());
                    let high = bytes[..found.stop].iter().any(|&byte| byte >= 0x80);
                    assert!(index.high() || !high, "{}", what());
                    assert!(!index.high() || bytes.iter().any(|&byte| byte >= 0x80), "{}", what());
                    assert_eq!(*flags.get_or_insert(index.high()), index.high(), "{}", what());
                    let whole = found.records.last().map_or(0, |last| found.ends[last - 1] + 1);
                    assert_eq!(index.n_lines(), lines(&marks, &bytes[..whole]) as u64, "{}", what());
                }
                n_records += expected.records.len();
                n_declined += usize::from(expected.declined);
            }
        }
    }
    enough(&[(n_records, 100_000), (n_declined, 20_000)]);
}

fn lines(marks: &Marks, bytes: &[u8]) -> usize {
    let ends = |at: &usize| {
        let pair = marks.pairs && bytes[*at] == b'\n' && *at > 0 && bytes[*at - 1] == b'\r';
        marks.terminators.contains(&bytes[*at]) && !pair
    };
    (0..bytes.len()).filter(ends).count()
}

/// As serde_json does between the quotes; what is not ASCII stands.
fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in bytes {
        if byte < 0x80 {
            let json = serde_json::to_string(&(byte as char)).unwrap();
            escaped.extend_from_slice(&json.as_bytes()[1..json.len() - 1]);
        } else {
            escaped.push(byte);
        }
    }
    escaped
}

#[test]
fn escapes_are_those_of_serde_json() {
    let kernels = kernels();
    let mut numbers = Numbers(2);
    for n in rounds(LENGTHS) {
        for start in rounds(64) {
            let odd = numbers.pick(&[1, 3, 20, 200, 10_000]);
            let dirty: Vec<u8> = (0..=0x20).chain(*b"\"\\\x7f\x80\xc3\xa9\xff").collect();
            let mut from: Vec<u8> = (0..start + n)
                .map(|_| if numbers.below(odd) == 0 { numbers.pick(&dirty) } else { numbers.pick(b"abc ,/") })
                .collect();
            let expected = escaped(&from[start..]);
            // Behind the end there may be nothing, or something that must not be looked at.
            from.extend(vec![b'"'; numbers.pick(&[0, 1, 63, 64, 100])]);
            for kernel in &kernels {
                // The least room that is asked for.
                let mut to = vec![b'~'; MOST_ESCAPED * n + 64];
                let written = kernel.escape(&from, start, start + n, &mut to);
                let got = &to[..written];
                assert_eq!(
                    got.escape_ascii().to_string(),
                    expected.escape_ascii().to_string(),
                    "{:?}: {start}..{} of {}",
                    kernel.isa(),
                    start + n,
                    from.escape_ascii()
                );
                if let Ok(text) = std::str::from_utf8(&from[start..start + n]) {
                    let json = serde_json::to_string(text).unwrap();
                    assert_eq!(got, &json.as_bytes()[1..json.len() - 1]);
                }
            }
        }
    }
}

#[test]
fn every_byte_is_escaped_alone_and_between_others() {
    for kernel in kernels() {
        for byte in rounds(256).map(|byte| byte as u8) {
            for at in rounds(70) {
                let mut from = [b'x'; 70];
                from[at] = byte;
                let mut to = [0; MOST_ESCAPED * 70 + 64];
                let written = kernel.escape(&from, 0, 70, &mut to);
                assert_eq!(&to[..written], escaped(&from), "{:?}: {byte:#04x} at {at}", kernel.isa());
            }
        }
    }
}

/// Three fields of names of many lengths, as a plan makes them; some leave fields out or change
/// their order.
fn plans(numbers: &mut Numbers) -> Vec<(Vec<Vec<u8>>, Vec<u32>)> {
    [&[0, 1, 2][..], &[2, 0, 1], &[1], &[2, 1]]
        .into_iter()
        .map(|fields| {
            let name = |n: usize| vec![b'N'; n];
            let mut template: Vec<Vec<u8>> =
                fields.iter().map(|_| name(numbers.pick(&[1, 9, 63, 64, 65, 130]))).collect();
            template.push(b"\"}\n".to_vec());
            (template, fields.to_vec())
        })
        .collect()
}

/// Records woven by hand, and what of them the kernel may leave.
struct Woven {
    /// Each whole record of the index: where it starts, and what it becomes if it is to be written
    /// by stitching.
    records: Vec<(usize, Option<Vec<u8>>)>,
    /// Those that a kernel has no reason to leave, room provided.
    plain: Vec<bool>,
}

impl Woven {
    fn of(marks: &Marks, bytes: &[u8], found: &Found, template: &[Vec<u8>], fields: &[u32]) -> Woven {
        let shape = Shape {
            delimiter: marks.delimiter,
            quote: marks.quote,
            terminator: (!marks.pairs).then_some(marks.terminators[0]),
            trim_names: marks.edges,
            trim_values: marks.edges,
            no_header: true,
            ..Shape::default()
        };
        let mut woven = Woven { records: Vec::new(), plain: Vec::new() };
        let mut start = 0;
        for (number, &last) in found.records.iter().enumerate() {
            let first = if number == 0 { 0 } else { found.records[number - 1] };
            let end = found.ends[last - 1];
            let raw = &bytes[start..end];
            let comment = marks.left.is_some() && raw.first() == Some(&b'#');
            // By the model, so that quotes and white space are as they are everywhere.
            let contents = shape.by_hand(raw).pop().map(|record| record.fields);
            let text = contents.filter(|contents| contents.len() == 3 && !comment).map(|contents| {
                let mut text = Vec::new();
                for (piece, &field) in template.iter().zip(fields) {
                    text.extend_from_slice(piece);
                    text.extend(escaped(&contents[field as usize]));
                }
                text.extend_from_slice(&template[fields.len()]);
                text
            });
            let edge = |byte: Option<&u8>| byte.is_some_and(|&byte| byte <= 0x20 || byte >= 0x80);
            let mut at = start;
            let trims = found.ends[first..last].iter().any(|&end| {
                let field = &bytes[at..end];
                at = end + 1;
                marks.edges && (edge(field.first()) || edge(field.last()))
            });
            let dirty = raw.iter().any(|byte| {
                *byte != marks.delimiter
                    && (matches!(byte, b'"' | b'\\' | ..0x20) || marks.quote == Some(*byte))
            });
            woven.plain.push(last - first == 3 && !comment && !trims && !dirty);
            woven.records.push((start, text));
            let pair = marks.pairs && bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
            start = end + 1 + usize::from(pair);
        }
        woven
    }
}

#[test]
fn stitches_are_what_weaving_by_hand_gives() {
    const CANARY: u8 = b'~';
    let kernels = kernels();
    let mut numbers = Numbers(3);
    let mut index = Index::new(2048);
    let (mut n_done, mut n_left) = (0usize, 0usize);
    for marks in marks() {
        for round in rounds(600) {
            let n = numbers.below(if cfg!(miri) { 200 } else { 2000 });
            let strip = match round % 8 {
                0 => chaos(&mut numbers, &marks, n),
                _ => regular(&mut numbers, &marks, n),
            };
            // The strip may end where the input does, or the input may go on.
            let align = numbers.below(64);
            let behind = numbers.pick(&[0, 1, 63, 64, 65, 200]);
            let buffer = [vec![b'.'; align], strip.clone(), vec![b'"'; behind]].concat();
            let from = &buffer[align..];
            let found = Found::naively(&marks, &strip);
            for (template, fields) in plans(&mut numbers) {
                let woven = Woven::of(&marks, &strip, &found, &template, &fields);
                let n_pieces: usize = template.iter().map(Vec::len).sum();
                let built = Template::new(template.iter(), fields.clone(), 3);
                let first = numbers.below(found.records.len() + 1);
                let until = first + numbers.below(found.records.len() - first + 1);
                let start = woven.records.get(first).map_or(strip.len(), |(start, _)| *start);
                let at = numbers.below(100);
                let room = at + numbers.pick(&[100, 500, 2000, if cfg!(miri) { 4000 } else { 40_000 }]);
                let mut same = None;
                for kernel in &kernels {
                    kernel.scan(&marks, &strip, &mut index);
                    let mut to = vec![CANARY; 64 + room + 64];
                    let mut record = (first, start);
                    let within = &mut to[64..64 + room];
                    let end =
                        kernel.weave_plain(from, &marks, &index, &mut record, until, &built, within, at);
                    let what = || {
                        format!(
                            "{:?}, records {first}..{until}, {at} of {room}, {behind} behind, {marks:?}: {}",
                            kernel.isa(),
                            strip.escape_ascii()
                        )
                    };
                    assert!((first..=until).contains(&record.0), "{}", what());
                    let mut expected = Vec::new();
                    for (start, text) in &woven.records[first..record.0] {
                        let text = text.as_ref();
                        let text = text.unwrap_or_else(|| panic!("not to be written: {start}, {}", what()));
                        expected.extend_from_slice(text);
                    }
                    let got = &to[64 + at..64 + end];
                    assert_eq!(
                        got.escape_ascii().to_string(),
                        expected.escape_ascii().to_string(),
                        "{}",
                        what()
                    );
                    let untouched = |bytes: &[u8]| bytes.iter().all(|&byte| byte == CANARY);
                    assert!(untouched(&to[..64 + at]) && untouched(&to[64 + room..]), "{}", what());
                    if let Some((start, _)) = woven.records.get(record.0) {
                        assert_eq!(record.1, *start, "where the next one starts, {}", what());
                    }
                    if record.0 < until {
                        let last = found.ends[found.records[record.0] - 1];
                        let n_bytes = last - record.1;
                        let tight = last + 64 > from.len() || room - end < n_pieces + n_bytes + 128;
                        assert!(tight || !woven.plain[record.0], "record {} left, {}", record.0, what());
                        n_left += 1;
                    }
                    n_done += record.0 - first;
                    assert_eq!(*same.get_or_insert((record, end)), (record, end), "{}", what());
                }
            }
        }
    }
    enough(&[(n_done, 6000 * kernels.len()), (n_left, 300 * kernels.len())]);
}
