//! The Node pipeline that rowmill replaces gives the same bytes.
//!
//! `fixtures/pipeline/people.jsonl` is what that program wrote; `golden.rs` holds it under every
//! combination of instruction set, threads, window and source. Here stand the words that a user
//! would type, and the program itself where there is a Node to run it.

use std::fs;

use crate::harness::{Run, fixtures, skipped};

#[test]
fn rowmill_gives_what_the_pipeline_gave() {
    let folder = fixtures().join("pipeline");
    let golden = fs::read(folder.join("people.jsonl")).unwrap();
    let output = Run::rowmill()
        .dir(&folder)
        .args(["--quote", "none", "--mask", "email", "--extra-key", "", "people.csv"])
        .out();
    output.expect_status(0).expect_stdout(&golden);
}

#[test]
fn the_golden_file_is_what_the_pipeline_gives() {
    let folder = fixtures().join("pipeline");
    if !has_node() {
        skipped("node not found");
        return;
    }
    let golden = fs::read(folder.join("people.jsonl")).unwrap();
    let output = Run::program("node").dir(&folder).args(["pipeline.mjs", "people.csv"]).out();
    output.expect_status(0).expect_stdout(&golden);
}

fn has_node() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("node").is_file())
}
