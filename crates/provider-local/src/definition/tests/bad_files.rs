//! Every kind of mistake, and the words that it is met with.

use std::{fs, path::Path};

use super::*;

#[test]
fn each_mistake_is_told_with_place_key_and_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/definition/tests/bad");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 40);
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let problems = parse(&text, &format!("{name}.yaml")).expect_err(&name);
        for problem in &problems {
            assert!(problem.line >= 1 && problem.column >= 1, "{problem}");
            assert!(!problem.to_string().chars().any(char::is_control), "{problem:?}");
            let remedy = problem.message.contains(": ") || problem.message.ends_with('?');
            assert!(remedy, "no remedy: {problem}");
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.clone(), told(&problems));
        });
        if name.starts_with("shape-") {
            let verdict = schema_accepts(&text);
            assert!(verdict.is_none_or(|v| v.is_err()), "the JSON Schema accepts {name}");
        }
    }
}
