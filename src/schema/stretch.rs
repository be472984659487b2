//! Values that stand bare in the input, a column of a run of records at a time.
//!
//! It knows at a look what `judge.rs` would say of most values of most columns, and asks it of the
//! others: a loop for each sort of column, chosen by what the column still fits. A column that fits
//! nothing any more needs the lengths alone.

use super::kinds::KindSet;
use super::number_text::NumberText;
use super::tally::{ColumnTally, Figures, Spot, saturated};
use crate::kernel::{AlignedNumbers, Along, BEHIND, Block, Cell, Kernel, Visit};

/// The fields of a run of records: bare, clean, of valid UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'s> {
    pub(crate) kernel: &'s Kernel,
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

impl Stretch<'_> {
    /// Counts the fields of a column.
    pub(crate) fn count(&self, column: usize, tally: &mut ColumnTally) {
        let n = self.starts.len();
        // At the very end there is nothing behind the fields to look at.
        let has_behind = |end: &u32| *end as usize + BEHIND <= self.bytes.len();
        let n_whole = match self.ends.last().is_some_and(has_behind) {
            true => n,
            false => self
                .ends
                .chunks_exact(self.n_fields)
                .take_while(|ends| ends.last().is_some_and(has_behind))
                .count(),
        };
        let mut from = 0;
        while from < n {
            let whole = from.max(n_whole);
            let rest = Along {
                from: self.bytes,
                starts: &self.starts[from..whole],
                ends: &self.ends[from * self.n_fields..whole * self.n_fields],
                n_fields: self.n_fields,
                column,
            };
            // Each loop ends where it does not know what a value fits.
            from += if tally.fits.is_none() {
                settled(self.kernel, rest, tally)
            } else if tally.fits.has(KindSet::FLOAT) && tally.fits.without(KindSet::NUMERIC).is_none() {
                let aligned = aligned(self.kernel, rest, tally);
                let rest = rest.behind(aligned);
                aligned + if rest.starts.is_empty() { 0 } else { numbers(self.kernel, rest, tally) }
            } else if tally.fits == KindSet::DATE {
                looked_for(self.kernel, rest, tally, Days)
            } else if tally.fits == KindSet::EMAIL {
                looked_for(self.kernel, rest, tally, Addresses)
            } else {
                0
            };
            if from < n {
                let ends = &self.ends[from * self.n_fields..][..=column];
                let start = if column == 0 { self.starts[from] } else { ends[column - 1] + 1 };
                let spot = Spot {
                    start: self.at + start,
                    end: self.at + ends[column],
                    record: self.record + from as u32,
                    before: 0,
                };
                tally.value(&self.bytes[start as usize..ends[column] as usize], spot);
                from += 1;
            }
        }
    }
}

/// What spellings of null start with.
const STARTS: &[u8] = b"Nn#\\-?";

/// Counts values of a column that fits nothing, up to one that may be a spelling of null.
fn settled(kernel: &Kernel, fields: Along<'_>, tally: &mut ColumnTally) -> usize {
    let mut longest = 0;
    let by_eight = kernel.longer_eights(fields, 4, STARTS, &mut longest);
    let mut visit = Settled { n_empty: 0, longest: longest as usize };
    let n = by_eight + kernel.along(fields.behind(by_eight), &mut visit);
    add(&mut tally.figures, n, visit.n_empty, visit.longest);
    n
}

#[derive(Clone, Copy)]
struct Settled {
    n_empty: usize,
    longest: usize,
}

impl Visit for Settled {
    #[inline(always)]
    fn visit<B: Block>(&mut self, _: usize, cell: Cell<'_, B>) -> bool {
        let n = cell.len();
        self.longest = self.longest.max(n);
        if n > 4 {
            return true;
        }
        self.n_empty += usize::from(n == 0);
        n == 0 || !may_be_null(cell.wide(0), n)
    }
}

/// Whether a value of up to four bytes may be a spelling of null. Most texts start with another
/// letter, and most others have another second one.
#[inline(always)]
fn may_be_null(wide: u128, n: usize) -> bool {
    let [first, second, ..] = wide.to_be_bytes();
    match first {
        b'N' | b'n' => n != 1 && matches!(second, b'A' | b'a' | b'U' | b'u' | b'/' | b'o' | b'i'),
        b'#' | b'\\' | b'-' | b'?' => true,
        _ => false,
    }
}

/// What all values of a column still fit, and nothing else.
trait Sort: Copy {
    /// Whether a value is surely of the sort.
    fn has<B: Block>(cell: &Cell<'_, B>) -> bool;
}

/// Counts values that surely are of a sort, and empty ones.
fn looked_for<S: Sort>(kernel: &Kernel, fields: Along<'_>, tally: &mut ColumnTally, _: S) -> usize {
    let mut visit = Sorted::<S> { n_empty: 0, longest: 0, sort: std::marker::PhantomData };
    let n = kernel.along(fields, &mut visit);
    add(&mut tally.figures, n, visit.n_empty, visit.longest);
    n
}

#[derive(Clone, Copy)]
struct Sorted<S> {
    n_empty: usize,
    longest: usize,
    sort: std::marker::PhantomData<S>,
}

impl<S: Sort> Visit for Sorted<S> {
    #[inline(always)]
    fn visit<B: Block>(&mut self, _: usize, cell: Cell<'_, B>) -> bool {
        let n = cell.len();
        let is_empty = n == 0;
        if !is_empty && !S::has(&cell) {
            return false;
        }
        self.n_empty += usize::from(is_empty);
        self.longest = self.longest.max(n);
        true
    }
}

fn add(figures: &mut Figures, n: usize, n_empty: usize, longest: usize) {
    figures.empty += n_empty as u32;
    figures.values += (n - n_empty) as u32;
    figures.longest = figures.longest.max(saturated(longest));
}

/// `YYYY-MM-DD`, up to the 28th.
#[derive(Clone, Copy)]
struct Days;

impl Sort for Days {
    #[inline(always)]
    fn has<B: Block>(cell: &Cell<'_, B>) -> bool {
        let [.., dash_1, a, b, dash_2, c, d, _, _, _, _, _, _] = cell.wide(0).to_be_bytes();
        let (month, day) = ((a & 15) * 10 + (b & 15), (c & 15) * 10 + (d & 15));
        cell.len() == 10
            && cell.digits() & 0x3ff == 0b11_0110_1111
            && (dash_1 == b'-') & (dash_2 == b'-')
            && month.wrapping_sub(1) < 12
            && day.wrapping_sub(1) < 28
    }
}

/// Plain addresses of up to 64 bytes.
#[derive(Clone, Copy)]
struct Addresses;

impl Sort for Addresses {
    #[inline(always)]
    fn has<B: Block>(cell: &Cell<'_, B>) -> bool {
        let n = cell.len();
        let ([at, point], to_comma) = cell.masks([b'@', b'.'], b',');
        let [to_nine, to_question, to_z, to_bracket, to_tilde] =
            [b'9', b'?', b'Z', b']', b'~'].map(|most| cell.masks([], most).1);
        // What lies between these is not plain, or not surely.
        let others = to_comma | to_question & !to_nine | to_bracket & !to_z;
        let all = u64::MAX >> (64 - n.clamp(1, 64));
        let (last, host) = (all & !(all >> 1), at.wrapping_neg() << 1);
        n <= 64
            && others == 0
            && to_tilde == all
            && at.is_power_of_two()
            && at != 1
            && point & host != 0
            && point & (at << 1 | last) == 0
    }
}

/// Counts numbers that have as many digits behind the point as the first, and no sign; and empty
/// values. Their texts, moved to the right, are in the order of the numbers, so the least and the
/// greatest are found without a branch.
fn aligned(kernel: &Kernel, fields: Along<'_>, tally: &mut ColumnTally) -> usize {
    let Some(first) = fields.starts.first() else { return 0 };
    let start = if fields.column == 0 { *first } else { fields.ends[fields.column - 1] + 1 };
    let first = &fields.from[start as usize..fields.ends[fields.column] as usize];
    let n_behind = first.iter().rev().position(|byte| *byte == b'.').unwrap_or(0);
    if n_behind > 0 && tally.fits.has(KindSet::INT) || n_behind > 6 {
        return 0;
    }
    let short = tally.figures.longest <= 8 && first.len() <= 8;
    let known =
        |number: &NumberText| aligned_key(number.bytes(), n_behind).filter(|key| !short || key >> 64 == 0);
    let [seed_smallest, seed_largest] = [known(&tally.smallest), known(&tally.largest)];
    let (mut smallest, mut largest) = (seed_smallest.unwrap_or(u128::MAX), seed_largest.unwrap_or(0));
    let (n, n_empty);
    if short {
        let mut visit = Aligned::<u64>::new(n_behind, smallest as u64, largest as u64);
        let Aligned { least, shape, point, smallest: least_key, largest: greatest_key, .. } = visit;
        let mut numbers = AlignedNumbers {
            least: least as u32,
            shape,
            point,
            smallest: [least_key; 8],
            largest: [greatest_key; 8],
        };
        let by_eight = kernel.aligned_eights(fields, &mut numbers);
        visit.smallest = numbers.smallest.into_iter().fold(u64::MAX, u64::min);
        visit.largest = numbers.largest.into_iter().fold(0, u64::max);
        n = by_eight + kernel.along(fields.behind(by_eight), &mut visit);
        n_empty = visit.n_empty;
        // None was found if the first remains.
        smallest = if visit.smallest == u64::MAX { u128::MAX } else { u128::from(visit.smallest) };
        largest = u128::from(visit.largest);
    } else {
        let mut visit = Aligned::<u128>::new(n_behind, smallest, largest);
        n = kernel.along(fields, &mut visit);
        Aligned { n_empty, smallest, largest, .. } = visit;
    }
    if n == n_empty {
        tally.figures.empty += n_empty as u32;
        return n;
    }
    let bytes = [smallest, largest].map(u128::to_be_bytes);
    let [smallest_text, largest_text] = [(&bytes[0], smallest), (&bytes[1], largest)]
        .map(|(bytes, key)| &bytes[key.leading_zeros() as usize / 8..]);
    if Some(smallest) != seed_smallest {
        tally.smaller(smallest_text);
    }
    if Some(largest) != seed_largest {
        tally.larger(largest_text);
    }
    tally.points |= n_behind > 0;
    // The longest of those that are counted here is the greatest, and of those before it is known.
    add(&mut tally.figures, n, n_empty, largest_text.len());
    n
}

/// The text of a number moved to the right, if it has so many digits behind its point, and no sign.
fn aligned_key(text: &[u8], n_behind: usize) -> Option<u128> {
    let behind = text.iter().rev().position(|byte| *byte == b'.').unwrap_or(0);
    if text.is_empty() || behind != n_behind || text[0] == b'-' {
        return None;
    }
    let mut bytes = [0; 16];
    bytes.get_mut(16usize.checked_sub(text.len())?..)?.copy_from_slice(text);
    Some(u128::from_be_bytes(bytes))
}

#[derive(Clone, Copy)]
struct Aligned<K> {
    /// The least bytes of a number.
    least: usize,
    /// What makes digits of a number 0 to 9, and its point 0; and where that is.
    shape: K,
    point: K,
    n_empty: usize,
    smallest: K,
    largest: K,
}

/// The text of a number moved to the right, in an integer of that many bytes.
macro_rules! aligned {
    ($key:ty, $n_bytes:literal, $most:literal) => {
        impl Aligned<$key> {
            fn new(n_behind: usize, smallest: $key, largest: $key) -> Self {
                let zeros = <$key>::from_ne_bytes([b'0'; $n_bytes]);
                let (least, shape, point) = match n_behind {
                    0 => (1, zeros, 0),
                    n => (
                        n + 2,
                        zeros ^ <$key>::from(b'0' ^ b'.') << (8 * n),
                        <$key>::from(0xff_u8) << (8 * n),
                    ),
                };
                Self { least, shape, point, n_empty: 0, smallest, largest }
            }
        }

        impl Visit for Aligned<$key> {
            #[inline(always)]
            fn visit<B: Block>(&mut self, _: usize, cell: Cell<'_, B>) -> bool {
                let n = cell.len();
                if n.wrapping_sub(self.least) > $most - self.least {
                    self.n_empty += usize::from(n == 0);
                    return n == 0;
                }
                let text = (cell.wide(0) >> (128 - 8 * $n_bytes)) as $key;
                let shift = 8 * ($n_bytes - n);
                let key = text >> shift;
                let digits = key ^ self.shape & <$key>::MAX >> shift;
                // What is above 9 gets the high bit, if it does not have it.
                let others = (digits.wrapping_add(<$key>::from_ne_bytes([0x76; $n_bytes])) | digits)
                    & <$key>::from_ne_bytes([0x80; $n_bytes])
                    | digits & self.point;
                let starts_with_zero = (text >> (8 * ($n_bytes - 1))) as u8 == b'0';
                if (others != 0) | (starts_with_zero & (n > self.least)) {
                    return false;
                }
                self.smallest = self.smallest.min(key);
                self.largest = self.largest.max(key);
                true
            }
        }
    };
}

aligned!(u64, 8, 8);
// Longer ones may be beyond what doubles hold.
aligned!(u128, 16, 15);

/// Counts numbers without exponents, and empty values.
fn numbers(kernel: &Kernel, fields: Along<'_>, tally: &mut ColumnTally) -> usize {
    let known = |number: &NumberText| match number.is_none() {
        true => Some(Extreme::default()),
        false => Extreme::of(number.bytes()),
    };
    let (Some(smallest), Some(largest)) = (known(&tally.smallest), known(&tally.largest)) else { return 0 };
    let may_have_points = !tally.fits.has(KindSet::INT);
    let mut visit =
        OtherNumbers { smallest, largest, may_have_points, n_empty: 0, longest: 0, points: false };
    let n = kernel.along(fields, &mut visit);
    let OtherNumbers { smallest, largest, n_empty, longest, points, .. } = visit;
    add(&mut tally.figures, n, n_empty, longest);
    tally.points |= points;
    let text =
        |Extreme { at, .. }: Extreme| at.and_then(|(start, end)| NumberText::new(&fields.from[start..end]));
    tally.smallest = text(smallest).unwrap_or(tally.smallest);
    tally.largest = text(largest).unwrap_or(tally.largest);
    n
}

#[derive(Clone, Copy)]
struct OtherNumbers {
    smallest: Extreme,
    largest: Extreme,
    may_have_points: bool,
    n_empty: usize,
    longest: usize,
    points: bool,
}

/// The smallest number or the largest so far.
#[derive(Clone, Copy, Debug, Default)]
struct Extreme {
    key: Option<Key>,
    /// Where it is, if it is in the stretch.
    at: Option<(usize, usize)>,
}

/// What a short number is compared by.
#[derive(Clone, Copy, Debug)]
struct Key {
    /// The length of the whole part and then the digits, negative if the number is.
    size: i128,
    n_whole: usize,
    n: usize,
}

/// The first `n` bytes of sixteen.
const FIRST: [u128; 17] = {
    let (mut masks, mut n) = ([0; 17], 1);
    while n < 17 {
        masks[n] = u128::MAX << (128 - 8 * n);
        n += 1;
    }
    masks
};

impl Visit for OtherNumbers {
    #[inline(always)]
    fn visit<B: Block>(&mut self, _: usize, cell: Cell<'_, B>) -> bool {
        let n = cell.len();
        if n == 0 {
            self.n_empty += 1;
            return true;
        }
        if n > Key::MOST {
            return false;
        }
        let Some((key, has_point)) = Key::new(cell.digits(), [cell.wide(0), cell.wide(1)], n) else {
            return false;
        };
        if has_point && !self.may_have_points {
            return false;
        }
        let (_, start, end) = cell.field();
        let larger = self.largest.key.is_none_or(|known| key.size > known.size);
        let smaller = self.smallest.key.is_none_or(|known| key.size < known.size);
        if larger | smaller {
            // Of numbers whose order is not sure a closer look decides.
            let is_sure = |extreme: &Extreme| extreme.key.is_none_or(|known| key.is_ordered(&known));
            if larger && !is_sure(&self.largest) || smaller && !is_sure(&self.smallest) {
                return false;
            }
            let extreme = || Extreme { key: Some(key), at: Some((start, end)) };
            if larger {
                self.largest = extreme();
            }
            if smaller {
                self.smallest = extreme();
            }
        }
        self.longest = self.longest.max(n);
        self.points |= has_point;
        true
    }
}

impl Extreme {
    /// That of a number that was kept; `None` if it needs a closer look.
    fn of(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 17];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let digits = (0..)
            .zip(text)
            .take(16)
            .fold(0, |found, (i, byte)| found | u32::from(byte.is_ascii_digit()) << i);
        let from = |at: usize| u128::from_be_bytes(*bytes[at..].first_chunk().expect("there are 17"));
        let (key, _) = Key::new(digits, [from(0), from(1)], text.len())?;
        Some(Self { key: Some(key), at: None })
    }
}

impl Key {
    const MOST: usize = 15;

    /// That of a number of `n` bytes, the first of `bytes`, of which these are `digits`; the second
    /// of `bytes` start a byte later. And whether it has a point. `None` if it is no number, or
    /// needs a closer look.
    #[inline(always)]
    fn new(digits: u32, bytes: [u128; 2], n: usize) -> Option<(Self, bool)> {
        if n > Self::MOST {
            return None;
        }
        let negative = (bytes[0] >> 120) as u8 == b'-';
        let sign = usize::from(negative);
        let (n, digits) = (n - sign, digits >> sign);
        let text = bytes[sign] & FIRST[n];
        let others = !digits & ((1 << n) - 1);
        let n_whole = (others | 1 << n).trailing_zeros() as usize;
        let has_point = others != 0;
        let is_point = (text << (8 * n_whole) >> 120) as u8 == b'.' && n_whole + 1 < n;
        if has_point && (others & (others - 1) != 0 || !is_point) {
            return None;
        }
        let starts_with_zero = (text >> 120) as u8 == b'0';
        if n_whole == 0 || starts_with_zero && (n_whole > 1 || negative) {
            return None;
        }
        let size = ((n_whole as u128) << 120 | text >> 8) as i128;
        let size = if negative { -size } else { size };
        Some((Self { size, n_whole, n }, has_point))
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
    use crate::kernel::Isa;

    /// Columns of all sorts of values, by their stretches and one by one.
    #[test]
    fn stretches_come_to_what_values_one_by_one_come_to() {
        let sorts: [&[&str]; 11] = [
            &["1", "22", "-3", "0", "", "450", "99999999999999", "123456789012345", "1234567890123456"],
            &["1", "22", "9007199254740993", "-12345678901234567890", "-0", "0"],
            &["1.5", "1.50", "-1.5", "-1.50", "0.5", "0.50", "12.25", "3", "-0.5", "0", "-0", "0.0", "100"],
            &["1.5", "2", "007", "+1", ".5", "5.", "1e5", "1.2.3", "12-3", "N/A", "-", "--", "1E+2"],
            &["2024-02-29", "2024-01-31", "1999-12-28", "", "NULL", "2024-04-30"],
            &["2024-02-28", "2023-02-29", "2024-13-01", "2024/01/01", "2024-01-0x", "2024-1-011"],
            &["Ada", "Grace Hopper", "", "NA", "nan", "x", "null"],
            &["ada@x.org", "b.c@y.de", "", "c@z", "NA"],
            &[
                "a@b@c.d", "@x.org", "a@.org", "a@b.org.", "a b@c.de", "a@b,c.de", "a@b;c.de", "a@[b.c]",
                "a@b.c",
            ],
            &[
                "é@x.org",
                "a-b_c+d@x-y.org",
                "a{b}~@x.org",
                "a.@x.o",
                "a@x..o",
                "a@x.o/",
                "a@x.\u{7f}o",
                "a@b.c",
            ],
            &["20240131", "20231231", "1", "99999999"],
        ];
        let kernels: Vec<Kernel> = Isa::ALL.into_iter().filter_map(Kernel::new).collect();
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
                bytes.extend_from_slice(&[b'9'; 100]);
            }
            let mut one_by_one = [const { ColumnTally::new(KindSet::ALL) }; 3];
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
            let mut by_stretches = [const { ColumnTally::new(KindSet::ALL) }; 3];
            let cut = next(values.len() + 1);
            for (from, to) in [(0, cut), (cut, values.len())] {
                let (at, record) = (100, 5 + from as u32);
                let (starts, ends) = (&starts[from..to], &ends[from * 3..to * 3]);
                let stretch = Stretch {
                    kernel: &kernels[trial % kernels.len()],
                    bytes: &bytes,
                    starts,
                    ends,
                    n_fields: 3,
                    at,
                    record,
                };
                by_stretches.iter_mut().enumerate().for_each(|(column, tally)| stretch.count(column, tally));
            }
            for (one, other) in one_by_one.iter().zip(&by_stretches) {
                assert_eq!(one, other, "{values:?} {cut}");
            }
        }
    }
}
