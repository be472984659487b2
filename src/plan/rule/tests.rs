//! Each rule by its values, and what the notes say against a closer look.

use super::content::*;
use super::number::{is_number, is_short_number};
use super::*;
use crate::kernel::Sight;
use serde::de::IgnoredAny;

/// What a value is written as, for content that needs no escape.
fn made(last: &Last, content: &str) -> String {
    let key = HashKey::derive(b"a secret of more than sixteen bytes").unwrap();
    match last.value(Whole { bytes: content.as_bytes(), form: Form::Bare }) {
        Value::Text => format!("\"{content}\""),
        Value::Misfit => "misfit".to_owned(),
        Value::Omitted | Value::Look | Value::EmptyArray => String::new(),
        Value::Word(word) => {
            let (letters, n) = word.letters();
            String::from_utf8(letters[..n].to_vec()).unwrap()
        }
        Value::Token | Value::Json => content.to_owned(),
        Value::Made => {
            let mut made = Vec::new();
            let from = Making { content: content.as_bytes(), key: Some(&key) };
            let Ok(()) = last.make(&from, &mut |piece| {
                let (Piece::Json(piece) | Piece::Text(piece)) = piece;
                made.extend_from_slice(piece);
                Ok::<_, std::convert::Infallible>(())
            });
            String::from_utf8(made).unwrap()
        }
        Value::Part { head, stars, tail } => {
            format!("\"{}{}{}\"", &content[..head], if stars { "***" } else { "" }, &content[tail..])
        }
        Value::Hash => {
            hashed(&key, content.as_bytes(), true).iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

fn typed(wanted: &str, content: &str) -> String {
    made(&Last::Typed(wanted.parse().unwrap()), content)
}

fn masked(mask: &str, content: &str) -> String {
    made(&Last::Masked(mask.parse().unwrap()), content)
}

#[test]
fn masks() {
    for (mask, value, expected) in [
        (Mask::Email, "ada@x.org", "\"a***@x.org\""),
        (Mask::Email, "é@x@y", "\"é***@x@y\""),
        (Mask::Email, "nobody", "\"n***\""),
        (Mask::Email, "@x.org", "\"***@x.org\""),
        (Mask::Redact, "secret", "\"***\""),
        (Mask::Last4, "4111111111111234", "\"***1234\""),
        (Mask::Last4, "12345", "\"***2345\""),
        (Mask::Last4, "1234", "\"***\""),
        (Mask::Last4, "ab日本語", "\"***b日本語\""),
        // As the oracle of the fixtures has it.
        (
            Mask::Hash(Token::default()),
            "ada@x.org",
            "c1432b4eb1b7a08062d0ca619c8b43da6768dfbda888b83b26581fd107a92620",
        ),
    ] {
        assert_eq!(made(&Last::Masked(mask.clone()), value), expected, "{mask:?} {value}");
    }
}

/// What is no UTF-8 counts as the U+FFFD that it becomes.
#[test]
fn masks_of_invalid_bytes_are_those_of_the_text() {
    let shapes: [&[u8]; 9] =
        [b"a", b"@", b"\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0", b"\xff", b"\xc3\xa9"];
    for i in 0..shapes.len().pow(4) {
        let bytes = [i % 9, i / 9 % 9, i / 81 % 9, i / 729].map(|i| shapes[i]).concat();
        let text = String::from_utf8_lossy(&bytes);
        for mask in [Mask::Email, Mask::Last4] {
            let parts =
                |bytes: &[u8]| match Last::Masked(mask.clone()).value(Whole { bytes, form: Form::Bare }) {
                    Value::Part { head, tail, .. } => [&bytes[..head], &bytes[tail..]]
                        .map(|part| String::from_utf8_lossy(part).into_owned()),
                    other => panic!("{other:?}"),
                };
            assert_eq!(parts(&bytes), parts(text.as_bytes()), "{mask:?} {}", bytes.escape_ascii());
        }
    }
}

#[test]
fn a_token_is_exactly_json() {
    for yes in
        ["0", "-0", "-0.10", "1e5", "1E+5", "12345678901234567890123456789012345678901", "true", "null"]
    {
        assert_eq!(made(&Last::Infer, yes), yes);
    }
    for no in [
        "007", "+1", ".5", "1.", "NaN", "1_000", "True", "-", "1e", "0x1", "1 ", "--1", "infinity", "nul",
        "nulls", "1.2.3", "1-2", "00", "-01", "1.-2", "00.5",
    ] {
        assert_eq!(made(&Last::Infer, no), format!("\"{no}\""));
    }
}

#[test]
fn numbers_keep_all_their_digits() {
    for (wanted, text, expected) in [
        (Type::Int, "007", "7"),
        (Type::Int, "+5", "5"),
        (Type::Int, "-000", "-0"),
        (Type::Int, "98765432109876543210987654321", "98765432109876543210987654321"),
        (Type::Float, ".5", "0.5"),
        (Type::Float, "5.", "5"),
        (Type::Float, "-01.50", "-1.50"),
        (Type::Float, "+1E05", "1E05"),
        (Type::Float, "12", "12"),
        (Type::Bool, "tRUE", "true"),
        (Type::Bool, "0", "false"),
        (Type::Bool, "No", "false"),
        (Type::Bool, "YES", "true"),
    ] {
        assert_eq!(made(&Last::Typed(wanted.clone()), text), expected, "{wanted:?} {text}");
    }
    for (wanted, text) in [
        (Type::Int, "1.0"),
        (Type::Int, "1e3"),
        (Type::Int, "-"),
        (Type::Int, "1-2"),
        (Type::Int, "0x10"),
        (Type::Int, "12 "),
        (Type::Float, "."),
        (Type::Float, "1e"),
        (Type::Float, "NaN"),
        (Type::Float, "1,5"),
        (Type::Float, "1_000"),
        (Type::Bool, "2"),
        (Type::Bool, "on"),
        (Type::Bool, "\u{11}"),
    ] {
        assert_eq!(made(&Last::Typed(wanted.clone()), text), "misfit", "{wanted:?} {text}");
    }
}

/// All texts of up to six of these characters: what is a number, serde_json says.
#[test]
fn numbers_are_those_of_serde_json() {
    let alphabet = b"-+.eE019 ";
    for n in 0..alphabet.len().pow(6) {
        let mut text = Vec::new();
        let mut rest = n;
        while rest > 0 {
            text.push(alphabet[rest % alphabet.len()]);
            rest /= alphabet.len();
        }
        let blank = text.contains(&b' ');
        let expected = !blank && serde_json::from_slice::<IgnoredAny>(&text).is_ok();
        assert_eq!(is_number(&text), expected, "{}", text.escape_ascii());
    }
}

/// All bytes at once give what one after another gives.
#[test]
fn short_numbers_are_numbers() {
    let alphabet = b"-.019e/:\xff";
    for n in 0..alphabet.len().pow(6) {
        let (mut text, mut rest) = (Vec::new(), n);
        while rest > 0 {
            text.push(alphabet[rest % alphabet.len()]);
            rest /= alphabet.len();
        }
        // Longer ones too: the last byte again and again.
        let last = text.last().copied().unwrap_or(b'1');
        let longer = [4, 8, 9, 15, 16, 17].into_iter().filter(|longer| n % 7 == 0 && *longer > text.len());
        for n in [text.len()].into_iter().chain(longer) {
            let mut bytes = text.clone();
            bytes.resize(n, last);
            let content = Whole { bytes: &bytes, form: Form::Bare };
            let wanted = bytes.len() <= 16 && is_number(&bytes) && !bytes.contains(&b'e');
            assert_eq!(is_short_number(&content, false), wanted, "{}", bytes.escape_ascii());
            let whole = wanted && !bytes.contains(&b'.');
            assert_eq!(is_short_number(&content, true), whole, "{}", bytes.escape_ascii());
        }
    }
}

/// What the kernel takes for known without asking is what the rule would say.
#[test]
fn what_is_known_at_sight_is_what_the_rule_says() {
    let typed = Type::ALL.map(Last::Typed).into_iter().chain(Mask::ALL.map(Last::Masked));
    for last in [Last::Text, Last::Infer].into_iter().chain(typed) {
        for text in
            ["0", "-0", "-7", "12.50", "-0.1", "007", "+5", ".5", "5.", "true", "false", "null", "True", "x"]
        {
            let value = last.value(Whole { bytes: text.as_bytes(), form: Form::Bare });
            let number = is_number(text.as_bytes());
            let word = ["true", "false", "null"].contains(&text);
            let known = match last.sight() {
                Sight::Nothing => continue,
                Sight::Text => Value::Text,
                Sight::Tokens if number || word => Value::Token,
                Sight::Tokens => Value::Text,
                Sight::Numbers if number => Value::Token,
                Sight::Wholes if number && !text.contains('.') => Value::Token,
                Sight::Numbers | Sight::Wholes => continue,
            };
            assert_eq!(value, known, "{last:?} {text}");
        }
        // In quotes a token is text.
        if last.sight() == Sight::Tokens {
            assert_eq!(last.value(Whole { bytes: b"5", form: Form::Other }), Value::Text);
        }
    }
}

#[test]
fn numbers_are_read_as_people_write_them() {
    for (wanted, text, expected) in [
        ("float(comma)", "1234,50", "1234.50"),
        ("float(comma)", "-,5", "-0.5"),
        ("float(comma)", "7", "7"),
        ("float(comma)", "1,5e-3", "1.5e-3"),
        ("float(comma,thousands)", "1.234.567,89", "1234567.89"),
        ("float(comma,thousands)", "1 234,5", "1234.5"),
        ("float(comma,thousands)", "1\u{202f}234", "1234"),
        ("float(thousands)", "-1,234,567.00", "-1234567.00"),
        ("int(thousands)", "1'234'567", "1234567"),
        ("int(thousands)", "12345678901234567890123", "12345678901234567890123"),
        ("float(trailing-minus)", "12.50-", "-12.50"),
        ("float(trailing-minus)", "12.50", "12.50"),
        ("float(currency)", "$1.5", "1.5"),
        ("float(currency)", "-$ 1.5", "-1.5"),
        ("float(currency)", "$-1.5", "-1.5"),
        ("float(comma,thousands,currency)", "1.234,50 €", "1234.50"),
        ("float(comma,currency)", "EUR 12,5", "12.5"),
        ("float(comma,currency)", "12,5EUR", "12.5"),
        ("float(currency,trailing-minus)", "12.5- USD", "-12.5"),
        ("float(currency,trailing-minus)", "12.5 USD-", "-12.5"),
        ("float(currency)", "1e5EUR", "1e5"),
        ("int(unit=kg)", "12 kg", "12"),
        ("int(unit=kg)", "12", "12"),
        ("percent", "12.5%", "12.5"),
        ("percent(comma)", "12,5 %", "12.5"),
        ("percent", "%5", "5"),
    ] {
        assert_eq!(typed(wanted, text), expected, "{wanted} {text}");
    }
    for (wanted, text) in [
        ("float(comma)", "1.5"),
        ("float(comma)", ","),
        ("float(comma,thousands)", "1.23"),
        ("float(comma,thousands)", "1.234.56,7"),
        ("float(comma,thousands)", "1.234 567"),
        ("float(comma,thousands)", "1234.567"),
        ("int(thousands)", "1,2345"),
        ("int(thousands)", "0,012"),
        ("float(comma,thousands)", "0.123"),
        ("int(thousands)", "1,"),
        ("int(thousands)", "1.000"),
        ("float(trailing-minus)", "-5-"),
        ("float(trailing-minus)", "5+"),
        ("float(currency)", "$5$"),
        ("float(currency)", "5 eur"),
        ("float(currency)", "$"),
        ("int(unit=kg)", "12 g"),
        ("percent", "12.5"),
        ("percent", "%5%"),
        ("int(thousands)", "\u{b2}"),
    ] {
        assert_eq!(typed(wanted, text), "misfit", "{wanted} {text}");
    }
}

#[test]
fn days_and_moments_are_read_by_their_pattern() {
    for (wanted, text, expected) in [
        ("date", "2026-03-05", "2026-03-05"),
        ("date(%d.%m.%Y)", "05.03.2026", "2026-03-05"),
        ("date(%-d.%-m.%Y)", "5.3.2026", "2026-03-05"),
        ("date(%m/%d/%y)", "02/29/24", "2024-02-29"),
        ("date(%m/%d/%y)", "02/28/69", "1969-02-28"),
        ("date(%d %b %Y)", "05 MAR 2026", "2026-03-05"),
        ("date(%a, %d %B %Y)", "Thu, 05 March 2026", "2026-03-05"),
        ("date(%Y%j)", "2024366", "2024-12-31"),
        ("date(%Y%m%d)", "20260305", "2026-03-05"),
        ("timestamp", "2026-03-05 10:20:30", "2026-03-05T10:20:30"),
        ("timestamp", "2026-03-05T10:20:30.120450Z", "2026-03-05T10:20:30.120450Z"),
        ("timestamp", "2026-03-05T10:20:30+0530", "2026-03-05T10:20:30+05:30"),
        ("timestamp", "2026-03-05 10:20", "2026-03-05T10:20:00"),
        ("timestamp", "2026-03-05T10:20Z", "2026-03-05T10:20:00Z"),
        ("timestamp(%d.%m.%Y %H:%M)", "05.03.2026 10:20", "2026-03-05T10:20:00"),
        ("timestamp(%m/%d/%Y %I:%M %p)", "03/05/2026 12:20 am", "2026-03-05T00:20:00"),
        ("timestamp(%m/%d/%Y %I:%M %p)", "03/05/2026 12:20 PM", "2026-03-05T12:20:00"),
        ("timestamp(%F %T, Europe/Berlin)", "2026-03-05 10:20:30", "2026-03-05T10:20:30+01:00"),
        ("timestamp(%F %T, Europe/Berlin)", "2026-07-05 10:20:30", "2026-07-05T10:20:30+02:00"),
        ("timestamp(%F %T,UTC)", "2026-07-05 10:20:30", "2026-07-05T10:20:30Z"),
        ("timestamp(%s)", "1772706030", "2026-03-05T10:20:30Z"),
        ("timestamp(%s.%f)", "1772706030.001", "2026-03-05T10:20:30.001Z"),
        ("timestamp(%s)", "-1", "1969-12-31T23:59:59Z"),
        ("timestamp(%F %T%z)", "2026-03-05 10:20:30-03", "2026-03-05T10:20:30-03:00"),
    ] {
        assert_eq!(typed(wanted, text), format!("\"{expected}\""), "{wanted} {text}");
    }
    for (wanted, text) in [
        ("date", "2026-02-29"),
        ("date", "2026-3-5"),
        ("date", "0000-01-01"),
        ("date", "2026-03-05 "),
        ("date(%d.%m.%Y)", "5.03.2026"),
        ("date(%d.%m.%Y)", "05.13.2026"),
        ("date(%d.%m.%Y)", "05.03.26"),
        ("date(%a, %d %B %Y)", "Fri, 05 March 2026"),
        ("date(%Y%j)", "2023366"),
        ("timestamp", "2026-03-05T24:00:00"),
        ("timestamp", "2026-03-05T10:20:60"),
        ("timestamp", "2026-03-05"),
        ("timestamp(%m/%d/%Y %I:%M %p)", "03/05/2026 13:20 pm"),
        // The clocks skip it, and show it twice.
        ("timestamp(%F %T, Europe/Berlin)", "2026-03-29 02:30:00"),
        ("timestamp(%F %T, Europe/Berlin)", "2026-10-25 02:30:00"),
        ("timestamp(%s.%f)", "-1.5"),
        ("timestamp(%s)", "99999999999999999999"),
    ] {
        assert_eq!(typed(wanted, text), "misfit", "{wanted} {text}");
    }
}

#[test]
fn what_cannot_be_a_type_or_mask_is_told() {
    for (wanted, expected) in [
        ("date(%d.%m)", "the pattern has no whole day"),
        ("date(%F %T)", "the pattern has a time; timestamp(…) keeps it"),
        ("timestamp(%F)", "the pattern has no hour"),
        ("timestamp(%F %T%z, UTC)", "the pattern has an offset"),
        ("timestamp(%F %T, Mars/Base)", "no time zone is named 'Mars/Base'"),
        ("date(%q)", "'%q' is not known"),
        ("date(%Y%-m%-d)", "digits follow a number that may have one digit or two"),
        ("date(%d.%m.%Y, UTC)", "a day has no zone"),
        ("date(%F %d)", "says something twice"),
        ("timestamp(%F %I)", "%I needs %p"),
        ("float(coma)", "float(coma): there are comma,"),
        ("percent(currency)", "percent has the first three"),
        ("number", "no type is named 'number'; there are int, float,"),
    ] {
        let error = wanted.parse::<Type>().unwrap_err();
        assert!(error.contains(expected), "{wanted}: {error}");
    }
    for (mask, expected) in [
        ("hash:7", "from 8 to 64, not '7'"),
        ("hash(upper)", "there are hash(lower) and hash(digits)"),
        ("prefix:0", "from 1 to 100"),
        ("shred", "no style is named 'shred'; there are email, redact"),
    ] {
        let error = mask.parse::<Mask>().unwrap_err();
        assert!(error.contains(expected), "{mask}: {error}");
    }
}

/// What is typed is what a plan carries.
#[test]
fn parameters_are_written_as_they_are_typed() {
    for wanted in [
        "float(comma,thousands)",
        "int(trailing-minus,currency)",
        "float(unit=kg)",
        "percent",
        "date",
        "date(%d.%m.%Y)",
        "timestamp(%F %T, Europe/Berlin)",
        "int",
    ] {
        assert_eq!(wanted.parse::<Type>().unwrap().to_string(), wanted);
    }
    for mask in
        ["hash", "hash:16", "hash(lower)", "hash:16(digits)", "email:hash:8(lower)", "prefix:2", "year"]
    {
        assert_eq!(mask.parse::<Mask>().unwrap().to_string(), mask);
    }
}

#[test]
fn masks_keep_what_is_useful() {
    for (mask, value, expected) in [
        ("phone", "+49 171 5550142", "\"***42\""),
        ("phone", "555-01 (4) 2x", "\"***42\""),
        ("phone", "1142", "\"***\""),
        ("phone", "none", "\"***\""),
        ("year", "1985-03-12", "\"1985\""),
        ("year", "12.03.1985", "\"1985\""),
        ("year", "19850312", "\"***\""),
        ("prefix:2", "10115", "\"10***\""),
        ("prefix:2", "10", "\"***\""),
        ("prefix:2", "äöü", "\"äö***\""),
    ] {
        assert_eq!(masked(mask, value), expected, "{mask} {value}");
    }
    let whole = masked("hash", "ada@x.org");
    assert_eq!(masked("hash:16", "ada@x.org"), format!("\"{}\"", &whole[..16]));
    assert_eq!(masked("hash:64(lower)", "Ada@X.org"), format!("\"{whole}\""));
    assert_eq!(masked("email:hash:8", "ada@x.org"), format!("\"{}@x.org\"", &whole[..8]));
    assert_eq!(masked("email:hash:8(lower)", "Ada@X.org"), format!("\"{}@x.org\"", &whole[..8]));
    assert_eq!(masked("hash(digits)", "+49 171"), masked("hash(digits)", "(+49)171"));
    assert_ne!(masked("hash(digits)", "none"), masked("hash(digits)", "-"));
}
