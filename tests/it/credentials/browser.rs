//! The whole path in a real browser: an environment is added, an account connected on the issuer's own pages, a build started; the
//! token of 30 seconds ends, the next start is held, the account is connected again, and that same build goes on, once.

use std::path::Path;

use serde_json::{Value, json};

use super::accounts::{Stage, begin, mutate};
use crate::{
    node::node,
    recovery::support::{Api, eventually, repository},
};

const PIPELINE: &str = "stages:
  - name: build
    run: echo built
  - name: ship
    environment: staging
    run: |
      echo \"shipped with $(wc -c < \"$ALM_TOKEN_STAGING_FILE\") bytes\"
";

/// Connects on the pages of the issuer, in Chromium.
async fn connect_in_the_browser(api: &Api, environment: &str, name: &str) -> bool {
    let url = begin(api, environment).await;
    node("connect.mjs", &[&api.address, &api.token, &url, name]).await.is_some()
}

async fn connection(api: &Api, environment: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Environment { connection { status account } } } }";
    api.ask(query, json!({ "id": environment })).await["node"]["connection"].clone()
}

async fn start(api: &Api, service: &str) -> Value {
    let selection = "build { id number status }";
    mutate(api, "startBuild", selection, json!({ "serviceId": service })).await
}

/// Follows a build to its end: its state.
async fn ended(api: &Api, build: &str) -> String {
    eventually("the build is over", async || {
        let state = api.build(build).await.ok()?;
        (state["log"]["isComplete"] == true).then(|| state["status"].as_str().unwrap().to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_is_held_until_the_account_is_connected_again_and_goes_on_once() {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).is_file() {
        println!("SKIPPED: needs Chromium at {chromium}, or at the path in CHROMIUM");
        return;
    }
    let Some(stage) = Stage::set(&[]).await else { return };
    let alice = stage.person("alice").await;
    let staging = stage.environment("staging", "TARGET", &stage.fleeting).await;
    let folder = stage.world.folder().join("shop");
    repository(&folder, PIPELINE);
    let service = stage.service("web", folder.to_str().unwrap()).await;

    if !connect_in_the_browser(&alice, &staging, "alice").await {
        return;
    }
    assert_eq!(connection(&alice, &staging).await, json!({ "status": "CONNECTED", "account": "alice" }));
    let first = start(&alice, &service).await;
    let first = first["build"]["id"].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
    assert_eq!(ended(&alice, &first).await, "SUCCEEDED");

    eventually("the token has ended", async || {
        (connection(&alice, &staging).await["status"] == "EXPIRED").then_some(())
    })
    .await;
    let second = start(&alice, &service).await;
    assert_eq!(second["build"]["status"], "WAITING_FOR_CREDENTIAL", "{second}");
    let held = second["build"]["id"].as_str().unwrap().to_owned();

    assert!(connect_in_the_browser(&alice, &staging, "alice").await);
    assert_eq!(ended(&alice, &held).await, "SUCCEEDED", "the same build has gone on by itself");
    let query =
        "query($id: ID!) { node(id: $id) { ... on BuildService { builds(first: 10) { nodes { id status } } } } }";
    let builds = alice.ask(query, json!({ "id": service })).await["node"]["builds"]["nodes"].clone();
    assert_eq!(builds.as_array().unwrap().len(), 2, "{builds}");
}
