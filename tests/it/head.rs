//! The first bytes of a fuzz input: how the rest is to be read. Four zeros are plain CSV, untrimmed.
//!
//! `heads.json` beside it holds those that seeds are put behind, for `differential.rs` and `fuzz/seeds.py`. Next hand: give
//! unused values a meaning, never move a used one, or the corpus means something else.

use crate::model::Shape;

/// The bytes that say how.
pub(crate) const N_HEAD: usize = 4;

/// The shape that a head says, or none where a byte would have two meanings.
pub(crate) fn shape(head: &[u8; N_HEAD]) -> Option<Shape> {
    let [dialect, lines, rest, _] = *head;
    let of = |byte: u8, from: u32, n: u32| usize::from(byte >> from) % (1 << n);
    let shape = Shape {
        delimiter: b",,;\t \0\x1f\xa7"[of(dialect, 0, 3)],
        quote: [Some(b'"'), Some(b'"'), Some(b'\''), None][of(dialect, 3, 2)],
        double_quote: of(dialect, 5, 1) == 0,
        escape: [None, None, None, Some(b'\\')][of(dialect, 6, 2)],
        terminator: [None, None, None, None, Some(b'\n'), Some(b'\r'), Some(b';'), Some(0x1e)]
            [of(lines, 0, 3)],
        comment: [None, None, None, Some(b'#')][of(lines, 3, 2)],
        trim_names: of(lines, 5, 1) == 1,
        trim_values: of(lines, 6, 1) == 1,
        no_header: of(lines, 7, 1) == 1,
        skip_lines: [0, 0, 0, 1][of(rest, 0, 2)],
        limit: [None, None, None, None, None, Some(0), Some(1), Some(3)][of(rest, 2, 3)],
        rejects: of(rest, 5, 3) == 6,
        strict: of(rest, 5, 3) == 5,
        max_record: [usize::MAX, usize::MAX, usize::MAX, usize::MAX, 40, usize::MAX, 40, 3][of(rest, 5, 3)],
    };
    shape.is_distinct().then_some(shape)
}
