//! `--nul`: what NUL characters in values become.

use crate::harness::Place;

#[test]
fn a_nul_is_kept_dropped_or_replaced() {
    let place = Place::new();
    let mut csv = b"a,b\n1,\0\nx\0y,\"\0\"\"\0z\"\n\0\0,q\n".to_vec();
    csv.extend_from_slice("plain,text\n".repeat(500).as_bytes());
    csv.extend_from_slice(b"last,\0");
    place.write("in.csv", &csv);
    let head = |out: &[u8]| -> String {
        std::str::from_utf8(out).unwrap().lines().take(3).map(|line| line.to_owned() + "\n").collect()
    };
    for (what, expected, n) in [
        (
            "keep",
            "{\"a\":\"1\",\"b\":\"\\u0000\"}\n{\"a\":\"x\\u0000y\",\"b\":\"\\u0000\\\"\\u0000z\"}\n\
             {\"a\":\"\\u0000\\u0000\",\"b\":\"q\"}\n",
            0,
        ),
        ("drop", "{\"a\":\"1\",\"b\":\"\"}\n{\"a\":\"xy\",\"b\":\"\\\"z\"}\n{\"a\":\"\",\"b\":\"q\"}\n", 7),
        (
            "replace",
            "{\"a\":\"1\",\"b\":\"\u{fffd}\"}\n{\"a\":\"x\u{fffd}y\",\"b\":\"\u{fffd}\\\"\u{fffd}z\"}\n\
             {\"a\":\"\u{fffd}\u{fffd}\",\"b\":\"q\"}\n",
            7,
        ),
    ] {
        let whole = place.rowmill().args(["-q", "in.csv", "--nul", what]).out().stdout;
        for more in [&["-j1"][..], &["-j3", "--window", "64"], &["-j2", "--window", "1000", "--io", "read"]] {
            let out = place.rowmill().args(["in.csv", "--nul", what]).args(more).with_stats().out();
            out.expect_status(0);
            assert_eq!(head(&out.stdout), expected, "{what} {more:?}");
            assert_eq!(out.stdout, whole, "{what} {more:?}");
            assert_eq!(out.stat("nuls"), n, "{what} {more:?}");
            let told = out.stderr.contains("7 NULs dropped or replaced (--nul)");
            assert_eq!(told, n > 0, "{}", out.stderr);
        }
    }
}

/// An escape may stand for one, text of another encoding may have one, and rules may show one.
#[test]
fn a_nul_is_found_however_it_is_written() {
    let place = Place::new();
    place.write("dump", "a\\0b\tc\n");
    let args = ["-q", "dump", "--dialect", "mysql", "--header", "x,y", "--nul"];
    place.rowmill().args(args).arg("drop").out().expect_stdout("{\"x\":\"ab\",\"y\":\"c\"}\n");
    place.rowmill().args(args).arg("keep").out().expect_stdout("{\"x\":\"a\\u0000b\",\"y\":\"c\"}\n");
    let utf16: Vec<u8> = "x,y\na\0b,c\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    place.write("wide", utf16);
    let args = ["-q", "wide", "--encoding", "utf-16le", "--nul", "replace"];
    place.rowmill().args(args).out().expect_stdout("{\"x\":\"a\u{fffd}b\",\"y\":\"c\"}\n");
    place.write("in.csv", "mail,n\na\0da@x\0.org,5\n");
    let args = ["-q", "in.csv", "--mask", "mail", "--type", "n=int", "--nul", "drop"];
    place.rowmill().args(args).out().expect_stdout("{\"mail\":\"a***@x.org\",\"n\":5}\n");
}
