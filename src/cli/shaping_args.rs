//! The arguments that shape records, as they are typed, and what they mean.
//!
//! Each command that converts or plans has them. What they mean is one [`Shaping`]: that is what a
//! plan carries, not the words typed.

use super::column_args::{ColumnArgs, ValueArgs, meant};
use super::presets::{self, Preset};
use super::top_args::TopArgs;
use super::typed::{delimiter, names, size};
use crate::convert::{Given, Names, Shaping};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::sequence::{ByteSequence, byte, bytes};
use crate::{Encoding, Escapes, Terminator, Trim};
use clap::Args;

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

impl ShapingArgs {
    /// Where the records are looked at as they are.
    pub(super) fn reading_alone(reading: &ReadingArgs, top: &TopArgs) -> Self {
        Self { reading: reading.clone(), top: top.clone(), ..Self::default() }
    }

    /// What they mean.
    ///
    /// # Errors
    /// A value is not one of its argument; or the key of a hash cannot be read.
    pub(super) fn shaping(&self) -> Result<Shaping> {
        let ReadingArgs { no_header, header, replace_header, skip_lines, max_record, .. } = &self.reading;
        let null = self.reading.preset().and_then(|preset| preset.value("--null"));
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
            columns: meant(null, &self.columns, &self.values)?,
            max_record: *max_record,
            ..Shaping::default()
        };
        if let Some(quote) = self.reading.quote()? {
            shaping.set_quote(quote.as_deref());
            shaping.given.quote = true;
        }
        Ok(shaping)
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
