//! Remarks on inputs and outputs, printed as soon as they are made: before the first record, not
//! behind the last.

use super::exit::on_a_line;
use super::progress::Bar;
use super::say::say_lines;
use super::words::with_flags;
use crate::{Builder, Converter};
use std::sync::{Arc, Mutex, PoisonError};

/// The remarks of a run.
#[derive(Clone, Default)]
pub(super) struct Remarks(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// They are printed, beside this bar.
    bar: Option<Bar>,
    said: Vec<String>,
}

impl Remarks {
    /// Those of a conversion that is being asked for.
    pub(super) fn of_new() -> (Self, Builder) {
        let remarks = Self::default();
        let heard = remarks.clone();
        let builder = Converter::builder().on_remark(move |remark| heard.hear(remark));
        (remarks, builder)
    }

    /// From now on remarks are printed, unless silence was asked for.
    pub(super) fn begin(&self, bar: &Bar, quiet: bool) {
        self.kept().bar = (!quiet).then(|| bar.clone());
    }

    /// Prints a remark of the library.
    pub(super) fn hear(&self, remark: &str) {
        let mut kept = self.kept();
        let Some(bar) = kept.bar.clone() else { return };
        bar.aside(|| say_lines(&format!("rowmill: note: {}\n", on_a_line(&with_flags(remark)))));
        kept.said.push(remark.to_owned());
    }

    /// The remarks that were printed.
    pub(super) fn said(&self) -> Vec<String> {
        self.kept().said.clone()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
