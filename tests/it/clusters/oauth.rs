//! What surprised at the OAuth servers of real clusters, by name. The rest is told by the other stories: there are no refresh tokens
//! and a token that ends is a plain 401 (`tokens`), the reply to a code holds only the token, its life and its scope (`Stage::connect`).

use serde_json::{Value, json};

use super::{
    browser::consent,
    stage::{Stage, done},
};
use crate::{
    credentials::accounts::{begin, mutate},
    recovery::support::Api,
};

const CONNECTION: &str = "query($id: ID!) { environment(by: { id: $id }) { connection { id status account } } }";

impl Stage {
    /// Carol changes how this service is known to the second cluster.
    async fn client(&self, mut changes: Value) {
        changes["id"] = json!(self.client_of_live);
        done(&self.carol, "updateOAuthClient", "client { id }", changes).await;
    }

    async fn live_connection(&self) -> Value {
        self.alice.ask(CONNECTION, json!({ "id": self.live })).await["environment"]["connection"].clone()
    }
}

/// What the cluster answers a browser at once.
async fn answer(url: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

async fn complete(alice: &Api, callback: &crate::support::Callback) -> Value {
    let input = json!({ "code": callback.code, "state": callback.state });
    mutate(alice, "completeOAuthConnection", "connection { status }", input).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_token_error_is_a_400_and_is_told_with_what_may_be_wrong() {
    let stage = Stage::set("OPENSHIFT").await;
    stage.client(json!({ "clientSecret": "another secret" })).await;
    let callback = consent(&begin(&stage.alice, &stage.live).await, "alice.b", &stage.alice.address).await;
    let refused = complete(&stage.alice, &callback).await;
    let message = refused["userErrors"][0]["message"].as_str().unwrap();
    assert!(message.contains("the client's id and secret"), "{refused}");
    assert!(!refused.to_string().contains(&callback.code), "{refused}");
    // The cluster has not used the code up; but its state is, here.
    stage.client(json!({ "clientSecret": "secret of the second" })).await;
    let again = complete(&stage.alice, &callback).await;
    assert_eq!(again["userErrors"][0]["code"], "STATE_MISMATCH", "{again}");
    stage.connect(&stage.live, "alice.b").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_redirect_for_an_invalid_scope_drops_the_state() {
    let stage = Stage::set("OPENSHIFT").await;
    stage.client(json!({ "scopes": ["user:nonsense"] })).await;
    let callback = consent(&begin(&stage.alice, &stage.live).await, "alice.b", &stage.alice.address).await;
    assert_eq!((callback.error.as_str(), callback.state.as_str()), ("invalid_scope", ""), "{callback:?}");
    // Nothing can be told apart by it, and so nothing is done: what was begun lapses, or is begun again.
    let refused = complete(&stage.alice, &callback).await;
    assert!(refused["connection"].is_null() && refused["userErrors"][0]["code"] == "INVALID", "{refused}");
    stage.client(json!({ "scopes": ["user:full"] })).await;
    stage.connect(&stage.live, "alice.b").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_client_is_answered_with_400_and_sends_nobody_back() {
    let stage = Stage::set("OPENSHIFT").await;
    let begun = begin(&stage.alice, &stage.live).await;
    // What is below the registered redirect address is accepted: the client's own path tells whose answer comes back.
    let below = format!("%2Foauth%2Fcallback%2F{}", stage.client_of_live);
    assert!(begun.contains(&below), "{begun} has {below}");
    stage.client(json!({ "clientId": "nobody" })).await;
    let (status, told) = answer(&begin(&stage.alice, &stage.live).await).await;
    assert_eq!((status, told["error"].is_string()), (400, true), "{told}");
    let kept = stage.live_connection().await;
    assert_eq!((&kept["status"], &kept["account"]), (&json!("CONNECTED"), &json!("alice.b")), "what was there stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_deletes_the_token_at_the_cluster() {
    let stage = Stage::set("OPENSHIFT").await;
    let connection = stage.live_connection().await;
    let input = json!({ "connectionId": connection["id"] });
    let gone = done(&stage.alice, "disconnectOAuthConnection", "leftBehind connection { status }", input).await;
    assert_eq!((&gone["leftBehind"], &gone["connection"]["status"]), (&Value::Null, &json!("NOT_CONNECTED")), "{gone}");
    let asked = stage.second.requests();
    let deleted: Vec<_> =
        asked.iter().filter(|seen| seen.method == "DELETE" && seen.path.contains("/useroauthaccesstokens/")).collect();
    assert_eq!(deleted.iter().map(|seen| seen.user.as_deref()).collect::<Vec<_>>(), [Some("alice.b")]);
}
