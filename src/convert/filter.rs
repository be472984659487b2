//! Whether a record is written at all, by the texts of its fields.

use super::record_reader::RecordReader;
use crate::charset::Charset;
use crate::output::Record;
use crate::parse::Text;
use crate::plan::FieldCondition;

impl RecordReader {
    /// Whether all `conditions` hold for a record. A field that it lacks is no text.
    pub(super) fn passes(&self, conditions: &[FieldCondition], record: &Record<'_>) -> bool {
        conditions.iter().all(|FieldCondition { field, text, is }| {
            let field = field.map(|field| field as usize).filter(|field| *field < record.ends.len());
            field.is_some_and(|field| self.is_text(record, field, text)) == *is
        })
    }

    /// Whether the content of field `i` of a record is this text.
    fn is_text(&self, record: &Record<'_>, i: usize, text: &str) -> bool {
        let (start, end) = record.field(i);
        let field = self.field(record.bytes, start, end);
        if self.dialect.charset == Charset::Utf8
            && let Some(run) = field.only_run(&self.dialect)
        {
            return record.bytes[run] == *text.as_bytes();
        }
        // Piece by piece, as a field may be long.
        let mut rest = text;
        let mut take = |piece: &str| match rest.strip_prefix(piece) {
            Some(behind) => {
                rest = behind;
                Ok(())
            }
            None => Err(Other),
        };
        let mut decoded = Text::new(self.dialect.charset);
        let is = field.runs(&self.dialect, |run| decoded.push_run(&run, &mut take)).is_ok()
            && decoded.finish(&mut take).is_ok();
        is && rest.is_empty()
    }
}

/// A text is another than the one that is looked for.
struct Other;
