//! The Python module, under each Python that there is, the oldest that it promises among them.

use std::path::Path;

use crate::harness::{Place, Run, fixtures, has, skipped};

#[test]
fn the_module_does_what_it_says() {
    if !has("python3", "the Python module") {
        return;
    }
    let mut n_tried = 0;
    for minor in 9..=14 {
        let Some(python) = python(minor) else { continue };
        let place = Place::new();
        let root = fixtures().join("..");
        let output = Run::program(&python)
            .arg(root.join("tests/it/python_module.py"))
            .dir(place.dir())
            .env("PYTHONPATH", root.join("src/python"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("ROWMILL", env!("CARGO_BIN_EXE_rowmill"))
            .out();
        output.expect_status(0).expect_stdout("all hold\n");
        n_tried += 1;
    }
    if n_tried == 0 {
        skipped("the Python module: it needs Python 3.9 or newer");
    }
}

/// The Python of that version that is on the path, or among those of the user's pyenv.
fn python(minor: u32) -> Option<String> {
    let runs = |program: &str| {
        let wanted = format!("import sys; sys.exit(sys.version_info[:2] != (3, {minor}))");
        let run = std::process::Command::new(program).args(["-c", &wanted]).output();
        run.is_ok_and(|output| output.status.success())
    };
    let own = std::env::var("PYENV_ROOT").ok().or_else(|| Some(std::env::var("HOME").ok()? + "/.pyenv"));
    let versions = own.map(|own| Path::new(&own).join("versions"));
    let built =
        versions.and_then(|versions| std::fs::read_dir(versions).ok()).into_iter().flatten().flatten();
    let of_pyenv = built.map(|version| version.path().join("bin/python").display().to_string());
    ["python3".to_owned(), format!("python3.{minor}")]
        .into_iter()
        .chain(of_pyenv)
        .find(|program| runs(program))
}
