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

/// Names of one floor that must not know each other.
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
fn every_flag_stands_in_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let help = Run::rowmill().arg("--help").out();
    help.expect_status(0);
    let help = String::from_utf8(help.stdout.clone()).unwrap();
    let flags: Vec<&str> = help
        .split_whitespace()
        .map(|word| word.trim_end_matches(','))
        // Of `--nest[=<SEP>]` and `--nest=SEP` the name.
        .map(|word| word.split_once(['[', '=']).map_or(word, |(name, _)| name))
        .filter(|word| word.starts_with("--") && word.len() > 3)
        .collect();
    assert!(flags.len() > 25, "{flags:?}");
    let made = |kind: &str| {
        let command: &[&str] = if kind == "man" { &["man"] } else { &["completions", kind] };
        let output = Run::rowmill().args(command).out();
        output.expect_status(0);
        String::from_utf8(output.stdout).unwrap()
    };
    // Man pages escape hyphens.
    let man = made("man").replace(r"\-", "-");
    let completions = ["bash", "zsh", "fish"].map(made);
    for flag in flags {
        assert!(readme.contains(&format!("`{flag}")), "{flag} is not in README.md");
        assert!(man.contains(flag), "{flag} is not in the man page");
        for text in &completions {
            assert!(text.contains(flag.trim_start_matches('-')), "{flag} is not in a completion");
        }
    }
    for section in ["SYNOPSIS", "OPTIONS", "EXAMPLES"] {
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

/// The commands that the README marks to be run do what it shows. Those of cargo are `.ci/run`'s and this very test's.
#[test]
fn the_readmes_main_command_gives_what_it_shows() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = |after: &str, kind: &str| {
        let from = readme.find(after).unwrap();
        let start = from + readme[from..].find(kind).unwrap() + kind.len();
        readme[start..start + readme[start..].find("```").unwrap()].to_owned()
    };
    let command = block("## Try it", "```sh run\n");
    let shown = block("## Try it", "```json\n");
    let args = command.trim().strip_prefix("cargo run --release -- ").expect("the main command");
    let (args, head) = args.split_once(" && ").expect("it shows the first lines");
    assert_eq!(head, "head -3 target/airports.jsonl");
    let place = Place::new();
    let output = place.path("airports.jsonl");
    let args: Vec<String> = args
        .split(' ')
        .map(|arg| if arg.starts_with("target/") { output.display().to_string() } else { arg.to_owned() })
        .collect();
    Run::rowmill().args(args).dir(root()).out().expect_status(0);
    let result = String::from_utf8(fs::read(output).unwrap()).unwrap();
    let first: String = result.lines().take(3).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(first, shown);
    assert!(readme.contains("```sh run\ncargo test\n```"), "the test command");
}
