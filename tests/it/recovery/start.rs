//! The server dies while a build is being started.

use std::{fs, path::Path, time::Duration};

use serde_json::json;

use super::support::{Seed, World, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_was_asked_for_again_and_again_across_kills_runs_once() {
    let mut seed = Seed::of_this_test("kill_during_start");
    let mut world = World::serving().await;
    let runs = world.outside("runs");
    let service =
        world.service("web", &format!("run: echo \"build $ALM_BUILD_NUMBER\" >> '{}'\n", runs.display())).await;
    let mut builds = Vec::new();
    for round in 0..12 {
        let key = format!("key {round}");
        let (api, asked_service, asked_key) = (world.api(), service.clone(), key.clone());
        let asking = tokio::spawn(async move { api.try_start(&asked_service, &asked_key).await });
        let answered = if seed.below(2) == 0 {
            // Killed as soon as the answer is there: between it and the beginning of the run.
            asking.await.unwrap().ok()
        } else {
            // Killed before, while or after the request is worked on; the answer may be lost.
            tokio::time::sleep(seed.moment(Duration::from_millis(120))).await;
            None
        };
        world.restart().await;
        let again = world.api().start(&service, &key).await;
        if let Some(answered) = answered {
            assert_eq!(answered, again, "an acknowledged build is lost");
        }
        builds.push(again);
    }
    for build in &builds {
        let watched = world.follow(build).complete().await;
        assert_eq!(watched.state.newest(), "SUCCEEDED");
    }
    let mut ran: Vec<String> = world.told("runs").lines().map(str::to_owned).collect();
    ran.sort_unstable();
    let mut numbers = Vec::new();
    for build in &builds {
        numbers.push(format!("build {}", world.api().build(build).await.unwrap()["number"]));
    }
    numbers.sort_unstable();
    assert_eq!(ran, numbers, "each build ran once");
    eventually("no build is left over", async || {
        let data = world
            .api()
            .ask("{ project(by: { slug: \"web\" }) { builds(first: 100) { nodes { id } } } }", json!({}))
            .await;
        (data["project"]["builds"]["nodes"].as_array().unwrap().len() == builds.len()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_was_only_tried_out_leaves_nothing_behind() {
    let world = World::serving().await;
    let folders = |data: &Path| -> Vec<String> {
        let listed = |kind: &str| {
            let entries = fs::read_dir(data.join(kind)).into_iter().flatten();
            let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
            names.map(|name| format!("{kind}/{name}")).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = ["spool", "work", "artifacts", "configs", "git"].into_iter().flat_map(listed).collect();
        all.sort_unstable();
        all
    };
    let register = |slug: &str, only: bool| {
        let input = json!({"slug": slug, "displayName": "Another", "kind": "LOCAL", "validateOnly": only});
        let api = world.api();
        async move {
            let mutation = "mutation($input: RegisterProviderInput!) { registerProvider(input: $input) { userErrors { message } \
                            provider { id } health { state } } }";
            let payload = api.ask(mutation, json!({ "input": input })).await["registerProvider"].clone();
            assert_eq!(payload["userErrors"], json!([]), "{payload}");
            payload
        }
    };
    let before = folders(&world.data());
    let tried = register("tried", true).await;
    assert_eq!(tried["provider"], json!(null));
    assert_eq!(folders(&world.data()), before);
    register("kept", false).await;
    assert_eq!(folders(&world.data()).len(), before.len() * 2, "one that is kept has its folders");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_whose_settings_can_never_fit_is_refused_and_one_that_is_away_is_not() {
    let world = World::serving().await;
    let register = async |kind: &str, certificates: Option<&str>, only: bool| {
        let configuration =
            certificates.map_or_else(|| json!([]), |pem| json!([{ "key": "cluster.ca", "value": { "plain": pem } }]));
        let input = json!({"slug": kind.to_lowercase(), "displayName": "A cluster", "kind": kind, "validateOnly": only,
                           "endpoint": "https://api.nowhere.invalid:6443", "configuration": configuration});
        let mutation = "mutation($input: RegisterProviderInput!) { registerProvider(input: $input) { \
                        userErrors { code message path } provider { id } health { state } } }";
        world.api().ask(mutation, json!({ "input": input })).await["registerProvider"].clone()
    };
    for kind in ["OPENSHIFT", "TEKTON"] {
        for only in [true, false] {
            let refused = register(kind, Some("rubbish"), only).await;
            assert_eq!(refused["userErrors"][0]["code"], "INVALID", "{refused}");
            assert_eq!(refused["userErrors"][0]["path"], json!(["settings", "cluster.ca"]), "{refused}");
            assert_eq!((&refused["provider"], &refused["health"]), (&json!(null), &json!(null)));
        }
        let away = register(kind, None, false).await;
        assert_eq!((&away["userErrors"], &away["health"]["state"]), (&json!([]), &json!("FAILING")), "{away}");
        assert!(away["provider"]["id"].is_string(), "{away}");
    }
}
