//! `--mask COLUMN:hash`: the keyed BLAKE3 hash of the value.

use super::content::Content;
use super::definition::Rule;
use super::value::Value;
use crate::error::{Error, Result};
use std::fmt;

pub(super) struct Hash;

/// The key of [`Mask::Hash`](super::Mask::Hash). It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey([u8; 32]);

/// A secret shorter than this could be found by trying.
const LEAST_SECRET: usize = 16;

impl HashKey {
    /// Derives the key from a secret of any length from 16 bytes on.
    ///
    /// # Errors
    /// The secret is shorter.
    pub fn derive(secret: &[u8]) -> Result<Self> {
        if secret.len() < LEAST_SECRET {
            let message = format!("`hash_key`: the key needs at least {LEAST_SECRET} bytes");
            return Err(Error::setting(message));
        }
        Ok(Self(blake3::derive_key("rowmill 2026-11-23 mask hash", secret)))
    }
}

/// Writes a fingerprint of the key, never the key. Plans and checkpoints compare it.
impl serde::Serialize for HashKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.fingerprint())
    }
}

impl HashKey {
    /// Eight hexadecimal digits that say whether two keys are the same.
    fn fingerprint(&self) -> String {
        let print = blake3::derive_key("rowmill 2026-11-23 key fingerprint", &self.0);
        print[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HashKey").field(&format_args!("{}", self.fingerprint())).finish()
    }
}

impl Rule for Hash {
    const NAME: &'static str = "hash";

    #[inline(always)]
    fn value<'a>(_: &impl Content<'a>) -> Value {
        Value::Hash
    }
}

/// The hash of a value's text under `key`, which [`Columns::check`](crate::plan::Columns::check)
/// asks for: what is no UTF-8 counts as the U+FFFD that it becomes.
pub(crate) fn hashed(key: &HashKey, bytes: &[u8], valid: bool) -> [u8; 32] {
    let HashKey(key) = key;
    if valid {
        return *blake3::keyed_hash(key, bytes).as_bytes();
    }
    let mut hasher = blake3::Hasher::new_keyed(key);
    for chunk in bytes.utf8_chunks() {
        hasher.update(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            hasher.update("\u{fffd}".as_bytes());
        }
    }
    *hasher.finalize().as_bytes()
}
