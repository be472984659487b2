//! Values of a record that are none of its fields: where it starts, and hashes of it.

use super::buffer::WriteValue;
use super::encode::{Encoder, Record};
use super::weaver::Room;
use crate::parse::Field;
use crate::plan::{IdOf, OwnValues, RecordId, Supplied, TextsHasher};
use std::convert::Infallible;

impl Encoder<'_> {
    /// Writes the end of a woven record to `to[at..]`, which has room for the most that it takes.
    /// The record starts at this byte of its input, and is `valid` as for [`Encoder::record`].
    /// Returns the new `at`.
    pub(crate) fn end(
        &self,
        (to, at): (&mut [u8], usize),
        own_values: &OwnValues,
        record: &Record<'_>,
        valid: bool,
        byte: u64,
    ) -> usize {
        let mut room = Room { to, at };
        let mut write = || {
            for (before, value) in own_values.values() {
                room.write(before.as_bytes())?;
                self.supplied(&mut room, value, record, valid, byte)?;
            }
            room.write(own_values.end().as_bytes())
        };
        let is_written = write().is_ok();
        assert!(is_written, "there is room for the most");
        room.at
    }

    /// Writes what is supplied for a record that starts at this byte of its input. `valid` is as
    /// for [`Encoder::record`].
    pub(super) fn supplied<P: WriteValue>(
        &self,
        writer: &mut P,
        supplied: &Supplied,
        record: &Record<'_>,
        valid: bool,
        byte: u64,
    ) -> Result<(), P::Stop> {
        match supplied {
            Supplied::Null => writer.write(b"null"),
            Supplied::Json(json) => writer.write(json.as_bytes()),
            Supplied::Byte => writer.write(itoa::Buffer::new().format(byte).as_bytes()),
            Supplied::Id(id) => {
                writer.write(b"\"")?;
                writer.write(&self.id(id, record, valid, byte))?;
                writer.write(b"\"")
            }
        }
    }

    /// The hash by which a record is known.
    fn id(&self, id: &RecordId, record: &Record<'_>, valid: bool, byte: u64) -> [u8; 64] {
        let mut hasher = id.hasher();
        match &id.of {
            IdOf::Place(name) => {
                hasher.text(name.as_bytes());
                hasher.text(itoa::Buffer::new().format(byte).as_bytes());
            }
            IdOf::Fields(fields) => {
                for field in fields {
                    let field = field.map(|field| field as usize).filter(|field| *field < record.n_fields);
                    match field {
                        Some(field) => self.hash_field(&mut hasher, record, field, valid),
                        None => hasher.text(b""),
                    }
                }
            }
        }
        hasher.digits()
    }

    /// Adds the text of a field. It is read twice, because its length comes first and it may be as
    /// long as a record.
    fn hash_field(&self, hasher: &mut TextsHasher, record: &Record<'_>, field: usize, valid: bool) {
        let (start, end) = record.field(field);
        let field = Field::new(self.dialect, self.trim, record.bytes, start, end);
        let valid = valid && self.is_text(&record.bytes[start..end]);
        let each = |push: &mut dyn FnMut(&[u8])| {
            let Ok(()) = if valid {
                field.runs(self.dialect, |run| {
                    push(run.bytes());
                    Ok::<_, Infallible>(())
                })
            } else {
                let pushed = self.decode(&field, |piece| {
                    push(piece.as_bytes());
                    Ok::<_, Infallible>(())
                });
                pushed.map(|_| ())
            };
        };
        let mut n = 0;
        each(&mut |piece| n += piece.len() as u64);
        hasher.begin(n);
        each(&mut |piece| hasher.push(piece));
    }
}
