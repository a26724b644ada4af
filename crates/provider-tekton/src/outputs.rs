//! What a run says that it made: the results of its pipeline, and what its tasks name as images and other things by the conventions of
//! Tekton Chains (type hints), with what Chains has signed.

use alm_domain::{Commit, Output, OutputKind, Provenance, StageKey, clean_text, is_web_address};
use alm_masking::Masks;
use kube::core::DynamicObject;
use serde_json::Value;

use crate::child::Child;

/// The longest value that is told, in bytes; Tekton's own results are shorter.
const LONGEST: usize = 4_096;
/// The longest name, in characters.
const LONGEST_NAME: usize = 200;
/// The most that are told.
const MOST: usize = 200;

const SIGNED: &str = "chains.tekton.dev/signed";
const LOGGED: &str = "chains.tekton.dev/transparency";
/// What the finalizers of Chains begin with: on what it is going to sign.
const FINALIZER: &str = "chains.tekton.dev";
const GIT_COMMIT: &str = "CHAINS-GIT_COMMIT";

/// What a run says that it made. Things that are named by a task and by the pipeline are told once.
pub(crate) fn outputs(
    run: &DynamicObject,
    children: &[Child<'_>],
    stage: impl Fn(&Child<'_>) -> Option<StageKey>,
) -> Vec<Output> {
    let mut all: Vec<Output> = Vec::new();
    for child in children {
        add(hinted(child.results(), stage(child).as_ref(), provenance(child.object).as_ref()), &mut all);
    }
    let results = results_of(run);
    let signed = provenance(run);
    add(hinted(results, None, signed.as_ref()), &mut all);
    let plain = results.iter().filter_map(|result| {
        let (name, value) = (result["name"].as_str()?, &result["value"]);
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (!is_hint(name)).then(|| (name.to_owned(), value))
    });
    let kind = OutputKind::Result;
    add(plain.map(|(name, value)| Output { name, kind, stage: None, value, digest: None, provenance: None }), &mut all);
    all
}

/// Takes secrets out of what a run says.
pub(crate) fn masked(outputs: Vec<Output>, masks: &Masks) -> Vec<Output> {
    outputs.into_iter().map(|output| Output { value: masks.mask(&output.value), ..output }).collect()
}

/// Whether Chains has announced a signature that is not there yet.
pub(crate) fn awaits_signature<'a>(objects: impl IntoIterator<Item = &'a DynamicObject>) -> bool {
    objects.into_iter().any(|object| {
        let announced = object.metadata.finalizers.iter().flatten().any(|name| name.starts_with(FINALIZER));
        announced && annotation(object, SIGNED).is_none()
    })
}

/// The commit that was built, where a task that fetched it tells: by the hint of Chains, or as the task `git-clone` does.
pub(crate) fn commit(run: &DynamicObject, children: &[Child<'_>]) -> Option<Commit> {
    let value = |listed: &[Value], wanted: &str| {
        let found = listed.iter().find(|known| known["name"] == wanted)?;
        found["value"].as_str().map(|value| value.trim().to_owned())
    };
    let of_child = |child: &Child<'_>| {
        let params = child.object.data["spec"]["params"].as_array().map(Vec::as_slice).unwrap_or_default();
        let results = child.results();
        let cloned = || value(results, "url").and_then(|_| value(results, "commit"));
        value(results, GIT_COMMIT).or_else(|| value(params, GIT_COMMIT)).or_else(cloned)
    };
    let found = value(results_of(run), GIT_COMMIT).into_iter().chain(children.iter().filter_map(of_child));
    let is_hash = |text: &String| matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let sha = found.into_iter().find(is_hash)?.to_ascii_lowercase();
    Some(Commit { sha, title: None, author: None })
}

/// The results of a pipeline, in either version of the API.
fn results_of(run: &DynamicObject) -> &[Value] {
    let status = &run.data["status"];
    let told = ["results", "pipelineResults"].into_iter().find_map(|field| status[field].as_array());
    told.map(Vec::as_slice).unwrap_or_default()
}

fn annotation<'a>(object: &'a DynamicObject, name: &str) -> Option<&'a str> {
    object.metadata.annotations.as_ref()?.get(name).map(String::as_str)
}

fn provenance(object: &DynamicObject) -> Option<Provenance> {
    annotation(object, SIGNED).filter(|signed| *signed == "true")?;
    let log_url = annotation(object, LOGGED).filter(|url| url.len() <= LONGEST && is_web_address(url));
    Some(Provenance { by: "Tekton Chains".to_owned(), log_url: log_url.map(str::to_owned) })
}

fn is_hint(name: &str) -> bool {
    let ends = ["IMAGE_URL", "IMAGE_DIGEST", "ARTIFACT_URI", "ARTIFACT_DIGEST", "ARTIFACT_OUTPUTS"];
    name == "IMAGES" || ends.iter().any(|end| name.ends_with(end))
}

fn hinted(results: &[Value], stage: Option<&StageKey>, provenance: Option<&Provenance>) -> Vec<Output> {
    let text = |value: &Value| value.as_str().map(|text| text.trim().to_owned());
    let named =
        |wanted: &str| results.iter().find(|known| known["name"] == wanted).and_then(|found| text(&found["value"]));
    let make = |name: &str, kind: OutputKind, value: String, digest: String| Output {
        name: name.to_owned(),
        kind,
        stage: stage.cloned(),
        value,
        digest: Some(digest),
        provenance: provenance.cloned(),
    };
    let mut found = Vec::new();
    for result in results {
        let Some(name) = result["name"].as_str() else { continue };
        for (of_place, of_digest, kind) in
            [("IMAGE_URL", "IMAGE_DIGEST", OutputKind::Image), ("ARTIFACT_URI", "ARTIFACT_DIGEST", OutputKind::Object)]
        {
            if let Some(prefix) = name.strip_suffix(of_place)
                && let Some((place, digest)) = text(&result["value"]).zip(named(&format!("{prefix}{of_digest}")))
            {
                let word = of_place.split('_').next().unwrap_or(of_place);
                found.push(make(&format!("{prefix}{word}"), kind, place, digest));
            }
        }
        if name == "IMAGES" {
            let listed = text(&result["value"]).unwrap_or_default();
            let images = listed.split([',', '\n']).filter_map(|image| image.trim().split_once('@'));
            found.extend(
                images.map(|(place, digest)| make(place, OutputKind::Image, place.to_owned(), digest.to_owned())),
            );
        }
        if let Some((place, digest)) = text(&result["value"]["uri"]).zip(text(&result["value"]["digest"]))
            && let Some(prefix) = name.strip_suffix("_OUTPUTS").filter(|_| name.ends_with("ARTIFACT_OUTPUTS"))
        {
            found.push(make(prefix, OutputKind::Object, place, digest));
        }
    }
    found
}

/// Adds what is well formed and not there yet.
fn add(more: impl IntoIterator<Item = Output>, all: &mut Vec<Output>) {
    for output in more {
        let is_fine = !output.value.is_empty()
            && output.value.len() <= LONGEST
            && output.digest.as_deref().is_none_or(is_digest)
            && !output.name.is_empty()
            && output.name.chars().count() <= LONGEST_NAME;
        if !is_fine || all.len() >= MOST {
            continue;
        }
        let value = output.value.lines().map(|line| clean_text(line.to_owned())).collect::<Vec<_>>().join("\n");
        let output = Output { name: clean_text(output.name), value, ..output };
        let same = |known: &&mut Output| {
            let is_thing = output.digest.is_some() && known.digest == output.digest && known.value == output.value;
            is_thing || (known.name == output.name && known.stage == output.stage)
        };
        match all.iter_mut().find(same) {
            Some(known) if known.digest == output.digest && known.provenance.is_none() => {
                known.provenance = output.provenance
            }
            Some(_) => {}
            None => all.push(output),
        }
    }
}

fn is_digest(text: &str) -> bool {
    let hex = |text: &str| (32..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let name = |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    text.split_once(':').is_some_and(|(algorithm, digest)| name(algorithm) && hex(digest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DIGEST: &str = "sha256:586789aa031fafc7d78a5393cdc772e0b55107ea54bb8bcf3f2cdac6c6da51ee";

    fn run(results: &Value, annotations: &Value) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"annotations": annotations}, "status": {"results": results}}))
            .unwrap()
    }

    #[test]
    fn every_hint_of_chains_is_understood_and_nothing_else_is_taken_for_one() {
        let results = json!([
            {"name": "IMAGES", "value": format!("r/a@{DIGEST}, r/b@{DIGEST}\nr/c@rubbish,r/d")},
            {"name": "app-IMAGE_URL", "value": "r/app "}, {"name": "app-IMAGE_DIGEST", "value": format!("{DIGEST}\n")},
            {"name": "lone_IMAGE_URL", "value": "r/lone"},
            {"name": "jar_ARTIFACT_URI", "value": "https://r/x.jar"}, {"name": "jar_ARTIFACT_DIGEST", "value": DIGEST},
            {"name": "sbom_ARTIFACT_OUTPUTS", "value": {"uri": "r/sbom", "digest": DIGEST}},
            {"name": "odd_ARTIFACT_OUTPUTS", "value": "text"},
            {"name": "coverage", "value": "81"}, {"name": "list", "value": ["a"]}, {"name": "long", "value": "x".repeat(9_000)}, 7,
        ]);
        let signed = json!({SIGNED: "true", LOGGED: "https://rekor.example.test/1"});
        let found = outputs(&run(&results, &signed), &[], |_| None);
        let told: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.kind, it.value.as_str())).collect();
        use OutputKind::{Image, Object, Result};
        assert_eq!(
            told,
            [
                ("r/a", Image, "r/a"),
                ("r/b", Image, "r/b"),
                ("app-IMAGE", Image, "r/app"),
                ("jar_ARTIFACT", Object, "https://r/x.jar"),
                ("sbom_ARTIFACT", Object, "r/sbom"),
                ("coverage", Result, "81"),
                ("list", Result, "[\"a\"]"),
            ]
        );
        assert!(found.iter().all(|it| it.provenance.is_some() == (it.kind != Result)));
        assert_eq!(found[0].provenance.as_ref().unwrap().log_url.as_deref(), Some("https://rekor.example.test/1"));
        let unsigned = outputs(&run(&results, &json!({SIGNED: "failed", LOGGED: "javascript:1"})), &[], |_| None);
        assert!(unsigned.iter().all(|it| it.provenance.is_none()));
    }

    #[test]
    fn a_commit_is_a_whole_hash() {
        for (value, is_one) in [("7F2F46E1B97DF36B2B82D1B1D87C81B8B3D21601", true), ("main", false), ("7f2f46e", false)]
        {
            let found = commit(&run(&json!([{"name": GIT_COMMIT, "value": value}]), &json!({})), &[]);
            assert_eq!(found.is_some_and(|commit| commit.sha == value.to_ascii_lowercase()), is_one, "{value}");
        }
    }
}
