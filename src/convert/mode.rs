//! What is done with records and with anomalies. It is chosen once for an input.

use super::budget::Sizes;
use super::record_reader::RecordReader;
use crate::plan::Plan;

/// What is done with the records of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The kernels weave runs of regular records; the encoder writes the others.
    Weave,
    /// The encoder writes each record.
    Encode,
    /// Nothing is written. The kernels apply the rules to runs of regular records, to find values
    /// that do not fit.
    JudgeColumns,
    /// Nothing is written. The encoder judges each record.
    Judge,
    /// Nothing is written. Regular records can have no anomaly, so the kernels only count them.
    Count,
    /// Nothing is written. The encoder judges each record, and the schema counts its fields.
    Survey,
}

/// What an anomaly does, beyond being counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnAnomaly {
    /// Nothing.
    Count,
    /// It ends the run.
    Fail,
    /// Its record goes to the rejects.
    Reject,
}

/// The bytes that are counted at once. No record among them is longer.
pub(super) const COUNTED: usize = 64 << 10;

impl Mode {
    /// The fastest mode that is right for this input; with `check` nothing is written, and with
    /// `survey` a schema is made.
    pub(super) fn new(reader: &RecordReader, plan: &Plan, sizes: &Sizes, check: bool, survey: bool) -> Self {
        if survey {
            return Self::Survey;
        }
        // Otherwise a record of a strip may be too long.
        let weaves = plan.weaves() && sizes.max_record >= sizes.strip;
        // In a file of one column any record may be blank.
        let counts = sizes.max_record >= COUNTED
            && !reader.always_decode
            && reader.marks.left.is_none_or(|left| left.is_only_unended())
            && !plan.may_misfit()
            && plan.conditions().is_empty()
            && plan.n_fields() > 1;
        match check {
            false if weaves => Self::Weave,
            false => Self::Encode,
            // The weave leaves what may be empty to a closer look.
            true if weaves
                && (plan.may_misfit() || reader.dialect.skip_empty || !plan.conditions().is_empty()) =>
            {
                Self::JudgeColumns
            }
            true if counts => Self::Count,
            true => Self::Judge,
        }
    }

    /// Whether records are written.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Weave | Self::Encode)
    }

    /// Whether the kernels weave.
    pub(super) fn weaves(self) -> bool {
        matches!(self, Self::Weave | Self::JudgeColumns)
    }
}

impl OnAnomaly {
    /// By what was asked for, which is not both.
    pub(super) fn new(strict: bool, rejects: bool) -> Self {
        match (strict, rejects) {
            (true, _) => Self::Fail,
            (false, true) => Self::Reject,
            (false, false) => Self::Count,
        }
    }

    /// Whether a record must be judged before it is written.
    pub(super) fn judges_first(self) -> bool {
        self != Self::Count
    }
}
