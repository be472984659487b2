//! How the parts of an output get their names: in two phases, so that each crash leaves either
//! result whole, or enough to restore it.
//!
//! New parts wait in the hidden folder. These are the steps, in order, and what is there after a
//! crash at each:
//!
//! | step | moves | after a crash |
//! | --- | --- | --- |
//! | 1 | the old manifest to the hidden folder | old parts, no manifest: no result |
//! | 2 | each old part to the folder, each new one to its place | some new parts: no result |
//! | 3 | the new manifest to its place | the new result, whole |
//! | 4 | nothing; the hidden folder is removed | the new result, whole |
//!
//! Step 2 goes by number: the old part of a number moves just before the new one. With `to_sync`
//! each of the first three is on the disk before the next begins. After a power failure a file
//! system may show a later name without an earlier one: a manifest could be there without a part.
//!
//! A step that fails undoes all steps before it. A crash undoes nothing: with `--resume` the next
//! run repeats the steps, each of which finds out whether it was done. A rename never replaces a
//! file that it does not expect.

use super::names::PartNames;
use crate::sys::{self, rename_to_none};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// In the folder: the manifest that will be beside the parts.
pub(super) const MANIFEST: &str = "manifest";
/// In the folder, the start of the name of a file that was replaced. It is there until all files
/// are in their places.
pub(super) const OLD: &str = "old-";

/// Parts that are whole, and the ones they replace.
pub(super) struct Placement<'p> {
    pub(super) names: &'p PartNames,
    /// The hidden folder.
    pub(super) folder: &'p Path,
    pub(super) n_new: u64,
    pub(super) n_old: u64,
    /// The folder of the places, if each step is to be on the disk before the next begins.
    pub(super) to_sync: Option<&'p File>,
}

impl Placement<'_> {
    /// Returns all names, with whether a new file comes, and whether an old one goes. The manifest
    /// is the last.
    fn moves(&self) -> impl DoubleEndedIterator<Item = (OsString, bool, bool)> {
        let (n_new, n_old) = (self.n_new, self.n_old);
        let parts = (0..n_new.max(n_old)).map(move |i| (self.names.part(i), i < n_new, i < n_old));
        parts.chain(std::iter::once((self.names.manifest(), true, n_old > 0)))
    }

    /// Returns where the new file waits, where the old one is kept, and the place of both.
    fn places(&self, name: &OsStr) -> [PathBuf; 3] {
        let new = if *name == *self.names.manifest() { OsStr::new(MANIFEST) } else { name };
        let mut old = OsString::from(OLD);
        old.push(name);
        [self.folder.join(new), self.folder.join(old), self.names.place(name)]
    }

    /// Moves all to their places.
    ///
    /// # Errors
    /// A step fails, or an unexpected file has one of the names. [`Placement::take_back`] must
    /// follow.
    pub(super) fn place(&self) -> io::Result<()> {
        // Without its manifest, the old result does not exist any more.
        if self.n_old > 0 {
            let [new, old, place] = self.places(&self.names.manifest());
            if new.exists() && place.exists() {
                fs::rename(place, old)?;
            }
            self.end_step()?;
        }
        for (name, comes, goes) in self.moves() {
            let [new, old, place] = self.places(&name);
            if *name == *self.names.manifest() {
                self.end_step()?;
            }
            // An earlier run may have done this step.
            let waits = comes && new.exists();
            if goes && (waits || !comes) && place.exists() {
                fs::rename(&place, old)?;
            }
            if waits {
                rename_to_none(&new, &place)?;
            }
        }
        Ok(())
    }

    fn end_step(&self) -> io::Result<()> {
        Ok(self.to_sync.map_or(Ok(()), sys::sync)?)
    }

    /// Undoes [`Placement::place`] as far as it got.
    pub(super) fn take_back(&self) {
        for (name, comes, _) in self.moves().rev() {
            let [new, old, place] = self.places(&name);
            // If this fails too, nothing more can be done.
            if comes && !new.exists() && place.exists() {
                let _ = fs::rename(&place, new);
            }
            if *name != *self.names.manifest() && old.exists() {
                let _ = fs::rename(old, place);
            }
        }
        // The old manifest comes last, as a kill may come, or the power fail, before its parts are
        // back.
        let _ = self.end_step();
        let [_, old, place] = self.places(&self.names.manifest());
        if old.exists() {
            let _ = fs::rename(old, place);
        }
        let _ = self.end_step();
    }
}
