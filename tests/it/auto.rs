//! `-d auto`: what it finds beside the delimiter, that typing what it says gives the same, and that
//! plans carry it.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::harness::{Output, Place, fixtures};
use crate::worker::{joined, plan, whole};

/// A file, and the flags that are said, with which it gives what `-d auto` gives; `None` where
/// only the delimiter is found.
const FOUND: &[(&str, &str, Option<&str>)] = &[
    ("plain", "id;name\n1;Ann\n2;Bob\n3;Cy\n", None),
    ("single", "'id','note'\n'1','a, b'\n'2','c'\n", Some("--quote \"'\"")),
    ("single_some", "id,note\n1,'a, b'\n2,'c'\n3,'it, is'\n", Some("--quote \"'\"")),
    ("apostrophes", "id,name\n1,O'Neil\n2,D'Arcy\n3,'tis the season'\n", None),
    ("both", "id,note\n1,\"a, 'b'\"\n2,'c'\n3,'d'\n", None),
    ("backslash", "id,note\n1,\"say \\\"a, b\\\"\"\n2,c\n", Some("--escape '\\'")),
    ("backslash_end", "id,note,n\n1,\"x 48\\\"\",2\n2,\"y\",3\n", Some("--escape '\\'")),
    ("paths", "id,path\n1,\"C:\\a\"\n2,\"D:\\\"\n3,\"E:\\b\"\n", None),
    ("blank", "a b c\n1 2 3\n4 5 6\n", None),
    ("title", "Report of May\nid,name\n1,Ann\n2,Bob\n3,Cy\n", Some("--skip-lines 1")),
    ("titles", "Report\nby us\n\nid,name\n1,Ann\n2,Bob\n3,Cy\n", Some("--skip-lines 3")),
    ("padded", "Report;;\n;;\nid;name;n\n1;Ann;2\n2;Bob;3\n3;Cy;4\n", Some("--skip-lines 2")),
    ("comment", "# a\nid\tname\n1\tAnn\n2\tBob\n3\tCy\n", Some("--skip-lines 1")),
    ("account", "Konto;1\nVon;2\n\nTag;Text;Soll;Haben\n1;a;;1\n2;b;3;\n3;c;;5\n", Some("--skip-lines 3")),
    // A line of data is no header, whatever is above it.
    ("other_header", "id;name\n1,Ann\n2,Bob\n3,Cy\n", None),
    ("units", "at,mass,length\ns,kg,m\n1,2,3\n2,3,4\n3,4,5\n", Some("--header-rows 2")),
    ("groups", ",2023 A,,B\nid,Q1 sum,Q2 sum,n\n1,2,3,4\n2,3,4,5\n3,4,5,6\n", Some("--header-rows 2")),
    ("thrice", "a,b\na,b\na,b\n1,2\n2,3\n3,4\n", Some("--header-rows 3")),
    ("missing", "a,b,c\nn/a,NA,unknown\n1,2,3\n2,3,4\n3,4,5\n", None),
    ("texts", "name,city\nAnn,Oslo\nBob,Rome\nCy,Bonn\nDi,Wien\n", None),
    ("one_of_values", "name,n\nAnn,x\nBob,1\nCy,2\nDi,3\n", None),
    ("few", "a,b\nkg,m\n1,2\n2,3\n", None),
    (
        "all",
        "Report\n'id';'a; b';'c'\n'kg';'m';'s'\n1;2;'3'\n2;3;4\n3;4;5\n",
        Some("--quote \"'\" --skip-lines 1 --header-rows 2"),
    ),
    // A row of data is no row of names, whatever words stand for what is missing.
    ("absent", "name,jan,feb\nAda,n.a.,n.a.\nBob,1,2\nCy,3,4\nDi,5,6\n", None),
    ("pending", "id,a,b\nx,pending,done\ny,1,2\nz,3,4\nw,5,6\n", None),
    ("same", "a,b,c\ntbc,tbc,tbc\n1,2,3\n2,3,4\n3,4,5\n", None),
    ("brackets", "place,a,b\n(code),(kg),(m)\nx,1,2\ny,3,4\nz,5,6\n", Some("--header-rows 2")),
    ("or", "id;x\n1;'a' or 'b'\n2;'c' or 'd'\n3;'e'\n", None),
    ("contracted", "id;x\n1;'it won't; no'\n2;'c; d'\n3;'e'\n", Some("--quote \"'\"")),
    ("short", "id\n1,Ann\n2,Bob\n3,Cy\n4,Di\n", None),
    ("words", "name\nAda,x,y\nBob,z,w\nCy,u,v\nDi,s,t\n", None),
    ("words_below", "start,end\nlow,high\n1,2\n2,3\n3,4\n", None),
    ("infinite", "lo,hi\n-Infinity,Infinity\n1,2\n2,3\n3,4\n", None),
    ("one_each", "url\nhttp://a/?x;y\nhttp://b/?x;y\nhttp://c/?x;y\nhttp://d/?x;y\n", None),
    ("tis", "name,remark\n'Tis here,the dogs'\n'Twas there,the cats'\n", None),
    ("blanks_behind", "Id;Place (x, y, z)\n0;0, 1, 2\n1;1, 2, 3\n", None),
    ("footer", "Report\nid,n\n1,2\n2,3\n3,4\n4,5\ntotal\n", None),
    ("one_column", "name\n'Ann'\n'Bob'\n'Cy'\n", Some("--quote \"'\"")),
    ("sep_titled", "sep=;\nTitle\nid;n;m\n1;2;a\n2;3;b\n3;4;c\n", Some("--skip-lines 2")),
    ("sep", "sep=;\nid;name\n1;Ann\n2;Bob\n", None),
];

/// The flags that are said to have been taken, as arguments.
fn said(output: &Output) -> (String, Vec<String>) {
    let line = output.stderr.lines().find(|line| line.contains("took ")).unwrap_or_default();
    let said = line.split_once(" for the delimiter").map_or("", |(_, rest)| rest);
    let flags = line.split_once(", with ").map_or("", |(_, rest)| rest);
    let flags = flags.strip_suffix(" (-d auto)").unwrap_or(flags).to_owned();
    let delimiter = line.split_once("took ").map_or("", |(_, rest)| rest);
    let delimiter = delimiter.strip_suffix(" (-d auto)").unwrap_or(delimiter);
    let delimiter = delimiter.split_once(" for the delimiter").map_or(delimiter, |(it, _)| it);
    let delimiter = delimiter.split_once(", with ").map_or(delimiter, |(it, _)| it);
    let mut args = vec!["-d".to_owned(), bare(delimiter)];
    args.extend(flags.split(' ').filter(|flag| !flag.is_empty()).map(bare));
    if said.contains("as its first line says") && !flags.contains("--skip-lines") {
        args.extend(["--skip-lines".to_owned(), "1".to_owned()]);
    }
    (flags, args)
}

/// A word as a shell would hand it on.
fn bare(word: &str) -> String {
    let within = |mark: char| word.strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\'')).unwrap_or(word).to_owned()
}

/// What is typed as it is said gives the same, and so do the ranges of a plan.
fn is_the_same(place: &Place, name: &str) -> Result<Output, TestCaseError> {
    let auto = place.rowmill().args(["-d", "auto", name]).out();
    prop_assert_eq!(auto.status.code(), Some(0), "{}", auto.stderr);
    let (_, args) = said(&auto);
    let typed = place.rowmill().arg("-q").args(&args).arg(name).out();
    prop_assert_eq!(&typed.stderr, "");
    prop_assert!(typed.stdout == auto.stdout, "{:?} is not what {} gives", args, auto.stderr);
    Ok(auto)
}

#[test]
fn what_is_found_is_said_and_typing_it_gives_the_same() {
    for (name, text, flags) in FOUND {
        let place = Place::new();
        place.write(name, text);
        let auto = is_the_same(&place, name).unwrap();
        assert_eq!(said(&auto).0, flags.unwrap_or(""), "{name}: {}", auto.stderr);
    }
}

/// Each range of a plan is read as the whole is.
#[test]
fn plans_carry_what_was_found() {
    for (name, text, _) in FOUND {
        let mut text = (*text).to_owned();
        let last = text.lines().last().unwrap().to_owned();
        for _ in 0..200 {
            let _ = writeln!(text, "{last}");
        }
        // Excel's line is found where nothing is asked for, too.
        let without: &[&str] = &["plan", "--ranges", "4"];
        for args in
            [&["plan", "--ranges", "4", "-d", "auto"], without].iter().take(1 + usize::from(*name == "sep"))
        {
            let place = Place::new();
            place.write("in.csv", &text);
            let n_parts = plan(&place, args).len();
            let whole = whole(&place, &["-d", "auto"]);
            place.rowmill().args(["worker", "-q", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
            assert!(joined(&place, n_parts) == whole, "{name}");
        }
    }
}

/// What is given holds.
#[test]
fn what_is_given_is_not_looked_for() {
    let place = Place::new();
    let out = |text: &str, args: &[&str]| {
        place.write("in.csv", text);
        let auto = place.rowmill().args(["-d", "auto"]).args(args).arg("in.csv").out();
        said(auto.expect_status(0)).0
    };
    let title = "Report\nid,name\n1,Ann\n2,Bob\n3,Cy\n";
    assert_eq!(out(title, &[]), "--skip-lines 1");
    for args in [&["--skip-lines", "1"][..], &["--skip-until", "id"], &["--no-header"], &["--header", "a,b"]]
    {
        assert_eq!(out(title, args), "", "{args:?}");
    }
    assert_eq!(out(title, &["--replace-header", "a,b"]), "--skip-lines 1");
    let rows = "a,b\nkg,m\n1,2\n2,3\n3,4\n";
    assert_eq!(out(rows, &[]), "--header-rows 2");
    for args in [&["--header-rows", "1"][..], &["--skip-after-header", "1"], &["--skip-repeated-headers"]] {
        assert_eq!(out(rows, args), "", "{args:?}");
    }
    let single = "'id','note'\n'1','a, b'\n'2','c'\n";
    assert_eq!(out(single, &["--quote", "none"]), "");
    assert_eq!(out(single, &["--escape", "\\"]), "");
    assert_eq!(out(single, &["--quote", "\""]), "");
    assert_eq!(out(title, &["--skip-lines", "0"]), "");
    let escaped = "id,note\n1,\"say \\\"a, b\\\"\"\n2,c\n";
    assert_eq!(out(escaped, &[]), "--escape '\\'");
    assert_eq!(out(escaped, &["--escape", "none"]), "");
    assert_eq!(out(escaped, &["--dialect", "excel"]), "");
}

/// The delimiter: of most records, and the one of the name where it parts all.
#[test]
fn the_delimiter_is_that_of_most_records() {
    let place = Place::new();
    let took = |name: &str, text: &str| {
        place.write(name, text);
        said(place.rowmill().args(["-d", "auto", name]).out().expect_status(0)).1[1].clone()
    };
    let lines: String = (0..50).map(|i| format!("line {i}\n")).collect();
    assert_eq!(took("a.tsv", &format!("title\n{lines}a, b\nc, d\n")), "tab");
    assert_eq!(took("b.tsv", "Name (last, first)\tPhone\nDoe, Jane\t1\nRoe, Rick\t2\n"), "tab");
    assert_eq!(took("b.csv", "id;a;b\n1;1,5;2,5\n2;1,75;3\n3;4;5\n"), ";");
    assert_eq!(took("c.psv", "a;b\n1;2\n"), ";");
    // Each parts all records alike, but the commas are those of a text.
    assert_eq!(took("c.csv", "name, first, last;at\nLee, Ann, B;Rome\n"), ";");
}

/// Files that are read right with nothing given are read so by `-d auto`.
#[test]
fn fixtures_are_read_as_they_are_said_to_be() {
    let mut n = 0;
    for folder in std::fs::read_dir(fixtures()).unwrap() {
        let folder = folder.unwrap().path();
        for file in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = file.unwrap().path();
            if !path.extension().is_some_and(|it| it == "csv" || it == "tsv") {
                continue;
            }
            let place = Place::new();
            let name = path.file_name().unwrap().to_str().unwrap();
            place.write(name, std::fs::read(&path).unwrap());
            let auto = place.rowmill().args(["-d", "auto", name]).out();
            if auto.status.success() && auto.stderr.contains("took") {
                is_the_same(&place, name).unwrap();
                n += 1;
            }
        }
    }
    assert!(n > 100, "{n} fixtures were looked at");
}

prop_compose! {
    /// A table under titles, with several rows of names, in one of several dialects.
    fn table()(
        delimiter in prop::sample::select(vec![',', ';', '\t', '|', ' ']),
        quote in prop::sample::select(vec!['"', '\'']),
        titles in prop::collection::vec("[A-Z][a-z]{0,6}", 0..3),
        pads in any::<bool>(),
        rows in prop::collection::vec(prop::collection::vec("[a-z]{1,5}", 3), 1..4),
        cells in prop::collection::vec((0..1000u32, "[a-z;, '\"\\\\]{0,8}", 0..1000u32), 0..8),
    ) -> String {
        let mut text = String::new();
        for title in titles {
            let _ = writeln!(text, "{title}{}", delimiter.to_string().repeat(if pads { 2 } else { 0 }));
        }
        for row in rows {
            let _ = writeln!(text, "{}", row.join(&delimiter.to_string()));
        }
        for (first, second, third) in cells {
            let second = second.replace(quote, &format!("{quote}{quote}"));
            let _ = writeln!(text, "{first}{delimiter}{quote}{second}{quote}{delimiter}{third}");
        }
        text
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_found_gives_what_is_typed(text in table()) {
        let place = Place::new();
        place.write("in.csv", &text);
        if !text.is_empty() {
            is_the_same(&place, "in.csv")?;
        }
    }
}
