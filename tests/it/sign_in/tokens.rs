//! Tokens that are not for this server, over every transport.

use serde_json::json;

use super::stage::{AUDIENCE, Stage};
use crate::{
    recovery::support::Socket,
    support::{Issuer, within},
};

/// The status and the code of the refusal, for whoever asks for this media type.
async fn asked(stage: &Stage, token: &str, accept: &str) -> (u16, String) {
    #[expect(clippy::disallowed_methods, reason = "a client of the tests' own")]
    let client = reqwest::Client::new();
    let body = json!({ "query": if accept.contains("event") { "subscription { viewerUpdates { __typename } }" } else { "{ viewer { id } }" } });
    let request = client.post(format!("{}/graphql", stage.address())).bearer_auth(token).header("accept", accept);
    let reply = within(request.json(&body).send()).await.unwrap();
    let status = reply.status().as_u16();
    if status == 200 {
        // The stream of whoever is let in does not end.
        return (status, String::new());
    }
    let body: serde_json::Value = within(reply.json()).await.unwrap();
    (status, body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_for_this_server_opens_nothing_whatever_carries_it() {
    let Some(stage) = Stage::set().await else { return };
    let Some(other) = Issuer::start(json!({ "name": "other" })).await else { return };
    let good = stage.token("mia", 3600).await;
    for accept in ["application/json", "text/event-stream"] {
        assert_eq!(asked(&stage, &good, accept).await.0, 200, "{accept}");
    }
    assert!(Socket::connect(&stage.address(), &good).await.is_some());

    let mia = json!({ "sub": "mia", "preferred_username": "mia" });
    let with = |name: &str, value: &str| {
        let mut claims = mia.clone();
        claims[name] = json!(value);
        claims
    };
    let refused = [
        ("another audience", stage.issuer.jwt(with("aud", "urn:other"), 3600).await),
        ("another name of an issuer", stage.issuer.jwt(with("iss", &other.address), 3600).await),
        ("another issuer", other.jwt(mia.clone(), 3600).await),
        ("another issuer that gives itself this one's name", other.jwt(with("iss", &stage.issuer.address), 3600).await),
        ("an opaque token of the issuer", stage.issuer.token("mia").await),
        ("the token in the data directory", stage.world.token()),
    ];
    for (what, token) in refused {
        for accept in ["application/json", "text/event-stream"] {
            assert_eq!(asked(&stage, &token, accept).await, (401, "UNAUTHENTICATED".to_owned()), "{what}: {accept}");
        }
        assert_eq!(within(Socket::refused(&stage.address(), &token)).await, 4403, "{what}: {AUDIENCE}");
    }
}
