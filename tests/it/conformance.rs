//! Cases that no one here wrote: csv-spectrum, rust-csv's csv-core tables and CPython's test_csv.
//!
//! Each is run; those that rowmill does not hold are listed with the reason. A listed case that
//! does hold fails too, so the list can neither grow stale nor hide anything. What a dialect of the
//! cases is called on the command line stands in [`Case::args`] alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::harness::{Output, Place, fixtures, isas};

/// What is not held, and why. All are CPython's; csv-spectrum and csv-core hold whole.
const NOT_HELD: &[(&str, &str)] = &[
    ("comment_3", TWO_MEANINGS),
    ("quote_delimiter", TWO_MEANINGS),
    ("Test_Csv.test_read_eof#27", "an escape as the last byte stands for itself; CPython makes it a newline"),
    ("Test_Csv.test_read_eof#30", "the same under strict: rowmill has no such anomaly"),
    ("Test_Csv.test_read_quoting#56", TYPED),
    ("Test_Csv.test_read_quoting#57", NULL),
    ("Test_Csv.test_read_quoting#58", NULL),
    ("Test_Csv.test_read_quoting#61", NULL),
    ("Test_Csv.test_read_quoting#62", NULL),
    ("Test_Csv.test_read_quoting#64", TYPED),
    ("Test_Csv.test_read_quoting#65", TYPED),
    ("Test_Csv.test_read_quoting#68", TYPED),
    ("Test_Csv.test_read_quoting#69", TYPED),
    (
        "Test_Csv.test_read_skipinitialspace#70",
        "CPython drops spaces before a field alone; rowmill's trimming takes the tab as well",
    ),
    ("Test_Csv.test_read_skipinitialspace#72", NULL),
    ("Test_Csv.test_read_skipinitialspace#73", NULL),
    (
        "Test_Csv.test_read_space_delimiter#75",
        "with a space for the delimiter CPython's skipinitialspace joins delimiters",
    ),
];
const TWO_MEANINGS: &str = "a byte with two meanings is refused: nobody means it";
const TYPED: &str = "unquoted fields become numbers, or an error: every value of rowmill is a string";
const NULL: &str = "unquoted empty fields become None: every value of rowmill is a string";

/// What the case's own source says and the extraction lost.
const LOST: &[(&str, &[&str])] = &[
    // test_csv.py gives it quotechar=None.
    ("Test_Csv.test_read_quoting#54", &["--quote", "none"]),
];

struct Case {
    source: String,
    name: String,
    csv: Vec<u8>,
    dialect: BTreeMap<String, Value>,
    rows: Option<Vec<Vec<Value>>>,
    objects: Option<Vec<Value>>,
    error: bool,
}

impl Case {
    fn load(line: &str) -> Case {
        let case: Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |key: &str| case[key].as_str().expect("a string").to_owned();
        let taken = |key: &str| case.get(key).cloned();
        Case {
            source: text("source"),
            name: text("name"),
            csv: BASE64.decode(text("csv_base64")).expect("base64"),
            dialect: serde_json::from_value(case["dialect"].clone()).expect("an object"),
            rows: taken("expected_rows").map(|v| serde_json::from_value(v).expect("rows")),
            objects: taken("expected_objects").map(|v| serde_json::from_value(v).expect("objects")),
            error: case.get("expect_error").is_some(),
        }
    }

    /// The case's dialect as rowmill's options. A dialect word that is not known here is an error,
    /// so that none is passed over.
    fn args(&self) -> Vec<String> {
        let mut args = Vec::new();
        let mut trim = "none";
        for (key, value) in &self.dialect {
            let on = value.as_bool().unwrap_or(*value != 0);
            match (key.as_str(), value.as_str()) {
                ("delimiter", Some(byte)) => args.extend(["-d".into(), one_byte(byte)]),
                ("newline", Some(byte)) => args.extend(["--terminator".into(), one_byte(byte)]),
                ("quote", Some(byte)) => args.extend(["--quote".into(), one_byte(byte)]),
                ("escape", Some(byte)) => args.extend(["--escape".into(), one_byte(byte)]),
                ("comment", Some(byte)) => args.extend(["--comment".into(), one_byte(byte)]),
                ("double_quote", None) if on => {}
                ("double_quote", None) => args.push("--no-double-quote".into()),
                ("quoting", None) if on => {}
                ("quoting", None | Some("QUOTE_NONE")) => {
                    args.extend(["--quote".into(), "none".into()]);
                }
                // How values are typed, or written: they are all strings to rowmill.
                ("quoting", Some(_)) => {}
                ("header", None) if on => {}
                ("header", None) => args.push("--no-header".into()),
                ("trim_left", None) => trim = if on { "all" } else { "none" },
                ("strict", None) => args.push("--strict".into()),
                _ => panic!("{}: what is {key} = {value}?", self.name),
            }
        }
        if let Some((_, lost)) = LOST.iter().find(|(name, _)| *name == self.name) {
            // Quotes named twice would be a usage error.
            assert!(!args.contains(&"--quote".to_owned()));
            args.extend(lost.iter().map(|arg| arg.to_string()));
        }
        args.extend(["--trim".into(), trim.into()]);
        args
    }

    fn judge(&self, output: &Output) -> Result<(), String> {
        if self.error {
            return output.status_is(1);
        }
        output.status_is(0)?;
        let lines: Vec<Value> = output
            .stdout
            .split_inclusive(|&b| b == b'\n')
            .map(|line| serde_json::from_slice(line).expect("a line of JSON"))
            .collect();
        let (expected, got) = match (&self.objects, &self.rows) {
            (Some(objects), _) => (Value::from(objects.clone()), Value::from(lines)),
            (None, Some(rows)) => {
                // CPython keeps a blank line as an empty row; rowmill, as csv-core, skips it.
                let rows = rows.iter().filter(|row| !row.is_empty());
                let got = lines.iter().map(|line| Value::from(row_of(line)));
                (rows.cloned().map(Value::from).collect(), got.collect())
            }
            (None, None) => panic!("{} expects nothing", self.name),
        };
        if expected == got {
            return Ok(());
        }
        let expected = format!("{expected}\nfrom:     {}", self.csv.escape_ascii());
        Err(output.tell("rows", &expected, &got.to_string()))
    }
}

fn one_byte(text: &str) -> String {
    let [byte] = text.as_bytes() else {
        panic!("{text:?} is not one byte");
    };
    format!("\\x{byte:02x}")
}

/// An object under `--no-header` as the row it came from.
fn row_of(line: &Value) -> Vec<Value> {
    let named = (1..).map_while(|n| line.get(format!("column_{n}")));
    let extra = line.get("_extra").and_then(Value::as_array);
    let row: Vec<Value> = named.chain(extra.into_iter().flatten()).cloned().collect();
    let members = line.as_object().expect("an object").len();
    let read = row.len() - extra.map_or(0, Vec::len) + usize::from(extra.is_some());
    assert_eq!(members, read, "a key that is no column of {line}");
    row
}

#[test]
fn all_hold_but_those_listed() {
    let text = fs::read_to_string(fixtures().join("conformance/cases.jsonl")).unwrap();
    let cases: Vec<Case> = text.lines().map(Case::load).collect();
    let place = Place::new();
    let (mut told, mut failed) = (Vec::new(), BTreeSet::new());
    for case in &cases {
        let input = place.write("case.csv", &case.csv);
        let whole: &[&str] = &["-j", "1"];
        for (isa, how) in isas().iter().flat_map(|isa| [(isa, whole), (isa, &["-j", "2", "--window", "64"])])
        {
            let run = place.rowmill().env("ROWMILL_ISA", isa).args(how);
            let output = run.args(case.args()).arg(&input).out();
            if let Err(what) = case.judge(&output) {
                let listed = NOT_HELD.iter().any(|(name, _)| *name == case.name);
                let first = failed.insert(case.name.clone());
                if first && !listed {
                    told.push(format!("{} {}: {what}", case.source, case.name));
                }
            }
        }
    }
    for (name, reason) in NOT_HELD {
        if !failed.contains(*name) {
            told.push(format!("{name} holds, yet is listed: {reason}"));
        }
    }
    assert!(told.is_empty(), "{}\n", told.join("\n\n"));

    let count = |source: &str| cases.iter().filter(|c| c.source == source).count();
    let counts = ["csv-spectrum", "rust-csv/csv-core", "cpython"].map(count);
    assert_eq!(counts, [11, 63, 76], "the cases of each source");
}
