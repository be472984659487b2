//! Delimiters, terminators and quotes of several bytes, and runs of blanks: in other encodings,
//! with their places, and what cannot be done with them. What they mean, the model and the fixtures
//! say.

use crate::harness::{Place, Run};

const UTF8: &str = "id¦name¦note\n1¦Zoë¦\"a ¦ b\"\n2¦Béa\n3¦\"x\"y¦z\n";
const RESULT: &str = concat!(
    "{\"id\":\"1\",\"name\":\"Zoë\",\"note\":\"a ¦ b\"}\n",
    "{\"id\":\"2\",\"name\":\"Béa\"}\n",
    "{\"id\":\"3\",\"name\":\"xy\",\"note\":\"z\"}\n",
);

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The byte of the first anomaly of that kind.
fn byte_of(place: &Place, args: &[&str], kind: &str) -> u64 {
    let output = place.rowmill().args(args).with_stats().out();
    output.expect_status(0).expect_stdout(RESULT);
    output.stats()["anomalies"][kind]["first"]["byte"].as_u64().unwrap()
}

#[test]
fn they_are_those_of_the_encoding() {
    let place = Place::new();
    for (name, bytes, encoding) in [
        ("utf8.csv", UTF8.as_bytes().to_vec(), "utf-8"),
        ("latin1.csv", latin1(UTF8), "latin1"),
        ("utf16.csv", utf16(UTF8), "utf-16le"),
    ] {
        place.write(name, &bytes);
        let args = [name, "-d", "¦", "--encoding", encoding];
        // A quote that is not doubled: behind it is a letter.
        let text = ["\"y", "\"¦z"].map(|text| match encoding {
            "utf-8" => text.as_bytes().to_vec(),
            "latin1" => latin1(text),
            _ => utf16(text),
        });
        let at = bytes.windows(text[0].len()).position(|here| here == text[0]).unwrap() as u64;
        assert_eq!(byte_of(&place, &args, "stray_quote"), at, "{name}");
    }
    let args = ["utf8.csv", "-d", "¦", "--encoding", "windows-1251"];
    // The file is UTF-8 all the same; but the delimiter is looked for as windows-1251 has it.
    place.rowmill().args(args).out().expect_status(0);
    let args = ["utf8.csv", "-d", "þ", "--encoding", "windows-1251"];
    place.rowmill().args(args).out().expect_status(2).expect_stderr("-d 'þ' is not in the input's encoding");
}

/// Two characters are two bytes in Latin-1 too, so that text is decoded before.
#[test]
fn several_characters_of_a_code_page_are_found() {
    let place = Place::new();
    place.write("in.csv", latin1(&UTF8.replace('¦', "¦¦")));
    let output = place.rowmill().args(["in.csv", "-d", "¦¦", "--encoding", "latin1"]).out();
    output.expect_status(0).expect_stdout(RESULT.replace('¦', "¦¦"));
}

#[test]
fn rejects_have_them_again() {
    let place = Place::new();
    let input = "id||name|~1||Ann|~2|~3||\"x|~y\" z|~4||\x1f|~";
    place.write("in.csv", input);
    let args = ["in.csv", "-d", "||", "--terminator", "|~", "--rejects", "bad.csv"];
    let output = place.rowmill().args(args).with_stats().out();
    output
        .expect_status(0)
        .expect_stdout("{\"id\":\"1\",\"name\":\"Ann\"}\n{\"id\":\"4\",\"name\":\"\\u001f\"}\n");
    assert_eq!(place.read("bad.csv"), b"id||name|~2|~3||\"x|~y\" z|~");
    let log = String::from_utf8(place.read("bad.csv.log.jsonl")).unwrap();
    assert!(log.contains("\"bytes\":3,") && log.contains("\"bytes\":13,"), "{log}");
    // Each is the bytes that the log says, and converted again they are rejected again.
    let again = ["bad.csv", "-d", "||", "--terminator", "|~"];
    place.rowmill().args(again).out().expect_status(0).expect_stderr("2 records");
}

#[test]
fn they_cannot_be_cut_into_ranges() {
    let place = Place::new();
    place.write("in.csv", UTF8);
    let plan = place.rowmill().args(["plan", "in.csv", "-d", "¦", "--ranges", "2"]).out();
    plan.expect_status(1).expect_one_line("ranges need");
    place.write("latin1.csv", latin1(UTF8));
    let args = ["plan", "latin1.csv", "-d", "¦", "--encoding", "latin1", "--ranges", "2"];
    place.rowmill().args(args).out().expect_status(0);
    place.write("in.txt", "a  b\n1 2\n 3   4 \n".repeat(1000));
    let plan = place.rowmill().args(["plan", "in.txt", "-d", "whitespace", "--ranges", "3"]).out();
    plan.expect_status(0);
    assert!(String::from_utf8_lossy(&plan.stdout).contains("\"delimiter\":\"whitespace\""));
}

/// A spreadsheet writes delimiters in the empty row below a title, too.
#[test]
fn an_empty_row_below_a_title_belongs_to_it() {
    let place = Place::new();
    place.write("in.csv", "Report,,\n,,\na,b,c\n1,2,3\n4,5,6\n7,8,9\n");
    place.rowmill().arg("in.csv").out().expect_stderr("the first 2 lines are not like the rest");
    place.write("in.csv", ",,\na,b,c\n1,2,3\n4,5,6\n7,8,9\n");
    let output = place.rowmill().arg("in.csv").out();
    assert!(!output.stderr.contains("not like the rest"), "{}", output.stderr);
}

/// What is null, a delimiter of several bytes can be, and the last reject ends as others do.
#[test]
fn nulls_and_rejects_know_what_is_folded() {
    let place = Place::new();
    place.write("in.csv", "e||h\n\"x||y\"||\"||\"\n");
    let args = ["-q", "in.csv", "-d", "||", "--null", "||", "--quoted-values"];
    place.rowmill().args(args).out().expect_stdout("{\"e\":\"x||y\",\"h\":null}\n");
    place.write("a.csv", "a,b|~1,2|~3");
    place.write("b.csv", "a,b|~7|~8|~");
    let args = ["-q", "a.csv", "b.csv", "--terminator", "|~", "--rejects", "bad.csv"];
    place.rowmill().args(args).out().expect_status(0);
    assert_eq!(place.read("bad.csv"), b"a,b|~3|~7|~8|~");
}

/// Doubled bars are told as what they are.
#[test]
fn a_doubled_delimiter_gets_a_remark() {
    let place = Place::new();
    place.write("in.csv", "id||name||city\n1||Ann, B||Oslo\n2||Bob||\n");
    place.rowmill().arg("in.csv").out().expect_stderr("did you mean -d '||'?");
    let output = place.rowmill().args(["in.csv", "-d", "||"]).out();
    assert!(!output.expect_status(0).stderr.contains("note:"), "{}", output.stderr);
    place.write("in.csv", UTF8);
    let output = place.rowmill().args(["in.csv", "-d", "\\xa6"]).out();
    output.expect_stderr("'\\xa6' is a part of characters in UTF-8; did you mean -d '¦'?");
    place.write("in.csv", "a|b|c\n1|2|3\n");
    let output = place.rowmill().args(["in.csv", "-d", "¦¦"]).out();
    output.expect_stderr("'¦¦' parts no record alike, '|' parts all into 3; did you mean -d '|'?");
}

/// Characters that share their first byte are told apart; a comment is in the input's encoding,
/// too.
#[test]
fn settings_may_share_bytes_but_none_may_be_in_another() {
    let place = Place::new();
    let text = "a¦b\n§ no comment¦2§¦3\n©a comment§¦\n1¦§2¦\n§\n";
    let args = ["-q", "in.csv", "-d", "¦", "--quote", "§", "--comment", "©"];
    let result = concat!("{\"a\":\" no comment¦2\",\"b\":\"3\"}\n", "{\"a\":\"1\",\"b\":\"2¦\\n\"}\n",);
    for (bytes, encoding) in
        [(text.as_bytes().to_vec(), "utf-8"), (latin1(text), "latin1"), (utf16(text), "utf-16le")]
    {
        place.write("in.csv", bytes);
        let output = place.rowmill().args(args).args(["--encoding", encoding]).out();
        output.expect_status(0).expect_stdout(result);
    }
    place.write("in.csv", "a\n1\n");
    for (args, wanted) in [
        (&["-d", "||", "--quote", "|"][..], "--quote '|' is -d too"),
        (&["-d", "¦", "--comment", "¦¦"], "--comment '¦' is -d too"),
        (&["-d", "||", "--comment", "#|"], "--comment '|' is -d too"),
        (&["-d", "##", "--comment", "#"], "--comment '#' is -d too"),
        (&["-d", "||", "--escape", "|"], "--escape '|' is -d too"),
        (&["-d", "||", "--terminator", "||"], "-d '||' is the end of a record too"),
        (&["-d", "|\\n"], "-d '\\x0a' is the end of a record too"),
        (&["-d", "whitespace", "--quote", "\\t"], "--quote tab is -d too"),
        (&["--encoding", "latin1", "--comment", "日"], "--comment '日' is not in the input's encoding"),
    ] {
        place.rowmill().arg("in.csv").args(args).out().expect_refusal(2, wanted);
    }
}

/// Bytes with two meanings are refused before anything is read.
#[test]
fn bytes_that_collide_are_wrong_usage() {
    for (args, wanted) in [
        (&["-d", "\\n"][..], "-d '\\x0a' is the end of a record too"),
        (&["--terminator", ","], "-d ',' is the end of a record too"),
        (&["-d", ",", "--quote", ","], "--quote ',' is -d too"),
        (&["-d", "\""], "--quote '\"' is -d too"),
        (&["--comment", "\""], "--comment '\"' is --quote too"),
        (&["--escape", "\""], "--escape '\"' is --quote too; leave it out"),
        (&["--escape", ","], "--escape ',' is -d too"),
    ] {
        let output = Run::rowmill().args(args).stdin("a,b\n1,2\n").out();
        output.expect_status(2).expect_stdout("").expect_stderr(wanted);
    }
}
