//! Members of archives that are stored as they are.

use super::codec::{Codec, Decoder, Fault, Step};

pub(super) const CODEC: Codec = Codec {
    name: "stored",
    extensions: &[],
    magics: &[],
    memory: |_| 0,
    begin: |_| Ok(Box::new(Stored)),
    padded: false,
    threaded: None,
    apart: None,
};

struct Stored;

impl Decoder for Stored {
    fn step(&mut self, from: &[u8], into: &mut [u8], last: bool) -> Result<Step, Fault> {
        let n = from.len().min(into.len());
        into[..n].copy_from_slice(&from[..n]);
        Ok(Step { taken: n, given: n, ended: last && from.is_empty() })
    }
}
