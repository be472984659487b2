//! What the scan notes of each field beside its end: bits by which most values of most rules are
//! known, 64 bytes at a time.
//!
//! A rule that says of nearly all values the same (`--infer`, `--type`, `--null`, `--empty`) needs
//! no look at each of them. The notes say which fields are numbers or words of JSON, and which ones
//! are *odd*: those a rule may have to look at. So they may call a field odd that is not, but never
//! miss one. What is found at bytes becomes a bit of a field at its end: a carry runs through the
//! field ([`Any`]).
//!
//! This file does not know a rule.

use super::block::{Block, Work};
use super::matcher::{Edges, FindWords, Matcher, Words};
use super::numbers::{Kinds, Numbers};
use super::shape::{Outline, blocks};
use super::wanted::{MOST_TEXTS, Wanted};

/// Notes of 64 fields of a strip, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Notes {
    /// Numbers, those without a point, and the tokens of bare fields. Of empty fields none is one.
    pub(super) numbers: u64,
    pub(super) wholes: u64,
    pub(super) tokens: u64,
    /// Perhaps empty or one of the texts, and what the other bits don't say.
    pub(super) odd: u64,
    /// Quotes stand around it.
    pub(super) quoted: u64,
    /// What stands in it, without the quotes around, is dirty.
    pub(super) dirty: u64,
}

impl Notes {
    /// For the fields of so many blocks, each a byte or more.
    pub(super) fn of_blocks(n_blocks: usize) -> Box<[Self]> {
        vec![Self::default(); n_blocks + 2].into_boxed_slice()
    }

    /// Those of 64 fields, field `first` and those behind it.
    #[inline(always)]
    pub(super) fn from(notes: &[Self], first: usize) -> Self {
        let [this, next] = notes[first / 64..].first_chunk().expect("a spare word is kept");
        let of = |bits: fn(&Self) -> u64| across(bits(this), bits(next), first % 64);
        Self {
            numbers: of(|notes| notes.numbers),
            wholes: of(|notes| notes.wholes),
            tokens: of(|notes| notes.tokens),
            odd: of(|notes| notes.odd),
            quoted: of(|notes| notes.quoted),
            dirty: of(|notes| notes.dirty),
        }
    }

    /// What they take for a strip of `n_bytes`.
    pub(super) const fn size_for(n_bytes: usize) -> usize {
        (n_bytes / 64 + 3) * size_of::<Self>()
    }
}

/// Sixty-four bits from bit `from` on.
#[inline(always)]
pub(super) fn bits(words: &[u64], from: usize) -> u64 {
    across(words[from / 64], words[from / 64 + 1], from % 64)
}

/// The 64 bits that start at bit `bit` of two words.
#[inline(always)]
fn across(this: u64, next: u64, bit: usize) -> u64 {
    this >> bit | next << 1 << (63 - bit)
}

/// Two words, the first with `bits` from bit `bit` on, where it has zeros, the second with what
/// goes over.
#[inline(always)]
fn append(this: u64, bit: usize, bits: u64) -> (u64, u64) {
    (this | bits << bit, bits >> 1 >> (63 - bit))
}

/// Says at the end of each field whether a bit is set in it. A carry runs from the bit through the
/// rest of the field, whose bytes are all ones, to its end. It holds what runs on into the next
/// block.
#[derive(Clone, Copy, Default)]
struct Any(u64);

impl Any {
    #[inline(always)]
    fn at_ends(&mut self, bits: u64, ends: u64) -> u64 {
        let content = !ends;
        let (sum, over) = content.overflowing_add(bits & content | self.0);
        self.0 = u64::from(over);
        (sum | bits) & ends
    }
}

/// Takes the notes of the fields of a strip of which the scan has the outlines of the blocks, and
/// their dirty bytes if there are any. `bytes` ends where the scan stopped.
///
/// In loops of their own. Within the scan, with most of its state on the stack, `--infer` took 1.57
/// of plain conversion's time on `people` and 1.60 on `wide`, so 1.51 and 1.71 (AVX-512,
/// 2026-11-26, before numbers were found as now): no more in all, and small enough to improve.
#[inline(always)]
pub(super) fn note<B: Block>(
    block: B,
    wanted: &Wanted,
    bytes: &[u8],
    outlines: &[Outline],
    dirty: Option<&[u64]>,
    notes: &mut [Notes],
) {
    notes.fill(Notes::default());
    let Wanted { numbers, wholes, tokens, empty, every, n_texts, .. } = *wanted;
    if dirty.is_some() || empty || every || n_texts > 0 {
        let dirty = dirty.unwrap_or_default();
        block.apart(NoteOdd { wanted, bytes, outlines, dirty, notes });
    }
    match (numbers, wholes, tokens) {
        (false, false, false) => {}
        (true, false, false) => block.apart(NoteNumbers::<NUMBERS> { wanted, bytes, outlines, notes }),
        (false, true, false) => block.apart(NoteNumbers::<WHOLES> { wanted, bytes, outlines, notes }),
        (false, false, true) if !wanted.in_quotes => {
            block.apart(NoteNumbers::<BARE_TOKENS> { wanted, bytes, outlines, notes });
        }
        _ => block.apart(NoteNumbers::<ANY> { wanted, bytes, outlines, notes }),
    }
}

/// Notes which fields are quoted, dirty and odd.
struct NoteOdd<'n> {
    wanted: &'n Wanted,
    bytes: &'n [u8],
    outlines: &'n [Outline],
    dirty: &'n [u64],
    notes: &'n mut [Notes],
}

/// What [`NoteOdd`] knows of quotes and dirt in the block before; mostly nothing.
#[derive(Clone, Copy, Default)]
struct Quotes {
    quoted: Any,
    dirty: Any,
    /// In the lowest bits: its last two bytes open a field's quotes; its last is a quote; is dirty
    /// content.
    opening: u64,
    quote: u64,
    content: u64,
    /// One of all these.
    any: u64,
}

impl Quotes {
    /// The ends of fields that are quoted, of those that are dirty within, and of those that are
    /// empty within.
    #[inline(always)]
    fn at_ends(&mut self, outline: &Outline, starts: u64, dirty: u64) -> (u64, u64, u64) {
        let Outline { ends, structural, quote } = *outline;
        let opening = quote & starts;
        let quoted = self.quoted.at_ends(opening, ends);
        let empty = ends & (opening << 2 | self.opening);
        // The quote in front of an end closes its field. Each byte's bit moves to the next, where
        // that can be seen.
        let content = dirty & !structural & !opening;
        let moved = content << 1 | self.content;
        let closing = ends & (quote << 1 | self.quote);
        let dirty = self.dirty.at_ends(moved & !closing | dirty & ends, ends);
        (self.opening, self.quote, self.content) = (opening >> 62, quote >> 63, content >> 63);
        self.any = self.quoted.0 | self.dirty.0 | self.opening | self.quote | self.content;
        (quoted, dirty, empty)
    }
}

impl Work for NoteOdd<'_> {
    type Output = ();

    #[inline(always)]
    fn on<B: Block>(self, block: B) {
        let Self { wanted, bytes, outlines, dirty, notes } = self;
        let (mut n, mut structural_before) = (0, 1);
        let mut quotes = Quotes::default();
        let mut matchers = [Matcher::default(); MOST_TEXTS];
        let texts = &wanted.texts[..wanted.n_texts];
        // The last byte of the block before opens a field's quotes.
        let mut opened = 0;
        blocks(bytes, |bytes, number, _| {
            let (outline, dirty) = (outlines[number], dirty.get(number).copied().unwrap_or(0));
            let Outline { ends, structural, quote } = outline;
            let starts = structural << 1 | structural_before;
            structural_before = structural >> 63;
            let [this, next] = notes[n / 64..].first_chunk_mut().expect("a spare word is kept");
            let bit = n % 64;
            n += ends.count_ones() as usize;
            let (mut odd, mut blank) = (0, ends & starts);
            if quote | dirty | quotes.any != 0 {
                let (quoted, dirty, empty) = quotes.at_ends(&outline, starts, dirty);
                blank |= empty;
                (this.quoted, next.quoted) = append(this.quoted, bit, block.compress(quoted, ends));
                (this.dirty, next.dirty) = append(this.dirty, bit, block.compress(dirty, ends));
            }
            if wanted.empty {
                odd |= blank;
            }
            if !texts.is_empty() {
                let loaded = block.load(bytes);
                let mut edges = Edges { starts: starts & !quote, ends, quote: 0 };
                if wanted.in_quotes {
                    let opening = quote & starts;
                    edges = Edges { starts: edges.starts | opening << 1 | opened, ends, quote };
                    opened = opening >> 63;
                }
                for (text, matcher) in texts.iter().zip(&mut matchers) {
                    let letters = &text.0[..usize::from(text.1)];
                    odd |= matcher.at_ends(block, (bytes, loaded), letters, edges);
                }
            }
            if wanted.every {
                odd = ends;
            }
            if odd != 0 {
                (this.odd, next.odd) = append(this.odd, bit, block.compress(odd, ends));
            }
            true
        });
    }
}

/// What is wanted of [`NoteNumbers`]: one thing, or several.
const ANY: u8 = 0;
const NUMBERS: u8 = 1;
const WHOLES: u8 = 2;
const BARE_TOKENS: u8 = 3;

/// Notes which fields are numbers, or tokens. `ONLY` makes several functions of it, most without a
/// branch on what is wanted: with one, `wide --type '*=float'` took 2.1 of plain conversion's time
/// under AVX2, where it takes 1.4 so (2026-11-27).
struct NoteNumbers<'n, const ONLY: u8> {
    wanted: &'n Wanted,
    bytes: &'n [u8],
    outlines: &'n [Outline],
    notes: &'n mut [Notes],
}

impl<const ONLY: u8> Work for NoteNumbers<'_, ONLY> {
    type Output = ();

    #[inline(always)]
    fn on<B: Block>(self, block: B) {
        let Self { wanted, bytes, outlines, notes } = self;
        let (numbers, wholes, tokens) = match ONLY {
            ANY => (wanted.numbers, wanted.wholes, wanted.tokens),
            only => (only == NUMBERS, only == WHOLES, only == BARE_TOKENS),
        };
        let (mut n, mut structural_before) = (0, 1);
        let mut found = Numbers::default();
        let (mut quoted, mut exponent) = (Any::default(), Any::default());
        let mut words = Words::default();
        blocks(bytes, |bytes, number, _| {
            let outline = outlines[number];
            let Outline { ends, structural, quote } = outline;
            let starts = structural << 1 | structural_before;
            structural_before = structural >> 63;
            let [this, next] = notes[n / 64..].first_chunk_mut().expect("a spare word is kept");
            let bit = n % 64;
            n += ends.count_ones() as usize;
            let loaded = block.load(bytes);
            let outside = ONLY == BARE_TOKENS;
            let in_quotes = !outside && wanted.in_quotes;
            let Kinds { are_whole, are_numbers, words: word_starts, behind } =
                found.block(block, (bytes, loaded), &outline, starts, (tokens, in_quotes, outside));
            if numbers {
                (this.numbers, next.numbers) = append(this.numbers, bit, block.compress(are_numbers, ends));
            }
            if wholes {
                (this.wholes, next.wholes) = append(this.wholes, bit, block.compress(are_whole, ends));
            }
            if tokens {
                let mut are_tokens = are_numbers;
                if !outside && !in_quotes && quote | quoted.0 != 0 {
                    are_tokens &= !quoted.at_ends(quote & starts, ends);
                }
                if word_starts | words.pending != 0 {
                    let quote = if in_quotes { quote } else { 0 };
                    let edges = Edges { starts: word_starts, ends, quote };
                    are_tokens |= block.apart(FindWords { words: &mut words, bytes, edges });
                }
                let exponents = block.eq_any_at(bytes, loaded, behind, [b'e', b'E']);
                if exponents | exponent.0 != 0 {
                    let odd = exponent.at_ends(exponents, ends);
                    let (odd, over) = append(this.odd, bit, block.compress(odd, ends));
                    (this.odd, next.odd) = (odd, next.odd | over);
                }
                (this.tokens, next.tokens) = append(this.tokens, bit, block.compress(are_tokens, ends));
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Index, Isa, Kernel, Marks};

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

    /// Texts of up to six of some characters, and others as they are in real files; none needs
    /// quotes.
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
        let of = |numbers, wholes, tokens| {
            let mut wanted = Wanted { numbers, wholes, tokens, empty: true, ..Wanted::any() };
            wanted.text(b"NA");
            wanted.text(b"none given");
            wanted
        };
        // Each is found by a loop of its own.
        let all = [(true, true, true), (true, false, false), (false, true, false), (false, false, true)];
        for (kernel, every, delimiter, in_quotes, wanted) in Isa::ALL
            .into_iter()
            .filter_map(Kernel::new)
            .flat_map(|kernel| [1, 2, 3, usize::MAX].map(|every| (kernel, every)))
            .flat_map(|(kernel, every)| b",.-01".map(|delimiter| (kernel, every, delimiter)))
            .flat_map(|(kernel, every, delimiter)| {
                [false, true].map(|quotes| (kernel, every, delimiter, quotes))
            })
            .flat_map(|(kernel, every, delimiter, quotes)| {
                all.map(|(numbers, wholes, tokens)| {
                    (kernel, every, delimiter, quotes, of(numbers, wholes, tokens))
                })
            })
        {
            let marks = Marks { wanted: Wanted { in_quotes, ..wanted }, delimiter, ..Marks::CSV };
            let fields: Vec<_> = fields.iter().filter(|field| !field.contains(&delimiter)).collect();
            let mut text = Vec::new();
            let is_quoted = |i: usize| (i + 1).is_multiple_of(every);
            for (i, field) in fields.iter().enumerate() {
                let quote = if is_quoted(i) { "\"" } else { "" }.as_bytes();
                text.extend_from_slice(&[quote, field, quote].concat());
                text.extend_from_slice([&[delimiter][..], b"\n", b"\r\n"][i % 3]);
            }
            let mut index = Index::new(text.len());
            kernel.scan(&marks, &text, &mut index);
            assert!(!index.declined());
            assert_eq!(index.ends().len(), fields.len());
            let notes = index.notes();
            for (i, field) in fields.iter().enumerate() {
                let notes = notes[i / 64];
                let noted = |bits: u64| bits >> (i % 64) & 1 == 1;
                let shown = || format!("{kernel:?} {every} {} quoted {}", field.escape_ascii(), is_quoted(i));
                let looked_at = in_quotes || !is_quoted(i);
                let number = is_number(field, false);
                let word = [&b"true"[..], b"false", b"null"].contains(&&field[..]);
                let Wanted { numbers, wholes, tokens, .. } = wanted;
                assert_eq!(noted(notes.numbers), numbers && number, "{}", shown());
                assert_eq!(noted(notes.wholes), wholes && is_number(field, true), "{}", shown());
                let token = tokens && (number || word) && looked_at;
                assert_eq!(noted(notes.tokens), token, "{}", shown());
                assert_eq!(noted(notes.quoted), is_quoted(i), "{}", shown());
                let dirty = field.ends_with("\u{e9}".as_bytes()) && !is_quoted(i) || field[..] == b"\\"[..];
                assert_eq!(noted(notes.dirty), dirty, "{}", shown());
                let null = [&b"NA"[..], b"none given"].contains(&&field[..]) && looked_at;
                let exponent = tokens && [&b"1e5"[..], b"-1E+5"].contains(&&field[..]);
                if exponent && !looked_at {
                    continue;
                }
                assert_eq!(noted(notes.odd), field.is_empty() || null || exponent, "{}", shown());
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
            assert_eq!(index.notes()[0].odd, 0b1111);
        }
    }
}
