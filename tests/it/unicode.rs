//! Whatever bytes go in, valid JSON in valid UTF-8 comes out, with U+FFFD where and as often as
//! WHATWG's decoder has it.
//!
//! The expectations are `encoding_rs`'s and `serde_json`'s; each file goes through every kernel,
//! window size and kind of source.

use encoding_rs::UTF_8;
use serde_json::Value;

use crate::invariance::{Case, hold_small};

/// Holds a file of two columns, whose second fields are `fields`, against what the decoder gives.
fn hold(name: &'static str, fields: &[Vec<u8>]) {
    let mut bytes = b"n,text\n".to_vec();
    let mut lines = Vec::new();
    let mut n_replaced = 0;
    for (i, field) in fields.iter().enumerate() {
        bytes.extend(format!("{i},").bytes());
        bytes.extend(field);
        bytes.push(b'\n');
        let (text, _) = UTF_8.decode_without_bom_handling(field);
        let n = text.matches('\u{fffd}').count();
        // Each U+FFFD that is in the input as such is three bytes there.
        let own = field.windows(3).filter(|three| three == b"\xef\xbf\xbd").count();
        n_replaced += n - own;
        lines.push(format!("{{\"n\":\"{i}\",\"text\":{}}}\n", serde_json::to_string(&text).unwrap()));
    }
    let case = Case::csv(name, bytes, &["--trim", "none"]);
    let expected = String::from_utf8(case.expected.output.clone()).unwrap();
    assert!(expected == lines.concat(), "{name}: the model and the decoder differ");
    assert_eq!(case.expected.invalid, n_replaced as u64, "{name}");
    for line in expected.lines() {
        let parsed: Value = serde_json::from_str(line).unwrap();
        assert_eq!(parsed.as_object().unwrap().len(), 2);
    }
    hold_small(&case);
}

/// Every byte alone, before and behind each kind of other, and every two.
#[test]
fn pairs_of_bytes() {
    let others: [u8; 12] = [b'a', 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xff];
    let structural = |byte: u8| [b',', b'"', b'\r', b'\n'].contains(&byte);
    let mut fields = Vec::new();
    for byte in (0..=255).filter(|byte| !structural(*byte)) {
        fields.push(vec![byte]);
        for other in others {
            fields.push(vec![byte, other]);
            fields.push(vec![other, byte]);
            fields.push([b"some text ".as_slice(), &[other, byte], b" and more"].concat());
        }
    }
    hold("pairs", &fields);
}

/// Sequences of three and four bytes, each of a class that the decoder tells apart, and cut short
/// at every length.
#[test]
fn longer_sequences() {
    let firsts = [0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfc, 0xfe];
    let nexts = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xf0];
    let mut fields = Vec::new();
    for first in firsts {
        for second in nexts {
            for third in nexts {
                fields.push(vec![first, second, third]);
                for fourth in [0x41, 0x80, 0xbf, 0xc2] {
                    fields.push(vec![first, second, third, fourth]);
                }
            }
        }
    }
    hold("sequences", &fields);
}

/// Valid characters of every length, ill-formed ones (overlong, surrogates, beyond the last, cut
/// short), moved over the edges of blocks, strips and windows.
#[test]
fn at_every_edge() {
    let shapes: [&[u8]; 16] = [
        "é".as_bytes(),
        "€".as_bytes(),
        "😀".as_bytes(),
        "\u{fffd}".as_bytes(),
        "\u{feff}".as_bytes(),
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf\xed\xb0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf7\xbf\xbf\xbf",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
        b"\x80",
        b"\xff",
    ];
    let mut fields = Vec::new();
    for n in 0..70 {
        for shape in shapes {
            fields.push([&vec![b'x'; n][..], shape].concat());
            fields.push([&vec![b'x'; n][..], shape, b"y"].concat());
        }
    }
    hold("edges", &fields);
}

/// Every byte at every place of a field of 70, where it is no structure.
#[test]
fn every_byte_everywhere() {
    let mut fields = Vec::new();
    for byte in (0..=255u8).filter(|byte| ![b',', b'"', b'\r', b'\n'].contains(byte)) {
        for at in (0..70).step_by(1 + usize::from(byte % 3)) {
            let mut field = vec![b'.'; 70];
            field[at] = byte;
            fields.push(field);
        }
    }
    hold("every byte", &fields);
}
