//! What is converted one after another: inputs, and members of those that are zip archives.

use super::options::{Input, Options};
use crate::error::{Error, Result};
use crate::input::{Io, Member, Opened, ReadOptions, from_source, members, open, open_member, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An input, or a member of one.
pub(super) struct SingleInput<'i> {
    pub(super) input: Input<'i>,
    pub(super) member: Option<Arc<Member>>,
}

impl<'i> From<Input<'i>> for SingleInput<'i> {
    fn from(input: Input<'i>) -> Self {
        Self { input, member: None }
    }
}

impl<'i> SingleInput<'i> {
    /// The name in messages.
    pub(super) fn name(&self) -> String {
        let name = self.input.name();
        self.member.as_ref().map_or_else(|| name.clone(), |member| format!("{name}: {}", member.shown()))
    }

    /// The same once more; `None` if it can be read only once.
    pub(super) fn again(&self) -> Option<Self> {
        let input = match &self.input {
            Input::Path(path) => Input::Path(path.clone()),
            Input::Mapped(path) => Input::Mapped(path.clone()),
            Input::Stdin | Input::Source(_) => return None,
        };
        Some(Self { input, member: self.member.clone() })
    }

    pub(super) fn open(self, reading: &ReadOptions) -> Result<Opened<'i>> {
        let name = self.name();
        if let (Some(member), Some(path)) = (&self.member, self.input.as_path()) {
            return open_member(path, member, &name, reading);
        }
        match self.input {
            Input::Path(path) => open(&path, reading),
            Input::Mapped(path) => open(&path, &ReadOptions { io: Io::Auto, ..*reading }),
            Input::Stdin => stdin(reading),
            Input::Source(source) => Ok(from_source(source, reading.folding)),
        }
    }
}

/// Returns `inputs` with the members of zip archives in place of these.
///
/// # Errors
/// An archive cannot be read, or members are asked for where there is no archive.
pub(super) fn singles<'i>(inputs: Vec<Input<'i>>, options: &Options) -> Result<Vec<SingleInput<'i>>> {
    let mut singles = Vec::with_capacity(inputs.len());
    let mut any = false;
    for input in inputs {
        // Of an archive there are no ranges: it is refused as it is looked at.
        let path: Option<PathBuf> = input.as_path().filter(|_| options.range.is_none()).map(Path::to_owned);
        let found = path.as_deref().map(|path| members(path, &options.members)).transpose()?.flatten();
        let (Some(found), Some(path)) = (found, path) else {
            singles.push(input.into());
            continue;
        };
        any = true;
        let members = found.into_iter().map(Arc::new);
        singles.extend(
            members.map(|member| SingleInput { input: Input::Path(path.clone()), member: Some(member) }),
        );
    }
    if !any && !options.members.is_empty() {
        return Err(Error::setting("`member`: no input is a file that is a zip archive"));
    }
    Ok(singles)
}
