//! Where a window may plausibly be cut: a guess that costs a window's work if wrong, never
//! exactness.

use super::lines::{last_line_end, line_end};
use super::reference::Machine;
use crate::dialect::{Dialect, Terminator};
use memchr::memchr;

/// Finds plausible record ends.
#[derive(Clone, Debug)]
pub struct Cutter {
    dialect: Dialect,
    trim: bool,
    reach: usize,
}

/// Evidence is weighed after so many bytes; enough in nearly all data, so the rest is rarely looked
/// at.
const PIECE: usize = 64;

impl Cutter {
    /// Looks at no more than `reach` bytes. With `trim`, white space does not keep a quote from
    /// opening.
    pub fn new(dialect: &Dialect, trim: bool, reach: usize) -> Self {
        Self { dialect: dialect.clone(), trim, reach }
    }

    /// The bytes to show it, if the input has as many.
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// The offset in `ahead` at which a record plausibly starts, the sooner the better.
    ///
    /// `ahead` is read twice, as if its first byte stood outside quotes and inside; that reading is
    /// believed which finds fewer quotes in odd places (an opening one not at a field's start, a
    /// closing one not at its end).
    pub fn cut(&self, ahead: &[u8]) -> Option<usize> {
        self.plausible(ahead).map(|at| at + self.rest_of_pair(ahead, at))
    }

    /// The offset in `bytes` behind the last line end that is sure to be one, where a record
    /// plausibly starts.
    pub fn last(&self, bytes: &[u8]) -> Option<usize> {
        last_line_end(self.dialect.terminator, bytes)
    }

    /// 1 where a cut at `at` would part the LF of a CRLF from its CR, which no window may.
    pub fn rest_of_pair(&self, bytes: &[u8], at: usize) -> usize {
        let parts = self.dialect.terminator == Terminator::Any
            && at > 0
            && bytes.get(at - 1) == Some(&b'\r')
            && bytes.get(at) == Some(&b'\n');
        usize::from(parts)
    }

    fn plausible(&self, ahead: &[u8]) -> Option<usize> {
        let ahead = &ahead[..ahead.len().min(self.reach)];
        let quote = self.dialect.quote.and_then(|quote| memchr(quote, ahead));
        if quote.is_none() && self.dialect.escape.is_none() {
            return line_end(self.dialect.terminator, ahead);
        }
        let mut readings = [false, true].map(|quoted| CutReading {
            machine: Machine::within_field(&self.dialect, self.trim, quoted),
            end: None,
        });
        // Of a pair whose first quote lies before, the second would mislead both.
        let mut from = ahead.iter().take_while(|byte| Some(**byte) == self.dialect.quote).count();
        // Up to the first evidence both; what is believed then is read on alone.
        let mut believed: Option<usize> = None;
        while from < ahead.len() {
            let to = (from + PIECE).min(ahead.len());
            match believed {
                None => readings.iter_mut().for_each(|reading| reading.read(&ahead[..to], from)),
                Some(i) => readings[i].read(&ahead[..to], from),
            }
            from = to;
            if believed.is_none() {
                let [outside, inside] = readings.each_ref().map(|reading| reading.machine.n_irregular());
                believed = (outside != inside).then_some(usize::from(inside < outside));
            }
            if let Some(i) = believed
                && readings[i].end.is_some()
            {
                return readings[i].end;
            }
        }
        readings[believed.unwrap_or(0)].end
    }
}

struct CutReading {
    machine: Machine,
    end: Option<usize>,
}

impl CutReading {
    fn read(&mut self, bytes: &[u8], mut from: usize) {
        while let Some(ended) = self.machine.record(bytes, from, |_| ()) {
            self.end.get_or_insert(ended.next);
            from = ended.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(ahead: &str) -> Option<usize> {
        Cutter::new(&Dialect::default(), true, 4096).cut(ahead.as_bytes())
    }

    #[test]
    fn takes_the_reading_with_fewer_odd_quotes() {
        assert_eq!(cut("ef,gh\nij,kl\n"), Some(6));
        assert_eq!(cut("text\nmore text\",x\nnext,y\n"), Some(18), "inside");
        assert_eq!(cut("ef,\"g\nh\",i\nj,k\n"), Some(11), "outside");
        assert_eq!(
            cut("\"quoted\"\" text\nand \"\"more\"\"\",x\nnext,y\n"),
            Some(31),
            "the first quote of a pair lies before"
        );
        assert_eq!(cut("no end in sight"), None);
        assert_eq!(cut("cr\r\nnext"), Some(4));
    }
}
