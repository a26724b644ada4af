//! The map of the code names what is there, and nothing else.

use std::{collections::BTreeSet, fs, path::Path};

/// The places that exist: crates, modules of the root package, and what stands beside them.
fn places(root: &Path) -> BTreeSet<String> {
    let list = |folder: &str, what: fn(&Path) -> bool| -> Vec<String> {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let named = entries.filter(|path| what(path)).map(|path| {
            let slash = if path.is_dir() { "/" } else { "" };
            format!("{folder}/{}{slash}", path.file_name().unwrap().to_str().unwrap())
        });
        named.collect()
    };
    let crates = list("crates", |path| path.join("Cargo.toml").is_file());
    let modules = list("src", |path| !path.ends_with("lib.rs"));
    crates.into_iter().chain(modules).collect()
}

#[test]
fn the_map_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let named: BTreeSet<String> = rows.map(str::to_owned).collect();
    for place in &named {
        assert!(root.join(place).exists(), "docs/ARCHITECTURE.md names {place}, which is not there");
    }
    let missing: Vec<_> = places(root).into_iter().filter(|place| !named.contains(place)).collect();
    assert!(missing.is_empty(), "docs/ARCHITECTURE.md does not name {missing:?}: add a row to its map");
}
