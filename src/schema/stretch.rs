//! Values that stand bare in the input, a column of a run of records at a time.
//!
//! It knows at a look what `judge.rs` would say of most values of most columns, and asks it of the
//! others: a loop for each sort of column, chosen by what the column still fits. A column that fits
//! nothing any more needs the lengths alone.

use super::kinds::Kinds;
use super::number_text::NumberText;
use super::tally::{Spot, Tally, saturated};

/// The fields of a run of records: bare, clean, of valid UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'s> {
    /// What holds them, and as many bytes behind as there are.
    pub(crate) bytes: &'s [u8],
    /// Where each record starts.
    pub(crate) starts: &'s [u32],
    /// Where each field ends, a record after another.
    pub(crate) ends: &'s [u32],
    pub(crate) n_fields: usize,
    /// Where `bytes` start in the slice, and the number of the first record there.
    pub(crate) at: u32,
    pub(crate) record: u32,
}

/// The bytes of a value that are looked at at once.
const LOOK: usize = 16;
const ZEROS: u128 = u128::from_ne_bytes([b'0'; LOOK]);
const HIGH: u128 = u128::from_ne_bytes([0x80; LOOK]);

impl Stretch<'_> {
    /// Where the fields of a column start and end.
    #[inline(always)]
    fn fields(&self, column: usize) -> impl Iterator<Item = (usize, usize)> {
        let records = self.ends.chunks_exact(self.n_fields).zip(self.starts);
        records.map(move |(ends, start)| match column {
            0 => (*start as usize, ends[0] as usize),
            _ => (ends[column - 1] as usize + 1, ends[column] as usize),
        })
    }

    fn spot(&self, number: usize, start: usize, end: usize) -> Spot {
        let (start, end) = (self.at + start as u32, self.at + end as u32);
        Spot { start, end, record: self.record + number as u32, before: 0 }
    }

    /// The first bytes from `start` on, whatever is behind the value, the first the lowest.
    #[inline(always)]
    fn word(&self, start: usize) -> Option<u128> {
        let word = self.bytes.get(start..)?.first_chunk::<LOOK>()?;
        Some(u128::from_le_bytes(*word))
    }

    /// Counts the fields of a column.
    pub(crate) fn count(&self, column: usize, tally: &mut Tally) {
        let mut from = 0;
        while from < self.starts.len() {
            let rest = Stretch {
                starts: &self.starts[from..],
                ends: &self.ends[from * self.n_fields..],
                record: self.record + from as u32,
                ..*self
            };
            // Each loop ends where its sort of column does.
            from += if tally.fits.is_none() {
                rest.settled(column, tally)
            } else if tally.fits.has(Kinds::FLOAT) && tally.fits.without(Kinds::NUMERIC).is_none() {
                rest.numbers(column, tally)
            } else if tally.fits == Kinds::DATE {
                rest.dates(column, tally)
            } else {
                rest.others(column, tally)
            };
        }
    }

    /// Of a column that fits nothing.
    #[inline(never)]
    fn settled(&self, column: usize, tally: &mut Tally) -> usize {
        let (mut longest, mut n_values) = (0, 0);
        for (number, (start, end)) in self.fields(column).enumerate() {
            let n = end - start;
            longest = longest.max(n);
            if n > 4 {
                n_values += 1;
                continue;
            }
            tally.figures.values += std::mem::take(&mut n_values);
            tally.value(&self.bytes[start..end], self.spot(number, start, end));
        }
        tally.figures.values += n_values;
        tally.figures.longest = tally.figures.longest.max(saturated(longest));
        self.starts.len()
    }

    /// Of a column of which the look must be taken at each value: as long as it stays one.
    #[inline(never)]
    fn others(&self, column: usize, tally: &mut Tally) -> usize {
        let fits = tally.fits;
        for (number, (start, end)) in self.fields(column).enumerate() {
            tally.value(&self.bytes[start..end], self.spot(number, start, end));
            if tally.fits != fits {
                return number + 1;
            }
        }
        self.starts.len()
    }

    /// Of a column of days.
    #[inline(never)]
    fn dates(&self, column: usize, tally: &mut Tally) -> usize {
        const TEN: u128 = (1 << 80) - 1;
        const DASHES: u128 = 0xff << 32 | 0xff << 56;
        let shape = ZEROS & TEN & !DASHES | u128::from_ne_bytes([b'-'; LOOK]) & DASHES;
        let mut n_days = 0;
        let mut done = self.starts.len();
        for (number, (start, end)) in self.fields(column).enumerate() {
            let is_day = end - start == 10
                && self.word(start).is_some_and(|word| {
                    // Digits become 0 to 9, dashes 0.
                    let digits = (word ^ shape) & TEN;
                    let [.., month_1, month_2, dash_2, day_1, day_2] =
                        *digits.to_le_bytes().first_chunk::<10>().expect("there are 16");
                    let dash_1 = (digits >> 32) as u8;
                    let (month, day) = (month_1.wrapping_mul(10) + month_2, day_1.wrapping_mul(10) + day_2);
                    others_than_digits(digits) & TEN == 0
                        && dash_1 | dash_2 == 0
                        && month.wrapping_sub(1) < 12
                        && day.wrapping_sub(1) < 28
                });
            if is_day {
                n_days += 1;
                continue;
            }
            tally.figures.values += std::mem::take(&mut n_days);
            tally.figures.longest = tally.figures.longest.max(if number > 0 { 10 } else { 0 });
            tally.value(&self.bytes[start..end], self.spot(number, start, end));
            if tally.fits != Kinds::DATE {
                done = number + 1;
                break;
            }
        }
        tally.figures.values += n_days;
        tally.figures.longest = tally.figures.longest.max(if n_days > 0 { 10 } else { 0 });
        done
    }

    /// Of a column of numbers without exponents.
    #[inline(never)]
    fn numbers(&self, column: usize, tally: &mut Tally) -> usize {
        let known = |number: &NumberText| {
            if number.is_none() { Some(None) } else { Key::of(number.bytes()).map(Some) }
        };
        let (Some(mut smallest), Some(mut largest)) = (known(&tally.smallest), known(&tally.largest)) else {
            return self.others(column, tally);
        };
        let may_have_points = !tally.fits.has(Kinds::INT);
        let (mut smaller, mut larger) = (None, None);
        let (mut n_values, mut n_empty, mut longest, mut points) = (0, 0, 0, false);
        let mut done = self.starts.len();
        for (number, (start, end)) in self.fields(column).enumerate() {
            let n = end - start;
            if n == 0 {
                n_empty += 1;
                continue;
            }
            let key = self
                .word(start)
                .and_then(|word| Key::new(word, n))
                .filter(|key| may_have_points || !key.has_point);
            let Some(key) = key else {
                done = number;
                break;
            };
            n_values += 1;
            longest = longest.max(n);
            points |= key.has_point;
            // Of numbers whose order is not sure the slower look decides.
            if largest.is_none_or(|known: Key| key.size > known.size) {
                if largest.is_some_and(|known| !key.is_ordered(&known)) {
                    (done, n_values) = (number, n_values - 1);
                    break;
                }
                (largest, larger) = (Some(key), Some(start..end));
            }
            if smallest.is_none_or(|known: Key| key.size < known.size) {
                if smallest.is_some_and(|known| !key.is_ordered(&known)) {
                    (done, n_values) = (number, n_values - 1);
                    break;
                }
                (smallest, smaller) = (Some(key), Some(start..end));
            }
        }
        tally.figures.values += n_values;
        tally.figures.empty += n_empty;
        tally.figures.longest = tally.figures.longest.max(saturated(longest));
        tally.points |= points;
        let text = |at: std::ops::Range<usize>| NumberText::new(&self.bytes[at]);
        tally.smallest = smaller.and_then(text).unwrap_or(tally.smallest);
        tally.largest = larger.and_then(text).unwrap_or(tally.largest);
        if let Some((start, end)) = self.fields(column).nth(done) {
            tally.value(&self.bytes[start..end], self.spot(done, start, end));
            done += 1;
        }
        done
    }
}

/// The high bit of each byte that is not 0 to 9.
#[inline(always)]
fn others_than_digits(word: u128) -> u128 {
    const SEVEN: u128 = u128::from_ne_bytes([0x7f; LOOK]);
    const TO_HIGH: u128 = u128::from_ne_bytes([0x76; LOOK]);
    ((word & SEVEN) + TO_HIGH | word) & HIGH
}

/// What a short number is compared by.
#[derive(Clone, Copy, Debug)]
struct Key {
    /// The length of the whole part and then the digits, negative if the number is.
    size: i128,
    n_whole: u8,
    n: u8,
    has_point: bool,
}

impl Key {
    const MOST: usize = LOOK - 1;

    /// That of the number in the first `n` bytes of `word`; `None` if it is none, or one that needs
    /// a closer look.
    #[inline(always)]
    fn new(word: u128, n: usize) -> Option<Self> {
        if n.wrapping_sub(1) >= Self::MOST {
            return None;
        }
        let word = word & u128::MAX >> (128 - 8 * n);
        let mut others = others_than_digits(word ^ ZEROS) & u128::MAX >> (128 - 8 * n);
        let negative = word as u8 == b'-';
        let sign = usize::from(negative);
        others &= !(u128::from(negative) << 7);
        let digits = word >> (8 * sign);
        let n = n - sign;
        let others = others >> (8 * sign);
        let n_whole = if others == 0 { n } else { others.trailing_zeros() as usize / 8 };
        let has_point = others != 0;
        if has_point
            && (others & (others - 1) != 0 || (digits >> (8 * n_whole)) as u8 != b'.' || n_whole + 1 == n)
        {
            return None;
        }
        let starts_with_zero = digits as u8 == b'0';
        if n_whole == 0 || starts_with_zero && (n_whole > 1 || negative) {
            return None;
        }
        let size = ((n_whole as u128) << 120 | digits.swap_bytes() >> 8) as i128;
        let size = if negative { -size } else { size };
        Some(Self { size, n_whole: n_whole as u8, n: n as u8, has_point })
    }

    fn of(text: &[u8]) -> Option<Self> {
        let mut word = [0; LOOK];
        word.get_mut(..text.len())?.copy_from_slice(text);
        Self::new(u128::from_le_bytes(word), text.len())
    }

    /// Whether the order of two sizes is that of the numbers. If only one has a further digit, it
    /// may be a zero.
    #[inline(always)]
    fn is_ordered(&self, other: &Self) -> bool {
        self.n_whole != other.n_whole || self.n == other.n || (self.size < 0) != (other.size < 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of all sorts of values, by their stretches and one by one.
    #[test]
    fn stretches_come_to_what_values_one_by_one_come_to() {
        let sorts: [&[&str]; 9] = [
            &["1", "22", "-3", "0", "", "450", "99999999999999", "123456789012345", "1234567890123456"],
            &["1", "22", "9007199254740993", "-12345678901234567890", "-0", "0"],
            &["1.5", "1.50", "-1.5", "-1.50", "0.5", "0.50", "12.25", "3", "-0.5", "0", "-0", "0.0", "100"],
            &["1.5", "2", "007", "+1", ".5", "5.", "1e5", "1.2.3", "12-3", "N/A", "-", "--", "1E+2"],
            &["2024-02-29", "2024-01-31", "1999-12-28", "", "NULL", "2024-04-30"],
            &["2024-02-28", "2023-02-29", "2024-13-01", "2024/01/01", "2024-01-0x", "2024-1-011"],
            &["Ada", "Grace Hopper", "", "NA", "nan", "x", "null"],
            &["ada@x.org", "b@y.de", "", "c@z"],
            &["20240131", "20231231", "1", "99999999"],
        ];
        let mut state = 1_u64;
        let mut next = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        for trial in 0..20_000 {
            let sort = sorts[trial % sorts.len()];
            // Most have few different values, so that a column stays of its sort.
            let n_kinds = 1 + next(sort.len());
            let values: Vec<&str> = (0..1 + next(20)).map(|_| sort[next(n_kinds)]).collect();
            let (mut bytes, mut starts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
            for value in &values {
                starts.push(bytes.len() as u32);
                for (text, end) in [("7", b','), (value, b','), ("", b'\n')] {
                    bytes.extend_from_slice(text.as_bytes());
                    ends.push(bytes.len() as u32);
                    bytes.push(end);
                }
            }
            if trial % 3 == 0 {
                bytes.extend_from_slice(&[b'9'; LOOK]);
            }
            let mut one_by_one = [const { Tally::new(Kinds::ALL) }; 3];
            for (number, start) in starts.iter().enumerate() {
                let mut start = *start;
                for (column, tally) in one_by_one.iter_mut().enumerate() {
                    let end = ends[number * 3 + column];
                    let spot =
                        Spot { start: 100 + start, end: 100 + end, record: 5 + number as u32, before: 0 };
                    tally.value(&bytes[start as usize..end as usize], spot);
                    start = end + 1;
                }
            }
            let mut by_stretches = [const { Tally::new(Kinds::ALL) }; 3];
            let cut = next(values.len() + 1);
            for (from, to) in [(0, cut), (cut, values.len())] {
                let (at, record) = (100, 5 + from as u32);
                let (starts, ends) = (&starts[from..to], &ends[from * 3..to * 3]);
                let stretch = Stretch { bytes: &bytes, starts, ends, n_fields: 3, at, record };
                by_stretches.iter_mut().enumerate().for_each(|(column, tally)| stretch.count(column, tally));
            }
            for (one, other) in one_by_one.iter().zip(&by_stretches) {
                assert_eq!(one, other, "{values:?} {cut}");
            }
        }
    }
}
