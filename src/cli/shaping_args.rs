//! The arguments that shape records, as they are typed, and what they mean.
//!
//! Each command that converts or plans has them. What they mean is one [`Shaping`]: that is what a
//! plan carries, not the words typed.

use super::presets::{self, Preset};
use super::top_args::TopArgs;
use super::typed::{delimiter, names, pairs, size};
use crate::convert::{Given, Names, Shaping};
use crate::dialect::Dialect;
use crate::error::{CANNOT_READ, Error, Result};
use crate::internal::Columns;
use crate::sequence::{ByteSequence, byte, bytes};
use crate::{Empty, Encoding, Escapes, Format, HashKey, Mask, Terminator, Trim, Type};
use clap::{ArgAction, Args};
use std::io::Read;
use std::path::{Path, PathBuf};

/// All of them.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ShapingArgs {
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    #[command(flatten)]
    pub(super) top: TopArgs,
    #[command(flatten)]
    pub(super) columns: ColumnArgs,
    #[command(flatten)]
    pub(super) values: ValueArgs,
}

/// How the inputs are read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading")]
pub(super) struct ReadingArgs {
    /// What wrote the file; other flags override parts of it
    #[arg(long, value_name = "NAME", value_parser = presets::ALL.map(Preset::name))]
    dialect: Option<String>,

    /// What separates fields: bytes, also as 'pipe' or '^A'; 'whitespace'; 'auto' [default: by
    /// extension, else ',']
    #[arg(short, long, value_name = "BYTES", allow_hyphen_values = true)]
    delimiter: Option<String>,

    /// The first record is data; columns are named column_1, column_2, …
    #[arg(long)]
    no_header: bool,

    /// The columns' names; the first record is data
    #[arg(long, value_name = "A,B,…", hide_short_help = true)]
    header: Option<String>,

    /// The columns' names, instead of those in the first record
    #[arg(long, value_name = "A,B,…", conflicts_with_all = ["header", "no_header"], hide_short_help = true)]
    replace_header: Option<String>,

    #[command(flatten)]
    quoting: QuotingArgs,

    /// What ends a record: bytes, or 'any' (LF, CRLF, CR) [default: any]
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true, hide_short_help = true)]
    terminator: Option<String>,

    /// Skip lines that start with BYTES
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true, hide_short_help = true)]
    comment: Option<String>,

    /// Whose white space around fields is dropped [default: all]
    #[arg(long, value_name = "WHICH", value_parser = Trim::ALL.map(Trim::name), hide_short_help = true)]
    trim: Option<String>,

    /// Drop the first N lines of each input
    #[arg(long, value_name = "N", hide_short_help = true)]
    skip_lines: Option<u64>,

    /// The inputs' encoding, by a label of the WHATWG standard [default: utf-8]; a byte-order mark
    /// overrules it
    #[arg(long, value_name = "LABEL", hide_short_help = true)]
    encoding: Option<String>,

    /// The longest record [default: 16M, less if --memory leaves less]
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    max_record: Option<usize>,
}

/// What makes bytes content that would end a field.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading")]
struct QuotingArgs {
    /// What opens and closes quoted fields: bytes, or 'none' [default: "]
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true, hide_short_help = true)]
    quote: Option<String>,

    /// A doubled quote in a quoted field is not one quote
    #[arg(long, hide_short_help = true)]
    no_double_quote: bool,

    /// BYTE makes the next byte content, in quotes or not; or 'none' [default: none]
    #[arg(long, value_name = "BYTE", allow_hyphen_values = true, hide_short_help = true)]
    escape: Option<String>,

    /// Whose meaning the byte behind an escape has [default: literal, which is itself]; for a
    /// server's, the escape is a backslash by default
    #[arg(long, value_name = "WHOSE", value_parser = Escapes::ALL.map(Escapes::name), hide_short_help = true)]
    escapes: Option<String>,
}

/// What becomes of the columns.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Columns")]
pub(super) struct ColumnArgs {
    /// Write only these columns, in this order; '*' stands for any characters
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append)]
    select: Vec<String>,

    /// Leave these columns out; '*' stands for any characters
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append, hide_short_help = true)]
    drop: Vec<String>,

    /// Rename columns
    #[arg(long, value_name = "OLD=NEW,…", action = ArgAction::Append, hide_short_help = true)]
    rename: Vec<String>,

    /// Write null for columns that an input or a short record lacks, so that all records have the
    /// same keys
    #[arg(long, hide_short_help = true)]
    fill: bool,

    #[arg(long, help = format!("Mask columns: {}; by default {}", Mask::ALL.map(Mask::name).join(", "), Mask::default().name()), value_name = "COLUMN[:STYLE],…", action = ArgAction::Append)]
    mask: Vec<String>,

    /// The key of the masks by hash: a secret of at least 16 bytes
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

/// What becomes of the values.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Values")]
pub(super) struct ValueArgs {
    /// Write unquoted numbers, true, false and null of JSON as they are
    #[arg(long)]
    infer: bool,

    #[arg(long = "type", help = format!("Types of columns: {}", Type::ALL.map(Type::name).join(", ")), value_name = "COLUMN=TYPE,…", action = ArgAction::Append)]
    types: Vec<String>,

    /// Unquoted fields that are exactly one of these are null
    #[arg(long, value_name = "A,B,…", action = ArgAction::Append)]
    null: Vec<String>,

    /// Have --infer and --null look at quoted fields too
    #[arg(long, hide_short_help = true)]
    quoted_values: bool,

    /// What empty fields give: "", null, or no key at all
    #[arg(long, value_name = "WHAT", default_value = "string", value_parser = Empty::ALL.map(Empty::name), hide_short_help = true)]
    empty: String,

    /// JSON Lines, lines of arrays, or one array of objects
    #[arg(long, value_name = "FORMAT", default_value = "jsonl", value_parser = Format::ALL.map(Format::name), hide_short_help = true)]
    format: String,
}

impl ShapingArgs {
    /// What they mean.
    ///
    /// # Errors
    /// A value is not one of its argument; or the key of a hash cannot be read.
    pub(super) fn shaping(&self) -> Result<Shaping> {
        let ReadingArgs { no_header, header, replace_header, skip_lines, max_record, .. } = &self.reading;
        let mut shaping = Shaping {
            delimiter: self.reading.value("-d", &self.reading.delimiter).map(delimiter).transpose()?,
            dialect: Dialect {
                trailing_delimiter: self.top.trailing_delimiter,
                skip_empty: self.top.skip_empty,
                ..self.reading.dialect()?
            },
            encoding: self.reading.encoding.as_deref().map(Encoding::for_label).transpose()?,
            given: Given {
                quote: false,
                escape: self.reading.value("--escape", &self.reading.quoting.escape).is_some(),
                skip_lines: skip_lines.is_some(),
            },
            skip_lines: skip_lines.unwrap_or(0),
            skip_until: self.top.skip_until.clone(),
            skip_after_header: self.top.skip_after_header,
            skip_last: self.top.skip_last,
            names: Names {
                no_header: *no_header || header.is_some(),
                given: header.as_ref().or(replace_header.as_ref()).map(|list| names(list)),
                rows: self.top.header_rows()?,
                in_comment: self.top.header_comment(),
                in_first: self.top.header_in_first(),
                skip_repeated: self.top.skip_repeated_headers,
            },
            columns: self.columns()?,
            max_record: *max_record,
            ..Shaping::default()
        };
        if let Some(quote) = self.reading.quote()? {
            shaping.set_quote(quote.as_deref());
            shaping.given.quote = true;
        }
        Ok(shaping)
    }

    fn columns(&self) -> Result<Columns> {
        let ColumnArgs { select, drop, rename, fill, mask, hash_key_file, nest, extra_key } = &self.columns;
        let ValueArgs { infer, types, null, quoted_values, empty, format } = &self.values;
        Ok(Columns {
            select: (!select.is_empty()).then(|| all(select)),
            drop: all(drop),
            rename: renamed(rename)?,
            mask: all(mask).iter().map(|column| masked(column)).collect::<Result<_>>()?,
            hash_key: hash_key_file.as_deref().map(hash_key).transpose()?,
            extra_key: extra_key.clone(),
            fill: *fill,
            nest: nest.clone(),
            infer: *infer,
            quoted_values: *quoted_values,
            types: all(types).iter().map(|pair| typed(pair)).collect::<Result<_>>()?,
            null: match self.reading.preset().and_then(|preset| preset.value("--null")) {
                Some(of_preset) if null.is_empty() => vec![of_preset.to_owned()],
                _ => all(null),
            },
            empty: Empty::from_name(empty).unwrap_or_default(),
            format: Format::from_name(format).unwrap_or_default(),
            ..Columns::default()
        })
    }
}

impl ReadingArgs {
    /// The dialect that is named.
    pub(super) fn preset(&self) -> Option<Preset> {
        self.dialect.as_deref().and_then(Preset::from_name)
    }

    /// What a flag was given, or what the named dialect gives it.
    fn value<'a>(&'a self, flag: &str, typed: &'a Option<String>) -> Option<&'a str> {
        typed.as_deref().or_else(|| self.preset()?.value(flag))
    }

    /// The quote that was asked for, if one was.
    fn quote(&self) -> Result<Option<Option<Vec<u8>>>> {
        let typed = self.value("--quote", &self.quoting.quote);
        let quote = |typed| if typed == "none" { Ok(None) } else { bytes("--quote", typed).map(Some) };
        typed.map(quote).transpose()
    }

    fn dialect(&self) -> Result<Dialect> {
        let QuotingArgs { no_double_quote, escape, escapes, .. } = &self.quoting;
        let default = Dialect::default();
        let is_some = |typed: &&str| *typed != "none";
        let one = |what, typed: Option<&str>| typed.map(|typed| byte(what, typed)).transpose();
        let escapes = self.value("--escapes", escapes).and_then(Escapes::from_name);
        let escapes = escapes.unwrap_or_default();
        let backslash = (escapes != Escapes::Literal).then_some("\\");
        let escape = self.value("--escape", escape).or(backslash);
        Ok(Dialect {
            double_quote: !no_double_quote,
            escape: one("--escape", escape.filter(is_some))?,
            escapes,
            terminator: match self.value("--terminator", &self.terminator) {
                None | Some("any") => Terminator::Any,
                Some(typed) => Terminator::of(&bytes("--terminator", typed)?),
            },
            comment: match &self.comment {
                Some(typed) => Some(ByteSequence::new(&bytes("--comment", typed)?)),
                None => None,
            },
            trim: self.value("--trim", &self.trim).and_then(Trim::from_name).unwrap_or_default(),
            ..default
        })
    }
}

/// The names of several lists.
fn all(lists: &[String]) -> Vec<String> {
    lists.iter().flat_map(|list| names(list)).collect()
}

fn renamed(lists: &[String]) -> Result<Vec<(String, String)>> {
    let mut renamed = Vec::new();
    for list in lists {
        let wrong = || Error::setting(format!("--rename takes OLD=NEW,…, not '{list}'"));
        renamed.extend(
            pairs(list)
                .filter(|pairs| pairs.iter().all(|(old, new)| !old.is_empty() && !new.is_empty()))
                .ok_or_else(wrong)?,
        );
    }
    Ok(renamed)
}

fn masked(column: &str) -> Result<(String, Mask)> {
    let Some((name, style)) = column.rsplit_once(':') else {
        return Ok((column.to_owned(), Mask::default()));
    };
    let mask = Mask::from_name(style).ok_or_else(|| {
        let styles = Mask::ALL.map(Mask::name).join(", ");
        Error::setting(format!("--mask: no style is named '{style}'; there are {styles}"))
    })?;
    Ok((name.to_owned(), mask))
}

fn typed(pair: &str) -> Result<(String, Type)> {
    let Some((name, wanted)) = pair.rsplit_once('=') else {
        return Err(Error::setting(format!("--type takes COLUMN=TYPE, not '{pair}'")));
    };
    let wanted = Type::from_name(wanted).ok_or_else(|| {
        let names = Type::ALL.map(Type::name).join(", ");
        Error::setting(format!("--type: no type is named '{wanted}'; there are {names}"))
    })?;
    Ok((name.to_owned(), wanted))
}

/// The key in a file, whose last line may end with a newline or not.
pub(super) fn hash_key(path: &Path) -> Result<HashKey> {
    const LARGEST: u64 = 1 << 16;
    let mut secret = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut secret));
    read.map_err(|error| Error::io(CANNOT_READ, path.display().to_string(), error))?;
    let secret = secret.strip_suffix(b"\n").unwrap_or(&secret);
    HashKey::derive(secret.strip_suffix(b"\r").unwrap_or(secret))
}
