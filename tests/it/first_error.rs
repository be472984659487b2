//! Of several errors that of the earliest byte is told, whichever thread comes upon one first.

use std::io::{self, Read};

use rowmill::{Converter, Input};

use crate::harness::{Numbers, large};
use crate::library::collect;

/// Gives its bytes and then fails, some at a time.
struct Breaks {
    bytes: Vec<u8>,
    at: usize,
    breaks: bool,
}

impl Read for Breaks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = into.len().min(self.bytes.len() - self.at);
        if n == 0 && self.breaks {
            return Err(io::Error::other("the line is cut"));
        }
        into[..n].copy_from_slice(&self.bytes[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// What is read ahead of the first window, so that a break comes in the midst of the windows.
const SAMPLE: usize = 64 << 10;

/// Records of which some are short, long, not UTF-8, or swallow what follows them.
fn with_errors(numbers: &mut Numbers, breaks: bool) -> Vec<u8> {
    let mut bytes = b"a,b,c\n".to_vec();
    if breaks {
        bytes.extend(b"0,text,\"of the sample\"\n".repeat(SAMPLE / 20));
    }
    let odd = numbers.pick(&[3, 30, 300]);
    for i in 0..numbers.pick(&[20, 200, 800]) {
        let record = match numbers.below(odd * 8) {
            0 => "1,2\n".to_owned(),
            1 => "1,2,3,4\n".to_owned(),
            2 => "1,\u{fffd}x,3\n".to_owned(),
            3 => format!("1,{},3\n", "long".repeat(30)),
            4 => "\"1,2,3\n".to_owned(),
            _ => format!("{i},text,\"{i}\"\n"),
        };
        // What is no character of UTF-8, in place of one that stands for it.
        let at = record.find('\u{fffd}');
        let mut record = record.into_bytes();
        if let Some(at) = at {
            record[at] = 0xff;
        }
        bytes.extend(record);
    }
    bytes
}

#[test]
fn of_two_errors_the_earlier_wins() {
    let n_inputs = if large() { 1500 } else { 100 };
    let mut numbers = Numbers(4);
    let (mut n_runs, mut n_failed) = (0, 0);
    for _ in 0..n_inputs {
        let (strict, breaks) = (numbers.below(4) > 0, numbers.below(3) == 0);
        let bytes = with_errors(&mut numbers, breaks);
        let run = |threads: usize, window: usize| {
            let converter = Converter::builder()
                .strict(strict)
                .max_record(100)
                .threads(threads.try_into().unwrap())
                .window(window)
                .build()
                .unwrap();
            let source = Breaks { bytes: bytes.clone(), at: 0, breaks };
            collect(&converter, Input::reader("in", source))
                .map(|(output, _)| output)
                .map_err(|e| e.to_string())
        };
        let expected = run(1, 1 << 20);
        n_failed += usize::from(expected.is_err());
        for threads in 2..=8 {
            let window = numbers.pick(if breaks { &[300, 4096] } else { &[1, 16, 64, 300] });
            let got = run(threads, window);
            let told = |ended: &Result<Vec<u8>, String>| ended.as_ref().map(Vec::len).map_err(Clone::clone);
            let (got_told, one) = (told(&got), told(&expected));
            assert!(got == expected, "{threads} threads, windows of {window}: {got_told:?}, not {one:?}");
            n_runs += 1;
        }
    }
    assert!(n_failed > n_inputs / 4 && n_failed < n_inputs, "{n_failed} of {n_inputs} fail");
    println!("{n_runs} runs, {n_failed} of {n_inputs} inputs with an error");
}
