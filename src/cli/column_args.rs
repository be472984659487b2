//! The arguments that say what becomes of columns and values, as they are typed, and what they
//! mean.

use super::added_args::AddedArgs;
use super::typed::{all, names, pairs, rule_at};
use super::types_from;
use crate::error::{CANNOT_READ, Error, Result};
use crate::internal::{Columns, Condition};
use crate::sequence::bytes;
use crate::{Empty, Format, HashKey, Mask, NameStyle, Nul, Type};
use clap::{ArgAction, Args};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What becomes of the columns.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Columns")]
pub(super) struct ColumnArgs {
    /// Write only records whose field is, or is not, this text; of several all must hold
    #[arg(long = "where", value_name = "COLUMN=TEXT|COLUMN!=TEXT", action = ArgAction::Append, hide_short_help = true)]
    conditions: Vec<String>,

    /// Write only these columns, in this order; '*' stands for any characters
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append)]
    select: Vec<String>,

    /// Leave these columns out; '*' stands for any characters
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append, hide_short_help = true)]
    drop: Vec<String>,

    /// Rename columns
    #[arg(long, value_name = "OLD=NEW,…", action = ArgAction::Append, hide_short_help = true)]
    rename: Vec<String>,

    /// Rename columns as FILE says: lines OLD=NEW, or an object of JSON
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    rename_from: Option<PathBuf>,

    /// Types of columns, and what else is to become of them, as FILE says: what 'rowmill schema
    /// --format json' prints, or an object of names and types; other flags override it
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    types_from: Option<PathBuf>,

    /// How the other names are spelled: as they are, in small letters, as small_words, or so that
    /// warehouses take them
    #[arg(long, value_name = "STYLE", default_value = "same", value_parser = NameStyle::ALL.map(NameStyle::name), hide_short_help = true)]
    names: String,

    #[command(flatten)]
    added: AddedArgs,

    /// Write null for columns that an input or a short record lacks, so that all records have the
    /// same keys
    #[arg(long, hide_short_help = true)]
    fill: bool,

    #[arg(long, help = format!("Mask columns: {} [default: {}]", Mask::NAMES.join(", "), Mask::default()), value_name = "COLUMN[:STYLE],…", action = ArgAction::Append)]
    mask: Vec<String>,

    /// The key of the masks by hash and of --id: a secret of at least 16 bytes
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) hash_key_file: Option<PathBuf>,

    /// Make objects of names such as a.b; another separator is typed as --nest=SEP
    #[arg(
        long,
        value_name = "SEP",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ".",
        hide_short_help = true
    )]
    nest: Option<String>,

    /// Key of the array for fields beyond the header; '' drops them
    #[arg(long, value_name = "NAME", default_value = "_extra", hide_short_help = true)]
    extra_key: String,
}

impl ColumnArgs {
    /// The files that are read for them.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.hash_key_file.iter().chain(&self.rename_from).chain(&self.types_from)
    }
}

/// What becomes of the values.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Values")]
pub(super) struct ValueArgs {
    /// Write numbers, true, false, null of JSON as they are; or by columns
    #[arg(
        long,
        value_name = "WHICH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "cells",
        value_parser = ["cells", "columns"],
        hide_possible_values = true
    )]
    infer: Option<String>,

    #[arg(long = "type", help = format!("Types of columns: {}", Type::NAMES.join(", ")), value_name = "COLUMN=TYPE,…", action = ArgAction::Append)]
    types: Vec<String>,

    /// Make an array of a column's fields, of which SEPARATOR parts the elements
    #[arg(long, value_name = "COLUMN=SEPARATOR", action = ArgAction::Append, hide_short_help = true)]
    split: Vec<String>,

    /// Numbers of --type and --infer have this before their fraction
    #[arg(long, value_name = "SIGN", default_value = ".", value_parser = [".", ","], hide_short_help = true)]
    decimal: String,

    /// Unquoted fields that are exactly one of these are null
    #[arg(long, value_name = "[COLUMN=]A,B,…", action = ArgAction::Append)]
    null: Vec<String>,

    /// Have --infer and --null look at quoted fields too
    #[arg(long, hide_short_help = true)]
    quoted_values: bool,

    /// What empty fields give, all or those of a column: "" (string), null, or no key at all (omit)
    /// [default: string, and null in columns of a type]
    #[arg(long, value_name = "[COLUMN=]WHAT,…", action = ArgAction::Append, hide_short_help = true)]
    empty: Vec<String>,

    /// What NUL characters in values become; PostgreSQL's jsonb refuses them
    #[arg(long, value_name = "WHAT", default_value = "keep", value_parser = Nul::ALL.map(Nul::name), hide_short_help = true)]
    nul: String,

    /// JSON Lines, lines of arrays, or one array of objects
    #[arg(long, value_name = "FORMAT", default_value = "jsonl", value_parser = Format::ALL.map(Format::name), hide_short_help = true)]
    format: String,

    /// Write this line before each record, as bulk loaders want it
    #[arg(long, value_name = "LINE", allow_hyphen_values = true, hide_short_help = true)]
    before: Option<String>,
}

/// What both mean; where no null is typed the dialect may have one.
///
/// # Errors
/// A value is not one of its argument; or a file cannot be read.
pub(super) fn meant(
    null_of_dialect: Option<&str>,
    of_columns: &ColumnArgs,
    of_values: &ValueArgs,
) -> Result<Columns> {
    let ColumnArgs { conditions, select, drop, fill, mask, hash_key_file, nest, extra_key, .. } = of_columns;
    let ValueArgs { infer, types, split, decimal, null, quoted_values, empty, nul, format, before } =
        of_values;
    let masks = rules(mask, ':', Mask::NAMES);
    let types = rules(types, '=', Type::NAMES);
    let flags = Columns {
        filter: conditions.iter().map(|typed| condition(typed)).collect::<Result<_>>()?,
        select: (!select.is_empty()).then(|| all(select)),
        drop: all(drop),
        rename: renamed(of_columns)?,
        names: NameStyle::from_name(&of_columns.names).unwrap_or_default(),
        add: of_columns.added.meant()?,
        mask: masks.iter().map(|column| masked(column)).collect::<Result<_>>()?,
        hash_key: hash_key_file.as_deref().map(hash_key).transpose()?,
        extra_key: extra_key.clone(),
        fill: *fill,
        nest: nest.clone(),
        infer: infer.as_deref() == Some("cells"),
        infer_columns: infer.as_deref() == Some("columns"),
        quoted_values: *quoted_values,
        types: types.iter().map(|pair| typed(pair)).collect::<Result<_>>()?,
        split: split.iter().map(|pair| separated(pair)).collect::<Result<_>>()?,
        decimal_comma: decimal == ",",
        null: all_nulls(null_of_dialect, null),
        empty: all(empty).iter().map(|typed| emptied(typed)).collect::<Result<_>>()?,
        nul: Nul::from_name(nul).unwrap_or_default(),
        format: Format::from_name(format).unwrap_or_default(),
        before: before.clone(),
        ..Columns::default()
    };
    Ok(match &of_columns.types_from {
        Some(path) => flags.over(types_from::columns_of(path)?),
        None => flags,
    })
}

fn renamed(args: &ColumnArgs) -> Result<Vec<(String, String)>> {
    let mut renamed = Vec::new();
    for list in &args.rename {
        let wrong = || Error::setting(format!("--rename takes OLD=NEW,…, not '{list}'"));
        renamed.extend(names_of(list).ok_or_else(wrong)?);
    }
    if let Some(path) = &args.rename_from {
        let shown = path.display();
        let told = |line: &str| {
            let line = crate::error::shown(line);
            let wanted = "--rename-from takes lines OLD=NEW or an object of JSON";
            Error::setting(format!("{wanted}; {shown} has '{line}'"))
        };
        let text = String::from_utf8(read(path, MOST_NAMES)?).map_err(|_| told("what is no UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        renamed.extend(match serde_json::from_str::<BTreeMap<String, String>>(text) {
            Ok(object) => object.into_iter().collect(),
            Err(_) => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                let pairs = lines.map(|line| names_of(line).ok_or_else(|| told(line)));
                pairs.collect::<Result<Vec<_>>>()?.concat()
            }
        });
    }
    Ok(renamed)
}

fn names_of(list: &str) -> Option<Vec<(String, String)>> {
    pairs(list).filter(|pairs| pairs.iter().all(|(old, new)| !old.is_empty() && !new.is_empty()))
}

/// The columns and rules of several lists. Commas within quotes, or within the parentheses of a
/// rule, part nothing: `price=float(comma,thousands)`.
fn rules(lists: &[String], sign: char, words: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for list in lists {
        // What a comma or a line end took apart, with that.
        let mut open: Option<String> = None;
        for (at, part) in parts(list) {
            let typed = match open.take() {
                Some(before) => format!("{before}{}{part}", &list[at - 1..at]),
                None => part.to_owned(),
            };
            // Only behind the name of a rule: a column's name may have a parenthesis of its own.
            let (column, rule) = column_and_rule(&typed, sign, words);
            let is_open = rule.contains('(') && !rule.ends_with(')') && !is_within_quotes(column);
            if is_open || is_within_quotes(&typed) {
                open = Some(typed);
            } else {
                all.push(unquoted(&typed, sign, words));
            }
        }
        all.extend(open.iter().map(|typed| unquoted(typed, sign, words)));
    }
    if lists.iter().any(|list| list.contains('\n')) {
        // Commas at the ends of lines, and blank lines, are no names.
        all.retain(|typed| !typed.is_empty());
    }
    all
}

/// What commas and line ends part, and where it starts.
fn parts(list: &str) -> impl Iterator<Item = (usize, &str)> {
    list.split([',', '\n']).scan(0, |at, part| {
        let start = *at;
        *at += part.len() + 1;
        Some((start, part))
    })
}

/// A column without the quotes around it, and its rule as it is typed; both may be in quotes
/// together.
fn unquoted(typed: &str, sign: char, words: &[&str]) -> String {
    let (column, rule) = column_and_rule(typed, sign, words);
    if is_within_quotes(column) { names(typed).concat() } else { names(column).concat() + rule }
}

/// What is before the sign of a rule, and the rest.
fn column_and_rule<'t>(typed: &'t str, sign: char, words: &[&str]) -> (&'t str, &'t str) {
    let at = rule_at(typed, sign, words).map_or(typed.len(), |at| at - sign.len_utf8());
    (&typed[..at], typed[at..].trim_end())
}

/// Whether a quote is open at the end of a text.
fn is_within_quotes(text: &str) -> bool {
    text.matches('"').count() % 2 == 1
}

fn masked(column: &str) -> Result<(String, Mask)> {
    let Some(at) = rule_at(column, ':', Mask::NAMES).or(column.rfind(':').map(|at| at + 1)) else {
        return Ok((column.to_owned(), Mask::default()));
    };
    let mask = column[at..].parse().map_err(|error| Error::setting(format!("--mask: {error}")))?;
    Ok((column[..at - 1].to_owned(), mask))
}

fn typed(pair: &str) -> Result<(String, Type)> {
    let Some(at) = rule_at(pair, '=', Type::NAMES).or(pair.rfind('=').map(|at| at + 1)) else {
        return Err(Error::setting(format!("--type takes COLUMN=TYPE, not '{pair}'")));
    };
    let wanted = pair[at..].parse().map_err(|error| Error::setting(format!("--type: {error}")))?;
    Ok((pair[..at - 1].to_owned(), wanted))
}

fn separated(pair: &str) -> Result<(String, String)> {
    let wrong = || Error::setting(format!("--split takes COLUMN=SEPARATOR, not '{pair}'"));
    // A separator may be an equals sign.
    let (name, separator) = match pair.strip_suffix("==") {
        Some(name) => (name, "="),
        None => pair.rsplit_once('=').ok_or_else(wrong)?,
    };
    let separator = bytes("--split", separator)?;
    let separator = String::from_utf8(separator).map_err(|_| wrong())?;
    if name.is_empty() { Err(wrong()) } else { Ok((name.to_owned(), separator)) }
}

fn condition(typed: &str) -> Result<Condition> {
    let wrong = || Error::setting(format!("--where takes COLUMN=TEXT or COLUMN!=TEXT, not '{typed}'"));
    let (column, text) = typed.split_once('=').ok_or_else(wrong)?;
    let not = column.strip_suffix('!');
    let column = not.unwrap_or(column);
    if column.is_empty() {
        return Err(wrong());
    }
    Ok(Condition { column: column.to_owned(), text: text.to_owned(), is: not.is_none() })
}

/// Columns and texts: those behind `COLUMN=` are of this column, others of all.
fn nulls(list: &str) -> Vec<(String, String)> {
    let mut column = "*".to_owned();
    let with_column = |text: String| match text.split_once('=') {
        Some((name, text)) => {
            column = name.to_owned();
            (name.to_owned(), text.to_owned())
        }
        None => (column.clone(), text),
    };
    names(list).into_iter().map(with_column).collect()
}

/// What is typed, and the dialect's unless another text is null in all columns.
fn all_nulls(of_dialect: Option<&str>, lists: &[String]) -> Vec<(String, String)> {
    let typed: Vec<_> = lists.iter().flat_map(|list| nulls(list)).collect();
    let of_dialect = of_dialect.filter(|_| typed.iter().all(|(column, _)| column != "*"));
    let of_dialect = of_dialect.map(|text| ("*".to_owned(), text.to_owned()));
    of_dialect.into_iter().chain(typed).collect()
}

fn emptied(typed: &str) -> Result<(String, Empty)> {
    let (column, what) = typed.rsplit_once('=').unwrap_or(("*", typed));
    let empty = Empty::from_name(what).ok_or_else(|| {
        let all = Empty::ALL.map(Empty::name).join(", ");
        Error::setting(format!("--empty takes {all}, or COLUMN=WHAT, not '{typed}'"))
    })?;
    Ok((column.to_owned(), empty))
}

/// The key in a file, whose last line may end with a newline or not.
pub(super) fn hash_key(path: &Path) -> Result<HashKey> {
    let secret = read(path, MOST_SECRET)?;
    let secret = secret.strip_suffix(b"\n").unwrap_or(&secret);
    HashKey::derive(secret.strip_suffix(b"\r").unwrap_or(secret))
}

const MOST_SECRET: u64 = 1 << 16;
const MOST_NAMES: u64 = 1 << 24;

/// A file, or as much of it as `most`.
fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| Error::io(CANNOT_READ, path.display().to_string(), error))?;
    Ok(bytes)
}
