//! OAuth clients: those that environments bring, where people are sent back to, and what becomes of secrets.

use alm_build_spi::conformance::fake::Script;
use alm_domain::Principal;
use alm_store::client_secret_binding;
use serde_json::{Value, json};
use url::Url;

use super::support::{World, input};
use crate::support::{Issuer, Setup, TestApp, on_each_database};

const VALUE: &str = "canary-of-the-client-story";

#[tokio::test]
async fn an_environment_brings_a_client_of_its_own() {
    on_each_database(|setup| async {
        let Some(issuer) = Issuer::with_refresh().await else { return };
        let app = setup.start().await;
        let project = app.project("shop").await;
        issuer.add_client("own", &format!("{}oauth/callback", app.base())).await;
        let add = |name: &str, url: &str, issuer: Value, secret: &str| {
            json!({
                "projectId": project, "displayName": name, "role": "TARGET", "endpoint": {"url": url, "name": name},
                "client": {"clientId": "own", "clientSecret": secret, "scopes": ["openid"], "issuer": issuer},
            })
        };
        let added = app
            .done(
                "addEnvironment",
                "environment { id }",
                add("issuer", &issuer.address, Value::Null, &issuer.client_secret),
            )
            .await;
        let environment = added["environment"]["id"].as_str().unwrap().to_owned();
        let mut world = World { app, issuer, project: project.clone(), environment };
        assert_eq!(world.connect("alice").await["account"], "alice");
        let listed = world.app.graphql("{ oauthClients { id } }", json!({})).await;
        assert_eq!(listed["oauthClients"], json!([]), "it is the environment's, not the administrator's");

        // It leads nowhere but to the cluster's own origin, unless the administrator lets it.
        let elsewhere = add("cluster", &world.issuer.cluster, json!(world.issuer.address), &world.issuer.client_secret);
        let added = world.app.done("addEnvironment", "environment { id }", elsewhere).await;
        let first = std::mem::replace(&mut world.environment, added["environment"]["id"].as_str().unwrap().to_owned());
        let start = json!({"environmentId": world.environment, "returnTo": "/"});
        let refused = world.app.mutate("startOAuthConnection", "authorizationUrl", start).await;
        let message = refused["userErrors"][0]["message"].as_str().unwrap_or_else(|| panic!("{refused}"));
        assert!(message.contains("an administrator has to allow that host"), "{message}");
        let host = world.issuer.address.trim_start_matches("http://");
        let consent = json!({"origin": world.issuer.cluster, "clientId": "other", "tokenHosts": [host]});
        world.app.done("registerOAuthClient", "client { id }", consent).await;
        assert!(world.begin().await.contains("client_id=own"), "the environment's own client comes first");
        assert_eq!(world.connect("bob").await["account"], "bob");

        // It goes with its environment, its secret too.
        world.environment = first;
        let system = Principal::system("story");
        let store = world.inner().store();
        let origin = world.issuer.address.trim_end_matches('/');
        let own = store.oauth_clients_for(&system, origin, world.environment_id()).await.unwrap().own.unwrap();
        assert!(store.sealed(&client_secret_binding(own.id)).await.unwrap().is_some());
        let id = world.environment_id();
        world.app.done("removeEnvironment", "removedEnvironmentId", json!({"environmentId": world.environment})).await;
        assert!(store.oauth_clients_for(&system, origin, id).await.unwrap().own.is_none());
        assert!(store.sealed(&client_secret_binding(own.id)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_say_its_name_is_answered_at_an_address_of_its_own() {
    let options = json!({"name": "nameless", "namesIssuer": false});
    let Some(issuer) = Issuer::start(options).await else { return };
    let (world, client) = World::led_by_the_cluster(Setup::fake(Script::new()), issuer).await;
    let url = Url::parse(&world.begin().await).unwrap();
    let redirect = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert_eq!(redirect, format!("{}oauth/callback/{client}", world.app.base()));
    assert_eq!(world.app.get(&format!("/oauth/callback/{client}")).await.status, 200);
    // Whether it says its name or not; but under no other.
    for (iss, connects) in [
        (Value::Null, true),
        (json!(world.issuer.address), true),
        (json!("https://evil.example"), false),
        (json!(world.issuer.cluster), false),
    ] {
        let answer = world.sign_in("alice").await;
        let mut brought = input(&answer);
        brought["iss"] = iss;
        let payload = world.app.mutate("completeOAuthConnection", "connection { status }", brought).await;
        match connects {
            true => assert_eq!(payload["connection"]["status"], "CONNECTED", "{payload}"),
            false => assert_eq!(payload["userErrors"][0]["code"], "STATE_MISMATCH", "{payload}"),
        }
    }
}

#[tokio::test]
async fn the_secret_of_a_client_is_never_repeated() {
    let app = TestApp::fake(Script::new()).await;
    let project = app.project("shop").await;
    let origin = "https://api.example.org:6443";
    let client = json!({"origin": origin, "clientId": "x", "clientSecret": VALUE});
    let made = app.done("registerOAuthClient", "client { id hasSecret }", client).await;
    assert_eq!(made["client"]["hasSecret"], true);
    let wrong = [json!([VALUE]), json!({"value": VALUE}), json!(20_261_122), json!(true)];
    let environment = |secret: &Value| {
        json!({
            "projectId": project, "displayName": "S", "role": "TARGET",
            "endpoint": {"url": "https://s.example.org", "name": "s"}, "client": {"clientId": "x", "clientSecret": secret},
        })
    };
    for secret in wrong {
        for (name, input) in [
            (
                "registerOAuthClient",
                json!({"origin": "https://b.example.org", "clientId": "x", "clientSecret": secret}),
            ),
            ("updateOAuthClient", json!({"id": made["client"]["id"], "clientSecret": secret})),
            ("addEnvironment", environment(&secret)),
        ] {
            let ty = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
            let query = format!("mutation($input: {ty}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}");
            let reply = app.reply(&query, json!({ "input": input })).await;
            assert!(reply["errors"].is_array(), "{name}: {reply}");
            assert!(!reply.to_string().contains(VALUE) && !reply.to_string().contains("20261122"), "{name}: {reply}");
        }
    }
    // Neither is one that is too long, or that no header can carry; and the one that was there stays.
    for secret in [VALUE.repeat(400), format!("{VALUE}\n")] {
        let input = json!({"id": made["client"]["id"], "clientSecret": secret});
        let payload = app.mutate("updateOAuthClient", "client { hasSecret }", input).await;
        assert_eq!(payload["userErrors"][0]["path"], json!(["clientSecret"]), "{payload}");
        assert!(!payload.to_string().contains(VALUE), "{payload}");
    }
    let taken = json!({"id": made["client"]["id"], "clientSecret": ""});
    let payload = app.done("updateOAuthClient", "client { hasSecret }", taken).await;
    assert_eq!(payload["client"]["hasSecret"], false);
}
