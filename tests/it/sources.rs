//! Where the bytes come from makes no difference: FIFOs, devices, `/proc`, a redirected file.

use crate::harness::Place;

#[test]
fn odd_sources_give_the_same() {
    let place = Place::new();
    place.write("in.csv", "id,email\n1,ada@example.org\n");
    let line = "{\"id\":\"1\",\"email\":\"ada@example.org\"}\n";
    place.shell("mkfifo fifo; cat in.csv > fifo & $ROWMILL -q fifo").out().expect_stdout(line);
    place.shell("$ROWMILL -q < in.csv").out().expect_status(0).expect_stdout(line);
    place.shell("$ROWMILL -q /dev/null").out().expect_status(0).expect_stdout("");
    place.shell("$ROWMILL -q /dev/fd/7 7< in.csv").out().expect_status(0).expect_stdout(line);
    place.shell("$ROWMILL -q in.csv - < in.csv").out().expect_status(0).expect_stdout(line.repeat(2));
}

#[test]
fn size_zero_is_no_proof_of_emptiness() {
    let place = Place::new();
    let output = place.shell("$ROWMILL -q -d ' ' --no-header --limit 1 /proc/self/maps").out();
    assert!(output.expect_status(0).stdout.starts_with(b"{\"column_1\":\""));
}
