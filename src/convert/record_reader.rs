//! How the records of an input are read: the dialect, and the marks that the kernels know of it.

use crate::charset::Charset;
use crate::dialect::{Dialect, Terminator};
use crate::kernel::{Kernel, Marks};
use crate::output::Encoder;
use crate::parse::{Field, Machine, count_lines, line_end};
use crate::plan::Plan;

/// A reader for the records of one input.
pub(super) struct RecordReader {
    pub(super) kernel: Kernel,
    pub(super) dialect: Dialect,
    pub(super) marks: Marks,
    /// Whether fields are trimmed.
    pub(super) trim: bool,
    /// The kernels read this dialect.
    pub(super) kernel_reads_dialect: bool,
    /// The dialect's bytes may part characters, so text is validated field by field.
    pub(super) always_decode: bool,
}

impl RecordReader {
    /// Makes a reader for records of `dialect`, which `plan` converts.
    pub(super) fn new(kernel: Kernel, dialect: Dialect, plan: &Plan) -> Self {
        let trim = dialect.trims_fields();
        let terminators = match dialect.terminator {
            Terminator::Any => [b'\n', b'\r'],
            Terminator::Byte(byte) => [byte, byte],
        };
        let marks = Marks {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            terminators,
            pairs: dialect.terminator == Terminator::Any,
            edges: trim,
            comment: dialect.comment,
            escape: dialect.escape,
            meanings: dialect.escapes.meanings(),
            end_data: dialect.escapes.end_data(),
            doubled: dialect.double_quote,
            wanted: plan.wanted(),
            page: match dialect.charset {
                Charset::Page(page) if page.is_total() => Some(page),
                _ => None,
            },
        };
        let special = [Some(dialect.delimiter), dialect.quote, dialect.escape];
        // Each byte has one meaning.
        let kernel_reads_dialect = special.iter().enumerate().all(|(i, byte)| {
            byte.is_none() || !special[..i].contains(byte) && !terminators.iter().any(|t| Some(*t) == *byte)
        });
        // If a special byte is blank, or the delimiter is a quote to JSON, the masks still hold:
        // they look at structure first. The masks do not hold if a special byte may be part of a
        // character.
        let always_decode = dialect.charset == Charset::Utf8
            && special.into_iter().flatten().chain(terminators).any(|byte| byte >= 0x80);
        Self { kernel, dialect, marks, trim, kernel_reads_dialect, always_decode }
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

    /// Whether a record that starts with `byte` is a comment.
    pub(super) fn is_comment(&self, byte: u8) -> bool {
        self.dialect.comment == Some(byte)
    }
}
