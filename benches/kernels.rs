//! Times the kernels, each instruction set that this processor has over each profile: `cargo bench
//! --bench kernels [-- FILTER]`.
//!
//! What a kernel must give comes from the `csv` crate and `serde_json`, which share nothing with
//! it: its whole output is compared once, and every timed pass asserts the number of fields,
//! records or bytes, so that a wrong kernel can't win. GB/s are of input. Next hand: seconds on a
//! shared machine lie; judge a change by `instructions.py`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use rowmill::internal::{Index, Isa, Kernel, MOST_ESCAPED, Marks, Template};

#[allow(dead_code)] // Its `main` is the program that writes files.
mod profiles;

/// Of each profile; several times what a core's caches hold.
const SIZE: usize = 4 << 20;
/// What is scanned at once, as in the program.
const STRIP: usize = 16 << 10;
/// Kept behind the data: kernels copy 64 bytes at a time.
const BEHIND: usize = 64;

/// As the program reads by default.
const MARKS: Marks = Marks::CSV;

/// A profile's records without the header, and what must come of them.
struct Case {
    name: &'static str,
    /// The records, and `BEHIND` bytes more.
    bytes: Vec<u8>,
    template: Template,
    n_records: usize,
    n_fields: usize,
    /// The result of the conversion.
    converted: Vec<u8>,
    /// The values one after another, where each ends, and `BEHIND` bytes more.
    values: Vec<u8>,
    value_ends: Vec<usize>,
    /// The values as they stand in JSON strings, one after another.
    escaped: Vec<u8>,
}

impl Case {
    fn new(name: &'static str) -> Case {
        let data = profiles::in_memory(name, SIZE).expect("the profile is one of the table");
        let mut reader = csv::Reader::from_reader(&data[..]);
        let header = reader.headers().expect("a header").clone();
        let quoted = |text: &str| serde_json::to_string(text).expect("a string is always JSON");
        let mut texts: Vec<String> = header.iter().map(|name| format!("\",{}:\"", quoted(name))).collect();
        texts[0] = format!("{{{}:\"", quoted(&header[0]));
        texts.push("\"}\n".to_owned());
        let n_columns = header.len();
        let template =
            Template::new(texts.iter().map(String::as_bytes), (0..n_columns as u32).collect(), n_columns);
        let start = reader.position().byte() as usize;
        let mut case = Case {
            name,
            bytes: [&data[start..], &[b'\n'; BEHIND]].concat(),
            template,
            n_records: 0,
            n_fields: 0,
            converted: Vec::new(),
            values: Vec::new(),
            value_ends: Vec::new(),
            escaped: Vec::new(),
        };
        for record in reader.records() {
            let record = record.expect("a profile is regular");
            for (i, value) in record.iter().enumerate() {
                let json = quoted(value);
                let escaped = &json.as_bytes()[1..json.len() - 1];
                case.converted.extend_from_slice(texts[i].as_bytes());
                case.converted.extend_from_slice(escaped);
                case.escaped.extend_from_slice(escaped);
                case.values.extend_from_slice(value.as_bytes());
                case.value_ends.push(case.values.len());
            }
            case.converted.extend_from_slice(texts[n_columns].as_bytes());
            case.n_records += 1;
            case.n_fields += record.len();
        }
        case.values.extend_from_slice(&[b'.'; BEHIND]);
        case
    }

    fn len(&self) -> usize {
        self.bytes.len() - BEHIND
    }

    /// Calls `strip` with where each strip of whole records starts, and its index.
    fn strips(&self, kernel: Kernel, index: &mut Index, mut strip: impl FnMut(usize, &Index)) {
        let mut at = 0;
        while at < self.len() {
            kernel.scan(&MARKS, &self.bytes[at..self.len().min(at + STRIP)], index);
            strip(at, index);
            at += behind(index);
        }
    }

    fn scan(&self, kernel: Kernel, index: &mut Index) -> (usize, usize) {
        let (mut n_records, mut n_fields) = (0, 0);
        self.strips(kernel, index, |_, index| {
            n_records += index.records().len();
            n_fields += n_ends(index);
        });
        (n_records, n_fields)
    }

    /// Weaves strips that are scanned already; `each` gets the output of each.
    fn weave_plain(
        &self,
        kernel: Kernel,
        strips: &[(usize, Index)],
        to: &mut [u8],
        mut each: impl FnMut(&[u8]),
    ) -> usize {
        let mut n_records = 0;
        for (at, index) in strips {
            let mut next = (0, 0);
            let until = index.records().len();
            let len = kernel.weave_plain(
                &self.bytes[*at..],
                &MARKS,
                index,
                &mut next,
                until,
                &self.template,
                to,
                0,
            );
            n_records += next.0;
            each(&to[..len]);
        }
        n_records
    }

    /// Escapes each value by itself; `each` gets what it became.
    fn escape(&self, kernel: Kernel, to: &mut [u8], mut each: impl FnMut(&[u8])) {
        let mut start = 0;
        for &end in &self.value_ends {
            let len = kernel.escape(&self.values, start, end, to);
            each(&to[..len]);
            start = end;
        }
    }
}

/// The ends of fields of whole records.
fn n_ends(index: &Index) -> usize {
    index.records().last().map_or(0, |&n| n as usize)
}

/// The byte behind the last whole record.
fn behind(index: &Index) -> usize {
    index.ends()[n_ends(index) - 1] as usize + 1
}

fn main() {
    let mut criterion = Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let kernels: Vec<Kernel> = Isa::ALL.into_iter().filter_map(Kernel::new).collect();
    for case in profiles::names().map(Case::new) {
        for &kernel in &kernels {
            scan(&mut criterion, &case, kernel);
            count(&mut criterion, &case, kernel);
            weave_plain(&mut criterion, &case, kernel);
            escape(&mut criterion, &case, kernel);
        }
    }
    criterion.final_summary();
}

fn scan(criterion: &mut Criterion, case: &Case, kernel: Kernel) {
    let mut index = Index::new(STRIP);
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::BytesDecimal(case.len() as u64));
    group.bench_function(id(case, kernel), |bencher| {
        bencher.iter(|| {
            let counted = case.scan(kernel, black_box(&mut index));
            assert_eq!(counted, (case.n_records, case.n_fields));
        });
    });
}

/// As `--check` does, 64 KiB at a time.
fn count(criterion: &mut Criterion, case: &Case, kernel: Kernel) {
    let n_fields = (case.n_fields / case.n_records) as u32;
    let mut group = criterion.benchmark_group("count");
    group.throughput(Throughput::BytesDecimal(case.len() as u64));
    group.bench_function(id(case, kernel), |bencher| {
        bencher.iter(|| {
            let (mut at, mut n_records) = (0, 0);
            while at < case.len() {
                let strip = &case.bytes[at..case.len().min(at + 4 * STRIP)];
                let counted = kernel.count(&MARKS, black_box(strip), n_fields);
                n_records += counted.records as usize;
                at += counted.end.expect("a record fits the strip") + 1;
            }
            assert_eq!(n_records, case.n_records);
        });
    });
}

/// Over the strips of one window, again and again: in the program a strip's index comes straight
/// from the scan, in L1, and the indexes of all the data would have to come from further away.
fn weave_plain(criterion: &mut Criterion, case: &Case, kernel: Kernel) {
    const WINDOW: usize = 256 << 10;
    let mut to = vec![0; 40 * STRIP];
    let mut strips = Vec::new();
    let (mut n_bytes, mut n_records, mut n_converted) = (0, 0, 0);
    let mut index = Index::new(STRIP);
    case.strips(kernel, &mut index, |at, index| {
        let mut own = Index::new(STRIP);
        kernel.scan(&MARKS, &case.bytes[at..case.len().min(at + STRIP)], &mut own);
        let strip = [(at, own)];
        let mut done = 0;
        let n = case.weave_plain(kernel, &strip, &mut to, |output| {
            assert!(
                case.converted[n_converted..].starts_with(output),
                "{}: as csv and serde_json",
                case.name
            );
            done = output.len();
        });
        assert_eq!(n, index.records().len(), "{}: the stitch needs no help", case.name);
        n_converted += done;
        if at < WINDOW {
            let [strip] = strip;
            strips.push(strip);
            (n_bytes, n_records) = (at + behind(index), n_records + n);
        }
    });
    assert_eq!(n_converted, case.converted.len());
    let mut n_out = 0;
    case.weave_plain(kernel, &strips, &mut to, |output| n_out += output.len());
    let mut group = criterion.benchmark_group("weave");
    group.throughput(Throughput::BytesDecimal(n_bytes as u64));
    group.bench_function(id(case, kernel), |bencher| {
        bencher.iter(|| {
            let mut n_written = 0;
            let n = case.weave_plain(kernel, &strips, &mut to, |output| n_written += black_box(output).len());
            assert_eq!((n, n_written), (n_records, n_out));
        });
    });
}

fn escape(criterion: &mut Criterion, case: &Case, kernel: Kernel) {
    let mut to = vec![0; MOST_ESCAPED * STRIP + 64];
    let mut escaped = Vec::new();
    case.escape(kernel, &mut to, |value| escaped.extend_from_slice(value));
    assert!(escaped == case.escaped, "{}: as serde_json", case.name);
    let mut group = criterion.benchmark_group("escape");
    group.throughput(Throughput::BytesDecimal((case.values.len() - BEHIND) as u64));
    group.bench_function(id(case, kernel), |bencher| {
        bencher.iter(|| {
            let mut n_written = 0;
            case.escape(kernel, &mut to, |value| n_written += black_box(value).len());
            assert_eq!(n_written, escaped.len());
        });
    });
}

fn id(case: &Case, kernel: Kernel) -> String {
    format!("{}/{}", case.name, kernel.isa().name())
}
