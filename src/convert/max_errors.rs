//! How many anomalies a run may have.
//!
//! They are counted in the order of the input, so the same record ends the run whatever the threads
//! and windows. A window counts on a guess; if that is too many at its turn, it is converted again,
//! and from the turn on each record is judged before it is written.

use super::summary::{Count, Summary};
use crate::error::{Anomaly, Error, ErrorKind, Result};
use std::fmt;
use std::str::FromStr;

/// More anomalies than this end a run as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaxErrors {
    /// So many. The first beyond that ends the run.
    Count(u64),
    /// So many in a hundred records, in millionths: 1 % is 10,000. It is known at the end of the
    /// run only.
    Share(u64),
}

/// A hundred percent.
const WHOLE: u64 = 1_000_000;

impl MaxErrors {
    /// How many there may be at any time.
    pub(super) fn count(self) -> Option<u64> {
        match self {
            Self::Count(n) => Some(n),
            Self::Share(_) => None,
        }
    }

    /// Looks at the end of a run whether its anomalies are too many for its records.
    ///
    /// # Errors
    /// They are.
    pub(super) fn judge(self, summary: &Summary) -> Result<()> {
        let Self::Share(share) = self else { return Ok(()) };
        let (n, n_records) = (summary.n_anomalies(), summary.records);
        if u128::from(n) * u128::from(WHOLE) <= u128::from(share) * u128::from(n_records) {
            return Ok(());
        }
        Err(ErrorKind::ErrorShare { n, n_records, most: self.to_string() }.into())
    }
}

/// What an input may have at the most behind those that the summary has, of `most`, which is given
/// back too. `last` is the last that was seen.
///
/// # Errors
/// There are too many already.
pub(super) fn left(
    most: Option<MaxErrors>,
    summary: &Summary,
    last: Option<&(Anomaly, Count)>,
) -> Result<Option<(u64, u64)>> {
    let Some(most) = most.and_then(MaxErrors::count) else { return Ok(None) };
    match (most.checked_sub(summary.n_anomalies()), last) {
        (None, Some((anomaly, Count { first, detail, .. }))) => {
            let (place, detail) = (first.clone(), detail.clone());
            Err(ErrorKind::MaxErrors { most, anomaly: *anomaly, place, detail }.into())
        }
        (left, _) => Ok(Some((left.unwrap_or(0), most))),
    }
}

/// As it is typed.
impl fmt::Display for MaxErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Share(share) => {
                let text = format!("{}.{:04}", share / 10_000, share % 10_000);
                write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

/// A number, or one with up to four decimals and a percent sign.
impl FromStr for MaxErrors {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::setting(format!(
                "`max_errors` takes a number, or a share of up to four decimals as 0.5%, not '{text}'"
            ))
        };
        let Some(share) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| wrong());
        };
        let (whole, decimals) = share.split_once('.').unwrap_or((share, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(decimals) || whole.len() > 3 || decimals.len() > 4 {
            return Err(wrong());
        }
        let share = format!("{whole}{decimals:0<4}").parse().map_err(|_| wrong())?;
        if share > WHOLE { Err(wrong()) } else { Ok(Self::Share(share)) }
    }
}
