//! What the parts of an output are called.

use super::compress::Compression;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// How the parts of an output are called: `out.jsonl` gives `out-00000.jsonl`, and
/// `out.manifest.json` beside them.
#[derive(Clone, Debug)]
pub(crate) struct PartNames {
    folder: PathBuf,
    stem: OsString,
    suffix: OsString,
}

impl PartNames {
    /// Returns the names for an output at `path`.
    pub(crate) fn of(path: &Path) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut name = PathBuf::from(path.file_name().unwrap_or_default());
        let mut extensions = Vec::new();
        if Compression::by_extension(&name).is_some() {
            extensions.extend(name.extension().map(OsStr::to_owned));
            name.set_extension("");
        }
        extensions.extend(name.extension().map(OsStr::to_owned));
        let mut suffix = OsString::new();
        for extension in extensions.iter().rev() {
            suffix.push(".");
            suffix.push(extension);
        }
        let stem = name.file_stem().unwrap_or_default().to_owned();
        Self { folder: folder.unwrap_or(Path::new("")).to_owned(), stem, suffix }
    }

    /// Returns the folder that they are in.
    pub(crate) fn folder(&self) -> &Path {
        if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder }
    }

    /// Returns the path of a file of that name.
    pub(crate) fn place(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the number of the part of that name.
    pub(crate) fn number(&self, name: &OsStr) -> Option<u64> {
        let name = name.as_encoded_bytes().strip_prefix(self.stem.as_encoded_bytes())?.strip_prefix(b"-")?;
        let digits = std::str::from_utf8(name.strip_suffix(self.suffix.as_encoded_bytes())?).ok()?;
        let number = digits.parse().ok()?;
        (format!("{number:05}") == digits).then_some(number)
    }

    /// Returns the name of the manifest.
    pub(crate) fn manifest(&self) -> OsString {
        let mut name = self.stem.clone();
        name.push(".manifest.json");
        name
    }

    /// Returns the name of the part of that number.
    pub(super) fn part(&self, number: u64) -> OsString {
        let mut name = self.stem.clone();
        name.push(format!("-{number:05}"));
        name.push(&self.suffix);
        name
    }

    /// Returns the pattern of all names, for a manifest.
    pub(super) fn pattern(&self) -> String {
        format!("{}-*{}", self.stem.to_string_lossy(), self.suffix.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, part, manifest) in [
            ("out.jsonl", "out-00007.jsonl", "out.manifest.json"),
            ("a/out.jsonl.zst", "out-00007.jsonl.zst", "out.manifest.json"),
            ("out.gz", "out-00007.gz", "out.manifest.json"),
            ("out", "out-00007", "out.manifest.json"),
            ("a.b.jsonl", "a.b-00007.jsonl", "a.b.manifest.json"),
            (".hidden", ".hidden-00007", ".hidden.manifest.json"),
        ] {
            let names = PartNames::of(Path::new(path));
            assert_eq!((&*names.part(7), &*names.manifest()), (OsStr::new(part), OsStr::new(manifest)));
            assert_eq!(names.number(OsStr::new(part)), Some(7));
            assert_eq!(names.number(&names.part(123_456)), Some(123_456));
        }
        let names = PartNames::of(Path::new("out.jsonl"));
        for other in
            ["out-7.jsonl", "out-000007.jsonl", "out-00007.json", "out.jsonl", "out-+0007.jsonl", "x"]
        {
            assert_eq!(names.number(OsStr::new(other)), None, "{other}");
        }
    }
}
