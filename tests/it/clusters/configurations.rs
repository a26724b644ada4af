//! Build configurations that a cluster keeps, where others change them: they are told as they are there, nothing of them is overwritten
//! unseen, and they go with their build service, if need be later.

use alm_cluster_sim::Fault;
use serde_json::{Value, json};

use super::stage::{BUILDS, Stage, done, settings};
use crate::recovery::support::{Api, eventually};

const CONFIGS: &str = "buildconfigs.build.openshift.io";
const BITS: &str = "revision configuration { key value isSet origin overridable }
    atEngine { isAdopted problem repository { url ref directory } }";

/// The build service, with what its engine has.
async fn told(who: &Api, service: &str) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on BuildService {{ {BITS} }} }} }}");
    who.ask(&query, json!({ "id": service })).await["node"].clone()
}

/// Value, origin, and whether a build service may give it.
fn setting(service: &Value, key: &str) -> (Value, Value, Value) {
    let all = service["configuration"].as_array().unwrap();
    let entry = all.iter().find(|entry| entry["key"] == key).unwrap();
    assert_eq!(entry["isSet"], !entry["value"].is_null(), "{entry}");
    (entry["value"].clone(), entry["origin"].clone(), entry["overridable"].clone())
}

async fn update(stage: &Stage, mut input: Value, service: &str) -> Value {
    input["serviceId"] = json!(service);
    done(&stage.alice, "updateBuildService", &format!("service {{ {BITS} }}"), input).await["service"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_build_service_adopted_is_shown_as_it_is_on_the_cluster() {
    let stage = Stage::set("OPENSHIFT").await;
    let there = json!({ "spec": {
        "runPolicy": "Parallel", "source": { "git": { "uri": "https://git.example.test/shop/app.git", "ref": "develop" } },
        "strategy": { "type": "Docker", "dockerStrategy": { "env": [{ "name": "A", "value": "1" }] } },
    } });
    stage.first.put(CONFIGS, BUILDS, "theirs", there);
    let web = stage.service("web", &[("build_config", json!("theirs"))]).await;
    let (yes, no, engine) = (json!(true), json!(false), json!("ENGINE"));
    let now = told(&stage.alice, &web).await;
    for (key, value) in [
        ("strategy", json!("Docker")),
        ("run.policy", json!("Parallel")),
        ("environment", json!(["A=1"])),
        ("jenkinsfile.path", Value::Null),
    ] {
        assert_eq!(setting(&now, key), (value, engine.clone(), no.clone()), "{key}: it is the cluster's alone");
    }
    assert_eq!(setting(&now, "build_config"), (json!("theirs"), json!("SERVICE"), yes.clone()));
    assert_eq!(setting(&now, "secrets.kinds"), (Value::Null, json!("DEFAULT"), yes));
    let elsewhere = json!({ "url": "https://git.example.test/shop/app.git", "ref": "develop", "directory": null });
    assert_eq!(now["atEngine"], json!({ "isAdopted": true, "problem": null, "repository": elsewhere }));

    // Bob has no account there: he is told so, and nothing of it that might be wrong.
    let bob = Api::new(stage.alice.address.clone(), stage.first.token("bob"));
    let me = bob.ask("{ viewer { user { id } } }", json!({})).await["viewer"]["user"]["id"].clone();
    let member = json!({ "projectId": stage.project, "userId": me, "role": "VIEWER" });
    done(&stage.alice, "addMember", "member { role }", member).await;
    let seen = told(&bob, &web).await;
    assert!(seen["atEngine"]["problem"].as_str().unwrap().contains("connect"), "{seen}");
    assert_eq!(setting(&seen, "strategy"), (Value::Null, engine, no));
    assert_eq!(setting(&seen, "build_config").0, "theirs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_changes_on_the_cluster_is_told_and_stays_until_somebody_changes_it_here() {
    let stage = Stage::set("OPENSHIFT").await;
    let web = stage.service("web", &[("jenkinsfile", json!("echo line 1"))]).await;
    let config = || stage.first.object(CONFIGS, BUILDS, "shop-web").unwrap()["spec"].clone();
    let change = json!({ "spec": { "runPolicy": "Parallel", "source": { "git": { "ref": "develop" } } } });
    stage.first.patch(CONFIGS, BUILDS, "shop-web", &change);
    let parallel = (json!("Parallel"), json!("ENGINE"), json!(true));
    let now = told(&stage.alice, &web).await;
    assert_eq!(setting(&now, "run.policy"), parallel);
    assert_eq!(setting(&now, "jenkinsfile"), (json!("echo line 1"), json!("SERVICE"), json!(true)));
    assert_eq!(setting(&now, "jenkinsfile.path").1, "DEFAULT");
    let at_engine = &now["atEngine"];
    assert_eq!((&at_engine["isAdopted"], &at_engine["repository"]["ref"]), (&json!(false), &json!("develop")));

    // What a change does not name stays as it is there, and is told so.
    let input = json!({ "displayName": "The web", "configuration": settings(&[("resources.cpu", json!("2"))]) });
    let now = update(&stage, input, &web).await;
    assert_eq!(setting(&now, "run.policy"), parallel);
    assert_eq!(setting(&now, "resources.cpu"), (json!("2"), json!("SERVICE"), json!(true)));
    assert_eq!(now["atEngine"]["repository"]["ref"], "develop");
    let spec = config();
    assert_eq!(
        (&spec["runPolicy"], &spec["source"]["git"]["ref"], &spec["resources"]["limits"]["cpu"]),
        (&json!("Parallel"), &json!("develop"), &json!("2"))
    );

    // What it names is as it says, also where that is what the build service had all the time.
    let repository = json!({ "url": "https://git.example.test/shop/app.git", "ref": "main" });
    let input = json!({
        "repository": repository, "configuration": [{ "key": "run.policy", "value": { "inherit": true } }],
    });
    let now = update(&stage, input, &web).await;
    assert_eq!(setting(&now, "run.policy"), (json!("Serial"), json!("DEFAULT"), json!(true)));
    assert_eq!(now["atEngine"], json!({ "isAdopted": false, "problem": null, "repository": null }));
    let spec = config();
    assert_eq!((&spec["runPolicy"], &spec["source"]["git"]["ref"]), (&json!("Serial"), &json!("main")));

    // A cluster that does not answer keeps nobody from what is known here. It is asked again a few seconds after it has answered.
    stage.first.faults().trap(Fault::Refuse, "GET", "/buildconfigs/shop-web");
    let now = eventually("the cluster is missed", async || {
        let now = told(&stage.alice, &web).await;
        now["atEngine"]["problem"].is_string().then_some(now)
    })
    .await;
    stage.first.faults().heal();
    assert!(now["atEngine"]["problem"].as_str().unwrap().contains("not available"), "{now}");
    assert_eq!(setting(&now, "jenkinsfile").0, "echo line 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_removed_build_service_leaves_on_a_cluster_that_does_not_answer_is_told_and_goes_later() {
    let mut stage = Stage::set("OPENSHIFT").await;
    let [web, other] = [stage.service("web", &[]).await, stage.service("other", &[]).await];
    let remove = async |stage: &Stage, service: &str| {
        let input = json!({ "serviceId": service });
        let payload = done(&stage.alice, "removeBuildService", "removedServiceId leftBehind", input).await;
        assert_eq!(payload["removedServiceId"], service);
        payload["leftBehind"].clone()
    };
    let is_there = |stage: &Stage, name: &str| stage.first.object(CONFIGS, BUILDS, name).is_some();
    assert_eq!(remove(&stage, &other).await, Value::Null);
    assert!(!is_there(&stage, "shop-other"));

    stage.first.faults().trap(Fault::Refuse, "GET", "/buildconfigs/shop-web");
    let left = remove(&stage, &web).await;
    let left = left.as_str().unwrap();
    assert!(left.contains("is left at the engine: the engine is not available"), "{left}");
    assert!(is_there(&stage, "shop-web"));
    // Nothing of that is forgotten, and Alice's account is still there.
    stage.world.kill().await;
    stage.first.faults().heal();
    stage.world.start().await;
    stage.came_back();
    eventually("what was left has gone", async || (!is_there(&stage, "shop-web")).then_some(())).await;
}
