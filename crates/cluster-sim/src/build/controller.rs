//! The build controller: Docker and Source builds run in pods. Jenkins' builds it leaves alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Outcome, Place, builds, environment, is_over, mount::files, run_script, set_phase};
use crate::{
    script::{self, Act},
    shared::Shared,
    world::{World, images::REGISTRY, resource_of, text, uid},
};

/// Carries out every build that comes to be, until the cluster is stopped.
pub(crate) async fn controller(shared: Arc<Shared>) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let Some(kind) = builds() else { return };
    let fresh = |world: &World, taken: &BTreeSet<String>| -> Vec<(String, String, String)> {
        let new = |build: &&Value| {
            build["spec"]["strategy"]["type"] != "JenkinsPipeline"
                && !is_over(build)
                && !taken.contains(build["metadata"]["uid"].as_str().unwrap_or_default())
        };
        let all = world.all(kind, None).map(|(_, build)| build).filter(new);
        all.map(|build| {
            let metadata = &build["metadata"];
            (text(&metadata["namespace"]), text(&metadata["name"]), text(&metadata["uid"]))
        })
        .collect()
    };
    loop {
        let found = shared.until(|world| {
            let found = fresh(world, &taken);
            (!found.is_empty()).then_some(found)
        });
        let Some(found) = found.await else { return };
        for (namespace, name, uid) in found {
            taken.insert(uid);
            tokio::spawn(carry_out(shared.clone(), namespace, name));
        }
    }
}

enum Start {
    Go,
    Leave,
    Cancel,
}

async fn carry_out(shared: Arc<Shared>, namespace: String, name: String) {
    let Some(kind) = builds() else { return };
    let start = shared.until(|world| {
        let Some(build) = world.get(kind, &namespace, &name) else { return Some(Start::Leave) };
        if is_over(build) {
            return Some(Start::Leave);
        }
        if build["status"]["cancelled"] == true {
            return Some(Start::Cancel);
        }
        let missing = missing_stream(world, build);
        (!missing && is_its_turn(world, build)).then_some(Start::Go)
    });
    shared.change(|world| overtake(world, &namespace, &name));
    shared.change(|world| {
        if let Some(build) = world.get(kind, &namespace, &name).cloned()
            && missing_stream(world, &build)
        {
            let why = json!({"reason": "InvalidOutputReference", "message": "Output image could not be resolved."});
            set_phase(world, &namespace, &name, "New", &why);
        }
    });
    match start.await {
        Some(Start::Go) => {}
        Some(Start::Cancel) => return cancel(&shared, &namespace, &name),
        Some(Start::Leave) | None => return,
    }
    let Some(build) = shared.read(|world| world.get(kind, &namespace, &name).cloned()) else { return };
    let pod = format!("{name}-build");
    let main = if build["spec"]["strategy"]["type"] == "Docker" { "docker-build" } else { "sti-build" };
    shared.change(|world| begin(world, &namespace, &build, &pod, main));
    let cancelled = |world: &World| {
        world.get(kind, &namespace, &name).is_none_or(|build| build["status"]["cancelled"] == true || is_over(build))
    };
    let mounted = shared
        .until(|world| if cancelled(world) { Some(BTreeMap::new()) } else { files(world, &namespace, &build) })
        .await;
    let Some(mounted) = mounted else { return };
    shared.change(|world| {
        world.set_pod_phase(&namespace, &pod, "Running");
        set_phase(world, &namespace, &name, "Running", &json!({"reason": null, "message": null}));
    });
    let mut values = environment(&build["spec"]);
    values.insert("BUILD_NAME".to_owned(), name.clone());
    let mut deeds = script::parse(&shared.read(|world| script_of(world, &namespace, &build)));
    let mut outcome = Outcome::Exit(0);
    let mut noted = Vec::new();
    for container in ["git-clone", "manage-dockerfile", main] {
        let place = Place {
            namespace: namespace.clone(),
            pod: pod.clone(),
            container: container.to_owned(),
            files: mounted.clone(),
            claims: BTreeMap::new(),
        };
        let acts = if container == main { std::mem::take(&mut deeds) } else { take(&mut deeds, container) };
        shared.change(|world| world.start_container(&namespace, &pod, container));
        let began = shared.clock.now();
        (outcome, _) = run_script(&shared, &place, acts, &values, cancelled).await;
        let exit = i32::from(outcome != Outcome::Exit(0));
        shared.change(|world| world.end_container(&namespace, &pod, container, exit));
        // Who was stopped notes nothing; the last container notes what it did as it ends the build.
        match container {
            _ if matches!(outcome, Outcome::Cancelled | Outcome::Lost) => {}
            "git-clone" => noted.push(stage("FetchInputs", "FetchGitSource", began, shared.clock.now())),
            "docker-build" => noted.push(stage("Build", "DockerBuild", began, shared.clock.now())),
            "sti-build" => noted.push(stage("Assemble", "AssembleBuildScripts", began, shared.clock.now())),
            _ => {}
        }
        if container == "git-clone" && exit == 0 {
            shared.change(|world| set_phase(world, &namespace, &name, "Running", &json!({"stages": noted})));
        }
        if exit != 0 {
            break;
        }
    }
    if outcome == Outcome::Cancelled {
        return cancel(&shared, &namespace, &name);
    }
    shared.change(|world| end(world, &namespace, &build, &pod, outcome, noted));
}

fn is_its_turn(world: &World, build: &Value) -> bool {
    if build["metadata"]["labels"]["openshift.io/build.start-policy"] == "Parallel" {
        return true;
    }
    let Some(kind) = builds() else { return true };
    let config = &build["status"]["config"]["name"];
    let number =
        |build: &Value| text(&build["metadata"]["annotations"]["openshift.io/build.number"]).parse().unwrap_or(0);
    let mine: u64 = number(build);
    let place = text(&build["metadata"]["namespace"]);
    let before =
        |other: &Value| other["status"]["config"]["name"] == *config && !is_over(other) && number(other) < mine;
    config.is_null() || !world.in_namespace(kind, &place).any(before)
}

/// Cancels the builds that wait before one whose policy wants that. *Documented, unrecorded* (the controller's `SerialLatestOnlyPolicy`).
fn overtake(world: &mut World, namespace: &str, name: &str) {
    let Some(kind) = builds() else { return };
    let Some(build) = world.get(kind, namespace, name).cloned() else { return };
    if build["metadata"]["labels"]["openshift.io/build.start-policy"] != "SerialLatestOnly" {
        return;
    }
    let number = |build: &Value| -> u64 {
        text(&build["metadata"]["annotations"]["openshift.io/build.number"]).parse().unwrap_or(0)
    };
    let is_overtaken = |other: &&Value| {
        other["status"]["config"]["name"] == build["status"]["config"]["name"]
            && other["status"]["phase"] == "New"
            && number(other) < number(&build)
    };
    let overtaken: Vec<String> = world
        .in_namespace(kind, namespace)
        .filter(is_overtaken)
        .map(|other| text(&other["metadata"]["name"]))
        .collect();
    for other in overtaken {
        world.merge(kind, namespace, &other, &json!({"status": {"cancelled": true}}));
    }
}

fn missing_stream(world: &World, build: &Value) -> bool {
    let to = &build["spec"]["output"]["to"];
    if to["kind"] != "ImageStreamTag" {
        return false;
    }
    let place = text(&build["metadata"]["namespace"]);
    let tag = text(&to["name"]);
    let stream = tag.split(':').next().unwrap_or_default();
    resource_of("imagestreams.image.openshift.io")
        .is_none_or(|streams| world.get(streams, to["namespace"].as_str().unwrap_or(&place), stream).is_none())
}

fn output(namespace: &str, to: &Value) -> Option<String> {
    let name = text(&to["name"]);
    match to["kind"].as_str()? {
        "ImageStreamTag" => Some(format!("{REGISTRY}/{}/{name}", to["namespace"].as_str().unwrap_or(namespace))),
        _ => Some(name),
    }
}

fn begin(world: &mut World, namespace: &str, build: &Value, pod: &str, main: &str) {
    let Some(kind) = builds() else { return };
    let name = text(&build["metadata"]["name"]);
    let container = |name: &str| json!({"name": name, "image": "registry.example.test/openshift/docker-builder:v4.8"});
    let object = json!({
        "metadata": {
            "labels": {"openshift.io/build.name": name}, "annotations": {"openshift.io/build.name": name},
            "ownerReferences": [{"apiVersion": "build.openshift.io/v1", "kind": "Build", "name": name,
                "uid": build["metadata"]["uid"], "controller": true}],
        },
        "spec": {"initContainers": [container("git-clone"), container("manage-dockerfile")], "containers": [container(main)],
            "restartPolicy": "Never", "serviceAccountName": build["spec"]["serviceAccount"]},
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    });
    let containers: Vec<String> =
        ["git-clone", "manage-dockerfile", main].iter().map(|&name| name.to_owned()).collect();
    world.make_pod(namespace, pod, object, &containers);
    if let Some(mut stored) = world.get(kind, namespace, &name).cloned() {
        stored["metadata"]["annotations"]["openshift.io/build.pod-name"] = json!(pod);
        stored["metadata"]["generation"] = json!(2);
        if stored["spec"]["output"]["to"].is_object() {
            stored["spec"]["output"]["pushSecret"] = json!({"name": "builder-dockercfg-rig"});
        }
        let reference = output(namespace, &stored["spec"]["output"]["to"]);
        world.put(kind, namespace, &name, stored);
        set_phase(
            world,
            namespace,
            &name,
            "Pending",
            &json!({"outputDockerImageReference": reference, "reason": null, "message": null}),
        );
    }
}

/// Takes the deeds of an init container out of a script.
fn take(deeds: &mut Vec<Act>, container: &str) -> Vec<Act> {
    let (mine, rest) =
        std::mem::take(deeds).into_iter().partition(|act| matches!(act, Act::In(name, _) if name == container));
    *deeds = rest;
    let mine: Vec<Act> = mine;
    mine.into_iter().map(|act| if let Act::In(_, inner) = act { *inner } else { act }).collect()
}

/// What a build does: what the test said of its configuration, else its own Dockerfile.
fn script_of(world: &World, namespace: &str, build: &Value) -> String {
    let config = text(&build["status"]["config"]["name"]);
    let own = || text(&build["spec"]["source"]["dockerfile"]);
    let env = || environment(&build["spec"]).remove("SCRIPT").unwrap_or_else(own);
    world.scripts.get(&(namespace.to_owned(), config)).cloned().unwrap_or_else(env)
}

fn cancel(shared: &Shared, namespace: &str, name: &str) {
    shared.change(|world| {
        let why = json!({"reason": "CancelledBuild", "message": "The build was cancelled by the user."});
        set_phase(world, namespace, name, "Cancelled", &why);
        world.lose_pod(namespace, &format!("{name}-build"));
    });
}

/// A stage of a build as its builder notes it, once it is over. What took no time has no duration.
fn stage(name: &str, step: &str, began: DateTime<Utc>, ended: DateTime<Utc>) -> Value {
    let mut noted = json!({"name": step, "startTime": began.to_rfc3339_opts(SecondsFormat::Secs, true)});
    let lasted = (ended - began).num_milliseconds();
    if lasted > 0 {
        noted["durationMilliseconds"] = json!(lasted);
    }
    let mut stage = noted.clone();
    stage["name"] = json!(name);
    stage["steps"] = json!([noted]);
    stage
}

fn end(world: &mut World, namespace: &str, build: &Value, pod: &str, outcome: Outcome, mut stages: Vec<Value>) {
    let name = text(&build["metadata"]["name"]);
    let mut fields = json!({"duration": 2_000_000_000u64});
    let phase = match outcome {
        Outcome::Exit(0) => {
            stages.push(stage("PushImage", "PushDockerImage", world.clock.now(), world.clock.now()));
            let to = &build["spec"]["output"]["to"];
            if to["kind"] == "ImageStreamTag" {
                let digest = format!("sha256:{:0<64}", uid().replace('-', ""));
                fields["output"] = json!({"to": {"imageDigest": digest}});
                let place = to["namespace"].as_str().unwrap_or(namespace).to_owned();
                world.tag_image(&place, &text(&to["name"]), &digest);
            } else if world.registries.open.iter().any(|open| text(&to["name"]).starts_with(&format!("{open}:"))) {
                fields["output"] = json!({"to": {"imageDigest": format!("sha256:{:0<64}", uid().replace('-', ""))}});
            }
            "Complete"
        }
        Outcome::Failed(reason, message) => {
            fields["reason"] = json!(reason);
            fields["message"] = json!(message);
            "Failed"
        }
        Outcome::Lost => {
            fields["reason"] = json!("BuildPodDeleted");
            fields["message"] = json!("The pod for this build was deleted before the build completed.");
            "Error"
        }
        Outcome::Exit(code) => {
            fields["reason"] = json!("GenericBuildFailed");
            fields["message"] = json!("Generic Build failure - check logs for details.");
            fields["logSnippet"] = json!(format!("error: build error: exit status {code}"));
            "Failed"
        }
        Outcome::Cancelled => return,
    };
    fields["stages"] = Value::Array(stages);
    world.set_pod_phase(namespace, pod, if phase == "Complete" { "Succeeded" } else { "Failed" });
    set_phase(world, namespace, &name, phase, &fields);
}
