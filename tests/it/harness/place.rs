//! A directory of a test's own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::data::{PEOPLE_HEADER, people};
use super::run::Run;

/// A directory of a test's own, gone when the test ends.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place {
            dir: tempfile::Builder::new()
                .prefix("rowmill-it-")
                .tempdir()
                .expect("a directory for temporary files"),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the test's own directory takes a file");
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// What lies in it, sorted: for tests that nothing is left behind.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A run of the program with this place as its working directory.
    pub(crate) fn rowmill(&self) -> Run {
        Run::rowmill().dir(self.dir())
    }

    /// A line of shell in this place; it knows the program as `$ROWMILL`.
    pub(crate) fn shell(&self, script: &str) -> Run {
        let rowmill = env!("CARGO_BIN_EXE_rowmill");
        Run::program("sh").args(["-c", script]).env("ROWMILL", rowmill).dir(self.dir())
    }

    /// All files in it, with their bytes: for tests that nothing is touched.
    pub(crate) fn everything(&self) -> Vec<(String, Vec<u8>)> {
        self.names().into_iter().map(|name| (name.clone(), self.read(&name))).collect()
    }

    /// A new FIFO in it.
    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let status = Command::new("mkfifo").arg(&path).status();
        assert!(status.is_ok_and(|status| status.success()), "a FIFO");
        path
    }

    /// What a line of shell makes of `bytes`.
    pub(crate) fn piped(&self, bytes: &[u8], script: &str) -> Vec<u8> {
        let output = Run::program("sh").args(["-c", script]).dir(self.dir()).stdin(bytes).out();
        output.expect_status(0);
        output.stdout
    }

    /// A file of whole [`people`] that ends with the first at or behind `n_bytes`.
    pub(crate) fn people(&self, name: &str, n_bytes: u64) -> People {
        let path = self.path(name);
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(PEOPLE_HEADER).unwrap();
        // Kept small, so that little of the test's own memory goes into it.
        let block = people(10_000);
        let mut people = People { path, n_bytes: PEOPLE_HEADER.len() as u64, n_records: 0 };
        while people.n_bytes < n_bytes {
            file.write_all(&block).unwrap();
            people.n_bytes += block.len() as u64;
            people.n_records += 10_000;
        }
        people
    }
}

/// A file of people.
pub(crate) struct People {
    pub(crate) path: PathBuf,
    pub(crate) n_bytes: u64,
    pub(crate) n_records: u64,
}
