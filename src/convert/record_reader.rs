//! How the records of an input are read: the dialect, and the marks that the kernels know of it.

use super::dropped::DroppedAs;
use crate::charset::Charset;
use crate::dialect::{Dialect, Terminator};
use crate::kernel::{Kernel, Lead, Left, Marks, Wanted};
use crate::output::{Encoder, Record};
use crate::parse::{Field, Machine, count_lines, line_end};
use crate::plan::Plan;
use crate::sequence::ByteSequence;

/// A reader for the records of one input.
pub(super) struct RecordReader {
    pub(super) kernel: Kernel,
    pub(super) dialect: Dialect,
    pub(super) marks: Marks,
    /// The same, with nothing noted of fields.
    pub(super) plain_marks: Marks,
    /// Whether fields are trimmed.
    pub(super) trim: bool,
    /// The kernels read this dialect.
    pub(super) kernel_reads_dialect: bool,
    /// The dialect's bytes may part characters, so text is validated field by field.
    pub(super) always_decode: bool,
    /// The bytes of the header, if records that have the same are dropped.
    header: Option<Box<[u8]>>,
}

impl RecordReader {
    /// Makes a reader for records of `dialect`, which `plan` converts. Those with the bytes of
    /// `header` are dropped.
    pub(super) fn new(kernel: Kernel, dialect: Dialect, plan: &Plan, header: Option<Box<[u8]>>) -> Self {
        let trim = dialect.trims_fields();
        let terminators = dialect.terminator.byte().map_or([b'\n', b'\r'], |byte| [byte, byte]);
        let left = Left {
            leads: [dialect.comment.as_ref().map(ByteSequence::bytes), header.as_deref()]
                .map(|bytes| bytes.map(Lead::new)),
            unended: dialect.trailing_delimiter,
            empty: dialect.skip_empty,
        };
        let marks = Marks {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            terminators,
            pairs: dialect.terminator == Terminator::Any,
            edges: trim,
            left: (left != Left::default()).then_some(left),
            escape: dialect.escape,
            meanings: dialect.escapes.meanings(),
            end_data: dialect.escapes.end_data(),
            doubled: dialect.double_quote,
            wanted: plan.wanted(),
            whitespace: dialect.whitespace,
            folded: dialect.folding.is_some(),
            page: match dialect.charset {
                Charset::Page(page) if page.is_total() => Some(page),
                _ => None,
            },
        };
        let plain_marks = Marks { wanted: Wanted::NOTHING, ..marks };
        let special = [Some(dialect.delimiter), dialect.quote, dialect.escape];
        // Each byte has one meaning.
        let is_distinct = special.iter().enumerate().all(|(i, byte)| {
            byte.is_none() || !special[..i].contains(byte) && !terminators.iter().any(|t| Some(*t) == *byte)
        });
        let is_tab = |byte: &Option<u8>| dialect.whitespace && *byte == Some(b'\t');
        let kernel_reads_dialect = is_distinct && !special.iter().any(is_tab);
        // If a special byte is blank, or the delimiter is a quote to JSON, the masks still hold:
        // they look at structure first. The masks do not hold if a special byte may be part of a
        // character.
        let always_decode = dialect.charset == Charset::Utf8
            && special.into_iter().flatten().chain(terminators).any(|byte| byte >= 0x80);
        Self { kernel, dialect, marks, plain_marks, trim, kernel_reads_dialect, always_decode, header }
    }

    /// Writes or judges records as `plan` says.
    pub(super) fn encoder<'r>(&'r self, plan: &'r Plan) -> Encoder<'r> {
        Encoder { kernel: &self.kernel, dialect: &self.dialect, plan, trim: self.trim }
    }

    /// A machine at the start of a record.
    pub(super) fn machine(&self) -> Machine {
        Machine::new(&self.dialect, self.trim)
    }

    /// The field in `bytes[start..end]`.
    pub(super) fn field<'b>(&self, bytes: &'b [u8], start: usize, end: usize) -> Field<'b> {
        Field::new(&self.dialect, self.trim, bytes, start, end)
    }

    /// The number of line ends in `bytes`.
    pub(super) fn count_lines(&self, bytes: &[u8]) -> u64 {
        count_lines(self.dialect.terminator, bytes)
    }

    /// The length of the first line of `bytes`, with its end, if it ends there.
    pub(super) fn line_end(&self, bytes: &[u8]) -> Option<usize> {
        line_end(self.dialect.terminator, bytes)
    }

    /// Whether what starts with these bytes is a comment.
    pub(super) fn is_comment(&self, bytes: &[u8]) -> bool {
        self.dialect.comment.as_ref().is_some_and(|mark| bytes.starts_with(mark.bytes()))
    }

    /// Why a record is passed over, if it is.
    pub(super) fn drops(&self, record: &Record<'_>) -> Option<DroppedAs> {
        let Record { bytes, start, end, n_fields, .. } = *record;
        if n_fields == 1 && self.field(bytes, start, end).is_blank() {
            return Some(DroppedAs::Blank);
        }
        if self.header.as_deref() == Some(&bytes[start..end]) {
            return Some(DroppedAs::RepeatedHeader);
        }
        (self.dialect.skip_empty && self.is_empty(record)).then_some(DroppedAs::Empty)
    }

    /// Whether all fields of a record are empty.
    fn is_empty(&self, record: &Record<'_>) -> bool {
        let is_empty =
            |field: &Field<'_>| field.only_run(&self.dialect).is_some_and(|content| content.is_empty());
        let (start, end) = record.field(0);
        if !is_empty(&self.field(record.bytes, start, end)) {
            return false;
        }
        let mut all = true;
        self.each_field(record, |field| all &= is_empty(&field));
        all
    }

    /// Calls `each` with the fields of a record.
    pub(super) fn each_field<'b>(&self, record: &Record<'b>, mut each: impl FnMut(Field<'b>)) {
        let bytes = record.bytes;
        let mut start = record.start;
        let mut look = |end| {
            each(self.field(bytes, start, end));
            start = end + 1;
        };
        // Up to the terminator: what is left then is the last field.
        self.machine().record(&bytes[..record.end], record.start, &mut look);
        look(record.end);
    }

    /// The record without the empty field behind its last delimiter, if there is one and it is no
    /// field.
    pub(super) fn without_trailing<'b>(&self, record: &Record<'b>) -> Record<'b> {
        let Record { bytes, end, ends, n_fields, last, .. } = *record;
        if n_fields < 2 || !Field::is_none(&self.dialect, self.trim, bytes, last, end) {
            return *record;
        }
        // It ends where its last delimiter is.
        Record {
            end: last - 1,
            n_fields: n_fields - 1,
            ends: &ends[..ends.len().min(n_fields - 1)],
            ..*record
        }
    }
}
