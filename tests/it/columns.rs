//! Columns that are not in the file, and names as warehouses take them.

use crate::harness::Place;
use crate::worker::{joined, plan};

#[test]
fn a_column_is_added_to_each_record() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1,2\n\"x\"\"y\"\n3,4,5\n,\n");
    let run = |args: &[&str]| place.rowmill().args(["-q", "in.csv"]).args(args).out();
    run(&["--add", "source=crm", "--add", "batch:int=007", "--with", "file"]).expect_status(0).expect_stdout(
        "{\"a\":\"1\",\"b\":\"2\",\"source\":\"crm\",\"batch\":7,\"file\":\"in.csv\"}\n\
         {\"a\":\"x\\\"y\",\"source\":\"crm\",\"batch\":7,\"file\":\"in.csv\"}\n\
         {\"a\":\"3\",\"b\":\"4\",\"source\":\"crm\",\"batch\":7,\"file\":\"in.csv\",\"_extra\":[\"5\"]}\n\
         {\"a\":\"\",\"b\":\"\",\"source\":\"crm\",\"batch\":7,\"file\":\"in.csv\"}\n",
    );
    let with =
        ["--add", "s=\u{e9}\"", "--add", "d:date(%d.%m.%Y)=05.03.2026", "--empty", "omit", "--limit", "4"];
    run(&with).expect_status(0).expect_stdout(
        "{\"a\":\"1\",\"b\":\"2\",\"s\":\"\u{e9}\\\"\",\"d\":\"2026-03-05\"}\n\
         {\"a\":\"x\\\"y\",\"s\":\"\u{e9}\\\"\",\"d\":\"2026-03-05\"}\n\
         {\"a\":\"3\",\"b\":\"4\",\"s\":\"\u{e9}\\\"\",\"d\":\"2026-03-05\",\"_extra\":[\"5\"]}\n\
         {\"s\":\"\u{e9}\\\"\",\"d\":\"2026-03-05\"}\n",
    );
    let placed = ["--add", "x=1", "--add", "y=2", "--select", "b,x,a", "--limit", "1", "--format", "rows"];
    run(&placed).expect_status(0).expect_stdout("[\"b\",\"x\",\"a\",\"y\"]\n[\"2\",\"1\",\"1\",\"2\"]\n");
    let nested = ["--add", "m.x:bool=yes", "--rename", "a=m.a", "--nest", "--limit", "1"];
    run(&nested).expect_status(0).expect_stdout("{\"m\":{\"a\":\"1\",\"x\":true},\"b\":\"2\"}\n");
    let add = "--add: there is a column 'a' already; drop or rename it";
    run(&["--add", "a=1"]).expect_refusal(2, add);
    run(&["--add", "a=1", "--select", "a"]).expect_refusal(2, add);
    run(&["--with", "a=byte"]).expect_refusal(2, "--with: there is a column 'a' already");
    run(&["--add", "n:int=x"]).expect_refusal(2, "--add: n: 'x' is no int");
    run(&["--add", "n:integer=7"]).expect_refusal(2, "--add: no type is named 'integer'; there are int");
    run(&["--add", "n"]).expect_refusal(2, "--add takes NAME=TEXT or NAME:TYPE=TEXT, not 'n'");
    run(&["--with", "line"]).expect_refusal(2, "--with takes file, byte, NAME=file or NAME=byte, not 'line'");
}

/// Each input has its own name, and inputs that lack a column have it all the same.
#[test]
fn several_inputs_have_what_is_added() {
    let place = Place::new();
    place.write("a.csv", "x,y\n1,2\n");
    place.write("b.csv", "x,z\n3,4\n");
    let args = ["-q", "a.csv", "b.csv", "--with", "source=file", "--add", "k=v"];
    place.rowmill().args(args).out().expect_status(0).expect_stdout(
        "{\"x\":\"1\",\"y\":\"2\",\"k\":\"v\",\"source\":\"a.csv\"}\n\
         {\"x\":\"3\",\"z\":\"4\",\"k\":\"v\",\"source\":\"b.csv\"}\n",
    );
    place.rowmill().args(args).arg("--fill").out().expect_status(0).expect_stdout(
        "{\"x\":\"1\",\"y\":\"2\",\"z\":null,\"k\":\"v\",\"source\":\"a.csv\"}\n\
         {\"x\":\"3\",\"y\":null,\"z\":\"4\",\"k\":\"v\",\"source\":\"b.csv\"}\n",
    );
}

/// The workers of a plan have the input by another path, and write what one run writes.
#[test]
fn parts_have_the_name_that_was_typed() {
    let place = Place::new();
    place.write("in.csv", "a,b\n1,2\n3,4\n5,6\n".repeat(50));
    let args = ["--with", "file", "--add", "k:int=1", "--names", "safe"];
    let whole = place.rowmill().args(["-q", "in.csv"]).args(args).out().stdout;
    let lines = plan(&place, &[&["plan", "--ranges", "4"][..], &args].concat());
    place.rowmill().args(["worker", "-q", "plan.jsonl", "-o", "parts"]).out().expect_status(0);
    assert_eq!(joined(&place, lines.len()), whole);
}

#[test]
fn names_are_spelled_as_asked() {
    let place = Place::new();
    place.write("in.csv", "Order ID,OrderId,order_id,Größe,2024,%\n1,2,3,4,5,6\n");
    let run = |args: &[&str]| place.rowmill().args(["-q", "in.csv"]).args(args).out();
    run(&["--names", "safe"]).expect_status(0).expect_stdout(
        "{\"order_id\":\"1\",\"order_id_2\":\"2\",\"order_id_3\":\"3\",\"grosse\":\"4\",\"_2024\":\"5\",\
         \"column_6\":\"6\"}\n",
    );
    run(&["--names", "lower", "--drop", "OrderId,%"])
        .expect_status(0)
        .expect_stdout("{\"order id\":\"1\",\"order_id\":\"3\",\"größe\":\"4\",\"2024\":\"5\"}\n");
    // What is given stays, and what is asked for goes by the names in the file.
    let given = ["--names", "snake", "--rename", "Order ID=ID", "--select", "Order ID,Größe"];
    run(&given).expect_status(0).expect_stdout("{\"ID\":\"1\",\"größe\":\"4\"}\n");
    let clash = ["--names", "snake", "--rename", "Größe=order_id"];
    run(&clash).expect_refusal(2, "--rename: two columns would be named 'order_id'");
}

/// Names that become the same in different inputs are one column; in one input they are two, and
/// none is lost.
#[test]
fn no_column_is_lost_where_inputs_are_filled() {
    let place = Place::new();
    place.write("a.csv", "Name,x\n1,2\n");
    place.write("b.csv", "name\n3\n");
    place.write("c.csv", "name,NAME\n4,5\n");
    let run = |inputs: &[&str]| {
        place.rowmill().args(["-q", "--names", "lower", "--fill", "-o", "out"]).args(inputs).out()
    };
    run(&["a.csv", "b.csv"]).expect_status(0);
    assert_eq!(place.read("out"), b"{\"name\":\"1\",\"x\":\"2\"}\n{\"name\":\"3\",\"x\":null}\n");
    run(&["a.csv", "c.csv"]).expect_refusal(2, "column 'name_2' has the same name as another; rename it");
}

#[test]
fn names_may_come_from_a_file() {
    let place = Place::new();
    place.write("in.csv", "a,b,c\n1,2,3\n");
    place.write("names", "\u{feff}a=x\n\n\"b\" = \"y=z\"\n");
    place.write("names.json", "{\"a\": \"x\", \"b\": \"y=z\"}");
    for names in ["names", "names.json"] {
        let args = ["-q", "in.csv", "--rename-from", names, "--rename", "c=d"];
        let out = place.rowmill().args(args).out();
        out.expect_status(0).expect_stdout("{\"x\":\"1\",\"y=z\":\"2\",\"d\":\"3\"}\n");
    }
    place.write("wrong", "a\n");
    let run = |names: &str| place.rowmill().args(["in.csv", "--rename-from", names, "-o", "names"]).out();
    run("wrong").expect_refusal(2, "--rename-from takes lines OLD=NEW or an object of JSON; wrong has 'a'");
    run("none").expect_refusal(1, "none: cannot read");
    run("names").expect_refusal(1, "the output is the input");
    assert_eq!(place.read("names"), "\u{feff}a=x\n\n\"b\" = \"y=z\"\n".as_bytes());
}
