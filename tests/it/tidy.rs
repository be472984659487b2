//! What prose can't hold: the rooms for `unsafe`, the floors, the README against the program.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Place, Run, has};

/// The floors from the words up; a file uses those above its own in this list, and its own.
const FLOORS: [&[&str]; 7] = [
    &["by_text", "error", "charset", "dialect", "header"],
    &["kernel"],
    &["parse"],
    &["plan"],
    &["input", "output"],
    &["convert"],
    &["cli"],
];

/// Names of one floor that does not know each other.
const SIBLINGS: [(&str, &str); 2] = [("input", "output"), ("output", "input")];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files under `src`, with the room each is in.
fn sources() -> Vec<(PathBuf, String, String)> {
    let src = root().join("src");
    let mut folders = vec![src.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&src).unwrap().to_owned();
                let room =
                    relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
                files.push((relative, room, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The lines that are code.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[test]
fn unsafe_stays_in_its_rooms() {
    for (path, room, text) in sources() {
        let opened =
            room == "kernel" || ["input/segment.rs", "main.rs"].iter().any(|room| path == Path::new(room));
        let said = code(&text)
            .any(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe"));
        assert!(opened || !said, "src/{}: unsafe outside its rooms", path.display());
    }
}

#[test]
fn every_file_says_what_it_is_for_and_fits_in_the_head() {
    for (path, _, text) in sources() {
        assert!(text.starts_with("//! "), "src/{}: does not open with what it is for", path.display());
        let n_lines = text.lines().count();
        assert!(n_lines <= 600, "src/{}: {n_lines} lines", path.display());
    }
}

#[test]
fn floors_know_only_the_floors_above_them() {
    let floor = |room: &str| FLOORS.iter().position(|rooms| rooms.contains(&room));
    let mut n_uses = 0;
    for (path, room, text) in sources() {
        let Some(own) = floor(&room) else {
            assert!(["lib", "main"].contains(&&*room), "src/{}: on no floor", path.display());
            continue;
        };
        for (i, _) in text.match_indices("crate::") {
            let used: String =
                text[i + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some(other) = floor(&used) else {
                // What the library shows, by its outer name, is for the program alone.
                assert!(room == "cli" || used.is_empty(), "src/{}: crate::{used}", path.display());
                continue;
            };
            n_uses += 1;
            let allowed = other <= own && !SIBLINGS.contains(&(&room, &used));
            assert!(allowed, "src/{}: uses {used}, which is below it or a sibling", path.display());
        }
    }
    assert!(n_uses > 50, "the test sees what is used: {n_uses}");
}

#[test]
fn nothing_below_the_program_prints_exits_or_looks_around() {
    for (path, room, text) in sources() {
        if ["cli", "main"].contains(&&*room) {
            continue;
        }
        for word in ["clap", "indicatif", "println!", "eprintln!", "process::exit", "env::var", "signal_hook"]
        {
            assert!(!code(&text).any(|line| line.contains(word)), "src/{}: {word}", path.display());
        }
    }
}

#[test]
fn every_flag_is_in_the_man_page_and_the_completions() {
    let guide = fs::read_to_string(root().join("src/guide/options.md")).unwrap();
    let flags: Vec<&str> =
        guide.split("`--").skip(1).map(|text| text.split(['`', ' ', '[']).next().unwrap()).collect();
    assert!(flags.len() > 45, "{flags:?}");
    let made = |args: &[&str]| {
        let output = Run::rowmill().args(args).out();
        output.expect_status(0);
        String::from_utf8(output.stdout).unwrap()
    };
    // Man pages escape hyphens.
    let man = made(&["man"]).replace(r"\-", "-");
    let completions = ["bash", "zsh", "fish"].map(|shell| made(&["completions", shell]));
    for flag in flags {
        assert!(man.contains(&format!("--{flag}")), "--{flag} is not in the man page");
        for text in &completions {
            assert!(text.contains(flag), "--{flag} is not in a completion");
        }
    }
    for section in ["SYNOPSIS", "OPTIONS", "EXAMPLES", "\"ROWMILL PLAN\"", "\"ROWMILL WORKER\""] {
        assert!(man.contains(&format!(".SH {section}")), "{section}");
    }
    assert!(man.contains("rowmill dump.csv -o dump.jsonl"));
}

/// The shells themselves take the completions.
#[test]
fn shells_read_their_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = Run::rowmill().args(["completions", shell]).out();
        text.expect_status(0);
        place.write("completion", &text.stdout);
        if !has(shell, "a shell's completions") {
            continue;
        }
        Run::program(shell).dir(place.dir()).args(["-n", "completion"]).out().expect_status(0);
    }
}

/// The first command that the README marks to be run prints what it shows. The second is this
/// suite.
#[test]
fn the_readmes_main_command_gives_what_it_shows() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut blocks = readme.split("```sh run\n").skip(1);
    let (command, rest) = blocks.next().unwrap().split_once("```\n").unwrap();
    let shown = rest.trim_start().strip_prefix("```json\n").expect("what it prints");
    let args = command.trim().strip_prefix("cargo run --release -- ").expect("the main command");
    let output = Run::rowmill().args(args.split(' ')).dir(root()).out();
    output.expect_status(0).expect_stdout(&shown[..shown.find("```").unwrap()]);
    assert!(blocks.next().unwrap().starts_with("cargo test\n```"), "the test command");
    assert!(blocks.next().is_none());
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
    let wide = readme.lines().find(|line| line.chars().count() > 100);
    assert!(wide.is_none(), "{wide:?}");
}
