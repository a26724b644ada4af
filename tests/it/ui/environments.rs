//! Versions on their way through the environments of a project, on the pages.

use super::{pages_and_browser, tell};
use crate::{
    credentials::accounts::{Stage, connect, mutate},
    recovery::support::{eventually, repository},
};
use serde_json::json;

const PIPELINE: &str = "stages:
  - name: build
    run: echo built
  - name: to-test
    needs: build
    environment: test
    url: https://test.shop.example/
    run: echo in test
  - name: to-production
    needs: to-test
    environment: production
    url: https://shop.example/
    run: echo in production
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_promoted_approved_and_rolled_back() {
    if !pages_and_browser() {
        return;
    }
    let Some(stage) = Stage::set(&[]).await else { return };
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let test = stage.environment("test", "TARGET", &stage.steady).await;
    connect(&alice, &test, &stage.steady, "alice").await;
    let folder = stage.world.folder().join("web");
    repository(&folder, PIPELINE);
    let service = stage.service("web", folder.to_str().unwrap()).await;
    // Two versions from before there was a production: the story adds it.
    for _ in 0..2 {
        let made = mutate(&alice, "startBuild", "build { id }", json!({ "serviceId": service })).await;
        let build = made["build"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        eventually("the version is there", async || {
            (alice.build(&build).await.ok()?["status"] == "SUCCEEDED").then_some(())
        })
        .await;
    }
    let more = [alice.token.as_str(), &bob.token, &stage.steady.cluster, &service];
    tell("promotion", &stage.world, &more).await;
}
