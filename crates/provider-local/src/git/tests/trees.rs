//! Work trees.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use super::*;

#[tokio::test]
async fn a_tree_has_everything_that_was_committed_and_a_repository_of_its_own() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    origin.write("bin/run", "#!/bin/sh\n");
    fs::set_permissions(origin.path().join("bin/run"), fs::Permissions::from_mode(0o755)).unwrap();
    origin.write("odd name\n\"ü\"/-x", "odd");
    origin.write("ignored.txt", "kept in spite of export-ignore\n");
    origin.write(".gitattributes", "ignored.txt export-ignore\n");
    symlink("a.txt", origin.path().join("link")).unwrap();
    let sha = origin.commit_all("Everything");
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    let tree = bench.checkout(&fetched, "tree").await;
    assert_eq!(read(&tree, "link"), "one\n");
    assert!(fs::symlink_metadata(tree.join("link")).unwrap().is_symlink());
    assert_eq!(fs::metadata(tree.join("bin/run")).unwrap().permissions().mode() & 0o111, 0o111);
    assert_eq!(read(&tree, "odd name\n\"ü\"/-x"), "odd");
    assert_eq!(read(&tree, "ignored.txt"), "kept in spite of export-ignore\n");
    fs::remove_dir_all(fetched.mirror.dir()).unwrap(); // the tree does not lean on the cache
    assert_eq!(origin::run(&tree, ["rev-parse", "HEAD"]), sha);
    assert_eq!(origin::run(&tree, ["status", "--porcelain"]), "");
    assert_eq!(origin::run(&tree, ["remote", "get-url", "origin"]), origin.path().to_str().unwrap());
}

#[tokio::test]
async fn thousands_of_files_are_laid_out_side_by_side_from_one_cache() {
    let (bench, origin) = (Bench::new(), Origin::empty());
    for number in 0..3000 {
        origin.write(&format!("d{}/f{number}", number % 50), &format!("{number}\n"));
    }
    origin.commit_all("Many");
    let (a, b, c) = tokio::join!(
        bench.fetch(&origin, "main"), // three builds that begin at the same time
        bench.fetch(&origin, "main"),
        bench.fetch(&origin, "HEAD"),
    );
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    let (a, b, c) =
        tokio::join!(bench.checkout(&a, "tree-a"), bench.checkout(&b, "tree-b"), bench.checkout(&c, "tree-c"));
    for tree in [a, b, c] {
        assert_eq!(read(&tree, "d49/f2999"), "2999\n");
        assert_eq!(origin::run(&tree, ["ls-files"]).lines().count(), 3000);
    }
}

#[tokio::test]
async fn what_a_build_does_to_its_tree_harms_neither_the_cache_nor_another_tree() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    let spoilt = bench.checkout(&fetched, "spoilt").await;
    let objects = spoilt.join(".git/objects");
    for entry in walk(&objects) {
        fs::set_permissions(&entry, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(&entry, "rubbish").unwrap();
    }
    fs::write(spoilt.join("a.txt"), "rubbish").unwrap();
    assert_eq!(read(&bench.checkout(&fetched, "fresh").await, "a.txt"), "one\n");
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_folder_that_holds_something_is_left_alone() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    fs::create_dir(bench.path("full")).unwrap();
    fs::write(bench.path("full").join("precious"), "x").unwrap();
    let error = bench.git.checkout(&fetched.mirror, &fetched.sha, &bench.path("full")).await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::Refused);
    assert_eq!(fs::read_dir(bench.path("full")).unwrap().count(), 1);
}
