//! Trusted documents.

use std::sync::Arc;

use alm::http::{DocumentLimits, TrustedDocuments};
use alm_domain::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::recovery::support::World;

use super::support::{Door, EventStream, Request, Running, Socket, serve, serve_state, serve_with_state, user};

const HELLO: &str = "query Greeting($n: String!) { hello(name: $n) }";
const ADD: &str = "mutation { add }";
const COUNT: &str = "subscription { count(to: 2) }";

fn hash(document: &str) -> String {
    Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named(document: &str) -> Value {
    json!({"documentId": format!("sha256:{}", hash(document)), "variables": {"n": "you"}})
}

fn persisted(document: &str) -> Value {
    json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash(document)}}, "variables": {"n": "you"}})
}

fn manifest(content: &str) -> Result<TrustedDocuments, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.json");
    std::fs::write(&path, content).unwrap();
    TrustedDocuments::load(&path, &DocumentLimits::default()).map_err(|error| error.to_string())
}

fn documents() -> TrustedDocuments {
    let entries = [HELLO, ADD, COUNT].map(|document| (hash(document), Value::from(document)));
    manifest(&Value::from_iter(entries).to_string()).unwrap()
}

async fn knowing() -> Running {
    serve_state(|_| {}, |state| state.documents(documents())).await
}

/// A server whose members may send nothing else, and somebody with this role at the door.
async fn strict_to(role: Role) -> Running {
    let door = Arc::new(Door::open_to(user(1, role)));
    serve_with_state(door, |_| {}, |state| state.documents(documents().only_for(vec![Role::Member]))).await
}

#[tokio::test]
async fn a_document_is_run_by_its_hash_in_either_form_and_by_either_method() {
    let server = knowing().await;
    let hello = json!({"data": {"hello": "Hello, you"}});
    for body in [named(HELLO), persisted(HELLO)] {
        assert_eq!(Request::post(&body).send(&server).await.json(), hello, "{body}");
    }
    let known = hash(HELLO);
    let variables = "variables=%7B%22n%22:%22you%22%7D";
    for query in [
        format!("documentId=sha256:{known}&operationName=Greeting"),
        format!("extensions=%7B%22persistedQuery%22:%7B%22version%22:1,%22sha256Hash%22:%22{known}%22%7D%7D"),
    ] {
        let reply = Request::get(&format!("/graphql?{query}&{variables}")).send(&server).await;
        assert_eq!(reply.json(), hello, "{query}");
    }
    let by_get = format!("/graphql?documentId=sha256:{}", hash(ADD));
    assert_eq!(Request::get(&by_get).send(&server).await.status, 405, "a mutation all the same");
}

#[tokio::test]
async fn it_is_run_by_its_hash_over_a_websocket_and_an_event_stream() {
    let server = knowing().await;
    let mut socket = Socket::signed_in(&server).await;
    for body in [named(COUNT), persisted(COUNT)] {
        socket.say(json!({"type": "subscribe", "id": "1", "payload": body})).await;
        assert_eq!(socket.message().await["payload"], json!({"data": {"count": 1}}));
        assert_eq!(socket.message().await["payload"], json!({"data": {"count": 2}}));
        assert_eq!(socket.message().await, json!({"type": "complete", "id": "1"}));

        let request = Request::post(&body).with("accept", "text/event-stream");
        let mut stream = EventStream::open(&server, request).await;
        assert_eq!(stream.next().await, json!({"data": {"count": 1}}));
    }
}

#[tokio::test]
async fn nothing_is_registered_at_run_time() {
    for server in [serve().await, knowing().await] {
        let unknown = "{ me }";
        let mut with_text = persisted(unknown);
        with_text["query"] = unknown.into();
        for (body, found) in [(named(unknown), false), (with_text, true), (persisted(unknown), false)] {
            let reply = Request::post(&body).send(&server).await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.json().get("data").is_some(), found, "{body}");
            if !found {
                assert_eq!(reply.code(), "PERSISTED_QUERY_NOT_FOUND", "{body}");
                let strict = Request::post(&body).with("accept", "application/graphql-response+json");
                assert_eq!(strict.send(&server).await.status, 400);
            }
        }
        let mut other = persisted(HELLO);
        other["query"] = unknown.into();
        let reply = Request::post(&other).send(&server).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "BAD_REQUEST"));
        assert!(reply.message().contains("sha256Hash"), "{reply:?}");

        let mut socket = Socket::signed_in(&server).await;
        socket.say(json!({"type": "subscribe", "id": "1", "payload": named(unknown)})).await;
        let refused = socket.message().await;
        assert_eq!(refused["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{refused}");
    }
}

#[tokio::test]
async fn a_role_can_be_kept_to_the_documents_of_the_manifest() {
    let server = strict_to(Role::Member).await;
    let own = json!({"query": "{ me }"});
    let reply = Request::post(&own).send(&server).await;
    assert_eq!(reply.code(), "PERSISTED_QUERY_REQUIRED");
    let reply = Request::post(&own).with("accept", "text/event-stream").send(&server).await;
    assert!(reply.body.contains("PERSISTED_QUERY_REQUIRED") && reply.body.contains("event: complete"), "{reply:?}");
    let mut socket = Socket::signed_in(&server).await;
    socket.say(json!({"type": "subscribe", "id": "1", "payload": own})).await;
    assert_eq!(socket.message().await["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_REQUIRED");

    let text = json!({"query": HELLO, "variables": {"n": "you"}});
    for known in [named(HELLO), persisted(HELLO), text] {
        let reply = Request::post(&known).send(&server).await;
        assert_eq!(reply.json(), json!({"data": {"hello": "Hello, you"}}), "{known}");
    }
}

#[tokio::test]
async fn the_other_roles_are_free() {
    let server = strict_to(Role::Admin).await;
    let introspection = json!({"query": include_str!("introspection.graphql")});
    let reply = Request::post(&introspection).send(&server).await;
    assert_eq!(reply.json()["data"]["__schema"]["queryType"]["name"], "Query");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_reads_the_manifest_of_its_settings_when_it_starts_or_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.json");
    let document = "{ serverInfo { version } }";
    std::fs::write(&path, json!({ hash(document): document }).to_string()).unwrap();
    let mut world = World::new().with("ALM_DOCUMENTS_MANIFEST", path.to_str().unwrap());
    world.start().await;
    let api = world.api();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.post(format!("{}/graphql", api.address)).bearer_auth(&api.token).json(&named(document));
    let reply: Value = asked.send().await.unwrap().json().await.unwrap();
    assert!(reply["data"]["serverInfo"]["version"].is_string(), "{reply}");
    world.kill().await;

    std::fs::write(&path, json!({ hash(document): "{ another }" }).to_string()).unwrap();
    world.spawn();
    let ended = world.let_go().ended().await;
    let said = world.server_log();
    assert_eq!(ended.code(), Some(78), "the configuration is wrong");
    assert!(said.contains("documents.json") && said.contains("whose SHA-256 is"), "{said}");
}

#[test]
fn a_manifest_that_does_not_hold_is_refused_with_its_place_and_the_remedy() {
    let wrong = |document: &str| json!({ hash(document): document }).to_string();
    for (content, expected) in [
        ("", "is not a JSON object"),
        ("[]", "is not a JSON object"),
        (r#"{"a": 1}"#, "is not a JSON object"),
        (r#"{"0a4d55a8d778e5022fab701977c5d840bbc486d0": "{ a }"}"#, "sha256"),
        (&json!({ hash("{ a }"): "{ b }" }).to_string(), "whose SHA-256 is"),
        (&wrong("{"), "syntax error"),
        (&wrong(&format!("{{ {} }}", "a ".repeat(2_001))), "2000 fields"),
        (&wrong("{ ...a } fragment a on Q { ...a }"), "spreads itself"),
    ] {
        let refused = manifest(content).unwrap_err();
        assert!(refused.contains(expected) && refused.contains("documents.json"), "{content}: {refused}");
    }
    assert!(manifest("{}").unwrap().is_empty());
    let absent = TrustedDocuments::load("/nowhere/documents.json".as_ref(), &DocumentLimits::default()).unwrap_err();
    assert!(absent.to_string().contains("cannot be read"), "{absent}");
}
