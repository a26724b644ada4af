//! What a build configuration is checked for, and what is filled in.

use serde_json::{Value, json};

use crate::{
    api::status::{Cause, Failure},
    world::{Resource, text},
};

const FIELDS: [&str; 14] = [
    "triggers",
    "runPolicy",
    "successfulBuildsHistoryLimit",
    "failedBuildsHistoryLimit",
    "serviceAccount",
    "source",
    "revision",
    "strategy",
    "output",
    "resources",
    "postCommit",
    "completionDeadlineSeconds",
    "nodeSelector",
    "mountTrustedCA",
];
const STRATEGIES: [(&str, &str); 4] = [
    ("dockerStrategy", "Docker"),
    ("sourceStrategy", "Source"),
    ("customStrategy", "Custom"),
    ("jenkinsPipelineStrategy", "JenkinsPipeline"),
];

/// Fills in what a build configuration leaves out; drops what it does not know; fails where it cannot be.
pub(crate) fn admit(resource: &Resource, object: &mut Value, old: Option<&Value>) -> Result<(), Failure> {
    if let Some(map) = object.as_object_mut() {
        map.retain(|field, _| ["kind", "apiVersion", "metadata", "spec", "status"].contains(&field.as_str()));
    }
    let name = text(&object["metadata"]["name"]);
    let strategy = &object["spec"]["strategy"];
    if !strategy.is_null() && !strategy.is_object() {
        return Err(Failure::bad_request(
            "BuildConfig in version \"v1\" cannot be handled as a BuildConfig: v1.BuildConfig.Spec: v1.BuildConfigSpec.CommonSpec: Strategy: readObjectStart: expect { or n, but found \"",
        ));
    }
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    let spec = &mut object["spec"];
    if let Some(map) = spec.as_object_mut() {
        map.retain(|field, value| {
            FIELDS.contains(&field.as_str())
                && !value.as_array().is_some_and(Vec::is_empty)
                && (!value.is_null() || field == "nodeSelector")
        });
    }
    fill(spec);
    let mut causes = check_source(spec);
    causes.extend(check(spec));
    if !causes.is_empty() {
        return Err(Failure::invalid_object(resource, &name, &causes));
    }
    let version = old.map_or(&Value::Null, |old| &old["status"]["lastVersion"]).as_i64().unwrap_or(0);
    if object["status"]["lastVersion"].as_i64().is_none_or(|given| given < version) {
        object["status"] = json!({"lastVersion": version});
    }
    Ok(())
}

/// Fills in what the specification of a build leaves out, and drops what only configurations have.
pub(crate) fn fill_build(spec: &mut Value) {
    if !spec.is_object() {
        *spec = json!({});
    }
    fill(spec);
    if let Some(map) = spec.as_object_mut() {
        for field in ["triggers", "runPolicy", "successfulBuildsHistoryLimit", "failedBuildsHistoryLimit"] {
            map.remove(field);
        }
    }
}

fn fill(spec: &mut Value) {
    for (field, value) in [
        ("runPolicy", json!("Serial")),
        ("source", json!({})),
        ("strategy", json!({})),
        ("output", json!({})),
        ("resources", json!({})),
        ("postCommit", json!({})),
        ("nodeSelector", Value::Null),
        ("successfulBuildsHistoryLimit", json!(5)),
        ("failedBuildsHistoryLimit", json!(5)),
    ] {
        if spec.get(field).is_none() {
            spec[field] = value;
        }
    }
    let kind = STRATEGIES.iter().find(|(field, _)| spec["strategy"][*field].is_object()).map(|(_, kind)| *kind);
    if let (Some(kind), None) = (kind, spec["strategy"]["type"].as_str()) {
        spec["strategy"]["type"] = json!(kind);
    }
    let source = &mut spec["source"];
    if source["type"].as_str().is_none_or(str::is_empty) {
        let kind = ["git", "dockerfile", "binary", "images"].iter().find(|field| !source[**field].is_null());
        let kind = match kind {
            Some(&"git") => "Git",
            Some(&"dockerfile") => "Dockerfile",
            Some(&"binary") => "Binary",
            Some(_) => "Image",
            None => "None",
        };
        source["type"] = json!(kind);
    }
    // Indexing has left nulls behind where there was nothing.
    if let Some(map) = source.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    if let Some(map) = spec["strategy"].as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
}

fn check_source(spec: &Value) -> Vec<Cause> {
    let git = &spec["source"]["git"];
    if git.is_object() && git["uri"].as_str().is_none_or(str::is_empty) {
        return vec![Cause::required("spec.source.git.uri", "Required value")];
    }
    Vec::new()
}

fn check(spec: &Value) -> Vec<Cause> {
    let strategy = &spec["strategy"];
    if STRATEGIES.iter().filter(|(field, _)| strategy[*field].is_object()).count() != 1 {
        let message = "Invalid value: build.BuildStrategy{DockerStrategy:(*build.DockerBuildStrategy)(nil), SourceStrategy:(*build.SourceBuildStrategy)(nil), CustomStrategy:(*build.CustomBuildStrategy)(nil), JenkinsPipelineStrategy:(*build.JenkinsPipelineBuildStrategy)(nil)}: must provide a value for exactly one of sourceStrategy, customStrategy, dockerStrategy, or jenkinsPipelineStrategy";
        return vec![Cause::value("spec.strategy", message)];
    }
    let pipeline = &strategy["jenkinsPipelineStrategy"];
    if pipeline.is_object() {
        let (path, inline) = (text(&pipeline["jenkinsfilePath"]), text(&pipeline["jenkinsfile"]));
        if !path.is_empty() && !inline.is_empty() {
            let message = format!(
                "Invalid value: build.JenkinsPipelineBuildStrategy{{JenkinsfilePath:{path:?}, Jenkinsfile:{inline:?}, Env:[]core.EnvVar(nil)}}: must provide a value for at most one of jenkinsfilePath, or jenkinsfile"
            )
            .replace("\\'", "'");
            return vec![Cause::value("spec.strategy.jenkinsPipelineStrategy", message)];
        }
        if inline.is_empty() && !spec["source"]["git"].is_object() {
            let message = "Invalid value: \"\": must be set when using Jenkins Pipeline strategy with Jenkinsfile from a git repo";
            return vec![Cause::value("spec.source.git", message)];
        }
    }
    let from = &strategy["sourceStrategy"]["from"];
    if strategy["sourceStrategy"].is_object() && !from.is_object() {
        return vec![Cause::required("spec.strategy.sourceStrategy.from.kind", "Required value")];
    }
    if let Some(kind) =
        from["kind"].as_str().filter(|kind| !["ImageStreamTag", "ImageStreamImage", "DockerImage"].contains(kind))
    {
        let message = format!(
            "Invalid value: \"{kind}\": from.kind must be one of \"ImageStreamTag\", \"ImageStreamImage\" or \"DockerImage\""
        );
        return vec![Cause::value("spec.strategy.sourceStrategy.from.kind", message)];
    }
    let policy = text(&spec["runPolicy"]);
    if !["Parallel", "Serial", "SerialLatestOnly"].contains(&policy.as_str()) {
        let message = format!("Invalid value: \"{policy}\": run policy must Parallel, Serial, or SerialLatestOnly");
        return vec![Cause::value("spec.runPolicy", message)];
    }
    Vec::new()
}
