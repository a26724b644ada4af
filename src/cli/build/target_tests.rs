use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::*;
use crate::cli::client::testing::FakeServer;

/// Just enough of a server to keep projects and build services.
#[derive(Default)]
struct State {
    project: bool,
    services: Vec<Value>,
    providers: Vec<Value>,
}

impl State {
    fn reply(&mut self, operation: &str, variables: &Value) -> Value {
        let input = &variables["input"];
        let data = match operation {
            "CliProject" if self.project => json!({ "project": { "id": "prj_1", "services": self.services } }),
            "CliProject" => json!({ "project": null }),
            "CliProviders" => {
                json!({ "providers": { "edges": self.providers.iter().map(|p| json!({ "node": p })).collect::<Vec<_>>() } })
            }
            "CliCreateProject" => {
                self.project = true;
                json!({ "done": { "thing": { "id": "prj_1" }, "userErrors": [] } })
            }
            "CliCreateService" if self.services.iter().any(|service| service["slug"] == input["slug"]) => {
                json!({ "done": { "thing": null, "userErrors": [{ "message": "taken", "code": "TAKEN", "path": ["slug"] }] } })
            }
            "CliCreateService" => {
                let service = json!({ "id": format!("svc_{}", self.services.len()), "slug": input["slug"],
                    "repository": { "url": input["repository"]["url"] }, "provider": { "id": input["providerId"] } });
                self.services.push(service.clone());
                json!({ "done": { "thing": service, "userErrors": [] } })
            }
            other => panic!("unexpected {other}"),
        };
        json!({ "data": data })
    }
}

async fn server(state: State) -> FakeServer {
    let state = Arc::new(Mutex::new(state));
    FakeServer::start(move |operation, variables| state.lock().unwrap().reply(operation, variables), []).await
}

fn provider(slug: &str, kind: &str) -> Value {
    json!({ "id": format!("prv_{slug}"), "slug": slug, "kind": kind })
}

fn source(url: &str, provider: Option<&str>) -> Source {
    Source {
        repository: Location { url: url.into(), slug: "web".into() },
        project: "cli".parse().unwrap(),
        provider: provider.map(str::to_owned),
    }
}

#[tokio::test]
async fn what_is_missing_is_made_once_and_found_again() {
    let server = server(State { providers: vec![provider("local", "LOCAL")], ..State::default() }).await;
    let client = server.client();
    let first = source("file:///a/web", None).service(&client).await.unwrap();
    let again = source("file:///a/web", None).service(&client).await.unwrap();
    let other = source("file:///b/web", None).service(&client).await.unwrap();
    assert_eq!((first.id.as_str(), first.slug.as_str()), ("svc_0", "web"));
    assert_eq!(again.id, first.id);
    assert_eq!((other.id.as_str(), other.slug.as_str()), ("svc_1", "web-2"));
}

#[tokio::test]
async fn with_several_providers_the_local_one_is_taken_unless_one_is_chosen() {
    let providers = vec![provider("local", "LOCAL"), provider("cluster", "OPENSHIFT")];
    let server = server(State { providers, ..State::default() }).await;
    let client = server.client();
    assert_eq!(source("file:///a", None).service(&client).await.unwrap().provider.id, "prv_local");
    assert_eq!(source("file:///a", Some("cluster")).service(&client).await.unwrap().provider.id, "prv_cluster");
    let refused = source("file:///a", Some("clutser")).service(&client).await.unwrap_err().to_string();
    assert_eq!(refused, "there is no provider clutser: choose one of local, cluster");
}

#[tokio::test]
async fn without_a_clear_choice_of_provider_the_user_is_asked() {
    let server =
        server(State { providers: vec![provider("a", "TEKTON"), provider("b", "TEKTON")], ..State::default() }).await;
    let refused = source("file:///a", None).service(&server.client()).await.unwrap_err().to_string();
    assert!(refused.contains("choose one of a, b with --provider"), "{refused}");
}
