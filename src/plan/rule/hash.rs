//! The keyed BLAKE3 hash of values, and its key.

use crate::error::{Error, Result};
use std::fmt;

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
    pub(in crate::plan) fn hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.0)
    }

    /// Eight hexadecimal digits that say whether two keys are the same.
    pub(crate) fn fingerprint(&self) -> String {
        let print = blake3::derive_key("rowmill 2026-11-23 key fingerprint", &self.0);
        print[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HashKey").field(&format_args!("{}", self.fingerprint())).finish()
    }
}

/// The hash of a value's text under `key`, which [`Columns::check`](crate::plan::Columns::check)
/// asks for: what is no UTF-8 counts as the U+FFFD that it becomes.
pub(crate) fn hashed(key: &HashKey, bytes: &[u8], valid: bool) -> [u8; 32] {
    if valid {
        return *blake3::keyed_hash(&key.0, bytes).as_bytes();
    }
    let mut hasher = key.hasher();
    push(&mut hasher, bytes);
    *hasher.finalize().as_bytes()
}

/// Adds text to what is hashed.
pub(super) fn push(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        hasher.update(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            hasher.update("\u{fffd}".as_bytes());
        }
    }
}

/// Two hexadecimal digits for each byte. It computes all bytes together, which compiles to vector
/// instructions: with a table of pairs, byte by byte, `--mask COLUMN:hash` took 1.13 times as long
/// (AVX2, 2026-11-26).
pub(crate) fn hexadecimal(hash: &[u8; 32]) -> [u8; 64] {
    let digit = |n: u8| n + if n > 9 { b'a' - 10 } else { b'0' };
    let (high, low) = (hash.map(|byte| digit(byte >> 4)), hash.map(|byte| digit(byte & 15)));
    let mut digits = [0; 64];
    for (pair, (high, low)) in digits.as_chunks_mut().0.iter_mut().zip(high.into_iter().zip(low)) {
        *pair = [high, low];
    }
    digits
}
