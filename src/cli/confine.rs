//! Gives up every right to files and network that the run won't need, before it begins: a second
//! lock on a door that is closed anyway.
//!
//! What is left: to read the inputs, to make and replace files in the outputs' folders and below,
//! to write to a FIFO or device that is an output, and to read what the system reports of this
//! process and its cores. How the system holds the rest back, and whether it can: `confine` in
//! `sys`. A library has no business doing that to its caller, so only the program does.
//!
//! It does not know how anything is converted. Advice for maintainers: what a new option has a run
//! open belongs into [`allowed`], or it will fail with "Permission denied".

use crate::output::made_in;
use crate::sys::{self, Right};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// What a run opens.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) inputs: Vec<PathBuf>,
    pub(super) outputs: Vec<PathBuf>,
    /// It keeps a checkpoint.
    pub(super) resumes: bool,
    /// Files and folders are synced.
    pub(super) syncs: bool,
    /// Its output is in parts.
    pub(super) splits: bool,
}

/// Confines this thread and those it starts to what the run needs.
pub(super) fn confine(needs: &Needs) {
    sys::confine(needs.inputs.iter().chain(&needs.outputs).map(PathBuf::as_path), allowed(needs));
}

/// What the run may do, and where.
fn allowed(needs: &Needs) -> impl Iterator<Item = (Cow<'_, Path>, Right)> {
    let make = Right::Make {
        // The checkpoint; and parts are made in a folder of their own, listed, and moved out of it.
        reads: needs.resumes || needs.splits,
        // A folder is opened to have it on the disk.
        lists: needs.resumes || needs.syncs || needs.splits,
        moves: needs.splits,
    };
    // A folder is opened too, to say that it is one.
    let inputs = needs.inputs.iter().map(|path| (Cow::from(path), Right::Read));
    let outputs = needs.outputs.iter().map(move |path| match made_in(path) {
        Some(folder) => (Cow::from(folder), make),
        None => (Cow::from(path), Right::Write),
    });
    inputs.chain(outputs)
}
