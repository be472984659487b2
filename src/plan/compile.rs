//! The plan, compiled for each input: what is written for each column.
//!
//! Below this floor nothing looks a name up.

use super::columns::Columns;
use super::format::Format;
use super::nest::{self, Nest};
use super::quoted::quoted;
use super::resolve;
use super::rule::{Empty, Last, Rules, Type};
use crate::dialect::Dialect;
use crate::error::{ErrorKind, Result};
use crate::header::Header;
use crate::kernel::{Template, Wanted};

/// What is done with each record of one input.
#[derive(Debug)]
pub(crate) struct Plan {
    header: Header,
    template: Template,
    nest: Option<Nest>,
    rules: Option<Rules>,
    /// The columns whose values may be of another type, by field.
    typed: Box<[(u32, Type)]>,
    /// A comma follows each value, which may be left out.
    omits: bool,
    extra: Option<Box<[u8]>>,
    /// The key of these fields, if the one that was asked for is a column's name.
    other_extra_key: Option<String>,
    format: Format,
    begin: Box<str>,
}

/// So many typed columns are counted one by one.
pub(crate) const MOST_TYPED: usize = 64;

/// The resident bytes of a plan and of what makes it, for a header of `n_bytes` and `n_columns`.
/// 100,000 columns named in 0.6 MB were measured to take 8.5 MiB, 9.6 MiB with a tenth of the names
/// repeated (2026-11-22).
pub(crate) fn size_for(columns: &Columns, n_bytes: usize, n_columns: usize) -> usize {
    let nested = if columns.nest.is_some() { nest::size_for(n_bytes, n_columns) } else { 0 };
    // The names' line, as it is made, kept and written.
    let heading = if columns.format.has_keys() { 0 } else { 4 * n_bytes + 64 * n_columns };
    // Once more the pieces, with other quotes.
    let quoted = if columns.have_rules() { n_bytes + 24 * n_columns } else { 0 };
    3 * n_bytes + 96 * n_columns + nested + heading + quoted
}

impl Plan {
    /// Compiles `columns` for the header of the input `path`, which is read by `dialect`.
    ///
    /// # Errors
    /// A column that is not there or named twice, or a header that needs more than `limit` bytes.
    pub(crate) fn new(
        header: Header,
        columns: &Columns,
        dialect: &Dialect,
        path: &str,
        limit: usize,
    ) -> Result<Self> {
        let n_header: usize = header.names().map(str::len).sum();
        if size_for(columns, n_header, header.len()) > limit {
            let (path, n_columns) = (path.to_owned(), header.len());
            return Err(ErrorKind::HeaderTooLarge { path, n_columns, limit }.into());
        }
        let format = columns.format;
        let mut chosen = resolve::choose(columns, &header, path)?;
        let nest = match &columns.nest {
            Some(separator) => Some(Nest::new(&mut chosen, separator, path)?),
            None => None,
        };
        let (names, fields): (Vec<&str>, _) = chosen.iter().map(|column| (column.name, column.field)).unzip();
        let typed = chosen.iter().filter_map(|column| match column.rule.last {
            Last::Typed(wanted) if wanted != Type::String => Some((column.field, wanted)),
            _ => None,
        });
        let mut typed: Box<[(u32, Type)]> = typed.collect();
        typed.sort_by_key(|(field, _)| *field);
        let rules =
            Rules::new(chosen.into_iter().map(|column| column.rule).collect(), columns, dialect.charset);
        let ruled: Vec<bool> = (0..names.len()).map(|i| !rules.is_plain(i)).collect();
        // What lies beyond the header is inferred too.
        let rules = (ruled.contains(&true) || columns.infer).then_some(rules);
        let omits = columns.empty == Empty::Omit;
        // A value's quotes are in the pieces around it, unless its rule writes them.
        let quote = |i: usize| if ruled[i] { "" } else { "\"" };
        let lead = |i: usize| {
            let mut text = if i == 0 { format.open() } else { quote(i - 1) }.to_owned();
            let before = i.checked_sub(1);
            match &nest {
                Some(nest) => {
                    let Ok(()) = nest.lead(before, i, |piece| {
                        text.push_str(&String::from_utf8_lossy(piece));
                        Ok::<_, std::convert::Infallible>(())
                    });
                }
                None => {
                    if i > 0 && !omits {
                        text.push(',');
                    }
                    if format.has_keys() {
                        text.push_str(&quoted(names[i]));
                        text.push(':');
                    }
                }
            }
            text + quote(i)
        };
        let last = names.len() - 1;
        let n_open = nest.as_ref().map_or(0, |nest| nest.n_open(last));
        let end = format!("{}{}{}", quote(last), "}".repeat(n_open), format.close());
        // To the kernels the empty field behind the last delimiter is a field that is not written.
        let n_fields = header.len() + usize::from(dialect.trailing_delimiter);
        let template = Template::new((0..=last).map(lead).chain(std::iter::once(end)), fields, n_fields);
        let template = match &rules {
            Some(rules) => {
                let sight = |(i, ruled): (usize, bool)| ruled.then(|| rules.sight(i));
                let sights = ruled.into_iter().enumerate().map(sight).collect();
                template.with_rules(sights, omits.then(|| format.open().len()))
            }
            None => template,
        };
        let key = (!columns.extra_key.is_empty()).then(|| extra_key(columns, &names, nest.as_ref()));
        let extra = key.as_ref().map(|key| match columns.format.has_keys() {
            true => format!("{}:[", quoted(key)).into_bytes().into(),
            false => Box::default(),
        });
        let key = key.filter(|key| *key != columns.extra_key && columns.format.has_keys());
        let begin = format.begin(names.iter()).into();
        drop(names);
        let other_extra_key = key;
        Ok(Self { header, template, nest, rules, typed, omits, extra, other_extra_key, format, begin })
    }

    /// The names of the input's columns.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The number of fields that a record should have.
    pub(crate) fn n_fields(&self) -> usize {
        self.header.len()
    }

    /// For records that become output by copying alone.
    pub(crate) fn template(&self) -> &Template {
        &self.template
    }

    /// Whether the kernels weave its records. Not where objects within objects may lose their last
    /// value.
    pub(crate) fn weaves(&self) -> bool {
        !(self.omits && self.nest.is_some())
    }

    /// Whether some value may not be what it should.
    pub(crate) fn may_misfit(&self) -> bool {
        self.rules.as_ref().is_some_and(Rules::may_misfit)
    }

    /// The columns whose values may be of another type, by field.
    pub(crate) fn typed(&self) -> &[(u32, Type)] {
        &self.typed
    }

    /// The place of a field among these.
    pub(crate) fn typed_place(&self, field: usize) -> Option<usize> {
        self.typed.binary_search_by_key(&field, |(typed, _)| *typed as usize).ok()
    }

    /// The type that the values of a field should have.
    pub(crate) fn type_of(&self, field: usize) -> Option<Type> {
        self.typed_place(field).map(|place| self.typed[place].1)
    }

    /// What the scan is to note of fields for the rules.
    pub(crate) fn wanted(&self) -> Wanted {
        self.rules.as_ref().map_or(Wanted::NOTHING, Rules::wanted)
    }

    /// The rules for values; `None` where each is its text.
    pub(crate) fn rules(&self) -> Option<&Rules> {
        self.rules.as_ref()
    }

    /// How records are written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The output columns of a record of `n` fields, with the field of each; under [`Format::Rows`]
    /// also those it lacks.
    pub(crate) fn columns_of(&self, n: usize) -> &[u32] {
        if self.format.has_keys() { self.template.fields_of(n) } else { self.template.fields() }
    }

    /// Writes what is before the value of output column `i`, when that of column `before`
    /// was the last written, or the record's opening.
    pub(crate) fn lead<E>(
        &self,
        before: Option<usize>,
        i: usize,
        mut emit: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(nest) = &self.nest {
            return nest.lead(before, i, emit);
        }
        if before.is_some() {
            emit(b",")?;
        }
        if !self.format.has_keys() {
            return Ok(());
        }
        // Its key, which in its piece is between what it opens or a comma, and quotes.
        let piece = self.template.piece(i);
        let quote = |i| usize::from(!self.template.is_ruled(i));
        let start = match i {
            0 => self.format.open().len(),
            _ => quote(i - 1) + usize::from(!self.omits),
        };
        emit(&piece[start..piece.len() - quote(i)])
    }

    /// How many objects within the record's are open behind output column `i`.
    pub(crate) fn n_open(&self, i: usize) -> usize {
        self.nest.as_ref().map_or(0, |nest| nest.n_open(i))
    }

    /// The key of the fields beyond the header, if the one that was asked for is a column's name.
    pub(crate) fn other_extra_key(&self) -> Option<&str> {
        self.other_extra_key.as_deref()
    }

    /// What opens the fields beyond the header, where they are written: `"_extra":[`, or nothing
    /// under [`Format::Rows`], where they follow the others.
    pub(crate) fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// What is before all records of an output.
    pub(crate) fn begin(&self) -> &str {
        &self.begin
    }
}

/// The key of the fields beyond the header. A taken one is repaired like a repeated name, over the
/// names that are written.
fn extra_key(columns: &Columns, names: &[&str], nest: Option<&Nest>) -> String {
    let is_taken = |key: &str| match nest {
        Some(nest) => {
            let key = format!("{}:", quoted(key));
            nest.top_keys().any(|top| top == key)
        }
        None => names.contains(&key),
    };
    let mut key = columns.extra_key.clone();
    let mut n = 2;
    while is_taken(&key) {
        key = format!("{}_{n}", columns.extra_key);
        n += 1;
    }
    key
}
