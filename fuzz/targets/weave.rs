//! The scan and the stitch of every instruction set do the same, and touch nothing beyond what they
//! are given: each buffer is an allocation of its own, so that the sanitizer sees its ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowmill::internal::{Index, Isa, Kernel, Lead, Left, Marks, Template};

fuzz_target!(|data: &[u8]| {
    let Some((&[marks, plan, behind, room], bytes)) = data.split_first_chunk() else { return };
    let marks = Marks {
        delimiter: b",;\t\x1f"[usize::from(marks) % 4],
        quote: [Some(b'"'), Some(b'"'), Some(b'\''), None][usize::from(marks) / 4 % 4],
        terminators: [*b"\n\r", *b"\n\n", [0x1e, 0x1e], *b"\n\r"][usize::from(marks) / 16 % 4],
        pairs: marks / 16 % 4 % 3 == 0,
        edges: marks & 0x40 != 0,
        left: (marks & 0x80 != 0).then_some(Left { leads: [Some(Lead::new(b"#")), None], ..Left::default() }),
        ..Marks::default()
    };
    let n_fields = 1 + usize::from(plan) % 4;
    let mut fields: Vec<u32> = (0..n_fields as u32).collect();
    if plan & 0x10 != 0 {
        fields.reverse();
    }
    if plan & 0x20 != 0 {
        fields.truncate(2);
    }
    let piece = vec![b'N'; usize::from(plan) / 0x40 * 43];
    let template = Template::new(vec![&piece[..]; fields.len() + 1], fields, n_fields);
    let strip = &bytes[..bytes.len() - usize::from(behind).min(bytes.len())];
    let from: Box<[u8]> = bytes.into();
    let mut index = Index::new(strip.len());
    let mut expected = None;
    for kernel in Isa::ALL.into_iter().filter_map(Kernel::new) {
        let mut done = Vec::new();
        kernel.scan(&marks, &strip.to_vec(), &mut index);
        let (ends, records) = (index.ends(), index.records());
        let mut record = (0, 0);
        while record.0 < records.len() {
            let mut to: Box<[u8]> = vec![b'~'; usize::from(room) * 16].into();
            let before = record;
            let at = usize::from(room) % 8;
            let until = records.len();
            let end = match at <= to.len() {
                true => kernel.weave_plain(&from, &marks, &index, &mut record, until, &template, &mut to, at),
                false => at,
            };
            done.push((record, to[at.min(to.len())..end.min(to.len())].to_vec()));
            if record == before {
                // Left: the caller does it otherwise, and goes on behind it.
                let end = ends[records[record.0] as usize - 1] as usize;
                let pair = marks.pairs && strip[end] == b'\r' && strip.get(end + 1) == Some(&b'\n');
                record = (record.0 + 1, end + 1 + usize::from(pair));
            }
        }
        let dirty: Vec<bool> = (0..index.stop()).map(|at| index.is_dirty(at, at)).collect();
        let told = (index.declined(), index.stop(), index.high(), index.n_lines(), dirty);
        let all = (ends.to_vec(), records.to_vec(), told, done);
        match &expected {
            None => expected = Some(all),
            Some(expected) => assert_eq!(*expected, all, "{kernel:?}"),
        }
    }
});
