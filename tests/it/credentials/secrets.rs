//! A build service's own secrets, through the API.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::TestApp;

const VALUE: &str = "canary-of-the-secret-story";
const SERVICE: &str =
    "query($id: ID!) { node(id: $id) { ... on BuildService { secrets { name updatedAt updatedBy { __typename } } } } }";

async fn set(app: &TestApp, service: &str, name: &str, value: Value) -> Value {
    let secret = json!({ "name": name, "value": value });
    let selection = "service { secrets { name } }";
    app.mutate("setSecret", selection, json!({ "serviceId": service, "secret": secret })).await
}

#[tokio::test]
async fn a_value_goes_in_and_only_its_name_comes_out() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let service = app.service("shop").await;
    let names = |payload: &Value| -> Vec<String> {
        let secrets = payload["service"]["secrets"].as_array().unwrap();
        secrets.iter().map(|secret| secret["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&set(&app, &service, "REGISTRY_PASSWORD", json!("first")).await), ["REGISTRY_PASSWORD"]);
    assert_eq!(names(&set(&app, &service, "API_KEY", json!(VALUE)).await), ["API_KEY", "REGISTRY_PASSWORD"]);
    assert_eq!(names(&set(&app, &service, "REGISTRY_PASSWORD", json!("second")).await).len(), 2, "replaced");

    let shown = app.graphql(SERVICE, json!({ "id": service })).await;
    let secret = &shown["node"]["secrets"][0];
    assert_eq!((&secret["name"], &secret["updatedBy"]["__typename"]), (&json!("API_KEY"), &json!("User")));
    assert!(!shown.to_string().contains(VALUE));

    let input = json!({ "serviceId": service, "name": "API_KEY" });
    let payload = app.done("removeSecret", "service { secrets { name } }", input.clone()).await;
    assert_eq!(names(&payload), ["REGISTRY_PASSWORD"]);
    let again = app.mutate("removeSecret", "service { id }", input).await;
    assert_eq!(
        (&again["userErrors"][0]["code"], &again["userErrors"][0]["path"][0]),
        (&json!("NOT_FOUND"), &json!("name"))
    );
}

#[tokio::test]
async fn a_wrong_secret_is_refused_with_its_place_and_never_repeated() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let service = app.service("shop").await;
    for (name, value, place) in [
        ("lower", VALUE.to_owned(), "name"),
        ("1ST", VALUE.to_owned(), "name"),
        ("A-B", VALUE.to_owned(), "name"),
        ("", VALUE.to_owned(), "name"),
        (&"A".repeat(64), VALUE.to_owned(), "name"),
        ("GOOD", String::new(), "value"),
        ("GOOD", VALUE.repeat(400), "value"),
        ("GOOD", format!("{VALUE}\0"), "value"),
    ] {
        let payload = set(&app, &service, name, json!(value)).await;
        let error = &payload["userErrors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!("INVALID"), &json!(["secret", place])), "{payload}");
        assert!(payload["service"].is_null() && !payload.to_string().contains(VALUE), "{payload}");
    }
    // Neither is one in the wrong place of a document.
    let literal = format!(
        "mutation {{ setSecret(input: {{serviceId: \"{service}\", secret: \"{VALUE}\"}}) {{ service {{ id }} }} }}"
    );
    let reply = app.reply(&literal, json!({})).await;
    assert!(reply["errors"].is_array() && !reply.to_string().contains(VALUE), "{reply}");
    // Neither is one that is no text, whoever notices it.
    let query = "mutation($input: SetSecretInput!) { setSecret(input: $input) { userErrors { message } } }";
    for wrong in [json!([VALUE]), json!({ "value": VALUE }), json!(20_261_122), json!(null)] {
        let secret = json!({ "name": "GOOD", "value": wrong });
        let reply = app.reply(query, json!({ "input": { "serviceId": service, "secret": secret } })).await;
        assert!(reply["errors"].is_array(), "{reply}");
        assert!(!reply.to_string().contains(VALUE) && !reply.to_string().contains("20261122"), "{reply}");
    }
}

#[tokio::test]
async fn a_hundred_secrets_are_kept_and_no_more() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let service = app.service("shop").await;
    for n in 0..100 {
        let payload = set(&app, &service, &format!("SECRET_{n}"), json!("value")).await;
        assert_eq!(payload["userErrors"], json!([]));
    }
    let payload = set(&app, &service, "ONE_MORE", json!("value")).await;
    assert_eq!(payload["userErrors"][0]["code"], "WRONG_STATE", "{payload}");
    assert_eq!(set(&app, &service, "SECRET_7", json!("other")).await["userErrors"], json!([]));
}
