//! Making builds: of a configuration, of another build, by a webhook.

use serde_json::{Value, json};

use super::builds;
use crate::{
    api::{
        ask::Ask,
        body,
        reply::{self, Reply},
        status::{Cause, Failure},
        target::Target,
    },
    world::{Resource, World, resource_of, text},
};

fn configs() -> Option<&'static Resource> {
    resource_of("buildconfigs.build.openshift.io")
}

/// `POST buildconfigs/NAME/instantiate`.
pub(crate) fn instantiate(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let request = body::object(ask, "BuildRequest")?;
    // The name in the body wins over the one in the path, as on a real cluster.
    let name = text(&request["metadata"]["name"]);
    if name.is_empty() {
        let cause = Cause::required("metadata.name", "Required value: name or generateName is required");
        return Err(Failure::invalid(
            "BuildRequest.build.openshift.io",
            "build.openshift.io",
            "BuildRequest",
            "",
            &[cause],
        ));
    }
    let build = build_of(world, target.place(), &name, &request)?;
    Ok(reply::json(201, &shown(&build)))
}

fn shown(build: &Value) -> Value {
    let mut shown = build.clone();
    shown["kind"] = json!("Build");
    shown["apiVersion"] = json!("build.openshift.io/v1");
    shown
}

fn build_of(world: &mut World, place: &str, name: &str, request: &Value) -> Result<Value, Failure> {
    let configs = configs().ok_or_else(Failure::no_such_path)?;
    let Some(mut config) = world.get(configs, place, name).cloned() else {
        return Err(Failure::forbidden_because(configs, name, &format!("{} \"{name}\" not found", configs.id)));
    };
    let version = config["status"]["lastVersion"].as_i64().unwrap_or(0);
    if config["metadata"]["annotations"]["openshift.io/build-config.paused"] == "true" {
        let why = format!("can't instantiate from BuildConfig {place}/{name}: BuildConfig is paused");
        return Err(Failure::bad_request(why));
    }
    if let Some(wanted) = request["lastVersion"].as_i64().filter(|wanted| *wanted != version) {
        return Err(Failure::bad_request(format!(
            "the LastVersion({version}) on build config {place}/{name} does not match the build request LastVersion({wanted})"
        )));
    }
    let account = config["spec"]["serviceAccount"].as_str().unwrap_or("builder").to_owned();
    check_account(world, place, &account)?;
    let mut spec = config["spec"].clone();
    resolve(world, place, &mut spec)?;
    let number = version + 1;
    count(&mut config, number);
    world.put(configs, place, name, config.clone());
    if let Some(map) = spec.as_object_mut() {
        for field in ["triggers", "runPolicy", "successfulBuildsHistoryLimit", "failedBuildsHistoryLimit"] {
            map.remove(field);
        }
    }
    spec["serviceAccount"] = json!(account);
    apply(&mut spec, request);
    let cut: String = name.chars().take(63).collect();
    let mut labels = request["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.extend(config["metadata"]["labels"].as_object().cloned().unwrap_or_default());
    for (label, value) in [
        ("buildconfig", cut.as_str()),
        ("openshift.io/build-config.name", cut.as_str()),
        ("openshift.io/build.start-policy", config["spec"]["runPolicy"].as_str().unwrap_or("Serial")),
    ] {
        labels.insert(label.to_owned(), json!(value));
    }
    let mut annotations = request["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    annotations.insert("openshift.io/build-config.name".to_owned(), json!(name));
    annotations.insert("openshift.io/build.number".to_owned(), json!(number.to_string()));
    let build = json!({
        "metadata": {
            "generation": 1, "labels": labels, "annotations": annotations,
            "ownerReferences": [{"apiVersion": "build.openshift.io/v1", "kind": "BuildConfig", "name": name,
                "uid": config["metadata"]["uid"], "controller": true}],
        },
        "spec": spec,
        "status": status(world, place, name),
    });
    store(world, place, &format!("{name}-{number}"), build)
}

/// Notes the number of a new build. The API server takes that for a change of the specification.
fn count(config: &mut Value, number: i64) {
    config["status"]["lastVersion"] = json!(number);
    config["metadata"]["generation"] = json!(config["metadata"]["generation"].as_u64().unwrap_or(0) + 1);
}

fn store(world: &mut World, place: &str, name: &str, build: Value) -> Result<Value, Failure> {
    let builds = builds().ok_or_else(Failure::no_such_path)?;
    if world.get(builds, place, name).is_some() {
        return Err(Failure::exists(builds.id, builds.group, builds.plural, name));
    }
    Ok(world.put(builds, place, name, build))
}

fn status(world: &World, place: &str, config: &str) -> Value {
    let now = world.clock.stamp();
    json!({
        "phase": "New", "config": {"kind": "BuildConfig", "namespace": place, "name": config}, "output": {},
        "conditions": [{"type": "New", "status": "True", "lastUpdateTime": now, "lastTransitionTime": now}],
    })
}

fn check_account(world: &World, place: &str, account: &str) -> Result<(), Failure> {
    let accounts = resource_of("serviceaccounts").ok_or_else(Failure::no_such_path)?;
    if world.get(accounts, place, account).is_some() {
        return Ok(());
    }
    Err(Failure::internal(&format!(
        "error getting push/pull secrets for service account {place}/{account}: serviceaccounts \"{account}\" not found"
    )))
}

/// Puts the image in the place of the tag that a Source or Docker build begins with.
fn resolve(world: &World, place: &str, spec: &mut Value) -> Result<(), Failure> {
    for kind in ["sourceStrategy", "dockerStrategy"] {
        let from = spec["strategy"].get(kind).and_then(|strategy| strategy.get("from")).cloned();
        let Some(from) = from.filter(|from| from["kind"] == "ImageStreamTag") else { continue };
        let (namespace, tag) = (from["namespace"].as_str().unwrap_or(place), text(&from["name"]));
        let Some(found) = world.image_stream_tag(namespace, &tag) else {
            return Err(Failure::unresolved(namespace, &tag));
        };
        spec["strategy"][kind]["from"] = json!({"kind": "DockerImage", "name": found["image"]["dockerImageReference"]});
    }
    Ok(())
}

/// What a request changes of the configuration.
fn apply(spec: &mut Value, request: &Value) {
    let strategy = ["jenkinsPipelineStrategy", "dockerStrategy", "sourceStrategy", "customStrategy"]
        .into_iter()
        .find(|kind| spec["strategy"].get(kind).is_some());
    if let (Some(kind), Some(given)) = (strategy, request["env"].as_array()) {
        override_pairs(&mut spec["strategy"][kind], "env", given);
    }
    if let (Some("dockerStrategy"), Some(given)) = (strategy, request["dockerStrategyOptions"]["buildArgs"].as_array())
    {
        override_pairs(&mut spec["strategy"]["dockerStrategy"], "buildArgs", given);
    }
    if let (Some("dockerStrategy"), Some(fresh)) = (strategy, request["dockerStrategyOptions"]["noCache"].as_bool()) {
        spec["strategy"]["dockerStrategy"]["noCache"] = json!(fresh);
    }
    if request["revision"].is_object() {
        spec["revision"] = request["revision"].clone();
        if spec["revision"]["git"].is_object() && !spec["revision"]["git"]["committer"].is_object() {
            spec["revision"]["git"]["committer"] = json!({});
        }
    }
    let by = request["triggeredBy"].as_array().filter(|by| !by.is_empty()).cloned();
    spec["triggeredBy"] = by.map_or_else(|| json!([{"message": "Manually triggered"}]), Value::Array);
}

fn override_pairs(strategy: &mut Value, field: &str, given: &[Value]) {
    let mut pairs = strategy[field].as_array().cloned().unwrap_or_default();
    for pair in given {
        match pairs.iter_mut().find(|known| known["name"] == pair["name"]) {
            Some(known) => *known = pair.clone(),
            None => pairs.push(pair.clone()),
        }
    }
    strategy[field] = Value::Array(pairs);
}

/// `POST builds/NAME/clone`.
pub(crate) fn clone(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let request = body::object(ask, "BuildRequest")?;
    let builds = builds().ok_or_else(Failure::no_such_path)?;
    let configs = configs().ok_or_else(Failure::no_such_path)?;
    let place = target.place();
    let of = text(&request["metadata"]["name"]);
    let Some(old) = world.get(builds, place, &of).cloned() else {
        return Err(Failure::forbidden_because(builds, &of, &format!("{} \"{of}\" not found", builds.id)));
    };
    let name = text(&old["status"]["config"]["name"]);
    let config = world.get(configs, place, &name).cloned();
    let number = match config {
        Some(mut config) => {
            let number = config["status"]["lastVersion"].as_i64().unwrap_or(0) + 1;
            count(&mut config, number);
            world.put(configs, place, &name, config);
            number
        }
        None => 1,
    };
    let mut build = old.clone();
    apply(&mut build["spec"], &request);
    let mut metadata = json!({"generation": 1, "labels": old["metadata"]["labels"], "ownerReferences": old["metadata"]["ownerReferences"]});
    // As a real cluster does: what Jenkins wrote for the old one comes along, though not the status and the addresses.
    let mut annotations = old["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    annotations.retain(|name, _| {
        ![
            "openshift.io/jenkins-status-json",
            "openshift.io/jenkins-build-uri",
            "openshift.io/jenkins-log-url",
            "openshift.io/jenkins-console-log-url",
            "openshift.io/jenkins-blueocean-log-url",
            "openshift.io/build.pod-name",
        ]
        .contains(&name.as_str())
    });
    annotations.insert("openshift.io/build.clone-of".to_owned(), json!(of));
    annotations.insert("openshift.io/build.number".to_owned(), json!(number.to_string()));
    metadata["annotations"] = Value::Object(annotations);
    build["metadata"] = metadata;
    build["status"] = status(world, place, &name);
    let made = store(world, place, &format!("{name}-{number}"), build)?;
    Ok(reply::json(201, &shown(&made)))
}

/// `POST buildconfigs/NAME/webhooks/SECRET/KIND`, by anybody.
pub(crate) fn webhook(world: &mut World, target: &Target) -> Result<Reply, Failure> {
    let (secret, kind) = match target.rest.as_slice() {
        [secret, kind] => (secret.as_str(), kind.as_str()),
        _ => return Err(Failure::no_such_path()),
    };
    let configs = configs().ok_or_else(Failure::no_such_path)?;
    let refused = || {
        Failure::unauthorized_because(format!(
            "the webhook \"{kind}\" for \"{}\" did not accept your secret",
            target.named()
        ))
    };
    let config = world.get(configs, target.place(), target.named()).ok_or_else(refused)?;
    let knows = |trigger: &Value| trigger["type"] == "Generic" && trigger["generic"]["secret"] == secret;
    if kind != "generic" || !config["spec"]["triggers"].as_array().is_some_and(|all| all.iter().any(knows)) {
        return Err(refused());
    }
    let by = json!({"triggeredBy": [{"message": "Generic WebHook", "genericWebHook": {"secret": "<secret>"}}]});
    let build = build_of(world, target.place(), target.named(), &by)?;
    // As seen: two values, one behind the other, when the payload says nothing of git.
    let note = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 200,
        "message": "no git information found in payload, ignoring and continuing with build"});
    Ok(reply::text(200, &format!("{}\n{note}\n", shown(&build)), &[]))
}
