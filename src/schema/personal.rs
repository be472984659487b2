//! What looks like an e-mail address, a telephone number, an IBAN or the number of a card.

/// One `@` with something before it, a name with a point behind it, and nothing that needs quotes.
pub(super) fn is_email(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|byte| *byte == b'@') else { return false };
    let (local, host) = (&text[..at], &text[at + 1..]);
    let is_plain = |byte: &u8| {
        !matches!(
            byte,
            0..=b' '
                | 0x7f
                | b'@'
                | b'"'
                | b'('
                | b')'
                | b','
                | b':'
                | b';'
                | b'<'
                | b'>'
                | b'['
                | b'\\'
                | b']'
        )
    };
    let is_inner = |host: &[u8]| host.first() != Some(&b'.') && host.last() != Some(&b'.');
    !local.is_empty()
        && text.len() <= 320
        && host.contains(&b'.')
        && is_inner(host)
        && local.iter().all(is_plain)
        && host.iter().all(is_plain)
}

/// A plus sign and 8 to 15 digits; or 7 to 15 digits that start with `0` or a parenthesis, and
/// something between them. A whole number alone is none.
pub(super) fn is_phone(text: &[u8]) -> bool {
    if text.len() > 40 {
        return false;
    }
    let (plus, rest) = match text {
        [b'+', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let n_digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
    let mut between = rest.iter().filter(|byte| !byte.is_ascii_digit()).peekable();
    let has_between = between.peek().is_some();
    let all = between.all(|byte| matches!(byte, b' ' | b'-' | b'/' | b'(' | b')') || plus && *byte == b'.');
    let starts = plus || has_between && matches!(rest.first(), Some(b'0' | b'('));
    all && starts && (if plus { 8..=15 } else { 7..=15 }).contains(&n_digits)
}

/// Two letters, two digits, 11 to 30 more, in groups or not, with the right check sum.
pub(super) fn is_iban(text: &[u8]) -> bool {
    if !(15..=42).contains(&text.len()) {
        return false;
    }
    let (mut all, mut n) = ([0; 34], 0);
    for byte in text.iter().filter(|byte| **byte != b' ') {
        let Some(slot) = all.get_mut(n) else { return false };
        if !(byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return false;
        }
        (*slot, n) = (*byte, n + 1);
    }
    let is_country = all[..2].iter().all(u8::is_ascii_uppercase) && all[2..4].iter().all(u8::is_ascii_digit);
    if n < 15 || !is_country || text.ends_with(b" ") {
        return false;
    }
    // The first four count last (ISO 13616); letters count from 10 on.
    let rest = all[4..n].iter().chain(&all[..4]).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    rest == 1
}

/// 13 to 19 digits, in groups or not, with the right last one (ISO/IEC 7812, Luhn).
pub(super) fn is_card(text: &[u8]) -> bool {
    if !(13..=23).contains(&text.len()) {
        return false;
    }
    let (mut n, mut sum) = (0, 0);
    for (i, byte) in text.iter().rev().enumerate() {
        match byte {
            b'0'..=b'9' => {
                let digit = u32::from(byte - b'0') * (1 + n % 2);
                sum += digit / 10 + digit % 10;
                n += 1;
            }
            // Between digits, one at a time.
            b' ' | b'-' if i > 0 && i + 1 < text.len() && text[text.len() - i].is_ascii_digit() => {}
            _ => return false,
        }
    }
    (13..=19).contains(&n) && sum.is_multiple_of(10) && sum > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_known_by_its_form_and_check_sum() {
        for (text, expected) in [
            ("ada@example.org", [true, false, false, false]),
            ("a.b+c@mail.example.co.uk", [true, false, false, false]),
            ("ada@localhost", [false; 4]),
            ("a b@x.org", [false; 4]),
            ("a@b@x.org", [false; 4]),
            ("@x.org", [false; 4]),
            ("a@.org", [false; 4]),
            ("+41 44 668 18 00", [false, true, false, false]),
            ("+14155552671", [false, true, false, false]),
            ("044/668 18 00", [false, true, false, false]),
            ("(212) 555-2671", [false, true, false, false]),
            ("2125552671", [false; 4]),
            ("2024-01-31", [false; 4]),
            ("DE89 3704 0044 0532 0130 00", [false, false, true, false]),
            ("GB82WEST12345698765432", [false, false, true, false]),
            ("GB82WEST12345698765431", [false; 4]),
            ("4111 1111 1111 1111", [false, false, false, true]),
            ("4111111111111111", [false, false, false, true]),
            ("4111-1111-1111-1112", [false; 4]),
            ("4111  11111111111", [false; 4]),
            ("0000000000000", [false; 4]),
        ] {
            let bytes = text.as_bytes();
            assert_eq!(
                [is_email(bytes), is_phone(bytes), is_iban(bytes), is_card(bytes)],
                expected,
                "{text}"
            );
        }
    }
}
