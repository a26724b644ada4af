//! What the pages are told of how people get a token.

use serde_json::{Value, json};

use super::stage::{AUDIENCE, PAGES, Stage};
use crate::{recovery::support::World, support::within};

/// The reply at this path.
async fn get(address: &str, path: &str) -> reqwest::Response {
    #[expect(clippy::disallowed_methods, reason = "a client of the tests' own")]
    let client = reqwest::Client::new();
    within(client.get(format!("{address}{path}")).send()).await.unwrap()
}

async fn ways(address: &str) -> Value {
    within(get(address, "/sign-in/ways").await.json()).await.unwrap()
}

async fn policy(address: &str, path: &str) -> String {
    get(address, path).await.headers()["content-security-policy"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_are_told_where_to_sign_in_and_only_one_may_connect_there() {
    let Some(stage) = Stage::set().await else { return };
    let (address, issuer) = (stage.address(), &stage.issuer.address);
    let expected = json!({
        "state": "on",
        "issuer": issuer,
        "namesIssuer": true,
        "authorizationEndpoint": format!("{issuer}/auth"),
        "tokenEndpoint": format!("{issuer}/token"),
        "endSessionEndpoint": format!("{issuer}/session/end"),
        "redirectUri": format!("{address}/sign-in/callback"),
        "clientId": PAGES,
        "scope": "openid profile",
        "audience": AUDIENCE,
        "audienceParameter": null,
    });
    assert_eq!(ways(&address).await, json!({ "ownToken": false, "cluster": false, "signIn": expected }));
    for page in ["/start", "/graphiql", "/oauth/callback", "/start/sign-in.js"] {
        let policy = policy(&address, page).await;
        assert!(policy.contains("connect-src 'self';"), "{page}: {policy}");
    }
    let there = policy(&address, "/sign-in/callback?code=x&state=y").await;
    assert!(
        there.contains(&format!("connect-src 'self' {issuer};")) && there.contains("script-src 'self';"),
        "{there}"
    );
    let callback = get(&address, "/sign-in/callback?code=x&state=y").await;
    assert_eq!(callback.headers()["cache-control"], "no-store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_that_cannot_be_asked_is_said_to_be_so_and_a_server_without_one_asks_for_its_token() {
    let alone = World::serving().await;
    let address = alone.api().address;
    assert_eq!(ways(&address).await, json!({ "ownToken": true, "cluster": false, "signIn": { "state": "off" } }));
    assert!(policy(&address, "/sign-in/callback").await.contains("connect-src 'self';"));

    // Nobody listens there: the port was given out, and is taken by nobody.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut world = World::new()
        .with("ALM_SIGN_IN_ISSUER", &gone)
        .with("ALM_SIGN_IN_AUDIENCE", AUDIENCE)
        .with("ALM_SIGN_IN_CLIENT_ID", PAGES)
        .with("ALM_SIGN_IN_KEEP_TOKEN", "true");
    world.start().await;
    let told = ways(&world.api().address).await;
    assert_eq!(told, json!({ "ownToken": true, "cluster": false, "signIn": { "state": "unavailable" } }));
}
