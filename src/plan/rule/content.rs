//! The content of a field, as a rule sees it.

/// The content of a field, what stands in it without quotes and escapes, as a rule sees it.
pub(crate) trait Content<'a> {
    /// How many bytes it has.
    fn len(&self) -> usize;

    /// Its bytes.
    fn bytes(&self) -> &'a [u8];

    /// The first eight bytes as a number, the first the lowest, and anything behind the last.
    fn word(&self) -> u64;

    /// Which of the first sixteen bytes are digits, a bit each, and anything behind the last.
    fn digits(&self) -> u32;

    /// Where `byte` first stands, or the length where it does not.
    fn find(&self, byte: u8) -> usize;

    /// How the field is written that has it.
    fn form(&self) -> Form;
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As its content is, without quotes or escapes.
    Bare,
    /// As its content is, between quotes, without escapes.
    Quoted,
    /// Otherwise than its content.
    Other,
}

/// Content that no kernel has scanned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<'a> {
    /// The content.
    pub(crate) bytes: &'a [u8],
    /// See [`Content::form`].
    pub(crate) form: Form,
}

impl<'a> Content<'a> for Whole<'a> {
    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn word(&self) -> u64 {
        word(self.bytes)
    }

    fn digits(&self) -> u32 {
        (0..)
            .zip(self.bytes)
            .take(16)
            .fold(0, |found, (i, byte)| found | u32::from(byte.is_ascii_digit()) << i)
    }

    fn find(&self, byte: u8) -> usize {
        memchr::memchr(byte, self.bytes).unwrap_or(self.bytes.len())
    }

    fn form(&self) -> Form {
        self.form
    }
}

/// The first character's length, or that of the invalid bytes for which one U+FFFD will stand; 0
/// where there is none.
#[inline(always)]
pub(super) fn first_character(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(0x80..) => bstr::decode_utf8(bytes).1,
        first => usize::from(first.is_some()),
    }
}

/// Of a word, the first `n` bytes, up to eight.
#[inline(always)]
pub(super) fn mask(n: usize) -> u64 {
    u64::MAX.checked_shr(64 - 8 * n as u32).unwrap_or(0)
}

/// The first eight bytes of `bytes` as a number, zeros behind the last.
pub(super) fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let n = bytes.len().min(8);
    word[..n].copy_from_slice(&bytes[..n]);
    u64::from_le_bytes(word)
}
