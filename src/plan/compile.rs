//! The plan, compiled for each input: what is written for each column.
//!
//! Below this floor nothing looks a name up.

use super::columns::Columns;
use super::filter::{self, FieldCondition};
use super::format::Format;
use super::layout::{Filled, Layout};
use super::nest::{self, Nest};
use super::nul::Nul;
use super::of_fields::FieldRules;
use super::own_values::OwnValues;
use super::quoted::quoted;
use super::resolve::{self, Chosen};
use super::rule::{ColumnRule, Empty, Last, Rules, Type};
use super::supplied::Supplied;
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result, shown};
use crate::header::Header;
use crate::kernel::{Template, Wanted};
use memchr::memmem::Finder;

/// What is done with each record of one input.
#[derive(Debug)]
pub(crate) struct Plan {
    header: Header,
    template: Template,
    nest: Option<Nest>,
    rules: Option<Rules>,
    without_nulls: Option<Box<WithoutNulls>>,
    /// The columns whose values may be of another type, by field.
    typed: Box<[(u32, Type)]>,
    /// The output's columns, if the input lacks some of them.
    filled: Option<Box<Filled>>,
    ways: Ways,
    extra: Extra,
    format: Format,
    /// In front of a record's first value or key.
    open: Box<str>,
    conditions: Box<[FieldCondition]>,
    begin: Box<str>,
    size: usize,
}

/// How records are put together.
#[derive(Clone, Copy, Debug)]
struct Ways {
    /// What a record lacks is null.
    fills: bool,
    /// A comma follows each value, which may be left out.
    omits: bool,
    /// The kernels weave.
    weaves: bool,
    /// Some column has a value of the record's own that is none of its fields.
    supplies_own: bool,
    nul: Nul,
}

impl Ways {
    /// With `weaves` the kernels can put together what the columns ask for.
    fn new(columns: &Columns, dialect: &Dialect, omits: bool, weaves: bool) -> Self {
        let nul = columns.nul;
        // An escape may stand for a NUL.
        let may_name_nul = nul != Nul::Keep && dialect.escapes.meanings().is_some();
        let fills = columns.fill || !columns.format.has_keys();
        Self { fills, omits, weaves: weaves && !may_name_nul, supplies_own: false, nul }
    }
}

/// What becomes of the fields beyond the header.
#[derive(Debug)]
struct Extra {
    /// What opens them, if they are written.
    opens: Option<Box<[u8]>>,
    /// Their key, if the one that was asked for is a column's name.
    other_key: Option<String>,
}

impl Extra {
    fn new(columns: &Columns, names: &[&str], nest: Option<&Nest>) -> Self {
        let key = (!columns.extra_key.is_empty()).then(|| extra_key(columns, names, nest));
        let opens = key.as_ref().map(|key| match columns.format.has_keys() {
            true => format!("{}:[", quoted(key)).into_bytes().into(),
            false => Box::default(),
        });
        let other_key = key.filter(|key| *key != columns.extra_key && columns.format.has_keys());
        Self { opens, other_key }
    }
}

/// How records are written where no value is null, if that is all that the rules ask for.
#[derive(Debug)]
struct WithoutNulls {
    template: Template,
    nulls: Box<[Finder<'static>]>,
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
    // And once more without nulls.
    let quoted = if columns.null.is_empty() { quoted } else { 2 * quoted + n_bytes };
    // Lists of null texts by column.
    let nulls = columns.null.iter().filter(|(name, _)| name != "*").count() * 256;
    // The line before each record stands in each of the templates.
    let before = columns.before.as_ref().map_or(0, |line| 8 * line.len());
    3 * n_bytes + 96 * n_columns + nested + heading + quoted + nulls + before
}

impl Plan {
    /// Compiles `columns` for the header of the input `path`, which is read by `dialect`. The
    /// columns of `all` inputs are written if they are given: what this one lacks is null.
    ///
    /// # Errors
    /// No column is left, one is named twice, or a header needs more than `limit` bytes.
    pub(crate) fn new(
        header: Header,
        columns: &Columns,
        dialect: &Dialect,
        path: &str,
        limit: usize,
        all: Option<&Header>,
    ) -> Result<Self> {
        let size_of = |header: &Header| size_for(columns, header.names().map(str::len).sum(), header.len());
        let size = size_of(&header) + all.map_or(0, |all| 2 * size_of(all));
        if size > limit {
            let (path, n_columns) = (path.to_owned(), header.len());
            return Err(ErrorKind::HeaderTooLarge { path, n_columns, limit }.into());
        }
        let format = columns.format;
        let mut chosen = resolve::choose(columns, &header, all, path)?;
        let nest = match &columns.nest {
            Some(separator) => Some(Nest::new(&mut chosen, separator, path)?),
            None => None,
        };
        let (supplied, supplies_own) = take_supplied(&mut chosen);
        let names: Vec<&str> = chosen.iter().map(|column| &*column.name).collect();
        let fields: Vec<Option<u32>> = chosen.iter().map(|column| column.field).collect();
        let FieldRules { mut rules, surplus, nulls } = FieldRules::new(columns, &header)?;
        refuse_gaps(&names, &fields, &rules, nest.as_ref(), path)?;
        let of_columns = fields.iter().flatten().map(|field| std::mem::take(&mut rules[*field as usize]));
        let of_columns: Vec<ColumnRule> = of_columns.collect();
        let typed = fields.iter().flatten().zip(&of_columns).filter_map(|(field, rule)| match &rule.last {
            Last::Typed(wanted) if wanted.may_misfit() => Some((*field, wanted.clone())),
            _ => None,
        });
        let mut typed: Box<[(u32, Type)]> = typed.collect();
        typed.sort_by_key(|(field, _)| *field);
        let rules = Rules::new(of_columns, surplus, &nulls, columns, dialect.charset);
        let omits = rules.omits();
        let n_woven = OwnValues::n_before(&fields, &supplied).filter(|_| nest.is_none());
        let layout = Layout {
            columns,
            names: &names,
            fields: &fields,
            supplied: &supplied,
            nest: nest.as_ref(),
            omits,
            n_woven,
        };
        // To the kernels the empty field behind the last delimiter is a field that is not written.
        let n_fields = header.len() + usize::from(dialect.trailing_delimiter);
        let template = layout.template(&rules, n_fields);
        let without_nulls = rules.only_nulls().map(|nulls| {
            let template = layout.without_rules(&vec![false; template.fields().len()], n_fields);
            Box::new(WithoutNulls { template, nulls })
        });
        // What lies beyond the header is inferred too.
        let rules = (!template.ruled().is_empty() || columns.infer).then_some(rules);
        let filled = fields.contains(&None).then(|| Box::new(layout.filled()));
        let extra = Extra::new(columns, &names, nest.as_ref());
        let weaves =
            !(omits && (nest.is_some() || !columns.add.is_empty())) && (!supplies_own || n_woven.is_some());
        let ways = Ways { supplies_own, ..Ways::new(columns, dialect, omits, weaves) };
        let begin = format.begin(names.iter()).into();
        drop(names);
        let conditions = filter::conditions(&columns.filter, &header);
        Ok(Self {
            conditions,
            header,
            template,
            nest,
            rules,
            without_nulls,
            typed,
            filled,
            ways,
            extra,
            format,
            open: columns.open().into(),
            begin,
            size,
        })
    }

    /// The bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The names of the input's columns, of a plan that is of no more use.
    pub(crate) fn into_header(self) -> Header {
        self.header
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

    /// For the records in these bytes, if none of them has a value that is null, so that each value
    /// is its text. Most data has few nulls: `wide --null NA` took 1.3 of plain conversion's time,
    /// and takes 1.04 so (2026-11-27).
    pub(crate) fn without_nulls(&self, bytes: &[u8]) -> Option<&Template> {
        let WithoutNulls { template, nulls } = self.without_nulls.as_deref()?;
        nulls.iter().all(|null| null.find(bytes).is_none()).then_some(template)
    }

    /// Whether the kernels weave its records. Not where values may be left out and objects within
    /// objects lose their last one, or other values stand between them; nor where an escape may
    /// stand for a NUL that is not to be written, or a value that is made for each record stands
    /// before a field.
    pub(crate) fn weaves(&self) -> bool {
        self.ways.weaves
    }

    /// Whether some value depends on where the record is in the input.
    pub(crate) fn needs_place(&self) -> bool {
        self.ways.supplies_own
    }

    /// With the record's own length the most that a woven record becomes, if no value is longer
    /// than its field.
    pub(crate) fn n_around(&self) -> usize {
        self.template.n_around() + self.own_values().map_or(0, OwnValues::most)
    }

    /// What is written behind the records that the kernels weave, if they do not end them.
    pub(crate) fn own_values(&self) -> Option<&OwnValues> {
        self.filled.as_ref()?.own_values.as_ref()
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

    /// What must hold for a record to be written.
    pub(crate) fn conditions(&self) -> &[FieldCondition] {
        &self.conditions
    }

    /// What NUL characters in values become.
    pub(crate) fn nul(&self) -> Nul {
        self.ways.nul
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

    /// In front of a record's first value or key.
    pub(crate) fn open(&self) -> &str {
        &self.open
    }

    /// The number of output columns that a record of `n` fields may have a value in.
    pub(crate) fn n_columns(&self, n: usize) -> usize {
        match &self.filled {
            Some(filled) => filled.places.len(),
            None if self.ways.fills || self.nest.as_ref().is_some_and(Nest::has_arrays) => {
                self.template.fields().len()
            }
            None => self.template.fields_of(n).len(),
        }
    }

    /// Of output column `i` the place among those that the input has, and its field; `None` if the
    /// input has no such column.
    pub(crate) fn column(&self, i: usize) -> Option<(usize, usize)> {
        match &self.filled {
            Some(filled) => filled.places[i].map(|(place, field)| (place as usize, field as usize)),
            None => Some((i, self.template.fields()[i] as usize)),
        }
    }

    /// What is written in output column `i` of a record that lacks it: of one that is added what it
    /// is, null where nothing may be missing, in an array for one.
    pub(crate) fn lacking(&self, i: usize) -> Option<&Supplied> {
        let supplied = self.filled.as_ref().and_then(|filled| filled.supplied[i].as_ref());
        let fills = self.ways.fills || self.nest.as_ref().is_some_and(|nest| nest.is_in_array(i));
        supplied.or(fills.then_some(&Supplied::Null))
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
        if let Some(filled) = &self.filled {
            return emit(filled.key(i).as_bytes());
        }
        // Its key, which in its piece is between what it opens or a comma, and quotes.
        let piece = self.template.piece(i);
        let quote = |i| usize::from(!self.template.is_ruled(i));
        let start = match i {
            0 => self.open.len(),
            _ => quote(i - 1) + usize::from(!self.ways.omits),
        };
        emit(&piece[start..piece.len() - quote(i)])
    }

    /// Closes what is open within the record behind output column `i`.
    pub(crate) fn close<E>(&self, i: usize, emit: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.nest.as_ref().map_or(Ok(()), |nest| nest.close(i, 0, emit))
    }

    /// The key of the fields beyond the header, if the one that was asked for is a column's name.
    pub(crate) fn other_extra_key(&self) -> Option<&str> {
        self.extra.other_key.as_deref()
    }

    /// What opens the fields beyond the header, where they are written: `"_extra":[`, or nothing
    /// under [`Format::Rows`], where they follow the others.
    pub(crate) fn extra(&self) -> Option<&[u8]> {
        self.extra.opens.as_deref()
    }

    /// What is before all records of an output.
    pub(crate) fn begin(&self) -> &str {
        &self.begin
    }
}

/// What is written in the columns that the input lacks, and whether some of it is a record's own.
fn take_supplied(chosen: &mut [Chosen<'_>]) -> (Vec<Option<Supplied>>, bool) {
    let supplied: Vec<_> = chosen.iter_mut().map(|column| column.supplied.take()).collect();
    let supplies_own = supplied.iter().flatten().any(Supplied::is_own);
    (supplied, supplies_own)
}

/// Finds columns in arrays whose empty fields would be left out, so that others moved up.
fn refuse_gaps(
    names: &[&str],
    fields: &[Option<u32>],
    rules: &[ColumnRule],
    nest: Option<&Nest>,
    path: &str,
) -> Result<()> {
    let Some(nest) = nest else { return Ok(()) };
    let is_gap = |(i, field): &(usize, &Option<u32>)| {
        nest.is_in_array(*i) && field.is_some_and(|field| rules[field as usize].empty == Empty::Omit)
    };
    let Some((i, _)) = fields.iter().enumerate().find(is_gap) else { return Ok(()) };
    let name = shown(names[i]);
    Err(Error::setting(format!(
        "{path}: `empty` omit: '{name}' is a place in an array, which cannot be left out; try `empty` null for it"
    )))
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
