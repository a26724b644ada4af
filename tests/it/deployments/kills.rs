//! `kill -9` of the server in the middle of promotions, with the real program and the real provider.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    credentials::accounts::{Stage, connect, mutate},
    recovery::support::{Api, Seed, eventually, repository},
};

/// How many promotions are cut off.
const KILLS: u32 = 5;

async fn deployments(api: &Api, project: &str) -> Vec<Value> {
    let query = "query($id: ID!) { node(id: $id) { ... on Project {
        deployments(first: 100) { nodes { id status statusReason carriedOutBy { id } } } } } }";
    let found = api.ask(query, json!({ "id": project })).await;
    found["node"]["deployments"]["nodes"].as_array().unwrap().clone()
}

async fn settled(api: &Api, project: &str, id: &Value) -> Value {
    eventually("the deployment has ended", async || {
        let all = deployments(api, project).await;
        let one = all.into_iter().find(|one| one["id"] == *id).expect("a deployment that was answered is there");
        let is_pending = ["WAITING_FOR_APPROVAL", "QUEUED", "RUNNING"].contains(&one["status"].as_str().unwrap());
        (!is_pending).then_some(one)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_that_is_cut_off_happens_once() {
    let Some(mut stage) = Stage::set(&[]).await else { return };
    let mut seed = Seed::of_this_test("kill_during_promotion");
    let prod = stage.environment("prod", "TARGET", &stage.steady).await;
    let alice = stage.person("alice").await;
    connect(&alice, &prod, &stage.steady, "alice").await;
    let folder = stage.world.folder().join("web");
    let deployed = stage.world.outside("deployed");
    repository(
        &folder,
        &format!(
            "stages:\n  build: {{run: echo app > app, artifacts: app}}\n  to-prod:\n    needs: build\n    environment: prod\n    \
             run: test -s $ALM_TOKEN_PROD_FILE; cat app >> '{}'; sleep 0.1\n",
            deployed.display()
        ),
    );
    let service = stage.service("web", folder.to_str().unwrap()).await;
    let build = alice.start(&service, "the one").await;
    eventually("the first deployment", async || {
        (alice.build(&build).await.unwrap()["status"] == "SUCCEEDED").then_some(())
    })
    .await;
    assert_eq!(stage.world.told("deployed"), "app\n");

    for kill in 1..=KILLS {
        let input = json!({"buildId": build, "environmentId": prod, "idempotencyKey": format!("kill {kill}")});
        let alice = stage.person("alice").await;
        let (asker, asked) = (alice.clone(), input.clone());
        let promoting = tokio::spawn(async move {
            let query = "mutation($input: PromoteBuildInput!) { promoteBuild(input: $input) { deployment { id }
                userErrors { message } } }";
            asker.try_ask(query, json!({ "input": asked })).await
        });
        // While it is asked for, begins, is at work, or has just ended.
        tokio::time::sleep(seed.moment(Duration::from_millis(if kill % 2 == 0 { 60 } else { 1_200 }))).await;
        stage.world.restart().await;
        let before = promoting.await.unwrap();
        let alice = stage.person("alice").await;
        let payload = mutate(&alice, "promoteBuild", "deployment { id }", input).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        let id = &payload["deployment"]["id"];
        if let Ok(before) = before {
            assert_eq!(before["promoteBuild"]["deployment"]["id"], *id, "what was answered stays");
        }
        let one = settled(&alice, &stage.project, id).await;
        assert_eq!(one["status"], "ACTIVE", "{one}");
        let times = stage.world.told("deployed").lines().count();
        assert_eq!(times, 1 + kill as usize, "it was deployed once for each promotion");
    }
    let all = deployments(&stage.person("alice").await, &stage.project).await;
    assert_eq!(all.len(), 1 + KILLS as usize);
    assert_eq!(all.iter().filter(|one| one["status"] == "ACTIVE").count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|one| one["status"] == "SUPERSEDED").count(), KILLS as usize, "{all:?}");
}
