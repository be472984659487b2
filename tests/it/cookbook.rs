//! The guide's examples: each is run, and prints what the guide shows.
//!
//! A recipe is a block marked `sh cookbook PROGRAM [MODULES]`, what it needs, with the block of its
//! output behind it. `rowmill` is on the path and `dump.csv` is the airports of the example. Blocks
//! marked `sh run` are run one after another in one folder for each page.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Place, Run, fixtures, has, skipped};
use crate::postgres::Server;

struct Recipe {
    needs: String,
    script: String,
    shown: String,
}

fn guide() -> PathBuf {
    fixtures().join("../src/guide")
}

/// `PYTHONPATH` with the module in front.
fn python_path() -> OsString {
    let there = std::env::var_os("PYTHONPATH").unwrap_or_default();
    std::env::join_paths([guide().join("../python")].into_iter().chain(std::env::split_paths(&there)))
        .unwrap()
}

/// `PATH` with the program in front.
fn path() -> Vec<PathBuf> {
    let mut path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    path.insert(0, Path::new(env!("CARGO_BIN_EXE_rowmill")).parent().unwrap().to_owned());
    path
}

#[test]
fn every_example_prints_what_is_shown() {
    let mut n_shown = 0;
    for entry in fs::read_dir(guide()).unwrap() {
        let page = fs::read_to_string(entry.unwrap().path()).unwrap();
        let place = Place::new();
        for block in page.split("```sh run\n").skip(1) {
            n_shown += 1;
            let (script, rest) = block.split_once("```\n").unwrap();
            let shown =
                ["```json\n", "```text\n"].iter().find_map(|kind| rest.trim_start().strip_prefix(kind));
            let shown = shown.map_or("", |shown| &shown[..shown.find("```").unwrap()]);
            if script.contains("zcat") && !(has("gzip", "an example") && has("zcat", "an example")) {
                continue;
            }
            let run = Run::program("sh").args(["-e", "-c", script]).dir(place.dir());
            let output = run.env("PATH", std::env::join_paths(path()).unwrap()).out();
            output.expect_status(0).expect_stdout(shown);
        }
    }
    assert!(n_shown >= 8, "{n_shown}");
}

fn recipes() -> Vec<Recipe> {
    let page = fs::read_to_string(guide().join("cookbook.md")).unwrap();
    let recipe = |text: &str| {
        let (needs, rest) = text.split_once('\n').unwrap();
        let (script, rest) = rest.split_once("```\n").unwrap();
        let shown = rest.trim_start().strip_prefix("```text\n").expect("what it prints stands below");
        let (needs, script) = (needs.to_owned(), script.to_owned());
        Recipe { needs, script, shown: shown[..shown.find("```").unwrap()].to_owned() }
    };
    page.split("```sh cookbook ").skip(1).map(recipe).collect()
}

#[test]
fn every_recipe_prints_what_is_shown() {
    let recipes = recipes();
    assert!(recipes.len() >= 8, "{} recipes", recipes.len());
    for Recipe { needs, script, shown } in recipes {
        let place = Place::new();
        fs::copy(fixtures().join("real/airports.csv"), place.path("dump.csv")).unwrap();
        let mut path = path();
        let mut server = None;
        if needs == "postgres" {
            server = Server::start(&place);
            let Some(server) = &server else { continue };
            path.insert(0, server.bin.clone());
        } else if !is_there(&needs) {
            continue;
        }
        let shell = if script.contains("pipefail") { "bash" } else { "sh" };
        if !has(shell, "a recipe") {
            continue;
        }
        let mut run = Run::program(shell).args(["-e", "-c", &script]).dir(place.dir());
        run = run.env("PATH", std::env::join_paths(path).unwrap()).env("PYTHONPATH", python_path());
        if let Some(server) = &server {
            // A table of this name is the server's own already.
            server.sql("drop table raw");
            run = run
                .env("PGHOST", "127.0.0.1")
                .env("PGPORT", server.port.to_string())
                .env("PGUSER", "postgres");
        }
        run.out().expect_status(0).expect_stdout(shown);
    }
}

/// Whether a program and its Python modules are there.
fn is_there(needs: &str) -> bool {
    let (program, modules) = needs.split_once(' ').unwrap_or((needs, ""));
    let what = format!("the recipe with {needs}");
    if !has(program, &what) {
        return false;
    }
    let missing = modules.split(',').filter(|module| !module.is_empty()).find(|module| {
        let import = Command::new(program).args(["-c", &format!("import {module}")]).output();
        !import.is_ok_and(|output| output.status.success())
    });
    if let Some(missing) = missing {
        skipped(&format!("{what}: Python has no {missing}"));
    }
    missing.is_none()
}
