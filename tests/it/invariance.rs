//! The result is the same bytes under every instruction set, number of threads, window size and
//! kind of source, and it is the right one: on files that break well-known tools, tens of megabytes
//! of each.
//!
//! What should come out is computed here from the `csv` crate and serde_json (`model.rs`), never by
//! the program. `golden.rs` does the same with the fixtures. The windows that were redone are
//! counted, so that it shows when the path that puts a wrong guess right is no longer taken at all.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Output, Place, Run, data, isas};

use crate::model::{Expected, Shape};

/// Enough that each window size makes hundreds of windows of it, or nearly.
const LARGE: usize = 24 << 20;

/// For windows of 64 bytes: the time goes by the window there.
const SMALL: usize = 1 << 20;

const THREADS: [&str; 3] = ["1", "2", "7"];

/// How the bytes come in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Map,
    Read,
    Pipe,
}

const SOURCES: [Source; 3] = [Source::Map, Source::Read, Source::Pipe];

/// One way to the result.
#[derive(Clone, Copy, Debug)]
struct How {
    isa: &'static str,
    threads: &'static str,
    /// Empty is the default.
    window: &'static str,
    source: Source,
}

impl How {
    /// Every combination with these windows.
    fn all(windows: &[&'static str]) -> Vec<How> {
        let mut all = Vec::new();
        for &isa in isas() {
            for threads in THREADS {
                for &window in windows {
                    all.extend(SOURCES.map(|source| How { isa, threads, window, source }));
                }
            }
        }
        all
    }

    /// The same for a large file, which is read into buffers on one instruction set alone: that
    /// bytes are read and not mapped means nothing to a kernel.
    fn most(window: &'static str) -> Vec<How> {
        let best = isas().last().expect("the portable one at least");
        How::all(&[window]).into_iter().filter(|how| how.source != Source::Read || how.isa == *best).collect()
    }

    fn run(&self, input: &Path, bytes: &[u8], args: &[impl AsRef<OsStr>]) -> Run {
        let mut run = Run::rowmill().env("ROWMILL_ISA", self.isa).args(["-j", self.threads]).args(args);
        if !self.window.is_empty() {
            run = run.args(["--window", self.window]);
        }
        match self.source {
            Source::Map => run.args(["--io", "mmap"]).arg(input),
            Source::Read => run.args(["--io", "read"]).arg(input),
            Source::Pipe => run.arg("-").stdin(bytes),
        }
    }
}

/// A file, what the program is told of it, and what should come out.
pub(crate) struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    args: Vec<&'static str>,
    pub(crate) expected: Expected,
}

/// Windows of all runs of a case.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    all: u64,
    redone: u64,
}

impl Case {
    /// A file that is read as the `csv` crate reads it, whether values are trimmed or not.
    pub(crate) fn csv(name: &'static str, bytes: Vec<u8>, args: &[&'static str]) -> Case {
        let shape = Shape::default();
        let expected = shape.expected(&shape.by_csv(&bytes));
        Case { name, bytes, args: args.to_vec(), expected }
    }

    /// A file of another shape, by the model's own reader.
    fn shaped(name: &'static str, bytes: Vec<u8>, shape: &Shape, args: &[&'static str]) -> Case {
        let expected = shape.expected(&shape.by_hand(&bytes));
        Case { name, bytes, args: args.to_vec(), expected }
    }

    /// Converts it in each way and holds the result against what is expected, anomalies and their
    /// places too.
    fn hold(&self, ways: &[How]) -> Windows {
        let place = Place::new();
        // Its name is told where a run differs.
        let input = place.write(&format!("{}.csv", self.name.replace(' ', "_")), &self.bytes);
        let mut windows = Windows::default();
        let mut places = None;
        for how in ways {
            let output = how.run(&input, &self.bytes, &self.args).with_stats().out();
            self.judge(&output);
            let anomalies = without_files(&output.stats()["anomalies"]);
            let first = places.get_or_insert_with(|| anomalies.clone());
            assert_eq!(anomalies, *first, "{}: places differ: {}", self.name, output.command_line);
            if how.threads == THREADS[0] && how.source == Source::Map && !self.args.contains(&"--rejects") {
                // Which counts by a kernel of its own.
                let checked = how.run(&input, &self.bytes, &self.args).arg("--check").with_stats().out();
                checked.expect_status(0).expect_stdout("");
                assert_eq!(without_files(&checked.stats()["anomalies"]), *first, "{}", checked.command_line);
                assert_eq!(checked.stat("records"), output.stat("records"), "{}", checked.command_line);
            }
            windows.all += output.stat("windows");
            windows.redone += output.stat("windows_redone");
        }
        windows
    }

    fn judge(&self, output: &Output) {
        output.expect_status(0).expect_stdout(&self.expected.output);
        let count = |kind: &str| output.stats()["anomalies"][kind]["count"].as_u64().unwrap_or(0);
        let told = Expected {
            output: Vec::new(),
            rejects: Vec::new(),
            records: output.stat("records"),
            short: count("short_record"),
            long: count("long_record"),
            invalid: count("invalid_bytes"),
            unclosed: count("unclosed_quote"),
            stray: count("stray_quote"),
            multiline: output.stats()["multiline"]["count"].as_u64().unwrap_or(0),
            overlong: count("overlong_record"),
            misfits: count("type_mismatch"),
            rejected: output.stat("records_rejected"),
        };
        let expected = Expected { output: Vec::new(), rejects: Vec::new(), ..self.expected.clone() };
        assert_eq!(told, expected, "{}: {}", self.name, output.command_line);
    }
}

/// The places of anomalies, but for the names of the files.
fn without_files(anomalies: &Value) -> Value {
    let mut anomalies = anomalies.clone();
    for (_, anomaly) in anomalies.as_object_mut().expect("an object") {
        anomaly["first"]["file"] = Value::Null;
    }
    anomalies
}

/// A large file in windows of 4 KiB and the default, a smaller one like it in windows of 64 bytes.
fn hold_large(name: &'static str, make: fn(usize) -> Vec<u8>, args: &[&'static str]) -> [Windows; 3] {
    let large = Case::csv(name, make(LARGE), args);
    let by_4k = large.hold(&How::most("4096"));
    let by_default = large.hold(&How::most(""));
    drop(large);
    let by_64 = Case::csv(name, make(SMALL), args).hold(&How::all(&["64"]));
    println!("{name}: 64 {by_64:?}, 4096 {by_4k:?}, default {by_default:?}");
    [by_64, by_4k, by_default]
}

#[test]
fn rows_in_quotes() {
    for windows in hold_large("rows in quotes", data::rows_in_quotes, &[]) {
        // Four fifths of the file lie in quotes and look as if they did not.
        assert!(windows.redone > windows.all / 2, "{windows:?}");
    }
}

#[test]
fn quoted_rows_in_quotes() {
    let all = hold_large("quoted rows in quotes", data::quoted_rows_in_quotes, &["--trim", "none"]);
    for windows in all {
        assert!(windows.redone > windows.all / 2, "{windows:?}");
    }
}

#[test]
fn inches() {
    let [by_64, ..] = hold_large("inches", data::inches, &[]);
    assert!(by_64.redone > 0, "{by_64:?}");
}

#[test]
fn inches_untrimmed() {
    let case = Case::csv("inches", data::inches(SMALL), &["--trim", "none"]);
    case.hold(&How::all(&["64", "4096"]));
}

/// A buffer that is full has to wait for its turn, and may learn there that it should never have
/// been filled.
#[test]
fn output_many_times_the_input() {
    let case = Case::csv("expanding", data::expanding(SMALL), &[]);
    let windows = case.hold(&How::all(&["4096", ""]));
    assert!(windows.redone > windows.all / 20, "{windows:?}");
}

/// Where quotes hold no newlines nearly no guess is wrong, or the redo would be the way and not the
/// exception.
#[test]
fn well_behaved_files_are_hardly_redone() {
    let [by_64, by_4k, by_default] = hold_large("well-behaved", data::well_behaved, &[]);
    assert!(by_64.redone * 10 < by_64.all, "{by_64:?}");
    assert!(by_4k.redone * 100 < by_4k.all, "{by_4k:?}");
    assert!(by_default.redone * 100 < by_default.all, "{by_default:?}");
}

/// Without rejects: an error that says where, soon and in little memory, whichever way the bytes
/// come.
#[test]
fn a_quote_that_is_never_closed_is_an_error_that_says_where() {
    let file = data::never_closed(LARGE);
    let place = Place::new();
    let input = place.write("input.csv", &file);
    let at = find(&file, b"20000,stray");
    let (line, quote) = (1 + n_lines(&file[..at]), at + find(&file[at..], b"\""));
    let by_4k = How::all(&["4096"]).into_iter().filter(|how| how.isa == "portable");
    for how in How::most("").into_iter().chain(by_4k) {
        let (output, peak) = how.run(&input, &file, &["-o", "out.jsonl"]).dir(place.dir()).out_and_peak();
        let name = if how.source == Source::Pipe { "stdin".into() } else { input.display().to_string() };
        output.expect_status(1).expect_one_line(&format!(
            "{name}: line {line}, record 20001, byte {at}: record longer than 16777216 bytes; the quote that opens \
             on line {line}, byte {quote}, is not closed by then"
        ));
        assert_eq!(place.names(), ["input.csv"], "{}", output.command_line);
        assert!(peak <= 64 << 20, "{peak} bytes: {}", output.command_line);
    }
}

/// With rejects the record's first line is put aside, and reading starts anew behind it.
#[test]
fn behind_a_quote_that_is_never_closed_the_rest_is_converted() {
    let file = data::never_closed(LARGE);
    let shape = Shape { rejects: true, max_record: 16 << 20, ..Shape::default() };
    let place = Place::new();
    let input = place.write("input.csv", &file);
    // The model's own reader takes the overlong record as the guide has it; that the rest is right
    // the csv crate says too, of a file that never had the line.
    let case = Case::shaped("never closed", file, &shape, &["--rejects", "rejects.csv"]);
    let at = find(&case.bytes, b"20000,stray");
    let line = &case.bytes[at..at + find(&case.bytes[at..], b"\n") + 1];
    let without = [&case.bytes[..at], &case.bytes[at + line.len()..]].concat();
    let header = &case.bytes[..find(&case.bytes, b"\n") + 1];
    assert_eq!((&case.expected.rejects[..], case.expected.overlong), (&[header, line].concat()[..], 1));
    assert!(Case::csv("without", without, &[]).expected.output == case.expected.output);

    let log = format!(
        r#""byte":{at},"bytes":{},"column":null,"detail":null,"file":"","line":{},"name":null,"others":[],"quote_line":null,"reason":"record longer than the limit","record":20001"#,
        line.len(),
        1 + n_lines(&case.bytes[..at])
    );
    let by_4k = How::all(&["4096"]).into_iter().filter(|how| how.isa == "portable");
    let by_64 = How { isa: "portable", threads: "2", window: "64", source: Source::Map };
    for how in How::most("").into_iter().chain(by_4k).chain([by_64]) {
        let run = how.run(&input, &case.bytes, &case.args).dir(place.dir()).with_stats();
        let (output, peak) = run.out_and_peak();
        case.judge(&output);
        assert!(place.read("rejects.csv") == case.expected.rejects, "{}", output.command_line);
        let told = String::from_utf8(place.read("rejects.csv.log.jsonl")).unwrap();
        let mut told: Value = serde_json::from_str(&told).expect("one line");
        told["file"] = "".into();
        assert!(told.to_string().contains(&log), "{told}\n{log}\n{}", output.command_line);
        assert!(peak <= 64 << 20, "{peak} bytes: {}", output.command_line);
    }
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).expect("it is there")
}

fn n_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// Every combination, for files that are small.
pub(crate) fn hold_small(case: &Case) -> Windows {
    case.hold(&How::all(&["64", "4096", ""]))
}

/// What ends a record, in every way there is, at every place of a block and of a window.
#[test]
fn terminators() {
    let rows = |terminator: &str, n: usize| {
        let row = |i: usize| {
            let long = "x".repeat(i % 131);
            match i % 5 {
                0 => format!("{i},\"{long}\r\n,\r,\n\"{terminator}"),
                1 => format!("{i},\"{long}\"{terminator}"),
                _ => format!("{i},{long}{terminator}"),
            }
        };
        ["a,b", terminator].concat() + &(0..n).map(row).collect::<String>()
    };
    let one_byte = |byte: u8| Shape { terminator: Some(byte), ..Shape::default() };
    hold_small(&Case::csv("lone cr", rows("\r", 900).into(), &[]));
    hold_small(&Case::csv("crlf", rows("\r\n", 900).into(), &[]));
    hold_small(&Case::csv("crcrlf", rows("\r\r\n", 900).into(), &[]));
    hold_small(&Case::csv("blank lines", rows("\n\n\r\n\n\r\r", 300).into(), &[]));
    let no_last = rows("\r\n", 300);
    hold_small(&Case::csv("no last newline", no_last.trim_end().into(), &[]));
    hold_small(&Case::csv("half a crlf last", no_last.trim_end_matches('\n').into(), &[]));
    // Lines are counted in quotes too, so the place of what comes behind them depends on each.
    let lines: String = (0..900).map(|i| "y".repeat(i % 67) + ["\r\n", "\r", "\n"][i % 3]).collect();
    let behind = format!("a,b\r\n1,\"{lines}\"\r\nshort\r\n\"{lines}\"\r\nshort");
    hold_small(&Case::csv("lines in quotes", behind.into(), &[]));
    let untrimmed = ["--trim", "none", "--terminator"];
    let lf = rows("\n", 300).into();
    hold_small(&Case::shaped("lf alone", lf, &one_byte(b'\n'), &[&untrimmed[..], &["\\n"]].concat()));
    let cr = rows("\r", 300).into();
    hold_small(&Case::shaped("cr alone", cr, &one_byte(b'\r'), &[&untrimmed[..], &["\\r"]].concat()));
}

/// One known library loses the `x`.
#[test]
fn a_cr_right_behind_a_closing_quote() {
    let file = "h,i\r".to_owned() + &"a,\"b\"\rx,y\r".repeat(3000);
    hold_small(&Case::csv("cr behind quote", file.into(), &[]));
}

/// Files of hardly anything, or of nothing but structure.
#[test]
fn next_to_nothing() {
    for (name, file) in [
        ("empty", ""),
        ("newline alone", "\n"),
        ("cr alone", "\r"),
        ("mark alone", "\u{feff}"),
        ("header alone", "a,b,c"),
        ("header and newline", "a,b,c\r\n"),
        ("mark and header", "\u{feff}a,b\n1,2\n"),
        ("mark and quote", "\u{feff}\"a\nb\",c\n1,2"),
        ("mark twice", "\u{feff}\u{feff}a,b\n1,2\n"),
        ("quote last", "a,b\n1,2\n\""),
        ("open at the end", "a,b\n1,2\n3,\"4\n5"),
        ("delimiter last", "a,b\n1,"),
        ("quote closes last", "a,b\n1,\"2\""),
    ] {
        hold_small(&Case::csv(name, file.into(), &["--trim", "none"]));
    }
    let delimiters = "a,b,c\n".to_owned() + &",,\n".repeat(20_000);
    hold_small(&Case::csv("delimiters alone", delimiters.into(), &[]));
    let quotes = "a,b\n".to_owned() + &"\"\",\"\"\"\"\n".repeat(9000);
    hold_small(&Case::csv("quotes alone", quotes.into(), &[]));
    let newlines = "\n\r\r\n".repeat(9000) + "a\n" + &"\n\r\r\n".repeat(9000) + "1";
    hold_small(&Case::csv("newlines alone", newlines.into(), &[]));
}

#[test]
fn nul_and_other_control_characters() {
    let mut file = b"a,\0b,\x01\n".to_vec();
    for i in 0..4000u32 {
        let byte = (i % 0x20) as u8;
        let field = if byte == b'\n' || byte == b'\r' { vec![b'"', byte, b'"'] } else { vec![byte, 0, byte] };
        file.extend([&field[..], b",", &vec![0; i as usize % 90], b",z\n"].concat());
    }
    hold_small(&Case::csv("nul", file, &["--trim", "none"]));
}

#[test]
fn one_column() {
    let mut file = String::from("only\n");
    for i in 0..9000 {
        file += &match i % 7 {
            0 => "\n".to_owned(),
            1 => "\"\"\n".to_owned(),
            2 => format!("\"{i}\n\"\n"),
            _ => format!("{}\n", "v".repeat(i % 70)),
        };
    }
    hold_small(&Case::csv("one column", file.into(), &[]));
}

#[test]
fn rows_shorter_and_longer_than_the_header() {
    let mut file = String::from("a,b,c,d\n");
    for i in 0..9000 {
        let row: Vec<String> = (0..i % 9).map(|n| format!("\"{n}\n\"{}", "x".repeat(i % 5))).collect();
        file += &(row.join(",") + "x\n");
    }
    hold_small(&Case::csv("short and long", file.into(), &[]));
}

/// A record is longer than the default window here.
#[test]
fn a_hundred_thousand_columns() {
    let row = |cell: fn(usize) -> String| (0..100_000).map(cell).collect::<Vec<_>>().join(",");
    let header = row(|i| format!("c{i}"));
    let rows =
        [row(|i| i.to_string()), row(|i| format!("\"{i}\n\"")), row(|_| String::new()), "short".into()];
    let file = format!("{header}\n{}\n", rows.join("\n"));
    let case = Case::csv("a hundred thousand columns", file.into(), &[]);
    case.hold(&How::all(&["4096", ""]));
    case.hold(&[How { isa: "portable", threads: "2", window: "64", source: Source::Map }]);
}

/// A past bug: a worker that passed the turn on late took the name of one who waited for a later
/// one, which then slept for ever. Many windows and more workers than cores made it likely.
#[test]
fn a_turn_that_is_passed_on_late_wakes_the_right_one() {
    let case = Case::csv("late turn", data::well_behaved(200_000), &[]);
    let how = How { isa: "portable", threads: "7", window: "64", source: Source::Map };
    case.hold(&[how; 60]);
}

/// A past bug: a comment that held an opening quote, cut by a window's end, was carried on as a
/// quoted field.
#[test]
fn a_quote_in_a_comment_at_the_end_of_a_window_opens_nothing() {
    let mut file = String::from("a,b\n");
    for i in 0..700 {
        file += &format!("{},\"{}\"\n", i, "x".repeat(i % 67));
        file += &format!("#,\"{}{}\n", ",\"".repeat(i % 3), "y".repeat(i % 97));
    }
    let shape = Shape { comment: Some(b"#"), ..Shape::default() };
    for file in [file.replace('\n', "\r"), file] {
        hold_small(&Case::shaped("comment", file.into(), &shape, &["--comment", "#"]));
    }
}

/// A past bug: invalid bytes in a record that the kernels decline went out as they were, or were
/// not counted.
#[test]
fn invalid_bytes_where_only_the_machine_reads() {
    let mut file = b"a,b\n".to_vec();
    for i in 0..900 {
        let odd: &[&[u8]] =
            &[b"5\" \xff", b"\"x\"\xc3", b"\"\xe2\x82\"y", b"\"\xc3\"\xa9", b"z\xf0\x9f\"\x98"];
        file.extend([odd[i % odd.len()], b",", &vec![b'w'; i % 80], b"\n"].concat());
        file.extend(b"plain,row\n".repeat(i % 4));
    }
    // The `csv` crate makes one character of halves that a quote stands between.
    hold_small(&Case::shaped("invalid", file, &Shape::default(), &[]));
}

/// A past bug: with another quote than JSON's, or none, JSON's was written as it stood wherever a
/// record was made by copying, which needs 64 bytes behind it.
#[test]
fn the_quote_of_json_where_it_is_not_the_quote_of_the_file() {
    let mut file = String::from("a,b\n");
    for i in 0..900 {
        file += &format!("{}\",\"\"{}\"\n", i, "x".repeat(i % 67));
    }
    for (args, quote) in [(["--quote", "'"], Some(b'\'')), (["--quote", "none"], None)] {
        let shape = Shape { quote, ..Shape::default() };
        hold_small(&Case::shaped("quote of json", file.clone().into(), &shape, &args));
    }
}

/// A past bug: a comment longer than the longest record was an overlong record where a window cut
/// it.
#[test]
fn a_comment_longer_than_any_record() {
    let file = format!("a,b\n1,2\n#{}\n3,4\n#{}", "\"c".repeat(3000), "d".repeat(5000));
    let shape = Shape { comment: Some(b"#"), max_record: 1000, ..Shape::default() };
    hold_small(&Case::shaped(
        "long comment",
        file.into(),
        &shape,
        &["--comment", "#", "--max-record", "1000"],
    ));
}

/// A past bug: what stood behind the last record wanted was an error if the same window held both.
#[test]
fn nothing_behind_the_limit_is_an_error() {
    let file = format!("a,b\n{}\"{}", "row,short\n".repeat(1000), "x".repeat(5000));
    let shape = Shape { limit: Some(1000), ..Shape::default() };
    hold_small(&Case::shaped("limit", file.into(), &shape, &["--limit", "1000", "--max-record", "1000"]));
}
