//! Any bytes in any dialect: output, rejects, counts, places and errors are the same for every window, number
//! of threads, instruction set and kind of source.
#![no_main]

use std::io::Write as _;

use libfuzzer_sys::{Corpus, fuzz_target};
use rowmill::{Input, Io, Isa, Kernel, Result};

mod head;
#[allow(dead_code, reason = "the other targets need more of it")]
#[path = "../../tests/it/library.rs"]
mod library;
#[allow(dead_code, reason = "the tests of the program need more of it")]
#[path = "../../tests/it/model.rs"]
mod model;

use library::{Got, How, NAME, convert, convert_input};

const WINDOWS: [usize; 6] = [1, 2, 3, 7, 64, 4096];

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((head, bytes)) = data.split_first_chunk() else { return Corpus::Reject };
    let Some(shape) = head::shape(head) else { return Corpus::Reject };
    let isas = || Isa::ALL.into_iter().filter(|isa| Kernel::new(*isa).is_some());
    let expected = said(convert(&shape, &How::default(), bytes), NAME);

    // A third of all ways for one input: the next mutation has another, and speed finds more than patience.
    let odd = usize::from(head[3]);
    let mut ways = Vec::new();
    for (i, isa) in isas().enumerate() {
        for (j, window) in WINDOWS.into_iter().enumerate().filter(|(j, _)| (i + j + odd) % 3 == 0) {
            ways.push(How {
                threads: 1,
                window: Some(window),
                isa,
                piece: [1, usize::MAX][(odd / 3 + j) % 2],
                check: false,
            });
        }
    }
    ways.push(How::default());
    let window = WINDOWS[odd / 2 % WINDOWS.len()];
    let isa = isas().nth(odd / 16 % isas().count()).expect("less than their count");
    // Threads cost more than all of the above.
    if odd % 4 == 1 {
        let threads = [2, 8][odd / 4 % 2];
        ways.push(How { threads, window: Some(window), isa, ..How::default() });
    }
    for how in &ways {
        let got = said(convert(&shape, how, bytes), NAME);
        assert_eq!(got, expected, "{shape:?}\n{how:?}");
    }

    // What only counts finds the same, whatever the window.
    if !shape.rejects && !shape.strict {
        for how in [How { check: true, ..How::default() }, How { check: true, window: Some(window), isa, ..How::default() }] {
            let mut got = said(convert(&shape, &how, bytes), NAME);
            let mut expected = expected.clone();
            // Nothing is written.
            for said in [&mut got, &mut expected] {
                if let [output, _, counts, ..] = &mut said[..] {
                    output.clear();
                    *counts = counts.rsplit_once(' ').map_or(String::new(), |(most, _)| most.to_owned());
                }
            }
            assert_eq!(got, expected, "{shape:?}\n{how:?}");
        }
    }

    // A file with such a mark is decoded; a reader of one's own is taken for UTF-8.
    if !bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff") {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("room for it");
        let path = file.path();
        let io = [Io::Mmap, Io::Read][odd % 2];
        let how = How { threads: 1 + usize::from(odd % 8 == 1), window: Some(window), isa, ..How::default() };
        let got = convert_input(&shape, &how, Input::path(path), io);
        assert_eq!(said(got, &path.display().to_string()), expected, "{shape:?}\n{how:?} {io:?}");
    }
    Corpus::Keep
});

/// All that a user would see, but for the name of the input.
fn said(result: Result<Got>, name: &str) -> Vec<String> {
    match result {
        Err(error) => vec![error.to_string().replace(name, "")],
        Ok(got) => {
            let Got { output, rejects, mut summary } = got;
            for (_, count) in &mut summary.anomalies {
                count.first.file.clear();
            }
            let n_records = (summary.records, summary.records_rejected, summary.blank_records);
            vec![
                output.escape_ascii().to_string(),
                rejects.escape_ascii().to_string(),
                format!("{n_records:?} {} {}", summary.bytes_in, summary.bytes_out),
                format!("{:?}", summary.anomalies),
                format!("{} {:?}", summary.n_header_repairs, summary.remarks).replace(name, ""),
            ]
        }
    }
}
