//! Workloads that the cluster itself gives images to, when a tag moves.

use alm_cluster_sim::{Cluster, Seen};
use alm_domain::RunStatus;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    support::{Followed, PROJECT, Rig, Service},
    target::{CONFIGS, DEPLOYMENTS, OLD, Place, says},
};

const WAITS: &str = "its image trigger gives it web:prod";

/// A trigger of a DeploymentConfig on the tag of the environment.
fn on_tag(automatic: bool) -> Value {
    json!({ "type": "ImageChange", "imageChangeParams": { "automatic": automatic, "containerNames": ["web"],
        "from": { "kind": "ImageStreamTag", "name": "web:prod" } } })
}

/// The same one of a Deployment.
pub(crate) fn annotated(paused: bool) -> Value {
    let path = "spec.template.spec.containers[?(@.name==\"web\")].image";
    let from = json!({ "kind": "ImageStreamTag", "name": "web:prod" });
    let trigger = json!([{ "from": from, "fieldPath": path, "paused": paused }]).to_string();
    json!({ "metadata": { "annotations": { "image.openshift.io/triggers": trigger } } })
}

/// Kinds of workloads with a trigger that is on or off; and how many rollouts each has seen before anything is deployed.
fn workloads(is_on: bool) -> [(&'static str, Value, u64); 3] {
    [
        (DEPLOYMENTS, annotated(!is_on), 1),
        (CONFIGS, json!({ "spec": { "triggers": [on_tag(is_on)] } }), 0),
        // The first rollout waits for the image.
        (CONFIGS, json!({ "spec": { "triggers": [{ "type": "ConfigChange" }, on_tag(is_on)] } }), 0),
    ]
}

/// The workload in a place of its own, and a build service that brings it its images.
async fn placed<'a>(rig: &'a Rig, number: usize, kind: &'static str, more: &Value) -> (Place<'a>, Service) {
    let prod = rig.place(&format!("prod-{number}"));
    prod.workload(kind, more);
    let workload = if kind == CONFIGS { "dc/web" } else { "deployment/web" };
    let service = rig.image_service(workload, &[]).await;
    (prod, service)
}

fn rollouts(place: &Place<'_>, kind: &str) -> u64 {
    let object = place.cluster.object(kind, &place.project, "web").unwrap();
    let count = if kind == CONFIGS { &object["status"]["latestVersion"] } else { &object["metadata"]["generation"] };
    count.as_u64().unwrap_or(0)
}

/// How often the workload was written to by anybody but the cluster itself.
fn writes(cluster: &Cluster, place: &Place<'_>) -> usize {
    let is_write = |seen: &&Seen| {
        seen.method != "GET" && seen.path.contains(&format!("/{}/", place.project)) && seen.path.contains("/web")
    };
    let is_workload = |seen: &&Seen| seen.path.contains("/deployment");
    cluster.requests().iter().filter(is_write).filter(is_workload).count()
}

fn end(told: &Followed) -> (Option<RunStatus>, String) {
    let reason = told.run_states().last().and_then(|run| run.reason.clone());
    (told.status(), reason.map(|reason| reason.message).unwrap_or_default())
}

#[tokio::test]
async fn a_trigger_that_fires_late_makes_one_rollout_and_nobody_else_changes_the_workload() {
    let rig = Rig::new().await;
    for (number, (kind, more, before)) in workloads(true).into_iter().enumerate() {
        let (prod, service) = placed(&rig, number, kind, &more).await;
        for round in 1..=2 {
            let built = rig.built(&service).await;
            let image = prod.image(kind);
            rig.cluster.hold_triggers(true);
            let mut told = rig.deploy(&built, "prod", &prod).await;
            told.until("its wait", |told| says(told, WAITS)).await;
            assert_eq!((prod.tagged("prod").as_ref(), prod.image(kind)), (Some(&built.digest), image), "{kind}");
            rig.cluster.hold_triggers(false);
            told.finish().await;
            assert_eq!(end(&told), (Some(RunStatus::Succeeded), String::new()), "{:?}", told.texts());
            assert!(prod.image(kind).ends_with(&built.digest));
            assert_eq!(rollouts(&prod, kind), before + round, "{kind} {more}");
        }
        assert_eq!(writes(&rig.cluster, &prod), 0, "{kind}");
        rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    }
}

#[tokio::test]
async fn where_the_trigger_is_switched_off_the_image_is_given_in_one_rollout() {
    let rig = Rig::new().await;
    for (number, (kind, more, before)) in workloads(false).into_iter().enumerate() {
        let (prod, service) = placed(&rig, number, kind, &more).await;
        for round in 1..=2 {
            let built = rig.built(&service).await;
            let mut told = rig.deploy(&built, "prod", &prod).await;
            told.finish().await;
            assert_eq!(end(&told), (Some(RunStatus::Succeeded), String::new()), "{:?}", told.texts());
            assert!(prod.image(kind).ends_with(&built.digest));
            assert_eq!(
                (rollouts(&prod, kind), writes(&rig.cluster, &prod) as u64),
                (before + round, round),
                "{kind} {more}"
            );
        }
        rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    }
}

#[tokio::test]
async fn a_trigger_that_is_switched_off_while_it_is_waited_for_is_waited_for_no_longer() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(CONFIGS, &json!({ "spec": { "triggers": [{ "type": "ConfigChange" }, on_tag(true)] } }));
    let built = rig.built(&rig.image_service("dc/web", &[]).await).await;
    rig.cluster.hold_triggers(true);
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.until("its wait", |told| says(told, WAITS)).await;
    let off = json!({ "spec": { "triggers": [{ "type": "ConfigChange" }, on_tag(false)] } });
    rig.cluster.patch(CONFIGS, &prod.project, "web", &off);
    told.finish().await;
    assert_eq!(end(&told).0, Some(RunStatus::Succeeded), "{:?}", told.texts());
    assert!(says(&told, "the image trigger of dc/web was switched off"), "{:?}", told.texts());
    rig.cluster.hold_triggers(false);
    assert_eq!((rollouts(&prod, CONFIGS), prod.image(CONFIGS).ends_with(&built.digest)), (1, true));
}

#[tokio::test]
async fn what_a_trigger_gave_it_takes_back_with_the_tag() {
    let rig = Rig::new().await;
    for (number, (kind, more, before)) in workloads(true).into_iter().enumerate() {
        let (prod, service) = placed(&rig, number, kind, &more).await;
        let (good, bad) = (rig.built(&service).await, rig.built(&service).await);
        rig.deploy(&good, "prod", &prod).await.finish().await;
        rig.cluster.break_image(&bad.digest);
        let mut told = rig.deploy(&bad, "prod", &prod).await;
        told.finish().await;
        let (status, why) = end(&told);
        assert_eq!(status, Some(RunStatus::Failed));
        assert!(why.contains(&format!("web:prod is {} again", good.digest)), "{why}");
        prod.until_image(kind, &good.digest).await;
        assert_eq!((prod.tagged("prod"), writes(&rig.cluster, &prod)), (Some(good.digest), 0), "{kind}");
        assert_eq!(rollouts(&prod, kind), before + 3, "one for each image");
        rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    }
}

/// A DeploymentConfig remembers what a tag stood for that is no more, and would be given that again.
#[tokio::test]
async fn what_ran_before_there_was_a_tag_runs_again_and_stays() {
    let rig = Rig::new().await;
    for (number, (kind, more, _)) in workloads(true).into_iter().enumerate() {
        let (prod, service) = placed(&rig, number, kind, &more).await;
        let built = rig.built(&service).await;
        rig.cluster.hold_image(&built.digest);
        let mut told = rig.deploy(&built, "prod", &prod).await;
        told.until("its rollout", |told| says(told, "rollout #1 goes on") || says(told, "1 of 2 replicas")).await;
        rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
        told.finish().await;
        assert_eq!(told.status(), Some(RunStatus::Cancelled), "{:?}", told.texts());
        assert_eq!((prod.image(kind).as_str(), prod.tagged("prod")), (OLD, None), "{kind}");
        let object = rig.cluster.object(kind, &prod.project, "web").unwrap();
        assert!(
            !object["spec"]["triggers"].to_string().contains(&built.digest),
            "nothing of it is remembered: {object}"
        );
        rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    }
}

#[tokio::test]
async fn a_trigger_that_does_nothing_is_said_after_a_while_and_all_is_as_it_was() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &annotated(false));
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    rig.cluster.hold_triggers(true);
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.until("its wait", |told| says(told, WAITS)).await;
    let is_record = |secret: &&Value| secret["type"] == "alm.build/deployment";
    let kept = rig.cluster.objects("secrets", PROJECT).into_iter().find(|secret| is_record(&secret)).unwrap();
    let text = STANDARD.decode(kept["data"]["record"].as_str().unwrap()).unwrap();
    let mut record: Value = serde_json::from_slice(&text).unwrap();
    record["rollout"]["started_at"] = json!("2020-01-01T00:00:00Z");
    let change = json!({ "data": { "record": STANDARD.encode(record.to_string()) } });
    rig.cluster.patch("secrets", PROJECT, kept["metadata"]["name"].as_str().unwrap(), &change);
    told.finish().await;
    let (status, why) = end(&told);
    assert_eq!(status, Some(RunStatus::Failed));
    assert!(why.contains("for 10 minutes: see what keeps its image trigger from it, or take that out"), "{why}");
    assert_eq!((prod.image(DEPLOYMENTS).as_str(), prod.tagged("prod"), rollouts(&prod, DEPLOYMENTS)), (OLD, None, 1));
}
