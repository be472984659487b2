//! What is known of values at sight: by the notes of the scan, 64 fields at a time.
//!
//! This file does not know a rule, only what a rule says that its values can be known by.

use super::block::Block;
use super::notes::{Notes, bits};
use super::span::Code;

/// What is known of the values of a column by the notes of the scan (`notes.rs`), but for the
/// fields that are odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Nothing: each is looked at.
    Nothing,
    /// All are strings of their content.
    Text,
    /// The tokens of JSON stand as they are, others are strings.
    Tokens,
    /// Numbers stand as they are, others are odd.
    Numbers,
    /// Those without a point stand as they are, others are odd.
    Wholes,
}

/// Which fields of a record are known by which notes: bit `i` is of field `i`, again and again for
/// the records behind.
#[derive(Debug)]
pub(super) struct BySight {
    pub(super) any: Vec<u64>,
    /// Of these, whose strings need no rule where they are quoted.
    pub(super) text: Vec<u64>,
    pub(super) tokens: Vec<u64>,
    pub(super) numbers: Vec<u64>,
    pub(super) wholes: Vec<u64>,
    /// Texts that make a field odd count between quotes too.
    in_quotes: bool,
}

impl BySight {
    pub(super) fn new(
        ruled: &[(u32, u32)],
        sights: &[Sight],
        n_fields: usize,
        in_quotes: bool,
    ) -> Option<Self> {
        if sights.iter().all(|sight| *sight == Sight::Nothing) {
            return None;
        }
        let bits = |wanted: &[Sight]| {
            let mut words = vec![0; n_fields / 64 + 3];
            for (&(_, field), _) in ruled.iter().zip(sights).filter(|(_, sight)| wanted.contains(sight)) {
                for i in (field as usize..n_fields + 64).step_by(n_fields) {
                    words[i / 64] |= 1 << (i % 64);
                }
            }
            words
        };
        Some(Self {
            any: bits(&[Sight::Text, Sight::Tokens, Sight::Numbers, Sight::Wholes]),
            text: bits(&[Sight::Text, Sight::Tokens]),
            tokens: bits(&[Sight::Tokens]),
            numbers: bits(&[Sight::Numbers]),
            wholes: bits(&[Sight::Wholes]),
            in_quotes,
        })
    }

    /// Sets the codes of the 64 fields of `notes` as far as they are known at sight. The first of
    /// them is field `field` of its record. Returns those that must be looked at.
    /// `CLEAN`: none of them is quoted or dirty.
    #[inline(always)]
    pub(super) fn codes<B: Block, const CLEAN: bool>(
        &self,
        block: B,
        notes: Notes,
        field: usize,
        json_quotes: bool,
        codes: &mut [u8; 64],
    ) -> u64 {
        let of = |words: &[u64]| bits(words, field);
        let (numbers, wholes) = (of(&self.numbers), of(&self.wholes));
        let mut bare = notes.tokens & of(&self.tokens);
        let mut odd = notes.odd;
        if numbers | wholes != 0 {
            let number = notes.numbers & numbers;
            let whole = notes.wholes & wholes;
            bare |= number | whole;
            odd |= (numbers | wholes) & !(number | whole);
        }
        if CLEAN {
            block.copy_with(&[Code::TEXT; 64], bare, Code::TOKEN, codes);
            return odd & of(&self.any);
        }
        let (quoted, dirty) = (notes.quoted, notes.dirty);
        let mut escaped = quoted & dirty & of(&self.text);
        if self.in_quotes {
            escaped &= !odd;
        }
        // Text within JSON's own quotes is copied with them.
        let copied = bare & !quoted | if json_quotes { quoted & !bare } else { 0 };
        block.copy_with(&[Code::TEXT; 64], copied, Code::TOKEN, codes);
        for (fields, code) in [
            (quoted & bare, Code::INNER_TOKEN),
            (quoted & !bare & !copied, Code::INNER_TEXT),
            (escaped, Code::ESCAPED_TEXT),
        ] {
            if fields != 0 {
                let made = *codes;
                block.copy_with(&made, fields, code, codes);
            }
        }
        // Of others a quoted field with content is no text of a list, and never empty.
        (odd | dirty) & !escaped & of(&self.any)
    }
}
