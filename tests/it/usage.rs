//! Bad use and bad luck: each ends with one clear line and the right exit status, with what stood
//! under the output's name as it was and nothing left behind.
//!
//! 2 is for what can be told from the command line alone, 1 for all else. What the program may not
//! touch is looked at after each run ([`Case::expect_untouched`]). A test of a right that this user
//! may lack says "skipped"; `ROWMILL_NO_SKIP=1` makes that a failure.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::harness::{Case, EARLIER, INPUT, Place, RESULT, Run, fixtures, skipped};

// Inputs.

#[test]
fn a_missing_input_is_named() {
    let case = Case::new();
    case.refused(1, "no.csv: cannot open: No such file or directory", ["no.csv", "-o", "out.jsonl"]);
    case.refused(1, "no.csv: cannot open", ["in.csv", "no.csv", "-o", "out.jsonl"]);
}

#[test]
fn a_directory_or_a_socket_is_no_input() {
    let place = Place::new();
    fs::create_dir(place.path("folder")).unwrap();
    let _socket = UnixListener::bind(place.path("socket")).unwrap();
    let case = {
        place.write("in.csv", INPUT);
        place.write("out.jsonl", EARLIER);
        Case::of(place)
    };
    case.refused(1, "folder: is a directory", ["folder", "-o", "out.jsonl"]);
    case.refused(1, "socket: is a socket", ["socket", "-o", "out.jsonl"]);
    let from_folder = case.place.shell("\"$ROWMILL\" -o out.jsonl < folder").out();
    case.is_refusal(&from_folder, 1, "stdin: is a directory");
}

#[test]
fn an_input_that_may_not_be_read_is_named() {
    let case = Case::new();
    fs::set_permissions(case.place.path("in.csv"), Permissions::from_mode(0o000)).unwrap();
    let Some(run) = as_nobody(&case.place) else { return };
    let output = run.args(["in.csv", "-o", "-"]).out();
    fs::set_permissions(case.place.path("in.csv"), Permissions::from_mode(0o644)).unwrap();
    case.is_refusal(&output, 1, "in.csv: cannot open: Permission denied");
}

#[test]
fn standard_input_is_read_once() {
    Case::new().refused(2, "'-' is named twice", ["-", "-", "-o", "out.jsonl"]);
}

// The command line.

#[test]
fn an_unknown_column_suggests_the_nearest() {
    let case = Case::new();
    let wanted = "no column is named 'emial'; did you mean 'email'?";
    for flag in ["--select", "--drop", "--mask"] {
        case.refused(1, wanted, ["in.csv", flag, "emial", "-o", "out.jsonl"]);
    }
    case.refused(1, wanted, ["in.csv", "--rename", "emial=e", "-o", "out.jsonl"]);
    case.refused(
        1,
        "no column is named 'quite_another'",
        ["in.csv", "--select", "quite_another", "-o", "out.jsonl"],
    );
}

#[test]
fn columns_that_would_be_one_are_told() {
    let case = Case::new();
    case.refused(
        2,
        "two columns would be named 'email'",
        ["in.csv", "--rename", "name=email", "-o", "out.jsonl"],
    );
    case.refused(2, "named twice", ["in.csv", "--select", "name,name", "-o", "out.jsonl"]);
    case.refused(2, "leave no column", ["in.csv", "--drop", "name,email", "-o", "out.jsonl"]);
}

#[test]
fn help_and_version_are_answers() {
    let help = Run::rowmill().arg("--help").out();
    help.expect_status(0);
    assert!(help.stderr.is_empty() && help.stdout.starts_with(b"Turn "), "{}", help.stderr);
    let version = format!("rowmill {}\n", env!("CARGO_PKG_VERSION"));
    Run::rowmill().arg("--version").out().expect_status(0).expect_stdout(version);
}

#[test]
fn what_separates_is_some_bytes() {
    let case = Case::new();
    for flag in ["-d", "--delimiter", "--quote", "--terminator", "--comment"] {
        case.refused(2, "takes bytes", ["in.csv", flag, "", "-o", "out.jsonl"]);
        case.refused(2, "takes 1 to 16 bytes", ["in.csv", flag, "12345678901234567", "-o", "out.jsonl"]);
    }
    for typed in ["ab", "§", ""] {
        case.refused(2, "takes one byte", ["in.csv", "--escape", typed, "-o", "out.jsonl"]);
    }
    for [one, a, two, b] in
        [["-d", "||", "--quote", "|"], ["-d", "a|", "--terminator", "a|"], ["-d", "||", "--quote", "\\x1f"]]
    {
        case.refused(2, "", ["in.csv", "-o", "out.jsonl", one, a, two, b]);
    }
}

#[test]
fn numbers_and_sizes_that_make_no_sense_are_wrong_usage() {
    let case = Case::new();
    for (flag, value) in [
        ("-j", "0"),
        ("-j", "two"),
        ("--threads", "-1"),
        ("--limit", "-1"),
        ("--limit", "1e3"),
        ("--skip-lines", "x"),
        ("--memory", "lots"),
        ("--memory", "15M"),
        ("--memory", "99999999999T"),
        ("--max-record", "0"),
        ("--max-record", "60M"),
        ("--window", "0"),
        ("--window", "-5"),
        ("--trim", "some"),
        ("--io", "uring"),
        ("--mask", "email:rot13"),
        ("--rename", "email"),
        ("--rename", "email="),
    ] {
        let output = case.run(["in.csv", flag, value, "-o", "out.jsonl"]);
        case.is_refusal(&output, 2, "rowmill: ");
        // It names the flag, or the value that it doesn't take.
        let named = output.stderr.contains(flag.trim_start_matches('-')) || output.stderr.contains(value);
        assert!(named, "{flag} {value}: {}", output.stderr);
    }
    let output = case.place.rowmill().env("ROWMILL_ISA", "z80").args(["in.csv", "-o", "out.jsonl"]).out();
    case.is_refusal(&output, 2, "no instruction set is named 'z80'");
}

/// Half where a value may have to be held in one piece beside its record, less where it is decoded.
#[test]
fn the_longest_record_that_fits_is_told_by_what_is_asked_of_values() {
    let case = Case::new();
    let leaves = |args: &[&str]| -> u64 {
        let output =
            case.place.rowmill().args(["in.csv", "--max-record", "60M", "-o", "out.jsonl"]).args(args).out();
        case.is_refusal(&output, 2, "does not fit --memory, which leaves ");
        let (_, left) = output.stderr.split_once("which leaves ").unwrap();
        left.split(' ').next().unwrap().parse().unwrap()
    };
    let plain = leaves(&[]);
    for args in [["--mask", "email:redact"], ["--type", "email=json"], ["--split", "email=;"]] {
        let left = leaves(&args);
        assert!((plain * 4 / 10..=plain / 2).contains(&left), "{args:?}: {left} of {plain}");
    }
    assert!(leaves(&["--mask", "email:redact", "--encoding", "latin1"]) <= plain / 4);
}

#[test]
fn an_unknown_flag_suggests_the_nearest() {
    let case = Case::new();
    case.refused(
        2,
        "there is no --delimeter; did you mean --delimiter?",
        ["in.csv", "--delimeter", ";", "-o", "out.jsonl"],
    );
    case.refused(
        2,
        "there is no --memry; did you mean --memory?",
        ["in.csv", "--memry", "16M", "-o", "out.jsonl"],
    );
    case.refused(2, "there is no --frobnicate", ["in.csv", "--frobnicate", "-o", "out.jsonl"]);
    case.refused(2, "--output", ["in.csv", "-o"]);
}

#[test]
fn flags_that_exclude_each_other_are_told() {
    let case = Case::new();
    case.refused(2, "--check", ["in.csv", "--check", "-o", "out.jsonl"]);
    case.refused(2, "--strict", ["in.csv", "--strict", "--rejects", "bad.csv", "-o", "out.jsonl"]);
}

// Outputs that cannot be written.

#[test]
fn an_output_in_a_folder_that_is_not_there_is_told_before_the_work() {
    let case = Case::new();
    for args in [["-o", "no/out.jsonl"], ["--rejects", "no/bad.csv"], ["--stats", "no/stats.json"]] {
        let output = case.place.rowmill().arg("in.csv").args(args).out();
        case.is_refusal(&output, 1, &format!("{}: cannot open: No such file or directory", args[1]));
    }
    case.refused(1, "new/: is no file's name", ["in.csv", "-o", "new/"]);
    case.refused(1, "out.jsonl/: cannot open: Not a directory", ["in.csv", "-o", "out.jsonl/"]);
}

#[test]
fn a_directory_or_a_socket_is_no_output() {
    let place = Place::new();
    fs::create_dir(place.path("folder")).unwrap();
    let _socket = UnixListener::bind(place.path("socket")).unwrap();
    place.write("in.csv", INPUT);
    place.write("out.jsonl", EARLIER);
    let case = Case::of(place);
    for flag in ["-o", "--rejects", "--stats"] {
        case.refused(1, "folder: is a directory", ["in.csv", flag, "folder"]);
        case.refused(1, "socket: is a socket", ["in.csv", flag, "socket"]);
    }
}

#[test]
fn a_full_device_is_told_with_the_byte() {
    let case = Case::new();
    case.refused(
        1,
        "/dev/full: cannot write at byte 0: No space left on device",
        ["in.csv", "-o", "/dev/full"],
    );
    let redirected = case.place.shell("\"$ROWMILL\" in.csv > /dev/full").out();
    case.is_refusal(&redirected, 1, "stdout: cannot write at byte 0: No space left on device");
    let stats = case.run(["in.csv", "-o", "/dev/null", "--stats", "/dev/full"]);
    case.is_refusal(&stats, 1, "/dev/full: cannot write: No space left on device");
}

#[test]
fn no_clobber_replaces_nothing() {
    let case = Case::new();
    case.refused(1, "out.jsonl: exists already", ["in.csv", "--no-clobber", "-o", "out.jsonl"]);
    case.refused(1, "out.jsonl: exists already", ["in.csv", "--no-clobber", "--rejects", "out.jsonl"]);
    case.refused(1, "out.jsonl: exists already", ["in.csv", "--no-clobber", "--stats", "out.jsonl"]);
    case.run(["in.csv", "-q", "--no-clobber", "-o", "new.jsonl"]).expect_status(0);
    assert_eq!(case.place.read("new.jsonl"), RESULT.as_bytes());
}

/// It came up while we were at work: it is still another's.
#[test]
fn no_clobber_does_not_replace_what_came_meanwhile() {
    let case = Case::new();
    let mut running = case.place.rowmill().args(["-", "--no-clobber", "-o", "new.jsonl"]).start();
    running.stdin_ref().write_all(INPUT.as_bytes()).unwrap();
    running.until_it_waits();
    case.place.write("new.jsonl", "another's");
    let output = running.finish();
    output.expect_status(1).expect_one_line("new.jsonl: exists already");
    assert_eq!(case.place.read("new.jsonl"), b"another's");
    fs::remove_file(case.place.path("new.jsonl")).unwrap();
    case.expect_untouched();
}

#[test]
fn strict_leaves_what_was_there() {
    let case = Case::new();
    case.place.write("short.csv", format!("{INPUT}Eve\n"));
    let output = case.run(["short.csv", "--strict", "-o", "out.jsonl"]);
    output.expect_status(1).expect_one_line("short.csv: line 4, record 3");
    fs::remove_file(case.place.path("short.csv")).unwrap();
    case.expect_untouched();
}

#[test]
fn a_file_or_folder_that_may_not_be_written_is_told_before_the_work() {
    let case = Case::new();
    fs::set_permissions(case.place.path("out.jsonl"), Permissions::from_mode(0o444)).unwrap();
    let Some(run) = as_nobody(&case.place) else { return };
    // Rename would replace it, since the folder is ours; but it was made read-only.
    let output = run.args(["in.csv", "-o", "out.jsonl"]).out();
    case.is_refusal(&output, 1, "out.jsonl: cannot open: Permission denied");
    fs::set_permissions(case.place.dir(), Permissions::from_mode(0o555)).unwrap();
    let run = case.place.rowmill().user(NOBODY).args(["in.csv", "-o", "new.jsonl"]);
    let output = run.out();
    fs::set_permissions(case.place.dir(), Permissions::from_mode(0o755)).unwrap();
    case.is_refusal(&output, 1, "new.jsonl: cannot open: Permission denied");
}

const NOBODY: u32 = 65534;

/// A run as a user without rights, to whom the place is given; None, aloud, where that can't be
/// had.
fn as_nobody(place: &Place) -> Option<Run> {
    if !rustix::process::geteuid().is_root() {
        // This user has no more rights than we want.
        return Some(place.rowmill());
    }
    chown(place.dir(), Some(NOBODY), Some(NOBODY)).unwrap();
    for name in place.names() {
        chown(place.path(&name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    // The binary may lie where only root may look.
    let binary = Path::new(env!("CARGO_BIN_EXE_rowmill"));
    let shut = binary.ancestors().find(|path| fs::metadata(path).unwrap().mode() & 0o001 == 0);
    match shut {
        Some(path) => {
            skipped(&format!(
                "files that may not be read or written: nobody else may enter {}",
                path.display()
            ));
            None
        }
        None => Some(place.rowmill().user(NOBODY)),
    }
}

// Output and input the same.

#[test]
fn an_output_that_is_the_input_is_refused_by_any_name() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    place.write("out.jsonl", EARLIER);
    place.write("other.csv", INPUT);
    symlink("in.csv", place.path("link.csv")).unwrap();
    symlink(".", place.path("here")).unwrap();
    fs::hard_link(place.path("in.csv"), place.path("hard.csv")).unwrap();
    fs::hard_link(place.path("in.csv"), place.path("bad.csv.log.jsonl")).unwrap();
    let case = Case::of(place);
    let part = "which would be lost; write to another file";
    let absolute = case.place.path("in.csv");
    for name in ["in.csv", "./in.csv", "here/in.csv", "link.csv", "hard.csv", absolute.to_str().unwrap()] {
        for flag in ["-o", "--rejects", "--stats"] {
            case.refused(1, part, ["in.csv", flag, name]);
            case.refused(1, part, [name, flag, "in.csv"]);
        }
        case.refused(1, part, ["other.csv", name, "-o", "in.csv"]);
    }
    case.refused(1, part, ["in.csv", "--rejects", "bad.csv"]);
    for script in [
        "exec \"$ROWMILL\" in.csv >> in.csv",
        "exec \"$ROWMILL\" in.csv >> hard.csv",
        "exec \"$ROWMILL\" in.csv 1<> in.csv",
        "exec \"$ROWMILL\" in.csv -o /dev/stdout >> in.csv",
        "exec \"$ROWMILL\" in.csv -o /dev/fd/3 3>> in.csv",
        "exec \"$ROWMILL\" in.csv -o /proc/self/fd/3 3>> in.csv",
        "exec \"$ROWMILL\" /dev/fd/3 -o in.csv 3< in.csv",
        "exec \"$ROWMILL\" /dev/stdin -o in.csv < in.csv",
        "exec \"$ROWMILL\" -o in.csv < in.csv",
        "exec \"$ROWMILL\" - -o link.csv < hard.csv",
        "exec \"$ROWMILL\" < in.csv >> in.csv",
    ] {
        case.is_refusal(&case.place.shell(script).out(), 1, part);
    }
}

#[test]
fn two_outputs_in_one_file_are_refused_by_any_name() {
    let place = Place::new();
    place.write("in.csv", INPUT);
    place.write("out.jsonl", EARLIER);
    symlink("out.jsonl", place.path("link.jsonl")).unwrap();
    symlink(".", place.path("here")).unwrap();
    fs::hard_link(place.path("out.jsonl"), place.path("hard.jsonl")).unwrap();
    let case = Case::of(place);
    let part = "named for two outputs";
    for name in ["out.jsonl", "./out.jsonl", "here/out.jsonl", "link.jsonl", "hard.jsonl"] {
        case.refused(2, part, ["in.csv", "-o", "out.jsonl", "--rejects", name]);
        case.refused(2, part, ["in.csv", "-o", name, "--stats", "out.jsonl"]);
        case.refused(2, part, ["in.csv", "--rejects", name, "--stats", "out.jsonl"]);
    }
    // Where nothing stands yet, too.
    case.refused(2, part, ["in.csv", "-o", "new.jsonl", "--rejects", "here/new.jsonl"]);
    case.refused(2, part, ["in.csv", "-o", "bad.csv.log.jsonl", "--rejects", "bad.csv"]);
    let redirected = case.place.shell("exec \"$ROWMILL\" in.csv --rejects out.jsonl >> out.jsonl").out();
    case.is_refusal(&redirected, 2, part);
    // A device takes any number.
    let args = ["in.csv", "-q", "-o", "/dev/null", "--rejects", "/dev/null", "--stats", "/dev/null"];
    case.run(args).expect_status(0);
}

#[test]
fn a_word_that_is_almost_right_gets_a_hint() {
    let place = Place::new();
    place.write("in.csv", "a\n1\n");
    for (args, status, hint) in [
        (
            &["plna", "in.csv"][..],
            1,
            "plna: cannot open: No such file or directory; did you mean the command plan?",
        ),
        (&["in.csv", "out.jsonl"], 1, "did you mean -o out.jsonl?"),
        (&["in.csv", "out.jsonl.gz"], 1, "did you mean -o out.jsonl.gz?"),
        (&["in.csv", "out"], 1, "; if it is the output, name it with -o FILE.jsonl"),
        (
            &["https://example.org/a.csv"],
            1,
            "it is a URL; fetch it: curl -sSf https://example.org/a.csv | rowmill",
        ),
        (&["https://h.example/x?a=1&b='"], 1, r"curl -sSf 'https://h.example/x?a=1&b='\''' | rowmill"),
        (&["s3://bucket/a.csv"], 1, "aws s3 cp s3://bucket/a.csv - | rowmill"),
        (&["in.csv", "-o", "x.Z"], 2, "rowmill does not write that"),
        (&["in.csv", "-o", "x.jsonl.lzma"], 2, "rowmill does not write that"),
        (&["in.csv", "-o", "none/out.jsonl"], 1, "the folder none does not exist"),
        (&["in.csv", "--stats", "none/stats.json"], 1, "the folder none does not exist"),
        (&["in.csv", "--rejects", "none/rejects.csv"], 1, "the folder none does not exist"),
        (&["none/in.csv"], 1, "the folder none does not exist"),
        (&["plan", "in.csv", "--ranges", "2", "-o", "none/plan"], 1, "the folder none does not exist"),
        (&["plan", "-", "--ranges", "2"], 2, "a plan needs a file"),
        (
            &["plan", "in.csv", "--ranges", "2", "--strict"],
            2,
            "--strict is not for this command, but for convert",
        ),
        (&["in.csv", "--ranges", "2"], 2, "--ranges is for plan; the command comes first: rowmill plan …"),
        (&["-q", "plan", "in.csv", "--ranges", "2"], 2, "the command comes first: rowmill plan …"),
        (
            &["verify", "in.csv", "--delimiter", ";"],
            2,
            "--delimiter is not for this command, but for convert, schema, head, plan",
        ),
        (&["in.csv", "-j", "0"], 2, "'0' for '--threads <N>': it must be 1 or more"),
        (&["in.csv", "-j", "all"], 2, "'all' for '--threads <N>': it must be a whole number"),
        (&["in.csv", "--limit", "-1"], 2, "there is no -1"),
        (
            &["in.csv", "--memory", "12X"],
            2,
            "'12X' for '--memory <SIZE>': sizes are typed as 64M or 1GiB (2^",
        ),
        (&["--sep", ";", "in.csv"], 2, "use --delimiter (-d)"),
        (&["--separator=;", "in.csv"], 2, "use --delimiter (-d)"),
        (&["-H", "in.csv"], 2, "use --no-header"),
        (&["--columns", "a", "in.csv"], 2, "use --select"),
        (&["--ndjson", "in.csv"], 2, "JSON Lines are the default"),
        (&["--filter", "a=1", "in.csv"], 2, "use --where COLUMN=TEXT"),
        (&["--force", "in.csv"], 2, "-o replaces a file"),
        (&["-n", "3", "in.csv"], 2, "use --limit N"),
        (&["--plan", "3", "in.csv"], 2, "use the command: rowmill plan INPUT --ranges N"),
        (&["-d", "semi", "in.csv"], 2, "no delimiter is named 'semi'; there are tab, comma, semicolon"),
    ] {
        let output = place.rowmill().args(args).out();
        output.expect_status(status).expect_stdout("").expect_one_line(hint);
    }
    place.rowmill().args(["-d", "semicolon", "in.csv"]).out().expect_status(0);
    assert_eq!(place.names(), ["in.csv"]);
}

/// A flag that there is not is never answered with one that means something else.
#[test]
fn a_flag_that_there_is_not_gets_the_right_one_or_none() {
    let right = |typed: &str, wanted: &str| {
        let output = Run::rowmill().args([typed, "in.csv"]).out();
        output.expect_status(2).expect_stdout("");
        let line = format!("rowmill: there is no {typed}{wanted} (see rowmill --help)\n");
        assert_eq!(output.stderr, line);
    };
    for typed in ["--separator", "--seperator", "--sepa", "--field-sep", "--delim"] {
        right(typed, "; use --delimiter (-d)");
    }
    for typed in ["--filter", "--filters"] {
        right(
            typed,
            "; use --where COLUMN=TEXT; for more filter the result: rowmill dump.csv | jq 'select(…)'",
        );
    }
    right("--wher", "; did you mean --where?");
    right("--force", "; leave it out: -o replaces a file unless --no-clobber is given");
    right("--worker", "; use the command: rowmill worker PLAN -o DIR");
    right("--delimter", "; did you mean --delimiter?");
    right("--quite", "; use --quiet (-q)");
    right("--sel", "; did you mean --select?");
    for typed in ["--sort", "--unique", "--group-by", "--sample", "--join", "--x", "-x"] {
        right(typed, "");
    }
}

/// The guide's page of options is what the program says of itself. `ROWMILL_BLESS=1` writes it
/// anew.
#[test]
fn the_guide_has_every_option() {
    let path = fixtures().join("../src/guide/options.md");
    let output = Run::rowmill().args(["man", "--markdown"]).out();
    output.expect_status(0);
    let expected = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("ROWMILL_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &expected).unwrap();
    }
    let page = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(page, expected, "write it anew with ROWMILL_BLESS=1");
}

/// What one types daily fits a screen and a half.
#[test]
fn the_short_help_is_short() {
    let output = Run::rowmill().arg("-h").out();
    output.expect_status(0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() <= 60, "{} lines", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
