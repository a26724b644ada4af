//! The examples, the manual and the JSON Schema agree with the parser.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn examples() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join("examples/pipelines")).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.display().to_string(), fs::read_to_string(&file).unwrap())).collect()
}

/// The YAML of the manual: whole pipelines, and parts of one that begin with a comment `# stage`.
fn manual() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docs/pipelines.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.enumerate().map(|(number, block)| (format!("block {number} of the manual"), block)).collect()
}

#[test]
fn all_examples_and_all_of_the_manual_are_good_for_parser_and_schema() {
    assert!(examples().len() >= 8 && manual().len() >= 8);
    for (name, text) in examples().into_iter().chain(manual()) {
        if let Err(problems) = parse(&text, &name) {
            panic!("{}", told(&problems));
        }
        assert_eq!(schema_accepts(&text), Some(Ok(())), "{name}");
    }
}

#[test]
fn the_manual_names_every_key() {
    let text = fs::read_to_string(root().join("docs/pipelines.md")).unwrap();
    for object in [
        &keys::PIPELINE,
        &keys::STAGE,
        &keys::LISTED_STAGE,
        &keys::STEP,
        &keys::PARAMETER,
        &keys::LISTED_PARAMETER,
        &keys::WHEN,
        &keys::RETRY,
        &keys::INPUT,
        &keys::ARTIFACTS,
    ] {
        for key in object.keys {
            assert!(
                text.contains(&format!("`{}`", key.name)),
                "the manual does not name `{}` of {}",
                key.name,
                object.name
            );
        }
    }
}

#[test]
fn the_committed_schema_is_the_one_that_the_keys_make() {
    let file = root().join("schemas/pipeline.json");
    let fresh = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &fresh).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == fresh, "schemas/pipeline.json is out of date: run this test with UPDATE=1");
}

#[test]
fn foreign_keys_are_not_keys_of_ours() {
    for object in [
        &keys::PIPELINE,
        &keys::STAGE,
        &keys::STEP,
        &keys::PARAMETER,
        &keys::WHEN,
        &keys::RETRY,
        &keys::INPUT,
        &keys::ARTIFACTS,
    ] {
        for (names, _) in object.foreign {
            for name in *names {
                assert!(
                    !object.keys.iter().any(|key| key.name == *name && *name != "allow-failure"),
                    "{name} of {}",
                    object.name
                );
            }
        }
    }
}
