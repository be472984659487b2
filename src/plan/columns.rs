//! What is asked of the columns, by name.

use super::added::Added;
use super::filter::Condition;
use super::format::Format;
use super::name_style::NameStyle;
use super::nul::Nul;
use super::rule::{Empty, HashKey, Mask, Transform, Type};
use crate::by_text::is_default;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// What is asked of the columns, by name, and of their values. Where a name is asked for, `*`
/// stands for any characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// What must hold for a record to be written, all of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Condition>,
    /// The columns to write, in this order; `None` writes all in the header's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Vec<String>>,
    /// Columns not to write.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Old and new names; no `*` here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Vec<(String, String)>,
    /// How the other names are spelled.
    #[serde(skip_serializing_if = "is_default")]
    pub names: NameStyle,
    /// Columns that are not in the input, behind the others unless `select` names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Added>,
    /// Columns to mask.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mask: Vec<(String, Mask)>,
    /// The key of [`Mask::Hash`], and of hashes of records.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub hash_key: Option<HashKey>,
    /// Columns with a rule of the caller's own.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub transform: Vec<(String, Transform)>,
    /// The key of the array that takes the fields beyond the header; an empty one drops them.
    pub extra_key: String,
    /// What an input or a short record lacks is null.
    pub fill: bool,
    /// Splits names into the keys of nested objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nest: Option<String>,
    /// Unquoted fields that are exactly a number, `true`, `false` or `null` of JSON are written as
    /// they stand.
    pub infer: bool,
    /// Each column gets the type that all its values have, once that is found.
    #[serde(skip_serializing_if = "is_default")]
    pub infer_columns: bool,
    /// Columns by their names, and the types that were found. They count where nothing else is
    /// asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<(String, Type)>,
    /// `infer` and `null` look at what is between quotes too.
    pub quoted_values: bool,
    /// Columns whose fields are arrays, and what stands between the elements.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<(String, String)>,
    /// Columns of a type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<(String, Type)>,
    /// Numbers of these types, and those that are inferred, have a decimal comma.
    #[serde(skip_serializing_if = "is_default")]
    pub decimal_comma: bool,
    /// Columns, and a text that is null in them where an unquoted field is exactly that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null: Vec<(String, String)>,
    /// Columns, and what their empty fields give; others give `""`, or null if they have a type
    /// other than string.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub empty: Vec<(String, Empty)>,
    /// What NUL characters in values become.
    #[serde(skip_serializing_if = "is_default")]
    pub nul: Nul,
    /// How records are written.
    pub format: Format,
    /// A line before each record, without its end. It is written as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// The longest line before a record, in bytes. The smallest output buffer holds it.
const MOST_BEFORE: usize = 4096;

impl Default for Columns {
    fn default() -> Self {
        Self {
            filter: Vec::new(),
            select: None,
            drop: Vec::new(),
            rename: Vec::new(),
            names: NameStyle::default(),
            add: Vec::new(),
            mask: Vec::new(),
            hash_key: None,
            transform: Vec::new(),
            extra_key: "_extra".to_owned(),
            fill: false,
            nest: None,
            infer: false,
            infer_columns: false,
            found: Vec::new(),
            quoted_values: false,
            split: Vec::new(),
            types: Vec::new(),
            decimal_comma: false,
            null: Vec::new(),
            empty: Vec::new(),
            nul: Nul::default(),
            format: Format::default(),
            before: None,
        }
    }
}

impl Columns {
    /// Whether some column's values are more than their text.
    pub(crate) fn have_rules(&self) -> bool {
        let Self { mask, transform, types, null, .. } = self;
        let by_column =
            !mask.is_empty() || !transform.is_empty() || !types.is_empty() || !self.split.is_empty();
        by_column || !self.found.is_empty() || self.infer || !null.is_empty() || !self.empty.is_empty()
    }

    /// Whether some column is a hash of the record.
    pub(crate) fn has_ids(&self) -> bool {
        self.add.iter().any(|added| added.value.is_id())
    }

    /// What is in front of a record's first value or key: the line before the record, if there is
    /// one, and what opens it.
    pub(crate) fn open(&self) -> String {
        let before = self.before.iter().flat_map(|line| [line.as_str(), "\n"]);
        before.chain([self.format.open()]).collect()
    }

    /// Finds what cannot be combined, whatever the header.
    ///
    /// # Errors
    /// It is said in the program's words.
    pub(crate) fn check(&self) -> Result<()> {
        let hashes = self.mask.iter().any(|(_, mask)| mask.needs_key());
        let omits = self.empty.iter().any(|(_, empty)| *empty == Empty::Omit);
        if let Some(line) = &self.before {
            check_before(line, self.format)?;
        }
        let message = if hashes && self.hash_key.is_none() {
            "`mask`: hash needs `hash_key`, a secret of at least 16 bytes (head -c 32 /dev/urandom makes one)"
        } else if !hashes && !self.has_ids() && self.hash_key.is_some() {
            "`hash_key`: no column is masked by hash (`mask` with the style hash), and none is an `id`"
        } else if self.split.iter().any(|(_, separator)| separator.is_empty()) {
            "`split`: the separator is empty"
        } else if self.nest.as_deref() == Some("") {
            "`nest`: the separator is empty"
        } else if self.nest.is_some() && !self.format.has_keys() {
            "`nest`: `format` rows has no keys to nest"
        } else if self.infer_columns && self.infer {
            "`infer_columns` and `infer` cannot be combined: types are of columns, or of single values"
        } else if self.infer_columns && self.decimal_comma {
            "`infer_columns` knows numbers with a point alone; give those with a comma their type, such as \
             float(comma)"
        } else if omits && !self.format.has_keys() {
            "`empty` omit: in `format` rows a value cannot be left out; try `empty` null"
        } else if omits && self.fill {
            "`empty` omit leaves keys out, and `fill` has all records have the same; try `empty` null"
        } else {
            return Ok(());
        };
        Err(Error::setting(message))
    }
}

/// Finds why a line cannot be written before each record.
fn check_before(line: &str, format: Format) -> Result<()> {
    let message = if format != Format::Jsonl {
        format!("`before` needs `format` jsonl: in {} no line stands before a record", format.name())
    } else if line.is_empty() {
        "`before`: the line is empty".to_owned()
    } else if line.contains('\n') {
        "`before` takes one line, and this one has a newline in it".to_owned()
    } else if line.len() > MOST_BEFORE {
        format!("`before`: the line has {} bytes; at most {MOST_BEFORE}", line.len())
    } else {
        return Ok(());
    };
    Err(Error::setting(message))
}
