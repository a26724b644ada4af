//! The same key, the same build.

use std::{collections::BTreeSet, sync::Arc};

use alm_build_spi::conformance::fake::Script;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Setup, on_each_database};

const DOUBLES: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_racing_doubles_make_one_build() {
    on_each_database(|setup: Setup| async move {
        let app = Arc::new(setup.scripted(Script::new().stage("a").succeed()).start().await);
        let service = app.service("web").await;
        let mut racing = JoinSet::new();
        for _ in 0..DOUBLES {
            let (app, service) = (Arc::clone(&app), service.clone());
            racing.spawn(async move {
                app.start_with(json!({"serviceId": service, "idempotencyKey": "once"})).await.id().to_owned()
            });
        }
        let ids: BTreeSet<_> = racing.join_all().await.into_iter().collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        let query = "query($id: ID!) { node(id: $id) { ... on BuildService { builds { totalCount nodes { id } } } } }";
        let builds = app.graphql(query, json!({"id": service})).await["node"]["builds"].clone();
        assert_eq!(builds, json!({"totalCount": 1, "nodes": [{"id": ids.first()}]}));
        let build = app.build(ids.first().unwrap()).await;
        let build = app.follow(&build).await;
        assert_eq!((app.engine.start_calls(build.key()), app.engine.runs_of(build.key())), (1, 1));

        // Also when it is over.
        let again = app.start_with(json!({"serviceId": service, "idempotencyKey": "once"})).await;
        assert_eq!(again.id(), build.id());
        let other = json!({"serviceId": service, "idempotencyKey": "once", "ref": "another"});
        let refused = app.mutate("startBuild", "build { id }", other).await;
        let error = &refused["userErrors"][0];
        assert_eq!((&refused["build"], &error["code"]), (&json!(null), &json!("CONFLICT")));
        assert_eq!((&error["__typename"], &error["path"]), (&json!("ConflictError"), &json!(["idempotencyKey"])));
        let rerun = json!({"buildId": build.id(), "start": {"beginning": true}, "idempotencyKey": "once"});
        let refused = app.mutate("rerunBuild", "build { id }", rerun).await;
        assert_eq!(refused["userErrors"][0]["code"], "CONFLICT", "{refused}");
    })
    .await;
}

#[tokio::test]
async fn a_rerun_with_a_key_is_repeated_once() {
    let app = Setup::fake(Script::new().stage("a").succeed()).start().await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    let input = json!({"buildId": build.id(), "start": {"beginning": true}, "idempotencyKey": "again"});
    let one = app.done("rerunBuild", "build { id number }", input.clone()).await;
    let two = app.done("rerunBuild", "build { id number }", input).await;
    assert_eq!(one, two);
    assert_eq!(one["build"]["number"], 2);
    for key in [String::new(), "k".repeat(201)] {
        let input = json!({"serviceId": service, "idempotencyKey": key});
        let refused = app.mutate("startBuild", "build { id }", input).await;
        assert_eq!(refused["userErrors"][0]["path"], json!(["idempotencyKey"]), "{refused}");
    }
}
