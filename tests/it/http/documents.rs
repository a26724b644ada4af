//! Documents that would cost too much.

use serde_json::json;

use super::support::{Reply, Request, Running, serve};

async fn ask(server: &Running, query: &str) -> Reply {
    let accept = "application/graphql-response+json";
    Request::post(&json!({ "query": query })).with("accept", accept).send(server).await
}

#[tokio::test]
async fn costly_documents_are_refused_without_being_expanded() {
    let server = serve().await;
    let mut doubling = "{ ...f0 } fragment f24 on Query { hello }".to_owned();
    for n in 0..24 {
        doubling += &format!(" fragment f{n} on Query {{ ...f{0} ...f{0} }}", n + 1);
    }
    let aliases: String = (0..60).map(|n| format!("a{n}: hello ")).collect();
    let hostile = [
        doubling,
        format!("{{ {} }}", "itself { ".repeat(40) + "hello" + &" }".repeat(40)),
        format!("{{ {aliases} }}"),
        format!("{{ {} }}", "hello ".repeat(2_001)),
        format!("{{ hello {} }}", "@include(if: true) ".repeat(1_000)),
        format!("{{ hello(name: {}) }}", "[".repeat(10_000)),
        "{".repeat(100_000),
        format!("{{ hello(name: \"{}\") }}", "x".repeat(20_000)),
        "{ hello } ".repeat(1_300),
    ];
    for query in hostile {
        let reply = ask(&server, &query).await;
        let shown = &query[..query.len().min(60)];
        assert_eq!(reply.status, 400, "{shown}");
        assert!(["QUERY_TOO_COSTLY", "GRAPHQL_PARSE_FAILED"].contains(&reply.code().as_str()), "{shown}: {reply:?}");
        assert!(reply.body.len() < 600, "{shown}: {}", reply.body.len());
    }
}

#[tokio::test]
async fn fragments_in_a_circle_are_refused() {
    let server = serve().await;
    let reply = ask(&server, "{ ...a } fragment a on Query { itself { ...b } } fragment b on Query { ...a }").await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "GRAPHQL_VALIDATION_FAILED"));
}

#[tokio::test]
async fn a_syntax_error_says_where_and_repeats_nothing() {
    let server = serve().await;
    let secret = "hunter2-".repeat(500);
    let reply = ask(&server, &format!("{{ hello(name: \"{secret}\" }} }}")).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "GRAPHQL_PARSE_FAILED"));
    assert!(reply.message().contains("line 1, column"), "{reply:?}");
    assert!(!reply.body.contains("hunter2") && reply.message().len() <= 200, "{reply:?}");
}

#[tokio::test]
async fn a_document_that_is_wrong_everywhere_gets_a_short_answer() {
    let server = serve().await;
    let wrong: String = (0..1_000).map(|n| format!("wrong{n} ")).collect();
    let reply = ask(&server, &format!("{{ {wrong} }}")).await;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["errors"].as_array().unwrap().len() <= 10);
    let name = "y".repeat(10_000);
    let reply = ask(&server, &format!("{{ {name} }}")).await;
    assert!(reply.message().len() <= 200, "{reply:?}");
}

#[tokio::test]
async fn the_operation_that_is_meant_must_be_clear() {
    let server = serve().await;
    for body in [
        json!({"query": "query A { hello } query B { hello }"}),
        json!({"query": "query A { hello } query B { hello }", "operationName": "C"}),
        json!({"query": "{ hello }", "operationName": "C"}),
    ] {
        let reply = Request::post(&body).send(&server).await;
        assert_eq!(reply.code(), "GRAPHQL_VALIDATION_FAILED", "{body}");
        assert!(reply.message().contains("operationName"), "{reply:?}");
    }
    let both = json!({"query": "query A { hello } mutation B { add }", "operationName": "A"});
    assert_eq!(Request::post(&both).send(&server).await.json(), json!({"data": {"hello": "Hello, world"}}));
}

#[tokio::test]
async fn the_introspection_that_tools_send_is_within_the_limits() {
    let server = serve().await;
    let reply = ask(&server, include_str!("introspection.graphql")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["data"]["__schema"]["queryType"]["name"], "Query");
}
