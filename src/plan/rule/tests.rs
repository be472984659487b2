//! Each rule by its values, and what the notes say against a closer look.

use super::content::*;
use super::number::{is_number, is_short_number};
use super::*;
use crate::kernel::Sight;
use serde::de::IgnoredAny;

/// What a value is written as, for content that needs no escape.
fn written(value: Value, content: &str) -> String {
    match value {
        Value::Text => format!("\"{content}\""),
        Value::Misfit => "misfit".to_owned(),
        Value::Omitted | Value::Look => String::new(),
        Value::Word(word) => {
            let (letters, n) = word.letters();
            String::from_utf8(letters[..n].to_vec()).unwrap()
        }
        Value::Token | Value::Json => content.to_owned(),
        Value::Number => {
            let Number { negative, whole, fraction, exponent } = number(content.as_bytes()).unwrap();
            let point: &[u8] = if fraction.is_empty() { b"" } else { b"." };
            let sign: &[u8] = if negative { b"-" } else { b"" };
            String::from_utf8([sign, whole, point, fraction, exponent].concat()).unwrap()
        }
        Value::Part { head, stars, tail } => {
            format!("\"{}{}{}\"", &content[..head], if stars { "***" } else { "" }, &content[tail..])
        }
        Value::Hash => {
            let key = HashKey::derive(b"a secret of more than sixteen bytes").unwrap();
            hashed(&key, content.as_bytes(), true).iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

fn made(last: Last, content: &str) -> String {
    written(last.value(Whole { bytes: content.as_bytes(), form: Form::Bare }), content)
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
        (Mask::Hash, "ada@x.org", "c1432b4eb1b7a08062d0ca619c8b43da6768dfbda888b83b26581fd107a92620"),
    ] {
        assert_eq!(made(Last::Masked(mask), value), expected, "{mask:?} {value}");
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
            let parts = |bytes: &[u8]| match Last::Masked(mask).value(Whole { bytes, form: Form::Bare }) {
                Value::Part { head, tail, .. } => {
                    [&bytes[..head], &bytes[tail..]].map(|part| String::from_utf8_lossy(part).into_owned())
                }
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
        assert_eq!(made(Last::Infer, yes), yes);
    }
    for no in [
        "007", "+1", ".5", "1.", "NaN", "1_000", "True", "-", "1e", "0x1", "1 ", "--1", "infinity", "nul",
        "nulls", "1.2.3", "1-2", "00", "-01", "1.-2", "00.5",
    ] {
        assert_eq!(made(Last::Infer, no), format!("\"{no}\""));
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
        assert_eq!(made(Last::Typed(wanted), text), expected, "{wanted:?} {text}");
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
        assert_eq!(made(Last::Typed(wanted), text), "misfit", "{wanted:?} {text}");
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
            let known = match last.asks().0 {
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
        if last.asks().0 == Sight::Tokens {
            assert_eq!(last.value(Whole { bytes: b"5", form: Form::Other }), Value::Text);
        }
    }
}
