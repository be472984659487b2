//! The records of a zip archive, field by field.

/// What starts a local header.
pub(super) const LOCAL: &[u8] = b"PK\x03\x04";
/// What starts an entry of the directory.
pub(super) const ENTRY: &[u8] = b"PK\x01\x02";
/// What starts the record behind the directory.
pub(super) const END: &[u8] = b"PK\x05\x06";
/// What starts the zip64 record there, and the one that says where that is.
pub(super) const END_64: &[u8] = b"PK\x06\x06";
pub(super) const LOCATOR: &[u8] = b"PK\x06\x07";

pub(super) const LOCAL_LEN: usize = 30;
pub(super) const ENTRY_LEN: usize = 46;
pub(super) const END_LEN: usize = 22;
pub(super) const END_64_LEN: usize = 56;
pub(super) const LOCATOR_LEN: usize = 20;

/// In place of a number that is in the zip64 field.
pub(super) const IN_64: u64 = 0xffff_ffff;

/// The number of `N` bytes at `at`; 0 where the record ends before.
pub(super) fn number<const N: usize>(record: &[u8], at: usize) -> u64 {
    let bytes = record.get(at..at + N).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The number of two bytes at `at`.
pub(super) fn short(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(record.get(at..at + 2).and_then(|two| two.try_into().ok()).unwrap_or_default())
}

/// Puts the numbers of the zip64 field of `extra` in place of those that are [`IN_64`]. Returns
/// false if one is missing.
pub(super) fn widen(extra: &[u8], numbers: &mut [&mut u64]) -> bool {
    let mut field = zip64(extra).unwrap_or_default();
    for number_ in numbers.iter_mut().filter(|number| ***number == IN_64) {
        if field.len() < 8 {
            return false;
        }
        **number_ = number::<8>(field, 0);
        field = &field[8..];
    }
    true
}

fn zip64(mut extra: &[u8]) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (id, len) = (short(extra, 0), usize::from(short(extra, 2)));
        let field = extra.get(4..4 + len)?;
        if id == 1 {
            return Some(field);
        }
        extra = &extra[4 + len..];
    }
    None
}
