//! The rules of `ARCHITECTURE.md` that a test can check, over all sources; those on prose and
//! length over the tests too. Each finding has its
//! place and what to do; each check is shown to fail on a made-up source.
//!
//! Exceptions are listed here with a reason each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The floors from the words up. A file uses those above its own in this list, and its own.
const FLOORS: [&[&str]; 9] = [
    &["sys"],
    &["by_text", "error", "charset", "escapes", "sequence", "folding", "dialect", "header"],
    &["kernel"],
    &["parse"],
    &["plan"],
    &["schema"],
    &["input", "output"],
    &["convert"],
    &["cli"],
];

/// Floors that do not know each other.
const SIBLINGS: [(&str, &str); 2] = [("input", "output"), ("output", "input")];

/// Where `unsafe` may be.
const UNSAFE_ROOMS: [&str; 2] = ["kernel/", "sys/"];

/// Functions of more than 80 lines, and why.
const LONG_FUNCTIONS: &[(&str, &str)] =
    &[("step", "the machine's table: each state is an arm, and no arm is used twice")];

/// Functions of more than six parameters, and why.
const MANY_PARAMETERS: &[(&str, &str)] = &[
    ("escape_field", "a kernel's inner loop: a struct would be stored and loaded again"),
    ("unescape", "a kernel's inner loop: a struct would be stored and loaded again"),
    ("copy_all", "a kernel's inner loop: a struct would be stored and loaded again"),
    ("escape_all", "a kernel's inner loop: a struct would be stored and loaded again"),
    ("write", "a kernel's inner loop: a struct would be stored and loaded again"),
    ("write_known", "a kernel's inner loop: a struct would be stored and loaded again"),
    ("weave_plain", "what a weave needs, one by one, for tests and benches"),
    ("by_content", "what a value needs, called from one place"),
];

/// Structs of more than 14 fields, and why.
const WIDE_STRUCTS: &[(&str, &str)] = &[
    ("Summary", "what a user reads of a conversion, flat as it is printed"),
    ("Stats", "the keys of `--stats`, flat as they are written"),
    ("Cells", "the arrays of a kernel's loop"),
    ("Columns", "a field for each option of columns and values, flat as plans carry them"),
];

/// Names of types that are defined twice, and why.
const SAME_NAMES: &[(&str, &str)] = &[
    ("Codec", "what unpacks and what compresses, each private to its floor"),
    ("Encoding", "the encodings, and what stands for them in a build without"),
    ("Gzip", "as above"),
    ("Zstd", "as above"),
    ("Map", "what a system maps, and what stands for it on those that map nothing"),
    ("AtPath", "what a system opens only to look at it, or looks at without opening it"),
    ("Email", "rules are private types, named like the entries of their table"),
];

/// Files of more than 500 lines, and why.
const LONG_FILES: &[(&str, &str)] =
    &[("it/model.rs", "the model is one thing, and the fuzz targets take it so")];

/// Phrases that most readers must parse twice.
const WORN_OUT: [&str; 9] = [
    "is to be had",
    "can't be had",
    "whoever",
    "of it is none",
    "what stands there",
    "as it stands",
    "is at nothing",
    "next hand:",
    "must not know",
];

pub(crate) struct Source {
    /// `src` or `tests`.
    pub(crate) root: &'static str,
    /// Below it.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// The floor, or the file's own name.
    fn room(&self) -> String {
        let first = self.path.iter().next().unwrap().to_string_lossy().into_owned();
        first.trim_end_matches(".rs").to_owned()
    }

    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}/{}:{line}: {what}", self.root, self.path.display())
    }

    /// Without the tests at its end.
    fn code(&self) -> &str {
        let Some((before, _)) = self.text.split_once("\nmod tests {") else { return &self.text };
        let is_attribute = |line: &&str| line.starts_with("#[");
        let attributes: usize =
            before.lines().rev().take_while(is_attribute).map(|line| line.len() + 1).sum();
        &before[..(before.len() + 1).saturating_sub(attributes)]
    }
}

pub(crate) fn sources() -> Vec<Source> {
    let sources = sources_of("src");
    assert!(sources.len() > 80, "{} sources", sources.len());
    sources
}

fn sources_of(root: &'static str) -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut folders = vec![src.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                // Tests in files of their own are no part of the house.
                if path.ends_with("tests.rs") {
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source { root, path: path.strip_prefix(&src).unwrap().to_owned(), text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Fails with all findings.
pub(crate) fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

fn is_excepted(list: &[(&str, &str)], name: &str) -> bool {
    list.iter().any(|(excepted, _)| *excepted == name)
}

/// The sizes of functions and structs.
#[derive(Default)]
struct Sizes {
    findings: Vec<(usize, String)>,
}

impl Sizes {
    fn function(&mut self, signature: &syn::Signature, body: proc_macro2::Span) {
        let name = signature.ident.to_string();
        let line = signature.span().start().line;
        let n_lines = body.end().line - line + 1;
        if n_lines > 80 && !is_excepted(LONG_FUNCTIONS, &name) {
            self.findings.push((line, format!("`{name}` has {n_lines} lines; 80 are the most")));
        }
        let n = signature.inputs.len();
        if n > 6 && !is_excepted(MANY_PARAMETERS, &name) {
            self.findings.push((line, format!("`{name}` has {n} parameters; 6 are the most")));
        }
    }
}

impl<'a> Visit<'a> for Sizes {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.function(&item.sig, item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.function(&item.sig, item.block.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
        let (name, n) = (item.ident.to_string(), item.fields.len());
        if n > 14 && !is_excepted(WIDE_STRUCTS, &name) {
            let line = item.ident.span().start().line;
            self.findings.push((line, format!("`{name}` has {n} fields; 14 are the most")));
        }
    }
}

fn sizes(text: &str) -> Vec<(usize, String)> {
    let mut sizes = Sizes::default();
    sizes.visit_file(&syn::parse_file(text).expect("it is Rust"));
    sizes.findings
}

#[test]
fn functions_and_structs_fit_in_the_head() {
    let long = format!("fn f() {{\n{}}}\n", "    g();\n".repeat(80));
    assert_eq!(sizes(&long).len(), 1);
    assert_eq!(sizes("fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8) {}").len(), 1);
    let fields: String = (0..15).map(|i| format!("f{i}: u8, ")).collect();
    assert_eq!(sizes(&format!("struct S {{ {fields} }}")).len(), 1);
    let all = sources();
    let found = all.iter().flat_map(|source| {
        sizes(source.code()).into_iter().map(|(line, what)| source.at(line, &what)).collect::<Vec<_>>()
    });
    none(found.collect());
}

fn lines(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    if !source.text.starts_with("//! ") {
        findings.push(source.at(1, "does not open with what it is for"));
    }
    let n_lines = source.code().lines().count();
    if n_lines > 500 && !is_excepted(LONG_FILES, &source.path.to_string_lossy()) {
        findings.push(source.at(n_lines, &format!("{n_lines} lines; 500 are the most")));
    }
    let mut in_code = false;
    for (i, line) in source.text.lines().enumerate() {
        let is_comment = line.trim_start().starts_with("//");
        let words = line.trim_start().trim_start_matches('/').trim_start_matches('!').trim_start();
        in_code = (in_code != words.starts_with("```")) && is_comment;
        // Code, tables, links and paths cannot be wrapped.
        let wraps = !in_code && !words.starts_with(['|', '#']) && line.split_whitespace().count() > 3;
        if is_comment && line.chars().count() > 100 && wraps {
            findings.push(source.at(i + 1, "a comment of more than 100 columns; wrap it"));
        }
        let lower = line.to_lowercase();
        for phrase in WORN_OUT.iter().filter(|phrase| is_comment && lower.contains(**phrase)) {
            findings.push(source.at(i + 1, &format!("\"{phrase}\": say it in plain English")));
        }
    }
    findings
}

#[test]
fn files_are_short_and_in_plain_english() {
    let made_up = |text: &str| Source { root: "src", path: "a.rs".into(), text: text.to_owned() };
    assert_eq!(lines(&made_up("fn f() {}\n")).len(), 1);
    assert_eq!(lines(&made_up(&format!("//! A.\n{}", "\n".repeat(501)))).len(), 1);
    assert_eq!(lines(&made_up(&format!("//! A {}.\n", "word ".repeat(30)))).len(), 1);
    assert_eq!(lines(&made_up("//! Whoever reads this.\n")).len(), 1);
    none(sources().iter().chain(&sources_of("tests")).flat_map(lines).collect());
}

/// What a file names of its own floor: other files, or `mod` for the floor's `mod.rs`.
fn siblings(source: &Source, files: &BTreeSet<String>) -> BTreeSet<String> {
    struct Uses<'u> {
        floor: &'u [String],
        files: &'u BTreeSet<String>,
        found: BTreeSet<String>,
    }
    impl Uses<'_> {
        fn path(&mut self, path: &[String]) {
            let below = match path.first().map(String::as_str) {
                Some("super") => &path[1..],
                Some("crate") if path[1..].starts_with(self.floor) => &path[1 + self.floor.len()..],
                _ => return,
            };
            match below.first() {
                Some(name) if self.files.contains(name) => drop(self.found.insert(name.clone())),
                Some(name) if name == "super" => {}
                _ => drop(self.found.insert("mod".to_owned())),
            }
        }

        fn tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
            match tree {
                syn::UseTree::Path(path) => {
                    before.push(path.ident.to_string());
                    self.tree(&path.tree, before);
                    before.pop();
                }
                syn::UseTree::Name(name) => self.leaf(&name.ident, before),
                syn::UseTree::Rename(rename) => self.leaf(&rename.ident, before),
                syn::UseTree::Glob(_) => self.path(before),
                syn::UseTree::Group(group) => {
                    group.items.iter().for_each(|tree| self.tree(tree, before));
                }
            }
        }

        fn leaf(&mut self, ident: &syn::Ident, before: &mut Vec<String>) {
            before.push(ident.to_string());
            self.path(before);
            before.pop();
        }
    }
    impl<'a> Visit<'a> for Uses<'_> {
        fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
            self.tree(&item.tree, &mut Vec::new());
        }

        fn visit_item_mod(&mut self, _: &'a syn::ItemMod) {}
    }
    let parents: Vec<String> =
        source.path.parent().unwrap().iter().map(|part| part.to_string_lossy().into()).collect();
    let mut uses = Uses { floor: &parents, files, found: BTreeSet::new() };
    uses.visit_file(&syn::parse_file(source.code()).expect("it is Rust"));
    uses.found
}

/// The circles among files of one folder, and the files that import from their parent.
fn circles(sources: &[Source]) -> Vec<String> {
    let mut folders: BTreeMap<PathBuf, Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path.components().count() > 1) {
        folders.entry(source.path.parent().unwrap().to_owned()).or_default().push(source);
    }
    let mut findings = Vec::new();
    for (folder, sources) in &folders {
        let stem = |source: &Source| source.path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut files: BTreeSet<String> =
            sources.iter().map(|source| stem(source)).filter(|stem| stem != "mod").collect();
        // A folder below counts as a file.
        files.extend(
            folders
                .keys()
                .filter(|below| below.parent() == Some(folder))
                .map(|below| below.file_name().unwrap().to_string_lossy().into_owned()),
        );
        let mut graph = BTreeMap::new();
        for source in sources.iter().filter(|source| stem(source) != "mod") {
            let mut uses = siblings(source, &files);
            if uses.remove("mod") {
                findings.push(source.at(1, "imports from its parent; import from the file that defines it"));
            }
            uses.remove(&stem(source));
            graph.insert(stem(source), uses);
        }
        // What is left when files that use nothing are taken away, again and again, is in a circle
        // or uses one.
        loop {
            let leaves: Vec<String> = graph
                .iter()
                .filter(|(_, uses)| uses.iter().all(|used| !graph.contains_key(used)))
                .map(|(name, _)| name.clone())
                .collect();
            if leaves.is_empty() {
                break;
            }
            leaves.iter().for_each(|leaf| drop(graph.remove(leaf)));
        }
        if !graph.is_empty() {
            let names: Vec<&String> = graph.keys().collect();
            findings.push(format!("src/{}: a circle of files among {names:?}", folder.display()));
        }
    }
    findings
}

#[test]
fn a_floor_has_no_circle_of_files() {
    let made_up = |path: &str, text: &str| Source { root: "src", path: path.into(), text: text.to_owned() };
    let circle = [made_up("a/b.rs", "use super::c::C;"), made_up("a/c.rs", "use crate::a::b::B;")];
    assert_eq!(circles(&circle).len(), 1);
    let parent = [made_up("a/b.rs", "use super::{C, d::D};"), made_up("a/d.rs", "")];
    assert_eq!(circles(&parent).len(), 1);
    assert!(circles(&[made_up("a/b.rs", "use super::c::C;"), made_up("a/c.rs", "")]).is_empty());
    none(circles(&sources()));
}

#[test]
fn a_type_name_has_one_meaning() {
    struct Names<'n>(&'n mut Vec<String>);
    impl<'a> Visit<'a> for Names<'_> {
        fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
            self.0.push(item.ident.to_string());
        }

        fn visit_item_enum(&mut self, item: &'a syn::ItemEnum) {
            self.0.push(item.ident.to_string());
        }

        fn visit_item_trait(&mut self, item: &'a syn::ItemTrait) {
            self.0.push(item.ident.to_string());
        }

        fn visit_item_type(&mut self, item: &'a syn::ItemType) {
            self.0.push(item.ident.to_string());
        }

        fn visit_item_fn(&mut self, _: &'a syn::ItemFn) {}
    }
    let names = |sources: &[Source]| {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for source in sources {
            let mut names = Vec::new();
            Names(&mut names).visit_file(&syn::parse_file(source.code()).expect("it is Rust"));
            for name in names {
                places.entry(name).or_default().push(source.path.display().to_string());
            }
        }
        let twice =
            places.into_iter().filter(|(name, places)| places.len() > 1 && !is_excepted(SAME_NAMES, name));
        twice
            .map(|(name, places)| format!("`{name}` is defined in {}", places.join(", ")))
            .collect::<Vec<_>>()
    };
    let made_up = |path: &str| Source { root: "src", path: path.into(), text: "struct S;".to_owned() };
    assert_eq!(names(&[made_up("a.rs"), made_up("b.rs")]).len(), 1);
    none(names(&sources()));
}

#[test]
fn floors_know_only_the_floors_above_them() {
    let floor = |room: &str| FLOORS.iter().position(|rooms| rooms.contains(&room));
    let mut findings = Vec::new();
    let mut n_uses = 0;
    for source in sources() {
        let room = source.room();
        let Some(own) = floor(&room) else {
            if !["lib", "main"].contains(&&*room) {
                findings.push(source.at(1, "is on no floor; add it to the list"));
            }
            continue;
        };
        for (i, line) in
            source.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for (at, _) in line.match_indices("crate::") {
                let used: String =
                    line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = floor(&used) else {
                    // What the library exports is named by the program alone, by its outer name.
                    if room != "cli" && !used.is_empty() {
                        findings.push(source.at(i + 1, &format!("uses crate::{used}, which is no floor")));
                    }
                    continue;
                };
                n_uses += 1;
                if other > own || SIBLINGS.contains(&(&room, &used)) {
                    findings.push(source.at(i + 1, &format!("uses {used}, which is below it or a sibling")));
                }
            }
        }
    }
    none(findings);
    assert!(n_uses > 50, "the test sees what is used: {n_uses}");
}

#[test]
fn unsafe_stays_in_its_rooms_and_nothing_below_the_program_prints() {
    let mut findings = Vec::new();
    for source in sources() {
        let path = source.path.display().to_string();
        let is_program = ["cli", "main"].contains(&&*source.room());
        for (i, line) in
            source.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            let words = || line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words().any(|word| word == "unsafe") && !UNSAFE_ROOMS.iter().any(|room| path.starts_with(room))
            {
                findings.push(source.at(i + 1, "unsafe outside its rooms"));
            }
            for word in
                ["clap", "indicatif", "println!", "eprintln!", "process::exit", "env::var", "signal_hook"]
            {
                if !is_program && line.contains(word) {
                    findings.push(source.at(i + 1, &format!("{word} below the program")));
                }
            }
        }
    }
    none(findings);
}
