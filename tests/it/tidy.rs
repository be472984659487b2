//! The program's promises about itself: man page, completions, README.
//!
//! `house.rs` has the rules for the sources.

use std::fs;
use std::path::PathBuf;

use crate::harness::{Place, Run, has};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
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
    let args = args.replace("\\\n", "");
    let output = Run::rowmill().args(args.split_whitespace()).dir(root()).out();
    output.expect_status(0).expect_stdout(&shown[..shown.find("```").unwrap()]);
    assert!(blocks.next().unwrap().starts_with("cargo test\n```"), "the test command");
    assert!(blocks.next().is_none());
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
    let wide = readme.lines().find(|line| line.chars().count() > 100);
    assert!(wide.is_none(), "{wide:?}");
    // A code host's page cuts off what is wider.
    let code = readme.split("```").skip(1).step_by(2).flat_map(str::lines);
    let wide: Vec<_> = code.filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:?}");
}

/// What the workflows of the code host run is in `.ci`, and packages are of this version.
#[test]
fn workflows_and_recipes_name_what_is_there() {
    let mut n_named = 0;
    for entry in fs::read_dir(root().join(".github/workflows")).unwrap() {
        let workflow = fs::read_to_string(entry.unwrap().path()).unwrap();
        for named in workflow.split(".ci/").skip(1) {
            let name: String = named.chars().take_while(char::is_ascii_lowercase).collect();
            assert!(root().join(".ci").join(&name).is_file(), ".ci/{name}");
            n_named += 1;
        }
    }
    assert!(n_named >= 4, "{n_named}");
    let recipe = fs::read_to_string(root().join(".packaging/recipe.yaml")).unwrap();
    assert!(recipe.contains(concat!("version: \"", env!("CARGO_PKG_VERSION"), "\"")));
}
