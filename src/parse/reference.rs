//! The reference machine: a byte at a time, every dialect, nothing clever.
//!
//! It defines what quoting means. The order of its checks is that of the `csv` crate (csv-core's
//! NFA), which the tests hold it against on raw bytes; escapes outside quotes and white space
//! before a quote, which csv-core doesn't know, are as CPython's `csv` and the guide have them. It
//! can stop at any byte and go on with the next slice, so it also follows a record over window
//! edges.

use super::blank::{is_blank, is_long_blank, starts_blank};
use crate::dialect::{Dialect, Terminator};
use crate::sequence::ByteSequence;
use memchr::{memchr, memchr2};

/// Where in a record the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MachineState {
    RecordStart,
    /// At the first byte of a field, or behind white space that trimming will drop.
    FieldStart,
    /// As above, with the first one or two bytes of what may be a longer white space character.
    Blank {
        seen: [u8; 2],
        n: u8,
    },
    Unquoted,
    UnquotedEscape,
    Quoted,
    QuotedEscape,
    /// Behind a quote in a quoted field: the end of it, or the first of two.
    QuoteInQuoted,
    /// Behind so many bytes of what may be the start of a comment.
    MayComment(u8),
    Comment,
}

/// What a record was found to be, and where the next one starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The first byte behind the terminator.
    pub next: usize,
    /// It is a comment, and no field of it was reported.
    pub comment: bool,
}

/// The reference machine.
#[derive(Clone, Debug)]
pub struct Machine {
    dialect: Dialect,
    trim: bool,
    state: MachineState,
    n_irregular: u32,
    has_tail: bool,
    /// White space that is no delimiter was passed over at the start of the field.
    is_begun: bool,
}

impl Machine {
    /// At the start of a record. With `trim`, white space does not keep a quote from opening.
    pub fn new(dialect: &Dialect, trim: bool) -> Self {
        let (dialect, state) = (dialect.clone(), MachineState::RecordStart);
        Self { dialect, trim, state, n_irregular: 0, has_tail: false, is_begun: false }
    }

    /// At the start of a field that is not a record's first.
    pub fn at_field(dialect: &Dialect, trim: bool) -> Self {
        Self { state: MachineState::FieldStart, ..Self::new(dialect, trim) }
    }

    /// In the midst of a field, quoted or not.
    pub(super) fn within_field(dialect: &Dialect, trim: bool, quoted: bool) -> Self {
        let state = if quoted { MachineState::Quoted } else { MachineState::Unquoted };
        Self { state, ..Self::new(dialect, trim) }
    }

    /// Back to the start of a record.
    pub fn restart(&mut self) {
        self.state = MachineState::RecordStart;
        self.has_tail = false;
        self.is_begun = false;
    }

    /// Whether something followed the closing quote of a field since [`Machine::restart`]: stray
    /// text, or white space that trimming drops. [`Field::stray_quote`](super::Field) knows which.
    pub fn has_tail(&self) -> bool {
        self.has_tail
    }

    /// Whether a quoted field is open.
    pub fn is_quoted(&self) -> bool {
        matches!(self.state, MachineState::Quoted | MachineState::QuotedEscape)
    }

    /// Whether a comment is open.
    pub fn is_comment(&self) -> bool {
        self.state == MachineState::Comment
    }

    /// The number of quotes so far that stood where regular quoting has none.
    pub(super) fn n_irregular(&self) -> u32 {
        self.n_irregular
    }

    /// Reads on in `bytes` from `from` to the end of the record, and calls `on_field` where each
    /// field ends (at its delimiter or terminator). `None` where `bytes` end first: go on with the
    /// next slice.
    pub fn record(&mut self, bytes: &[u8], from: usize, mut on_field: impl FnMut(usize)) -> Option<Ended> {
        let mut at = from;
        while at < bytes.len() {
            if self.state == MachineState::Quoted {
                // Nearly all bytes of long quoted fields: the one place where it looks ahead.
                at += self.quoted_run(&bytes[at..]);
                if at == bytes.len() {
                    return None;
                }
            }
            let byte = bytes[at];
            let comment = self.state == MachineState::Comment;
            match self.step(byte) {
                MachineStep::On => at += 1,
                MachineStep::FieldEnd => {
                    on_field(at);
                    at += 1;
                }
                MachineStep::RecordEnd => {
                    if !comment {
                        on_field(at);
                    }
                    at += 1;
                    if self.dialect.terminator == Terminator::Any
                        && byte == b'\r'
                        && bytes.get(at) == Some(&b'\n')
                    {
                        at += 1;
                    }
                    return Some(Ended { next: at, comment });
                }
            }
        }
        None
    }

    /// The number of bytes at the front that are content of a quoted field.
    fn quoted_run(&self, bytes: &[u8]) -> usize {
        match (self.dialect.quote, self.dialect.escape) {
            (Some(quote), Some(escape)) => memchr2(quote, escape, bytes),
            (Some(quote), None) => memchr(quote, bytes),
            (None, _) => None,
        }
        .unwrap_or(bytes.len())
    }

    /// One byte.
    #[inline]
    fn step(&mut self, byte: u8) -> MachineStep {
        let dialect = &self.dialect;
        match self.state {
            MachineState::RecordStart => {
                if dialect.terminator.is(byte) {
                    return MachineStep::RecordEnd;
                }
                if let Some([first, rest @ ..]) = dialect.comment.as_ref().map(ByteSequence::bytes)
                    && *first == byte
                {
                    let whole = rest.is_empty();
                    self.state = if whole { MachineState::Comment } else { MachineState::MayComment(1) };
                    return MachineStep::On;
                }
                self.state = MachineState::FieldStart;
                self.step(byte)
            }
            MachineState::FieldStart => {
                if dialect.quote == Some(byte) {
                    self.state = MachineState::Quoted;
                    return MachineStep::On;
                }
                if dialect.whitespace && dialect.is_delimiter(byte) && !self.is_begun {
                    return MachineStep::On;
                }
                if self.trim && !dialect.is_delimiter(byte) && !self.ends_or_escapes(byte) {
                    if is_blank(dialect.charset, byte) {
                        self.is_begun = true;
                        return MachineStep::On;
                    }
                    if starts_blank(dialect.charset, &[byte]) {
                        self.state = MachineState::Blank { seen: [byte, 0], n: 1 };
                        return MachineStep::On;
                    }
                }
                self.state = MachineState::Unquoted;
                // A quote cannot open any more, so it is not irregular here either.
                self.step(byte)
            }
            MachineState::Blank { seen: [first, second], n } => {
                if !dialect.is_delimiter(byte) && !self.ends_or_escapes(byte) {
                    let seen = if n == 1 { [first, byte, 0] } else { [first, second, byte] };
                    let seen = &seen[..usize::from(n) + 1];
                    if is_long_blank(seen) {
                        (self.state, self.is_begun) = (MachineState::FieldStart, true);
                        return MachineStep::On;
                    }
                    if n == 1 && starts_blank(dialect.charset, seen) {
                        self.state = MachineState::Blank { seen: [first, byte], n: 2 };
                        return MachineStep::On;
                    }
                }
                self.state = MachineState::Unquoted;
                self.step(byte)
            }
            MachineState::Unquoted => {
                if dialect.is_delimiter(byte) {
                    (self.state, self.is_begun) = (MachineState::FieldStart, false);
                    return MachineStep::FieldEnd;
                }
                if dialect.terminator.is(byte) {
                    (self.state, self.is_begun) = (MachineState::RecordStart, false);
                    return MachineStep::RecordEnd;
                }
                if dialect.escape == Some(byte) {
                    self.state = MachineState::UnquotedEscape;
                } else if dialect.quote == Some(byte) {
                    self.n_irregular += 1;
                }
                MachineStep::On
            }
            MachineState::UnquotedEscape => {
                self.state = MachineState::Unquoted;
                MachineStep::On
            }
            MachineState::Quoted => {
                if dialect.quote == Some(byte) {
                    self.state = MachineState::QuoteInQuoted;
                } else if dialect.escape == Some(byte) {
                    self.state = MachineState::QuotedEscape;
                }
                MachineStep::On
            }
            MachineState::QuotedEscape => {
                self.state = MachineState::Quoted;
                MachineStep::On
            }
            MachineState::QuoteInQuoted => {
                if dialect.double_quote && dialect.quote == Some(byte) {
                    self.state = MachineState::Quoted;
                    return MachineStep::On;
                }
                self.state = MachineState::Unquoted;
                if dialect.is_delimiter(byte) || dialect.terminator.is(byte) {
                    return self.step(byte);
                }
                // What follows here is reported as `stray_quote`. It is content as it is, an escape
                // too; but where a quote is never doubled, the quote ends what is quoted and
                // nothing else, as CPython has it.
                self.has_tail = true;
                if !self.trim || !is_blank(dialect.charset, byte) {
                    self.n_irregular += 1;
                }
                if !dialect.double_quote && dialect.escape == Some(byte) {
                    self.state = MachineState::UnquotedEscape;
                }
                MachineStep::On
            }
            MachineState::MayComment(n) => {
                let known = usize::from(n);
                let mark = dialect.comment.unwrap_or(ByteSequence::new(b""));
                if mark.bytes().get(known) == Some(&byte) {
                    let whole = known + 1 == mark.bytes().len();
                    self.state = if whole { MachineState::Comment } else { MachineState::MayComment(n + 1) };
                    return MachineStep::On;
                }
                // No comment, so what was read is content: none of its bytes ends or opens a field.
                self.state = MachineState::FieldStart;
                for byte in &mark.bytes()[..known] {
                    self.step(*byte);
                }
                self.step(byte)
            }
            MachineState::Comment => {
                if dialect.terminator.is(byte) {
                    self.state = MachineState::RecordStart;
                    return MachineStep::RecordEnd;
                }
                MachineStep::On
            }
        }
    }

    #[inline]
    fn ends_or_escapes(&self, byte: u8) -> bool {
        self.dialect.terminator.is(byte) || self.dialect.escape == Some(byte)
    }
}

enum MachineStep {
    On,
    FieldEnd,
    RecordEnd,
}
