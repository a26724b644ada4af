//! What a cluster does not let somebody do is known before a button is pressed.

use alm_cluster_sim::Role;
use serde_json::{Value, json};

use super::stage::{BUILDS, Stage};

/// The verbs on a build service that need rights on the cluster.
async fn verbs(stage: &Stage, service: &str) -> [Value; 2] {
    let query =
        "query($id: ID!) { node(id: $id) { ... on BuildService { actions { action allowed reason reasonCode } } } }";
    let all = stage.alice.ask(query, json!({ "id": service })).await["node"]["actions"].clone();
    let of = |name: &str| all.as_array().unwrap().iter().find(|one| one["action"] == name).unwrap().clone();
    [of("START_BUILD"), of("EDIT")]
}

fn reviews(stage: &Stage) -> usize {
    stage.first.requests().iter().filter(|seen| seen.path.contains("selfsubjectaccessreviews")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_only_look_on_the_cluster_is_told_so_before_starting_and_in_its_words() {
    let stage = Stage::set("OPENSHIFT").await;
    let web = stage.service("web", &[("strategy", json!("Docker")), ("dockerfile", json!("echo line 1"))]).await;
    stage.first.grant("alice", BUILDS, Role::View);
    let before = reviews(&stage);
    for (verb, right) in
        verbs(&stage, &web).await.iter().zip(["create buildconfigs/instantiate", "update buildconfigs"])
    {
        assert_eq!((&verb["allowed"], &verb["reasonCode"]), (&json!(false), &json!("NOT_PERMITTED")), "{verb}");
        let why = verb["reason"].as_str().unwrap();
        assert!(why.contains(&format!("the account may not {right} in {BUILDS}")), "{why}");
    }
    verbs(&stage, &web).await;
    assert_eq!(reviews(&stage) - before, 7, "the cluster is asked once a minute, about all of it");
    // The mutation says the same, and nothing is begun.
    let why = stage.alice.try_start(&web, "in vain").await.unwrap_err();
    assert!(why.contains("may not create buildconfigs/instantiate"), "{why}");
    assert!(stage.first.objects("builds.build.openshift.io", BUILDS).is_empty());
    // Whoever tries is not held up by what was so a moment ago.
    stage.first.grant("alice", BUILDS, Role::Edit);
    let build = stage.alice.start(&web, "the one").await;
    assert_eq!(stage.follow(&build).complete().await.state.newest(), "SUCCEEDED");
    for verb in verbs(&stage, &web).await {
        assert_eq!(verb["allowed"], true, "{verb}");
    }
}
