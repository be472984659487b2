//! What becomes of the output's name: mode and owner stay, links stay links, a FIFO is written
//! straight.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::thread;

use crate::harness::{Case, EARLIER, INPUT, Place, RESULT, skipped};

#[test]
fn a_replaced_file_keeps_its_mode_and_owner() {
    let case = Case::new();
    let path = case.place.path("out.jsonl");
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        chown(&path, Some(1234), Some(5678)).unwrap();
    } else {
        skipped("the owner of a replaced file: takes root");
    }
    let before = fs::metadata(&path).unwrap();
    case.run(["-q", "in.csv", "-o", "out.jsonl"]).expect_status(0);
    let after = fs::metadata(&path).unwrap();
    assert_eq!(case.place.read("out.jsonl"), RESULT.as_bytes());
    assert_eq!(after.mode(), before.mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert_eq!(case.place.names(), case.before);
}

#[test]
fn a_new_file_goes_by_the_umask() {
    let case = Case::new();
    case.place.shell("umask 027; exec \"$ROWMILL\" -q in.csv -o new.jsonl").out().expect_status(0);
    assert_eq!(fs::metadata(case.place.path("new.jsonl")).unwrap().mode() & 0o7777, 0o640);
}

#[test]
fn a_link_stays_a_link_and_its_file_is_replaced() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    fs::create_dir(place.path("elsewhere")).unwrap();
    place.write("elsewhere/out.jsonl", EARLIER);
    symlink("elsewhere/out.jsonl", place.path("link")).unwrap();
    symlink("link", place.path("link to link")).unwrap();
    symlink("elsewhere/not yet", place.path("dangling")).unwrap();
    for (name, file) in [
        ("link", "elsewhere/out.jsonl"),
        ("link to link", "elsewhere/out.jsonl"),
        ("dangling", "elsewhere/not yet"),
    ] {
        place.rowmill().args(["-q", "in.csv", "-o", name]).out().expect_status(0);
        assert!(fs::symlink_metadata(place.path(name)).unwrap().is_symlink(), "{name}");
        assert!(fs::symlink_metadata(place.path(file)).unwrap().is_file(), "{file}");
        assert_eq!(place.read(file), RESULT.as_bytes(), "{name}");
        place.write(file, EARLIER);
    }
    let mut names: Vec<_> =
        fs::read_dir(place.path("elsewhere")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["not yet", "out.jsonl"]);
}

#[test]
fn a_fifo_is_written_straight_and_stays_a_fifo() {
    let case = Case::new();
    let fifo = case.place.fifo("fifo");
    let reader = thread::spawn({
        let fifo = fifo.clone();
        move || fs::read(fifo).unwrap()
    });
    case.run(["-q", "in.csv", "-o", "fifo"]).expect_status(0);
    assert_eq!(reader.join().unwrap(), RESULT.as_bytes());
    assert!(fs::symlink_metadata(fifo).unwrap().file_type().is_fifo());
}

#[test]
fn dev_stdout_adds_to_what_is_there() {
    let case = Case::new();
    case.run(["-q", "in.csv", "-o", "/dev/stdout"]).expect_status(0).expect_stdout(RESULT);
    case.run(["-q", "in.csv", "-o", "-"]).expect_status(0).expect_stdout(RESULT);
    for (name, how) in
        [("/dev/stdout", "> new.jsonl"), ("/dev/stdout", ">> new.jsonl"), ("/dev/fd/1", "> new.jsonl")]
    {
        let script = format!("{{ echo before; \"$ROWMILL\" -q in.csv -o {name}; echo after; }} {how}");
        case.place.shell(&script).out().expect_status(0);
        assert_eq!(case.place.read("new.jsonl"), format!("before\n{RESULT}after\n").as_bytes(), "{script}");
        fs::remove_file(case.place.path("new.jsonl")).unwrap();
    }
}
