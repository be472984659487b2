//! What is written around the fields of a record, and which of the fields have a rule.
//!
//! Made once for each plan. This file does not know what a value means: of a rule it knows what can
//! be known of its values at sight.

use super::by_sight::{BySight, Sight};

/// Marks a field that has a rule. Fields are fewer: each takes a byte of a record, and a position
/// has 32 bits.
pub(super) const RULED: u32 = 1 << 31;

/// What a value may be longer than its field: quotes and a comma, and three stars or a word of
/// eight bytes.
pub(super) const MORE: usize = 11;

/// What is written around the fields of a record.
#[derive(Debug, Default)]
pub struct Template {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<u32>,
    pub(super) fields: Vec<u32>,
    pub(super) n_fields: usize,
    /// The fields are the first ones, in order.
    pub(super) in_order: bool,
    /// The fields woven, with [`RULED`] for those that have a rule.
    pub(super) codes: Vec<u32>,
    /// Of these, which of the fields that have a rule they are, in the order of the output.
    pub(super) numbers: Vec<u32>,
    /// The fields that have a rule, in the order of the output: place in that order, number in the
    /// record.
    ruled: Vec<(u32, u32)>,
    /// Of these, what is known of their values at sight.
    sights: Vec<Sight>,
    /// The same by the number in the record, for many at once; nothing where none is known at
    /// sight.
    pub(super) by_sight: Option<BySight>,
    /// The pieces with quotes around all values, if all are strings but for odd ones, or none
    /// surely is.
    pub(super) quoted: Option<Box<Template>>,
    /// The pieces for runs without an odd value, if some columns are strings then: written as if
    /// they had no rule.
    pub(super) even: Option<Box<Template>>,
    /// Of the first piece, what opens the record, where values may be left out: then a comma stands
    /// behind each value.
    pub(super) opening: Option<usize>,
    /// What values may be longer than their fields, in all.
    n_more: usize,
}

impl Template {
    /// For records of `n_fields` fields: `pieces[i]` stands before field `fields[i]`, the last
    /// piece ends the record, so there is one piece more than `fields`.
    ///
    /// # Panics
    /// Where the numbers do not fit that, a field is named twice, or the pieces exceed 4 GiB.
    pub fn new(
        template: impl IntoIterator<Item = impl AsRef<[u8]>>,
        fields: Vec<u32>,
        n_fields: usize,
    ) -> Self {
        let in_order = fields.iter().zip(0..).all(|(field, i)| *field == i);
        let mut built = Self {
            bytes: Vec::new(),
            ends: Vec::new(),
            fields,
            n_fields,
            in_order,
            codes: Vec::new(),
            numbers: Vec::new(),
            ruled: Vec::new(),
            sights: Vec::new(),
            by_sight: None,
            quoted: None,
            even: None,
            opening: None,
            n_more: 0,
        };
        for piece in template {
            built.bytes.extend_from_slice(piece.as_ref());
            built.ends.push(u32::try_from(built.bytes.len()).expect("template under 4 GiB"));
        }
        built.bytes.extend_from_slice(&[0; 64]);
        assert_eq!(built.ends.len(), built.fields.len() + 1, "one piece more than fields");
        let mut seen = vec![false; n_fields];
        for &field in &built.fields {
            assert!(!std::mem::replace(&mut seen[field as usize], true), "a field is named once");
        }
        built
    }

    /// Has [`Values`] say what becomes of the fields that are `ruled`, in the order of the output,
    /// as far as it is not known at sight. The pieces have no quotes around these. `opening` bytes
    /// of the first piece open the record, if values may be left out: a comma then follows each
    /// value instead of standing in the next piece. `in_quotes`: texts that make a field odd count
    /// between quotes too.
    ///
    /// # Panics
    /// Where there is not one of `ruled` for each field.
    pub(crate) fn with_rules(
        mut self,
        ruled: Vec<Option<Sight>>,
        opening: Option<usize>,
        in_quotes: bool,
    ) -> Self {
        assert_eq!(ruled.len(), self.fields.len(), "one for each field");
        assert!(opening.is_none_or(|n| n <= self.ends[0] as usize), "the first piece opens the record");
        let places = (0..).zip(self.fields.iter().copied()).zip(&ruled);
        self.ruled = places.filter(|(_, ruled)| ruled.is_some()).map(|(place, _)| place).collect();
        self.sights = ruled.iter().flatten().copied().collect();
        self.n_more = MORE * self.ruled.len();
        let codes = self.fields.iter().zip(&ruled);
        self.codes = codes.map(|(field, ruled)| field | if ruled.is_some() { RULED } else { 0 }).collect();
        self.opening = opening;
        self.by_sight = BySight::new(&self.ruled, &self.sights, self.n_fields, in_quotes);
        let mut number = 0;
        self.numbers = ruled.iter().map(|ruled| (number, number += u32::from(ruled.is_some())).0).collect();
        if self.are_text() || self.are_all_ruled() && !self.sights.contains(&Sight::Text) {
            self.quoted = Some(Box::new(self.with_quotes(&ruled, |_| true)));
        } else if opening.is_none() && self.sights.contains(&Sight::Text) {
            let mut even = self.with_quotes(&ruled, |sight| sight == Sight::Text);
            let text = |(code, ruled): (&u32, &Option<Sight>)| match ruled {
                Some(Sight::Text) => code & !RULED,
                _ => *code,
            };
            even.codes = self.codes.iter().zip(&ruled).map(text).collect();
            even.numbers.clone_from(&self.numbers);
            self.even = Some(Box::new(even));
        }
        self
    }

    /// The pieces with quotes around the values of the ruled columns that `are` chooses.
    fn with_quotes(&self, ruled: &[Option<Sight>], are: impl Fn(Sight) -> bool) -> Self {
        let quote = |i: Option<usize>| {
            let ruled = i.and_then(|i| ruled.get(i).copied().flatten());
            if ruled.is_some_and(&are) { "\"" } else { "" }
        };
        let template = (0..=ruled.len()).map(|i| {
            let comma = if self.opening.is_some() && i > 0 && i < ruled.len() { "," } else { "" };
            let (before, behind) = (quote(i.checked_sub(1)), quote(Some(i)));
            [before.as_bytes(), comma.as_bytes(), self.piece(i), behind.as_bytes()].concat()
        });
        Self::new(template, self.fields.clone(), self.n_fields)
    }

    /// What is known of the values of the `k`th field that has a rule.
    #[inline(always)]
    pub(super) fn sight(&self, k: usize) -> Sight {
        self.sights[k]
    }

    /// Whether all values are strings but for odd ones.
    pub(super) fn are_text(&self) -> bool {
        self.sights.iter().all(|sight| *sight == Sight::Text)
    }

    /// What is known of the values of the columns that have a rule.
    pub(super) fn sights(&self) -> impl Iterator<Item = Sight> {
        self.sights.iter().copied()
    }

    /// Whether all fields woven have a rule.
    pub(super) fn are_all_ruled(&self) -> bool {
        self.ruled.len() == self.fields.len()
    }

    /// Whether some rule looks at each value.
    pub(super) fn need_looks(&self) -> bool {
        self.sights.contains(&Sight::Nothing)
    }

    /// Whether the field woven at place `i` has a rule.
    pub(crate) fn is_ruled(&self, i: usize) -> bool {
        self.codes.get(i).is_some_and(|code| code & RULED != 0)
    }

    /// The fields that have a rule, in the order of the output: place in that order, number in the
    /// record.
    pub(crate) fn ruled(&self) -> &[(u32, u32)] {
        &self.ruled
    }

    /// How many fields a record has.
    pub(crate) fn n_fields(&self) -> usize {
        self.n_fields
    }

    /// Piece `i`.
    pub fn piece(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.bytes[start..self.ends[i] as usize]
    }

    /// The fields woven, in the order of the output.
    pub fn fields(&self) -> &[u32] {
        &self.fields
    }

    /// Of these, the ones that a record of `n` fields can have. Where all are woven in order none
    /// is beyond it, so that a short record under a wide header costs as little as it holds.
    pub fn fields_of(&self, n: usize) -> &[u32] {
        if self.in_order { &self.fields[..n.min(self.fields.len())] } else { &self.fields }
    }

    /// The bytes of all pieces of text. With the record's own length: the most that it can become.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() - 64
    }

    /// With the record's own length the most that it becomes if no value is longer than its field.
    pub(crate) fn n_around(&self) -> usize {
        self.n_bytes() + self.n_more + 2 * 64
    }
}
