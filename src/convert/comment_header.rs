//! A header in a comment: `#id,name`, or `#Fields: date time` as log files have it.

use super::names::HeaderComment;
use crate::dialect::Dialect;
use crate::parse::line_end;
use crate::sequence::ByteSequence;

/// The word before the names in log files, such as those of the W3C's extended format.
const FIELDS: &[u8] = b"fields";

/// The comment that has the names, as far as comments were seen.
pub(super) struct CommentHeader {
    which: HeaderComment,
    found: Option<Commented>,
}

struct Commented {
    raw: Vec<u8>,
    lines: u64,
    input_at: u64,
    text_at: u64,
    /// It begins with the word for fields.
    of_fields: bool,
}

/// The names' line, and where it was found.
pub(super) struct FoundHeader {
    /// The comment, with its line end.
    pub(super) raw: Vec<u8>,
    /// The names without what is before them, which takes `offset` bytes.
    pub(super) names: Vec<u8>,
    pub(super) offset: usize,
    pub(super) lines: u64,
    pub(super) input_at: u64,
    pub(super) text_at: u64,
}

impl CommentHeader {
    pub(super) fn new(which: HeaderComment) -> Self {
        Self { which, found: None }
    }

    /// Looks at a comment, which starts behind `lines` lines.
    pub(super) fn see(&mut self, dialect: &Dialect, raw: &[u8], (lines, input_at, text_at): (u64, u64, u64)) {
        let NamesPlace { offset, end, of_fields } = NamesPlace::of(dialect, raw);
        let better = match (&self.found, self.which) {
            _ if offset == end => false,
            (None, _) => true,
            (Some(_), HeaderComment::First) => false,
            (Some(found), HeaderComment::Last) => of_fields || !found.of_fields,
        };
        if better {
            self.found = Some(Commented { raw: raw.to_vec(), lines, input_at, text_at, of_fields });
        }
    }

    /// What was found.
    pub(super) fn found(self, dialect: &Dialect) -> Option<FoundHeader> {
        let Commented { raw, lines, input_at, text_at, of_fields } = self.found?;
        let NamesPlace { offset, end, .. } = NamesPlace::of(dialect, &raw);
        let mut names = raw[offset..end].to_vec();
        if of_fields && !names.contains(&dialect.delimiter) {
            // Log files separate names by blanks, whatever is between the fields.
            let words = names.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            names = words.collect::<Vec<_>>().join(&dialect.delimiter);
        }
        Some(FoundHeader { raw, names, offset, lines, input_at, text_at })
    }
}

/// Where in a comment its names are.
struct NamesPlace {
    offset: usize,
    end: usize,
    of_fields: bool,
}

impl NamesPlace {
    fn of(dialect: &Dialect, raw: &[u8]) -> Self {
        let mut end = raw.len();
        while end > 0 && line_end(dialect.terminator, &raw[..end]).is_some() {
            end -= 1;
        }
        // A tab behind the mark may delimit, with an empty name before it; a blank is for the eye.
        let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t' && dialect.delimiter != b'\t';
        let blanks = |from: usize| raw[from..end].iter().take_while(|byte| is_blank(byte)).count();
        let mut offset = dialect.comment.as_ref().map_or(0, |mark| ByteSequence::bytes(mark).len()).min(end);
        offset += blanks(offset);
        let word = raw[offset..end].get(..FIELDS.len());
        let behind = offset + FIELDS.len();
        let of_fields = word.is_some_and(|word| word.eq_ignore_ascii_case(FIELDS))
            && raw[..end].get(behind).is_some_and(|byte| *byte == b':' || *byte == dialect.delimiter);
        if of_fields {
            offset = behind + 1;
            offset += raw[offset..end].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        }
        if raw[offset..end].iter().all(u8::is_ascii_whitespace) {
            offset = end;
        }
        Self { offset, end, of_fields }
    }
}
