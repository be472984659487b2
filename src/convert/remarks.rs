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
        let n_blank = done.dropped.blank + self.blank;
        if self.n_fields == 1 && done.dropped.blank > 0 {
            let (lines, are) = if n_blank == 1 { ("line", "was") } else { ("lines", "were") };
            remarks.push(format!(
                "{name}: {n_blank} blank {lines} {are} dropped; in a file of one column they may be empty values"
            ));
        }
        if done.records == 0 && options.limit != Some(0) {
            remarks.extend(nothing_left(name, options));
        }
        remarks
    }
}

/// The remark on an input of which nothing is left, if something was to be skipped.
pub(super) fn nothing_left(name: &str, options: &Options) -> Option<String> {
    let shaping = &options.shaping;
    let skipping = [
        (shaping.dialect.comment.is_some(), "`comment`"),
        (shaping.dialect.skip_empty, "`skip_empty`"),
        (shaping.skip_lines > 0, "`skip_lines`"),
        (shaping.skip_until.is_some(), "`skip_until`"),
        (shaping.skip_after_header > 0, "`skip_after_header`"),
        (shaping.skip_last > 0, "`skip_last`"),
        (!shaping.columns.filter.is_empty(), "`filter`"),
    ];
    let skipping: Vec<&str> = skipping.iter().filter(|(skips, _)| *skips).map(|(_, name)| *name).collect();
    let does = match skipping.split_last()? {
        (last, []) => format!("does {last} skip"),
        (last, others) => format!("do {} and {last} skip", others.join(", ")),
    };
    let hint = match skipping.first() {
        Some(&"`comment`") if shaping.names.in_comment.is_none() => {
            " `header_comment` takes the names from a comment"
        }
        _ => "",
    };
    Some(format!("{name}: no record is left; {does} too much?{hint}"))
}

/// A mark ended the data of an input on this line.
pub(super) fn marked_end(name: &str, line: u64) -> String {
    format!("{name}: the data ends on line {line}, with \\.; nothing behind that is read")
}
