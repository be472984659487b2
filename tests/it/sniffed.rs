//! Files that are read with the wrong flags, or are no delimited text as it was meant, and what is
//! remarked on them; and files that are read right, of which nothing is said.
//!
//! A case is a file's bytes, the arguments, and what the remark contains: what to type.

use crate::harness::{Place, Run};

/// Name of the file, its bytes, the arguments, and a part of the remark.
type Misread = (&'static str, &'static [u8], &'static [&'static str], &'static str);

const MISREAD: &[Misread] = &[
    // The delimiter.
    ("semi.csv", b"id;name\n1;Ann\n2;Bob\n", &[], "-d ';'"),
    ("semi_comma.csv", b"id;price, EUR;name\n1;1,50;Ann\n2;2,75;Bob\n", &[], "-d ';'"),
    ("semi_decimal.csv", b"id;a;b\n1;1,5;2,5\n2;1,75;3\n3;4;5\n", &[], "-d ';'"),
    ("tab.csv", b"id\tname\n1\tAnn\n2\tBob\n", &[], "-d tab"),
    ("tab_text.csv", b"id\tnote\n1\tOslo, Bergen\n2\tRome\n", &[], "-d tab"),
    ("pipe.csv", b"id|name\n1|Ann\n2|Bob\n", &[], "-d '|'"),
    ("pipe.txt", b"id|note\n1|a, b\n2|c\n", &[], "-d '|'"),
    ("comma.tsv", b"id,name\n1,Ann\n2,Bob\n", &[], "-d ','"),
    ("comma.psv", b"id,name\n1,Ann\n2,Bob\n", &[], "-d ','"),
    ("wrong.csv", b"id,name\n1,Ann\n2,Bob\n", &["-d", ";"], "-d ','"),
    ("wrong2.csv", b"id;name\n1;Ann\n2;Bob\n", &["-d", "tab"], "-d ';'"),
    ("unit.csv", b"id\x1fname\n1\x1fAnn\n2\x1fBob\n", &[], "-d '\\x1f'"),
    ("hive.csv", b"1\x01Ann\n2\x01Bob\n3\x01Cy\n", &["--no-header"], "-d '\\x01'"),
    ("colon.csv", b"root:x:0\ndaemon:x:1\nbin:x:2\n", &["--no-header"], "-d ':'"),
    ("quoted_semi.csv", b"\"id\";\"name\"\n\"1\";\"Ann\"\n\"2\";\"Bob\"\n", &[], "-d ';'"),
    ("short.csv", b"SKU (a);Name, long (b);Nombre (c)\n1;x;90.0\n2;y;80.0\n", &[], "-d ';'"),
    // What stands above the header.
    ("title.csv", b"Report of May\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &[], "--skip-lines 1"),
    ("titles.csv", b"Report\nby us\n\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &[], "--skip-lines 3"),
    ("comment.csv", b"# made by us\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &[], "--comment '#'"),
    ("comments.tsv", b"# a\n# b\nid\tname\n1\tAnn\n2\tBob\n3\tCy\n", &[], "--comment '#'"),
    ("percent.csv", b"% a\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &[], "--comment '%'"),
    ("auto.tsv", b"# a\nid\tname\n1\tAnn\n2\tBob\n3\tCy\n", &["-d", "auto"], "took tab for the delimiter, with --skip-lines 1"),
    ("between.txt", b"a^|^b\n1^|^2\n3^|^4\n", &[], "did you mean -d '^|^'?"),
    ("between_auto.txt", b"a~,~b\n1~,~2\n", &["-d", "auto"], "',' is always a part of '~,~', which parts all into 2; did"),
    ("sep_title.csv", b"sep=;\nTitle\nid;n;m\n1;A;2\n2;B;3\n3;C;4\n", &[], "--skip-lines 2"),
    ("skipped_title.csv", b"a\nTitle\nid;n;m\n1;A;2\n2;B;3\n3;C;4\n", &["--skip-lines", "1", "-d", ";"], "--skip-lines 2"),
    ("footer.csv", b"Report\nid,n\n1,2\n2,3\n3,4\n4,5\n5,6\n6,7\n7,8\n8,9\n9,1\n1,2\n2,3\n3,4\n4,5\n5,6\n6,7\n7,8\n8,9\n9,9\ntotal\n", &[], "--skip-lines 1"),
    ("le_cyrillic.csv", b"i\0d\0,\0\x38\x04\n\0\x31\0,\0\x18\x04\x32\x04\n\0", &[], "--encoding utf-16le"),
    ("be_kanji.csv", b"\0i\0d\0,\x54\x0d\0\n\x001\0,\x5c\x71\x75\x30\0\n", &[], "--encoding utf-16be"),
    ("utf32.csv", b"a\0\0\0\n\0\0\0\x31\0\0\0\n\0\0\0", &[], "iconv -f UTF-32LE -t UTF-8"),
    ("controls.csv", b"\0\x03\x04a\0\0\x05b\0\n\x06c\0\n", &[], "may be no text"),
    ("crlf_unix.csv", b"a,b\r\n1,2\r\n", &["--dialect", "unix"], "lines end with CR LF; did you mean --terminator any?"),
    ("cr.csv", b"a,b\r1,2\r", &["--terminator", "\\n"], "lines end with CR; did you mean to leave out --terminator?"),
    ("pg_dump.sql", b"--\n-- PostgreSQL database dump\n--\n\nSET x = 0;\n", &[], "SQL"),
    ("sqlite.sql", b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", &[], "SQL"),
    ("all_comments.csv", b"#x\n", &["--header", "A,B", "--comment", "#"], "does --comment skip too much?"),
    ("amounts.csv", b"$5,x\n$7.50,y\n", &[], "('$5'); did you mean --no-header?"),
    ("shares.csv", b"a,5%\nb,12%\n", &[], "('5%'); did you mean --no-header?"),
    ("mails.csv", b"Ann,a@x.example\nBob,b@y.example\n", &[], "('a@x.example'); did you mean --no-header?"),
    ("science.csv", b"a,1.5e3\nb,2e-4\n", &[], "('1.5e3'); did you mean --no-header?"),
    ("aligned.txt", b"id   name  n\n1    Ann   2\n22   Bob   3\n", &[], "did you mean -d whitespace?"),
    ("vcf.tsv", b"##v=4\n##s\n#CHROM\tPOS\tID\n1\t100\trs1\n1\t200\trs2\n2\t300\trs3\n", &[], "--skip-lines 2"),
    ("colours.csv", b"# Colours\nhex,n\n#ff0000,1\n#00ff00,2\n#0000ff,3\n", &[], "--skip-lines 1"),
    ("piped.csv", b"a|,|b|,|c\n1|,|2|,|3\n4|,|5|,|6\n", &[], "did you mean -d '|,|'?"),
    ("piped_auto.csv", b"a;|;b\n1;|;2\n3;|;4\n", &["-d", "auto"], "did you mean -d ';|;'?"),
    ("tabs.tsv", b"a\t\tb\n1\t\t2\n", &[], "did you mean -d '\\t\\t'?"),
    ("people.csv", b"1,Alice,30,50000\n2,Bob,25,48000\n3,Cy,41,61000\n", &[], "--no-header"),
    ("joined.csv", b"1,Alice,2024-01-05\n2,Bob,2024-01-06\n", &[], "--no-header"),
    ("bank_de.csv", b"Report\nFrom;2024\n\nday;text;out;in;sum\n1;a;1;;2\n2;b;;3;5\n3;c;1;;4\n", &[], "-d auto"),
    ("sep_cr.csv", b"sep=;\r\na;b\r\n1;2\r\n", &["--terminator", "\\r\\n"], "took ';' for the delimiter"),
    ("twice.txt", b"a||b||c\n1||2||3\n", &["-d", "auto"], "'|' is always a part of '||', which parts all into 3; did"),
    // A header that isn't one.
    ("headless.csv", b"1,Ann\n2,Bob\n3,Cy\n", &[], "--no-header"),
    ("dates.csv", b"2024-01-02,Ann\n2024-01-03,Bob\n", &[], "--no-header"),
    ("floats.tsv", b"Ann\t1.50\nBob\t2.25\n", &[], "--no-header"),
    // The encoding.
    ("latin1.csv", b"id,name\n1,Zo\xeb\n2,Andr\xe9\n3,caf\xe9\n", &[], "--encoding windows-1252"),
    ("be.csv", b"\0i\0d\0,\0n\0\n\x001\0,\0A\0\n", &[], "--encoding utf-16be"),
    ("le.csv", b"i\0d\0,\0n\0\n\x001\0,\0A\0\n\0", &[], "--encoding utf-16le"),
    // Delimiters at the end, headers in between.
    (
        "trailing.csv",
        b"id,name,\n1,Ann,\n2,Bob,\n",
        &[],
        "ends with a delimiter; did you mean --trailing-delimiter",
    ),
    ("header.csv", b"id,name\n1,Ann,\n2,Bob,\n", &[], "each record but the header ends with a delimiter"),
    ("bare.psv", b"1|A|\n2|B|\n", &["--no-header"], "did you mean --trailing-delimiter?"),
    ("given.psv", b"1|A|\n", &["--header", "n,a"], "did you mean --trailing-delimiter?"),
    ("twice.csv", b"id,name\n1,Ann\nid,name\n2,Bob\n", &[], "a record repeats the header near the start"),
    ("thrice.csv", b"a,b\n1,2\na,b\na,b\n", &[], "2 records repeat the header near the start; did you"),
    // Nothing is left.
    (
        "hash.tsv",
        b"#id\tname\n1\tAnn\n",
        &["--comment", "#"],
        "does --comment skip too much? --header-comment takes",
    ),
    ("few.csv", b"a\n1\n2\n", &["--skip-lines", "10"], "does --skip-lines skip too much?"),
    ("all.csv", b"#a\n#1\n", &["--comment", "#"], "does --comment skip too much?"),
    // What is taken or gone.
    ("extra.csv", b"a,_extra\n1,2,3\n", &[], "'_extra_2' (--extra-key)"),
    ("blank.csv", b"a\n1\n\n3\n", &[], "1 blank line was dropped"),
    ("blanks.csv", b"a\n1\n\n\n3\n", &[], "2 blank lines were dropped"),
    // What was found is said.
    ("sep.csv", b"sep=;\nid;name\n1;Ann\n", &[], "took ';' for the delimiter, as its first line says"),
    ("nothing.csv", b"a:b\n1:2\n", &["-d", "auto"], "found no delimiter (-d auto); took ','"),
    ("nothing.tsv", b"a:b\n1:2\n", &["-d", "auto"], "found no delimiter (-d auto); took tab"),
    ("found.csv", b"a;b\n1;2\n", &["-d", "auto"], "took ';' for the delimiter (-d auto)"),
    // Other formats.
    ("page.csv", b"<!DOCTYPE html><html><body>Log in, please</body></html>\n", &[], "HTML"),
    ("dump.csv", b"-- MySQL dump\nINSERT INTO `t` VALUES (1,'a'),(2,'b');\n", &[], "SQL"),
    // Found by users: other delimiters.
    (
        "bank.csv",
        b"Datum;Betrag;Text\n01.02.2024;1.234,50;Miete\n02.02.2024;-17,99;Strom, Gas\n",
        &[],
        "-d ';'",
    ),
    ("semi_crlf.csv", b"id;name\r\n1;Ann\r\n2;Bob\r\n", &[], "-d ';'"),
    ("semi_bom.csv", b"\xef\xbb\xbfid;name\n1;Ann\n2;Bob\n", &[], "-d ';'"),
    ("semi_utf16.csv", b"\xff\xfei\0;\0n\0\n\x001\0;\0A\0\n\0", &[], "-d ';'"),
    ("semi_latin1.csv", b"id;name\n1;Zo\xeb\n2;Bob\n", &["--encoding", "latin1"], "-d ';'"),
    ("semi_trailing.csv", b"a;b;\n1;2;\n3;4;\n", &[], "-d ';'"),
    ("semi_blank.csv", b"a;b\n\n1;2\n\n3;4\n", &[], "-d ';'"),
    ("semi_headless.csv", b"Ann;Oslo\nBob;Rome\nCy;Bonn\n", &["--no-header"], "-d ';'"),
    ("semi_named.csv", b"Ann;Oslo\nBob;Rome\nCy;Bonn\n", &["--header", "a,b"], "-d ';'"),
    ("semi_comment.csv", b"# x\na;b\n1;2\n3;4\n", &["--comment", "#"], "-d ';'"),
    ("semi_skipped.csv", b"Title\na;b\n1;2\n3;4\n", &["--skip-lines", "1"], "-d ';'"),
    ("semi_quoted_comma.csv", b"id;note\n1;\"a, b\"\n2;\"c\"\n", &[], "-d ';'"),
    ("semi.tsv", b"id;name\n1;Ann\n2;Bob\n", &[], "-d ';'"),
    ("pipe.tsv", b"id|name\n1|Ann\n2|Bob\n", &[], "-d '|'"),
    ("tab.txt", b"id\tname\n1\tAnn\n2\tBob\n", &[], "-d tab"),
    ("tab_dates.csv", b"at\tn\n2024-01-02 10:00\t1\n2024-01-03 11:00\t2\n", &[], "-d tab"),
    ("tab.psv", b"id\tname\n1\tAnn\n2\tBob\n", &[], "-d tab"),
    ("wrong3.csv", b"id,name\n1,Ann\n2,Bob\n", &["-d", "|"], "-d ','"),
    ("wrong4.csv", b"id,name\n1,Ann\n2,Bob\n", &["-d", "tab"], "-d ','"),
    ("wrong5.tsv", b"id\tname\n1\tAnn\n2\tBob\n", &["-d", ","], "-d tab"),
    ("wrong6.csv", b"a,b,c\n1;x,2,3\n4;y,5,6\n", &["-d", ";"], "-d ','"),
    ("hive_header.csv", b"id\x01name\n1\x01Ann\n2\x01Bob\n", &[], "-d '\\x01'"),
    ("spaces.csv", b"a b c\n1 2 3\n4 5 6\n", &[], "-d '\\x20'"),
    ("group.csv", b"root:x:0:\nadm:x:4:syslog\ntty:x:5:ann\n", &["--no-header"], "-d ':'"),
    // Lines above the header.
    ("title_semi.csv", b"Export;;\nid;name;n\n1;Ann;2\n2;Bob;3\n3;Cy;4\n", &["-d", ";"], "--skip-lines 1"),
    ("title_tab.tsv", b"Units in use\nid\tname\n1\tAnn\n2\tBob\n3\tCy\n", &[], "--skip-lines 1"),
    ("bang.csv", b"! a\n! b\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &[], "--comment '!'"),
    ("semis.csv", b"; made\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &[], "--comment ';'"),
    ("many.csv", b"A\nB\nC\nD\nid,name\n1,Ann\n2,Bob\n3,Cy\n4,Di\n", &[], "--skip-lines 4"),
    // Data for names.
    ("hosts.csv", b"10.0.0.1,80\n10.0.0.2,443\n", &[], "--no-header"),
    ("stamps.csv", b"2024-01-02T10:00:00Z,Ann\n2024-01-03T10:00:00Z,Bob\n", &[], "--no-header"),
    ("quoted_ids.csv", b"\"1\",\"Ann\"\n\"2\",\"Bob\"\n", &[], "--no-header"),
    ("signed.csv", b"Ann,-5\nBob,+7\n", &[], "--no-header"),
    ("head.tsv", b"Ann\t12\nBob\t7\nCy\t9\n", &[], "--no-header"),
    ("eaten.csv", b"id,name\n1,Ann\n2,Bob\n3,Cy\n", &["--skip-lines", "1"], "--no-header"),
    // Names for data.
    ("headed.csv", b"id,name\n1,Ann\n2,Bob\n", &["--no-header"], "leave out --no-header"),
    (
        "headed.tsv",
        b"when\twho\n2024-01-02\tAnn\n2024-01-03\tBob\n",
        &["--no-header"],
        "leave out --no-header",
    ),
    (
        "headed_quoted.csv",
        b"\"id\",\"name\"\n\"1\",\"Ann\"\n\"2\",\"Bob\"\n",
        &["--no-header"],
        "leave out --no-header",
    ),
    ("headed_given.csv", b"id,name\n1,Ann\n2,Bob\n", &["--header", "a,b"], "--replace-header"),
    // Quotes, escapes, terminators.
    ("no_quotes.csv", b"id,note\n1,\"a, b\"\n2,\"c\"\n", &["--quote", "none"], "leave out --quote"),
    (
        "all_quotes.csv",
        b"\"id\",\"note\"\n\"1\",\"a\"\n\"2\",\"c\"\n",
        &["--quote", "none"],
        "leave out --quote",
    ),
    ("wrong_quote.csv", b"id,note\n1,\"a, b\"\n2,\"c\"\n", &["--quote", "'"], "leave out --quote"),
    ("single.csv", b"'id','note'\n'1','a'\n'2','c'\n", &[], "--quote \"'\""),
    ("single_comma.csv", b"id,note\n1,'a, b'\n2,'c'\n", &[], "--quote \"'\""),
    ("backslash.csv", b"id,note\n1,a\\, b\n2,c\n", &[], "--escape '\\'"),
    ("backslash_quote.csv", b"id,note\n1,\"say \\\"a\\\"\"\n2,c\n", &[], "--escape '\\'"),
    ("lone.tsv", b"id\tnote\n1\t\"a\n2\tb\n3\tc\" d\n", &[], "--quote none"),
    ("end.csv", b"id,name\n1,Ann\n2,Bob\n", &["--terminator", ";"], "leave out --terminator"),
    // Encodings.
    ("smart.csv", b"id,note\n1,\x93a\x94\n2,it\x92s\n", &[], "--encoding windows-1252"),
    (
        "cyrillic.csv",
        b"id,name\n1,\xcc\xee\xf1\xea\xe2\xe0\n2,\xca\xe8\xe5\xe2\n3,\xcf\xf0\xe8\xe2\xe5\xf2\n",
        &[],
        "--encoding windows-1251",
    ),
    (
        "koi8.csv",
        b"id,name\n1,\xed\xcf\xd3\xcb\xd7\xc1\n2,\xeb\xc9\xc5\xd7\n3,\xf0\xd2\xc9\xd7\xc5\xd4\n",
        &[],
        "--encoding koi8-",
    ),
    (
        "sjis.csv",
        b"id,name\n1,\x93\xfa\x96\x7b\x8c\xea\x82\xcc\x95\xb6\x8e\x9a\x97\xf1\x82\xc5\x82\xb7\n2,\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\n3,\x93\x8c\x8b\x9e\x93\x73\n",
        &[],
        "--encoding shift_jis",
    ),
    (
        "gbk.csv",
        b"id,name\n1,\xd6\xd0\xce\xc4\n2,\xb1\xb1\xbe\xa9\xca\xd0\n3,\xc4\xe3\xba\xc3\n",
        &[],
        "--encoding gb",
    ),
    (
        "euckr.csv",
        b"id,name\n1,\xc7\xd1\xb1\xdb\n2,\xbc\xad\xbf\xef\n3,\xba\xce\xbb\xea\n",
        &[],
        "--encoding euc-kr",
    ),
    ("le_tab.tsv", b"i\0\t\0n\0\n\x001\0\t\0A\0\n\0", &[], "--encoding utf-16le"),
    (
        "utf8_latin1.csv",
        b"id,name\n1,Zo\xc3\xab\n2,caf\xc3\xa9\n",
        &["--encoding", "latin1"],
        "leave out --encoding",
    ),
    (
        "utf8_1251.csv",
        b"id,name\n1,\xd0\x9c\xd0\xbe\n2,\xd0\x9a\xd0\xb8\n",
        &["--encoding", "windows-1251"],
        "leave out --encoding",
    ),
    ("ascii_utf16.csv", b"id,name\n1,Ann\n2,Bob\n", &["--encoding", "utf-16le"], "leave out --encoding"),
    // Other texts.
    ("pretty.json", b"{\n  \"a\": 1,\n  \"b\": 2\n}\n", &[], "JSON"),
    ("lines.jsonl", b"{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":4}\n", &[], "JSON"),
    ("array.json", b"[\n  {\"a\": 1}\n]\n", &[], "JSON"),
    ("feed.xml", b"<?xml version=\"1.0\"?>\n<a><b>1</b></a>\n", &[], "XML"),
    ("error.csv", b"<Error><Code>AccessDenied</Code></Error>\n", &[], "XML"),
    ("login.csv", b"<html><head><title>Log in</title></head></html>\n", &[], "HTML"),
    ("table.csv", b"<table><tr><td>1</td></tr></table>\n", &[], "HTML"),
    (
        "pointer.csv",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        &[],
        "git lfs pull",
    ),
    ("schema.sql", b"CREATE TABLE t (a int, b int);\n", &[], "SQL"),
    ("psql.txt", b" id | name \n----+------\n  1 | Ann\n  2 | Bob\n", &[], "psql --csv"),
    (
        "mysql.txt",
        b"+----+------+\n| id | name |\n+----+------+\n|  1 | Ann  |\n+----+------+\n",
        &[],
        "mysql --batch",
    ),
    ("table.md", b"| id | name |\n|---|---|\n| 1 | Ann |\n| 2 | Bob |\n", &[], "Markdown"),
];

/// Name of the file, its bytes, and the arguments.
type Right = (&'static str, &'static [u8], &'static [&'static str]);

const RIGHT: &[Right] = &[
    ("a.csv", b"id,name\n1,Ann\n2,Bob\n", &[]),
    ("a.tsv", b"id\tname\n1\tAnn\n2\tBob\n", &[]),
    ("a.psv", b"id|name\n1|Ann\n2|Bob\n", &[]),
    ("semi.csv", b"id;name\n1;Ann\n2;Bob\n", &["-d", ";"]),
    ("semi_decimal.csv", b"id;price, EUR\n1;1,50\n2;2,75\n", &["-d", ";"]),
    ("marks_at_ends.csv", b"a~,b~,~c\n1~,2~,~3\n", &[]),
    ("one.csv", b"name\nAnn\nBob\n", &[]),
    ("one_line.csv", b"name\n", &[]),
    ("one_text.csv", b"note\na, b and c\nd\n", &["-d", ";"]),
    ("one_words.csv", b"full name\nAnn Lee\nBob Ray\n", &[]),
    ("one_times.csv", b"at\n10:30\n11:45\n12:00\n", &[]),
    ("urls.csv", b"url\nhttps://a.example\nhttps://b.example\n", &[]),
    ("empty.csv", b"", &[]),
    ("header.csv", b"id,name\n", &[]),
    ("lists.csv", b"id,tags\n1,a;b\n2,c;d\n", &[]),
    ("lists_even.csv", b"id,x;y\n1,a;b\n2,c;d\n", &[]),
    ("paths.csv", b"id,path\n1,a|b|c\n2,d|e|f\n", &[]),
    ("times.csv", b"start,end\n10:30:00,11:00:00\n12:00:00,13:15:00\n", &[]),
    ("words.csv", b"first name,last name\nAnn Mary,Lee\nBob,Ray Lo\n", &[]),
    ("years.csv", b"country,1960,1961,1962\nNO,1,2,3\nSE,4,5,6\n", &[]),
    ("years_two.csv", b"region,2023,2024\nN,1.5,2.5\nS,3.5,4.5\n", &[]),
    ("days.csv", b"1,2,3\n10,20,30\n40,50,60\n", &[]),
    ("texts.csv", b"name,city\nAnn,Oslo\nBob,Rome\n", &[]),
    ("codes.csv", b"code,label\nA1,x\nB2,y\n", &[]),
    ("ragged.csv", b"a,b,c\n1,2\n1,2,3,4\n", &[]),
    ("quoted.csv", b"id,note\n1,\"a;b\nc\"\n2,\"d\"\n", &[]),
    ("quotes.csv", b"id,note\n1,\"say \"\"hi\"\"\"\n2,x\n", &[]),
    ("utf8.csv", b"id,name\n1,Zo\xc3\xab\n2,\xe6\x97\xa5\xe6\x9c\xac\n", &[]),
    ("bom.csv", b"\xef\xbb\xbfid,name\n1,Ann\n", &[]),
    ("latin1.csv", b"id,name\n1,Zo\xeb\n", &["--encoding", "latin1"]),
    ("mixed.csv", b"id,name\n1,Zo\xc3\xab\n2,Zo\xeb\n3,caf\xc3\xa9\n", &[]),
    ("le.csv", b"\xff\xfei\0d\0,\0n\0\n\x001\0,\0A\0\n\0", &[]),
    ("headless.csv", b"1,Ann\n2,Bob\n", &["--no-header"]),
    ("named.csv", b"1,Ann\n2,Bob\n", &["--header", "id,name"]),
    ("renamed.csv", b"1,2\n3,4\n", &["--replace-header", "a,b"]),
    ("commented.csv", b"# a\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &["--comment", "#"]),
    ("skipped.csv", b"Report\nid,name\n1,Ann\n2,Bob\n3,Cy\n", &["--skip-lines", "1"]),
    ("limit.csv", b"#a\nid,name\n1,Ann\n", &["--comment", "#", "--limit", "0"]),
    ("crlf.csv", b"id,name\r\n1,Ann\r\n2,Bob\r\n", &[]),
    ("cr.csv", b"id,name\r1,Ann\r2,Bob\r", &[]),
    ("blank.csv", b"id,name\n\n1,Ann\n\n2,Bob\n", &[]),
    ("last_empty.csv", b"id,name,note\n1,Ann,\n2,Bob,\n", &[]),
    ("trailing.csv", b"id,name,\n1,Ann,\n2,Bob,\n", &["--trailing-delimiter"]),
    ("some_trailing.csv", b"id,name,\n1,Ann,\n2,Bob,x\n", &["--select", "id"]),
    ("word.csv", b"a,b\n1,2\na,c\n", &[]),
    ("twice.csv", b"a,b\n1,2\na,b\n", &["--skip-repeated-headers"]),
    ("same.csv", b"name\nAnn\nname\n", &[]),
    ("geo.csv", b"name,latitude,longitude\nA,1.5,2.5\nB,3.5,4.5\n", &[]),
    ("stamps.csv", b"at,level,text\n2024-01-02 10:00:00,INFO,a b\n2024-01-02 10:00:01,WARN,c\n", &[]),
    ("json.csv", b"id,doc\n1,\"{\"\"a\"\": 1, \"\"b\"\": 2}\"\n2,\"{}\"\n", &[]),
    ("money.csv", b"item,price\nx,\"1,234.50\"\ny,\"2,000.00\"\n", &[]),
    ("wide.csv", b"a,b,c,d,e,f,g,h\n1,2,3,4,5,6,7,8\n", &[]),
    ("apostrophes.csv", b"id,name\n1,O'Neil\n2,D'Arcy\n3,it's\n", &[]),
    ("apostrophes_ragged.csv", b"id,name\n1,O'Neil\n2\n3,it's,x\n", &[]),
    ("feet.csv", b"id,size\n1,5'\n2,6' 2\"\n", &[]),
    ("windows.csv", b"id,path\n1,C:\\a\n2,D:\\b\\c\n", &[]),
    ("regexes.csv", b"id,text\n1,\\d+\n2,\\w\n", &[]),
    ("escaped.csv", b"id,note\n1,a\\, b\n2,c\n", &["--escape", "\\"]),
    ("single.csv", b"'id','note'\n'1','a, b'\n'2','c'\n", &["--quote", "'"]),
    ("no_quote.tsv", b"id\tnote\n1\t5\" pipe\n2\t\"x\n", &["--quote", "none"]),
    ("quote_none.csv", b"id,note\n1,a\n2,b\n", &["--quote", "none"]),
    ("terminated.csv", b"id,name;1,Ann;2,Bob;", &["--terminator", ";"]),
    ("nul.csv", b"id,name\x001,Ann\x002,Bob\x00", &["--terminator", "\\0"]),
    ("latin1_real.csv", b"id,name\n1,Zo\xeb\n2,\xc9a\n", &["--encoding", "windows-1252"]),
    ("latin1_ascii.csv", b"id,name\n1,Ann\n2,Bob\n", &["--encoding", "latin1"]),
    ("koi8.csv", b"id,name\n1,\xed\xcf\xd3\xcb\xd7\xc1\n2,\xeb\xc9\xc5\xd7\n", &["--encoding", "koi8-r"]),
    ("utf16.csv", b"i\0d\0,\0n\0\n\x001\0,\0A\0\n\0", &["--encoding", "utf-16le"]),
    ("sjis.csv", b"id,name\n1,\x93\xfa\x96\x7b\n2,\x8c\xea\n", &["--encoding", "shift_jis"]),
    ("utf8_named.csv", b"id,name\n1,Zo\xc3\xab\n", &["--encoding", "utf-8"]),
    ("texts_headless.csv", b"Ann,Oslo\nBob,Rome\nCy,Bonn\n", &["--no-header"]),
    ("missing_first.csv", b"NA,x\n1,y\n2,z\n", &["--no-header"]),
    ("empty_first.csv", b",x\n1,y\n2,z\n", &["--no-header"]),
    ("mixed_first.csv", b"x1,5\n2,6\n3,7\n", &["--no-header"]),
    ("named_texts.csv", b"Ann,Oslo\nBob,Rome\nCy,Bonn\n", &["--header", "name,city"]),
    ("replaced.csv", b"id,name\n1,Ann\n2,Bob\n", &["--replace-header", "a,b"]),
    ("semi_auto_sep.csv", b"a;b\n1;2\n3;4\n", &["-d", ";"]),
    ("pipes.psv", b"a|b|c\n1|2|3\n4|5|6\n", &[]),
    ("passwd", b"root:x:0:0\nbin:x:1:1\nadm:x:2:2\n", &["-d", ":", "--no-header"]),
    ("hive.txt", b"1\x01Ann\n2\x01Bob\n", &["-d", "^A", "--no-header"]),
    ("emails.csv", b"id,email\n1,a@x.example\n2,b@y.example\n", &[]),
    ("phones.csv", b"name,phone\nAnn,+47 22 33 44 55\nBob,+1 (202) 555-0100\n", &[]),
    ("prices.csv", b"item,price\na,$1.50\nb,$2.75\n", &[]),
    ("percent.csv", b"a,share\nx,12%\ny,50%\n", &[]),
    ("colors.csv", b"name,hex\nred,#ff0000\nblue,#0000ff\n", &[]),
    ("tags.csv", b"#,name\n1,Ann\n2,Bob\n", &[]),
    ("coordinates.csv", b"id,at\n1,\"59.9, 10.7\"\n2,\"41.9, 12.5\"\n", &[]),
    ("multi.csv", b"id,note\n1,\"one\ntwo\"\n2,\"three\"\n", &[]),
    ("html_cells.csv", b"id,html\n1,<b>x</b>\n2,<i>y</i>\n", &[]),
    ("json_cells.tsv", b"id\tdoc\n1\t{\"a\":1}\n2\t{\"b\":2}\n", &["--quote", "none"]),
    ("sql_cells.csv", b"id,query\n1,select 1\n2,drop table x\n", &[]),
    ("bools.csv", b"id,ok\n1,true\n2,false\n", &[]),
    ("nulls.csv", b"id,n\n1,\n2,3\n", &[]),
    ("codes.tsv", b"code\tname\n007\tBond\n008\tBill\n", &[]),
    ("unicode_header.csv", b"\xc3\xa9t\xc3\xa9,n\na,1\nb,2\n", &[]),
    ("versions.csv", b"name,version\nx,1.2.3\ny,2.0.0\n", &[]),
    ("ips.csv", b"host,ip\na,10.0.0.1\nb,10.0.0.2\n", &[]),
    ("months.csv", b"id,2024-01,2024-02\na,1,2\nb,3,4\n", &[]),
    ("quarters.csv", b"region,Q1,Q2\nN,1,2\nS,3,4\n", &[]),
    ("one_number.csv", b"n\n1\n2\n3\n", &[]),
    ("one_quoted.csv", b"\"note\"\n\"a, b\"\n\"c; d\"\n", &[]),
    ("two_inputs_like.csv", b"a,b\n\"1\",\"2\"\n", &[]),
    ("spaced.csv", b"id, name\n1, Ann\n2, Bob\n", &[]),
    ("crlf_quoted.csv", b"\"id\",\"name\"\r\n\"1\",\"Ann\"\r\n", &[]),
    ("dashes.csv", b"name,note\na,----\nb,--\n", &[]),
    ("crosstab.csv", b"answer,true,false\nA,1,2\nB,3,4\n", &[]),
    ("shares_head.csv", b"x,5%,10%\na,1,2\nb,3,4\n", &[]),
    ("text.txt", b"Some  words here\nand more  words there\nor else\n", &[]),
    ("years_down.csv", b"company,2023,2022,2021\na,1,2,3\nb,4,5,6\n", &[]),
    ("year.csv", b"country,2020\na,1\nb,2\n", &[]),
    ("fractions.csv", b"model,0.5,0.75,0.95\na,1,2,3\nb,4,5,6\n", &[]),
    ("days_first.csv", b"name;31.12.2023;31.01.2024\na;1;2\nb;3;4\n", &["-d", ";"]),
    ("ranges.csv", b"place,0-17,18-34,65+\na,1,2,3\nb,4,5,6\n", &[]),
    ("flag.csv", b"feature,true\na,true\nb,false\n", &[]),
    ("pandas.csv", b",0\n0,1.5\n1,2.5\n", &[]),
    ("nul_values.csv", b"a,b\n1,\0\n2,\0\n", &[]),
    ("nuls.csv", b"id,v\n\0,\0\n\0,\0\n", &[]),
    ("some_controls.csv", b"a,b\n\x02,\x03\n", &[]),
    ("places.csv", b"Id;Place (x, y, z)\n0;0, 1, 2\n1;1, 2, 3\n", &["-d", ";"]),
    ("people_names.csv", b"name\nLee, Ann\nPoe, Bob\nRay, Cy\n", &[]),
    ("short_header.csv", b"id\n1,Ann\n2,Bob\n3,Cy\n4,Di\n", &[]),
    ("a_nul.csv", b"id,name\n1,An\0n\n2,Bob Ray\n", &[]),
    ("orc.csv", b"ORC\n1\n2\n", &[]),
    ("single_record.csv", b"id,name\n1,Ann\n", &[]),
    (
        "ids.csv",
        b"uuid,n\n0f8fad5b-d9cb-469f-a165-70867728950e,1\n7c9e6679-7425-40de-944b-e07fc1f90ae7,2\n",
        &[],
    ),
];

/// What is said on a file beside counts and anomalies: the lines of the summary that name it.
fn remarks(case: (&str, &[u8], &[&str])) -> String {
    let name = case.0;
    let said = said(case);
    let of_file = |line: &&str| {
        line.trim_start().trim_start_matches("rowmill: note: ").starts_with(&format!("{name}: "))
    };
    said.lines().filter(of_file).collect::<Vec<_>>().join("\n")
}

/// All that is said on a file.
fn said((name, bytes, args): (&str, &[u8], &[&str])) -> String {
    let place = Place::new();
    place.write(name, bytes);
    let output = place.rowmill().args(args).arg(name).out();
    output.expect_status(0);
    output.stderr.clone()
}

#[test]
fn what_is_misread_is_told_with_what_to_type() {
    let mut missed = Vec::new();
    for &(name, bytes, args, wanted) in MISREAD {
        let said = said((name, bytes, args));
        if !said.contains(wanted) {
            missed.push(format!("{name}: {wanted:?} is not in {said:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn of_what_is_read_right_nothing_is_said() {
    let mut warned = Vec::new();
    for &case in RIGHT {
        let remarks = remarks(case);
        let repaired = remarks.lines().all(|line| line.contains("was named"));
        if !remarks.is_empty() && !repaired {
            warned.push(remarks);
        }
    }
    assert!(warned.is_empty(), "{}", warned.join("\n"));
}

/// `-d auto` finds nothing in them that changes them.
#[test]
fn what_is_read_right_is_read_so_by_auto() {
    for &(name, bytes, args) in RIGHT.iter().filter(|(_, _, args)| args.is_empty()) {
        let place = Place::new();
        place.write(name, bytes);
        let out = |args: &[&str]| place.rowmill().args(args).arg(name).out();
        let (plain, auto) = (out(args), out(&["-d", "auto"]));
        auto.expect_status(0);
        assert!(!auto.stderr.contains(", with "), "{}", auto.stderr);
        assert!(auto.stdout == plain.stdout, "{name}: {}", auto.stderr);
    }
}

/// A line `sep=` names the delimiter where none is given, and is data where one is.
#[test]
fn the_line_of_excel_is_honoured() {
    let place = Place::new();
    place.write("sep.csv", "sep=;\nid;name\n1;Ann\n");
    let out = |args: &[&str]| place.rowmill().args(["-q"]).args(args).arg("sep.csv").out();
    let honoured = "{\"id\":\"1\",\"name\":\"Ann\"}\n";
    out(&[]).expect_status(0).expect_stdout(honoured);
    out(&["-d", "auto"]).expect_status(0).expect_stdout(honoured);
    place.write("cr.csv", "sep=;\ra;b\r1;2\n");
    let lf = place.rowmill().args(["-q", "--terminator", "\\n", "cr.csv"]).out();
    lf.expect_status(0).expect_stdout("");
    let data = "{\"sep=\":\"id\",\"column_2\":\"name\"}\n{\"sep=\":\"1\",\"column_2\":\"Ann\"}\n";
    out(&["-d", ";"]).expect_status(0).expect_stdout(data);
}

/// Names in other tools work, or the line says what to do.
#[test]
fn encodings_have_many_names() {
    for label in [
        "latin-1",
        "LATIN1",
        "utf-8-sig",
        "cp932",
        "cp949",
        "mac_roman",
        "utf_8",
        "cp1252",
        "1251",
        "iso_8859_2",
    ] {
        Run::rowmill().args(["-q", "--encoding", label]).stdin("a\n1\n").out().expect_status(0);
    }
    for (label, wanted) in [
        ("cp437", "iconv -f CP437 -t UTF-8"),
        ("cp850", "iconv -f CP850 -t UTF-8"),
        ("windows-1253x", "did you mean windows-1253?"),
        ("latn1", "did you mean latin1?"),
        ("utf", "did you mean utf-8?"),
        ("utf-32le", "iconv -f UTF-32LE -t UTF-8"),
        ("iso-8859", "did you mean iso-8859-1 or iso-8859-2 or iso-8859-3?"),
        ("klingon", "known are the labels"),
    ] {
        let output = Run::rowmill().args(["-q", "--encoding", label]).stdin("a\n1\n").out();
        output.expect_status(2).expect_stderr(wanted);
    }
}

/// A name that says what the output will not be is refused; nothing is written.
#[test]
fn outputs_are_not_called_what_they_are_not() {
    let place = Place::new();
    place.write("a.csv", "a\n1\n");
    for name in ["x.jsonl.xz", "x.bz2", "x.lz4", "x.parquet", "x.csv", "x.csv.gz", "x.tsv"] {
        place.rowmill().args(["-q", "a.csv", "-o", name]).out().expect_status(2);
    }
    assert_eq!(place.names(), ["a.csv"]);
}
