//! The schema of all input, as it is written and read as JSON, and how two become one.

use super::kinds::{KindSet, ValueType};
use super::nulls::SPELLINGS;
use super::number_text::{MOST, compare};
use super::tally::{ColumnTally, Spot, TRACKED, TRACKED_KINDS};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The layout of a schema as JSON; raised when a key changes its meaning or goes.
const VERSION: u64 = 1;

/// What a column takes as JSON, in most files.
const AS_JSON: usize = 2 << 10;

/// What the values of each column have in common, over all records of all inputs.
///
/// As JSON it holds all that is needed to merge it with the schema of other input
/// ([`Schema::merge`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Schema {
    /// The layout of this document.
    pub version: u64,
    /// The inputs' names, in the order in which they were read.
    pub inputs: Vec<String>,
    /// Records that were judged; the header, blank records and comments don't count.
    pub records: u64,
    /// If it is set, no more than so many records were judged, and there may be more.
    pub limit: Option<u64>,
    /// The columns, in the order in which the inputs have them.
    pub columns: Vec<ColumnSchema>,
}

/// What the values of a column have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ColumnSchema {
    /// Its name in the header.
    pub name: String,
    /// The type that all values have. Empty ones fit each type.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// The number of values that are neither empty nor null.
    pub values: u64,
    /// The number of empty ones.
    pub empty: u64,
    /// The number of records that end before the column.
    pub missing: u64,
    /// Spellings of null.
    pub nulls: NullsSeen,
    /// Values with invalid bytes.
    pub invalid: InvalidSeen,
    /// The longest value, in bytes of its content as UTF-8.
    pub longest: u64,
    /// What is known of a column of numbers.
    pub numbers: Option<NumbersSeen>,
    /// The values that keep the column from kinds of values, in their order.
    pub kept_from: Vec<KeptFrom>,
    /// What all values fit, but for empty ones and nulls, by the names in the guide.
    pub(super) fits: KindSet,
    /// What may be asked of the conversion, as it is typed: nulls, a pattern of dates, a mask.
    pub proposals: Vec<String>,
    /// The inputs that have no such column, by their places in [`Schema::inputs`].
    pub lacking: Vec<u64>,
}

/// Spellings of null in a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NullsSeen {
    /// The number of values that are one of the usual spellings.
    pub count: u64,
    /// Those in quotes: `--null` looks at them only with `--quoted-values`.
    pub quoted: u64,
    /// Those that are one only without their escapes, so `--null` never finds them.
    pub escaped: u64,
    /// Those that were seen.
    pub spellings: Vec<String>,
    /// The first.
    pub first: Option<Sighting>,
    /// The number of fields that are null by the dialect, or because it was asked for. They are
    /// not counted above.
    pub given: u64,
    /// The type of the column without the spellings, if that is another.
    pub type_without: Option<ValueType>,
}

/// Values with invalid bytes in a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InvalidSeen {
    /// How many there are.
    pub count: u64,
    /// The first.
    pub first: Option<Sighting>,
}

/// A column of which all values are numbers, some perhaps with leading zeros or a plus sign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NumbersSeen {
    /// The smallest number as it is written, digit for digit; of equal ones the first. `None` if a
    /// value is no number of JSON.
    pub smallest: Option<String>,
    /// The largest.
    pub largest: Option<String>,
    /// Numbers of more than 63 bytes. The smallest and the largest are among the others.
    pub not_compared: u64,
    /// Whether some value has a point, or a sign in its exponent.
    pub points: bool,
    /// Values with leading zeros.
    pub leading_zeros: u64,
    /// The first of them.
    pub first_leading_zeros: Option<Sighting>,
    /// Whole numbers above 2^53 or below -2^53: a double may not hold them.
    pub beyond_2_53: u64,
    /// Whole numbers that 64 bits with a sign do not hold.
    pub beyond_2_63: u64,
}

/// The first value that does not fit some kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptFrom {
    /// The kinds, of those that all values before it fit.
    pub(super) kinds: KindSet,
    /// How many values the column has before it, but for empty ones and nulls.
    pub values_before: u64,
    /// The value.
    #[serde(flatten)]
    pub first: Sighting,
}

/// A value and its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sighting {
    /// The value, or its start.
    pub value: String,
    /// Which of [`Schema::inputs`] has it, from 0.
    pub input: u64,
    /// The line, from 1, in terminators, those inside quotes included.
    pub line: u64,
    /// The record, from 1.
    pub record: u64,
    /// The byte of the input, from 0.
    pub byte: u64,
    /// The column there, from 1.
    pub column: u64,
}

impl Schema {
    /// Of no input.
    pub(crate) fn empty() -> Self {
        Self { version: VERSION, inputs: Vec::new(), records: 0, limit: None, columns: Vec::new() }
    }

    /// Adds what comes behind: the schema of other input, or of the next range of the same.
    /// Columns are the same if their names are.
    ///
    /// # Errors
    /// One of the two is of another version of this document.
    pub fn merge(&mut self, later: Self) -> Result<()> {
        if let Some(version) = [self.version, later.version].into_iter().find(|version| *version != VERSION) {
            let message =
                format!("a schema of version {version} cannot be merged; this is version {VERSION}");
            return Err(Error::setting(message));
        }
        let inputs: Vec<u64> = later.inputs.iter().map(|name| self.input(name)).collect();
        let place = |at: u64| usize::try_from(at).ok().and_then(|at| inputs.get(at)).copied().unwrap_or(at);
        // What an input lacks that both know, neither of its ranges has.
        let mut others = later.columns;
        for column in &mut self.columns {
            match others.iter().position(|other| other.name == column.name) {
                Some(at) => {
                    let mut other = others.remove(at);
                    other.each_input(place);
                    column.add_behind(other);
                }
                None => column.lacking.extend(&inputs),
            }
            column.lacking.sort_unstable();
            column.lacking.dedup();
        }
        let before: Vec<u64> = (0..self.inputs.len() as u64).filter(|at| !inputs.contains(at)).collect();
        for mut other in others {
            other.each_input(place);
            other.lacking.extend(&before);
            other.lacking.sort_unstable();
            self.columns.push(other);
        }
        self.records += later.records;
        self.limit = match (self.limit, later.limit) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(self.records).saturating_add(b.unwrap_or(0))),
        };
        self.settle();
        Ok(())
    }

    /// The place of an input, which is added if it is new.
    pub(crate) fn input(&mut self, name: &str) -> u64 {
        let at = self.inputs.iter().position(|known| known == name).unwrap_or_else(|| {
            self.inputs.push(name.to_owned());
            self.inputs.len() - 1
        });
        at as u64
    }

    /// Sets what follows from all values.
    pub(crate) fn settle(&mut self) {
        self.columns.iter_mut().for_each(ColumnSchema::settle);
    }
}

impl Sighting {
    /// A value of an input: its line and record, its byte and column.
    pub(crate) fn new(value: String, input: u64, place: (u64, u64), at: (u64, u64)) -> Self {
        let ((line, record), (byte, column)) = (place, at);
        Self { value, input, line, record, byte, column }
    }
}

impl ColumnSchema {
    /// Of no values.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value_type: ValueType::String,
            values: 0,
            empty: 0,
            missing: 0,
            nulls: NullsSeen::default(),
            invalid: InvalidSeen::default(),
            longest: 0,
            numbers: Some(NumbersSeen::default()),
            kept_from: Vec::new(),
            fits: KindSet::ALL,
            proposals: Vec::new(),
            lacking: Vec::new(),
        }
    }

    /// What it takes in memory at the most, but for its name, with values of 48 bytes; and as JSON.
    pub(crate) const fn size() -> usize {
        let seen = TRACKED.len() + 3;
        size_of::<Self>()
            + TRACKED.len() * size_of::<KeptFrom>()
            + seen * 64
            + 2 * (MOST + 17)
            + 512
            + AS_JSON
    }

    /// Whether there is no value but empty ones and nulls.
    pub fn is_empty(&self) -> bool {
        self.values == 0
    }

    /// What all values so far fit.
    pub(crate) fn fits(&self) -> KindSet {
        self.fits
    }

    /// Adds a stretch of input. `sighting` says what a field is, and where.
    pub(crate) fn add(&mut self, tally: &ColumnTally, sighting: impl Fn(Spot) -> Sighting) {
        let seen = |spot: Spot| spot.is_some().then(|| sighting(spot));
        let lost = self.fits.without(tally.fits);
        if lost.has(TRACKED_KINDS) {
            for (kind, spot) in TRACKED.into_iter().zip(tally.kept_from) {
                if lost.has(kind) {
                    let values_before = self.values + u64::from(spot.before);
                    self.keep_from(kind, values_before, || sighting(spot));
                }
            }
        }
        self.fits = self.fits.both(tally.fits);
        let figures = &tally.figures;
        self.values += u64::from(figures.values);
        self.empty += u64::from(figures.empty);
        self.missing += u64::from(figures.missing);
        self.longest = self.longest.max(u64::from(figures.longest));
        self.nulls.count += u64::from(figures.nulls);
        self.nulls.given += u64::from(figures.given_nulls);
        self.nulls.quoted += u64::from(figures.quoted_nulls);
        self.nulls.escaped += u64::from(figures.escaped_nulls);
        self.nulls.first = self.nulls.first.take().or_else(|| seen(tally.first_null));
        for (i, spelling) in SPELLINGS.iter().enumerate() {
            if tally.spellings >> i & 1 == 1 {
                self.nulls.spelled(spelling);
            }
        }
        self.invalid.count += u64::from(figures.invalid);
        self.invalid.first = self.invalid.first.take().or_else(|| seen(tally.first_invalid));
        let Some(numbers) = self.numbers.as_mut().filter(|_| self.fits.has(KindSet::DIGITS)) else {
            self.numbers = None;
            return;
        };
        numbers.not_compared += u64::from(figures.not_compared);
        numbers.points |= tally.points;
        numbers.leading_zeros += u64::from(figures.leading_zeros);
        numbers.first_leading_zeros = numbers.first_leading_zeros.take().or_else(|| seen(tally.first_zeros));
        numbers.beyond_2_53 += u64::from(figures.beyond_2_53);
        numbers.beyond_2_63 += u64::from(figures.beyond_2_63);
        if self.fits.has(KindSet::NUMBER) {
            numbers.extend(tally.smallest.bytes(), tally.largest.bytes());
        } else {
            (numbers.smallest, numbers.largest) = (None, None);
        }
    }

    /// Adds what comes behind.
    fn add_behind(&mut self, later: Self) {
        for kept in later.kept_from {
            let kinds = self.fits.and(kept.kinds);
            if !kinds.is_none() {
                self.keep_from(kinds, self.values + kept.values_before, || kept.first);
            }
        }
        self.fits = self.fits.both(later.fits);
        self.values += later.values;
        self.empty += later.empty;
        self.missing += later.missing;
        self.longest = self.longest.max(later.longest);
        self.nulls.count += later.nulls.count;
        self.nulls.given += later.nulls.given;
        self.nulls.quoted += later.nulls.quoted;
        self.nulls.escaped += later.nulls.escaped;
        self.nulls.first = self.nulls.first.take().or(later.nulls.first);
        later.nulls.spellings.iter().for_each(|spelling| self.nulls.spelled(spelling));
        self.invalid.count += later.invalid.count;
        self.invalid.first = self.invalid.first.take().or(later.invalid.first);
        self.lacking.extend(later.lacking);
        self.numbers = match (self.numbers.take(), later.numbers) {
            (Some(mut numbers), Some(later)) if self.fits.has(KindSet::DIGITS) => {
                numbers.not_compared += later.not_compared;
                numbers.points |= later.points;
                numbers.leading_zeros += later.leading_zeros;
                numbers.first_leading_zeros = numbers.first_leading_zeros.or(later.first_leading_zeros);
                numbers.beyond_2_53 += later.beyond_2_53;
                numbers.beyond_2_63 += later.beyond_2_63;
                let bytes = |number: &Option<String>| number.clone().unwrap_or_default().into_bytes();
                numbers.extend(&bytes(&later.smallest), &bytes(&later.largest));
                if !self.fits.has(KindSet::NUMBER) {
                    (numbers.smallest, numbers.largest) = (None, None);
                }
                Some(numbers)
            }
            _ => None,
        };
    }

    /// Notes that a value keeps the column from `kinds`.
    fn keep_from(&mut self, kinds: KindSet, values_before: u64, first: impl FnOnce() -> Sighting) {
        match self.kept_from.binary_search_by_key(&values_before, |known| known.values_before) {
            Ok(at) => self.kept_from[at].kinds = self.kept_from[at].kinds.or(kinds),
            Err(at) => self.kept_from.insert(at, KeptFrom { kinds, values_before, first: first() }),
        }
    }

    /// Renumbers the inputs.
    fn each_input(&mut self, place: impl Fn(u64) -> u64) {
        self.lacking.iter_mut().for_each(|at| *at = place(*at));
        let zeros = self.numbers.as_mut().and_then(|numbers| numbers.first_leading_zeros.as_mut());
        let kept = self.kept_from.iter_mut().map(|kept| &mut kept.first);
        let others = self.nulls.first.iter_mut().chain(&mut self.invalid.first).chain(zeros);
        kept.chain(others).for_each(|seen| seen.input = place(seen.input));
    }

    /// Sets what follows from all values.
    fn settle(&mut self) {
        let points = self.numbers.as_ref().is_some_and(|numbers| numbers.points);
        let without = if self.values == 0 { ValueType::String } else { self.fits.value_type(points) };
        self.value_type = if self.nulls.count == 0 { without } else { ValueType::String };
        self.nulls.type_without = (without != self.value_type).then_some(without);
        self.proposals = self.propose(without);
    }
}

impl NullsSeen {
    fn spelled(&mut self, spelling: &str) {
        if let Err(at) = self.spellings.binary_search_by(|known| (**known).cmp(spelling)) {
            self.spellings.insert(at, spelling.to_owned());
        }
    }
}

impl NumbersSeen {
    /// Takes a smallest and a largest number that come behind; none is empty.
    fn extend(&mut self, smallest: &[u8], largest: &[u8]) {
        let is = |new: &[u8], known: &Option<String>, how| {
            !new.is_empty() && known.as_ref().is_none_or(|known| compare(new, known.as_bytes()) == how)
        };
        if is(smallest, &self.smallest, Ordering::Less) {
            self.smallest = Some(String::from_utf8_lossy(smallest).into_owned());
        }
        if is(largest, &self.largest, Ordering::Greater) {
            self.largest = Some(String::from_utf8_lossy(largest).into_owned());
        }
    }
}

impl KeptFrom {
    /// The names of the kinds that the value does not fit, of those that all values before it fit.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.names()
    }
}
