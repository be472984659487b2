//! What the scan notes of each field beside its end: bits by which most values of most rules are known, 64 bytes at a time.
//!
//! A rule that says of nearly all values the same (`--infer`, `--type`, `--null`, `--empty`) needs no look at each of them. The notes
//! say which fields are numbers or words of JSON, and which ones are *odd*: those a rule may have to look at. So they may call a field odd
//! that is not, but never miss one. What is found at bytes becomes a bit of a field at its end: a carry runs through the field ([`Any`]).
//!
//! Must not know a rule.

use super::block::Block;
use super::shape::Shape;

/// The longest text that fields are compared with.
const MOST_LETTERS: usize = 16;
/// The most texts.
const MOST_TEXTS: usize = 8;

/// What is to be noted of fields.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Which ones are numbers of JSON, quoted or not, and which of these have no point.
    pub numbers: bool,
    /// Which bare ones are tokens of JSON: a number, `true`, `false`, `null`. One that may be a number with an exponent is odd.
    pub tokens: bool,
    /// Empty fields are odd, quoted or not.
    pub empty: bool,
    /// Some rule goes by the notes.
    any: bool,
    /// All are odd.
    every: bool,
    texts: [([u8; MOST_LETTERS], u8); MOST_TEXTS],
    n_texts: usize,
}

impl Wanted {
    /// Of no field anything.
    pub const NOTHING: Self = Self {
        numbers: false,
        tokens: false,
        empty: false,
        any: false,
        every: false,
        texts: [([0; MOST_LETTERS], 0); MOST_TEXTS],
        n_texts: 0,
    };

    /// That what needs a closer look is odd.
    pub(crate) fn any() -> Self {
        Self { any: true, ..Self::NOTHING }
    }

    /// Bare fields that are this text, which is not empty, are odd too.
    pub(crate) fn text(&mut self, text: &[u8]) {
        let Some(slot) = self.texts.get_mut(self.n_texts).filter(|_| text.len() <= MOST_LETTERS) else {
            self.every = true;
            return;
        };
        slot.0[..text.len()].copy_from_slice(text);
        slot.1 = text.len() as u8;
        self.n_texts += 1;
    }

    /// Whether anything is to be noted.
    pub(super) fn is_any(&self) -> bool {
        self.any
    }
}

/// Notes of the fields of a strip: bit `i` is of field `i`.
#[derive(Debug)]
pub(super) struct Notes {
    /// Numbers, those without a point, and the tokens of bare fields. Of empty fields none is one.
    pub(super) numbers: Box<[u64]>,
    pub(super) wholes: Box<[u64]>,
    pub(super) tokens: Box<[u64]>,
    /// Perhaps empty or one of the texts, and what the other bits don't say.
    pub(super) odd: Box<[u64]>,
    /// Quotes stand around it.
    pub(super) quoted: Box<[u64]>,
    /// What stands in it, without the quotes around, is dirty.
    pub(super) dirty: Box<[u64]>,
}

impl Notes {
    /// For the fields of so many blocks, each a byte or more.
    pub(super) fn new(n_blocks: usize) -> Self {
        let bits = || vec![0; n_blocks + 2].into_boxed_slice();
        Self { numbers: bits(), wholes: bits(), tokens: bits(), odd: bits(), quoted: bits(), dirty: bits() }
    }

    /// What they take for a strip of `n_bytes`.
    pub(super) const fn size_for(n_bytes: usize) -> usize {
        6 * (n_bytes / 8 + 24)
    }
}

/// Sixty-four bits from bit `from` on.
#[inline(always)]
pub(super) fn bits(words: &[u64], from: usize) -> u64 {
    let (at, bit) = (from / 64, from % 64);
    words[at] >> bit | words[at + 1] << 1 << (63 - bit)
}

/// Puts a block's bits behind the first `n`, of which the last word holds zeros behind.
#[inline(always)]
fn append(words: &mut [u64], n: usize, bits: u64) {
    let (at, bit) = (n / 64, n % 64);
    words[at] |= bits << bit;
    words[at + 1] = bits >> 1 >> (63 - bit);
}

/// Says at the end of each field whether a bit is set in it. A carry runs from the bit through the rest of the field, whose
/// bytes are all ones, to its end.
#[derive(Default)]
struct Any(u64);

impl Any {
    #[inline(always)]
    fn at_ends(&mut self, bits: u64, ends: u64) -> u64 {
        let content = !ends;
        let (sum, over) = content.overflowing_add(bits & content);
        let (sum, again) = sum.overflowing_add(self.0);
        self.0 = u64::from(over | again);
        (sum | bits) & ends
    }
}

/// Finds the fields that are one text: a bit runs along with its letters. Of the block before, what was reached at its last byte.
#[derive(Clone, Copy, Default)]
struct Matcher(u32);

impl Matcher {
    /// The ends of the fields that are `letters`, where they start at one of `starts`.
    #[inline(always)]
    fn at_ends<B: Block>(
        &mut self,
        block: B,
        loaded: B::Bytes,
        letters: &[u8],
        starts: u64,
        ends: u64,
    ) -> u64 {
        let before = u64::from(self.0);
        let mut here = starts & block.eq(loaded, letters[0]);
        let mut reached = here >> 63;
        let mut rest = letters.iter().enumerate().skip(1);
        // Two letters are few blocks' beginning of a text, where one is that of many: a branch that can be foreseen.
        if let Some((i, letter)) = rest.next() {
            here = (here << 1 | before >> (i - 1) & 1) & block.eq(loaded, *letter);
            reached |= here >> 63 << i;
        }
        self.0 = reached as u32;
        if here | before == 0 {
            return 0;
        }
        for (i, letter) in rest {
            here = (here << 1 | before >> (i - 1) & 1) & block.eq(loaded, *letter);
            reached |= here >> 63 << i;
        }
        self.0 = reached as u32;
        (here << 1 | before >> (letters.len() - 1) & 1) & ends
    }
}

/// Takes the notes of a strip, block by block.
pub(super) struct Noting<'n> {
    wanted: &'n Wanted,
    notes: &'n mut Notes,
    numbers: Numbers,
    wrong: Any,
    not_whole: Any,
    digit_before: u64,
    exponent: Any,
    words: [Matcher; 3],
    texts: [Matcher; MOST_TEXTS],
    quoted: Any,
    dirty: Any,
    /// Of the block before, in the lowest bits: its last two bytes open a field's quotes; its last is a quote; is dirty.
    opening_before: u64,
    quote_before: u64,
    dirty_before: u64,
}

impl<'n> Noting<'n> {
    #[inline(always)]
    pub(super) fn new(wanted: &'n Wanted, notes: &'n mut Notes) -> Self {
        for words in [
            &mut notes.numbers,
            &mut notes.wholes,
            &mut notes.tokens,
            &mut notes.odd,
            &mut notes.quoted,
            &mut notes.dirty,
        ] {
            words[0] = 0;
        }
        Self {
            wanted,
            notes,
            numbers: Numbers::default(),
            wrong: Any::default(),
            not_whole: Any::default(),
            digit_before: 0,
            exponent: Any::default(),
            words: [Matcher::default(); 3],
            texts: [Matcher::default(); MOST_TEXTS],
            quoted: Any::default(),
            dirty: Any::default(),
            opening_before: 0,
            quote_before: 0,
            dirty_before: 0,
        }
    }

    /// Notes the fields that end at `here`, before which `n` have ended.
    #[inline(always)]
    pub(super) fn block<B: Block>(
        &mut self,
        block: B,
        loaded: B::Bytes,
        found: &Shape,
        dirty: u64,
        here: u64,
        n: usize,
    ) {
        let Shape { quote, ends, starts, .. } = *found;
        let bare = starts & !quote;
        let empty = ends & starts;
        let (mut odd, mut quoted, mut blank) = (0, 0, empty);
        let seen = quote | dirty | self.opening_before | self.quote_before | self.dirty_before;
        if seen | self.quoted.0 | self.dirty.0 != 0 {
            let opening = quote & starts;
            quoted = self.quoted.at_ends(opening, ends);
            blank |= ends & (opening << 2 | self.opening_before);
            // The quote in front of an end closes its field. Each byte's bit moves to the next, where that can be seen.
            let content = dirty & !found.structural & !opening;
            let moved = content << 1 | self.dirty_before;
            let closing = ends & (quote << 1 | self.quote_before);
            let inner = self.dirty.at_ends(moved & !closing | dirty & ends, ends);
            self.opening_before = opening >> 62;
            self.quote_before = quote >> 63;
            self.dirty_before = content >> 63;
            append(&mut self.notes.quoted, n, block.compress(quoted, here));
            append(&mut self.notes.dirty, n, block.compress(inner, here));
        } else {
            self.notes.quoted[n / 64 + 1] = 0;
            self.notes.dirty[n / 64 + 1] = 0;
        }
        if self.wanted.empty {
            odd |= blank;
        }
        for (text, matcher) in self.wanted.texts.iter().zip(&mut self.texts).take(self.wanted.n_texts) {
            odd |= matcher.at_ends(block, loaded, &text.0[..usize::from(text.1)], bare, ends);
        }
        if self.wanted.numbers || self.wanted.tokens {
            let kinds = self.numbers.block(block, loaded, found);
            let numbers = ends & !(self.wrong.at_ends(kinds.wrong, ends) | blank);
            if self.wanted.numbers {
                let whole = numbers & !self.not_whole.at_ends(kinds.point, ends);
                append(&mut self.notes.numbers, n, block.compress(numbers, here));
                append(&mut self.notes.wholes, n, block.compress(whole, here));
            }
            if self.wanted.tokens {
                let words: [&[u8]; 3] = [b"true", b"false", b"null"];
                let mut tokens = numbers;
                let first = block.eq(loaded, b't') | block.eq(loaded, b'f') | block.eq(loaded, b'n');
                if first & bare != 0 || self.words.iter().any(|word| word.0 != 0) {
                    for (word, matcher) in words.into_iter().zip(&mut self.words) {
                        tokens |= matcher.at_ends(block, loaded, word, bare, ends);
                    }
                }
                let exponent = block.eq(loaded, b'e') | block.eq(loaded, b'E');
                odd |= self.exponent.at_ends(exponent & (kinds.digits << 1 | self.digit_before), ends);
                self.digit_before = kinds.digits >> 63;
                append(&mut self.notes.tokens, n, block.compress(tokens & !quoted, here));
            }
        }
        if self.wanted.every {
            odd = ends;
        }
        append(&mut self.notes.odd, n, block.compress(odd, here));
    }
}

/// Finds the fields that are numbers of JSON, without an exponent, by the neighbours of each byte. What a byte makes wrong is noted at the
/// next, which belongs to its field or ends it; so nothing of the block behind is needed.
#[derive(Default)]
struct Numbers {
    /// Of the last byte of the block before, in bit 0: a point or a minus; a zero that is the first digit; a quote that opens a field; a
    /// minus that is the first byte.
    awaits_digit: u64,
    zero: u64,
    quote: u64,
    minus: u64,
    /// A point stood before in the field that goes on.
    pointed: u64,
}

/// What [`Numbers`] finds in a block.
struct Kinds {
    /// Where fields cannot be numbers.
    wrong: u64,
    digits: u64,
    point: u64,
}

impl Numbers {
    #[inline(always)]
    fn block<B: Block>(&mut self, block: B, loaded: B::Bytes, found: &Shape) -> Kinds {
        let digits = block.le(loaded, b'9') & !block.le(loaded, b'/');
        let point = block.eq(loaded, b'.');
        let minus = block.eq(loaded, b'-');
        let zero = block.eq(loaded, b'0');
        let content = !(found.structural | found.quote);
        let opening = found.quote & found.starts;
        // The first byte of the content, and its first digit.
        let first = found.starts & content | opening << 1 | self.quote;
        let sign = minus & first;
        let leading = digits & (first & !sign | sign << 1 | self.minus);
        let mut wrong = content & !(digits | point | minus) | minus & !first;
        // Behind a point or a minus stands a digit, in front of a point too.
        let awaits_digit = point | sign;
        wrong |= (awaits_digit << 1 | self.awaits_digit) & !digits;
        wrong |= point & first;
        // A leading zero has no digit behind it.
        let naught = leading & zero;
        wrong |= (naught << 1 | self.zero) & digits;
        // From behind a point to its field's end there is no other: a carry runs through the content.
        let (sum, over) = content.overflowing_add(point << 1 & content);
        let (sum, again) = sum.overflowing_add(self.pointed);
        wrong |= (sum ^ content) & content & point;
        *self = Self {
            awaits_digit: awaits_digit >> 63,
            zero: naught >> 63,
            quote: opening >> 63,
            minus: sign >> 63,
            pointed: u64::from(over | again) | point >> 63,
        };
        Kinds { wrong, digits, point }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Index, Isa, Kernel, Marks};
    use super::*;

    /// As a JSON parser would say, byte by byte, but for an exponent.
    fn is_number(text: &[u8], whole: bool) -> bool {
        let rest = text.strip_prefix(b"-").unwrap_or(text);
        let (integer, fraction) = match rest.iter().position(|byte| *byte == b'.') {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        digits(integer)
            && (integer.len() == 1 || integer[0] != b'0')
            && fraction.is_none_or(|fraction| !whole && digits(fraction))
    }

    /// Texts of up to six of some characters, and others as they stand in real files; none needs quotes.
    fn fields() -> Vec<Vec<u8>> {
        let alphabet = b"-.01a";
        let mut fields: Vec<Vec<u8>> = Vec::new();
        for n in 0..alphabet.len().pow(6) {
            let (mut text, mut rest) = (Vec::new(), n);
            while rest > 0 {
                text.push(alphabet[rest % alphabet.len()]);
                rest /= alphabet.len();
            }
            fields.push(text);
            if n % 3 == 0 {
                let words =
                    ["true", "false", "null", "NA", "none given", "", "1e5", "\\", "N", "NAN", "-1E+5"];
                fields.push(words[n / 3 % words.len()].into());
                let part = ["tru", "truee", "falsenull", "none give", "none given.", "xNA", "na\u{e9}", "e1"];
                fields.push(part[n / 3 % part.len()].into());
            }
        }
        for n in [54, 55, 56, 57, 58, 63, 64, 65, 130] {
            fields.push(vec![b'7'; n]);
            fields.push([&vec![b'7'; n - 2][..], b".5"].concat());
            fields.push([b"0.", &vec![b'7'; n - 2][..], b"."].concat());
        }
        fields
    }

    /// Each field at many places of a block, quoted and not.
    #[test]
    fn fields_are_told_by_their_bytes_neighbours_alone() {
        let fields = fields();
        let mut wanted = Wanted { numbers: true, tokens: true, empty: true, ..Wanted::any() };
        wanted.text(b"NA");
        wanted.text(b"none given");
        let marks = Marks { wanted, ..Marks::CSV };
        for kernel in Isa::ALL.into_iter().filter_map(Kernel::new) {
            for every in [1, 2, 3, usize::MAX] {
                let mut text = Vec::new();
                let is_quoted = |i: usize| (i + 1).is_multiple_of(every);
                for (i, field) in fields.iter().enumerate() {
                    let quote = if is_quoted(i) { "\"" } else { "" }.as_bytes();
                    text.extend_from_slice(&[quote, field, quote].concat());
                    text.extend_from_slice([&b","[..], b"\n", b"\r\n"][i % 3]);
                }
                let mut index = Index::new(text.len());
                kernel.scan(&marks, &text, &mut index);
                assert!(!index.declined());
                assert_eq!(index.ends().len(), fields.len());
                let notes = index.notes();
                for (i, field) in fields.iter().enumerate() {
                    let noted = |words: &[u64]| bits(words, i) & 1 == 1;
                    let shown =
                        || format!("{kernel:?} {every} {} quoted {}", field.escape_ascii(), is_quoted(i));
                    let number = is_number(field, false);
                    let word = [&b"true"[..], b"false", b"null"].contains(&&field[..]);
                    assert_eq!(noted(&notes.numbers), number, "{}", shown());
                    assert_eq!(noted(&notes.wholes), is_number(field, true), "{}", shown());
                    assert_eq!(noted(&notes.tokens), (number || word) && !is_quoted(i), "{}", shown());
                    assert_eq!(noted(&notes.quoted), is_quoted(i), "{}", shown());
                    let dirty = field.ends_with("\u{e9}".as_bytes()) && !is_quoted(i) || field == b"\\";
                    assert_eq!(noted(&notes.dirty), dirty, "{}", shown());
                    let null = [&b"NA"[..], b"none given"].contains(&&field[..]) && !is_quoted(i);
                    let exponent = [&b"1e5"[..], b"-1E+5"].contains(&&field[..]);
                    assert_eq!(noted(&notes.odd), field.is_empty() || null || exponent, "{}", shown());
                }
            }
        }
    }

    /// More texts than are compared, or a longer one, are looked for by the rule.
    #[test]
    fn what_cannot_be_compared_makes_all_odd() {
        let mut many = Wanted::any();
        (0..9).for_each(|i| many.text(&[b'a' + i]));
        let mut long = Wanted::any();
        long.text(b"seventeen letters");
        for wanted in [many, long] {
            let mut index = Index::new(64);
            Kernel::best().scan(&Marks { wanted, ..Marks::CSV }, b"1,2\n3,4\n", &mut index);
            assert_eq!(bits(&index.notes().odd, 0), 0b1111);
        }
    }
}
