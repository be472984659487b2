//! Remarks on an input that only its end allows.

use super::options::Options;
use super::state::State;
use crate::error::Anomaly;
use crate::plan::Plan;

/// What is kept of an input's beginning for its remarks.
pub(super) struct Facts {
    n_fields: usize,
    other_extra_key: Option<String>,
    /// Blank records before the header.
    blank: u64,
}

impl Facts {
    pub(super) fn of(plan: &Plan, blank: u64) -> Self {
        let other_extra_key = plan.other_extra_key().map(str::to_owned);
        Self { n_fields: plan.n_fields(), other_extra_key, blank }
    }

    /// Returns the remarks on an input that was converted to its end.
    pub(super) fn remarks(&self, name: &str, options: &Options, done: &State) -> Vec<String> {
        let mut remarks = Vec::new();
        let is_longer = done.anomalies.contains_key(&Anomaly::LongRecord);
        if let (true, Some(key)) = (is_longer, &self.other_extra_key) {
            let wanted = &options.shaping.columns.extra_key;
            remarks.push(format!(
                "{name}: a column is called '{wanted}'; the fields beyond the header are in '{key}' (`extra_key`)"
            ));
        }
        let n_blank = done.blank + self.blank;
        if self.n_fields == 1 && done.blank > 0 {
            let (lines, are) = if n_blank == 1 { ("line", "was") } else { ("lines", "were") };
            remarks.push(format!(
                "{name}: {n_blank} blank {lines} {are} dropped; in a file of one column they may be empty values"
            ));
        }
        let skips = options.shaping.dialect.comment.is_some() || options.shaping.skip_lines > 0;
        if done.records == 0 && skips && options.limit != Some(0) && !options.shaping.names.no_header {
            remarks.push(nothing_left(name));
        }
        remarks
    }
}

/// The remark on an input of which nothing is left.
pub(super) fn nothing_left(name: &str) -> String {
    format!("{name}: no record is left; do `comment` and `skip_lines` skip too much?")
}

/// A mark ended the data of an input on this line.
pub(super) fn marked_end(name: &str, line: u64) -> String {
    format!("{name}: the data ends on line {line}, with \\.; nothing behind that is read")
}
