//! How long each character is in an encoding of several bytes a character.
//!
//! Places in messages are those of the input, but what is parsed is its text in UTF-8: so from a
//! piece of text the input's bytes that it came from are counted. In most encodings each character
//! determines its length; where one has two, [`Width`] goes by the same always, so that all
//! differences have one sign and none hides another. `offset_map.rs` adds them.

use crate::folding::{FOLDED, Folding, OWN};
use memchr::memchr_iter;

/// How many bytes of an encoding became some text.
pub(in crate::input) enum Width {
    /// It is the text.
    Same,
    /// UTF-16.
    #[cfg(feature = "encodings")]
    Units,
    /// By character.
    #[cfg(feature = "encodings")]
    Table(Box<Table>),
    /// Some bytes stand for more than they are.
    Folded(Box<FoldedWidth>),
}

/// The widths of text, and what bytes that stand for others add to them.
pub(in crate::input) struct FoldedWidth {
    unfolded: Width,
    surplus: [(u8, i64); 6],
}

/// The length of each character of the basic plane, and of all others.
#[cfg(feature = "encodings")]
pub(in crate::input) struct Table {
    basic: [u8; 1 << 16],
    beyond: u8,
}

/// What replaces `n` bytes that cannot be decoded: no UTF-8 holds it, so it is found,
/// counted and replaced where all invalid bytes are, and it says how many they were.
#[cfg(feature = "encodings")]
pub(in crate::input) fn malformed(n: u8) -> u8 {
    0u8.wrapping_sub(n)
}

impl Width {
    #[cfg(feature = "encodings")]
    pub(in crate::input) fn of(encoding: &'static encoding_rs::Encoding) -> Self {
        match encoding {
            _ if encoding == encoding_rs::UTF_8 => Self::Same,
            _ if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE => Self::Units,
            _ => Self::Table(Box::new(Table::new(encoding))),
        }
    }

    /// The same of text that was folded.
    pub(in crate::input) fn folded(self, folding: &Folding) -> Self {
        let [a, b, c] = FOLDED;
        let [d, e, f] = OWN;
        let surplus = [a, b, c, d, e, f].map(|byte| {
            let own = [byte];
            let length = |text: &[u8]| self.measure(text).cast_signed();
            (byte, length(folding.meant(byte).unwrap_or(&own)) - length(&own))
        });
        Self::Folded(Box::new(FoldedWidth { unfolded: self, surplus }))
    }

    /// The length of what became `text`, which does not part a character.
    pub(in crate::input) fn measure(&self, text: &[u8]) -> u64 {
        match self {
            Self::Same => text.len() as u64,
            #[cfg(feature = "encodings")]
            Self::Units => {
                let units = |byte: u8| match byte {
                    0x80..=0xbf => 0,
                    0xf0..=0xf7 => 4,
                    0xf8..=0xff => byte.wrapping_neg(),
                    _ => 2,
                };
                text.iter().map(|&byte| u64::from(units(byte))).sum()
            }
            #[cfg(feature = "encodings")]
            Self::Table(table) => table.measure(text),
            Self::Folded(folded) => folded.measure(text),
        }
    }
}

impl FoldedWidth {
    fn measure(&self, text: &[u8]) -> u64 {
        let count = |wanted: u8| i64::try_from(memchr_iter(wanted, text).count()).unwrap_or(i64::MAX);
        let added = self.surplus.iter().filter(|(_, n)| *n != 0).map(|(byte, n)| n * count(*byte));
        self.unfolded.measure(text).saturating_add_signed(added.sum())
    }
}

#[cfg(feature = "encodings")]
impl Table {
    fn new(encoding: &'static encoding_rs::Encoding) -> Self {
        let is = |name: &str| encoding.name() == name;
        let (gb, iso) = (is("gb18030") || is("GBK"), is("ISO-2022-JP"));
        // What is in no table of two bytes has four in the Chinese standard.
        let (rest, beyond) = if gb { (4, 4) } else { (2, 2) };
        let mut basic = [0; 1 << 16];
        let mut note = |bytes: &[u8]| {
            let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else {
                return;
            };
            let mut n = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
            for character in text.chars() {
                if let Some(known) = basic.get_mut(character as usize) {
                    // The longest in the Chinese standard, the shortest elsewhere. (0 is: not seen
                    // yet.)
                    if *known == 0 || (if gb { *known < n } else { *known > n }) {
                        *known = n;
                    }
                }
                // Two characters for one code: the second adds nothing.
                n = NOTHING;
            }
        };
        let singles = (0x80..=0xff).filter(|&byte| {
            let alone = encoding.decode_without_bom_handling_and_without_replacement(&[byte]).is_some();
            if alone {
                note(&[byte]);
            }
            alone
        });
        let singles: Vec<u8> = singles.collect();
        for first in (0x81..=0xfe).filter(|first| !iso && !singles.contains(first)) {
            (0x30..=0xfe).for_each(|second| note(&[first, second]));
        }
        if is("EUC-JP") {
            for second in 0xa1..=0xfe {
                (0xa1..=0xfe).for_each(|third| note(&[0x8f, second, third]));
            }
        }
        if gb {
            // Of 18 characters there are two forms, since 2005 and 2022.
            for prefix in [[0x82, 0x35, 0x90], [0x82, 0x35, 0x91], [0x84, 0x31, 0x82], [0x84, 0x31, 0x83]] {
                (0x30..=0x39).for_each(|last| note(&[prefix[0], prefix[1], prefix[2], last]));
            }
        }
        for known in &mut basic {
            *known = match *known {
                0 => rest,
                NOTHING => 0,
                n => n,
            };
        }
        Self { basic, beyond }
    }

    fn measure(&self, text: &[u8]) -> u64 {
        let mut n = 0;
        let mut left = text;
        loop {
            let (length, rest) = match left {
                [] => return n,
                [0..=0x7f, rest @ ..] => (1, rest),
                [a @ 0xc0..=0xdf, b, rest @ ..] => (self.basic[code(0, *a & 0x1f, *b)], rest),
                [a @ 0xe0..=0xef, b, c, rest @ ..] => (self.basic[code(*a & 0xf, *b, *c)], rest),
                [0xf0..=0xf7, rest @ ..] => (self.beyond, rest),
                [a @ 0xf8..=0xff, rest @ ..] => (a.wrapping_neg(), rest),
                [_, rest @ ..] => (0, rest),
            };
            n += u64::from(length);
            left = rest;
        }
    }
}

/// Marks a character that adds nothing to the one before it.
#[cfg(feature = "encodings")]
const NOTHING: u8 = u8::MAX;

/// A character of the basic plane from the bits of its last three bytes.
#[cfg(feature = "encodings")]
fn code(a: u8, b: u8, c: u8) -> usize {
    usize::from(a) << 12 | usize::from(b & 0x3f) << 6 | usize::from(c & 0x3f)
}

#[cfg(feature = "encodings")]
#[cfg(test)]
mod tests {
    use super::super::Encoding;
    use super::*;

    /// Of every sequence of up to three bytes, and some of four, that decodes: the width is right,
    /// or all that differ do so on one side.
    #[test]
    fn widths_are_right_but_for_known_ones() {
        for (label, most) in
            [("shift_jis", 0), ("euc-kr", 0), ("big5", 0), ("gbk", 24), ("gb18030", 24), ("euc-jp", 400)]
        {
            let encoding = Encoding::for_label(label).unwrap().0;
            let width = Width::of(encoding);
            let mut wrong = Vec::new();
            let mut hold = |bytes: &[u8]| {
                let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else {
                    return;
                };
                let (is, measured) = (bytes.len() as u64, width.measure(text.as_bytes()));
                if is != measured {
                    wrong.push(is > measured);
                }
            };
            for first in 0..=0xff {
                hold(&[first]);
                for second in 0..=0xff {
                    if encoding.decode_without_bom_handling_and_without_replacement(&[first]).is_none() {
                        hold(&[first, second]);
                    }
                    if first == 0x8f && label == "euc-jp" {
                        (0xa1..=0xfe).for_each(|third| hold(&[first, second, third]));
                    }
                    if label.starts_with("gb") && (0x30..=0x39).contains(&second) {
                        for third in 0x81..=0xfe {
                            (0x30..=0x39).for_each(|fourth| hold(&[first, second, third, fourth]));
                        }
                    }
                }
            }
            assert!(wrong.len() <= most, "{label}: {} widths are wrong", wrong.len());
            assert!(wrong.windows(2).all(|two| two[0] == two[1]), "{label}: they differ on both sides");
        }
    }
}
