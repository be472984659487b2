//! Text that PostgreSQL and MariaDB themselves write: every value comes out as it went in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{AtEnd, Place, Run, has, skipped};
use crate::postgres::Server;

/// Values that a format may stumble over; `None` is null.
fn values() -> Vec<Option<String>> {
    let mut values = vec![None, Some(String::new())];
    for byte in 1..128_u8 {
        let one = char::from(byte);
        values.extend([one.to_string(), format!("a{one}b"), format!("{one}{one}1x")].map(Some));
    }
    let words = [
        r"\N",
        r"\.",
        r"\",
        r"\\",
        r"\n",
        r"\x41",
        r"\101",
        r"a\",
        "NULL",
        "null",
        "\"",
        "\"\"",
        "\"a\"",
        "'",
        "a\"b,c;d\te|f",
        "  a  ",
        "\r\n",
        "\n\n",
        "é",
        "日本語",
        "😀",
        "\u{a0}",
        "\u{feff}",
        "\\é\\",
        "0",
    ];
    values.extend(words.map(|word| Some(word.to_owned())));
    values.push(Some("x\t\\\n\"y".repeat(40)));
    values
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The records that rowmill makes of a file are these values, numbered from 0, each between two
/// other columns.
fn hold(path: &Path, args: &[&str], values: &[Option<String>]) {
    let run = Run::rowmill().args(args).args(["--strict", "-q", "--header", "n,value,more"]).arg(path);
    let output = run.out();
    output.expect_status(0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), values.len(), "{args:?}");
    for (n, (line, value)) in text.lines().zip(values).enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        let expected = value.as_deref().map_or(Value::Null, Value::from);
        assert_eq!(record["value"], expected, "{args:?}: {line}");
        assert_eq!((&record["n"], &record["more"]), (&Value::from(n.to_string()), &Value::from("more")));
    }
}

#[test]
fn what_postgres_copies_comes_out_as_it_went_in() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    server.sql("create table t (n int, value text, more text)");
    let values = values();
    let rows = values.iter().enumerate().map(|(n, value)| {
        let value = value.as_deref().map_or("null".to_owned(), |value| format!("'{}'", hexadecimal(value)));
        format!("({n}, {value})")
    });
    let rows: Vec<String> = rows.collect();
    server.sql(&format!(
        "insert into t select n, convert_from(decode(hex, 'hex'), 'UTF8'), 'more' from (values {}) as v (n, hex)",
        rows.join(", ")
    ));
    for (how, args) in [
        ("", &["--dialect", "postgres"][..]),
        (", delimiter ',', null ''", &["--dialect", "postgres", "-d", ",", "--null", ""]),
        (", delimiter '|', null 'NULL'", &["--dialect", "postgres", "-d", "pipe", "--null", "NULL"]),
    ] {
        // Under these null and a value are the same to the server itself.
        let values: Vec<_> = values
            .iter()
            .map(|value| match value.as_deref() {
                Some("") if how.contains("null ''") => None,
                Some("NULL") if how.contains("'NULL'") => None,
                _ => value.clone(),
            })
            .collect();
        let path = server.dir().join("copied");
        server.sql(&format!(
            "copy (select * from t order by n) to '{}' with (format text{how})",
            path.display()
        ));
        hold(&path, args, &values);
    }
}

/// What the server never writes, but reads: numbers, letters without a meaning, the mark of the
/// end.
#[test]
fn what_postgres_reads_is_what_comes_out() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    server.sql("create table t (n serial, value text)");
    let texts = [
        r"\x41\x4a4\x4g\xg\x",
        r"\101\1012\60\8\9\7\77z",
        r"\303\251\xe2\x82\xac",
        r"\b\f\n\r\t\v",
        r"\a\c\Z\q\-\ ",
        r"a\\n\\\n",
        r"\N\N",
        r" \N",
        r"x\N",
        r"\N",
    ];
    let path = server.dir().join("typed");
    fs::write(&path, texts.map(|text| format!("{text}\n")).concat() + "\\.\n").unwrap();
    server.sql(&format!("copy t (value) from '{}'", path.display()));
    let hex = "select coalesce(encode(convert_to(value, 'UTF8'), 'hex'), 'null') from t order by n";
    let read: Vec<String> = server.sql(hex).lines().map(str::to_owned).collect();
    let run =
        Run::rowmill().args(["--dialect", "postgres", "--header", "value", "-q", "--strict"]).arg(&path);
    let output = run.out();
    output.expect_status(0);
    let ours: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["value"].as_str().map(hexadecimal))
        .map(|value| value.unwrap_or_else(|| "null".to_owned()))
        .collect();
    assert_eq!(ours, read);
}

/// MariaDB with a database of its own, gone with this, or with this process.
struct MariaDb {
    dir: PathBuf,
    _stop: AtEnd,
}

const STOP: &str = r#"
    server=$(cat "$1/pid") && [ "$server" -gt 1 ] || exit 0
    kill -TERM "$server"
    for i in $(seq 100); do kill -0 "$server" || exit 0; sleep 0.1; done
    kill -KILL "$server"
"#;

impl MariaDb {
    fn start(place: &Place) -> Option<MariaDb> {
        let what = "MariaDB";
        if !has("mariadbd", what) || !has("mariadb", what) {
            return None;
        }
        // A path to a socket has a hundred bytes at the most.
        let dir = place.path("m");
        fs::create_dir(&dir).unwrap();
        let data = dir.join("data");
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = format!("--user={}", String::from_utf8_lossy(&user.stdout).trim());
        let log =
            || Stdio::from(fs::File::options().create(true).append(true).open(dir.join("log")).unwrap());
        let installed = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", &user])
            .arg(format!("--datadir={}", data.display()))
            .stdout(log())
            .stderr(log())
            .status();
        if !installed.is_ok_and(|status| status.success()) {
            let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
            skipped(&format!("{what}: mariadb-install-db fails: {}", log.lines().last().unwrap_or_default()));
            return None;
        }
        let child = Command::new("mariadbd")
            .args(["--no-defaults", "--skip-networking", "--secure-file-priv=", &user])
            .args(["--innodb-buffer-pool-size=8M", "--character-set-server=utf8mb4"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", dir.join("s").display()))
            .arg(format!("--pid-file={}", data.join("own-pid").display()))
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn()
            .unwrap();
        fs::write(dir.join("pid"), child.id().to_string()).unwrap();
        let server = MariaDb { _stop: AtEnd::new(STOP, &dir), dir };
        // It is waited for, so that it is gone when it ends.
        thread::spawn(move || { child }.wait());
        let begun = Instant::now();
        while !server.client("select 1").stderr(Stdio::null()).status().unwrap().success() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not start");
            thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn client(&self, sql: &str) -> Command {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--default-character-set=utf8mb4", "-u", "root", "-B"]);
        command.arg(format!("--socket={}", self.dir.join("s").display())).args(["-e", sql]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    fn sql(&self, sql: &str) -> Vec<u8> {
        let output = self.client(sql).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

#[test]
fn what_mariadb_writes_comes_out_as_it_went_in() {
    let place = Place::new();
    let Some(server) = MariaDb::start(&place) else { return };
    let mut values = values();
    values.extend(["\0", "a\0b", "\0\0"].map(|text| Some(text.to_owned())));
    let rows: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(n, value)| match value.as_deref() {
            None => format!("({n}, null, 'more')"),
            Some(value) => format!("({n}, x'{}', 'more')", hexadecimal(value)),
        })
        .collect();
    server.sql(&format!(
        "create database d; use d; create table t (n int, value text, more text) character set utf8mb4; insert into t values {}",
        rows.join(", ")
    ));
    for (i, (how, args)) in [
        ("", &["--dialect", "mysql"][..]),
        (
            "fields terminated by ';' enclosed by '\"'",
            &["--dialect", "mysql", "-d", "semicolon", "--quote", "\""],
        ),
        (
            "fields terminated by ',' optionally enclosed by ''''",
            &["--dialect", "mysql", "-d", ",", "--quote", "'"],
        ),
        (
            "fields terminated by '|' escaped by '^'",
            &["--dialect", "mysql", "-d", "|", "--escape", "^", "--null", "^N"],
        ),
        ("lines terminated by '\\0'", &["--dialect", "mysql", "--terminator", "\\0"]),
    ]
    .into_iter()
    .enumerate()
    {
        let path = server.dir.join(format!("written{i}"));
        server.sql(&format!(
            "select * from d.t order by n into outfile '{}' character set utf8mb4 {how}",
            path.display()
        ));
        hold(&path, args, &values);
    }
    // What its client prints for programs, under the names of the columns.
    let printed = place.write(
        "printed",
        server.sql("select * from d.t where binary value <> 'NULL' or value is null order by n"),
    );
    let output =
        Run::rowmill().args(["--dialect", "mysql", "--null", "NULL", "-q", "--strict"]).arg(&printed).out();
    output.expect_status(0);
    let text = String::from_utf8(output.stdout).unwrap();
    let shown: Vec<_> = values.iter().filter(|value| value.as_deref() != Some("NULL")).collect();
    assert_eq!(text.lines().count(), shown.len());
    for (line, value) in text.lines().zip(shown) {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["value"], value.as_deref().map_or(Value::Null, Value::from), "{line}");
    }
}
