//! A pipe that others write to while it is read: each record comes out when it is complete, and the
//! pauses change nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::time::Duration;
use std::{fs, thread};

use crate::harness::{Numbers, Place, Run, Running};

/// A run whose records are written and read one by one.
struct Conversation {
    running: Running,
    stdin: std::process::ChildStdin,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Conversation {
    fn with(args: &[&str]) -> Self {
        let mut running = Run::rowmill().arg("-q").args(args).start();
        let (stdin, stdout) = (running.stdin(), BufReader::new(running.stdout()));
        Self { running, stdin, stdout }
    }

    /// Writes `bytes`, and leaves the program time to do what it will with them.
    fn give(&mut self, bytes: impl AsRef<[u8]>) {
        self.stdin.write_all(bytes.as_ref()).unwrap();
        self.running.until_it_waits();
    }

    /// The next line must come while the input stays open. A run that keeps it is killed by the
    /// harness, and its output ends.
    #[track_caller]
    fn hears(&mut self, line: &str) {
        let mut heard = String::new();
        self.stdout.read_line(&mut heard).unwrap();
        assert_eq!(heard, line);
    }

    /// Ends the input; nothing but `rest` comes.
    #[track_caller]
    fn ends_with(self, rest: &str) {
        let Self { running, stdin, mut stdout } = self;
        drop(stdin);
        let mut heard = String::new();
        stdout.read_to_string(&mut heard).unwrap();
        assert_eq!(heard, rest);
        running.finish().expect_status(0);
    }
}

#[test]
fn each_record_comes_when_it_is_complete() {
    for args in [&[][..], &["-j", "1"], &["-j", "4"], &["--infer"], &["--mask", "b"], &["--memory", "16M"]] {
        let number = if args == ["--infer"] { "1" } else { "\"1\"" };
        let b =
            |text: &str| if args == ["--mask", "b"] { format!("{}***", &text[..1]) } else { text.to_owned() };
        let mut talk = Conversation::with(args);
        talk.stdin.write_all(b"a,b\n1,one\n").unwrap();
        talk.hears(&format!("{{\"a\":{number},\"b\":\"{}\"}}\n", b("one")));
        talk.stdin.write_all(b"1,two\n1,thr").unwrap();
        talk.hears(&format!("{{\"a\":{number},\"b\":\"{}\"}}\n", b("two")));
        talk.stdin.write_all(b"ee\n").unwrap();
        talk.hears(&format!("{{\"a\":{number},\"b\":\"{}\"}}\n", b("three")));
        talk.stdin.write_all(b"1,last").unwrap();
        talk.ends_with(&format!("{{\"a\":{number},\"b\":\"{}\"}}\n", b("last")));
    }
}

#[test]
fn a_pause_within_a_record_changes_nothing() {
    let mut talk = Conversation::with(&[]);
    talk.give("a,");
    talk.give("b\r");
    talk.give("\n1,\"x\n");
    talk.give("y\"\r");
    talk.give("\n2,");
    talk.hears("{\"a\":\"1\",\"b\":\"x\\ny\"}\n");
    talk.give(b"\xc3");
    talk.give(b"\xa9\n");
    talk.hears("{\"a\":\"2\",\"b\":\"é\"}\n");
    talk.give("\n\n3,\"say \"");
    talk.give("\"hi\"\"\"\n");
    talk.hears("{\"a\":\"3\",\"b\":\"say \\\"hi\\\"\"}\n");
    talk.ends_with("");
}

#[test]
fn other_line_ends_and_encodings_are_live_too() {
    let mut talk = Conversation::with(&["--terminator", ";"]);
    talk.give("a,b;1,2;");
    talk.hears("{\"a\":\"1\",\"b\":\"2\"}\n");
    talk.ends_with("");
    let mut talk = Conversation::with(&["--encoding", "utf-16le"]);
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    talk.give(utf16("a,b\n"));
    talk.give(&utf16("1,é\n2,x\n")[..13]);
    talk.hears("{\"a\":\"1\",\"b\":\"é\"}\n");
    talk.give(&utf16("1,é\n2,x\n")[13..]);
    talk.hears("{\"a\":\"2\",\"b\":\"x\"}\n");
    talk.ends_with("");
    let mut talk = Conversation::with(&["--skip-lines", "1", "--comment", "#"]);
    talk.give("title");
    talk.give("\n# comment\n");
    talk.give("a,b\n1,2\n");
    talk.hears("{\"a\":\"1\",\"b\":\"2\"}\n");
    talk.give("#\n3,4\n");
    talk.hears("{\"a\":\"3\",\"b\":\"4\"}\n");
    talk.ends_with("");
}

#[test]
fn a_file_and_a_named_pipe_are_live_too() {
    let place = Place::new();
    let pipe = place.fifo("pipe");
    let out = fs::File::create(place.path("out.jsonl")).unwrap();
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_rowmill"))
        .arg("-q")
        .arg(&pipe)
        .stdin(std::process::Stdio::null())
        .stdout(out)
        .spawn();
    let mut child = command.unwrap();
    let mut writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let wanted = ["{\"a\":\"1\"}\n", "{\"a\":\"2\"}\n", "{\"a\":\"3\"}\n"];
    writer.write_all(b"a\n").unwrap();
    for n in 1..=3 {
        writer.write_all(format!("{n}\n").as_bytes()).unwrap();
        let wanted = wanted[..n].concat();
        while place.read("out.jsonl").len() < wanted.len() {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(place.read("out.jsonl"), wanted.as_bytes());
    }
    drop(writer);
    assert!(child.wait().unwrap().success());
}

/// An input that comes in pieces, with pauses before some, gives what it gives as a file.
#[test]
fn pieces_and_pauses_give_the_same_bytes() {
    let mut numbers = Numbers::from_seed(27);
    let records = (0..400).map(|i| match i % 7 {
        0 => format!("{i},\"quoted, {i}\"\"\nline\",é\r\n"),
        1 => format!("{i},\"\"x,\n"),
        2 => "\r\n".to_owned(),
        _ => format!("{i},b,ccc\r\n"),
    });
    let text = "a,b,c\r\n".to_owned() + &records.collect::<String>();
    let place = Place::new();
    place.write("in.csv", &text);
    let whole = place.rowmill().args(["-q", "in.csv"]).out();
    for args in [&["-j", "1"][..], &["-j", "3"], &["--window", "4K", "-j", "2"]] {
        let mut running = Run::rowmill().arg("-q").args(args).start();
        let (mut stdin, mut stdout) = (running.stdin(), running.stdout());
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            stdout.read_to_end(&mut all).unwrap();
            all
        });
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let n = (1 + numbers.below(200)).min(rest.len());
            stdin.write_all(&rest[..n]).unwrap();
            rest = &rest[n..];
            if numbers.below(3) == 0 {
                thread::sleep(Duration::from_millis(7));
            }
        }
        drop(stdin);
        assert!(reader.join().unwrap() == whole.stdout, "{args:?}");
        running.finish().expect_status(0);
    }
}
