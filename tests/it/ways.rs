//! Any bytes in any dialect: output, rejects, counts, places and errors are the same for every
//! window, number of threads, instruction set and kind of source.
//!
//! Shared by `differential.rs` and the fuzz target `invariance`. It knows of no right result, only
//! of equal ones: what is right, `reference.rs` says. Advice for maintainers: an input must always
//! be tried in the same ways, or it can't be made smaller.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use rowmill::internal::{Io, is_binary, is_packed};
use rowmill::{Input, Result};

use crate::head;
use crate::library::{Got, How, NAME, convert, convert_input, isas};
use crate::model::Shape;

/// `None` is the default.
const WINDOWS: [Option<usize>; 7] = [Some(1), Some(2), Some(3), Some(7), Some(64), Some(4096), None];
const THREADS: [usize; 3] = [1, 2, 8];

/// How the bytes come in: from a file, or one at a time as a slow pipe gives them.
const SOURCES: [Option<Io>; 3] = [Some(Io::Mmap), Some(Io::Read), None];

/// The conversions that were held against another so far.
pub(crate) static N_COMPARED: AtomicU64 = AtomicU64::new(0);

/// The inputs that were held against the model.
pub(crate) static N_MODELLED: AtomicU64 = AtomicU64::new(0);

/// Converts the bytes behind the head in a dozen ways, and panics where they differ; false if the
/// head has no meaning.
pub(crate) fn hold(data: &[u8]) -> bool {
    let Some((head, bytes)) = data.split_first_chunk() else { return false };
    let bytes = &head::written(head, bytes)[..];
    let Some(shape) = head::shape(head, bytes) else { return false };
    let isas = isas();
    let plain = convert(&shape, &How::default(), bytes);
    if !as_modelled(&shape, &plain, bytes) {
        return false;
    }
    let expected = said(plain, NAME);

    // Of one thread a third of all ways, and of all there are one: the next mutation has another,
    // and speed finds more than patience.
    let odd = usize::from(head[3]);
    for (i, &isa) in isas.iter().enumerate() {
        for (j, window) in WINDOWS.into_iter().enumerate().filter(|(j, _)| (i + j + odd) % 3 == 0) {
            let piece = [1, usize::MAX][(odd / 3 + j) % 2];
            let how = How { window, isa, piece, ..How::default() };
            same(&said(convert(&shape, &how, bytes), NAME), &expected, &shape, &how);
        }
    }
    let (threads, rest) = (THREADS[odd % 3], odd / 3);
    let (source, rest) = (SOURCES[rest % 3], rest / 3);
    let (window, rest) = (WINDOWS[rest % WINDOWS.len()], rest / WINDOWS.len());
    let how = How { threads, window, isa: isas[rest % isas.len()], piece: 1, check: false };
    match source {
        None => same(&said(convert(&shape, &how, bytes), NAME), &expected, &shape, &how),
        // A file with such a mark is decoded; a reader of one's own is taken for UTF-8.
        Some(_) if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") => {}
        // What looks like an archive is refused as a file, or unpacked.
        Some(_) if is_binary(bytes) || is_packed(bytes) => {}
        Some(io) => {
            let mut file = tempfile::NamedTempFile::new().expect("a file");
            file.write_all(bytes).expect("room for it");
            let path = file.path();
            let got = said(convert_input(&shape, &how, Input::path(path), io), &path.display().to_string());
            same(&got, &expected, &shape, &(io, &how));
        }
    }

    // What only counts finds the same, whatever the window.
    if !shape.rejects && !shape.strict {
        let mut expected = expected.clone();
        unwritten(&mut expected);
        for how in
            [How { check: true, ..How::default() }, How { check: true, threads: 1, piece: usize::MAX, ..how }]
        {
            let mut got = said(convert(&shape, &how, bytes), NAME);
            unwritten(&mut got);
            same(&got, &expected, &shape, &how);
        }
    }
    true
}

/// Holds a result against the model; false where the rules make no sense with the input's names, of
/// which both must be sure.
fn as_modelled(shape: &Shape, result: &Result<Got>, bytes: &[u8]) -> bool {
    let wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let records = shape.by_hand(bytes);
    let (expected, swallows) = (shape.by_rules(&records), shape.swallows(&records));
    let Some(expected) = expected else {
        assert!(result.is_err(), "rules that make no sense: {shape:?}");
        return false;
    };
    N_MODELLED.fetch_add(1, Ordering::Relaxed);
    match result {
        _ if wide => {}
        // Of the last records, which are dropped, one is too long; the model reads it anew.
        Ok(_) if shape.skip_last > 0 && !shape.rejects && records.iter().any(|record| record.overlong) => {}
        Ok(_) if swallows => panic!("an open quote in the header is no error: {shape:?}"),
        Ok(got) => {
            let got = got.told();
            let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
            assert_eq!(show(&got.output), show(&expected.output), "{shape:?}");
            assert_eq!(show(&got.rejects), show(&expected.rejects), "{shape:?}");
            assert_eq!(got, expected, "{shape:?}");
        }
        // What is an error depends on more than the model knows: a record's length, an empty input.
        Err(error) => {
            let anomalous = shape.strict && expected.n_anomalies() > 0;
            assert!(anomalous || swallows || shape.max_record < usize::MAX, "{error}\n{shape:?}");
        }
    }
    true
}

/// All that a user would see, but for the name of the input.
fn said(result: Result<Got>, name: &str) -> Vec<String> {
    match result {
        Err(error) => vec![error.to_string().replace(name, "")],
        Ok(got) => {
            let Got { output, rejects, mut summary } = got;
            let anomalies = summary.anomalies.iter_mut().map(|(_, count)| count);
            for count in anomalies.chain(&mut summary.multiline) {
                count.first.file.clear();
            }
            let n_records = (summary.records, summary.records_rejected, summary.blank_records);
            let n_dropped = (summary.empty_records, summary.repeated_headers);
            vec![
                output.escape_ascii().to_string(),
                rejects.escape_ascii().to_string(),
                format!("{n_records:?} {n_dropped:?} {} {}", summary.bytes_in, summary.bytes_out),
                format!("{:?} {:?}", summary.anomalies, summary.multiline),
                format!("{} {:?}", summary.n_header_repairs, summary.remarks).replace(name, ""),
            ]
        }
    }
}

/// Leaves out what is written.
fn unwritten(said: &mut [String]) {
    if let [output, _, counts, ..] = said {
        output.clear();
        *counts = counts.rsplit_once(' ').map_or(String::new(), |(most, _)| most.to_owned());
    }
}

/// Tells the first thing in which they differ.
fn same(got: &[String], expected: &[String], shape: &Shape, how: &dyn std::fmt::Debug) {
    N_COMPARED.fetch_add(1, Ordering::Relaxed);
    let differ = expected.iter().zip(got).find(|(expected, got)| expected != got);
    if let Some((expected, got)) = differ {
        panic!("{shape:?}\n{how:?}\nexpected: {expected:.2000}\ngot:      {got:.2000}");
    }
    assert_eq!(got.len(), expected.len(), "one is an error: {shape:?}\n{how:?}");
}
