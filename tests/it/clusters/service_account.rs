//! A service account as this service's client at a cluster: what somebody registers who is no administrator there.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    browser::consent,
    stage::{BUILDS, Stage, done},
};
use crate::{credentials::accounts::begin, recovery::support::eventually};

const ACCOUNT: &str = "system:serviceaccount:shop-builds:alm";
const TOKEN: &str = "token-of-the-service-account";
const SECRET: &str = "canary-of-a-docker-build-3e90";

/// Registers the service account at the first cluster, and changes this service's client there to it, with these scopes.
async fn introduce(stage: &Stage, scopes: &[&str]) {
    let annotations = json!({ "serviceaccounts.openshift.io/oauth-redirecturi.first": format!("{}/oauth/callback", stage.carol.address) });
    stage.first.put("serviceaccounts", BUILDS, "alm", json!({ "metadata": { "annotations": annotations } }));
    let secret = json!({
        "metadata": { "annotations": { "kubernetes.io/service-account.name": "alm" } },
        "type": "kubernetes.io/service-account-token", "data": { "token": STANDARD.encode(TOKEN) },
    });
    stage.first.put("secrets", BUILDS, "alm-token", secret);
    let known = stage.carol.ask("{ oauthClients { id origin } }", json!({})).await;
    let is_of_first = |client: &&Value| client["origin"] == stage.first.url();
    let id = known["oauthClients"].as_array().unwrap().iter().find(is_of_first).unwrap()["id"].clone();
    let input = json!({ "id": id, "clientId": ACCOUNT, "clientSecret": TOKEN, "scopes": scopes });
    done(&stage.carol, "updateOAuthClient", "client { id }", input).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_as_client_lets_people_build_in_its_namespace() {
    let stage = Stage::set("OPENSHIFT").await;
    introduce(&stage, &["user:info", "user:check-access", "role:edit:shop-builds:!"]).await;
    // What was connected by the client of before has ended.
    stage.first.expire_tokens_of(super::stage::CLIENT);
    stage.connect(&stage.builds, "alice").await;
    let own = [
        ("strategy", json!("Docker")),
        ("dockerfile", json!("echo line 1\ncat $ALM_SECRET_NPM\necho line 2")),
        ("secrets.mount", json!("/run/alm")),
    ];
    let web = stage.service("web", &own).await;
    let secret = json!({ "serviceId": web, "secret": { "name": "NPM", "value": SECRET } });
    done(&stage.alice, "setSecret", "service { id }", secret).await;
    let build = stage.alice.start(&web, "the one").await;
    let watched = stage.follow(&build).complete().await;
    assert_eq!(watched.log.said, ["line 1", "***", "line 2"], "the secret was there, and is told nobody");
    assert_eq!(watched.state.newest(), "SUCCEEDED", "{watched:?}");
    eventually("nothing is left of it", async || {
        let kept = stage.first.objects("secrets", BUILDS);
        (!kept.iter().any(|secret| secret["metadata"]["name"] == "alm-build-shop-web")).then_some(())
    })
    .await;
    let asked = stage.first.requests();
    let started: Vec<_> = asked.iter().filter(|seen| seen.path.contains("/instantiate")).collect();
    assert_eq!(started.iter().map(|seen| seen.user.as_deref()).collect::<Vec<_>>(), [Some("alice")]);
    // Its tokens may not delete themselves: that one is left behind is said.
    let query = "query($id: ID!) { environment(by: { id: $id }) { connection { id } } }";
    let known = stage.alice.ask(query, json!({ "id": stage.builds })).await["environment"]["connection"]["id"].clone();
    let input = json!({ "connectionId": known });
    let gone = done(&stage.alice, "disconnectOAuthConnection", "leftBehind connection { status }", input).await;
    assert_eq!(
        (gone["leftBehind"].is_string(), &gone["connection"]["status"]),
        (true, &json!("NOT_CONNECTED")),
        "{gone}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_service_account_may_not_ask_for_is_denied_in_the_clusters_words() {
    let stage = Stage::set("OPENSHIFT").await;
    for denied in ["user:full", "role:edit:another"] {
        introduce(&stage, &["user:info", denied]).await;
        let callback = consent(&begin(&stage.alice, &stage.builds).await, "alice", &stage.alice.address).await;
        assert_eq!((callback.error.as_str(), callback.code.as_str()), ("access_denied", ""), "{callback:?}");
    }
    // A role without its secrets (`:!`) builds nothing that is given one, and everything else.
    introduce(&stage, &["user:info", "user:check-access", "role:edit:shop-builds"]).await;
    stage.first.expire_tokens_of(super::stage::CLIENT);
    stage.connect(&stage.builds, "alice").await;
    let web = stage.service("web", &[("strategy", json!("Docker")), ("dockerfile", json!("echo line 1"))]).await;
    let build = stage.alice.start(&web, "the one").await;
    assert_eq!(stage.follow(&build).complete().await.state.newest(), "SUCCEEDED");
}
