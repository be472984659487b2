//! What a stretch of input comes to, for one column. Of fixed size, since each worker has one for
//! each column.
//!
//! Places are spots in the bytes at hand. They become lines and records when the stretch is
//! committed, and only those that are the first of all input.

use super::judge::{has_point, judge};
use super::kinds::KindSet;
use super::nulls::spelling;
use super::number_text::{MOST, NumberText, beyond, compare};
use std::cmp::Ordering;

/// The kinds of which it is known what the first value was that does not fit.
pub(super) const TRACKED: [KindSet; 10] = [
    KindSet::INT,
    KindSet::FLOAT,
    KindSet::NUMBER,
    KindSet::TRUE_FALSE,
    KindSet::T_F,
    KindSet::YES_NO,
    KindSet::Y_N,
    KindSet::JSON,
    KindSet::DATE,
    KindSet::TIMESTAMP,
];

/// All of these.
pub(super) const TRACKED_KINDS: KindSet = {
    let (mut all, mut i) = (KindSet::NONE, 0);
    while i < TRACKED.len() {
        all = all.or(TRACKED[i]);
        i += 1;
    }
    all
};

/// Where a field is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Its first byte in the bytes at hand, and the byte that ends it.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Its record's number there, from 1; 0 if there is no such field.
    pub(crate) record: u32,
    /// How many values the column has there before it.
    pub(crate) before: u32,
}

impl Spot {
    const NONE: Self = Self { start: 0, end: 0, record: 0, before: 0 };

    /// Whether there is such a field.
    pub(crate) fn is_some(self) -> bool {
        self.record > 0
    }
}

/// What was counted of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Values that are neither empty nor null.
    pub(crate) values: u32,
    pub(crate) empty: u32,
    /// Spellings of null, and fields that are null by what was asked for.
    pub(crate) nulls: u32,
    pub(crate) given_nulls: u32,
    /// Of the spellings, those in quotes, and those with escapes.
    pub(crate) quoted_nulls: u32,
    pub(crate) escaped_nulls: u32,
    /// Records that end before the column.
    pub(crate) missing: u32,
    /// Values with invalid bytes.
    pub(crate) invalid: u32,
    pub(crate) leading_zeros: u32,
    pub(crate) beyond_2_53: u32,
    pub(crate) beyond_2_63: u32,
    /// Numbers too long to be compared.
    pub(crate) not_compared: u32,
    /// The bytes of the longest value.
    pub(crate) longest: u32,
}

impl Figures {
    const NONE: Self = Self {
        values: 0,
        empty: 0,
        nulls: 0,
        given_nulls: 0,
        quoted_nulls: 0,
        escaped_nulls: 0,
        missing: 0,
        invalid: 0,
        leading_zeros: 0,
        beyond_2_53: 0,
        beyond_2_63: 0,
        not_compared: 0,
        longest: 0,
    };
}

/// What a stretch of input comes to, for one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnTally {
    /// What all values fit, of what was asked for.
    pub(crate) fits: KindSet,
    /// Some value has a point, or a sign in its exponent.
    pub(super) points: bool,
    /// The spellings of null that were seen, a bit each.
    pub(super) spellings: u16,
    pub(crate) figures: Figures,
    /// Of each of [`TRACKED`] the first value that does not fit.
    pub(super) kept_from: [Spot; TRACKED.len()],
    pub(super) first_null: Spot,
    pub(super) first_zeros: Spot,
    pub(super) first_invalid: Spot,
    /// Known while all values are numbers.
    pub(super) smallest: NumberText,
    pub(super) largest: NumberText,
}

impl ColumnTally {
    /// Of no values. What does not fit `fits` is known already, so it is not looked for.
    pub(crate) const fn new(fits: KindSet) -> Self {
        Self {
            fits,
            points: false,
            spellings: 0,
            figures: Figures::NONE,
            kept_from: [Spot::NONE; TRACKED.len()],
            first_null: Spot::NONE,
            first_zeros: Spot::NONE,
            first_invalid: Spot::NONE,
            smallest: NumberText::NONE,
            largest: NumberText::NONE,
        }
    }

    /// Whether only the length of a value matters, and whether it is a spelling of null.
    #[inline(always)]
    pub(crate) fn is_settled(&self) -> bool {
        self.fits.is_none()
    }

    /// Counts a value by its length alone: it is too long for a spelling of null.
    pub(crate) fn long_value(&mut self, n_bytes: usize) {
        debug_assert!(self.is_settled());
        self.figures.longest = self.figures.longest.max(saturated(n_bytes));
        self.figures.values += 1;
    }

    /// Counts a value with its content. It may be empty.
    #[inline]
    pub(crate) fn value(&mut self, content: &[u8], spot: Spot) {
        if content.is_empty() {
            self.figures.empty += 1;
            return;
        }
        self.figures.longest = self.figures.longest.max(saturated(content.len()));
        if let Some(which) = spelling(content) {
            self.null(which, spot);
            return;
        }
        if !self.is_settled() {
            self.look(content, spot);
        }
        self.figures.values += 1;
    }

    fn null(&mut self, which: usize, spot: Spot) {
        self.figures.nulls += 1;
        self.spellings |= 1 << which;
        self.set(spot, |tally| &mut tally.first_null);
    }

    /// Counts a field as null, as was asked for.
    pub(crate) fn given_null(&mut self) {
        self.figures.given_nulls += 1;
    }

    /// Counts a value with invalid bytes, beside what else is counted of it.
    pub(crate) fn invalid(&mut self, spot: Spot) {
        self.figures.invalid += 1;
        self.set(spot, |tally| &mut tally.first_invalid);
    }

    fn set(&mut self, spot: Spot, first: impl FnOnce(&mut Self) -> &mut Spot) {
        let before = self.figures.values;
        let first = first(self);
        if !first.is_some() {
            *first = Spot { before, ..spot };
        }
    }

    /// Looks at what a value fits.
    #[inline(never)]
    fn look(&mut self, content: &[u8], spot: Spot) {
        let fits = judge(content, self.fits);
        let lost = self.fits.without(fits);
        if !lost.is_none() {
            self.fits = self.fits.both(fits);
            let before = self.figures.values;
            for (kind, first) in TRACKED.into_iter().zip(&mut self.kept_from) {
                if lost.has(kind) {
                    *first = Spot { before, ..spot };
                }
            }
        }
        if self.fits.has(KindSet::DIGITS) {
            self.number(content, fits, spot);
        }
    }

    /// Counts a number, in a column of nothing else so far.
    fn number(&mut self, content: &[u8], fits: KindSet, spot: Spot) {
        if !fits.has(KindSet::NUMBER) {
            let digits = content.strip_prefix(b"-").or(content.strip_prefix(b"+")).unwrap_or(content);
            if let [b'0', b'0'..=b'9', ..] = digits {
                self.figures.leading_zeros += 1;
                self.set(spot, |tally| &mut tally.first_zeros);
            }
            return;
        }
        if fits.has(KindSet::INT) {
            let (beyond_2_53, beyond_2_63) = beyond(content);
            self.figures.beyond_2_53 += u32::from(beyond_2_53);
            self.figures.beyond_2_63 += u32::from(beyond_2_63);
        } else {
            self.points |= has_point(content);
        }
        if content.len() > MOST {
            self.figures.not_compared += 1;
            return;
        }
        self.smaller(content);
        self.larger(content);
    }

    /// Takes a number that may be the smallest.
    pub(super) fn smaller(&mut self, number: &[u8]) {
        if self.smallest.is_none() || compare(number, self.smallest.bytes()) == Ordering::Less {
            self.smallest = NumberText::new(number).unwrap_or(self.smallest);
        }
    }

    /// Takes a number that may be the largest.
    pub(super) fn larger(&mut self, number: &[u8]) {
        if self.largest.is_none() || compare(number, self.largest.bytes()) == Ordering::Greater {
            self.largest = NumberText::new(number).unwrap_or(self.largest);
        }
    }
}

pub(super) fn saturated(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
