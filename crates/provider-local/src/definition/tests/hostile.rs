//! Any text at all: an answer soon, and no panic.

use proptest::prelude::*;

use super::*;

#[test]
fn too_much_of_anything_is_refused() {
    let many = |count: usize| (0..count).map(|n| format!("  s{n}: {{run: x}}\n")).collect::<String>();
    let cases = [
        ("x".repeat(1024 * 1024 + 1), "at most 1048576 are read"),
        ("[".repeat(1000), "64 deep"),
        ("- ".repeat(400_000), "64 deep"),
        ("{a: ".repeat(200), "64 deep"),
        ("? ".repeat(300_000), "64 deep"),
        (format!("stages:\n{}", many(1001)), "at most 1000"),
        (format!("run: [{}]", "x, ".repeat(150_000)), "more than 100000 values"),
        (
            format!("stages:\n  a: {{run: x, needs: [{}]}}\n", (0..201).map(|n| format!("n{n},")).collect::<String>()),
            "at most 200",
        ),
        (format!("x-a: &a \"{}\"\nx-b: [{}]\nrun: x\n", "y".repeat(100_000), "*a,".repeat(100)), "bytes of text"),
        (format!("run: \"{}\"", "x".repeat(200_000)), "larger than 102400 bytes"),
    ];
    for (text, expected) in cases {
        let problems = parse(&text, "p").unwrap_err();
        assert!(problems.iter().any(|p| p.message.contains(expected)), "{expected}: {}", told(&problems));
    }
    assert_eq!(stages(&good(&format!("stages:\n{}", many(1000)))).len(), 1000);
}

#[test]
fn a_thousand_mistakes_are_told_as_a_hundred() {
    let text: String = (0..1000).map(|n| format!("wrong{n}: 1\n")).collect();
    let problems = parse(&text, "p").unwrap_err();
    assert_eq!(problems.len(), 101);
    assert!(problems[100].message.contains("900 problems more"), "{}", problems[100]);
}

#[test]
fn the_largest_files_are_answered() {
    let texts = [
        "a".repeat(1024 * 1024),
        "a: b\n".repeat(200_000),
        "\n".repeat(1024 * 1024),
        "'".repeat(1024 * 1024),
        "# c\n".repeat(250_000),
        "a:\n ".repeat(200_000),
        "&a ".repeat(300_000),
        "*a ".repeat(300_000),
        "!!a ".repeat(200_000),
        "|\n".repeat(400_000),
        "\"\\".repeat(400_000),
        "%TAG ! a\n".repeat(100_000),
        "--- \n".repeat(200_000),
        format!("stages:\n  a: {{run: x, needs: [{}]}}", "a, ".repeat(90_000)),
        format!("{}: 1", "k".repeat(1_000_000)),
        format!(
            "stages: {{{}}}",
            (0..900)
                .map(|n| format!(
                    "s{n}: {{run: x, needs: [{}]}}, ",
                    (n.max(190) - 190..n).map(|m| format!("s{m},")).collect::<String>()
                ))
                .collect::<String>()
        ),
    ];
    for text in texts {
        let _ = parse(&text, "p");
    }
}

/// Texts made of what a pipeline file is made of.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "stages",
        "run",
        "needs",
        "parallel",
        "when",
        "input",
        "env",
        "parameters",
        "retry",
        "timeout",
        "artifacts",
        "a",
        "b",
        ": ",
        ":",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "*a",
        "&a ",
        "<<",
        "1",
        "10m",
        "true",
        "~",
        "'",
        "\"",
        "|",
        ">",
        "#",
        "---",
        "...",
        "!!str ",
        "%",
        "?",
        "\t",
        "ü",
        "\u{feff}",
        "\r",
        "\u{85}",
        "\\",
        "always",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let names = || {
        prop::sample::select(vec![
            "stages",
            "run",
            "needs",
            "parallel",
            "when",
            "input",
            "env",
            "parameters",
            "retry",
            "timeout",
            "artifacts",
            "a",
            "b",
            "finally",
            "choices",
            "type",
            "name",
            "branch",
            "x/y",
        ])
    };
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        names().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(names(), inner, 0..6).prop_map(|map| map
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

fn answers_well(text: &str) -> Result<(), TestCaseError> {
    match parse(text, "p") {
        Ok(pipeline) => {
            let keys: std::collections::HashSet<_> = stages(&pipeline).iter().map(|stage| &stage.key).collect();
            prop_assert_eq!(keys.len(), stages(&pipeline).len());
            for stage in stages(&pipeline) {
                prop_assert!(stage.needs.iter().chain(&stage.parent).all(|key| keys.contains(key)));
            }
            prop_assert_eq!(
                schema_accepts(text),
                Some(Ok(())),
                "the parser accepts what the schema does not: {}",
                text
            );
        }
        Err(problems) => prop_assert!(!problems.is_empty()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        answers_well(&text)?;
    }

    #[test]
    fn any_words_are_answered(text in words()) {
        answers_well(&text)?;
    }

    #[test]
    fn any_tree_is_answered(tree in tree()) {
        answers_well(&tree.to_string())?;
    }

    #[test]
    fn any_graph_is_sorted_or_called_a_circle(edges in prop::collection::vec((0_usize..8, 0_usize..8), 0..14)) {
        let list = |to: usize| edges.iter().filter(|(from, _)| *from == to).map(|(_, need)| format!("s{need}")).collect::<std::collections::BTreeSet<_>>();
        let text: String = (0..8).map(|n| format!("  s{n}: {{run: x, needs: [{}]}}\n", list(n).into_iter().collect::<Vec<_>>().join(", "))).collect();
        // An oracle of another make: take away what waits for nothing until nothing is left, or nothing moves.
        let mut left: Vec<usize> = (0..8).collect();
        loop {
            let before = left.len();
            let still = left.clone();
            left.retain(|n| edges.iter().any(|(from, need)| from == n && still.contains(need)));
            if left.len() == before { break; }
        }
        prop_assert_eq!(parse(&format!("stages:\n{text}"), "p").is_ok(), left.is_empty());
    }
}
