//! Streams whose token ends while they are open.

use futures::StreamExt;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::{
    recovery::support::{Heard, Socket},
    support::within,
};

const UPDATES: &str = "subscription($id: ID!) { stream: projectUpdates(projectId: $id) { __typename
    ... on ProjectSnapshot { project { displayName } } ... on ProjectChanged { project { displayName } } } }";

/// A websocket that follows a project with this token; the first event has been told.
async fn follows(stage: &Stage, project: &str, token: &str) -> Socket {
    let mut socket = within(Socket::connect(&stage.address(), token)).await.expect("the token is good");
    within(socket.subscribe("1", UPDATES, json!({ "id": project }))).await.expect("the server is there");
    assert!(matches!(within(socket.hear()).await, Heard::Event { .. }));
    socket
}

/// The code with which it is closed, whatever is told before.
async fn closed(socket: &mut Socket) -> u16 {
    loop {
        match within(socket.hear()).await {
            Heard::Closed(code) => return code,
            Heard::Event { .. } | Heard::Complete => {}
            Heard::Gone => panic!("it is gone without a word"),
        }
    }
}

async fn project(stage: &Stage, token: &str) -> String {
    let query = "mutation($input: CreateProjectInput!) { done: createProject(input: $input) { project { id } } }";
    let input = json!({ "slug": "shop", "displayName": "The shop" });
    let made = stage.api(token.to_owned()).ask(query, json!({ "input": input })).await;
    made["done"]["project"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_ends_with_its_token_unless_a_new_one_is_shown_on_it() {
    let Some(stage) = Stage::set().await else { return };
    let lasting = stage.token("mia", 3600).await;
    let project = project(&stage, &lasting).await;
    let short = stage.token("mia", 8).await;
    let (mut left, mut renewed) = (follows(&stage, &project, &short).await, follows(&stage, &project, &short).await);
    // What is asked of each every four seconds has been asked of all when this one is closed.
    let mut later = follows(&stage, &project, &stage.token("mia", 16).await).await;
    renewed.renew(&lasting).await;
    assert_eq!(closed(&mut left).await, 4403);
    assert_eq!(closed(&mut later).await, 4403);

    let query =
        "mutation($input: UpdateProjectInput!) { done: updateProject(input: $input) { userErrors { message } } }";
    let input = json!({ "projectId": project, "displayName": "The new shop" });
    let done = stage.api(lasting).ask(query, json!({ "input": input })).await;
    assert_eq!(done["done"]["userErrors"], json!([]), "{done}");
    loop {
        match within(renewed.hear()).await {
            Heard::Event { event, .. } if event["project"]["displayName"] == "The new shop" => break,
            Heard::Event { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_over_a_websocket_by_a_token_of_his_own() {
    let Some(stage) = Stage::set().await else { return };
    let mia = stage.token("mia", 3600).await;
    let project = project(&stage, &mia).await;
    for token in
        [stage.token("eve", 3600).await, stage.issuer.jwt(json!({ "sub": "mia", "aud": "urn:other" }), 3600).await]
    {
        let mut socket = follows(&stage, &project, &mia).await;
        socket.renew(&token).await;
        assert_eq!(closed(&mut socket).await, 4403);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_stream_ends_with_its_token_and_says_so() {
    let Some(stage) = Stage::set().await else { return };
    let short = stage.token("mia", 8).await;
    #[expect(clippy::disallowed_methods, reason = "a client of the tests' own")]
    let client = reqwest::Client::new();
    let request = client.post(format!("{}/graphql", stage.address())).bearer_auth(&short);
    let request = request.header("accept", "text/event-stream");
    let body = json!({ "query": "subscription { viewerUpdates { __typename } }" });
    let mut chunks = within(request.json(&body).send()).await.unwrap().bytes_stream();
    let mut told = String::new();
    while let Some(chunk) = within(chunks.next()).await {
        told += &String::from_utf8_lossy(&chunk.unwrap());
    }
    let last = told.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{told}");
    assert!(last["errors"][0]["message"].as_str().unwrap().contains("expired"), "{told}");
}
