//! What is written in a column that the input lacks: the same in each record, or a value of the
//! record's own.
//!
//! This file does not know how fields are read. The encoder gives their texts.

use super::rule::{HashKey, hexadecimal};

/// What is written in a column that the input lacks.
#[derive(Clone, Debug)]
pub(crate) enum Supplied {
    /// Null.
    Null,
    /// This JSON.
    Json(Box<str>),
    /// The byte of the input at which the record starts.
    Byte,
    /// A hash by which the record is known.
    Id(Box<RecordId>),
}

impl Supplied {
    /// Whether each record has its own.
    pub(super) fn is_own(&self) -> bool {
        matches!(self, Self::Byte | Self::Id(_))
    }

    /// The JSON, if it is the same in each record.
    pub(super) fn constant(&self) -> Option<&str> {
        match self {
            Self::Null => Some("null"),
            Self::Json(json) => Some(json),
            Self::Byte | Self::Id(_) => None,
        }
    }
}

/// How the hash of a record is made.
#[derive(Clone, Debug)]
pub(crate) struct RecordId {
    /// What is hashed.
    pub(crate) of: IdOf,
    /// The key, if the hash is a keyed one.
    pub(crate) key: Option<HashKey>,
}

/// What a record is known by.
#[derive(Clone, Debug)]
pub(crate) enum IdOf {
    /// These fields, in this order. `None` stands for a column that the input lacks.
    Fields(Box<[Option<u32>]>),
    /// The name of the input, and the byte of it at which the record starts.
    Place(Box<str>),
}

impl RecordId {
    /// Begins the hash of a record.
    pub(crate) fn hasher(&self) -> TextsHasher {
        TextsHasher(self.key.as_ref().map_or_else(blake3::Hasher::new, HashKey::hasher))
    }
}

/// The BLAKE3 hash of several texts, each behind its length: eight bytes, the lowest first.
pub(crate) struct TextsHasher(blake3::Hasher);

impl TextsHasher {
    /// Adds the length of the next text, in bytes of UTF-8. The text is then added in pieces.
    pub(crate) fn begin(&mut self, n: u64) {
        self.0.update(&n.to_le_bytes());
    }

    /// Adds a piece of a text.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// Adds a whole text.
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.begin(text.len() as u64);
        self.push(text);
    }

    /// The hash in hexadecimal.
    pub(crate) fn digits(&self) -> [u8; 64] {
        hexadecimal(self.0.finalize().as_bytes())
    }
}
