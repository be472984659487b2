//! Files that are not delimited text: archives and binaries are refused, text of another kind is
//! converted with a remark.

use crate::harness::{Place, Run, has};

/// The whole of a file's start, as its makers write it.
const FILES: [(&str, &[u8], &str); 3] = [
    ("a.parquet", b"PAR1\x15\x04\x15\x20", "Parquet"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04", "7z x -so"),
    ("a.csv.lz4", b"\x02\x21\x4c\x18\x19\0\0\0", "lz4 -dc"),
];

#[test]
fn archives_and_binaries_are_refused_with_the_command_that_helps() {
    let place = Place::new();
    for (name, bytes, help) in FILES {
        place.write(name, bytes);
        for io in ["mmap", "read"] {
            let output = Run::rowmill().dir(place.dir()).args(["--io", io, name, "-o", "out.jsonl"]).out();
            output.expect_status(1);
            let message = output.stderr.clone();
            assert!(message.starts_with(&format!("rowmill: {name}: is ")), "{message}");
            assert!(message.contains(help) && message.lines().count() == 1, "{message}");
            assert!(!place.path("out.jsonl").exists(), "nothing is written");
        }
        Run::rowmill().stdin(bytes).out().expect_status(1).expect_stdout("");
    }
}

#[test]
fn a_tar_is_recognised_inside_gzip_too() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    if !has("tar", "archives of tar") {
        return;
    }
    for (flags, name) in [("-cf", "in.tar"), ("-czf", "in.tar.gz")] {
        place.shell(&format!("tar {flags} {name} in.csv")).out().expect_status(0);
        let output = Run::rowmill().dir(place.dir()).arg(name).out();
        output.expect_status(1).expect_stdout("");
        assert!(output.stderr.contains("tar -xOf"), "{name}");
    }
}

#[test]
fn text_of_another_kind_is_converted_with_a_remark() {
    for (text, remark) in [
        ("<!DOCTYPE html>\n<html><body>404</body></html>\n", "page of HTML"),
        ("CREATE TABLE t (a int);\n", "SQL"),
        ("{\"a\":1}\n{\"a\":2}\n", "JSON"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    ] {
        let output = Run::rowmill().stdin(text.as_bytes()).out();
        output.expect_status(0);
        assert!(output.stderr.contains(remark), "{text}");
    }
    // What only starts like one of them is none.
    for text in ["PAR1,PAR2\n1,2\n", "ORC,x\n1,2\n", "html,x\n1,2\n", "version,https\n1,2\n"] {
        let run = Run::rowmill();
        let output = run.stdin(text.as_bytes()).out();
        output.expect_status(0);
        assert!(!output.stderr.contains("not delimited"), "{text}");
    }
}
