//! The public API, as a list that is compared with `tests/api.txt`. A change of a signature
//! that users depend on shows in the diff. `ROWMILL_BLESS=1` writes the list anew.
//!
//! It reads the sources: the names that `src/lib.rs` exports, without hidden modules, and of each
//! its public fields, variants, methods and implemented traits.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, Type, UseTree, Visibility};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn parsed(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Tokens on a line, as they are written by hand but for spaces.
fn line(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (loose, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" > ", ">"),
        (" >", ">"),
        ("< ", "<"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        ("& ", "&"),
        (" : ", ": "),
        (" ;", ";"),
        (" [", "["),
        (" ]", "]"),
        ("->", " -> "),
        ("  ", " "),
    ] {
        text = text.replace(loose, tight);
    }
    text.replace(">->", "> ->").replace("  ", " ").trim().to_owned()
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("doc") && line(attribute).contains("hidden"))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") && line(attribute).contains("test"))
}

/// The names that a `use` exports.
fn exported(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => exported(&path.tree, names),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(rename) => drop(names.insert(rename.rename.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| exported(tree, names)),
        UseTree::Glob(_) => panic!("the crate exports names one by one"),
    }
}

fn sources() -> Vec<PathBuf> {
    let mut folders = vec![root().join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(path);
            }
        }
    }
    sources
}

/// The public fields of a struct or a variant, whose fields are all public.
fn fields(fields: &Fields, all: bool) -> Vec<String> {
    let is_public = |field: &&syn::Field| all || matches!(field.vis, Visibility::Public(_));
    let shown = |field: &syn::Field| match &field.ident {
        Some(name) => format!("{name}: {}", line(&field.ty)),
        None => line(&field.ty),
    };
    fields.iter().filter(is_public).filter(|field| !is_hidden(&field.attrs)).map(shown).collect()
}

fn non_exhaustive(attributes: &[Attribute]) -> &'static str {
    if has(attributes, "non_exhaustive") { " (non_exhaustive)" } else { "" }
}

/// What an item says of one of the names.
fn of_item(item: &Item, names: &BTreeSet<String>, list: &mut BTreeSet<String>) {
    match item {
        Item::Struct(item) if names.contains(&item.ident.to_string()) => {
            let name = line(&item.ident) + &line(&item.generics);
            list.insert(format!("struct {name}{}", non_exhaustive(&item.attrs)));
            list.extend(
                fields(&item.fields, false).into_iter().map(|field| format!("struct {name}.{field}")),
            );
        }
        Item::Enum(item) if names.contains(&item.ident.to_string()) => {
            let name = line(&item.ident) + &line(&item.generics);
            list.insert(format!("enum {name}{}", non_exhaustive(&item.attrs)));
            list.extend(item.variants.iter().map(|variant| {
                let fields = fields(&variant.fields, true);
                let fields =
                    if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
                format!("enum {name}::{}{fields}", variant.ident)
            }));
        }
        Item::Trait(item) if names.contains(&item.ident.to_string()) => {
            let bounds = if item.supertraits.is_empty() {
                String::new()
            } else {
                format!(": {}", line(&item.supertraits))
            };
            list.insert(format!("trait {}{bounds}", item.ident));
            list.extend(item.items.iter().filter_map(|inner| match inner {
                syn::TraitItem::Fn(method) if !is_hidden(&method.attrs) => {
                    let default = if method.default.is_some() { " (has a default)" } else { "" };
                    Some(format!("trait {}: {}{default}", item.ident, line(&method.sig)))
                }
                _ => None,
            }));
        }
        Item::Fn(item)
            if names.contains(&item.sig.ident.to_string()) && matches!(item.vis, Visibility::Public(_)) =>
        {
            list.insert(line(&item.sig));
        }
        Item::Const(item)
            if names.contains(&item.ident.to_string()) && matches!(item.vis, Visibility::Public(_)) =>
        {
            list.insert(format!("const {}: {}", item.ident, line(&item.ty)));
        }
        Item::Type(item) if names.contains(&item.ident.to_string()) => {
            list.insert(format!("type {}{} = {}", item.ident, line(&item.generics), line(&item.ty)));
        }
        Item::Impl(item) => of_impl(item, names, list),
        // Enums that a table makes: each line is a name.
        Item::Macro(item) if item.mac.path.is_ident("table") => {
            let tokens = line(&item.mac.tokens);
            let name = names.iter().find(|name| tokens.contains(&format!(" {name} {{")));
            if let Some(name) = name {
                let variants = tokens.split(" => ").filter_map(|before| before.split_whitespace().last());
                let n = tokens.matches(" => ").count();
                list.extend(variants.take(n).map(|variant| format!("enum {name}::{variant}")));
            }
        }
        _ => {}
    }
}

fn of_impl(item: &ItemImpl, names: &BTreeSet<String>, list: &mut BTreeSet<String>) {
    let Type::Path(of) = &*item.self_ty else { return };
    let name = of.path.segments.last().unwrap().ident.to_string();
    if !names.contains(&name) || is_test(&item.attrs) || is_hidden(&item.attrs) {
        return;
    }
    if let Some((_, of, _)) = &item.trait_ {
        list.insert(format!("impl {} for {name}", line(of)));
        return;
    }
    for inner in &item.items {
        match inner {
            ImplItem::Fn(method)
                if matches!(method.vis, Visibility::Public(_)) && !is_hidden(&method.attrs) =>
            {
                list.insert(format!("{name}: {}", line(&method.sig)));
            }
            ImplItem::Const(inner)
                if matches!(inner.vis, Visibility::Public(_)) && !is_hidden(&inner.attrs) =>
            {
                list.insert(format!("{name}: const {}: {}", inner.ident, line(&inner.ty)));
            }
            _ => {}
        }
    }
}

fn listing() -> String {
    let mut names = BTreeSet::new();
    for item in parsed(&root().join("src/lib.rs")).items {
        if let Item::Use(item) = item
            && matches!(item.vis, Visibility::Public(_))
            && !is_hidden(&item.attrs)
        {
            exported(&item.tree, &mut names);
        }
    }
    assert!((20..60).contains(&names.len()), "{} names at the root: {names:?}", names.len());
    let mut list = BTreeSet::new();
    for source in sources() {
        // The program's own types may have the same names.
        if !source.starts_with(root().join("src/cli")) {
            parsed(&source).items.iter().for_each(|item| of_item(item, &names, &mut list));
        }
    }
    for name in &names {
        assert!(list.iter().any(|line| line.contains(name.as_str())), "{name} is found nowhere");
    }
    list.into_iter().map(|line| line + "\n").collect()
}

#[test]
fn the_public_api_is_as_listed() {
    let path = root().join("tests/api.txt");
    let now = listing();
    if std::env::var_os("ROWMILL_BLESS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let listed = fs::read_to_string(&path).unwrap_or_default();
    let (now, listed): (BTreeSet<_>, BTreeSet<_>) = (now.lines().collect(), listed.lines().collect());
    let gone: Vec<_> = listed.difference(&now).map(|line| format!("- {line}")).collect();
    let new: Vec<_> = now.difference(&listed).map(|line| format!("+ {line}")).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "the public API is another; if it should be, ROWMILL_BLESS=1 cargo test --test it -- api, and say so in \
         CHANGELOG.md:\n{}\n{}",
        gone.join("\n"),
        new.join("\n")
    );
}
