//! The arguments that add columns which are not in the input.

use super::typed::{all, names, rule_at};
use crate::error::{Error, Result};
use crate::internal::Added;
use crate::{AddedValue, Type};
use clap::{ArgAction, Args};

/// Columns that are added.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Columns")]
pub(super) struct AddedArgs {
    /// Add a column with the same value in each record
    #[arg(long, value_name = "NAME[:TYPE]=TEXT", action = ArgAction::Append, hide_short_help = true)]
    add: Vec<String>,

    /// Add a column with what is known of the record: its input (file), or the byte of the input at
    /// which it starts (byte)
    #[arg(long, value_name = "[NAME=]WHAT,…", action = ArgAction::Append, hide_short_help = true)]
    with: Vec<String>,

    /// Add a column with a hash of the record: of its fields in these columns, or of its input's
    /// name and byte if none is named
    #[arg(long, value_name = "NAME[=A,B,…]", action = ArgAction::Append, hide_short_help = true)]
    id: Vec<String>,
}

impl AddedArgs {
    /// The columns, in the order in which they are written.
    ///
    /// # Errors
    /// A value is not one of its argument.
    pub(super) fn meant(&self) -> Result<Vec<Added>> {
        let constant = |typed: &String| {
            let wrong = || Error::setting(format!("--add takes NAME=TEXT or NAME:TYPE=TEXT, not '{typed}'"));
            let (name, text) =
                typed.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
            let wanted = rule_at(name, ':', Type::NAMES).map(|at| (&name[..at - 1], name[at..].parse()));
            let (name, wanted) = match wanted {
                Some((name, wanted)) => {
                    (name, wanted.map_err(|error| Error::setting(format!("--add: {error}")))?)
                }
                // Mostly a type that there is not; a name with a colon is typed with its type.
                None => match name.rsplit_once(':').map(|(_, wanted)| wanted.parse::<Type>()) {
                    Some(Err(error)) => return Err(Error::setting(format!("--add: {error}"))),
                    _ => (name, Type::String),
                },
            };
            Ok(Added { name: name.to_owned(), value: AddedValue::Text(text.to_owned(), wanted) })
        };
        let mut added = self.add.iter().map(constant).collect::<Result<Vec<_>>>()?;
        for typed in all(&self.with) {
            let (name, what) = typed.rsplit_once('=').unwrap_or((&typed, &typed));
            let value = match what {
                _ if name.is_empty() => Err(""),
                "file" => Ok(AddedValue::File),
                "byte" => Ok(AddedValue::Byte),
                "line" => Err("; lines are not known before all above is read, and byte finds the place"),
                "record" => {
                    Err("; a record's number is that of its line in the output, and byte finds the place")
                }
                _ => Err(""),
            };
            let value = value.map_err(|why| {
                Error::setting(format!("--with takes file, byte, NAME=file or NAME=byte, not '{typed}'{why}"))
            })?;
            added.push(Added { name: name.to_owned(), value });
        }
        for typed in &self.id {
            added.push(identified(typed)?);
        }
        Ok(added)
    }
}

/// A column with a hash.
fn identified(typed: &str) -> Result<Added> {
    let wrong = || Error::setting(format!("--id takes NAME or NAME=A,B,…, not '{typed}'"));
    let (name, columns) = match typed.split_once('=') {
        Some((name, list)) => (name, Some(names(list))),
        None => (typed, None),
    };
    let is_empty = |columns: &Vec<String>| columns.iter().any(String::is_empty);
    if name.is_empty() || columns.as_ref().is_some_and(is_empty) {
        return Err(wrong());
    }
    let value = columns.map_or(AddedValue::IdOfPlace(None), AddedValue::IdOfColumns);
    Ok(Added { name: name.to_owned(), value })
}
