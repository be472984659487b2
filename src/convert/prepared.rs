//! Inputs before they are converted: opened, and read up to the first record.
//!
//! All headers are read before the output is opened, so that a column that does not exist is
//! reported before anything is written.

use super::budget::{Beside, Budget};
use super::delimiter::{Delimiter, by_extension};
use super::file_id::{FileId, file_id_of_path, is_another};
use super::header_reader::{self, HeaderRequest, Preface, SkippedLines};
use super::located::Located;
use super::looks::is_value;
use super::names::Names;
use super::options::{Input, OnRemark, Options};
use super::progress::Bound;
use super::shaping::Shaping;
use super::single_input::SingleInput;
use crate::charset::Charset;
use crate::dialect::{COMMON_DELIMITERS, Dialect, Terminator};
use crate::error::{Error, ErrorKind, Result};
use crate::folding::Separators;
use crate::header::Header;
use crate::input::{FOREIGN_LOOK, Foreign, Opened, ReadOptions, identity, recognise};
use crate::parse::last_line_end;
use crate::plan::{Plan, Together};
use crate::sequence::ByteSequence;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// An input that was looked at before the output is opened.
pub(super) struct Prepared<'i> {
    pub(super) name: String,
    pub(super) path: Option<PathBuf>,
    /// It can be resumed at any record.
    pub(super) seeks: bool,
    pub(super) file_id: Option<FileId>,
    /// The size of its text, or of the range of it that is converted.
    pub(super) size: Option<u64>,
    pub(super) file_size: Option<u64>,
    /// It ends with the file. Only a range may end before that.
    pub(super) is_last: bool,
    /// What its format writes before all records; `None` if there is no header.
    pub(super) heading: Option<Arc<str>>,
    pub(super) beside: Beside,
    /// Its header is that of an input before.
    pub(super) follows: bool,
    pub(super) stage: Stage<'i>,
}

/// How far an input is.
pub(super) enum Stage<'i> {
    /// Opened, and read up to the first record.
    Begun(Opened<'i>, Option<Box<Beginning>>),
    /// Closed. It is opened again when it is converted: a hundred open files are not needed to read
    /// a hundred headers.
    Later(SingleInput<'i>),
}

/// What is before the first record, and the plan made of it.
pub(super) struct Beginning {
    pub(super) preface: Preface,
    pub(super) plan: Plan,
}

/// What prepares the inputs of one conversion.
pub(super) struct Preparation<'c> {
    pub(super) options: &'c Options,
    pub(super) reading: ReadOptions,
    pub(super) budget: Budget,
    /// The header of the first input that has one, if all others follow it.
    first: OnceCell<FirstHeader>,
    together: Together<'c>,
    /// What these and other inputs have together, which is settled already.
    shared: Option<&'c Together<'c>>,
    /// Why the first input that cannot be converted cannot, if its names were read.
    refused: Option<Error>,
    /// The first input that has a header has names there, as far as can be seen.
    has_names: OnceCell<bool>,
}

/// A header that holds for all inputs.
struct FirstHeader {
    names: Names,
    repeated: Option<Box<[u8]>>,
}

impl FirstHeader {
    fn of(preface: &Preface) -> Self {
        let given = Some(preface.header.names().map(str::to_owned).collect());
        let names = Names { no_header: true, given, ..Names::default() };
        Self { names, repeated: preface.repeated.clone() }
    }
}

/// What is known of an input before it is read.
#[derive(Clone, Copy)]
struct Described<'n> {
    name: &'n str,
    /// It was named, so that it may be no text at all.
    by_name: bool,
    /// Its header is that of an input before.
    follows: bool,
}

impl<'c> Preparation<'c> {
    /// Prepares for `n` inputs, some of many that have something together if that is `shared`.
    pub(super) fn new(
        options: &'c Options,
        budget: Budget,
        n: usize,
        shared: Option<&'c Together<'c>>,
    ) -> Self {
        let reading = ReadOptions {
            io: options.resources.io,
            encoding: options.shaping.encoding,
            folding: options.shaping.folding(),
            piece: budget.piece(),
            unpacking: budget.granted_each(1),
            unpacking_streams: budget.granted_each(n),
            threads: options.resources.threads,
        };
        let together = Together::new(&options.shaping.columns, n);
        Self {
            options,
            reading,
            budget,
            first: OnceCell::new(),
            together,
            shared,
            refused: None,
            has_names: OnceCell::new(),
        }
    }

    /// Opens an input and reads its header. `keep` leaves it open. If there is a `range`, its
    /// bounds are checked. What is wrong with its columns is reported by [`Preparation::settle`].
    pub(super) fn prepare<'i>(
        &mut self,
        single: SingleInput<'i>,
        keep: bool,
        range: Option<&Located>,
    ) -> Result<Prepared<'i>> {
        let (name, again) = (single.name(), single.again());
        let path = single.input.as_path().map(Path::to_owned);
        let file_id = match &single.input {
            Input::Path(path) | Input::Mapped(path) => file_id_of_path(path),
            Input::Stdin => identity(std::io::stdin()),
            Input::Source(_) => None,
        };
        let by_name = !matches!(single.input, Input::Source(_));
        let since = Instant::now();
        let mut opened = single.open(&self.reading)?;
        let (mut size, mut file_size) = (opened.reader.size(), opened.reader.file_size());
        let Opened { unpacking, decoding, is_regular, .. } = opened;
        let beside = Beside { waits: !is_regular || keep, unpacking, decoding };
        let budget = Budget { beside: Beside::of_all([beside]), ..self.budget };
        let aloud = Some(&self.options.on_remark);
        let follows = self.first.get().is_some();
        let described = Described { name: &name, by_name, follows };
        let beginning = match self.preface(described, &mut opened, &budget, aloud)? {
            Some(preface) => {
                if self.options.shaping.names.in_first && !follows {
                    self.first.get_or_init(|| FirstHeader::of(&preface));
                }
                // Nothing may be left of an input that will be filled.
                let own = self.together.fills().then(|| preface.header.clone());
                if self.shared.is_none() {
                    self.together.look(&preface.header, &name, budget.header())?;
                }
                let all = self.shared.map_or(own.as_ref(), Together::all);
                match self.begin(&name, preface, &budget, all) {
                    Ok(begun) => Some(begun),
                    Err(error) => {
                        self.refused.get_or_insert(error);
                        None
                    }
                }
            }
            None => None,
        };
        // A pipe may take long to give its first bytes.
        self.options.progress.spend(Bound::Input, since.elapsed());
        let (text_at, input_at) = (opened.reader.text_at(), opened.reader.input_at());
        // An empty file has nothing to seek in.
        let seeks = is_regular && opened.reader.seek(text_at, input_at)?
            || input_at == 0 && path.is_some() && opened.reader.peek(1)?.is_empty();
        let mut is_last = true;
        if let (Some(located), Some(path)) = (range, &path) {
            let terminator = beginning.as_ref().map(|beginning| beginning.preface.dialect.terminator);
            is_last = located.bound(path, &mut *opened.reader, terminator)?;
            size = Some(located.range.end - located.range.start);
            file_size = size;
        }
        let heading = beginning.as_ref().map(|begun| Arc::from(begun.plan.begin()));
        let stage = match again {
            Some(again) if is_regular && !keep => Stage::Later(again),
            _ => Stage::Begun(opened, beginning),
        };
        Ok(Prepared { name, path, seeks, file_id, size, file_size, is_last, heading, beside, follows, stage })
    }

    /// Whether it must be known what all inputs have together.
    pub(super) fn asks(&self) -> bool {
        self.together.asks()
    }

    /// Looks at the header of an input that is converted another time.
    ///
    /// # Errors
    /// As [`Preparation::prepare`].
    pub(super) fn look(&mut self, single: SingleInput<'_>) -> Result<()> {
        let name = single.name();
        let mut opened = single.open(&self.reading)?;
        let Opened { unpacking, decoding, .. } = opened;
        let beside = Beside { waits: false, unpacking, decoding };
        let budget = Budget { beside: Beside::of_all([beside]), ..self.budget };
        let described = Described { name: &name, by_name: true, follows: false };
        let preface = self.preface(described, &mut opened, &budget, None)?;
        preface.map_or(Ok(()), |preface| self.together.look(&preface.header, &name, budget.header()))
    }

    /// Returns what all inputs have together after all were looked at, and remarks on names that
    /// some of them lack.
    ///
    /// # Errors
    /// As [`Preparation::settle`].
    pub(super) fn settled_alone(self) -> Result<(Together<'c>, Vec<String>)> {
        let remarks = self.together.settle()?;
        self.options.on_remark.hear(&remarks);
        Ok((self.together, remarks))
    }

    /// Sees to it that all inputs, after they were prepared, can be converted to one output.
    /// Returns remarks on names that some of them lack.
    ///
    /// # Errors
    /// A name that is asked for is in no input, or the columns of one of them, or of all, cannot be
    /// written.
    pub(super) fn settle(&mut self, inputs: &mut [Prepared<'_>]) -> Result<Vec<String>> {
        let remarks = if self.shared.is_none() { self.together.settle()? } else { Vec::new() };
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        if let Some(heading) = self.together.begin()? {
            let heading: Arc<str> = heading.into();
            for input in inputs.iter_mut().filter(|input| input.heading.is_some()) {
                input.heading = Some(Arc::clone(&heading));
            }
        }
        self.options.on_remark.hear(&remarks);
        Ok(remarks)
    }

    /// Returns the input, opened and read up to the first record.
    ///
    /// # Errors
    /// It cannot be read, or another file has its name now.
    pub(super) fn open<'i>(&self, ready: &mut Prepared<'i>) -> Result<(Opened<'i>, Option<Box<Beginning>>)> {
        match std::mem::replace(&mut ready.stage, Stage::Later(Input::Stdin.into())) {
            Stage::Begun(opened, beginning) => {
                let all = if self.shared.is_none() { self.together.all() } else { None };
                let Some(all) = all else { return Ok((opened, beginning)) };
                let again = |begun: Box<Beginning>| {
                    let Beginning { mut preface, plan } = *begun;
                    preface.header = plan.into_header();
                    self.begin(&ready.name, preface, &self.budget, Some(all))
                };
                let beginning = beginning.map(again).transpose()?;
                Ok((opened, beginning))
            }
            Stage::Later(single) => {
                // The header and the checkpoint belong to the file that had the name before.
                if ready.path.as_deref().is_some_and(|path| is_another(path, ready.file_id)) {
                    let (path, how) = (ready.name.clone(), "the file was replaced");
                    return Err(ErrorKind::InputChanged { path, at: 0, how }.into());
                }
                let mut opened = single.open(&self.reading)?;
                // The remarks were heard when it was prepared.
                let described = Described { name: &ready.name, by_name: true, follows: ready.follows };
                let preface = self.preface(described, &mut opened, &self.budget, None)?;
                let all = self.shared.unwrap_or(&self.together).all();
                let begin = |preface| self.begin(&ready.name, preface, &self.budget, all);
                let beginning = preface.map(begin).transpose()?;
                Ok((opened, beginning))
            }
        }
    }

    /// Reads up to the first record. Returns `None` if there is no header. Remarks are handed to
    /// `aloud`.
    fn preface(
        &self,
        Described { name, by_name, follows }: Described<'_>,
        opened: &mut Opened<'_>,
        budget: &Budget,
        aloud: Option<&OnRemark>,
    ) -> Result<Option<Preface>> {
        let options = self.options;
        let Separators { bytes: [delimiter, terminator, quote], folding } = opened.separators;
        let mut dialect = Dialect { charset: opened.charset, folding, ..options.shaping.dialect.clone() };
        dialect.quote = quote.or(dialect.quote);
        dialect.comment = comment_in(opened.charset, dialect.comment)?;
        if let Some(byte) = terminator {
            dialect.terminator = Terminator::Byte(byte);
        }
        let delimiter = delimiter.map(Delimiter::Byte).or(options.shaping.delimiter);
        let first = self.first.get().filter(|_| follows);
        let names = first.map_or(&options.shaping.names, |first| &first.names);
        let lines = SkippedLines {
            first: options.shaping.skip_lines,
            until: options.shaping.skip_until.as_deref().filter(|_| !follows),
            behind: if follows { 0 } else { options.shaping.skip_after_header },
        };
        let request = HeaderRequest {
            dialect: &dialect,
            delimiter,
            by_name: by_extension(name),
            given: options.shaping.given,
            follows_first: first.is_some(),
            follows_names: self.has_names.get().is_some_and(|has_names| *has_names),
            encoding_by_default: opened.decoding == 0 && options.shaping.encoding.is_none(),
            names,
            lines,
            keeps_raw: options.rejects.is_some(),
            limit: budget.first_record(!names.no_header),
            columns: &options.shaping.columns,
            room: budget.header(),
        };
        let has_line = |bytes: &[u8]| last_line_end(dialect.terminator, bytes).is_some();
        let foreign = recognise(opened.reader.peek_until(FOREIGN_LOOK, &has_line)?.bytes);
        // A caller's source is text by its contract.
        if let (Some(Foreign::Binary(reason)), true) = (foreign, by_name) {
            return Err(ErrorKind::Unusable { path: name.to_owned(), reason }.into());
        }
        let Some(mut preface) = header_reader::read(&mut *opened.reader, &request)? else { return Ok(None) };
        self.has_names.get_or_init(|| !preface.header.names().any(|name| is_value(name.as_bytes())));
        if let Some(first) = first {
            preface.repeated.clone_from(&first.repeated);
        }
        if let Some(Foreign::Text(remark)) = foreign {
            preface.remarks.push(format!("{name}: {remark}"));
        }
        // They may say why what follows is an error.
        if let Some(on_remark) = aloud {
            on_remark.hear(&preface.remarks);
        }
        if let (true, Some((anomaly, seen))) = (options.strict, preface.anomalies.first()) {
            return Err(ErrorKind::Strict {
                anomaly: *anomaly,
                place: seen.first.clone(),
                detail: seen.detail.clone(),
            }
            .into());
        }
        Ok(Some(preface))
    }

    /// Makes the plan for an input of which `preface` was read. The columns of `all` inputs are
    /// written if they are given.
    fn begin(
        &self,
        name: &str,
        mut preface: Preface,
        budget: &Budget,
        all: Option<&Header>,
    ) -> Result<Box<Beginning>> {
        let header = std::mem::take(&mut preface.header);
        let columns = &self.options.shaping.columns;
        let plan = Plan::new(header, columns, &preface.dialect, name, budget.header(), all)?;
        Ok(Box::new(Beginning { preface, plan }))
    }
}

/// How comments start in an input: text is looked for in the input's encoding, as the delimiter is.
fn comment_in(charset: Charset, mark: Option<ByteSequence>) -> Result<Option<ByteSequence>> {
    let text = mark.as_ref().and_then(|mark| std::str::from_utf8(mark.bytes()).ok());
    let Some(text) = text.filter(|text| !text.is_ascii()) else { return Ok(mark) };
    match charset.encode(text) {
        Some(bytes) => Ok(Some(ByteSequence::new(&bytes))),
        None => {
            Err(Error::setting(format!("`comment` '{}' is not in the input's encoding", text.escape_debug())))
        }
    }
}

/// Whether every line of the input `name` is one record, or none: the end of a line always ends a
/// record.
pub(super) fn is_by_lines(options: &Options, name: &str) -> bool {
    let Shaping { dialect, delimiter, .. } = &options.shaping;
    let ends = |byte: &u8| dialect.terminator.is(*byte);
    let parts_lines = match delimiter {
        Some(Delimiter::Auto) => COMMON_DELIMITERS.iter().any(ends),
        Some(delimiter) => delimiter.each().concat().iter().any(ends),
        None => ends(&by_extension(name)),
    };
    dialect.quote.is_none() && dialect.escape.is_none() && !parts_lines
}
